// SPDX-License-Identifier: Apache-2.0
// Allocations that fail, for tests of memory that is out: those of Lineward itself, redirected by
// the linker, in stories that are told again and again.
#pragma once

#include <stdbool.h>

// The allocation that fails is number `at`, counted from 1 and from the moment at which it is set,
// and all that follow if `is_lasting`; 0: none does.
void exhaust_set(unsigned long at, bool is_lasting);
// How many there were since.
unsigned long exhaust_count(void);

// Counts one more, for an allocator that the linker does not redirect; whether it is to fail.
bool exhaust_is_failing(void);

// Tells the story with each allocation failing, alone and with all that follow, from one to the
// next in steps of `step`, until the story is over before. A story returns whether all went well:
// it must when nothing failed, and it may otherwise.
void exhaust(bool (*story)(void), unsigned step);
