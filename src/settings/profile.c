// SPDX-License-Identifier: Apache-2.0
// Profiles: what a user puts on with one touch, laid over the user's other settings for as long as
// it is applied. Nothing is copied, so nothing has to be put back. docs/profiles.md.
#include "settings/settings_int.h"

#include "zone/zone.h"

#include <string.h>

enum { PROFILE_LINES_MAX = 64, DAY_MINUTES = 24 * 60 };

// ---- The text of its forwardings: "immediate/all=mobile; no_answer/external/15=mailbox"

// Says which of the forwardings it is: "busy/external: comes twice".
static const char *refuse(char reason[REASON_SIZE], const char *why, struct span item)
{
    struct buffer out = buffer_over(reason, REASON_SIZE - 1);
    struct span key = span_trim(span_split(&item, '='));
    buffer_printf(&out, "%.*s: %s", (int)(key.len < 60 ? key.len : 60), key.at, why);
    reason[out.len] = '\0';
    return reason;
}

// A URI may contain semicolons, but no blanks: what ends an item is both.
static struct span split_item(struct span *rest)
{
    struct span whole = *rest;
    for (size_t i = 0; i + 1 < whole.len; i++) {
        if (whole.at[i] != ';' || whole.at[i + 1] != ' ') continue;
        *rest = span_from(whole, i + 2);
        return span_trim(span_slice(whole, 0, i));
    }
    *rest = SPAN_NONE;
    if (whole.len > 0 && whole.at[whole.len - 1] == ';') whole.len--;
    return span_trim(whole);
}

static const char *read_item(struct span item, struct model_forwarding *slot,
                             char reason[REASON_SIZE])
{
    struct span rest = item, key = span_split(&rest, '=');
    struct span condition, origin;
    uint64_t delay_s = 0;
    *slot = (struct model_forwarding){.is_enabled = true};
    rest = span_trim(rest);
    key = span_trim(key);
    condition = span_split(&key, '/');
    origin = span_split(&key, '/');
    if (!model_find_name(&model_conditions, condition, &slot->condition)) {
        return refuse(reason, "has no condition that is known", item);
    }
    if (!model_find_name(&model_origins, origin, &slot->origin)) {
        return refuse(reason, "must name all, internal or external behind the condition", item);
    }
    if (rest.len == 0 || !text_copy(slot->target, sizeof slot->target, rest)) {
        return refuse(reason, "has no target that can be read", item);
    }
    if (key.len == 0) return NULL;
    bool is_delay = span_to_u64(key, DELAY_MAX_S, &delay_s) && delay_s >= DELAY_MIN_S;
    if (!is_delay || slot->condition != CONDITION_NO_ANSWER) {
        return refuse(reason, "has a delay that is not for no_answer, or not from 5 to 120", item);
    }
    slot->delay_s = (uint32_t)delay_s;
    return NULL;
}

static bool is_twice(const struct settings_slots *slots)
{
    const struct model_forwarding *last = &slots->at[slots->count];
    for (size_t i = 0; i < slots->count; i++) {
        bool is_same = slots->at[i].condition == last->condition &&
                       slots->at[i].origin == last->origin;
        if (is_same) return true;
    }
    return false;
}

// Reads the text of a profile's forwardings. NULL, or why it is refused.
static const char *read_slots(struct span text, struct settings_slots *slots,
                              char reason[REASON_SIZE])
{
    struct span rest = span_trim(text);
    slots->count = 0;
    while (rest.len > 0) {
        struct span item = split_item(&rest);
        if (slots->count == SLOT_COUNT) return refuse(reason, "has too many", item);
        const char *refused = read_item(item, &slots->at[slots->count], reason);
        if (refused) return refused;
        if (is_twice(slots)) return refuse(reason, "comes twice", item);
        slots->count++;
    }
    return NULL;
}

