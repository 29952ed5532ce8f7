// SPDX-License-Identifier: Apache-2.0
// Tokens for programs: made, listed, revoked.
#include "cli/cli_int.h"

#include <stdio.h>
#include <string.h>

static const char collection[] = "/api/v1/tokens";

int cli_token_list(const struct invocation *invocation)
{
    static const char *const headings[] = {"SERIAL", "NAME",    "USER",      "GROUP",
                                           "SCOPE",  "EXPIRES", "LAST USED", NULL};
    static const char *const members[] = {"serial", "name",    "user", "group",
                                          "scope",  "expires", "used"};
    struct path path;
    json_t *answer = NULL, *token;
    size_t i;
    cli_path_begin(&path, collection);
    cli_path_parameter(&path, "limit", "1000");
    int result = cli_client_list(invocation, &path, &answer);
    if (result != STATUS_DONE || cli_printed_json(invocation, answer)) return result;
    struct table *table = cli_table_new(headings);
    json_array_foreach(json_object_get(answer, "items"), i, token)
    {
        for (size_t m = 0; m < sizeof members / sizeof members[0]; m++) {
            cli_table_add(table, cli_text_of(token, members[m]));
        }
    }
    cli_table_print_and_free(table);
    json_decref(answer);
    return STATUS_DONE;
}

int cli_token_add(const struct invocation *invocation)
{
    static const char *const texts[] = {"scope", "user", "group"};
    struct path path;
    json_t *answer = NULL, *body = json_pack("{ss}", "name", invocation->words[0]);
    const char *days = cli_args_get(invocation, "days");
    uint64_t number;
    if (!body) return cli_fail("token name: is not UTF-8");
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const char *value = cli_args_get(invocation, texts[i]);
        if (value) json_object_set_new(body, texts[i], json_string(value));
    }
    if (days && span_to_u64(span_of(days), INT64_MAX, &number)) {
        json_object_set_new(body, "days", json_integer((json_int_t)number));
    } else if (days) {
        json_object_set_new(body, "days", json_string(days)); // the server says what is wrong
    }
    cli_path_begin(&path, collection);
    int result = cli_client_call(invocation, "POST", &path, body, &answer);
    if (result != STATUS_DONE || cli_printed_json(invocation, answer)) return result;
    // On its own line, so that it can be taken over; the rest is for people.
    printf("%s\n", cli_text_of(answer, "token"));
    fprintf(stderr, "This is token %s, shown this once: only its hash is kept.\n",
            cli_text_of(answer, "serial"));
    json_decref(answer);
    return STATUS_DONE;
}

int cli_token_remove(const struct invocation *invocation)
{
    struct path path;
    json_t *answer = NULL;
    cli_path_begin(&path, collection);
    cli_path_part(&path, invocation->words[0]);
    return cli_client_call(invocation, "DELETE", &path, NULL, &answer);
}
