// SPDX-License-Identifier: Apache-2.0
// A table of lines, as spreadsheets export it (RFC 4180), to records. The first row names the
// columns: a line's fields by their names, its user's as "user.mobile", its forwardings' targets as
// "forward.busy.external". An empty cell says nothing. A table that says nothing of lines but whose
// they are ("user") is one of users.
#include "api/api_int.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = 100 };

struct column {
    char name[64];
    enum model_kind kind;
    const struct model_field *field; // of a line or user
    char condition[32], origin[32];  // of a forwarding
};

struct table {
    struct column columns[COLUMNS_MAX];
    size_t column_count;
    bool is_first_row;
    bool has_lines; // some column is about a line
    size_t column;  // of the next cell
    json_int_t row;
    int last_end;                        // what ended the row before
    json_t *users, *lines, *forwardings; // what the rows before have come to
    json_t *user, *line, *forwards;      // of this row
    json_t *errors;
};

static void fail(struct table *table, struct span field, const char *reason)
{
    json_t *error = json_pack("{sI ss ss so ss}", "row", table->row, "kind", "line", "key", "",
                              "field", api_json_text(field), "reason", reason);
    if (json_array_size(table->errors) < COLUMNS_MAX) {
        json_array_append_new(table->errors, error);
    } else {
        json_decref(error);
    }
}

// ---- The first row

static bool read_forward_column(struct column *column, struct span rest)
{
    unsigned value;
    struct span condition = span_split(&rest, '.');
    struct span origin = rest.len > 0 ? rest : span_of(model_name(&model_origins, ORIGIN_ALL));
    column->kind = KIND_FORWARDING;
    return model_find_name(&model_conditions, condition, &value) &&
           model_find_name(&model_origins, origin, &value) &&
           text_copy(column->condition, sizeof column->condition, condition) &&
           text_copy(column->origin, sizeof column->origin, origin);
}

static bool read_column(struct column *column, struct span name)
{
    if (!text_copy(column->name, sizeof column->name, name)) return false;
    if (span_starts_with(name, SPAN("forward."))) {
        return read_forward_column(column, span_from(name, strlen("forward.")));
    }
    bool is_user = span_starts_with(name, SPAN("user."));
    column->kind = is_user ? KIND_USER : KIND_LINE;
    column->field = model_find_field(column->kind,
                                     is_user ? span_from(name, strlen("user.")) : name);
    return column->field != NULL;
}

static void add_column(struct table *table, struct span name)
{
    if (table->column_count == COLUMNS_MAX) {
        fail(table, name, "is one column too many");
        return;
    }
    struct column *column = &table->columns[table->column_count];
    for (size_t i = 0; i < table->column_count; i++) {
        if (span_eq(name, span_of(table->columns[i].name))) fail(table, name, "is there twice");
    }
    if (!read_column(column, name)) fail(table, name, "is no column that is known");
    if (column->kind != KIND_USER && !span_eq(name, SPAN("user"))) table->has_lines = true;
    table->column_count++;
}

// ---- Cells

static json_t *json_of(const struct model_field *field, struct span text)
{
    uint64_t number;
    bool is_on = span_eq_nocase(text, SPAN("true")) || span_eq_nocase(text, SPAN("on"));
    bool is_off = span_eq_nocase(text, SPAN("false")) || span_eq_nocase(text, SPAN("off"));
    if (field->type == TYPE_BOOL && (is_on || is_off)) return json_boolean(is_on);
    if (field->type == TYPE_NUMBER && span_to_u64(text, INT64_MAX, &number)) {
        return api_json_count(number);
    }
    return api_json_text(text); // the field itself says what is wrong with it
}

static void add_cell(struct table *table, struct span text)
{
    if (table->column >= table->column_count) {
        if (text.len > 0) fail(table, SPAN_NONE, "has more cells than there are columns");
        return;
    }
    const struct column *column = &table->columns[table->column];
    if (text.len == 0) return;
    if (!utf8_is_valid(text)) {
        fail(table, span_of(column->name), "is not UTF-8");
    } else if (column->kind == KIND_FORWARDING) {
        json_array_append_new(table->forwards,
                              json_pack("{ss ss so}", "condition", column->condition, "origin",
                                        column->origin, "target", api_json_text(text)));
    } else {
        json_t *record = column->kind == KIND_USER ? table->user : table->line;
        json_object_set_new(record, column->field->name, json_of(column->field, text));
    }
}

