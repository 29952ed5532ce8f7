// SPDX-License-Identifier: Apache-2.0
// Printing into bounded memory.
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void buffer_put_u64(struct buffer *buffer, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    buffer_put(buffer, (struct span){digits + at, sizeof digits - at});
}

void buffer_put_hex(struct buffer *buffer, const uint8_t *bytes, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    if (buffer->is_full || count > (buffer->size - buffer->len) / 2) {
        buffer->is_full = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        buffer->at[buffer->len++] = digits[bytes[i] >> 4];
        buffer->at[buffer->len++] = digits[bytes[i] & 15];
    }
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    if (buffer->is_full) return;
    size_t room = buffer->size - buffer->len;
    va_list arguments;
    va_start(arguments, format);
    int wanted = vsnprintf(buffer->at + buffer->len, room, format, arguments);
    va_end(arguments);
    if (wanted < 0 || (size_t)wanted >= room) {
        buffer->is_full = true;
        return;
    }
    buffer->len += (size_t)wanted;
}

bool text_copy(char *out, size_t size, struct span text)
{
    bool fits = text.len < size;
    if (fits && text.len > 0) memcpy(out, text.at, text.len);
    if (size > 0) out[fits ? text.len : 0] = '\0';
    return fits;
}
