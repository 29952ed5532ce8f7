// SPDX-License-Identifier: Apache-2.0
// The text of a weekly schedule:
//
//   schedule = entry *( ";" entry )
//   entry    = days [ times ] / times
//   days     = day [ "-" day ] *( "," day [ "-" day ] )       ; "fr-mo" goes over the weekend
//   times    = time "-" time *( "," time "-" time )
//   day      = "mo" / "tu" / "we" / "th" / "fr" / "sa" / "su"
//   time     = hour [ ":" minute ]                            ; up to 24:00
#include "calendar/calendar_int.h"

enum { MINUTES_OF_DAY = 24 * 60, ALL_DAYS = 0x7f };

struct schedule {
    struct reader reader;
    struct snapshot_interval *intervals;
    size_t count;
};

// ---- Days

static bool is_letter(char byte)
{
    return ascii_is_alnum(byte) && !ascii_is_digit(byte);
}

static bool is_at_letter(struct reader *reader)
{
    return !reader_is_at_end(reader) && is_letter(reader->text.at[reader->at]);
}

static const char *read_day(struct reader *reader, unsigned *day)
{
    static const char *const names[] = {"mo", "tu", "we", "th", "fr", "sa", "su"};
    size_t first = reader->at, last = first;
    while (last < reader->text.len && is_letter(reader->text.at[last])) last++;
    for (*day = 0; *day < 7; ++*day) {
        struct span word = span_slice(reader->text, first, last);
        if (!span_eq_nocase(word, span_of(names[*day]))) continue;
        reader->at = last;
        return NULL;
    }
    return reader_refuse(reader, first, "a day is one of mo, tu, we, th, fr, sa, su");
}

static const char *read_days(struct reader *reader, uint8_t *days)
{
    *days = 0;
    do {
        unsigned first, last;
        if (!is_at_letter(reader)) return reader_refuse(reader, reader->at, "a day is missing");
        const char *refused = read_day(reader, &first);
        last = first;
        if (!refused && reader_take(reader, '-')) {
            reader_is_at_end(reader); // skips blanks
            refused = read_day(reader, &last);
        }
        if (refused) return refused;
        for (unsigned day = first; day != last; day = (day + 1) % 7) *days |= (uint8_t)(1U << day);
        *days |= (uint8_t)(1U << last);
    } while (reader_take(reader, ','));
    return NULL;
}

// ---- Times

static const char *read_time(struct reader *reader, uint16_t *minute_of_day)
{
    uint32_t hour, minute = 0;
    reader_is_at_end(reader); // skips blanks
    size_t first = reader->at;
    bool is_read = reader_take_digits(reader, 2, &hour);
    if (is_read && reader->at < reader->text.len && reader->text.at[reader->at] == ':') {
        reader->at++;
        size_t minutes_at = reader->at;
        is_read = reader_take_digits(reader, 2, &minute) && reader->at - minutes_at == 2;
    }
    *minute_of_day = (uint16_t)(hour * 60 + minute);
    if (is_read && minute < 60 && *minute_of_day <= MINUTES_OF_DAY) return NULL;
    return reader_refuse(reader, first, "a time is as in 08:00, up to 24:00");
}

static const char *add(struct schedule *schedule, struct snapshot_interval interval, size_t at)
{
    if (schedule->count == SCHEDULE_INTERVALS_MAX) {
        return reader_refuse(&schedule->reader, at, "there may be at most 32 ranges of time");
    }
    schedule->intervals[schedule->count++] = interval;
    return NULL;
}

static const char *read_times(struct schedule *schedule, uint8_t days)
{
    struct reader *reader = &schedule->reader;
    do {
        struct snapshot_interval interval = {.days = days};
        reader_is_at_end(reader); // skips blanks
        size_t first = reader->at;
        const char *refused = read_time(reader, &interval.from_minute);
        if (refused) return refused;
        if (!reader_take(reader, '-')) {
            return reader_refuse(reader, reader->at, "a range of times is as in 08:00-17:00");
        }
        refused = read_time(reader, &interval.until_minute);
        if (refused) return refused;
        if (interval.from_minute == interval.until_minute ||
            interval.from_minute == MINUTES_OF_DAY) {
            return reader_refuse(reader, first, "this range is empty");
        }
        refused = add(schedule, interval, first);
        if (refused) return refused;
    } while (reader_take(reader, ','));
    return NULL;
}

// ---- The whole

static const char *read_entry(struct schedule *schedule)
{
    struct reader *reader = &schedule->reader;
    uint8_t days = ALL_DAYS;
    size_t first = reader->at;
    bool has_days = is_at_letter(reader);
    const char *refused = has_days ? read_days(reader, &days) : NULL;
    if (refused) return refused;
    bool is_all_day = has_days && (reader_is_at_end(reader) || reader->text.at[reader->at] == ';');
    struct snapshot_interval all_day = {.days = days, .until_minute = MINUTES_OF_DAY};
    return is_all_day ? add(schedule, all_day, first) : read_times(schedule, days);
}

const char *calendar_read_schedule(struct span text,
                                   struct snapshot_interval intervals[SCHEDULE_INTERVALS_MAX],
                                   size_t *count, char reason[REASON_SIZE])
{
    struct schedule schedule = {.reader = {.text = text, .reason = reason}, .intervals = intervals};
    struct reader *reader = &schedule.reader;
    *count = 0;
    while (!reader_is_at_end(reader)) {
        const char *refused = read_entry(&schedule);
        if (refused) return refused;
        if (reader_take(reader, ';') || reader_is_at_end(reader)) continue;
        return reader_refuse(reader, reader->at, "; or the end is expected");
    }
    *count = schedule.count;
    return NULL;
}
