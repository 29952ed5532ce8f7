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

// A spreadsheet takes such a text for a formula, which strangers may send as their name. A number
// with its sign is none.
static bool is_formula(const char *text)
{
    bool is_signed = text[0] == '+' || text[0] == '-';
    if (is_signed) return text[1 + strspn(text + 1, "0123456789 ")] != '\0';
    return text[0] == '=' || text[0] == '@' || text[0] == '\t';
}

void cli_csv_inert(const json_t *value, bool is_first)
{
    char text[1024];
    bool is_marked = json_is_string(value) && is_formula(json_string_value(value));
    if (!is_marked) {
        cli_csv_value(value, is_first);
        return;
    }
    snprintf(text, sizeof text, "'%s", json_string_value(value));
    cli_csv_cell(text, is_first);
}
