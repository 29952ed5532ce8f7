// SPDX-License-Identifier: Apache-2.0
// Requests within the dialogs of a call (RFC 3261 sections 12.2, 14, 15; 3262, 3311, 3515, 6086):
// each is passed on to the other side and its answer back, so that holding, a new session
// description, DTMF, a transfer and its progress are between the two user agents. A BYE is answered
// here.
//
//   request      +-----------+  1xx of an INVITE: passed back
//  ------------> | Passed on | -----+
//   sent to the  +-----------+ <----+
//   other side     |   |   |  CANCEL: passed on
//                  |   |   |
//     final answer:|   |   | 2xx of an INVITE: passed back,     +----------+
//     passed back  |   |   | repeated until its ACK             | Accepted |
//                  v   |   `----------------------------------> +----------+
//                (gone)|                               ACK: passed |   | none: BYE to both
//                      v                                           v   v
//       481, 408 or none: the dialog is gone (12.2.1.2): BYE to the other side; a 481 to NOTIFY,
//       SUBSCRIBE or PRACK only says so of what they are about (RFC 5057)
#include "call/bridge_int.h"

// ---- Reserving

enum call_passage call_reserve_relay(struct call_table *table, const struct sip_message *request,
                                     struct pool_id *id)
{
    struct pool_id leg_id;
    bool is_from_caller;
    const struct leg *leg = call_leg_find(table, request, &leg_id, &is_from_caller);
    if (!leg) return CALL_NO_DIALOG;
    struct relay *relay = pool_take(&table->relays, id);
    if (!relay) return CALL_NO_ROOM;
    struct bridge *bridge = call_bridge_of(table, pool_find(&table->calls, leg->call));
    *relay = (struct relay){
        .call = leg->call,
        .next = bridge->relays,
        .leg = leg_id,
        .cseq = request->cseq,
        .method = (uint8_t)request->method,
        .is_from_caller = is_from_caller,
    };
    bridge->relays = *id;
    return CALL_PASSES;
}

static struct bridge *bridge_of_relay(const struct call_table *table, const struct relay *relay)
{
    const struct call *call = pool_find(&table->calls, relay->call);
    return call ? call_bridge_of(table, call) : NULL;
}

void call_abandon_relay(struct call_table *table, struct pool_id id)
{
    struct relay *relay = pool_find(&table->relays, id);
    struct bridge *bridge = relay ? bridge_of_relay(table, relay) : NULL;
    struct pool_id *link = bridge ? &bridge->relays : NULL;
    while (link && !pool_id_eq(*link, id)) {
        struct relay *at = pool_find(&table->relays, *link);
        link = at ? &at->next : NULL;
    }
    if (link) *link = relay->next;
    if (relay) pool_free(&table->invites, relay->offer);
    pool_free(&table->relays, id);
}

// The two legs of a relay, in its direction.
struct sides {
    struct leg *from, *to;
    struct span to_tag; // ours towards `to`; empty: its dialog's
};

static bool find_sides(const struct call_table *table, const struct relay *relay,
                       struct sides *sides)
{
    const struct bridge *bridge = bridge_of_relay(table, relay);
    struct leg *called = pool_find(&table->legs, relay->leg);
    struct leg *caller = bridge ? call_bridge_caller(table, bridge) : NULL;
    if (!called || !caller) return false;
    struct span caller_tag = {called->caller_tag, TXN_TAG_BYTES};
    *sides = (struct sides){called, caller, caller_tag};
    if (relay->is_from_caller) *sides = (struct sides){caller, called, SPAN_NONE};
    return true;
}

static const struct line_group *group_of(const struct call_table *table, const struct relay *relay)
{
    const struct call *call = pool_find(&table->calls, relay->call);
    const struct line_group *group;
    return line_find_numbered(table->neighbours.lines, call->line_id, &group) ? group : NULL;
}

// ---- Passing on

