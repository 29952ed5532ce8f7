// SPDX-License-Identifier: Apache-2.0
// HEP version 3, chunks of the generic vendor.
#include "app/hep.h"

enum chunk {
    CHUNK_FAMILY = 1,
    CHUNK_PROTOCOL = 2,
    CHUNK_SOURCE_IPV4 = 3,
    CHUNK_DESTINATION_IPV4 = 4,
    CHUNK_SOURCE_IPV6 = 5,
    CHUNK_DESTINATION_IPV6 = 6,
    CHUNK_SOURCE_PORT = 7,
    CHUNK_DESTINATION_PORT = 8,
    CHUNK_SECONDS = 9,
    CHUNK_MICROSECONDS = 10,
    CHUNK_CONTENT = 11,
    CHUNK_NODE = 12,
    CHUNK_PAYLOAD = 15,
};

enum {
    FAMILY_IPV4 = 2,
    FAMILY_IPV6 = 10,
    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
    CONTENT_SIP = 1,
    CHUNK_HEAD = 6, // bytes of vendor, type and length
    PACKET_HEAD = 6,
};

static void put_number(struct buffer *out, uint32_t value, unsigned bytes)
{
    while (bytes-- > 0) buffer_put_byte(out, (char)(value >> 8 * bytes & 0xff));
}

static void put_chunk(struct buffer *out, enum chunk type, struct span value)
{
    put_number(out, 0, 2); // the generic vendor
    put_number(out, type, 2);
    put_number(out, CHUNK_HEAD + (uint32_t)value.len, 2);
    buffer_put(out, value);
}

static void put_number_chunk(struct buffer *out, enum chunk type, uint32_t value, unsigned bytes)
{
    char text[4];
    struct buffer number = buffer_over(text, sizeof text);
    put_number(&number, value, bytes);
    put_chunk(out, type, buffer_span(&number));
}

static void put_address(struct buffer *out, const struct address *address, enum chunk ipv4,
                        enum chunk port)
{
    bool is_ipv4 = address->family == ADDRESS_IPV4;
    enum chunk type = is_ipv4 ? ipv4 : ipv4 + (CHUNK_SOURCE_IPV6 - CHUNK_SOURCE_IPV4);
    put_chunk(out, type, (struct span){(const char *)address->bytes, is_ipv4 ? 4 : 16});
    put_number_chunk(out, port, address->port, 2);
}

void hep_print(struct buffer *out, const struct hep_packet *packet)
{
    bool is_ipv4 = packet->source.family == ADDRESS_IPV4;
    bool is_udp = packet->transport == TRANSPORT_UDP;
    size_t begin = out->len;
    buffer_put(out, SPAN("HEP3"));
    put_number(out, 0, 2); // the length, once it is known
    put_number_chunk(out, CHUNK_FAMILY, is_ipv4 ? FAMILY_IPV4 : FAMILY_IPV6, 1);
    put_number_chunk(out, CHUNK_PROTOCOL, is_udp ? PROTOCOL_UDP : PROTOCOL_TCP, 1);
    put_address(out, &packet->source, CHUNK_SOURCE_IPV4, CHUNK_SOURCE_PORT);
    put_address(out, &packet->destination, CHUNK_DESTINATION_IPV4, CHUNK_DESTINATION_PORT);
    put_number_chunk(out, CHUNK_SECONDS, (uint32_t)(packet->wall_us / 1000000), 4);
    put_number_chunk(out, CHUNK_MICROSECONDS, (uint32_t)(packet->wall_us % 1000000), 4);
    put_number_chunk(out, CHUNK_CONTENT, CONTENT_SIP, 1);
    put_number_chunk(out, CHUNK_NODE, packet->node_id, 4);
    put_chunk(out, CHUNK_PAYLOAD, packet->bytes);
    size_t len = out->len - begin;
    if (len > UINT16_MAX) out->is_full = true;
    if (out->is_full) return;
    out->at[begin + 4] = (char)(len >> 8);
    out->at[begin + 5] = (char)(len & 0xff);
}
