// SPDX-License-Identifier: Apache-2.0
// Whole messages: what is read, which fault is found and where, and that no message is lost
// half-read.
#include "unit/sip/check.h"

#define REQUEST                                                                                    \
    "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"                                               \
    "From: <sip:a@h>;tag=1\r\n"                                                                    \
    "To: <sip:b@h>\r\n"                                                                            \
    "Call-ID: c1\r\n"

static void test_request(void **state)
{
    (void)state;
    struct parsed parsed;
    const struct span bytes = SPAN(
        "INVITE sip:102@h:5070;x SIP/2.0\r\n"
        "v: SIP/2.0/UDP 192.0.2.1:5062;rport;branch=z9hG4bK1, SIP/2.0/TCP i\r\n"
        "Max-Forwards: 0068\r\n"
        "f: \"A\" <sip:a@h>;tag=1\r\n"
        "t: <sip:b@h>;tag=2\r\n"
        "i: c1@h\r\n"
        "CSeq: 0009\r\n  INVITE\r\n"
        "Subject:\r\n"
        "X-Odd : ;;,,\t;\r\n"
        "m: <sip:a@192.0.2.1>, sip:c@h;q=0.5\r\n"
        "l: 3\r\n"
        "\r\n"
        "abcdef");
    assert_int_equal(parse(&parsed, bytes), SIP_OK);
    const struct sip_message *message = &parsed.message;
    assert_true(message->is_request);
    assert_int_equal(message->method, SIP_INVITE);
    assert_span(message->method_name, "INVITE");
    assert_span(message->uri_text, "sip:102@h:5070;x");
    assert_span(message->uri.user, "102");
    assert_int_equal(message->uri.port, 5070);
    assert_span(message->via.whole, "SIP/2.0/UDP 192.0.2.1:5062;rport;branch=z9hG4bK1");
    assert_span(message->via.branch, "z9hG4bK1");
    assert_true(message->via.has_rport);
    assert_span(message->from.display, "\"A\"");
    assert_span(message->from.tag, "1");
    assert_span(message->to.tag, "2");
    assert_span(message->call_id, "c1@h");
    assert_int_equal(message->cseq, 9);
    assert_int_equal(message->max_forwards, 68);
    assert_int_equal(message->header_count, 10);
    assert_span(sip_named_header_value(message, SPAN("x-odd")), ";;,,\t;");
    assert_span(message->body, "abc");
    assert_int_equal(message->bytes.len, bytes.len - 3);
    assert_true(sip_is_answerable(message));
}

static void test_response(void **state)
{
    (void)state;
    struct parsed parsed;
    assert_int_equal(
        parse(&parsed, SPAN("sip/2.0 486 B\xc3\xbcsy \r\n" REQUEST "CSeq: 7 INVITE\r\n\r\n")),
        SIP_OK);
    assert_false(parsed.message.is_request);
    assert_int_equal(parsed.message.status, 486);
    assert_span(parsed.message.reason, "B\xc3\xbcsy ");
    assert_int_equal(parsed.message.method, SIP_INVITE);
    assert_span(parsed.message.method_name, "INVITE");
    assert_int_equal(parsed.message.max_forwards, -1);
    assert_false(sip_is_answerable(&parsed.message));
}

// A registrar lists everybody's contacts: one that is broken does not make the response useless.
static void test_response_with_odd_contact(void **state)
{
    (void)state;
    struct parsed parsed;
    assert_int_equal(parse(&parsed, SPAN("SIP/2.0 200 OK\r\n" REQUEST "CSeq: 7 REGISTER\r\n"
                                         "Contact: <sip:a b@h>\r\n\r\n")),
                     SIP_OK);
}

struct fault_case {
    const char *text;
    enum sip_err err;
    enum sip_header_id header;
    const char *at; // what stands at the offset of the fault
};

