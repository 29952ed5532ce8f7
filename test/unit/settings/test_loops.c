// SPDX-License-Identifier: Apache-2.0
// Forwardings that lead back to their line: refused where they are all immediate, else saved with a
// warning that names the path.
#include "fixture.h"

// Lines 101 to 105 of the users u101 to u105, whose numbers lead nowhere yet.
static void fill_lines(struct fixture *fixture)
{
    struct model_group group = sample_group();
    assert_put(fixture, KIND_GROUP, &group, NULL);
    for (unsigned i = 101; i <= 105; i++) {
        char name[16], extension[16];
        snprintf(name, sizeof name, "u%u", i);
        snprintf(extension, sizeof extension, "%u", i);
        struct model_user user = sample_user();
        set(KIND_USER, &user, "name", name);
        struct model_line line = sample_line(extension, name);
        assert_put(fixture, KIND_USER, &user, NULL);
        assert_put(fixture, KIND_LINE, &line, NULL);
    }
}

static enum err save(struct fixture *fixture, const char *extension, const char *condition,
                     const char *origin, const char *target)
{
    struct model_forwarding forwarding = sample_forwarding(extension, condition, origin, target);
    bool is_new;
    fixture->told[0] = '\0';
    return settings_put(fixture->settings, KIND_FORWARDING, &forwarding, &is_new,
                        &fixture->problem);
}

// Saving it makes no loop.
static void assert_plain(struct fixture *fixture, const char *extension, const char *condition,
                         const char *origin, const char *target)
{
    if (save(fixture, extension, condition, origin, target)) {
        fail_msg("%s %s", fixture->problem.field, fixture->problem.reason);
    }
    assert_string_equal(fixture->problem.warning, "");
}

static void assert_warned(struct fixture *fixture, const char *extension, const char *condition,
                          const char *origin, const char *target, const char *path)
{
    char wanted[256];
    if (save(fixture, extension, condition, origin, target)) {
        fail_msg("%s %s", fixture->problem.field, fixture->problem.reason);
    }
    snprintf(wanted, sizeof wanted,
             "calls can go in a circle: %s; such a call ends where it has been before", path);
    assert_string_equal(fixture->problem.warning, wanted);
}

static void assert_loop_refused(struct fixture *fixture, const char *extension, const char *origin,
                                const char *target, const char *path)
{
    char wanted[256];
    enum err err = save(fixture, extension, "immediate", origin, target);
    snprintf(wanted, sizeof wanted, "leads back to this line: %s", path);
    assert_problem(fixture, ERR_INVALID, err, "target", wanted);
}

static void test_immediate_loops_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct model_forwarding forwarding = sample_forwarding("102", "immediate", "all", "103");
    fill_lines(fixture);
    assert_plain(fixture, "103", "immediate", "all", "102");
    assert_loop_refused(fixture, "102", "all", "103", "102 -> 103 -> 102");
    assert_loop_refused(fixture, "102", "internal", "+49 89 1234-103", "102 -> 103 -> 102");
    assert_loop_refused(fixture, "102", "external", "sip:103@pbx.trial", "102 -> 103 -> 102");
    enum err err = settings_get(fixture->settings, KIND_FORWARDING, &forwarding, NULL,
                                &fixture->problem);
    assert_int_equal(err, ERR_NOT_FOUND); // nothing was saved
    assert_plain(fixture, "102", "immediate", "all", "104");
    assert_plain(fixture, "104", "immediate", "all", "105");
    assert_loop_refused(fixture, "105", "all", "103", "105 -> 103 -> 102 -> 104 -> 105");
}

static void test_conditional_loops_are_warned_of(void **state)
{
    struct fixture *fixture = *state;
    fill_lines(fixture);
    assert_plain(fixture, "103", "dnd", "all", "102");
    assert_warned(fixture, "102", "immediate", "all", "103", "102 -> 103 -> 102");
    assert_warned(fixture, "102", "logged_off", "all", "103", "102 -> 103 -> 102");
    assert_plain(fixture, "102", "logged_off", "all", "104");
    assert_warned(fixture, "103", "dnd", "all", "102", "103 -> 102 -> 103");
}

