// SPDX-License-Identifier: Apache-2.0
// Deadlines, against a plain list.
#include "unit/check.h"

enum { SLOT_COUNT = 40 };

struct memory {
    _Alignas(16) char bytes[SLOT_COUNT * 20];
};

static void start(struct deadlines *deadlines, struct memory *memory)
{
    assert_int_equal(deadlines_memory_size(SLOT_COUNT), sizeof memory->bytes);
    memset(memory, 0, sizeof *memory);
    deadlines_init(deadlines, memory->bytes, SLOT_COUNT);
}

static void test_order(void **state)
{
    (void)state;
    struct memory memory;
    struct deadlines deadlines;
    uint32_t slot = 99;
    start(&deadlines, &memory);
    assert_true(deadlines_next_us(&deadlines) == DEADLINE_NEVER);
    assert_false(deadlines_take_due(&deadlines, UINT64_MAX - 1, &slot));
    deadlines_set(&deadlines, 3, 30);
    deadlines_set(&deadlines, 1, 10);
    deadlines_set(&deadlines, 2, 20);
    assert_int_equal(deadlines_next_us(&deadlines), 10);
    assert_false(deadlines_take_due(&deadlines, 9, &slot));
    assert_true(deadlines_take_due(&deadlines, 10, &slot));
    assert_int_equal(slot, 1);
    deadlines_set(&deadlines, 3, 15); // moves
    deadlines_set(&deadlines, 2, DEADLINE_NEVER);
    deadlines_set(&deadlines, 5, DEADLINE_NEVER);
    assert_true(deadlines_take_due(&deadlines, 100, &slot));
    assert_int_equal(slot, 3);
    assert_false(deadlines_take_due(&deadlines, 100, &slot));
}

static uint64_t earliest(const uint64_t *expected)
{
    uint64_t found = DEADLINE_NEVER;
    for (size_t i = 0; i < SLOT_COUNT; i++) {
        if (expected[i] < found) found = expected[i];
    }
    return found;
}

static void test_against_list(void **state)
{
    (void)state;
    struct memory memory;
    struct deadlines deadlines;
    struct random random;
    uint64_t expected[SLOT_COUNT], now_us = 0;
    start(&deadlines, &memory);
    random_init(&random, (const uint8_t[32]){3});
    for (size_t i = 0; i < SLOT_COUNT; i++) expected[i] = DEADLINE_NEVER;
    for (int step = 0; step < 50000; step++) {
        uint32_t slot = (uint32_t)random_below(&random, SLOT_COUNT);
        uint64_t at_us = now_us + random_below(&random, 50);
        if (random_below(&random, 8) == 0) at_us = DEADLINE_NEVER;
        deadlines_set(&deadlines, slot, at_us);
        expected[slot] = at_us;
        assert_true(deadlines_next_us(&deadlines) == earliest(expected));
        now_us += random_below(&random, 3);
        while (deadlines_take_due(&deadlines, now_us, &slot)) {
            assert_true(expected[slot] == earliest(expected) && expected[slot] <= now_us);
            expected[slot] = DEADLINE_NEVER;
        }
        assert_true(earliest(expected) > now_us);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_against_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
