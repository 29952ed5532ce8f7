// SPDX-License-Identifier: Apache-2.0
// From the store to blocks: lines in the order of their keys, page by page, and their forwardings
// and exceptions, which are in the same order, read alongside. One pass, however many lines there
// are.
#include "settings/settings_int.h"

#include <string.h>

// ---- Groups

enum err settings_load_site(struct settings *settings, const char *name, struct settings_site *site,
                            struct settings_problem *problem)
{
    char reason[REASON_SIZE];
    const char *field = NULL;
    struct model_group *group = &site->group.settings;
    *group = (struct model_group){.name = ""};
    text_copy(group->name, sizeof group->name, span_of(name));
    enum err err = store_get(settings->store, KIND_GROUP, group, &site->group.group_id);
    if (err == ERR_NOT_FOUND) {
        return settings_fail(problem, ERR_NOT_FOUND, "group", "is no group that exists");
    }
    if (err != ERR_NONE) return settings_fail_store(settings, err, problem);
    const char *refused = phone_read_numbering(group, &site->numbering, &field, reason);
    site->group.size = sizeof site->group;
    site->group.zone_id = settings_zone_id(settings, group->time_zone);
    if (!refused) return ERR_NONE;
    return settings_fail(problem, ERR_CORRUPT, "", "group %s: its %s %s", name, field, refused);
}

// ---- A line

static enum err read_user(struct settings *settings, struct settings_line *line,
                          struct settings_problem *problem)
{
    if (!*line->line.user) return ERR_NONE;
    line->user = (struct model_user){.name = ""};
    text_copy(line->user.name, sizeof line->user.name, span_of(line->line.user));
    enum err err = store_get(settings->store, KIND_USER, &line->user, &line->user_id);
    line->has_user = err == ERR_NONE;
    if (err != ERR_NONE) return settings_fail_store(settings, err, problem);
    return settings->has_profiles ? settings_lay_profile(settings, line, problem) : ERR_NONE;
}

static bool note_profile(void *context, uint32_t id, const void *record)
{
    (void)id;
    (void)record;
    *(bool *)context = true;
    return false;
}

// Most have none: then no line is asked for them.
static enum err look_for_profiles(struct settings *settings, struct settings_problem *problem)
{
    struct store_query query = {.kind = KIND_PROFILE, .limit = 1};
    settings->has_profiles = false;
    enum err err = store_list(settings->store, &query, note_profile, &settings->has_profiles);
    return err == ERR_NONE ? err : settings_fail_store(settings, err, problem);
}

static void add_rule(struct settings_line *line, enum model_kind kind, uint32_t id,
                     const void *record)
{
    if (kind == KIND_FORWARDING) {
        ASSERT(line->forwarding_count < SLOT_COUNT);
        line->forwarding_ids[line->forwarding_count] = id;
        line->forwardings[line->forwarding_count++] = *(const struct model_forwarding *)record;
    } else if (line->exception_count < EXCEPTIONS_MAX) {
        line->exception_ids[line->exception_count] = id;
        line->exceptions[line->exception_count++] = *(const struct model_exception *)record;
    }
}

static bool take_forwarding(void *context, uint32_t id, const void *record)
{
    add_rule(context, KIND_FORWARDING, id, record);
    return true;
}

static bool take_exception(void *context, uint32_t id, const void *record)
{
    add_rule(context, KIND_EXCEPTION, id, record);
    return true;
}

enum err settings_load_line(struct settings *settings, const char *group, const char *extension,
                            struct settings_line *line, struct settings_problem *problem)
{
    struct store_query slots = {.kind = KIND_FORWARDING, .group = group, .extension = extension};
    struct store_query exceptions = slots;
    exceptions.kind = KIND_EXCEPTION;
    *line = (struct settings_line){.forwarding_count = 0};
    text_copy(line->line.group, sizeof line->line.group, span_of(group));
    text_copy(line->line.extension, sizeof line->line.extension, span_of(extension));
    enum err err = store_get(settings->store, KIND_LINE, &line->line, &line->id);
    if (err == ERR_NONE) err = store_list(settings->store, &slots, take_forwarding, line);
    if (err == ERR_NONE) err = store_list(settings->store, &exceptions, take_exception, line);
    if (err != ERR_NONE) return settings_fail_store(settings, err, problem);
    err = look_for_profiles(settings, problem);
    return err == ERR_NONE ? read_user(settings, line, problem) : err;
}

// ---- A page of lines

// Records that are read alongside the lines: forwardings, or exceptions.
struct alongside {
    struct walk *walk;
    enum model_kind kind;
    union model_record after; // the last one that was read
    bool has_after;
    size_t at; // the line on the page that they are being added to
};

// A walk under way.
struct walk {
    struct settings *settings;
    const struct store_query *query;
    struct model_line after; // the last line of the page before
    bool has_after;
    size_t count; // lines on the page
    struct alongside forwardings, exceptions;
};

