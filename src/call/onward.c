// SPDX-License-Identifier: Apache-2.0
// A forwarding that we carry out ourselves, for a PBX that follows no 302: a second call over the
// same line to the target, joined with the caller's. To the PBX it is an outgoing call of the line
// (outgoing.c): the line's credentials, Service-Route and dialling rule. docs/calls.md; RFC 3261
// sections 13, 22; 3323, 3325 (who calls), 5806 and 7044 (who diverted), 7332 (Max-Forwards).
//
//   (decided) --181 to the caller, INVITE to the target--> CALLED --2xx--> joined (bridge.c)
//                                                          ^ |  | |
//                                 401, 407: with the proof `-'  | | 486, 600; failed; 30 s
//                         the caller gives up: CANCEL, 487 <----' v
//                                      the decision again: 486; the mailbox, or 480
//
// The session description passes untouched, each early dialog with its own To tag (bridge.c).
#include "call/bridge_int.h"

enum { ANSWER_US = 30 * 1000 * 1000 }; // that a target may take, docs/calls.md

bool call_goes_onward(const struct call_offer *offer, struct span target)
{
    const struct snapshot_group *group = offer->group->snapshot;
    char bytes[TEXT_SIZE];
    struct buffer dialled = buffer_over(bytes, sizeof bytes);
    if (group->bridges_internal == group->bridges_external && !group->bridges_internal) {
        return false;
    }
    call_put_dialled(&dialled, offer->group, target);
    bool is_internal = call_is_internal(offer, buffer_span(&dialled));
    return is_internal ? group->bridges_internal : group->bridges_external;
}

// ---- Who calls

// The caller as the PBX identified it, in the headers as they came; else its From.
static void put_asserted(struct buffer *out, const struct sip_message *invite, struct turn *turn)
{
    const struct sip_header *header = NULL;
    bool is_given = false;
    while ((header = sip_next_header(invite, SIP_P_ASSERTED_IDENTITY, header)) != NULL) {
        buffer_put_text(out, "P-Asserted-Identity: ");
        call_put_unfolded(out, header->value);
        buffer_put_text(out, "\r\n");
        is_given = true;
    }
    if (is_given) return;
    struct span party = sip_header_value(invite, SIP_REMOTE_PARTY_ID);
    struct sip_address address;
    if (party.len > 0 && sip_parse_address(party, &address) == SIP_OK) {
        buffer_printf(out, "P-Asserted-Identity: <%.*s>\r\n", SPAN_ARG(address.uri_text));
    } else if (!call_is_anonymous_from(&invite->from)) {
        sip_put_header(out, "P-Asserted-Identity", call_from_of(invite, turn));
    }
}

// What was received, and `id` where somebody wants to stay unknown without its having been said in
// that header: a caller by the From or Remote-Party-ID, or the line that the call presents.
static void put_privacy(struct buffer *out, const struct situation *situation, bool is_line)
{
    const struct call_offer *offer = situation->offer;
    struct span received = span_trim(sip_header_value(offer->invite, SIP_PRIVACY));
    bool is_wanted = is_line ? offer->line->is_number_withheld : situation->caller.is_anonymous;
    bool is_said = call_is_private(offer->invite);
    if (is_wanted && !is_said) {
        buffer_put_text(out, "Privacy: id\r\n");
    } else if (received.len > 0) {
        buffer_put_text(out, "Privacy: ");
        call_put_unfolded(out, received);
        buffer_put_text(out, "\r\n");
    }
}

static void put_identity(struct buffer *out, const struct leg *leg,
                         const struct situation *situation, struct turn *turn)
{
    const struct call_offer *offer = situation->offer;
    bool is_line = offer->group->snapshot->settings.bridge_caller_id == CALLER_ID_LINE;
    if (is_line) {
        sip_put_header(out, "P-Asserted-Identity",
                       call_dialog_text(&leg->dialog, leg->dialog.local));
    } else {
        put_asserted(out, offer->invite, turn);
    }
    put_privacy(out, situation, is_line);
}

// ---- The INVITE

