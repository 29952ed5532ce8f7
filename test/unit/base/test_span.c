// SPDX-License-Identifier: Apache-2.0
// Spans: comparing, cutting, reading numbers.
#include "unit/check.h"

static void test_comparing(void **state)
{
    (void)state;
    assert_true(span_eq(SPAN_NONE, SPAN("")));
    assert_true(span_eq(SPAN("a\0b"), SPAN("a\0b")));
    assert_false(span_eq(SPAN("a\0b"), SPAN("a\0c")));
    assert_false(span_eq(SPAN("a"), SPAN("A")));
    assert_false(span_eq(SPAN("a"), SPAN("ab")));
    assert_true(span_eq_nocase(SPAN("aZ09-"), SPAN("Az09-")));
    assert_false(span_eq_nocase(SPAN("@"), SPAN("`")));
    assert_false(span_eq_nocase(SPAN("["), SPAN("{")));
    assert_false(span_eq_nocase(SPAN("a"), SPAN("ab")));
    assert_true(span_starts_with(SPAN("abc"), SPAN("ab")));
    assert_true(span_starts_with(SPAN("abc"), SPAN_NONE));
    assert_false(span_starts_with(SPAN("abc"), SPAN("abcd")));
    assert_false(span_starts_with(SPAN("abc"), SPAN("b")));
    assert_true(span_eq(span_of(NULL), SPAN_NONE));
}

static void test_cutting(void **state)
{
    (void)state;
    assert_span(span_slice(SPAN("abcdef"), 1, 3), "bc");
    assert_span(span_slice(SPAN("abcdef"), 4, 99), "ef");
    assert_span(span_slice(SPAN("abcdef"), 99, 3), "");
    assert_null(span_slice(SPAN_NONE, 0, 1).at);
    assert_span(span_from(SPAN("abc"), 2), "c");
    assert_span(span_from(SPAN("abc"), 4), "");
    assert_span(span_trim(SPAN(" \t\r\n a b \r\n")), "a b");
    assert_span(span_trim(SPAN(" \t")), "");
    assert_span(span_trim(SPAN_NONE), "");
    assert_int_equal(span_find(SPAN("abc"), 'c'), 2);
    assert_int_equal(span_find(SPAN("abc"), 'x'), 3);
    assert_int_equal(span_find(SPAN_NONE, 'x'), 0);
}

static void test_splitting(void **state)
{
    (void)state;
    struct span rest = SPAN("a,,b");
    assert_span(span_split(&rest, ','), "a");
    assert_span(span_split(&rest, ','), "");
    assert_span(span_split(&rest, ','), "b");
    assert_int_equal(rest.len, 0);
    assert_span(span_split(&rest, ','), "");
}

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t max;
        bool is_number;
        uint64_t value;
    } cases[] = {
        {"0", 0, true, 0},
        {"00042", 42, true, 42},
        {"43", 42, false, 0},
        {"9", 8, false, 0},
        {"255", 255, true, 255},
        {"256", 255, false, 0},
        {"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
        {"18446744073709551616", UINT64_MAX, false, 0},
        {"99999999999999999999999", UINT64_MAX, false, 0},
        {"", 9, false, 0},
        {"-1", 9, false, 0},
        {"1 ", 9, false, 0},
        {"1a", 99, false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t value = 7;
        bool is_number = span_to_u64(span_of(cases[i].text), cases[i].max, &value);
        assert_int_equal(is_number, cases[i].is_number);
        assert_true(value == (is_number ? cases[i].value : 7));
    }
}

static void test_bytes(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        bool is_upper = byte >= 'A' && byte <= 'Z', is_lower = byte >= 'a' && byte <= 'z';
        bool is_digit = byte >= '0' && byte <= '9';
        assert_int_equal(ascii_lower((char)byte), (char)(is_upper ? byte + 32 : byte));
        assert_int_equal(ascii_is_digit((char)byte), is_digit);
        assert_int_equal(ascii_is_alnum((char)byte), is_digit || is_upper || is_lower);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comparing), cmocka_unit_test(test_cutting),
        cmocka_unit_test(test_splitting), cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
