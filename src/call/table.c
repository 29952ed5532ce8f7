// SPDX-License-Identifier: Apache-2.0
// The table of calls: its memory, and the calls as such.
#include "call/test_call_int.h"

#include <string.h>

static size_t head_size(void)
{
    return (sizeof(struct call_table) + 15) / 16 * 16;
}

// A call that rings has a leg for each device besides the caller's, one that is up has two.
enum {
    LEGS_PER_CALL = 4,
    TAGS_PER_LEG = 2,
    ROOMS_PER_CALL = 4,  // of the largest size: its texts, its INVITE's, two for its legs
    EMERGENCY_CALLS = 8, // that there is room for when there is none for others
};

size_t call_memory_size(const struct call_limits *limits)
{
    uint32_t count = limits->call_count + EMERGENCY_CALLS, leg_count = count * LEGS_PER_CALL;
    return head_size() + pool_memory_size(sizeof(struct call), count) +
           pool_memory_size(sizeof(struct call_waiting), count) +
           pool_memory_size(sizeof(struct bridge), count) +
           pool_memory_size(sizeof(struct leg), leg_count) +
           pool_memory_size(sizeof(struct relay), count) +
           pool_memory_size(sizeof(struct kept_invite), count) +
           pool_memory_size(sizeof(struct call_account), count) +
           pool_memory_size(sizeof(struct long_invite), LONG_INVITES_MAX) +
           pool_memory_size(sizeof(struct test_call), TEST_CALLS_MAX) +
           text_store_size(count * ROOMS_PER_CALL, TEXT_ROOM_MAX) +
           index_memory_size(leg_count * TAGS_PER_LEG) + deadlines_memory_size(count) +
           call_memory_table_size(limits->memory_count) + call_returns_size(limits->memory_count) +
           call_traffic_size(limits->line_count);
}

struct call_table *call_init(void *memory, const struct call_limits *limits,
                             const uint8_t hash_key[16], struct call_neighbours neighbours)
{
    struct call_table *table = memory;
    uint32_t count = limits->call_count + EMERGENCY_CALLS, leg_count = count * LEGS_PER_CALL;
    char *next = (char *)memory + head_size();
    next = pool_init(&table->calls, next, sizeof(struct call), count);
    next = deadlines_init(&table->deadlines, next, count);
    table->memory = call_memory_init(next, limits->memory_count, hash_key);
    next += call_memory_table_size(limits->memory_count);
    table->returns = call_returns_init(next, limits->memory_count, hash_key);
    next += call_returns_size(limits->memory_count);
    table->traffic = call_traffic_init(next, limits->line_count);
    next += call_traffic_size(limits->line_count);
    table->sparse = next;
    next = pool_init(&table->waiting, next, sizeof(struct call_waiting), count);
    next = pool_init(&table->bridges, next, sizeof(struct bridge), count);
    next = pool_init(&table->legs, next, sizeof(struct leg), leg_count);
    next = pool_init(&table->relays, next, sizeof(struct relay), count);
    next = pool_init(&table->invites, next, sizeof(struct kept_invite), count);
    next = pool_init(&table->accounts, next, sizeof(struct call_account), count);
    next = pool_init(&table->long_invites, next, sizeof(struct long_invite), LONG_INVITES_MAX);
    next = pool_init(&table->tests, next, sizeof(struct test_call), TEST_CALLS_MAX);
    table->texts = text_store_init(next, count * ROOMS_PER_CALL, TEXT_ROOM_MAX);
    next += text_store_size(count * ROOMS_PER_CALL, TEXT_ROOM_MAX);
    index_init(&table->by_tag, next, leg_count * TAGS_PER_LEG);
    table->neighbours = neighbours;
    memcpy(table->hash_key, hash_key, sizeof table->hash_key);
    return table;
}

void *call_sparse_memory(const struct call_table *table)
{
    return table->sparse;
}

struct idle_memory call_next_idle(struct call_table *table, struct idle_search *search)
{
    struct pool *pools[] = {&table->calls, &table->waiting, &table->bridges,
                            &table->legs,  &table->invites, &table->accounts};
    struct idle_memory idle = {NULL, 0};
    for (; search->table < sizeof pools / sizeof pools[0]; search->table++, search->place = 0) {
        idle = pool_next_idle(pools[search->table], &search->place, search->least);
        if (idle.size > 0) return idle;
    }
    return text_store_next_idle(table->texts, &search->place, search->least);
}

void call_lift_limits(struct call_table *table, uint32_t line_id)
{
    call_traffic_lift(table->traffic, line_id);
}

uint32_t call_count_desk(struct call_table *table, const struct turn *turn, uint32_t line_id,
                         const struct call_desk *counts)
{
    return call_traffic_set_desk(table->traffic, turn, line_id, counts);
}

uint32_t call_count(const struct call_table *table)
{
    return table->calls.used_count;
}

static size_t bytes_of(const struct pool *pool)
{
    return pool->used_count * pool->slot_size;
}

size_t call_bytes(const struct call_table *table)
{
    return bytes_of(&table->calls) + bytes_of(&table->waiting) + bytes_of(&table->bridges) +
           bytes_of(&table->legs) + bytes_of(&table->relays) + bytes_of(&table->accounts) +
           text_store_used(table->texts);
}

uint32_t call_waiting_count(const struct call_table *table)
{
    return table->waiting.used_count;
}

uint32_t call_leg_total(const struct call_table *table)
{
    return table->bridges.used_count + table->legs.used_count + table->relays.used_count;
}

bool call_has_line(const struct call_table *table, uint32_t line_id)
{
    for (uint32_t i = 0; i < table->calls.fresh; i++) {
        struct pool_id id;
        const struct call *call = pool_at(&table->calls, i, &id);
        if (call && call->line_id == line_id) return true;
    }
    return false;
}

void call_seek(const struct call_table *table, uint32_t line_id)
{
    call_traffic_seek(table->traffic, line_id);
}

void call_prefetch(const struct call_table *table, uint32_t line_id)
{
    call_traffic_prefetch(table->traffic, line_id);
}

bool call_reserve(struct call_table *table, bool is_emergency, struct pool_id *call)
{
    uint32_t left = table->calls.slot_count - table->calls.used_count;
    if (!is_emergency && left <= EMERGENCY_CALLS) return false;
    struct call *reserved = pool_take_unset(&table->calls, call);
    pool_prefetch_free(&table->calls, sizeof(struct call));
    if (!reserved) return false;
    *reserved = (struct call){.texts = texts_in(table->texts, TEXT_ROOM)};
    return true;
}

void call_abandon(struct call_table *table, struct pool_id id)
{
    struct call *call = pool_find(&table->calls, id);
    if (!call) return;
    pool_free(&table->accounts, call->account);
    texts_drop(&call->texts);
    pool_free(&table->calls, id);
}
