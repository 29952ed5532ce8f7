// SPDX-License-Identifier: Apache-2.0
// A bounded buffer that text is printed into. Once something did not fit, it stays `is_full`, so
// that a printer checks a single time, at its end.
#pragma once

#include "base/span.h"

struct buffer {
    char *at;
    size_t len;
    size_t size;
    bool is_full; // something did not fit; the content is cut and must not be used
};

// A buffer over `size` bytes that the caller owns and keeps alive.
static inline struct buffer buffer_over(char *bytes, size_t size)
{
    return (struct buffer){.at = bytes, .len = 0, .size = size, .is_full = false};
}

// What has been printed so far; valid as long as the bytes below it.
static inline struct span buffer_span(const struct buffer *buffer)
{
    return (struct span){buffer->at, buffer->len};
}

// These add at the end. What does not fit is left out as a whole, and so is all that follows.
static inline void buffer_put(struct buffer *buffer, struct span text)
{
    if (buffer->is_full || text.len > buffer->size - buffer->len) {
        buffer->is_full = true;
        return;
    }
    if (text.len > 0) memcpy(buffer->at + buffer->len, text.at, text.len);
    buffer->len += text.len;
}

static inline void buffer_put_text(struct buffer *buffer, const char *text)
{
    buffer_put(buffer, span_of(text));
}

static inline void buffer_put_byte(struct buffer *buffer, char byte)
{
    buffer_put(buffer, (struct span){&byte, 1});
}

void buffer_put_u64(struct buffer *buffer, uint64_t value);
// `bytes` as lower-case hexadecimal digits.
void buffer_put_hex(struct buffer *buffer, const uint8_t *bytes, size_t count);
// As printf does; needs one byte more than it prints.
void buffer_printf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// Copies `text` into `out` (`size` bytes) and terminates it; false, and an empty string, if it is
// too long.
bool text_copy(char *out, size_t size, struct span text);
