// SPDX-License-Identifier: Apache-2.0
// What forwardings, exceptions, administrative forwardings, calendars, time zones and presences may
// be. docs/decision.md; docs/schedules.md.
#include "settings/settings_int.h"

#include "zone/zone.h"

#include <string.h>

enum { ANSWER_S_MIN = 10 }; // that the target should have to answer

// What all kinds of forwardings have.
struct rule {
    unsigned condition;
    uint32_t delay_s;
    uint64_t until_s;
    const char *schedule;
};

static struct rule rule_in(enum model_kind kind, const union model_record *of)
{
    if (kind == KIND_FORWARDING) {
        const struct model_forwarding *slot = &of->forwarding;
        return (struct rule){slot->condition, slot->delay_s, slot->until_s, ""};
    }
    if (kind == KIND_EXCEPTION) {
        const struct model_exception *exception = &of->exception;
        return (struct rule){exception->condition, exception->delay_s, exception->until_s,
                             exception->schedule};
    }
    const struct model_admin_forwarding *admin = &of->admin_forwarding;
    return (struct rule){admin->condition, admin->delay_s, admin->until_s, admin->schedule};
}

// ---- From the record alone

static enum err check_common(const struct rule *rule, struct settings_problem *problem)
{
    struct snapshot_interval intervals[SCHEDULE_INTERVALS_MAX];
    char reason[REASON_SIZE];
    size_t count;
    if (rule->delay_s > 0 && rule->condition != CONDITION_NO_ANSWER) {
        return settings_fail(problem, ERR_INVALID, "delay", "is only for the condition no_answer");
    }
    if (rule->delay_s > 0 && rule->delay_s < DELAY_MIN_S) {
        return settings_fail(problem, ERR_INVALID, "delay",
                             "must be a number from 5 to 120, or 0 for what fits the PBX");
    }
    const char *refused = calendar_read_schedule(span_of(rule->schedule), intervals, &count,
                                                 reason);
    if (refused) return settings_fail(problem, ERR_INVALID, "schedule", "%s", refused);
    return ERR_NONE;
}

static enum err check_zone(const char *name, struct settings_problem *problem)
{
    if (!*name || zone_exists(name)) return ERR_NONE;
    return settings_fail(problem, ERR_INVALID, "time_zone",
                         "is no time zone that is known: it is named as in Europe/Berlin");
}

static enum err check_presence(const char *presence, struct settings_problem *problem)
{
    for (const char *at = presence; *at; at++) {
        if (ascii_is_alnum(*at) || strchr("-_", *at)) continue;
        return settings_fail(problem, ERR_INVALID, "presence",
                             "must be one word of letters, digits, - and _, as in meeting");
    }
    return ERR_NONE;
}

static enum err check_exception(const struct model_exception *exception,
                                struct settings_problem *problem)
{
    if (exception->is_ring && *exception->target) {
        return settings_fail(problem, ERR_INVALID, "target", "must be empty where ring is on");
    }
    if (!exception->is_ring && !*exception->target) {
        return settings_fail(problem, ERR_INVALID, "target", "is missing");
    }
    return check_presence(exception->presence, problem);
}

static enum err check_calendar(const struct model_calendar *calendar,
                               struct settings_problem *problem)
{
    struct snapshot_days days[CALENDAR_DAYS_MAX];
    char reason[REASON_SIZE];
    size_t count;
    const char *refused = settings_check_name(calendar->name);
    if (refused) return settings_fail(problem, ERR_INVALID, "name", "%s", refused);
    refused = calendar_read_days(span_of(calendar->days), days, &count, reason);
    if (refused) return settings_fail(problem, ERR_INVALID, "days", "%s", refused);
    return ERR_NONE;
}

// "Alert-Info: *queue*; X-Queue: *": a header's name, a colon, and what it has to be.
static enum err check_group_call(const char *patterns, struct settings_problem *problem)
{
    struct span rest = span_of(patterns);
    while (rest.len > 0) {
        struct span pattern = span_trim(span_split(&rest, ';'));
        struct span name = span_trim(span_slice(pattern, 0, span_find(pattern, ':')));
        bool is_name = name.len > 0 && span_find(pattern, ':') < pattern.len;
        for (size_t i = 0; i < name.len; i++) {
            if (!ascii_is_alnum(name.at[i]) && !strchr("-.!%*_+`'~", name.at[i])) is_name = false;
        }
        if (is_name) continue;
        return settings_fail(problem, ERR_INVALID, "group_call",
                             "must be headers as in Alert-Info: *queue*; X-Queue: *");
    }
    return ERR_NONE;
}

