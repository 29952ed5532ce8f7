// SPDX-License-Identifier: Apache-2.0
// A world's life: its engines, its clock, and what comes to them from outside.
#include "world_int.h"

#include <stdlib.h>
#include <string.h>

// ---- Life

static void start_engine(struct worker *worker, uint64_t seed)
{
    uint8_t bytes[32] = {0};
    memcpy(bytes, &seed, sizeof seed);
    bytes[31] = worker->number;
    struct engine_limits limits = {.line_count = STATES_MAX,
                                   .group_count = 8,
                                   .call_count = 64,
                                   .transaction_count = 512,
                                   .elsewhere_count = 2 * STATES_MAX,
                                   .device_count = STATES_MAX};
    worker->memory = calloc(1, engine_memory_size(&limits));
    worker->engine = engine_init(worker->memory, &limits, bytes, world_host(worker));
    ASSERT(worker->engine);
}

// As many as the environment says: what is tested holds for any number.
static void start_engines(struct world *world, uint64_t seed)
{
    const char *count = getenv("LINEWARD_WORKERS");
    world->worker_count = count && count[0] >= '1' && count[0] <= '4' ? (uint32_t)count[0] - '0'
                                                                      : 1;
    for (uint8_t i = 0; i < world->worker_count; i++) {
        world->workers[i] = (struct worker){.world = world, .number = i};
        start_engine(&world->workers[i], seed);
    }
}

static void stop_engines(struct world *world)
{
    for (uint32_t i = 0; i < world->worker_count; i++) {
        engine_fini(world->workers[i].engine);
        free(world->workers[i].memory);
    }
    ASSERT(world->block_count == 0);
    world->place_count = 0;
}

struct world *world_new(uint64_t seed)
{
    struct world *world = calloc(1, sizeof *world);
    ASSERT(world);
    world->time = (struct engine_time){.now_us = 1000000, .wall_us = UINT64_C(1767225600000000)};
    world->parcels = calloc(PARCELS_MAX, sizeof world->parcels[0]);
    ASSERT(world->parcels);
    start_engines(world, seed);
    world->store = store_open_memory();
    world->settings = settings_new(world->store, world_listener(world));
    ASSERT(world->store && world->settings);
    return world;
}

void world_save(struct world *world)
{
    memcpy(world->saved, world->states, sizeof world->saved);
    world->saved_count = world->state_count;
}

void world_restart(struct world *world, uint64_t seed)
{
    world_save(world);
    world_crash(world, seed);
}

void world_crash(struct world *world, uint64_t seed)
{
    struct settings_problem problem;
    stop_engines(world);
    world->call_count = 0;
    world->state_count = 0;
    start_engines(world, seed);
    enum err err = settings_publish_all(world->settings, &problem);
    ASSERT(err == ERR_NONE);
}

void world_free(struct world *world)
{
    stop_engines(world);
    settings_free(world->settings);
    store_close(world->store);
    for (size_t i = 0; i < SENT_MAX; i++) free(world->sent[i].bytes);
    for (size_t i = 0; i < ENTRIES_MAX; i++) free(world->entries[i].texts);
    free(world->parcels);
    free(world->targets);
    free(world);
}

// ---- Peers, clients, calls

void world_set_peer(struct world *world, uint32_t group_id, struct span peer)
{
    struct engine_peer found = {.problem = SPAN("the server's name is not known")};
    if (peer.len > 0) {
        found.problem = SPAN_NONE;
        struct span transport = span_split(&peer, ' ');
        bool is_tcp = span_eq(transport, SPAN("tcp"));
        if (!is_tcp) peer = transport;
        if (is_tcp) {
            found.flow.transport = TRANSPORT_TCP;
            found.flow.connection = ++world->connection_count;
        }
        bool is_read = address_parse_port(peer, 5060, &found.flow.peer) &&
                       address_parse_port(SPAN("192.0.2.9:5070"), 0, &found.own);
        ASSERT(is_read);
    }
    for (uint32_t i = 0; i < world->worker_count; i++) {
        engine_set_peer(world->workers[i].engine, world->time, group_id, &found);
    }
    world_deliver(world);
}

