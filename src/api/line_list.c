// SPDX-License-Identifier: Apache-2.0
// Lines by what is not in the store: how they stand with their PBX, and whether they forward
// abroad. All lines that a query has are gone through in one pass, by their keys alone, which is
// fast; only those of the page are then read as a whole.
#include "api/api_int.h"

#include <stdlib.h>
#include <string.h>

// In the order of a list by state: what wants a look stands first.
static const enum model_registration_state by_need[REGISTRATION_STATE_COUNT] = {
    REGISTRATION_REFUSED,    REGISTRATION_UNREACHABLE, REGISTRATION_WAITING,
    REGISTRATION_REGISTERED, REGISTRATION_DISABLED,
};

// The lines of one state, or all, in their order.
struct bucket {
    struct api_found_line *lines;
    size_t count;
};

struct search {
    struct api *api;
    const struct api_line_query *wanted;
    struct bucket buckets[REGISTRATION_STATE_COUNT]; // by place in the list; one unless by state
    bool is_out_of_memory;
    enum err err;
    struct settings_problem *problem;
};

void api_line_registration(struct api *api, uint32_t line_id, bool is_enabled,
                           struct model_registration *out)
{
    const struct api_engine *engine = &api->options.engine;
    *out = (struct model_registration){.state = REGISTRATION_WAITING};
    if (engine->registration(engine->context, line_id, out)) return;
    *out = (struct model_registration){.state = is_enabled ? REGISTRATION_WAITING
                                                           : REGISTRATION_DISABLED};
}

// Whose state nobody has told yet, soon after the start, is read as a whole: it may be off.
static bool read_state(struct search *search, uint32_t id, const struct model_line *key,
                       enum model_registration_state *state)
{
    const struct api_engine *engine = &search->api->options.engine;
    struct model_registration registration = {0};
    struct model_line line = {.group = ""};
    if (!engine->registration(engine->context, id, &registration)) {
        memcpy(line.group, key->group, sizeof line.group);
        memcpy(line.extension, key->extension, sizeof line.extension);
        search->err = settings_get(search->api->options.settings, KIND_LINE, &line, NULL,
                                   search->problem);
        if (search->err) return false;
        api_line_registration(search->api, id, line.is_enabled, &registration);
    }
    *state = registration.state;
    return true;
}

static size_t place_of(const struct api_line_query *wanted, enum model_registration_state state)
{
    size_t place = 0;
    while (place + 1 < REGISTRATION_STATE_COUNT && by_need[place] != state) place++;
    return wanted->is_descending ? REGISTRATION_STATE_COUNT - 1 - place : place;
}

// Whether a list by state has shown the line before: it stands up to where `after` is.
static bool is_before(const struct api_line_query *wanted, size_t place,
                      const struct model_line *line)
{
    const struct model_line *after = wanted->after;
    if (!after) return false;
    size_t after_place = place_of(wanted, wanted->after_state);
    if (place != after_place) return place < after_place;
    int order = strcmp(line->group, after->group);
    if (order == 0) order = strcmp(line->extension, after->extension);
    return wanted->is_descending ? order >= 0 : order <= 0;
}

// Takes a line into its bucket; false where that has all it needs.
static bool put(struct search *search, size_t place, uint32_t id, const struct model_line *line)
{
    struct bucket *bucket = &search->buckets[place];
    size_t max = (size_t)search->wanted->limit + 1; // one more, so that it is known of
    if (bucket->count == max) return false;
    if (!bucket->lines) bucket->lines = calloc(max, sizeof *bucket->lines);
    search->is_out_of_memory = !bucket->lines;
    if (!bucket->lines) return false;
    struct api_found_line *found = &bucket->lines[bucket->count++];
    found->id = id;
    memcpy(found->group, line->group, sizeof found->group);
    memcpy(found->extension, line->extension, sizeof found->extension);
    return bucket->count < max;
}

static bool take_line(void *context, uint32_t id, const void *record)
{
    struct search *search = context;
    const struct api_line_query *wanted = search->wanted;
    const struct model_line *line = record;
    enum model_registration_state state = REGISTRATION_WAITING;
    const struct settings *settings = search->api->options.settings;
    if (wanted->is_abroad && !settings_abroad_target(settings, id)) return true;
    if (wanted->has_state || wanted->is_by_state) {
        if (!read_state(search, id, line, &state)) return false;
    }
    if (wanted->has_state && state != wanted->state) return true;
    if (!wanted->is_by_state) return put(search, 0, id, line);
    size_t place = place_of(wanted, state);
    if (!is_before(wanted, place, line)) put(search, place, id, line);
    return !search->is_out_of_memory && search->buckets[0].count <= wanted->limit;
}

// Puts the buckets behind each other.
static void join(const struct search *search, struct api_found_lines *found)
{
    for (size_t place = 0; place < REGISTRATION_STATE_COUNT; place++) {
        const struct bucket *bucket = &search->buckets[place];
        for (size_t i = 0; i < bucket->count; i++) {
            found->has_more = found->count == search->wanted->limit;
            if (found->has_more) return;
            found->at[found->count++] = bucket->lines[i];
        }
    }
}

enum err api_find_lines(struct api *api, const struct api_line_query *wanted,
                        struct api_found_lines *found, struct settings_problem *problem)
{
    struct search search = {.api = api, .wanted = wanted, .problem = problem};
    struct store_query query = *wanted->query;
    query.has_keys_only = true;
    query.limit = 0;
    if (wanted->is_by_state) query.after = NULL;
    *found = (struct api_found_lines){.at = calloc(wanted->limit, sizeof *found->at)};
    enum err err = found->at
                       ? settings_list(api->options.settings, &query, take_line, &search, problem)
                       : ERR_NO_MEMORY;
    if (err == ERR_NONE) err = search.err;
    if (search.is_out_of_memory) err = ERR_NO_MEMORY;
    if (err == ERR_NONE) join(&search, found);
    if (err == ERR_NO_MEMORY) *problem = (struct settings_problem){.err = err};
    for (size_t i = 0; i < REGISTRATION_STATE_COUNT; i++) free(search.buckets[i].lines);
    if (err == ERR_NONE) return err;
    free(found->at);
    *found = (struct api_found_lines){0};
    return err;
}
