// SPDX-License-Identifier: Apache-2.0
// The way of used exceptions from a worker to the settings: a bounded table under a mutex. Uses of
// one exception are added up, and no call waits for the store.
#pragma once

#include "model/model.h"

struct uses;

// Uses of one exception with a number of `calls`, which the store has to count.
struct use {
    uint32_t rule_id, count;
    char group[NAME_SIZE], extension[EXTENSION_SIZE]; // its line
};

// NULL when memory is out.
struct uses *uses_new(void) WARN_UNUSED;
void uses_free(struct uses *uses);
// From any thread. False when the table is full: the use is not counted, which the caller must say.
bool uses_add(struct uses *uses, const struct use *use) WARN_UNUSED;
// Takes what was used of one exception; false when there is none.
bool uses_take(struct uses *uses, struct use *use);
