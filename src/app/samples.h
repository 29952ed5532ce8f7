// SPDX-License-Identifier: Apache-2.0
// How the lines stood, minute by minute, for a day: a bounded table, kept in a file over a restart.
// Of one thread.
#pragma once

#include "api/api.h"

#include <stdio.h>

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

// ---- How such files are written, also that of each group (group_samples.h)

enum { SAMPLES_HEADING_SIZE = 160 };
// "TITLE STATE...": the states' names in the order of the counts. Lives as long as `bytes`.
struct span samples_heading(const char *title, char bytes[SAMPLES_HEADING_SIZE]);
// A sample's line, "AT_S COUNT...", without its end. False: it is none.
bool samples_read_line(struct span line, struct api_sample *sample);
void samples_print_line(FILE *out, const struct api_sample *sample);
