// SPDX-License-Identifier: Apache-2.0
// Where the messages of a stream begin and end (RFC 3261 sections 7.5, 18.3 and 20.14), and the
// empty lines that keep a connection alive (RFC 5626 section 4.4.1). The bytes are the caller's,
// and no byte is looked at twice to find the end of a message's headers.
//
//   CRLF              an empty line: a pong
//   CRLF CRLF         a ping
//   head CRLF CRLF    a message, with as many bytes behind it as Content-Length says
//
// The head is read here for nothing but its Content-Length, by the same rules as in message.c. Once
// that cannot be trusted, nothing behind it can: the stream is broken.
#include "sip/sip_int.h"

static enum sip_stream_event broken(struct sip_stream_part *part, enum sip_err err, size_t offset,
                                    enum sip_header_id header)
{
    part->fault = (struct sip_fault){err, offset, header};
    return SIP_STREAM_BROKEN;
}

// ---- Empty lines

static bool begins_with_crlf(struct span bytes)
{
    return bytes.len >= 2 && bytes.at[0] == '\r' && bytes.at[1] == '\n';
}

static enum sip_stream_event take_crlf(struct sip_stream *stream, struct sip_stream_part *part)
{
    bool is_ping = stream->is_after_crlf;
    *stream = (struct sip_stream){.is_after_crlf = !is_ping};
    part->len = 2;
    return is_ping ? SIP_STREAM_PING : SIP_STREAM_CRLF;
}

// ---- The head

// The length of the head with its empty line, 0 while that has not come.
static size_t find_head(struct sip_stream *stream, struct span bytes)
{
    const char *end = bytes.at + bytes.len;
    const char *at = bytes.at + stream->searched_len;
    for (;;) {
        at = sip_find_control(at, end);
        if (end - at < 4) break;
        if (at[0] == '\r' && at[1] == '\n' && at[2] == '\r' && at[3] == '\n') {
            return (size_t)(at + 4 - bytes.at);
        }
        at++;
    }
    // Up to three bytes may be the beginning of the four.
    stream->searched_len = bytes.len > 3 ? bytes.len - 3 : 0;
    return 0;
}

// Steps behind the line's end and over the lines that continue it; returns the line's text without
// the blanks around it.
static struct span take_line(struct cursor *cursor)
{
    const char *from = cursor->at;
    const char *text_end;
    do {
        do {
            cursor->at = sip_find_control(cursor->at, cursor->end);
            if (is_at_end(cursor)) return span_trim(span_between(from, cursor->end));
            text_end = cursor->at++;
        } while (*text_end != '\r' || !take_byte(cursor, '\n'));
    } while (is_next(cursor, ' ') || is_next(cursor, '\t'));
    return span_trim(span_between(from, text_end));
}

// The values of Content-Length: how many there are, and the first.
static unsigned find_lengths(struct span head, struct span *first)
{
    struct cursor cursor = cursor_over(head);
    unsigned count = 0;
    *first = SPAN_NONE;
    (void)take_line(&cursor); // the start line
    while (!is_at_end(&cursor)) {
        struct span name = take_run(&cursor, CHAR_TOKEN);
        while (is_next(&cursor, ' ') || is_next(&cursor, '\t')) cursor.at++;
        bool is_length = name.len > 0 && take_byte(&cursor, ':') &&
                         sip_find_header(name) == SIP_CONTENT_LENGTH;
        struct span value = take_line(&cursor);
        if (is_length && count++ == 0) *first = value;
    }
    return count;
}

// Finds the message's length by its head, the first `head_len` bytes.
static enum sip_stream_event measure(struct sip_stream *stream, struct span bytes, size_t head_len,
                                     struct sip_stream_part *part)
{
    struct span value;
    uint64_t body_len;
    unsigned count = find_lengths(span_slice(bytes, 0, head_len), &value);
    part->len = head_len;
    if (count == 0) return broken(part, SIP_ERR_MISSING, head_len, SIP_CONTENT_LENGTH);
    size_t offset = (size_t)(value.at - bytes.at);
    if (count > 1 || !span_to_u64(value, UINT64_MAX, &body_len)) {
        return broken(part, SIP_ERR_CONTENT_LENGTH, offset, SIP_CONTENT_LENGTH);
    }
    if (body_len > SIP_MESSAGE_MAX - head_len) {
        return broken(part, SIP_ERR_TOO_BIG, offset, SIP_CONTENT_LENGTH);
    }
    part->len = 0;
    stream->message_len = head_len + (size_t)body_len;
    return SIP_STREAM_WAIT;
}

// ---- The whole

static enum sip_stream_event find_length(struct sip_stream *stream, struct span bytes,
                                         struct sip_stream_part *part)
{
    size_t head_len = find_head(stream, span_slice(bytes, 0, SIP_HEAD_MAX));
    if (head_len > 0) return measure(stream, bytes, head_len, part);
    if (bytes.len < SIP_HEAD_MAX) return SIP_STREAM_WAIT;
    return broken(part, SIP_ERR_TOO_BIG, SIP_HEAD_MAX, SIP_HEADER_OTHER);
}

enum sip_stream_event sip_stream_next(struct sip_stream *stream, struct span bytes,
                                      struct sip_stream_part *part)
{
    *part = (struct sip_stream_part){0};
    if (bytes.len == 0) return SIP_STREAM_WAIT;
    if (stream->message_len == 0) {
        if (begins_with_crlf(bytes)) return take_crlf(stream, part);
        if (bytes.len == 1 && bytes.at[0] == '\r') return SIP_STREAM_WAIT;
        // A method or "SIP/2.0" begins like this; nothing else is worth waiting for its end.
        if (!char_is(bytes.at[0], CHAR_TOKEN)) {
            return broken(part, SIP_ERR_START_LINE, 0, SIP_HEADER_OTHER);
        }
        enum sip_stream_event event = find_length(stream, bytes, part);
        if (event != SIP_STREAM_WAIT) return event;
    }
    if (stream->message_len == 0 || bytes.len < stream->message_len) return SIP_STREAM_WAIT;
    part->len = stream->message_len;
    *stream = (struct sip_stream){0};
    return SIP_STREAM_MESSAGE;
}
