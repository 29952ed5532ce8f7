// SPDX-License-Identifier: Apache-2.0
// What other workers serve (docs/architecture.md "Workers"): which of them has a line or a device
// that is not ours, how many lines of a group they have together, and what they have found out
// about its PBX. Names are kept as keyed hashes of 64 bits: there are many, and who is nobody's is
// told apart from them well enough.
#include "line/line_int.h"

struct elsewhere {
    uint64_t hash; // of group and name
    uint32_t group_id, id;
    uint8_t worker;
};

size_t line_elsewhere_memory_size(const struct line_limits *limits)
{
    return pool_memory_size(sizeof(struct elsewhere), limits->elsewhere_count) +
           2 * index_memory_size(limits->elsewhere_count);
}

void line_elsewhere_init(struct line_table *table, void *memory, const struct line_limits *limits)
{
    uint32_t count = limits->elsewhere_count;
    void *next = pool_init(&table->elsewhere, memory, sizeof(struct elsewhere), count);
    next = index_init(&table->elsewhere_by_name, next, count);
    index_init(&table->elsewhere_by_id, next, count);
}

// ---- Names

static uint64_t hash_id(bool is_device, uint32_t id)
{
    return ((uint64_t)is_device << 32 | id) * UINT64_C(0x9e3779b97f4a7c15) >> 8;
}

static struct elsewhere *find_id(const struct line_table *table, bool is_device, uint32_t number,
                                 struct pool_id *id)
{
    struct index_search search = INDEX_SEARCH(hash_id(is_device, number));
    for (;;) {
        *id = index_next(&table->elsewhere_by_id, &search);
        struct elsewhere *found = pool_find(&table->elsewhere, *id);
        if (!found || (found->id == number && (found->group_id == 0) == is_device)) return found;
    }
}

// The pace of a group is shared by how many of its lines each worker has.
static void count(struct line_table *table, uint32_t group_id, int by)
{
    struct pool_id id;
    struct line_group_slot *slot = line_find_group(table, group_id, &id);
    if (slot) slot->elsewhere_count += (uint32_t)by;
}

bool line_put_elsewhere(struct line_table *table, const struct line_elsewhere *known)
{
    struct pool_id id;
    struct elsewhere *place = find_id(table, known->group_id == 0, known->id, &id);
    if (place) {
        place->worker = known->worker; // names of lines and devices never change
        return true;
    }
    place = pool_take(&table->elsewhere, &id);
    if (!place) return false;
    place->hash = line_hash_extension(table, known->group_id, known->name);
    place->group_id = known->group_id;
    place->id = known->id;
    place->worker = known->worker;
    bool is_added = index_add(&table->elsewhere_by_name, place->hash, id) &&
                    index_add(&table->elsewhere_by_id, hash_id(known->group_id == 0, known->id),
                              id);
    ASSERT(is_added); // the indexes are as large as the pool
    count(table, known->group_id, 1);
    if (known->group_id == 0) table->elsewhere_device_count++;
    return true;
}

void line_remove_elsewhere(struct line_table *table, bool is_device, uint32_t number)
{
    struct pool_id id;
    const struct elsewhere *place = find_id(table, is_device, number, &id);
    if (!place) return;
    count(table, place->group_id, -1);
    if (is_device) table->elsewhere_device_count--;
    index_remove(&table->elsewhere_by_name, place->hash, id);
    index_remove(&table->elsewhere_by_id, hash_id(is_device, number), id);
    pool_free(&table->elsewhere, id);
}

uint32_t line_devices_elsewhere(const struct line_table *table)
{
    return table->elsewhere_device_count;
}

bool line_find_elsewhere(const struct line_table *table, uint32_t group_id, struct span name,
                         uint8_t *worker)
{
    if (table->elsewhere.used_count == 0) return false;
    uint64_t hash = line_hash_extension(table, group_id, name);
    struct index_search search = INDEX_SEARCH(hash);
    for (;;) {
        struct pool_id id = index_next(&table->elsewhere_by_name, &search);
        const struct elsewhere *found = pool_find(&table->elsewhere, id);
        if (!found) return false;
        if (found->hash != hash || found->group_id != group_id) continue;
        *worker = found->worker;
        return true;
    }
}

bool line_is_extension(const struct line_table *table, const struct line_group *group,
                       struct span extension)
{
    uint8_t worker;
    return line_find(table, group, extension) ||
           line_find_elsewhere(table, group->snapshot->group_id, extension, &worker);
}

// ---- What is found out about a PBX

void line_tell_others(struct turn *turn, const struct line_group_slot *slot, enum line_news news)
{
    struct line_told *effect = turn_emit(turn, LINE_TOLD, sizeof *effect);
    if (!effect) return; // it will show elsewhere, too
    effect->group_id = slot->group.snapshot->group_id;
    effect->news = news;
}

void line_hear(struct line_table *table, struct turn *turn, uint32_t group_id, enum line_news news)
{
    struct pool_id id;
    struct line_group_slot *slot = line_find_group(table, group_id, &id);
    if (!slot) return;
    switch (news) {
    case LINE_PROBED: slot->spared_until_us = turn->now_us + LINE_SPARED_US; break;
    case LINE_BACK: line_group_back(table, turn, id, false); break;
    case LINE_BACK_ANEW: line_group_back(table, turn, id, true); break;
    }
}
