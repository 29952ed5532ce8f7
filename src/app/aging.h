// SPDX-License-Identifier: Apache-2.0
// By which time kept things grow old. Not by the wall clock itself: one that shows next year, after
// somebody's slip or from a machine's empty battery, would have a year of calls removed, and
// putting it right brings none back. What is believed goes after the wall clock, but only twice as
// fast as time passes, and is kept over a restart. So a wrong clock takes a day for each day that
// nobody sees it; after a machine was off, what is due goes that much later.
#pragma once

#include "app/state_file.h"

struct aging {
    uint64_t believed_us; // wall clock; 0: nothing yet
    uint64_t at_us;       // since the machine's start: when it was last followed
    struct state_file file;
    bool is_failing; // the last write: logged already
};

// What is believed at `now_us` (since the machine's start) while the wall clock shows `wall_us`:
// never later than that. The first time it is the wall clock. Pure.
uint64_t aging_follow(struct aging *aging, uint64_t now_us, uint64_t wall_us);

// With what the file "aging" of the data directory tells; a damaged one tells nothing.
void aging_load(struct aging *aging, const char *data_dir, uint64_t now_us);
// Writes the file; a failure is logged.
void aging_save(struct aging *aging);
