// SPDX-License-Identifier: Apache-2.0
// Forwardings that lead back to where they start, found when one is saved: from line to line of the
// group, across users, conditions, mailbox and mobile numbers. A call keeps its caller, so a loop
// is one for internal or for external callers. docs/decision.md "Loops".
#include "settings/settings_int.h"

#include <stdio.h>
#include <string.h>

enum {
    LOOP_LINES_MAX = 256, // that are looked at; what is longer ends at run time (fwd)
    LOOP_TEXT_MAX = 160,
    LOOP_USER_LINES_MAX = 64, // of a user whose numbers change
};

struct loop_line {
    char extension[EXTENSION_SIZE];
    size_t from; // the line that leads to it
};

// Where the search begins: with what was saved.
struct loop_start {
    const char *group, *extension;
    const struct model_forwarding *slot; // that was saved; NULL: something else
    const char *target;                  // of it; NULL: all that the line has
    enum model_origin origin;
    bool is_immediate; // it always holds, at least for its callers
};

struct loop_search {
    struct settings *settings;
    const struct loop_start *saved;
    enum model_origin origin;               // of the caller: internal or external
    bool is_through_immediate;              // by no other condition
    struct loop_line lines[LOOP_LINES_MAX]; // as they are found; the first is the saved one's
    size_t count;
    bool is_found;
    size_t last; // of the loop
};

// ---- Where a line's calls can go

// The slot that holds for the search's callers: the one for their origin goes before all.
static const struct model_forwarding *find_slot(const struct loop_search *search,
                                                const struct settings_line *line,
                                                enum model_condition condition)
{
    const struct model_forwarding *found = NULL;
    for (size_t i = 0; i < line->forwarding_count; i++) {
        const struct model_forwarding *forwarding = &line->forwardings[i];
        if (!forwarding->is_enabled || forwarding->condition != condition) continue;
        if (forwarding->origin == search->origin) return forwarding;
        if (forwarding->origin == ORIGIN_ALL) found = forwarding;
    }
    return found;
}

// The extension that is dialled for a target, if it is one: also the public number of an extension,
// a number of the user, the user part of a sip: address.
static void find_extension(const struct phone_numbering *numbering,
                           const struct settings_line *line, struct span target,
                           char extension[EXTENSION_SIZE])
{
    char bytes[TEXT_SIZE];
    struct buffer dialled = buffer_over(bytes, sizeof bytes);
    struct phone_number number;
    bool is_mailbox = span_eq(target, SPAN("mailbox"));
    extension[0] = '\0';
    if (is_mailbox || span_eq(target, SPAN("mobile"))) {
        if (!line->has_user) return;
        const char *own = is_mailbox ? line->user.mailbox : line->user.mobile;
        number = phone_read(numbering, span_of(own), false);
        if (number.kind == PHONE_INVALID) return;
    } else {
        number = phone_number_of_target(numbering, target);
    }
    struct span found = phone_possible_extension(numbering, span_of(number.text));
    if (number.kind == PHONE_INVALID) { // a name may be a line, too
        phone_put_target_dialled(&dialled, numbering, target);
        found = buffer_span(&dialled);
    }
    text_copy(extension, EXTENSION_SIZE, found);
}

// Adds the line that `target` is, if it is new; or ends the search, if it is the first one.
static void follow(struct loop_search *search, size_t from, const struct settings_line *line,
                   const char *target)
{
    char extension[EXTENSION_SIZE];
    find_extension(&search->settings->site.numbering, line, span_of(target), extension);
    if (!*extension) return;
    for (size_t i = 0; i < search->count; i++) {
        if (strcmp(search->lines[i].extension, extension) != 0) continue;
        if (i == 0 && from > 0 && !search->is_found) {
            search->is_found = true;
            search->last = from;
        }
        return;
    }
    if (search->count == LOOP_LINES_MAX) return;
    struct loop_line *added = &search->lines[search->count++];
    added->from = from;
    memcpy(added->extension, extension, sizeof added->extension);
}

static bool is_for_callers(const struct loop_search *search, unsigned origin)
{
    return origin == ORIGIN_ALL || origin == (unsigned)search->origin;
}

static void follow_exceptions(struct loop_search *search, size_t from,
                              const struct settings_line *line)
{
    for (size_t i = 0; i < line->exception_count; i++) {
        const struct model_exception *exception = &line->exceptions[i];
        bool is_sure = exception->condition == CONDITION_IMMEDIATE && !*exception->caller &&
                       !*exception->schedule && !*exception->presence && exception->calls == 0;
        if (!exception->is_enabled || exception->is_ring) continue;
        if (!is_for_callers(search, exception->origin)) continue;
        if (search->is_through_immediate && !is_sure) continue;
        follow(search, from, line, exception->target);
    }
}