enum err settings_check_rule(enum model_kind kind, const union model_record *record,
                             struct settings_problem *problem)
{
    enum err err = ERR_NONE;
    const char *refused = NULL;
    if (kind == KIND_FORWARDING || kind == KIND_EXCEPTION || kind == KIND_ADMIN_FORWARDING) {
        struct rule rule = rule_in(kind, record);
        err = check_common(&rule, problem);
    }
    if (err != ERR_NONE) return err;
    switch (kind) {
    case KIND_GROUP:
        err = check_zone(record->group.time_zone, problem);
        return err == ERR_NONE ? check_group_call(record->group.group_call, problem) : err;
    case KIND_USER:
        err = check_zone(record->user.time_zone, problem);
        return err == ERR_NONE ? check_presence(record->user.presence, problem) : err;
    case KIND_EXCEPTION: return check_exception(&record->exception, problem);
    case KIND_CALENDAR: return check_calendar(&record->calendar, problem);
    case KIND_PROFILE:
        err = settings_check_profile(&record->profile, problem);
        return err == ERR_NONE ? check_presence(record->profile.presence, problem) : err;
    case KIND_ADMIN_FORWARDING:
        refused = settings_check_name(record->admin_forwarding.name);
        return refused ? settings_fail(problem, ERR_INVALID, "name", "%s", refused) : ERR_NONE;
    default: return ERR_NONE;
    }
}

// ---- With other records

// Brings an exception's caller into its stored form.
static enum err check_caller(const struct settings_site *site, char caller[NUMBER_SIZE],
                             struct settings_problem *problem)
{
    char bytes[NUMBER_SIZE];
    struct span text = span_of(caller);
    if (text.len == 0) return ERR_NONE;
    if (span_eq_nocase(text, SPAN("anonymous"))) {
        text_copy(caller, NUMBER_SIZE, SPAN("anonymous"));
        return ERR_NONE;
    }
    if (text.at[text.len - 1] == '*') {
        struct buffer out = buffer_over(bytes, sizeof bytes - 2);
        struct span prefix = span_trim(span_slice(text, 0, text.len - 1));
        if (phone_put_prefix(&out, &site->numbering, prefix)) {
            bytes[out.len] = '*';
            text_copy(caller, NUMBER_SIZE, (struct span){bytes, out.len + 1});
            return ERR_NONE;
        }
    } else {
        struct phone_number number = phone_read(&site->numbering, text, false);
        if (number.kind != PHONE_INVALID) {
            text_copy(caller, NUMBER_SIZE, span_of(number.text));
            return ERR_NONE;
        }
    }
    return settings_fail(problem, ERR_INVALID, "caller",
                         "must be a number, the beginning of numbers as in +4989*, or anonymous");
}

// Refuses one more record where there are `most` of the line, or of the group.
static enum err check_room(struct settings *settings, const struct store_query *query,
                           const void *record, struct settings_problem *problem)
{
    bool is_exception = query->kind == KIND_EXCEPTION;
    uint64_t count = 0, most = is_exception ? EXCEPTIONS_MAX : ADMIN_FORWARDINGS_MAX;
    union model_record present;
    memcpy(&present, record, model_kind(query->kind)->record_size);
    if (store_get(settings->store, query->kind, &present, NULL) == ERR_NONE) return ERR_NONE;
    enum err err = store_count(settings->store, query, &count);
    if (err != ERR_NONE) return settings_fail_store(settings, err, problem);
    if (count < most) return ERR_NONE;
    return settings_fail(problem, ERR_CONFLICT, "", "the %s has %llu %s already, and that is all",
                         is_exception ? "line" : "group", (unsigned long long)count,
                         model_kind(query->kind)->plural);
}

