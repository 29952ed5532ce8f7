// SPDX-License-Identifier: Apache-2.0
// A call's legs from the first ringing to the last BYE: a back-to-back user agent (RFC 3261
// sections 13, 15). The caller is the PBX and the called ones are the user's devices; or the caller
// is a device and the called one is the PBX (outgoing.c).
//
//                 1xx of a leg: to the caller, with the To tag of that leg
//                 a leg fails: the others go on; the last one: the decision is made again
//                    +---+
//                    v   |    first 2xx of a leg: 200 to the caller,
//   INVITE to all: RINGING    CANCEL to the others                      the caller's ACK: passed on
//                    |  `------------------------------> ANSWERED ------------------------------>
//                    UP
//   the caller's     |                                   |    | BYE of the answered leg | CANCEL,
//   or the   |                  no ACK for 32 s: |    v                      BYE of a side: |
//   decision: CANCEL |                  BYE to both      |  ENDING                    200, and BYE
//   | to all           v                                   v    | the ACK, or none      to the
//   other v
//                  (gone)                              (gone) `---> BYE to the caller, gone (gone)
//
// A leg is one dialog. Its INVITE may make several (a proxy forks it, 13.2.2.4): then it becomes
// several legs of one transaction. A 2xx whose leg is gone gets its ACK and a BYE.
#include "call/bridge_int.h"

#include <string.h>

#define ELSEWHERE "Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n"

enum {
    UNREACHED_US = 5 * 1000 * 1000, // docs/decision.md
    FIRST_MAX_FORWARDS = 70,
};

// ---- Ringing

// How the caller of a call is reached: where its Contact or first Record-Route says, if that is the
// host that the INVITE came from, for PBXs send from other ports than they listen on; else where
// the INVITE came from.
struct flow call_flow_to_caller(const struct call_offer *offer)
{
    const struct flow *group = &offer->group->flow;
    struct flow flow = offer->flow;
    struct sip_values place = SIP_VALUES_START;
    struct sip_address address;
    struct address hop;
    struct span value;
    if (address_eq_host(&group->peer, &flow.peer) && group->transport == flow.transport) {
        flow = *group;
    }
    if (flow.transport != TRANSPORT_UDP) return flow;
    if (!sip_next_value(offer->invite, SIP_RECORD_ROUTE, &place, &value)) {
        place = SIP_VALUES_START;
        if (!sip_next_value(offer->invite, SIP_CONTACT, &place, &value)) return flow;
    }
    bool is_hop = sip_parse_address(value, &address) == SIP_OK &&
                  address_parse(address.uri.host, &hop) && address_eq_host(&hop, &flow.peer);
    if (is_hop) flow.peer.port = address.uri.port > 0 ? address.uri.port : 5060;
    return flow;
}

struct dialog_peer call_caller_peer(const struct call_offer *offer)
{
    return (struct dialog_peer){
        .flow = call_flow_to_caller(offer),
        .own = offer->group->own,
        .contact_user = snapshot_text(offer->line, offer->line->extension),
    };
}

struct span call_from_of(const struct sip_message *invite, struct turn *turn)
{
    struct span value = sip_header_value(invite, SIP_FROM);
    struct buffer out;
    if (!call_open_message(turn, NULL, &out)) return SPAN_NONE;
    size_t end = invite->from.uri_text.len > 0
                     ? (size_t)(invite->from.uri_text.at + invite->from.uri_text.len - value.at)
                     : value.len;
    bool is_bare = end >= value.len || value.at[end] != '>';
    if (is_bare) buffer_put_byte(&out, '<');
    call_put_unfolded(&out, span_slice(value, 0, is_bare ? end : end + 1));
    if (is_bare) buffer_put_byte(&out, '>');
    return out.is_full ? SPAN_NONE : buffer_span(&out);
}

static struct span line_address(const struct call_offer *offer, struct turn *turn)
{
    struct buffer out;
    if (!call_open_message(turn, NULL, &out)) return SPAN_NONE;
    buffer_put_text(&out, "<sip:");
    sip_put_escaped_user(&out, snapshot_text(offer->line, offer->line->extension));
    buffer_printf(&out, "@%s>", offer->group->snapshot->settings.domain);
    return out.is_full ? SPAN_NONE : buffer_span(&out);
}

int call_bridge_max_forwards(const struct sip_message *message)
{
    return message->max_forwards < 0 ? FIRST_MAX_FORWARDS : message->max_forwards - 1;
}

