// SPDX-License-Identifier: Apache-2.0
// Presets: what a line group of a certain PBX is begun with.
#include "cli/cli_int.h"

#include <stdio.h>
#include <string.h>

static json_t *json_preset(const struct model_preset *preset)
{
    json_t *values = json_array();
    for (size_t i = 0; i < preset->value_count; i++) {
        const struct model_preset_value *value = &preset->values[i];
        json_array_append_new(values, json_pack("{ss ss ss}", "field", value->field, "value",
                                                value->value, "reason", value->reason));
    }
    return json_pack("{ss ss ss? ss so}", "name", preset->name, "title", preset->title, "tested",
                     preset->tested, "note", preset->note, "values", values);
}

int cli_preset_list(const struct invocation *invocation)
{
    static const char *const headings[] = {"NAME", "FOR", "TESTED HERE", NULL};
    size_t count;
    const struct model_preset *presets = model_presets(&count);
    if (cli_args_has(invocation, "json")) {
        json_t *items = json_array();
        for (size_t i = 0; i < count; i++) json_array_append_new(items, json_preset(&presets[i]));
        cli_print_json(json_pack("{so}", "items", items));
        return STATUS_DONE;
    }
    struct table *table = cli_table_new(headings);
    for (size_t i = 0; i < count; i++) {
        cli_table_add(table, presets[i].name);
        cli_table_add(table, presets[i].title);
        cli_table_add(table, presets[i].tested ? presets[i].tested : "no");
    }
    cli_table_print_and_free(table);
    return STATUS_DONE;
}

const struct model_preset *cli_preset_find(const char *name)
{
    const struct model_preset *preset = model_find_preset(span_of(name));
    if (!preset) cli_fail("there is no preset %s: see lineward preset list", name);
    return preset;
}

int cli_preset_show(const struct invocation *invocation)
{
    static const char *const headings[] = {"FIELD", "VALUE", "BECAUSE", NULL};
    const struct model_preset *preset = cli_preset_find(invocation->words[0]);
    if (!preset) return STATUS_FAILED;
    if (cli_args_has(invocation, "json")) {
        cli_print_json(json_preset(preset));
        return STATUS_DONE;
    }
    struct table *table = cli_table_new(headings);
    for (size_t i = 0; i < preset->value_count; i++) {
        cli_table_add(table, preset->values[i].field);
        cli_table_add(table, preset->values[i].value);
        cli_table_add(table, preset->values[i].reason);
    }
    printf("%s\n%s\n\n", preset->title, preset->note);
    cli_table_print_and_free(table);
    return STATUS_DONE;
}
