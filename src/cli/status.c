// SPDX-License-Identifier: Apache-2.0
// How the server is doing.
#include "cli/cli_int.h"

#include <stdio.h>

static void print_duration(long long seconds)
{
    long long minutes = seconds / 60, hours = minutes / 60, days = hours / 24;
    if (days > 0) {
        printf("%lld d %lld h", days, hours % 24);
    } else if (hours > 0) {
        printf("%lld h %lld min", hours, minutes % 60);
    } else if (minutes > 0) {
        printf("%lld min %lld s", minutes, seconds % 60);
    } else {
        printf("%lld s", seconds);
    }
}

static void print_calls(const json_t *calls)
{
    printf("calls: %lld (%lld forwarded, %lld declined, %lld missed, %lld answered elsewhere, "
           "%lld failed)\n",
           cli_number_of(calls, "count"), cli_number_of(calls, "forwarded"),
           cli_number_of(calls, "declined"), cli_number_of(calls, "missed"),
           cli_number_of(calls, "answered_elsewhere"), cli_number_of(calls, "failed"));
}

static void print_groups(const json_t *groups)
{
    static const char *const headings[] = {"GROUP",   "REGISTERED", "REFUSED", "UNREACHABLE",
                                           "WAITING", "DISABLED",   NULL};
    static const char *const states[] = {"registered", "refused",  "unreachable",
                                         "waiting",    "disabled", NULL};
    struct table *table = cli_table_new(headings);
    size_t i;
    json_t *group;
    json_array_foreach(groups, i, group)
    {
        const json_t *lines = json_object_get(group, "lines");
        cli_table_add(table, cli_text_of(group, "name"));
        for (const char *const *state = states; *state; state++) {
            char text[24];
            snprintf(text, sizeof text, "%lld", cli_number_of(lines, *state));
            cli_table_add(table, text);
        }
    }
    cli_table_print_and_free(table);
}

int cli_status(const struct invocation *invocation)
{
    struct path path;
    json_t *answer = NULL;
    cli_path_begin(&path, "/api/v1/status");
    int result = cli_client_call(invocation, "GET", &path, NULL, &answer);
    if (result != STATUS_DONE || cli_printed_json(invocation, answer)) return result;
    const json_t *groups = json_object_get(answer, "groups");
    printf("lineward %s, up ", cli_text_of(answer, "version"));
    print_duration(cli_number_of(answer, "uptime_s"));
    fputs(", since ", stdout);
    cli_print_time(cli_text_of(answer, "started"));
    putchar('\n');
    print_calls(json_object_get(answer, "calls"));
    printf("turned away: %lld from strangers, %lld for unknown numbers, %lld malformed, "
           "%lld for overload\n",
           cli_number_of(answer, "strangers"), cli_number_of(answer, "unknown_numbers"),
           cli_number_of(answer, "malformed"), cli_number_of(answer, "overloaded"));
    long long dropped = cli_number_of(answer, "journal_dropped");
    if (dropped > 0) printf("lost: %lld journal entries, the store was too slow\n", dropped);
    if (json_array_size(groups) > 0) {
        putchar('\n');
        print_groups(groups);
    }
    json_decref(answer);
    return STATUS_DONE;
}
