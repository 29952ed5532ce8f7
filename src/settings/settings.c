// SPDX-License-Identifier: Apache-2.0
// Changes: check, one transaction, and, once that is durable, the news of it to the engine.
//
//   record --check--> begin, references, save, collect news, commit --> listener
//            |                 |
//            +--- refused -----+--- undone; nothing is published
#include "settings/settings_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct settings *settings_new(struct store *store, struct settings_listener listener)
{
    struct settings *settings = calloc(1, sizeof *settings);
    struct snapshot_line *block = malloc(SNAPSHOT_LINE_MAX);
    struct snapshot_group *group_block = malloc(SNAPSHOT_GROUP_MAX);
    if (!settings || !block || !group_block) {
        free(settings);
        free(block);
        free(group_block);
        return NULL;
    }
    settings->store = store;
    settings->listener = listener;
    settings->next_end_s = UINT64_MAX;
    settings->block = block;
    settings->group_block = group_block;
    settings_set_actor(settings, &(struct settings_actor){.name = SETTINGS_SERVER});
    return settings;
}

void settings_free(struct settings *settings)
{
    if (!settings) return;
    free(settings->block);
    free(settings->group_block);
    settings_free_abroad(&settings->abroad);
    free(settings);
}

// ---- Problems

enum err settings_fail(struct settings_problem *problem, enum err err, const char *field,
                       const char *format, ...)
{
    va_list arguments;
    problem->err = err;
    text_copy(problem->field, sizeof problem->field, span_of(field));
    va_start(arguments, format);
    vsnprintf(problem->reason, sizeof problem->reason, format, arguments);
    va_end(arguments);
    return err;
}

enum err settings_fail_store(const struct settings *settings, enum err err,
                             struct settings_problem *problem)
{
    return settings_fail(problem, err, "", "%s", store_error(settings->store));
}

void settings_warn(struct settings_problem *problem, const char *format, ...)
{
    size_t len = strlen(problem->warning);
    va_list arguments;
    if (len > 0) text_copy(problem->warning + len, sizeof problem->warning - len, SPAN("; "));
    len = strlen(problem->warning);
    va_start(arguments, format);
    vsnprintf(problem->warning + len, sizeof problem->warning - len, format, arguments);
    va_end(arguments);
}

// ---- News

static enum err put_line(void *context, const struct snapshot_line *block)
{
    return settings_outbox_put(context, NEWS_LINE_CHANGED, block, block->size);
}

static enum err collect_lines(struct settings *settings, const struct store_query *query,
                              struct settings_problem *problem)
{
    return settings_walk(settings, query, put_line, &settings->outbox, problem);
}

static enum err put_device(void *context, const struct snapshot_device *device)
{
    return settings_outbox_put(context, NEWS_DEVICE_CHANGED, device, sizeof *device);
}

// The devices of a user; "" has none.
static enum err collect_devices(struct settings *settings, const char *user,
                                struct settings_problem *problem)
{
    if (!*user) return ERR_NONE;
    return settings_walk_devices(settings, user, put_device, &settings->outbox, problem);
}

static enum err collect_number(struct settings *settings, enum settings_news news, uint32_t id,
                               struct settings_problem *problem)
{
    enum err err = settings_outbox_put(&settings->outbox, news, &id, sizeof id);
    return err == ERR_NONE ? err : settings_fail(problem, err, "", "out of memory");
}

// The group called `name` itself, without its lines.
static enum err collect_site(struct settings *settings, const char *name,
                             struct settings_problem *problem)
{
    const struct snapshot_group *block = settings->group_block;
    enum err err = settings_load_site(settings, name, &settings->site, problem);
    if (err == ERR_NONE) err = settings_build_group(settings, problem);
    if (err != ERR_NONE) return err;
    err = settings_outbox_put(&settings->outbox, NEWS_GROUP_CHANGED, block, block->size);
    return err == ERR_NONE ? err : settings_fail(problem, err, "", "out of memory");
}

static enum err collect_group(struct settings *settings, const struct model_group *group,
                              struct settings_problem *problem)
{
    struct store_query query = {.kind = KIND_LINE, .group = group->name};
    enum err err = collect_site(settings, group->name, problem);
    return err == ERR_NONE ? collect_lines(settings, &query, problem) : err;
}

// The groups that use a calendar, one after the other.
struct calendar_use {
    const char *calendar;
    char after[NAME_SIZE], group[NAME_SIZE]; // the last group that was found, the next one
};

static bool find_next_group(void *context, uint32_t id, const void *record)
{
    (void)id;
    struct calendar_use *use = context;
    const struct model_admin_forwarding *forwarding = record;
    bool is_next = strcmp(forwarding->calendar, use->calendar) == 0 &&
                   strcmp(forwarding->group, use->after) > 0;
    if (is_next) memcpy(use->group, forwarding->group, sizeof use->group);
    return !is_next;
}

