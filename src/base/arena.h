// SPDX-License-Identifier: Apache-2.0
// An arena hands out memory from one block and takes it back all at once. Each turn of the engine
// has one: what is parsed or printed while a message is handled lives until the turn ends.
#pragma once

#include "base/span.h"

struct arena {
    char *at;
    size_t size;
    size_t used;
};

// An arena over `size` bytes that the caller owns; `at` must be aligned to 16 bytes.
struct arena arena_over(void *at, size_t size);
// Takes everything back; what was handed out before must no longer be used.
void arena_reset(struct arena *arena);
// `size` zeroed bytes aligned for any type, or NULL when the arena is full.
void *arena_new(struct arena *arena, size_t size);
// `size` bytes of unspecified content, or NULL when the arena is full.
void *arena_take(struct arena *arena, size_t size);
// A copy of `text` in the arena; `*copy` is empty and the result false when the arena is full.
bool arena_copy(struct arena *arena, struct span text, struct span *copy);
