// SPDX-License-Identifier: Apache-2.0
// Simulation of the transaction table: callers and a registrar on one side, our table with a user
// of random mind on the other, between them a network that loses, copies, delays and reorders. The
// clock jumps to whatever comes next. Checked, for each seed:
//   - a caller gets one final answer, however often repeated, or gives up; none is lost if the
//   network loses nothing
//   - no request is taken for a new one while, or shortly after, it is dealt with
//   - each accepted INVITE ends once, at most 64*T1 after its final answer
//   - each request of ours has one end: a final response or, exactly 64*T1 after its beginning, a
//   timeout
//   - with little loss every answer is acknowledged and every request of ours answered:
//   retransmissions work
//   - in the end no transaction and no message is left
//
//   ./dev sim txn [--seed N] [--count N] [--verbose]
#include "sim/caller.h"
#include "sim/registrar.h"
#include "txn/txn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CALLER_MAX = 40,
    REQUEST_MAX = 20,
    SERVED_MAX = 4 * CALLER_MAX, // a caller may be served again after timer H
    ARENA_BYTES = 128 * 1024,
    TABLE_BYTES = 1024 * 1024,
    TURNS_MAX = 200000,
};
static const uint64_t late_us_max = 20000; // by which our loop is late
// With so little loss eleven retransmissions never fail all together: it would be one case in 10^7.
static const unsigned loss_percent_small = 10;

// A request that we have accepted.
struct served {
    struct pool_id txn;
    unsigned caller;
    bool is_invite;
    uint64_t ring_us, answer_us; // DEADLINE_NEVER: not (any more)
    unsigned status;             // the answer that is meant
    unsigned final_status;       // the one that was given
    uint64_t answered_us;        // when
    bool is_answered, is_ended;
    uint64_t acknowledged_us; // 0: not
};

// A request of ours.
struct requested {
    uint64_t start_us;
    bool is_sent, is_ended;
};

struct world {
    struct sim sim;
    struct txn_table *table;
    struct turn turn;
    struct arena arena;
    struct caller callers[CALLER_MAX];
    struct served served[SERVED_MAX];
    struct requested requests[REQUEST_MAX];
    unsigned caller_count, served_count, request_count;
    bool is_stateless; // this world's user rejects without a transaction
    bool is_narrow;    // the table has fewer places than there are callers
};

static _Alignas(16) char arena_memory[ARENA_BYTES];
static _Alignas(16) char table_memory[TABLE_BYTES];

enum { OWNER_SERVED = 1, OWNER_REQUESTED };

// ---- Our side: the user of the table

static struct txn_owner owner_of(uint32_t kind, uint32_t index)
{
    return (struct txn_owner){kind, {index, 1}};
}

static void respond(struct world *world, struct served *served, unsigned status)
{
    struct txn_answer answer = {.status = status};
    bool is_done = txn_respond(world->table, &world->turn, served->txn, &answer);
    bool is_late = !served->is_invite && served->is_ended;
    if (!is_done && !is_late) sim_fail(&world->sim, "an answer was refused: %u", status);
    if (status < 200) return;
    served->is_answered = true;
    served->final_status = status;
    served->answered_us = world->sim.now_us;
    served->ring_us = served->answer_us = DEADLINE_NEVER;
}

// Decides what will become of the request.
static void choose_fate(struct world *world, struct served *served)
{
    static const unsigned statuses[] = {302, 302, 486, 404, 603, 200};
    struct sim *sim = &world->sim;
    uint64_t now_us = sim->now_us;
    served->ring_us = served->answer_us = DEADLINE_NEVER;
    served->status = statuses[sim_between(sim, 0, 5)];
    if (!served->is_invite) served->status = 200;
    if (served->is_invite && sim_chance(sim, 40)) {
        served->ring_us = now_us + sim_between(sim, 0, 1000000);
    }
    if (sim_chance(sim, 50)) {
        served->answer_us = now_us;
    } else if (served->is_invite || sim_chance(sim, 60)) {
        served->answer_us = now_us + sim_between(sim, 0, served->is_invite ? 60000000 : 30000000);
    }
}

static void answer_when_due(struct world *world, struct served *served)
{
    if (served->answer_us <= world->sim.now_us) {
        respond(world, served, served->status);
    } else if (served->ring_us <= world->sim.now_us) {
        served->ring_us = DEADLINE_NEVER;
        respond(world, served, 180);
    }
}

