// SPDX-License-Identifier: Apache-2.0
// Borrowed text: comparing, cutting, reading numbers.
#include "base/span.h"

bool span_eq_nocase(struct span a, struct span b)
{
    if (a.len != b.len) return false;
    for (size_t i = 0; i < a.len; i++) {
        if (a.at[i] == b.at[i]) continue;
        if (ascii_lower(a.at[i]) != ascii_lower(b.at[i])) return false;
    }
    return true;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

struct span span_trim(struct span span)
{
    while (span.len > 0 && is_blank(span.at[0])) {
        span.at++;
        span.len--;
    }
    while (span.len > 0 && is_blank(span.at[span.len - 1])) span.len--;
    return span;
}

size_t span_find(struct span span, char byte)
{
    const char *found = span.len > 0 ? memchr(span.at, byte, span.len) : NULL;
    return found ? (size_t)(found - span.at) : span.len;
}

struct span span_split(struct span *rest, char separator)
{
    size_t at = span_find(*rest, separator);
    struct span before = span_slice(*rest, 0, at);
    *rest = span_from(*rest, at + 1);
    return before;
}

bool span_to_u64(struct span span, uint64_t max, uint64_t *value)
{
    uint64_t sum = 0;
    if (span.len == 0) return false;
    for (size_t i = 0; i < span.len; i++) {
        if (!ascii_is_digit(span.at[i])) return false;
        uint64_t digit = (uint64_t)(span.at[i] - '0');
        if (sum > UINT64_MAX / 10 || sum * 10 > UINT64_MAX - digit) return false;
        sum = sum * 10 + digit;
        if (sum > max) return false;
    }
    *value = sum;
    return true;
}
