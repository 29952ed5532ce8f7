// SPDX-License-Identifier: Apache-2.0
// ICU's calendar, asked for the next transition again and again. Points in time are milliseconds
// since 1970 there.
#include "zone/zone.h"

#include <string.h>
#include <unicode/ucal.h>

enum { BEFORE_S = 2 * CIVIL_DAY_S, BEHIND_S = 400 * CIVIL_DAY_S };

enum { ID_MAX = NAME_SIZE };

// The name in ICU's characters; false when no zone can have it.
static bool to_id(const char *name, UChar id[ID_MAX])
{
    size_t len = strlen(name);
    if (len >= ID_MAX) return false;
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)name[i] >= 0x80) return false;
        id[i] = (UChar)name[i];
    }
    id[len] = 0;
    return true;
}

bool zone_exists(const char *name)
{
    UChar id[ID_MAX], canonical[ID_MAX * 2];
    UBool is_system = false;
    UErrorCode err = U_ZERO_ERROR;
    if (!*name || !to_id(name, id)) return false;
    ucal_getCanonicalTimeZoneID(id, -1, canonical, ID_MAX * 2, &is_system, &err);
    return U_SUCCESS(err) && is_system;
}

static int32_t offset_at(UCalendar *calendar, UDate at_ms, UErrorCode *err)
{
    ucal_setMillis(calendar, at_ms, err);
    int32_t standard_ms = ucal_get(calendar, UCAL_ZONE_OFFSET, err);
    int32_t saving_ms = ucal_get(calendar, UCAL_DST_OFFSET, err);
    return (standard_ms + saving_ms) / 1000;
}

static void add_step(struct snapshot_zone *zone, int64_t from_s, int32_t offset_s)
{
    // Some transitions change a name alone.
    uint32_t count = zone->step_count;
    if (count > 0 && zone->steps[count - 1].offset_s == offset_s) return;
    zone->steps[zone->step_count++] = (struct snapshot_zone_step){from_s, offset_s};
}

static void read_steps(UCalendar *calendar, int64_t from_s, struct snapshot_zone *zone)
{
    UErrorCode err = U_ZERO_ERROR;
    UDate at_ms = (UDate)from_s * 1000, end_ms = at_ms + (UDate)(BEFORE_S + BEHIND_S) * 1000;
    for (;;) {
        int32_t offset_s = offset_at(calendar, at_ms, &err);
        if (U_FAILURE(err)) return;
        add_step(zone, (int64_t)(at_ms / 1000), offset_s);
        bool is_found = ucal_getTimeZoneTransitionDate(calendar, UCAL_TZ_TRANSITION_NEXT, &at_ms,
                                                       &err);
        bool is_wanted = is_found && U_SUCCESS(err) && at_ms <= end_ms;
        if (!is_wanted || zone->step_count == SNAPSHOT_ZONE_STEPS_MAX) return;
    }
}

void zone_read(const char *name, uint64_t wall_s, struct snapshot_zone *zone)
{
    UChar id[ID_MAX];
    UErrorCode err = U_ZERO_ERROR;
    zone->step_count = 0;
    if (!to_id(name, id)) return;
    UCalendar *calendar = ucal_open(*name ? id : NULL, -1, "en_US", UCAL_GREGORIAN, &err);
    if (U_SUCCESS(err)) read_steps(calendar, (int64_t)wall_s - BEFORE_S, zone);
    ucal_close(calendar);
}
