// SPDX-License-Identifier: Apache-2.0
// Messages out of a stream: where they begin and end, however the bytes arrive.
#include "unit/sip/check.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

// ---- A stream that notes what it is told, as one word each

enum { ROOM_SIZE = 1 << 17 };

struct reader {
    struct sip_stream stream;
    size_t from, to;  // what is held, in the room
    char events[512]; // "message 66, crlf, ping, broken 400 66"
    struct buffer out;
    bool is_broken;
};

static char *room; // ROOM_SIZE bytes before a forbidden page

static int make_room(void **state)
{
    (void)state;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *pages = mmap(NULL, ROOM_SIZE + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                       -1, 0);
    if (pages == MAP_FAILED || mprotect(pages + ROOM_SIZE, page, PROT_NONE) != 0) return -1;
    room = pages;
    return 0;
}

// A reader whose stream will have `len` bytes: the last one lies directly before the page.
static void start(struct reader *reader, size_t len)
{
    *reader = (struct reader){.from = ROOM_SIZE - len, .to = ROOM_SIZE - len};
    reader->out = buffer_over(reader->events, sizeof reader->events - 1);
}

static void note(struct reader *reader, enum sip_stream_event event,
                 const struct sip_stream_part *part)
{
    if (reader->out.len > 0) buffer_put_text(&reader->out, ", ");
    switch (event) {
    case SIP_STREAM_MESSAGE: buffer_printf(&reader->out, "message %zu", part->len); break;
    case SIP_STREAM_CRLF: buffer_put_text(&reader->out, "crlf"); break;
    case SIP_STREAM_PING: buffer_put_text(&reader->out, "ping"); break;
    case SIP_STREAM_BROKEN:
        reader->is_broken = true;
        buffer_printf(&reader->out, "broken %u %zu", sip_fault_status(part->fault.err), part->len);
        break;
    case SIP_STREAM_WAIT: break;
    }
}

// Hands over what was received up to now. In the room nothing may be read beyond that: what follows
// is not there yet.
static void look(struct reader *reader)
{
    struct sip_stream_part part;
    enum sip_stream_event event;
    while (!reader->is_broken) {
        struct span bytes = {room + reader->from, reader->to - reader->from};
        event = sip_stream_next(&reader->stream, bytes, &part);
        assert_true(part.len <= bytes.len);
        assert_true((part.len == 0) == (event == SIP_STREAM_WAIT) || event == SIP_STREAM_BROKEN);
        if (event == SIP_STREAM_WAIT) return;
        note(reader, event, &part);
        reader->from += part.len;
    }
}

static void receive(struct reader *reader, struct span bytes)
{
    memcpy(room + reader->to, bytes.at, bytes.len);
    reader->to += bytes.len;
    look(reader);
}

static const char *events_of(struct reader *reader)
{
    reader->events[reader->out.len] = '\0';
    return reader->events;
}

// `bytes` in one piece, byte by byte, and cut into two and three pieces at every place: always the
// same is told.
static void check_all_splits(struct span bytes, const char *expected)
{
    struct reader reader;
    start(&reader, bytes.len);
    receive(&reader, bytes);
    assert_string_equal(events_of(&reader), expected);
    start(&reader, bytes.len);
    for (size_t i = 0; i < bytes.len; i++) receive(&reader, span_slice(bytes, i, i + 1));
    assert_string_equal(events_of(&reader), expected);
    for (size_t i = 0; i <= bytes.len; i++) {
        for (size_t j = i; j <= bytes.len; j += 1 + bytes.len / 40) {
            start(&reader, bytes.len);
            receive(&reader, span_slice(bytes, 0, i));
            receive(&reader, span_slice(bytes, i, j));
            receive(&reader, span_from(bytes, j));
            assert_string_equal(events_of(&reader), expected);
        }
    }
}

#define check_stream(text, expected) check_all_splits(SPAN(text), (expected))

// ---- Tests

#define HEAD "OPTIONS sip:a SIP/2.0\r\nVia: v\r\n" // 31 bytes

static void test_messages(void **state)
{
    (void)state;
    check_stream("", "");
    check_stream(HEAD "Content-Length: 0\r\n\r\n", "message 52");
    check_stream(HEAD "Content-Length: 5\r\n\r\nhello", "message 57");
    check_stream(HEAD "l:5\r\n\r\nhello" HEAD "Content-Length \t :\r\n\t 002\r\n\r\n\r\n",
                 "message 43, message 62");
    check_stream("SIP/2.0 200 OK\r\ncontent-LENGTH: 1\r\n\r\n\r", "message 38");
    check_stream(HEAD "X: \r\n \r\nl: 0\r\n\r\n", "message 47");
    check_stream(HEAD "l: 4\r\n\r\nabc", "");
    check_stream(HEAD "l: 4\r\n", "");
}

