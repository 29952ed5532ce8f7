// SPDX-License-Identifier: Apache-2.0
// What we remember of executed forwardings (behaviour.md "The decision", step 2): PBXs drop
// counters and earlier diverters, so a call that we sent to one of our own lines is recognised
// there by group, target and caller, and goes on with its history. A ring: the oldest entry makes
// room, none lives longer than ten seconds.
#include "call/call_int.h"

#include <string.h>

enum { REMEMBERED_US = 10 * 1000 * 1000, VISITED_KEPT_MAX = 16 };

struct remembered {
    uint64_t hash;
    uint64_t until_us;
    uint32_t diversion_count;
    uint8_t visited_count;
    char visited[VISITED_KEPT_MAX][NUMBER_SIZE];
};

struct call_memory {
    struct pool entries;
    struct index index;
    uint32_t oldest; // slot that is overwritten next when the pool is full
    uint8_t hash_key[16];
};

static size_t head_size(void)
{
    return (sizeof(struct call_memory) + 15) / 16 * 16;
}

size_t call_memory_table_size(uint32_t count)
{
    return head_size() + pool_memory_size(sizeof(struct remembered), count) +
           index_memory_size(count);
}

struct call_memory *call_memory_init(void *memory, uint32_t count, const uint8_t hash_key[16])
{
    struct call_memory *table = memory;
    char *next = (char *)memory + head_size();
    pool_init(&table->entries, next, sizeof(struct remembered), count);
    index_init(&table->index, next + pool_memory_size(sizeof(struct remembered), count), count);
    memcpy(table->hash_key, hash_key, sizeof table->hash_key);
    return table;
}

static uint64_t hash_trail(const struct call_memory *memory, const struct call_trail *trail)
{
    char bytes[2 * NUMBER_SIZE + 16];
    struct buffer text = buffer_over(bytes, sizeof bytes);
    buffer_put_u64(&text, trail->group_id);
    buffer_put_byte(&text, '/');
    buffer_put(&text, span_slice(trail->target, 0, NUMBER_SIZE));
    buffer_put_byte(&text, '/');
    buffer_put(&text, span_slice(trail->caller, 0, NUMBER_SIZE));
    return hash_keyed(memory->hash_key, buffer_span(&text));
}

static void forget(struct call_memory *memory, struct pool_id id)
{
    struct remembered *entry = pool_find(&memory->entries, id);
    index_remove(&memory->index, entry->hash, id);
    pool_free(&memory->entries, id);
}

static struct remembered *take_entry(struct call_memory *memory, struct pool_id *id)
{
    struct remembered *entry = pool_take(&memory->entries, id);
    for (uint32_t i = 0; !entry && i < memory->entries.slot_count; i++) {
        struct pool_id oldest;
        if (pool_at(&memory->entries, memory->oldest, &oldest)) forget(memory, oldest);
        memory->oldest = (memory->oldest + 1) % memory->entries.slot_count;
        entry = pool_take(&memory->entries, id);
    }
    return entry;
}

void call_remember(struct call_memory *memory, const struct turn *turn,
                   const struct call_trail *trail, const struct call_history *history)
{
    struct pool_id id;
    struct remembered *entry = take_entry(memory, &id);
    if (!entry) return;
    entry->hash = hash_trail(memory, trail);
    entry->until_us = turn->now_us + REMEMBERED_US;
    entry->diversion_count = history->diversion_count;
    for (size_t i = 0; i < history->visited_count && i < VISITED_KEPT_MAX; i++) {
        text_copy(entry->visited[i], NUMBER_SIZE, history->visited[i]);
        entry->visited_count++;
    }
    if (!index_add(&memory->index, entry->hash, id)) pool_free(&memory->entries, id);
}

void call_inherit(struct call_memory *memory, struct turn *turn, const struct call_trail *trail,
                  struct call_history *history)
{
    struct index_search search = INDEX_SEARCH(hash_trail(memory, trail));
    struct pool_id id = index_next(&memory->index, &search);
    struct remembered *entry = pool_find(&memory->entries, id);
    if (!entry) return;
    if (entry->until_us > turn->now_us) {
        if (entry->diversion_count > history->diversion_count) {
            history->diversion_count = entry->diversion_count;
        }
        for (size_t i = 0; i < entry->visited_count; i++) {
            struct span kept;
            if (call_has_visited(history, span_of(entry->visited[i]))) continue;
            if (history->visited_count == FWD_VISITED_MAX) break;
            if (!arena_copy(turn->arena, span_of(entry->visited[i]), &kept)) break;
            history->visited[history->visited_count++] = kept;
        }
    }
    forget(memory, id);
}
