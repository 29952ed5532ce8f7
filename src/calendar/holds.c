// SPDX-License-Identifier: Apache-2.0
// Whether a schedule holds. Clocks decide: where they are set forward, the hour that is left out
// holds nothing; where they are set back, what holds in the repeated hour holds twice.
#include "calendar/calendar.h"

enum { DAYS_OF_LEAP_YEAR = 366 };

struct calendar_moment calendar_local(const struct snapshot_zone *zone, uint64_t wall_us)
{
    int64_t now_s = (int64_t)(wall_us / 1000000);
    int32_t offset_s = 0;
    for (uint32_t i = 0; zone && i < zone->step_count; i++) {
        if (i > 0 && zone->steps[i].from_s > now_s) break; // before the first step: as from it on
        offset_s = zone->steps[i].offset_s;
    }
    int64_t local_s = now_s + offset_s;
    if (local_s < 0) local_s = 0;
    return (struct calendar_moment){
        .day = (int32_t)(local_s / CIVIL_DAY_S),
        .minute = (uint32_t)(local_s % CIVIL_DAY_S / 60),
    };
}

// The day as days since 1 January of a leap year.
static int32_t day_of_leap_year(int32_t day)
{
    struct civil_date date = civil_date_of(day);
    date.year = 2000;
    return civil_day(date) - civil_day((struct civil_date){2000, 1, 1});
}

static bool is_holiday(const struct calendar_times *times, int32_t day)
{
    for (size_t i = 0; i < times->day_count; i++) {
        const struct snapshot_days *days = &times->days[i];
        int32_t since = (days->is_yearly ? day_of_leap_year(day) : day) - days->first;
        if (days->is_yearly && since < 0) since += DAYS_OF_LEAP_YEAR;
        if (since >= 0 && since < days->count) return true;
    }
    return false;
}

static bool begins_on(const struct snapshot_interval *interval, int32_t day)
{
    return interval->days & 1U << civil_weekday(day);
}

// Whether the moment lies in the interval; `*first_day` becomes the day that it began on.
static bool is_inside(const struct snapshot_interval *interval, struct calendar_moment moment,
                      int32_t *first_day)
{
    bool is_overnight = interval->until_minute <= interval->from_minute;
    bool is_before_end = moment.minute < interval->until_minute;
    bool is_after_start = moment.minute >= interval->from_minute;
    *first_day = moment.day;
    if (is_after_start && (is_overnight || is_before_end)) return begins_on(interval, moment.day);
    *first_day = moment.day - 1;
    return is_overnight && is_before_end && begins_on(interval, moment.day - 1);
}

bool calendar_holds(const struct calendar_times *times, struct calendar_moment moment)
{
    bool is_today = is_holiday(times, moment.day);
    if (times->holidays == HOLIDAYS_ALWAYS && is_today) return true;
    if (times->interval_count == 0) {
        bool is_limited = times->day_count > 0;
        if (times->holidays == HOLIDAYS_ALWAYS) return !is_limited;
        return times->holidays == HOLIDAYS_AS_SCHEDULE || !is_today;
    }
    for (size_t i = 0; i < times->interval_count; i++) {
        int32_t first_day;
        if (!is_inside(&times->intervals[i], moment, &first_day)) continue;
        if (times->holidays == HOLIDAYS_NEVER && is_holiday(times, first_day)) continue;
        return true;
    }
    return false;
}
