// SPDX-License-Identifier: Apache-2.0
// Dates and times of the Gregorian calendar as numbers: days and seconds since 1970-01-01 UTC, and
// their text form. RFC 3339. No clock, and no time zones but fixed offsets; nothing that threads
// share, as the C library's functions have in its time zone.
#pragma once

#include "base/buffer.h"

enum { CIVIL_DAY_S = 24 * 60 * 60, TIME_TEXT_SIZE = 28 };
#define TIME_MAX_S INT64_C(253402300799) // 9999-12-31T23:59:59Z

struct civil_date {
    int32_t year;       // 1 to 9999
    int32_t month, day; // from 1 up
};

// Whether there is such a day.
bool civil_is_date(struct civil_date date);
// Days since 1970-01-01, negative before it.
int32_t civil_day(struct civil_date date);
struct civil_date civil_date_of(int32_t day);
// 0 is Monday, 6 Sunday.
uint32_t civil_weekday(int32_t day);

// Reads "2026-12-24"; false when that is no date.
bool civil_read_date(struct span text, struct civil_date *date);
// Reads "2026-12-24T18:00:00+01:00": seconds since 1970, from 1 up. Seconds may be missing, and
// their fraction is cut off; a leap second counts as the one before it. False when that is no
// point in time. RFC 3339 section 5.6.
bool civil_read_time(struct span text, uint64_t *seconds);
// The same with the fraction: microseconds since 1970, from 0 up.
bool civil_read_time_us(struct span text, uint64_t *us);
// Prints "2026-12-24T17:00:00Z"; up to TIME_MAX_S.
void civil_put_time(struct buffer *out, uint64_t seconds);
// Prints "2026-12-24T17:00:00.123Z", cut off after milliseconds; up to TIME_MAX_S.
void civil_put_time_ms(struct buffer *out, uint64_t us);
// Prints "Thu, 24 Dec 2026 17:00:00 GMT"; up to TIME_MAX_S. RFC 9110 section 5.6.7.
void civil_put_http_time(struct buffer *out, uint64_t seconds);
