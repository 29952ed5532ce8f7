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
    const char *from = args_get(invocation, "from");
    int result = cli_find_line(invocation, invocation->words[0], &slot->line);
    if (result != STATUS_DONE) return result;
    slot->condition = invocation->words[1];
    slot->origin = from ? from : "all";
    path_line(&slot->path, &slot->line);
    path_part(&slot->path, "forwardings");
    path_part(&slot->path, slot->condition);
    path_part(&slot->path, slot->origin);
    return STATUS_DONE;
}

int forward_list(const struct invocation *invocation)
{
    static const char *const headings[] = {"CONDITION", "FROM", "TARGET", "ENABLED", NULL};
    struct line_name line;
    struct path path;
    size_t i;
    json_t *answer, *item;
    int result = cli_find_line(invocation, invocation->words[0], &line);
    if (result != STATUS_DONE) return result;
    path_line(&path, &line);
    path_part(&path, "forwardings");
    result = client_list(invocation, &path, &answer);
    if (result != STATUS_DONE) return result;
    if (args_has(invocation, "json")) {
        print_json(answer);
        return STATUS_DONE;
    }
    struct table *table = table_new(headings);
    json_array_foreach(json_object_get(answer, "items"), i, item)
    {
        table_add(table, text_of(item, "condition"));
        table_add(table, text_of(item, "origin"));
        table_add(table, text_of(item, "target"));
        table_add(table, json_is_true(json_object_get(item, "enabled")) ? "on" : "off");
    }
    if (i == 0) printf("line %s/%s has no forwardings\n", line.group, line.extension);
    if (i > 0) table_print_and_free(table);
    json_decref(answer);
    return STATUS_DONE;
}

static void print_slot(const struct slot *slot, const json_t *forwarding)
{
    bool is_on = json_is_true(json_object_get(forwarding, "enabled"));
    printf("line %s/%s, %s, %s: to ", slot->line.group, slot->line.extension, slot->condition,
           callers_of(slot->origin));
    print_text(text_of(forwarding, "target"));
    puts(is_on ? "" : " (off)");
}

int forward_set(const struct invocation *invocation)
{
    struct slot slot;
    json_t *answer;
    const char *target = args_get(invocation, "to");
    bool is_on = args_has(invocation, "on"), is_off = args_has(invocation, "off");
    if (is_on && is_off)
        return fail_usage(invocation->command, "--on and --off exclude each other");
    if (!target && !is_on && !is_off) return fail_usage(invocation->command, "--to is missing");
    int result = find_slot(invocation, &slot);
    if (result != STATUS_DONE) return result;
    json_t *body = json_pack("{sb}", "enabled", !is_off);
    if (target && json_object_set_new(body, "target", json_string(target))) {
        json_decref(body);
        return fail("forwarding target: is not UTF-8");
    }
    result = client_call(invocation, target ? "PUT" : "PATCH", &slot.path, body, &answer);
    if (result != STATUS_DONE) return result;
    if (args_has(invocation, "json")) {
        print_json(answer);
        return STATUS_DONE;
    }
    print_slot(&slot, answer);
    json_decref(answer);
    return STATUS_DONE;
}

int forward_clear(const struct invocation *invocation)
{
    struct slot slot;
    int result = find_slot(invocation, &slot);
    if (result == STATUS_DONE) result = client_call(invocation, "DELETE", &slot.path, NULL, NULL);
    if (result != STATUS_DONE || args_has(invocation, "json")) return result;
    printf("line %s/%s, %s, %s: removed\n", slot.line.group, slot.line.extension, slot.condition,
           callers_of(slot.origin));
    return STATUS_DONE;
}
