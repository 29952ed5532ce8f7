// SPDX-License-Identifier: Apache-2.0
// The only file that joins the layers. A call travels one way out and the same way back:
//
//   net --datagram--> sip --message--> txn --request--> call --facts----> fwd
//   net <--datagram-- sip <--response-- txn <--action--- call <--verdict-- fwd
//
// One input is one turn: it is handed to a machine, and the effects that the machines ask for are
// carried out in order (drain) before the next input is looked at. The engine itself knows no
// clock, no socket and no thread: a worker gives it inputs and the time, a simulation does the
// same.
#include "engine/engine_int.h"

struct turn *engine_begin(struct engine *engine, struct engine_time now)
{
    turn_begin(&engine->turn, now.now_us, now.wall_us);
    return &engine->turn;
}

// ---- Effects: what the machines want done

static enum owner owner_of(const struct line_request *wanted)
{
    if (wanted->is_trial) return OWNER_TRIAL;
    return wanted->is_probe ? OWNER_PROBE : OWNER_LINE;
}

static void send_line_request(struct engine *engine, const struct line_request *wanted)
{
    struct pool_id txn;
    struct txn_request request = {
        .flow = wanted->flow,
        .method = wanted->method,
        .bytes = wanted->bytes,
        .branch = wanted->branch,
        .owner = {.kind = owner_of(wanted), .id = wanted->id},
    };
    // A REGISTER that was overtaken must not be repeated: it could undo the newer one.
    txn_disown(engine->txns, &engine->turn, wanted->superseded);
    if (txn_send_request(engine->txns, &engine->turn, &request, &txn)) {
        if (!wanted->is_probe) line_sent(engine->lines, wanted->id, txn);
        return;
    }
    if (!wanted->is_probe) line_response(engine->lines, &engine->turn, wanted->id, NULL);
}

static void send_call_request(struct engine *engine, const struct call_request *wanted)
{
    static const enum owner owners[] = {[CALL_OWNS_LEG] = OWNER_LEG,
                                        [CALL_OWNS_RELAY] = OWNER_RELAY,
                                        [CALL_OWNS_NOTHING] = OWNER_NOBODY,
                                        [CALL_OWNS_TEST] = OWNER_TESTING};
    struct pool_id txn;
    struct txn_request request = {
        .flow = wanted->flow,
        .method = wanted->method,
        .bytes = wanted->bytes,
        .branch = wanted->branch,
        .owner = {.kind = owners[wanted->owner], .id = wanted->id},
    };
    bool is_sent = wanted->bytes.len > 0 &&
                   txn_send_request(engine->txns, &engine->turn, &request, &txn);
    if (!is_sent) {
        call_responded(engine->calls, &engine->turn,
                       &(struct call_response){.owner = wanted->owner, .id = wanted->id});
    } else if (!call_sent(engine->calls, wanted, txn)) {
        txn_disown(engine->txns, &engine->turn, txn);
    }
}

// The answer to a request of a leg, or that there is none.
static void give_to_call(struct engine *engine, const struct txn_event *event,
                         enum call_owner owner)
{
    struct call_response response = {.owner = owner,
                                     .id = event->owner.id,
                                     .txn = event->txn,
                                     .message = event->message,
                                     .flow = engine->flow};
    if (event->effect.kind == TXN_RESPONSE || event->effect.kind == TXN_TIMEOUT) {
        call_responded(engine->calls, &engine->turn, &response);
    }
}

// A request that was passed on between two legs, as its sender sees it.
static void give_to_relay(struct engine *engine, const struct txn_event *event)
{
    if (event->effect.kind == TXN_CANCELLED) {
        call_relay_cancelled(engine->calls, &engine->turn, event->owner.id, event->message);
    } else if (event->effect.kind == TXN_ENDED) {
        call_relay_ended(engine->calls, &engine->turn, event->owner.id, event->is_acknowledged);
    } else {
        give_to_call(engine, event, CALL_OWNS_RELAY);
    }
}

