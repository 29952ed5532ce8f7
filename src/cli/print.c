// SPDX-License-Identifier: Apache-2.0
// Printing for people: text that others have written, points in time, tables.
#include "cli/cli_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// ---- Texts

// Reads one character of UTF-8, which jansson has checked; returns its length.
static size_t read_character(const char *text, uint32_t *character)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t len = at[0] < 0x80 ? 1 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    *character = len == 1 ? at[0] : at[0] & (0x7fU >> len);
    for (size_t i = 1; i < len; i++) {
        if (!at[i]) return i;
        *character = *character << 6 | (at[i] & 0x3f);
    }
    return len;
}

// Controls and what turns the direction of writing could make other text look different from what
// it is.
static bool is_steering(uint32_t character)
{
    return character < 0x20 || (character >= 0x7f && character < 0xa0) ||
           (character >= 0x202a && character <= 0x202e) ||
           (character >= 0x2066 && character <= 0x2069);
}

// Prints and returns the number of columns.
static int put_text(const char *text)
{
    int columns = 0;
    while (*text) {
        uint32_t character;
        size_t len = read_character(text, &character);
        if (is_steering(character)) {
            putchar('?');
        } else {
            fwrite(text, 1, len, stdout);
        }
        text += len;
        columns++;
    }
    return columns;
}

void cli_print_text(const char *text)
{
    put_text(text);
}

void cli_print_time(const char *text)
{
    char local[64];
    struct tm utc = {0}, here;
    if (!strptime(text, "%Y-%m-%dT%H:%M:%S", &utc)) {
        cli_print_text(text);
        return;
    }
    time_t seconds = timegm(&utc);
    localtime_r(&seconds, &here);
    strftime(local, sizeof local, "%Y-%m-%d %H:%M:%S", &here);
    fputs(local, stdout);
}

void cli_print_json(json_t *json)
{
    json_dumpf(json, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(json);
}

bool cli_printed_json(const struct invocation *invocation, json_t *answer)
{
    bool is_wanted = cli_args_has(invocation, "json");
    if (is_wanted) cli_print_json(answer);
    return is_wanted;
}

int cli_done(const struct invocation *invocation, int result, const char *format, ...)
{
    va_list values;
    if (result != STATUS_DONE || cli_args_has(invocation, "json")) return result;
    va_start(values, format);
    vprintf(format, values);
    va_end(values);
    return STATUS_DONE;
}

const char *cli_text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

long long cli_number_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

// ---- Memory

// What is to be printed must be held: without memory nothing sensible is left to be done.
static void *must_have(void *memory)
{
    if (memory) return memory;
    fputs("lineward: out of memory\n", stderr);
    exit(EXIT_FAILURE);
}

// ---- Tables

struct table {
    size_t column_count, cell_count, cell_max;
    char **cells; // row by row, the headings first
};

struct table *cli_table_new(const char *const *headings)
{
    struct table *table = must_have(calloc(1, sizeof *table));
    while (headings[table->column_count]) table->column_count++;
    for (size_t i = 0; i < table->column_count; i++) cli_table_add(table, headings[i]);
    return table;
}

void cli_table_add(struct table *table, const char *cell)
{
    if (table->cell_count == table->cell_max) {
        table->cell_max = table->cell_max ? table->cell_max * 2 : 64;
        table->cells = must_have(realloc(table->cells, table->cell_max * sizeof *table->cells));
    }
    table->cells[table->cell_count++] = must_have(strdup(cell));
}

static int columns_of(const char *text)
{
    int columns = 0;
    for (; *text; text++) columns += ((unsigned char)*text & 0xc0) != 0x80;
    return columns;
}

static int width_of(const struct table *table, size_t column)
{
    int width = 0;
    for (size_t i = column; i < table->cell_count; i += table->column_count) {
        int columns = columns_of(table->cells[i]);
        if (columns > width) width = columns;
    }
    return width;
}

void cli_table_print_and_free(struct table *table)
{
    int *widths = must_have(calloc(table->column_count, sizeof *widths));
    for (size_t i = 0; i < table->column_count; i++) widths[i] = width_of(table, i);
    int gap = 0; // to the next cell with a text; no line ends with blanks
    for (size_t i = 0; i < table->cell_count; i++) {
        size_t column = i % table->column_count;
        if (column == 0) gap = 0;
        if (table->cells[i][0]) {
            printf("%*s", gap, "");
            gap = -put_text(table->cells[i]);
        }
        gap += widths[column] + 2;
        if (column + 1 == table->column_count) putchar('\n');
        free(table->cells[i]);
    }
    free(widths);
    free(table->cells);
    free(table);
}
