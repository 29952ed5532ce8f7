// SPDX-License-Identifier: Apache-2.0
// WebSocket frames: we send texts, pings and the close; of what comes only that and the pongs
// count, as clients have nothing to say. Pure, but for the hash of the handshake. RFC 6455.
#include "api/api_int.h"

#include <openssl/evp.h>
#include <sodium.h>
#include <string.h>

enum { FIN = 0x80, MASKED = 0x80, CONTROL_MAX = 125, MASK_LEN = 4 };

bool api_websocket_accept(struct span key, char accept[WEBSOCKET_ACCEPT_SIZE])
{
    static const char suffix[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    unsigned char nonce[16], hash[EVP_MAX_MD_SIZE];
    char text[24 + sizeof suffix];
    struct buffer out = buffer_over(text, sizeof text);
    size_t len = 0;
    if (key.len != 24 ||
        sodium_base642bin(nonce, sizeof nonce, key.at, key.len, NULL, &len, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        len != sizeof nonce) {
        return false;
    }
    buffer_put(&out, key);
    buffer_put_text(&out, suffix);
    if (!EVP_Digest(out.at, out.len, hash, NULL, EVP_sha1(), NULL)) return false;
    sodium_bin2base64(accept, WEBSOCKET_ACCEPT_SIZE, hash, 20, sodium_base64_VARIANT_ORIGINAL);
    return true;
}

size_t api_websocket_put_head(unsigned char head[WEBSOCKET_HEAD_MAX], enum websocket_opcode opcode,
                              size_t len)
{
    head[0] = (unsigned char)(FIN | opcode);
    if (len <= CONTROL_MAX) {
        head[1] = (unsigned char)len;
        return 2;
    }
    ASSERT(len <= UINT16_MAX);
    head[1] = 126;
    head[2] = (unsigned char)(len >> 8);
    head[3] = (unsigned char)len;
    return 4;
}

// What is wrong with the first two bytes of a frame; 0: nothing. RFC 6455 sections 5.1, 5.2, 5.5.
static unsigned check_head(const unsigned char *at, unsigned *opcode, size_t *len)
{
    *opcode = at[0] & 0x0f;
    *len = at[1] & 0x7f;
    bool is_control = *opcode & 8;
    bool is_known = *opcode <= WEBSOCKET_BINARY ||
                    (*opcode >= WEBSOCKET_CLOSE && *opcode <= WEBSOCKET_PONG);
    if ((at[0] & 0x70) || !is_known || !(at[1] & MASKED)) return WEBSOCKET_PROTOCOL_ERROR;
    if (is_control && (*len > CONTROL_MAX || !(at[0] & FIN))) return WEBSOCKET_PROTOCOL_ERROR;
    return *len == 127 ? WEBSOCKET_TOO_BIG : 0;
}

bool api_websocket_read(char *bytes, size_t size, struct websocket_frame *frame)
{
    unsigned char *at = (unsigned char *)bytes;
    size_t head_len = 2 + MASK_LEN, len;
    *frame = (struct websocket_frame){.len = 0};
    if (size < 2) return false;
    frame->problem = check_head(at, &frame->opcode, &len);
    if (frame->problem) return true;
    if (len == 126) {
        head_len += 2;
        if (size < 4) return false;
        len = (size_t)at[2] << 8 | at[3];
    }
    frame->problem = len > WEBSOCKET_MESSAGE_MAX ? WEBSOCKET_TOO_BIG : 0;
    if (frame->problem) return true;
    if (size < head_len + len) return false;
    unsigned char *payload = at + head_len;
    const unsigned char *mask = payload - MASK_LEN;
    for (size_t i = 0; i < len; i++) payload[i] ^= mask[i % MASK_LEN];
    frame->payload = (struct span){(const char *)payload, len};
    frame->len = head_len + len;
    return true;
}