static void give_to_owner(struct engine *engine, const struct txn_event *event)
{
    struct turn *turn = &engine->turn;
    struct pool_id id = event->owner.id;
    switch ((enum owner)event->owner.kind) {
    case OWNER_LINE:
        if (event->is_connection_lost) {
            line_connection_lost(engine->lines, turn, id);
        } else {
            line_response(engine->lines, turn, id, event->message);
        }
        break;
    case OWNER_PROBE: line_probe_response(engine->lines, turn, id, event->message); break;
    case OWNER_TRIAL: line_trial_response(engine->lines, turn, id, event->message); break;
    case OWNER_CALL:
        if (event->effect.kind == TXN_CANCELLED) {
            call_cancelled(engine->calls, turn, id, event->message);
        } else if (event->effect.kind == TXN_ENDED) {
            call_settled(engine->calls, turn, id, event->is_acknowledged);
        }
        break;
    case OWNER_LEG: give_to_call(engine, event, CALL_OWNS_LEG); break;
    case OWNER_RELAY: give_to_relay(engine, event); break;
    case OWNER_TEST: engine_give_to_test(engine, event); break;
    case OWNER_TESTING: give_to_call(engine, event, CALL_OWNS_TEST); break;
    case OWNER_CODE: engine_give_to_code(engine, event); break;
    case OWNER_WATCH: engine_give_to_watch(engine, event); break;
    case OWNER_DESK: engine_give_to_desk(engine, event); break;
    case OWNER_NOBODY: break;
    }
}

static void carry_out_for_call(struct engine *engine, struct effect *effect)
{
    void *any = effect; // each effect structure begins with its struct effect
    switch (effect->kind) {
    case CALL_REPLY: {
        const struct call_reply *reply = any;
        txn_respond(engine->txns, &engine->turn, reply->txn, &reply->answer);
        break;
    }
    case CALL_REQUEST: send_call_request(engine, any); break;
    case CALL_CANCEL: {
        const struct call_cancel *cancel = any;
        (void)txn_cancel(engine->txns, &engine->turn, cancel->txn, cancel->headers);
        break;
    }
    case CALL_ACK: {
        const struct call_ack *ack = any;
        txn_acknowledge(engine->txns, &engine->turn, ack->txn, &ack->ack);
        break;
    }
    case CALL_CONFIRM: {
        const struct call_confirm *confirm = any;
        txn_confirm(engine->txns, &engine->turn, confirm->txn);
        break;
    }
    case CALL_DISOWN: {
        const struct call_confirm *disowned = any;
        txn_disown(engine->txns, &engine->turn, disowned->txn);
        break;
    }
    case CALL_ENDED: {
        const struct call_ended *ended = any;
        engine_note_redirect(engine, &ended->entry);
        engine->host.call_ended(engine->host.context, &ended->entry);
        break;
    }
    case CALL_SHOWN:
        engine_watch_call(engine, any);
        if (engine->host.call_shown) engine->host.call_shown(engine->host.context, any);
        break;
    case CALL_TAKEN: {
        const struct call_taken *taken = any;
        desk_note_taken(engine->desks, taken->line_id, taken->call_id);
        break;
    }
    case CALL_RULE_USED:
        if (engine->host.rule_used) engine->host.rule_used(engine->host.context, any);
        break;
    case CALL_ALARM:
        if (engine->host.alarmed) engine->host.alarmed(engine->host.context, any);
        break;
    case CALL_CODE_DIALLED: engine->host.code_dialled(engine->host.context, any); break;
    case CALL_MEDIA: engine->host.send_media(engine->host.context, any); break;
    default: ASSERT(false);
    }
}

