// SPDX-License-Identifier: Apache-2.0
// Printing into bounded memory.
#include "unit/check.h"

static void test_printing(void **state)
{
    (void)state;
    char bytes[64];
    const uint8_t hex[] = {0x00, 0x9f, 0xff};
    struct buffer out = buffer_over(bytes, sizeof bytes);
    buffer_put(&out, SPAN("a"));
    buffer_put(&out, SPAN_NONE);
    buffer_put_text(&out, "bc");
    buffer_put_byte(&out, ' ');
    buffer_put_u64(&out, 0);
    buffer_put_byte(&out, ' ');
    buffer_put_u64(&out, UINT64_MAX);
    buffer_put_byte(&out, ' ');
    buffer_put_hex(&out, hex, sizeof hex);
    buffer_printf(&out, " %d%s", -5, "x");
    assert_span(buffer_span(&out), "abc 0 18446744073709551615 009fff -5x");
    assert_false(out.is_full);
}

static void test_full_stays_full(void **state)
{
    (void)state;
    char bytes[5] = "....";
    struct buffer out = buffer_over(bytes, 4);
    buffer_put(&out, SPAN("abc"));
    assert_false(out.is_full);
    buffer_put(&out, SPAN("de"));
    assert_true(out.is_full);
    buffer_put_byte(&out, 'x');
    buffer_printf(&out, "y");
    assert_span(buffer_span(&out), "abc");
    assert_int_equal(bytes[3], '.');
}

static void test_exact_fit(void **state)
{
    (void)state;
    char bytes[3];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    buffer_put(&out, SPAN("abc"));
    assert_false(out.is_full);
    buffer_put(&out, SPAN_NONE);
    assert_false(out.is_full);
}

// printf needs a byte for its terminator: what fills the last byte does not fit.
static void test_printf_limit(void **state)
{
    (void)state;
    char bytes[4];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    buffer_printf(&out, "%s", "abc");
    assert_false(out.is_full);
    out = buffer_over(bytes, sizeof bytes);
    buffer_printf(&out, "%s", "abcd");
    assert_true(out.is_full);
    assert_int_equal(out.len, 0);
    out = buffer_over(bytes, 0);
    buffer_printf(&out, "%s", "");
    assert_true(out.is_full);
}

static void test_text_copy(void **state)
{
    (void)state;
    char text[4] = "zzz";
    assert_true(text_copy(text, sizeof text, SPAN("abc")));
    assert_string_equal(text, "abc");
    assert_false(text_copy(text, sizeof text, SPAN("abcd")));
    assert_string_equal(text, "");
    assert_true(text_copy(text, sizeof text, SPAN_NONE));
    assert_string_equal(text, "");
    assert_false(text_copy(text, 0, SPAN_NONE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_printing),  cmocka_unit_test(test_full_stays_full),
        cmocka_unit_test(test_exact_fit), cmocka_unit_test(test_printf_limit),
        cmocka_unit_test(test_text_copy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
