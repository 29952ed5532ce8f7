// SPDX-License-Identifier: Apache-2.0
// The time by which kept things grow old: a wall clock that is set moves it no faster than twice
// the time that passes, also over a restart.
#include "app/aging.h"
#include "unit/app/data_dir.h"

#include <stdlib.h>
#include <string.h>

#define DAY  (86400ULL * 1000 * 1000)
#define YEAR (365 * DAY)
#define NOW  (20780 * DAY)

static int begin(void **state)
{
    (void)state;
    return data_dir_begin("aging");
}

static void test_right_clock(void **state)
{
    (void)state;
    struct aging aging = {0};
    for (uint64_t passed = 0; passed < 10 * DAY; passed += DAY / 24) {
        assert_int_equal(aging_follow(&aging, 5 + passed, NOW + passed), NOW + passed);
    }
}

static void test_set_ahead(void **state)
{
    (void)state;
    struct aging aging = {0};
    assert_int_equal(aging_follow(&aging, 0, NOW), NOW);
    assert_int_equal(aging_follow(&aging, DAY, NOW + DAY + YEAR), NOW + 2 * DAY);
    // Put right after a day: what was believed too much is no reason to remove anything.
    assert_int_equal(aging_follow(&aging, 2 * DAY, NOW + 2 * DAY), NOW + 2 * DAY);
    assert_int_equal(aging_follow(&aging, 3 * DAY, NOW + 3 * DAY), NOW + 3 * DAY);
}

static void test_stays_ahead(void **state)
{
    (void)state;
    struct aging aging = {0};
    assert_int_equal(aging_follow(&aging, 0, NOW), NOW);
    uint64_t passed = DAY;
    for (; passed <= 364 * DAY; passed += DAY) {
        assert_true(aging_follow(&aging, passed, NOW + passed + YEAR) < NOW + passed + YEAR);
    }
    for (; passed <= 366 * DAY; passed += DAY) {
        assert_int_equal(aging_follow(&aging, passed, NOW + passed + YEAR), NOW + passed + YEAR);
    }
}

static void test_set_back(void **state)
{
    (void)state;
    struct aging aging = {0};
    const uint64_t minute = DAY / 24 / 60;
    assert_int_equal(aging_follow(&aging, 0, NOW), NOW);
    assert_int_equal(aging_follow(&aging, minute, minute), minute); // 1970, until the clock is set
    assert_int_equal(aging_follow(&aging, 2 * minute, NOW + 2 * minute), NOW);
    assert_int_equal(aging_follow(&aging, 4 * minute, NOW + 4 * minute), NOW + 4 * minute);
}

static void test_restart(void **state)
{
    (void)state;
    struct aging aging;
    aging_load(&aging, data_dir, 70 * DAY);
    assert_int_equal(aging_follow(&aging, 70 * DAY, NOW), NOW); // nothing is known yet
    aging_save(&aging);
    // The machine has been started anew, with a wrong clock.
    aging_load(&aging, data_dir, DAY);
    assert_int_equal(aging_follow(&aging, DAY, NOW + YEAR), NOW);
    assert_int_equal(aging_follow(&aging, 2 * DAY, NOW + YEAR), NOW + 2 * DAY);
}

static void test_damaged(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "\n",
                                        "lineward aging 1 \n",
                                        "lineward aging 1 12x\n",
                                        "lineward aging 2 12\n",
                                        "lineward aging 1 99999999999999999999999\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct aging aging;
        FILE *out = fopen(data_file, "w");
        assert_non_null(out);
        fputs(texts[i], out);
        fclose(out);
        aging_load(&aging, data_dir, 0);
        assert_int_equal(aging_follow(&aging, DAY, NOW), NOW);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_right_clock),
        cmocka_unit_test(test_set_ahead),
        cmocka_unit_test(test_stays_ahead),
        cmocka_unit_test(test_set_back),
        cmocka_unit_test_setup_teardown(test_restart, begin, data_dir_end),
        cmocka_unit_test_setup_teardown(test_damaged, begin, data_dir_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
