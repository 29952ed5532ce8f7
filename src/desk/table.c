// SPDX-License-Identifier: Apache-2.0
// The table: whose desk phones are asked for, and the pace of that.
#include "desk/desk_int.h"

#include <string.h>

static size_t head_size(void)
{
    return (sizeof(struct desk_table) + 15) / 16 * 16;
}

size_t desk_memory_size(const struct desk_limits *limits)
{
    uint32_t count = limits->line_count;
    return head_size() + pool_memory_size(sizeof(struct desk), count) +
           pool_memory_size(sizeof(struct desk_group), limits->group_count) +
           2 * index_memory_size(count) + deadlines_memory_size(count);
}

struct desk_table *desk_init(void *memory, const struct desk_limits *limits,
                             const uint8_t hash_key[16], struct desk_neighbours neighbours)
{
    struct desk_table *table = memory;
    uint32_t count = limits->line_count;
    char *next = (char *)memory + head_size();
    next = pool_init(&table->desks, next, sizeof(struct desk), count);
    next = pool_init(&table->groups, next, sizeof(struct desk_group), limits->group_count);
    next = index_init(&table->by_line, next, count);
    next = index_init(&table->by_tag, next, count);
    deadlines_init(&table->deadlines, next, count);
    table->neighbours = neighbours;
    memcpy(table->hash_key, hash_key, sizeof table->hash_key);
    return table;
}

uint32_t desk_count(const struct desk_table *table)
{
    return table->desks.used_count;
}

// ---- Finding

static uint64_t hash_tag(const struct desk_table *table, struct span tag)
{
    return hash_keyed(table->hash_key, tag);
}

struct desk *desk_find(const struct desk_table *table, uint32_t line_id, struct pool_id *id)
{
    struct index_search search = INDEX_SEARCH(index_hash_id(line_id));
    for (;;) {
        *id = index_next(&table->by_line, &search);
        struct desk *desk = pool_find(&table->desks, *id);
        if (!desk || desk->line_id == line_id) return desk;
    }
}

struct desk *desk_find_tag(const struct desk_table *table, struct span tag, struct pool_id *id)
{
    struct index_search search = INDEX_SEARCH(hash_tag(table, tag));
    for (;;) {
        *id = index_next(&table->by_tag, &search);
        struct desk *desk = pool_find(&table->desks, *id);
        if (!desk || span_eq(call_dialog_tag(&desk->dialog), tag)) return desk;
    }
}

static struct desk_group *find_group(const struct desk_table *table, uint32_t group_id,
                                     struct pool_id *id)
{
    for (uint32_t i = 0; i < table->groups.fresh; i++) {
        struct desk_group *group = pool_at(&table->groups, i, id);
        if (group && group->group_id == group_id) return group;
    }
    return NULL;
}

struct desk_group *desk_group_of(const struct desk_table *table, const struct desk *desk)
{
    struct pool_id id;
    return find_group(table, desk->group_id, &id); // it is there as long as one of its desks
}

static struct desk_group *take_group(struct desk_table *table, uint32_t group_id)
{
    struct pool_id id;
    struct desk_group *group = find_group(table, group_id, &id);
    if (group) return group;
    group = pool_take(&table->groups, &id);
    if (group) group->group_id = group_id;
    return group;
}

static void let_group_go(struct desk_table *table, uint32_t group_id)
{
    struct pool_id id;
    const struct desk_group *group = find_group(table, group_id, &id);
    if (group && group->desk_count == 0 && !group->is_swept) pool_free(&table->groups, id);
}

// ---- Pacing: as the group's REGISTERs, and faster where the PBX grants so little time that they
// could not all be kept.

static uint64_t pace_us(const struct desk_table *table, const struct desk_group *group)
{
    uint64_t pace_us = line_group_pace_us(table->neighbours.lines, group->group_id);
    if (group->granted_s == 0 || group->desk_count == 0) return pace_us;
    uint64_t most_us = group->granted_s * UINT64_C(1000000) / (UINT64_C(2) * group->desk_count);
    return most_us < pace_us ? most_us : pace_us;
}

void desk_wait_until(struct desk_table *table, struct pool_id id, uint64_t at_us)
{
    deadlines_set(&table->deadlines, id.index, at_us);
}

void desk_make_due(struct desk_table *table, struct turn *turn, struct pool_id id)
{
    struct desk *desk = pool_find(&table->desks, id);
    struct desk_group *group = desk_group_of(table, desk);
    uint64_t at_us = group->next_us > turn->now_us ? group->next_us : turn->now_us;
    if (at_us < group->clear_us) at_us = group->clear_us;
    desk->phase = PHASE_DUE;
    desk->proof_count = 0;
    group->next_us = at_us + pace_us(table, group);
    desk_wait_until(table, id, at_us);
}

