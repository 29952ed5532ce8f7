// SPDX-License-Identifier: Apache-2.0
// How lines stood: bounded, there again after a restart, begun anew from a damaged file.
#include "app/samples.h"
#include "unit/app/data_dir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOON_S = 1790000000, DAY_SAMPLES = 24 * 60 };

static int begin(void **state)
{
    (void)state;
    return data_dir_begin("samples");
}

static void add(struct samples *samples, uint32_t at_s, uint32_t refused)
{
    struct api_sample sample = {
        .at_s = at_s, .lines = {[REGISTRATION_REGISTERED] = 7, [REGISTRATION_REFUSED] = refused}};
    samples_add(samples, &sample);
}

static size_t count(const struct samples *samples)
{
    struct api_sample sample = {.at_s = 0};
    size_t found = 0;
    while (samples_next(samples, sample.at_s, &sample)) found++;
    return found;
}

static struct samples *restart(struct samples *samples)
{
    samples_free(samples);
    samples = samples_load(data_dir);
    assert_non_null(samples);
    return samples;
}

static void test_restart(void **state)
{
    (void)state;
    struct api_sample sample;
    struct samples *samples = restart(NULL);
    assert_true(samples_is_due(samples, NOON_S));
    assert_false(samples_next(samples, 0, &sample));
    add(samples, NOON_S, 1);
    add(samples, NOON_S + 60, 2);
    samples = restart(samples);
    assert_int_equal(count(samples), 2);
    assert_true(samples_next(samples, NOON_S, &sample));
    assert_int_equal(sample.at_s, NOON_S + 60);
    assert_int_equal(sample.lines[REGISTRATION_REGISTERED], 7);
    assert_int_equal(sample.lines[REGISTRATION_REFUSED], 2);
    assert_int_equal(sample.lines[REGISTRATION_UNREACHABLE], 0);
    assert_false(samples_next(samples, NOON_S + 60, &sample));
    assert_false(samples_is_due(samples, NOON_S + 119));
    assert_true(samples_is_due(samples, NOON_S + 120));
    samples_free(samples);
}

static void test_bounded(void **state)
{
    (void)state;
    struct api_sample sample;
    struct samples *samples = restart(NULL);
    for (uint32_t i = 0; i < DAY_SAMPLES + 10; i++) add(samples, NOON_S + i * 60, i);
    samples = restart(samples);
    assert_int_equal(count(samples), DAY_SAMPLES);
    assert_true(samples_next(samples, 0, &sample));
    assert_int_equal(sample.at_s, NOON_S + 600);
    assert_int_equal(sample.lines[REGISTRATION_REFUSED], 10);
    samples_free(samples);
}

// What was noted later than now was noted by a wrong clock.
static void test_clock_set_back(void **state)
{
    (void)state;
    struct samples *samples = restart(NULL);
    for (uint32_t i = 0; i < 5; i++) add(samples, NOON_S + i * 60, i);
    assert_true(samples_is_due(samples, NOON_S + 61));
    add(samples, NOON_S + 61, 9);
    samples = restart(samples);
    assert_int_equal(count(samples), 3);
    samples_free(samples);
}

static void test_damaged(void **state)
{
    static const char *const texts[] = {
        "x",
        "lineward samples 1 registered\nend 0\n",
        "lineward samples 1 disabled waiting registered refused unreachable\n",
        "lineward samples 1 disabled waiting registered refused unreachable\nend 1\n",
        "lineward samples 1 disabled waiting registered refused unreachable\n9 1 2 3 4\nend 1\n",
        "lineward samples 1 disabled waiting registered refused unreachable\n"
        "9 1 2 3 4 5\n9 1 2 3 4 5\nend 2\n",
        "lineward samples 1 disabled waiting registered refused unreachable\n"
        "9 1 2 3 4 4294967296\nend 1\n",
        "lineward samples 1 disabled waiting registered refused unreachable\n"
        "9 1 2 3 4 5\nend 1\nmore\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        FILE *file = fopen(data_file, "w");
        assert_non_null(file);
        fputs(texts[i], file);
        fclose(file);
        struct samples *samples = restart(NULL);
        assert_int_equal(count(samples), 0);
        add(samples, NOON_S, 1);
        samples = restart(samples);
        assert_int_equal(count(samples), 1);
        samples_free(samples);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_restart, begin, data_dir_end),
        cmocka_unit_test_setup_teardown(test_bounded, begin, data_dir_end),
        cmocka_unit_test_setup_teardown(test_clock_set_back, begin, data_dir_end),
        cmocka_unit_test_setup_teardown(test_damaged, begin, data_dir_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
