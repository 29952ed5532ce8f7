// SPDX-License-Identifier: Apache-2.0
// A data directory of each test's own, and the one file in it that the test is about.
#pragma once

#include "unit/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char data_dir[] = "/tmp/lineward-unit-XXXXXX";
static char data_file[sizeof data_dir + 32];

// Makes the directory; nothing is in it. To be called by a test's set-up, which returns its result.
static inline int data_dir_begin(const char *file_name)
{
    memcpy(data_dir + sizeof data_dir - 7, "XXXXXX", 6);
    assert_non_null(mkdtemp(data_dir));
    snprintf(data_file, sizeof data_file, "%s/%s", data_dir, file_name);
    return 0;
}

// A test's tear-down.
static inline int data_dir_end(void **state)
{
    (void)state;
    remove(data_file);
    return rmdir(data_dir);
}