static bool put_slots(const struct settings_slots *slots, char text[PROFILE_FORWARDINGS_SIZE])
{
    struct buffer out = buffer_over(text, PROFILE_FORWARDINGS_SIZE - 1);
    for (size_t i = 0; i < slots->count; i++) {
        const struct model_forwarding *slot = &slots->at[i];
        buffer_printf(&out, "%s%s/%s", i > 0 ? "; " : "",
                      model_name(&model_conditions, slot->condition),
                      model_name(&model_origins, slot->origin));
        if (slot->delay_s > 0) buffer_printf(&out, "/%u", slot->delay_s);
        buffer_printf(&out, "=%s", slot->target);
    }
    if (out.is_full) return false;
    memset(text + out.len, 0, PROFILE_FORWARDINGS_SIZE - out.len);
    return true;
}

// ---- From the record alone

// Reads "17:30" as minutes of the day.
static bool read_clock(const char *text, uint32_t *minutes)
{
    uint64_t hour, minute;
    struct span rest = span_of(text), hours = span_split(&rest, ':');
    if (hours.len != 2 || rest.len != 2) return false;
    if (!span_to_u64(hours, 23, &hour) || !span_to_u64(rest, 59, &minute)) return false;
    *minutes = (uint32_t)(hour * 60 + minute);
    return true;
}

enum err settings_check_profile(const struct model_profile *profile,
                                struct settings_problem *problem)
{
    struct settings_slots slots;
    char reason[REASON_SIZE];
    uint32_t minutes;
    const char *refused = settings_check_name(profile->name);
    if (refused) return settings_fail(problem, ERR_INVALID, "name", "%s", refused);
    refused = read_slots(span_of(profile->forwardings), &slots, reason);
    if (refused) return settings_fail(problem, ERR_INVALID, "forwardings", "%s", refused);
    if (*profile->end_at && !read_clock(profile->end_at, &minutes)) {
        return settings_fail(problem, ERR_INVALID, "end_at", "must be a time as in 17:30");
    }
    if (*profile->end_at && profile->minutes > 0) {
        return settings_fail(problem, ERR_INVALID, "end_at", "must be empty where minutes is set");
    }
    if (profile->until_s > 0 && !profile->is_applied) {
        return settings_fail(problem, ERR_INVALID, "until", "is only for one that is applied");
    }
    return ERR_NONE;
}

// ---- A user's lines and profiles

struct profile_lines {
    struct model_line at[PROFILE_LINES_MAX];
    size_t count;
};

static bool note_line(void *context, uint32_t id, const void *record)
{
    (void)id;
    struct profile_lines *lines = context;
    lines->at[lines->count] = *(const struct model_line *)record;
    return ++lines->count < PROFILE_LINES_MAX;
}

static enum err list_lines(struct settings *settings, const char *user, struct profile_lines *lines,
                           struct settings_problem *problem)
{
    struct store_query query = {.kind = KIND_LINE, .user = user};
    lines->count = 0;
    enum err err = store_list(settings->store, &query, note_line, lines);
    return err == ERR_NONE ? err : settings_fail_store(settings, err, problem);
}

static bool note_applied(void *context, uint32_t id, const void *record)
{
    (void)id;
    const struct model_profile *profile = record;
    if (profile->is_applied) *(struct model_profile *)context = *profile;
    return !profile->is_applied;
}

// The user's profile that is applied; its name is empty where none is.
static enum err find_applied(struct settings *settings, const char *user,
                             struct model_profile *profile, struct settings_problem *problem)
{
    struct store_query query = {.kind = KIND_PROFILE, .user = user};
    *profile = (struct model_profile){.name = ""};
    enum err err = store_list(settings->store, &query, note_applied, profile);
    return err == ERR_NONE ? err : settings_fail_store(settings, err, problem);
}

// ---- With other records

// A target's fault is one of the profile's forwardings, and says which.
static void blame_slot(const struct model_forwarding *slot, struct settings_problem *problem)
{
    char why[sizeof problem->reason];
    memcpy(why, problem->reason, sizeof why);
    settings_fail(problem, ERR_INVALID, "forwardings", "%s/%s: %s",
                  model_name(&model_conditions, slot->condition),
                  model_name(&model_origins, slot->origin), why);
}

