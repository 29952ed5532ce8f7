// SPDX-License-Identifier: Apache-2.0
// Runs one command.
#include "cli/cli_int.h"

#include <stdio.h>
#include <string.h>

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

// "lineward group --help": a command is named, but no action.
static bool print_help_of_all_actions(int argc, char **argv)
{
    if (argc < 2 || !is_help(argv[1])) return false;
    for (const struct command *command = cli_commands; command->name; command++) {
        if (strcmp(command->name, argv[0]) != 0 || !command->action) continue;
        cli_help_print_command(command, false);
        return true;
    }
    return false;
}

int cli_run(int argc, char **argv)
{
    struct invocation invocation;
    argc--, argv++;
    if (argc > 0 && is_help(argv[0])) {
        cli_help_print_overview();
        return STATUS_DONE;
    }
    if (argc > 0 && strcmp(argv[0], "--version") == 0) {
        puts("lineward " LINEWARD_VERSION);
        return STATUS_DONE;
    }
    if (argc > 0 && strcmp(argv[0], "complete") == 0) return cli_complete(argc - 1, argv + 1);
    if (print_help_of_all_actions(argc, argv)) return STATUS_DONE;
    int result = cli_args_read(argc, argv, &invocation);
    if (result != STATUS_DONE) return result;
    if (!invocation.command) {
        cli_help_print_overview();
        return STATUS_DONE;
    }
    if (cli_args_has(&invocation, "help")) {
        cli_help_print_command(invocation.command, true);
        return STATUS_DONE;
    }
    if (!invocation.command->run) {
        return cli_fail_usage(invocation.command, "%s must be the first word",
                              invocation.command->name);
    }
    result = invocation.command->run(&invocation);
    if (fflush(stdout) != 0 || ferror(stdout)) return cli_fail("cannot write the output");
    return result;
}