// It forwards every call of its origin, whatever the lines have.
static bool is_sure_of_administrator(const struct model_admin_forwarding *of)
{
    return of->condition == CONDITION_IMMEDIATE && of->is_mandatory && !*of->schedule &&
           !*of->calendar;
}

static void follow_administrators(struct loop_search *search, size_t from,
                                  const struct settings_line *line)
{
    const struct settings *settings = search->settings;
    for (size_t i = 0; i < settings->admin_count; i++) {
        const struct model_admin_forwarding *of = &settings->admin_forwardings[i].record;
        if (!is_for_callers(search, of->origin)) continue;
        if (search->is_through_immediate && !is_sure_of_administrator(of)) continue;
        follow(search, from, line, of->target);
    }
}

static void follow_all(struct loop_search *search, size_t from, const struct settings_line *line)
{
    for (unsigned condition = 0; condition < CONDITION_COUNT; condition++) {
        if (search->is_through_immediate && condition != CONDITION_IMMEDIATE) continue;
        const struct model_forwarding *slot = find_slot(search, line,
                                                        (enum model_condition)condition);
        if (slot) follow(search, from, line, slot->target);
    }
    follow_exceptions(search, from, line);
    follow_administrators(search, from, line);
    // Who is logged off and has no forwarding for it is forwarded to the mailbox.
    bool is_to_mailbox = !search->is_through_immediate && line->has_user && *line->user.mailbox &&
                         !find_slot(search, line, CONDITION_LOGGED_OFF);
    if (is_to_mailbox) follow(search, from, line, "mailbox");
}

// What was saved alone; a slot where no other one goes before it.
static void follow_saved(struct loop_search *search, const struct settings_line *line)
{
    const struct loop_start *saved = search->saved;
    if (saved->slot) {
        const struct model_forwarding *slot = find_slot(
            search, line, (enum model_condition)saved->slot->condition);
        if (!slot || slot->origin != saved->slot->origin) return;
    }
    if (saved->target) {
        follow(search, 0, line, saved->target);
    } else {
        follow_all(search, 0, line);
    }
}

// ---- The search

static enum err visit_lines(struct loop_search *search, struct settings_problem *problem)
{
    for (size_t at = 0; at < search->count && !search->is_found; at++) {
        struct settings_line line;
        enum err err = settings_load_line(search->settings, search->saved->group,
                                          search->lines[at].extension, &line, problem);
        if (err == ERR_NOT_FOUND) continue; // an extension, but no line of ours
        if (err != ERR_NONE) return err;
        if (at > 0) {
            follow_all(search, at, &line);
        } else {
            follow_saved(search, &line);
        }
    }
    return ERR_NONE;
}

// Searches for a loop that begins with the saved forwarding.
static enum err search_loop(struct loop_search *search, bool is_through_immediate,
                            enum model_origin origin, struct settings_problem *problem)
{
    search->is_through_immediate = is_through_immediate;
    search->origin = origin;
    search->is_found = false;
    search->count = 1;
    text_copy(search->lines[0].extension, EXTENSION_SIZE, span_of(search->saved->extension));
    return visit_lines(search, problem);
}

// The same for the kinds of callers that the forwarding is for.
static enum err search_loops(struct loop_search *search, bool is_through_immediate,
                             struct settings_problem *problem)
{
    static const enum model_origin origins[] = {ORIGIN_INTERNAL, ORIGIN_EXTERNAL};
    enum model_origin own = search->saved->origin;
    enum err err = ERR_NONE;
    search->is_found = false;
    for (size_t i = 0; i < 2 && err == ERR_NONE && !search->is_found; i++) {
        if (own != ORIGIN_ALL && own != origins[i]) continue;
        err = search_loop(search, is_through_immediate, origins[i], problem);
    }
    return err;
}

// ---- Words

static void put_place(const struct loop_search *search, size_t at, struct buffer *out)
{
    if (at > 0) put_place(search, search->lines[at].from, out); // at most LOOP_LINES_MAX deep
    buffer_printf(out, "%s -> ", search->lines[at].extension);
}

// "102 -> 103 -> 102"; a long one is cut in the middle.
static const char *path_of(const struct loop_search *search, char text[LOOP_TEXT_MAX])
{
    struct buffer out = buffer_over(text, LOOP_TEXT_MAX - 2 * EXTENSION_SIZE);
    put_place(search, search->last, &out);
    if (out.is_full) {
        out.len = span_find(buffer_span(&out), '>') + 2;
        out.is_full = false;
        buffer_printf(&out, "... -> %s -> ", search->lines[search->last].extension);
    }
    snprintf(text + out.len, LOOP_TEXT_MAX - out.len, "%s", search->lines[0].extension);
    return text;
}

