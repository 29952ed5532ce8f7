// SPDX-License-Identifier: Apache-2.0
// Time zones as ICU has them, at the edges where clocks are set: of past years, whose rules will
// not change any more.
#include "calendar/calendar.h"
#include "zone/zone.h"

#include "unit/check.h"

#include <stdio.h>
#include <stdlib.h>

static uint64_t seconds_of(const char *time)
{
    uint64_t seconds;
    if (!civil_read_time(span_of(time), &seconds)) fail_msg("%s is no time", time);
    return seconds;
}

// What clocks in the zone show at `time`, as read `around` another time.
static void assert_shows(const char *name, const char *around, const char *time,
                         const char *expected)
{
    struct snapshot_zone zone = {.zone_id = 7};
    char text[64];
    zone_read(name, seconds_of(around), &zone);
    assert_int_equal(zone.zone_id, 7);
    struct calendar_moment moment = calendar_local(&zone, seconds_of(time) * 1000000);
    struct civil_date date = civil_date_of(moment.day);
    snprintf(text, sizeof text, "%04d-%02d-%02d %02u:%02u", date.year, date.month, date.day,
             moment.minute / 60, moment.minute % 60);
    if (strcmp(text, expected) != 0) fail_msg("%s at %s: %s != %s", name, time, text, expected);
}

static void test_berlin(void **state)
{
    (void)state;
    const char *zone = "Europe/Berlin", *winter = "2024-01-10T12:00:00Z";
    assert_shows(zone, winter, "2024-01-10T12:00:00Z", "2024-01-10 13:00");
    // From 02:00 to 03:00 there is nothing.
    assert_shows(zone, winter, "2024-03-31T00:59:59Z", "2024-03-31 01:59");
    assert_shows(zone, winter, "2024-03-31T01:00:00Z", "2024-03-31 03:00");
    // From 02:00 to 03:00 comes twice.
    assert_shows(zone, winter, "2024-10-27T00:30:00Z", "2024-10-27 02:30");
    assert_shows(zone, winter, "2024-10-27T00:59:59Z", "2024-10-27 02:59");
    assert_shows(zone, winter, "2024-10-27T01:00:00Z", "2024-10-27 02:00");
    assert_shows(zone, winter, "2024-10-27T01:30:00Z", "2024-10-27 02:30");
    assert_shows(zone, winter, "2024-12-31T23:30:00Z", "2025-01-01 00:30");
}

static void test_new_york(void **state)
{
    (void)state;
    const char *zone = "America/New_York", *winter = "2024-01-10T12:00:00Z";
    assert_shows(zone, winter, "2024-03-10T06:59:59Z", "2024-03-10 01:59");
    assert_shows(zone, winter, "2024-03-10T07:00:00Z", "2024-03-10 03:00");
    assert_shows(zone, winter, "2024-11-03T05:59:59Z", "2024-11-03 01:59");
    assert_shows(zone, winter, "2024-11-03T06:00:00Z", "2024-11-03 01:00");
    assert_shows(zone, winter, "2025-01-01T04:59:59Z", "2024-12-31 23:59");
}

// Clocks there are set by half an hour, in the southern summer.
static void test_lord_howe(void **state)
{
    (void)state;
    const char *zone = "Australia/Lord_Howe", *summer = "2024-01-10T12:00:00Z";
    assert_shows(zone, summer, "2024-01-10T12:00:00Z", "2024-01-10 23:00");
    assert_shows(zone, summer, "2024-04-06T14:59:59Z", "2024-04-07 01:59");
    assert_shows(zone, summer, "2024-04-06T15:00:00Z", "2024-04-07 01:30");
    assert_shows(zone, summer, "2024-10-05T15:29:59Z", "2024-10-06 01:59");
    assert_shows(zone, summer, "2024-10-05T15:30:00Z", "2024-10-06 02:30");
}

static void test_the_southern_half(void **state)
{
    (void)state;
    const char *zone = "Pacific/Auckland", *summer = "2024-01-10T12:00:00Z";
    assert_shows(zone, summer, "2024-01-10T12:00:00Z", "2024-01-11 01:00");
    assert_shows(zone, summer, "2024-04-06T13:59:59Z", "2024-04-07 02:59");
    assert_shows(zone, summer, "2024-04-06T14:00:00Z", "2024-04-07 02:00");
    assert_shows(zone, summer, "2024-09-28T13:59:59Z", "2024-09-29 01:59");
    assert_shows(zone, summer, "2024-09-28T14:00:00Z", "2024-09-29 03:00");
}

