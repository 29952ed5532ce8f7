// SPDX-License-Identifier: Apache-2.0
// Subscriptions of devices, and what they are told of: what other machines show is handed on to
// them here.
#include "engine/engine_int.h"

static void answer_with(struct engine *engine, const struct watch_request *request,
                        const struct txn_answer *answer, struct pool_id subscription)
{
    struct turn *turn = &engine->turn;
    struct txn_owner owner = {.kind = OWNER_NOBODY};
    struct pool_id txn;
    if (!txn_accept(engine->txns, turn, request->message, request->flow, owner, &txn)) {
        txn_respond_stateless(engine->txns, turn, request->message, request->flow,
                              &(struct txn_answer){.status = 503});
        watch_forget(engine->watches, subscription);
        return;
    }
    txn_respond(engine->txns, turn, txn, answer);
    watch_tell(engine->watches, turn, subscription);
}

void engine_serve_subscribe(struct engine *engine, const struct sip_message *request,
                            const struct flow *flow)
{
    struct turn *turn = &engine->turn;
    struct client_verdict verdict;
    struct txn_answer answer;
    struct pool_id subscription;
    if (client_authenticate(engine->clients, turn, &(struct client_request){request, flow},
                            &verdict) == CLIENT_ANSWERED) {
        engine->counts.strangers++;
        txn_respond_stateless(engine->txns, turn, request, flow, &verdict.answer);
        return;
    }
    struct watch_request wanted = {request, flow, verdict.device_id};
    watch_subscribe(engine->watches, turn, &wanted, &answer, &subscription);
    answer_with(engine, &wanted, &answer, subscription);
}

bool engine_take_for_watch(struct engine *engine, const struct sip_message *request,
                           const struct flow *flow)
{
    struct watch_request wanted = {request, flow, 0};
    struct txn_answer answer;
    struct pool_id subscription;
    if (!watch_takes(engine->watches, &engine->turn, &wanted, &answer, &subscription)) return false;
    answer_with(engine, &wanted, &answer, subscription);
    return true;
}

// Whether messages wait, as PBXs tell without being asked.
bool engine_take_summary(struct engine *engine, const struct sip_message *request,
                         const struct flow *flow)
{
    struct turn *turn = &engine->turn;
    struct span event = sip_header_value(request, SIP_EVENT), type = span_split(&event, ';');
    struct txn_answer answer = {.status = 200};
    struct pool_id txn;
    if (request->method != SIP_NOTIFY || request->to.tag.len > 0) return false;
    if (!span_eq_nocase(span_trim(type), SPAN("message-summary"))) return false;
    const struct snapshot_line *line = uas_find_line(engine->lines, request, &flow->peer);
    if (!line) return false;
    if (!watch_note_summary(engine->watches, turn, line->line_id, request->body)) {
        answer.status = 400;
    }
    struct txn_owner owner = {.kind = OWNER_NOBODY};
    if (txn_accept(engine->txns, turn, request, flow, owner, &txn)) {
        txn_respond(engine->txns, turn, txn, &answer);
    } else {
        txn_respond_stateless(engine->txns, turn, request, flow, &answer);
    }
    return true;
}

void engine_send_notice(struct engine *engine, const struct watch_notify *wanted)
{
    struct pool_id txn;
    struct txn_request request = {
        .flow = wanted->flow,
        .method = SIP_NOTIFY,
        .bytes = wanted->bytes,
        .branch = wanted->branch,
        .owner = {.kind = OWNER_WATCH, .id = wanted->subscription},
    };
    bool is_sent = wanted->bytes.len > 0 &&
                   txn_send_request(engine->txns, &engine->turn, &request, &txn);
    if (!is_sent) watch_responded(engine->watches, &engine->turn, wanted->subscription, NULL);
}

void engine_give_to_watch(struct engine *engine, const struct txn_event *event)
{
    if (event->effect.kind != TXN_RESPONSE && event->effect.kind != TXN_TIMEOUT) return;
    watch_responded(engine->watches, &engine->turn, event->owner.id, event->message);
}

void engine_watch_call(struct engine *engine, const struct call_shown *shown)
{
    struct watch_call call = {.call = shown->call,
                              .state = shown->is_gone ? WATCH_OVER : WATCH_EARLY,
                              .line_id = shown->line_id,
                              .remote = shown->caller,
                              .remote_display = shown->caller_display};
    if (!shown->is_gone && shown->line_id == 0) return; // there was no room to tell more
    watch_call_shown(engine->watches, &engine->turn, &call);
}

void engine_watch_binding(struct engine *engine, const struct client_shown *shown)
{
    if (!shown->is_new && !shown->is_gone) return;
    watch_user_changed(engine->watches, &engine->turn, shown->binding.user_id);
}
