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
#include "engine/engine.h"

#include "engine/uas_int.h"

enum {
    ARENA_SIZE = 512 * 1024,
    AHEAD_MAX = 8, // messages that are read before the first of them is dealt with
    AHEAD_ARENA_SIZE = AHEAD_MAX * SIP_HEADER_MAX * sizeof(struct sip_header),
};

// Whom transactions belong to (struct txn_owner).
enum owner { OWNER_CALL, OWNER_LINE, OWNER_PROBE, OWNER_TRIAL };

// A message that was read, and where what it is about is looked for.
struct arrival {
    bool is_keep_alive; // RFC 5626 section 4.4.1: nothing else is known then
    enum sip_err err;
    struct sip_fault fault;
    struct sip_message message;
    const struct flow *flow;
    struct txn_identity identity; // if it could be read
    uint64_t sought;              // of the line, see uas_seek
};

struct engine {
    struct engine_host host;
    struct txn_table *txns;
    struct line_table *lines;
    struct client_table *clients;
    struct call_table *calls;
    struct turn turn;
    struct arena arena;
    struct random random;
    struct engine_counts counts;
    struct overload overload;
    struct arena ahead_arena;
    struct arrival ahead[AHEAD_MAX];
};

static struct turn *begin_turn(struct engine *engine, struct engine_time now)
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
    case LINE_STATE: engine->host.line_state(engine->host.context, any); break;
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
    case CALL_SENT_ON:
        if (engine->host.sent_on) engine->host.sent_on(engine->host.context, any);
        break;
    case CALL_REPLY: {
        const struct call_reply *reply = any;
        txn_respond(engine->txns, &engine->turn, reply->txn, &reply->answer);
        break;
    }
    case CALL_ENDED: {
        const struct call_ended *ended = any;
        engine->host.call_ended(engine->host.context, &ended->entry);
        break;
    }
    case CALL_SHOWN:
        if (engine->host.call_shown) engine->host.call_shown(engine->host.context, any);
        break;
    case CALL_RULE_USED:
        if (engine->host.rule_used) engine->host.rule_used(engine->host.context, any);
        break;
    case CLIENT_SHOWN: break;
    default: ASSERT(false);
    }
}

static void drain(struct engine *engine)
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

// There is no room for the call, or no time: 503, never with Retry-After, which would stop the PBX
// for all lines.
static void decline_overloaded(struct engine *engine, const struct sip_message *invite,
                               const struct flow *flow)
{
    engine->counts.overloaded++;
    decline(engine, invite, flow, (struct txn_answer){.status = 503});
}

// Makes a call of an INVITE for a line.
static void offer_call(struct engine *engine, const struct sip_message *invite,
                       const struct flow *flow, const struct uas_target *target)
{
    struct turn *turn = &engine->turn;
    struct pool_id call;
    struct call_offer offer = {
        .invite = invite,
        .group = target->group,
        .line = target->line,
        .lines = engine->lines,
    };
    engine->counts.calls++;
    if (overload_refuses(&engine->overload)) {
        decline_overloaded(engine, invite, flow);
        return;
    }
    if (!call_reserve(engine->calls, &call)) {
        decline_overloaded(engine, invite, flow);
        return;
    }
    struct txn_owner owner = {.kind = OWNER_CALL, .id = call};
    if (!txn_accept(engine->txns, turn, invite, flow, owner, &offer.txn)) {
        call_abandon(engine->calls, call);
        decline_overloaded(engine, invite, flow);
        return;
    }
    call_begin(engine->calls, turn, call, &offer);
}

