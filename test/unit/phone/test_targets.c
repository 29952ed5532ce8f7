// SPDX-License-Identifier: Apache-2.0
// Targets of forwardings: reading, comparing, dialling.
#include "site.h"

static struct span kind_name(enum phone_target_kind kind)
{
    switch (kind) {
    case PHONE_TARGET_INVALID: return SPAN("refused");
    case PHONE_TARGET_NUMBER: return SPAN("number");
    case PHONE_TARGET_SIP: return SPAN("sip");
    case PHONE_TARGET_MAILBOX: return SPAN("mailbox");
    case PHONE_TARGET_MOBILE: return SPAN("mobile");
    }
    return SPAN("?");
}

static void check_target(struct table *table, const struct phone_numbering *numbering)
{
    char reason[REASON_SIZE] = "", bytes[TEXT_SIZE * 2];
    struct phone_target target, again;
    struct buffer dialled = buffer_over(bytes, sizeof bytes);
    struct span typed = span_eq(table->cells[0], SPAN("-")) ? SPAN_NONE : table->cells[0];
    const char *refused = phone_read_target(numbering, typed, &target, reason);
    struct span said = refused ? span_of(refused) : span_of(target.text);
    table_expect(table, "kind", table->cells[1], kind_name(target.kind));
    table_expect(table, "stored, or the reason", table->cells[2], said);
    if (refused || table->cell_count < 4) return;

    phone_put_target_dialled(&dialled, numbering, said);
    table_expect(table, "dialled", table->cells[3], buffer_span(&dialled));
    assert_null(phone_read_target(numbering, said, &again, reason));
    table_expect(table, "stored, read again", said, span_of(again.text));
}

static void test_reading(void **state)
{
    (void)state;
    struct phone_numbering numbering = site_numbering(SITE_MUNICH);
    struct table table = table_open("test/tables/targets.txt");
    while (table_next(&table)) check_target(&table, &numbering);
    table_close(&table);
}

static void test_longest(void **state)
{
    (void)state;
    struct phone_numbering numbering = site_numbering(SITE_MUNICH);
    struct phone_target target;
    char reason[REASON_SIZE], bytes[TEXT_SIZE];
    memset(bytes, 'a', sizeof bytes);
    memcpy(bytes, "sip:a@", 6);
    struct span longest = {bytes, sizeof bytes - 1}, too_long = {bytes, sizeof bytes};
    assert_null(phone_read_target(&numbering, longest, &target, reason));
    assert_int_equal(strlen(target.text), longest.len);
    assert_non_null(phone_read_target(&numbering, too_long, &target, reason));
}

static void test_same(void **state)
{
    (void)state;
    struct phone_numbering numbering = site_numbering(SITE_MUNICH);
    struct span domain = SPAN("pbx.example");
    struct table table = table_open("test/tables/same.txt");
    while (table_next(&table)) {
        table_expect_cells(&table, 3);
        struct span a = table.cells[0], b = table.cells[1];
        bool is_same = phone_is_same(&numbering, domain, a, b);
        table_expect(&table, "they are", table.cells[2],
                     is_same ? SPAN("same") : SPAN("different"));
        assert_int_equal(phone_is_same(&numbering, domain, b, a), is_same);
        assert_true(phone_is_same(&numbering, domain, a, a));
        assert_true(phone_is_same(&numbering, domain, b, b));
    }
    table_close(&table);
}

// What came over the wire may be longer than any target.
static void test_same_of_long_texts(void **state)
{
    (void)state;
    struct phone_numbering numbering = site_numbering(SITE_MUNICH);
    char a[300], b[300];
    memset(a, 'a', sizeof a);
    memset(b, 'a', sizeof b);
    memcpy(a, "sip:", 4);
    memcpy(b, "sip:", 4);
    a[20] = b[20] = '@';
    b[sizeof b - 1] = 'b';
    struct span long_a = {a, sizeof a}, long_b = {b, sizeof b};
    assert_true(phone_is_same(&numbering, SPAN("pbx.example"), long_a, long_a));
    assert_false(phone_is_same(&numbering, SPAN("pbx.example"), long_a, long_b));
    assert_false(phone_is_same(&numbering, SPAN("pbx.example"), long_a, SPAN("103")));
    assert_false(phone_is_same(&numbering, SPAN("pbx.example"), SPAN_NONE, SPAN("103")));
}

// A domain may be given with a port, as the server is.
static void test_domain_with_port(void **state)
{
    (void)state;
    struct phone_numbering numbering = site_numbering(SITE_MUNICH);
    assert_true(phone_is_same(&numbering, SPAN("pbx.example:5070"), SPAN("103"),
                              SPAN("sip:103@pbx.example")));
    assert_true(phone_is_same(&numbering, SPAN("[::1]:5070"), SPAN("103"), SPAN("sip:103@[::1]")));
}

// A number that is plain and the same one as a tel: URI, which is read in full, are one place; what
// is no number is its own.
static void check_plain(const struct phone_numbering *numbering, const char *number)
{
    char bytes[TEXT_SIZE];
    struct buffer uri = buffer_over(bytes, sizeof bytes);
    struct phone_place plain, full;
    buffer_put(&uri, SPAN("tel:"));
    buffer_put_text(&uri, number);
    phone_find_place(numbering, SPAN("pbx.example"), span_of(number), &plain);
    phone_find_place(numbering, SPAN("pbx.example"), buffer_span(&uri), &full);
    bool is_number = phone_read(numbering, buffer_span(&uri), false).kind != PHONE_INVALID;
    struct span expected = is_number ? full.text : span_of(number);
    if (!span_eq(plain.text, expected)) {
        fail_msg("%s: %.*s, in full %.*s", number, SPAN_ARG(plain.text), SPAN_ARG(expected));
    }
}

static void test_plain_numbers(void **state)
{
    (void)state;
    static const char *const numbers[] = {"99",           "100",
                                          "199",          "200",
                                          "0100",         "+100",
                                          "+49891234",    "+49891234100",
                                          "+49891234199", "+49891234200",
                                          "+498912341",   "+4908912345",
                                          "+49089123410", "+049891234",
                                          "+4989123",     "+498912",
                                          "+1234567",     "+123456",
                                          "+12345678901", "+123456789012345",
                                          "+390612345",   "+39061234501",
                                          "+490",         "+1234567890123456",
                                          "0891234101",   "00498912341",
                                          "+49891234700", "+4989 1234101",
                                          "*55#",         "0",
                                          "+491701234567"};
    const struct span sites[] = {
        SITE_MUNICH,
        SPAN("internal_ranges=100-199"),
        SPAN("country_code=39 national_prefix= main_number=+390612345 internal_ranges=00-99"),
        SPAN("country_code=1 national_prefix=1 main_number=+12345678 internal_ranges=100-999"),
    };
    for (size_t site = 0; site < sizeof sites / sizeof sites[0]; site++) {
        struct phone_numbering numbering = site_numbering(sites[site]);
        for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
            check_plain(&numbering, numbers[i]);
        }
    }
}

static void test_dialled_does_not_fit(void **state)
{
    (void)state;
    struct phone_numbering numbering = site_numbering(SITE_MUNICH);
    char bytes[5];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    phone_put_target_dialled(&out, &numbering, SPAN("*55#"));
    assert_true(out.is_full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reading),
        cmocka_unit_test(test_longest),
        cmocka_unit_test(test_same),
        cmocka_unit_test(test_same_of_long_texts),
        cmocka_unit_test(test_domain_with_port),
        cmocka_unit_test(test_plain_numbers),
        cmocka_unit_test(test_dialled_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
