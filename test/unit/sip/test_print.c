// SPDX-License-Identifier: Apache-2.0
// Printing parts of messages, and the answers to a request.
#include "unit/sip/check.h"

static struct address address_of(const char *text)
{
    struct address address;
    assert_true(address_parse_port(span_of(text), 0, &address));
    return address;
}

static void test_parts(void **state)
{
    (void)state;
    struct printed printed;
    struct buffer *out = start_printing(&printed);
    sip_put_status_line(out, 486, SPAN_NONE);
    sip_put_status_line(out, 400, SPAN("Bad\r\nX: y"));
    sip_put_header(out, "Contact", SPAN("<sip:a@h>\r\n ;q=1\t\x01"));
    sip_put_header(out, "Subject", SPAN_NONE);
    sip_put_end(out, SPAN("ab"));
    assert_printed(printed, "SIP/2.0 486 Busy Here\r\n"
                            "SIP/2.0 400 BadX: y\r\n"
                            "Contact: <sip:a@h> ;q=1\t\x01\r\n"
                            "Subject: \r\n"
                            "Content-Length: 2\r\n"
                            "\r\n"
                            "ab");
    assert_false(out->is_full);
}

static void test_quoted(void **state)
{
    (void)state;
    struct printed printed;
    sip_put_quoted(start_printing(&printed), SPAN("a\"b\\c\r\n\0\x7f\t\xc3\xbc"));
    assert_printed(printed, "\"a\\\"b\\\\c\t\xc3\xbc\"");
    sip_put_quoted(start_printing(&printed), SPAN_NONE);
    assert_printed(printed, "\"\"");
}

