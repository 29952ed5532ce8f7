// SPDX-License-Identifier: Apache-2.0
// How the lines of groups stood: the worst minute of five, bounded, there again after a restart,
// begun anew from a damaged file.
#include "app/group_samples.h"
#include "unit/app/data_dir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOON_S = 1790000100 /* where five minutes begin */, DAY_S = 24 * 3600, SLOTS = DAY_S / 300 };

static int begin(void **state)
{
    (void)state;
    return data_dir_begin("group_samples");
}

static void add(struct group_samples *samples, uint32_t group_id, uint32_t at_s, uint32_t refused)
{
    struct api_sample sample = {
        .at_s = at_s, .lines = {[REGISTRATION_REGISTERED] = 7, [REGISTRATION_REFUSED] = refused}};
    group_samples_add(samples, group_id, &sample);
}

static size_t count(const struct group_samples *samples, uint32_t group_id)
{
    struct api_sample sample = {.at_s = 0};
    size_t found = 0;
    while (group_samples_next(samples, group_id, sample.at_s, &sample)) found++;
    return found;
}

static struct group_samples *load(void)
{
    struct group_samples *samples = group_samples_load(data_dir);
    assert_non_null(samples);
    return samples;
}

static struct group_samples *restart(struct group_samples *samples, uint32_t now_s)
{
    group_samples_save(samples, now_s);
    group_samples_free(samples);
    return load();
}

static void test_restart(void **state)
{
    (void)state;
    struct api_sample sample;
    struct group_samples *samples = load();
    assert_false(group_samples_next(samples, 3, 0, &sample));
    add(samples, 3, NOON_S, 1);
    add(samples, 5, NOON_S, 0);
    add(samples, 3, NOON_S + 300, 2);
    samples = restart(samples, NOON_S + 300);
    assert_int_equal(count(samples, 3), 2);
    assert_int_equal(count(samples, 5), 1);
    assert_int_equal(count(samples, 4), 0);
    assert_true(group_samples_next(samples, 3, NOON_S, &sample));
    assert_int_equal(sample.at_s, NOON_S + 300);
    assert_int_equal(sample.lines[REGISTRATION_REGISTERED], 7);
    assert_int_equal(sample.lines[REGISTRATION_REFUSED], 2);
    assert_false(group_samples_next(samples, 3, NOON_S + 300, &sample));
    group_samples_free(samples);
}

// An outage of two minutes is seen, whatever was before and after it.
static void test_worst_of_five_minutes(void **state)
{
    static const uint32_t refused[] = {0, 0, 4, 2, 0};
    (void)state;
    struct api_sample sample;
    struct group_samples *samples = load();
    for (uint32_t i = 0; i < 5; i++) add(samples, 3, NOON_S + i * 60, refused[i]);
    assert_int_equal(count(samples, 3), 1);
    assert_true(group_samples_next(samples, 3, 0, &sample));
    assert_int_equal(sample.at_s, NOON_S + 120);
    assert_int_equal(sample.lines[REGISTRATION_REFUSED], 4);
    group_samples_free(samples);
}

// Lines that are still being registered, or made, are no outage: what follows counts.
static void test_no_worse_is_newer(void **state)
{
    (void)state;
    struct api_sample sample = {.at_s = NOON_S, .lines = {[REGISTRATION_WAITING] = 7}};
    struct group_samples *samples = load();
    group_samples_add(samples, 3, &sample);
    add(samples, 3, NOON_S + 60, 0);
    add(samples, 3, NOON_S + 120, 0);
    assert_int_equal(count(samples, 3), 1);
    assert_true(group_samples_next(samples, 3, 0, &sample));
    assert_int_equal(sample.at_s, NOON_S + 60);
    assert_int_equal(sample.lines[REGISTRATION_REGISTERED], 7);
    group_samples_free(samples);
}

