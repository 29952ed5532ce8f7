// SPDX-License-Identifier: Apache-2.0
// The description of every setting: defaults, setting from text, printing, refusals.
#include "model/model.h"
#include "unit/check.h"

#include <stdio.h>
#include <string.h>

static const struct model_field *field_of(enum model_kind kind, const char *name)
{
    const struct model_field *field = model_find_field(kind, span_of(name));
    if (!field) fail_msg("there is no field %s", name);
    return field;
}

static const char *set(enum model_kind kind, void *record, const char *name, const char *text)
{
    static char reason[REASON_SIZE];
    return model_set_field(field_of(kind, name), record, span_of(text), reason);
}

// The field's value as text; lives until the next call.
static const char *printed(enum model_kind kind, const void *record, const char *name)
{
    static char bytes[RANGES_SIZE * 2];
    struct buffer out = buffer_over(bytes, sizeof bytes - 1);
    model_print_field(field_of(kind, name), record, &out);
    assert_false(out.is_full);
    bytes[out.len] = '\0';
    return bytes;
}

// Every field lies inside its record, beside the others, and can be found by its name.
static void test_descriptions(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < KIND_COUNT; kind++) {
        const struct model_kind_info *info = model_kind((enum model_kind)kind);
        assert_true(info->record_size <= sizeof(union model_record));
        size_t end = 0;
        for (size_t i = 0; i < info->field_count; i++) {
            const struct model_field *field = &info->fields[i];
            assert_ptr_equal(model_find_field((enum model_kind)kind, span_of(field->name)), field);
            assert_true(field->offset >= end);
            end = field->offset + field->size;
            assert_true(end <= info->record_size);
            assert_true(strlen(field->help) > 0 && field->help[strlen(field->help) - 1] != '.');
            assert_true(field->type != TYPE_ENUM || field->names);
        }
        assert_null(model_find_field((enum model_kind)kind, SPAN("none_of_these")));
        assert_null(model_find_field((enum model_kind)kind, SPAN("")));
    }
}

static void test_defaults(void **state)
{
    (void)state;
    union model_record record;
    model_defaults(KIND_GROUP, &record);
    assert_true(record.group.is_enabled);
    assert_string_equal(record.group.name, "");
    assert_string_equal(record.group.national_prefix, "0");
    assert_string_equal(record.group.international_prefix, "00");
    assert_int_equal(record.group.register_interval_s, 300);
    assert_int_equal(record.group.register_rate, 100);
    assert_int_equal(record.group.max_diversions, 5);
    assert_int_equal(record.group.diversion, DIVERSION_DIVERSION);
    assert_int_equal(record.group.decline_unavailable, DECLINE_486);
    model_defaults(KIND_USER, &record);
    assert_int_equal(record.user.login, LOGIN_AUTO);
    assert_false(record.user.is_dnd);
    model_defaults(KIND_LINE, &record);
    assert_true(record.line.is_enabled);
    assert_false(record.line.is_number_withheld);
    model_defaults(KIND_FORWARDING, &record);
    assert_true(record.forwarding.is_enabled);
    assert_int_equal(record.forwarding.condition, CONDITION_IMMEDIATE);
    assert_int_equal(record.forwarding.origin, ORIGIN_ALL);
}

// What is printed can be set again and gives the same record: for every field and each kind of
// value.
static void test_printed_form_is_read_again(void **state)
{
    (void)state;
    static const char *const values[] = {
        "",    "a b",   "true", "false", "1",    "60",       "99",
        "486", "none",  "user", "read",  "dnd",  "internal", "off",
        "tcp", "never", "ring", "auto",  "line", "done",     "2026-12-24T18:00:00+01:00"};
    for (unsigned kind = 0; kind < KIND_COUNT; kind++) {
        const struct model_kind_info *info = model_kind((enum model_kind)kind);
        for (size_t i = 0; i < info->field_count; i++) {
            const char *name = info->fields[i].name;
            unsigned set_count = 0;
            for (size_t j = 0; j < sizeof values / sizeof values[0]; j++) {
                union model_record once, twice;
                model_defaults((enum model_kind)kind, &once);
                model_defaults((enum model_kind)kind, &twice);
                if (set((enum model_kind)kind, &once, name, values[j])) continue;
                set_count++;
                const char *text = printed((enum model_kind)kind, &once, name);
                assert_null(set((enum model_kind)kind, &twice, name, text));
                assert_memory_equal(&once, &twice, info->record_size);
            }
            assert_int_not_equal(set_count, 0);
        }
    }
}

