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
// Replaces it by what `put` prints. False, with errno set, when it could not be written; the old
// one then stays.
bool state_file_write(const struct state_file *file, void (*put)(FILE *out, void *context),
                      void *context);
