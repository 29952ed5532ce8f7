// SPDX-License-Identifier: Apache-2.0
// Numbering settings: what is accepted, and which field is named for what reason.
#include "site.h"

static void check_numbering(struct table *table)
{
    struct model_group group = site_group(table->cells[0]);
    struct phone_numbering numbering;
    const char *field = "unset";
    char reason[REASON_SIZE] = "";
    const char *refused = phone_read_numbering(&group, &numbering, &field, reason);
    struct span said = table->cell_count > 2 ? table->cells[2] : SPAN_NONE;
    if (refused) {
        table_expect(table, "field", table->cells[1], span_of(field));
        table_expect(table, "reason", said, span_of(refused));
        return;
    }
    table_expect(table, "field", table->cells[1], SPAN("-"));
    assert_null(field);
    if (said.len > 0) table_expect(table, "main number", said, span_of(numbering.main_number));
}

static void test_settings(void **state)
{
    (void)state;
    struct table table = table_open("test/tables/numberings.txt");
    while (table_next(&table)) check_numbering(&table);
    table_close(&table);
}

// Settings come as people type them, with blanks around and among them.
static void test_blanks(void **state)
{
    (void)state;
    struct model_group group;
    struct phone_numbering numbering;
    const char *field;
    char reason[REASON_SIZE];
    model_defaults(KIND_GROUP, &group);
    snprintf(group.country_code, sizeof group.country_code, " 49 ");
    snprintf(group.main_number, sizeof group.main_number, " (089) 1234 - 0 ");
    snprintf(group.internal_ranges, sizeof group.internal_ranges, " 100 - 199 , 7xx ");
    assert_null(phone_read_numbering(&group, &numbering, &field, reason));
    assert_string_equal(numbering.country_code, "49");
    assert_string_equal(numbering.main_number, "+49891234");
    assert_int_equal(numbering.range_count, 2);
    assert_string_equal(numbering.ranges[0].first, "100");
    assert_string_equal(numbering.ranges[0].last, "199");
    assert_string_equal(numbering.ranges[1].first, "700");
    assert_string_equal(numbering.ranges[1].last, "799");

    snprintf(group.internal_ranges, sizeof group.internal_ranges, "1 0 0");
    assert_non_null(phone_read_numbering(&group, &numbering, &field, reason));
    assert_string_equal(field, "internal_ranges");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_blanks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