static void check_faults(const struct fault_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct parsed parsed;
        struct span text = span_of(cases[i].text);
        enum sip_err err = parse(&parsed, text);
        struct span at = span_from(text, parsed.fault.offset);
        bool is_expected = err == cases[i].err && parsed.fault.err == err &&
                           parsed.fault.header == cases[i].header &&
                           span_starts_with(at, span_of(cases[i].at));
        if (is_expected) continue;
        print_error("%s\n: %d in %d at \"%.*s\"\n", cases[i].text, err, parsed.fault.header,
                    SPAN_ARG(at));
        fail();
    }
}
#define CHECK(cases) check_faults(cases, sizeof(cases) / sizeof((cases)[0]))

#define REST         REQUEST "CSeq: 1 INVITE\r\n\r\n"

static void test_request_lines(void **state)
{
    (void)state;
    static const struct fault_case cases[] = {
        {"INVITE sip:b@h sip/2.0\r\n" REST, SIP_OK, SIP_HEADER_OTHER, "INV"},
        {"\r\n\r\nINVITE sip:b@h SIP/2.0\r\n" REST, SIP_OK, SIP_HEADER_OTHER, "\r\n"},
        {"INVITE tel:+49 SIP/2.0\r\n" REST, SIP_OK, SIP_HEADER_OTHER, "INV"},
        {"INVITE sip:b@h SIP/7.0\r\n" REST, SIP_ERR_VERSION, SIP_HEADER_OTHER, "SIP/7.0"},
        {"INVITE ? SIP/3.11\r\n" REST, SIP_ERR_VERSION, SIP_HEADER_OTHER, "SIP/3.11"},
        {"INVITE sip:b@h SIP/2.\r\n" REST, SIP_ERR_START_LINE, SIP_HEADER_OTHER, "SIP/2."},
        {"INVITE sip:b@h HTTP/1.1\r\n" REST, SIP_ERR_START_LINE, SIP_HEADER_OTHER, "HTTP"},
        {"INVITE sip:b@h SIP/2.0 \r\n" REST, SIP_ERR_START_LINE, SIP_HEADER_OTHER, "SIP/2.0 "},
        {"INVITE  sip:b@h SIP/2.0\r\n" REST, SIP_ERR_START_LINE, SIP_HEADER_OTHER, " sip:"},
        {"INVITE sip:b@h  SIP/2.0\r\n" REST, SIP_ERR_START_LINE, SIP_HEADER_OTHER, " SIP/"},
        {"INVITE sip:b@h; lr SIP/2.0\r\n" REST, SIP_ERR_START_LINE, SIP_HEADER_OTHER, "lr"},
        {"INVITE sip:b@h\r\n" REST, SIP_ERR_START_LINE, SIP_HEADER_OTHER, "\r\n"},
        {"INVITE\r\n" REST, SIP_ERR_START_LINE, SIP_HEADER_OTHER, "\r\n"},
        {" INVITE sip:b@h SIP/2.0\r\n" REST, SIP_ERR_START_LINE, SIP_HEADER_OTHER, " INV"},
        {"IN\"VITE sip:b@h SIP/2.0\r\n" REST, SIP_ERR_START_LINE, SIP_HEADER_OTHER, "\"VITE"},
        {"INVITE\tsip:b@h SIP/2.0\r\n" REST, SIP_ERR_START_LINE, SIP_HEADER_OTHER, "\tsip"},
        {"INVITE sip:b@h SIP/2.0\n" REST, SIP_ERR_START_LINE, SIP_HEADER_OTHER, "\nVia"},
        {"INVITE sip:b@h SIP/2.0\r" REST, SIP_ERR_START_LINE, SIP_HEADER_OTHER, "\rVia"},
        {"INVITE sip:b@h SIP/2.0\r\n " REST, SIP_ERR_HEADER, SIP_HEADER_OTHER, "Via"},
        {"INVITE <sip:b@h> SIP/2.0\r\n" REST, SIP_ERR_URI, SIP_HEADER_OTHER, "<sip"},
        {"INVITE sip:b@h?Route=x SIP/2.0\r\n" REST, SIP_ERR_URI, SIP_HEADER_OTHER, "?Route"},
        {"INVITE sip:2001:db8::10 SIP/2.0\r\n" REST, SIP_ERR_URI, SIP_HEADER_OTHER, "db8"},
        {"INVITE sip:a\"@h SIP/2.0\r\n" REST, SIP_ERR_URI, SIP_HEADER_OTHER, "\"@h"},
        {"INVITE sip:a@h:x SIP/2.0\r\n" REST, SIP_ERR_URI, SIP_HEADER_OTHER, "x SIP"},
        {"INVITE http://h SIP/2.0\r\n" REST, SIP_ERR_URI_SCHEME, SIP_HEADER_OTHER, "http"},
        {"", SIP_ERR_START_LINE, SIP_HEADER_OTHER, ""},
        {"\r\n\r\n", SIP_ERR_START_LINE, SIP_HEADER_OTHER, ""},
    };
    CHECK(cases);
}

