// SPDX-License-Identifier: Apache-2.0
// Numbers in every notation, and what holds for all of them.
#include "site.h"

static struct span cell_or_none(struct span cell)
{
    return span_eq(cell, SPAN("-")) ? SPAN_NONE : cell;
}

static void check_number(struct table *table, const struct phone_numbering *numbering)
{
    char bytes[NUMBER_SIZE * 2];
    struct buffer dialled = buffer_over(bytes, sizeof bytes);
    bool as_dialled = span_eq(table->cells[1], SPAN("dialled"));
    if (!as_dialled && !span_eq(table->cells[1], SPAN("written"))) {
        table_unreadable(table, table->cells[1]);
    }
    struct phone_number number = phone_read(numbering, cell_or_none(table->cells[0]), as_dialled);
    struct span stored = span_of(number.text);
    bool is_internal = phone_is_in_ranges(numbering, stored);
    phone_put_dialled(&dialled, numbering, stored);
    table_expect(table, "stored", cell_or_none(table->cells[2]), stored);
    table_expect(table, "dialled", cell_or_none(table->cells[3]), buffer_span(&dialled));
    table_expect(table, "internal", table->cells[4], is_internal ? SPAN("yes") : SPAN("no"));
    enum phone_kind kind = stored.len == 0       ? PHONE_INVALID
                           : stored.at[0] == '+' ? PHONE_E164
                                                 : PHONE_EXTENSION;
    if (number.kind != kind) table_fail(table, "kind", SPAN("as stored"), SPAN("another"));
}

static void test_notations(void **state)
{
    (void)state;
    struct table table = table_open("test/tables/numbers.txt");
    struct phone_numbering numbering = {.range_count = 0};
    while (table_next(&table)) {
        if (span_starts_with(table.cells[0], SPAN("numbering "))) {
            table_expect_cells(&table, 1);
            numbering = site_numbering(table.cells[0]);
        } else {
            table_expect_cells(&table, 5);
            check_number(&table, &numbering);
        }
    }
    table_close(&table);
}

// ---- What holds for all numbers, tried with random ones

enum { ROUNDS = 100000 };

static const char *const sites[] = {
    "country_code=49 area_code=89 main_number=+49891234 outside_prefix=0 internal_ranges=1xx,7xx",
    "country_code=43 area_code=1 main_number=+4315550 internal_ranges=10-49",
    "country_code=1 area_code=212 main_number=+1212555 outside_prefix=9 national_prefix=1 "
    "international_prefix=011 internal_ranges=1xxx",
    "country_code=39 area_code=06 main_number=+39061234 outside_prefix=0 national_prefix= "
    "internal_ranges=5xx",
    "country_code=34 outside_prefix=9 national_prefix= internal_ranges=5xx",
    "country_code=7 area_code=495 national_prefix=8 international_prefix=810 internal_ranges=40xx",
    "country_code=36 area_code=1 national_prefix=06 outside_prefix=*9 internal_ranges=2x",
    "country_code=49 outside_prefix=9 international_prefix= internal_ranges=3xx",
    "outside_prefix=0",
};
enum { SITE_COUNT = sizeof sites / sizeof sites[0] };

static struct random seeded(uint8_t seed)
{
    uint8_t bytes[32] = {seed};
    struct random random;
    random_init(&random, bytes);
    return random;
}

static void put_digits(struct random *random, struct buffer *out, size_t count)
{
    for (size_t i = 0; i < count; i++) buffer_put_byte(out, (char)('0' + random_below(random, 10)));
}

// Something that looks like a number: digits with prefixes, separators and junk among them.
static struct span random_text(struct random *random, char *bytes, size_t size)
{
    static const char *const parts[] = {
        "+",
        "0",
        "00",
        "000",
        "49",
        "89",
        "1234",
        "9",
        "1",
        "011",
        "06",
        "-",
        " ",
        "/",
        "(",
        ")",
        "(0)",
        "%2B",
        "%",
        ";",
        ";ext=101",
        "*",
        "#",
        "@",
        "tel:",
        "sip:",
        "x",
        "\xc2\xa0",
        "\xe2\x80\x93",
        "\xe2",
        ";phone-context=+49",
        "101",
        "7",
    };
    struct buffer out = buffer_over(bytes, size);
    size_t count = random_below(random, 8) + 1;
    for (size_t i = 0; i < count; i++) {
        if (random_below(random, 2) == 0) {
            put_digits(random, &out, random_below(random, 6));
        } else {
            buffer_put_text(&out, parts[random_below(random, sizeof parts / sizeof parts[0])]);
        }
    }
    return buffer_span(&out);
}

