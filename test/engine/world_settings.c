// SPDX-License-Identifier: Apache-2.0
// The settings of a world: what scripts say becomes records, and their blocks go to the engines
// that have the lines.
#include "world_int.h"

#include <stdlib.h>
#include <string.h>

// ---- Blocks for all engines

static uint64_t now_s(void *context)
{
    const struct world *world = context;
    return world->time.wall_us / 1000000;
}

static void on_zone_changed(void *context, const struct snapshot_zone *zone)
{
    struct world *world = context;
    for (uint32_t i = 0; i < world->worker_count; i++) {
        engine_put_zone(world->workers[i].engine, zone);
    }
}

static void on_group_changed(void *context, const struct snapshot_group *group)
{
    struct world *world = context;
    for (uint32_t i = 0; i < world->worker_count; i++) {
        struct snapshot_group *copy = malloc(group->size);
        memcpy(copy, group, group->size);
        world->block_count++;
        bool is_taken = engine_put_group(world->workers[i].engine, world->time, copy);
        ASSERT(is_taken);
    }
    world_deliver(world);
}

static void on_group_removed(void *context, uint32_t group_id)
{
    struct world *world = context;
    for (uint32_t i = 0; i < world->worker_count; i++) {
        engine_remove_group(world->workers[i].engine, world->time, group_id);
    }
    world_deliver(world);
}

// ---- Lines, each at one worker

static struct place *find_place(struct world *world, uint32_t line_id)
{
    for (size_t i = 0; i < world->place_count; i++) {
        if (world->places[i].line_id == line_id) return &world->places[i];
    }
    return NULL;
}

struct engine *world_engine_of_line(struct world *world, uint32_t line_id)
{
    const struct place *place = find_place(world, line_id);
    return world->workers[place ? place->worker : 0].engine;
}

// What the line's registration was: at the worker that gives it up, or as it was saved.
static bool take_over(struct world *world, const struct place *place, uint32_t line_id,
                      struct line_saved *before)
{
    if (place) {
        struct engine *engine = world->workers[place->worker].engine;
        return engine_yield_line(engine, world->time, line_id, before);
    }
    for (size_t i = 0; i < world->saved_count; i++) {
        if (world->saved[i].registration.line_id != line_id) continue;
        *before = world->saved[i];
        before->registration.until_us += world_wall_ahead_us(world);
        return true;
    }
    return false;
}

void world_note_place(struct world *world, const struct line_elsewhere *known)
{
    for (uint8_t i = 0; i < world->worker_count; i++) {
        struct engine *engine = world->workers[i].engine;
        if (i == known->worker) {
            engine_remove_elsewhere(engine, world->time, known->group_id == 0, known->id);
        } else {
            bool is_taken = engine_put_elsewhere(engine, world->time, known);
            ASSERT(is_taken);
        }
    }
}

static void on_line_changed(void *context, const struct snapshot_line *line)
{
    struct world *world = context;
    struct line_saved before;
    struct span extension = snapshot_text(line, line->extension);
    uint32_t key = line->user_id ? line->user_id : (uint8_t)extension.at[extension.len - 1];
    uint8_t to = (uint8_t)(key % world->worker_count);
    struct place *place = find_place(world, line->line_id);
    bool is_moved = !place || place->worker != to;
    bool has_before = is_moved && take_over(world, place, line->line_id, &before);
    if (!place) {
        ASSERT(world->place_count < STATES_MAX);
        place = &world->places[world->place_count++];
        place->line_id = line->line_id;
    }
    place->worker = to;
    if (is_moved) {
        world_note_place(world,
                         &(struct line_elsewhere){line->group_id, line->line_id, to, extension});
    }
    struct snapshot_line *copy = malloc(line->size);
    memcpy(copy, line, line->size);
    world->block_count++;
    bool is_taken = engine_put_line(world->workers[to].engine, world->time, copy);
    ASSERT(is_taken);
    if (has_before) engine_restore_line(world->workers[to].engine, world->time, &before);
    world_deliver(world);
}

static void on_line_removed(void *context, uint32_t line_id)
{
    struct world *world = context;
    struct place *place = find_place(world, line_id);
    engine_remove_line(world_engine_of_line(world, line_id), world->time, line_id);
    for (uint32_t i = 0; i < world->worker_count; i++) {
        engine_remove_elsewhere(world->workers[i].engine, world->time, false, line_id);
    }
    if (place) *place = world->places[--world->place_count];
    world_deliver(world);
}