static void carry_out(struct engine *engine, struct effect *effect)
{
    void *any = effect; // each effect structure begins with its struct effect
    switch (effect->kind) {
    case TXN_SEND: {
        const struct txn_send *send = any;
        engine->host.send(engine->host.context, &send->flow, send->bytes);
        break;
    }
    case TXN_RESPONSE:
    case TXN_TIMEOUT:
    case TXN_CANCELLED:
    case TXN_ENDED: give_to_owner(engine, any); break;
    case LINE_REQUEST: send_line_request(engine, any); break;
    case LINE_STATE:
        engine->host.line_state(engine->host.context, any);
        engine_note_line(engine, any);
        desk_line_changed(engine->desks, &engine->turn,
                          ((const struct line_state *)any)->registration.line_id);
        break;
    case LINE_RELEASED: {
        const struct line_released *released = any;
        engine->host.release_line(engine->host.context, released->block);
        break;
    }
    case LINE_GROUP_RELEASED: {
        const struct line_group_released *released = any;
        engine->host.release_group(engine->host.context, released->block);
        break;
    }
    case LINE_RATE:
        if (engine->host.rate_raised) engine->host.rate_raised(engine->host.context, any);
        break;
    case LINE_PEER:
        if (engine->host.peer_told) engine->host.peer_told(engine->host.context, any);
        break;
    case LINE_TOLD:
        if (engine->host.told) engine->host.told(engine->host.context, any);
        break;
    case WATCH_NOTIFY: engine_send_notice(engine, any); break;
    case CALL_SENT_ON:
        if (engine->host.sent_on) engine->host.sent_on(engine->host.context, any);
        break;
    case CLIENT_SHOWN:
        engine_watch_binding(engine, any);
        if (engine->host.binding_shown) engine->host.binding_shown(engine->host.context, any);
        break;
    default:
        if (engine_carry_out_check(engine, effect) || engine_carry_out_desk(engine, effect)) break;
        carry_out_for_call(engine, effect);
        break;
    }
}

void engine_drain(struct engine *engine)
{
    struct effect *effect;
    while ((effect = turn_next(&engine->turn)) != NULL) carry_out(engine, effect);
}

// ---- Messages

static void decline(struct engine *engine, const struct sip_message *request,
                    const struct flow *flow, struct txn_answer answer)
{
    txn_respond_stateless(engine->txns, &engine->turn, request, flow, &answer);
}

void engine_answer(struct engine *engine, const struct sip_message *request,
                   const struct flow *flow, const struct txn_answer *answer)
{
    struct txn_owner owner = {.kind = OWNER_NOBODY};
    struct pool_id txn;
    if (txn_accept(engine->txns, &engine->turn, request, flow, owner, &txn)) {
        txn_respond(engine->txns, &engine->turn, txn, answer);
    } else {
        txn_respond_stateless(engine->txns, &engine->turn, request, flow, answer);
    }
}

// There is no room for the call, or no time: 503, never with Retry-After, which would stop the PBX
// for all lines.
static void decline_overloaded(struct engine *engine, const struct sip_message *invite,
                               const struct flow *flow)
{
    engine->counts.overloaded++;
    decline(engine, invite, flow, (struct txn_answer){.status = 503});
}

struct place {
    bool is_emergency; // made also in an overload and when all other places are taken
    struct pool_id call, txn;
};

// Reserves a call and the transaction of its INVITE. False: there is too much to do, and the INVITE
// has been refused.
static bool take_place(struct engine *engine, const struct sip_message *invite,
                       const struct flow *flow, struct place *place)
{
    bool is_refused = !place->is_emergency && overload_refuses(&engine->overload);
    if (!is_refused && call_reserve(engine->calls, place->is_emergency, &place->call)) {
        struct txn_owner owner = {.kind = OWNER_CALL, .id = place->call};
        if (txn_accept(engine->txns, &engine->turn, invite, flow, owner, &place->txn)) return true;
        call_abandon(engine->calls, place->call);
    }
    decline_overloaded(engine, invite, flow);
    return false;
}

// A session that is to be refreshed all the time is refused; who calls asks for a longer one.
static bool refuse_session(struct engine *engine, const struct sip_message *invite,
                           const struct flow *flow)
{
    if (!call_has_short_session(invite)) return false;
    decline(engine, invite, flow,
            (struct txn_answer){.status = 422, .headers = SPAN(CALL_MIN_SE_LINE)});
    return true;
}