static enum err check_calendar_exists(struct settings *settings, const char *name,
                                      struct settings_problem *problem)
{
    struct model_calendar calendar = {.name = ""};
    if (!*name) return ERR_NONE;
    text_copy(calendar.name, sizeof calendar.name, span_of(name));
    enum err err = store_get(settings->store, KIND_CALENDAR, &calendar, NULL);
    if (err == ERR_NOT_FOUND) {
        return settings_fail(problem, ERR_INVALID, "calendar", "is no calendar that exists");
    }
    return err == ERR_NONE ? err : settings_fail_store(settings, err, problem);
}

static enum err check_slot_references(struct settings *settings, struct model_forwarding *slot,
                                      struct settings_problem *problem)
{
    enum err err = settings_load_site(settings, slot->group, &settings->site, problem);
    if (err == ERR_NONE) {
        err = settings_check_line_exists(settings, slot->group, slot->extension, problem);
    }
    if (err != ERR_NONE) return err;
    return settings_check_target(settings, slot->extension, slot->target, problem);
}

static enum err check_exception_references(struct settings *settings,
                                           struct model_exception *exception,
                                           struct settings_problem *problem)
{
    struct store_query all = {
        .kind = KIND_EXCEPTION, .group = exception->group, .extension = exception->extension};
    enum err err = settings_load_site(settings, exception->group, &settings->site, problem);
    if (err == ERR_NONE) {
        err = settings_check_line_exists(settings, exception->group, exception->extension, problem);
    }
    if (err == ERR_NONE) {
        err = check_room(settings, &all, exception, problem);
    }
    if (err == ERR_NONE) err = check_caller(&settings->site, exception->caller, problem);
    if (err != ERR_NONE || exception->is_ring) return err;
    return settings_check_target(settings, exception->extension, exception->target, problem);
}

static enum err check_admin_references(struct settings *settings,
                                       struct model_admin_forwarding *forwarding,
                                       struct settings_problem *problem)
{
    struct store_query all = {.kind = KIND_ADMIN_FORWARDING, .group = forwarding->group};
    enum err err = settings_load_site(settings, forwarding->group, &settings->site, problem);
    if (err == ERR_NONE) {
        err = check_room(settings, &all, forwarding, problem);
    }
    if (err == ERR_NONE) err = check_calendar_exists(settings, forwarding->calendar, problem);
    if (err != ERR_NONE) return err;
    if (*forwarding->calendar && forwarding->holidays == HOLIDAYS_AS_SCHEDULE) {
        settings_warn(problem, "the calendar has no effect while holidays is as_schedule");
    }
    return settings_check_target(settings, NULL, forwarding->target, problem);
}

// What the person should know of times, now.
static void warn_of_times(struct settings *settings, const struct rule *rule,
                          struct settings_problem *problem)
{
    uint32_t timeout_s = settings->site.group.settings.pbx_ring_timeout_s;
    uint32_t delay_s = settings_delay_s(&settings->site, rule->delay_s);
    if (rule->until_s > 0 && rule->until_s <= settings_now_s(settings)) {
        settings_warn(problem, "it has ended already, and counts as not set");
    }
    if (rule->condition != CONDITION_NO_ANSWER) return;
    if (delay_s >= timeout_s) {
        settings_warn(problem,
                      "the PBX gives a call up after %u s, before the delay of %u s is over",
                      timeout_s, delay_s);
    } else if (timeout_s - delay_s < ANSWER_S_MIN) {
        settings_warn(problem,
                      "only %u s of the %u s that the PBX lets ring are left for the target",
                      timeout_s - delay_s, timeout_s);
    }
}

enum err settings_check_rule_references(struct settings *settings, enum model_kind kind,
                                        union model_record *record,
                                        struct settings_problem *problem)
{
    enum err err;
    switch (kind) {
    case KIND_FORWARDING:
        err = check_slot_references(settings, &record->forwarding, problem);
        break;
    case KIND_EXCEPTION:
        err = check_exception_references(settings, &record->exception, problem);
        break;
    case KIND_ADMIN_FORWARDING:
        err = check_admin_references(settings, &record->admin_forwarding, problem);
        break;
    case KIND_PROFILE:
        return settings_check_profile_references(settings, &record->profile, problem);
    default: return ERR_NONE;
    }
    if (err != ERR_NONE) return err;
    struct rule rule = rule_in(kind, record);
    warn_of_times(settings, &rule, problem);
    return ERR_NONE;
}