static void test_a_day(void **state)
{
    (void)state;
    struct api_sample sample;
    struct group_samples *samples = load();
    for (uint32_t i = 0; i < SLOTS + 10; i++) add(samples, 3, NOON_S + i * 300, i);
    samples = restart(samples, NOON_S + (SLOTS + 10) * 300);
    assert_int_equal(count(samples, 3), SLOTS);
    assert_true(group_samples_next(samples, 3, 0, &sample));
    assert_int_equal(sample.lines[REGISTRATION_REFUSED], 10);
    group_samples_free(samples);
}

// A removed group is forgotten after a day, or as soon as there is a new one without a place.
static void test_places(void **state)
{
    (void)state;
    struct group_samples *samples = load();
    for (uint32_t id = 1; id <= GROUP_SAMPLES_GROUPS; id++) add(samples, id, NOON_S, 0);
    add(samples, 2000, NOON_S, 0);
    assert_int_equal(count(samples, 2000), 0);
    for (uint32_t id = 1; id <= GROUP_SAMPLES_GROUPS; id++) {
        if (id != 77) add(samples, id, NOON_S + 600, 0);
    }
    add(samples, 2000, NOON_S + 600, 0);
    add(samples, 2001, NOON_S + 600, 0);
    assert_int_equal(count(samples, 2000), 1);
    assert_int_equal(count(samples, 2001), 0);
    assert_int_equal(count(samples, 77), 0);
    samples = restart(samples, NOON_S + 600);
    assert_int_equal(count(samples, GROUP_SAMPLES_GROUPS), 2);
    add(samples, 5, NOON_S + 900, 0);
    samples = restart(samples, NOON_S + 600 + DAY_S);
    assert_int_equal(count(samples, 4), 0);
    assert_int_equal(count(samples, 5), 3);
    group_samples_free(samples);
}

static void test_clock_set_back(void **state)
{
    (void)state;
    struct group_samples *samples = load();
    for (uint32_t i = 0; i < 5; i++) add(samples, 3, NOON_S + i * 300, 0);
    add(samples, 3, NOON_S + 301, 9);
    samples = restart(samples, NOON_S + 301);
    assert_int_equal(count(samples, 3), 2);
    group_samples_free(samples);
}

#define HEADING "lineward group samples 1 disabled waiting registered refused unreachable\n"

static void test_damaged(void **state)
{
    static const char *const texts[] = {
        "x",
        "lineward samples 1 disabled waiting registered refused unreachable\nend 0\n",
        "lineward group samples 1 registered\nend 0\n",
        HEADING,
        HEADING "end 1\n",
        HEADING "9 1 2 3 4 5\nend 0\n",
        HEADING "group 3\nend 1\n",
        HEADING "group 3\ngroup 4\n9 1 2 3 4 5\nend 2\n",
        HEADING "group 0\n9 1 2 3 4 5\nend 1\n",
        HEADING "group 3\n9 1 2 3 4\nend 1\n",
        HEADING "group 3\n9 1 2 3 4 5\n9 1 2 3 4 5\nend 1\n",
        HEADING "group 3\n9 1 2 3 4 5\ngroup 3\n9 1 2 3 4 5\nend 2\n",
        HEADING "group 3\n9 1 2 3 4 5\n",
        HEADING "group 3\n9 1 2 3 4 5\nend 1\nmore\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        FILE *file = fopen(data_file, "w");
        assert_non_null(file);
        fputs(texts[i], file);
        fclose(file);
        struct group_samples *samples = load();
        assert_int_equal(count(samples, 3) + count(samples, 4), 0);
        add(samples, 3, NOON_S, 1);
        samples = restart(samples, NOON_S);
        assert_int_equal(count(samples, 3), 1);
        group_samples_free(samples);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_restart, begin, data_dir_end),
        cmocka_unit_test_setup_teardown(test_worst_of_five_minutes, begin, data_dir_end),
        cmocka_unit_test_setup_teardown(test_no_worse_is_newer, begin, data_dir_end),
        cmocka_unit_test_setup_teardown(test_a_day, begin, data_dir_end),
        cmocka_unit_test_setup_teardown(test_places, begin, data_dir_end),
        cmocka_unit_test_setup_teardown(test_clock_set_back, begin, data_dir_end),
        cmocka_unit_test_setup_teardown(test_damaged, begin, data_dir_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
