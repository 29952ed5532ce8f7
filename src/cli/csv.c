// SPDX-License-Identifier: Apache-2.0
// Tables for a spreadsheet. RFC 4180, with a comma, and lines that end as here.
#include "cli/cli_int.h"

#include <stdio.h>
#include <string.h>

void cli_csv_cell(const char *text, bool is_first)
{
    bool is_plain = strpbrk(text, ",\"\r\n") == NULL;
    if (!is_first) putchar(',');
    if (!is_plain) putchar('"');
    for (const char *at = text; *at; at++) {
        if (*at == '"') putchar('"');
        putchar(*at);
    }
    if (!is_plain) putchar('"');
}

void cli_csv_value(const json_t *value, bool is_first)
{
    char digits[24];
    if (json_is_boolean(value)) {
        cli_csv_cell(json_is_true(value) ? "on" : "off", is_first);
    } else if (json_is_integer(value)) {
        snprintf(digits, sizeof digits, "%lld", (long long)json_integer_value(value));
        cli_csv_cell(digits, is_first);
    } else {
        cli_csv_cell(json_is_string(value) ? json_string_value(value) : "", is_first);
    }
}