static void test_own_via(void **state)
{
    (void)state;
    static const struct {
        enum transport transport;
        const char *address, *expected;
    } cases[] = {
        {TRANSPORT_UDP, "192.0.2.1:5060",
         "Via: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bKb\r\n"},
        {TRANSPORT_TCP, "[::1]:7", "Via: SIP/2.0/TCP [::1]:7;rport;branch=z9hG4bKb\r\n"},
        {TRANSPORT_TLS, "192.0.2.1:1", "Via: SIP/2.0/TLS 192.0.2.1:1;rport;branch=z9hG4bKb\r\n"},
        {TRANSPORT_WS, "192.0.2.1:1", "Via: SIP/2.0/WS 192.0.2.1:1;rport;branch=z9hG4bKb\r\n"},
        {TRANSPORT_WSS, "192.0.2.1:1", "Via: SIP/2.0/WSS 192.0.2.1:1;rport;branch=z9hG4bKb\r\n"},
        {(enum transport)99, "192.0.2.1:1",
         "Via: SIP/2.0/UDP 192.0.2.1:1;rport;branch=z9hG4bKb\r\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct printed printed;
        struct address address = address_of(cases[i].address);
        sip_put_via(start_printing(&printed), cases[i].transport, &address, SPAN("z9hG4bKb"));
        assert_printed(printed, cases[i].expected);
    }
}

static void check_reply(const char *request, const char *source, const char *to_tag,
                        const char *expected)
{
    struct parsed parsed;
    struct printed printed;
    struct address address = address_of(source);
    parse(&parsed, span_of(request));
    sip_put_reply_headers(start_printing(&printed), &parsed.message, &address, span_of(to_tag));
    assert_printed(printed, expected);
}

static void test_reply_headers(void **state)
{
    (void)state;
    check_reply(
        "INVITE sip:b@h SIP/2.0\r\n"
        "t: <sip:b@h>\r\n"
        "v: SIP / 2.0 / UDP 192.0.2.1:5060 ; branch =\r\n  z9hG4bK1;x, SIP/2.0/TCP i ;\r\n  y\r\n"
        "Max-Forwards: 70\r\n"
        "Record-Route: <sip:p1;lr>, <sip:p2;lr>\r\n"
        "f: \"A\" <sip:a@h>;tag=1\r\n"
        "Record-Route: <sip:p3;lr>\r\n"
        "i: c1\r\n"
        "Via: SIP/2.0/UDP j\r\n"
        "Timestamp: 54\r\n"
        "CSeq: 1\r\n INVITE\r\n"
        "\r\n",
        "192.0.2.1:5060", "t1",
        "To: <sip:b@h>;tag=t1\r\n"
        "Via: SIP / 2.0 / UDP 192.0.2.1:5060;branch =  z9hG4bK1;x, SIP/2.0/TCP i ;  y\r\n"
        "Record-Route: <sip:p1;lr>, <sip:p2;lr>\r\n"
        "From: \"A\" <sip:a@h>;tag=1\r\n"
        "Record-Route: <sip:p3;lr>\r\n"
        "Call-ID: c1\r\n"
        "Via: SIP/2.0/UDP j\r\n"
        "Timestamp: 54\r\n"
        "CSeq: 1 INVITE\r\n");
}

#define VIA_REPLY(via, source, expected)                                                           \
    check_reply("INVITE sip:b@h SIP/2.0\r\nVia: " via "\r\n\r\n", source, "t",                     \
                "Via: " expected "\r\n")

static void test_received_and_rport(void **state)
{
    (void)state;
    VIA_REPLY("SIP/2.0/UDP 192.0.2.1", "192.0.2.1:9", "SIP/2.0/UDP 192.0.2.1");
    VIA_REPLY("SIP/2.0/UDP 192.0.2.1", "192.0.2.2:9", "SIP/2.0/UDP 192.0.2.1;received=192.0.2.2");
    VIA_REPLY("SIP/2.0/UDP host;branch=b", "192.0.2.2:9",
              "SIP/2.0/UDP host;branch=b;received=192.0.2.2");
    VIA_REPLY("SIP/2.0/UDP 192.0.2.1;rport;branch=b", "192.0.2.1:9",
              "SIP/2.0/UDP 192.0.2.1;rport=9;branch=b;received=192.0.2.1");
    VIA_REPLY("SIP/2.0/UDP [2001:db8::1]", "[2001:db8::1]:9", "SIP/2.0/UDP [2001:db8::1]");
    VIA_REPLY("SIP/2.0/UDP [2001:db8::1];rport", "[2001:db8::2]:9",
              "SIP/2.0/UDP [2001:db8::1];rport=9;received=2001:db8::2");
    VIA_REPLY("SIP/2.0/UDP h;received=10.0.0.1;rport=1", "192.0.2.2:9",
              "SIP/2.0/UDP h;rport=9;received=192.0.2.2");
}

// A request that is refused for its Via gets an answer with the part of it that is sound.
static void test_reply_to_bad_via(void **state)
{
    (void)state;
    VIA_REPLY("SIP/2.0/UDP 192.0.2.15;branch=b;;,;,,", "192.0.2.15:5060",
              "SIP/2.0/UDP 192.0.2.15;branch=b");
    VIA_REPLY("SIP/2.0/UDP 192.0.2.15;;,;,,", "192.0.2.15:5060", "SIP/2.0/UDP 192.0.2.15");
}

static void test_reply_to_insufficient(void **state)
{
    (void)state;
    check_reply("INVITE sip:b@h SIP/2.0\r\nTo: a\r\nTo: b;tag=x\r\nVia: SIP/2.0/UDP 192.0.2.1\r\n"
                "CSeq: 1 INVITE\r\nCSeq: 2 INVITE\r\n\r\n",
                "192.0.2.1:5060", "", "To: a\r\nVia: SIP/2.0/UDP 192.0.2.1\r\nCSeq: 1 INVITE\r\n");
}

static void test_existing_tag_stays(void **state)
{
    (void)state;
    check_reply("INVITE sip:b@h SIP/2.0\r\nTo: sip:b@h;tag=old\r\n\r\n", "192.0.2.1:5060", "new",
                "To: sip:b@h;tag=old\r\n");
}

static void test_reply_address(void **state)
{
    (void)state;
    static const struct {
        const char *via, *expected;
    } cases[] = {
        {"SIP/2.0/UDP 10.0.0.1", "192.0.2.2:5060"},
        {"SIP/2.0/UDP 10.0.0.1:5070", "192.0.2.2:5070"},
        {"SIP/2.0/UDP 10.0.0.1:5070;rport", "192.0.2.2:4000"},
        {"SIP/2.0/UDP 10.0.0.1;maddr=10.9.9.9;rport=5", "192.0.2.2:4000"},
    };
    struct address source = address_of("192.0.2.2:4000");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sip_message request = {.is_request = true};
        assert_int_equal(sip_parse_via(span_of(cases[i].via), &request.via), SIP_OK);
        struct address to = sip_reply_address(&request, &source);
        struct printed printed;
        address_print(start_printing(&printed), &to);
        assert_printed(printed, cases[i].expected);
    }
}

// Whatever does not fit marks the buffer; nothing is written behind its end.
static void test_too_small(void **state)
{
    (void)state;
    struct parsed parsed;
    struct address source = address_of("192.0.2.2:4000");
    parse(&parsed,
          SPAN("INVITE sip:b@h SIP/2.0\r\nTo: sip:b@h\r\nVia: SIP/2.0/UDP h;rport\r\n\r\n"));
    for (size_t size = 0; size < 40; size++) {
        char bytes[64];
        struct buffer out = buffer_over(bytes, size);
        sip_put_reply_headers(&out, &parsed.message, &source, SPAN("t"));
        assert_true(out.is_full);
        assert_true(out.len <= size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_quoted),
        cmocka_unit_test(test_own_via),
        cmocka_unit_test(test_reply_headers),
        cmocka_unit_test(test_received_and_rport),
        cmocka_unit_test(test_reply_to_bad_via),
        cmocka_unit_test(test_reply_to_insufficient),
        cmocka_unit_test(test_existing_tag_stays),
        cmocka_unit_test(test_reply_address),
        cmocka_unit_test(test_too_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