static void test_text(void **state)
{
    (void)state;
    struct model_user user;
    char longest[NAME_SIZE], too_long[NAME_SIZE + 1];
    model_defaults(KIND_USER, &user);
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    memset(too_long, 'x', sizeof too_long - 1);
    too_long[sizeof too_long - 1] = '\0';
    assert_null(set(KIND_USER, &user, "name", longest));
    assert_string_equal(user.name, longest);
    assert_string_equal(set(KIND_USER, &user, "name", too_long), "must be at most 63 bytes long");
    assert_string_equal(set(KIND_USER, &user, "name", ""), "is missing");
    assert_string_equal(set(KIND_USER, &user, "display_name", "a\nb"),
                        "contains a control character");
    assert_string_equal(set(KIND_USER, &user, "display_name", "a\x7f"),
                        "contains a control character");
    assert_string_equal(user.name, longest); // unchanged by what was refused
    assert_null(set(KIND_USER, &user, "display_name", "Jürgen \"J\" Weiß"));
    assert_string_equal(user.display_name, "Jürgen \"J\" Weiß");

    // A shorter text leaves nothing of a longer one behind, so that records can be compared as
    // bytes.
    struct model_user fresh;
    model_defaults(KIND_USER, &fresh);
    assert_null(set(KIND_USER, &user, "name", "a"));
    assert_null(set(KIND_USER, &fresh, "name", "a"));
    assert_memory_equal(user.name, fresh.name, sizeof user.name);
}

static void test_zero_byte(void **state)
{
    (void)state;
    struct model_user user;
    char reason[REASON_SIZE];
    model_defaults(KIND_USER, &user);
    const char *refused = model_set_field(field_of(KIND_USER, "name"), &user, SPAN("a\0b"), reason);
    assert_string_equal(refused, "contains a control character");
}

static void test_bool(void **state)
{
    (void)state;
    static const char *const refused[] = {"", "yes", "1", "True", "on ", "onn"};
    struct model_user user;
    model_defaults(KIND_USER, &user);
    assert_null(set(KIND_USER, &user, "dnd", "on"));
    assert_true(user.is_dnd);
    assert_string_equal(printed(KIND_USER, &user, "dnd"), "true");
    assert_null(set(KIND_USER, &user, "dnd", "off"));
    assert_false(model_get_bool(field_of(KIND_USER, "dnd"), &user));
    assert_null(set(KIND_USER, &user, "dnd", "true"));
    assert_null(set(KIND_USER, &user, "dnd", "false"));
    assert_string_equal(printed(KIND_USER, &user, "dnd"), "false");
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_string_equal(set(KIND_USER, &user, "dnd", refused[i]), "must be true or false");
    }
}

static void test_number(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "",    "59",  "86401", "-60",        "+60",
        " 60", "6e1", "0x3c",  "4294967356", "99999999999999999999"};
    struct model_group group;
    model_defaults(KIND_GROUP, &group);
    assert_null(set(KIND_GROUP, &group, "register_interval_s", "60"));
    assert_int_equal(group.register_interval_s, 60);
    assert_null(set(KIND_GROUP, &group, "register_interval_s", "86400"));
    assert_string_equal(printed(KIND_GROUP, &group, "register_interval_s"), "86400");
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_string_equal(set(KIND_GROUP, &group, "register_interval_s", refused[i]),
                            "must be a number from 60 to 86400");
    }
    assert_int_equal(group.register_interval_s, 86400);
}

static void test_enum(void **state)
{
    (void)state;
    struct model_group group;
    model_defaults(KIND_GROUP, &group);
    assert_null(set(KIND_GROUP, &group, "decline_unavailable", "ringing"));
    assert_int_equal(group.decline_unavailable, DECLINE_RINGING);
    assert_string_equal(printed(KIND_GROUP, &group, "decline_unavailable"), "ringing");
    const char *reason = set(KIND_GROUP, &group, "decline_unavailable", "404");
    assert_string_equal(reason, "must be one of 486, 480, 603, ringing");
    assert_non_null(set(KIND_GROUP, &group, "decline_unavailable", ""));
    assert_non_null(set(KIND_GROUP, &group, "decline_unavailable", "Ringing"));
    assert_int_equal(group.decline_unavailable, DECLINE_RINGING);
}

static void test_names(void **state)
{
    (void)state;
    unsigned value = 7;
    assert_string_equal(model_name(&model_conditions, CONDITION_LOGGED_OFF), "logged_off");
    assert_string_equal(model_name(&model_conditions, CONDITION_COUNT), "?");
    assert_int_equal(model_conditions.count, CONDITION_COUNT);
    assert_int_equal(model_origins.count, ORIGIN_COUNT);
    assert_true(model_find_name(&model_origins, SPAN("external"), &value));
    assert_int_equal(value, ORIGIN_EXTERNAL);
    assert_false(model_find_name(&model_origins, SPAN("?"), &value));
    assert_int_equal(value, ORIGIN_EXTERNAL);
}

// RFC 5806 and the table of conditions in docs/decision.md.
static void test_reasons(void **state)
{
    (void)state;
    assert_string_equal(model_reason_text(REASON_UNCONDITIONAL), "unconditional");
    assert_string_equal(model_reason_text(REASON_DND), "do-not-disturb");
    assert_string_equal(model_reason_text(REASON_UNAVAILABLE_LOGGED_OFF), "unavailable");
    assert_string_equal(model_reason_text(REASON_COUNT), "unknown");
    assert_int_equal(model_reason_cause(REASON_UNCONDITIONAL), 302);
    assert_int_equal(model_reason_cause(REASON_DND), 404);
    assert_int_equal(model_reason_cause(REASON_UNAVAILABLE_LOGGED_OFF), 404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_descriptions),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_printed_form_is_read_again),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_zero_byte),
        cmocka_unit_test(test_bool),
        cmocka_unit_test(test_number),
        cmocka_unit_test(test_enum),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_reasons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
