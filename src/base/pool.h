// SPDX-License-Identifier: Apache-2.0
// A pool of equal slots in memory of the caller. A slot is referred to by {index, generation},
// never by a stored pointer: once freed and reused, an old reference finds nothing.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pool_id {
    uint32_t index;
    uint32_t generation; // 0: refers to nothing
};

#define POOL_ID_NONE ((struct pool_id){0, 0})

struct pool {
    char *slots;
    uint32_t *generations; // odd while the slot is in use
    uint32_t *next_free;   // and whether the slot was used since pool_next_idle
    size_t slot_size;
    uint32_t slot_count;
    uint32_t used_count;
    uint32_t first_free;
    uint32_t fresh; // slots from here on were never used: their memory is untouched
};

// Memory that holds nothing.
struct idle_memory {
    void *at;
    size_t size;
};

// A walk over the idle memory of many pools; zeroed, but for `least`, at first.
struct idle_search {
    size_t least; // bytes that are worth it
    uint32_t table, place;
};

// How many bytes a pool of `slot_count` slots of `slot_size` bytes needs (a multiple of 16).
size_t pool_memory_size(size_t slot_size, uint32_t slot_count);
// Makes an empty pool in `memory` (zeroed, pool_memory_size bytes, aligned to 16; it must outlive
// the pool). Returns where it ends, for what comes next.
void *pool_init(struct pool *pool, void *memory, size_t slot_size, uint32_t slot_count);
// A zeroed slot and its `*id`; NULL when all are taken.
void *pool_take(struct pool *pool, struct pool_id *id);
// The same with unspecified content: for large slots of which little is used.
void *pool_take_unset(struct pool *pool, struct pool_id *id);
// The slot of `id`, or NULL when it has been freed since.
void *pool_find(const struct pool *pool, struct pool_id id);
// Asks for the memory that pool_find will look at, and for `size` bytes of the slot.
void pool_prefetch(const struct pool *pool, struct pool_id id, size_t size);
// Asks for the first `size` bytes of the slot that pool_take will give next.
void pool_prefetch_free(const struct pool *pool, size_t size);
// The slot at `index` if it is in use (to walk over all of them, 0 .. slot_count-1), else NULL.
void *pool_at(const struct pool *pool, uint32_t index, struct pool_id *id);
// Gives the slot of `id` back; nothing happens when that was done before.
void pool_free(struct pool *pool, struct pool_id id);
// The next free slots in a row, from `*place` (0 at first) on, that were used since they were told
// here: their memory, if it is at least `least` bytes. It may be given back to the system, and may
// read as anything afterwards. Of no size at the end.
struct idle_memory pool_next_idle(struct pool *pool, uint32_t *place, size_t least);
bool pool_id_eq(struct pool_id a, struct pool_id b);