// Each target must be one for each of the user's lines; the first line's site gives its stored
// form.
static enum err check_targets(struct settings *settings, const struct profile_lines *lines,
                              struct settings_slots *slots, struct settings_problem *problem)
{
    for (size_t i = lines->count; i > 0; i--) {
        const struct model_line *line = &lines->at[i - 1];
        enum err err = settings_load_site(settings, line->group, &settings->site, problem);
        for (size_t j = 0; j < slots->count && err == ERR_NONE; j++) {
            char target[TEXT_SIZE];
            memcpy(target, slots->at[j].target, sizeof target);
            err = settings_check_target(settings, line->extension, target, problem);
            if (err == ERR_INVALID) blame_slot(&slots->at[j], problem);
            if (i == 1) memcpy(slots->at[j].target, target, sizeof target);
        }
        if (err != ERR_NONE) return err;
    }
    return ERR_NONE;
}

static enum err check_room(struct settings *settings, const struct model_profile *profile,
                           struct settings_problem *problem)
{
    struct store_query all = {.kind = KIND_PROFILE, .user = profile->user};
    struct model_profile present = *profile;
    uint64_t count = 0;
    if (store_get(settings->store, KIND_PROFILE, &present, NULL) == ERR_NONE) return ERR_NONE;
    enum err err = store_count(settings->store, &all, &count);
    if (err != ERR_NONE) return settings_fail_store(settings, err, problem);
    if (count < PROFILES_MAX) return ERR_NONE;
    return settings_fail(problem, ERR_CONFLICT, "",
                         "the user has %llu profiles already, and that "
                         "is all",
                         (unsigned long long)count);
}

enum err settings_check_profile_references(struct settings *settings, struct model_profile *profile,
                                           struct settings_problem *problem)
{
    struct model_profile applied;
    struct profile_lines lines;
    struct settings_slots slots;
    char reason[REASON_SIZE];
    enum err err = settings_check_user_exists(settings, profile->user, problem);
    if (err == ERR_NONE) err = check_room(settings, profile, problem);
    if (err == ERR_NONE) err = find_applied(settings, profile->user, &applied, problem);
    if (err != ERR_NONE) return err;
    if (profile->is_applied && *applied.name && strcmp(applied.name, profile->name) != 0) {
        return settings_fail(problem, ERR_CONFLICT, "", "profile %s is applied already",
                             applied.name);
    }
    const char *refused = read_slots(span_of(profile->forwardings), &slots, reason);
    ASSERT(!refused); // it was checked
    err = list_lines(settings, profile->user, &lines, problem);
    if (err == ERR_NONE) err = check_targets(settings, &lines, &slots, problem);
    if (err != ERR_NONE) return err;
    if (!put_slots(&slots, profile->forwardings)) {
        return settings_fail(problem, ERR_INVALID, "forwardings", "is too long");
    }
    bool is_first = profile->until_s > 0 && profile->until_s < settings->next_end_s;
    if (is_first) settings->next_end_s = profile->until_s;
    return ERR_NONE;
}

// ---- Over a line

// Whether one of the line's slots is of a condition that the profile sets.
static bool is_aside(const struct settings_slots *slots, unsigned condition)
{
    for (size_t i = 0; i < slots->count; i++) {
        if (slots->at[i].condition == condition) return true;
    }
    return false;
}

static void lay_slots(const struct model_profile *profile, struct settings_line *line)
{
    struct settings_slots slots;
    char reason[REASON_SIZE];
    size_t kept = 0;
    if (read_slots(span_of(profile->forwardings), &slots, reason)) return;
    for (size_t i = 0; i < line->forwarding_count; i++) {
        if (is_aside(&slots, line->forwardings[i].condition)) continue;
        line->forwardings[kept] = line->forwardings[i];
        line->forwarding_ids[kept++] = line->forwarding_ids[i];
    }
    for (size_t i = 0; i < slots.count && kept < SLOT_COUNT; i++) {
        struct model_forwarding *slot = &line->forwardings[kept];
        *slot = slots.at[i];
        memcpy(slot->group, line->line.group, sizeof slot->group);
        memcpy(slot->extension, line->line.extension, sizeof slot->extension);
        slot->until_s = profile->until_s;
        line->forwarding_ids[kept++] = 0;
    }
    line->forwarding_count = kept;
}

