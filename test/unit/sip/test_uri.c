// SPDX-License-Identifier: Apache-2.0
// URIs: what is read from them, and what is refused.
#include "unit/sip/check.h"

static void describe_part(struct buffer *out, const char *name, struct span part)
{
    if (!part.at) return;
    buffer_printf(out, " %s=%.*s", name, SPAN_ARG(part));
}

// "sip user=alice host=example.com port=5070", or "invalid".
static void describe(struct buffer *out, struct span text)
{
    static const char *const schemes[] = {"other", "sip", "sips", "tel"};
    struct sip_uri uri;
    if (sip_parse_uri(text, &uri) != SIP_OK) {
        buffer_put_text(out, "invalid");
        return;
    }
    buffer_put_text(out, schemes[uri.scheme]);
    assert_true(uri.scheme == SIP_SCHEME_TEL || uri.scheme == SIP_SCHEME_OTHER ||
                uri.has_user == (uri.user.at != NULL));
    describe_part(out, "user", uri.user);
    describe_part(out, "password", uri.password);
    describe_part(out, "host", uri.host);
    if (uri.port > 0) buffer_printf(out, " port=%u", uri.port);
    describe_part(out, "params", uri.params);
    describe_part(out, "headers", uri.headers);
}

struct uri_case {
    const char *text, *expected;
};

static void check_cases(const struct uri_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct printed printed;
        describe(start_printing(&printed), span_of(cases[i].text));
        struct span got = buffer_span(&printed.buffer);
        if (!span_eq(got, span_of(cases[i].expected))) print_error("%s:\n", cases[i].text);
        assert_span(got, cases[i].expected);
    }
}
#define CHECK(cases) check_cases(cases, sizeof(cases) / sizeof((cases)[0]))

static void test_sip(void **state)
{
    (void)state;
    static const struct uri_case cases[] = {
        {"sip:alice@example.com", "sip user=alice host=example.com"},
        {"SIPS:alice@example.com.", "sips user=alice host=example.com."},
        {"sip:example.com", "sip host=example.com"},
        {"sip:a:b@example.com:5070", "sip user=a password=b host=example.com port=5070"},
        {"sip:a:@h", "sip user=a password= host=h"},
        {"sip:@h", "sip user= host=h"},
        {"sip:+49(89)123-4@h;user=phone", "sip user=+49(89)123-4 host=h params=user=phone"},
        {"sip:*21#@h", "sip user=*21# host=h"},
        {"sip:user;par=u%40example.net@example.com",
         "sip user=user;par=u%40example.net host=example.com"},
        {"sip:sips%3Auser%40example.com@example.net",
         "sip user=sips%3Auser%40example.com host=example.net"},
        {"sip:null-%00-null@h", "sip user=null-%00-null host=h"},
        {"sip:a?b/c,d@h", "sip user=a?b/c,d host=h"},
        {"sip:h:5060;lr;a=[1:2]/x;%6C%72", "sip host=h port=5060 params=lr;a=[1:2]/x;%6C%72"},
        {"sip:a@h;p=", "sip user=a host=h params=p="},
        {"sip:a@h?Subject=x%20y&b=", "sip user=a host=h headers=Subject=x%20y&b="},
        {"sip:a@h;x?y=z", "sip user=a host=h params=x headers=y=z"},
        {"sip:h:0", "sip host=h"},
        {"sip:h:00005060", "sip host=h port=5060"},
        {"sip:192.0.2.1:65535", "sip host=192.0.2.1 port=65535"},
        {"sip:my_host", "sip host=my_host"},
    };
    CHECK(cases);
}