static enum err collect_calendar(struct settings *settings, const struct model_calendar *calendar,
                                 struct settings_problem *problem)
{
    struct store_query query = {.kind = KIND_ADMIN_FORWARDING};
    struct calendar_use use = {.calendar = calendar->name};
    for (;;) {
        use.group[0] = '\0';
        enum err err = store_list(settings->store, &query, find_next_group, &use);
        if (err != ERR_NONE) return settings_fail_store(settings, err, problem);
        if (!*use.group) return ERR_NONE;
        err = collect_site(settings, use.group, problem);
        if (err != ERR_NONE) return err;
        memcpy(use.after, use.group, sizeof use.after);
    }
}

// Which line a device dials through may follow from which lines its user has.
static enum err collect_line_owners(struct settings *settings, const struct model_line *line,
                                    struct settings_problem *problem)
{
    const char *before = settings->before.line.user; // empty of a new line
    if (strcmp(before, line->user) == 0) return ERR_NONE;
    enum err err = collect_devices(settings, before, problem);
    return err == ERR_NONE ? collect_devices(settings, line->user, problem) : err;
}

enum err settings_collect_saved(struct settings *settings, enum model_kind kind, const void *record,
                                struct settings_problem *problem)
{
    const union model_record *of = record;
    struct store_query query = {.kind = KIND_LINE};
    enum err err = ERR_NONE;
    switch (kind) {
    case KIND_GROUP: return collect_group(settings, &of->group, problem);
    case KIND_USER: query.user = of->user.name; break;
    case KIND_LINE:
        query.group = of->line.group;
        query.extension = of->line.extension;
        err = collect_line_owners(settings, &of->line, problem);
        break;
    case KIND_FORWARDING:
        query.group = of->forwarding.group;
        query.extension = of->forwarding.extension;
        break;
    case KIND_EXCEPTION:
        query.group = of->exception.group;
        query.extension = of->exception.extension;
        break;
    case KIND_CALENDAR: return collect_calendar(settings, &of->calendar, problem);
    case KIND_ADMIN_FORWARDING: return collect_site(settings, of->admin_forwarding.group, problem);
    case KIND_PROFILE: query.user = of->profile.user; break;
    case KIND_DEVICE: return collect_devices(settings, of->device.user, problem);
    case KIND_CHECK:
    case KIND_SESSION:
    case KIND_TOKEN: return ERR_NONE; // nothing that the engine knows
    case KIND_COUNT: ASSERT(false);
    }
    return err == ERR_NONE ? collect_lines(settings, &query, problem) : err;
}

static enum err collect_removed(struct settings *settings, enum model_kind kind, const void *record,
                                uint32_t id, struct settings_problem *problem)
{
    const union model_record *of = record;
    enum err err;
    switch (kind) {
    case KIND_GROUP: return collect_number(settings, NEWS_GROUP_REMOVED, id, problem);
    case KIND_LINE:
        err = collect_devices(settings, of->line.user, problem);
        if (err != ERR_NONE) return err;
        return collect_number(settings, NEWS_LINE_REMOVED, id, problem);
    case KIND_DEVICE: return collect_number(settings, NEWS_DEVICE_REMOVED, id, problem);
    case KIND_FORWARDING:
    case KIND_EXCEPTION:
    case KIND_PROFILE:
    case KIND_ADMIN_FORWARDING: return settings_collect_saved(settings, kind, record, problem);
    case KIND_USER:     // had no lines, or would not be removed
    case KIND_CALENDAR: // was used by nobody
    case KIND_CHECK:
    case KIND_SESSION:
    case KIND_TOKEN:
    case KIND_COUNT: break;
    }
    return ERR_NONE;
}

// ---- A change as a whole

enum err settings_begin(struct settings *settings, struct settings_problem *problem)
{
    if (settings->batch != BATCH_NONE) return ERR_NONE;
    enum err err = store_begin(settings->store);
    return err == ERR_NONE ? err : settings_fail_store(settings, err, problem);
}

// A change has failed before anything was written; the batch it belongs to fails with it.
static enum err refuse(struct settings *settings, enum err err)
{
    if (settings->batch != BATCH_NONE) settings->batch = BATCH_REFUSED;
    return err;
}

enum err settings_end(struct settings *settings, enum err err, struct settings_problem *problem)
{
    if (settings->batch != BATCH_NONE) return err == ERR_NONE ? err : refuse(settings, err);
    if (err == ERR_NONE) {
        err = store_commit(settings->store);
        if (err != ERR_NONE) settings_fail_store(settings, err, problem);
    } else {
        store_rollback(settings->store);
    }
    if (err == ERR_NONE) settings_outbox_publish(settings);
    settings_outbox_clear(&settings->outbox);
    return err;
}

