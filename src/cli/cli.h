// SPDX-License-Identifier: Apache-2.0
// The command line client: a client of the REST API like any other.
#pragma once

// Runs `lineward COMMAND ...` for every command but serve. Prints to stdout, errors to stderr.
// Returns the exit status: 0 done, 1 refused or failed (the reason is printed), 2 wrong usage.
int cli_run(int argc, char **argv);
