// SPDX-License-Identifier: Apache-2.0
// Session descriptions, as far as somebody needs them who sends a tone: which stream of an offer
// can be served, and the answer. RFC 4566, RFC 3264 section 6, RFC 3551 section 6.
#include "code/code.h"

enum { STREAMS_MAX = 8, FORMATS_MAX = 64 };

// The next line without its end; false at the end of the text.
static bool next_line(struct span *rest, struct span *line)
{
    if (rest->len == 0) return false;
    *line = span_trim(span_split(rest, '\n'));
    return true;
}

static bool is_line(struct span line, char type, struct span *value)
{
    *value = span_from(line, 2);
    return line.len >= 2 && line.at[0] == type && line.at[1] == '=';
}

// A stream of an offer, with what the session says for it.
struct stream {
    struct span media, port, protocol, formats; // of its m= line
    struct span address;                        // of its c= line, or the session's
    bool is_silent;                             // it does not want to hear
};

static void read_media(struct span value, struct stream *stream)
{
    stream->media = span_split(&value, ' ');
    stream->port = span_split(&value, ' ');
    stream->protocol = span_split(&value, ' ');
    stream->formats = value;
}

// "IN IP4 192.0.2.1", whatever follows the address.
static struct span read_connection(struct span value)
{
    (void)span_split(&value, ' ');
    (void)span_split(&value, ' ');
    return span_split(&value, '/');
}

// The next stream; `rest` begins with its m= line. False where there is none.
static bool next_stream(struct span *rest, struct span session_address, bool is_session_silent,
                        struct stream *stream)
{
    struct span line, value, after;
    if (!next_line(rest, &line) || !is_line(line, 'm', &value)) return false;
    *stream = (struct stream){.address = session_address, .is_silent = is_session_silent};
    read_media(value, stream);
    for (after = *rest; next_line(&after, &line) && !is_line(line, 'm', &value); *rest = after) {
        if (is_line(line, 'c', &value)) stream->address = read_connection(value);
        if (!is_line(line, 'a', &value)) continue;
        if (span_eq(value, SPAN("sendonly")) || span_eq(value, SPAN("inactive"))) {
            stream->is_silent = true;
        } else if (span_eq(value, SPAN("sendrecv")) || span_eq(value, SPAN("recvonly"))) {
            stream->is_silent = false;
        }
    }
    return true;
}

// The whole session's part; leaves the streams in `rest`.
static void read_session(struct span *rest, struct span *address, bool *is_silent)
{
    struct span line, value, after = *rest;
    *address = SPAN_NONE;
    *is_silent = false;
    for (; next_line(&after, &line) && !is_line(line, 'm', &value); *rest = after) {
        if (is_line(line, 'c', &value)) *address = read_connection(value);
        if (is_line(line, 'a', &value)) {
            *is_silent = *is_silent || span_eq(value, SPAN("sendonly")) ||
                         span_eq(value, SPAN("inactive"));
        }
    }
}

// The first of its formats that is ours; both have numbers of their own, without a=rtpmap.
static bool find_format(struct span formats, uint8_t *payload)
{
    for (size_t i = 0; i < FORMATS_MAX && formats.len > 0; i++) {
        uint64_t number;
        if (!span_to_u64(span_split(&formats, ' '), 127, &number)) continue;
        if (number != PAYLOAD_PCMU && number != PAYLOAD_PCMA) continue;
        *payload = (uint8_t)number;
        return true;
    }
    return false;
}

static bool is_unset(const struct address *address)
{
    for (size_t i = 0; i < sizeof address->bytes; i++) {
        if (address->bytes[i] != 0) return false;
    }
    return true;
}

static bool is_served(const struct stream *stream, struct code_offer *offer)
{
    uint64_t port;
    bool is_rtp = span_eq(stream->protocol, SPAN("RTP/AVP"));
    if (!span_eq(stream->media, SPAN("audio")) || !is_rtp || stream->is_silent) return false;
    if (!span_to_u64(stream->port, UINT16_MAX, &port) || port == 0) return false;
    if (!address_parse(stream->address, &offer->peer) || is_unset(&offer->peer)) return false;
    offer->peer.port = (uint16_t)port;
    return find_format(stream->formats, &offer->payload);
}

bool code_read_offer(struct span sdp, struct code_offer *offer)
{
    struct span address;
    struct stream stream;
    bool is_silent, is_found = false;
    size_t count = 0;
    read_session(&sdp, &address, &is_silent);
    while (next_stream(&sdp, address, is_silent, &stream)) {
        if (++count > STREAMS_MAX) return false;
        struct code_offer found;
        if (is_found || !is_served(&stream, &found)) continue;
        *offer = found;
        is_found = true;
    }
    return is_found;
}

// What we send, and what we understand of what comes: nothing, but who hears a tone may speak.
static void put_served(struct buffer *out, const struct code_offer *offer,
                       const struct address *own)
{
    buffer_printf(out, "m=audio %u RTP/AVP %u\r\na=rtpmap:%u %s/%d\r\na=ptime:20\r\na=sendrecv\r\n",
                  own->port, offer->payload, offer->payload,
                  offer->payload == PAYLOAD_PCMU ? "PCMU" : "PCMA", CODE_RATE);
}

static void put_refused(struct buffer *out, const struct stream *stream)
{
    struct span rest = stream->formats, format = span_split(&rest, ' ');
    buffer_printf(out, "m=%.*s 0 %.*s %.*s\r\n", SPAN_ARG(stream->media),
                  SPAN_ARG(stream->protocol), SPAN_ARG(format));
}

static void put_host(struct buffer *out, const struct address *own)
{
    char bytes[64];
    struct buffer host = buffer_over(bytes, sizeof bytes);
    address_print_host(&host, own);
    struct span text = buffer_span(&host);
    if (own->family == ADDRESS_IPV6) text = span_slice(text, 1, text.len - 1);
    buffer_printf(out, "IN IP%u %.*s\r\n", own->family, SPAN_ARG(text));
}

void code_put_answer(struct buffer *out, struct span sdp, const struct code_offer *offer,
                     const struct address *own)
{
    struct span address;
    struct stream stream;
    struct code_offer found;
    bool is_silent, is_put = false;
    buffer_put(out, SPAN("v=0\r\no=lineward 1 1 "));
    put_host(out, own);
    buffer_put(out, SPAN("s=-\r\nc="));
    put_host(out, own);
    buffer_put(out, SPAN("t=0 0\r\n"));
    read_session(&sdp, &address, &is_silent);
    while (next_stream(&sdp, address, is_silent, &stream)) {
        if (!is_put && is_served(&stream, &found)) {
            put_served(out, offer, own);
            is_put = true;
        } else {
            put_refused(out, &stream);
        }
    }
}
