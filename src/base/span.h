// SPDX-License-Identifier: Apache-2.0
// A span is borrowed text: a pointer and a length, never terminated, owned by someone else. Parsed
// fields are spans into the received bytes.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const char *at;
    size_t len;
};

// A span over a string literal.
#define SPAN(literal) ((struct span){(literal), sizeof(literal) - 1})
#define SPAN_NONE     ((struct span){NULL, 0})
// For printf: printf("%.*s", SPAN_ARG(span)).
#define SPAN_ARG(span) (int)(span).len, (span).at

// What stands here whole is needed some hundred times for each message: the compiler puts it where
// it is called.

// A span over the zero-terminated `text`; NULL gives an empty span. Lives as long as `text`.
static inline struct span span_of(const char *text)
{
    return (struct span){text, text ? strlen(text) : 0};
}

// Whether both have the same bytes; two empty spans do.
static inline bool span_eq(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}
// The same, upper and lower case ASCII being equal.
bool span_eq_nocase(struct span a, struct span b);

// The part from byte `from` up to, but without, byte `to`; both are clamped to the span.
static inline struct span span_slice(struct span span, size_t from, size_t to)
{
    if (to > span.len) to = span.len;
    if (from > to) from = to;
    if (!span.at) return SPAN_NONE;
    return (struct span){span.at + from, to - from};
}

// Everything from byte `from` on.
static inline struct span span_from(struct span span, size_t from)
{
    return span_slice(span, from, span.len);
}

static inline bool span_starts_with(struct span span, struct span prefix)
{
    return span.len >= prefix.len && span_eq(span_slice(span, 0, prefix.len), prefix);
}

// Without blanks, tabs, CR and LF at both ends.
struct span span_trim(struct span span);

// Index of the first `byte`, or span.len where there is none.
size_t span_find(struct span span, char byte);

// Cuts `*rest` at the first `separator`: returns what stands before it and leaves what follows in
// `*rest`. With no separator left it returns everything and empties `*rest`.
struct span span_split(struct span *rest, char separator);

// Reads a whole span as a decimal number. Returns false, leaving `*value`, for an empty span, a
// byte that is no digit, or a number above `max`.
bool span_to_u64(struct span span, uint64_t max, uint64_t *value);

// Of ASCII alone, whatever the locale; other bytes stay as they are, and are neither.
static inline char ascii_lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte + ('a' - 'A')) : byte;
}

static inline bool ascii_is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static inline bool ascii_is_alnum(char byte)
{
    char lower = ascii_lower(byte);
    return ascii_is_digit(byte) || (lower >= 'a' && lower <= 'z');
}

// The value of a hexadecimal digit in either case; -1: it is none.
static inline int ascii_hex_value(char byte)
{
    char lower = ascii_lower(byte);
    if (ascii_is_digit(byte)) return byte - '0';
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}