struct onward {
    const struct situation *situation;
    const struct fwd_verdict *verdict;
    const struct sip_message *challenge; // that it answers; NULL: none yet
};

static void put_diversion(struct buffer *out, const struct onward *onward, struct turn *turn)
{
    const struct call_offer *offer = onward->situation->offer;
    unsigned mode = offer->group->snapshot->settings.diversion;
    struct call_forwarding forwarding = {offer, onward->verdict,
                                         onward->situation->history.diversion_count};
    char mark[CALL_MARK_SIZE];
    if (mode == DIVERSION_DIVERSION || mode == DIVERSION_BOTH) {
        call_put_diversion(out, &forwarding);
    }
    if (mode == DIVERSION_HISTORY_INFO || mode == DIVERSION_BOTH) {
        call_put_history_info(out, &forwarding, turn, mark);
    }
}

static void send_invite(struct call_table *table, struct turn *turn, struct pool_id id,
                        const struct onward *onward)
{
    const struct call_offer *offer = onward->situation->offer;
    struct leg *leg = pool_find(&table->legs, id);
    struct dialog *dialog = &leg->dialog;
    struct span branch = txn_new_branch(turn);
    struct buffer out;
    if (!call_open_message(turn, offer->invite, &out)) return;
    leg->invite_cseq = ++dialog->local_cseq;
    call_dialog_put_request(
        &out, dialog,
        &(struct dialog_request){.method = SIP_INVITE,
                                 .branch = branch,
                                 .cseq = leg->invite_cseq,
                                 .max_forwards = call_bridge_max_forwards(offer->invite)});
    call_dialog_put_contact(&out, dialog);
    put_identity(&out, leg, onward->situation, turn);
    put_diversion(&out, onward, turn);
    call_put_session_id(&out, table, offer->invite);
    if (onward->challenge) {
        (void)line_put_answers(
            &out, turn, table->neighbours.lines,
            &(struct line_challenge){.line_id = offer->line->line_id,
                                     .response = onward->challenge,
                                     .method = SIP_INVITE,
                                     .uri = call_dialog_text(dialog, dialog->target)});
    }
    call_put_passed(
        &out, &(struct passing){
                  .table = table, .message = offer->invite, .to = leg, .group = offer->group});
    sip_put_end(&out, offer->invite->body);
    call_leg_emit_request(
        turn, &(struct call_request){.owner = CALL_OWNS_LEG,
                                     .id = id,
                                     .flow = dialog->flow,
                                     .method = SIP_INVITE,
                                     .bytes = out.is_full ? SPAN_NONE : buffer_span(&out),
                                     .branch = branch});
}

// ---- Beginning

// The target as the PBX dials it, between `before` and `after`.
static struct span put_target(struct turn *turn, const struct onward *onward, const char *before,
                              const char *after)
{
    const struct line_group *group = onward->situation->offer->group;
    struct buffer out;
    if (!call_open_message(turn, NULL, &out)) return SPAN_NONE;
    buffer_put_text(&out, before);
    phone_put_target_dialled(&out, &group->numbering, onward->verdict->target);
    buffer_printf(&out, "@%s%s", group->snapshot->settings.domain, after);
    return out.is_full ? SPAN_NONE : buffer_span(&out);
}

static struct span put_from(struct turn *turn, const struct call_offer *offer)
{
    bool is_caller = offer->group->snapshot->settings.bridge_caller_id == CALLER_ID_CALLER;
    return is_caller ? call_from_of(offer->invite, turn)
                     : call_line_address(turn, offer->group, offer->line);
}