static enum err check_start(struct settings *settings, const struct loop_start *saved,
                            struct settings_problem *problem)
{
    struct loop_search search = {.settings = settings, .saved = saved};
    char path[LOOP_TEXT_MAX];
    enum err err = ERR_NONE;
    if (saved->is_immediate) err = search_loops(&search, true, problem);
    if (err != ERR_NONE) return err;
    if (search.is_found) {
        return settings_fail(problem, ERR_INVALID, "target", "leads back to this line: %s",
                             path_of(&search, path));
    }
    err = search_loops(&search, false, problem);
    if (err == ERR_NONE && search.is_found) {
        settings_warn(problem,
                      "calls can go in a circle: %s; such a call ends where it has been before",
                      path_of(&search, path));
    }
    return err;
}

static enum err check_slot(struct settings *settings, const struct model_forwarding *saved,
                           struct settings_problem *problem)
{
    struct loop_start start = {
        .group = saved->group,
        .extension = saved->extension,
        .slot = saved,
        .target = saved->target,
        .origin = (enum model_origin)saved->origin,
        .is_immediate = saved->condition == CONDITION_IMMEDIATE,
    };
    return saved->is_enabled ? check_start(settings, &start, problem) : ERR_NONE;
}

static enum err check_exception(struct settings *settings, const struct model_exception *saved,
                                struct settings_problem *problem)
{
    struct loop_start start = {
        .group = saved->group,
        .extension = saved->extension,
        .target = saved->target,
        .origin = (enum model_origin)saved->origin,
        .is_immediate = saved->condition == CONDITION_IMMEDIATE && !*saved->caller &&
                        !*saved->schedule && !*saved->presence && saved->calls == 0,
    };
    bool is_looked_at = saved->is_enabled && !saved->is_ring;
    return is_looked_at ? check_start(settings, &start, problem) : ERR_NONE;
}

// All lines forward to its target now: does that lead on to one of them?
static enum err check_administrators(struct settings *settings,
                                     const struct model_admin_forwarding *saved,
                                     struct settings_problem *problem)
{
    static const struct settings_line nobody;
    char extension[EXTENSION_SIZE];
    find_extension(&settings->site.numbering, &nobody, span_of(saved->target), extension);
    struct loop_start start = {
        .group = saved->group,
        .extension = extension,
        .origin = (enum model_origin)saved->origin,
    };
    return saved->is_enabled && *extension ? check_start(settings, &start, problem) : ERR_NONE;
}

// ---- A user's numbers: what forwards there leads elsewhere now

struct user_lines {
    struct {
        char group[NAME_SIZE], extension[EXTENSION_SIZE];
    } at[LOOP_USER_LINES_MAX];
    size_t count;
};

static bool note_line(void *context, uint32_t id, const void *record)
{
    (void)id;
    struct user_lines *lines = context;
    const struct model_line *line = record;
    memcpy(lines->at[lines->count].group, line->group, sizeof line->group);
    memcpy(lines->at[lines->count].extension, line->extension, sizeof line->extension);
    return ++lines->count < LOOP_USER_LINES_MAX;
}

static enum err check_own_rules(struct settings *settings, const struct settings_line *line,
                                const char *word, struct settings_problem *problem)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; i < line->forwarding_count && err == ERR_NONE; i++) {
        if (strcmp(line->forwardings[i].target, word) != 0) continue;
        err = check_slot(settings, &line->forwardings[i], problem);
    }
    for (size_t i = 0; i < line->exception_count && err == ERR_NONE; i++) {
        if (strcmp(line->exceptions[i].target, word) != 0) continue;
        err = check_exception(settings, &line->exceptions[i], problem);
    }
    return err;
}

// What forwards to the number without a rule of the line: an administrator's, or that the user is
// logged off.
static enum err check_others_rules(struct settings *settings, const struct settings_line *line,
                                   const char *word, struct settings_problem *problem)
{
    struct loop_start start = {
        .group = line->line.group, .extension = line->line.extension, .target = word};
    enum err err = ERR_NONE;
    bool has_slot = false;
    for (size_t i = 0; i < settings->admin_count && err == ERR_NONE; i++) {
        const struct model_admin_forwarding *of = &settings->admin_forwardings[i].record;
        if (strcmp(of->target, word) != 0) continue;
        start.origin = (enum model_origin)of->origin;
        start.is_immediate = is_sure_of_administrator(of);
        err = check_start(settings, &start, problem);
    }
    for (size_t i = 0; i < line->forwarding_count; i++) {
        const struct model_forwarding *slot = &line->forwardings[i];
        has_slot = has_slot || (slot->is_enabled && slot->condition == CONDITION_LOGGED_OFF &&
                                slot->origin == ORIGIN_ALL);
    }
    if (err != ERR_NONE || has_slot || strcmp(word, "mailbox") != 0) return err;
    start.origin = ORIGIN_ALL;
    start.is_immediate = false;
    return check_start(settings, &start, problem);
}

