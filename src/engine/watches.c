// SPDX-License-Identifier: Apache-2.0
// Subscriptions of devices, and what they are told of: what other machines show is handed on to
// them here.
#include "engine/engine_int.h"

// ---- SUBSCRIBEs to lines of other workers

static void key_of(const struct engine *engine, const struct sip_message *request,
                   const struct flow *flow, uint64_t key[2])
{
    char bytes[512];
    struct buffer text = buffer_over(bytes, sizeof bytes);
    buffer_put(&text, request->via.branch);
    buffer_printf(&text, " %u %u %u ", request->cseq, flow->transport, flow->connection);
    address_print(&text, &flow->peer);
    buffer_put(&text, request->call_id);
    hash_keyed_twice(engine->handed_key, buffer_span(&text), key);
    if (text.is_full) key[0] = key[1] = 0; // too long to be known again
}

static const struct handed *find_handed(const struct engine *engine, const uint64_t key[2])
{
    for (size_t i = 0; i < HANDED_MAX && (key[0] || key[1]); i++) {
        const struct handed *handed = &engine->handed[i];
        bool is_it = handed->key[0] == key[0] && handed->key[1] == key[1];
        if (is_it && engine->turn.now_us - handed->at_us < HANDED_US) return handed;
    }
    return NULL;
}

static void give_away(struct engine *engine, const struct watch_request *request,
                      const struct handed *to)
{
    const struct engine_host *host = &engine->host;
    struct engine_subscribe subscribe = {.flow = *request->flow,
                                         .bytes = request->message->bytes,
                                         .device_id = to->device_id,
                                         .group_id = to->group_id};
    engine->counts.handed_over++;
    host->subscribed(host->context, to->worker, &subscribe);
}

static void give_to_other(struct engine *engine, const struct watch_request *request,
                          const struct watch_elsewhere *elsewhere)
{
    struct handed *handed = &engine->handed[engine->handed_next++ % HANDED_MAX];
    *handed = (struct handed){.at_us = engine->turn.now_us,
                              .device_id = request->device_id,
                              .group_id = elsewhere->group_id,
                              .worker = elsewhere->worker};
    key_of(engine, request->message, request->flow, handed->key);
    give_away(engine, request, handed);
}

static bool give_again(struct engine *engine, const struct watch_request *request)
{
    uint64_t key[2];
    key_of(engine, request->message, request->flow, key);
    const struct handed *handed = find_handed(engine, key);
    if (handed) give_away(engine, request, handed);
    return handed != NULL;
}

// ---- SUBSCRIBE

static void answer_with(struct engine *engine, const struct watch_request *request,
                        const struct watch_outcome *outcome)
{
    struct turn *turn = &engine->turn;
    struct txn_owner owner = {.kind = OWNER_NOBODY};
    struct pool_id txn;
    if (!txn_accept(engine->txns, turn, request->message, request->flow, owner, &txn)) {
        txn_respond_stateless(engine->txns, turn, request->message, request->flow,
                              &(struct txn_answer){.status = 503});
        watch_forget(engine->watches, outcome->id);
        return;
    }
    txn_respond(engine->txns, turn, txn, &outcome->answer);
    watch_tell(engine->watches, turn, outcome->id);
}

void engine_serve_subscribe(struct engine *engine, const struct sip_message *request,
                            const struct flow *flow)
{
    struct turn *turn = &engine->turn;
    struct watch_request wanted = {.message = request, .flow = flow};
    struct watch_outcome outcome;
    struct client_verdict verdict;
    if (engine->host.subscribed && give_again(engine, &wanted)) return;
    if (client_authenticate(engine->clients, turn, &(struct client_request){request, flow},
                            &verdict) == CLIENT_ANSWERED) {
        engine->counts.strangers++;
        txn_respond_stateless(engine->txns, turn, request, flow, &verdict.answer);
        return;
    }
    wanted.device_id = verdict.device_id;
    if (watch_subscribe(engine->watches, turn, &wanted, &outcome)) {
        answer_with(engine, &wanted, &outcome);
    } else if (engine->host.subscribed) {
        give_to_other(engine, &wanted, &outcome.elsewhere);
    }
}

void engine_take_subscribe(struct engine *engine, struct engine_time now,
                           const struct engine_subscribe *subscribe)
{
    struct turn *turn = engine_begin(engine, now);
    struct watch_outcome outcome;
    struct sip_message message;
    struct sip_fault fault;
    struct txn_identity identity;
    struct txn_arrival arrival = {&message, &subscribe->flow, &identity};
    struct watch_request wanted = {&message, &subscribe->flow, subscribe->device_id,
                                   subscribe->group_id};
    if (sip_parse(subscribe->bytes, turn->arena, &message, &fault) != SIP_OK) return;
    txn_identify(engine->txns, &message, &identity);
    if (txn_receive(engine->txns, turn, &arrival) == TXN_NEW_REQUEST &&
        watch_subscribe(engine->watches, turn, &wanted, &outcome)) {
        answer_with(engine, &wanted, &outcome);
    }
    engine_drain(engine);
}

bool engine_take_for_watch(struct engine *engine, const struct sip_message *request,
                           const struct flow *flow)
{
    struct watch_request wanted = {.message = request, .flow = flow};
    struct watch_outcome outcome;
    if (!watch_takes(engine->watches, &engine->turn, &wanted, &outcome)) return false;
    answer_with(engine, &wanted, &outcome);
    return true;
}

// Whether messages wait, as PBXs tell without being asked.
bool engine_take_summary(struct engine *engine, const struct sip_message *request,
                         const struct flow *flow)
{
    struct turn *turn = &engine->turn;
    struct span event = sip_header_value(request, SIP_EVENT), type = span_split(&event, ';');
    struct txn_answer answer = {.status = 200};
    if (request->method != SIP_NOTIFY || request->to.tag.len > 0) return false;
    if (!span_eq_nocase(span_trim(type), SPAN("message-summary"))) return false;
    const struct snapshot_line *line = uas_find_line(engine->lines, request, &flow->peer);
    if (!line) return false;
    if (!watch_note_summary(engine->watches, turn, line->line_id, request->body)) {
        answer.status = 400;
    }
    engine_answer(engine, request, flow, &answer);
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
    bool is_trying = shown->is_outgoing && !shown->has_alerted;
    bool is_up = shown->state == CALL_STATE_ANSWERED || shown->state == CALL_STATE_ON_HOLD;
    struct watch_call call = {
        .call = shown->call,
        .state = is_up       ? WATCH_CONFIRMED
                 : is_trying ? WATCH_TRYING
                             : WATCH_EARLY,
        .line_id = shown->line_id,
        .is_outgoing = shown->is_outgoing,
        .remote = shown->is_outgoing ? shown->dialled : shown->caller,
        .remote_display = shown->is_outgoing ? SPAN_NONE : shown->caller_display,
    };
    if (shown->is_gone) call.state = WATCH_OVER;
    if (!shown->is_gone && shown->line_id == 0) return; // there was no room to tell more
    watch_call_shown(engine->watches, &engine->turn, &call);
}

void engine_watch_binding(struct engine *engine, const struct client_shown *shown)
{
    if (!shown->is_new && !shown->is_gone) return;
    watch_user_changed(engine->watches, &engine->turn, shown->binding.user_id);
}
