// SPDX-License-Identifier: Apache-2.0
// From the store to blocks: lines in the order of their keys, page by page, and their forwardings,
// which are in the same order, read alongside. One pass, however many lines there are.
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
    enum err err = store_get(settings->store, KIND_USER, &line->user, NULL);
    line->has_user = err == ERR_NONE;
    return err == ERR_NONE ? err : settings_fail_store(settings, err, problem);
}

static void add_forwarding(struct settings_line *line, const struct model_forwarding *forwarding)
{
    ASSERT(line->forwarding_count < SLOT_COUNT);
    line->forwardings[line->forwarding_count++] = *forwarding;
}

static bool take_forwarding(void *context, uint32_t id, const void *record)
{
    (void)id;
    add_forwarding(context, record);
    return true;
}

enum err settings_load_line(struct settings *settings, const char *group, const char *extension,
                            struct settings_line *line, struct settings_problem *problem)
{
    struct store_query query = {.kind = KIND_FORWARDING, .group = group, .extension = extension};
    *line = (struct settings_line){.forwarding_count = 0};
    text_copy(line->line.group, sizeof line->line.group, span_of(group));
    text_copy(line->line.extension, sizeof line->line.extension, span_of(extension));
    enum err err = store_get(settings->store, KIND_LINE, &line->line, &line->id);
    if (err == ERR_NONE) err = store_list(settings->store, &query, take_forwarding, line);
    if (err != ERR_NONE) return settings_fail_store(settings, err, problem);
    return read_user(settings, line, problem);
}

// ---- A page of lines

// A walk under way.
struct walk {
    struct settings *settings;
    const struct store_query *query;
    struct model_line after; // the last line of the page before
    struct model_forwarding forwarding_after;
    bool has_after, has_forwarding_after;
    size_t count; // lines on the page
    size_t at;    // the line that forwardings are being added to
};

static bool add_line(void *context, uint32_t id, const void *record)
{
    struct walk *walk = context;
    struct settings_line *line = &walk->settings->page[walk->count++];
    line->id = id;
    line->line = *(const struct model_line *)record;
    line->has_user = false;
    line->forwarding_count = 0;
    return true;
}

static enum err read_lines(struct walk *walk)
{
    struct store_query query = *walk->query;
    query.after = walk->has_after ? &walk->after : NULL;
    query.limit = WALK_PAGE;
    walk->count = 0;
    walk->at = 0;
    enum err err = store_list(walk->settings->store, &query, add_line, walk);
    if (walk->count == 0) return err;
    walk->after = walk->settings->page[walk->count - 1].line;
    walk->has_after = true;
    return err;
}

// ---- Forwardings alongside

static int compare_to_line(const struct model_forwarding *forwarding, const struct model_line *line)
{
    int order = strcmp(forwarding->group, line->group);
    return order != 0 ? order : strcmp(forwarding->extension, line->extension);
}

// Adds a forwarding to its line on the page. Ends, without taking it, at the first one behind the
// page.
static bool merge_forwarding(void *context, uint32_t id, const void *record)
{
    (void)id;
    struct walk *walk = context;
    struct settings_line *page = walk->settings->page;
    const struct model_forwarding *forwarding = record;
    while (walk->at < walk->count && compare_to_line(forwarding, &page[walk->at].line) > 0) {
        walk->at++;
    }
    if (walk->at == walk->count) return false;
    if (compare_to_line(forwarding, &page[walk->at].line) == 0) {
        add_forwarding(&page[walk->at], forwarding);
    }
    walk->forwarding_after = *forwarding;
    walk->has_forwarding_after = true;
    return true;
}

static enum err read_forwardings_alongside(struct walk *walk)
{
    struct store_query query = {
        .kind = KIND_FORWARDING,
        .group = walk->query->group,
        .extension = walk->query->extension,
        .after = walk->has_forwarding_after ? &walk->forwarding_after : NULL,
    };
    return store_list(walk->settings->store, &query, merge_forwarding, walk);
}

// The lines of one user lie scattered: each is asked for by itself.
static enum err read_forwardings_one_by_one(struct walk *walk)
{
    enum err err = ERR_NONE;
    for (walk->at = 0; walk->at < walk->count && err == ERR_NONE; walk->at++) {
        const struct model_line *line = &walk->settings->page[walk->at].line;
        struct store_query query = {
            .kind = KIND_FORWARDING, .group = line->group, .extension = line->extension};
        err = store_list(walk->settings->store, &query, merge_forwarding, walk);
    }
    return err;
}

static enum err read_page(struct walk *walk)
{
    enum err err = read_lines(walk);
    if (err != ERR_NONE || walk->count == 0) return err;
    return walk->query->user ? read_forwardings_one_by_one(walk) : read_forwardings_alongside(walk);
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
        settings_build_block(&settings->site, line, settings->block);
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
    settings->site.group.settings.name[0] = '\0'; // it may have changed
    enum err err;
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
