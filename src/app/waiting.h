// SPDX-License-Identifier: Apache-2.0
// The calls that wait: held or ringing. The workers tell them, the API shows them; only the present
// matters, so it is a table under a mutex.
#pragma once

#include "api/api.h"
#include "call/call.h"

struct waiting;

enum { WAITING_MAX = 1024 }; // shown; more wait unseen

struct waiting *waiting_new(void) WARN_UNUSED;
void waiting_free(struct waiting *waiting);
// A call of a worker waits, waits for something else, or does not wait any more.
void waiting_told(struct waiting *waiting, uint32_t worker, const struct call_shown *shown);
// Copies the calls into `out`, which has room for `max`; returns how many.
size_t waiting_list(struct waiting *waiting, struct api_call *out, size_t max);
// A call's number for people, and back.
uint64_t waiting_number(uint32_t worker, struct pool_id call);
struct pool_id waiting_call(uint64_t number, uint32_t *worker);
