// SPDX-License-Identifier: Apache-2.0
// Days, and points in time as RFC 3339 writes them.
#include "base/base.h"

#include "unit/check.h"

#include <time.h>

static int32_t day_of(int32_t year, int32_t month, int32_t day)
{
    return civil_day((struct civil_date){year, month, day});
}

static void test_known_days(void **state)
{
    (void)state;
    assert_int_equal(day_of(1970, 1, 1), 0);
    assert_int_equal(day_of(1969, 12, 31), -1);
    assert_int_equal(day_of(2000, 2, 29), 11016);
    assert_int_equal(day_of(2000, 3, 1), 11017);
    assert_int_equal(day_of(2026, 12, 24), 20811);
    assert_int_equal(day_of(9999, 12, 31), 2932896);
    assert_int_equal(civil_weekday(0), 3);                    // a Thursday
    assert_int_equal(civil_weekday(day_of(2026, 11, 23)), 0); // a Monday
    assert_int_equal(civil_weekday(day_of(1969, 12, 28)), 6); // a Sunday
}

// Every day of four centuries follows the one before, and comes back as the date it was made of.
static void test_days_follow_each_other(void **state)
{
    (void)state;
    struct civil_date date = {1900, 1, 1};
    int32_t day = civil_day(date);
    for (int i = 0; i < 146097; i++, day++) {
        struct civil_date read = civil_date_of(day);
        assert_int_equal(civil_day(date), day);
        assert_true(read.year == date.year && read.month == date.month && read.day == date.day);
        date.day++;
        if (!civil_is_date(date)) date = (struct civil_date){date.year, date.month + 1, 1};
        if (!civil_is_date(date)) date = (struct civil_date){date.year + 1, 1, 1};
    }
    assert_int_equal(date.year, 2300);
}

static void test_dates_are_read(void **state)
{
    (void)state;
    struct civil_date date;
    assert_true(civil_read_date(SPAN("2026-12-24"), &date));
    assert_true(date.year == 2026 && date.month == 12 && date.day == 24);
    static const char *const wrong[] = {"",           "2026-12",    "2026-13-01",  "2026-02-29",
                                        "2026-00-10", "2026-1-1",   "2026-12-24 ", "0000-01-01",
                                        "2026/12/24", "26-12-24",   "2100-02-29",  "2026-12-32",
                                        "2026-12-0",  "+026-12-01", "2026-12-24Z"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(civil_read_date(span_of(wrong[i]), &date));
    }
}

static void assert_time(const char *text, const char *expected)
{
    char bytes[TIME_TEXT_SIZE];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    uint64_t seconds;
    if (!civil_read_time(span_of(text), &seconds)) fail_msg("%s is not read", text);
    civil_put_time(&out, seconds);
    assert_span(buffer_span(&out), expected);
}

// RFC 3339 section 5.8 has the first ones as examples.
static void test_times_are_read(void **state)
{
    (void)state;
    assert_time("1985-04-12T23:20:50.52Z", "1985-04-12T23:20:50Z");
    assert_time("1996-12-19T16:39:57-08:00", "1996-12-20T00:39:57Z");
    assert_time("1990-12-31T23:59:60Z", "1990-12-31T23:59:59Z");
    assert_time("1990-12-31T15:59:60-08:00", "1990-12-31T23:59:59Z");
    assert_time("2026-12-24T18:00+01:00", "2026-12-24T17:00:00Z");
    assert_time("2026-12-24t18:00:00z", "2026-12-24T18:00:00Z");
    assert_time("2026-12-24 18:00:00+05:45", "2026-12-24T12:15:00Z");
    assert_time("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z");
}

static void assert_time_us(const char *text, uint64_t expected_us)
{
    uint64_t us;
    if (!civil_read_time_us(span_of(text), &us)) fail_msg("%s is not read", text);
    assert_int_equal(us, expected_us);
}

static void test_fractions_are_read(void **state)
{
    (void)state;
    uint64_t us;
    assert_time_us("1970-01-01T00:00:00Z", 0);
    assert_time_us("1970-01-01T00:00:00.5Z", 500000);
    assert_time_us("1970-01-01T01:00:01.000001+01:00", 1000001);
    assert_time_us("1970-01-01T00:00:00.1234567899Z", 123456);
    assert_time_us("9999-12-31T23:59:59.999999Z", UINT64_C(253402300799999999));
    assert_false(civil_read_time_us(SPAN("1969-12-31T23:59:59.999Z"), &us));
    assert_false(civil_read_time_us(SPAN("1970-01-01T00:00:00.5"), &us));
}

// What the C library prints, which shares its time zone among threads.
static void test_times_are_printed(void **state)
{
    (void)state;
    char bytes[64], wanted[64];
    for (uint64_t seconds = 0; seconds < (uint64_t)TIME_MAX_S; seconds += 86400 * 97 + 12345) {
        struct buffer out = buffer_over(bytes, sizeof bytes);
        time_t at = (time_t)seconds;
        struct tm utc;
        assert_non_null(gmtime_r(&at, &utc));
        strftime(wanted, sizeof wanted, "%a, %d %b %Y %H:%M:%S GMT", &utc);
        civil_put_http_time(&out, seconds);
        assert_span(buffer_span(&out), wanted);
        out = buffer_over(bytes, sizeof bytes);
        strftime(wanted, sizeof wanted, "%Y-%m-%dT%H:%M:%S.789Z", &utc);
        civil_put_time_ms(&out, seconds * 1000000 + 789999);
        assert_span(buffer_span(&out), wanted);
    }
}

static void test_what_is_no_time_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "2026-12-24",
        "2026-12-24T18:00:00",
        "2026-12-24T24:00:00Z",
        "2026-12-24T18:60:00Z",
        "2026-12-24T18:00:61Z",
        "2026-12-24T18:00:00.Z",
        "2026-12-24T18:00:00+1:00",
        "2026-12-24T18:00:00+0100",
        "2026-12-24T18:00:00+24:00",
        "2026-12-24T18:00:00Zoo",
        "2026-12-24T18Z",
        "1970-01-01T00:00:00Z",
        "1970-01-01T00:30:00+01:00",
        "1969-12-31T23:59:59Z",
        "9999-12-31T23:59:59-00:01",
        "tomorrow",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        uint64_t seconds;
        if (civil_read_time(span_of(wrong[i]), &seconds)) fail_msg("%s is read", wrong[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_days),
        cmocka_unit_test(test_days_follow_each_other),
        cmocka_unit_test(test_dates_are_read),
        cmocka_unit_test(test_times_are_read),
        cmocka_unit_test(test_fractions_are_read),
        cmocka_unit_test(test_times_are_printed),
        cmocka_unit_test(test_what_is_no_time_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
