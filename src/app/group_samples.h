// SPDX-License-Identifier: Apache-2.0
// How the lines of each line group stood, for a day, kept in a file over a restart: of every five
// minutes the last one in which the most lines were refused or unreachable, of at most
// GROUP_SAMPLES_GROUPS groups. A group takes memory from its first sample on, and gives it back
// when it has had none for a day, or when another one needs the place. Of one thread.
#pragma once

#include "api/api.h"

enum { GROUP_SAMPLES_GROUPS = 1000 }; // as many as GET /status tells of

struct group_samples;

// With those of the file "group_samples" in the data directory. NULL when memory is out.
struct group_samples *group_samples_load(const char *data_dir) WARN_UNUSED;
void group_samples_free(struct group_samples *samples);
// Takes in how the group's lines stand now, once a minute; `group_id` is never 0. Those that are of
// a later time go: the clock was set back. What there is no place or memory for is left out.
void group_samples_add(struct group_samples *samples, uint32_t group_id,
                       const struct api_sample *sample);
// Gives the places of groups back that were not noted for a day, and writes the file if anything
// has changed.
void group_samples_save(struct group_samples *samples, uint32_t now_s);
// The group's first behind `after_s`; false at the end.
bool group_samples_next(const struct group_samples *samples, uint32_t group_id, uint32_t after_s,
                        struct api_sample *out);