static bool has_contact(enum sip_method method)
{
    return method == SIP_INVITE || method == SIP_UPDATE || method == SIP_REFER ||
           method == SIP_SUBSCRIBE || method == SIP_NOTIFY;
}

// Who has whom wait, as the session descriptions have it that are exchanged. An INVITE without one
// is an offer's request: the 2xx has the offer then, and the ACK the answer (RFC 3261 13.2.1).
static void read_hold(struct relay *relay, const struct sip_message *message)
{
    if (call_read_hold(message->body) == HOLD_ONE) relay->is_hold = true;
}

static void note_hold(struct call_table *table, struct turn *turn, const struct relay *relay)
{
    struct call *call = pool_find(&table->calls, relay->call);
    if (call->phase != PHASE_UP || call->is_on_hold == relay->is_hold) return;
    call->is_on_hold = relay->is_hold;
    call_show(turn, call, relay->call, SPAN_NONE);
}

static void pass_on(struct call_table *table, struct turn *turn, struct pool_id id,
                    const struct sip_message *request, uint32_t refer_cseq)
{
    struct relay *relay = pool_find(&table->relays, id);
    struct sides sides;
    struct buffer out;
    struct span branch = txn_new_branch(turn);
    if (!find_sides(table, relay, &sides) || !call_open_message(turn, request, &out)) return;
    struct dialog *dialog = &sides.to->dialog;
    call_leg_follow(table, sides.to);
    relay->sent_cseq = ++dialog->local_cseq;
    call_dialog_put_request(
        &out, dialog,
        &(struct dialog_request){.method = request->method,
                                 .branch = branch,
                                 .local_tag = sides.to_tag,
                                 .cseq = relay->sent_cseq,
                                 .max_forwards = call_bridge_max_forwards(request)});
    if (has_contact(request->method)) call_dialog_put_contact(&out, dialog);
    call_put_passed(&out, &(struct passing){.table = table,
                                            .message = request,
                                            .to = sides.to,
                                            .group = group_of(table, relay),
                                            .rack_cseq = sides.to->invite_cseq,
                                            .refer_cseq = refer_cseq});
    sip_put_end(&out, request->body);
    call_description_offer(table, relay, sides.to, request);
    if (request->method == SIP_REFER) call_referral_note(table, relay);
    call_leg_emit_request(
        turn, &(struct call_request){.owner = CALL_OWNS_RELAY,
                                     .id = id,
                                     .flow = dialog->flow,
                                     .method = request->method,
                                     .bytes = out.is_full ? SPAN_NONE : buffer_span(&out),
                                     .branch = branch});
}

static void answer_with(struct call_table *table, struct turn *turn, struct pool_id id,
                        const struct txn_answer *answer)
{
    const struct relay *relay = pool_find(&table->relays, id);
    call_reply(turn, relay->server, answer);
    call_abandon_relay(table, id);
}

static void answer(struct call_table *table, struct turn *turn, struct pool_id id, unsigned status)
{
    answer_with(table, turn, id, &(struct txn_answer){.status = status});
}

// Another INVITE of the same dialog is under way (14.1, 14.2).
static bool has_invite(const struct call_table *table, const struct bridge *bridge,
                       struct pool_id besides)
{
    const struct relay *relay;
    struct pool_id at = bridge->relays;
    for (; (relay = pool_find(&table->relays, at)) != NULL; at = relay->next) {
        if (relay->method == SIP_INVITE && !pool_id_eq(at, besides)) return true;
    }
    return false;
}

