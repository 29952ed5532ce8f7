// SPDX-License-Identifier: Apache-2.0
// Any bytes as a stream, cut into pieces whose sizes the first byte chooses: told is the same as of
// the bytes in one piece, never more is held than a message may have, and what is a message for the
// stream has the same end for the parser.
#include "fuzz/fuzz.h"
#include "sip/sip.h"

#include <string.h>

enum { EVENTS_MAX = 64 };

struct told {
    size_t count;
    size_t lens[EVENTS_MAX];
    enum sip_stream_event events[EVENTS_MAX];
};

static void check_message(struct span bytes)
{
    static _Alignas(16) char memory[SIP_HEADER_MAX * sizeof(struct sip_header)];
    struct arena arena = arena_over(memory, sizeof memory);
    struct sip_message message;
    struct sip_fault fault;
    enum sip_err err = sip_parse(bytes, &arena, &message, &fault);
    ASSERT(err != SIP_ERR_CONTENT_LENGTH);
    ASSERT(err != SIP_OK || message.bytes.len == bytes.len);
}

static struct told feed(struct span bytes, size_t piece_len)
{
    struct sip_stream stream = {0};
    struct sip_stream_part part;
    struct told told = {.count = 0};
    size_t from = 0, to = 0;
    while (to < bytes.len) {
        to = to + piece_len < bytes.len ? to + piece_len : bytes.len;
        for (;;) {
            struct span held = span_slice(bytes, from, to);
            enum sip_stream_event event = sip_stream_next(&stream, held, &part);
            ASSERT(part.len <= held.len);
            if (event == SIP_STREAM_WAIT) {
                ASSERT(held.len < SIP_MESSAGE_MAX);
                break;
            }
            if (event == SIP_STREAM_MESSAGE) check_message(span_slice(held, 0, part.len));
            if (told.count == EVENTS_MAX) return told;
            told.events[told.count] = event;
            told.lens[told.count++] = part.len;
            if (event == SIP_STREAM_BROKEN) return told;
            ASSERT(part.len > 0);
            from += part.len;
        }
    }
    return told;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size == 0) return 0;
    struct span stream = {(const char *)bytes + 1, size - 1};
    struct told whole = feed(stream, size), pieces = feed(stream, 1 + bytes[0] % 64U);
    ASSERT(whole.count == pieces.count);
    for (size_t i = 0; i < whole.count; i++) {
        ASSERT(whole.lens[i] == pieces.lens[i] && whole.events[i] == pieces.events[i]);
    }
    return 0;
}