static void serve(struct engine *engine, const struct sip_message *request, const struct flow *flow)
{
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

// Whether the request is another worker's, which gets it.
static bool hand_over(struct engine *engine, const struct sip_message *request,
                      const struct flow *flow)
{
    uint8_t to;
    if (!request->is_request || flow->worker != 0) return false;
    if (!uas_find_elsewhere(engine->lines, request, &flow->peer, &to)) return false;
    engine->counts.handed_over++;
    engine->host.hand_over(engine->host.context, to, flow, request->bytes);
    return true;
}

static void take_message(struct engine *engine, const struct arrival *arrival)
{
    const struct sip_message *message = &arrival->message;
    const struct flow *flow = arrival->flow;
    struct txn_arrival known = {message, flow, &arrival->identity};
    switch (txn_receive(engine->txns, &engine->turn, &known)) {
    case TXN_HANDLED: break;
    case TXN_NEW_REQUEST:
        if (!hand_over(engine, message, flow)) serve(engine, message, flow);
        break;
    case TXN_MERGED: decline(engine, message, flow, (struct txn_answer){.status = 482}); break;
    case TXN_STRAY:
        if (hand_over(engine, message, flow)) break;
        if (message->is_request && message->method == SIP_CANCEL) {
            decline(engine, message, flow, (struct txn_answer){.status = 481});
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

void engine_waited(struct engine *engine, struct engine_time now, uint64_t wait_us)
{
    overload_note(&engine->overload, now.now_us, wait_us);
}

uint32_t engine_dropped_share(const struct engine *engine)
{
    return overload_dropped_share(&engine->overload);
}

// ---- Looking ahead: what a message needs is spread over large tables, so that nearly each step of
// a look-up waits for memory. So several messages are read first, and each of them asks for what
// its first steps need; meanwhile it comes. Only then they are dealt with.

static void read_ahead(struct engine *engine, const struct datagram *datagram,
                       struct arrival *arrival)
{
    const struct sip_message *message = &arrival->message;
    arrival->flow = &datagram->flow;
    arrival->sought = 0;
    arrival->is_keep_alive = span_trim(datagram->bytes).len == 0;
    if (arrival->is_keep_alive) return;
    arrival->err = sip_parse(datagram->bytes, &engine->ahead_arena, &arrival->message,
                             &arrival->fault);
    if (arrival->err != SIP_OK) return;
    txn_identify(engine->txns, message, &arrival->identity);
    arrival->sought = uas_seek(engine->lines, message, &datagram->flow.peer);
}

static void look_ahead(struct engine *engine, const struct datagram *datagrams, size_t count)
{
    struct arrival *ahead = engine->ahead;
    arena_reset(&engine->ahead_arena);
    for (size_t i = 0; i < count; i++) read_ahead(engine, &datagrams[i], &ahead[i]);
    if (count == 1) return; // there is nothing to be done meanwhile
    for (size_t i = 0; i < count; i++) {
        bool is_sound = !ahead[i].is_keep_alive && ahead[i].err == SIP_OK;
        if (is_sound) txn_prefetch(engine->txns, &ahead[i].identity);
        if (ahead[i].sought) line_prefetch(engine->lines, ahead[i].sought);
    }
    for (size_t i = 0; i < count; i++) {
        if (ahead[i].sought) line_prefetch_block(engine->lines, ahead[i].sought);
    }
}

static void take_arrival(struct engine *engine, struct engine_time now,
                         const struct arrival *arrival)
{
    if (arrival->is_keep_alive) return;
    begin_turn(engine, now);
    if (arrival->err == SIP_OK) {
        take_message(engine, arrival);
    } else {
        refuse(engine, &arrival->message, arrival->flow, &arrival->fault);
    }
    drain(engine);
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
    struct turn *turn = begin_turn(engine, now);
    (void)sip_parse(head, turn->arena, &message, &ignored);
    refuse(engine, &message, flow, fault);
    drain(engine);
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
    return earliest(at_us, call_deadline_us(engine->calls));
}

void engine_tick(struct engine *engine, struct engine_time now)
{
    txn_tick(engine->txns, begin_turn(engine, now));
    drain(engine);
    line_tick(engine->lines, begin_turn(engine, now));
    drain(engine);
    client_tick(engine->clients, begin_turn(engine, now));
    drain(engine);
    call_tick(engine->calls, begin_turn(engine, now));
    drain(engine);
}

// ---- Settings and addresses

bool engine_put_group(struct engine *engine, struct engine_time now,
                      const struct snapshot_group *block)
{
    bool is_taken = line_put_group(engine->lines, begin_turn(engine, now), block);
    drain(engine);
    return is_taken;
}

void engine_remove_group(struct engine *engine, struct engine_time now, uint32_t group_id)
{
    line_remove_group(engine->lines, begin_turn(engine, now), group_id);
    drain(engine);
}

bool engine_put_line(struct engine *engine, struct engine_time now,
                     const struct snapshot_line *block)
{
    bool is_taken = line_put(engine->lines, begin_turn(engine, now), block);
    drain(engine);
    return is_taken;
}

void engine_restore_line(struct engine *engine, struct engine_time now,
                         const struct model_registration *saved)
{
    line_restore(engine->lines, begin_turn(engine, now), saved);
    drain(engine);
}

void engine_remove_line(struct engine *engine, struct engine_time now, uint32_t line_id)
{
    line_remove(engine->lines, begin_turn(engine, now), line_id);
    drain(engine);
}

bool engine_put_device(struct engine *engine, struct engine_time now,
                       const struct snapshot_device *device)
{
    bool is_taken = client_put_device(engine->clients, begin_turn(engine, now), device);
    drain(engine);
    return is_taken;
}

void engine_remove_device(struct engine *engine, struct engine_time now, uint32_t device_id)
{
    client_remove_device(engine->clients, begin_turn(engine, now), device_id);
    drain(engine);
}

// ---- Other workers

bool engine_put_elsewhere(struct engine *engine, const struct line_elsewhere *known)
{
    return line_put_elsewhere(engine->lines, known);
}

void engine_remove_elsewhere(struct engine *engine, bool is_device, uint32_t id)
{
    line_remove_elsewhere(engine->lines, is_device, id);
}

bool engine_yield_line(struct engine *engine, struct engine_time now, uint32_t line_id,
                       struct model_registration *left)
{
    struct pool_id txn;
    struct turn *turn = begin_turn(engine, now);
    bool was_there = line_yield(engine->lines, turn, line_id, left, &txn);
    if (was_there) txn_disown(engine->txns, turn, txn);
    drain(engine);
    return was_there;
}

void engine_note_sent_on(struct engine *engine, struct engine_time now,
                         const struct call_sent_on *sent)
{
    call_note_sent_on(engine->calls, begin_turn(engine, now), sent);
    drain(engine);
}

// One worker's probes are enough: that of the lowest number.
void engine_hear(struct engine *engine, struct engine_time now, uint8_t from,
                 const struct line_told *told)
{
    if (told->news == LINE_PROBED && from > engine->host.worker) return;
    line_hear(engine->lines, begin_turn(engine, now), told->group_id, told->news);
    drain(engine);
}

void engine_put_zone(struct engine *engine, const struct snapshot_zone *zone)
{
    line_put_zone(engine->lines, zone);
}

void engine_rule_counted(struct engine *engine, uint32_t rule_id, uint32_t count)
{
    call_rule_counted(engine->calls, rule_id, count);
}

bool engine_assume_clients(struct engine *engine, uint32_t line_id,
                           const struct client_assumption *assumption)
{
    return client_assume(engine->clients, line_id, assumption);
}

const struct client_assumption *engine_assumed_clients(const struct engine *engine,
                                                       uint32_t line_id)
{
    return client_assumed(engine->clients, line_id);
}

enum call_deflection engine_deflect(struct engine *engine, struct engine_time now,
                                    struct pool_id call, const struct fwd_target *target,
                                    enum fwd_finding *finding)
{
    struct turn *turn = begin_turn(engine, now);
    enum call_deflection result = call_deflect(engine->calls, turn, call, target, finding);
    drain(engine);
    return result;
}

static struct line_peer line_peer_of(const struct engine_peer *peer)
{
    return (struct line_peer){.flow = peer->flow,
                              .own = peer->own,
                              .is_own_fixed = peer->is_own_fixed,
                              .is_doubtful = peer->is_doubtful};
}

void engine_set_peer(struct engine *engine, struct engine_time now, uint32_t group_id,
                     const struct engine_peer *peer)
{
    struct turn *turn = begin_turn(engine, now);
    if (peer->problem.len > 0) {
        line_set_unreachable(engine->lines, turn, group_id, &peer->flow.peer, peer->problem);
    } else {
        struct line_peer found = line_peer_of(peer);
        line_set_peer(engine->lines, turn, group_id, &found);
    }
    drain(engine);
}

void engine_try_peer(struct engine *engine, struct engine_time now, uint32_t group_id,
                     const struct engine_peer *peer)
{
    struct line_peer trial = line_peer_of(peer);
    line_try_peer(engine->lines, begin_turn(engine, now), group_id, &trial);
    drain(engine);
}

void engine_set_whereabouts(struct engine *engine, uint32_t group_id,
                            const struct line_whereabouts *whereabouts)
{
    line_set_whereabouts(engine->lines, group_id, whereabouts);
}

bool engine_saved_peer(const struct engine *engine, uint32_t group_id, struct address *peer)
{
    return line_saved_peer(engine->lines, group_id, peer);
}

bool engine_is_source(const struct engine *engine, uint32_t group_id, const struct address *host)
{
    struct pool_id place = POOL_ID_NONE;
    if (group_id != 0) return line_is_source(engine->lines, group_id, host);
    return line_next_group_at(engine->lines, host, &place) != NULL;
}

void engine_connection_lost(struct engine *engine, struct engine_time now, const struct flow *flow)
{
    struct turn *turn = begin_turn(engine, now);
    txn_connection_lost(engine->txns, turn, flow);
    client_lost_flow(engine->clients, turn, flow);
    drain(engine);
}

bool engine_next_group_at(const struct engine *engine, const struct address *peer,
                          struct pool_id *place, struct engine_group_at *out)
{
    const struct line_group *group = line_next_group_at(engine->lines, peer, place);
    if (!group) return false;
    *out = (struct engine_group_at){group->snapshot->group_id, group->own};
    return true;
}

void engine_idle_memory(struct engine *engine, size_t least,
                        struct idle_memory idle[ENGINE_IDLE_COUNT])
{
    idle[0] = txn_idle_memory(engine->txns, least);
    idle[1] = call_idle_memory(engine->calls, least);
}

struct engine_counts engine_counts(const struct engine *engine)
{
    struct engine_counts counts = engine->counts;
    counts.effects_lost = engine->turn.effects_lost_count;
    counts.open_calls = call_count(engine->calls);
    counts.open_transactions = txn_count(engine->txns);
    return counts;
}

// ---- Life

static size_t round_up(size_t size)
{
    return (size + 15) / 16 * 16;
}

static struct txn_limits txn_limits_of(const struct engine_limits *limits)
{
    return (struct txn_limits){limits->transaction_count, limits->call_count};
}

static struct line_limits line_limits_of(const struct engine_limits *limits)
{
    return (struct line_limits){limits->line_count, limits->group_count, limits->elsewhere_count};
}

static struct client_limits client_limits_of(const struct engine_limits *limits)
{
    return (struct client_limits){.device_count = limits->device_count,
                                  .binding_count = 2 * limits->device_count};
}

// Forwardings are remembered for ten seconds, transactions live for at least five: calls are a poor
// measure, for a forwarded one is over with its ACK.
static struct call_limits call_limits_of(const struct engine_limits *limits)
{
    return (struct call_limits){limits->call_count, limits->transaction_count, limits->line_count};
}

size_t engine_memory_size(const struct engine_limits *limits)
{
    struct txn_limits txn_limits = txn_limits_of(limits);
    struct line_limits line_limits = line_limits_of(limits);
    struct client_limits client_limits = client_limits_of(limits);
    struct call_limits call_limits = call_limits_of(limits);
    return round_up(sizeof(struct engine)) + ARENA_SIZE + AHEAD_ARENA_SIZE +
           round_up(txn_memory_size(&txn_limits)) + round_up(line_memory_size(&line_limits)) +
           round_up(client_memory_size(&client_limits)) + round_up(call_memory_size(&call_limits));
}

struct engine *engine_init(void *memory, const struct engine_limits *limits, const uint8_t seed[32],
                           struct engine_host host)
{
    struct engine *engine = memory;
    struct txn_limits txn_limits = txn_limits_of(limits);
    struct line_limits line_limits = line_limits_of(limits);
    struct client_limits client_limits = client_limits_of(limits);
    struct call_limits call_limits = call_limits_of(limits);
    char *next = (char *)memory + round_up(sizeof *engine);
    uint8_t key[16];
    engine->host = host;
    random_init(&engine->random, seed);
    random_bytes(&engine->random, key, sizeof key);
    engine->arena = arena_over(next, ARENA_SIZE);
    engine->turn = (struct turn){.arena = &engine->arena, .random = &engine->random};
    next += ARENA_SIZE;
    engine->ahead_arena = arena_over(next, AHEAD_ARENA_SIZE);
    next += AHEAD_ARENA_SIZE;
    engine->txns = txn_init(next, &txn_limits, key);
    next += round_up(txn_memory_size(&txn_limits));
    engine->lines = line_init(next, &line_limits, key);
    next += round_up(line_memory_size(&line_limits));
    engine->clients = client_init(next, &client_limits, key);
    next += round_up(client_memory_size(&client_limits));
    struct call_neighbours neighbours = {engine->lines, engine->clients};
    engine->calls = call_init(next, &call_limits, key, neighbours);
    return engine;
}

void engine_fini(struct engine *engine)
{
    const struct snapshot_line *block;
    uint32_t place = 0;
    while ((block = line_take_any(engine->lines, &place)) != NULL) {
        engine->host.release_line(engine->host.context, block);
    }
    const struct snapshot_group *group;
    while ((group = line_take_any_group(engine->lines)) != NULL) {
        engine->host.release_group(engine->host.context, group);
    }
}
