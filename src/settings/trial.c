// SPDX-License-Identifier: Apache-2.0
// A group and a line that are tried and not kept: checked like all settings, told to the engine as
// if they were stored, and taken back. So the engine finds out by itself, with a real registration,
// whether a PBX takes them. docs/api.md "Connection test".
#include "settings/settings_int.h"

#include <stdio.h>
#include <string.h>

// ---- Whether the line is free

struct group_search {
    const struct settings_trial *trial;
    struct settings *settings;
    char group[NAME_SIZE]; // that has the line
    enum err err;          // of looking for it
};

// Groups with the same domain are at the same PBX.
static bool note_group_with_line(void *context, uint32_t id, const void *record)
{
    struct group_search *search = context;
    const struct model_group *group = record, *wanted = &search->trial->group.group;
    struct model_line line = {.is_enabled = false};
    (void)id;
    if (!group->is_enabled) return true;
    if (!span_eq_nocase(span_of(group->domain), span_of(wanted->domain))) return true;
    memcpy(line.group, group->name, sizeof line.group);
    memcpy(line.extension, search->trial->line.line.extension, sizeof line.extension);
    enum err err = store_get(search->settings->store, KIND_LINE, &line, NULL);
    if (err != ERR_NONE && err != ERR_NOT_FOUND) {
        search->err = err;
        return false;
    }
    if (err == ERR_NOT_FOUND || !line.is_enabled) return true;
    memcpy(search->group, group->name, sizeof search->group);
    return false;
}

// What is un-registered at the end would take the registration of a line that is in use along.
static enum err check_free(struct settings *settings, const struct settings_trial *trial,
                           struct settings_problem *problem)
{
    struct group_search search = {.trial = trial, .settings = settings};
    struct store_query query = {.kind = KIND_GROUP};
    enum err err = store_list(settings->store, &query, note_group_with_line, &search);
    if (err == ERR_NONE) err = search.err;
    if (err != ERR_NONE) return settings_fail_store(settings, err, problem);
    if (!*search.group) return ERR_NONE;
    return settings_fail(problem, ERR_INVALID, "line.extension",
                         "is registered already, as a line of the group %s", search.group);
}

// ---- The trial

static enum err check_part(enum model_kind kind, void *record, struct settings_problem *problem)
{
    enum err err = settings_check_record(kind, record, problem);
    char field[sizeof problem->field];
    if (err == ERR_NONE) return ERR_NONE;
    snprintf(field, sizeof field, "%s.%.40s", model_kind(kind)->name, problem->field);
    memcpy(problem->field, field, sizeof problem->field);
    return err;
}

static enum err build(struct settings *settings, const struct settings_trial *trial,
                      struct settings_problem *problem)
{
    struct settings_site *site = &settings->site;
    struct settings_line line = {.id = trial->id, .line = trial->line.line};
    const char *field = NULL;
    char reason[REASON_SIZE];
    *site = (struct settings_site){.group.group_id = trial->id};
    site->group.settings = trial->group.group;
    site->group.size = sizeof site->group;
    site->group.zone_id = settings_zone_id(settings, trial->group.group.time_zone);
    if (phone_read_numbering(&trial->group.group, &site->numbering, &field, reason)) {
        return settings_fail(problem, ERR_INVALID, field, "%s", reason);
    }
    enum err err = settings_build_group(settings, problem);
    if (err == ERR_NONE) settings_build_block(settings, site, &line, settings->block);
    return err;
}

enum err settings_check_trial(struct settings *settings, struct settings_trial *trial,
                              struct settings_problem *problem)
{
    problem->warning[0] = '\0';
    trial->group.group.is_enabled = trial->line.line.is_enabled = true;
    trial->line.line.user[0] = '\0';
    enum err err = check_part(KIND_GROUP, &trial->group, problem);
    if (err == ERR_NONE) err = check_part(KIND_LINE, &trial->line, problem);
    return err == ERR_NONE ? check_free(settings, trial, problem) : err;
}

enum err settings_begin_trial(struct settings *settings, const struct settings_trial *trial,
                              struct settings_problem *problem)
{
    const struct settings_listener *listener = &settings->listener;
    ASSERT(settings->batch == BATCH_NONE);
    enum err err = build(settings, trial, problem);
    if (err != ERR_NONE) return err;
    if (listener->group_changed) listener->group_changed(listener->context, settings->group_block);
    if (listener->line_changed) listener->line_changed(listener->context, settings->block);
    return ERR_NONE;
}

void settings_end_trial_line(struct settings *settings, uint32_t id)
{
    const struct settings_listener *listener = &settings->listener;
    if (listener->line_removed) listener->line_removed(listener->context, id);
}

void settings_end_trial_group(struct settings *settings, uint32_t id)
{
    const struct settings_listener *listener = &settings->listener;
    if (listener->group_removed) listener->group_removed(listener->context, id);
}
