// SPDX-License-Identifier: Apache-2.0
// The registrations as they stand, in a file of the data directory, for the next start. Nothing is
// lost that the PBX does not tell again, so the file is written now and then, not at every change,
// and no disk is waited for.
#pragma once

#include "app/states.h"

struct registrations;

// Reads the file of `data_dir`; without one, or with a damaged one, there is nothing in it. NULL
// when memory is out.
struct registrations *registrations_load(const char *data_dir) WARN_UNUSED;
void registrations_free(struct registrations *registrations);
// Copies what was loaded of a line to `*out`; false: nothing. From any thread.
bool registrations_find(const struct registrations *registrations, uint32_t line_id,
                        struct line_saved *out);
// Writes what `states` knows in place of the file. Failures are logged, once.
void registrations_save(struct registrations *registrations, struct states *states);
