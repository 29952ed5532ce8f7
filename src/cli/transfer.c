// SPDX-License-Identifier: Apache-2.0
// Many settings at once: import of a table of lines or of an export, with a preview; and export.
#include "cli/cli_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    FILE_MAX = 16 * 1024 * 1024,
    HASHING_S = 900, // that the server may take where there are many passwords to hash
};

// ---- Import

// Reads a whole file, "-" being the input; NULL, with the reason printed, when it cannot be read.
static char *read_file(const char *name, size_t *len)
{
    FILE *file = strcmp(name, "-") == 0 ? stdin : fopen(name, "rb");
    char *text = file ? malloc(FILE_MAX + 1) : NULL;
    if (!file) cli_fail("cannot read %s: %s", name, strerror(errno));
    if (file && !text) cli_fail("out of memory");
    if (text) *len = fread(text, 1, FILE_MAX + 1, file);
    if (text && (ferror(file) || *len > FILE_MAX)) {
        cli_fail(ferror(file) ? "cannot read %s" : "%s has more than 16 MB", name);
        free(text);
        text = NULL;
    }
    if (file && file != stdin) fclose(file);
    return text;
}

// What is sent: an export as it is, a table as a member of its own. NULL, with the reason printed,
// when it is neither.
static json_t *read_body(const char *name)
{
    json_error_t error;
    size_t len = 0;
    json_t *body = NULL;
    char *text = read_file(name, &len);
    if (!text) return NULL;
    struct span start = span_trim((struct span){text, len});
    if (start.len > 0 && start.at[0] == '{') {
        body = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
        if (!body) cli_fail("%s: line %d: %s", name, error.line, error.text);
    } else {
        json_t *table = json_stringn(text, len);
        if (!table) cli_fail("%s is not UTF-8", name);
        if (table) body = json_pack("{so}", "csv", table);
    }
    free(text);
    return body;
}

// Sends the import, or tries it only.
static int send(const struct invocation *invocation, json_t *body, bool is_trial, json_t **answer)
{
    struct path path;
    cli_path_begin(&path, "/api/v1/import");
    if (is_trial) cli_path_parameter(&path, "dry_run", "true");
    path.answer_s = HASHING_S;
    return cli_client_call(invocation, "POST", &path, json_incref(body), answer);
}

static void print_counts(const json_t *answer)
{
    static const char *const headings[] = {"", "NEW", "CHANGED", "AS BEFORE", NULL};
    static const char *const effects[] = {"added", "changed", "unchanged"};
    struct table *table = cli_table_new(headings);
    const char *kind;
    json_t *added;
    json_object_foreach(json_object_get(answer, "added"), kind, added)
    {
        long long sum = 0, counts[3];
        char text[3][24];
        for (size_t i = 0; i < 3; i++) {
            counts[i] = cli_number_of(json_object_get(answer, effects[i]), kind);
            snprintf(text[i], sizeof text[i], "%lld", counts[i]);
            sum += counts[i];
        }
        if (sum == 0) continue;
        cli_table_add(table, kind);
        for (size_t i = 0; i < 3; i++) cli_table_add(table, text[i]);
    }
    cli_table_print_and_free(table);
    size_t i;
    json_t *warning;
    json_array_foreach(json_object_get(answer, "warnings"), i, warning)
    {
        printf("row %lld: ", cli_number_of(warning, "row"));
        cli_print_text(cli_text_of(warning, "reason"));
        putchar('\n');
    }
}

static void print_result(const struct invocation *invocation, json_t *answer)
{
    if (cli_printed_json(invocation, answer)) return;
    print_counts(answer);
    json_decref(answer);
}

// A person at a terminal sees what would happen, and is asked.
static bool is_agreed(const struct invocation *invocation)
{
    char line[16];
    if (cli_args_has(invocation, "yes") || !isatty(STDIN_FILENO)) return true;
    fputs("Import? [y/N] ", stdout);
    fflush(stdout);
    return fgets(line, sizeof line, stdin) && (line[0] == 'y' || line[0] == 'Y');
}

int cli_import(const struct invocation *invocation)
{
    bool is_trial = cli_args_has(invocation, "dry-run"), is_asked = isatty(STDIN_FILENO);
    json_t *answer = NULL, *body = read_body(invocation->words[0]);
    int result = STATUS_FAILED;
    if (!body) return result;
    if (is_trial || (is_asked && !cli_args_has(invocation, "yes"))) {
        result = send(invocation, body, true, &answer);
        if (result == STATUS_DONE) print_result(invocation, answer);
        if (result != STATUS_DONE || is_trial) goto out;
        if (!is_agreed(invocation)) {
            puts("nothing was changed");
            goto out;
        }
    }
    result = send(invocation, body, false, &answer);
    if (result == STATUS_DONE) print_result(invocation, answer);
out:
    json_decref(body);
    return result;
}