// A call keeps its caller: internal ones never take a forwarding for external ones.
static void test_origins(void **state)
{
    struct fixture *fixture = *state;
    fill_lines(fixture);
    assert_plain(fixture, "103", "immediate", "internal", "102");
    assert_plain(fixture, "102", "immediate", "external", "103");
    assert_loop_refused(fixture, "102", "internal", "103", "102 -> 103 -> 102");
    assert_loop_refused(fixture, "102", "all", "103", "102 -> 103 -> 102");
    // For internal callers one of their own goes first.
    assert_plain(fixture, "102", "immediate", "internal", "104");
    assert_plain(fixture, "102", "immediate", "all", "103");
    assert_plain(fixture, "103", "immediate", "external", "105");
}

static void test_what_is_off_makes_no_loop(void **state)
{
    struct fixture *fixture = *state;
    struct model_forwarding forwarding = sample_forwarding("102", "immediate", "all", "103");
    bool is_new;
    fill_lines(fixture);
    assert_plain(fixture, "103", "immediate", "all", "102");
    forwarding.is_enabled = false;
    assert_put(fixture, KIND_FORWARDING, &forwarding, NULL);
    assert_string_equal(fixture->problem.warning, "");
    forwarding.is_enabled = true; // switched on
    fixture->told[0] = '\0';
    enum err err = settings_put(fixture->settings, KIND_FORWARDING, &forwarding, &is_new,
                                &fixture->problem);
    assert_problem(fixture, ERR_INVALID, err, "target",
                   "leads back to this line: 102 -> 103 -> 102");
}

static void test_numbers_of_users(void **state)
{
    struct fixture *fixture = *state;
    struct model_user user = sample_user();
    fill_lines(fixture);
    set(KIND_USER, &user, "name", "u103");
    set(KIND_USER, &user, "mobile", "(089) 1234 102");
    set(KIND_USER, &user, "mailbox", "102");
    assert_put(fixture, KIND_USER, &user, NULL);
    // Logged off, 103 forwards to its mailbox.
    assert_warned(fixture, "102", "immediate", "all", "103", "102 -> 103 -> 102");
    assert_plain(fixture, "103", "logged_off", "all", "105");
    assert_plain(fixture, "102", "immediate", "all", "103");
    assert_loop_refused(fixture, "103", "all", "mobile", "103 -> 102 -> 103");
    assert_warned(fixture, "103", "dnd", "all", "mailbox", "103 -> 102 -> 103");
}

static void test_what_leads_nowhere(void **state)
{
    struct fixture *fixture = *state;
    struct model_line unowned = sample_line("106", "");
    fill_lines(fixture);
    assert_put(fixture, KIND_LINE, &unowned, NULL);
    assert_plain(fixture, "101", "immediate", "all", "106");
    assert_plain(fixture, "106", "immediate", "all", "mobile"); // of nobody
    assert_plain(fixture, "102", "immediate", "all", "+49 170 1234567");
    assert_plain(fixture, "103", "immediate", "all", "199"); // no line
    assert_plain(fixture, "104", "immediate", "all", "sip:night@partner.example");
    // A loop of others is not ours.
    assert_plain(fixture, "104", "dnd", "all", "105");
    assert_warned(fixture, "105", "dnd", "all", "104", "105 -> 104 -> 105");
    assert_plain(fixture, "103", "immediate", "all", "104");
}

// Longer chains are looked at up to a bound, and shown with their middle left out.
static void test_long_chains(void **state)
{
    struct fixture *fixture = *state;
    struct model_group group = sample_group();
    assert_put(fixture, KIND_GROUP, &group, NULL);
    for (unsigned i = 1000; i < 1300; i++) {
        char extension[16], target[16];
        snprintf(extension, sizeof extension, "%u", i);
        snprintf(target, sizeof target, "%u", i + 1);
        struct model_line line = sample_line(extension, "");
        assert_put(fixture, KIND_LINE, &line, NULL);
        assert_plain(fixture, extension, "immediate", "all", target);
    }
    assert_loop_refused(fixture, "1100", "all", "1099", "1100 -> 1099 -> 1100");
    enum err err = save(fixture, "1200", "immediate", "all", "1000");
    assert_int_equal(err, ERR_INVALID);
    assert_string_equal(fixture->problem.reason,
                        "leads back to this line: 1200 -> ... -> 1199 -> 1200");
    assert_plain(fixture, "1299", "immediate", "all", "1000"); // found when a call comes
}