// Makes a call of an INVITE for a line.
static void offer_call(struct engine *engine, const struct sip_message *invite,
                       const struct flow *flow, const struct uas_target *target)
{
    struct place place = {.is_emergency = false};
    struct call_offer offer = {
        .invite = invite,
        .flow = *flow,
        .group = target->group,
        .line = target->line,
        .lines = engine->lines,
    };
    if (engine_offer_test(engine, &offer)) return;
    if (refuse_session(engine, invite, flow)) return;
    unsigned refusal = call_refuses_replacing(engine->calls, &offer);
    if (refusal != 0) {
        decline(engine, invite, flow, (struct txn_answer){.status = refusal});
        return;
    }
    engine->counts.calls++;
    if (!take_place(engine, invite, flow, &place)) return;
    offer.txn = place.txn;
    call_begin(engine->calls, &engine->turn, place.call, &offer);
}

// A request within a dialog of a call passes through. False: there is no such dialog.
static bool pass(struct engine *engine, const struct sip_message *request, const struct flow *flow)
{
    struct turn *turn = &engine->turn;
    struct pool_id relay, txn;
    enum call_passage passage = call_reserve_relay(engine->calls, request, &relay);
    if (passage == CALL_NO_DIALOG) return false;
    if (passage == CALL_NO_ROOM) {
        decline(engine, request, flow, (struct txn_answer){.status = 503});
        return true;
    }
    struct txn_owner owner = {.kind = OWNER_RELAY, .id = relay};
    if (!txn_accept(engine->txns, turn, request, flow, owner, &txn)) {
        call_abandon_relay(engine->calls, relay);
        decline(engine, request, flow, (struct txn_answer){.status = 503});
        return true;
    }
    call_relay(engine->calls, turn, relay, txn, request);
    return true;
}

// The INVITE of a device: a call through a line of its user. An emergency call goes out through a
// disabled line too, in whoever's name, and is never read as a feature code.
static void offer_outgoing(struct engine *engine, const struct sip_message *invite,
                           const struct flow *flow)
{
    struct turn *turn = &engine->turn;
    struct client_verdict verdict;
    struct call_outgoing outgoing = {.invite = invite, .flow = *flow};
    if (client_authenticate(engine->clients, turn, &(struct client_request){invite, flow},
                            &verdict) == CLIENT_ANSWERED) {
        engine->counts.strangers++;
        decline(engine, invite, flow, verdict.answer);
        return;
    }
    outgoing.device_id = verdict.device_id;
    bool is_own_name = engine_find_own_line(engine, &outgoing);
    struct place place = {
        .is_emergency = outgoing.line && call_is_emergency(outgoing.group, invite->uri_text),
    };
    bool is_allowed = is_own_name && outgoing.line && outgoing.line->is_enabled;
    if (!place.is_emergency && !is_allowed) {
        decline(engine, invite, flow, (struct txn_answer){.status = 403});
        return;
    }
    if (!place.is_emergency && engine_offer_code(engine, &outgoing)) return;
    if (!place.is_emergency && refuse_session(engine, invite, flow)) return;
    if (!take_place(engine, invite, flow, &place)) return;
    outgoing.txn = place.txn;
    call_begin_outgoing(engine->calls, turn, place.call, &outgoing);
}

// What a device is answered has a transaction, everybody else is answered without state.
static void serve_register(struct engine *engine, const struct sip_message *request,
                           const struct flow *flow)
{
    struct turn *turn = &engine->turn;
    struct client_request wanted = {request, flow};
    struct client_verdict verdict;
    struct pool_id txn;
    enum client_proof proof = client_register(engine->clients, turn, &wanted, &verdict);
    struct txn_owner owner = {.kind = OWNER_NOBODY};
    if (proof == CLIENT_PROVEN && txn_accept(engine->txns, turn, request, flow, owner, &txn)) {
        txn_respond(engine->txns, turn, txn, &verdict.answer);
        return;
    }
    if (proof != CLIENT_PROVEN) engine->counts.strangers++;
    decline(engine, request, flow, verdict.answer);
}

