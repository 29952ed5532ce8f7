// SPDX-License-Identifier: Apache-2.0
// "What would happen": the caller's origin, the assumed states, and the verdict as for a live call.
#include "fixture.h"

// The lines 101 (sales; immediate for external callers to 103), 102 (nobody's; immediate to the
// mobile number of its user) and "reception".
static void fill_forwardings(struct fixture *fixture)
{
    fill(fixture);
    struct model_line reception = sample_line("reception", ""), short_line = sample_line("9", "");
    struct model_forwarding forwarding;
    assert_put(fixture, KIND_LINE, &reception, NULL);
    assert_put(fixture, KIND_LINE, &short_line, NULL);
    forwarding = sample_forwarding("101", "immediate", "external", "103");
    assert_put(fixture, KIND_FORWARDING, &forwarding, NULL);
    forwarding = sample_forwarding("101", "dnd", "all", "0170 7654321");
    assert_put(fixture, KIND_FORWARDING, &forwarding, NULL);
    forwarding = sample_forwarding("101", "logged_off", "internal", "sip:night@partner.example");
    assert_put(fixture, KIND_FORWARDING, &forwarding, NULL);
}

static struct settings_answer ask(struct fixture *fixture, struct settings_question question,
                                  const char *from)
{
    struct settings_answer answer;
    question.group = "trial";
    if (!question.extension) question.extension = "101";
    question.from = span_of(from);
    enum err err = settings_explain(fixture->settings, &question, &answer, &fixture->problem);
    if (err != ERR_NONE) fail_msg("%s", fixture->problem.reason);
    answer.verdict.target = span_of(answer.target); // of this copy
    return answer;
}

static void assert_caller(struct fixture *fixture, const char *from, const char *stored,
                          bool is_internal)
{
    struct settings_answer answer = ask(fixture, (struct settings_question){.group = NULL}, from);
    assert_string_equal(answer.caller, stored);
    if (answer.is_internal != is_internal) fail_msg("%s: internal %d", from, answer.is_internal);
}

static void test_callers(void **state)
{
    struct fixture *fixture = *state;
    fill_forwardings(fixture);
    assert_caller(fixture, "103", "103", true);                  // in the ranges, no line
    assert_caller(fixture, "+49 89 1234-103", "103", true);      // the same
    assert_caller(fixture, "9", "9", true);                      // a line outside of them
    assert_caller(fixture, "+49 89 1234-9", "+498912349", true); // the same
    assert_caller(fixture, "reception", "reception", true);      // a line that is no number
    assert_caller(fixture, "8", "8", false);                     // neither
    assert_caller(fixture, "0170 1234567", "+491701234567", false);
    assert_caller(fixture, "nobody", "nobody", false);
    assert_caller(fixture, "", "anonymous", false);
    assert_caller(fixture, "somebody with a name that is longer than any number", "unknown", false);
}

static void test_callers_as_dialled(void **state)
{
    struct fixture *fixture = *state;
    struct model_group group = sample_group();
    fill_forwardings(fixture);
    assert_caller(fixture, "004021123456", "+4021123456", false); // Romania
    group.is_caller_as_dialled = true;
    assert_put(fixture, KIND_GROUP, &group, NULL);
    assert_caller(fixture, "004021123456", "+494021123456", false); // 0 for a line, Hamburg
    assert_caller(fixture, "+4021123456", "+4021123456", false);
    assert_caller(fixture, "103", "103", true);
}

static void test_verdicts(void **state)
{
    struct fixture *fixture = *state;
    fill_forwardings(fixture);
    struct settings_answer answer = ask(fixture, (struct settings_question){.group = NULL}, "");
    assert_int_equal(answer.verdict.kind, VERDICT_REDIRECT);
    assert_string_equal(answer.target, "103");
    assert_string_equal(answer.dialled, "103");
    assert_true(answer.verdict.trace.count > 0);

    answer = ask(fixture, (struct settings_question){.group = NULL}, "102");
    assert_int_equal(answer.verdict.kind, VERDICT_REDIRECT); // logged off
    assert_string_equal(answer.target, "sip:night@partner.example");
    assert_string_equal(answer.dialled, "night");

    answer = ask(fixture, (struct settings_question){.has_dnd = true, .is_dnd = true}, "102");
    assert_string_equal(answer.target, "+491707654321");
    assert_string_equal(answer.dialled, "001707654321");
    assert_int_equal(answer.verdict.reason, REASON_DND);

    answer = ask(fixture, (struct settings_question){.is_logged_in_now = true}, "102");
    assert_int_equal(answer.verdict.kind, VERDICT_RING);
    assert_string_equal(answer.target, "");
    assert_string_equal(answer.dialled, "");

    answer = ask(fixture, (struct settings_question){.is_logged_in_now = true, .has_login = true},
                 "102");
    assert_int_equal(answer.verdict.kind, VERDICT_REDIRECT);
    answer = ask(fixture, (struct settings_question){.has_login = true, .is_logged_in = true},
                 "102");
    assert_int_equal(answer.verdict.kind, VERDICT_RING);
}