static void test_zones_without_summer_time(void **state)
{
    (void)state;
    const char *around = "2024-01-10T12:00:00Z";
    assert_shows("Asia/Kathmandu", around, "2024-07-01T00:00:00Z", "2024-07-01 05:45");
    assert_shows("Asia/Tokyo", around, "2024-07-01T00:00:00Z", "2024-07-01 09:00");
    assert_shows("Etc/UTC", around, "2024-07-01T00:00:00Z", "2024-07-01 00:00");
    assert_shows("Pacific/Kiritimati", around, "2024-07-01T12:00:00Z", "2024-07-02 02:00");
}

// Morocco sets its clocks around Ramadan: the most changes that a year has anywhere.
static void test_a_year_is_covered(void **state)
{
    (void)state;
    static const char *const names[] = {"Europe/Berlin", "America/New_York", "Africa/Casablanca",
                                        "Asia/Tokyo",    "Australia/Sydney", "Europe/Dublin"};
    uint64_t now_s = seconds_of("2024-01-10T12:00:00Z");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct snapshot_zone zone = {0};
        zone_read(names[i], now_s, &zone);
        assert_in_range(zone.step_count, 1, SNAPSHOT_ZONE_STEPS_MAX - 1);
        assert_true(zone.steps[0].from_s <= (int64_t)now_s - 2 * CIVIL_DAY_S);
        // The same as a table that begins later says of each day.
        for (uint64_t at = now_s; at < now_s + 400 * CIVIL_DAY_S; at += CIVIL_DAY_S / 4) {
            struct snapshot_zone later = {0};
            zone_read(names[i], at, &later);
            struct calendar_moment one = calendar_local(&zone, at * 1000000);
            struct calendar_moment other = calendar_local(&later, at * 1000000);
            assert_true(one.day == other.day && one.minute == other.minute);
        }
    }
}

static void test_names(void **state)
{
    (void)state;
    static const char *const good[] = {"Europe/Berlin", "America/Argentina/Buenos_Aires",
                                       "Etc/UTC",       "UTC",
                                       "Asia/Calcutta", "Asia/Kolkata"};
    static const char *const bad[] = {
        "",
        "Europe/Munich",
        "Berlin",
        "GMT+3:30",
        "Etc/Unknown",
        "\xc3\x84gypten",
        ("A/name/that/is/longer/than/any/name/of/a/zone/could/ever/be/"
         "in/the/table/of/zones/of/the/world")};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) assert_true(zone_exists(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (zone_exists(bad[i])) fail_msg("%s exists", bad[i]);
    }
}

// The server's own zone comes from its environment.
static void test_the_servers_zone(void **state)
{
    (void)state;
    assert_shows("", "2024-01-10T12:00:00Z", "2024-07-01T12:00:00Z", "2024-07-01 17:30");
}

// A time zone that is not known, or that nobody has told, is UTC.
static void test_utc_without_a_zone(void **state)
{
    (void)state;
    assert_shows("Europe/M\xc3\xbcnchen", "2024-01-10T12:00:00Z", "2024-07-01T12:00:00Z",
                 "2024-07-01 12:00");
    struct calendar_moment moment = calendar_local(NULL, UINT64_C(90061000000));
    assert_int_equal(moment.day, 1);
    assert_int_equal(moment.minute, 61);
}

// A schedule in the hours that are left out, and that come twice.
static void test_schedules_where_clocks_are_set(void **state)
{
    (void)state;
    struct snapshot_zone zone = {0};
    struct snapshot_interval intervals[SCHEDULE_INTERVALS_MAX];
    struct calendar_times times = {.intervals = intervals};
    char reason[REASON_SIZE];
    zone_read("Europe/Berlin", seconds_of("2024-01-10T12:00:00Z"), &zone);
    assert_null(calendar_read_schedule(SPAN("su 02:00-03:00; su 03:00-04:00"), intervals,
                                       &times.interval_count, reason));
    times.interval_count = 1;
    for (int minute = 0; minute < 24 * 60; minute++) {
        uint64_t spring = (seconds_of("2024-03-31T00:00:00Z") + (uint64_t)minute * 60) * 1000000;
        assert_false(calendar_holds(&times, calendar_local(&zone, spring)));
    }
    int held = 0;
    for (int minute = 0; minute < 24 * 60; minute++) {
        uint64_t autumn = (seconds_of("2024-10-27T00:00:00Z") + (uint64_t)minute * 60) * 1000000;
        held += calendar_holds(&times, calendar_local(&zone, autumn));
    }
    assert_int_equal(held, 120);
}

int main(void)
{
    setenv("TZ", "Asia/Kolkata", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_berlin),
        cmocka_unit_test(test_new_york),
        cmocka_unit_test(test_lord_howe),
        cmocka_unit_test(test_the_southern_half),
        cmocka_unit_test(test_zones_without_summer_time),
        cmocka_unit_test(test_a_year_is_covered),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_the_servers_zone),
        cmocka_unit_test(test_utc_without_a_zone),
        cmocka_unit_test(test_schedules_where_clocks_are_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