// Which other worker a message is for, if any. A response names it by the branch of our request, a
// request within a dialog by our tag, any other one by its line or device.
static bool find_other(const struct engine *engine, const struct sip_message *message,
                       const struct flow *flow, uint8_t *to)
{
    if (!message->is_request) return txn_branch_worker(message->via.branch, to);
    if (call_tag_worker(message->to.tag, to)) return true;
    if (client_is_named(engine->clients, message)) return false; // a device of ours
    struct span user = client_credentials_of(engine->clients, message);
    if (user.len > 0 && line_find_elsewhere(engine->lines, 0, user, to)) return true;
    return uas_find_elsewhere(engine->lines, message, &flow->peer, to);
}

static bool hand_over(struct engine *engine, const struct sip_message *message,
                      const struct flow *flow)
{
    const struct engine_host *host = &engine->host;
    uint8_t to;
    if (host->worker_count < 2 || flow->worker != 0) return false; // nobody else, or for us
    if (!find_other(engine, message, flow, &to)) return false;
    if (to == host->worker || to >= host->worker_count) return false;
    engine->counts.handed_over++;
    host->hand_over(host->context, to, flow, message->bytes);
    return true;
}

// Where there are devices, a call from elsewhere than a PBX is asked for credentials whatever name
// it gives: else the answer would tell which names there are.
static bool is_asked(const struct engine *engine, const struct sip_message *invite,
                     const struct flow *flow)
{
    struct pool_id place = POOL_ID_NONE;
    if (client_is_named(engine->clients, invite)) return true;
    bool has_devices = client_device_count(engine->clients) > 0 ||
                       line_devices_elsewhere(engine->lines) > 0;
    return has_devices && !line_next_group_at(engine->lines, &flow->peer, &place);
}

static void serve(struct engine *engine, const struct sip_message *request, const struct flow *flow)
{
    bool is_initial_invite = request->method == SIP_INVITE && request->to.tag.len == 0;
    if (request->to.tag.len > 0 && engine_pass_test(engine, request, flow)) return;
    if (request->to.tag.len > 0 && pass(engine, request, flow)) return;
    if (request->to.tag.len > 0 && engine_take_for_code(engine, request, flow)) return;
    if (request->to.tag.len > 0 && engine_take_for_watch(engine, request, flow)) return;
    if (request->to.tag.len > 0 && engine_take_for_desk(engine, request, flow)) return;
    if (hand_over(engine, request, flow)) return;
    if (request->method == SIP_REGISTER) {
        serve_register(engine, request, flow);
        return;
    }
    if (is_initial_invite && is_asked(engine, request, flow)) {
        offer_outgoing(engine, request, flow);
        return;
    }
    bool is_subscription = request->method == SIP_SUBSCRIBE && request->to.tag.len == 0;
    if (is_subscription && is_asked(engine, request, flow)) {
        engine_serve_subscribe(engine, request, flow);
        return;
    }
    if (engine_take_summary(engine, request, flow)) return;
    struct uas_target target;
    struct txn_answer answer = {0};
    switch (uas_check(engine->lines, &engine->turn, request, &flow->peer, &target, &answer)) {
    case UAS_CALL: offer_call(engine, request, flow, &target); break;
    case UAS_NO_LINE:
        engine->counts.unknown_numbers++;
        decline(engine, request, flow, answer);
        break;
    case UAS_STRANGER:
        engine->counts.strangers++;
        decline(engine, request, flow, answer);
        break;
    case UAS_ANSWER: decline(engine, request, flow, answer); break;
    }
}