// A side hangs up. Before the 200 was acknowledged its caller is not to get a BYE (15); before
// there is one, a BYE of the caller is as good as a CANCEL.
static void take_bye(struct call_table *table, struct turn *turn, struct pool_id id,
                     const struct sip_message *bye)
{
    const struct relay *relay = pool_find(&table->relays, id);
    bool is_from_caller = relay->is_from_caller;
    struct pool_id call_id = relay->call;
    struct bridge *bridge = bridge_of_relay(table, relay);
    answer(table, turn, id, 200);
    if (bridge->state == BRIDGE_RINGING) {
        if (is_from_caller) call_cancelled(table, turn, call_id, bye);
    } else if (bridge->state == BRIDGE_ANSWERED && !is_from_caller) {
        bridge->state = BRIDGE_ENDING;
    } else {
        call_bridge_hang_up(
            table, turn, call_id,
            &(struct bridge_end){.is_caller_told = !is_from_caller,
                                 .is_callee_told = is_from_caller && bridge->state != BRIDGE_ENDING,
                                 .headers = call_copy_reason(turn, bye)});
    }
}

// The number of the last request of who sends this one. The caller counts in each of its dialogs
// anew, and has one with each leg.
static uint32_t *last_cseq(const struct relay *relay, const struct sides *sides)
{
    return relay->is_from_caller ? &sides->to->caller_cseq : &sides->from->dialog.remote_cseq;
}

void call_relay(struct call_table *table, struct turn *turn, struct pool_id id, struct pool_id txn,
                const struct sip_message *request)
{
    struct relay *relay = pool_find(&table->relays, id);
    const struct bridge *bridge = bridge_of_relay(table, relay);
    struct sides sides;
    relay->server = txn;
    bool is_found = find_sides(table, relay, &sides);
    ASSERT(is_found); // it has just been reserved
    uint32_t *last = last_cseq(relay, &sides);
    bool is_late = request->cseq < *last;
    if (is_late) {
        answer(table, turn, id, 500); // 12.2.2
        return;
    }
    *last = request->cseq;
    bool is_up = bridge->state == BRIDGE_UP;
    bool is_refresh = request->method == SIP_INVITE || request->method == SIP_UPDATE;
    uint32_t refer_cseq = 0;
    if (request->method == SIP_BYE) {
        take_bye(table, turn, id, request);
    } else if (request->method == SIP_METHOD_OTHER) {
        answer(table, turn, id, 501);
    } else if (request->max_forwards == 0) {
        answer(table, turn, id, 483);
    } else if (request->method == SIP_INVITE && (!is_up || has_invite(table, bridge, id))) {
        answer(table, turn, id, 491);
    } else if (is_refresh && call_has_short_session(request)) {
        answer_with(table, turn, id,
                    &(struct txn_answer){.status = 422, .headers = SPAN(CALL_MIN_SE_LINE)});
    } else if (call_referral_translate(table, relay, request, &refer_cseq) == REFERRAL_UNKNOWN) {
        answer(table, turn, id, 481); // RFC 6665 sections 4.1.3, 4.2.1.4
    } else {
        if (is_refresh) {
            call_dialog_refresh(&sides.from->dialog, request);
            call_session_read(&relay->asked, &sides.from->session, request);
        }
        relay->has_offer = call_read_hold(request->body) != HOLD_UNTOLD;
        read_hold(relay, request);
        if (request->method == SIP_REFER) {
            relay->transfer_at = call_account_transfer(table, turn, relay, request);
        }
        pass_on(table, turn, id, request, refer_cseq);
    }
}

// ---- Answers

// What the side gets that sent the request. What one side wants to have proven, or how long it
// wants the session to be, is nothing that the other one can do about; 491 has it ask again.
static unsigned status_passed(unsigned status)
{
    if (status == 401 || status == 407) return 403;
    return status == 422 ? 491 : status;
}

