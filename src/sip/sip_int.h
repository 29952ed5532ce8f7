// SPDX-License-Identifier: Apache-2.0
// What the files of this folder share: a cursor over the received bytes, the character classes of
// RFC 3261 section 25.1, and the readers of the grammar's parts. Each reader starts at the cursor,
// leaves it behind what it read, and on a failure at the first byte that it could not accept.
#pragma once

#include "sip/sip.h"

// ---- Characters

enum char_class {
    CHAR_DIGIT = 1 << 0,
    CHAR_HEX = 1 << 1,      // HEXDIG
    CHAR_BLANK = 1 << 2,    // of LWS: blank, tab, and the CR and LF of a folded line
    CHAR_TOKEN = 1 << 3,    // token
    CHAR_HOST = 1 << 4,     // of a host name or an IPv4 address
    CHAR_SCHEME = 1 << 5,   // of a URI's scheme
    CHAR_USER = 1 << 6,     // unreserved and user-unreserved
    CHAR_PASSWORD = 1 << 7, // of a URI's password
    CHAR_PARAM = 1 << 8,    // paramchar of a URI
    CHAR_HEADER = 1 << 9,   // of a URI's headers, with their '&' and '='
    CHAR_OPAQUE = 1 << 10,  // of a URI whose scheme we do not know
    CHAR_PHONE = 1 << 11,   // of a tel: number (RFC 3966 section 3)
    CHAR_VALUE = 1 << 12,   // of a header parameter's unquoted value
    CHAR_DISPLAY = 1 << 13, // of an unquoted display name, with the blanks between its words
    CHAR_LABEL = 1 << 14,   // of a host name's part between two dots
};

extern const uint16_t sip_char_classes[256];

static inline bool char_is(char byte, unsigned classes)
{
    return (sip_char_classes[(unsigned char)byte] & classes) != 0;
}

// ---- The cursor

struct cursor {
    const char *at, *end;
};

static inline struct cursor cursor_over(struct span text)
{
    static const char nothing[1];
    const char *at = text.at ? text.at : nothing;
    return (struct cursor){at, at + text.len};
}

static inline struct span span_between(const char *from, const char *to)
{
    return (struct span){from, (size_t)(to - from)};
}

static inline bool is_at_end(const struct cursor *cursor)
{
    return cursor->at == cursor->end;
}

static inline bool is_next(const struct cursor *cursor, char byte)
{
    return cursor->at < cursor->end && *cursor->at == byte;
}

// Steps over `byte` if it is the next one.
static inline bool take_byte(struct cursor *cursor, char byte)
{
    if (!is_next(cursor, byte)) return false;
    cursor->at++;
    return true;
}

// Where the run of bytes of `classes` from `at` on ends. Four at a time, as long as there are four:
// asking for the end at each byte would be a third of what reading costs.
static inline const char *run_end(const char *at, const char *end, unsigned classes)
{
    for (; end - at >= 4; at += 4) {
        if (!char_is(at[0], classes)) return at;
        if (!char_is(at[1], classes)) return at + 1;
        if (!char_is(at[2], classes)) return at + 2;
        if (!char_is(at[3], classes)) return at + 3;
    }
    while (at < end && char_is(*at, classes)) at++;
    return at;
}

// Steps over the longest run, maybe empty, of bytes of `classes`.
static inline struct span take_run(struct cursor *cursor, unsigned classes)
{
    const char *from = cursor->at;
    cursor->at = run_end(from, cursor->end, classes);
    return span_between(from, cursor->at);
}

// There is none nearly always, and seldom more than one.
static inline void skip_blanks(struct cursor *cursor)
{
    while (!is_at_end(cursor) && char_is(*cursor->at, CHAR_BLANK)) cursor->at++;
}

// ---- Parts of the grammar

// The first byte below ' ' from `at` on, or `end`.
const char *sip_find_control(const char *at, const char *end);

// Steps over a quoted string, which begins at the cursor. False when it does not end.
bool sip_read_quoted(struct cursor *cursor, struct span *quoted);

// A header parameter: "name", "name=value" or "name="quoted value"".
struct sip_param {
    struct span name;
    struct span value; // without the quotes, not unescaped
    bool has_value;
    struct span whole; // as it stands
};

// Reads one parameter and the blanks around it; the cursor stands behind the ';'.
bool sip_read_param(struct cursor *cursor, struct sip_param *param);

// host: a name, an IPv4 address, or an IPv6 address in brackets.
bool sip_read_host(struct cursor *cursor, struct span *host);
// A port number, behind the ':'.
bool sip_read_port(struct cursor *cursor, uint16_t *port);
// The whole rest of the cursor as a URI.
bool sip_read_uri(struct cursor *cursor, struct sip_uri *uri);
// name-addr or addr-spec with its parameters, up to a ',' or the end.
bool sip_read_address(struct cursor *cursor, struct sip_address *address);
// One Via value, up to a ',' or the end. On a failure `via` has what was read before the bad byte:
// with a host it is enough to send an answer.
bool sip_read_via(struct cursor *cursor, struct sip_via *via);

// The method of `name`; methods are told apart by case.
enum sip_method sip_find_method(struct span name);
// The header of `name`, which is a token.
enum sip_header_id sip_find_header(struct span name);
// What a one-letter name stands for ("Subject" for "s"); NULL where there is no such short form.
const char *sip_long_header_name(char letter);

// Prints `value` without its CR and LF: a folded value becomes a single line, and nobody slips a
// header in.
void sip_put_unfolded(struct buffer *out, struct span value);
