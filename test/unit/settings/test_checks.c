// SPDX-License-Identifier: Apache-2.0
// What may be saved, in which form it is stored, and with which field and reason the rest is
// refused.
#include "fixture.h"

// ---- Refusals

// Saving `record` with one field set to `value` is refused for that field, with `reason`.
static void assert_refused(struct fixture *fixture, enum model_kind kind, const void *record,
                           const char *name, const char *value, const char *reason)
{
    union model_record changed;
    bool is_new;
    memcpy(&changed, record, model_kind(kind)->record_size);
    set(kind, &changed, name, value);
    enum err err = settings_put(fixture->settings, kind, &changed, &is_new, &fixture->problem);
    assert_problem(fixture, ERR_INVALID, err, name, reason);
}

static const char *stored(struct fixture *fixture, enum model_kind kind, const void *record,
                          const char *name)
{
    static char text[RANGES_SIZE];
    union model_record found;
    memcpy(&found, record, model_kind(kind)->record_size);
    enum err err = settings_get(fixture->settings, kind, &found, NULL, &fixture->problem);
    if (err != ERR_NONE) fail_msg("%s", fixture->problem.reason);
    struct buffer out = buffer_over(text, sizeof text - 1);
    model_print_field(model_find_field(kind, span_of(name)), &found, &out);
    text[out.len] = '\0';
    return text;
}

// Saving `record` with one field set to `value` stores `wanted`, also in the caller's record.
static void assert_stored(struct fixture *fixture, enum model_kind kind, const void *record,
                          const char *name, const char *value, const char *wanted)
{
    union model_record changed;
    memcpy(&changed, record, model_kind(kind)->record_size);
    set(kind, &changed, name, value);
    assert_put(fixture, kind, &changed, NULL);
    assert_string_equal(stored(fixture, kind, &changed, name), wanted);
    assert_string_equal(model_get_text(model_find_field(kind, span_of(name)), &changed), wanted);
    fixture->told[0] = '\0';
}

static const char host_reason[] = "must be a host name or an address, as in pbx.example.org, "
                                  "192.0.2.1 or 192.0.2.1:5060";

static void test_hosts(void **state)
{
    static const char *const good[][2] = {
        {"pbx", "pbx"},
        {" pbx.example.org ", "pbx.example.org"},
        {"PBX-1.example.org:65535", "PBX-1.example.org:65535"},
        {"192.0.2.1", "192.0.2.1"},
        {"192.0.2.1:5060", "192.0.2.1:5060"},
        {"[2001:DB8::1]", "[2001:db8::1]"},
        {"[2001:db8::1]:5060", "[2001:db8::1]:5060"},
        {"2001:db8:0::1", "[2001:db8::1]"},
        {"3com.example", "3com.example"},
    };
    static const char *const bad[] = {
        "pbx:",
        "pbx:0",
        "pbx:65536",
        "pbx:5060x",
        ":5060",
        "pbx example",
        "pbx..org",
        ".org",
        "pbx.",
        "-pbx",
        "pbx-.org",
        "300.1.2.3",
        "10.0.0",
        "sip:pbx",
        "[pbx]",
        "[2001:db8::",
        "[::1]5060",
        "2001:db8::g",
        "pb_x",
        "pbx/1",
        "192.0.2.1:1:2",
        "a.b:c.d",
        "p\xc3\xa4x.example",
        "user@pbx.trial",
        "a123456789012345678901234567890123456789012345678901234567890123.example",
    };
    struct fixture *fixture = *state;
    struct model_group group = sample_group();
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_stored(fixture, KIND_GROUP, &group, "server", good[i][0], good[i][1]);
        assert_stored(fixture, KIND_GROUP, &group, "domain", good[i][0], good[i][1]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_refused(fixture, KIND_GROUP, &group, "server", bad[i], host_reason);
        assert_refused(fixture, KIND_GROUP, &group, "domain", bad[i], host_reason);
    }
}

static void test_names(void **state)
{
    struct fixture *fixture = *state;
    struct model_group group = sample_group();
    struct model_user user = sample_user();
    assert_refused(fixture, KIND_GROUP, &group, "name", "a/b", "must not contain /");
    assert_refused(fixture, KIND_GROUP, &group, "name", "--json", "must not begin with -");
    assert_refused(fixture, KIND_GROUP, &group, "name", "..", "must not be . or ..");
    assert_refused(fixture, KIND_GROUP, &group, "name", "  ", "is missing");
    assert_refused(fixture, KIND_USER, &user, "name", "a/b", "must not contain /");
    assert_stored(fixture, KIND_USER, &user, "name", " J\xc3\xb6rg Meier ", "J\xc3\xb6rg Meier");
}