// A caller's request is only new again if timer H or L has ended it, or J, or if it never had a
// transaction; or where the table is small, so that it had to make room for another one.
static void check_new(struct world *world, unsigned caller)
{
    for (unsigned i = 0; i < world->served_count; i++) {
        const struct served *served = &world->served[i];
        if (served->caller != caller) continue;
        if (!served->is_ended && served->is_invite) {
            sim_fail(&world->sim, "the request of caller %u is new twice", caller);
        }
        bool may_be_gone = world->is_narrow &&
                           served->acknowledged_us + TXN_T1_US <= world->sim.now_us;
        if (served->acknowledged_us > 0 && !may_be_gone) {
            sim_fail(&world->sim, "the request of caller %u is new after its ACK", caller);
        }
    }
}

static void serve(struct world *world, const struct sip_message *request, const struct flow *flow)
{
    uint64_t caller = 0;
    (void)span_to_u64(span_from(request->call_id, sizeof "caller" - 1), CALLER_MAX, &caller);
    check_new(world, (unsigned)caller);
    ASSERT(world->served_count < SERVED_MAX);
    struct served *served = &world->served[world->served_count];
    *served = (struct served){.caller = (unsigned)caller,
                              .is_invite = request->method == SIP_INVITE};
    bool is_accepted = !world->is_stateless &&
                       txn_accept(world->table, &world->turn, request, flow,
                                  owner_of(OWNER_SERVED, world->served_count), &served->txn);
    if (!is_accepted) {
        struct txn_answer answer = {.status = 503};
        txn_respond_stateless(world->table, &world->turn, request, flow, &answer);
        return;
    }
    world->served_count++;
    choose_fate(world, served);
    answer_when_due(world, served);
}

static void receive(struct world *world, const struct sip_message *message)
{
    struct flow flow = {.transport = TRANSPORT_UDP};
    struct txn_identity identity;
    struct txn_arrival arrival = {message, &flow, &identity};
    ASSERT(address_parse_port(SPAN("192.0.2.1:5060"), 0, &flow.peer));
    txn_identify(world->table, message, &identity);
    switch (txn_receive(world->table, &world->turn, &arrival)) {
    case TXN_NEW_REQUEST: serve(world, message, &flow); break;
    case TXN_HANDLED: break;
    case TXN_STRAY:
        if (message->is_request && message->method == SIP_CANCEL) {
            struct txn_answer answer = {.status = 481};
            txn_respond_stateless(world->table, &world->turn, message, &flow, &answer);
        }
        break;
    case TXN_MERGED: sim_fail(&world->sim, "there are no merged requests here");
    }
}

static void send_request(struct world *world, unsigned number)
{
    char bytes[SIM_PACKET_BYTES];
    struct pool_id txn;
    struct buffer out = buffer_over(bytes, sizeof bytes);
    struct txn_request request = {
        .method = SIP_REGISTER,
        .branch = txn_new_branch(&world->turn),
        .owner = owner_of(OWNER_REQUESTED, number),
    };
    ASSERT(address_parse_port(SPAN("192.0.2.1:5060"), 0, &request.flow.peer));
    buffer_put_text(&out, "REGISTER sip:192.0.2.1 SIP/2.0\r\n");
    sip_put_via(&out, TRANSPORT_UDP, &request.flow.peer, request.branch);
    buffer_put_text(&out, "From: <sip:101@192.0.2.1>;tag=o\r\nTo: <sip:101@192.0.2.1>\r\n");
    buffer_printf(&out, "Call-ID: our%u\r\nCSeq: 1 REGISTER\r\n", number);
    sip_put_end(&out, SPAN_NONE);
    request.bytes = buffer_span(&out);
    struct requested *requested = &world->requests[number];
    requested->is_sent = true;
    requested->start_us = world->sim.now_us;
    requested->is_ended = !txn_send_request(world->table, &world->turn, &request, &txn);
}

// ---- Effects

static struct served *served_of(struct world *world, const struct txn_event *event)
{
    ASSERT(event->owner.kind == OWNER_SERVED && event->owner.id.index < world->served_count);
    struct served *served = &world->served[event->owner.id.index];
    if (!pool_id_eq(served->txn, event->txn)) sim_fail(&world->sim, "an event for the wrong owner");
    return served;
}

static void on_cancelled(struct world *world, struct served *served)
{
    if (served->is_answered) {
        sim_fail(&world->sim, "caller %u is cancelled after its answer", served->caller);
    }
    sim_log(&world->sim, "caller %u is cancelled", served->caller);
    respond(world, served, 487);
}

