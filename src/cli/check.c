// SPDX-License-Identifier: Apache-2.0
// The check of a line group: started, watched row by row, and its report.
#include "cli/cli_int.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    STATUS_FOUND_FAULTS = 3, // a row fails
    POLL_MS = 300,
    TITLE_WIDTH = 20,
    VERDICT_WIDTH = 11,
};

static void begin_path(struct path *path, const char *group)
{
    cli_path_begin(path, "/api/v1/groups");
    cli_path_part(path, group);
    cli_path_part(path, "checks");
}

static int fetch(const struct invocation *invocation, const char *number, json_t **report)
{
    struct path path;
    begin_path(&path, invocation->words[0]);
    cli_path_part(&path, number);
    cli_path_option(invocation, &path, "with");
    return cli_client_call(invocation, "GET", &path, NULL, report);
}

// ---- The report

static const char *spoken(const char *verdict)
{
    return strcmp(verdict, "not_tested") == 0 ? "not tested" : verdict;
}

static void print_row(const json_t *row)
{
    const char *advice = cli_text_of(row, "advice");
    printf("%-*s %-*s ", TITLE_WIDTH, cli_text_of(row, "title"), VERDICT_WIDTH,
           spoken(cli_text_of(row, "verdict")));
    cli_print_text(cli_text_of(row, "seen"));
    putchar('\n');
    if (!advice[0]) return;
    printf("%-*s %-*s -> ", TITLE_WIDTH, "", VERDICT_WIDTH, "");
    cli_print_text(advice);
    putchar('\n');
}

static void print_head(const json_t *report)
{
    const json_t *lines = json_object_get(report, "lines");
    printf("check %lld of %s: %s calls, %s diverts, %s is the target\n",
           cli_number_of(report, "number"), cli_text_of(report, "group"),
           cli_text_of(lines, "caller"), cli_text_of(lines, "diverter"),
           cli_text_of(lines, "target"));
}

static void print_changes(const json_t *report)
{
    const json_t *changes = json_object_get(report, "changes");
    json_t *change;
    size_t i;
    json_array_foreach(changes, i, change)
    {
        printf("changed since check %lld: %s: %s -> %s\n", cli_number_of(report, "previous"),
               cli_text_of(change, "title"), spoken(cli_text_of(change, "before")),
               spoken(cli_text_of(change, "after")));
    }
}

static void print_foot(const json_t *report)
{
    const json_t *counts = json_object_get(report, "counts");
    const char *server = cli_text_of(report, "server");
    fputs("PBX: ", stdout);
    cli_print_text(server[0] ? server : "does not say what it is");
    printf("\n%s: %lld ok, %lld limited, %lld fail, %lld not tested\n",
           cli_text_of(report, "state"), cli_number_of(counts, "ok"),
           cli_number_of(counts, "limited"), cli_number_of(counts, "fails"),
           cli_number_of(counts, "not_tested"));
    print_changes(report);
}

// What the program's exit status tells of a report.
static int status_of(const json_t *report)
{
    bool is_done = strcmp(cli_text_of(report, "state"), "done") == 0;
    if (!is_done) return STATUS_FAILED;
    long long failed = cli_number_of(json_object_get(report, "counts"), "fails");
    return failed > 0 ? STATUS_FOUND_FAULTS : STATUS_DONE;
}

// ---- Watching one that runs

static void wait_a_moment(void)
{
    struct timespec moment = {.tv_nsec = POLL_MS * 1000000L};
    nanosleep(&moment, NULL);
}

// Prints the rows that have been found out since, in the order of the report: a row waits for those
// before it.
static void print_progress(const json_t *report, size_t *printed)
{
    const json_t *rows = json_object_get(report, "rows");
    bool is_running = strcmp(cli_text_of(report, "state"), "running") == 0;
    for (; *printed < json_array_size(rows); ++*printed) {
        const json_t *row = json_array_get(rows, *printed);
        bool is_open = strcmp(cli_text_of(row, "finding"), "nothing") == 0;
        if (is_running && is_open) break;
        print_row(row);
    }
    fflush(stdout);
}

static int watch(const struct invocation *invocation, const char *number)
{
    bool is_json = cli_args_has(invocation, "json");
    size_t printed = 0;
    for (;;) {
        json_t *report = NULL;
        int result = fetch(invocation, number, &report);
        if (result != STATUS_DONE) return result;
        bool is_running = strcmp(cli_text_of(report, "state"), "running") == 0;
        if (!is_json) print_progress(report, &printed);
        if (is_running) {
            json_decref(report);
            wait_a_moment();
            continue;
        }
        result = status_of(report);
        if (is_json) {
            cli_print_json(report);
        } else {
            print_foot(report);
            json_decref(report);
        }
        return result;
    }
}

