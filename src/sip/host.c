// SPDX-License-Identifier: Apache-2.0
// Hosts and ports (host, IPv6reference and port of RFC 3261 section 25.1). RFC 5118 lists what is
// easily got wrong.
#include "sip/sip_int.h"

enum {
    GROUPS_IN_IPV6 = 8, // of 16 bits
    GROUPS_IN_IPV4 = 2,
};

// Labels between dots, the last dot being allowed to stand at the end ("example.com."). False when
// a label is empty.
static bool take_labels(struct cursor *cursor)
{
    bool is_first = true;
    do {
        bool is_empty = take_run(cursor, CHAR_LABEL).len == 0;
        if (is_empty && (is_first || is_next(cursor, '.'))) return false;
        is_first = false;
    } while (take_byte(cursor, '.'));
    return true;
}

static bool is_ipv4(struct cursor cursor)
{
    for (int i = 0; i < 4; i++) {
        uint64_t byte;
        struct span digits = take_run(&cursor, CHAR_DIGIT);
        if (digits.len > 3 || !span_to_u64(digits, 255, &byte)) return false;
        if (i < 3 && !take_byte(&cursor, '.')) return false;
    }
    return is_at_end(&cursor);
}

// Steps over the colons between two groups. RFC 3261's grammar wrongly lets three stand before an
// IPv4 address; that is tolerated (RFC 5118 section 4.10).
static bool take_colons(struct cursor *cursor, bool *has_gap)
{
    if (!take_byte(cursor, ':')) return false;
    if (!take_byte(cursor, ':')) return !is_at_end(cursor);
    if (*has_gap) return false;
    *has_gap = true;
    struct cursor behind = *cursor;
    if (take_byte(&behind, ':') && is_ipv4(behind)) *cursor = behind;
    return true;
}

// An IPv6 address: groups of one to four digits, "::" once, an IPv4 address in place of the last
// two groups (RFC 4291 section 2.2). Zones ("%eth0") are not part of SIP.
static bool is_ipv6(struct cursor cursor)
{
    int groups = 0;
    bool has_gap = false;
    if (is_next(&cursor, ':')) {
        if (!take_colons(&cursor, &has_gap) || !has_gap) return false;
    }
    while (!is_at_end(&cursor)) {
        if (is_ipv4(cursor)) {
            groups += GROUPS_IN_IPV4;
            break;
        }
        struct span digits = take_run(&cursor, CHAR_HEX);
        if (digits.len == 0 || digits.len > 4 || ++groups > GROUPS_IN_IPV6) return false;
        if (!is_at_end(&cursor) && !take_colons(&cursor, &has_gap)) return false;
    }
    return has_gap ? groups < GROUPS_IN_IPV6 : groups == GROUPS_IN_IPV6;
}

static bool read_ipv6(struct cursor *cursor, struct span *host)
{
    const char *from = cursor->at;
    struct cursor inside = {from + 1, from + 1};
    while (inside.end < cursor->end && char_is(*inside.end, CHAR_HOST | CHAR_PARAM)) {
        if (*inside.end == ']') break;
        inside.end++;
    }
    if (inside.end == cursor->end || *inside.end != ']' || !is_ipv6(inside)) return false;
    cursor->at = inside.end + 1;
    *host = span_between(from, cursor->at);
    return true;
}

bool sip_read_host(struct cursor *cursor, struct span *host)
{
    if (is_next(cursor, '[')) return read_ipv6(cursor, host);
    const char *from = cursor->at;
    if (!take_labels(cursor)) {
        cursor->at = from;
        return false;
    }
    *host = span_between(from, cursor->at);
    return true;
}

bool sip_read_port(struct cursor *cursor, uint16_t *port)
{
    uint64_t number;
    const char *from = cursor->at;
    if (!span_to_u64(take_run(cursor, CHAR_DIGIT), UINT16_MAX, &number)) {
        cursor->at = from;
        return false;
    }
    *port = (uint16_t)number;
    return true;
}
