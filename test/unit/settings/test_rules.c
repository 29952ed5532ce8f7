// SPDX-License-Identifier: Apache-2.0
// What may be saved of exceptions, administrative forwardings, calendars, time zones; what the
// engine gets of them; and loops through all of them.
#include "unit/settings/fixture.h"

static struct model_exception sample_exception(const char *extension, const char *position,
                                               const char *target)
{
    struct model_exception exception;
    model_defaults(KIND_EXCEPTION, &exception);
    set(KIND_EXCEPTION, &exception, "group", "trial");
    set(KIND_EXCEPTION, &exception, "extension", extension);
    set(KIND_EXCEPTION, &exception, "position", position);
    set(KIND_EXCEPTION, &exception, "target", target);
    return exception;
}

static struct model_admin_forwarding sample_admin(const char *name, const char *target)
{
    struct model_admin_forwarding forwarding;
    model_defaults(KIND_ADMIN_FORWARDING, &forwarding);
    set(KIND_ADMIN_FORWARDING, &forwarding, "group", "trial");
    set(KIND_ADMIN_FORWARDING, &forwarding, "name", name);
    set(KIND_ADMIN_FORWARDING, &forwarding, "target", target);
    return forwarding;
}

static struct model_calendar sample_calendar(const char *days)
{
    struct model_calendar calendar;
    model_defaults(KIND_CALENDAR, &calendar);
    set(KIND_CALENDAR, &calendar, "name", "holidays");
    set(KIND_CALENDAR, &calendar, "days", days);
    return calendar;
}

static void fill_rules(struct fixture *fixture)
{
    struct model_group group = sample_group();
    struct model_user user = sample_user();
    struct model_line sales = sample_line("102", "sales"), other = sample_line("103", "");
    assert_put(fixture, KIND_GROUP, &group, NULL);
    assert_put(fixture, KIND_USER, &user, NULL);
    assert_put(fixture, KIND_LINE, &sales, NULL);
    assert_put(fixture, KIND_LINE, &other, NULL);
}

// Sets one field of a good record to a bad value and expects the reason.
static void assert_bad(struct fixture *fixture, enum model_kind kind, const void *good,
                       const char *field, const char *value, const char *reason)
{
    union model_record record;
    bool is_new;
    memcpy(&record, good, model_kind(kind)->record_size);
    set(kind, &record, field, value);
    enum err err = settings_put(fixture->settings, kind, &record, &is_new, &fixture->problem);
    if (err == ERR_NONE) fail_msg("%s=%s is taken", field, value);
    assert_string_equal(fixture->problem.field, field);
    if (!strstr(fixture->problem.reason, reason)) fail_msg("%s", fixture->problem.reason);
}

static void test_exceptions_are_checked(void **state)
{
    struct fixture *fixture = *state;
    fill_rules(fixture);
    struct model_exception good = sample_exception("102", "1", "103");
    assert_put(fixture, KIND_EXCEPTION, &good, NULL);
    enum model_kind kind = KIND_EXCEPTION;
    assert_bad(fixture, kind, &good, "schedule", "mo-fr 08:00", "character 12: a range of times");
    assert_bad(fixture, kind, &good, "presence", "in a meeting", "one word");
    assert_bad(fixture, kind, &good, "delay", "20", "is only for the condition no_answer");
    assert_bad(fixture, kind, &good, "target", "102", "is the line itself");
    assert_bad(fixture, kind, &good, "target", "112", "is an emergency number");
    assert_bad(fixture, kind, &good, "target", "0900 1234567", "premium-rate");
    assert_bad(fixture, kind, &good, "target", "", "is missing");
    assert_bad(fixture, kind, &good, "caller", "somebody else", "must be a number, the beginning");
    assert_bad(fixture, kind, &good, "caller", "0x89*", "must be a number, the beginning");
    assert_bad(fixture, kind, &good, "extension", "199", "is no line of the group");
    set(kind, &good, "ring", "true");
    assert_bad(fixture, kind, &good, "target", "103", "must be empty where ring is on");
    set(kind, &good, "condition", "no_answer");
    set(kind, &good, "target", "");
    assert_bad(fixture, kind, &good, "delay", "4", "must be a number from 5 to 120");
    assert_put(fixture, kind, &good, NULL);
}