static void pass_back(struct call_table *table, struct turn *turn, const struct relay *relay,
                      const struct sip_message *response)
{
    struct sides sides;
    struct buffer out;
    if (!find_sides(table, relay, &sides) || !call_open_message(turn, response, &out)) return;
    bool is_accepting = response->status >= 200 && response->status < 300;
    bool is_refresh = relay->method == SIP_INVITE || relay->method == SIP_UPDATE;
    if (is_accepting && is_refresh) call_dialog_refresh(&sides.to->dialog, response);
    if (is_refresh) call_dialog_put_contact(&out, &sides.from->dialog);
    call_put_passed(&out, &(struct passing){.table = table, .message = response, .to = sides.from});
    bool is_up = bridge_of_relay(table, relay)->state != BRIDGE_RINGING;
    if (is_accepting && is_refresh && is_up) {
        call_session_put_answer(&out, &sides.from->session, turn, &relay->asked);
        call_description_keep(table, sides.from, response);
    }
    unsigned status = status_passed(response->status);
    call_reply(
        turn, relay->server,
        &(struct txn_answer){.status = status,
                             .reason = status == response->status ? response->reason : SPAN_NONE,
                             .headers = out.is_full ? SPAN_NONE : buffer_span(&out),
                             .body = response->body,
                             .is_insistent = is_accepting && relay->method == SIP_INVITE});
}

// Whether an answer 481 is about something within the dialog alone: the subscription of a transfer,
// or the provisional answer that is acknowledged (RFC 5057 section 5.1, 3262 section 3).
static bool is_beside_call(const struct relay *relay)
{
    return relay->method == SIP_NOTIFY || relay->method == SIP_SUBSCRIBE ||
           relay->method == SIP_PRACK;
}

// Whether the answer says that the other side knows nothing of the dialog any more (12.2.1.2); to a
// question of ours also by knowing nothing of its own Contact (RFC 5057 section 5.1), as a
// telephone that was switched off meanwhile.
static bool is_dialog_gone(const struct relay *relay, const struct sip_message *response)
{
    unsigned status = response ? response->status : 408;
    bool is_vital = relay->method == SIP_INVITE || relay->method == SIP_UPDATE || relay->is_check;
    bool is_unknown = status == 404 || status == 410 || status == 604;
    bool is_gone = status == 481 && !is_beside_call(relay);
    return is_gone || (status == 408 && is_vital) || (is_unknown && relay->is_check);
}

static void end_gone(struct call_table *table, struct turn *turn, struct pool_id id)
{
    const struct relay *relay = pool_find(&table->relays, id);
    struct pool_id call_id = relay->call;
    bool is_caller_gone = !relay->is_from_caller;
    const struct bridge *bridge = bridge_of_relay(table, relay);
    call_abandon_relay(table, id);
    if (bridge->state == BRIDGE_RINGING) return;
    call_bridge_hang_up(table, turn, call_id,
                        &(struct bridge_end){.is_caller_told = !is_caller_gone,
                                             .is_callee_told = is_caller_gone,
                                             .is_lost = true});
}

// What the final answer to an INVITE or UPDATE means for the session of who gave it.
static void take_refreshed(struct call_table *table, struct turn *turn, struct relay *relay,
                           const struct sip_message *response)
{
    struct sides sides;
    bool is_accepting = response->status >= 200 && response->status < 300;
    if (!find_sides(table, relay, &sides)) return;
    if (bridge_of_relay(table, relay)->state == BRIDGE_RINGING) return;
    struct session *session = &sides.to->session;
    if (is_accepting) {
        call_session_take_answer(session, turn, response);
        call_description_accept(table, relay, sides.to);
    } else if (relay->is_check) {
        call_session_failed(session, turn, response);
    } else {
        (void)call_session_raise(session, response);
    }
    if (!is_accepting || !relay->is_check) return;
    call_dialog_refresh(&sides.to->dialog, response);
    if (relay->method != SIP_INVITE) return;
    call_leg_send_ack(turn, sides.to,
                      &(struct leg_ack){.txn = relay->client,
                                        .cseq = relay->sent_cseq,
                                        .local_tag = sides.to_tag});
}