enum err settings_begin_batch(struct settings *settings, struct settings_problem *problem)
{
    ASSERT(settings->batch == BATCH_NONE);
    enum err err = settings_begin(settings, problem);
    if (err == ERR_NONE) settings->batch = BATCH_OPEN;
    return err;
}

enum err settings_end_batch(struct settings *settings, bool is_wanted,
                            struct settings_problem *problem)
{
    enum err err = ERR_NONE;
    ASSERT(settings->batch != BATCH_NONE);
    if (is_wanted && settings->batch == BATCH_REFUSED) {
        err = settings_fail(problem, ERR_CONFLICT, "", "a change of the batch was refused");
    }
    settings->batch = BATCH_NONE;
    if (is_wanted) return settings_end(settings, err, problem);
    store_rollback(settings->store);
    settings_outbox_clear(&settings->outbox);
    return ERR_NONE;
}

enum saving { SAVE_NEW, SAVE_EXISTING, SAVE_EITHER };

// Adds or replaces the record, as `saving` allows, and writes down that it did.
static enum err save(struct settings *settings, enum model_kind kind, const void *record,
                     enum saving saving, bool *is_new, uint32_t *id,
                     struct settings_problem *problem)
{
    union model_record *present = &settings->before;
    enum err err = ERR_NOT_FOUND;
    memset(present, 0, sizeof *present);
    if (saving != SAVE_NEW) {
        memcpy(present, record, model_kind(kind)->record_size);
        err = store_get(settings->store, kind, present, id);
    }
    *is_new = err == ERR_NOT_FOUND;
    if (err == ERR_NONE) {
        err = store_replace(settings->store, kind, record);
    } else if (err == ERR_NOT_FOUND && saving != SAVE_EXISTING) {
        err = store_add(settings->store, kind, record, id);
    }
    if (err != ERR_NONE) return settings_fail_store(settings, err, problem);
    err = settings_audit(settings, kind, *is_new ? NULL : present, record, problem);
    if (err != ERR_NONE || kind != KIND_USER || *is_new) return err;
    return settings_follow_hand(settings, &present->user, record, problem);
}

static enum err change(struct settings *settings, enum model_kind kind, void *record,
                       enum saving saving, bool *is_new, struct settings_problem *problem)
{
    uint32_t id = 0;
    problem->warning[0] = '\0';
    enum err err = settings_check_record(kind, record, problem);
    if (err == ERR_NONE) err = settings_begin(settings, problem);
    if (err != ERR_NONE) return refuse(settings, err);
    err = settings_check_references(settings, kind, record, problem);
    if (err == ERR_NONE) err = save(settings, kind, record, saving, is_new, &id, problem);
    if (err == ERR_NONE) err = settings_check_loops(settings, kind, record, problem);
    if (err == ERR_NONE) err = settings_collect_saved(settings, kind, record, problem);
    return settings_end(settings, err, problem);
}

enum err settings_add(struct settings *settings, enum model_kind kind, void *record,
                      struct settings_problem *problem)
{
    bool is_new;
    return change(settings, kind, record, SAVE_NEW, &is_new, problem);
}

enum err settings_replace(struct settings *settings, enum model_kind kind, void *record,
                          struct settings_problem *problem)
{
    bool is_new;
    return change(settings, kind, record, SAVE_EXISTING, &is_new, problem);
}

enum err settings_put(struct settings *settings, enum model_kind kind, void *record, bool *is_new,
                      struct settings_problem *problem)
{
    return change(settings, kind, record, SAVE_EITHER, is_new, problem);
}

// ---- Removal

static bool is_use_of(void *context, uint32_t id, const void *record)
{
    (void)id;
    struct model_admin_forwarding *use = context;
    const struct model_admin_forwarding *forwarding = record;
    if (strcmp(forwarding->calendar, use->calendar) != 0) return true;
    *use = *forwarding;
    return false;
}

// Refuses to remove a calendar that an administrative forwarding names.
static enum err check_calendar_unused(struct settings *settings,
                                      const struct model_calendar *calendar,
                                      struct settings_problem *problem)
{
    struct store_query query = {.kind = KIND_ADMIN_FORWARDING};
    struct model_admin_forwarding use = {.name = ""};
    memcpy(use.calendar, calendar->name, sizeof use.calendar);
    enum err err = store_list(settings->store, &query, is_use_of, &use);
    if (err != ERR_NONE) return settings_fail_store(settings, err, problem);
    if (!*use.name) return ERR_NONE;
    return settings_fail(problem, ERR_CONFLICT, "", "calendar %s is used by %s of group %s",
                         calendar->name, use.name, use.group);
}