static void test_callers_are_stored_as_they_will_be_compared(void **state)
{
    struct fixture *fixture = *state;
    static const char *const callers[][2] = {{"0170 1234567", "+491701234567"},
                                             {"089*", "+4989*"},
                                             {"+43 *", "+43*"},
                                             {"1*", "1*"},
                                             {"+49 89 1234-103", "103"},
                                             {"Anonymous", "anonymous"},
                                             {"", ""}};
    fill_rules(fixture);
    for (size_t i = 0; i < sizeof callers / sizeof callers[0]; i++) {
        struct model_exception exception = sample_exception("102", "1", "103");
        set(KIND_EXCEPTION, &exception, "caller", callers[i][0]);
        assert_put(fixture, KIND_EXCEPTION, &exception, NULL);
        assert_string_equal(exception.caller, callers[i][1]);
    }
}

static void test_there_may_be_32_exceptions(void **state)
{
    struct fixture *fixture = *state;
    bool is_new;
    char position[8];
    fill_rules(fixture);
    for (unsigned i = 1; i <= EXCEPTIONS_MAX; i++) {
        snprintf(position, sizeof position, "%u", i);
        struct model_exception exception = sample_exception("102", position, "103");
        set(KIND_EXCEPTION, &exception, "caller", "+4917012345678");
        assert_put(fixture, KIND_EXCEPTION, &exception, NULL);
    }
    struct model_exception more = sample_exception("102", "500", "103");
    enum err err = settings_put(fixture->settings, KIND_EXCEPTION, &more, &is_new,
                                &fixture->problem);
    assert_int_equal(err, ERR_CONFLICT);
    assert_string_equal(fixture->problem.reason,
                        "the line has 32 exceptions already, and that is all");
    more = sample_exception("102", "32", "700");
    assert_put(fixture, KIND_EXCEPTION, &more, NULL); // in place of one of them
}

static void test_time_zones_and_calendars(void **state)
{
    struct fixture *fixture = *state;
    fill_rules(fixture);
    struct model_group group = sample_group();
    struct model_user user = sample_user();
    struct model_calendar calendar = sample_calendar("12-25, 2026-12-24..2027-01-01");
    struct model_admin_forwarding night = sample_admin("night", "103");
    assert_bad(fixture, KIND_GROUP, &group, "time_zone", "Europe/Munich", "is no time zone");
    assert_bad(fixture, KIND_USER, &user, "time_zone", "CEST+1", "is no time zone");
    assert_bad(fixture, KIND_USER, &user, "presence", "not here", "one word");
    assert_bad(fixture, KIND_GROUP, &group, "group_call", "queue", "must be headers as in");
    assert_bad(fixture, KIND_CALENDAR, &calendar, "days", "12-25, 13-01", "character 8: a day");
    assert_bad(fixture, KIND_CALENDAR, &calendar, "name", "a/b", "must not contain /");
    assert_bad(fixture, KIND_ADMIN_FORWARDING, &night, "calendar", "holidays",
               "is no calendar that exists");
    set(KIND_GROUP, &group, "group_call", "Alert-Info: *queue*; X-Queue: *");
    set(KIND_GROUP, &group, "time_zone", "America/New_York");
    assert_put(fixture, KIND_GROUP, &group, NULL);
    assert_put(fixture, KIND_CALENDAR, &calendar, NULL);
    set(KIND_ADMIN_FORWARDING, &night, "calendar", "holidays");
    assert_put(fixture, KIND_ADMIN_FORWARDING, &night, NULL);
    assert_non_null(strstr(fixture->problem.warning, "the calendar has no effect"));
    enum err err = settings_remove(fixture->settings, KIND_CALENDAR, &calendar, &fixture->problem);
    assert_int_equal(err, ERR_CONFLICT);
    assert_string_equal(fixture->problem.reason,
                        "calendar holidays is used by night of group trial");
    err = settings_remove(fixture->settings, KIND_ADMIN_FORWARDING, &night, &fixture->problem);
    assert_int_equal(err, ERR_NONE);
    err = settings_remove(fixture->settings, KIND_CALENDAR, &calendar, &fixture->problem);
    assert_int_equal(err, ERR_NONE);
}

