// SPDX-License-Identifier: Apache-2.0
// What happened to calls, and why; the newest first.
#include "cli/cli_int.h"

#include <stdio.h>
#include <string.h>

enum { LIMIT_DEFAULT = 20, PAGE_MAX = 1000 };
#define LIMIT_DEFAULT_TEXT "20"
#define PAGE_MAX_TEXT      "1000"

// What the decision came from: the last rule that applied.
static const char *why(const json_t *trace)
{
    const char *text = "";
    size_t i;
    json_t *entry;
    json_array_foreach(trace, i, entry)
    {
        if (strcmp(cli_text_of(entry, "finding"), "applies") == 0)
            text = cli_text_of(entry, "text");
    }
    return text;
}

static void print_caller(const json_t *entry)
{
    const char *name = cli_text_of(entry, "caller_name");
    bool is_internal = json_is_true(json_object_get(entry, "internal"));
    cli_print_text(cli_text_of(entry, "caller"));
    if (name[0]) {
        fputs(" \"", stdout);
        cli_print_text(name);
        putchar('"');
    }
    fputs(is_internal ? " (internal)" : " (external)", stdout);
}

// Two lines for a call, and the trace if it is wanted.
static void print_entry(const json_t *entry, bool has_trace)
{
    const json_t *trace = json_object_get(entry, "trace");
    const char *diverter = cli_text_of(entry, "diverted_by"), *reason = why(trace);
    cli_print_time(cli_text_of(entry, "started"));
    fputs("  ", stdout);
    print_caller(entry);
    fputs(" calls ", stdout);
    cli_print_text(cli_text_of(entry, "group"));
    putchar('/');
    cli_print_text(cli_text_of(entry, "line"));
    if (diverter[0]) {
        fputs(", forwarded by ", stdout);
        cli_print_text(diverter);
    }
    fputs("\n    ", stdout);
    cli_print_text(cli_text_of(entry, "text"));
    printf("; outcome: %s", cli_text_of(entry, "outcome"));
    if (has_trace) {
        putchar('\n');
        cli_print_trace(trace);
        return;
    }
    if (reason[0]) {
        fputs("; why: ", stdout);
        cli_print_text(reason);
    }
    putchar('\n');
}

// How many calls are wanted; what is no number goes to the server, which says so best.
static uint64_t limit_of(const struct invocation *invocation)
{
    uint64_t limit = LIMIT_DEFAULT;
    const char *typed = cli_args_get(invocation, "limit");
    if (typed) span_to_u64(span_of(typed), UINT32_MAX, &limit);
    return limit;
}

static int begin_path(const struct invocation *invocation, struct path *path)
{
    const char *word = invocation->word_count > 0 ? invocation->words[0] : NULL;
    const char *group = cli_args_get(invocation, "group");
    const char *limit = cli_args_get(invocation, "limit");
    const char *language = cli_args_get(invocation, "language");
    struct line_name line = {"", ""};
    if (!limit) limit = LIMIT_DEFAULT_TEXT;
    if (limit_of(invocation) > PAGE_MAX) limit = PAGE_MAX_TEXT;
    cli_path_begin(path, "/api/v1/journal");
    if (word) {
        int result = cli_line_read(invocation, word, &line);
        if (result != STATUS_DONE) return result;
        cli_path_parameter(path, "line", line.extension);
    }
    if (line.group[0]) group = line.group;
    if (group) cli_path_parameter(path, "group", group);
    cli_path_parameter(path, "limit", limit);
    cli_path_parameter(path, "language", language ? language : "en");
    return STATUS_DONE;
}

// Fetches pages until there are enough entries: a search may stop half-way, with a page that is not
// full.
static int fetch(const struct invocation *invocation, json_t **answer)
{
    struct path path;
    uint64_t limit = limit_of(invocation);
    json_t *items = json_array(), *page = NULL;
    int result = begin_path(invocation, &path);
    while (result == STATUS_DONE && path.out.len > 0) {
        result = cli_client_call(invocation, "GET", &path, NULL, &page);
        if (result != STATUS_DONE) break;
        json_array_extend(items, json_object_get(page, "items"));
        bool is_enough = json_array_size(items) >= limit;
        cli_path_begin(&path, is_enough ? "" : cli_text_of(page, "next"));
        json_decref(page);
    }
    while (json_array_size(items) > limit) json_array_remove(items, json_array_size(items) - 1);
    if (result == STATUS_DONE) {
        *answer = json_pack("{so}", "items", items);
    } else {
        json_decref(items);
    }
    return result;
}

int cli_journal(const struct invocation *invocation)
{
    json_t *answer = NULL, *entry;
    size_t i;
    int result = fetch(invocation, &answer);
    if (result != STATUS_DONE) return result;
    if (cli_args_has(invocation, "json")) {
        cli_print_json(answer);
        return STATUS_DONE;
    }
    json_array_foreach(json_object_get(answer, "items"), i, entry)
    {
        print_entry(entry, cli_args_has(invocation, "trace"));
    }
    if (i == 0) puts("no calls");
    json_decref(answer);
    return STATUS_DONE;
}