// Refuses to remove a group or user that has lines.
static enum err check_unused(struct settings *settings, enum model_kind kind, const void *record,
                             struct settings_problem *problem)
{
    const union model_record *of = record;
    struct store_query query = {.kind = KIND_LINE};
    if (kind == KIND_GROUP) query.group = of->group.name;
    if (kind == KIND_USER) query.user = of->user.name;
    if (kind == KIND_CALENDAR) return check_calendar_unused(settings, &of->calendar, problem);
    if (!query.group && !query.user) return ERR_NONE;
    uint64_t count = 0;
    enum err err = store_count(settings->store, &query, &count);
    if (err != ERR_NONE) return settings_fail_store(settings, err, problem);
    if (count == 0) return ERR_NONE;
    return settings_fail(problem, ERR_CONFLICT, "", "%s %s still has %llu line%s",
                         model_kind(kind)->name, query.group ? query.group : query.user,
                         (unsigned long long)count, count == 1 ? "" : "s");
}

static enum err put_removed_device(void *context, const struct snapshot_device *device)
{
    return settings_outbox_put(context, NEWS_DEVICE_REMOVED, &device->device_id,
                               sizeof device->device_id);
}

// A user's devices go along.
static enum err collect_removed_devices(struct settings *settings, const struct model_user *user,
                                        struct settings_problem *problem)
{
    return settings_walk_devices(settings, user->name, put_removed_device, &settings->outbox,
                                 problem);
}

enum err settings_remove(struct settings *settings, enum model_kind kind, const void *record,
                         struct settings_problem *problem)
{
    union model_record present;
    uint32_t id = 0;
    enum err err = settings_begin(settings, problem);
    if (err != ERR_NONE) return err;
    memcpy(&present, record, model_kind(kind)->record_size);
    err = store_get(settings->store, kind, &present, &id);
    if (err != ERR_NONE) settings_fail_store(settings, err, problem);
    if (err == ERR_NONE) err = check_unused(settings, kind, &present, problem);
    if (err == ERR_NONE) err = settings_audit_removal(settings, kind, &present, problem);
    if (err == ERR_NONE && kind == KIND_USER)
        err = collect_removed_devices(settings, &present.user, problem);
    if (err == ERR_NONE) {
        err = store_remove(settings->store, kind, &present);
        if (err != ERR_NONE) settings_fail_store(settings, err, problem);
    }
    if (err == ERR_NONE) err = collect_removed(settings, kind, &present, id, problem);
    return settings_end(settings, err, problem);
}

// ---- Reading

struct store *settings_store(struct settings *settings)
{
    return settings->store;
}

enum err settings_get(struct settings *settings, enum model_kind kind, void *record, uint32_t *id,
                      struct settings_problem *problem)
{
    enum err err = store_get(settings->store, kind, record, id);
    return err == ERR_NONE ? err : settings_fail_store(settings, err, problem);
}

enum err settings_list(struct settings *settings, const struct store_query *query,
                       store_visit *visit, void *context, struct settings_problem *problem)
{
    enum err err = store_list(settings->store, query, visit, context);
    return err == ERR_NONE ? err : settings_fail_store(settings, err, problem);
}

// ---- At start

// The groups that are published: one after the other, for each is made of several records.
struct publishing {
    struct settings *settings;
    struct settings_problem *problem;
    enum err err;
};

static bool publish_group(void *context, uint32_t id, const void *record)
{
    (void)id;
    struct publishing *publishing = context;
    struct settings *settings = publishing->settings;
    const struct model_group *group = record;
    publishing->err = settings_load_site(settings, group->name, &settings->site,
                                         publishing->problem);
    if (publishing->err == ERR_NONE) {
        publishing->err = settings_build_group(settings, publishing->problem);
    }
    if (publishing->err != ERR_NONE) return false;
    settings_tell(settings, NEWS_GROUP_CHANGED, settings->group_block);
    return true;
}

static enum err publish_line(void *context, const struct snapshot_line *block)
{
    settings_tell(context, NEWS_LINE_CHANGED, block);
    return ERR_NONE;
}

static enum err publish_device(void *context, const struct snapshot_device *device)
{
    settings_tell(context, NEWS_DEVICE_CHANGED, device);
    return ERR_NONE;
}

enum err settings_publish_all(struct settings *settings, struct settings_problem *problem)
{
    struct store_query groups = {.kind = KIND_GROUP}, lines = {.kind = KIND_LINE};
    struct publishing publishing = {.settings = settings, .problem = problem};
    settings->next_end_s = 0; // it is looked for
    enum err err = settings_list(settings, &groups, publish_group, &publishing, problem);
    if (err == ERR_NONE) err = publishing.err;
    if (err == ERR_NONE) err = settings_walk(settings, &lines, publish_line, settings, problem);
    if (err != ERR_NONE) return err;
    return settings_walk_devices(settings, NULL, publish_device, settings, problem);
}
