// SPDX-License-Identifier: Apache-2.0
// Does with a message all that the layers above do: reads its values, looks for a challenge and
// answers it, prints a reply. What comes out does not matter here; that no byte beyond the message
// is touched does.
#pragma once

#include "sip/sip.h"

static inline void exercise_value(struct span value, struct buffer *out)
{
    struct span rest = value, item, param;
    struct sip_address address;
    struct sip_via via;
    uint32_t seconds;
    while (sip_next_item(&rest, &item)) {
        if (sip_parse_address(item, &address) == SIP_OK) {
            sip_put_unquoted(out, address.display);
            sip_put_unescaped(out, address.uri.user);
            sip_put_escaped_user(out, address.uri.user);
            sip_find_param(address.uri.params, SPAN("transport"), &param);
            sip_find_param(address.params, SPAN("expires"), &param);
            sip_read_seconds(param, &seconds);
        }
        if (sip_parse_via(item, &via) == SIP_OK)
            sip_find_param(via.params, SPAN("received"), &param);
    }
    sip_find_param(value, SPAN("q"), &param);
    sip_read_seconds(value, &seconds);
}

static inline void exercise_challenge(const struct sip_message *message, struct buffer *out)
{
    struct sip_challenge challenge;
    const struct sip_credentials credentials = {SPAN("102"), SPAN("secret")};
    if (!sip_find_challenge(message, SPAN_NONE, &challenge)) return;
    sip_put_authorization(out, &challenge, &credentials, "REGISTER", SPAN("sip:example.com"),
                          SPAN("c"), 1);
}

static inline void exercise_reply(const struct sip_message *message, struct buffer *out)
{
    const struct address source = {.family = ADDRESS_IPV4, .port = 5060, .bytes = {192, 0, 2, 1}};
    sip_put_status_line(out, 400, message->reason);
    sip_put_reply_headers(out, message, &source, SPAN("tag"));
    sip_put_quoted(out, message->from.display);
    sip_put_end(out, message->body);
    sip_reply_address(message, &source);
}

static inline void exercise(const struct sip_message *message)
{
    static char bytes[4 * SIP_MESSAGE_MAX];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    for (size_t i = 0; i < message->header_count; i++) {
        const struct sip_header *header = &message->headers[i];
        exercise_value(header->value, &out);
        if (i % 16 != 0) continue; // these walk over all headers
        sip_named_header_value(message, header->name);
        sip_has_token(message, header->id, SPAN("timer"));
    }
    exercise_challenge(message, &out);
    if (sip_is_answerable(message)) exercise_reply(message, &out);
}