// The INVITE to one device: the caller's, with what passes.
static void send_invite(struct call_table *table, struct turn *turn, struct pool_id id,
                        const struct call_offer *offer)
{
    struct leg *leg = pool_find(&table->legs, id);
    struct span branch = txn_new_branch(turn);
    struct buffer out;
    if (!call_open_message(turn, offer->invite, &out)) return;
    leg->invite_cseq = ++leg->dialog.local_cseq;
    call_dialog_put_request(
        &out, &leg->dialog,
        &(struct dialog_request){.method = SIP_INVITE,
                                 .branch = branch,
                                 .cseq = leg->invite_cseq,
                                 .max_forwards = call_bridge_max_forwards(offer->invite)});
    call_dialog_put_contact(&out, &leg->dialog);
    call_put_passed(
        &out, &(struct passing){
                  .table = table, .message = offer->invite, .to = leg, .group = offer->group});
    sip_put_end(&out, offer->invite->body);
    call_leg_emit_request(
        turn, &(struct call_request){.owner = CALL_OWNS_LEG,
                                     .id = id,
                                     .flow = leg->dialog.flow,
                                     .method = SIP_INVITE,
                                     .bytes = out.is_full ? SPAN_NONE : buffer_span(&out),
                                     .branch = branch});
}

static void ring_one(struct call_table *table, struct turn *turn, struct pool_id call,
                     const struct call_offer *offer, const struct client_contact *contact)
{
    const struct call_neighbours *beside = &table->neighbours;
    struct dialog_start start = {
        .peer = {.flow = contact->flow,
                 .contact_user = snapshot_text(offer->line, offer->line->extension)},
        .local = call_from_of(offer->invite, turn),
        .remote = line_address(offer, turn),
        .target = contact->uri,
        .route = contact->route,
    };
    struct pool_id id;
    if (!beside->own_towards ||
        !beside->own_towards(beside->context, &contact->flow, &start.peer.own)) {
        return;
    }
    struct leg *leg = call_leg_add(table, turn, call, &id);
    if (!leg) return;
    leg->device_id = contact->device_id;
    bool is_started = call_dialog_start(&leg->dialog, turn, &start);
    if (!is_started) {
        call_leg_free(table, id);
        return;
    }
    call_leg_index(table, id);
    send_invite(table, turn, id, offer);
}

bool call_bridge_begin(struct call_table *table, struct pool_id id,
                       const struct sip_message *invite, const struct dialog_peer *caller_peer)
{
    struct call *call = pool_find(&table->calls, id);
    struct pool_id caller_id;
    struct bridge *bridge = pool_take(&table->bridges, &call->bridge);
    if (!bridge) return false;
    struct leg *caller = call_leg_of_caller(table, id, &caller_id);
    bridge->caller = caller_id;
    bridge->invite_cseq = invite->cseq;
    bridge->unreached_us = bridge->lost_due_us = DEADLINE_NEVER;
    if (caller) {
        caller->session = (struct session){.due_us = DEADLINE_NEVER};
        call_session_read(&caller->asked, &caller->session, invite);
    }
    if (caller && call_dialog_of_invite(&caller->dialog, invite, caller_peer)) return true;
    call_leg_free(table, caller_id);
    pool_free(&table->bridges, call->bridge);
    return false;
}

bool call_bridge_ring(struct call_table *table, struct turn *turn, struct pool_id id,
                      const struct call_offer *offer, uint32_t device_id)
{
    struct client_contact contacts[CLIENT_CONTACTS_MAX];
    struct dialog_peer caller = call_caller_peer(offer);
    size_t count = client_contacts(table->neighbours.clients, offer->line->user_id, contacts,
                                   CLIENT_CONTACTS_MAX);
    if (offer->line->user_id == 0 || count == 0) return false;
    if (!call_bridge_begin(table, id, offer->invite, &caller)) return false;
    for (size_t i = 0; i < count; i++) {
        bool is_meant = device_id == 0 || contacts[i].device_id == device_id;
        if (is_meant) ring_one(table, turn, id, offer, &contacts[i]);
    }
    struct call *call = pool_find(&table->calls, id);
    struct bridge *bridge = call_bridge_of(table, call);
    if (call_kept_invite(table, call).len == 0) call_keep_invite(table, call, offer->invite);
    bridge->is_held_open = device_id == 0 &&
                           (offer->line->login == LOGIN_ON ||
                            client_has_web(table->neighbours.clients, offer->line->user_id));
    bridge->unreached_us = turn->now_us + UNREACHED_US;
    if (call_leg_count(table, bridge) > 0) return true;
    call_bridge_drop(table, turn, id, SPAN_NONE);
    return false;
}

