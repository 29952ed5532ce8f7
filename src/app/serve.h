// SPDX-License-Identifier: Apache-2.0
// The server: `lineward serve`.
#pragma once

// Runs until SIGINT or SIGTERM. `argv[0]` is "serve". Returns the exit status: 0 stopped as asked,
// 1 could not start, 2 wrong usage.
int serve_run(int argc, char **argv);
