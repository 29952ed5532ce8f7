// SPDX-License-Identifier: Apache-2.0
// Checks of line groups that run, as far as they have come, and those that are over and not kept
// yet. The workers tell them, the API shows and keeps them: a table under a mutex.
#pragma once

#include "api/api.h"
#include "check/check.h"

struct checks;

enum { CHECKS_SHOWN_MAX = 64 }; // at the same time

// An empty table; checks_free gives it back. NULL when memory is out.
struct checks *checks_new(void) WARN_UNUSED;
void checks_free(struct checks *checks);
// A check is about to begin; false when there are too many.
bool checks_begin(struct checks *checks, uint32_t number);
// It did not, or was kept.
void checks_forget(struct checks *checks, uint32_t number);
// How far a check has come; one that was forgotten is passed over.
void checks_told(struct checks *checks, const struct check_told *told);
// What a check has found out so far; false when there is none of that number.
bool checks_get(struct checks *checks, uint32_t number, struct api_check *out);
// One that is over; false when there is none.
bool checks_next_done(struct checks *checks, struct api_check *out);