static bool add_line(void *context, uint32_t id, const void *record)
{
    struct walk *walk = context;
    struct settings_line *line = &walk->settings->page[walk->count++];
    line->id = id;
    line->line = *(const struct model_line *)record;
    line->has_user = false;
    line->forwarding_count = 0;
    line->exception_count = 0;
    return true;
}

static enum err read_lines(struct walk *walk)
{
    struct store_query query = *walk->query;
    query.after = walk->has_after ? &walk->after : NULL;
    query.limit = WALK_PAGE;
    walk->count = 0;
    enum err err = store_list(walk->settings->store, &query, add_line, walk);
    if (walk->count == 0) return err;
    walk->after = walk->settings->page[walk->count - 1].line;
    walk->has_after = true;
    return err;
}

// ---- Forwardings and exceptions alongside

// Both kinds of records begin with the line that they belong to.
static int compare_to_line(enum model_kind kind, const union model_record *record,
                           const struct model_line *line)
{
    bool is_slot = kind == KIND_FORWARDING;
    int order = strcmp(is_slot ? record->forwarding.group : record->exception.group, line->group);
    if (order != 0) return order;
    return strcmp(is_slot ? record->forwarding.extension : record->exception.extension,
                  line->extension);
}

// Adds a record to its line on the page. Ends, without taking it, at the first one behind the page.
static bool merge(void *context, uint32_t id, const void *record)
{
    struct alongside *alongside = context;
    const struct walk *walk = alongside->walk;
    struct settings_line *page = walk->settings->page;
    enum model_kind kind = alongside->kind;
    size_t *at = &alongside->at;
    while (*at < walk->count && compare_to_line(kind, record, &page[*at].line) > 0) ++*at;
    if (*at == walk->count) return false;
    if (compare_to_line(kind, record, &page[*at].line) == 0) add_rule(&page[*at], kind, id, record);
    memcpy(&alongside->after, record, model_kind(kind)->record_size);
    alongside->has_after = true;
    return true;
}

static enum err read_alongside(struct walk *walk, struct alongside *alongside)
{
    struct store_query query = {
        .kind = alongside->kind,
        .group = walk->query->group,
        .extension = walk->query->extension,
        .after = alongside->has_after ? &alongside->after : NULL,
    };
    alongside->at = 0;
    return store_list(walk->settings->store, &query, merge, alongside);
}

// The lines of one user lie scattered: each is asked for by itself.
static enum err read_one_by_one(struct walk *walk, struct alongside *alongside)
{
    enum err err = ERR_NONE;
    for (alongside->at = 0; alongside->at < walk->count && err == ERR_NONE; alongside->at++) {
        const struct model_line *line = &walk->settings->page[alongside->at].line;
        struct store_query query = {
            .kind = alongside->kind, .group = line->group, .extension = line->extension};
        err = store_list(walk->settings->store, &query, merge, alongside);
    }
    return err;
}

static enum err read_page(struct walk *walk)
{
    struct alongside *both[] = {&walk->forwardings, &walk->exceptions};
    enum err err = read_lines(walk);
    for (size_t i = 0; i < 2 && err == ERR_NONE && walk->count > 0; i++) {
        err = walk->query->user ? read_one_by_one(walk, both[i]) : read_alongside(walk, both[i]);
    }
    return err;
}

// ---- Blocks

static enum err build_page(struct walk *walk, settings_sink *sink, void *context,
                           struct settings_problem *problem)
{
    struct settings *settings = walk->settings;
    for (size_t i = 0; i < walk->count; i++) {
        struct settings_line *line = &settings->page[i];
        bool is_same_site = strcmp(line->line.group, settings->site.group.settings.name) == 0;
        enum err err = ERR_NONE;
        if (!is_same_site) {
            err = settings_load_site(settings, line->line.group, &settings->site, problem);
        }
        if (err == ERR_NONE) err = read_user(settings, line, problem);
        if (err != ERR_NONE) return err;
        settings_build_block(settings, &settings->site, line, settings->block);
        if (sink(context, settings->block) != ERR_NONE) {
            return settings_fail(problem, ERR_NO_MEMORY, "", "out of memory");
        }
    }
    return ERR_NONE;
}

enum err settings_walk(struct settings *settings, const struct store_query *query,
                       settings_sink *sink, void *context, struct settings_problem *problem)
{
    struct walk walk = {.settings = settings, .query = query};
    walk.forwardings = (struct alongside){.walk = &walk, .kind = KIND_FORWARDING};
    walk.exceptions = (struct alongside){.walk = &walk, .kind = KIND_EXCEPTION};
    settings->site.group.settings.name[0] = '\0'; // it may have changed
    enum err err = look_for_profiles(settings, problem);
    if (err != ERR_NONE) return err;
    do {
        err = read_page(&walk);
        if (err != ERR_NONE) {
            err = settings_fail_store(settings, err, problem);
            break;
        }
        err = build_page(&walk, sink, context, problem);
    } while (err == ERR_NONE && walk.count == WALK_PAGE);
    return err;
}
