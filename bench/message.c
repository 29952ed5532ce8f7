// SPDX-License-Identifier: Apache-2.0
// An INVITE as a PBX sends it that sits between a provider and us: two Via, a recorded route, a
// session description; its 302 and its ACK (RFC 3261 sections 13, 17.1.1.3).
#include "message.h"

#include "batch.h"

#include <stdio.h>
#include <string.h>

const char message_session_description[] = "v=0\r\n"
                                           "o=- 3948571204 3948571204 IN IP4 192.0.2.30\r\n"
                                           "s=-\r\n"
                                           "c=IN IP4 192.0.2.30\r\n"
                                           "t=0 0\r\n"
                                           "m=audio 17384 RTP/AVP 9 8 0 101\r\n"
                                           "a=rtpmap:9 G722/8000\r\n"
                                           "a=rtpmap:8 PCMA/8000\r\n"
                                           "a=rtpmap:0 PCMU/8000\r\n"
                                           "a=rtpmap:101 telephone-event/8000\r\n"
                                           "a=fmtp:101 0-15\r\n"
                                           "a=ptime:20\r\n"
                                           "a=sendrecv\r\n";

// The ports of caller and server go in by printf, all else by message_fill.
static const char invite_head[] =
    "INVITE sip:{line}@127.0.0.1:%u SIP/2.0\r\n"
    "Record-Route: <sip:127.0.0.1:%u;lr>\r\n"
    "Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK{token.........}\r\n"
    "Via: SIP/2.0/UDP 192.0.2.30:5060;branch=z9hG4bKp{token.........};rport=5060\r\n"
    "Max-Forwards: 68\r\n"
    "From: \"Erika Mustermann\" <sip:+4930{caller}@trunk.example>;tag={token.........}\r\n"
    "To: <sip:{line}@pbx.bench>\r\n"
    "Call-ID: {token.........}@192.0.2.30\r\n"
    "CSeq: 1 INVITE\r\n"
    "Contact: <sip:+4930{caller}@192.0.2.30:5060>\r\n"
    "P-Asserted-Identity: <sip:+4930{caller}@trunk.example>\r\n"
    "User-Agent: bench\r\n"
    "Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, UPDATE\r\n"
    "Supported: timer, replaces\r\n"
    "Session-Expires: 1800\r\n"
    "Content-Type: application/sdp\r\n"
    "Content-Length: %zu\r\n"
    "\r\n"
    "%s";

static const char redirect_text[] =
    "SIP/2.0 302 Moved Temporarily\r\n"
    "Record-Route: <sip:127.0.0.1:%u;lr>\r\n"
    "Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK{token.........}\r\n"
    "Via: SIP/2.0/UDP 192.0.2.30:5060;branch=z9hG4bKp{token.........};rport=5060\r\n"
    "From: \"Erika Mustermann\" <sip:+4930{caller}@trunk.example>;tag={token.........}\r\n"
    "To: <sip:{line}@pbx.bench>;tag={token.........}\r\n"
    "Call-ID: {token.........}@192.0.2.30\r\n"
    "CSeq: 1 INVITE\r\n"
    "Contact: <sip:001701{line}@pbx.bench>\r\n"
    "Diversion: <sip:+4989123{line}@pbx.bench>;reason=unconditional;counter=1;privacy=off\r\n"
    "Content-Length: 0\r\n"
    "\r\n";

static const char ack_head[] =
    "ACK sip:{line}@127.0.0.1:%u SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK{token.........}\r\n"
    "Max-Forwards: 68\r\n"
    "From: \"Erika Mustermann\" <sip:+4930{caller}@trunk.example>;tag={token.........}\r\n"
    "Call-ID: {token.........}@192.0.2.30\r\n"
    "CSeq: 1 ACK\r\n"
    "To: <sip:{line}@pbx.bench>;tag=";
const char message_ack_end[] = "\r\nContent-Length: 0\r\n\r\n";

struct mark {
    const char *text;
    uint8_t offset, len;
};
static const struct mark marks[] = {
    {"{token.........}", offsetof(struct call_texts, token), TOKEN_LEN},
    {"{line}", offsetof(struct call_texts, line), LINE_LEN},
    {"{caller}", offsetof(struct call_texts, caller), CALLER_LEN},
};
enum { MARK_COUNT = sizeof marks / sizeof marks[0] };

static void add_place(struct message *message, const char *at, const struct mark *mark)
{
    if (message->place_count == PLACES_MAX) bench_fail("message", "too many places");
    message->places[message->place_count++] = (struct message_place){
        .at = (uint16_t)(at - message->bytes), .text = mark->offset, .len = mark->len};
}

// Notes where the texts stand in the message that was just printed.
static void find_places(struct message *message, int len)
{
    if (len < 0 || len >= MESSAGE_MAX) bench_fail("message", "too long");
    message->len = (size_t)len;
    message->place_count = 0;
    for (int i = 0; i < MARK_COUNT; i++) {
        const char *at = message->bytes;
        while ((at = strstr(at, marks[i].text)) != NULL) {
            add_place(message, at, &marks[i]);
            at += marks[i].len;
        }
    }
}

void message_init(struct message *message, const char *text)
{
    find_places(message, snprintf(message->bytes, MESSAGE_MAX, "%s", text));
}

void message_init_invite(struct message *message, uint16_t caller_port, uint16_t server_port)
{
    find_places(message, snprintf(message->bytes, MESSAGE_MAX, invite_head, server_port,
                                  caller_port, caller_port, sizeof message_session_description - 1,
                                  message_session_description));
}

void message_init_redirect(struct message *message, uint16_t caller_port)
{
    find_places(message,
                snprintf(message->bytes, MESSAGE_MAX, redirect_text, caller_port, caller_port));
}

void message_init_ack(struct message *message, uint16_t caller_port, uint16_t server_port)
{
    find_places(message, snprintf(message->bytes, MESSAGE_MAX, ack_head, server_port, caller_port));
}

size_t message_fill(const struct message *message, const struct call_texts *texts, char *out)
{
    memcpy(out, message->bytes, message->len);
    for (unsigned i = 0; i < message->place_count; i++) {
        const struct message_place *place = &message->places[i];
        memcpy(out + place->at, (const char *)texts + place->text, place->len);
    }
    return message->len;
}

void message_read(const struct message *message, const char *bytes, struct call_texts *texts)
{
    uint8_t seen = UINT8_MAX; // places are ordered by text: one of each is enough
    for (unsigned i = 0; i < message->place_count; i++) {
        const struct message_place *place = &message->places[i];
        if (place->text == seen) continue;
        seen = place->text;
        memcpy((char *)texts + place->text, bytes + place->at, place->len);
    }
}