static void test_status_lines(void **state)
{
    (void)state;
    static const struct fault_case cases[] = {
        {"SIP/2.0 200 OK\r\n" REST, SIP_OK, SIP_HEADER_OTHER, "SIP"},
        {"SIP/2.0 100 \r\n" REST, SIP_OK, SIP_HEADER_OTHER, "SIP"},
        {"SIP/2.0 699 a  b\tc\r\n" REST, SIP_OK, SIP_HEADER_OTHER, "SIP"},
        {"SIP/3.0 200 OK\r\n" REST, SIP_ERR_VERSION, SIP_HEADER_OTHER, " 200"},
        {"SIP/x 200 OK\r\n" REST, SIP_ERR_START_LINE, SIP_HEADER_OTHER, " 200"},
        {"SIP/2.0\r\n" REST, SIP_ERR_START_LINE, SIP_HEADER_OTHER, "\r\n"},
        {"SIP/2.0 200\r\n" REST, SIP_ERR_START_LINE, SIP_HEADER_OTHER, "\r\n"},
        {"SIP/2.0 20 OK\r\n" REST, SIP_ERR_START_LINE, SIP_HEADER_OTHER, " OK"},
        {"SIP/2.0 099 OK\r\n" REST, SIP_ERR_START_LINE, SIP_HEADER_OTHER, " OK"},
        {"SIP/2.0 700 OK\r\n" REST, SIP_ERR_START_LINE, SIP_HEADER_OTHER, " OK"},
        {"SIP/2.0 4294967301 OK\r\n" REST, SIP_ERR_START_LINE, SIP_HEADER_OTHER, " OK"},
        {"SIP/2.0 200x OK\r\n" REST, SIP_ERR_START_LINE, SIP_HEADER_OTHER, "x OK"},
        {"SIP/2.0  200 OK\r\n" REST, SIP_ERR_START_LINE, SIP_HEADER_OTHER, " 200"},
        {"SIP/2.0 200 O\x01K\r\n" REST, SIP_ERR_START_LINE, SIP_HEADER_OTHER, "\x01K"},
    };
    CHECK(cases);
}

#define LINE "INVITE sip:b@h SIP/2.0\r\n"
#define END  "CSeq: 1 INVITE\r\n\r\n"

