// SPDX-License-Identifier: Apache-2.0
// Time in a story that is told to a whole core. Who includes this has `look`: it takes what the
// engine has done, and says what must hold of it.
#pragma once

#include "engine/world.h"

struct story;
static void look(struct story *story);

// Time goes on by `by_us`, and every step of it is looked at.
static inline void story_pass(struct story *story, struct world *world, uint64_t by_us)
{
    enum { STEP_MAX = 40000 };
    uint64_t until_us = world_now_us(world) + by_us;
    for (int i = 0; world_step(world, until_us); i++) {
        ASSERT(i < STEP_MAX);
        look(story);
    }
    look(story);
}

// Adds `by_us` to what the story has waited by its own wish; false where that were more than
// `max_s`: no story is too long.
static inline bool story_may_wait(uint64_t *waited_us, uint64_t by_us, unsigned max_s)
{
    if (*waited_us + by_us > max_s * UINT64_C(1000000)) return false;
    *waited_us += by_us;
    return true;
}