// ---- Export

static bool is_column(enum model_kind kind, const struct model_field *field)
{
    if (field->flags & FIELD_SECRET) return false;
    return kind == KIND_LINE || !(field->flags & FIELD_KEY);
}

static void print_fields(enum model_kind kind, const json_t *record)
{
    const struct model_kind_info *info = model_kind(kind);
    for (size_t i = 0; i < info->field_count; i++) {
        const struct model_field *field = &info->fields[i];
        if (!is_column(kind, field)) continue;
        cli_csv_value(json_object_get(record, field->name), kind == KIND_LINE && i == 0);
    }
}

static void print_headings(void)
{
    char name[80];
    const struct model_kind_info *line = model_kind(KIND_LINE), *user = model_kind(KIND_USER);
    for (size_t i = 0; i < line->field_count; i++) {
        if (is_column(KIND_LINE, &line->fields[i])) cli_csv_cell(line->fields[i].name, i == 0);
    }
    for (size_t i = 0; i < user->field_count; i++) {
        snprintf(name, sizeof name, "user.%s", user->fields[i].name);
        if (is_column(KIND_USER, &user->fields[i])) cli_csv_cell(name, false);
    }
    for (unsigned condition = 0; condition < CONDITION_COUNT; condition++) {
        for (unsigned origin = 0; origin < ORIGIN_COUNT; origin++) {
            snprintf(name, sizeof name, "forward.%s.%s", model_name(&model_conditions, condition),
                     model_name(&model_origins, origin));
            cli_csv_cell(name, false);
        }
    }
    putchar('\n');
}

// The records of a list by one text each, so that 100,000 lines find theirs at once.
static json_t *index_of(const json_t *list, const char *const names[])
{
    json_t *index = json_object(), *record;
    size_t i;
    json_array_foreach(list, i, record)
    {
        char key[RANGES_SIZE];
        struct buffer out = buffer_over(key, sizeof key);
        for (size_t j = 0; names[j]; j++) buffer_printf(&out, "%s/", cli_text_of(record, names[j]));
        json_object_setn_new_nocheck(index, out.at, out.len, json_incref(record));
    }
    return index;
}

static void print_forwardings(const json_t *index, const json_t *line)
{
    for (unsigned condition = 0; condition < CONDITION_COUNT; condition++) {
        for (unsigned origin = 0; origin < ORIGIN_COUNT; origin++) {
            char key[RANGES_SIZE];
            snprintf(key, sizeof key, "%s/%s/%s/%s/", cli_text_of(line, "group"),
                     cli_text_of(line, "extension"), model_name(&model_conditions, condition),
                     model_name(&model_origins, origin));
            const json_t *forwarding = json_object_get(index, key);
            bool is_on = json_is_true(json_object_get(forwarding, "enabled"));
            cli_csv_cell(is_on ? cli_text_of(forwarding, "target") : "", false);
        }
    }
}

static void print_table(const json_t *settings)
{
    static const char *const user_key[] = {"name", NULL};
    static const char *const slot_key[] = {"group", "extension", "condition", "origin", NULL};
    json_t *users = index_of(json_object_get(settings, "users"), user_key);
    json_t *slots = index_of(json_object_get(settings, "forwardings"), slot_key);
    json_t *line;
    size_t i;
    print_headings();
    json_array_foreach(json_object_get(settings, "lines"), i, line)
    {
        char owner[NAME_SIZE + 1];
        snprintf(owner, sizeof owner, "%s/", cli_text_of(line, "user"));
        print_fields(KIND_LINE, line);
        print_fields(KIND_USER, json_object_get(users, owner));
        print_forwardings(slots, line);
        putchar('\n');
    }
    json_decref(users);
    json_decref(slots);
}

int cli_export(const struct invocation *invocation)
{
    struct path path;
    json_t *answer = NULL;
    cli_path_begin(&path, "/api/v1/export");
    int result = cli_client_call(invocation, "GET", &path, NULL, &answer);
    if (result != STATUS_DONE) return result;
    if (!cli_args_has(invocation, "csv")) {
        cli_print_json(answer);
        return result;
    }
    print_table(answer);
    json_decref(answer);
    return result;
}
