// SPDX-License-Identifier: Apache-2.0
// Schedules: what their text means, where it is wrong, and when they hold.
#include "calendar/calendar.h"

#include "unit/check.h"

// 2026-11-23 is a Monday.
static struct calendar_moment on(int32_t year, int32_t month, int32_t day, uint32_t hour,
                                 uint32_t minute)
{
    return (struct calendar_moment){civil_day((struct civil_date){year, month, day}),
                                    hour * 60 + minute};
}

struct schedule {
    struct snapshot_interval intervals[SCHEDULE_INTERVALS_MAX];
    size_t count;
};

static struct schedule read_schedule(const char *text)
{
    struct schedule schedule;
    char reason[REASON_SIZE];
    const char *refused = calendar_read_schedule(span_of(text), schedule.intervals, &schedule.count,
                                                 reason);
    if (refused) fail_msg("\"%s\" %s", text, refused);
    return schedule;
}

static bool holds(const char *text, struct calendar_moment moment)
{
    struct schedule schedule = read_schedule(text);
    struct calendar_times times = {.intervals = schedule.intervals,
                                   .interval_count = schedule.count};
    return calendar_holds(&times, moment);
}

static void test_texts_are_compiled(void **state)
{
    (void)state;
    struct schedule schedule = read_schedule("mo-fr 08:00-12:00,13:00-17:00; sa 9-13:30");
    assert_int_equal(schedule.count, 3);
    assert_int_equal(schedule.intervals[0].days, 0x1f);
    assert_int_equal(schedule.intervals[0].from_minute, 480);
    assert_int_equal(schedule.intervals[0].until_minute, 720);
    assert_int_equal(schedule.intervals[1].days, 0x1f);
    assert_int_equal(schedule.intervals[1].from_minute, 780);
    assert_int_equal(schedule.intervals[2].days, 0x20);
    assert_int_equal(schedule.intervals[2].until_minute, 810);
    assert_int_equal(read_schedule("").count, 0);
}

static void test_days(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned days;
    } cases[] = {
        {"mo", 0x01},          {"su", 0x40},      {"sa,su", 0x60},         {"mo-su", 0x7f},
        {"fr-mo", 0x71},       {"we - th", 0x0c}, {"MO,Tu-We , fr", 0x17}, {"mo-mo", 0x01},
        {"08:00-09:00", 0x7f},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct schedule schedule = read_schedule(cases[i].text);
        assert_int_equal(schedule.count, 1);
        assert_int_equal(schedule.intervals[0].days, cases[i].days);
    }
    assert_int_equal(read_schedule("mo").intervals[0].until_minute, 1440);
}

static void test_wrong_texts_name_the_place(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"xx 08:00-09:00", "character 1: a day is one of mo, tu, we, th, fr, sa, su"},
        {"monday 08:00-09:00", "character 1: a day is one of"},
        {"mo-fr 08:00-12:00; sat", "character 20: a day is one of"},
        {"mo- 08:00-12:00", "character 5: a day is one of"},
        {"mo, 08:00-12:00", "character 5: a day is missing"},
        {"mo 08:00", "character 9: a range of times is as in 08:00-17:00"},
        {"mo 8:5-9", "character 4: a time is as in 08:00, up to 24:00"},
        {"mo 08:60-09:00", "character 4: a time is"},
        {"mo 08:00-24:01", "character 10: a time is"},
        {"mo 25-26", "character 4: a time is"},
        {"mo 08:00-08:00", "character 4: this range is empty"},
        {"mo 24:00-06:00", "character 4: this range is empty"},
        {"mo 08:00-09:00,", "character 16: a time is"},
        {"mo 08:00-09:00 tu 08:00-09:00", "character 16: ; or the end is expected"},
        {";", "character 1: a time is"},
        {"mo 08:00--09:00", "character 10: a time is"},
        {"\xc3\xa4", "character 1: a time is"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct snapshot_interval intervals[SCHEDULE_INTERVALS_MAX];
        char reason[REASON_SIZE];
        size_t count;
        const char *refused = calendar_read_schedule(span_of(cases[i][0]), intervals, &count,
                                                     reason);
        if (!refused) fail_msg("\"%s\" is taken", cases[i][0]);
        if (!strstr(refused, cases[i][1])) fail_msg("\"%s\": %s", cases[i][0], refused);
    }
}

static void test_there_may_be_32_ranges(void **state)
{
    (void)state;
    char text[SCHEDULE_SIZE] = "mo 0-1", reason[REASON_SIZE];
    struct snapshot_interval intervals[SCHEDULE_INTERVALS_MAX];
    size_t count;
    for (int i = 1; i < SCHEDULE_INTERVALS_MAX; i++) strcat(text, ",0-1");
    assert_int_equal(read_schedule(text).count, SCHEDULE_INTERVALS_MAX);
    strcat(text, ",0-1");
    const char *refused = calendar_read_schedule(span_of(text), intervals, &count, reason);
    assert_non_null(strstr(refused, "at most 32 ranges"));
}

