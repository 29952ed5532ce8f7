// SPDX-License-Identifier: Apache-2.0
// `lineward backup FILE` and `lineward restore FILE`: on the machine that has the data directory.
#pragma once

// `argv[0]` is "backup" or "restore". Returns the exit status: 0 done, 1 failed, 2 wrong usage.
int backup_run(int argc, char **argv);
int restore_run(int argc, char **argv);
