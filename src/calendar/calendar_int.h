// SPDX-License-Identifier: Apache-2.0
// What the files of this folder share: a text that is read from front to back, and where in it
// something is wrong.
#pragma once

#include "calendar/calendar.h"

struct reader {
    struct span text;
    size_t at;
    char *reason; // REASON_SIZE bytes
};

// Skips blanks; whether the end is reached.
bool reader_is_at_end(struct reader *reader);
// Skips blanks, and `byte` if it stands there; whether it did.
bool reader_take(struct reader *reader, char byte);
// Takes one or two digits without skipping blanks before them; false when there are none.
bool reader_take_digits(struct reader *reader, size_t max, uint32_t *value);
// Prints "cannot be read at character 7: WHAT" and returns it.
const char *reader_refuse(const struct reader *reader, size_t at, const char *what);