// ---- Ending

static void free_legs(struct call_table *table, struct bridge *bridge)
{
    while (pool_find(&table->legs, bridge->first)) call_leg_free(table, bridge->first);
}

static void free_bridge(struct call_table *table, struct call *call)
{
    struct bridge *bridge = call_bridge_of(table, call);
    free_legs(table, bridge);
    call_leg_free(table, bridge->caller);
    pool_free(&table->bridges, call->bridge);
    call->bridge = POOL_ID_NONE;
    if (call->is_onward) call_onward_left(table, call);
}

void call_bridge_drop(struct call_table *table, struct turn *turn, struct pool_id id,
                      struct span headers)
{
    struct call *call = pool_find(&table->calls, id);
    struct bridge *bridge = call_bridge_of(table, call);
    if (!bridge) return;
    call_account_rest(
        table, turn, bridge,
        &(struct leg_over){487, call->is_given_up ? LEG_ENDED_BY_CALLER : LEG_ENDED_BY_SERVER});
    const struct leg *leg = pool_find(&table->legs, bridge->first);
    for (; leg; leg = pool_find(&table->legs, leg->next)) call_leg_cancel(turn, leg->txn, headers);
    call_relay_drop_all(table, turn, bridge);
    free_bridge(table, call);
}

// Who hangs up needs no BYE.
static enum model_leg_end who_ended(const struct bridge *bridge, const struct bridge_end *end)
{
    if (end->is_lost) return LEG_ENDED_BY_LOSS;
    if (bridge->state == BRIDGE_ENDING) return LEG_ENDED_BY_CALLED;
    if (end->is_caller_told == end->is_callee_told) return LEG_ENDED_BY_SERVER;
    return end->is_caller_told ? LEG_ENDED_BY_CALLED : LEG_ENDED_BY_CALLER;
}

void call_bridge_hang_up(struct call_table *table, struct turn *turn, struct pool_id id,
                         const struct bridge_end *end)
{
    struct call *call = pool_find(&table->calls, id);
    struct bridge *bridge = call_bridge_of(table, call);
    struct leg *caller = call_bridge_caller(table, bridge);
    struct leg *called = pool_find(&table->legs, bridge->first);
    struct leg_request bye = {
        .method = SIP_BYE, .headers = end->headers, .owner = CALL_OWNS_NOTHING};
    call_account_rest(table, turn, bridge, &(struct leg_over){200, who_ended(bridge, end)});
    if (end->is_failed) {
        call->outcome = OUTCOME_FAILED;
        call->answered_us = 0;
    }
    call_relay_drop_all(table, turn, bridge);
    call_leg_confirm(turn, call->txn);
    if (called && bridge->state == BRIDGE_ANSWERED) {
        call_leg_send_ack(turn, called,
                          &(struct leg_ack){called->txn, called->invite_cseq, NULL, SPAN_NONE});
    }
    if (called) call_leg_follow(table, called);
    call_leg_follow(table, caller);
    if (called && end->is_callee_told) call_leg_send(turn, called, &bye);
    if (end->is_caller_told) call_leg_send(turn, caller, &bye);
    free_bridge(table, call);
    call_finish(table, turn, id);
}

// Before the 200 is acknowledged its caller is not to get a BYE (15).
bool call_bridge_hang_up_by_hand(struct call_table *table, struct turn *turn, struct pool_id id)
{
    const struct call *call = pool_find(&table->calls, id);
    struct bridge *bridge = call_bridge_of(table, call);
    if (bridge->state == BRIDGE_ENDING || bridge->is_to_end) return false;
    bridge->is_to_end = true;
    if (bridge->state == BRIDGE_UP) {
        call_bridge_hang_up(table, turn, id,
                            &(struct bridge_end){.is_caller_told = true, .is_callee_told = true});
    }
    return true;
}

void call_bridge_unacknowledged(struct call_table *table, struct turn *turn, struct pool_id id)
{
    const struct call *call = pool_find(&table->calls, id);
    bool is_ending = call_bridge_of(table, call)->state == BRIDGE_ENDING;
    call_bridge_hang_up(table, turn, id,
                        &(struct bridge_end){.is_caller_told = true,
                                             .is_callee_told = !is_ending,
                                             .is_lost = !is_ending,
                                             .is_failed = true});
}

