// SPDX-License-Identifier: Apache-2.0
// The command line client alone, for the tests in this folder.
#include "cli/cli.h"

int main(int argc, char **argv)
{
    return cli_run(argc, argv);
}