static void test_header_lines(void **state)
{
    (void)state;
    static const struct fault_case cases[] = {
        {LINE REQUEST "X:\r\n" END, SIP_OK, SIP_HEADER_OTHER, "INV"},
        {LINE REQUEST "X:\r\n \r\n\t\r\n" END, SIP_OK, SIP_HEADER_OTHER, "INV"},
        {LINE REQUEST "X: \xff\xfe\r\n" END, SIP_OK, SIP_HEADER_OTHER, "INV"},
        {LINE REQUEST "X: \"\\\x01\"\r\n" END, SIP_OK, SIP_HEADER_OTHER, "INV"},
        {LINE REQUEST "X: a\x01"
                      "b\r\n" END,
         SIP_ERR_HEADER, SIP_HEADER_OTHER,
         "\x01"
         "b"},
        {LINE REQUEST "X: a\rb\r\n" END, SIP_ERR_HEADER, SIP_HEADER_OTHER, "\rb"},
        {LINE REQUEST "X: a\nb\r\n" END, SIP_ERR_HEADER, SIP_HEADER_OTHER, "\nb"},
        {LINE REQUEST "X: a\\\nb\r\n" END, SIP_ERR_HEADER, SIP_HEADER_OTHER, "\nb"},
        {LINE REQUEST "X: a\\\rb\r\n" END, SIP_ERR_HEADER, SIP_HEADER_OTHER, "\rb"},
        {LINE REQUEST "X\r\n" END, SIP_ERR_HEADER, SIP_HEADER_OTHER, "\r\nCSeq"},
        {LINE REQUEST ": x\r\n" END, SIP_ERR_HEADER, SIP_HEADER_OTHER, ": x"},
        {LINE REQUEST "X y: z\r\n" END, SIP_ERR_HEADER, SIP_HEADER_OTHER, "y: z"},
        {LINE REQUEST "X\r\n : z\r\n" END, SIP_ERR_HEADER, SIP_HEADER_OTHER, "\r\n : z"},
        {LINE REQUEST "CSeq: 1 INVITE\r\n", SIP_ERR_HEADER, SIP_HEADER_OTHER, ""},
        {LINE REQUEST "CSeq: 1 INVITE", SIP_ERR_HEADER, SIP_HEADER_OTHER, ""},
        {LINE REQUEST "CSeq: 1 INVITE\r\n\r", SIP_ERR_HEADER, SIP_HEADER_OTHER, "\r"},
        {LINE, SIP_ERR_HEADER, SIP_HEADER_OTHER, ""},
    };
    CHECK(cases);
}

static void test_missing_headers(void **state)
{
    (void)state;
    static const struct fault_case cases[] = {
        {LINE "From: <sip:a@h>\r\nTo: <sip:b@h>\r\nCall-ID: c\r\n" END, SIP_ERR_MISSING, SIP_VIA,
         ""},
        {LINE "Via: SIP/2.0/UDP h\r\nTo: <sip:b@h>\r\nCall-ID: c\r\n" END, SIP_ERR_MISSING,
         SIP_FROM, ""},
        {LINE "Via: SIP/2.0/UDP h\r\nFrom: <sip:b@h>\r\nCall-ID: c\r\n" END, SIP_ERR_MISSING,
         SIP_TO, ""},
        {LINE "Via: SIP/2.0/UDP h\r\nFrom: <sip:b@h>\r\nTo: sip:h\r\n" END, SIP_ERR_MISSING,
         SIP_CALL_ID, ""},
        {LINE REQUEST "\r\n", SIP_ERR_MISSING, SIP_CSEQ, ""},
        {LINE "\r\n", SIP_ERR_MISSING, SIP_VIA, ""},
    };
    CHECK(cases);
}

static void test_single_headers(void **state)
{
    (void)state;
    static const struct fault_case cases[] = {
        {LINE REQUEST "f: <sip:a@h>\r\n" END, SIP_ERR_DUPLICATE, SIP_FROM, "f: <"},
        {LINE REQUEST "t: <sip:a@h>\r\n" END, SIP_ERR_DUPLICATE, SIP_TO, "t: <"},
        {LINE REQUEST "i: c1\r\n" END, SIP_ERR_DUPLICATE, SIP_CALL_ID, "i: c1"},
        {LINE REQUEST "CSeq: 1 INVITE\r\n" END, SIP_ERR_DUPLICATE, SIP_CSEQ, END},
        {LINE REQUEST "Max-Forwards: 1\r\nMax-Forwards: 1\r\n" END, SIP_ERR_DUPLICATE,
         SIP_MAX_FORWARDS, "Max"},
        {LINE REQUEST "l: 0\r\nl: 0\r\n" END, SIP_ERR_CONTENT_LENGTH, SIP_CONTENT_LENGTH,
         "l: 0\r\nCSeq"},
        {LINE REQUEST "Via: SIP/2.0/UDP i\r\nVia: garbage\r\n" END, SIP_OK, SIP_HEADER_OTHER,
         "INV"},
    };
    CHECK(cases);
}

