// SPDX-License-Identifier: Apache-2.0
// "What does the group make of this number?"
#include "cli/cli_int.h"

#include <stdio.h>

static const char *origin_of(const json_t *object)
{
    return json_is_true(json_object_get(object, "internal")) ? "internal" : "external";
}

static void print_row(const char *name, const char *text)
{
    printf("%-10s", name);
    cli_print_text(text[0] ? text : "-");
    putchar('\n');
}

static void print_number(const json_t *number)
{
    const json_t *caller = json_object_get(number, "caller");
    bool is_permitted = json_is_true(json_object_get(number, "permitted"));
    const char *reason = cli_text_of(number, "reason");
    print_row("stored", cli_text_of(number, "stored"));
    print_row("dialled", cli_text_of(number, "dialled"));
    print_row("class", cli_text_of(number, "class"));
    print_row("origin", origin_of(number));
    fputs("forwarding", stdout);
    fputs(is_permitted ? " permitted" : " refused: ", stdout);
    cli_print_text(reason);
    putchar('\n');
    fputs("as caller ", stdout);
    cli_print_text(cli_text_of(caller, "stored")[0] ? cli_text_of(caller, "stored") : "-");
    printf(" (%s)\n", origin_of(caller));
}

int cli_number(const struct invocation *invocation)
{
    struct path path;
    json_t *text = json_string(invocation->words[1]), *answer = NULL;
    if (!text) return cli_fail("NUMBER is not UTF-8");
    cli_path_begin(&path, "/api/v1/groups");
    cli_path_part(&path, invocation->words[0]);
    cli_path_part(&path, "number");
    int result = cli_client_call(invocation, "POST", &path, json_pack("{so}", "number", text),
                                 &answer);
    if (result != STATUS_DONE || cli_printed_json(invocation, answer)) return result;
    print_number(answer);
    json_decref(answer);
    return STATUS_DONE;
}