static void assert_warning(struct fixture *fixture, const char *delay, const char *warning)
{
    struct model_forwarding slot = sample_forwarding("102", "no_answer", "all", "103");
    set(KIND_FORWARDING, &slot, "delay", delay);
    assert_put(fixture, KIND_FORWARDING, &slot, NULL);
    assert_string_equal(fixture->problem.warning, warning);
}

static void test_delays_that_leave_too_little(void **state)
{
    struct fixture *fixture = *state;
    fill_rules(fixture);
    assert_warning(fixture, "0", "");
    assert_warning(fixture, "20", "");
    assert_warning(fixture, "21",
                   "only 9 s of the 30 s that the PBX lets ring are left for the target");
    assert_warning(fixture, "30",
                   "the PBX gives a call up after 30 s, before the delay of 30 s is over");
    struct model_forwarding ended = sample_forwarding("102", "busy", "all", "103");
    set(KIND_FORWARDING, &ended, "until", "2020-01-01T00:00:00Z");
    assert_put(fixture, KIND_FORWARDING, &ended, NULL);
    assert_string_equal(fixture->problem.warning, "it has ended already, and counts as not set");
}

// ---- What the engine gets

static const struct snapshot_group *seen_group;
static _Alignas(16) char group_bytes[SNAPSHOT_GROUP_MAX];
static struct snapshot_zone zones[4];
static _Alignas(16) char line_bytes[SNAPSHOT_LINE_MAX];

static void see_group(void *context, const struct snapshot_group *group)
{
    (void)context;
    memcpy(group_bytes, group, group->size);
    seen_group = (const struct snapshot_group *)(const void *)group_bytes;
}

static void see_zone(void *context, const struct snapshot_zone *zone)
{
    (void)context;
    if (zone->zone_id < 4) zones[zone->zone_id] = *zone;
}

static void see_line(void *context, const struct snapshot_line *line)
{
    (void)context;
    memcpy(line_bytes, line, line->size);
}

static void test_the_engine_gets_all_rules(void **state)
{
    struct fixture *fixture = *state;
    fill_rules(fixture);
    struct settings_listener listener = {
        .group_changed = see_group, .zone_changed = see_zone, .line_changed = see_line};
    struct settings *settings = settings_new(fixture->memory, listener);
    struct model_calendar calendar = sample_calendar("12-25");
    struct model_admin_forwarding night = sample_admin("night", "103");
    struct model_admin_forwarding alarm = sample_admin("alarm", "+4989112233");
    struct model_exception exception = sample_exception("102", "7", "103");
    struct model_user user = sample_user();
    bool is_new;
    set(KIND_USER, &user, "time_zone", "Asia/Tokyo");
    set(KIND_USER, &user, "presence", "meeting");
    set(KIND_ADMIN_FORWARDING, &night, "schedule", "mo-fr 18:00-08:00; sa,su");
    set(KIND_ADMIN_FORWARDING, &night, "calendar", "holidays");
    set(KIND_ADMIN_FORWARDING, &night, "holidays", "always");
    set(KIND_ADMIN_FORWARDING, &alarm, "mandatory", "true");
    set(KIND_ADMIN_FORWARDING, &alarm, "position", "9");
    set(KIND_EXCEPTION, &exception, "caller", "089*");
    set(KIND_EXCEPTION, &exception, "calls", "3");
    set(KIND_EXCEPTION, &exception, "until", "2030-01-01T00:00:00+01:00");
    struct settings_problem problem;
    assert_int_equal(settings_put(settings, KIND_USER, &user, &is_new, &problem), ERR_NONE);
    assert_int_equal(settings_put(settings, KIND_CALENDAR, &calendar, &is_new, &problem), ERR_NONE);
    assert_int_equal(settings_put(settings, KIND_ADMIN_FORWARDING, &night, &is_new, &problem),
                     ERR_NONE);
    assert_int_equal(settings_put(settings, KIND_ADMIN_FORWARDING, &alarm, &is_new, &problem),
                     ERR_NONE);
    assert_int_equal(settings_put(settings, KIND_EXCEPTION, &exception, &is_new, &problem),
                     ERR_NONE);

    assert_int_equal(seen_group->rules.count, 2);
    const struct snapshot_rule *rules = snapshot_rules(seen_group);
    assert_int_equal(rules[0].level, LEVEL_MANDATORY); // before all others, whatever its position
    assert_int_equal(rules[1].level, LEVEL_DEFAULT);
    assert_int_equal(rules[1].schedule.count, 2);
    assert_int_equal(snapshot_schedule(seen_group, &rules[1])[0].from_minute, 18 * 60);
    assert_int_equal(rules[1].days.count, 1);
    assert_true(snapshot_days(seen_group, &rules[1])[0].is_yearly);
    assert_int_equal(rules[1].holidays, HOLIDAYS_ALWAYS);

    const struct snapshot_line *line = (const struct snapshot_line *)(const void *)line_bytes;
    assert_int_equal(line->rule_count, 1);
    const struct snapshot_rule *rule = &line->rules[0];
    assert_int_equal(rule->level, LEVEL_EXCEPTION);
    assert_int_equal(rule->position, 7);
    assert_int_equal(rule->calls, 3);
    assert_int_equal(rule->until_s, 1893452400);
    assert_int_equal(rule->caller_kind, CALLER_PREFIX);
    assert_true(span_eq(snapshot_text(line, rule->caller), SPAN("+4989")));
    assert_true(span_eq(snapshot_text(line, line->presence), SPAN("meeting")));
    assert_in_range(line->zone_id, 1, 3);
    assert_int_equal(zones[line->zone_id].steps[0].offset_s, 9 * 3600);
    // A changed calendar reaches the groups that use it.
    set(KIND_CALENDAR, &calendar, "days", "12-25, 12-26");
    assert_int_equal(settings_put(settings, KIND_CALENDAR, &calendar, &is_new, &problem), ERR_NONE);
    assert_int_equal(snapshot_rules(seen_group)[1].days.count, 2);
    settings_free(settings);
}

