// SPDX-License-Identifier: Apache-2.0
// The forwardings of a line, one for each condition and kind of caller.
#include "cli/cli_int.h"

#include <stdio.h>
#include <string.h>

struct slot {
    struct line_name line;
    const char *condition, *origin;
    struct path path;
};

static const char *callers_of(const char *origin)
{
    if (strcmp(origin, "internal") == 0) return "internal callers";
    if (strcmp(origin, "external") == 0) return "external callers";
    return "all callers";
}

static int find_slot(const struct invocation *invocation, struct slot *slot)
{
    const char *from = cli_args_get(invocation, "from");
    int result = cli_line_find(invocation, invocation->words[0], &slot->line);
    if (result != STATUS_DONE) return result;
    slot->condition = invocation->words[1];
    slot->origin = from ? from : "all";
    cli_path_line(&slot->path, &slot->line);
    cli_path_part(&slot->path, "forwardings");
    cli_path_part(&slot->path, slot->condition);
    cli_path_part(&slot->path, slot->origin);
    return STATUS_DONE;
}

static void print_forwardings(const struct line_name *line, const json_t *items)
{
    static const char *const headings[] = {"CONDITION", "FROM", "TARGET", "ENABLED", NULL};
    size_t i;
    json_t *item;
    if (json_array_size(items) == 0) {
        printf("line %s/%s has no forwardings\n", line->group, line->extension);
        return;
    }
    struct table *table = cli_table_new(headings);
    json_array_foreach(items, i, item)
    {
        cli_table_add(table, cli_text_of(item, "condition"));
        cli_table_add(table, cli_text_of(item, "origin"));
        cli_table_add(table, cli_text_of(item, "target"));
        cli_table_add(table, json_is_true(json_object_get(item, "enabled")) ? "on" : "off");
    }
    cli_table_print_and_free(table);
}

int cli_forward_list(const struct invocation *invocation)
{
    struct line_name line;
    struct path path;
    json_t *answer = NULL;
    int result = cli_line_find(invocation, invocation->words[0], &line);
    if (result != STATUS_DONE) return result;
    cli_path_line(&path, &line);
    cli_path_part(&path, "forwardings");
    result = cli_client_list(invocation, &path, &answer);
    if (result != STATUS_DONE || cli_printed_json(invocation, answer)) return result;
    print_forwardings(&line, json_object_get(answer, "items"));
    json_decref(answer);
    return STATUS_DONE;
}

static void print_slot(const struct slot *slot, const json_t *forwarding)
{
    bool is_on = json_is_true(json_object_get(forwarding, "enabled"));
    printf("line %s/%s, %s, %s: to ", slot->line.group, slot->line.extension, slot->condition,
           callers_of(slot->origin));
    cli_print_text(cli_text_of(forwarding, "target"));
    puts(is_on ? "" : " (off)");
}

void cli_print_warnings(const json_t *record)
{
    size_t i;
    json_t *warning;
    json_array_foreach(json_object_get(record, "warnings"), i, warning)
    {
        fputs("Warning: ", stdout);
        cli_print_text(json_string_value(warning));
        putchar('\n');
    }
}

// What does not look like a number is sent as it is: the server says best what is wrong with it.
static void add_number(json_t *body, const char *name, const char *text)
{
    uint64_t number;
    if (!text) return;
    bool is_number = span_to_u64(span_of(text), UINT32_MAX, &number);
    json_object_set_new(body, name,
                        is_number ? json_integer((json_int_t)number) : json_string(text));
}

static void add_text(json_t *body, const char *name, const char *text)
{
    if (text) json_object_set_new(body, name, json_string(text));
}

int cli_forward_set(const struct invocation *invocation)
{
    struct slot slot;
    json_t *answer = NULL;
    const char *target = cli_args_get(invocation, "to");
    bool is_on = cli_args_has(invocation, "on"), is_off = cli_args_has(invocation, "off");
    if (is_on && is_off)
        return cli_fail_usage(invocation->command, "--on and --off exclude each other");
    if (!target && !is_on && !is_off) return cli_fail_usage(invocation->command, "--to is missing");
    int result = find_slot(invocation, &slot);
    if (result != STATUS_DONE) return result;
    json_t *body = json_pack("{sb}", "enabled", !is_off);
    if (target && json_object_set_new(body, "target", json_string(target))) {
        json_decref(body);
        return cli_fail_field("forwarding", "target", "is not UTF-8");
    }
    add_text(body, "until", cli_args_get(invocation, "until"));
    add_number(body, "delay", cli_args_get(invocation, "delay"));
    result = cli_client_call(invocation, target ? "PUT" : "PATCH", &slot.path, body, &answer);
    if (result != STATUS_DONE || cli_printed_json(invocation, answer)) return result;
    print_slot(&slot, answer);
    cli_print_warnings(answer);
    json_decref(answer);
    return STATUS_DONE;
}

int cli_forward_clear(const struct invocation *invocation)
{
    struct slot slot;
    int result = find_slot(invocation, &slot);
    if (result == STATUS_DONE)
        result = cli_client_call(invocation, "DELETE", &slot.path, NULL, NULL);
    return cli_done(invocation, result, "line %s/%s, %s, %s: removed\n", slot.line.group,
                    slot.line.extension, slot.condition, callers_of(slot.origin));
}
