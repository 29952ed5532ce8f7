// SPDX-License-Identifier: Apache-2.0
// Checks of groups as they are kept, and what follows from one: whether forwardings are redirected
// or bridged (following.c asks), and the group's pbx_ring_timeout. docs/group-check.md.
#include "settings/settings_int.h"

#include <string.h>

enum { CHECKS_KEPT_MAX = 20 }; // of a group

// ---- Looking at those that there are

struct survey {
    uint32_t count, highest;
    struct model_check oldest;
    bool has_stale;
    struct model_check stale;
};

static bool survey_one(void *context, uint32_t id, const void *record)
{
    struct survey *survey = context;
    const struct model_check *check = record;
    (void)id;
    if (survey->count++ == 0) survey->oldest = *check;
    if (check->number > survey->highest) survey->highest = check->number;
    if (check->state == CHECK_RUNNING) {
        survey->has_stale = true;
        survey->stale = *check;
    }
    return true;
}

// `group` NULL: of all groups.
static enum err survey(struct settings *settings, const char *group, struct survey *out,
                       struct settings_problem *problem)
{
    struct store_query query = {.kind = KIND_CHECK, .group = group};
    *out = (struct survey){.count = 0};
    enum err err = store_list(settings->store, &query, survey_one, out);
    return err == ERR_NONE ? err : settings_fail_store(settings, err, problem);
}

// ---- Beginning

enum err settings_next_check(struct settings *settings, uint32_t *number,
                             struct settings_problem *problem)
{
    struct survey all;
    enum err err = survey(settings, NULL, &all, problem);
    *number = all.highest + 1;
    return err;
}

enum err settings_add_check(struct settings *settings, const struct model_check *check,
                            struct settings_problem *problem)
{
    struct survey own;
    uint32_t id;
    enum err err = survey(settings, check->group, &own, problem);
    if (err != ERR_NONE) return err;
    if (own.count >= CHECKS_KEPT_MAX) {
        err = store_remove(settings->store, KIND_CHECK, &own.oldest);
        if (err != ERR_NONE) return settings_fail_store(settings, err, problem);
    }
    err = store_add(settings->store, KIND_CHECK, check, &id);
    return err == ERR_NONE ? err : settings_fail_store(settings, err, problem);
}

// ---- Ending

static void set_ring_timeout(const struct model_check *check, struct model_group *group)
{
    struct model_check_row rows[CHECK_ROWS];
    const struct model_field *field = model_find_field(KIND_GROUP, SPAN("pbx_ring_timeout"));
    model_check_read_rows(span_of(check->rows), rows);
    const struct model_check_row *ring = &rows[CHECK_RING_TIMEOUT];
    if (ring->finding != FOUND_TIMES_OUT) return;
    uint32_t seconds = (ring->ms + 500) / 1000;
    if (seconds >= field->min && seconds <= field->max) group->pbx_ring_timeout_s = seconds;
}

// The group's block tells the engine what was found out.
static enum err publish(struct settings *settings, const struct model_group *group,
                        struct settings_problem *problem)
{
    enum err err = settings_begin(settings, problem);
    if (err != ERR_NONE) return err;
    err = settings_collect_saved(settings, KIND_GROUP, group, problem);
    return settings_end(settings, err, problem);
}

enum err settings_end_check(struct settings *settings, const struct model_check *check,
                            struct settings_problem *problem)
{
    struct model_group group = {.name = ""};
    struct settings_actor actor = {.name = SETTINGS_CHECK};
    enum err err = store_replace(settings->store, KIND_CHECK, check);
    if (err != ERR_NONE) return settings_fail_store(settings, err, problem);
    memcpy(group.name, check->group, sizeof group.name);
    err = store_get(settings->store, KIND_GROUP, &group, NULL);
    if (err != ERR_NONE) return settings_fail_store(settings, err, problem);
    uint32_t before_s = group.pbx_ring_timeout_s;
    set_ring_timeout(check, &group);
    if (group.pbx_ring_timeout_s == before_s) return publish(settings, &group, problem);
    settings_set_actor(settings, &actor);
    return settings_replace(settings, KIND_GROUP, &group, problem);
}

enum err settings_end_stale_checks(struct settings *settings, struct settings_problem *problem)
{
    struct survey all;
    for (;;) {
        enum err err = survey(settings, NULL, &all, problem);
        if (err != ERR_NONE || !all.has_stale) return err;
        all.stale.state = CHECK_INTERRUPTED;
        all.stale.ended_s = settings_now_s(settings);
        err = store_replace(settings->store, KIND_CHECK, &all.stale);
        if (err != ERR_NONE) return settings_fail_store(settings, err, problem);
    }
}

// ---- What the last ones say

static enum settings_following following_of(const struct model_check_row *row)
{
    if (row->verdict == CHECK_NOT_TESTED) return FOLLOWING_UNKNOWN;
    return row->verdict == CHECK_FAILS ? FOLLOWS_NOT : FOLLOWS;
}

// The newest result counts, for each of both kinds of target.
static bool take_verdicts(void *context, uint32_t id, const void *record)
{
    struct settings_verdicts *verdicts = context;
    const struct model_check *check = record;
    struct model_check_row rows[CHECK_ROWS];
    (void)id;
    model_check_read_rows(span_of(check->rows), rows);
    enum settings_following internal = following_of(&rows[CHECK_REDIRECT_INTERNAL]);
    enum settings_following external = following_of(&rows[CHECK_REDIRECT_EXTERNAL]);
    if (internal != FOLLOWING_UNKNOWN) verdicts->internal = internal;
    if (external != FOLLOWING_UNKNOWN) verdicts->external = external;
    return true;
}

enum err settings_find_verdicts(struct settings *settings, const char *group,
                                struct settings_verdicts *verdicts,
                                struct settings_problem *problem)
{
    struct store_query query = {.kind = KIND_CHECK, .group = group};
    *verdicts = (struct settings_verdicts){FOLLOWING_UNKNOWN, FOLLOWING_UNKNOWN};
    enum err err = store_list(settings->store, &query, take_verdicts, verdicts);
    if (err != ERR_NONE) return settings_fail_store(settings, err, problem);
    // A PBX that follows no 302 to a colleague follows none to the outside.
    if (verdicts->external == FOLLOWING_UNKNOWN && verdicts->internal == FOLLOWS_NOT) {
        verdicts->external = FOLLOWS_NOT;
    }
    return ERR_NONE;
}
