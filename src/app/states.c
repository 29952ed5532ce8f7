// SPDX-License-Identifier: Apache-2.0
// The table of registrations and the counters.
#include "app/states.h"

#include "net/net.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

struct entry {
    uint32_t group_id;
    bool is_counted;                        // in its group; not while it is only tried
    struct model_registration registration; // until_us by net_now_us: the wall clock may be set
    struct model_desk_phone desk;
};

struct group_counts {
    uint32_t group_id; // 0: a free place
    uint32_t by_state[REGISTRATION_STATE_COUNT];
};

// Of one worker, apart from the others' in the processors' caches.
struct counters {
    atomic_uint_fast64_t of[STATES_COUNTER_COUNT];
    char space[64];
};

struct way {
    uint16_t len; // 0: a free place, as are all that follow
    char text[LINE_ROUTE_SIZE];
};

struct states {
    uv_mutex_t mutex;
    struct way ways[STATES_WAYS]; // never changed once they are there
    struct pool entries;
    struct index by_line;
    struct group_counts *groups;
    uint32_t groups_max;
    void *memory;
    struct counters counters[WORKERS_MAX];
};

struct states *states_new(uint32_t lines_max, uint32_t groups_max)
{
    size_t pool_size = pool_memory_size(sizeof(struct entry), lines_max);
    struct states *states = calloc(1, sizeof *states);
    if (!states) return NULL;
    states->memory = calloc(1, pool_size + index_memory_size(lines_max));
    states->groups = calloc(groups_max, sizeof states->groups[0]);
    states->groups_max = groups_max;
    if (!states->memory || !states->groups || uv_mutex_init(&states->mutex) != 0) {
        free(states->memory);
        free(states->groups);
        free(states);
        return NULL;
    }
    void *next = pool_init(&states->entries, states->memory, sizeof(struct entry), lines_max);
    index_init(&states->by_line, next, lines_max);
    return states;
}

void states_free(struct states *states)
{
    if (!states) return;
    uv_mutex_destroy(&states->mutex);
    free(states->memory);
    free(states->groups);
    free(states);
}

static struct entry *find(struct states *states, uint32_t line_id, struct pool_id *id)
{
    struct index_search search = INDEX_SEARCH(index_hash_id(line_id));
    for (;;) {
        *id = index_next(&states->by_line, &search);
        struct entry *entry = pool_find(&states->entries, *id);
        if (!entry || entry->registration.line_id == line_id) return entry;
    }
}

// The place of a group, or a free one with `group_id` 0; NULL when there is none.
static struct group_counts *find_group(struct states *states, uint32_t group_id)
{
    for (uint32_t i = 0; i < states->groups_max; i++) {
        if (states->groups[i].group_id == group_id) return &states->groups[i];
    }
    return NULL;
}

static void count_in(struct states *states, struct entry *entry)
{
    entry->is_counted = false;
    if (entry->group_id >= SETTINGS_TRIAL_IDS) return; // it is only tried
    struct group_counts *group = find_group(states, entry->group_id);
    if (!group) group = find_group(states, 0);
    entry->is_counted = group != NULL;
    if (!group) return;
    group->group_id = entry->group_id;
    group->by_state[entry->registration.state]++;
}

// A group without lines gives its place back: groups come and go.
static void count_out(struct states *states, struct entry *entry)
{
    if (!entry->is_counted) return;
    struct group_counts *group = find_group(states, entry->group_id);
    uint32_t sum = 0;
    group->by_state[entry->registration.state]--;
    for (size_t i = 0; i < REGISTRATION_STATE_COUNT; i++) sum += group->by_state[i];
    if (sum == 0) group->group_id = 0;
    entry->is_counted = false;
}

static void shift(struct model_registration *registration, uint64_t by_us)
{
    if (registration->until_us > 0) registration->until_us += by_us;
}

// The number of a way, which is noted if it is new; 0 where there is none, or no place for one.
static uint8_t note_way(struct states *states, struct span route)
{
    if (route.len == 0 || route.len >= LINE_ROUTE_SIZE) return 0;
    for (uint8_t i = 0; i < STATES_WAYS; i++) {
        struct way *way = &states->ways[i];
        if (way->len == 0) {
            memcpy(way->text, route.at, route.len);
            way->len = (uint16_t)route.len;
        }
        if (span_eq(route, (struct span){way->text, way->len})) return (uint8_t)(i + 1);
    }
    return 0;
}

struct span states_way(struct states *states, uint8_t number)
{
    if (number == 0) return SPAN_NONE;
    uv_mutex_lock(&states->mutex);
    const struct way *way = &states->ways[number - 1];
    struct span route = {way->text, way->len};
    uv_mutex_unlock(&states->mutex);
    return route;
}

