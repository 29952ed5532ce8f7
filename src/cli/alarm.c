// SPDX-License-Identifier: Apache-2.0
// What wants an administrator's look, and lifting it.
#include "cli/cli_int.h"

#include <stdio.h>

int cli_alarm_list(const struct invocation *invocation)
{
    struct path path;
    json_t *answer = NULL, *alarm;
    size_t i;
    cli_path_begin(&path, "/api/v1/alarms");
    cli_path_parameter(&path, "language", "en");
    int result = cli_client_call(invocation, "GET", &path, NULL, &answer);
    if (result != STATUS_DONE || cli_printed_json(invocation, answer)) return result;
    json_array_foreach(json_object_get(answer, "items"), i, alarm)
    {
        const char *target = cli_text_of(alarm, "target");
        printf("%lld  ", cli_number_of(alarm, "id"));
        cli_print_time(cli_text_of(alarm, "since"));
        fputs("  ", stdout);
        cli_print_text(cli_text_of(alarm, "group"));
        putchar('/');
        cli_print_text(cli_text_of(alarm, "line"));
        if (target[0]) {
            fputs(" to ", stdout);
            cli_print_text(target);
        }
        printf(": %s; %lld calls\n", cli_text_of(alarm, "text"), cli_number_of(alarm, "count"));
    }
    if (i == 0) puts("no alarms");
    json_decref(answer);
    return STATUS_DONE;
}

int cli_alarm_lift(const struct invocation *invocation)
{
    struct path path;
    cli_path_begin(&path, "/api/v1/alarms");
    cli_path_part(&path, invocation->words[0]);
    cli_path_part(&path, "lift");
    int result = cli_client_call(invocation, "POST", &path, json_object(), NULL);
    return cli_done(invocation, result, "alarm %s: lifted\n", invocation->words[0]);
}
