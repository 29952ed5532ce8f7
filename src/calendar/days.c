// SPDX-License-Identifier: Apache-2.0
// The text of a calendar:
//
//   calendar = [ item *( "," item ) ]
//   item     = date [ ".." date ]
//   date     = [ year "-" ] month "-" day                     ; without a year: every year
#include "calendar/calendar_int.h"

enum { LEAP_YEAR = 2000, DAYS_OF_LEAP_YEAR = 366, RANGE_DAYS_MAX = 3660 };

struct written_date {
    bool is_yearly;
    struct civil_date date; // of a yearly one in a leap year
};

static const char *read_date(struct reader *reader, struct written_date *written)
{
    uint32_t parts[3] = {0};
    reader_is_at_end(reader); // skips blanks
    size_t first = reader->at, count = 0;
    bool is_read = reader_take_digits(reader, 4, &parts[count++]);
    bool has_year = is_read && reader->at - first == 4;
    size_t wanted = has_year ? 3 : 2;
    while (is_read && count < wanted) {
        is_read = reader->at < reader->text.len && reader->text.at[reader->at] == '-';
        reader->at += is_read;
        is_read = is_read && reader_take_digits(reader, 2, &parts[count++]);
    }
    written->is_yearly = !has_year;
    written->date = (struct civil_date){
        .year = has_year ? (int32_t)parts[0] : LEAP_YEAR,
        .month = (int32_t)parts[wanted - 2],
        .day = (int32_t)parts[wanted - 1],
    };
    if (is_read && civil_is_date(written->date)) return NULL;
    return reader_refuse(reader, first, "a day is as in 2026-12-25 or, each year, 12-25");
}

static const char *read_item(struct reader *reader, struct snapshot_days *days)
{
    struct written_date first, last;
    reader_is_at_end(reader); // skips blanks
    size_t at = reader->at;
    const char *refused = read_date(reader, &first);
    if (refused) return refused;
    last = first;
    if (reader_take(reader, '.')) {
        if (!reader_take(reader, '.')) return reader_refuse(reader, reader->at, ".. is expected");
        refused = read_date(reader, &last);
    }
    if (refused) return refused;
    if (first.is_yearly != last.is_yearly) {
        return reader_refuse(reader, at, "both ends of a range need a year, or neither");
    }
    int32_t from = civil_day(first.date), len = civil_day(last.date) - from + 1;
    if (first.is_yearly) from -= civil_day((struct civil_date){LEAP_YEAR, 1, 1});
    if (first.is_yearly && len <= 0) len += DAYS_OF_LEAP_YEAR; // over New Year
    if (len <= 0) return reader_refuse(reader, at, "this range ends before it begins");
    if (len > RANGE_DAYS_MAX) return reader_refuse(reader, at, "this range is too long");
    *days = (struct snapshot_days){
        .first = from, .count = (uint16_t)len, .is_yearly = first.is_yearly};
    return NULL;
}

const char *calendar_read_days(struct span text, struct snapshot_days days[CALENDAR_DAYS_MAX],
                               size_t *count, char reason[REASON_SIZE])
{
    struct reader reader = {.text = text, .reason = reason};
    *count = 0;
    if (reader_is_at_end(&reader)) return NULL;
    do {
        if (*count == CALENDAR_DAYS_MAX) {
            return reader_refuse(&reader, reader.at, "there may be at most 100 days and ranges");
        }
        const char *refused = read_item(&reader, &days[*count]);
        if (refused) return refused;
        ++*count;
    } while (reader_take(&reader, ','));
    if (reader_is_at_end(&reader)) return NULL;
    return reader_refuse(&reader, reader.at, ", or the end is expected");
}
