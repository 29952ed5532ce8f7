// SPDX-License-Identifier: Apache-2.0
// Days of the Gregorian calendar, counted in eras of 400 years that begin on 1 March, so that the
// leap day is the last one of a year. RFC 3339 section 5.6 and appendix C.
#include "base/base.h"

enum { ERA_DAYS = 146097, DAYS_TO_1970 = 719468 }; // from 0000-03-01

static bool is_leap(int32_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

bool civil_is_date(struct civil_date date)
{
    static const int32_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (date.year < 1 || date.year > 9999 || date.month < 1 || date.month > 12) return false;
    int32_t len = lengths[date.month - 1] + (date.month == 2 && is_leap(date.year));
    return date.day >= 1 && date.day <= len;
}

int32_t civil_day(struct civil_date date)
{
    int32_t year = date.month <= 2 ? date.year - 1 : date.year;
    int32_t month = date.month <= 2 ? date.month + 9 : date.month - 3; // since March
    int32_t era = (year >= 0 ? year : year - 399) / 400, of_era = year - era * 400;
    int32_t of_year = (153 * month + 2) / 5 + date.day - 1;
    return era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - DAYS_TO_1970;
}

struct civil_date civil_date_of(int32_t day)
{
    int32_t since = day + DAYS_TO_1970;
    int32_t era = (since >= 0 ? since : since - (ERA_DAYS - 1)) / ERA_DAYS;
    int32_t rest = since - era * ERA_DAYS;
    int32_t year = (rest - rest / 1460 + rest / 36524 - rest / (ERA_DAYS - 1)) / 365;
    int32_t of_year = rest - (365 * year + year / 4 - year / 100);
    int32_t month = (5 * of_year + 2) / 153; // since March
    struct civil_date date = {.year = year + era * 400, .day = of_year - (153 * month + 2) / 5 + 1};
    date.month = month < 10 ? month + 3 : month - 9;
    if (date.month <= 2) date.year++;
    return date;
}

uint32_t civil_weekday(int32_t day)
{
    int32_t weekday = (day + 3) % 7; // 1970-01-01 was a Thursday
    return (uint32_t)(weekday < 0 ? weekday + 7 : weekday);
}

// ---- Texts

// Takes exactly `count` digits off the front of `text`.
static bool take_digits(struct span *text, size_t count, int32_t *value)
{
    *value = 0;
    if (text->len < count) return false;
    for (size_t i = 0; i < count; i++) {
        if (!ascii_is_digit(text->at[i])) return false;
        *value = *value * 10 + (text->at[i] - '0');
    }
    *text = span_from(*text, count);
    return true;
}

static bool take_byte(struct span *text, char byte)
{
    if (text->len == 0 || ascii_lower(text->at[0]) != byte) return false;
    *text = span_from(*text, 1);
    return true;
}

static bool take_date(struct span *text, struct civil_date *date)
{
    return take_digits(text, 4, &date->year) && take_byte(text, '-') &&
           take_digits(text, 2, &date->month) && take_byte(text, '-') &&
           take_digits(text, 2, &date->day) && civil_is_date(*date);
}

bool civil_read_date(struct span text, struct civil_date *date)
{
    return take_date(&text, date) && text.len == 0;
}

enum { SECOND_US = 1000000 };

// The digits behind the point, at least one: microseconds; what is less is cut off.
static bool take_fraction(struct span *text, int64_t *us)
{
    int64_t unit = SECOND_US;
    size_t before = text->len;
    for (; text->len > 0 && ascii_is_digit(text->at[0]); *text = span_from(*text, 1)) {
        unit /= 10;
        *us += (text->at[0] - '0') * unit;
    }
    return text->len < before;
}

// "18:00:00.25", the seconds optional: microseconds of the day.
static bool take_clock(struct span *text, int64_t *clock_us)
{
    int64_t fraction_us = 0;
    int32_t hour, minute, second = 0;
    if (!take_digits(text, 2, &hour) || !take_byte(text, ':')) return false;
    if (!take_digits(text, 2, &minute) || hour > 23 || minute > 59) return false;
    if (take_byte(text, ':')) {
        if (!take_digits(text, 2, &second) || second > 60) return false;
        if (take_byte(text, '.') && !take_fraction(text, &fraction_us)) return false;
    }
    int32_t clock_s = hour * 3600 + minute * 60 + (second == 60 ? 59 : second);
    *clock_us = (int64_t)clock_s * SECOND_US + fraction_us;
    return true;
}

// "Z" or "+01:00": what the clock there is ahead of UTC.
static bool take_offset(struct span *text, int32_t *offset_s)
{
    int32_t hour, minute;
    *offset_s = 0;
    if (take_byte(text, 'z')) return true;
    bool is_ahead = take_byte(text, '+');
    if (!is_ahead && !take_byte(text, '-')) return false;
    if (!take_digits(text, 2, &hour) || !take_byte(text, ':')) return false;
    if (!take_digits(text, 2, &minute) || hour > 23 || minute > 59) return false;
    *offset_s = hour * 3600 + minute * 60;
    if (!is_ahead) *offset_s = -*offset_s;
    return true;
}

bool civil_read_time_us(struct span text, uint64_t *us)
{
    struct civil_date date;
    int64_t clock_us;
    int32_t offset_s;
    *us = 0;
    if (!take_date(&text, &date)) return false;
    if (!take_byte(&text, 't') && !take_byte(&text, ' ')) return false;
    if (!take_clock(&text, &clock_us) || !take_offset(&text, &offset_s) || text.len > 0)
        return false;
    int64_t midnight_s = (int64_t)civil_day(date) * CIVIL_DAY_S - offset_s;
    int64_t since_us = midnight_s * SECOND_US + clock_us;
    if (since_us < 0 || since_us / SECOND_US > TIME_MAX_S) return false;
    *us = (uint64_t)since_us;
    return true;
}

bool civil_read_time(struct span text, uint64_t *seconds)
{
    uint64_t us;
    bool is_read = civil_read_time_us(text, &us);
    *seconds = us / SECOND_US;
    return is_read && *seconds > 0;
}

// "2026-12-24T17:00:00"
static void put_second(struct buffer *out, uint64_t seconds)
{
    struct civil_date date = civil_date_of((int32_t)(seconds / CIVIL_DAY_S));
    unsigned clock_s = (unsigned)(seconds % CIVIL_DAY_S);
    buffer_printf(out, "%04d-%02d-%02dT%02u:%02u:%02u", date.year, date.month, date.day,
                  clock_s / 3600, clock_s / 60 % 60, clock_s % 60);
}

void civil_put_time(struct buffer *out, uint64_t seconds)
{
    put_second(out, seconds);
    buffer_put_byte(out, 'Z');
}

void civil_put_time_ms(struct buffer *out, uint64_t us)
{
    put_second(out, us / SECOND_US);
    buffer_printf(out, ".%03uZ", (unsigned)(us / 1000 % 1000));
}

void civil_put_http_time(struct buffer *out, uint64_t seconds)
{
    static const char days[][4] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int32_t day = (int32_t)(seconds / CIVIL_DAY_S);
    struct civil_date date = civil_date_of(day);
    unsigned clock_s = (unsigned)(seconds % CIVIL_DAY_S);
    buffer_printf(out, "%s, %02d %s %04d %02u:%02u:%02u GMT", days[civil_weekday(day)], date.day,
                  months[date.month - 1], date.year, clock_s / 3600, clock_s / 60 % 60,
                  clock_s % 60);
}