static void take_message(struct engine *engine, const struct arrival *arrival)
{
    const struct sip_message *message = &arrival->message;
    const struct flow *flow = &arrival->datagram->flow;
    struct txn_arrival known = {message, flow, &arrival->identity};
    switch (txn_receive(engine->txns, &engine->turn, &known)) {
    case TXN_HANDLED: break;
    case TXN_NEW_REQUEST: serve(engine, message, flow); break;
    case TXN_MERGED: decline(engine, message, flow, (struct txn_answer){.status = 482}); break;
    case TXN_STRAY:
        if (hand_over(engine, message, flow)) break;
        if (message->is_request && message->method == SIP_CANCEL) {
            decline(engine, message, flow, (struct txn_answer){.status = 481});
        } else if (message->is_request && message->method == SIP_ACK &&
                   !call_code_acknowledged(engine->codes, &engine->turn, message)) {
            call_acknowledged(engine->calls, &engine->turn, message);
        }
        break;
    }
}

// Answers what cannot be read, if there is enough of it to be answered.
static void refuse(struct engine *engine, const struct sip_message *message,
                   const struct flow *flow, const struct sip_fault *fault)
{
    engine->counts.malformed++;
    if (!sip_is_answerable(message)) return;
    decline(engine, message, flow,
            (struct txn_answer){.status = sip_fault_status(fault->err),
                                .reason = uas_fault_reason(&engine->turn, fault)});
}

void engine_waited(struct engine *engine, struct engine_time now,
                   const struct overload_sight *sight)
{
    overload_note(&engine->overload, now.now_us, sight);
}

uint32_t engine_dropped_share(const struct engine *engine)
{
    return overload_dropped_share(&engine->overload);
}

// ---- Looking ahead: what a message needs is spread over large tables, so that nearly each step of
// a look-up waits for memory. So several messages are read first, and each of them asks for what
// its first steps need; meanwhile it comes. Only then they are dealt with.

static void read_whole(struct engine *engine, struct arrival *arrival)
{
    enum sip_err err = sip_parse(arrival->datagram->bytes, &engine->ahead_arena, &arrival->message,
                                 &arrival->fault);
    arrival->kind = err == SIP_OK ? ARRIVAL_READ : ARRIVAL_FAULTY;
    if (err == SIP_OK) txn_identify(engine->txns, &arrival->message, &arrival->identity);
}

static bool is_keep_alive(struct span bytes)
{
    return span_trim(bytes).len == 0;
}

static void read_ahead(struct engine *engine, const struct datagram *datagram,
                       struct arrival *arrival)
{
    struct sip_via via;
    arrival->datagram = datagram;
    arrival->sought = 0;
    if (sip_peek_ack(datagram->bytes, &via) &&
        txn_identify_ack(engine->txns, &via, &arrival->identity)) {
        arrival->kind = ARRIVAL_ACK;
    } else if (is_keep_alive(datagram->bytes)) {
        arrival->kind = ARRIVAL_IGNORED;
    } else if (sip_is_stun_ping(datagram->bytes) && datagram->flow.transport == TRANSPORT_UDP) {
        arrival->kind = ARRIVAL_PING;
    } else {
        read_whole(engine, arrival);
    }
    if (arrival->kind != ARRIVAL_READ) return;
    arrival->sought = uas_seek(engine->lines, &arrival->message, &datagram->flow.peer);
}

static void look_ahead(struct engine *engine, const struct datagram *datagrams, size_t count)
{
    struct arrival *ahead = engine->ahead;
    arena_reset(&engine->ahead_arena);
    for (size_t i = 0; i < count; i++) read_ahead(engine, &datagrams[i], &ahead[i]);
    if (count == 1) return; // there is nothing to be done meanwhile
    for (size_t i = 0; i < count; i++) {
        bool is_known = ahead[i].kind == ARRIVAL_ACK || ahead[i].kind == ARRIVAL_READ;
        if (is_known) txn_prefetch(engine->txns, &ahead[i].identity);
        if (ahead[i].sought) line_prefetch(engine->lines, ahead[i].sought);
    }
    for (size_t i = 0; i < count; i++) {
        if (ahead[i].kind == ARRIVAL_ACK) txn_prefetch_parts(engine->txns, &ahead[i].identity);
        if (ahead[i].sought) line_prefetch_block(engine->lines, ahead[i].sought);
    }
    for (size_t i = 0; i < count; i++) {
        ahead[i].line_id = ahead[i].sought ? line_sought_id(engine->lines, ahead[i].sought) : 0;
        if (ahead[i].line_id) call_seek(engine->calls, ahead[i].line_id);
    }
    for (size_t i = 0; i < count; i++) {
        if (ahead[i].line_id) call_prefetch(engine->calls, ahead[i].line_id);
    }
}

