// SPDX-License-Identifier: Apache-2.0
// The queue of effects of one turn.
#include "base/turn.h"

void turn_begin(struct turn *turn, uint64_t now_us, uint64_t wall_us)
{
    arena_reset(turn->arena);
    turn->now_us = now_us;
    turn->wall_us = wall_us;
    turn->first = turn->last = NULL;
}

void *turn_emit(struct turn *turn, unsigned kind, size_t size)
{
    ASSERT(size >= sizeof(struct effect));
    struct effect *effect = arena_new(turn->arena, size);
    if (!effect) {
        turn->effects_lost_count++;
        return NULL;
    }
    effect->kind = kind;
    if (turn->last) {
        turn->last->next = effect;
    } else {
        turn->first = effect;
    }
    turn->last = effect;
    return effect;
}

struct effect *turn_next(struct turn *turn)
{
    struct effect *effect = turn->first;
    if (!effect) return NULL;
    turn->first = effect->next;
    if (!turn->first) turn->last = NULL;
    return effect;
}
