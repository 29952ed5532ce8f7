// SPDX-License-Identifier: Apache-2.0
// The machines' tables in the memory of one engine: how large they are, made and given up.
#include "engine/engine_int.h"

#include <string.h>

static size_t round_up(size_t size)
{
    return (size + 15) / 16 * 16;
}

static struct txn_limits txn_limits_of(const struct engine_limits *limits)
{
    // A call that rings has an INVITE at each device besides the caller's. One that is over leaves
    // messages behind for as long as its transactions last (timers D, J and M, 32 s): the ACK of
    // the answer and the answer to its BYE, so about one for every second transaction.
    return (struct txn_limits){limits->transaction_count,
                               4 * limits->call_count + limits->transaction_count / 2};
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

// A lamp or two for each device; who wants more shares.
static struct watch_limits watch_limits_of(const struct engine_limits *limits)
{
    return (struct watch_limits){.subscription_count = 2 * limits->device_count,
                                 .call_count = limits->call_count,
                                 .line_count = limits->line_count};
}

static struct desk_limits desk_limits_of(const struct engine_limits *limits)
{
    return (struct desk_limits){limits->line_count, limits->group_count};
}

size_t engine_memory_size(const struct engine_limits *limits)
{
    struct txn_limits txn_limits = txn_limits_of(limits);
    struct line_limits line_limits = line_limits_of(limits);
    struct client_limits client_limits = client_limits_of(limits);
    struct call_limits call_limits = call_limits_of(limits);
    struct watch_limits watch_limits = watch_limits_of(limits);
    struct desk_limits desk_limits = desk_limits_of(limits);
    return round_up(sizeof(struct engine)) + ARENA_SIZE + AHEAD_ARENA_SIZE +
           round_up(txn_memory_size(&txn_limits)) + round_up(line_memory_size(&line_limits)) +
           round_up(client_memory_size(&client_limits)) + round_up(call_memory_size(&call_limits)) +
           round_up(check_memory_size()) + round_up(call_codes_memory_size()) +
           round_up(watch_memory_size(&watch_limits)) + round_up(desk_memory_size(&desk_limits));
}

// A key of its own, from another stream: what the other key hashes, strangers see.
static void make_client_key(const uint8_t seed[32], uint8_t key[16])
{
    struct random random;
    uint8_t other_seed[32];
    memcpy(other_seed, seed, sizeof other_seed);
    other_seed[31] ^= 0x5a;
    random_init(&random, other_seed);
    random_bytes(&random, key, 16);
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
    uint8_t key[16], client_key[16];
    engine->host = host;
    engine->memory_end = (char *)memory + engine_memory_size(limits);
    random_init(&engine->random, seed);
    random_bytes(&engine->random, key, sizeof key);
    engine->arena = arena_over(next, ARENA_SIZE);
    engine->turn = (struct turn){
        .arena = &engine->arena, .random = &engine->random, .worker = host.worker};
    next += ARENA_SIZE;
    engine->ahead_arena = arena_over(next, AHEAD_ARENA_SIZE);
    next += AHEAD_ARENA_SIZE;
    engine->txns = txn_init(next, &txn_limits, key);
    next += round_up(txn_memory_size(&txn_limits));
    engine->lines = line_init(next, &line_limits, key);
    next += round_up(line_memory_size(&line_limits));
    make_client_key(seed, client_key);
    engine->clients = client_init(next, &client_limits, client_key);
    next += round_up(client_memory_size(&client_limits));
    struct call_neighbours neighbours = {.lines = engine->lines,
                                         .clients = engine->clients,
                                         .own_towards = host.own_towards,
                                         .media_towards = host.media_towards,
                                         .classify = host.classify,
                                         .context = host.context};
    engine->calls = call_init(next, &call_limits, key, neighbours);
    next += round_up(call_memory_size(&call_limits));
    engine->checks = check_init(next);
    next += round_up(check_memory_size());
    engine->codes = call_codes_init(next, client_key, neighbours);
    next += round_up(call_codes_memory_size());
    struct watch_limits watch_limits = watch_limits_of(limits);
    memcpy(engine->handed_key, client_key, sizeof engine->handed_key);
    engine->watches = watch_init(next, &watch_limits, client_key,
                                 (struct watch_neighbours){.lines = engine->lines,
                                                           .clients = engine->clients,
                                                           .own_towards = host.own_towards,
                                                           .context = host.context});
    next += round_up(watch_memory_size(&watch_limits));
    struct desk_limits desk_limits = desk_limits_of(limits);
    engine->desks = desk_init(next, &desk_limits, client_key,
                              (struct desk_neighbours){engine->lines});
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
