// SPDX-License-Identifier: Apache-2.0
// "What would happen if this number called now?"
#include "cli/cli_int.h"

#include <stdio.h>
#include <string.h>

// Reads an option that is on or off; `*value` is NULL when it is not given.
static int read_switch(const struct invocation *invocation, const char *name, json_t **value)
{
    const char *text = cli_args_get(invocation, name);
    *value = NULL;
    if (!text) return STATUS_DONE;
    bool is_on = strcmp(text, "on") == 0;
    if (!is_on && strcmp(text, "off") != 0) {
        return cli_fail_usage(invocation->command, "--%s must be on or off", name);
    }
    *value = json_boolean(is_on);
    return STATUS_DONE;
}

// What is no number is sent as it is: the server says best what is wrong with it.
static void read_count(const struct invocation *invocation, const char *option, const char *name,
                       json_t *assume)
{
    const char *text = cli_args_get(invocation, option);
    uint64_t count;
    if (!text) return;
    bool is_count = span_to_u64(span_of(text), UINT32_MAX, &count);
    json_object_set_new(assume, name,
                        is_count ? json_integer((json_int_t)count) : json_string(text));
}

static void read_states(const struct invocation *invocation, json_t *assume)
{
    static const char *const switches[][2] = {
        {"busy", "busy"}, {"no-answer", "no_answer"}, {"unreachable", "unreachable"}};
    const char *presence = cli_args_get(invocation, "presence");
    for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++) {
        if (!cli_args_has(invocation, switches[i][0])) continue;
        json_object_set_new(assume, switches[i][1], json_true());
    }
    if (presence) json_object_set_new(assume, "presence", json_string(presence));
    read_count(invocation, "calls", "calls", assume);
    read_count(invocation, "calls-elsewhere", "calls_elsewhere", assume);
}

static int make_question(const struct invocation *invocation, json_t **body)
{
    json_t *dnd = NULL, *login = NULL, *assume = json_object();
    const char *from = cli_args_get(invocation, "from");
    int result = read_switch(invocation, "dnd", &dnd);
    if (result == STATUS_DONE) result = read_switch(invocation, "login", &login);
    if (result != STATUS_DONE) {
        json_decref(assume);
        return result;
    }
    if (dnd) json_object_set_new(assume, "dnd", dnd);
    if (login) json_object_set_new(assume, "logged_in", login);
    read_states(invocation, assume);
    json_t *caller = json_string(from ? from : "");
    if (!caller) {
        json_decref(assume);
        return cli_fail("--from is not UTF-8");
    }
    *body = json_pack("{soso}", "from", caller, "assume", assume);
    const char *at = cli_args_get(invocation, "at");
    if (at) json_object_set_new(*body, "at", json_string(at));
    return STATUS_DONE;
}

void cli_print_trace(const json_t *trace)
{
    size_t i;
    json_t *entry;
    json_array_foreach(trace, i, entry)
    {
        printf("  %2zu. ", i + 1);
        cli_print_text(cli_text_of(entry, "text"));
        putchar('\n');
    }
}

static void print_answer(const struct line_name *line, const json_t *answer)
{
    bool is_internal = json_is_true(json_object_get(answer, "internal"));
    const json_t *verdict = json_object_get(answer, "verdict");
    const char *dialled = cli_text_of(verdict, "dialled");
    cli_print_text(cli_text_of(answer, "caller"));
    printf(" (%s) calls %s/%s: ", is_internal ? "internal" : "external", line->group,
           line->extension);
    cli_print_text(cli_text_of(answer, "text"));
    putchar('\n');
    bool is_bridged = strcmp(cli_text_of(verdict, "executed"), "bridge") == 0;
    if (is_bridged || strcmp(dialled, cli_text_of(verdict, "target")) != 0) {
        fputs(is_bridged ? "By a second call of the line (bridged), which dials "
                         : "The PBX is told to dial ",
              stdout);
        cli_print_text(dialled);
        putchar('\n');
    }
    cli_print_trace(json_object_get(answer, "trace"));
}

int cli_explain(const struct invocation *invocation)
{
    struct line_name line;
    struct path path;
    json_t *body = NULL, *answer = NULL;
    int result = make_question(invocation, &body);
    if (result != STATUS_DONE) return result;
    result = cli_line_find(invocation, invocation->words[0], &line);
    if (result != STATUS_DONE) {
        json_decref(body);
        return result;
    }
    const char *language = cli_args_get(invocation, "language");
    cli_path_line(&path, &line);
    cli_path_part(&path, "explain");
    cli_path_parameter(&path, "language", language ? language : "en");
    result = cli_client_call(invocation, "POST", &path, body, &answer);
    if (result != STATUS_DONE || cli_printed_json(invocation, answer)) return result;
    print_answer(&line, answer);
    json_decref(answer);
    return STATUS_DONE;
}
