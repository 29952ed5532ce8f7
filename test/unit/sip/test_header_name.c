// SPDX-License-Identifier: Apache-2.0
// Header names and their short forms, seen through a message.
#include "unit/sip/check.h"

// The kind that a header of this name gets.
static enum sip_header_id kind_of(const char *name)
{
    struct parsed parsed;
    struct printed printed;
    struct buffer *out = start_printing(&printed);
    buffer_printf(out, "X a:b SIP/2.0\r\n%s: 1\r\n\r\n", name);
    parse(&parsed, buffer_span(out));
    assert_int_equal(parsed.message.header_count, 1);
    assert_span(parsed.message.headers[0].name, name);
    assert_span(parsed.message.headers[0].value, "1");
    return parsed.message.headers[0].id;
}

static void test_each_name(void **state)
{
    (void)state;
    for (unsigned id = SIP_VIA; id <= SIP_TIMESTAMP; id++) {
        char name[32];
        assert_true(text_copy(name, sizeof name, span_of(sip_header_text((enum sip_header_id)id))));
        assert_int_equal(kind_of(name), id);
        for (size_t i = 0; name[i]; i++) name[i] = ascii_lower(name[i]);
        assert_int_equal(kind_of(name), id);
        name[0] = name[0] == 'x' ? 'y' : 'x';
        assert_int_equal(kind_of(name), SIP_HEADER_OTHER);
    }
    assert_string_equal(sip_header_text(SIP_HEADER_OTHER), "?");
    assert_string_equal(sip_header_text((enum sip_header_id)200), "?");
}

static void test_short_forms(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum sip_header_id id;
    } cases[] = {
        {"c", SIP_CONTENT_TYPE}, {"e", SIP_CONTENT_ENCODING},
        {"f", SIP_FROM},         {"i", SIP_CALL_ID},
        {"k", SIP_SUPPORTED},    {"l", SIP_CONTENT_LENGTH},
        {"m", SIP_CONTACT},      {"o", SIP_EVENT},
        {"t", SIP_TO},           {"v", SIP_VIA},
        {"V", SIP_VIA},          {"I", SIP_CALL_ID},
        {"s", SIP_HEADER_OTHER}, {"z", SIP_HEADER_OTHER},
        {"!", SIP_HEADER_OTHER}, {"~", SIP_HEADER_OTHER},
        {"1", SIP_HEADER_OTHER}, {"`", SIP_HEADER_OTHER},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(kind_of(cases[i].name), cases[i].id);
    }
}

static void test_near_misses(void **state)
{
    (void)state;
    static const char *const names[] = {
        "Vi",  "Viaa", "V.a", "Fro", "C%6Fntact", "Call_ID",      "CallxID", "Content-Lengths",
        "Vxa", "T_",   "To_", "Ts",  "X-To",      "Max-forwardz",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(kind_of(names[i]), SIP_HEADER_OTHER);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_name),
        cmocka_unit_test(test_short_forms),
        cmocka_unit_test(test_near_misses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
