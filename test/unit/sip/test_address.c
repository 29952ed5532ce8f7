// SPDX-License-Identifier: Apache-2.0
// The addresses of From, To, Contact and their kin.
#include "unit/sip/check.h"

// "[display] <URI> ;params (tag)"
static void describe(struct buffer *out, struct span text)
{
    struct sip_address address;
    if (sip_parse_address(text, &address) != SIP_OK) {
        buffer_put_text(out, "invalid");
        return;
    }
    if (address.display.len > 0) buffer_printf(out, "[%.*s] ", SPAN_ARG(address.display));
    buffer_printf(out, "<%.*s>", SPAN_ARG(address.uri_text));
    if (address.params.len > 0) buffer_printf(out, " ;%.*s", SPAN_ARG(address.params));
    if (address.tag.len > 0) buffer_printf(out, " (%.*s)", SPAN_ARG(address.tag));
}

static void test_cases(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"<sip:a@h>", "<sip:a@h>"},
        {"<sip:a@h>;tag=1", "<sip:a@h> ;tag=1 (1)"},
        {"sip:a@h", "<sip:a@h>"},
        {"sip:a@h;tag=1;x", "<sip:a@h> ;tag=1;x (1)"},
        {" \t<sip:a@h> ", "<sip:a@h>"},
        {"caller<sip:a@h>", "[caller] <sip:a@h>"},
        {"A. Bell <sip:a@h>", "[A. Bell] <sip:a@h>"},
        {"M\xc3\xbcller <sip:a@h>", "[M\xc3\xbcller] <sip:a@h>"},
        {"\"Bell, A \\\" <x>\" <sip:a@h>", "[\"Bell, A \\\" <x>\"] <sip:a@h>"},
        {"\"\"<sip:a@h>", "[\"\"] <sip:a@h>"},
        {"\"a\\\\\" <sip:a@h>", "[\"a\\\\\"] <sip:a@h>"},
        {"<sip:a@h;lr?x=%3Cy%3E>;expires=5", "<sip:a@h;lr?x=%3Cy%3E> ;expires=5"},
        {"<sip:a@h> ;\r\n  tag = 98asjd8", "<sip:a@h> ;tag = 98asjd8 (98asjd8)"},
        {"<sip:a@h>;p=\"q;tag=no\";TAG=t", "<sip:a@h> ;p=\"q;tag=no\";TAG=t (t)"},
        {"<sip:a@h>;tag=first;tag=second", "<sip:a@h> ;tag=first;tag=second (first)"},
        {"<sip:a@h>;+sip.instance=\"<urn:uuid:1>\"", "<sip:a@h> ;+sip.instance=\"<urn:uuid:1>\""},
        {"<sip:a@h>;tag=a=b/c@d", "<sip:a@h> ;tag=a=b/c@d (a=b/c@d)"},
        {"<sip:a@h>;tag=", "<sip:a@h> ;tag="},
        {"sip:+1@gw;unknownparam", "<sip:+1@gw> ;unknownparam"},
        {"<sip:+1@gw;unknownparam>", "<sip:+1@gw;unknownparam>"},
        {"<name:John_Smith>", "<name:John_Smith>"},
        {"<tel:+4989;ext=1>;tag=2", "<tel:+4989;ext=1> ;tag=2 (2)"},
        {"", "invalid"},
        {"*", "invalid"},
        {"<>", "invalid"},
        {"<sip:a@h", "invalid"},
        {"<", "invalid"},
        {"sip:a@h>", "invalid"},
        {"< sip:a@h>", "invalid"},
        {"<sip:a@h >", "invalid"},
        {"<<sip:a@h>>", "invalid"},
        {"\"a <sip:a@h>", "invalid"},
        {"\"a\\", "invalid"},
        {"\"a\" sip:a@h", "invalid"},
        {"\"a\" b <sip:a@h>", "invalid"},
        {"Bell, A <sip:a@h>", "invalid"},
        {"a@b <sip:a@h>", "invalid"},
        {"<sip:a@h>x", "invalid"},
        {"<sip:a@h>;", "invalid"},
        {"<sip:a@h>;;;", "invalid"},
        {"<sip:a@h>;x=\"y", "invalid"},
        {"<sip:a@h>;x=y z", "invalid"},
        {"<sip:a@h>, <sip:b@h>", "invalid"},
        {"sip:a@h,sip:b@h", "invalid"},
        {"sip:a@h?Route=%3Csip:x%3E", "invalid"},
        {"sip:a b", "invalid"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct printed printed;
        describe(start_printing(&printed), span_of(cases[i].text));
        struct span got = buffer_span(&printed.buffer);
        if (!span_eq(got, span_of(cases[i].expected))) print_error("%s:\n", cases[i].text);
        assert_span(got, cases[i].expected);
    }
}

static void test_uri_is_read_too(void **state)
{
    (void)state;
    struct sip_address address;
    const struct span text = SPAN("\"X\" <sip:bob:pw@[::1]:5070;transport=tcp?a=b>;tag=t");
    assert_int_equal(sip_parse_address(text, &address), SIP_OK);
    assert_int_equal(address.uri.scheme, SIP_SCHEME_SIP);
    assert_span(address.uri.scheme_text, "sip");
    assert_span(address.uri.user, "bob");
    assert_span(address.uri.password, "pw");
    assert_span(address.uri.host, "[::1]");
    assert_int_equal(address.uri.port, 5070);
    assert_span(address.uri.params, "transport=tcp");
    assert_span(address.uri.headers, "a=b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_uri_is_read_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
