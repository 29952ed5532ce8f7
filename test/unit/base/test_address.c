// SPDX-License-Identifier: Apache-2.0
// Network addresses as text and back.
#include "unit/check.h"

static void check_parse_port(const char *text, const char *expected)
{
    struct address address;
    char bytes[64];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    if (address_parse_port(span_of(text), 5060, &address)) {
        address_print(&out, &address);
    } else {
        buffer_put_text(&out, "invalid");
    }
    if (!span_eq(buffer_span(&out), span_of(expected))) print_error("%s:\n", text);
    assert_span(buffer_span(&out), expected);
}

static void test_with_port(void **state)
{
    (void)state;
    check_parse_port("192.0.2.1:25001", "192.0.2.1:25001");
    check_parse_port("192.0.2.1", "192.0.2.1:5060");
    check_parse_port("255.255.255.255:0", "255.255.255.255:0");
    check_parse_port("[2001:db8::1]:65535", "[2001:db8::1]:65535");
    check_parse_port("[2001:DB8:0:0::1]", "[2001:db8::1]:5060");
    check_parse_port("2001:db8::1", "[2001:db8::1]:5060");
    check_parse_port("::", "[::]:5060");
    check_parse_port("[::ffff:192.0.2.1]:1", "[::ffff:192.0.2.1]:1");
    check_parse_port("", "invalid");
    check_parse_port(":5060", "invalid");
    check_parse_port("5060", "invalid");
    check_parse_port("192.0.2.1:", "invalid");
    check_parse_port("192.0.2.1:65536", "invalid");
    check_parse_port("192.0.2.1:x", "invalid");
    check_parse_port("192.0.2", "invalid");
    check_parse_port("192.0.2.256", "invalid");
    check_parse_port("[192.0.2.1]:5060", "invalid");
    check_parse_port("[::1", "invalid");
    check_parse_port("[::1:5060", "invalid");
    check_parse_port("[::1]x:5060", "invalid");
    check_parse_port("[]:5060", "invalid");
    check_parse_port("example.com:5060", "invalid");
    check_parse_port("1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc", "invalid");
}

static void test_host(void **state)
{
    (void)state;
    struct address address;
    char bytes[64];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    assert_true(address_parse(SPAN("[::1]"), &address));
    assert_int_equal(address.family, ADDRESS_IPV6);
    assert_int_equal(address.port, 0);
    address_print_host(&out, &address);
    assert_span(buffer_span(&out), "[::1]");
    assert_false(address_parse(SPAN("192.0.2.1\0x"), &address));
    assert_false(address_parse(SPAN("192.0.2.1 "), &address));
    assert_int_equal(address.family, ADDRESS_NONE);
    out = buffer_over(bytes, sizeof bytes);
    address_print(&out, &address);
    assert_span(buffer_span(&out), "unknown:0");
}

static void test_comparing(void **state)
{
    (void)state;
    struct address a, b;
    assert_true(address_parse_port(SPAN("192.0.2.1:1"), 0, &a));
    assert_true(address_parse_port(SPAN("192.0.2.1:2"), 0, &b));
    assert_true(address_eq_host(&a, &b));
    assert_false(address_eq(&a, &b));
    b.port = 1;
    assert_true(address_eq(&a, &b));
    b.bytes[3] = 2;
    assert_false(address_eq_host(&a, &b));
    assert_true(address_parse(SPAN("::"), &a));
    assert_true(address_parse(SPAN("0.0.0.0"), &b));
    assert_false(address_eq_host(&a, &b));
}

// ---- Ranges

static void check_range(const char *text, const char *expected)
{
    struct address_range range;
    char bytes[64];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    if (address_parse_range(span_of(text), &range)) {
        address_print_range(&out, &range);
    } else {
        buffer_put_text(&out, "invalid");
    }
    assert_span(buffer_span(&out), expected);
}

static void test_ranges(void **state)
{
    (void)state;
    check_range("192.0.2.1", "192.0.2.1");
    check_range("192.0.2.1/32", "192.0.2.1");
    check_range("192.0.2.0/24", "192.0.2.0/24");
    check_range("0.0.0.0/0", "0.0.0.0/0");
    check_range("2001:db8::/32", "2001:db8::/32");
    check_range("[2001:db8::1]", "2001:db8::1");
    check_range("::1/128", "::1");
    check_range("192.0.2.1/24", "invalid"); // bits behind the prefix
    check_range("192.0.2.128/24", "invalid");
    check_range("192.0.2.0/33", "invalid");
    check_range("2001:db8::/129", "invalid");
    check_range("192.0.2.0/", "invalid");
    check_range("192.0.2.0/a", "invalid");
    check_range("192.0.2.0/-1", "invalid");
    check_range("pbx.example", "invalid");
    check_range("", "invalid");
}

static bool is_in(const char *address_text, const char *range_text)
{
    struct address address;
    struct address_range range;
    assert_true(address_parse_port(span_of(address_text), 5060, &address));
    assert_true(address_parse_range(span_of(range_text), &range));
    return address_is_in(&address, &range);
}

static void test_being_in_a_range(void **state)
{
    (void)state;
    assert_true(is_in("192.0.2.7", "192.0.2.0/24"));
    assert_true(is_in("192.0.2.255", "192.0.2.0/24"));
    assert_false(is_in("192.0.3.0", "192.0.2.0/24"));
    assert_true(is_in("192.0.2.7", "192.0.2.0/29"));
    assert_false(is_in("192.0.2.8", "192.0.2.0/29"));
    assert_true(is_in("192.0.2.7", "192.0.2.7"));
    assert_false(is_in("192.0.2.6", "192.0.2.7"));
    assert_true(is_in("8.8.8.8", "0.0.0.0/0"));
    assert_false(is_in("::1", "0.0.0.0/0"));
    assert_true(is_in("2001:db8:ffff::1", "2001:db8::/32"));
    assert_false(is_in("2001:db9::1", "2001:db8::/32"));
    assert_false(is_in("192.0.2.1", "::/0"));
}

static void test_lists_of_ranges(void **state)
{
    (void)state;
    struct address_range ranges[2];
    size_t count;
    assert_true(address_parse_ranges(SPAN(""), ranges, 2, &count));
    assert_int_equal(count, 0);
    assert_true(address_parse_ranges(SPAN(" 192.0.2.0/24 , ::1"), ranges, 2, &count));
    assert_int_equal(count, 2);
    assert_int_equal(ranges[1].first.family, ADDRESS_IPV6);
    assert_false(address_parse_ranges(SPAN("192.0.2.1,"), ranges, 2, &count));
    assert_int_equal(count, 1);
    assert_false(address_parse_ranges(SPAN("::1,::2,::3"), ranges, 2, &count));
    assert_int_equal(count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_being_in_a_range),
        cmocka_unit_test(test_lists_of_ranges),
        cmocka_unit_test(test_with_port),
        cmocka_unit_test(test_host),
        cmocka_unit_test(test_comparing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
