// SPDX-License-Identifier: Apache-2.0
// Putting a user's profile on and off.
#include "cli/cli_int.h"

#include <stdio.h>

static void begin(const struct invocation *invocation, struct path *path)
{
    cli_path_begin(path, "/api/v1/users");
    cli_path_part(path, invocation->words[0]);
    cli_path_part(path, "profiles");
    cli_path_part(path, invocation->words[1]);
    cli_path_part(path, "apply");
}

int cli_profile_apply(const struct invocation *invocation)
{
    struct path path;
    const char *until = cli_args_get(invocation, "until");
    json_t *answer = NULL, *body = json_object();
    if (until) json_object_set_new(body, "until", json_string(until));
    begin(invocation, &path);
    int result = cli_client_call(invocation, "POST", &path, body, &answer);
    if (result != STATUS_DONE || cli_printed_json(invocation, answer)) return result;
    const char *end = cli_text_of(json_object_get(answer, "profile"), "until");
    printf("profile %s applied", invocation->words[1]);
    if (end[0]) {
        fputs(" until ", stdout);
        cli_print_time(end);
    }
    putchar('\n');
    cli_print_warnings(answer);
    json_decref(answer);
    return STATUS_DONE;
}

int cli_profile_end(const struct invocation *invocation)
{
    struct path path;
    begin(invocation, &path);
    int result = cli_client_call(invocation, "DELETE", &path, NULL, NULL);
    return cli_done(invocation, result, "profile %s ended\n", invocation->words[1]);
}
