// SPDX-License-Identifier: Apache-2.0
// Arenas, and the turn whose effects live in one.
#include "unit/check.h"

struct memory {
    _Alignas(16) char bytes[256];
};

static void test_taking(void **state)
{
    (void)state;
    struct memory memory;
    struct arena arena = arena_over(memory.bytes, sizeof memory.bytes);
    memset(memory.bytes, 'x', sizeof memory.bytes);
    char *first = arena_take(&arena, 1);
    char *second = arena_new(&arena, 17);
    assert_ptr_equal(first, memory.bytes);
    assert_int_equal(*first, 'x');
    assert_ptr_equal(second, memory.bytes + 16);
    for (size_t i = 0; i < 17; i++) assert_int_equal(second[i], 0);
    assert_ptr_equal(arena_take(&arena, 0), memory.bytes + 48);
    arena_reset(&arena);
    assert_ptr_equal(arena_take(&arena, 1), memory.bytes);
}

static void test_full(void **state)
{
    (void)state;
    struct memory memory;
    struct arena arena = arena_over(memory.bytes, 20);
    assert_null(arena_take(&arena, 21));
    assert_null(arena_take(&arena, SIZE_MAX));
    assert_non_null(arena_take(&arena, 16));
    assert_null(arena_new(&arena, 5));
    assert_non_null(arena_take(&arena, 3)); // the last bytes, less than the alignment
    assert_null(arena_take(&arena, 1));
}

static void test_copy(void **state)
{
    (void)state;
    struct memory memory;
    struct arena arena = arena_over(memory.bytes, 16);
    struct span copy;
    assert_true(arena_copy(&arena, SPAN("abc"), &copy));
    assert_span(copy, "abc");
    assert_ptr_equal(copy.at, memory.bytes);
    assert_true(arena_copy(&arena, SPAN_NONE, &copy));
    assert_int_equal(copy.len, 0);
    assert_false(arena_copy(&arena, SPAN("d"), &copy));
    assert_null(copy.at);
}

struct note {
    struct effect effect;
    int number;
};

static void test_effects_in_order(void **state)
{
    (void)state;
    struct memory memory;
    struct arena arena = arena_over(memory.bytes, sizeof memory.bytes);
    struct turn turn = {.arena = &arena};
    turn_begin(&turn, 5, 6);
    assert_int_equal(turn.now_us, 5);
    assert_int_equal(turn.wall_us, 6);
    assert_null(turn_next(&turn));
    for (int i = 1; i <= 3; i++) {
        struct note *note = turn_emit(&turn, EFFECT_CALL + (unsigned)i, sizeof *note);
        note->number = i;
    }
    for (int i = 1; i <= 3; i++) {
        struct note *note = (struct note *)turn_next(&turn);
        assert_int_equal(note->effect.kind, EFFECT_CALL + i);
        assert_int_equal(note->number, i);
        // An effect that is asked for while others are handled comes last.
        if (i == 1) assert_non_null(turn_emit(&turn, EFFECT_LINE, sizeof *note));
    }
    assert_int_equal(turn_next(&turn)->kind, EFFECT_LINE);
    assert_null(turn_next(&turn));
    assert_non_null(turn_emit(&turn, EFFECT_TXN, sizeof(struct effect)));
    assert_int_equal(turn_next(&turn)->kind, EFFECT_TXN);
}

static void test_lost_effects_are_counted(void **state)
{
    (void)state;
    struct memory memory;
    struct arena arena = arena_over(memory.bytes, 40);
    struct turn turn = {.arena = &arena};
    turn_begin(&turn, 0, 0);
    assert_non_null(turn_emit(&turn, EFFECT_TXN, sizeof(struct note)));
    assert_null(turn_emit(&turn, EFFECT_TXN, sizeof(struct note)));
    assert_int_equal(turn.effects_lost_count, 1);
    turn_begin(&turn, 1, 1);
    assert_null(turn_next(&turn));
    assert_non_null(turn_emit(&turn, EFFECT_TXN, sizeof(struct note)));
}

static void test_error_texts(void **state)
{
    (void)state;
    for (unsigned err = ERR_NONE; err <= ERR_TOO_NEW; err++) {
        assert_string_not_equal(err_text((enum err)err), "unknown error");
    }
    assert_string_equal(err_text((enum err)99), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_taking),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_copy),
        cmocka_unit_test(test_effects_in_order),
        cmocka_unit_test(test_lost_effects_are_counted),
        cmocka_unit_test(test_error_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
