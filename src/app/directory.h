// SPDX-License-Identifier: Apache-2.0
// The data directory: made when missing, locked against a second server, and the administrator's
// token in it.
#pragma once

#include "base/base.h"

enum { DIRECTORY_PROBLEM_SIZE = 256, TOKEN_SIZE = 65 };

struct directory {
    int lock_file;
    char token[TOKEN_SIZE]; // hexadecimal
};

// Opens `path`. On failure returns false with `problem` naming the file and the cause.
bool directory_open(const char *path, struct directory *directory,
                    char problem[DIRECTORY_PROBLEM_SIZE]);
void directory_close(struct directory *directory);