static void test_failures_of_the_store(void **state)
{
    struct fixture *fixture = *state;
    fill_lines(fixture);
    assert_plain(fixture, "103", "dnd", "all", "102");
    for (unsigned call = 1; call < 40; call++) {
        store_fail_at(fixture->store, call, ERR_BUSY);
        enum err err = save(fixture, "102", "logged_off", "all", "103");
        store_fail_at(fixture->store, 0, ERR_NONE);
        if (err == ERR_NONE) {
            assert_true(call > 10); // each call that it takes has failed once
            return;
        }
        assert_int_equal(err, ERR_BUSY);
        assert_string_equal(fixture->told, "");
    }
    fail_msg("it never succeeds");
}

static enum err save_numbers(struct fixture *fixture, const char *mailbox, const char *mobile)
{
    struct model_user user = sample_user();
    bool is_new;
    set(KIND_USER, &user, "name", "u103");
    set(KIND_USER, &user, "mailbox", mailbox);
    set(KIND_USER, &user, "mobile", mobile);
    fixture->told[0] = '\0';
    return settings_put(fixture->settings, KIND_USER, &user, &is_new, &fixture->problem);
}

// Another mailbox or mobile number can close a loop, too.
static void test_numbers_that_change(void **state)
{
    struct fixture *fixture = *state;
    fill_lines(fixture);
    assert_plain(fixture, "102", "immediate", "all", "103");
    assert_plain(fixture, "103", "immediate", "internal", "mobile");
    assert_int_equal(save_numbers(fixture, "", ""), ERR_NONE);
    assert_problem(fixture, ERR_INVALID, save_numbers(fixture, "", "(089) 1234 102"), "mobile",
                   "leads back to this line: 103 -> 102 -> 103");
    assert_int_equal(save_numbers(fixture, "", "104"), ERR_NONE);
    assert_string_equal(fixture->problem.warning, "");
    assert_int_equal(save_numbers(fixture, "102", "104"), ERR_NONE); // while logged off
    assert_string_equal(fixture->problem.warning,
                        "calls can go in a circle: 103 -> 102 -> 103; such a call ends where it "
                        "has been before");
    assert_int_equal(save_numbers(fixture, "102", "104"), ERR_NONE); // nothing new
    assert_string_equal(fixture->problem.warning, "");
    assert_plain(fixture, "103", "logged_off", "all", "105");
    assert_int_equal(save_numbers(fixture, "", "104"), ERR_NONE);
    assert_int_equal(save_numbers(fixture, "102", "104"), ERR_NONE); // not used by anything
    assert_string_equal(fixture->problem.warning, "");
}

// So can one that an exception, or an administrator's forwarding, leads to.
static void test_numbers_that_others_use(void **state)
{
    struct fixture *fixture = *state;
    struct model_exception exception;
    struct model_admin_forwarding admin;
    fill_lines(fixture);
    assert_plain(fixture, "102", "busy", "all", "103");
    model_defaults(KIND_EXCEPTION, &exception);
    set(KIND_EXCEPTION, &exception, "group", "trial");
    set(KIND_EXCEPTION, &exception, "extension", "103");
    set(KIND_EXCEPTION, &exception, "position", "1");
    set(KIND_EXCEPTION, &exception, "target", "mobile");
    assert_put(fixture, KIND_EXCEPTION, &exception, NULL);
    assert_int_equal(save_numbers(fixture, "", "102"), ERR_NONE);
    assert_non_null(strstr(fixture->problem.warning, "103 -> 102 -> 103"));
    exception.is_enabled = false;
    assert_put(fixture, KIND_EXCEPTION, &exception, NULL);
    model_defaults(KIND_ADMIN_FORWARDING, &admin);
    set(KIND_ADMIN_FORWARDING, &admin, "group", "trial");
    set(KIND_ADMIN_FORWARDING, &admin, "name", "night");
    set(KIND_ADMIN_FORWARDING, &admin, "condition", "busy");
    set(KIND_ADMIN_FORWARDING, &admin, "target", "mobile");
    assert_int_equal(save_numbers(fixture, "", "104"), ERR_NONE);
    assert_put(fixture, KIND_ADMIN_FORWARDING, &admin, NULL);
    assert_int_equal(save_numbers(fixture, "", "102"), ERR_NONE);
    assert_non_null(strstr(fixture->problem.warning, "103 -> 102 -> 103"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_immediate_loops_are_refused),
        TEST(test_conditional_loops_are_warned_of),
        TEST(test_origins),
        TEST(test_what_is_off_makes_no_loop),
        TEST(test_numbers_of_users),
        TEST(test_numbers_that_change),
        TEST(test_numbers_that_others_use),
        TEST(test_what_leads_nowhere),
        TEST(test_long_chains),
        TEST(test_failures_of_the_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
