// SPDX-License-Identifier: Apache-2.0
// A file of text that keeps what is true now over a restart (registrations, bindings): read whole,
// and written beside the old one and put in its place.
#pragma once

#include "base/base.h"

#include <stdio.h>

enum { STATE_FILE_PATH_SIZE = 640 };

struct state_file {
    char path[STATE_FILE_PATH_SIZE], new_path[STATE_FILE_PATH_SIZE];
};

// The file `name` of the data directory; not touched yet.
void state_file_init(struct state_file *file, const char *data_dir, const char *name);
// All that is in it; empty when there is nothing that can be read. The caller frees `*bytes`, which
// the text borrows from.
struct span state_file_read(const struct state_file *file, char **bytes);
// The first line of a file of times: `heading`, then the name of the machine's start and by how
// much the wall clock was before the time since then, as in "lineward bindings 2 BOOT AHEAD_US".
// Where the machine has not been started anew since, and the wall clock was set, `*shift_us` is
// what is to be added to the times (it may wrap round); else the wall clock has to be believed, and
// it is 0. False: it is no such line.
void state_file_put_clock(FILE *out, struct span heading);
bool state_file_read_clock(struct span line, struct span heading, uint64_t *shift_us);
// Replaces it by what `put` prints. False, with errno set, when it could not be written; the old
// one then stays.
bool state_file_write(const struct state_file *file, void (*put)(FILE *out, void *context),
                      void *context);
