// SPDX-License-Identifier: Apache-2.0
// Memory that will be needed soon is asked for before it is: to fetch a line of it takes as long as
// some hundred instructions, and many can be on their way at the same time. Only a hint: nothing
// depends on it.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { PREFETCH_LINE_BYTES = 64 };

// Asks for `size` bytes at `at`, which need not be anybody's.
static inline void prefetch(const void *at, size_t size)
{
    uintptr_t first = (uintptr_t)at / PREFETCH_LINE_BYTES * PREFETCH_LINE_BYTES;
    for (uintptr_t line = first; line < (uintptr_t)at + size; line += PREFETCH_LINE_BYTES) {
        __builtin_prefetch((const void *)line, 1);
    }
}
