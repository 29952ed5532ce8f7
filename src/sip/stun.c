// SPDX-License-Identifier: Apache-2.0
// The keep-alive by UDP: a STUN Binding request to the SIP port is answered with the address that
// it came from (RFC 5626 sections 3.5.2 and 4.4.2, RFC 5389 sections 6 and 15.2). Its first byte is
// one that no SIP message begins with.
#include "sip/sip_int.h"

#include <string.h>

enum {
    HEAD_LEN = 20, // type, length, magic cookie, transaction
    COOKIE_AT = 4,
    XOR_MAPPED_ADDRESS = 0x20,
};

static const char binding_request[2] = {0, 1}, binding_answer[2] = {1, 1};
static const char magic_cookie[4] = {0x21, 0x12, (char)0xa4, 0x42};

bool sip_is_stun_ping(struct span bytes)
{
    if (bytes.len < HEAD_LEN || memcmp(bytes.at, binding_request, 2) != 0) return false;
    size_t len = (size_t)(uint8_t)bytes.at[2] << 8 | (uint8_t)bytes.at[3];
    return len == bytes.len - HEAD_LEN && len % 4 == 0 &&
           memcmp(bytes.at + COOKIE_AT, magic_cookie, sizeof magic_cookie) == 0;
}

void sip_put_stun_pong(struct buffer *out, struct span ping, const struct address *source)
{
    bool is_ipv6 = source->family == ADDRESS_IPV6;
    size_t address_len = is_ipv6 ? 16 : 4;
    const char *mask = ping.at + COOKIE_AT; // the cookie, and the transaction behind it
    buffer_put(out, (struct span){binding_answer, 2});
    buffer_put_byte(out, 0);
    buffer_put_byte(out, (char)(8 + address_len));
    buffer_put(out, (struct span){mask, HEAD_LEN - COOKIE_AT});
    const char attribute[6] = {0, XOR_MAPPED_ADDRESS, 0, (char)(4 + address_len),
                               0, is_ipv6 ? 2 : 1};
    buffer_put(out, (struct span){attribute, sizeof attribute});
    buffer_put_byte(out, (char)((source->port >> 8) ^ mask[0]));
    buffer_put_byte(out, (char)((source->port & 0xff) ^ mask[1]));
    for (size_t i = 0; i < address_len; i++) {
        buffer_put_byte(out, (char)(source->bytes[i] ^ (uint8_t)mask[i]));
    }
}