static void take_response(struct call_table *table, struct turn *turn,
                          const struct call_response *response)
{
    const struct sip_message *message = response->message;
    struct relay *relay = pool_find(&table->relays, response->id);
    bool is_accepting = message && message->status >= 200 && message->status < 300;
    if (!relay) {
        if (is_accepting && message->method == SIP_INVITE) call_leg_refuse(turn, response);
        return;
    }
    if (message && message->status < 200) {
        bool is_passed = relay->method == SIP_INVITE && message->status > 100;
        if (is_passed) pass_back(table, turn, relay, message);
        return;
    }
    if (relay->is_accepted) return; // repeated: the ACK is not there yet
    bool is_refresh = relay->method == SIP_INVITE || relay->method == SIP_UPDATE;
    if (message && is_refresh) take_refreshed(table, turn, relay, message);
    if (is_accepting && is_refresh) {
        read_hold(relay, message);
        if (relay->has_offer) note_hold(table, turn, relay);
    }
    call_account_transferred(table, relay, message ? message->status : 408);
    if (!relay->is_check && message) pass_back(table, turn, relay, message);
    if (!relay->is_check && !message) {
        call_reply(turn, relay->server, &(struct txn_answer){.status = 504});
    }
    struct pool_id call_id = relay->call;
    if (is_accepting && relay->method == SIP_INVITE && !relay->is_check) {
        relay->is_accepted = true;
    } else if (is_dialog_gone(relay, message)) {
        end_gone(table, turn, response->id);
        return;
    } else {
        call_abandon_relay(table, response->id);
    }
    call_set_deadline(table, call_id);
}

bool call_relay_acknowledged(struct call_table *table, struct turn *turn, struct leg *leg,
                             const struct sip_message *ack, bool is_from_caller)
{
    const struct bridge *bridge = call_bridge_of(table, pool_find(&table->calls, leg->call));
    struct pool_id at = bridge->relays;
    struct sides sides;
    for (struct relay *relay; (relay = pool_find(&table->relays, at)) != NULL; at = relay->next) {
        bool is_it = relay->is_accepted && relay->cseq == ack->cseq &&
                     relay->is_from_caller == is_from_caller;
        if (!is_it || !find_sides(table, relay, &sides)) continue;
        read_hold(relay, ack);
        call_description_keep(table, sides.to, ack);
        if (!relay->has_offer && ack->body.len > 0) note_hold(table, turn, relay);
        call_leg_confirm(turn, relay->server);
        call_leg_send_ack(turn, sides.to,
                          &(struct leg_ack){relay->client, relay->sent_cseq, ack, sides.to_tag});
        call_abandon_relay(table, at);
        return true;
    }
    return false;
}

// ---- The end of a transaction, of a call

void call_relay_cancelled(struct call_table *table, struct turn *turn, struct pool_id id,
                          const struct sip_message *cancel)
{
    const struct relay *relay = pool_find(&table->relays, id);
    if (relay) call_leg_cancel(turn, relay->client, call_copy_reason(turn, cancel));
}

void call_relay_ended(struct call_table *table, struct turn *turn, struct pool_id id,
                      bool is_acknowledged)
{
    const struct relay *relay = pool_find(&table->relays, id);
    if (!relay || is_acknowledged) return;
    call_bridge_hang_up(table, turn, relay->call,
                        &(struct bridge_end){.is_caller_told = true, .is_callee_told = true});
}

static void disown(struct turn *turn, struct pool_id txn)
{
    struct call_confirm *effect = turn_emit(turn, CALL_DISOWN, sizeof *effect);
    if (effect) effect->txn = txn;
}

void call_relay_drop_all(struct call_table *table, struct turn *turn, struct bridge *bridge)
{
    const struct relay *relay;
    while ((relay = pool_find(&table->relays, bridge->relays)) != NULL) {
        struct pool_id id = bridge->relays;
        unsigned status = relay->method == SIP_INVITE ? 487 : 481;
        call_leg_confirm(turn, relay->server);
        if (!relay->is_check) {
            call_reply(turn, relay->server, &(struct txn_answer){.status = status});
        }
        disown(turn, relay->client);
        bridge->relays = relay->next;
        pool_free(&table->invites, relay->offer);
        pool_free(&table->relays, id);
    }
}