static bool open_legs(struct call_table *table, struct turn *turn, struct pool_id id,
                      const struct onward *onward)
{
    const struct call_offer *offer = onward->situation->offer;
    struct dialog_peer caller = call_caller_peer(offer);
    struct pool_id leg_id;
    if (offer->group->flow.peer.family == ADDRESS_NONE) return false;
    if (!call_bridge_begin(table, id, offer->invite, &caller)) return false;
    struct dialog_start start = {
        .peer = {offer->group->flow, offer->group->own, caller.contact_user},
        .local = put_from(turn, offer),
        .remote = put_target(turn, onward, "<sip:", ">"),
        .target = put_target(turn, onward, "sip:", ""),
        .route = line_service_route(table->neighbours.lines, offer->line->line_id),
    };
    struct leg *leg = call_leg_add(table, turn, id, &leg_id);
    bool is_started = leg && start.local.len > 0 && start.target.len > 0 &&
                      call_dialog_start(&leg->dialog, turn, &start);
    if (!is_started) {
        call_bridge_drop(table, turn, id, SPAN_NONE);
        return false;
    }
    call_leg_index(table, leg_id);
    send_invite(table, turn, leg_id, onward);
    return true;
}

// The line's call waits for the target instead of being rung or held.
static void wait_for_target(struct call_table *table, struct turn *turn, struct pool_id id,
                            const struct fwd_verdict *verdict)
{
    struct call *call = pool_find(&table->calls, id);
    if (call->is_counted) call_uncount_ringing(table->traffic, call->line_id);
    call->is_counted = false;
    call->is_onward = call_count_bridged(table->traffic, turn, call->line_id);
    call->was_sent_on = true;
    call->status = 480;
    call->ends_us = turn->now_us + ANSWER_US;
    call->repeat_us = DEADLINE_NEVER;
    call_show(turn, call, id, verdict->target);
    call->phase = PHASE_WAITING;
}

// The forwarding is over: ends its legs, and decides again with that event.
static void end_forwarding(struct call_table *table, struct turn *turn, struct pool_id id,
                           enum fwd_event event)
{
    struct call *call = pool_find(&table->calls, id);
    call_bridge_drop(table, turn, id, SPAN_NONE);
    call_onward_left(table, call);
    call_settle_again(table, turn, id, (struct happening){.event = event});
}

void call_onward_begin(struct call_table *table, struct turn *turn, struct pool_id id,
                       const struct situation *situation, const struct fwd_verdict *verdict)
{
    struct onward onward = {.situation = situation, .verdict = verdict};
    const struct call *call = pool_find(&table->calls, id);
    call_bridge_drop(table, turn, id, SPAN_NONE);
    wait_for_target(table, turn, id, verdict);
    if (situation->offer->invite->max_forwards == 0) {
        end_forwarding(table, turn, id, FWD_NO_HOPS);
    } else if (!call->is_onward || call_kept_invite(table, call).len == 0 ||
               !open_legs(table, turn, id, &onward)) {
        end_forwarding(table, turn, id, FWD_TARGET_FAILED);
    } else {
        call_reply(turn, call->txn, &(struct txn_answer){.status = 181});
        call_set_deadline(table, id);
    }
}

// ---- What becomes of it

bool call_onward_tries_again(struct call_table *table, struct turn *turn, struct pool_id id,
                             const struct sip_message *response)
{
    const struct leg *leg = pool_find(&table->legs, id);
    const struct call *call = pool_find(&table->calls, leg->call);
    struct revival revival;
    struct fwd_verdict verdict = {.kind = VERDICT_REDIRECT,
                                  .target = call_text(call, call->target),
                                  .reason = (enum model_reason)call->reason};
    struct onward onward = {&revival.situation, &verdict, response};
    if (!call_is_wanted_again(table, turn, id, response)) return false;
    if (!call_revive_offer(table, turn, call, &revival)) return false;
    send_invite(table, turn, id, &onward);
    return true;
}

void call_onward_failed(struct call_table *table, struct turn *turn, struct pool_id id,
                        const struct sip_message *response)
{
    unsigned status = response ? response->status : 408;
    bool is_busy = status == 486 || status == 600;
    end_forwarding(table, turn, id, is_busy ? FWD_TARGET_BUSY : FWD_TARGET_FAILED);
}

void call_onward_unanswered(struct call_table *table, struct turn *turn, struct pool_id id)
{
    end_forwarding(table, turn, id, FWD_TARGET_UNANSWERED);
}

void call_onward_left(struct call_table *table, struct call *call)
{
    if (!call->is_onward) return;
    call->is_onward = false;
    call_uncount_bridged(table->traffic, call->line_id);
}