// A user's devices are where the user's lines are.
static void on_device_changed(void *context, const struct snapshot_device *device)
{
    struct world *world = context;
    uint8_t at = (uint8_t)(device->user_id % world->worker_count);
    world_note_place(world, &(struct line_elsewhere){.id = device->device_id,
                                                     .worker = at,
                                                     .name = span_of(device->sip_user)});
    bool is_taken = engine_put_device(world->workers[at].engine, world->time, device);
    ASSERT(is_taken);
    world_deliver(world);
}

static void on_device_removed(void *context, uint32_t device_id)
{
    struct world *world = context;
    for (uint32_t i = 0; i < world->worker_count; i++) {
        engine_remove_device(world->workers[i].engine, world->time, device_id);
        engine_remove_elsewhere(world->workers[i].engine, world->time, true, device_id);
    }
    world_deliver(world);
}

struct settings_listener world_listener(struct world *world)
{
    return (struct settings_listener){.context = world,
                                      .now_s = now_s,
                                      .zone_changed = on_zone_changed,
                                      .group_changed = on_group_changed,
                                      .group_removed = on_group_removed,
                                      .line_changed = on_line_changed,
                                      .line_removed = on_line_removed,
                                      .device_changed = on_device_changed,
                                      .device_removed = on_device_removed};
}

// ---- Records by words

// Cuts the next word "field=value" or "field='some value'" off `*rest`.
static struct span next_word(struct span *rest, struct span *value)
{
    *rest = span_trim(*rest);
    struct span name = span_split(rest, '=');
    if (rest->len > 0 && rest->at[0] == '\'') {
        *rest = span_from(*rest, 1);
        *value = span_split(rest, '\'');
    } else {
        *value = span_split(rest, ' ');
    }
    return name;
}

static bool find_kind(struct span name, enum model_kind *kind)
{
    for (unsigned i = 0; i < KIND_COUNT; i++) {
        *kind = (enum model_kind)i;
        if (span_eq(name, span_of(model_kind(*kind)->name))) return true;
    }
    return false;
}

// Fills the record's fields from words; only the key fields where `is_key_only`.
static const char *fill(struct world *world, enum model_kind kind, struct span words,
                        bool is_key_only, union model_record *record)
{
    char reason[REASON_SIZE];
    while (words.len > 0) {
        struct span value, name = next_word(&words, &value);
        const struct model_field *field = model_find_field(kind, name);
        if (!field) return "no such field";
        if (is_key_only && !(field->flags & FIELD_KEY)) continue;
        const char *refused = model_set_field(field, record, value, reason);
        if (!refused) continue;
        struct buffer out = buffer_over(world->reason, sizeof world->reason - 1);
        buffer_printf(&out, "%s %s", field->name, refused);
        world->reason[out.len] = '\0';
        return world->reason;
    }
    return NULL;
}

static const char *explain(struct world *world, const struct settings_problem *problem)
{
    struct buffer out = buffer_over(world->reason, sizeof world->reason - 1);
    buffer_printf(&out, "%s %s", problem->field, problem->reason);
    world->reason[out.len] = '\0';
    return world->reason;
}

const char *world_set(struct world *world, struct span kind_name, struct span words, bool is_new)
{
    enum model_kind kind;
    union model_record record;
    struct settings_problem problem = {0};
    const char *refused;
    if (!find_kind(kind_name, &kind)) return "no such kind";
    model_defaults(kind, &record);
    if (!is_new) {
        if ((refused = fill(world, kind, words, true, &record)) != NULL) return refused;
        if (settings_get(world->settings, kind, &record, NULL, &problem) != ERR_NONE) {
            return explain(world, &problem);
        }
    }
    if ((refused = fill(world, kind, words, false, &record)) != NULL) return refused;
    enum err err = is_new ? settings_add(world->settings, kind, &record, &problem)
                          : settings_replace(world->settings, kind, &record, &problem);
    return err == ERR_NONE ? NULL : explain(world, &problem);
}

const char *world_remove(struct world *world, struct span kind_name, struct span words)
{
    enum model_kind kind;
    union model_record record;
    struct settings_problem problem = {0};
    if (!find_kind(kind_name, &kind)) return "no such kind";
    model_defaults(kind, &record);
    const char *refused = fill(world, kind, words, true, &record);
    if (refused) return refused;
    enum err err = settings_remove(world->settings, kind, &record, &problem);
    return err == ERR_NONE ? NULL : explain(world, &problem);
}

uint32_t world_id(struct world *world, struct span kind_name, struct span words)
{
    enum model_kind kind;
    union model_record record;
    struct settings_problem problem;
    uint32_t id = 0;
    if (!find_kind(kind_name, &kind)) return 0;
    model_defaults(kind, &record);
    if (fill(world, kind, words, true, &record)) return 0;
    return settings_get(world->settings, kind, &record, &id, &problem) == ERR_NONE ? id : 0;
}
