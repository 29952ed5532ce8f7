// SPDX-License-Identifier: Apache-2.0
// Weekly schedules and calendars of days: read from their text when they are saved, and asked
// whether they hold at a moment while a call waits. Pure; the time zone comes as data
// (snapshot.h). docs/schedules.md.
#pragma once

#include "model/model.h"

// Reads a schedule such as "mo-fr 08:00-12:00,13:00-17:00; sa 09:00-13:00". Days alone ("sa,su")
// mean all day, times alone every day; an empty text gives no intervals, which means always. A
// range whose end is not behind its beginning ("22:00-06:00") ends on the following day. Returns
// NULL; or the reason why it is none, printed into `reason`, with the position of the byte.
const char *calendar_read_schedule(struct span text,
                                   struct snapshot_interval intervals[SCHEDULE_INTERVALS_MAX],
                                   size_t *count, char reason[REASON_SIZE]);

// Reads days such as "2026-12-25, 12-24, 2026-12-24..2027-01-01, 12-24..01-06"; without a year they
// come every year. An empty text gives none. Returns NULL, or the reason as above.
const char *calendar_read_days(struct span text, struct snapshot_days days[CALENDAR_DAYS_MAX],
                               size_t *count, char reason[REASON_SIZE]);

// What clocks and wall calendars show.
struct calendar_moment {
    int32_t day;     // days since 1970-01-01
    uint32_t minute; // of the day
};

// The local time in `zone` (NULL: UTC) at a point in time (since 1970, UTC).
struct calendar_moment calendar_local(const struct snapshot_zone *zone, uint64_t wall_us);

// When a rule holds. The lists are borrowed.
struct calendar_times {
    const struct snapshot_interval *intervals;
    size_t interval_count; // 0: always
    const struct snapshot_days *days;
    size_t day_count;
    enum model_holidays holidays; // what the days change
};

// Whether they hold at the moment. HOLIDAYS_ALWAYS without intervals holds on the days alone;
// HOLIDAYS_NEVER takes out the intervals that begin on one of the days, up to their end.
bool calendar_holds(const struct calendar_times *times, struct calendar_moment moment);
