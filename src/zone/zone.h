// SPDX-License-Identifier: Apache-2.0
// Time zones out of ICU's tables, as data for the pure layers: never asked while a call waits.
// docs/schedules.md "Time zones".
#pragma once

#include "model/model.h"

// Whether there is a time zone called `name` ("Europe/Berlin"), as IANA names them.
bool zone_exists(const char *name);

// Reads the steps of the zone called `name` (empty: the server's own) from two days before `wall_s`
// (seconds since 1970 UTC) to 400 days behind it, into `zone`, whose zone_id is left alone. A zone
// that cannot be read is UTC. May be called by several threads at once.
void zone_read(const char *name, uint64_t wall_s, struct snapshot_zone *zone);