static void test_office_hours(void **state)
{
    (void)state;
    const char *office = "mo-fr 08:00-12:00,13:00-17:00";
    assert_true(holds(office, on(2026, 11, 23, 8, 0)));
    assert_false(holds(office, on(2026, 11, 23, 7, 59)));
    assert_true(holds(office, on(2026, 11, 23, 11, 59)));
    assert_false(holds(office, on(2026, 11, 23, 12, 0)));
    assert_true(holds(office, on(2026, 11, 27, 16, 59)));
    assert_false(holds(office, on(2026, 11, 28, 9, 0)));
    assert_true(holds("", on(2026, 11, 28, 9, 0)));
}

// A range over midnight belongs to the day that it begins on.
static void test_nights(void **state)
{
    (void)state;
    const char *night = "fr 22:00-06:00";
    assert_false(holds(night, on(2026, 11, 27, 5, 0)));
    assert_false(holds(night, on(2026, 11, 27, 21, 59)));
    assert_true(holds(night, on(2026, 11, 27, 22, 0)));
    assert_true(holds(night, on(2026, 11, 28, 5, 59)));
    assert_false(holds(night, on(2026, 11, 28, 6, 0)));
    assert_false(holds(night, on(2026, 11, 28, 22, 0)));
    assert_true(holds("su 22:00-06:00", on(2026, 11, 23, 0, 0))); // into Monday
    assert_true(holds("mo 00:00-24:00", on(2026, 11, 23, 23, 59)));
    assert_false(holds("mo 00:00-24:00", on(2026, 11, 24, 0, 0)));
}

// ---- Calendars

struct days {
    struct snapshot_days days[CALENDAR_DAYS_MAX];
    size_t count;
};

static struct days read_days(const char *text)
{
    struct days days;
    char reason[REASON_SIZE];
    const char *refused = calendar_read_days(span_of(text), days.days, &days.count, reason);
    if (refused) fail_msg("\"%s\" %s", text, refused);
    return days;
}

// Whether the schedule and the days hold together.
static bool hold(const char *schedule_text, const char *days_text, enum model_holidays holidays,
                 struct calendar_moment moment)
{
    struct schedule schedule = read_schedule(schedule_text);
    struct days days = read_days(days_text);
    struct calendar_times times = {.intervals = schedule.intervals,
                                   .interval_count = schedule.count,
                                   .days = days.days,
                                   .day_count = days.count,
                                   .holidays = holidays};
    return calendar_holds(&times, moment);
}

static bool has_day(const char *text, int32_t year, int32_t month, int32_t day)
{
    return hold("", text, HOLIDAYS_ALWAYS, on(year, month, day, 12, 0));
}

static void test_days_of_a_calendar(void **state)
{
    (void)state;
    const char *days = "2026-12-25, 05-01, 2026-12-28..2027-01-02, 02-29,08-14..08-16";
    assert_true(has_day(days, 2026, 12, 25));
    assert_false(has_day(days, 2027, 12, 25));
    assert_true(has_day(days, 2024, 5, 1) && has_day(days, 2031, 5, 1));
    assert_false(has_day(days, 2031, 4, 30) || has_day(days, 2031, 5, 2));
    assert_false(has_day(days, 2026, 12, 27));
    assert_true(has_day(days, 2026, 12, 28) && has_day(days, 2027, 1, 2));
    assert_false(has_day(days, 2027, 1, 3));
    assert_true(has_day(days, 2028, 2, 29));
    assert_false(has_day(days, 2027, 2, 28) || has_day(days, 2027, 3, 1));
    assert_true(has_day(days, 2030, 8, 14) && has_day(days, 2030, 8, 16));
    assert_false(has_day(days, 2030, 8, 17));
    // Over New Year, and with the leap day inside.
    assert_true(has_day("12-24..01-06", 2029, 12, 24) && has_day("12-24..01-06", 2030, 1, 6));
    assert_false(has_day("12-24..01-06", 2030, 1, 7) || has_day("12-24..01-06", 2030, 12, 23));
    assert_true(has_day("02-28..03-01", 2027, 3, 1) && has_day("02-28..03-01", 2028, 2, 29));
    assert_int_equal(read_days("").count, 0);
}

