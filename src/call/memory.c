// SPDX-License-Identifier: Apache-2.0
// What we remember of executed forwardings (behaviour.md "The decision", step 2): PBXs drop
// counters and earlier diverters, so a call that we sent to one of our own lines is recognised
// there by group, target and caller, and goes on with its history. A ring: the oldest entry makes
// room, none lives longer than ten seconds after its last call. Calls that went the same way share
// an entry, and few have the same key, so that no crowd of calls from one caller makes looking up
// slow.
//
// An anonymous caller is known by the last diverter where the PBX tells it; where it tells nothing,
// being anonymous is all that is left to go by: rather decline a call too many than let one go in
// circles.
#include "call/call_int.h"

#include <string.h>

enum { REMEMBERED_US = 10 * 1000 * 1000, VISITED_KEPT_MAX = 16, KEYS_MAX = 2, OF_ONE_KEY_MAX = 8 };

struct remembered {
    uint64_t hashes[KEYS_MAX]; // it is found by each of them
    uint64_t until_us;
    uint32_t call_count; // that went this way and have not come back
    uint32_t diversion_count;
    uint8_t key_count; // 0: the place is free
    uint8_t visited_count;
    char visited[VISITED_KEPT_MAX][NUMBER_SIZE];
};

struct call_memory {
    struct remembered *entries; // a ring
    uint32_t entry_count, next;
    struct index index;
    uint8_t hash_key[16];
};

static size_t round_up(size_t size)
{
    return (size + 15) / 16 * 16;
}

size_t call_memory_table_size(uint32_t count)
{
    return round_up(sizeof(struct call_memory)) + round_up(count * sizeof(struct remembered)) +
           index_memory_size(KEYS_MAX * count);
}

struct call_memory *call_memory_init(void *memory, uint32_t count, const uint8_t hash_key[16])
{
    struct call_memory *table = memory;
    char *next = (char *)memory + round_up(sizeof *table);
    table->entries = (struct remembered *)(void *)next;
    table->entry_count = count;
    index_init(&table->index, next + round_up(count * sizeof(struct remembered)), KEYS_MAX * count);
    memcpy(table->hash_key, hash_key, sizeof table->hash_key);
    return table;
}

// ---- Keys

static uint64_t hash_trail(const struct call_memory *memory, const struct call_trail *trail,
                           const char *kind, struct span who)
{
    char bytes[2 * NUMBER_SIZE + 32];
    struct buffer text = buffer_over(bytes, sizeof bytes);
    buffer_printf(&text, "%u/%.*s/%s ", trail->group_id,
                  SPAN_ARG(span_slice(trail->target, 0, NUMBER_SIZE)), kind);
    buffer_put(&text, span_slice(who, 0, NUMBER_SIZE));
    return hash_keyed(memory->hash_key, buffer_span(&text));
}

static uint64_t hash_by_caller(const struct call_memory *memory, const struct call_trail *trail)
{
    return hash_trail(memory, trail, "from", trail->caller);
}

static uint64_t hash_by_diverter(const struct call_memory *memory, const struct call_trail *trail)
{
    return hash_trail(memory, trail, "by", trail->diverter);
}

// ---- Entries

static struct pool_id id_of(uint32_t slot)
{
    return (struct pool_id){slot, 1}; // an entry and what leads to it come and go together
}

static void forget(struct call_memory *memory, uint32_t slot)
{
    struct remembered *entry = &memory->entries[slot];
    for (uint8_t i = 0; i < entry->key_count; i++) {
        index_remove(&memory->index, entry->hashes[i], id_of(slot));
    }
    entry->key_count = 0;
}

static bool is_too_old(const struct remembered *entry, const struct turn *turn)
{
    return entry->until_us <= turn->now_us;
}

static bool is_same_way(const struct remembered *a, const struct remembered *b)
{
    bool is_same = a->key_count == b->key_count && a->diversion_count == b->diversion_count &&
                   a->visited_count == b->visited_count &&
                   memcmp(a->hashes, b->hashes, sizeof a->hashes) == 0;
    for (size_t i = 0; is_same && i < a->visited_count; i++) {
        is_same = strcmp(a->visited[i], b->visited[i]) == 0;
    }
    return is_same;
}

