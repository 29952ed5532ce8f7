// SPDX-License-Identifier: Apache-2.0
// A group's block for the engine: its settings and its administrative forwardings that are on, in
// the order in which they are looked at.
#include "settings/settings_int.h"

#include <string.h>

_Static_assert(sizeof(struct snapshot_group) + 8 +
                       ADMIN_FORWARDINGS_MAX *
                           (sizeof(struct snapshot_rule) + TEXT_SIZE + NAME_SIZE +
                            SCHEDULE_INTERVALS_MAX * sizeof(struct snapshot_interval) +
                            CALENDAR_DAYS_MAX * sizeof(struct snapshot_days) + 16) <=
                   SNAPSHOT_GROUP_MAX,
               "a group's block must hold all of its administrative forwardings");

// ---- Reading

static bool is_before(const struct model_admin_forwarding *a,
                      const struct model_admin_forwarding *b)
{
    if (a->is_mandatory != b->is_mandatory) return a->is_mandatory;
    return a->position < b->position; // equal ones stay in the order of their names
}

// Keeps those that are on, sorted.
static bool take_forwarding(void *context, uint32_t id, const void *record)
{
    struct settings *settings = context;
    const struct model_admin_forwarding *forwarding = record;
    struct settings_admin_forwarding *kept = settings->admin_forwardings;
    if (!forwarding->is_enabled || settings->admin_count == ADMIN_FORWARDINGS_MAX) return true;
    size_t place = settings->admin_count++;
    while (place > 0 && is_before(forwarding, &kept[place - 1].record)) {
        kept[place] = kept[place - 1];
        place--;
    }
    kept[place] = (struct settings_admin_forwarding){.id = id, .record = *forwarding};
    return true;
}

// ---- Rules

// The days of the calendar called `name`: put once, however many forwardings name it.
static enum err put_days(struct settings *settings, struct settings_writer *writer, size_t index,
                         struct snapshot_list *list, struct settings_problem *problem)
{
    struct model_calendar calendar = {.name = ""};
    struct snapshot_days days[CALENDAR_DAYS_MAX];
    char reason[REASON_SIZE];
    size_t count;
    const struct settings_admin_forwarding *all = settings->admin_forwardings;
    const char *name = all[index].record.calendar;
    *list = (struct snapshot_list){0};
    if (!*name) return ERR_NONE;
    for (size_t i = 0; i < index; i++) {
        if (strcmp(all[i].record.calendar, name) != 0) continue;
        *list = snapshot_rules((struct snapshot_group *)(void *)writer->bytes)[i].days;
        return ERR_NONE;
    }
    text_copy(calendar.name, sizeof calendar.name, span_of(name));
    enum err err = store_get(settings->store, KIND_CALENDAR, &calendar, NULL);
    if (err != ERR_NONE) return settings_fail_store(settings, err, problem);
    // It was checked when it was saved.
    if (calendar_read_days(span_of(calendar.days), days, &count, reason)) count = 0;
    void *put = settings_put_list(writer, sizeof days[0], count, list);
    if (count > 0) memcpy(put, days, count * sizeof days[0]);
    return ERR_NONE;
}

static enum err put_rule(struct settings *settings, struct settings_writer *writer, size_t index,
                         struct snapshot_rule *rule, struct settings_problem *problem)
{
    const struct settings_site *site = &settings->site;
    const struct model_admin_forwarding *of = &settings->admin_forwardings[index].record;
    *rule = (struct snapshot_rule){
        .rule_id = settings->admin_forwardings[index].id,
        .level = of->is_mandatory ? LEVEL_MANDATORY : LEVEL_DEFAULT,
        .condition = (uint8_t)of->condition,
        .origin = (uint8_t)of->origin,
        .number_class = settings_class_of(&settings->classes, site, of->target),
        .holidays = (uint8_t)of->holidays,
        .position = (uint16_t)of->position,
        .delay_s = settings_delay_s(site, of->delay_s),
        .until_s = of->until_s,
        .target = settings_put_text(writer, span_of(of->target)),
        .name = settings_put_text(writer, span_of(of->name)),
        .schedule = settings_put_schedule(writer, of->schedule),
    };
    return put_days(settings, writer, index, &rule->days, problem);
}

// ---- Emergency numbers

// The short numbers that reach an emergency service somewhere; which of them do at the site is the
// country's to say.
static const char *const possible_emergency[] = {
    "000", "100", "101", "102", "103", "104", "105", "106", "107", "108", "110", "111",
    "112", "113", "114", "115", "116", "117", "118", "119", "120", "122", "123", "127",
    "128", "129", "130", "131", "132", "133", "140", "144", "155", "158", "160", "161",
    "166", "180", "190", "191", "192", "193", "194", "195", "197", "198", "199", "911",
    "912", "913", "917", "990", "991", "992", "993", "994", "995", "997", "998", "999",
};

static void put_emergency(struct settings *settings, struct snapshot_group *block)
{
    struct buffer out = buffer_over(block->emergency, sizeof block->emergency - 1);
    for (size_t i = 0; i < sizeof possible_emergency / sizeof possible_emergency[0]; i++) {
        const char *number = possible_emergency[i];
        uint8_t number_class = settings_class_of(&settings->classes, &settings->site, number);
        if (number_class == NUMBER_EMERGENCY) buffer_printf(&out, "%s,", number);
    }
    block->emergency[out.len] = '\0';
}

// ---- The block

enum err settings_build_group(struct settings *settings, struct settings_problem *problem)
{
    const struct settings_site *site = &settings->site;
    struct snapshot_group *block = settings->group_block;
    struct store_query query = {.kind = KIND_ADMIN_FORWARDING, .group = site->group.settings.name};
    struct settings_writer writer = {
        .bytes = (char *)block, .len = sizeof *block, .size = SNAPSHOT_GROUP_MAX};
    settings->admin_count = 0;
    enum err err = store_list(settings->store, &query, take_forwarding, settings);
    if (err != ERR_NONE) return settings_fail_store(settings, err, problem);
    *block = site->group;
    block->size = SNAPSHOT_GROUP_MAX; // until it is known
    put_emergency(settings, block);
    err = settings_put_following(settings, block, problem);
    if (err != ERR_NONE) return err;
    struct snapshot_rule *rules = settings_put_list(&writer, sizeof *rules, settings->admin_count,
                                                    &block->rules);
    for (size_t i = 0; i < settings->admin_count && err == ERR_NONE; i++) {
        err = put_rule(settings, &writer, i, &rules[i], problem);
    }
    block->size = (uint32_t)writer.len;
    return err;
}