// ---- Responses to the INVITEs of legs

// Answers the caller with what a leg said.
static void pass_response(struct call_table *table, struct turn *turn, const struct leg *leg,
                          const struct sip_message *response)
{
    const struct call *call = pool_find(&table->calls, leg->call);
    struct leg *caller = call_bridge_caller(table, call_bridge_of(table, call));
    struct buffer out;
    if (!call_open_message(turn, response, &out)) return;
    call_dialog_put_contact(&out, &caller->dialog);
    call_put_passed(&out, &(struct passing){.table = table, .message = response, .to = caller});
    if (response->status >= 200) {
        call_session_put_answer(&out, &caller->session, turn, &caller->asked);
        call_description_keep(table, caller, response);
    }
    if (out.is_full) return;
    call_reply(turn, call->txn,
               &(struct txn_answer){.status = response->status,
                                    .reason = response->reason,
                                    .headers = buffer_span(&out),
                                    .body = response->body,
                                    .to_tag = {leg->caller_tag, TXN_TAG_BYTES},
                                    .is_insistent = response->status >= 200});
}

// The leg of a response: the one with its To tag, or a new one where the INVITE was forked. NULL
// when there is no room for that.
static struct leg *leg_of_response(struct call_table *table, struct turn *turn, struct pool_id *id,
                                   const struct sip_message *response)
{
    struct leg *leg = pool_find(&table->legs, *id);
    const struct bridge *bridge = call_bridge_of(table, pool_find(&table->calls, leg->call));
    if (leg->dialog.remote_tag.len == 0) return leg;
    struct pool_id txn = leg->txn, at = bridge->first;
    for (const struct leg *other; (other = pool_find(&table->legs, at)) != NULL; at = other->next) {
        struct span tag = call_dialog_text(&other->dialog, other->dialog.remote_tag);
        if (!pool_id_eq(other->txn, txn) || !span_eq(tag, response->to.tag)) continue;
        *id = at;
        return pool_find(&table->legs, at);
    }
    if (call_leg_count(table, bridge) >= 2 * CLIENT_CONTACTS_MAX) return NULL;
    struct leg *fork = call_leg_add(table, turn, leg->call, id);
    if (!fork) return NULL;
    fork->txn = leg->txn;
    fork->device_id = leg->device_id;
    fork->invite_cseq = leg->invite_cseq;
    fork->is_reached = fork->is_fork = true;
    fork->started_ms = leg->started_ms;
    fork->lost_us = leg->lost_us;
    fork->session = leg->session;
    struct texts texts = fork->dialog.texts;
    fork->dialog = leg->dialog;
    fork->dialog.texts = texts;
    call_leg_index(table, *id);
    if (texts_copy(&fork->dialog.texts, &leg->dialog.texts)) return fork;
    call_leg_free(table, *id);
    return NULL;
}

// What the response to a leg's INVITE says of its dialog, unless that is there already.
static bool take_dialog(const struct call *call, struct leg *leg,
                        const struct sip_message *response)
{
    if (call->taken.generation == 0) return call_dialog_take_response(&leg->dialog, response);
    call_dialog_refresh(&leg->dialog, response);
    return true;
}

// Ringing, progress, early media. All have their session descriptions passed on; without one, one
// 180 is enough.
static void leg_rang(struct call_table *table, struct turn *turn, struct pool_id id,
                     const struct sip_message *response)
{
    bool has_dialog = response->to.tag.len > 0;
    struct leg *leg = has_dialog ? leg_of_response(table, turn, &id, response)
                                 : pool_find(&table->legs, id);
    if (!leg) return;
    struct call *call = pool_find(&table->calls, leg->call);
    struct bridge *bridge = call_bridge_of(table, call);
    if (bridge->state != BRIDGE_RINGING) return;
    bridge->unreached_us = DEADLINE_NEVER;
    leg->is_reached = true;
    if (has_dialog && !take_dialog(call, leg, response)) return;
    bool is_alert = response->status == 180 || response->status == 183;
    bool is_reliable = sip_named_header_value(response, SPAN("RSeq")).len > 0;
    bool is_news = response->body.len > 0 || is_reliable || !leg->has_alerted;
    bool is_first = !call->has_alerted && !(call->is_onward && response->status == 181);
    leg->has_alerted = leg->has_alerted || is_alert;
    if (is_alert && leg->rang_ms == LEG_NEVER) leg->rang_ms = call_age_ms(call, turn);
    if (is_alert) call->has_alerted = true;
    if (is_alert && is_first && call->is_outgoing) call_show(turn, call, leg->call, SPAN_NONE);
    if (is_news && (is_first || response->body.len > 0 || is_reliable)) {
        pass_response(table, turn, leg, response);
    }
    call_set_deadline(table, leg->call);
}