static void assert_skipped(struct fixture *fixture, const char *from, enum fwd_finding finding)
{
    struct settings_answer answer = ask(fixture,
                                        (struct settings_question){.is_logged_in_now = true}, from);
    assert_int_equal(answer.verdict.kind, VERDICT_RING);
    for (uint32_t i = 0; i < answer.verdict.trace.count; i++) {
        if (answer.verdict.trace.entries[i].finding == finding) return;
    }
    fail_msg("%s is not in the trace", fwd_finding_name((uint8_t)finding));
}

// What was allowed when it was saved, and is not any more, counts as not set.
static void test_settings_that_changed_since(void **state)
{
    struct fixture *fixture = *state;
    struct model_group group = sample_group();
    fill(fixture);
    struct model_forwarding forwarding = sample_forwarding("101", "immediate", "internal", "199");
    assert_put(fixture, KIND_FORWARDING, &forwarding, NULL);
    forwarding = sample_forwarding("101", "immediate", "external", "0170 7654321");
    assert_put(fixture, KIND_FORWARDING, &forwarding, NULL);
    set(KIND_GROUP, &group, "barred_prefixes", "0170");
    set(KIND_GROUP, &group, "country_code", "852"); // where 199 ... is no emergency number
    assert_put(fixture, KIND_GROUP, &group, NULL);
    assert_skipped(fixture, "", FWD_IS_BARRED); // a German number is foreign now
    set(KIND_GROUP, &group, "country_code", "49");
    assert_put(fixture, KIND_GROUP, &group, NULL);
    assert_skipped(fixture, "", FWD_IS_BARRED);    // by its prefix
    set(KIND_GROUP, &group, "country_code", "86"); // where 110 and 119 are, and 199 is not
    assert_put(fixture, KIND_GROUP, &group, NULL);
    forwarding = sample_forwarding("101", "immediate", "internal", "111");
    assert_put(fixture, KIND_FORWARDING, &forwarding, NULL);
    set(KIND_GROUP, &group, "country_code", "64"); // New Zealand's emergency number is 111
    assert_put(fixture, KIND_GROUP, &group, NULL);
    assert_skipped(fixture, "103", FWD_IS_EMERGENCY);
}

// Asking changes nothing: an assumption holds for its question alone.
static void test_assumptions_do_not_stay(void **state)
{
    struct fixture *fixture = *state;
    fill_forwardings(fixture);
    fixture->told[0] = '\0';
    ask(fixture, (struct settings_question){.has_dnd = true, .is_dnd = true}, "102");
    assert_string_equal(fixture->told, "");
    struct settings_answer answer = ask(fixture, (struct settings_question){.group = NULL}, "102");
    assert_int_equal(answer.verdict.reason, REASON_UNAVAILABLE_LOGGED_OFF);
}

static void test_lines_that_are_not_there(void **state)
{
    static const char *const names[][2] = {
        {"trial", "109"}, {"elsewhere", "101"}, {"trial", ""}, {"", "101"}};
    struct fixture *fixture = *state;
    struct settings_answer answer;
    fill(fixture);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct settings_question question = {.group = names[i][0], .extension = names[i][1]};
        char reason[64];
        snprintf(reason, sizeof reason, "line %s/%s does not exist", names[i][0], names[i][1]);
        enum err err = settings_explain(fixture->settings, &question, &answer, &fixture->problem);
        assert_problem(fixture, ERR_NOT_FOUND, err, "", reason);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_callers),
        TEST(test_callers_as_dialled),
        TEST(test_verdicts),
        TEST(test_settings_that_changed_since),
        TEST(test_assumptions_do_not_stay),
        TEST(test_lines_that_are_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