// ---- Requests of our own

// A request of ours to one of the two sides.
struct own_request {
    bool is_of_caller; // it goes there
    enum sip_method method;
    struct span headers, body;
};

static void send_own(struct call_table *table, struct turn *turn, struct pool_id leg_id,
                     const struct own_request *own)
{
    const struct leg *leg = pool_find(&table->legs, leg_id);
    struct pool_id id;
    struct sides sides;
    struct relay *relay = leg ? pool_take(&table->relays, &id) : NULL;
    if (!relay) return;
    struct bridge *bridge = call_bridge_of(table, pool_find(&table->calls, leg->call));
    *relay = (struct relay){
        .call = leg->call,
        .next = bridge->relays,
        .leg = leg_id,
        .method = (uint8_t)own->method,
        .is_from_caller = !own->is_of_caller,
        .is_check = true,
    };
    bridge->relays = id;
    if (!find_sides(table, relay, &sides)) return;
    call_leg_follow(table, sides.to);
    relay->sent_cseq = sides.to->dialog.local_cseq + 1;
    call_leg_send(turn, sides.to,
                  &(struct leg_request){.method = own->method,
                                        .local_tag = sides.to_tag,
                                        .headers = own->headers,
                                        .body = own->body,
                                        .owner = CALL_OWNS_RELAY,
                                        .id = id});
}

void call_relay_check(struct call_table *table, struct turn *turn, struct pool_id leg_id,
                      bool is_of_caller)
{
    send_own(table, turn, leg_id,
             &(struct own_request){.is_of_caller = is_of_caller, .method = SIP_OPTIONS});
}

bool call_relay_refresh(struct call_table *table, struct turn *turn, struct pool_id leg_id,
                        bool is_of_caller)
{
    const struct leg *called = pool_find(&table->legs, leg_id);
    struct bridge *bridge = call_bridge_of(table, pool_find(&table->calls, called->call));
    const struct leg *leg = is_of_caller ? call_bridge_caller(table, bridge) : called;
    struct span description = call_description_of(table, leg);
    bool is_update = leg->session.has_update || description.len == 0;
    struct buffer out;
    if (bridge->state != BRIDGE_UP || has_invite(table, bridge, POOL_ID_NONE)) return false;
    if (!call_open_message(turn, NULL, &out)) return false;
    call_dialog_put_contact(&out, &leg->dialog);
    call_session_put_request(&out, &leg->session, !is_update);
    if (!is_update) buffer_put(&out, SPAN("Content-Type: application/sdp\r\n"));
    send_own(table, turn, leg_id,
             &(struct own_request){.is_of_caller = is_of_caller,
                                   .method = is_update ? SIP_UPDATE : SIP_INVITE,
                                   .headers = buffer_span(&out),
                                   .body = is_update ? SPAN_NONE : description});
    return true;
}

// ---- What comes back

bool call_sent(struct call_table *table, const struct call_request *request, struct pool_id txn)
{
    struct leg *leg;
    struct relay *relay;
    switch (request->owner) {
    case CALL_OWNS_LEG:
        leg = pool_find(&table->legs, request->id);
        if (leg) leg->txn = txn;
        return leg != NULL;
    case CALL_OWNS_RELAY:
        relay = pool_find(&table->relays, request->id);
        if (relay) relay->client = txn;
        return relay != NULL;
    case CALL_OWNS_TEST: return call_test_sent(table, request, txn);
    case CALL_OWNS_NOTHING: break;
    }
    return true;
}

void call_responded(struct call_table *table, struct turn *turn,
                    const struct call_response *response)
{
    switch (response->owner) {
    case CALL_OWNS_LEG: call_leg_responded(table, turn, response); break;
    case CALL_OWNS_RELAY: take_response(table, turn, response); break;
    case CALL_OWNS_TEST: call_test_responded(table, turn, response); break;
    case CALL_OWNS_NOTHING: break;
    }
}