static void test_header_values(void **state)
{
    (void)state;
    static const struct fault_case cases[] = {
        {LINE "Via: SIP/2.0/UDP h;;,;,,\r\n" REQUEST END, SIP_ERR_VIA, SIP_VIA, ";,;,,"},
        {LINE "Via:\r\n" REQUEST END, SIP_ERR_VIA, SIP_VIA, "\r\nVia"},
        {LINE "From: Bell, A <sip:a@h>\r\n" END, SIP_ERR_ADDRESS, SIP_FROM, ", A"},
        {LINE "From: <sip:a@h>, <sip:b@h>\r\n" END, SIP_ERR_ADDRESS, SIP_FROM, ", <sip:b"},
        {LINE "To: \"open <sip:a@h>\r\n" END, SIP_ERR_ADDRESS, SIP_TO, "\r\n"},
        {LINE "To: < sip:a@h >\r\n" END, SIP_ERR_ADDRESS, SIP_TO, " sip:a"},
        {LINE REQUEST "Contact: *\r\n" END, SIP_ERR_ADDRESS, SIP_CONTACT, "*"},
        {LINE REQUEST "Contact: sip:a@h?x=y\r\n" END, SIP_ERR_ADDRESS, SIP_CONTACT, "?x=y"},
        {LINE REQUEST "m: <sip:a@h>, <sip:b h>\r\n" END, SIP_ERR_ADDRESS, SIP_CONTACT, " h>"},
        {LINE REQUEST "m: <sip:a@h>,\r\n" END, SIP_ERR_ADDRESS, SIP_CONTACT, "\r\n"},
        {LINE REQUEST "m: <sip:a@h>\r\nm: x\r\n" END, SIP_ERR_ADDRESS, SIP_CONTACT, "\r\n" END},
        {LINE "Call-ID:\r\n" END, SIP_ERR_HEADER, SIP_CALL_ID, "\r\n"},
        {LINE "Call-ID: a b\r\n" END, SIP_ERR_HEADER, SIP_CALL_ID, " b"},
        {LINE "Max-Forwards: 256\r\n" END, SIP_ERR_NUMBER, SIP_MAX_FORWARDS, "256"},
        {LINE "Max-Forwards: -1\r\n" END, SIP_ERR_NUMBER, SIP_MAX_FORWARDS, "-1"},
        {LINE "Max-Forwards:\r\n" END, SIP_ERR_NUMBER, SIP_MAX_FORWARDS, "\r\n"},
        {LINE REQUEST "Max-Forwards: 255\r\n" END, SIP_OK, SIP_HEADER_OTHER, "INV"},
    };
    CHECK(cases);
}

static void test_cseq(void **state)
{
    (void)state;
    static const struct fault_case cases[] = {
        {LINE REQUEST "CSeq: 2147483647\t INVITE\r\n\r\n", SIP_OK, SIP_HEADER_OTHER, "INV"},
        {LINE REQUEST "CSeq: 0 INVITE\r\n\r\n", SIP_OK, SIP_HEADER_OTHER, "INV"},
        {LINE REQUEST "CSeq: 2147483648 INVITE\r\n\r\n", SIP_ERR_CSEQ, SIP_CSEQ, "2147"},
        {LINE REQUEST "CSeq: 36893488147419103233 INVITE\r\n\r\n", SIP_ERR_CSEQ, SIP_CSEQ, "3689"},
        {LINE REQUEST "CSeq: INVITE\r\n\r\n", SIP_ERR_CSEQ, SIP_CSEQ, "INVITE"},
        {LINE REQUEST "CSeq: 1\r\n\r\n", SIP_ERR_CSEQ, SIP_CSEQ, "1"},
        {LINE REQUEST "CSeq: 1INVITE\r\n\r\n", SIP_ERR_CSEQ, SIP_CSEQ, "1INV"},
        {LINE REQUEST "CSeq: 1 INVITE x\r\n\r\n", SIP_ERR_CSEQ, SIP_CSEQ, " x"},
        {LINE REQUEST "CSeq: 1 BYE\r\n\r\n", SIP_ERR_METHOD_MISMATCH, SIP_CSEQ, "BYE"},
        {LINE REQUEST "CSeq: 1 invite\r\n\r\n", SIP_ERR_METHOD_MISMATCH, SIP_CSEQ, "invite"},
    };
    CHECK(cases);
}

