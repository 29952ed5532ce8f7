// SPDX-License-Identifier: Apache-2.0
// Open addressing with linear probing and backward-shift removal (Knuth, TAOCP vol. 3, 6.4,
// algorithm R).
#include "base/index.h"

#include "base/prefetch.h"

static uint32_t entry_count_for(uint32_t item_count)
{
    uint32_t count = 16;
    while ((uint64_t)count * 3 / 4 < item_count) count *= 2;
    return count;
}

size_t index_memory_size(uint32_t item_count)
{
    return sizeof(struct index_entry) * entry_count_for(item_count);
}

void *index_init(struct index *index, void *memory, uint32_t item_count)
{
    uint32_t count = entry_count_for(item_count);
    *index = (struct index){
        .entries = memory,
        .mask = count - 1,
        .used_max = (uint32_t)((uint64_t)count * 3 / 4),
    };
    return index->entries + count;
}

static bool is_empty(const struct index_entry *entry)
{
    return entry->id.generation == 0;
}

bool index_add(struct index *index, uint64_t hash, struct pool_id id)
{
    if (index->used_count >= index->used_max) return false;
    uint32_t at = (uint32_t)hash & index->mask;
    while (!is_empty(&index->entries[at])) at = (at + 1) & index->mask;
    index->entries[at] = (struct index_entry){hash, id};
    index->used_count++;
    return true;
}

struct pool_id index_next(const struct index *index, struct index_search *search)
{
    if (index->used_count == 0) return POOL_ID_NONE; // without a look at what is not in the caches
    for (;;) {
        uint32_t at = ((uint32_t)search->hash + search->steps) & index->mask;
        const struct index_entry *entry = &index->entries[at];
        if (is_empty(entry)) return POOL_ID_NONE;
        search->steps++;
        if (entry->hash == search->hash) return entry->id;
    }
}

void index_prefetch(const struct index *index, uint64_t hash)
{
    prefetch(&index->entries[(uint32_t)hash & index->mask], sizeof(struct index_entry));
}

// Closes the gap at `hole`: moves back every following entry whose own place lies at or before it.
static void close_gap(struct index *index, uint32_t hole)
{
    uint32_t at = hole;
    for (;;) {
        at = (at + 1) & index->mask;
        struct index_entry *entry = &index->entries[at];
        if (is_empty(entry)) break;
        uint32_t home = (uint32_t)entry->hash & index->mask;
        if (((at - home) & index->mask) < ((at - hole) & index->mask)) continue;
        index->entries[hole] = *entry;
        hole = at;
    }
    index->entries[hole] = (struct index_entry){0, POOL_ID_NONE};
}

void index_remove(struct index *index, uint64_t hash, struct pool_id id)
{
    uint32_t at = (uint32_t)hash & index->mask;
    for (; !is_empty(&index->entries[at]); at = (at + 1) & index->mask) {
        struct index_entry *entry = &index->entries[at];
        if (entry->hash != hash || !pool_id_eq(entry->id, id)) continue;
        close_gap(index, at);
        index->used_count--;
        return;
    }
}
