// SPDX-License-Identifier: Apache-2.0
// Presets: what a line group of a certain PBX is begun with, as the server knows them.
#include "cli/cli_int.h"

#include <stdio.h>
#include <string.h>

static int fetch(const struct invocation *invocation, json_t **answer)
{
    struct path path;
    cli_path_begin(&path, "/api/v1/presets");
    return cli_client_call(invocation, "GET", &path, NULL, answer);
}

int cli_preset_find(const struct invocation *invocation, const char *name, json_t **preset)
{
    json_t *answer = NULL, *item;
    size_t i;
    int result = fetch(invocation, &answer);
    if (result != STATUS_DONE) return result;
    *preset = NULL;
    json_array_foreach(json_object_get(answer, "items"), i, item)
    {
        if (strcmp(cli_text_of(item, "name"), name) == 0) *preset = json_incref(item);
    }
    json_decref(answer);
    if (*preset) return STATUS_DONE;
    return cli_fail("there is no preset %s: see lineward preset list", name);
}

int cli_preset_list(const struct invocation *invocation)
{
    static const char *const headings[] = {"NAME", "FOR", "TESTED HERE", NULL};
    json_t *answer = NULL, *item;
    size_t i;
    int result = fetch(invocation, &answer);
    if (result != STATUS_DONE || cli_printed_json(invocation, answer)) return result;
    struct table *table = cli_table_new(headings);
    json_array_foreach(json_object_get(answer, "items"), i, item)
    {
        bool is_tested = json_is_string(json_object_get(item, "tested"));
        cli_table_add(table, cli_text_of(item, "name"));
        cli_table_add(table, cli_text_of(item, "title"));
        cli_table_add(table, is_tested ? cli_text_of(item, "tested") : "no");
    }
    cli_table_print_and_free(table);
    json_decref(answer);
    return STATUS_DONE;
}

int cli_preset_show(const struct invocation *invocation)
{
    static const char *const headings[] = {"FIELD", "VALUE", "BECAUSE", NULL};
    json_t *preset = NULL, *value;
    size_t i;
    int result = cli_preset_find(invocation, invocation->words[0], &preset);
    if (result != STATUS_DONE || cli_printed_json(invocation, preset)) return result;
    struct table *table = cli_table_new(headings);
    json_array_foreach(json_object_get(preset, "values"), i, value)
    {
        cli_table_add(table, cli_text_of(value, "field"));
        cli_table_add(table, cli_text_of(value, "value"));
        cli_table_add(table, cli_text_of(value, "reason"));
    }
    printf("%s\n%s\n\n", cli_text_of(preset, "title"), cli_text_of(preset, "note"));
    cli_table_print_and_free(table);
    json_decref(preset);
    return STATUS_DONE;
}