static void answer_ping(struct engine *engine, const struct datagram *ping)
{
    char bytes[64];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    sip_put_stun_pong(&out, ping->bytes, &ping->flow.peer);
    engine->host.send(engine->host.context, &ping->flow, buffer_span(&out));
}

static void take_arrival(struct engine *engine, struct engine_time now, struct arrival *arrival)
{
    const struct flow *flow = &arrival->datagram->flow;
    if (arrival->kind == ARRIVAL_IGNORED) return;
    if (arrival->kind == ARRIVAL_PING) {
        answer_ping(engine, arrival->datagram);
        return;
    }
    engine_begin(engine, now);
    engine->flow = *flow;
    if (arrival->kind == ARRIVAL_ACK &&
        !txn_receive_ack(engine->txns, &engine->turn, &arrival->identity, flow)) {
        read_whole(engine, arrival);
    }
    if (arrival->kind == ARRIVAL_READ) take_message(engine, arrival);
    if (arrival->kind == ARRIVAL_FAULTY) refuse(engine, &arrival->message, flow, &arrival->fault);
    engine_drain(engine);
}

void engine_datagrams(struct engine *engine, struct engine_time now,
                      const struct datagram *datagrams, size_t count)
{
    while (count > 0) {
        size_t many = count < AHEAD_MAX ? count : AHEAD_MAX;
        look_ahead(engine, datagrams, many);
        for (size_t i = 0; i < many; i++) take_arrival(engine, now, &engine->ahead[i]);
        datagrams += many;
        count -= many;
    }
}

void engine_stream_fault(struct engine *engine, struct engine_time now, const struct flow *flow,
                         struct span head, const struct sip_fault *fault)
{
    struct sip_message message;
    struct sip_fault ignored;
    struct turn *turn = engine_begin(engine, now);
    (void)sip_parse(head, turn->arena, &message, &ignored);
    refuse(engine, &message, flow, fault);
    engine_drain(engine);
}

// ---- Time

static uint64_t earliest(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t engine_deadline_us(const struct engine *engine)
{
    uint64_t at_us = txn_deadline_us(engine->txns);
    at_us = earliest(at_us, line_deadline_us(engine->lines));
    at_us = earliest(at_us, client_deadline_us(engine->clients));
    at_us = earliest(at_us, check_deadline_us(engine->checks));
    at_us = earliest(at_us, call_codes_deadline_us(engine->codes));
    at_us = earliest(at_us, watch_deadline_us(engine->watches));
    at_us = earliest(at_us, desk_deadline_us(engine->desks));
    return earliest(at_us, call_deadline_us(engine->calls));
}

void engine_tick(struct engine *engine, struct engine_time now)
{
    txn_tick(engine->txns, engine_begin(engine, now));
    engine_drain(engine);
    line_tick(engine->lines, engine_begin(engine, now));
    engine_drain(engine);
    client_tick(engine->clients, engine_begin(engine, now));
    engine_drain(engine);
    call_tick(engine->calls, engine_begin(engine, now));
    engine_drain(engine);
    check_tick(engine->checks, engine_begin(engine, now));
    engine_drain(engine);
    call_codes_tick(engine->codes, engine_begin(engine, now));
    engine_drain(engine);
    watch_tick(engine->watches, engine_begin(engine, now));
    engine_drain(engine);
    desk_tick(engine->desks, engine_begin(engine, now));
    engine_drain(engine);
}