static void test_what_is_required_must_be_there(void **state)
{
    struct fixture *fixture = *state;
    struct model_group group = sample_group();
    memset(group.domain, 0, sizeof group.domain);
    enum err err = settings_add(fixture->settings, KIND_GROUP, &group, &fixture->problem);
    assert_problem(fixture, ERR_INVALID, err, "domain", "is missing");
    group = sample_group();
    group.register_rate = 0;
    err = settings_add(fixture->settings, KIND_GROUP, &group, &fixture->problem);
    assert_problem(fixture, ERR_INVALID, err, "register_rate", "must be a number from 1 to 10000");
    group = sample_group();
    group.decline_unavailable = 99;
    err = settings_add(fixture->settings, KIND_GROUP, &group, &fixture->problem);
    assert_problem(fixture, ERR_INVALID, err, "decline_unavailable",
                   "must be one of 486, 480, 603, ringing");
}

static void test_a_groups_numbering(void **state)
{
    struct fixture *fixture = *state;
    struct model_group group = sample_group();
    assert_stored(fixture, KIND_GROUP, &group, "main_number", "089 1234-0", "+49891234");
    assert_stored(fixture, KIND_GROUP, &group, "country_code", " 49 ", "49");
    union model_record changed = {.group = group};
    bool is_new;
    fixture->told[0] = '\0';
    set(KIND_GROUP, &changed, "internal_ranges", "100-99");
    enum err err = settings_put(fixture->settings, KIND_GROUP, &changed, &is_new,
                                &fixture->problem);
    assert_int_equal(err, ERR_INVALID);
    assert_string_equal(fixture->problem.field, "internal_ranges");
    assert_string_equal(fixture->told, "");
}

static void test_a_users_numbers(void **state)
{
    static const char reason[] = "must be a telephone number, as in +49 170 1234567";
    static const char *const fields[] = {"business", "mobile", "home", "mailbox"};
    struct fixture *fixture = *state;
    struct model_user user = sample_user();
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        assert_stored(fixture, KIND_USER, &user, fields[i], " (089) 1234-700 ", "(089) 1234-700");
        assert_stored(fixture, KIND_USER, &user, fields[i], "", "");
        assert_refused(fixture, KIND_USER, &user, fields[i], "at home", reason);
    }
}

static void test_extensions(void **state)
{
    static const char reason[] = "must be digits, letters, *, ., - or _, as in 101";
    static const char *const good[] = {"1", "0815", "reception", "*21*", "+4989123410", "a.b-c_d"};
    static const char *const bad[] = {"#31",     "10 1", "-101", ".1",
                                      "101@pbx", "10+1", "a/b",  "\xc3\xb6"};
    struct fixture *fixture = *state;
    fill(fixture);
    struct model_line line = sample_line("101", "");
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_stored(fixture, KIND_LINE, &line, "extension", good[i], good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_refused(fixture, KIND_LINE, &line, "extension", bad[i], reason);
    }
}

static void test_blanks_at_the_ends_are_part_of_a_password_only(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture);
    struct model_line line = sample_line("101", "");
    assert_stored(fixture, KIND_LINE, &line, "password", " secret ", " secret ");
    assert_stored(fixture, KIND_LINE, &line, "display_name", " Sales ", "Sales");
}

static void test_targets(void **state)
{
    static const char *const good[][2] = {
        {"103", "103"},
        {"+49 89 1234-103", "103"},
        {"0170 1234567", "+491701234567"},
        {"0 0170 1234567", "+491701234567"},
        {"tel:+49-170-1234567", "+491701234567"},
        {"sip:night@partner.example", "sip:night@partner.example"},
        {"Mailbox", "mailbox"},
        {"mobile", "mobile"},
    };
    static const char *const itself[] = {"101", "+4989 1234-101", "089 1234 101", "tel:101",
                                         "sip:101@pbx.trial"};
    struct fixture *fixture = *state;
    fill(fixture);
    struct model_forwarding forwarding = sample_forwarding("101", "immediate", "all", "103");
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_stored(fixture, KIND_FORWARDING, &forwarding, "target", good[i][0], good[i][1]);
    }
    for (size_t i = 0; i < sizeof itself / sizeof itself[0]; i++) {
        assert_refused(fixture, KIND_FORWARDING, &forwarding, "target", itself[i],
                       "is the line itself");
    }
    assert_refused(fixture, KIND_FORWARDING, &forwarding, "target", "somewhere",
                   "must be an extension, a telephone number, a sip: address, mailbox or mobile");
    assert_string_equal(stored(fixture, KIND_FORWARDING, &forwarding, "target"), "mobile");
}

// Saving a forwarding of 101 to `target` is refused with `reason`.
static void assert_target_refused(struct fixture *fixture, const char *target, const char *reason)
{
    struct model_forwarding forwarding = sample_forwarding("101", "immediate", "all", "103");
    assert_refused(fixture, KIND_FORWARDING, &forwarding, "target", target, reason);
}

