// SPDX-License-Identifier: Apache-2.0
// STUN as a keep-alive: the answer of RFC 5769 section 2.2 and 2.3, without what is optional there.
#include "sip/sip.h"
#include "unit/check.h"

#define TRANSACTION "\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae"
#define PING        "\x00\x01\x00\x00\x21\x12\xa4\x42" TRANSACTION

static struct span ping_of(const char *bytes, size_t len)
{
    return (struct span){bytes, len};
}

static void assert_pong(const char *source, const char *wanted, size_t wanted_len)
{
    char bytes[64];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    struct address address;
    assert_true(address_parse_port(span_of(source), 0, &address));
    sip_put_stun_pong(&out, ping_of(PING, 20), &address);
    assert_int_equal(out.len, wanted_len);
    assert_memory_equal(out.at, wanted, wanted_len);
}

static void test_the_pong_tells_the_source(void **state)
{
    (void)state;
    assert_pong("192.0.2.1:32853",
                "\x01\x01\x00\x0c\x21\x12\xa4\x42" TRANSACTION
                "\x00\x20\x00\x08\x00\x01\xa1\x47\xe1\x12\xa6\x43",
                32);
    assert_pong("[2001:db8:1234:5678:11:2233:4455:6677]:32853",
                "\x01\x01\x00\x18\x21\x12\xa4\x42" TRANSACTION "\x00\x20\x00\x14\x00\x02\xa1\x47"
                "\x01\x13\xa9\xfa\xa5\xd3\xf1\x79\xbc\x25\xf4\xb5\xbe\xd2\xb9\xd9",
                44);
}

static void test_what_is_a_ping(void **state)
{
    (void)state;
    static const char longer[] = "\x00\x01\x00\x04\x21\x12\xa4\x42" TRANSACTION "\x80\x22\x00\x00";
    assert_true(sip_is_stun_ping(ping_of(PING, 20)));
    assert_true(sip_is_stun_ping(ping_of(longer, 24)));
    for (size_t len = 0; len < 20; len++) assert_false(sip_is_stun_ping(ping_of(PING, len)));
    for (size_t len = 20; len < 24; len++) assert_false(sip_is_stun_ping(ping_of(longer, len)));
    assert_false(sip_is_stun_ping(ping_of("\x01\x01\x00\x00\x21\x12\xa4\x42" TRANSACTION, 20)));
    assert_false(sip_is_stun_ping(ping_of("\x00\x01\x00\x00\x21\x12\xa4\x43" TRANSACTION, 20)));
    assert_false(sip_is_stun_ping(span_of("OPTIONS sip:a SIP/2.0\r\n\r\n")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_pong_tells_the_source),
        cmocka_unit_test(test_what_is_a_ping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
