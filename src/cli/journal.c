// SPDX-License-Identifier: Apache-2.0
// What happened to calls, and why; the newest first.
#include "cli/cli_int.h"

#include <stdio.h>
#include <string.h>

// What the decision came from: the last rule that applied.
static const char *why(const json_t *trace)
{
    const char *text = "";
    size_t i;
    json_t *entry;
    json_array_foreach(trace, i, entry)
    {
        if (strcmp(text_of(entry, "finding"), "applies") == 0) text = text_of(entry, "text");
    }
    return text;
}

static void print_caller(const json_t *entry)
{
    const char *name = text_of(entry, "caller_name");
    bool is_internal = json_is_true(json_object_get(entry, "internal"));
    print_text(text_of(entry, "caller"));
    if (name[0]) {
        fputs(" \"", stdout);
        print_text(name);
        putchar('"');
    }
    fputs(is_internal ? " (internal)" : " (external)", stdout);
}

// Two lines for a call, and the trace if it is wanted.
static void print_entry(const json_t *entry, bool has_trace)
{
    const json_t *trace = json_object_get(entry, "trace");
    const char *diverter = text_of(entry, "diverted_by"), *reason = why(trace);
    print_time(text_of(entry, "started"));
    fputs("  ", stdout);
    print_caller(entry);
    fputs(" calls ", stdout);
    print_text(text_of(entry, "group"));
    putchar('/');
    print_text(text_of(entry, "line"));
    if (diverter[0]) {
        fputs(", forwarded by ", stdout);
        print_text(diverter);
    }
    fputs("\n    ", stdout);
    print_text(text_of(entry, "text"));
    printf("; outcome: %s", text_of(entry, "outcome"));
    if (has_trace) {
        putchar('\n');
        print_trace(trace);
        return;
    }
    if (reason[0]) {
        fputs("; why: ", stdout);
        print_text(reason);
    }
    putchar('\n');
}

static int begin_path(const struct invocation *invocation, struct path *path)
{
    const char *word = invocation->word_count > 0 ? invocation->words[0] : NULL;
    const char *option = args_get(invocation, "group"), *limit = args_get(invocation, "limit");
    const char *language = args_get(invocation, "language");
    struct line_name line = {"", ""};
    path_begin(path, "/api/v1/journal");
    if (word) {
        int result = line_read(invocation, word, &line);
        if (result != STATUS_DONE) return result;
        path_parameter(path, "line", line.extension);
    }
    if (line.group[0]) option = line.group;
    if (option) path_parameter(path, "group", option);
    path_parameter(path, "limit", limit ? limit : "20");
    path_parameter(path, "language", language ? language : "en");
    return STATUS_DONE;
}

int journal(const struct invocation *invocation)
{
    struct path path;
    json_t *answer, *entry;
    size_t i;
    int result = begin_path(invocation, &path);
    if (result == STATUS_DONE) result = client_call(invocation, "GET", &path, NULL, &answer);
    if (result != STATUS_DONE) return result;
    if (args_has(invocation, "json")) {
        print_json(answer);
        return STATUS_DONE;
    }
    json_array_foreach(json_object_get(answer, "items"), i, entry)
    {
        print_entry(entry, args_has(invocation, "trace"));
    }
    if (i == 0) puts("no calls");
    json_decref(answer);
    return STATUS_DONE;
}
