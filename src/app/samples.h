// SPDX-License-Identifier: Apache-2.0
// How the lines stood, minute by minute, for a day: a bounded table, kept in a file over a restart.
// Of one thread.
#pragma once

#include "api/api.h"

struct samples;

// With those of the file "samples" in the data directory. NULL when memory is out.
struct samples *samples_load(const char *data_dir) WARN_UNUSED;
void samples_free(struct samples *samples);
// Whether a minute has passed since the last one. A clock that was set back is no reason to wait.
bool samples_is_due(const struct samples *samples, uint32_t now_s);
// Takes it in, in the place of the oldest where there is no room, and writes the file. Those that
// are not before it go: the clock was set back.
void samples_add(struct samples *samples, const struct api_sample *sample);
// The first behind `after_s`; false at the end.
bool samples_next(const struct samples *samples, uint32_t after_s, struct api_sample *out);