static void test_content_length(void **state)
{
    (void)state;
    static const struct fault_case cases[] = {
        {LINE REQUEST "l: 2\r\n" END "ab", SIP_OK, SIP_HEADER_OTHER, "INV"},
        {LINE REQUEST "l: 0002\r\n" END "abc", SIP_OK, SIP_HEADER_OTHER, "INV"},
        {LINE REQUEST "l: 3\r\n" END "ab", SIP_ERR_CONTENT_LENGTH, SIP_CONTENT_LENGTH, "3"},
        {LINE REQUEST "l: -1\r\n" END "ab", SIP_ERR_CONTENT_LENGTH, SIP_CONTENT_LENGTH, "-1"},
        {LINE REQUEST "l: +1\r\n" END "ab", SIP_ERR_CONTENT_LENGTH, SIP_CONTENT_LENGTH, "+1"},
        {LINE REQUEST "l: 1, 1\r\n" END "ab", SIP_ERR_CONTENT_LENGTH, SIP_CONTENT_LENGTH, "1, 1"},
        {LINE REQUEST "l: 0x1\r\n" END "ab", SIP_ERR_CONTENT_LENGTH, SIP_CONTENT_LENGTH, "0x1"},
        {LINE REQUEST "l:\r\n" END "ab", SIP_ERR_CONTENT_LENGTH, SIP_CONTENT_LENGTH, "\r\n"},
        {LINE REQUEST "l: 18446744073709551617\r\n" END "ab", SIP_ERR_CONTENT_LENGTH,
         SIP_CONTENT_LENGTH, "18"},
    };
    CHECK(cases);
}

static void test_body_without_length(void **state)
{
    (void)state;
    struct parsed parsed;
    assert_int_equal(parse(&parsed, SPAN(LINE REQUEST END "a\0b")), SIP_OK);
    assert_true(span_eq(parsed.message.body, SPAN("a\0b")));
}

static void test_zero_in_quoted_pair(void **state)
{
    (void)state;
    struct parsed parsed;
    assert_int_equal(parse(&parsed, SPAN(LINE "Via: SIP/2.0/UDP h\r\nFrom: \"\\\0\" <sip:a@h>\r\n"
                                              "To: <sip:b@h>\r\nCall-ID: c\r\n" END)),
                     SIP_OK);
    assert_true(span_eq(parsed.message.from.display, SPAN("\"\\\0\"")));
    assert_int_equal(parse(&parsed, SPAN(LINE "X: \0\r\n" REQUEST END)), SIP_ERR_HEADER);
}

// Behind a fault reading goes on: an answer needs the other headers.
static void test_reading_goes_on(void **state)
{
    (void)state;
    struct parsed parsed;
    parse(&parsed, SPAN("INVITE  sip:b@h SIP/2.0\r\nno header\r\n" REQUEST "l: x\r\n" END));
    assert_int_equal(parsed.fault.err, SIP_ERR_START_LINE);
    assert_true(sip_is_answerable(&parsed.message));
    assert_int_equal(parsed.message.method, SIP_INVITE);
    assert_span(parsed.message.via.host, "192.0.2.1");
    assert_span(parsed.message.from.tag, "1");
    assert_span(parsed.message.call_id, "c1");
    assert_int_equal(parsed.message.cseq, 1);
    assert_int_equal(parsed.message.header_count, 6);
}