static enum err check_number(struct settings *settings, const struct user_lines *lines,
                             const char *word, struct settings_problem *problem)
{
    struct settings_line line;
    enum err err = ERR_NONE;
    for (size_t i = 0; i < lines->count && err == ERR_NONE && !*problem->warning; i++) {
        const char *group = lines->at[i].group;
        err = settings_load_site(settings, group, &settings->site, problem);
        if (err == ERR_NONE) err = settings_build_group(settings, problem);
        if (err == ERR_NONE) {
            err = settings_load_line(settings, group, lines->at[i].extension, &line, problem);
        }
        if (err == ERR_NONE) err = check_own_rules(settings, &line, word, problem);
        if (err == ERR_NONE) err = check_others_rules(settings, &line, word, problem);
    }
    if (err == ERR_INVALID) text_copy(problem->field, sizeof problem->field, span_of(word));
    return err;
}

static enum err check_user(struct settings *settings, const struct model_user *saved,
                           struct settings_problem *problem)
{
    const struct model_user *before = &settings->before.user;
    struct store_query query = {.kind = KIND_LINE, .user = saved->name};
    struct user_lines lines = {.count = 0};
    bool is_mailbox = *saved->mailbox && strcmp(saved->mailbox, before->mailbox) != 0;
    bool is_mobile = *saved->mobile && strcmp(saved->mobile, before->mobile) != 0;
    if (!is_mailbox && !is_mobile) return ERR_NONE;
    enum err err = store_list(settings->store, &query, note_line, &lines);
    if (err != ERR_NONE) return settings_fail_store(settings, err, problem);
    if (is_mailbox) err = check_number(settings, &lines, "mailbox", problem);
    if (is_mobile && err == ERR_NONE) err = check_number(settings, &lines, "mobile", problem);
    return err;
}

// ---- A profile that is applied: its forwardings are those of all the user's lines

static enum err check_profile_line(struct settings *settings, const char *group,
                                   const char *extension, struct settings_problem *problem)
{
    struct settings_line line;
    enum err err = settings_load_site(settings, group, &settings->site, problem);
    if (err == ERR_NONE) err = settings_build_group(settings, problem);
    if (err == ERR_NONE) err = settings_load_line(settings, group, extension, &line, problem);
    if (err != ERR_NONE) return err;
    for (size_t i = 0; i < line.forwarding_count && err == ERR_NONE; i++) {
        bool is_of_profile = line.forwarding_ids[i] == 0;
        if (is_of_profile) err = check_slot(settings, &line.forwardings[i], problem);
    }
    return err;
}

static enum err check_profile(struct settings *settings, const struct model_profile *saved,
                              struct settings_problem *problem)
{
    struct store_query query = {.kind = KIND_LINE, .user = saved->user};
    struct user_lines lines = {.count = 0};
    if (!saved->is_applied) return ERR_NONE;
    enum err err = store_list(settings->store, &query, note_line, &lines);
    if (err != ERR_NONE) return settings_fail_store(settings, err, problem);
    for (size_t i = 0; i < lines.count && err == ERR_NONE && !*problem->warning; i++) {
        err = check_profile_line(settings, lines.at[i].group, lines.at[i].extension, problem);
    }
    if (err == ERR_INVALID) {
        text_copy(problem->field, sizeof problem->field, SPAN("forwardings"));
    }
    return err;
}

enum err settings_check_loops(struct settings *settings, enum model_kind kind, const void *saved,
                              struct settings_problem *problem)
{
    enum err err = ERR_NONE;
    bool is_rule = kind == KIND_FORWARDING || kind == KIND_EXCEPTION ||
                   kind == KIND_ADMIN_FORWARDING;
    if (is_rule) err = settings_build_group(settings, problem); // of the site that was checked
    if (err != ERR_NONE) return err;
    switch (kind) {
    case KIND_USER: return check_user(settings, saved, problem);
    case KIND_PROFILE: return check_profile(settings, saved, problem);
    case KIND_FORWARDING: return check_slot(settings, saved, problem);
    case KIND_EXCEPTION: return check_exception(settings, saved, problem);
    case KIND_ADMIN_FORWARDING: return check_administrators(settings, saved, problem);
    default: return ERR_NONE;
    }
}
