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
};

struct loop_line {
    char extension[EXTENSION_SIZE];
    size_t from; // the line that leads to it
};

struct loop_search {
    struct settings *settings;
    const struct model_forwarding *saved;
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

static void follow_all(struct loop_search *search, size_t from, const struct settings_line *line)
{
    for (unsigned condition = 0; condition < CONDITION_COUNT; condition++) {
        if (search->is_through_immediate && condition != CONDITION_IMMEDIATE) continue;
        const struct model_forwarding *slot = find_slot(search, line,
                                                        (enum model_condition)condition);
        if (slot) follow(search, from, line, slot->target);
    }
    // Who is logged off and has no forwarding for it is forwarded to the mailbox.
    bool is_to_mailbox = !search->is_through_immediate && line->has_user && *line->user.mailbox &&
                         !find_slot(search, line, CONDITION_LOGGED_OFF);
    if (is_to_mailbox) follow(search, from, line, "mailbox");
}

// The saved one alone, where no other one goes before it.
static void follow_saved(struct loop_search *search, const struct settings_line *line)
{
    const struct model_forwarding *slot = find_slot(search, line,
                                                    (enum model_condition)search->saved->condition);
    if (slot && slot->origin == search->saved->origin) follow(search, 0, line, slot->target);
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
    memcpy(search->lines[0].extension, search->saved->extension, EXTENSION_SIZE);
    return visit_lines(search, problem);
}

// The same for the kinds of callers that the forwarding is for.
static enum err search_loops(struct loop_search *search, bool is_through_immediate,
                             struct settings_problem *problem)
{
    static const enum model_origin origins[] = {ORIGIN_INTERNAL, ORIGIN_EXTERNAL};
    enum model_origin own = (enum model_origin)search->saved->origin;
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

enum err settings_check_loops(struct settings *settings, const struct model_forwarding *saved,
                              struct settings_problem *problem)
{
    struct loop_search search = {.settings = settings, .saved = saved};
    char path[LOOP_TEXT_MAX];
    enum err err = ERR_NONE;
    if (!saved->is_enabled) return ERR_NONE;
    if (saved->condition == CONDITION_IMMEDIATE) err = search_loops(&search, true, problem);
    if (err != ERR_NONE) return err;
    if (search.is_found) {
        return settings_fail(problem, ERR_INVALID, "target", "leads back to this line: %s",
                             path_of(&search, path));
    }
    err = search_loops(&search, false, problem);
    if (err == ERR_NONE && search.is_found) {
        snprintf(problem->warning, sizeof problem->warning,
                 "calls can go in a circle: %s; such a call ends where it has been before",
                 path_of(&search, path));
    }
    return err;
}