static void test_answerable(void **state)
{
    (void)state;
    struct parsed parsed;
    assert_int_equal(parse(&parsed, SPAN("ACK sip:b@h SIP/2.0\r\n" REQUEST "CSeq: 1 ACK\r\n\r\n")),
                     SIP_OK);
    assert_false(sip_is_answerable(&parsed.message));
    parse(&parsed, SPAN(LINE "Via: SIP/2.0/UDP :5060\r\n" END));
    assert_false(sip_is_answerable(&parsed.message));
    parse(&parsed, SPAN(LINE END));
    assert_false(sip_is_answerable(&parsed.message));
    parse(&parsed, SPAN(LINE "Via: SIP/2.0/UDP h;;\r\n\r\n"));
    assert_true(sip_is_answerable(&parsed.message));
}

static void test_register_may_remove_all(void **state)
{
    (void)state;
    struct parsed parsed;
    assert_int_equal(parse(&parsed, SPAN("REGISTER sip:h SIP/2.0\r\n" REQUEST
                                         "Contact: *\r\nCSeq: 1 REGISTER\r\n\r\n")),
                     SIP_OK);
}

// 256 headers are read, one more is too many.
static void test_header_limit(void **state)
{
    (void)state;
    for (int count = SIP_HEADER_MAX; count <= SIP_HEADER_MAX + 1; count++) {
        struct parsed parsed;
        struct printed printed;
        struct buffer *out = start_printing(&printed);
        buffer_put_text(out, LINE REQUEST "CSeq: 1 INVITE\r\n");
        for (int i = 5; i < count; i++) buffer_put_text(out, "X: y\r\n");
        buffer_put_text(out, "\r\n");
        bool is_too_big = count > SIP_HEADER_MAX;
        assert_int_equal(parse(&parsed, buffer_span(out)), is_too_big ? SIP_ERR_TOO_BIG : SIP_OK);
        assert_int_equal(parsed.message.header_count, SIP_HEADER_MAX);
        assert_true(sip_is_answerable(&parsed.message));
    }
}

static void test_message_limit(void **state)
{
    (void)state;
    static char bytes[SIP_MESSAGE_MAX + 1];
    const struct span head = SPAN(LINE REQUEST END);
    struct parsed parsed;
    memset(bytes, 'x', sizeof bytes);
    memcpy(bytes, head.at, head.len);
    assert_int_equal(parse(&parsed, (struct span){bytes, SIP_MESSAGE_MAX}), SIP_OK);
    assert_int_equal(parsed.message.body.len, SIP_MESSAGE_MAX - head.len);
    assert_int_equal(parse(&parsed, (struct span){bytes, sizeof bytes}), SIP_ERR_TOO_BIG);
    assert_false(sip_is_answerable(&parsed.message));
}

// Whatever is left in the arena, the message is read whole or refused.
static void test_arena_full(void **state)
{
    (void)state;
    _Alignas(16) char memory[1024];
    const size_t wanted = 5 * sizeof(struct sip_header);
    for (size_t size = 0; size <= wanted; size++) {
        struct arena arena = arena_over(memory, size);
        struct sip_message message;
        struct sip_fault fault;
        enum sip_err err = sip_parse(SPAN(LINE REQUEST END), &arena, &message, &fault);
        assert_int_equal(err, size < wanted ? SIP_ERR_NO_MEMORY : SIP_OK);
        assert_int_equal(fault.err, err);
        assert_int_equal(sip_is_answerable(&message), size == wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_response),
        cmocka_unit_test(test_response_with_odd_contact),
        cmocka_unit_test(test_request_lines),
        cmocka_unit_test(test_status_lines),
        cmocka_unit_test(test_header_lines),
        cmocka_unit_test(test_missing_headers),
        cmocka_unit_test(test_single_headers),
        cmocka_unit_test(test_header_values),
        cmocka_unit_test(test_cseq),
        cmocka_unit_test(test_content_length),
        cmocka_unit_test(test_body_without_length),
        cmocka_unit_test(test_zero_in_quoted_pair),
        cmocka_unit_test(test_reading_goes_on),
        cmocka_unit_test(test_answerable),
        cmocka_unit_test(test_register_may_remove_all),
        cmocka_unit_test(test_header_limit),
        cmocka_unit_test(test_message_limit),
        cmocka_unit_test(test_arena_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
