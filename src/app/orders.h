// SPDX-License-Identifier: Apache-2.0
// The way of feature codes from the workers to the settings: a bounded queue under a mutex.
#pragma once

#include "settings/settings.h"

struct orders;

// What a device has dialled, and where its call waits for the answer.
struct order {
    uint32_t worker;
    struct pool_id code;
    uint64_t until_us; // monotonic: then nobody waits any more, and it is not to be done
    struct settings_order order;
};

// NULL when memory is out.
struct orders *orders_new(void) WARN_UNUSED;
void orders_free(struct orders *orders);
// From any thread. False when the queue is full: the call is answered when its patience is over.
bool orders_add(struct orders *orders, const struct order *order);
// The oldest one; false when there is none.
bool orders_take(struct orders *orders, struct order *order);
