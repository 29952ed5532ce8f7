// SPDX-License-Identifier: Apache-2.0
// Via values.
#include "unit/sip/check.h"

// "UDP host:port branch=... rport | params"
static void describe(struct buffer *out, struct span text)
{
    struct sip_via via;
    if (sip_parse_via(text, &via) != SIP_OK) {
        buffer_put_text(out, "invalid");
        return;
    }
    buffer_printf(out, "%.*s %.*s:%u", SPAN_ARG(via.transport), SPAN_ARG(via.host), via.port);
    if (via.branch.len > 0) buffer_printf(out, " branch=%.*s", SPAN_ARG(via.branch));
    if (via.has_rport) buffer_put_text(out, " rport");
    if (via.params.len > 0) buffer_printf(out, " | %.*s", SPAN_ARG(via.params));
}

static void test_cases(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"SIP/2.0/UDP 192.0.2.1", "UDP 192.0.2.1:0"},
        {"SIP/2.0/TCP h:5070;branch=z9hG4bKx", "TCP h:5070 branch=z9hG4bKx | branch=z9hG4bKx"},
        {"SIP/7.0/UNKNOWN h", "UNKNOWN h:0"},
        {"SIP/2.0/UDP h;rport;branch=b", "UDP h:0 branch=b rport | rport;branch=b"},
        {"SIP/2.0/UDP h;RPORT=5;BRANCH=b", "UDP h:0 branch=b rport | RPORT=5;BRANCH=b"},
        {"SIP  /   2.0\r\n /UDP\r\n    h : 5060 ;  branch =\r\n b ",
         "UDP h:5060 branch=b | branch =\r\n b"},
        {"SIP/2.0/UDP [2001:db8::9:1]:6050", "UDP [2001:db8::9:1]:6050"},
        {"SIP/2.0/UDP h;received=2001:db8::1", "UDP h:0 | received=2001:db8::1"},
        {"SIP/2.0/UDP h;received=[2001:db8::1]", "UDP h:0 | received=[2001:db8::1]"},
        {"SIP/2.0/UDP h;branch=a;branch=b", "UDP h:0 branch=a | branch=a;branch=b"},
        {"SIP/2.0/UDP h;branch", "UDP h:0 | branch"},
        {"SIP/2.0/UDP h;x=\"y,;\"", "UDP h:0 | x=\"y,;\""},
        {"", "invalid"},
        {"SIP", "invalid"},
        {"SIP/2.0", "invalid"},
        {"SIP/2.0/", "invalid"},
        {"SIP/2.0/UDP", "invalid"},
        {"SIP/2.0/UDP ", "invalid"},
        {"SIP//UDP h", "invalid"},
        {"/2.0/UDP h", "invalid"},
        {"SIP/2.0/UDP[::1]", "invalid"},
        {"SIP/2.0/UDP h:", "invalid"},
        {"SIP/2.0/UDP h:65536", "invalid"},
        {"SIP/2.0/UDP 2001:db8::1", "invalid"},
        {"SIP/2.0/UDP h i", "invalid"},
        {"SIP/2.0/UDP h;", "invalid"},
        {"SIP/2.0/UDP h;;branch=x", "invalid"},
        {"SIP/2.0/UDP h;x=\"y", "invalid"},
        {"SIP/2.0/UDP h, SIP/2.0/UDP i", "invalid"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct printed printed;
        describe(start_printing(&printed), span_of(cases[i].text));
        struct span got = buffer_span(&printed.buffer);
        if (!span_eq(got, span_of(cases[i].expected))) print_error("%s:\n", cases[i].text);
        assert_span(got, cases[i].expected);
    }
}

// Of a bad value the sound beginning is there, so that an answer can be sent.
static void test_sound_part(void **state)
{
    (void)state;
    struct sip_via via;
    assert_int_equal(sip_parse_via(SPAN("SIP/2.0/UDP 192.0.2.15;branch=b;;,;,,"), &via),
                     SIP_ERR_VIA);
    assert_span(via.host, "192.0.2.15");
    assert_span(via.branch, "b");
    assert_span(via.whole, "SIP/2.0/UDP 192.0.2.15;branch=b");
    assert_int_equal(sip_parse_via(SPAN("SIP/2.0/UDP h:70000"), &via), SIP_ERR_VIA);
    assert_int_equal(via.host.len, 0);
}

static void test_whole(void **state)
{
    (void)state;
    struct sip_via via;
    assert_int_equal(sip_parse_via(SPAN(" SIP/2.0/UDP h:1 ; a = b "), &via), SIP_OK);
    assert_span(via.whole, "SIP/2.0/UDP h:1 ; a = b");
    assert_int_equal(sip_parse_via(SPAN("SIP/2.0/UDP h:1 "), &via), SIP_OK);
    assert_span(via.whole, "SIP/2.0/UDP h:1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_sound_part),
        cmocka_unit_test(test_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
