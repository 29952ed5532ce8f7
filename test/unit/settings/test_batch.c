// SPDX-License-Identifier: Apache-2.0
// Several changes as one: all of them happen and are published, or none.
#include "fixture.h"

static void begin_batch(struct fixture *fixture)
{
    assert_int_equal(settings_begin_batch(fixture->settings, &fixture->problem), ERR_NONE);
}

static enum err end_batch(struct fixture *fixture, bool is_wanted)
{
    return settings_end_batch(fixture->settings, is_wanted, &fixture->problem);
}

static bool has_line(struct fixture *fixture, const char *extension)
{
    struct model_line line = sample_line(extension, "");
    return settings_get(fixture->settings, KIND_LINE, &line, NULL, &fixture->problem) == ERR_NONE;
}

static enum err put_line(struct fixture *fixture, const char *extension, const char *user)
{
    struct model_line line = sample_line(extension, user);
    bool is_new;
    return settings_put(fixture->settings, KIND_LINE, &line, &is_new, &fixture->problem);
}

// What a change needs may come earlier in the same batch.
static void test_all_together(void **state)
{
    struct fixture *fixture = *state;
    struct model_group group = sample_group();
    begin_batch(fixture);
    assert_put(fixture, KIND_GROUP, &group, "");
    assert_int_equal(put_line(fixture, "101", ""), ERR_NONE);
    assert_true(has_line(fixture, "101"));
    assert_string_equal(fixture->told, "");
    assert_int_equal(end_batch(fixture, true), ERR_NONE);
    assert_string_equal(fixture->told, "group 1 trial\nline 1 of 1 extension=101 auth=101\n");
}

static void test_only_tried(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture);
    begin_batch(fixture);
    assert_int_equal(put_line(fixture, "150", ""), ERR_NONE);
    assert_int_equal(end_batch(fixture, false), ERR_NONE);
    assert_false(has_line(fixture, "150"));
    assert_string_equal(fixture->told, "");
}

// One refusal, wherever it is noticed, and nothing of the batch happens; what follows it is checked
// all the same.
static void test_one_is_refused(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture);
    const char *const wrong[][2] = {{"1 5 0", ""}, {"150", "nobody"}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        begin_batch(fixture);
        assert_int_equal(put_line(fixture, "160", ""), ERR_NONE);
        assert_int_not_equal(put_line(fixture, wrong[i][0], wrong[i][1]), ERR_NONE);
        assert_int_equal(put_line(fixture, "161", ""), ERR_NONE);
        assert_problem(fixture, ERR_CONFLICT, end_batch(fixture, true), "",
                       "a change of the batch was refused");
        assert_false(has_line(fixture, "160"));
        assert_false(has_line(fixture, "161"));
    }
    struct model_line line = sample_line("162", "");
    assert_put(fixture, KIND_LINE, &line, NULL); // a change of its own works again
}

static void test_every_call_of_the_store_fails_once(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture);
    for (unsigned call = 1;; call++) {
        assert_true(call < 100);
        store_fail_at(fixture->store, call, ERR_IO);
        enum err err = settings_begin_batch(fixture->settings, &fixture->problem);
        if (err == ERR_NONE) {
            put_line(fixture, "170", "");
            err = end_batch(fixture, true);
        }
        store_fail_at(fixture->store, 0, ERR_NONE);
        if (err == ERR_NONE) break;
        assert_string_equal(fixture->told, "");
        assert_false(has_line(fixture, "170"));
    }
    assert_true(has_line(fixture, "170"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_all_together),
        TEST(test_only_tried),
        TEST(test_one_is_refused),
        TEST(test_every_call_of_the_store_fails_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
