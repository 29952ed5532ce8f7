// SPDX-License-Identifier: Apache-2.0
// Reads the tables of this folder for unit tests: one case a line, its columns separated by '|'.
// Lines that begin with '#' and empty lines are left out; \xHH stands for a byte, for what an
// editor does not show. Every case that fails is reported as FILE:LINE with what was expected and
// what came; the test fails at the end of the table.
#pragma once

#include "unit/check.h"

#include <stdio.h>

enum { TABLE_CELLS_MAX = 8, TABLE_LINE_SIZE = 1024 };

struct table {
    const char *path;
    FILE *file;
    unsigned line_number, case_count, failed_count;
    char line[TABLE_LINE_SIZE];
    struct span cells[TABLE_CELLS_MAX]; // trimmed
    size_t cell_count;
};

static inline struct table table_open(const char *path)
{
    struct table table = {.path = path, .file = fopen(path, "r")};
    if (!table.file) fail_msg("cannot open %s (tests run in the top folder)", path);
    return table;
}

// Replaces \xHH in place; returns the new length.
static inline size_t table_unescape(char *text, size_t len)
{
    size_t to = 0;
    for (size_t from = 0; from < len;) {
        unsigned byte;
        bool is_escape = len - from >= 4 && text[from] == '\\' && text[from + 1] == 'x' &&
                         sscanf(text + from + 2, "%2x", &byte) == 1;
        text[to++] = is_escape ? (char)byte : text[from];
        from += is_escape ? 4 : 1;
    }
    return to;
}

// Reads the next case into `cells`; false at the end.
static inline bool table_next(struct table *table)
{
    while (fgets(table->line, sizeof table->line, table->file)) {
        struct span rest = span_trim(span_of(table->line));
        table->line_number++;
        if (rest.len == 0 || rest.at[0] == '#') continue;
        table->cell_count = 0;
        while (rest.len > 0) {
            if (table->cell_count == TABLE_CELLS_MAX) {
                fail_msg("%s:%u: more than %d columns", table->path, table->line_number,
                         TABLE_CELLS_MAX);
            }
            struct span cell = span_trim(span_split(&rest, '|'));
            cell.len = table_unescape(table->line + (cell.at - table->line), cell.len);
            table->cells[table->cell_count++] = cell;
        }
        table->case_count++;
        return true;
    }
    return false;
}

// Reports the current case as failed.
static inline void table_fail(struct table *table, const char *what, struct span expected,
                              struct span actual)
{
    table->failed_count++;
    print_error("%s:%u: %s\n    expected: %.*s\n    actual:   %.*s\n", table->path,
                table->line_number, what, SPAN_ARG(expected), SPAN_ARG(actual));
}

static inline void table_expect(struct table *table, const char *what, struct span expected,
                                struct span actual)
{
    if (!span_eq(expected, actual)) table_fail(table, what, expected, actual);
}

// A case that cannot be read is a mistake in the table.
static inline void table_expect_cells(const struct table *table, size_t count)
{
    if (table->cell_count != count) {
        fail_msg("%s:%u: has %zu columns, not %zu", table->path, table->line_number,
                 table->cell_count, count);
    }
}

static inline void table_unreadable(const struct table *table, struct span word)
{
    fail_msg("%s:%u: cannot read \"%.*s\"", table->path, table->line_number, SPAN_ARG(word));
}

// Fails the test if a case has failed, or there was none.
static inline void table_close(struct table *table)
{
    fclose(table->file);
    if (table->case_count == 0) fail_msg("%s has no cases", table->path);
    if (table->failed_count > 0) {
        fail_msg("%u mismatches in %u cases of %s", table->failed_count, table->case_count,
                 table->path);
    }
}
