// SPDX-License-Identifier: Apache-2.0
// The time zones that settings name: each gets a number, and the engine is told what its clocks
// show. docs/schedules.md "Time zones".
#include "settings/settings_int.h"

#include "zone/zone.h"

#include <string.h>
#include <time.h>

uint64_t settings_now_s(const struct settings *settings)
{
    const struct settings_listener *listener = &settings->listener;
    return listener->now_s ? listener->now_s(listener->context) : (uint64_t)time(NULL);
}

static void publish(struct settings *settings, uint32_t zone_id)
{
    struct snapshot_zone zone = {.zone_id = zone_id};
    if (!settings->listener.zone_changed) return;
    zone_read(settings->zones[zone_id], settings_now_s(settings), &zone);
    settings->listener.zone_changed(settings->listener.context, &zone);
}

uint32_t settings_zone_id(struct settings *settings, const char *name)
{
    for (uint32_t i = 0; i < settings->zone_count; i++) {
        if (strcmp(settings->zones[i], name) == 0) return i;
    }
    // Number 0 is the server's own zone, which has no name.
    if (settings->zone_count == 0 && *name) settings_zone_id(settings, "");
    if (settings->zone_count == SNAPSHOT_ZONES_MAX) return 0; // more than there are in the world
    uint32_t zone_id = settings->zone_count++;
    text_copy(settings->zones[zone_id], sizeof settings->zones[zone_id], span_of(name));
    publish(settings, zone_id);
    return zone_id;
}

void settings_refresh_zones(struct settings *settings)
{
    for (uint32_t i = 0; i < settings->zone_count; i++) publish(settings, i);
}