// Whether it may be sent now, after what was sent already; else it gets another place.
static bool has_place(struct desk_table *table, struct turn *turn, struct pool_id id)
{
    enum { BURST_US = 100 * 1000 }; // what our own lateness may add to the pacing
    struct desk_group *group = desk_group_of(table, pool_find(&table->desks, id));
    if (group->clear_us > turn->now_us + BURST_US) {
        desk_make_due(table, turn, id);
        return false;
    }
    uint64_t from_us = group->clear_us > turn->now_us ? group->clear_us : turn->now_us;
    group->clear_us = from_us + pace_us(table, group);
    return true;
}

// ---- Telling

void desk_tell(struct turn *turn, const struct desk *desk, const struct desk_news *news)
{
    struct model_desk_phone shown = {
        .line_id = desk->line_id, .state = (uint8_t)news->state, .status = (uint16_t)news->status};
    text_copy(shown.reason, sizeof shown.reason,
              span_slice(news->reason, 0, sizeof shown.reason - 1));
    struct desk_told *told = turn_emit(turn, DESK_TOLD, sizeof *told);
    if (!told) return;
    told->shown = shown;
    told->calls = desk->counted;
}

// ---- Desks

static void add(struct desk_table *table, struct turn *turn, uint32_t line_id, uint32_t group_id)
{
    struct pool_id id;
    struct desk_group *group = take_group(table, group_id);
    struct desk *desk = group ? pool_take(&table->desks, &id) : NULL;
    if (!desk) return;
    desk->line_id = line_id;
    desk->group_id = group_id;
    desk->is_wanted = true;
    group->desk_count++;
    bool is_added = index_add(&table->by_line, index_hash_id(line_id), id);
    ASSERT(is_added); // it has room for all of the pool
    desk_make_due(table, turn, id);
    desk_tell(turn, desk, &(struct desk_news){.state = DESK_WAITING});
}

void desk_drop_dialog(struct desk_table *table, struct pool_id id)
{
    struct desk *desk = pool_find(&table->desks, id);
    bool is_there = desk->dialog.local_tag[0] != '\0';
    if (is_there) index_remove(&table->by_tag, hash_tag(table, call_dialog_tag(&desk->dialog)), id);
    desk->dialog = (struct dialog){.texts = texts_over(desk->texts, sizeof desk->texts)};
    desk->is_established = desk->is_told = false;
}

bool desk_start_dialog(struct desk_table *table, struct turn *turn, struct pool_id id,
                       const struct dialog_start *start)
{
    struct desk *desk = pool_find(&table->desks, id);
    desk_drop_dialog(table, id);
    bool is_started = call_dialog_start(&desk->dialog, turn, start);
    bool is_added = index_add(&table->by_tag, hash_tag(table, call_dialog_tag(&desk->dialog)), id);
    ASSERT(is_added); // it has room for all of the pool
    return is_started;
}

void desk_free(struct desk_table *table, struct turn *turn, struct pool_id id)
{
    struct desk *desk = pool_find(&table->desks, id);
    uint32_t group_id = desk->group_id;
    struct desk_told *told = turn_emit(turn, DESK_TOLD, sizeof *told);
    if (told) {
        told->shown.line_id = desk->line_id;
        told->is_gone = true;
    }
    desk_group_of(table, desk)->desk_count--;
    index_remove(&table->by_line, index_hash_id(desk->line_id), id);
    desk_drop_dialog(table, id);
    deadlines_set(&table->deadlines, id.index, DEADLINE_NEVER);
    pool_free(&table->desks, id);
    let_group_go(table, group_id);
}

// ---- What is wanted

enum wish {
    WISH_ASK,
    WISH_END,    // by a word to the PBX
    WISH_FORGET, // which would not hear it, or not know the line
};

static enum wish wish_of(const struct desk_table *table, uint32_t line_id,
                         const struct line_group **group)
{
    const struct line_table *lines = table->neighbours.lines;
    const struct snapshot_line *line = line_find_numbered(lines, line_id, group);
    unsigned status;
    if (!line || !line->is_enabled || !(*group)->snapshot->settings.is_enabled) return WISH_END;
    switch ((enum model_desk_watching)(*group)->snapshot->settings.desk_phone_state) {
    case DESK_WATCHING_AUTO:
        if (!line->has_other_contacts) return WISH_END;
        break;
    case DESK_WATCHING_ON: break;
    case DESK_WATCHING_OFF: return WISH_END;
    }
    return line_is_registered(lines, line_id, &status) ? WISH_ASK : WISH_FORGET;
}

