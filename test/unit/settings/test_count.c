// SPDX-License-Identifier: Apache-2.0
// Exceptions for a number of calls are counted down, durably or not at all.
#include "fixture.h"

static const char line_102[] = "line 2 of 1 extension=102 auth=102";

static struct model_exception sample(uint32_t calls)
{
    struct model_exception exception;
    model_defaults(KIND_EXCEPTION, &exception);
    set(KIND_EXCEPTION, &exception, "group", "trial");
    set(KIND_EXCEPTION, &exception, "extension", "102");
    set(KIND_EXCEPTION, &exception, "position", "1");
    set(KIND_EXCEPTION, &exception, "condition", "immediate");
    set(KIND_EXCEPTION, &exception, "target", "103");
    exception.calls = calls;
    return exception;
}

// Saves the exception, which has the number 1, and forgets what was told.
static void save(struct fixture *fixture, struct model_exception exception)
{
    assert_put(fixture, KIND_EXCEPTION, &exception, NULL);
    fixture->told[0] = '\0';
}

static enum err use(struct fixture *fixture, uint32_t count)
{
    struct settings_use used = {"trial", "102", 1, count};
    return settings_count_use(fixture->settings, &used, &fixture->problem);
}

static struct model_exception stored(struct fixture *fixture)
{
    struct model_exception exception = sample(0);
    assert_int_equal(store_get(fixture->memory, KIND_EXCEPTION, &exception, NULL), ERR_NONE);
    return exception;
}

static bool copy_newest(void *context, const struct model_audit_entry *entry)
{
    char *text = context;
    snprintf(text, 256, "%.*s %.*s %.*s -> %.*s", SPAN_ARG(entry->actor), SPAN_ARG(entry->key),
             SPAN_ARG(entry->before), SPAN_ARG(entry->after));
    return false;
}

static void assert_audited(struct fixture *fixture, const char *wanted)
{
    struct store_audit_query query = {.kind = "exception"};
    char text[256] = "";
    assert_int_equal(store_audit_list(fixture->memory, &query, copy_newest, text), ERR_NONE);
    assert_string_equal(text, wanted);
}

static void test_counted_down(void **state)
{
    struct fixture *fixture = *state;
    char told[256];
    fill(fixture);
    settings_set_actor(fixture->settings, &(struct settings_actor){.name = "anna"});
    save(fixture, sample(3));
    assert_int_equal(use(fixture, 2), ERR_NONE);
    assert_int_equal(stored(fixture).calls, 1);
    assert_true(stored(fixture).is_enabled);
    snprintf(told, sizeof told, "rule 1 counted 2\n%s immediate/all->103\n", line_102);
    assert_string_equal(fixture->told, told);
    assert_audited(fixture, "lineward trial/102/1 {\"calls\":3} -> {\"calls\":1}");
}

// With the last call it is switched off; never does it get 0 calls, which are any number.
static void test_used_up(void **state)
{
    struct fixture *fixture = *state;
    char told[256];
    fill(fixture);
    save(fixture, sample(2));
    assert_int_equal(use(fixture, 5), ERR_NONE); // more than the user has left it meanwhile
    assert_int_equal(stored(fixture).calls, 1);
    assert_false(stored(fixture).is_enabled);
    snprintf(told, sizeof told, "rule 1 counted 5\n%s\n", line_102);
    assert_string_equal(fixture->told, told);
    assert_audited(fixture, "lineward trial/102/1 {\"calls\":2,\"enabled\":true} -> "
                            "{\"calls\":1,\"enabled\":false}");
}

// What has become another exception meanwhile, or none, is not counted down, but done with.
static void test_changed_meanwhile(void **state)
{
    struct fixture *fixture = *state;
    struct model_exception endless = sample(0), off = sample(2);
    struct model_line line = sample_line("102", "");
    off.is_enabled = false;
    fill(fixture);
    save(fixture, endless);
    assert_int_equal(use(fixture, 1), ERR_NONE);
    assert_int_equal(stored(fixture).calls, 0);
    save(fixture, off);
    assert_int_equal(use(fixture, 1), ERR_NONE);
    assert_int_equal(stored(fixture).calls, 2);
    assert_string_equal(fixture->told, "rule 1 counted 1\n");
    assert_removed(fixture, KIND_LINE, &line, "line 2 removed\n");
    assert_int_equal(use(fixture, 1), ERR_NONE);
    assert_string_equal(fixture->told, "line 2 removed\nrule 1 counted 1\n");
}

// Whatever call of the store fails: nothing is counted and nothing is told, and it can be done
// again.
static void test_a_failing_store(void **state)
{
    struct fixture *fixture = *state;
    unsigned call = 0;
    fill(fixture);
    save(fixture, sample(2));
    for (;;) {
        store_fail_at(fixture->store, ++call, ERR_BUSY);
        if (use(fixture, 1) == ERR_NONE) break;
        assert_string_equal(fixture->told, "");
        assert_int_equal(stored(fixture).calls, 2);
    }
    store_fail_at(fixture->store, 0, ERR_NONE);
    assert_in_range(call, 6, 20);
    assert_int_equal(stored(fixture).calls, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_counted_down),
        TEST(test_used_up),
        TEST(test_changed_meanwhile),
        TEST(test_a_failing_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
