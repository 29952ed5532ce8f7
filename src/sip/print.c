// SPDX-License-Identifier: Apache-2.0
// Printing the parts of messages (RFC 3261 sections 7 and 25.1).
#include "sip/sip_int.h"

void sip_put_unfolded(struct buffer *out, struct span value)
{
    struct cursor cursor = cursor_over(value);
    while (!is_at_end(&cursor)) {
        const char *from = cursor.at;
        cursor.at = sip_find_control(from, cursor.end);
        buffer_put(out, span_between(from, cursor.at));
        if (is_at_end(&cursor)) break;
        if (*cursor.at != '\r' && *cursor.at != '\n') buffer_put_byte(out, *cursor.at);
        cursor.at++;
    }
}

void sip_put_quoted(struct buffer *out, struct span text)
{
    buffer_put_byte(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        bool is_control = (unsigned char)text.at[i] < ' ' || text.at[i] == 0x7f;
        if (is_control && text.at[i] != '\t') continue;
        if (text.at[i] == '"' || text.at[i] == '\\') buffer_put_byte(out, '\\');
        buffer_put_byte(out, text.at[i]);
    }
    buffer_put_byte(out, '"');
}

void sip_put_header(struct buffer *out, const char *name, struct span value)
{
    buffer_put_text(out, name);
    buffer_put(out, SPAN(": "));
    sip_put_unfolded(out, value);
    buffer_put(out, SPAN("\r\n"));
}

static struct span transport_name(enum transport transport)
{
    switch (transport) {
    case TRANSPORT_UDP: return SPAN("UDP");
    case TRANSPORT_TCP: return SPAN("TCP");
    case TRANSPORT_TLS: return SPAN("TLS");
    case TRANSPORT_WS: return SPAN("WS");
    case TRANSPORT_WSS: return SPAN("WSS");
    }
    return SPAN("UDP");
}

void sip_put_via(struct buffer *out, enum transport transport, const struct address *sent_by,
                 struct span branch)
{
    buffer_put(out, SPAN("Via: SIP/2.0/"));
    buffer_put(out, transport_name(transport));
    buffer_put_byte(out, ' ');
    address_print(out, sent_by);
    buffer_put(out, SPAN(";rport;branch="));
    buffer_put(out, branch);
    buffer_put(out, SPAN("\r\n"));
}

void sip_put_status_line(struct buffer *out, unsigned status, struct span reason)
{
    buffer_put(out, SPAN("SIP/2.0 "));
    buffer_put_u64(out, status);
    buffer_put_byte(out, ' ');
    sip_put_unfolded(out, reason.len > 0 ? reason : span_of(sip_status_text(status)));
    buffer_put(out, SPAN("\r\n"));
}

void sip_put_end(struct buffer *out, struct span body)
{
    buffer_put(out, SPAN("Content-Length: "));
    buffer_put_u64(out, body.len);
    buffer_put(out, SPAN("\r\n\r\n"));
    buffer_put(out, body);
}
