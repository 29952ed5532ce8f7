// SPDX-License-Identifier: Apache-2.0
// For tests of the clients' table: a table with memory of its own, turns around it, and a count of
// what it tells.
#pragma once

#include "client/client.h"
#include "unit/check.h"

#include <stdlib.h>

enum { ARENA_SIZE = 512 * 1024 };

struct clients {
    struct client_table *table;
    void *memory;
    struct turn turn;
    struct arena arena;
    struct random random;
    uint32_t gone_count, shown_count; // of bindings
};

// Zeroed memory for whatever is to begin on a boundary of 16 bytes; free() gives it back.
static inline void *new_memory(size_t size)
{
    size_t whole = (size + 15) & ~(size_t)15;
    void *memory = aligned_alloc(16, whole);
    memset(memory, 0, whole);
    return memory;
}

// Begins the first turn, too. `clients` stays where it is until clients_fini.
static inline void clients_init(struct clients *clients, const struct client_limits *limits)
{
    static const uint8_t seed[32] = {1}, key[16] = {2};
    *clients = (struct clients){.memory = new_memory(client_memory_size(limits))};
    clients->table = client_init(clients->memory, limits, key);
    clients->arena = arena_over(new_memory(ARENA_SIZE), ARENA_SIZE);
    random_init(&clients->random, seed);
    clients->turn = (struct turn){.arena = &clients->arena, .random = &clients->random};
    turn_begin(&clients->turn, 1000000, UINT64_C(1800000000) * 1000000);
}

static inline void clients_fini(struct clients *clients)
{
    free(clients->memory);
    free(clients->arena.at);
}

// A new turn, `after_s` seconds after the last.
static inline void clients_begin(struct clients *clients, uint64_t after_s)
{
    struct turn *turn = &clients->turn;
    uint64_t after_us = after_s * 1000000;
    turn_begin(turn, turn->now_us + after_us, turn->wall_us + after_us);
}

// Counts what the table has told.
static inline void clients_drain(struct clients *clients)
{
    struct effect *effect;
    while ((effect = turn_next(&clients->turn)) != NULL) {
        assert_int_equal(effect->kind, CLIENT_SHOWN);
        const struct client_shown *shown = (const void *)effect;
        clients->gone_count += shown->is_gone;
        clients->shown_count += !shown->is_gone;
    }
}