enum err settings_lay_profile(struct settings *settings, struct settings_line *line,
                              struct settings_problem *problem)
{
    struct model_profile profile;
    uint64_t at_s = settings->asked_s > 0 ? settings->asked_s : settings_now_s(settings);
    enum err err = find_applied(settings, line->user.name, &profile, problem);
    if (err != ERR_NONE || !*profile.name) return err;
    if (profile.until_s > 0 && profile.until_s <= at_s) return ERR_NONE; // about to be ended
    if (profile.dnd != PROFILE_DND_UNCHANGED) line->user.is_dnd = profile.dnd == PROFILE_DND_ON;
    if (*profile.presence) {
        memcpy(line->user.presence, profile.presence, sizeof line->user.presence);
    }
    lay_slots(&profile, line);
    return ERR_NONE;
}

// ---- Applied, and ended

static uint32_t local_minute(const struct settings *settings, const char *zone_name, uint64_t at_s)
{
    struct snapshot_zone zone = {.zone_id = 0};
    zone_read(zone_name, settings_now_s(settings), &zone);
    return calendar_local(&zone, at_s * 1000000).minute;
}

// The next time that clocks in the zone show `minutes` of the day.
static uint64_t next_clock_s(const struct settings *settings, const char *zone, uint32_t minutes)
{
    uint64_t now_s = settings_now_s(settings);
    uint32_t minute = local_minute(settings, zone, now_s);
    uint32_t wait = (minutes + DAY_MINUTES - minute - 1) % DAY_MINUTES + 1;
    uint64_t end_s = now_s - now_s % 60 + (uint64_t)wait * 60;
    // Clocks may be changed in between.
    int off = (int)minutes - (int)local_minute(settings, zone, end_s);
    if (off > DAY_MINUTES / 2) off -= DAY_MINUTES;
    if (off < -DAY_MINUTES / 2) off += DAY_MINUTES;
    return (uint64_t)((int64_t)end_s + (int64_t)off * 60);
}

static enum err find_zone(struct settings *settings, const char *name, char zone[NAME_SIZE],
                          struct settings_problem *problem)
{
    struct model_user user = {.name = ""};
    struct profile_lines lines;
    text_copy(user.name, sizeof user.name, span_of(name));
    enum err err = store_get(settings->store, KIND_USER, &user, NULL);
    if (err != ERR_NONE) return settings_fail_store(settings, err, problem);
    memcpy(zone, user.time_zone, NAME_SIZE);
    err = list_lines(settings, name, &lines, problem);
    if (err != ERR_NONE || *zone || lines.count == 0) return err;
    err = settings_load_site(settings, lines.at[0].group, &settings->site, problem);
    memcpy(zone, settings->site.group.settings.time_zone, NAME_SIZE);
    return err;
}

static enum err choose_end(struct settings *settings, const struct settings_application *wanted,
                           struct model_profile *profile, struct settings_problem *problem)
{
    char zone[NAME_SIZE];
    uint32_t minutes;
    uint64_t now_s = settings_now_s(settings);
    profile->until_s = wanted->until_s;
    if (wanted->has_until && wanted->until_s > 0 && wanted->until_s <= now_s) {
        return settings_fail(problem, ERR_INVALID, "until", "is past");
    }
    if (wanted->has_until) return ERR_NONE;
    if (profile->minutes > 0) profile->until_s = now_s + (uint64_t)profile->minutes * 60;
    if (!read_clock(profile->end_at, &minutes)) return ERR_NONE;
    enum err err = find_zone(settings, profile->user, zone, problem);
    if (err == ERR_NONE) profile->until_s = next_clock_s(settings, zone, minutes);
    return err;
}

static enum err end_profile(struct settings *settings, struct model_profile *profile,
                            struct settings_problem *problem)
{
    profile->is_applied = false;
    profile->until_s = 0;
    return settings_replace(settings, KIND_PROFILE, profile, problem);
}

