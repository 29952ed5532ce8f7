// SPDX-License-Identifier: Apache-2.0
// A network address as plain data, and the flow a message came or goes by.
#pragma once

#include "base/buffer.h"

enum address_family { ADDRESS_NONE = 0, ADDRESS_IPV4 = 4, ADDRESS_IPV6 = 6 };

struct address {
    uint8_t family; // enum address_family
    uint16_t port;
    uint8_t bytes[16]; // IPv4 uses the first four, the rest is zero
};

enum transport { TRANSPORT_UDP, TRANSPORT_TCP, TRANSPORT_TLS, TRANSPORT_WS, TRANSPORT_WSS };

// Where a message came from, or is to go: the peer, and which socket of ours.
struct flow {
    struct address peer;
    uint8_t transport;   // enum transport
    uint8_t worker;      // that has the socket, its number + 1; 0: the one that works with the flow
    uint16_t socket;     // index of the listening socket
    uint32_t connection; // of a stream; once it is gone, a new one to `peer` will do
};

// What has come from a peer: a datagram, or a message of a stream.
struct datagram {
    struct flow flow;
    struct span bytes;
};

// Reads "192.0.2.1", "2001:db8::1" or "[2001:db8::1]" (RFC 3986 section 3.2.2); the port becomes 0.
bool address_parse(struct span host, struct address *out);
// Cuts ":PORT" off "HOST:PORT" or "[IPv6]:PORT"; `*port` becomes -1 where there is none. A bare
// IPv6 address has many colons and no port. False for a colon with anything but a port behind it.
bool address_split_port(struct span *text, int32_t *port);
// Reads "HOST:PORT" or "[HOST]:PORT", HOST being an address; without ":PORT", `default_port` is
// used.
bool address_parse_port(struct span text, uint16_t default_port, struct address *out);
// Prints the host alone; an IPv6 address in brackets, as in URIs and Via.
void address_print_host(struct buffer *out, const struct address *address);
// Prints "HOST:PORT".
void address_print(struct buffer *out, const struct address *address);
// Whether family, host and port are the same.
bool address_eq(const struct address *a, const struct address *b);
// Whether they lead by the same socket or connection to the same peer.
bool flow_eq(const struct flow *a, const struct flow *b);
// The same, whatever the ports.
bool address_eq_host(const struct address *a, const struct address *b);

// Addresses whose first bits are the same: 192.0.2.0/24, 2001:db8::/32, or one address.
struct address_range {
    struct address first; // the bits behind `bits` are zero
    uint8_t bits;
};

// Reads "ADDRESS" or "ADDRESS/BITS" (RFC 4632 section 3.1, RFC 4291 section 2.3). False when it is
// neither, or has bits set behind the first `bits`.
bool address_parse_range(struct span text, struct address_range *out);
// Reads ranges that are separated by commas into `out`, at most `max` of them; `*count` is 0 for an
// empty text. False when one cannot be read or there are more; `*count` then tells how many could.
bool address_parse_ranges(struct span text, struct address_range *out, size_t max, size_t *count);
// Prints "ADDRESS/BITS", or "ADDRESS" for one address; IPv6 without brackets.
void address_print_range(struct buffer *out, const struct address_range *range);
// Whether the address lies in the range, whatever its port.
bool address_is_in(const struct address *address, const struct address_range *range);