static void on_ended(struct world *world, struct served *served, bool is_acknowledged)
{
    struct sim *sim = &world->sim;
    if (served->is_ended) sim_fail(sim, "caller %u ended twice", served->caller);
    if (!served->is_answered) sim_fail(sim, "caller %u ended unanswered", served->caller);
    bool is_there = world->callers[served->caller].state != CALLER_GAVE_UP;
    bool is_lost = !is_acknowledged && served->final_status >= 300 && is_there;
    if (is_lost && sim->weather.loss_percent <= loss_percent_small) {
        sim_fail(sim, "caller %u did not acknowledge, though little is lost", served->caller);
    }
    uint64_t lasted_us = sim->now_us - served->answered_us;
    if (lasted_us > 64 * TXN_T1_US + late_us_max) {
        sim_fail(sim, "caller %u ended late", served->caller);
    }
    sim_log(sim, "caller %u ended, %sacknowledged", served->caller, is_acknowledged ? "" : "not ");
    served->is_ended = true;
    if (is_acknowledged) served->acknowledged_us = sim->now_us;
}

static void on_request_ended(struct world *world, const struct txn_event *event)
{
    struct sim *sim = &world->sim;
    unsigned number = event->owner.id.index;
    ASSERT(event->owner.kind == OWNER_REQUESTED && number < REQUEST_MAX);
    struct requested *requested = &world->requests[number];
    if (event->message && event->message->status < 200) return;
    if (requested->is_ended) sim_fail(sim, "our request %u ended twice", number);
    requested->is_ended = true;
    if (event->message && event->message->status != registrar_status(sim, number)) {
        sim_fail(sim, "our request %u got the wrong answer", number);
    }
    uint64_t lasted_us = sim->now_us - requested->start_us;
    bool is_in_time = lasted_us >= 64 * TXN_T1_US && lasted_us <= 64 * TXN_T1_US + late_us_max;
    if (!event->message && !is_in_time)
        sim_fail(sim, "our request %u timed out at the wrong time", number);
    bool is_lost = !event->message && registrar_status(sim, number) > 0;
    if (is_lost && sim->weather.loss_percent <= loss_percent_small) {
        sim_fail(sim, "our request %u timed out, though little is lost", number);
    }
}

static void carry_out_effects(struct world *world)
{
    for (;;) {
        struct effect *effect = turn_next(&world->turn);
        if (!effect) break;
        struct txn_event *event = (struct txn_event *)effect;
        switch (effect->kind) {
        case TXN_SEND: sim_send(&world->sim, SIM_THEIRS, ((struct txn_send *)effect)->bytes); break;
        case TXN_RESPONSE:
        case TXN_TIMEOUT: on_request_ended(world, event); break;
        case TXN_CANCELLED: on_cancelled(world, served_of(world, event)); break;
        case TXN_ENDED: on_ended(world, served_of(world, event), event->is_acknowledged); break;
        default: sim_fail(&world->sim, "effect %u is unknown", effect->kind);
        }
    }
    if (world->turn.effects_lost_count > 0) sim_fail(&world->sim, "an effect was lost");
}

// ---- Turns

static void begin_turn(struct world *world)
{
    turn_begin(&world->turn, world->sim.now_us, 0);
}

static void receive_for_them(struct world *world, const struct sip_message *message)
{
    static const struct span prefix = {"z9hG4bKcaller", 13};
    uint64_t number;
    if (message->is_request) {
        registrar_receive(&world->sim, message);
        return;
    }
    if (!span_to_u64(span_from(message->via.branch, prefix.len), CALLER_MAX, &number)) {
        sim_fail(&world->sim, "a response with a branch of nobody");
    }
    caller_receive(&world->callers[number], &world->sim, message);
}

static void deliver_packets(struct world *world)
{
    struct sim_packet packet;
    while (sim_take_packet(&world->sim, &packet)) {
        struct sip_message message;
        struct sip_fault fault;
        begin_turn(world);
        struct span bytes = {packet.bytes, packet.len};
        if (sip_parse(bytes, &world->arena, &message, &fault) != SIP_OK) {
            sim_fail(&world->sim, "a message cannot be read: %s", sip_err_text(fault.err));
        }
        if (packet.to == SIM_THEIRS) {
            receive_for_them(world, &message);
        } else {
            receive(world, &message);
            carry_out_effects(world);
        }
    }
}

static void tick_our_side(struct world *world)
{
    while (txn_deadline_us(world->table) <= world->sim.now_us) {
        begin_turn(world);
        txn_tick(world->table, &world->turn);
        carry_out_effects(world);
    }
    for (unsigned i = 0; i < world->served_count; i++) {
        begin_turn(world);
        answer_when_due(world, &world->served[i]);
        carry_out_effects(world);
    }
    for (unsigned i = 0; i < world->request_count; i++) {
        struct requested *requested = &world->requests[i];
        if (requested->is_sent || requested->start_us > world->sim.now_us) continue;
        begin_turn(world);
        send_request(world, i);
        carry_out_effects(world);
    }
}

