// SPDX-License-Identifier: Apache-2.0
// The calls that there are: held, ringing, answered. The workers tell them, the API shows them;
// only the present matters, so it is a table under a mutex.
#pragma once

#include "api/api.h"
#include "call/call.h"

struct calls;

enum { CALLS_SHOWN_MAX = 20000 }; // more are there unseen

// An empty table; calls_free gives it back. NULL when memory is out.
struct calls *calls_new(void) WARN_UNUSED;
void calls_free(struct calls *calls);
// A call of a worker is there, has changed, or is gone.
void calls_told(struct calls *calls, uint32_t worker, const struct call_shown *shown);
// Copies calls into `out`, which has room for `max`, from `*place` (0 at first) on, in no order;
// returns how many. There may be more as long as `*place` is less than CALLS_SHOWN_MAX.
size_t calls_list(struct calls *calls, uint32_t *place, struct api_call *out, size_t max);
// The call of that number; false: it is gone.
bool calls_find(struct calls *calls, uint64_t number, struct api_call *out);
// A call's number for people, and back.
uint64_t calls_number(uint32_t worker, struct pool_id call);
struct pool_id calls_id(uint64_t number, uint32_t *worker);