// Who has the sockets, as a worker knows it: the first one has all.
static uint8_t has_socket(uint32_t worker)
{
    return worker == 0 ? 0 : 1;
}

void world_bind(struct world *world, uint32_t user_id, struct span peer)
{
    char uri[TEXT_SIZE];
    uint32_t number = ++world->device_count; // those of the settings have other ids
    struct snapshot_device device = {.device_id = 1000 + number, .user_id = user_id};
    struct client_bind bind = {.device_id = device.device_id, .q = 1000, .expires_s = 36000};
    struct buffer out = buffer_over(uri, sizeof uri);
    if (span_starts_with(peer, SPAN("tcp "))) {
        peer = span_from(peer, 4);
        bind.flow.transport = TRANSPORT_TCP;
        bind.flow.connection = ++world->connection_count;
    }
    buffer_printf(&out, "sip:device%u@%.*s", number, SPAN_ARG(peer));
    buffer_printf(&(struct buffer){device.sip_user, 0, sizeof device.sip_user, false}, "device%u",
                  number);
    bind.uri = buffer_span(&out);
    bool is_read = address_parse_port(peer, 5060, &bind.flow.peer);
    ASSERT(is_read);
    uint8_t at = (uint8_t)(device.user_id % world->worker_count);
    if (bind.flow.transport == TRANSPORT_TCP) bind.flow.worker = has_socket(at);
    struct engine *engine = world->workers[at].engine;
    world_note_place(world, &(struct line_elsewhere){.id = device.device_id,
                                                     .worker = at,
                                                     .name = span_of(device.sip_user)});
    bool is_taken = engine_put_device(engine, world->time, &device);
    ASSERT(is_taken);
    struct pool_id id = engine_bind_client(engine, world->time, &bind);
    ASSERT(id.generation != 0);
}

void world_lose(struct world *world, const struct flow *flow)
{
    for (uint32_t i = 0; i < world->worker_count; i++) {
        struct flow seen = *flow;
        seen.worker = has_socket(i);
        engine_connection_lost(world->workers[i].engine, world->time, &seen);
    }
    world_deliver(world);
}

void world_assume(struct world *world, uint32_t line_id, const struct client_assumption *assumption)
{
    bool is_assumed = engine_assume_clients(world_engine_of_line(world, line_id), line_id,
                                            assumption);
    ASSERT(is_assumed);
}

// The call that was told last to wait, or NULL.
static const struct world_call *last_waiting(const struct world *world)
{
    for (uint32_t i = world->call_count; i > 0; i--) {
        if (world->calls[i - 1].is_waiting) return &world->calls[i - 1];
    }
    return NULL;
}

enum call_deflection world_deflect(struct world *world, struct span target,
                                   enum fwd_finding *finding)
{
    struct fwd_target to = {.stored = target};
    const struct world_call *call = last_waiting(world);
    if (!call) return CALL_NOT_WAITING;
    enum call_deflection result = engine_deflect(world->workers[call->worker].engine, world->time,
                                                 call->id, &to, finding);
    world_deliver(world);
    return result;
}

bool world_decline(struct world *world)
{
    const struct world_call *call = last_waiting(world);
    if (!call) return false;
    bool is_declined = engine_decline(world->workers[call->worker].engine, world->time, call->id);
    world_deliver(world);
    return is_declined;
}

bool world_hang_up(struct world *world)
{
    const struct world_call *call = world_last_call(world);
    if (!call) return false;
    bool is_ended = engine_hang_up(world->workers[call->worker].engine, world->time, call->id);
    world_deliver(world);
    return is_ended;
}

// ---- Time and messages

static void set_clock(struct world *world, uint64_t now_us)
{
    world->time.wall_us += now_us - world->time.now_us;
    world->time.now_us = now_us;
}

// Does all that is due. An engine that is never done would keep the program busy for ever.
static void tick(struct world *world)
{
    for (int i = 0; world_deadline_us(world) <= world->time.now_us; i++) {
        ASSERT(i < TICKS_MAX);
        world_tick_targets(world);
        for (uint32_t k = 0; k < world->worker_count; k++) {
            struct engine *engine = world->workers[k].engine;
            if (engine_deadline_us(engine) <= world->time.now_us) engine_tick(engine, world->time);
        }
        world_deliver(world);
    }
}

