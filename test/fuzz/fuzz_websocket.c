// SPDX-License-Identifier: Apache-2.0
// Any bytes as WebSocket frames of a client: what is read lies within what came, a frame is the
// same however it comes in pieces, and what is refused has a code that a connection is closed with.
#include "fuzz/api.h"

#include <stdlib.h>
#include <string.h>

enum { SIZE_MAX_CUT = 200 };

static void check_key(struct span key)
{
    char accept[WEBSOCKET_ACCEPT_SIZE];
    if (api_websocket_accept(key, accept)) ASSERT(key.len == 24 && strlen(accept) == 28);
}

// As long as a frame is not there as a whole, nothing of it is touched, and it is refused for
// nothing but its head.
static void check_pieces(const char *bytes, size_t size)
{
    struct websocket_frame frame;
    for (size_t cut = 0; cut < size && cut < SIZE_MAX_CUT; cut++) {
        char *piece = malloc(cut + 1);
        ASSERT(piece);
        memcpy(piece, bytes, cut);
        bool is_there = api_websocket_read(piece, cut, &frame);
        ASSERT(!is_there || frame.problem || frame.len <= cut);
        if (!is_there) ASSERT(memcmp(piece, bytes, cut) == 0);
        free(piece);
    }
}

// What is read was masked: masked once more it is what came.
static void check_frame(const char *before, const char *bytes, const struct websocket_frame *frame)
{
    struct span payload = frame->payload;
    ASSERT(payload.at >= bytes + 6 && payload.at + payload.len == bytes + frame->len);
    ASSERT(payload.len <= WEBSOCKET_MESSAGE_MAX && frame->opcode <= WEBSOCKET_PONG);
    size_t start = (size_t)(payload.at - bytes);
    for (size_t i = 0; i < payload.len; i++) {
        ASSERT((char)(payload.at[i] ^ before[start - 4 + i % 4]) == before[start + i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    struct websocket_frame frame;
    const char *before = (const char *)input;
    char *bytes = malloc(size + (size == 0));
    size_t at = 0;
    ASSERT(bytes);
    if (size > 0) memcpy(bytes, input, size);
    check_key((struct span){before, size});
    check_pieces(before, size);
    while (api_websocket_read(bytes + at, size - at, &frame)) {
        if (frame.problem) {
            ASSERT(frame.problem == WEBSOCKET_PROTOCOL_ERROR || frame.problem == WEBSOCKET_TOO_BIG);
            break;
        }
        check_frame(before + at, bytes + at, &frame);
        ASSERT(frame.len >= 6 && frame.len <= size - at);
        at += frame.len;
    }
    free(bytes);
    return 0;
}