// Goes on, or begins again after it was to be ended; where the PBX is reached in another way now it
// is asked at once.
static void go_on(struct desk_table *table, struct turn *turn, struct pool_id id,
                  const struct line_group *group)
{
    struct desk *desk = pool_find(&table->desks, id);
    bool was_wanted = desk->is_wanted;
    bool is_elsewhere = desk->is_established && !flow_eq(&desk->dialog.flow, &group->flow);
    desk->is_wanted = true;
    if (desk->phase == PHASE_ASKING || desk->phase == PHASE_DUE) return;
    if (!was_wanted || (is_elsewhere && desk->phase == PHASE_SUBSCRIBED)) {
        desk_make_due(table, turn, id);
    }
}

static void end(struct desk_table *table, struct turn *turn, struct pool_id id)
{
    struct desk *desk = pool_find(&table->desks, id);
    if (!desk->is_wanted) return;
    desk->is_wanted = false;
    desk_forget_calls(desk);
    desk_tell(turn, desk, &(struct desk_news){.state = DESK_OFF});
    if (!desk->is_established && desk->phase != PHASE_ASKING) {
        desk_free(table, turn, id);
    } else if (desk->phase != PHASE_ASKING) {
        desk_make_due(table, turn, id);
    }
}

void desk_line_changed(struct desk_table *table, struct turn *turn, uint32_t line_id)
{
    const struct line_group *group = NULL;
    struct pool_id id;
    const struct desk *desk = desk_find(table, line_id, &id);
    switch (wish_of(table, line_id, &group)) {
    case WISH_ASK:
        if (desk) {
            go_on(table, turn, id, group);
        } else {
            add(table, turn, line_id, group->snapshot->group_id);
        }
        break;
    case WISH_END:
        if (desk) end(table, turn, id);
        break;
    case WISH_FORGET:
        if (desk) desk_free(table, turn, id);
        break;
    }
}

void desk_forget_line(struct desk_table *table, struct turn *turn, uint32_t line_id)
{
    struct pool_id id;
    if (desk_find(table, line_id, &id)) desk_free(table, turn, id);
}

void desk_group_changed(struct desk_table *table, uint32_t group_id)
{
    const struct line_group *group = line_find_group_numbered(table->neighbours.lines, group_id);
    struct pool_id id;
    struct desk_group *known = find_group(table, group_id, &id);
    bool is_watching = group && group->snapshot->settings.desk_phone_state != DESK_WATCHING_OFF;
    if (!known && is_watching) known = take_group(table, group_id);
    if (!known) return;
    known->is_swept = true;
    known->place = 0;
}

// ---- Time

static struct desk_group *next_swept(const struct desk_table *table)
{
    for (uint32_t i = 0; i < table->groups.fresh; i++) {
        struct pool_id id;
        struct desk_group *group = pool_at(&table->groups, i, &id);
        if (group && group->is_swept) return group;
    }
    return NULL;
}

uint64_t desk_deadline_us(const struct desk_table *table)
{
    return next_swept(table) ? 0 : deadlines_next_us(&table->deadlines);
}

// Looks at the next lines of a group whose settings have changed: of a group that is gone, at those
// that are watched.
static void sweep(struct desk_table *table, struct turn *turn, struct desk_group *group)
{
    for (int i = 0; i < DESK_TICK_MAX && group->is_swept; i++) {
        const struct snapshot_line *line = line_next_of_group(table->neighbours.lines,
                                                              group->group_id, &group->place);
        if (line) {
            desk_line_changed(table, turn, line->line_id);
        } else {
            group->is_swept = false;
            let_group_go(table, group->group_id);
        }
    }
}

static void take_due(struct desk_table *table, struct turn *turn, struct pool_id id)
{
    const struct desk *desk = pool_find(&table->desks, id);
    switch ((enum desk_phase)desk->phase) {
    case PHASE_DUE:
        if (has_place(table, turn, id)) desk_ask(table, turn, id);
        break;
    case PHASE_ASKING:
        desk_responded(table, turn, &(struct desk_response){.desk = id, .txn = desk->txn});
        break;
    case PHASE_SUBSCRIBED:
        if (!desk->is_told) {
            desk_refused(table, turn, id,
                         &(struct desk_news){.state = DESK_NOT_OFFERED,
                                             .reason = SPAN("the PBX tells nothing")},
                         DESK_RETRY_S);
        } else {
            desk_make_due(table, turn, id);
        }
        break;
    case PHASE_REFUSED: desk_make_due(table, turn, id); break;
    }
}

void desk_tick(struct desk_table *table, struct turn *turn)
{
    uint32_t index;
    struct desk_group *group = next_swept(table);
    if (group) sweep(table, turn, group);
    for (int i = 0; i < DESK_TICK_MAX; i++) {
        struct pool_id id;
        if (!deadlines_take_due(&table->deadlines, turn->now_us, &index)) return;
        if (pool_at(&table->desks, index, &id)) take_due(table, turn, id);
    }
}
