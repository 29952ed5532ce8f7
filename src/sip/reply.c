// SPDX-License-Identifier: Apache-2.0
// What a response takes from its request, and where it goes (RFC 3261 sections 8.2.6, 12.1.1, 18.2;
// RFC 3581 section 4).
#include "sip/sip_int.h"

enum { SIP_PORT = 5060, SIPS_PORT = 5061 };

// received=ADDRESS as the grammar has it: an IPv6 address without brackets.
static void put_received(struct buffer *out, const struct address *source)
{
    char bytes[64];
    struct buffer printed = buffer_over(bytes, sizeof bytes);
    address_print_host(&printed, source);
    struct span host = buffer_span(&printed);
    if (host.len > 0 && host.at[0] == '[') host = span_slice(host, 1, host.len - 1);
    buffer_put(out, SPAN(";received="));
    buffer_put(out, host);
}

static bool is_sent_by(const struct sip_via *via, const struct address *source)
{
    struct address host;
    return address_parse(via->host, &host) && address_eq_host(&host, source);
}

// The topmost Via with our `received` and `rport` in place of any that the sender wrote.
static void put_top_via(struct buffer *out, const struct sip_via *via, const struct address *source)
{
    struct span head = via->whole;
    struct cursor cursor = cursor_over(via->params);
    struct sip_param param;
    if (via->params.len > 0) head = span_trim(span_between(head.at, via->params.at));
    if (head.len > 0 && head.at[head.len - 1] == ';') head.len--;
    sip_put_unfolded(out, span_trim(head));
    while (!is_at_end(&cursor) && sip_read_param(&cursor, &param)) {
        take_byte(&cursor, ';');
        if (span_eq_nocase(param.name, SPAN("received"))) continue;
        buffer_put_byte(out, ';');
        if (span_eq_nocase(param.name, SPAN("rport"))) {
            buffer_put(out, SPAN("rport="));
            buffer_put_u64(out, source->port);
        } else {
            sip_put_unfolded(out, param.whole);
        }
    }
    if (via->has_rport || !is_sent_by(via, source)) put_received(out, source);
}

// The header of the topmost Via, with the further values that stand behind a comma.
static void put_first_via(struct buffer *out, const struct sip_message *request,
                          const struct sip_header *header, const struct address *source)
{
    const struct sip_via *via = &request->via;
    struct span rest = span_from(header->value,
                                 (size_t)(via->whole.at + via->whole.len - header->value.at));
    buffer_put(out, SPAN("Via: "));
    put_top_via(out, via, source);
    rest = span_trim(rest);
    if (rest.len > 0 && rest.at[0] == ',') sip_put_unfolded(out, rest);
    buffer_put(out, SPAN("\r\n"));
}

static void put_to(struct buffer *out, const struct sip_message *request,
                   const struct sip_header *header, struct span to_tag)
{
    buffer_put(out, SPAN("To: "));
    sip_put_unfolded(out, header->value);
    if (request->to.tag.len == 0 && to_tag.len > 0) {
        buffer_put(out, SPAN(";tag="));
        buffer_put(out, to_tag);
    }
    buffer_put(out, SPAN("\r\n"));
}

void sip_put_reply_headers(struct buffer *out, const struct sip_message *request,
                           const struct address *source, struct span to_tag)
{
    uint64_t seen = 0;
    for (size_t i = 0; i < request->header_count; i++) {
        const struct sip_header *header = &request->headers[i];
        bool is_first = (seen & UINT64_C(1) << header->id) == 0;
        seen |= UINT64_C(1) << header->id;
        switch (header->id) {
        case SIP_VIA:
            if (is_first) {
                put_first_via(out, request, header, source);
                break;
            }
            __attribute__((fallthrough));
        case SIP_RECORD_ROUTE:
            sip_put_header(out, sip_header_text(header->id), header->value);
            break;
        case SIP_TO:
            if (is_first) put_to(out, request, header, to_tag);
            break;
        case SIP_FROM:
        case SIP_CALL_ID:
        case SIP_CSEQ:
        case SIP_TIMESTAMP:
            if (is_first) sip_put_header(out, sip_header_text(header->id), header->value);
            break;
        default: break;
        }
    }
}

struct address sip_reply_address(const struct sip_message *request, const struct address *source)
{
    struct address to = *source;
    if (request->via.has_rport) return to;
    to.port = request->via.port > 0 ? request->via.port : SIP_PORT;
    return to;
}

struct address sip_return_address(const struct sip_message *request, const struct flow *flow)
{
    struct address to = flow->peer;
    to.port = flow->transport == TRANSPORT_TLS ? SIPS_PORT : SIP_PORT;
    if (request->via.port > 0) to.port = request->via.port;
    return to;
}
