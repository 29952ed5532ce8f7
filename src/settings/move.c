// SPDX-License-Identifier: Apache-2.0
// An exception gets another place among those of its line. It goes exactly there; what stands in
// its way makes room by one place, towards the one that becomes free, and so on up to the first
// gap. So all others keep their order, and none goes beyond the places that were in use.
//
//     1  2  3  .  5        1  2  3  .  5
//     a  b  c     d        d  a  b  c          d moves from 5 to 1
#include "settings/settings_int.h"

enum { NOWHERE = 0 }; // a position that no exception has: where it waits meanwhile

// The line's exceptions as they were.
struct places {
    struct model_exception taken[EXCEPTIONS_MAX];
    size_t count;
};

static bool note_place(void *context, uint32_t id, const void *record)
{
    (void)id;
    struct places *places = context;
    places->taken[places->count++] = *(const struct model_exception *)record;
    return places->count < EXCEPTIONS_MAX;
}

// Who was at a position; NULL: nobody.
static const struct model_exception *find(const struct places *places, uint32_t position)
{
    for (size_t i = 0; i < places->count; i++) {
        if (places->taken[i].position == position) return &places->taken[i];
    }
    return NULL;
}

static enum err rename_one(struct settings *settings, const struct model_exception *exception,
                           uint32_t position, struct settings_problem *problem)
{
    struct model_exception renamed = *exception;
    renamed.position = position;
    enum err err = store_rename(settings->store, KIND_EXCEPTION, exception, &renamed);
    return err == ERR_NONE ? err : settings_fail_store(settings, err, problem);
}

// Moves one exception and writes it down.
static enum err step(struct settings *settings, const struct model_exception *exception,
                     uint32_t position, struct settings_problem *problem)
{
    struct model_exception after = *exception;
    after.position = position;
    enum err err = rename_one(settings, exception, position, problem);
    if (err != ERR_NONE) return err;
    return settings_audit(settings, KIND_EXCEPTION, exception, &after, problem);
}

// Makes room at `to`, from the far end on; `from` is free already.
static enum err make_room(struct settings *settings, const struct places *places, uint32_t from,
                          uint32_t to, struct settings_problem *problem)
{
    int way = from > to ? 1 : -1;
    uint32_t free_place = to;
    enum err err = ERR_NONE;
    while (free_place != from && find(places, free_place)) {
        free_place = (uint32_t)((int)free_place + way);
    }
    while (err == ERR_NONE && free_place != to) {
        uint32_t next = (uint32_t)((int)free_place - way);
        err = step(settings, find(places, next), free_place, problem);
        free_place = next;
    }
    return err;
}

static enum err move(struct settings *settings, const struct model_exception *exception,
                     uint32_t position, struct settings_problem *problem)
{
    struct places places = {.count = 0};
    struct store_query all = {
        .kind = KIND_EXCEPTION, .group = exception->group, .extension = exception->extension};
    enum err err = store_list(settings->store, &all, note_place, &places);
    if (err != ERR_NONE) return settings_fail_store(settings, err, problem);
    const struct model_exception *before = find(&places, exception->position);
    if (!before) {
        return settings_fail(problem, ERR_NOT_FOUND, "", "the line has no exception at position %u",
                             exception->position);
    }
    struct model_exception waiting = *before, after = *before;
    waiting.position = NOWHERE;
    after.position = position;
    err = rename_one(settings, before, NOWHERE, problem);
    if (err == ERR_NONE) err = make_room(settings, &places, before->position, position, problem);
    if (err == ERR_NONE) err = rename_one(settings, &waiting, position, problem);
    if (err != ERR_NONE) return err;
    return settings_audit(settings, KIND_EXCEPTION, before, &after, problem);
}

enum err settings_move(struct settings *settings, const struct model_exception *exception,
                       uint32_t position, struct settings_problem *problem)
{
    ASSERT(position > 0 && position <= POSITION_MAX);
    if (position == exception->position) return ERR_NONE;
    enum err err = settings_begin(settings, problem);
    if (err != ERR_NONE) return err;
    err = move(settings, exception, position, problem);
    if (err == ERR_NONE) err = settings_collect_saved(settings, KIND_EXCEPTION, exception, problem);
    return settings_end(settings, err, problem);
}