static void test_sip_refused(void **state)
{
    (void)state;
    static const struct uri_case cases[] = {
        {"", "invalid"},
        {"sip", "invalid"},
        {"sip:", "invalid"},
        {":a@h", "invalid"},
        {"1sip:a@h", "invalid"},
        {"<sip:a@h>", "invalid"},
        {"sip:a@", "invalid"},
        {"sip:a@h ", "invalid"},
        {"sip: a@h", "invalid"},
        {"sip:a b@h", "invalid"},
        {"sip:a@b@h", "invalid"},
        {"sip:a:b:c@h", "invalid"},
        {"sip:%4@h", "invalid"},
        {"sip:%4g@h", "invalid"},
        {"sip:%@h", "invalid"},
        {"sip:a\"b@h", "invalid"},
        {"sip:m\xc3\xbcller@h", "invalid"},
        {"sip:a@h:", "invalid"},
        {"sip:a@h:65536", "invalid"},
        {"sip:a@h:5060x", "invalid"},
        {"sip:a@h:99999999999999999999999", "invalid"},
        {"sip:a@.h", "invalid"},
        {"sip:a@h..i", "invalid"},
        {"sip:a@.", "invalid"},
        {"sip:a@h!", "invalid"},
        {"sip:a@h;", "invalid"},
        {"sip:a@h;;x", "invalid"},
        {"sip:a@h;=x", "invalid"},
        {"sip:a@h;x=y=z", "invalid"},
        {"sip:a@h;x=%4", "invalid"},
        {"sip:a@h; lr", "invalid"},
        {"sip:a@h?", "invalid"},
        {"sip:a@h?x=\"", "invalid"},
        {"sip:a@h?x=y?;", "invalid"},
    };
    CHECK(cases);
}

static void test_ipv6(void **state)
{
    (void)state;
    static const struct uri_case cases[] = {
        {"sip:[::]", "sip host=[::]"},
        {"sip:[::1]:5070", "sip host=[::1] port=5070"},
        {"sip:a@[2001:db8::10:5070]", "sip user=a host=[2001:db8::10:5070]"},
        {"sip:[1:2:3:4:5:6:7:8]", "sip host=[1:2:3:4:5:6:7:8]"},
        {"sip:[1:2:3:4:5:6:7::]", "sip host=[1:2:3:4:5:6:7::]"},
        {"sip:[1:2:3:4:5:6:192.0.2.1]", "sip host=[1:2:3:4:5:6:192.0.2.1]"},
        {"sip:[::ffff:192.0.2.1];lr", "sip host=[::ffff:192.0.2.1] params=lr"},
        {"sip:[2001:DB8:::192.0.2.1]", "sip host=[2001:DB8:::192.0.2.1]"},
        {"sip:2001:db8::10", "invalid"},
        {"sip:a@2001:db8::10", "invalid"},
        {"sip:[", "invalid"},
        {"sip:[]", "invalid"},
        {"sip:[:]", "invalid"},
        {"sip:[1]", "invalid"},
        {"sip:[:1]", "invalid"},
        {"sip:[1:]", "invalid"},
        {"sip:[::1", "invalid"},
        {"sip:[::1]x", "invalid"},
        {"sip:[:::1]", "invalid"},
        {"sip:[1::2::3]", "invalid"},
        {"sip:[1:2:3:4:5:6:7]", "invalid"},
        {"sip:[1:2:3:4:5:6:7:8:9]", "invalid"},
        {"sip:[1:2:3:4::5:6:7:8]", "invalid"},
        {"sip:[12345::]", "invalid"},
        {"sip:[g::]", "invalid"},
        {"sip:[::192.0.2]", "invalid"},
        {"sip:[::192.0.2.256]", "invalid"},
        {"sip:[::192.0.2.1.1]", "invalid"},
        {"sip:[192.0.2.1]", "invalid"},
        {"sip:[fe80::1%eth0]", "invalid"},
        {"sip:[fe80::1%25eth0]", "invalid"},
        {"sip:[::\n]", "invalid"},
    };
    CHECK(cases);
}

static void test_other_schemes(void **state)
{
    (void)state;
    static const struct uri_case cases[] = {
        {"tel:+49-89-1234.56", "tel user=+49-89-1234.56"},
        {"tel:101;phone-context=example.com", "tel user=101 params=phone-context=example.com"},
        {"tel:*21#", "tel user=*21#"},
        {"TEL:7042;phone-context=+1914;ext=1", "tel user=7042 params=phone-context=+1914;ext=1"},
        {"tel:", "invalid"},
        {"tel:+", "invalid"},
        {"tel:+49x", "invalid"},
        {"tel:1;", "invalid"},
        {"tel:1?x=y", "invalid"},
        {"isbn:2983792873", "other user=2983792873"},
        {"soap.beep://192.0.2.103:3002", "other user=//192.0.2.103:3002"},
        {"http://www.example.com/a?b=c#d", "other user=//www.example.com/a?b=c#d"},
        {"x:", "invalid"},
        {"x:a b", "invalid"},
        {"x:a<b", "invalid"},
        {"x_y:a", "invalid"},
    };
    CHECK(cases);
}

