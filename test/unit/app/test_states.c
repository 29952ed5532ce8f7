// SPDX-License-Identifier: Apache-2.0
// How many lines of a group are in which state, while lines and groups come and go.
#include "app/states.h"
#include "unit/check.h"

enum { LINES_MAX = 8, GROUPS_MAX = 2 };

static void tell(struct states *states, uint32_t group_id, uint32_t line_id,
                 enum model_registration_state state)
{
    struct model_registration registration = {.line_id = line_id, .state = (uint8_t)state};
    (void)states_set(states, group_id, &registration, SPAN_NONE);
}

static uint32_t count(struct states *states, uint32_t group_id, enum model_registration_state state)
{
    uint32_t counts[REGISTRATION_STATE_COUNT];
    states_count(states, group_id, counts);
    return counts[state];
}

static uint32_t walk(struct states *states, uint32_t group_id)
{
    uint32_t counts[REGISTRATION_STATE_COUNT], found = 0;
    for (uint32_t i = 0; i < GROUPS_MAX; i++) {
        if (states_group_at(states, i, counts) == group_id) found++;
    }
    return found;
}

static void test_counts(void **state)
{
    (void)state;
    struct states *states = states_new(LINES_MAX, GROUPS_MAX);
    assert_non_null(states);
    tell(states, 1, 1, REGISTRATION_REGISTERED);
    tell(states, 1, 2, REGISTRATION_REGISTERED);
    tell(states, 2, 3, REGISTRATION_REFUSED);
    assert_int_equal(count(states, 1, REGISTRATION_REGISTERED), 2);
    assert_int_equal(count(states, 2, REGISTRATION_REFUSED), 1);
    tell(states, 1, 2, REGISTRATION_UNREACHABLE);
    assert_int_equal(count(states, 1, REGISTRATION_REGISTERED), 1);
    assert_int_equal(count(states, 0, REGISTRATION_UNREACHABLE), 1);
    assert_int_equal(walk(states, 1), 1);
    states_free(states);
}

// More groups come and go than there is room for at a time.
static void test_a_removed_group_leaves_its_place(void **state)
{
    (void)state;
    struct states *states = states_new(LINES_MAX, GROUPS_MAX);
    assert_non_null(states);
    tell(states, 100, 100, REGISTRATION_REGISTERED);
    for (uint32_t group_id = 1; group_id <= 10; group_id++) {
        tell(states, group_id, group_id, REGISTRATION_REGISTERED);
        assert_int_equal(count(states, group_id, REGISTRATION_REGISTERED), 1);
        assert_int_equal(walk(states, group_id), 1);
        states_forget(states, group_id);
        assert_int_equal(walk(states, group_id), 0);
    }
    assert_int_equal(count(states, 100, REGISTRATION_REGISTERED), 1);
    states_free(states);
}

// A line that there was no place for is not counted out of another group's place later.
static void test_too_many_groups(void **state)
{
    (void)state;
    struct states *states = states_new(LINES_MAX, GROUPS_MAX);
    assert_non_null(states);
    for (uint32_t id = 1; id <= 3; id++) tell(states, id, id, REGISTRATION_REGISTERED);
    assert_int_equal(walk(states, 3), 0);
    states_forget(states, 1);
    states_forget(states, 3);
    assert_int_equal(count(states, 0, REGISTRATION_REGISTERED), 1);
    tell(states, 3, 3, REGISTRATION_REGISTERED);
    assert_int_equal(count(states, 3, REGISTRATION_REGISTERED), 1);
    tell(states, SETTINGS_TRIAL_IDS, 4, REGISTRATION_REGISTERED);
    states_forget(states, 4);
    assert_int_equal(count(states, 0, REGISTRATION_REGISTERED), 2);
    states_free(states);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_a_removed_group_leaves_its_place),
        cmocka_unit_test(test_too_many_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