static void test_wrong_days_name_the_place(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"2026-02-29", "character 1: a day is as in 2026-12-25 or, each year, 12-25"},
        {"12-25, 13-01", "character 8: a day is"},
        {"12-25;12-26", "character 6: , or the end is expected"},
        {"12-25,", "character 7: a day is"},
        {"2026-12-25..12-26", "character 1: both ends of a range need a year, or neither"},
        {"2026-12-25..2026-12-24", "character 1: this range ends before it begins"},
        {"2026-12-25..2099-12-24", "character 1: this range is too long"},
        {"12-25.12-26", "character 7: .. is expected"},
        {"christmas", "character 1: a day is"},
        {"26-12-25", "character 1: a day is"},
        {"12/25", "character 1: a day is"},
        {",", "character 1: a day is"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct snapshot_days days[CALENDAR_DAYS_MAX];
        char reason[REASON_SIZE];
        size_t count;
        const char *refused = calendar_read_days(span_of(cases[i][0]), days, &count, reason);
        if (!refused) fail_msg("\"%s\" is taken", cases[i][0]);
        if (!strstr(refused, cases[i][1])) fail_msg("\"%s\": %s", cases[i][0], refused);
    }
}

static void test_there_may_be_100_days(void **state)
{
    (void)state;
    char text[DAYS_SIZE] = "01-01", reason[REASON_SIZE];
    struct snapshot_days days[CALENDAR_DAYS_MAX];
    size_t count;
    for (int i = 1; i < CALENDAR_DAYS_MAX; i++) strcat(text, ",01-01");
    assert_int_equal(read_days(text).count, CALENDAR_DAYS_MAX);
    strcat(text, ",01-01");
    const char *refused = calendar_read_days(span_of(text), days, &count, reason);
    assert_non_null(strstr(refused, "at most 100 days"));
}

static void test_holidays(void **state)
{
    (void)state;
    const char *office = "mo-fr 08:00-17:00", *night = "mo-su 18:00-08:00";
    struct calendar_moment christmas = on(2026, 12, 25, 10, 0); // a Friday
    struct calendar_moment friday = on(2026, 12, 18, 10, 0);
    assert_true(hold(office, "12-25", HOLIDAYS_AS_SCHEDULE, christmas));
    assert_false(hold(office, "12-25", HOLIDAYS_NEVER, christmas));
    assert_true(hold(office, "12-25", HOLIDAYS_NEVER, friday));
    assert_true(hold(night, "12-25", HOLIDAYS_ALWAYS, christmas));
    assert_false(hold(night, "12-25", HOLIDAYS_ALWAYS, friday));
    // Without a schedule: always, on the days alone, on all others.
    assert_true(hold("", "12-25", HOLIDAYS_AS_SCHEDULE, friday));
    assert_true(hold("", "12-25", HOLIDAYS_ALWAYS, christmas));
    assert_false(hold("", "12-25", HOLIDAYS_ALWAYS, friday));
    assert_true(hold("", "12-25", HOLIDAYS_NEVER, friday));
    assert_false(hold("", "12-25", HOLIDAYS_NEVER, christmas));
    // The night before belongs to the day before, and the holiday's own night is left out.
    assert_true(hold(night, "12-25", HOLIDAYS_NEVER, on(2026, 12, 25, 7, 59)));
    assert_false(hold(night, "12-25", HOLIDAYS_NEVER, on(2026, 12, 25, 18, 0)));
    assert_false(hold(night, "12-25", HOLIDAYS_NEVER, on(2026, 12, 26, 7, 59)));
    assert_true(hold(night, "12-25", HOLIDAYS_NEVER, on(2026, 12, 26, 18, 0)));
}

// Every minute of a week against the plain meaning of some schedules.
static void test_every_minute_of_a_week(void **state)
{
    (void)state;
    struct schedule schedule = read_schedule("mo,we 22:00-06:00; th-sa 09:00-12:30");
    struct calendar_times times = {.intervals = schedule.intervals,
                                   .interval_count = schedule.count};
    int32_t monday = on(2026, 11, 23, 0, 0).day;
    for (uint32_t at = 0; at < 7 * 1440; at++) {
        uint32_t day = at / 1440, minute = at % 1440;
        bool is_night = ((day == 0 || day == 2) && minute >= 1320) ||
                        ((day == 1 || day == 3) && minute < 360);
        bool is_morning = day >= 3 && day <= 5 && minute >= 540 && minute < 750;
        struct calendar_moment moment = {monday + (int32_t)day, minute};
        assert_int_equal(calendar_holds(&times, moment), is_night || is_morning);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts_are_compiled),
        cmocka_unit_test(test_days),
        cmocka_unit_test(test_wrong_texts_name_the_place),
        cmocka_unit_test(test_there_may_be_32_ranges),
        cmocka_unit_test(test_office_hours),
        cmocka_unit_test(test_nights),
        cmocka_unit_test(test_days_of_a_calendar),
        cmocka_unit_test(test_wrong_days_name_the_place),
        cmocka_unit_test(test_there_may_be_100_days),
        cmocka_unit_test(test_holidays),
        cmocka_unit_test(test_every_minute_of_a_week),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