static void test_emergency_and_barred_targets(void **state)
{
    static const char *const emergency[] = {
        "112", "110", "0112", "0 110", "911", "tel:112", "sip:112@pbx.trial", "+49 89 1234-112"};
    struct fixture *fixture = *state;
    struct model_group group = sample_group();
    struct model_forwarding forwarding = sample_forwarding("101", "immediate", "all", "103");
    fill(fixture);
    for (size_t i = 0; i < sizeof emergency / sizeof emergency[0]; i++) {
        assert_target_refused(fixture, emergency[i], "is an emergency number");
    }
    assert_target_refused(fixture, "0900 1234567",
                          "is a premium-rate number, which the group bars");
    assert_target_refused(fixture, "+43 1 53454",
                          "is a number of another country, which the group bars");
    assert_target_refused(fixture, "+44 909 8790123",
                          "is a premium-rate number, which the group bars");
    set(KIND_GROUP, &group, "bar_premium", "off");
    set(KIND_GROUP, &group, "bar_foreign", "off");
    assert_stored(fixture, KIND_GROUP, &group, "barred_prefixes", "0137, +431", "0137, +431");
    assert_stored(fixture, KIND_FORWARDING, &forwarding, "target", "0900 1234567", "+499001234567");
    assert_stored(fixture, KIND_FORWARDING, &forwarding, "target", "+44 20 79460123",
                  "+442079460123");
    assert_target_refused(fixture, "+43 1 53454", "begins with a prefix that the group bars");
    assert_target_refused(fixture, "0137 1234567", "begins with a prefix that the group bars");
    assert_target_refused(fixture, "112", "is an emergency number");
}

// A user may get the number later: "mailbox" and "mobile" are looked up when a call comes.
static void test_the_users_numbers_may_be_missing(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture);
    struct model_forwarding forwarding = sample_forwarding("102", "immediate", "all", "mobile");
    assert_put(fixture, KIND_FORWARDING, &forwarding, NULL);
}

// ---- References

static void test_what_records_belong_to_must_be_there(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture);
    struct model_line line = sample_line("103", "nobody");
    enum err err = settings_add(fixture->settings, KIND_LINE, &line, &fixture->problem);
    assert_problem(fixture, ERR_INVALID, err, "user", "is no user that exists");
    line = sample_line("103", "");
    set(KIND_LINE, &line, "group", "elsewhere");
    err = settings_add(fixture->settings, KIND_LINE, &line, &fixture->problem);
    assert_problem(fixture, ERR_NOT_FOUND, err, "group", "is no group that exists");
    struct model_forwarding forwarding = sample_forwarding("109", "dnd", "all", "103");
    err = settings_add(fixture->settings, KIND_FORWARDING, &forwarding, &fixture->problem);
    assert_problem(fixture, ERR_NOT_FOUND, err, "extension", "is no line of the group");
    set(KIND_FORWARDING, &forwarding, "group", "elsewhere");
    err = settings_add(fixture->settings, KIND_FORWARDING, &forwarding, &fixture->problem);
    assert_problem(fixture, ERR_NOT_FOUND, err, "group", "is no group that exists");
}

static void test_adding_and_replacing(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture);
    struct model_line line = sample_line("101", "");
    bool is_new = true;
    enum err err = settings_add(fixture->settings, KIND_LINE, &line, &fixture->problem);
    assert_problem(fixture, ERR_EXISTS, err, "", "line trial/101 exists already");
    line = sample_line("109", "");
    err = settings_replace(fixture->settings, KIND_LINE, &line, &fixture->problem);
    assert_problem(fixture, ERR_NOT_FOUND, err, "", "line trial/109 does not exist");
    err = settings_remove(fixture->settings, KIND_LINE, &line, &fixture->problem);
    assert_problem(fixture, ERR_NOT_FOUND, err, "", "line trial/109 does not exist");
    err = settings_get(fixture->settings, KIND_LINE, &line, NULL, &fixture->problem);
    assert_problem(fixture, ERR_NOT_FOUND, err, "", "line trial/109 does not exist");
    err = settings_put(fixture->settings, KIND_LINE, &line, &is_new, &fixture->problem);
    assert_true(err == ERR_NONE && is_new);
    err = settings_put(fixture->settings, KIND_LINE, &line, &is_new, &fixture->problem);
    assert_true(err == ERR_NONE && !is_new);
}

static void test_what_has_lines_is_kept(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture);
    struct model_group group = sample_group();
    struct model_user user = sample_user();
    enum err err = settings_remove(fixture->settings, KIND_GROUP, &group, &fixture->problem);
    assert_problem(fixture, ERR_CONFLICT, err, "", "group trial still has 2 lines");
    err = settings_remove(fixture->settings, KIND_USER, &user, &fixture->problem);
    assert_problem(fixture, ERR_CONFLICT, err, "", "user sales still has 1 line");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_hosts),
        TEST(test_names),
        TEST(test_what_is_required_must_be_there),
        TEST(test_a_groups_numbering),
        TEST(test_a_users_numbers),
        TEST(test_extensions),
        TEST(test_blanks_at_the_ends_are_part_of_a_password_only),
        TEST(test_targets),
        TEST(test_emergency_and_barred_targets),
        TEST(test_the_users_numbers_may_be_missing),
        TEST(test_what_records_belong_to_must_be_there),
        TEST(test_adding_and_replacing),
        TEST(test_what_has_lines_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
