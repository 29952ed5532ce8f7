// SPDX-License-Identifier: Apache-2.0
// What we remember of executed forwardings (docs/decision.md "Steps", 2): PBXs drop
// counters and earlier diverters, so a call that we sent to one of our own lines is recognised
// there by group, target and caller, and goes on with its history. No entry lives longer than ten
// seconds after its last call; when there is no room, the oldest goes. Calls that went the same way
// share an entry, and few have the same key, so that no crowd of calls from one caller makes
// looking up slow.
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
    struct pool_id older, newer; // by the time of the last call
    uint32_t call_count;         // that went this way and have not come back
    uint32_t diversion_count;
    uint8_t key_count, visited_count;
    char visited[VISITED_KEPT_MAX][NUMBER_SIZE];
};

struct call_memory {
    struct pool entries;
    struct pool_id oldest, newest;
    struct index index;
    uint8_t hash_key[16];
};

static size_t head_size(void)
{
    return (sizeof(struct call_memory) + 15) / 16 * 16;
}

size_t call_memory_table_size(uint32_t count)
{
    return head_size() + pool_memory_size(sizeof(struct remembered), count) +
           index_memory_size(KEYS_MAX * count);
}

struct call_memory *call_memory_init(void *memory, uint32_t count, const uint8_t hash_key[16])
{
    struct call_memory *table = memory;
    char *next = (char *)memory + head_size();
    next = pool_init(&table->entries, next, sizeof(struct remembered), count);
    index_init(&table->index, next, KEYS_MAX * count);
    memcpy(table->hash_key, hash_key, sizeof table->hash_key);
    return table;
}

// ---- Keys

static uint64_t hash_trail(const struct call_memory *memory, const struct call_trail *trail,
                           struct span kind, struct span who)
{
    char bytes[2 * NUMBER_SIZE + 32];
    struct buffer text = buffer_over(bytes, sizeof bytes);
    buffer_put_u64(&text, trail->group_id);
    buffer_put_byte(&text, '/');
    buffer_put(&text, span_slice(trail->target, 0, NUMBER_SIZE));
    buffer_put(&text, kind);
    buffer_put(&text, span_slice(who, 0, NUMBER_SIZE));
    return hash_keyed(memory->hash_key, buffer_span(&text));
}

static uint64_t hash_by_caller(const struct call_memory *memory, const struct call_trail *trail)
{
    return hash_trail(memory, trail, SPAN("/from "), trail->caller);
}

static uint64_t hash_by_diverter(const struct call_memory *memory, const struct call_trail *trail)
{
    return hash_trail(memory, trail, SPAN("/by "), trail->diverter);
}

// ---- Entries by age

static void leave_line(struct call_memory *memory, const struct remembered *entry)
{
    struct remembered *older = pool_find(&memory->entries, entry->older);
    struct remembered *newer = pool_find(&memory->entries, entry->newer);
    if (older) {
        older->newer = entry->newer;
    } else {
        memory->oldest = entry->newer;
    }
    if (newer) {
        newer->older = entry->older;
    } else {
        memory->newest = entry->older;
    }
}

static void join_line(struct call_memory *memory, const struct turn *turn, struct pool_id id)
{
    struct remembered *entry = pool_find(&memory->entries, id);
    struct remembered *newest = pool_find(&memory->entries, memory->newest);
    entry->older = memory->newest;
    entry->newer = POOL_ID_NONE;
    entry->until_us = turn->now_us + REMEMBERED_US;
    memory->newest = id;
    if (newest) {
        newest->newer = id;
    } else {
        memory->oldest = id;
    }
}

static void forget(struct call_memory *memory, struct pool_id id)
{
    struct remembered *entry = pool_find(&memory->entries, id);
    if (!entry) return;
    for (uint8_t i = 0; i < entry->key_count; i++) {
        index_remove(&memory->index, entry->hashes[i], id);
    }
    leave_line(memory, entry);
    pool_free(&memory->entries, id);
}

static void forget_too_old(struct call_memory *memory, const struct turn *turn)
{
    for (;;) {
        const struct remembered *entry = pool_find(&memory->entries, memory->oldest);
        if (!entry || entry->until_us > turn->now_us) return;
        forget(memory, memory->oldest);
    }
}

// ---- Remembering

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

// The entry of calls that went the same way, or POOL_ID_NONE.
static struct pool_id find_same_way(const struct call_memory *memory,
                                    const struct remembered *wanted)
{
    struct index_search search = INDEX_SEARCH(wanted->hashes[0]);
    for (;;) {
        struct pool_id id = index_next(&memory->index, &search);
        const struct remembered *entry = pool_find(&memory->entries, id);
        if (!entry || is_same_way(entry, wanted)) return id;
    }
}

// Sees to it that one more entry may have that key.
static void make_room(struct call_memory *memory, uint64_t hash)
{
    struct index_search search = INDEX_SEARCH(hash);
    struct pool_id first = index_next(&memory->index, &search), id = first;
    unsigned count = 0;
    for (; id.generation != 0; count++) id = index_next(&memory->index, &search);
    if (count >= OF_ONE_KEY_MAX) forget(memory, first);
}

static void add_entry(struct call_memory *memory, const struct turn *turn,
                      const struct remembered *wanted)
{
    struct pool_id id;
    for (uint8_t i = 0; i < wanted->key_count; i++) make_room(memory, wanted->hashes[i]);
    struct remembered *entry = pool_take(&memory->entries, &id);
    if (!entry) {
        forget(memory, memory->oldest);
        entry = pool_take(&memory->entries, &id);
    }
    if (!entry) return;
    *entry = *wanted;
    join_line(memory, turn, id);
    for (uint8_t i = 0; i < wanted->key_count; i++) {
        bool is_added = index_add(&memory->index, wanted->hashes[i], id);
        ASSERT(is_added); // the index has room for all keys of all entries
    }
}

void call_remember(struct call_memory *memory, const struct turn *turn,
                   const struct call_trail *trail, const struct call_history *history)
{
    struct remembered wanted = {.diversion_count = history->diversion_count};
    for (size_t i = 0; i < history->visited_count && i < VISITED_KEPT_MAX; i++) {
        text_copy(wanted.visited[i], NUMBER_SIZE, history->visited[i]);
        wanted.visited_count++;
    }
    wanted.hashes[wanted.key_count++] = hash_by_caller(memory, trail);
    if (trail->diverter.len > 0) {
        wanted.hashes[wanted.key_count++] = hash_by_diverter(memory, trail);
    }
    wanted.call_count = 1;
    forget_too_old(memory, turn);
    struct pool_id id = find_same_way(memory, &wanted);
    struct remembered *entry = pool_find(&memory->entries, id);
    if (!entry) {
        add_entry(memory, turn, &wanted);
        return;
    }
    entry->call_count++;
    leave_line(memory, entry);
    join_line(memory, turn, id);
}

// ---- Inheriting

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
    if (memory->entries.used_count == 0) return;
    struct index_search search = INDEX_SEARCH(
        trail->diverter.len > 0 ? hash_by_diverter(memory, trail) : hash_by_caller(memory, trail));
    forget_too_old(memory, turn);
    struct pool_id id = index_next(&memory->index, &search);
    struct remembered *entry = pool_find(&memory->entries, id);
    if (!entry) return;
    if (entry->diversion_count > history->diversion_count) {
        history->diversion_count = entry->diversion_count;
    }
    add_visited(entry, turn, history);
    if (--entry->call_count == 0) forget(memory, id);
}