enum model_registration_state states_set(struct states *states, uint32_t group_id,
                                         const struct model_registration *registration,
                                         struct span route)
{
    enum model_registration_state before = REGISTRATION_WAITING;
    struct pool_id id;
    uv_mutex_lock(&states->mutex);
    struct entry *entry = find(states, registration->line_id, &id);
    if (entry) {
        before = (enum model_registration_state)entry->registration.state;
        count_out(states, entry);
    } else {
        entry = pool_take(&states->entries, &id);
        if (entry) index_add(&states->by_line, index_hash_id(registration->line_id), id);
    }
    if (entry) {
        entry->group_id = group_id;
        entry->registration = *registration;
        entry->registration.way = note_way(states, route);
        shift(&entry->registration, 0 - net_wall_ahead_us());
        count_in(states, entry);
    }
    uv_mutex_unlock(&states->mutex);
    return before;
}

uint32_t states_end(struct states *states)
{
    uv_mutex_lock(&states->mutex);
    uint32_t end = states->entries.fresh;
    uv_mutex_unlock(&states->mutex);
    return end;
}

bool states_at(struct states *states, uint32_t index, struct model_registration *out)
{
    struct pool_id id;
    uv_mutex_lock(&states->mutex);
    const struct entry *entry = pool_at(&states->entries, index, &id);
    if (entry) *out = entry->registration;
    uv_mutex_unlock(&states->mutex);
    if (entry) shift(out, net_wall_ahead_us());
    return entry != NULL;
}

void states_forget(struct states *states, uint32_t line_id)
{
    struct pool_id id;
    uv_mutex_lock(&states->mutex);
    struct entry *entry = find(states, line_id, &id);
    if (entry) {
        count_out(states, entry);
        index_remove(&states->by_line, index_hash_id(line_id), id);
        pool_free(&states->entries, id);
    }
    uv_mutex_unlock(&states->mutex);
}

bool states_get(struct states *states, uint32_t line_id, struct model_registration *out)
{
    struct pool_id id;
    uv_mutex_lock(&states->mutex);
    const struct entry *entry = find(states, line_id, &id);
    if (entry) *out = entry->registration;
    uv_mutex_unlock(&states->mutex);
    if (entry) shift(out, net_wall_ahead_us());
    return entry != NULL;
}

void states_set_desk(struct states *states, const struct model_desk_phone *desk)
{
    struct pool_id id;
    uv_mutex_lock(&states->mutex);
    struct entry *entry = find(states, desk->line_id, &id);
    if (entry) entry->desk = *desk;
    uv_mutex_unlock(&states->mutex);
}

bool states_get_desk(struct states *states, uint32_t line_id, struct model_desk_phone *out)
{
    struct pool_id id;
    uv_mutex_lock(&states->mutex);
    const struct entry *entry = find(states, line_id, &id);
    if (entry) *out = entry->desk;
    uv_mutex_unlock(&states->mutex);
    return entry && out->state != DESK_OFF;
}

void states_count(struct states *states, uint32_t group_id, uint32_t counts[])
{
    for (size_t i = 0; i < REGISTRATION_STATE_COUNT; i++) counts[i] = 0;
    uv_mutex_lock(&states->mutex);
    for (uint32_t g = 0; g < states->groups_max; g++) {
        const struct group_counts *group = &states->groups[g];
        if (group->group_id == 0 || (group_id != 0 && group->group_id != group_id)) continue;
        for (size_t i = 0; i < REGISTRATION_STATE_COUNT; i++) counts[i] += group->by_state[i];
    }
    uv_mutex_unlock(&states->mutex);
}

uint32_t states_group_at(struct states *states, uint32_t index, uint32_t counts[])
{
    uv_mutex_lock(&states->mutex);
    const struct group_counts group = states->groups[index];
    uv_mutex_unlock(&states->mutex);
    for (size_t i = 0; i < REGISTRATION_STATE_COUNT; i++) counts[i] = group.by_state[i];
    return group.group_id;
}

void states_add(struct states *states, uint32_t worker, enum states_counter counter, uint64_t by)
{
    atomic_fetch_add_explicit(&states->counters[worker].of[counter], by, memory_order_relaxed);
}

uint64_t states_read_of(struct states *states, uint32_t worker, enum states_counter counter)
{
    return atomic_load_explicit(&states->counters[worker].of[counter], memory_order_relaxed);
}

uint64_t states_read(struct states *states, enum states_counter counter)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < WORKERS_MAX; i++) sum += states_read_of(states, i, counter);
    return sum;
}
