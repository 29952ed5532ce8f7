// SPDX-License-Identifier: Apache-2.0
// Devices that answer: INVITE - 180, 200 - ACK ... BYE - 200 (RFC 3261 section 13.3). What an
// answer repeats is copied from the request, so that nothing is to be kept.
#include "called.h"

#include "message.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char session_description[] = "v=0\r\n"
                                          "o=- 1 1 IN IP4 192.0.2.40\r\n"
                                          "s=-\r\n"
                                          "c=IN IP4 192.0.2.40\r\n"
                                          "t=0 0\r\n"
                                          "m=audio 20000 RTP/AVP 8 101\r\n"
                                          "a=rtpmap:8 PCMA/8000\r\n"
                                          "a=rtpmap:101 telephone-event/8000\r\n"
                                          "a=ptime:20\r\n";

void called_init(struct called *called, uint16_t port)
{
    *called = (struct called){
        .fd = batch_socket(port), .port = port, .in = batch_new(), .out = batch_new()};
}

static void put(struct packet *out, const char *text, size_t len)
{
    if (out->len + len > DATAGRAM_MAX) bench_fail("answer", "too long");
    memcpy(out->bytes + out->len, text, len);
    out->len += len;
}

static void put_text(struct packet *out, const char *text)
{
    put(out, text, strlen(text));
}

static bool begins(const char *line, size_t len, const char *name)
{
    size_t name_len = strlen(name);
    return len > name_len && strncasecmp(line, name, name_len) == 0;
}

// The lines that each answer has from its request (RFC 3261 section 8.2.6.2, 12.1.1).
static void put_repeated(struct packet *out, const struct packet *request)
{
    static const char *const names[] = {"Via:", "From:", "Call-ID:", "CSeq:", "Record-Route:"};
    const char *at = request->bytes, *end = request->bytes + request->len;
    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        if (!line_end || line_end - at < 2) return;
        size_t len = (size_t)(line_end - at) + 1;
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            if (begins(at, len, names[i])) put(out, at, len);
        }
        if (begins(at, len, "To:")) {
            put(out, at, len - 2);
            put_text(out, memmem(at, len, ";tag=", 5) ? "\r\n" : ";tag=device\r\n");
        }
        at = line_end + 1;
    }
}

static void answer(struct called *called, const struct packet *request, const char *status,
                   bool has_session)
{
    char more[200];
    struct packet *out = batch_next(called->out, called->fd);
    out->peer = request->peer;
    out->len = 0;
    put_text(out, "SIP/2.0 ");
    put_text(out, status);
    put_text(out, "\r\n");
    put_repeated(out, request);
    snprintf(more, sizeof more, "Contact: <sip:device@127.0.0.1:%u>\r\n", called->port);
    put_text(out, more);
    if (has_session) put_text(out, "Content-Type: application/sdp\r\n");
    snprintf(more, sizeof more, "Content-Length: %zu\r\n\r\n",
             has_session ? sizeof session_description - 1 : 0);
    put_text(out, more);
    if (has_session) put_text(out, session_description);
}

// The caller's number stands in From as {caller} of message.h, behind +4930, on either side.
static bool read_number(const struct packet *request, uint32_t *number)
{
    static const char prefix[] = "sip:+4930";
    char digits[CALLER_LEN + 1] = {0};
    const char *at = memmem(request->bytes, request->len, prefix, sizeof prefix - 1);
    if (!at) return false;
    memcpy(digits, at + sizeof prefix - 1, CALLER_LEN);
    *number = (uint32_t)strtoul(digits, NULL, 10);
    return true;
}

static bool is_method(const struct packet *packet, const char *method)
{
    return packet->len > strlen(method) && memcmp(packet->bytes, method, strlen(method)) == 0;
}

static void take(struct called *called, const struct packet *packet)
{
    uint32_t number;
    if (is_method(packet, "SIP/2.0 ")) return;
    if (is_method(packet, "ACK ")) {
        if (read_number(packet, &number)) called->connected(called->context, number);
    } else if (is_method(packet, "INVITE ")) {
        called->invites++;
        answer(called, packet, "180 Ringing", false);
        answer(called, packet, "200 OK", true);
    } else {
        if (is_method(packet, "BYE ")) called->hung_up++;
        answer(called, packet, "200 OK", false);
    }
}

void called_take(struct called *called)
{
    batch_receive(called->in, called->fd, MSG_DONTWAIT);
    for (unsigned i = 0; i < called->in->count; i++) take(called, &called->in->items[i]);
    batch_send(called->out, called->fd);
}
