// SPDX-License-Identifier: Apache-2.0
// Exceptions for a number of `calls` are counted down when they are carried out. docs/decision.md.
#include "settings/settings_int.h"

// The exception that was used; NULL where it is no more.
static const struct model_exception *find(const struct settings_line *line, uint32_t rule_id)
{
    for (size_t i = 0; i < line->exception_count; i++) {
        if (line->exception_ids[i] == rule_id) return &line->exceptions[i];
    }
    return NULL;
}

static enum err note_nothing(void *context, const struct snapshot_line *block)
{
    (void)context;
    (void)block;
    return ERR_NONE;
}

// Saves what is left, and leaves the line's new block in `settings`.
static enum err save(struct settings *settings, const struct model_exception *before,
                     const struct settings_use *use, struct settings_problem *problem)
{
    struct model_exception after = *before;
    struct store_query query = {
        .kind = KIND_LINE, .group = use->group, .extension = use->extension};
    if (use->count < before->calls) {
        after.calls = before->calls - use->count;
    } else {
        after.calls = 1; // that is what it is for when it is switched on again; 0 is any number
        after.is_enabled = false;
    }
    enum err err = store_replace(settings->store, KIND_EXCEPTION, &after);
    if (err != ERR_NONE) return settings_fail_store(settings, err, problem);
    settings_set_actor(settings, &(struct settings_actor){.name = SETTINGS_SERVER});
    err = settings_audit(settings, KIND_EXCEPTION, before, &after, problem);
    if (err != ERR_NONE) return err;
    return settings_walk(settings, &query, note_nothing, NULL, problem);
}

static enum err count(struct settings *settings, const struct settings_use *use, bool *is_changed,
                      struct settings_problem *problem)
{
    struct settings_line line;
    enum err err = settings_load_line(settings, use->group, use->extension, &line, problem);
    if (err != ERR_NONE) return err == ERR_NOT_FOUND ? ERR_NONE : err;
    const struct model_exception *before = find(&line, use->rule_id);
    *is_changed = before && before->is_enabled && before->calls > 0;
    return *is_changed ? save(settings, before, use, problem) : ERR_NONE;
}

enum err settings_count_use(struct settings *settings, const struct settings_use *use,
                            struct settings_problem *problem)
{
    const struct settings_listener *listener = &settings->listener;
    bool is_changed = false;
    ASSERT(settings->batch == BATCH_NONE);
    enum err err = store_begin(settings->store);
    if (err != ERR_NONE) return settings_fail_store(settings, err, problem);
    err = count(settings, use, &is_changed, problem);
    if (err != ERR_NONE) {
        store_rollback(settings->store);
        return err;
    }
    err = store_commit(settings->store);
    if (err != ERR_NONE) return settings_fail_store(settings, err, problem);
    if (listener->rule_counted) {
        listener->rule_counted(listener->context, use, is_changed ? settings->block : NULL);
    }
    return ERR_NONE;
}
