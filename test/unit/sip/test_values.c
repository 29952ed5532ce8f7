// SPDX-License-Identifier: Apache-2.0
// Headers by kind and name, lists of values, parameters, quoted strings, seconds.
#include "unit/sip/check.h"

static const char listing[] = "INVITE sip:b@h SIP/2.0\r\n"
                              "Via: SIP/2.0/UDP h, SIP/2.0/TCP i\r\n"
                              "Supported: 100rel ,, timer\r\n"
                              "v: SIP/2.0/TLS j\r\n"
                              "k:\r\n"
                              "s: hello\r\n"
                              "x: 90\r\n"
                              "K: histinfo\r\n"
                              "\r\n";

static void test_headers(void **state)
{
    (void)state;
    struct parsed parsed;
    parse(&parsed, SPAN(listing));
    const struct sip_message *message = &parsed.message;
    const struct sip_header *via = sip_next_header(message, SIP_VIA, NULL);
    assert_ptr_equal(via, &message->headers[0]);
    via = sip_next_header(message, SIP_VIA, via);
    assert_ptr_equal(via, &message->headers[2]);
    assert_null(sip_next_header(message, SIP_VIA, via));
    assert_null(sip_next_header(message, SIP_CONTACT, NULL));
    assert_span(sip_header_value(message, SIP_SUPPORTED), "100rel ,, timer");
    assert_int_equal(sip_header_value(message, SIP_CONTACT).len, 0);
    assert_span(sip_named_header_value(message, SPAN("SUBJECT")), "hello");
    assert_span(sip_named_header_value(message, SPAN("Session-Expires")), "90");
    assert_span(sip_named_header_value(message, SPAN("via")), "SIP/2.0/UDP h, SIP/2.0/TCP i");
    assert_int_equal(sip_named_header_value(message, SPAN("Referred-By")).len, 0);
}

static void test_values_of_all_headers(void **state)
{
    (void)state;
    static const char *const vias[] = {"SIP/2.0/UDP h", "SIP/2.0/TCP i", "SIP/2.0/TLS j"};
    struct parsed parsed;
    struct sip_values place = SIP_VALUES_START;
    struct span value;
    parse(&parsed, SPAN(listing));
    for (size_t i = 0; i < 3; i++) {
        assert_true(sip_next_value(&parsed.message, SIP_VIA, &place, &value));
        assert_span(value, vias[i]);
    }
    assert_false(sip_next_value(&parsed.message, SIP_VIA, &place, &value));
    assert_true(sip_has_token(&parsed.message, SIP_SUPPORTED, SPAN("TIMER")));
    assert_true(sip_has_token(&parsed.message, SIP_SUPPORTED, SPAN("histinfo")));
    assert_false(sip_has_token(&parsed.message, SIP_SUPPORTED, SPAN("time")));
    assert_false(sip_has_token(&parsed.message, SIP_REQUIRE, SPAN("timer")));
}

static void check_items(const char *text, const char *expected)
{
    struct printed printed;
    struct buffer *out = start_printing(&printed);
    struct span rest = span_of(text), item;
    while (sip_next_item(&rest, &item)) buffer_printf(out, "[%.*s]", SPAN_ARG(item));
    assert_printed(printed, expected);
}

static void test_items(void **state)
{
    (void)state;
    check_items("", "");
    check_items(" , ,, ", "");
    check_items("a", "[a]");
    check_items(" a ,\r\n b,", "[a][b]");
    check_items("\"x,y\" <sip:a,b@h>;p=\"q,\\\",r\", c", "[\"x,y\" <sip:a,b@h>;p=\"q,\\\",r\"][c]");
    check_items("<a\",b>,c", "[<a\",b>][c]");
    check_items("\"open, a", "[\"open, a]");
    check_items("<open, a", "[<open, a]");
}

static void test_params(void **state)
{
    (void)state;
    const struct span params = SPAN(
        "a;B=1; c = \"x;d=2\" ;e=;f=\"\\\"\";%6C%72;g=1=2;a=second;h=\"open;i");
    static const struct {
        const char *name, *value; // NULL: not there
    } cases[] = {
        {"a", ""},      {"b", "1"},   {"C", "x;d=2"}, {"d", NULL},       {"e", ""},   {"f", "\\\""},
        {"%6c%72", ""}, {"g", "1=2"}, {"", NULL},     {"h", "\"open;i"}, {"i", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct span value = SPAN("untouched");
        bool is_there = sip_find_param(params, span_of(cases[i].name), &value);
        assert_int_equal(is_there, cases[i].value != NULL);
        assert_span(value, cases[i].value ? cases[i].value : "");
    }
    struct span value;
    assert_false(sip_find_param(SPAN_NONE, SPAN("a"), &value));
}

static void test_unquoted(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"\"a \\\"b\\\\ c\"", "a \"b\\ c"},
        {"plain \\x", "plain \\x"},
        {"\"\"", ""},
        {"\"", "\""},
        {"\"a\\\"", "a\\"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct printed printed;
        sip_put_unquoted(start_printing(&printed), span_of(cases[i].text));
        assert_printed(printed, cases[i].expected);
    }
}

static void test_seconds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_number;
        uint32_t seconds;
    } cases[] = {
        {"3600", true, 3600},
        {" 0 ", true, 0},
        {"120 (I'm in a meeting)", true, 120},
        {"18000;duration=3600", true, 18000},
        {"4294967295", true, UINT32_MAX},
        {"4294967296", true, UINT32_MAX},
        {"949302838503028349304023988", true, UINT32_MAX},
        {"", false, 0},
        {"-1", false, 0},
        {"1x", false, 0},
        {"1 2", false, 0},
        {"soon", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t seconds = 0;
        assert_int_equal(sip_read_seconds(span_of(cases[i].text), &seconds), cases[i].is_number);
        assert_int_equal(seconds, cases[i].seconds);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers),  cmocka_unit_test(test_values_of_all_headers),
        cmocka_unit_test(test_items),    cmocka_unit_test(test_params),
        cmocka_unit_test(test_unquoted), cmocka_unit_test(test_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
