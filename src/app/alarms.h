// SPDX-License-Identifier: Apache-2.0
// What administrators have to know of lines until they lift it: a bounded table under a mutex, kept
// in a file over a restart.
#pragma once

#include "api/api.h"

struct alarms;

// With those of the file "alarms" in the data directory. NULL when memory is out.
struct alarms *alarms_load(const char *data_dir) WARN_UNUSED;
void alarms_free(struct alarms *alarms);
// Something has happened, for the first time (true) or again; `alarm->number` and its times are
// filled in. Where there is no room the oldest alarm goes. From any thread.
bool alarms_raise(struct alarms *alarms, struct api_alarm *alarm);
// The alarm behind those with numbers up to `after`; false at the end.
bool alarms_next(struct alarms *alarms, uint64_t after, struct api_alarm *out);
// Takes it out; false when it is not there.
bool alarms_lift(struct alarms *alarms, uint64_t number);
// How many were raised since the start.
void alarms_count(struct alarms *alarms, uint64_t raised[ALARM_KIND_COUNT]);
// Writes the file, where something has changed that is worth it. From one thread at a time.
void alarms_save(struct alarms *alarms);
