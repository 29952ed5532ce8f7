// SPDX-License-Identifier: Apache-2.0
// One binary: the server, and the command line client of its API.
#include "app/serve.h"
#include "cli/cli.h"

#include <stdbool.h>
#include <string.h>

int main(int argc, char **argv)
{
    bool is_server = argc > 1 && strcmp(argv[1], "serve") == 0;
    bool is_help = is_server && argc > 2 && strcmp(argv[2], "--help") == 0;
    if (is_server && !is_help) return serve_run(argc - 1, argv + 1);
    return cli_run(argc, argv);
}
