// SPDX-License-Identifier: Apache-2.0
// Deadlines of many things: a binary heap by time, at most one deadline for each slot index of a
// pool, so that setting it again moves it. No callback: the owner asks what is due.
#pragma once

#include "base/arena.h"

static const uint64_t DEADLINE_NEVER = UINT64_MAX;

struct deadlines {
    struct deadline_entry *heap; // the earliest at 0
    uint32_t *positions;         // by slot index: place in the heap + 1, 0 when not set
    uint32_t count;
    uint32_t slot_count;
};

struct deadline_entry {
    uint64_t at_us;
    uint32_t slot;
};

// Bytes needed for `slot_count` slots.
size_t deadlines_memory_size(uint32_t slot_count);
// Makes an empty set in `memory` (zeroed, deadlines_memory_size bytes, aligned to 16). Returns
// where it ends, for what comes next.
void *deadlines_init(struct deadlines *deadlines, void *memory, uint32_t slot_count);
// Sets or moves the deadline of `slot`; DEADLINE_NEVER removes it.
void deadlines_set(struct deadlines *deadlines, uint32_t slot, uint64_t at_us);
// The earliest deadline, DEADLINE_NEVER when none is set.
uint64_t deadlines_next_us(const struct deadlines *deadlines);
// Takes out the earliest deadline if it is at or before `now_us`, and gives its slot.
bool deadlines_take_due(struct deadlines *deadlines, uint64_t now_us, uint32_t *slot);
