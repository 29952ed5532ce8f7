// SPDX-License-Identifier: Apache-2.0
// Any bytes as the header lines of a 401. What we answer is a single header line, whatever the
// challenge holds.
#include "fuzz/fuzz.h"
#include "sip/sip.h"

static void check_answer(const struct sip_challenge *challenge, struct span input)
{
    static char bytes[1 << 16];
    const struct sip_credentials credentials = {SPAN("102"), SPAN("secret")};
    struct buffer out = buffer_over(bytes, sizeof bytes);
    sip_put_authorization(&out, challenge, &credentials, "REGISTER", SPAN("sip:h"), input, 1);
    if (out.is_full) return;
    struct span line = buffer_span(&out);
    ASSERT(span_find(line, '\r') == line.len - 2 && span_find(line, '\n') == line.len - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static char text[SIP_MESSAGE_MAX];
    static _Alignas(16) char memory[SIP_HEADER_MAX * sizeof(struct sip_header)];
    struct arena arena = arena_over(memory, sizeof memory);
    struct buffer out = buffer_over(text, sizeof text);
    struct sip_message message;
    struct sip_fault fault;
    struct sip_challenge challenge;
    buffer_put_text(&out, "SIP/2.0 401 Unauthorized\r\nWWW-Authenticate: ");
    buffer_put(&out, (struct span){(const char *)bytes, size});
    buffer_put_text(&out, "\r\n\r\n");
    sip_parse(buffer_span(&out), &arena, &message, &fault);
    if (!sip_find_challenge(&message, SPAN_NONE, &challenge)) return 0;
    ASSERT(is_within(challenge.realm, buffer_span(&out)) &&
           is_within(challenge.nonce, buffer_span(&out)));
    check_answer(&challenge, (struct span){(const char *)bytes, size});
    return 0;
}
