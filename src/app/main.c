// SPDX-License-Identifier: Apache-2.0
// One binary: the server, its back-ups, and the command line client of its API.
#include "app/backup.h"
#include "app/serve.h"
#include "cli/cli.h"

#include <stdbool.h>
#include <string.h>

int main(int argc, char **argv)
{
    // These work on the data directory; all others ask the server.
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } commands[] = {{"serve", serve_run}, {"backup", backup_run}, {"restore", restore_run}};
    bool is_help = argc > 2 && strcmp(argv[2], "--help") == 0;
    for (size_t i = 0; !is_help && i < sizeof commands / sizeof commands[0]; i++) {
        if (argc > 1 && strcmp(argv[1], commands[i].name) == 0) {
            return commands[i].run(argc - 1, argv + 1);
        }
    }
    return cli_run(argc, argv);
}
