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

// Who calls whom. Of an outgoing call the line is the caller.
static void print_who(const json_t *entry)
{
    bool is_outgoing = json_is_true(json_object_get(entry, "outgoing"));
    if (!is_outgoing) {
        print_caller(entry);
        fputs(" calls ", stdout);
    }
    cli_print_text(cli_text_of(entry, "group"));
    putchar('/');
    cli_print_text(cli_text_of(entry, "line"));
    if (is_outgoing) {
        fputs(" calls ", stdout);
        cli_print_text(cli_text_of(entry, "dialled"));
    }
}

// Who answered or called, and for how long.
static void print_talk(const json_t *entry)
{
    const char *device = cli_text_of(entry, "device");
    const json_t *talked = json_object_get(entry, "talk_s");
    if (device[0]) {
        fputs(" at ", stdout);
        cli_print_text(device);
    }
    if (talked) printf(", %lld s", (long long)json_integer_value(talked));
}

// The seconds between two times of a leg; 0 where one is missing.
static long long seconds_between(const json_t *leg, const char *from, const char *to)
{
    uint64_t from_s, to_s;
    bool is_read = civil_read_time(span_of(cli_text_of(leg, from)), &from_s) &&
                   civil_read_time(span_of(cli_text_of(leg, to)), &to_s);
    return is_read && to_s > from_s ? (long long)(to_s - from_s) : 0;
}

// "    device Desk phone: rang, answered, 35 s; 200, ended by caller"
static void print_leg(const json_t *leg)
{
    const char *device = cli_text_of(leg, "device"), *by = cli_text_of(leg, "ended_by");
    const json_t *status = json_object_get(leg, "status");
    printf("    %s ", cli_text_of(leg, "kind"));
    cli_print_text(device[0] ? device : cli_text_of(leg, "number"));
    fputs(": ", stdout);
    if (json_object_get(leg, "rang")) fputs("rang, ", stdout);
    if (json_object_get(leg, "answered")) {
        printf("answered, %lld s, ", seconds_between(leg, "answered", "ended"));
    }
    if (status) printf("%d", (int)json_integer_value(status));
    if (strcmp(cli_text_of(leg, "executed"), "redirect") == 0) fputs("told to the PBX", stdout);
    if (by[0]) printf(", ended by %s", by);
    if (json_object_get(leg, "by")) printf(", asked for by %s", cli_text_of(leg, "by"));
    putchar('\n');
}

static void print_legs(const json_t *legs)
{
    size_t i;
    json_t *leg;
    json_array_foreach(legs, i, leg)
    {
        print_leg(leg);
    }
}

// Two lines for a call, and its legs and the trace if they are wanted.
static void print_entry(const json_t *entry, bool has_trace, bool has_legs)
{
    const json_t *trace = json_object_get(entry, "trace");
    const char *diverter = cli_text_of(entry, "diverted_by"), *reason = why(trace);
    cli_print_time(cli_text_of(entry, "started"));
    fputs("  ", stdout);
    print_who(entry);
    if (diverter[0]) {
        fputs(", forwarded by ", stdout);
        cli_print_text(diverter);
    }
    fputs("\n    ", stdout);
    cli_print_text(cli_text_of(entry, "text"));
    printf("; outcome: %s", cli_text_of(entry, "outcome"));
    if (strcmp(cli_text_of(entry, "executed"), "bridge") == 0) fputs(", bridged", stdout);
    print_talk(entry);
    if (!has_trace && reason[0]) {
        fputs("; why: ", stdout);
        cli_print_text(reason);
    }
    putchar('\n');
    if (has_legs) print_legs(json_object_get(entry, "legs"));
    if (has_trace) cli_print_trace(trace);
}

// ---- A table for a spreadsheet

// "device Desk phone 200; forwarding +491701234567 486"
static void print_legs_cell(const json_t *legs)
{
    char text[2048];
    struct buffer out = buffer_over(text, sizeof text - 1);
    size_t i;
    json_t *leg;
    json_array_foreach(legs, i, leg)
    {
        const char *device = cli_text_of(leg, "device");
        const json_t *status = json_object_get(leg, "status");
        buffer_printf(&out, "%s%s %s", i > 0 ? "; " : "", cli_text_of(leg, "kind"),
                      device[0] ? device : cli_text_of(leg, "number"));
        if (status) buffer_printf(&out, " %d", (int)json_integer_value(status));
    }
    text[out.len] = '\0';
    cli_csv_cell(text, false);
}

static void print_table(const json_t *entries)
{
    static const char *const columns[] = {
        "started",  "ended",   "group",       "line",    "outgoing", "caller", "caller_name",
        "internal", "dialled", "diverted_by", "verdict", "reason",   "target", "executed",
        "status",   "outcome", "answered",    "ring_s",  "talk_s",   "device", "call_id",
    };
    size_t i, count = sizeof columns / sizeof columns[0];
    json_t *entry;
    for (size_t j = 0; j < count; j++) cli_csv_cell(columns[j], j == 0);
    cli_csv_cell("legs", false);
    putchar('\n');
    json_array_foreach(entries, i, entry)
    {
        for (size_t j = 0; j < count; j++) {
            cli_csv_inert(json_object_get(entry, columns[j]), j == 0);
        }
        print_legs_cell(json_object_get(entry, "legs"));
        putchar('\n');
    }
}

// ---- The command

static int begin_path(const struct invocation *invocation, struct path *path)
{
    const char *word = invocation->word_count > 0 ? invocation->words[0] : NULL;
    const char *group = cli_args_get(invocation, "group");
    const char *language = cli_args_get(invocation, "language");
    struct line_name line = {"", ""};
    cli_path_begin(path, "/api/v1/journal");
    if (word) {
        int result = cli_line_read(invocation, word, &line);
        if (result != STATUS_DONE) return result;
        cli_path_parameter(path, "line", line.extension);
    }
    if (line.group[0]) group = line.group;
    if (group) cli_path_parameter(path, "group", group);
    cli_path_option(invocation, path, "caller");
    cli_path_option(invocation, path, "outcome");
    cli_path_option(invocation, path, "text");
    cli_path_parameter(path, "language", language ? language : "en");
    return STATUS_DONE;
}

int cli_journal(const struct invocation *invocation)
{
    json_t *answer = NULL, *entry;
    struct path path;
    size_t i;
    int result = begin_path(invocation, &path);
    if (result == STATUS_DONE) result = cli_newest(invocation, &path, &answer);
    if (result != STATUS_DONE || cli_printed_json(invocation, answer)) return result;
    if (cli_args_has(invocation, "csv")) {
        print_table(json_object_get(answer, "items"));
        json_decref(answer);
        return STATUS_DONE;
    }
    json_array_foreach(json_object_get(answer, "items"), i, entry)
    {
        print_entry(entry, cli_args_has(invocation, "trace"), cli_args_has(invocation, "legs"));
    }
    if (i == 0) puts("no calls");
    json_decref(answer);
    return STATUS_DONE;
}