static void test_embedded_zero_is_no_end(void **state)
{
    (void)state;
    struct sip_uri uri;
    assert_int_equal(sip_parse_uri(SPAN("sip:a\0b@h"), &uri), SIP_ERR_URI);
    assert_int_equal(sip_parse_uri(SPAN("sip:a@h\0"), &uri), SIP_ERR_URI);
    assert_int_equal(sip_parse_uri(SPAN_NONE, &uri), SIP_ERR_URI);
}

static void test_unescape(void **state)
{
    (void)state;
    struct printed printed;
    sip_put_unescaped(start_printing(&printed), SPAN("a%20%5a%7A%4%zz%"));
    assert_printed(printed, "a Zz%4%zz%");
    sip_put_unescaped(start_printing(&printed), SPAN("n%00n"));
    assert_true(span_eq(buffer_span(&printed.buffer), SPAN("n\0n")));
    sip_put_unescaped(start_printing(&printed), SPAN_NONE);
    assert_printed(printed, "");
}

static void test_escape(void **state)
{
    (void)state;
    struct printed printed;
    sip_put_escaped_user(start_printing(&printed), SPAN("+49 89#1;x=a/b?c,d&e$f-_.!~*'()"));
    assert_printed(printed, "+49%2089%231;x=a/b?c,d&e$f-_.!~*'()");
    sip_put_escaped_user(start_printing(&printed), SPAN("a@b:c%\0\xc3\xbc\"<>[]"));
    assert_printed(printed, "a%40b%3Ac%25%00%C3%BC%22%3C%3E%5B%5D");
}

// Whatever the user part is: escaped, put into a URI, read and unescaped, it is the same again.
static void test_escape_round_trip(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        char user[3] = {'x', (char)byte, 'y'};
        struct printed uri_text, user_text;
        struct sip_uri uri;
        struct buffer *out = start_printing(&uri_text);
        buffer_put_text(out, "sip:");
        sip_put_escaped_user(out, (struct span){user, sizeof user});
        buffer_put_text(out, "@h");
        assert_int_equal(sip_parse_uri(buffer_span(out), &uri), SIP_OK);
        sip_put_unescaped(start_printing(&user_text), uri.user);
        assert_true(span_eq(buffer_span(&user_text.buffer), (struct span){user, sizeof user}));
    }
}

// RFC 3261 section 19.1.4, most of its examples.
static void test_equal(void **state)
{
    static const struct {
        const char *a, *b;
        bool is_equal;
    } cases[] = {
        {"sip:alice@AtLanTa.CoM;Transport=tcp", "SIP:alice@atlanta.com;transport=TCP", true},
        {"sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5", true},
        {"sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on", true},
        {"sip:carol@chicago.com;a=1", "sip:carol@chicago.com;a=2", false},
        {"sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", false},
        {"sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp", false},
        {"sip:bob@biloxi.com;method=INVITE", "sip:bob@biloxi.com", false},
        {"sip:ALICE@a.com", "sip:alice@a.com", false},
        {"sips:alice@a.com", "sip:alice@a.com", false},
        {"sip:a.com", "sip:alice@a.com", false},
        {"sip:alice:x@a.com", "sip:alice:y@a.com", false},
        {"sip:carol@chicago.com?Subject=next%20meeting", "sip:carol@chicago.com", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sip_uri a, b;
        assert_int_equal(sip_parse_uri(span_of(cases[i].a), &a), SIP_OK);
        assert_int_equal(sip_parse_uri(span_of(cases[i].b), &b), SIP_OK);
        assert_int_equal(sip_uri_eq(&a, &b), cases[i].is_equal);
        assert_int_equal(sip_uri_eq(&b, &a), cases[i].is_equal);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sip),
        cmocka_unit_test(test_sip_refused),
        cmocka_unit_test(test_ipv6),
        cmocka_unit_test(test_other_schemes),
        cmocka_unit_test(test_embedded_zero_is_no_end),
        cmocka_unit_test(test_unescape),
        cmocka_unit_test(test_escape),
        cmocka_unit_test(test_escape_round_trip),
        cmocka_unit_test(test_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
