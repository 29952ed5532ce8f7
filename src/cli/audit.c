// SPDX-License-Identifier: Apache-2.0
// Who changed what; the newest first.
#include "cli/cli_int.h"

#include <stdio.h>
#include <stdlib.h>

// The value of a field: a text as it is, anything else as JSON.
static void print_value(const json_t *value)
{
    if (json_is_string(value)) {
        putchar('"');
        cli_print_text(json_string_value(value));
        putchar('"');
        return;
    }
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    cli_print_text(text ? text : "?");
    free(text);
}

// One line for a field: "    target: "102" -> "103"".
static void print_field(const char *name, const json_t *before, const json_t *after)
{
    fputs("    ", stdout);
    cli_print_text(name);
    fputs(": ", stdout);
    if (before) print_value(before);
    if (before && after) fputs(" -> ", stdout);
    if (after) print_value(after);
    putchar('\n');
}

static void print_entry(json_t *entry)
{
    json_t *before = json_object_get(entry, "before"), *after = json_object_get(entry, "after");
    const char *for_user = cli_text_of(entry, "for_user"), *name;
    json_t *value;
    cli_print_time(cli_text_of(entry, "time"));
    fputs("  ", stdout);
    cli_print_text(cli_text_of(entry, "actor"));
    if (for_user[0]) {
        fputs(" for ", stdout);
        cli_print_text(for_user);
    }
    printf(" %s %s ", cli_text_of(entry, "action"), cli_text_of(entry, "kind"));
    cli_print_text(cli_text_of(entry, "key"));
    printf("  #%lld\n", cli_number_of(entry, "id"));
    json_object_foreach(json_is_object(after) ? after : before, name, value)
    {
        print_field(name, json_object_get(before, name), json_object_get(after, name));
    }
}

// The fields as they are stored, as JSON in a cell.
static void print_fields_cell(const json_t *fields)
{
    char *text = json_is_object(fields) ? json_dumps(fields, JSON_COMPACT) : NULL;
    cli_csv_cell(text ? text : "", false);
    free(text);
}

static void print_table(const json_t *entries)
{
    static const char *const columns[] = {"id",     "time", "actor", "for_user",
                                          "action", "kind", "key"};
    size_t i, count = sizeof columns / sizeof columns[0];
    json_t *entry;
    for (size_t k = 0; k < count; k++) cli_csv_cell(columns[k], k == 0);
    cli_csv_cell("before", false);
    cli_csv_cell("after", false);
    putchar('\n');
    json_array_foreach(entries, i, entry)
    {
        for (size_t k = 0; k < count; k++) {
            cli_csv_inert(json_object_get(entry, columns[k]), k == 0);
        }
        print_fields_cell(json_object_get(entry, "before"));
        print_fields_cell(json_object_get(entry, "after"));
        putchar('\n');
    }
}

int cli_audit(const struct invocation *invocation)
{
    static const char *const filters[] = {"kind", "actor", "text", NULL};
    json_t *answer = NULL, *entry;
    struct path path;
    size_t i;
    cli_path_begin(&path, "/api/v1/audit");
    for (size_t filter = 0; filters[filter]; filter++) {
        cli_path_option(invocation, &path, filters[filter]);
    }
    if (invocation->word_count > 0) cli_path_parameter(&path, "key", invocation->words[0]);
    int result = cli_newest(invocation, &path, &answer);
    if (result != STATUS_DONE || cli_printed_json(invocation, answer)) return result;
    if (cli_args_has(invocation, "csv")) {
        print_table(json_object_get(answer, "items"));
        json_decref(answer);
        return STATUS_DONE;
    }
    json_array_foreach(json_object_get(answer, "items"), i, entry) print_entry(entry);
    if (i == 0) puts("no changes");
    json_decref(answer);
    return STATUS_DONE;
}

int cli_revert(const struct invocation *invocation)
{
    struct path path;
    json_t *answer = NULL;
    const char *number = invocation->words[0];
    bool is_forced = cli_args_has(invocation, "force");
    cli_path_begin(&path, "/api/v1/audit");
    cli_path_part(&path, *number == '#' ? number + 1 : number);
    cli_path_part(&path, "revert");
    int result = cli_client_call(invocation, "POST", &path, json_pack("{sb}", "force", is_forced),
                                 &answer);
    if (result != STATUS_DONE || cli_printed_json(invocation, answer)) return result;
    printf("%s ", cli_text_of(answer, "kind"));
    cli_print_text(cli_text_of(answer, "key"));
    printf(" %s\n", cli_text_of(answer, "action"));
    cli_print_warnings(answer);
    json_decref(answer);
    return STATUS_DONE;
}