// ---- Starting

static json_t *json_lines(const char *text)
{
    json_t *list = json_array();
    struct span rest = span_of(text);
    while (rest.len > 0) {
        struct span line = span_trim(span_split(&rest, ','));
        json_array_append_new(list, json_stringn(line.at, line.len));
    }
    return list;
}

// What is asked for, as the API takes it; NULL, with the reason printed.
static json_t *json_wish(const struct invocation *invocation)
{
    const char *lines = cli_args_get(invocation, "lines");
    const char *external = cli_args_get(invocation, "external");
    const char *ring_max = cli_args_get(invocation, "ring-max");
    uint64_t seconds;
    json_t *body = json_object();
    if (lines) json_object_set_new(body, "lines", json_lines(lines));
    if (external) json_object_set_new(body, "external", json_string(external));
    if (cli_args_has(invocation, "consent")) json_object_set_new(body, "consent", json_true());
    if (cli_args_has(invocation, "quick")) json_object_set_new(body, "quick", json_true());
    if (!ring_max) return body;
    if (span_to_u64(span_of(ring_max), UINT32_MAX, &seconds)) {
        json_object_set_new(body, "ring_max", json_integer((json_int_t)seconds));
        return body;
    }
    json_decref(body);
    cli_fail_usage(invocation->command, "--ring-max must be a number of seconds");
    return NULL;
}

int cli_group_check(const struct invocation *invocation)
{
    struct path path;
    char number[24];
    json_t *check = NULL, *body = json_wish(invocation);
    if (!body) return STATUS_USAGE;
    begin_path(&path, invocation->words[0]);
    int result = cli_client_call(invocation, "POST", &path, body, &check);
    if (result != STATUS_DONE) return result;
    snprintf(number, sizeof number, "%lld", cli_number_of(check, "number"));
    if (!cli_args_has(invocation, "json")) {
        print_head(check);
        fflush(stdout);
    }
    json_decref(check);
    return watch(invocation, number);
}

int cli_group_cancel(const struct invocation *invocation)
{
    struct path path;
    begin_path(&path, invocation->words[0]);
    cli_path_part(&path, invocation->words[1]);
    cli_path_part(&path, "cancel");
    int result = cli_client_call(invocation, "POST", &path, json_object(), NULL);
    return cli_done(invocation, result, "check %s: cancelled\n", invocation->words[1]);
}

// ---- Those that are kept

static int show_one(const struct invocation *invocation)
{
    json_t *report = NULL;
    size_t printed = 0;
    int result = fetch(invocation, invocation->words[1], &report);
    if (result != STATUS_DONE || cli_printed_json(invocation, report)) return result;
    print_head(report);
    print_progress(report, &printed);
    print_foot(report);
    json_decref(report);
    return STATUS_DONE;
}

static void add_count(struct table *table, const json_t *counts, const char *verdict)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", cli_number_of(counts, verdict));
    cli_table_add(table, text);
}

int cli_group_checks(const struct invocation *invocation)
{
    static const char *const headings[] = {"NUMBER",  "STARTED", "STATE",      "OK",
                                           "LIMITED", "FAIL",    "NOT TESTED", NULL};
    struct path path;
    json_t *answer = NULL, *check;
    size_t i;
    if (invocation->word_count == 2) return show_one(invocation);
    begin_path(&path, invocation->words[0]);
    int result = cli_client_call(invocation, "GET", &path, NULL, &answer);
    if (result != STATUS_DONE || cli_printed_json(invocation, answer)) return result;
    const json_t *items = json_object_get(answer, "items");
    struct table *table = json_array_size(items) > 0 ? cli_table_new(headings) : NULL;
    if (!table) puts("the group has not been checked yet: lineward group check NAME");
    json_array_foreach(items, i, check)
    {
        const json_t *counts = json_object_get(check, "counts");
        char number[24];
        snprintf(number, sizeof number, "%lld", cli_number_of(check, "number"));
        cli_table_add(table, number);
        cli_table_add(table, cli_text_of(check, "started"));
        cli_table_add(table, cli_text_of(check, "state"));
        add_count(table, counts, "ok");
        add_count(table, counts, "limited");
        add_count(table, counts, "fails");
        add_count(table, counts, "not_tested");
    }
    if (table) cli_table_print_and_free(table);
    json_decref(answer);
    return STATUS_DONE;
}
