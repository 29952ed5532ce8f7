// SPDX-License-Identifier: Apache-2.0
// A binary heap with positions.
#include "base/deadlines.h"

#include "base/error.h"

static size_t heap_size(uint32_t slot_count)
{
    return sizeof(struct deadline_entry) * slot_count;
}

size_t deadlines_memory_size(uint32_t slot_count)
{
    size_t size = heap_size(slot_count) + sizeof(uint32_t) * slot_count;
    return (size + 15) / 16 * 16;
}

void *deadlines_init(struct deadlines *deadlines, void *memory, uint32_t slot_count)
{
    *deadlines = (struct deadlines){
        .heap = memory,
        .positions = (uint32_t *)(void *)((char *)memory + heap_size(slot_count)),
        .slot_count = slot_count,
    };
    return (char *)memory + deadlines_memory_size(slot_count);
}

static void place(struct deadlines *deadlines, uint32_t position, struct deadline_entry entry)
{
    deadlines->heap[position] = entry;
    deadlines->positions[entry.slot] = position + 1;
}

static void move_up(struct deadlines *deadlines, uint32_t position)
{
    struct deadline_entry entry = deadlines->heap[position];
    while (position > 0) {
        uint32_t parent = (position - 1) / 2;
        if (deadlines->heap[parent].at_us <= entry.at_us) break;
        place(deadlines, position, deadlines->heap[parent]);
        position = parent;
    }
    place(deadlines, position, entry);
}

static void move_down(struct deadlines *deadlines, uint32_t position)
{
    struct deadline_entry entry = deadlines->heap[position];
    for (;;) {
        uint32_t child = 2 * position + 1;
        if (child >= deadlines->count) break;
        if (child + 1 < deadlines->count &&
            deadlines->heap[child + 1].at_us < deadlines->heap[child].at_us) {
            child++;
        }
        if (entry.at_us <= deadlines->heap[child].at_us) break;
        place(deadlines, position, deadlines->heap[child]);
        position = child;
    }
    place(deadlines, position, entry);
}

static void remove_at(struct deadlines *deadlines, uint32_t position)
{
    deadlines->positions[deadlines->heap[position].slot] = 0;
    struct deadline_entry last = deadlines->heap[--deadlines->count];
    if (position == deadlines->count) return;
    place(deadlines, position, last);
    move_up(deadlines, position);
    move_down(deadlines, deadlines->positions[last.slot] - 1);
}

void deadlines_set(struct deadlines *deadlines, uint32_t slot, uint64_t at_us)
{
    ASSERT(slot < deadlines->slot_count);
    uint32_t position = deadlines->positions[slot];
    if (position > 0) remove_at(deadlines, position - 1);
    if (at_us == DEADLINE_NEVER) return;
    place(deadlines, deadlines->count, (struct deadline_entry){at_us, slot});
    move_up(deadlines, deadlines->count++);
}

uint64_t deadlines_next_us(const struct deadlines *deadlines)
{
    return deadlines->count > 0 ? deadlines->heap[0].at_us : DEADLINE_NEVER;
}

bool deadlines_take_due(struct deadlines *deadlines, uint64_t now_us, uint32_t *slot)
{
    if (deadlines_next_us(deadlines) > now_us) return false;
    *slot = deadlines->heap[0].slot;
    remove_at(deadlines, 0);
    return true;
}
