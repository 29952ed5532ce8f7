// SPDX-License-Identifier: Apache-2.0
// Exceptions get another place among those of their line; the others keep their order, and a
// failing store leaves everything as it was.
#include "fixture.h"

static struct model_exception sample(uint32_t position, const char *target)
{
    struct model_exception exception;
    model_defaults(KIND_EXCEPTION, &exception);
    set(KIND_EXCEPTION, &exception, "group", "trial");
    set(KIND_EXCEPTION, &exception, "extension", "102");
    set(KIND_EXCEPTION, &exception, "target", target);
    exception.position = position;
    return exception;
}

// Lines 101 and 102; 102 has exceptions to 1, 2, 3, 5 with targets named after their numbers.
static void fill_exceptions(struct fixture *fixture)
{
    static const uint32_t positions[] = {1, 2, 3, 5};
    static const char *const targets[] = {"191", "192", "193", "194"};
    fill(fixture);
    for (int i = 0; i < 4; i++) {
        struct model_exception exception = sample(positions[i], targets[i]);
        assert_put(fixture, KIND_EXCEPTION, &exception, NULL);
    }
    fixture->told[0] = '\0';
}

static bool put_exception(void *context, uint32_t id, const void *record)
{
    const struct model_exception *exception = record;
    buffer_printf(context, "%u:%s#%u ", exception->position, exception->target, id);
    return true;
}

static const char *order(struct fixture *fixture, char text[256])
{
    struct store_query query = {.kind = KIND_EXCEPTION, .group = "trial", .extension = "102"};
    struct buffer out = buffer_over(text, 255);
    assert_int_equal(store_list(fixture->memory, &query, put_exception, &out), ERR_NONE);
    text[out.len] = '\0';
    return text;
}

static enum err move(struct fixture *fixture, uint32_t from, uint32_t to)
{
    struct model_exception exception = sample(from, "");
    return settings_move(fixture->settings, &exception, to, &fixture->problem);
}

static void assert_moved(struct fixture *fixture, uint32_t from, uint32_t to, const char *wanted)
{
    char text[256];
    assert_int_equal(move(fixture, from, to), ERR_NONE);
    assert_string_equal(order(fixture, text), wanted);
}

// The number in the store goes along: uses of an exception are counted by it.
static void test_others_make_room(void **state)
{
    struct fixture *fixture = *state;
    fill_exceptions(fixture);
    assert_moved(fixture, 5, 1, "1:194#4 2:191#1 3:192#2 4:193#3 ");
    assert_moved(fixture, 1, 4, "1:191#1 2:192#2 3:193#3 4:194#4 ");
    assert_moved(fixture, 2, 3, "1:191#1 2:193#3 3:192#2 4:194#4 ");
    assert_moved(fixture, 4, 999, "1:191#1 2:193#3 3:192#2 999:194#4 ");
    assert_moved(fixture, 999, 2, "1:191#1 2:194#4 3:193#3 4:192#2 ");
}

static void test_a_gap_takes_it_up(void **state)
{
    struct fixture *fixture = *state;
    char text[256];
    fill_exceptions(fixture);
    assert_moved(fixture, 1, 4, "2:192#2 3:193#3 4:191#1 5:194#4 ");
    assert_moved(fixture, 5, 4, "2:192#2 3:193#3 4:194#4 5:191#1 ");
    assert_moved(fixture, 5, 5, "2:192#2 3:193#3 4:194#4 5:191#1 ");
    assert_int_equal(move(fixture, 1, 2), ERR_NOT_FOUND);
    assert_string_equal(order(fixture, text), "2:192#2 3:193#3 4:194#4 5:191#1 ");
}

static bool put_entry(void *context, const struct model_audit_entry *entry)
{
    buffer_printf(context, "%.*s %.*s->%.*s\n", SPAN_ARG(entry->key), SPAN_ARG(entry->before),
                  SPAN_ARG(entry->after));
    return true;
}

// One entry for each that has moved; the engine is told once.
static void test_audited_and_told(void **state)
{
    struct fixture *fixture = *state;
    struct store_audit_query query = {.kind = "exception", .limit = 2};
    char text[512];
    struct buffer out = buffer_over(text, sizeof text - 1);
    fill_exceptions(fixture);
    assert_int_equal(move(fixture, 3, 2), ERR_NONE);
    assert_int_equal(store_audit_list(fixture->memory, &query, put_entry, &out), ERR_NONE);
    text[out.len] = '\0';
    assert_string_equal(text, "trial/102/3 {\"position\":3}->{\"position\":2}\n"
                              "trial/102/2 {\"position\":2}->{\"position\":3}\n");
    assert_string_equal(fixture->told,
                        "line 2 of 1 extension=102 auth=102 immediate/all->191 "
                        "immediate/all->193 immediate/all->192 immediate/all->194\n");
}

static void test_a_failing_store(void **state)
{
    struct fixture *fixture = *state;
    char before[256], after[256];
    unsigned call = 1;
    fill_exceptions(fixture);
    order(fixture, before);
    for (;; call++) {
        store_fail_at(fixture->store, call, ERR_IO);
        if (move(fixture, 5, 1) == ERR_NONE) break;
        assert_string_equal(order(fixture, after), before);
        assert_string_equal(fixture->told, "");
    }
    assert_true(call > 8);
    assert_string_equal(order(fixture, after), "1:194#4 2:191#1 3:192#2 4:193#3 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_others_make_room),
        TEST(test_a_gap_takes_it_up),
        TEST(test_audited_and_told),
        TEST(test_a_failing_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
