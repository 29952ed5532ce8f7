// SPDX-License-Identifier: Apache-2.0
// A hash index: from a 64-bit keyed hash to a pool_id. Open addressing in memory of the caller, at
// most three quarters full; removal leaves no tombstones. The caller compares the found thing
// itself.
#pragma once

#include "base/pool.h"

struct index_entry {
    uint64_t hash;
    struct pool_id id; // generation 0: empty
};

struct index {
    struct index_entry *entries;
    uint32_t mask; // entry count - 1, a power of two minus one
    uint32_t used_count;
    uint32_t used_max;
};

// A place in a search; start with INDEX_SEARCH.
struct index_search {
    uint64_t hash;
    uint32_t steps;
};
#define INDEX_SEARCH(of_hash) ((struct index_search){(of_hash), 0})

// Bytes needed for `item_count` things.
size_t index_memory_size(uint32_t item_count);
// Makes an empty index in `memory` (zeroed, index_memory_size bytes, aligned to 16, outlives the
// index). Returns where it ends, for what comes next.
void *index_init(struct index *index, void *memory, uint32_t item_count);
// The hash of a number that we have given: those that follow each other are spread. Nobody else
// chooses them, so it needs no key.
static inline uint64_t index_hash_id(uint64_t id)
{
    return id * UINT64_C(0x9e3779b97f4a7c15) >> 16;
}
// Adds `hash` -> `id`. Returns false when the index is full. Equal hashes may be added many times.
bool index_add(struct index *index, uint64_t hash, struct pool_id id);
// The next id with the searched hash, or POOL_ID_NONE. Do not change the index during a search.
struct pool_id index_next(const struct index *index, struct index_search *search);
// Asks for the memory in which index_next will begin to look for `hash`.
void index_prefetch(const struct index *index, uint64_t hash);
// Removes `hash` -> `id` if it is there.
void index_remove(struct index *index, uint64_t hash, struct pool_id id);
