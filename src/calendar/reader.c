// SPDX-License-Identifier: Apache-2.0
// Reading schedules and lists of days byte by byte.
#include "calendar/calendar_int.h"

#include <stdio.h>

static void skip_blanks(struct reader *reader)
{
    while (reader->at < reader->text.len && reader->text.at[reader->at] == ' ') reader->at++;
}

bool reader_is_at_end(struct reader *reader)
{
    skip_blanks(reader);
    return reader->at == reader->text.len;
}

bool reader_take(struct reader *reader, char byte)
{
    skip_blanks(reader);
    bool is_there = reader->at < reader->text.len && reader->text.at[reader->at] == byte;
    if (is_there) reader->at++;
    return is_there;
}

bool reader_take_digits(struct reader *reader, size_t max, uint32_t *value)
{
    size_t first = reader->at;
    *value = 0;
    while (reader->at < reader->text.len && reader->at - first < max &&
           ascii_is_digit(reader->text.at[reader->at])) {
        *value = *value * 10 + (uint32_t)(reader->text.at[reader->at++] - '0');
    }
    return reader->at > first;
}

const char *reader_refuse(const struct reader *reader, size_t at, const char *what)
{
    snprintf(reader->reason, REASON_SIZE, "cannot be read at character %zu: %s", at + 1, what);
    return reader->reason;
}
