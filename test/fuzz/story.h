// SPDX-License-Identifier: Apache-2.0
// An input as a story: each byte chooses what happens next.
#pragma once

#include "base/base.h"

struct story_bytes {
    const uint8_t *at;
    size_t len;
};

// The next byte; 0 when there is none left.
static inline uint8_t story_byte(struct story_bytes *bytes)
{
    if (bytes->len == 0) return 0;
    bytes->len--;
    return *bytes->at++;
}

// A number below `count`.
static inline size_t story_choose(struct story_bytes *bytes, size_t count)
{
    return story_byte(bytes) % count;
}

// Cuts a message or changes up to three bytes of it; mostly it stays sound. Tells whether it did
// not.
static inline bool story_spoil(struct story_bytes *bytes, struct buffer *message)
{
    size_t count = story_choose(bytes, 8);
    if (count == 0 || message->len == 0) return false;
    if (count == 7) {
        message->len = 1 + (size_t)story_byte(bytes) * message->len / 256;
        return true;
    }
    if (count > 3) return false;
    for (size_t i = 0; i < count; i++) {
        size_t at = (size_t)story_byte(bytes) << 8;
        at |= story_byte(bytes);
        message->at[at % message->len] = (char)story_byte(bytes);
    }
    return true;
}
