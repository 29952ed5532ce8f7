// SPDX-License-Identifier: Apache-2.0
// A turn is the handling of one input by the engine: what time it is, where memory comes from, and
// the queue of effects that the machines ask for.
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/random.h"

// What a machine wants done. Each layer numbers its own kinds from its base and embeds this first
// in a structure of its own; the engine drains them in order before it takes the next input.
struct effect {
    struct effect *next;
    unsigned kind;
};

enum {
    EFFECT_TXN = 0x100,
    EFFECT_LINE = 0x200,
    EFFECT_CLIENT = 0x300,
    EFFECT_CALL = 0x400,
    EFFECT_CHECK = 0x500,
    EFFECT_WATCH = 0x600,
    EFFECT_DESK = 0x700,
};

struct turn {
    uint64_t now_us;  // monotonic
    uint64_t wall_us; // since 1970-01-01 UTC
    struct arena *arena;
    struct random *random;
    uint8_t worker;              // whose turn it is
    struct effect *first, *last; // the effects, oldest first
    uint64_t effects_lost_count; // did not fit into the arena
};

// Empties the arena and the effects and sets the time: the next input begins.
void turn_begin(struct turn *turn, uint64_t now_us, uint64_t wall_us);

// Appends an effect of `size` zeroed bytes (a structure that begins with struct effect). Returns
// NULL, and counts it, when the arena is full.
void *turn_emit(struct turn *turn, unsigned kind, size_t size);

// Takes the oldest effect off the queue, NULL when there is none. It lives until the next
// turn_begin.
struct effect *turn_next(struct turn *turn);
