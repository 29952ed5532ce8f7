// SPDX-License-Identifier: Apache-2.0
// The classes of numbers, by the table test/tables/classes.txt; and what a group bars of them.
#include "country/country.h"
#include "unit/phone/site.h"

static void check_class(struct table *table, const struct model_group *group,
                        const struct phone_numbering *numbering)
{
    struct phone_target target;
    char reason[REASON_SIZE];
    const char *refused = phone_read_target(numbering, table->cells[0], &target, reason);
    if (refused) fail_msg("%.*s %s", SPAN_ARG(table->cells[0]), refused);
    struct span stored = span_of(target.text);
    enum model_number_class class = country_classify(numbering, stored);
    bool is_barred = phone_bar(group, numbering, class, stored) != PHONE_PERMITTED;
    table_expect(table, "stored", table->cells[1], stored);
    table_expect(table, "class", table->cells[2],
                 span_of(model_name(&model_number_classes, class)));
    table_expect(table, "barred", table->cells[3], is_barred ? SPAN("barred") : SPAN("-"));
}

static void test_table(void **state)
{
    (void)state;
    struct model_group group = {.name = ""};
    struct phone_numbering numbering = {.range_count = 0};
    struct table table = table_open("test/tables/classes.txt");
    while (table_next(&table)) {
        if (span_starts_with(table.cells[0], SPAN("site "))) {
            group = site_group(table.cells[0]);
            numbering = site_numbering(table.cells[0]);
        } else {
            table_expect_cells(&table, 4);
            check_class(&table, &group, &numbering);
        }
    }
    table_close(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