// Adds a call to the entry of those that went the same way; false when there is none.
static bool add_to_same_way(struct call_memory *memory, const struct turn *turn,
                            const struct remembered *wanted)
{
    struct index_search search = INDEX_SEARCH(wanted->hashes[0]);
    for (;;) {
        struct pool_id id = index_next(&memory->index, &search);
        if (id.generation == 0) return false;
        struct remembered *entry = &memory->entries[id.index];
        if (is_too_old(entry, turn) || !is_same_way(entry, wanted)) continue;
        entry->call_count++;
        entry->until_us = wanted->until_us;
        return true;
    }
}

// Forgets one entry of that key if it is too old, or if there are many. True when more may have to
// go.
static bool forget_one(struct call_memory *memory, const struct turn *turn, uint64_t hash)
{
    struct index_search search = INDEX_SEARCH(hash);
    struct pool_id id = index_next(&memory->index, &search), first = id;
    for (unsigned count = 1; id.generation != 0; count++) {
        bool is_old = is_too_old(&memory->entries[id.index], turn);
        if (is_old || count >= OF_ONE_KEY_MAX) {
            forget(memory, is_old ? id.index : first.index);
            return true;
        }
        id = index_next(&memory->index, &search);
    }
    return false;
}

static void add_entry(struct call_memory *memory, const struct turn *turn,
                      const struct remembered *entry)
{
    uint32_t slot = memory->next;
    memory->next = (slot + 1) % memory->entry_count;
    forget(memory, slot);
    memory->entries[slot] = *entry;
    for (uint8_t i = 0; i < entry->key_count; i++) {
        while (forget_one(memory, turn, entry->hashes[i])) {
        }
        bool is_added = index_add(&memory->index, entry->hashes[i], id_of(slot));
        ASSERT(is_added); // the index has room for all keys of all entries
    }
}

void call_remember(struct call_memory *memory, const struct turn *turn,
                   const struct call_trail *trail, const struct call_history *history)
{
    struct remembered entry = {
        .until_us = turn->now_us + REMEMBERED_US,
        .call_count = 1,
        .diversion_count = history->diversion_count,
    };
    if (memory->entry_count == 0) return;
    for (size_t i = 0; i < history->visited_count && i < VISITED_KEPT_MAX; i++) {
        text_copy(entry.visited[i], NUMBER_SIZE, history->visited[i]);
        entry.visited_count++;
    }
    entry.hashes[entry.key_count++] = hash_by_caller(memory, trail);
    if (trail->diverter.len > 0) {
        entry.hashes[entry.key_count++] = hash_by_diverter(memory, trail);
    }
    if (!add_to_same_way(memory, turn, &entry)) add_entry(memory, turn, &entry);
}

// The slot of an entry that is not too old, or entry_count.
static uint32_t find_entry(const struct call_memory *memory, const struct turn *turn, uint64_t hash)
{
    struct index_search search = INDEX_SEARCH(hash);
    for (;;) {
        struct pool_id id = index_next(&memory->index, &search);
        if (id.generation == 0) return memory->entry_count;
        if (!is_too_old(&memory->entries[id.index], turn)) return id.index;
    }
}

// A text that does not fit into the turn's arena is left out.
static void add_visited(const struct remembered *entry, struct turn *turn,
                        struct call_history *history)
{
    for (size_t i = 0; i < entry->visited_count; i++) {
        struct span kept;
        if (call_has_visited(history, span_of(entry->visited[i]))) continue;
        if (history->visited_count == FWD_VISITED_MAX) return;
        if (!arena_copy(turn->arena, span_of(entry->visited[i]), &kept)) return;
        history->visited[history->visited_count++] = kept;
    }
}

void call_inherit(struct call_memory *memory, struct turn *turn, const struct call_trail *trail,
                  struct call_history *history)
{
    uint64_t hash = trail->diverter.len > 0 ? hash_by_diverter(memory, trail)
                                            : hash_by_caller(memory, trail);
    uint32_t slot = find_entry(memory, turn, hash);
    if (slot == memory->entry_count) return;
    struct remembered *entry = &memory->entries[slot];
    if (entry->diversion_count > history->diversion_count) {
        history->diversion_count = entry->diversion_count;
    }
    add_visited(entry, turn, history);
    if (--entry->call_count == 0) forget(memory, slot);
}
