// SPDX-License-Identifier: Apache-2.0
// Slots with generations.
#include "base/pool.h"

#include "base/error.h"
#include "base/prefetch.h"

#include <string.h>

enum { POOL_ALIGNMENT = 16 };
static const uint32_t no_slot = UINT32_MAX >> 1;
static const uint32_t touched = UINT32_MAX / 2 + 1; // set in a free slot's `next_free`

static size_t round_up(size_t size)
{
    return (size + POOL_ALIGNMENT - 1) / POOL_ALIGNMENT * POOL_ALIGNMENT;
}

size_t pool_memory_size(size_t slot_size, uint32_t slot_count)
{
    return (round_up(slot_size) * slot_count) + 2 * round_up(sizeof(uint32_t) * slot_count);
}

void *pool_init(struct pool *pool, void *memory, size_t slot_size, uint32_t slot_count)
{
    size_t table_size = round_up(sizeof(uint32_t) * slot_count);
    char *bytes = memory;
    *pool = (struct pool){
        .generations = (uint32_t *)memory,
        .next_free = (uint32_t *)(void *)(bytes + table_size),
        .slots = bytes + 2 * table_size,
        .slot_size = round_up(slot_size),
        .slot_count = slot_count,
        .first_free = no_slot,
    };
    return bytes + pool_memory_size(slot_size, slot_count);
}

static void *slot_at(const struct pool *pool, uint32_t index)
{
    return pool->slots + pool->slot_size * index;
}

void *pool_take_unset(struct pool *pool, struct pool_id *id)
{
    uint32_t index = pool->first_free;
    *id = POOL_ID_NONE;
    if (index != no_slot) {
        pool->first_free = pool->next_free[index] & ~touched;
    } else if (pool->fresh < pool->slot_count) {
        index = pool->fresh++;
    } else {
        return NULL;
    }
    *id = (struct pool_id){index, ++pool->generations[index]};
    pool->used_count++;
    return slot_at(pool, index);
}

void *pool_take(struct pool *pool, struct pool_id *id)
{
    void *slot = pool_take_unset(pool, id);
    return slot ? memset(slot, 0, pool->slot_size) : NULL;
}

void *pool_find(const struct pool *pool, struct pool_id id)
{
    if (id.index >= pool->slot_count || id.generation % 2 == 0) return NULL;
    return pool->generations[id.index] == id.generation ? slot_at(pool, id.index) : NULL;
}

void pool_prefetch(const struct pool *pool, struct pool_id id, size_t size)
{
    if (id.index >= pool->slot_count) return;
    prefetch(&pool->generations[id.index], sizeof pool->generations[0]);
    prefetch(slot_at(pool, id.index), size);
}

void pool_prefetch_free(const struct pool *pool, size_t size)
{
    uint32_t index = pool->first_free != no_slot ? pool->first_free : pool->fresh;
    if (index < pool->slot_count) prefetch(slot_at(pool, index), size);
}

void *pool_at(const struct pool *pool, uint32_t index, struct pool_id *id)
{
    *id = POOL_ID_NONE;
    if (index >= pool->fresh || pool->generations[index] % 2 == 0) return NULL;
    *id = (struct pool_id){index, pool->generations[index]};
    return slot_at(pool, index);
}

void pool_free(struct pool *pool, struct pool_id id)
{
    if (!pool_find(pool, id)) return;
    pool->generations[id.index]++;
    pool->next_free[id.index] = pool->first_free | touched;
    pool->first_free = id.index;
    ASSERT(pool->used_count > 0);
    pool->used_count--;
}

static bool is_idle(const struct pool *pool, uint32_t index)
{
    return index < pool->fresh && pool->generations[index] % 2 == 0 &&
           (pool->next_free[index] & touched) != 0;
}

struct idle_memory pool_next_idle(struct pool *pool, uint32_t *place, size_t least)
{
    while (*place < pool->fresh) {
        uint32_t first = *place;
        while (is_idle(pool, *place)) ++*place;
        size_t size = (size_t)(*place - first) * pool->slot_size;
        if (size > 0 && size >= least) {
            for (uint32_t i = first; i < *place; i++) pool->next_free[i] &= ~touched;
            return (struct idle_memory){slot_at(pool, first), size};
        }
        if (size == 0) ++*place;
    }
    return (struct idle_memory){NULL, 0};
}

bool pool_id_eq(struct pool_id a, struct pool_id b)
{
    return a.index == b.index && a.generation == b.generation;
}