static void check_stored_again(const struct phone_numbering *numbering, struct span text,
                               bool as_dialled)
{
    struct phone_number once = phone_read(numbering, text, as_dialled);
    struct span stored = span_of(once.text);
    if (once.kind == PHONE_INVALID) {
        assert_int_equal(stored.len, 0);
        return;
    }
    struct phone_number twice = phone_read(numbering, stored, false);
    bool is_same = twice.kind == once.kind && span_eq(stored, span_of(twice.text));
    if (!is_same) {
        fail_msg("\"%.*s\" is stored as %s, and that as %s", SPAN_ARG(text), once.text, twice.text);
    }
    if (once.kind != PHONE_E164) return;
    assert_in_range(stored.len, 1 + 7, 1 + 15);
    assert_false(phone_is_in_ranges(numbering, stored));
}

// A stored form, read again, is itself; so settings can be saved any number of times.
static void test_stored_form_is_stable(void **state)
{
    (void)state;
    struct random random = seeded(1);
    char bytes[256];
    for (size_t site = 0; site < SITE_COUNT; site++) {
        struct phone_numbering numbering = site_numbering(span_of(sites[site]));
        for (int i = 0; i < ROUNDS / (int)SITE_COUNT; i++) {
            struct span text = random_text(&random, bytes, sizeof bytes);
            check_stored_again(&numbering, text, false);
            check_stored_again(&numbering, text, true);
        }
    }
}

// A number that is possible in the site's country, or anywhere. National numbers do not begin with
// the digits of the country's prefixes: no numbering plan has such.
static void put_possible(struct random *random, const struct phone_numbering *numbering,
                         struct buffer *out)
{
    bool is_national = numbering->country_code[0] && random_below(random, 2) == 0;
    buffer_put_byte(out, '+');
    if (is_national) buffer_put_text(out, numbering->country_code);
    bool can_begin_with_0 = is_national && !numbering->national_prefix[0];
    if (can_begin_with_0 && random_below(random, 2) == 0) buffer_put_byte(out, '0');
    char first;
    do {
        first = (char)('2' + random_below(random, 8));
    } while (!is_national && first == numbering->country_code[0]);
    buffer_put_byte(out, first);
    put_digits(random, out, 6 + random_below(random, 5));
}

static void check_dialled_again(const struct phone_numbering *numbering, struct span possible)
{
    char bytes[NUMBER_SIZE * 2];
    struct buffer dialled = buffer_over(bytes, sizeof bytes);
    struct phone_number number = phone_read(numbering, possible, false);
    assert_int_not_equal(number.kind, PHONE_INVALID);
    phone_put_dialled(&dialled, numbering, span_of(number.text));
    assert_false(dialled.is_full);
    struct phone_number again = phone_read(numbering, buffer_span(&dialled), true);
    if (!span_eq(span_of(number.text), span_of(again.text))) {
        fail_msg("%s is dialled %.*s, and that is %s", number.text, SPAN_ARG(buffer_span(&dialled)),
                 again.text);
    }
}

// What we have dialled is, at the PBX, the number that was meant.
static void test_dialled_form_is_the_number(void **state)
{
    (void)state;
    struct random random = seeded(2);
    char bytes[NUMBER_SIZE];
    for (size_t site = 0; site < SITE_COUNT; site++) {
        struct phone_numbering numbering = site_numbering(span_of(sites[site]));
        for (int i = 0; i < ROUNDS / (int)SITE_COUNT; i++) {
            struct buffer possible = buffer_over(bytes, sizeof bytes);
            put_possible(&random, &numbering, &possible);
            check_dialled_again(&numbering, buffer_span(&possible));
        }
    }
}

