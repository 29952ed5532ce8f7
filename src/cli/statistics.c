// SPDX-License-Identifier: Apache-2.0
// What became of calls: of all, of a line group, of one line; as figures or hour by hour as a
// table.
#include "cli/cli_int.h"

#include <stdio.h>
#include <string.h>

// Adds the counts in `more` to those in `sum`, whatever they are counts of.
static void add_counts(json_t *sum, const json_t *more)
{
    const char *name;
    json_t *value, *hour;
    size_t i;
    json_object_foreach(sum, name, value)
    {
        const json_t *added = json_object_get(more, name);
        if (json_is_integer(value)) {
            json_integer_set(value, json_integer_value(value) + json_integer_value(added));
        } else if (json_is_object(value)) {
            add_counts(value, added);
        }
    }
    json_array_foreach(json_object_get(sum, "calls"), i, hour)
    {
        add_counts(hour, json_array_get(json_object_get(more, "calls"), i));
    }
}

// Asks until the server has looked at all that it has to say.
static int read_all(const struct invocation *invocation, struct path *path, json_t **sum)
{
    json_t *answer = NULL;
    int result = cli_client_call(invocation, "GET", path, NULL, sum);
    while (result == STATUS_DONE && json_object_get(*sum, "next")) {
        cli_path_begin(path, cli_text_of(*sum, "next"));
        json_object_del(*sum, "next");
        result = cli_client_call(invocation, "GET", path, NULL, &answer);
        if (result != STATUS_DONE) break;
        add_counts(*sum, answer);
        json_t *next = json_object_get(answer, "next");
        if (next) json_object_set(*sum, "next", next);
        json_decref(answer);
    }
    if (result != STATUS_DONE) json_decref(*sum);
    return result;
}

static void print_counts(const char *title, json_t *counts)
{
    const char *name;
    json_t *count;
    bool is_first = true;
    json_object_foreach(counts, name, count)
    {
        if (json_integer_value(count) == 0 || strcmp(name, "none") == 0) continue;
        printf("%s%lld %s", is_first ? title : ", ", (long long)json_integer_value(count), name);
        is_first = false;
    }
    if (!is_first) putchar('\n');
}

static void print_table(const json_t *hours)
{
    size_t i;
    const char *name;
    json_t *hour, *value;
    json_array_foreach(hours, i, hour)
    {
        bool is_first = true;
        if (i == 0) {
            json_object_foreach(hour, name, value)
            {
                cli_csv_cell(name, is_first);
                is_first = false;
            }
            putchar('\n');
        }
        is_first = true;
        json_object_foreach(hour, name, value)
        {
            cli_csv_value(value, is_first);
            is_first = false;
        }
        putchar('\n');
    }
}

static void print_figures(const json_t *sum)
{
    const char *name;
    json_t *count, *outcomes = json_object_get(sum, "outcomes");
    long long total = 0;
    json_object_foreach(outcomes, name, count) total += json_integer_value(count);
    printf("%lld call%s\n", total, total == 1 ? "" : "s");
    print_counts("outcome: ", outcomes);
    print_counts("forwarded by: ", json_object_get(sum, "conditions"));
    print_counts("carried out by: ", json_object_get(sum, "executed"));
    print_counts("forwarded to: ", json_object_get(sum, "targets"));
    if (cli_number_of(sum, "loops") > 0) {
        printf("ended as loops: %lld\n", cli_number_of(sum, "loops"));
    }
    if (json_is_false(json_object_get(sum, "complete"))) {
        puts("calls of before the update are still being counted");
    }
}

static int begin_path(const struct invocation *invocation, struct path *path)
{
    struct line_name line;
    cli_path_begin(path, "/api/v1/statistics");
    if (invocation->word_count > 0) {
        int result = cli_line_find(invocation, invocation->words[0], &line);
        if (result != STATUS_DONE) return result;
        cli_path_line(path, &line);
        cli_path_part(path, "statistics");
    } else {
        cli_path_option(invocation, path, "group");
    }
    cli_path_option(invocation, path, "hours");
    return STATUS_DONE;
}

int cli_statistics(const struct invocation *invocation)
{
    struct path path;
    json_t *sum = NULL;
    int result = begin_path(invocation, &path);
    if (result == STATUS_DONE) result = read_all(invocation, &path, &sum);
    if (result != STATUS_DONE || cli_printed_json(invocation, sum)) return result;
    if (cli_args_has(invocation, "csv")) {
        print_table(json_object_get(sum, "calls"));
    } else {
        print_figures(sum);
    }
    json_decref(sum);
    return STATUS_DONE;
}