static void earliest(uint64_t *next_us, uint64_t at_us)
{
    if (at_us < *next_us) *next_us = at_us;
}

static uint64_t next_deadline_us(const struct world *world)
{
    uint64_t next_us = sim_next_packet_us(&world->sim);
    earliest(&next_us, txn_deadline_us(world->table));
    for (unsigned i = 0; i < world->caller_count; i++) {
        earliest(&next_us, caller_deadline_us(&world->callers[i]));
    }
    for (unsigned i = 0; i < world->served_count; i++) {
        earliest(&next_us, world->served[i].answer_us);
        earliest(&next_us, world->served[i].ring_us);
    }
    for (unsigned i = 0; i < world->request_count; i++) {
        if (!world->requests[i].is_sent) earliest(&next_us, world->requests[i].start_us);
    }
    return next_us;
}

// ---- One world

static void init_table(struct world *world)
{
    static const uint8_t hash_key[16] = "simulation";
    struct sim *sim = &world->sim;
    world->is_narrow = sim->weather.loss_percent > 0 && sim_chance(sim, 20);
    struct txn_limits limits = {.transaction_count = world->is_narrow ? 6 : 200,
                                .message_count = 200};
    if (world->is_narrow) limits.message_count = (uint32_t)sim_between(sim, 2, 10);
    ASSERT(txn_memory_size(&limits) <= sizeof table_memory);
    memset(table_memory, 0, sizeof table_memory);
    world->table = txn_init(table_memory, &limits, hash_key);
}

static void init_world(struct world *world, uint64_t seed, bool is_verbose)
{
    memset(world, 0, sizeof *world);
    struct sim *sim = &world->sim;
    sim_init(sim, "txn", seed, is_verbose);
    init_table(world);
    world->arena = arena_over(arena_memory, sizeof arena_memory);
    world->turn.arena = &world->arena;
    world->turn.random = &sim->random;
    world->is_stateless = sim_chance(sim, 5);
    world->caller_count = (unsigned)sim_between(sim, 1, CALLER_MAX);
    world->request_count = (unsigned)sim_between(sim, 0, REQUEST_MAX);
    for (unsigned i = 0; i < world->caller_count; i++) caller_init(&world->callers[i], sim, i);
    for (unsigned i = 0; i < world->request_count; i++) {
        world->requests[i].start_us = sim->now_us + sim_between(sim, 0, 20000000);
    }
}

static void check_end(const struct world *world)
{
    const struct sim *sim = &world->sim;
    if (txn_count(world->table) > 0)
        sim_fail(sim, "%u transactions are left", txn_count(world->table));
    if (txn_message_count(world->table) > 0) sim_fail(sim, "messages are left");
    for (unsigned i = 0; i < world->caller_count; i++) {
        if (!caller_is_done(&world->callers[i])) sim_fail(sim, "caller %u is not done", i);
    }
    for (unsigned i = 0; i < world->served_count; i++) {
        bool is_open = world->served[i].is_invite && !world->served[i].is_ended;
        if (is_open) sim_fail(sim, "INVITE of caller %u has no end", world->served[i].caller);
    }
    for (unsigned i = 0; i < world->request_count; i++) {
        if (!world->requests[i].is_ended) sim_fail(sim, "our request %u has no end", i);
    }
}

static void run_world(uint64_t seed, bool is_verbose)
{
    static struct world world;
    struct sim *sim = &world.sim;
    init_world(&world, seed, is_verbose);
    unsigned turn_count = 0;
    for (;;) {
        uint64_t next_us = next_deadline_us(&world);
        if (next_us == DEADLINE_NEVER) break;
        if (next_us > sim->now_us) sim->now_us = next_us;
        if (sim_chance(sim, 20)) sim->now_us += sim_between(sim, 0, late_us_max);
        deliver_packets(&world);
        tick_our_side(&world);
        for (unsigned i = 0; i < world.caller_count; i++) caller_tick(&world.callers[i], sim);
        if (++turn_count > TURNS_MAX) sim_fail(sim, "this does not come to an end");
    }
    check_end(&world);
}

int main(int argument_count, char **arguments)
{
    struct sim_options options;
    if (!sim_read_options(argument_count, arguments, &options)) return 2;
    for (uint64_t i = 0; i < options.count; i++) run_world(options.seed + i, options.is_verbose);
    printf("%llu seeds from %llu on: no fault found\n", (unsigned long long)options.count,
           (unsigned long long)options.seed);
    return 0;
}