void world_advance(struct world *world, uint64_t by_us)
{
    uint64_t until_us = world->time.now_us + by_us;
    for (;;) {
        uint64_t next_us = world_deadline_us(world);
        if (next_us > until_us) break;
        if (next_us > world->time.now_us) set_clock(world, next_us);
        tick(world);
    }
    set_clock(world, until_us);
}

bool world_step(struct world *world, uint64_t until_us)
{
    uint64_t now_us = world->time.now_us, at_us = world_deadline_us(world);
    bool is_due = at_us <= until_us;
    if (!is_due) at_us = until_us;
    world_jump(world, at_us > now_us ? at_us - now_us : 0);
    return is_due;
}

void world_jump(struct world *world, uint64_t by_us)
{
    set_clock(world, world->time.now_us + by_us);
    tick(world);
}

uint64_t world_deadline_us(const struct world *world)
{
    uint64_t earliest_us = world_targets_deadline_us(world);
    for (uint32_t i = 0; i < world->worker_count; i++) {
        uint64_t at_us = engine_deadline_us(world->workers[i].engine);
        if (at_us < earliest_us) earliest_us = at_us;
    }
    return earliest_us;
}

void world_step_wall(struct world *world, int64_t by_us)
{
    world->time.wall_us += (uint64_t)by_us;
}

uint64_t world_now_us(const struct world *world)
{
    return world->time.now_us;
}

uint64_t world_wall_us(const struct world *world)
{
    return world->time.wall_us;
}

void world_receive(struct world *world, const struct address *peer, struct span bytes)
{
    struct flow flow = {.peer = *peer, .transport = TRANSPORT_UDP};
    world_receive_all(world, &(struct datagram){flow, bytes}, 1);
}

void world_receive_all(struct world *world, const struct datagram *datagrams, size_t count)
{
    engine_datagrams(world->workers[0].engine, world->time, datagrams, count);
    world_deliver(world);
}

enum world_stream world_receive_stream(struct world *world, const struct address *peer,
                                       struct span bytes)
{
    struct flow flow = {
        .peer = *peer, .transport = TRANSPORT_TCP, .connection = ++world->connection_count};
    struct sip_stream stream = {0};
    struct sip_stream_part part;
    for (;;) {
        enum sip_stream_event event = sip_stream_next(&stream, bytes, &part);
        struct span taken = span_slice(bytes, 0, part.len);
        if (event == SIP_STREAM_WAIT) break;
        bytes = span_from(bytes, part.len);
        if (event == SIP_STREAM_MESSAGE) {
            engine_datagrams(world->workers[0].engine, world->time, &(struct datagram){flow, taken},
                             1);
            world_deliver(world);
        } else if (event == SIP_STREAM_BROKEN) {
            engine_stream_fault(world->workers[0].engine, world->time, &flow, taken, &part.fault);
            return WORLD_STREAM_CLOSED;
        }
    }
    return bytes.len > 0 ? WORLD_STREAM_WAITS : WORLD_STREAM_IDLE;
}

struct engine_counts world_counts(const struct world *world)
{
    struct engine_counts sum = {0};
    for (uint32_t i = 0; i < world->worker_count; i++) {
        struct engine_counts counts = engine_counts(world->workers[i].engine);
        sum.calls += counts.calls;
        sum.strangers += counts.strangers;
        sum.unknown_numbers += counts.unknown_numbers;
        sum.malformed += counts.malformed;
        sum.overloaded += counts.overloaded;
        sum.effects_lost += counts.effects_lost;
        sum.handed_over += counts.handed_over;
        sum.open_calls += counts.open_calls;
        sum.open_legs += counts.open_legs;
        sum.waiting_calls += counts.waiting_calls;
        sum.call_bytes += counts.call_bytes;
        sum.open_transactions += counts.open_transactions;
    }
    return sum;
}
