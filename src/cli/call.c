// SPDX-License-Identifier: Apache-2.0
// Calls that there are now, what can be done with one by hand, and what is assumed of a line's
// clients.
#include "cli/cli_int.h"

#include <stdio.h>
#include <string.h>

int cli_call_list(const struct invocation *invocation)
{
    static const char *const headings[] = {"ID",    "SINCE", "LINE",   "",
                                           "PARTY", "STATE", "DEVICE", NULL};
    struct path path;
    json_t *answer = NULL, *call;
    size_t i;
    cli_path_begin(&path, "/api/v1/calls");
    int result = cli_client_call(invocation, "GET", &path, NULL, &answer);
    if (result != STATUS_DONE || cli_printed_json(invocation, answer)) return result;
    const json_t *items = json_object_get(answer, "items");
    struct table *table = json_array_size(items) > 0 ? cli_table_new(headings) : NULL;
    if (!table) puts("no calls");
    json_array_foreach(items, i, call)
    {
        char line[NAME_SIZE + EXTENSION_SIZE];
        snprintf(line, sizeof line, "%s/%s", cli_text_of(call, "group"), cli_text_of(call, "line"));
        cli_table_add(table, cli_text_of(call, "id"));
        cli_table_add(table, cli_text_of(call, "since"));
        cli_table_add(table, line);
        cli_table_add(table, strcmp(cli_text_of(call, "direction"), "out") == 0 ? "to" : "from");
        cli_table_add(table, cli_text_of(call, "party"));
        cli_table_add(table, cli_text_of(call, "state"));
        cli_table_add(table, cli_text_of(call, "device"));
    }
    if (table) cli_table_print_and_free(table);
    json_decref(answer);
    return STATUS_DONE;
}

int cli_call_deflect(const struct invocation *invocation)
{
    struct path path;
    const char *target = cli_args_get(invocation, "to");
    json_t *to = target ? json_string(target) : NULL;
    if (!target) return cli_fail_usage(invocation->command, "--to is missing");
    if (!to) return cli_fail("--to is not UTF-8");
    cli_path_begin(&path, "/api/v1/calls");
    cli_path_part(&path, invocation->words[0]);
    cli_path_part(&path, "deflect");
    int result = cli_client_call(invocation, "POST", &path, json_pack("{so}", "to", to), NULL);
    return cli_done(invocation, result, "call %s: forwarded to %s\n", invocation->words[0], target);
}

// Does to a call what needs no more words; `done` tells that it was done.
static int act(const struct invocation *invocation, const char *action, const char *done)
{
    struct path path;
    cli_path_begin(&path, "/api/v1/calls");
    cli_path_part(&path, invocation->words[0]);
    cli_path_part(&path, action);
    int result = cli_client_call(invocation, "POST", &path, json_object(), NULL);
    return cli_done(invocation, result, "call %s: %s\n", invocation->words[0], done);
}

int cli_call_decline(const struct invocation *invocation)
{
    return act(invocation, "decline", "declined");
}

int cli_call_hang_up(const struct invocation *invocation)
{
    return act(invocation, "hang-up", "ended");
}

// ---- Clients

static void print_state(const struct line_name *line, const json_t *state)
{
    const char *target = cli_text_of(state, "target");
    printf("line %s/%s, clients: %s", line->group, line->extension, cli_text_of(state, "clients"));
    if (target[0]) {
        fputs(" to ", stdout);
        cli_print_text(target);
    }
    printf(", answered calls: %lld\n", cli_number_of(state, "calls"));
}

// What is to be assumed, as the API takes it; NULL, with the reason printed, when it is not text.
static json_t *json_state(const struct invocation *invocation)
{
    const char *clients = cli_args_get(invocation, "clients");
    const char *calls = cli_args_get(invocation, "calls");
    const char *target = cli_args_get(invocation, "deflect-to");
    uint64_t count = 0;
    if (calls && !span_to_u64(span_of(calls), UINT32_MAX, &count)) {
        cli_fail_usage(invocation->command, "--calls must be a number");
        return NULL;
    }
    json_t *body = json_pack("{ss sI}", "clients", clients ? clients : "none", "calls",
                             (json_int_t)count);
    if (target && body) json_object_set_new(body, "target", json_string(target));
    if (!body) cli_fail("--clients is not UTF-8");
    return body;
}

int cli_line_state(const struct invocation *invocation)
{
    struct line_name line;
    struct path path;
    json_t *answer = NULL, *body = NULL;
    const char *method = "GET";
    int result = cli_line_find(invocation, invocation->words[0], &line);
    if (result != STATUS_DONE) return result;
    cli_path_line(&path, &line);
    cli_path_part(&path, "client-state");
    if (cli_args_has(invocation, "clear")) {
        method = "DELETE";
    } else if (cli_args_has(invocation, "clients") || cli_args_has(invocation, "calls")) {
        method = "PUT";
        body = json_state(invocation);
        if (!body) return STATUS_USAGE;
    }
    result = cli_client_call(invocation, method, &path, body, &answer);
    if (result != STATUS_DONE) return result;
    if (!answer) {
        printf("line %s/%s: nothing is assumed\n", line.group, line.extension);
    } else if (cli_args_has(invocation, "json")) {
        cli_print_json(json_incref(answer));
    } else {
        print_state(&line, answer);
    }
    json_decref(answer);
    return STATUS_DONE;
}
