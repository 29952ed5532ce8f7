// SPDX-License-Identifier: Apache-2.0
// Addresses as text and back (RFC 3986 section 3.2.2, RFC 5952), and ranges of them (RFC 4632).
#include "base/address.h"

#include "base/error.h"

#include <arpa/inet.h>
#include <string.h>

bool address_parse(struct span host, struct address *out)
{
    char text[INET6_ADDRSTRLEN];
    memset(out, 0, sizeof *out);
    if (host.len >= 2 && host.at[0] == '[' && host.at[host.len - 1] == ']') {
        host = span_slice(host, 1, host.len - 1);
        if (span_find(host, ':') == host.len) return false;
    }
    if (span_find(host, '\0') < host.len || !text_copy(text, sizeof text, host)) return false;
    if (inet_pton(AF_INET, text, out->bytes) == 1) {
        out->family = ADDRESS_IPV4;
    } else if (inet_pton(AF_INET6, text, out->bytes) == 1) {
        out->family = ADDRESS_IPV6;
    }
    return out->family != ADDRESS_NONE;
}

bool address_split_port(struct span *text, int32_t *port)
{
    struct span after = span_from(*text, span_find(*text, ':') + 1);
    size_t colon = text->len - after.len - 1;
    uint64_t number = 0;
    *port = -1;
    if (text->len > 0 && text->at[0] == '[') {
        colon = span_find(*text, ']') + 1;
    } else if (span_find(after, ':') < after.len || span_find(*text, ':') == text->len) {
        return true; // a bare IPv6 address, or no colon at all
    }
    if (colon >= text->len) return true;
    bool is_port = text->at[colon] == ':' &&
                   span_to_u64(span_from(*text, colon + 1), UINT16_MAX, &number);
    *port = (int32_t)number;
    *text = span_slice(*text, 0, colon);
    return is_port;
}

bool address_parse_port(struct span text, uint16_t default_port, struct address *out)
{
    int32_t port;
    if (!address_split_port(&text, &port) || !address_parse(text, out)) return false;
    out->port = port >= 0 ? (uint16_t)port : default_port;
    return true;
}

static void print_ipv4(struct buffer *out, const struct address *address)
{
    for (size_t i = 0; i < 4; i++) {
        if (i > 0) buffer_put_byte(out, '.');
        buffer_put_u64(out, address->bytes[i]);
    }
}

static void print_ipv6(struct buffer *out, const struct address *address)
{
    char text[INET6_ADDRSTRLEN];
    ASSERT(inet_ntop(AF_INET6, address->bytes, text, sizeof text));
    buffer_put_byte(out, '[');
    buffer_put_text(out, text);
    buffer_put_byte(out, ']');
}

void address_print_host(struct buffer *out, const struct address *address)
{
    switch (address->family) {
    case ADDRESS_IPV4: print_ipv4(out, address); break;
    case ADDRESS_IPV6: print_ipv6(out, address); break;
    default: buffer_put_text(out, "unknown"); break;
    }
}

void address_print(struct buffer *out, const struct address *address)
{
    address_print_host(out, address);
    buffer_put_byte(out, ':');
    buffer_put_u64(out, address->port);
}

bool address_eq_host(const struct address *a, const struct address *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

bool address_eq(const struct address *a, const struct address *b)
{
    return a->port == b->port && address_eq_host(a, b);
}

bool flow_eq(const struct flow *a, const struct flow *b)
{
    return address_eq(&a->peer, &b->peer) && a->transport == b->transport &&
           a->socket == b->socket && a->connection == b->connection;
}

// ---- Ranges

static unsigned bits_of(const struct address *address)
{
    return address->family == ADDRESS_IPV4 ? 32 : 128;
}

// Whether the first `bits` bits of both are the same.
static bool begins_alike(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    uint8_t mask = (uint8_t)(0xff << (8 - rest));
    return memcmp(a, b, whole) == 0 && (rest == 0 || ((a[whole] ^ b[whole]) & mask) == 0);
}

static bool is_zero_behind(const struct address *address, unsigned bits)
{
    for (unsigned i = bits; i < bits_of(address); i++) {
        if (address->bytes[i / 8] & (0x80 >> i % 8)) return false;
    }
    return true;
}

bool address_parse_range(struct span text, struct address_range *out)
{
    size_t slash = span_find(text, '/');
    uint64_t bits;
    if (!address_parse(span_slice(text, 0, slash), &out->first)) return false;
    out->bits = (uint8_t)bits_of(&out->first);
    if (slash == text.len) return true;
    if (!span_to_u64(span_from(text, slash + 1), out->bits, &bits)) return false;
    out->bits = (uint8_t)bits;
    return is_zero_behind(&out->first, out->bits);
}

bool address_parse_ranges(struct span text, struct address_range *out, size_t max, size_t *count)
{
    *count = 0;
    if (span_trim(text).len == 0) return true;
    bool has_more = true;
    while (has_more) {
        has_more = span_find(text, ',') < text.len;
        if (*count == max) return false;
        if (!address_parse_range(span_trim(span_split(&text, ',')), &out[*count])) return false;
        (*count)++;
    }
    return true;
}

void address_print_range(struct buffer *out, const struct address_range *range)
{
    char bytes[INET6_ADDRSTRLEN + 2];
    struct buffer host = buffer_over(bytes, sizeof bytes);
    address_print_host(&host, &range->first);
    bool is_bracketed = range->first.family == ADDRESS_IPV6;
    buffer_put(out,
               is_bracketed ? span_slice(buffer_span(&host), 1, host.len - 1) : buffer_span(&host));
    if (range->bits < bits_of(&range->first)) buffer_printf(out, "/%u", range->bits);
}

bool address_is_in(const struct address *address, const struct address_range *range)
{
    return address->family == range->first.family &&
           begins_alike(address->bytes, range->first.bytes, range->bits);
}