// The description that the called side had from the caller's INVITE, while that is still kept.
static void keep_told(struct call_table *table, struct turn *turn, const struct call *call,
                      struct leg *leg)
{
    struct span kept = call_kept_invite(table, call);
    struct sip_message invite;
    struct sip_fault fault;
    bool is_wanted = leg->session.expires_s > 0 && leg->session.is_refresher;
    if (!is_wanted || kept.len == 0) return;
    if (sip_parse(kept, turn->arena, &invite, &fault) != SIP_OK) return;
    call_description_keep(table, leg, &invite);
}

// The first 2xx: this leg stays.
static void leg_answered(struct call_table *table, struct turn *turn, struct pool_id id,
                         const struct call_response *response)
{
    struct leg *leg = pool_find(&table->legs, id);
    struct pool_id call_id = leg->call;
    struct call *call = pool_find(&table->calls, call_id);
    struct bridge *bridge = call_bridge_of(table, call);
    struct leg *caller = call_bridge_caller(table, bridge);
    struct leg_over lost = {487, LEG_ENDED_BY_ANOTHER};
    leg->is_fork = false;
    memcpy(caller->dialog.local_tag, leg->caller_tag, TXN_TAG_BYTES);
    pass_response(table, turn, leg, response->message);
    call_session_take_answer(&leg->session, turn, response->message);
    keep_told(table, turn, call, leg);
    struct pool_id at = bridge->first;
    for (const struct leg *other; (other = pool_find(&table->legs, at)) != NULL;) {
        struct pool_id next = other->next;
        if (!pool_id_eq(at, id)) {
            bool is_forked = pool_id_eq(other->txn, leg->txn);
            if (!is_forked) {
                call_account_leg(table, turn, other, &lost);
                call_leg_cancel(turn, other->txn, SPAN(ELSEWHERE));
            }
            call_leg_free(table, at);
        }
        at = next;
    }
    bridge->state = BRIDGE_ANSWERED;
    bridge->unreached_us = DEADLINE_NEVER;
    if (call->taken.generation != 0) call_has_taken_over(table, turn, call);
    call_answered(table, turn, call_id, leg->device_id);
    call_set_deadline(table, call_id);
    call_fit(call);
    texts_fit(&caller->dialog.texts);
    texts_fit(&leg->dialog.texts);
}

// Where a client's 302 leads; the group's barring looks at the class.
static struct fwd_target deflected_to(const struct call_table *table, const struct call *call,
                                      struct span stored)
{
    const struct call_neighbours *beside = &table->neighbours;
    const struct line_group *group;
    struct fwd_target target = {.stored = stored, .number_class = NUMBER_UNKNOWN};
    if (!line_find_numbered(beside->lines, call->line_id, &group)) return target;
    if (!beside->classify) return target;
    target.number_class = beside->classify(beside->context, &group->numbering, stored);
    return target;
}

// A client's 302: at once after its own 18x, else only when no other client remains. `*is_settled`:
// the call has been forwarded.
static bool take_deflection(struct call_table *table, struct turn *turn, struct pool_id call_id,
                            struct span target, bool has_alerted)
{
    struct call *call = pool_find(&table->calls, call_id);
    enum fwd_finding finding;
    if (target.len == 0) return false;
    if (has_alerted) {
        struct fwd_target to = deflected_to(table, call, target);
        if (call_deflect(table, turn, call_id, &to, &finding) == CALL_DEFLECTED) return true;
    }
    struct call_waiting *waiting = pool_find(&table->waiting, call->waiting);
    if (waiting && !*waiting->deflection) {
        text_copy(waiting->deflection, sizeof waiting->deflection, target);
    }
    return false;
}

