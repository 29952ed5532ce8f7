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

// "18:00:00.25", the seconds optional: seconds of the day.
static bool take_clock(struct span *text, int32_t *clock_s)
{
    int32_t hour, minute, second = 0, digit;
    if (!take_digits(text, 2, &hour) || !take_byte(text, ':')) return false;
    if (!take_digits(text, 2, &minute) || hour > 23 || minute > 59) return false;
    if (take_byte(text, ':')) {
        if (!take_digits(text, 2, &second) || second > 60) return false;
        if (take_byte(text, '.') && !take_digits(text, 1, &digit)) return false;
        while (text->len > 0 && ascii_is_digit(text->at[0])) *text = span_from(*text, 1);
    }
    *clock_s = hour * 3600 + minute * 60 + (second == 60 ? 59 : second);
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

bool civil_read_time(struct span text, uint64_t *seconds)
{
    struct civil_date date;
    int32_t clock_s, offset_s;
    if (!take_date(&text, &date)) return false;
    if (!take_byte(&text, 't') && !take_byte(&text, ' ')) return false;
    if (!take_clock(&text, &clock_s) || !take_offset(&text, &offset_s) || text.len > 0)
        return false;
    int64_t since = (int64_t)civil_day(date) * CIVIL_DAY_S + clock_s - offset_s;
    bool is_valid = since > 0 && since <= TIME_MAX_S;
    *seconds = is_valid ? (uint64_t)since : 0;
    return is_valid;
}

void civil_put_time(struct buffer *out, uint64_t seconds)
{
    struct civil_date date = civil_date_of((int32_t)(seconds / CIVIL_DAY_S));
    unsigned clock_s = (unsigned)(seconds % CIVIL_DAY_S);
    buffer_printf(out, "%04d-%02d-%02dT%02u:%02u:%02uZ", date.year, date.month, date.day,
                  clock_s / 3600, clock_s / 60 % 60, clock_s % 60);
}