// ---- Loops

static void test_loops_through_exceptions(void **state)
{
    struct fixture *fixture = *state;
    bool is_new;
    fill_rules(fixture);
    struct model_forwarding back = sample_forwarding("103", "immediate", "all", "102");
    assert_put(fixture, KIND_FORWARDING, &back, NULL);
    struct model_exception always = sample_exception("102", "1", "103");
    enum err err = settings_put(fixture->settings, KIND_EXCEPTION, &always, &is_new,
                                &fixture->problem);
    assert_int_equal(err, ERR_INVALID);
    assert_string_equal(fixture->problem.reason, "leads back to this line: 102 -> 103 -> 102");
    set(KIND_EXCEPTION, &always, "schedule", "sa,su");
    assert_put(fixture, KIND_EXCEPTION, &always, NULL);
    assert_string_equal(fixture->problem.warning,
                        "calls can go in a circle: 102 -> 103 -> 102; such a call ends where it "
                        "has been before");
}

static void test_loops_through_administrators(void **state)
{
    struct fixture *fixture = *state;
    fill_rules(fixture);
    struct model_forwarding back = sample_forwarding("103", "busy", "all", "102");
    assert_put(fixture, KIND_FORWARDING, &back, NULL);
    struct model_admin_forwarding night = sample_admin("night", "103");
    set(KIND_ADMIN_FORWARDING, &night, "schedule", "sa,su");
    assert_put(fixture, KIND_ADMIN_FORWARDING, &night, NULL);
    assert_string_equal(fixture->problem.warning,
                        "calls can go in a circle: 103 -> 102 -> 103; such a call ends where it "
                        "has been before");
    // And the other way round, when a line's own forwarding comes later.
    struct model_forwarding other = sample_forwarding("103", "no_answer", "all", "102");
    assert_put(fixture, KIND_FORWARDING, &other, NULL);
    assert_non_null(strstr(fixture->problem.warning, "103 -> 102 -> 103"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_exceptions_are_checked),
        TEST(test_callers_are_stored_as_they_will_be_compared),
        TEST(test_there_may_be_32_exceptions),
        TEST(test_time_zones_and_calendars),
        TEST(test_delays_that_leave_too_little),
        TEST(test_the_engine_gets_all_rules),
        TEST(test_loops_through_exceptions),
        TEST(test_loops_through_administrators),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