// No client is left: what they said last decides.
static void settle_ended(struct call_table *table, struct turn *turn, struct pool_id id)
{
    struct call *call = pool_find(&table->calls, id);
    struct bridge *bridge = call_bridge_of(table, call);
    const struct call_waiting *waiting = pool_find(&table->waiting, call->waiting);
    struct span deflection = waiting ? span_of(waiting->deflection) : SPAN_NONE;
    char bytes[TEXT_SIZE];
    struct happening happening = {.event = bridge->was_busy ? FWD_CLIENTS_BUSY
                                                            : FWD_CLIENTS_UNREACHED};
    struct fwd_target target = {.number_class = NUMBER_UNKNOWN};
    if (bridge->is_held_open && !bridge->was_busy && deflection.len == 0) {
        bridge->unreached_us = DEADLINE_NEVER;
        call_ring_again(table, turn, id);
        return;
    }
    if (deflection.len > 0) {
        text_copy(bytes, sizeof bytes, deflection);
        target = deflected_to(table, call, span_of(bytes));
        happening.event = FWD_DEFLECTED;
        happening.is_client_busy = bridge->was_busy;
        happening.deflection = &target;
    }
    call_settle_again(table, turn, id, happening);
}

// Whom the first Contact of a 3xx names, in stored form.
static struct span deflection_of(const struct call_table *table, struct turn *turn,
                                 const struct call *call, const struct sip_message *response)
{
    const struct line_group *group;
    struct sip_values place = SIP_VALUES_START;
    struct sip_address address;
    struct span value;
    if (!sip_next_value(response, SIP_CONTACT, &place, &value)) return SPAN_NONE;
    if (sip_parse_address(value, &address) != SIP_OK) return SPAN_NONE;
    if (!line_find_numbered(table->neighbours.lines, call->line_id, &group)) return SPAN_NONE;
    if (call_is_emergency(group, address.uri_text)) return SPAN_NONE; // never forwarded to
    struct phone_number number = phone_read(&group->numbering, address.uri_text, true);
    struct span stored = SPAN_NONE;
    if (number.kind != PHONE_INVALID) (void)arena_copy(turn->arena, span_of(number.text), &stored);
    return stored;
}

// What a client's final answer other than 2xx means. docs/decision.md "Steps", 7.
static void client_ended(struct call_table *table, struct turn *turn, struct pool_id call_id,
                         const struct sip_message *response, bool has_alerted)
{
    struct call *call = pool_find(&table->calls, call_id);
    struct bridge *bridge = call_bridge_of(table, call);
    unsigned status = response ? response->status : 408;
    if (status == 603) {
        call_settle_again(
            table, turn, call_id,
            (struct happening){.event = FWD_CLIENT_REJECTED, .client_status = status});
        return;
    }
    if (status == 486 || status == 600) bridge->was_busy = true;
    if (status >= 300 && status < 400) {
        struct span target = deflection_of(table, turn, call, response);
        if (take_deflection(table, turn, call_id, target, has_alerted)) return;
    }
    if (call_leg_count(table, bridge) == 0) settle_ended(table, turn, call_id);
}

// A device wants a longer session than it was asked for (RFC 4028 section 7.3): it gets the INVITE
// again.
static bool rings_again(struct call_table *table, struct turn *turn, struct pool_id id,
                        const struct sip_message *response)
{
    struct leg *leg = pool_find(&table->legs, id);
    const struct call *call = pool_find(&table->calls, leg->call);
    struct revival revival;
    bool is_wanted = response && call_kept_invite(table, call).len > 0 &&
                     call_session_raise(&leg->session, response);
    if (!is_wanted || !call_revive_offer(table, turn, call, &revival)) return false;
    send_invite(table, turn, id, &revival.offer);
    return true;
}