// What only looks like a Content-Length.
static void test_other_headers(void **state)
{
    (void)state;
    check_stream(HEAD "X: a\r\n Content-Length: 7\r\nl: 0\r\n\r\n", "message 65");
    check_stream(HEAD "X-Content-Length: 7\r\nl: 0\r\n\r\n", "message 60");
    check_stream(HEAD "Content-Length\r\n: 7\r\nl: 0\r\n\r\n", "message 60");
    check_stream(HEAD "X: \rContent-Length: 7\r\nl: 0\r\n\r\n", "message 62");
    check_stream(HEAD "X: \nContent-Length: 7\r\nl: 0\r\n\r\n", "message 62");
    check_stream("OPTIONS\r\n l: 9\r\nl: 0\r\n\r\n", "message 24");
}

static void test_empty_lines(void **state)
{
    (void)state;
    check_stream("\r\n", "crlf");
    check_stream("\r\n\r\n", "crlf, ping");
    check_stream("\r\n\r\n\r\n", "crlf, ping, crlf");
    check_stream("\r\n" HEAD "l: 0\r\n\r\n\r\n\r\n" HEAD "l: 0\r\n\r\n\r\n",
                 "crlf, message 39, crlf, ping, message 39, crlf");
    check_stream("\r", "");
}

static void test_no_usable_length(void **state)
{
    (void)state;
    check_stream(HEAD "\r\nbody", "broken 400 33");
    check_stream(HEAD "l: -1\r\n\r\n", "broken 400 40");
    check_stream(HEAD "l: +1\r\n\r\n", "broken 400 40");
    check_stream(HEAD "l:\r\n\r\n", "broken 400 37");
    check_stream(HEAD "l: 1 1\r\n\r\n", "broken 400 41");
    check_stream(HEAD "l: 1,1\r\n\r\n", "broken 400 41");
    check_stream(HEAD "l: 0x1\r\n\r\n", "broken 400 41");
    check_stream(HEAD "l: 1\r\nl: 1\r\n\r\n", "broken 400 45");
    check_stream(HEAD "l: 1\r\nContent-Length: 2\r\n\r\n", "broken 400 58");
    check_stream(HEAD "l: 18446744073709551616\r\n\r\n", "broken 400 58");
    check_stream("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "broken 400 27");
}

static void test_no_start_line(void **state)
{
    (void)state;
    check_stream("\x16\x03\x01", "broken 400 0");
    check_stream("\n", "broken 400 0");
    check_stream("\rx", "broken 400 0");
    check_stream("\r\n\n", "crlf, broken 400 0");
    check_stream(" INVITE", "broken 400 0");
}

// ---- Limits

static char long_bytes[SIP_MESSAGE_MAX + 100];

// A message with a head of `head_len` bytes and a body of `body_len`.
static struct span long_message(size_t head_len, size_t body_len)
{
    struct buffer out = buffer_over(long_bytes, sizeof long_bytes);
    char end[64];
    int end_len = snprintf(end, sizeof end, "\r\nl: %zu\r\n\r\n", body_len);
    buffer_put_text(&out, "INVITE sip:a SIP/2.0\r\nX: ");
    while (out.len + (size_t)end_len < head_len) buffer_put_byte(&out, 'x');
    buffer_put_text(&out, end);
    assert_int_equal(out.len, head_len);
    while (out.len < head_len + body_len && !out.is_full) buffer_put_byte(&out, 'b');
    return buffer_span(&out);
}

static void check_pieces(struct span bytes, size_t piece_len, const char *expected)
{
    struct reader reader;
    start(&reader, bytes.len);
    for (size_t i = 0; i < bytes.len; i += piece_len) {
        receive(&reader, span_slice(bytes, i, i + piece_len));
    }
    assert_string_equal(events_of(&reader), expected);
}

static void test_limits(void **state)
{
    (void)state;
    static const size_t piece_lens[] = {1, 1000, SIP_HEAD_MAX, ROOM_SIZE};
    for (size_t i = 0; i < sizeof piece_lens / sizeof piece_lens[0]; i++) {
        size_t len = piece_lens[i];
        check_pieces(long_message(SIP_HEAD_MAX, 0), len, "message 16384");
        check_pieces(long_message(SIP_HEAD_MAX + 1, 0), len, "broken 513 0");
        check_pieces(long_message(100, SIP_MESSAGE_MAX - 100), len, "message 65535");
        check_pieces(long_message(100, SIP_MESSAGE_MAX - 99), len, "broken 513 100");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages),      cmocka_unit_test(test_other_headers),
        cmocka_unit_test(test_empty_lines),   cmocka_unit_test(test_no_usable_length),
        cmocka_unit_test(test_no_start_line), cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, make_room, NULL);
}
