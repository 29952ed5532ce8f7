// SPDX-License-Identifier: Apache-2.0
// Memory for one turn.
#include "base/arena.h"

#include <string.h>

enum { ARENA_ALIGNMENT = 16 };

struct arena arena_over(void *at, size_t size)
{
    return (struct arena){.at = at, .size = size, .used = 0};
}

void arena_reset(struct arena *arena)
{
    arena->used = 0;
}

void *arena_take(struct arena *arena, size_t size)
{
    size_t room = arena->size - arena->used;
    if (size > room) return NULL;
    size_t rounded = (size + ARENA_ALIGNMENT - 1) / ARENA_ALIGNMENT * ARENA_ALIGNMENT;
    void *taken = arena->at + arena->used;
    arena->used += rounded < room ? rounded : room;
    return taken;
}

void *arena_new(struct arena *arena, size_t size)
{
    void *taken = arena_take(arena, size);
    if (taken) memset(taken, 0, size);
    return taken;
}

bool arena_copy(struct arena *arena, struct span text, struct span *copy)
{
    char *bytes = arena_take(arena, text.len);
    *copy = SPAN_NONE;
    if (!bytes) return false;
    if (text.len > 0) memcpy(bytes, text.at, text.len);
    *copy = (struct span){bytes, text.len};
    return true;
}
