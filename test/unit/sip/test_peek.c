// SPDX-License-Identifier: Apache-2.0
// What an ACK tells at a glance.
#include "unit/sip/check.h"

#define ACK  "ACK sip:101@192.0.2.1 SIP/2.0\r\n"
#define FROM "From: <sip:a@h>;tag=1\r\n"

static void test_cases(void **state)
{
    (void)state;
    static const struct {
        const char *text, *branch; // NULL: sip_parse has to look
    } cases[] = {
        {ACK "Via: SIP/2.0/UDP h;branch=b\r\n\r\n", "b"},
        {ACK FROM "Via: SIP/2.0/UDP h;branch=b, SIP/2.0/UDP i;branch=c\r\n\r\n", "b"},
        {ACK "Via:SIP/2.0/UDP h;branch=b\r\nVia: SIP/2.0/UDP i;branch=c\r\n\r\n", "b"},
        {ACK "X: a\r\n Via: SIP/2.0/UDP i;branch=c\r\nVia: SIP/2.0/UDP h;branch=b\r\n\r\n", "b"},
        {ACK "v: SIP/2.0/UDP h;branch=b\r\n\r\n", NULL},
        {ACK "VIA: SIP/2.0/UDP h;branch=b\r\n\r\n", NULL},
        {ACK "Via : SIP/2.0/UDP h;branch=b\r\nVia: SIP/2.0/UDP i;branch=c\r\n\r\n", NULL},
        {ACK "Via: SIP/2.0/UDP h\r\n ;branch=b\r\n\r\n", NULL},
        {ACK "Via: SIP/2.0/UDP h;branch=b\n\r\n", NULL},
        {ACK "Via: SIP/2.0/UDP ;branch=b\r\n\r\n", NULL},
        {ACK FROM "\r\nVia: SIP/2.0/UDP h;branch=b\r\n\r\n", NULL},
        {ACK "Via: SIP/2.0/UDP h;branch=b", NULL},
        {ACK, NULL},
        {"ACK sip:101@192.0.2.1 SIP/3.0\r\nVia: SIP/2.0/UDP h;branch=b\r\n\r\n", NULL},
        {"ACKS sip:101@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=b\r\n\r\n", NULL},
        {"\r\n" ACK "Via: SIP/2.0/UDP h;branch=b\r\n\r\n", NULL},
        {"BYE sip:101@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=b\r\n\r\n", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sip_via via;
        bool is_read = sip_peek_ack(span_of(cases[i].text), &via);
        if (is_read != (cases[i].branch != NULL)) print_error("%s:\n", cases[i].text);
        assert_int_equal(is_read, cases[i].branch != NULL);
        if (is_read) assert_span(via.branch, cases[i].branch);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
