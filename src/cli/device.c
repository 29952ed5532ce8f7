// SPDX-License-Identifier: Apache-2.0
// SIP devices of users: made, listed, changed, renewed, revoked.
#include "cli/cli_int.h"

#include <stdio.h>

// The address of the user's devices, or of the one that is named.
static void begin_path(struct path *path, const struct invocation *invocation)
{
    cli_path_begin(path, "/api/v1/users");
    cli_path_part(path, invocation->words[0]);
    cli_path_part(path, "devices");
}

static void begin_device_path(struct path *path, const struct invocation *invocation)
{
    begin_path(path, invocation);
    cli_path_part(path, invocation->words[1]);
}

// "desk at 192.0.2.1:5060", the places where a device is registered now.
static void print_bindings(const json_t *device)
{
    const json_t *binding, *bindings = json_object_get(device, "bindings");
    size_t i;
    json_array_foreach(bindings, i, binding)
    {
        printf("  %s by %s until ", cli_text_of(binding, "source"),
               cli_text_of(binding, "transport"));
        cli_print_time(cli_text_of(binding, "expires"));
        fputs(", ", stdout);
        cli_print_text(cli_text_of(binding, "user_agent"));
        putchar('\n');
    }
}

int cli_device_list(const struct invocation *invocation)
{
    static const char *const headings[] = {"NAME", "SIP USER", "LINE", "REGISTERED", NULL};
    struct path path;
    json_t *answer = NULL, *device;
    size_t i;
    begin_path(&path, invocation);
    int result = cli_client_list(invocation, &path, &answer);
    if (result != STATUS_DONE || cli_printed_json(invocation, answer)) return result;
    struct table *table = cli_table_new(headings);
    json_array_foreach(json_object_get(answer, "items"), i, device)
    {
        char count[24];
        const char *line = cli_text_of(device, "line");
        snprintf(count, sizeof count, "%zu", json_array_size(json_object_get(device, "bindings")));
        cli_table_add(table, cli_text_of(device, "name"));
        cli_table_add(table, cli_text_of(device, "sip_user"));
        cli_table_add(table, *line ? line : "(first)");
        cli_table_add(table, count);
    }
    cli_table_print_and_free(table);
    json_decref(answer);
    return STATUS_DONE;
}

// Prints what has to be typed into the device.
static int print_credentials(const struct invocation *invocation, json_t *device)
{
    if (cli_printed_json(invocation, device)) return STATUS_DONE;
    printf("user      %s\n", cli_text_of(device, "sip_user"));
    printf("password  %s\n", cli_text_of(device, "password"));
    fprintf(stderr, "The password is shown this once: only its hashes are kept.\n");
    json_decref(device);
    return STATUS_DONE;
}

static int print_device(const struct invocation *invocation, json_t *device)
{
    if (cli_printed_json(invocation, device)) return STATUS_DONE;
    const char *line = cli_text_of(device, "line");
    printf("user      %s\nname      %s\n", cli_text_of(device, "user"),
           cli_text_of(device, "name"));
    printf("line      %s\nsip user  %s\n", *line ? line : "(the user's first)",
           cli_text_of(device, "sip_user"));
    printf("registered\n");
    print_bindings(device);
    json_decref(device);
    return STATUS_DONE;
}

int cli_device_show(const struct invocation *invocation)
{
    struct path path;
    json_t *answer = NULL;
    begin_device_path(&path, invocation);
    int result = cli_client_call(invocation, "GET", &path, NULL, &answer);
    return result == STATUS_DONE ? print_device(invocation, answer) : result;
}

int cli_device_add(const struct invocation *invocation)
{
    struct path path;
    const char *line = cli_args_get(invocation, "line");
    json_t *answer = NULL, *body = json_pack("{ss}", "name", invocation->words[1]);
    if (!body) return cli_fail("device name: is not UTF-8");
    if (line) json_object_set_new(body, "line", json_string(line));
    begin_path(&path, invocation);
    int result = cli_client_call(invocation, "POST", &path, body, &answer);
    return result == STATUS_DONE ? print_credentials(invocation, answer) : result;
}

int cli_device_set(const struct invocation *invocation)
{
    struct path path;
    const char *line = cli_args_get(invocation, "line");
    json_t *answer = NULL;
    if (!line) return cli_fail_usage(invocation->command, "there is no field to change");
    json_t *body = json_pack("{ss}", "line", line);
    if (!body) return cli_fail("device line: is not UTF-8");
    begin_device_path(&path, invocation);
    int result = cli_client_call(invocation, "PATCH", &path, body, &answer);
    return result == STATUS_DONE ? print_device(invocation, answer) : result;
}

int cli_device_password(const struct invocation *invocation)
{
    struct path path;
    json_t *answer = NULL;
    begin_device_path(&path, invocation);
    cli_path_part(&path, "password");
    int result = cli_client_call(invocation, "POST", &path, json_object(), &answer);
    return result == STATUS_DONE ? print_credentials(invocation, answer) : result;
}

int cli_device_remove(const struct invocation *invocation)
{
    struct path path;
    begin_device_path(&path, invocation);
    int result = cli_client_call(invocation, "DELETE", &path, NULL, NULL);
    return cli_done(invocation, result, "device %s of %s removed\n", invocation->words[1],
                    invocation->words[0]);
}