static void leg_failed(struct call_table *table, struct turn *turn, struct pool_id id,
                       const struct call_response *response)
{
    const struct leg *leg = pool_find(&table->legs, id);
    struct pool_id call_id = leg->call, txn = leg->txn;
    struct call *call = pool_find(&table->calls, call_id);
    struct bridge *bridge = call_bridge_of(table, call);
    bool is_lost = !response->message && leg->lost_us > 0;
    struct leg_over over = {response->message ? response->message->status : 408,
                            is_lost ? LEG_ENDED_BY_LOSS : LEG_ENDED_BY_CALLED};
    bool has_alerted = false;
    if (bridge->state != BRIDGE_RINGING) return;
    if (call->is_outgoing && call_outgoing_tries_again(table, turn, id, response->message)) return;
    if (call->is_onward && call_onward_tries_again(table, turn, id, response->message)) return;
    bool is_of_device = !call->is_outgoing && !call->is_onward && call->taken.generation == 0;
    if (is_of_device && rings_again(table, turn, id, response->message)) return;
    struct pool_id at = bridge->first;
    for (const struct leg *other; (other = pool_find(&table->legs, at)) != NULL;) {
        struct pool_id next = other->next;
        if (pool_id_eq(at, id) || (pool_id_eq(other->txn, txn) && txn.generation > 0)) {
            has_alerted = has_alerted || other->has_alerted;
            call_account_leg(table, turn, other, &over);
            call_leg_free(table, at);
        }
        at = next;
    }
    if (call->taken.generation != 0) {
        call_end_with(table, turn, call_id, call->status, SPAN_NONE);
    } else if (call->is_outgoing) {
        call_outgoing_failed(table, turn, call_id, response->message);
    } else if (call->is_onward) {
        call_onward_failed(table, turn, call_id, response->message);
    } else {
        client_ended(table, turn, call_id, response->message, has_alerted);
    }
}

// A leg that came of another one's INVITE and was answered: the transaction still names the other.
static struct leg *leg_that_won(const struct call_table *table,
                                const struct call_response *response, struct pool_id *id)
{
    const struct sip_message *message = response->message;
    bool is_from_caller;
    struct leg *leg = call_leg_find_tag(table, message->from.tag, message->call_id, id,
                                        &is_from_caller);
    bool is_it = leg && pool_id_eq(leg->txn, response->txn) &&
                 span_eq(call_dialog_text(&leg->dialog, leg->dialog.remote_tag), message->to.tag);
    return is_it ? leg : NULL;
}

void call_leg_responded(struct call_table *table, struct turn *turn,
                        const struct call_response *response)
{
    const struct sip_message *message = response->message;
    struct pool_id id = response->id;
    struct leg *leg = pool_find(&table->legs, id);
    bool is_accepted = message && message->status >= 200 && message->status < 300;
    if (message && message->status == 100) return;
    if (message && message->status < 200) {
        if (leg) leg_rang(table, turn, id, message);
        return;
    }
    if (!is_accepted) {
        if (leg) leg_failed(table, turn, id, response);
        return;
    }
    leg = leg ? leg_of_response(table, turn, &id, message) : leg_that_won(table, response, &id);
    const struct call *call = leg ? pool_find(&table->calls, leg->call) : NULL;
    const struct bridge *bridge = call ? call_bridge_of(table, call) : NULL;
    bool is_first = bridge && bridge->state == BRIDGE_RINGING;
    if (is_first && take_dialog(call, leg, message)) {
        leg_answered(table, turn, id, response);
    } else if (is_first || !leg || !pool_id_eq(id, bridge->first)) {
        call_leg_refuse(turn, response);
        if (is_first) {
            leg_failed(table, turn, id, response);
        } else {
            call_leg_free(table, id);
        }
    } // else it is repeated, and waits for the caller's ACK
}

// ---- The ACK of the caller

void call_acknowledged(struct call_table *table, struct turn *turn, const struct sip_message *ack)
{
    struct pool_id id;
    bool is_from_caller;
    if (call_test_acknowledged(table, turn, ack)) return;
    struct leg *leg = call_leg_find(table, ack, &id, &is_from_caller);
    if (!leg) return;
    struct pool_id call_id = leg->call;
    struct call *call = pool_find(&table->calls, call_id);
    struct bridge *bridge = call_bridge_of(table, call);
    bool is_first = is_from_caller && ack->cseq == bridge->invite_cseq;
    if (!is_first) {
        (void)call_relay_acknowledged(table, turn, leg, ack, is_from_caller);
    } else if (bridge->state == BRIDGE_ANSWERED) {
        call_leg_confirm(turn, call->txn);
        if (leg->lost_us > 0) call_leg_follow(table, leg);
        call_leg_send_ack(turn, leg, &(struct leg_ack){leg->txn, leg->invite_cseq, ack, SPAN_NONE});
        call_description_keep(table, leg, ack);
        bridge->state = BRIDGE_UP;
        if (!bridge->is_to_end) return;
        call_bridge_hang_up(table, turn, call_id,
                            &(struct bridge_end){.is_caller_told = true, .is_callee_told = true});
    } else if (bridge->state == BRIDGE_ENDING) {
        call_bridge_hang_up(table, turn, call_id, &(struct bridge_end){.is_caller_told = true});
    }
}