static enum err apply(struct settings *settings, const struct settings_application *wanted,
                      struct model_profile *profile, struct settings_problem *problem)
{
    struct model_profile applied;
    enum err err = store_get(settings->store, KIND_PROFILE, profile, NULL);
    if (err != ERR_NONE) return settings_fail_store(settings, err, problem);
    err = choose_end(settings, wanted, profile, problem);
    if (err == ERR_NONE) err = find_applied(settings, profile->user, &applied, problem);
    if (err != ERR_NONE) return err;
    bool is_other = *applied.name && strcmp(applied.name, profile->name) != 0;
    if (is_other) err = end_profile(settings, &applied, problem);
    if (err != ERR_NONE) return err;
    profile->is_applied = true;
    return settings_replace(settings, KIND_PROFILE, profile, problem);
}

enum err settings_apply_profile(struct settings *settings,
                                const struct settings_application *wanted,
                                struct model_profile *profile, struct settings_problem *problem)
{
    struct settings_problem end;
    enum err err = settings_begin_batch(settings, problem);
    if (err != ERR_NONE) return err;
    err = apply(settings, wanted, profile, problem);
    enum err ended = settings_end_batch(settings, err == ERR_NONE, &end);
    if (err != ERR_NONE || ended == ERR_NONE) return err;
    *problem = end;
    return ended;
}

enum err settings_end_profile(struct settings *settings, struct model_profile *profile,
                              struct settings_problem *problem)
{
    enum err err = store_get(settings->store, KIND_PROFILE, profile, NULL);
    if (err != ERR_NONE) return settings_fail_store(settings, err, problem);
    return end_profile(settings, profile, problem);
}

enum err settings_follow_hand(struct settings *settings, const struct model_user *before,
                              const struct model_user *after, struct settings_problem *problem)
{
    struct model_profile profile;
    bool is_by_hand = before->is_dnd != after->is_dnd ||
                      strcmp(before->presence, after->presence) != 0;
    if (!is_by_hand) return ERR_NONE;
    enum err err = find_applied(settings, after->name, &profile, problem);
    if (err != ERR_NONE || !*profile.name) return err;
    struct model_profile ended = profile;
    ended.is_applied = false;
    ended.until_s = 0;
    err = store_replace(settings->store, KIND_PROFILE, &ended);
    if (err != ERR_NONE) return settings_fail_store(settings, err, problem);
    return settings_audit(settings, KIND_PROFILE, &profile, &ended, problem);
}

// ---- Ends whose time has come

struct ending {
    struct model_profile due; // the one that ends first
    uint64_t next_s;          // when; 0: never
};

static bool note_end(void *context, uint32_t id, const void *record)
{
    (void)id;
    struct ending *ending = context;
    const struct model_profile *profile = record;
    bool is_first = ending->next_s == 0 || profile->until_s < ending->next_s;
    if (!profile->is_applied || profile->until_s == 0 || !is_first) return true;
    ending->due = *profile;
    ending->next_s = profile->until_s;
    return true;
}

bool settings_end_due(struct settings *settings, struct model_profile *ended)
{
    struct store_query all = {.kind = KIND_PROFILE};
    struct settings_actor actor = settings->actor;
    struct settings_problem problem;
    struct ending ending = {.next_s = 0};
    uint64_t now_s = settings_now_s(settings);
    if (settings->next_end_s > now_s) return false;
    if (store_list(settings->store, &all, note_end, &ending) != ERR_NONE) return false;
    settings->next_end_s = ending.next_s > 0 ? ending.next_s : UINT64_MAX;
    if (ending.next_s == 0 || ending.next_s > now_s) return false;
    settings_set_actor(settings, &(struct settings_actor){.name = SETTINGS_SERVER});
    enum err err = end_profile(settings, &ending.due, &problem);
    settings->actor = actor;
    *ended = ending.due;
    if (err != ERR_NONE) settings->next_end_s = now_s + 10; // the store may be back by then
    return err == ERR_NONE;
}
