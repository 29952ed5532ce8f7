// SPDX-License-Identifier: Apache-2.0
// Methods, statuses, and what is said about faults.
#include "unit/sip/check.h"

static void test_methods(void **state)
{
    (void)state;
    for (unsigned method = SIP_INVITE; method <= SIP_UPDATE; method++) {
        struct parsed parsed;
        struct printed printed;
        const char *text = sip_method_text((enum sip_method)method);
        struct buffer *out = start_printing(&printed);
        buffer_printf(out, "%s sip:b@h SIP/2.0\r\n\r\n", text);
        parse(&parsed, buffer_span(out));
        assert_int_equal(parsed.message.method, method);
        assert_span(parsed.message.method_name, text);
    }
    assert_string_equal(sip_method_text(SIP_METHOD_OTHER), "?");
    assert_string_equal(sip_method_text((enum sip_method)99), "?");
}

static void test_methods_of_others(void **state)
{
    (void)state;
    static const char *const names[] = {"invite", "INVITES", "NEWMETHOD", "!*_+`.%'~"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct parsed parsed;
        struct printed printed;
        struct buffer *out = start_printing(&printed);
        buffer_printf(out, "%s sip:b@h SIP/2.0\r\n\r\n", names[i]);
        parse(&parsed, buffer_span(out));
        assert_int_equal(parsed.message.method, SIP_METHOD_OTHER);
        assert_span(parsed.message.method_name, names[i]);
    }
}

static void test_statuses(void **state)
{
    (void)state;
    static const struct {
        unsigned status;
        const char *text;
    } cases[] = {
        {100, "Trying"},
        {180, "Ringing"},
        {199, "Early Dialog Terminated"},
        {150, "Trying"},
        {200, "OK"},
        {202, "Accepted"},
        {299, "OK"},
        {302, "Moved Temporarily"},
        {333, "Multiple Choices"},
        {404, "Not Found"},
        {439, "First Hop Lacks Outbound Support"},
        {440, "Max-Breadth Exceeded"},
        {486, "Busy Here"},
        {499, "Bad Request"},
        {418, "Bad Request"},
        {503, "Service Unavailable"},
        {599, "Server Internal Error"},
        {603, "Decline"},
        {699, "Busy Everywhere"},
        {0, "Unknown Status"},
        {700, "Unknown Status"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(sip_status_text(cases[i].status), cases[i].text);
    }
    for (unsigned status = 0; status < 1000; status++) assert_non_null(sip_status_text(status));
}

static void test_faults(void **state)
{
    (void)state;
    for (unsigned err = SIP_OK; err <= SIP_ERR_NO_MEMORY; err++) {
        unsigned status = sip_fault_status((enum sip_err)err);
        assert_string_not_equal(sip_err_text((enum sip_err)err), "Unknown fault");
        assert_true(status == 400 || err == SIP_ERR_VERSION || err == SIP_ERR_URI_SCHEME ||
                    err == SIP_ERR_TOO_BIG || err == SIP_ERR_NO_MEMORY);
    }
    assert_string_equal(sip_err_text((enum sip_err)99), "Unknown fault");
    assert_int_equal(sip_fault_status(SIP_ERR_VERSION), 505);
    assert_int_equal(sip_fault_status(SIP_ERR_URI_SCHEME), 416);
    assert_int_equal(sip_fault_status(SIP_ERR_TOO_BIG), 513);
    assert_int_equal(sip_fault_status(SIP_ERR_NO_MEMORY), 503);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_methods),
        cmocka_unit_test(test_methods_of_others),
        cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