static void on_cell(void *bytes, size_t len, void *context)
{
    struct table *table = context;
    struct span text = span_trim((struct span){bytes, len});
    if (table->is_first_row) {
        add_column(table, text);
    } else {
        add_cell(table, text);
    }
    table->column++;
}

// ---- Rows

static void start_row(struct table *table)
{
    table->column = 0;
    table->user = json_object();
    table->line = json_object();
    table->forwards = json_array();
}

// The row's user, forwardings and line get what they share, and join those of the rows before.
static void end_records(struct table *table)
{
    json_t *forwarding, *owner = json_object_get(table->line, "user");
    size_t i;
    json_object_set_new(table->line, IMPORT_ROW, json_integer(table->row));
    bool is_said = json_object_size(table->user) > 0;
    if (is_said && !owner) {
        fail(table, SPAN("user"), "is missing, but something is said of the user");
    } else if (is_said || !table->has_lines) {
        json_object_set(table->user, "name", owner);
        json_object_set_new(table->user, IMPORT_ROW, json_integer(table->row));
        json_array_append(table->users, table->user);
    }
    json_array_foreach(table->forwards, i, forwarding)
    {
        json_object_set(forwarding, "group", json_object_get(table->line, "group"));
        json_object_set(forwarding, "extension", json_object_get(table->line, "extension"));
        json_object_set_new(forwarding, IMPORT_ROW, json_integer(table->row));
        json_array_append(table->forwardings, forwarding);
    }
    if (table->has_lines) json_array_append(table->lines, table->line);
}

static void drop_row(struct table *table)
{
    json_decref(table->user);
    json_decref(table->line);
    json_decref(table->forwards);
}

// A row has ended by CR, LF, or -1 at the end of the text; CR LF end only one.
static void on_row(int end, void *context)
{
    struct table *table = context;
    bool is_second = end == '\n' && table->last_end == '\r' && table->column == 0;
    table->last_end = end;
    if (is_second) return;
    bool is_empty = json_object_size(table->line) == 0 && json_object_size(table->user) == 0 &&
                    json_array_size(table->forwards) == 0;
    if (!table->is_first_row && !is_empty) end_records(table);
    table->is_first_row = false;
    drop_row(table);
    start_row(table);
    table->row++;
}

// Which of the three separators that spreadsheets use stands in the first row most often.
static unsigned char separator_of(struct span text)
{
    static const char candidates[] = {',', ';', '\t'};
    size_t counts[3] = {0}, best = 0;
    struct span line = span_split(&text, '\n');
    for (size_t i = 0; i < line.len; i++) {
        for (size_t j = 0; j < 3; j++) counts[j] += line.at[i] == candidates[j];
    }
    for (size_t j = 1; j < 3; j++) {
        if (counts[j] > counts[best]) best = j;
    }
    return (unsigned char)candidates[best];
}

static void parse(struct table *table, struct span text)
{
    struct csv_parser parser;
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL) != 0) {
        fail(table, SPAN("csv"), "cannot be read: out of memory");
        return;
    }
    csv_set_delim(&parser, separator_of(text));
    size_t done = csv_parse(&parser, text.at, text.len, on_cell, on_row, table);
    if (done != text.len || csv_fini(&parser, on_cell, on_row, table) != 0) {
        fail(table, SPAN("csv"), csv_strerror(csv_error(&parser)));
    }
    csv_free(&parser);
}

json_t *api_csv_to_records(const json_t *csv, json_t *errors)
{
    struct table *table = calloc(1, sizeof *table);
    struct span text = {json_string_value(csv), json_string_length(csv)};
    if (!table) return NULL;
    table->errors = errors;
    table->is_first_row = true;
    table->row = 1;
    table->users = json_array();
    table->lines = json_array();
    table->forwardings = json_array();
    start_row(table);
    if (span_starts_with(text, SPAN("\xef\xbb\xbf")))
        text = span_from(text, 3); // spreadsheets' mark
    parse(table, text);
    drop_row(table);
    json_t *records = json_pack("{so so so}", "users", table->users, "lines", table->lines,
                                "forwardings", table->forwardings);
    free(table);
    return records;
}
