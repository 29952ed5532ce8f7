// SPDX-License-Identifier: Apache-2.0
// Any bytes as a message. All that is read lies within them, and a sound request gets a response
// that is sound too and fits it.
#include "fuzz/fuzz.h"
#include "torture/exercise.h"

static _Alignas(16) char memory[2][SIP_HEADER_MAX * sizeof(struct sip_header)];

static void check_spans(const struct sip_message *message, struct span bytes)
{
    const struct span parts[] = {
        message->bytes,       message->method_name,  message->uri_text, message->uri.user,
        message->uri.host,    message->uri.params,   message->reason,   message->via.whole,
        message->via.branch,  message->via.params,   message->from.tag, message->from.uri_text,
        message->from.params, message->from.display, message->to.tag,   message->to.uri_text,
        message->to.params,   message->to.display,   message->call_id,  message->body,
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) ASSERT(is_within(parts[i], bytes));
    for (size_t i = 0; i < message->header_count; i++) {
        ASSERT(is_within(message->headers[i].name, bytes));
        ASSERT(is_within(message->headers[i].value, bytes));
    }
}

static void check_reply(const struct sip_message *request)
{
    static char bytes[SIP_MESSAGE_MAX];
    const struct address source = {.family = ADDRESS_IPV6, .port = 5060, .bytes = {[15] = 1}};
    struct buffer out = buffer_over(bytes, sizeof bytes);
    struct arena arena = arena_over(memory[1], sizeof memory[1]);
    struct sip_message reply;
    struct sip_fault fault;
    sip_put_status_line(&out, 486, SPAN_NONE);
    sip_put_reply_headers(&out, request, &source, SPAN("tag"));
    sip_put_end(&out, SPAN_NONE);
    if (out.is_full) return;
    enum sip_err err = sip_parse(buffer_span(&out), &arena, &reply, &fault);
    if (err == SIP_ERR_TOO_BIG) return; // by Content-Length, one header more than the request had
    ASSERT(err == SIP_OK && !reply.is_request);
    ASSERT(span_eq(reply.via.branch, request->via.branch));
    ASSERT(span_eq(reply.via.host, request->via.host));
    ASSERT(span_eq(reply.from.tag, request->from.tag));
    ASSERT(span_eq(reply.call_id, request->call_id));
    ASSERT(span_eq(reply.method_name, request->method_name));
    ASSERT(reply.cseq == request->cseq);
}

// What an ACK tells at a glance is what it says.
static void check_glance(const struct sip_message *message, struct span bytes)
{
    struct sip_via via;
    if (!sip_peek_ack(bytes, &via)) return;
    ASSERT(message->method == SIP_ACK && span_eq(via.branch, message->via.branch));
    ASSERT(via.whole.at == message->via.whole.at && via.port == message->via.port);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const struct span input = {(const char *)bytes, size};
    struct arena arena = arena_over(memory[0], sizeof memory[0]);
    struct sip_message message;
    struct sip_fault fault;
    enum sip_err err = sip_parse(input, &arena, &message, &fault);
    ASSERT(err == fault.err && fault.offset <= size);
    check_spans(&message, input);
    exercise(&message);
    if (err == SIP_OK) check_glance(&message, input);
    if (err == SIP_OK && message.is_request) check_reply(&message);
    return 0;
}
