// SPDX-License-Identifier: Apache-2.0
// What follows from the check of a line group: whether forwardings are bridged where forward_by is
// auto, and the group's ring time-out; and what becomes of checks that nobody has ended.
#include "fixture.h"

struct result {
    enum check_verdict internal, external;
    uint32_t ring_ms; // 0: not measured
};

static struct model_check keep(struct fixture *fixture, const struct result *result)
{
    struct model_check check = {.group = "trial", .state = CHECK_RUNNING, .started_s = 1795392043};
    struct model_check_row rows[CHECK_ROWS];
    memset(rows, 0, sizeof rows);
    rows[CHECK_REDIRECT_INTERNAL].verdict = (uint8_t)result->internal;
    rows[CHECK_REDIRECT_EXTERNAL].verdict = (uint8_t)result->external;
    if (result->ring_ms) {
        rows[CHECK_RING_TIMEOUT] = (struct model_check_row){
            .verdict = CHECK_OK, .finding = FOUND_TIMES_OUT, .ms = result->ring_ms};
    }
    struct buffer text = buffer_over(check.rows, sizeof check.rows - 1);
    model_check_print_rows(rows, &text);
    assert_int_equal(settings_next_check(fixture->settings, &check.number, &fixture->problem), 0);
    assert_int_equal(settings_add_check(fixture->settings, &check, &fixture->problem), 0);
    return check;
}

// Ends a check with that result; the engine must hear `told`.
static void assert_ends(struct fixture *fixture, struct result result, const char *told)
{
    struct model_check check = keep(fixture, &result);
    check.state = CHECK_DONE;
    fixture->told[0] = '\0';
    assert_int_equal(settings_end_check(fixture->settings, &check, &fixture->problem), 0);
    assert_int_equal(strncmp(fixture->told, told, strlen(told)), 0);
    assert_true(strlen(told) <= strlen(fixture->told));
}

static void add_group(struct fixture *fixture)
{
    struct model_group group = sample_group();
    assert_int_equal(settings_add(fixture->settings, KIND_GROUP, &group, &fixture->problem), 0);
}

static struct model_group group_of(struct fixture *fixture)
{
    struct model_group group = {.name = "trial"};
    assert_int_equal(settings_get(fixture->settings, KIND_GROUP, &group, NULL, &fixture->problem),
                     0);
    return group;
}

static void test_who_is_bridged(void **state)
{
    struct fixture *fixture = *state;
    add_group(fixture);
    // A PBX that follows none inside is not expected to follow one to outside.
    assert_ends(fixture, (struct result){CHECK_FAILS, CHECK_NOT_TESTED, 0},
                "group 1 trial bridges internal bridges external\n");
    // What was looked at later counts, each kind of target by itself.
    assert_ends(fixture, (struct result){CHECK_NOT_TESTED, CHECK_OK, 0},
                "group 1 trial bridges internal\n");
    assert_ends(fixture, (struct result){CHECK_OK, CHECK_NOT_TESTED, 0}, "group 1 trial\n");
    assert_ends(fixture, (struct result){CHECK_LIMITED, CHECK_FAILS, 0},
                "group 1 trial bridges external\n");
    assert_ends(fixture, (struct result){CHECK_NOT_TESTED, CHECK_NOT_TESTED, 0},
                "group 1 trial bridges external\n");
}

static void test_only_auto_goes_by_it(void **state)
{
    struct fixture *fixture = *state;
    add_group(fixture);
    assert_ends(fixture, (struct result){CHECK_FAILS, CHECK_FAILS, 0},
                "group 1 trial bridges internal bridges external\n");
    struct model_group group = group_of(fixture);
    set(KIND_GROUP, &group, "forward_by", "redirect");
    fixture->told[0] = '\0';
    assert_int_equal(settings_replace(fixture->settings, KIND_GROUP, &group, &fixture->problem), 0);
    assert_string_equal(fixture->told, "group 1 trial\n");
}

static bool take_actor(void *context, const struct model_audit_entry *entry)
{
    struct buffer out = buffer_over(context, NAME_SIZE - 1);
    buffer_put(&out, entry->actor);
    ((char *)context)[out.len] = '\0';
    return false;
}

static void test_ring_timeout(void **state)
{
    struct fixture *fixture = *state;
    char actor[NAME_SIZE] = "";
    struct store_audit_query newest = {.limit = 1};
    add_group(fixture);
    assert_ends(fixture, (struct result){CHECK_OK, CHECK_OK, 19800}, "group 1 trial\n");
    assert_int_equal(group_of(fixture).pbx_ring_timeout_s, 20);
    assert_int_equal(
        settings_list_audit(fixture->settings, &newest, take_actor, actor, &fixture->problem), 0);
    assert_string_equal(actor, SETTINGS_CHECK);
    // What is beyond the setting's limits is not set.
    assert_ends(fixture, (struct result){CHECK_OK, CHECK_OK, 4000}, "group 1 trial\n");
    assert_int_equal(group_of(fixture).pbx_ring_timeout_s, 20);
}

static void test_interrupted(void **state)
{
    struct fixture *fixture = *state;
    add_group(fixture);
    struct model_check first = keep(fixture, &(struct result){0}), read;
    struct model_check second = keep(fixture, &(struct result){0});
    assert_true(second.number > first.number);
    assert_int_equal(settings_end_stale_checks(fixture->settings, &fixture->problem), 0);
    for (uint32_t number = first.number; number <= second.number; number++) {
        read = (struct model_check){.group = "trial", .number = number};
        assert_int_equal(
            settings_get(fixture->settings, KIND_CHECK, &read, NULL, &fixture->problem), 0);
        assert_int_equal(read.state, CHECK_INTERRUPTED);
        assert_true(read.ended_s > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_who_is_bridged, open_settings, close_settings),
        cmocka_unit_test_setup_teardown(test_only_auto_goes_by_it, open_settings, close_settings),
        cmocka_unit_test_setup_teardown(test_ring_timeout, open_settings, close_settings),
        cmocka_unit_test_setup_teardown(test_interrupted, open_settings, close_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
