// SPDX-License-Identifier: Apache-2.0
// The SIP messages of a line as they come and go, until Ctrl-C.
#include "cli/cli_int.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { POLL_MS = 300 };

// "-->  2026-11-23 14:00:00.123  sent to the PBX 192.0.2.1:5060 by udp", and the message below it.
static void print_message(const json_t *message)
{
    bool is_sent = strcmp(cli_text_of(message, "direction"), "sent") == 0;
    bool is_device = strcmp(cli_text_of(message, "with"), "device") == 0;
    struct span rest = span_of(cli_text_of(message, "text"));
    printf("%s  ", is_sent ? "-->" : "<--");
    cli_print_text(cli_text_of(message, "time"));
    printf("  %s the %s ", is_sent ? "sent to" : "received from", is_device ? "device" : "PBX");
    cli_print_text(cli_text_of(message, "peer"));
    printf(" by %s\n", cli_text_of(message, "transport"));
    while (rest.len > 0) {
        char line[2048];
        text_copy(line, sizeof line, span_slice(span_trim(span_split(&rest, '\n')), 0, 2000));
        if (line[0]) fputs("     ", stdout);
        cli_print_text(line);
        putchar('\n');
    }
    putchar('\n');
}

static void print_all(const struct invocation *invocation, const json_t *answer)
{
    size_t i;
    json_t *message;
    json_array_foreach(json_object_get(answer, "items"), i, message)
    {
        if (cli_args_has(invocation, "json")) {
            json_dumpf(message, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
            putchar('\n');
        } else {
            print_message(message);
        }
    }
    fflush(stdout);
}

int cli_trace(const struct invocation *invocation)
{
    struct line_name line;
    uint64_t seconds = UINT32_MAX;
    const char *limit = cli_args_get(invocation, "seconds");
    char after[24] = "0";
    if (limit && !span_to_u64(span_of(limit), UINT32_MAX, &seconds)) {
        return cli_fail_usage(invocation->command, "--seconds must be a number");
    }
    int result = cli_line_find(invocation, invocation->words[0], &line);
    time_t end = time(NULL) + (time_t)seconds;
    while (result == STATUS_DONE) {
        struct path path;
        json_t *answer = NULL;
        struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
        cli_path_line(&path, &line);
        cli_path_part(&path, "messages");
        cli_path_parameter(&path, "after", after);
        result = cli_client_call(invocation, "GET", &path, NULL, &answer);
        if (result != STATUS_DONE) break;
        print_all(invocation, answer);
        snprintf(after, sizeof after, "%lld", cli_number_of(answer, "after"));
        json_decref(answer);
        if (ferror(stdout) || time(NULL) >= end) break;
        nanosleep(&pause, NULL);
    }
    return result;
}