// An extension, its public number, and the public number as dialled are the same.
static void test_public_number_is_the_extension(void **state)
{
    (void)state;
    struct phone_numbering numbering = site_numbering(SITE_MUNICH);
    for (unsigned extension = 0; extension < 1000; extension++) {
        char text[8], bytes[NUMBER_SIZE], dialled_bytes[NUMBER_SIZE];
        struct buffer public = buffer_over(bytes, sizeof bytes);
        struct buffer dialled = buffer_over(dialled_bytes, sizeof dialled_bytes);
        snprintf(text, sizeof text, "%03u", extension);
        bool is_internal = (extension >= 100 && extension < 200) || (extension / 100 == 7);
        assert_int_equal(phone_is_in_ranges(&numbering, span_of(text)), is_internal);

        phone_put_public(&public, &numbering, span_of(text));
        phone_put_dialled(&dialled, &numbering, buffer_span(&public));
        assert_int_equal(phone_is_in_ranges(&numbering, buffer_span(&public)), is_internal);
        struct span possible = phone_possible_extension(&numbering, buffer_span(&public));
        assert_span(possible, text);
        assert_true(phone_is_same(&numbering, SPAN_NONE, buffer_span(&public), span_of(text)));
        struct phone_number read = phone_read(&numbering, buffer_span(&dialled), true);
        assert_int_equal(read.kind, is_internal ? PHONE_EXTENSION : PHONE_E164);
    }
}

static void test_public_number_where_there_is_none(void **state)
{
    (void)state;
    struct phone_numbering munich = site_numbering(SITE_MUNICH), nowhere = {.range_count = 0};
    char bytes[NUMBER_SIZE];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    phone_put_public(&out, &nowhere, SPAN("101"));
    phone_put_public(&out, &munich, SPAN(" *21"));
    phone_put_public(&out, &munich, SPAN(" +49170"));
    phone_put_public(&out, &munich, SPAN_NONE);
    assert_span(buffer_span(&out), "101 *21 +49170");
    assert_int_equal(phone_possible_extension(&munich, SPAN("+49170")).len, 0);
    assert_int_equal(phone_possible_extension(&munich, SPAN_NONE).len, 0);
    assert_false(phone_is_in_ranges(&munich, SPAN_NONE));
}

// Received text of any length and content is read or refused, never more.
static void test_any_bytes(void **state)
{
    (void)state;
    struct random random = seeded(3);
    struct phone_numbering numbering = site_numbering(SITE_MUNICH);
    char bytes[300];
    for (int i = 0; i < ROUNDS / 4; i++) {
        size_t len = random_below(&random, sizeof bytes + 1);
        random_bytes(&random, bytes, len);
        check_stored_again(&numbering, (struct span){bytes, len}, i % 2 == 0);
    }
}

// Nothing beyond the text is looked at, and one that is too long is not read in part.
static void test_ends_of_text(void **state)
{
    (void)state;
    struct phone_numbering numbering = site_numbering(SITE_MUNICH);
    struct span cut_escape = {"10%31", 4}, cut_separator = {"101\xe2\x80\xaf", 5};
    assert_int_equal(phone_read(&numbering, cut_escape, false).kind, PHONE_INVALID);
    assert_int_equal(phone_read(&numbering, cut_separator, false).kind, PHONE_INVALID);

    char bytes[128];
    memset(bytes, '-', sizeof bytes);
    memcpy(bytes, "101", 3);
    struct span fits = {bytes, sizeof bytes - 1}, too_long = {bytes, sizeof bytes};
    assert_int_equal(phone_read(&numbering, fits, false).kind, PHONE_EXTENSION);
    assert_int_equal(phone_read(&numbering, too_long, false).kind, PHONE_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_notations),
        cmocka_unit_test(test_stored_form_is_stable),
        cmocka_unit_test(test_dialled_form_is_the_number),
        cmocka_unit_test(test_public_number_is_the_extension),
        cmocka_unit_test(test_public_number_where_there_is_none),
        cmocka_unit_test(test_any_bytes),
        cmocka_unit_test(test_ends_of_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
