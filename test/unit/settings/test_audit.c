// SPDX-License-Identifier: Apache-2.0
// The audit: every change is written down with who made it, in its own transaction.
// docs/storage.md.
#include "fixture.h"

// The newest entries, one line each: "admin for sales changed line trial/101 {..} {..}".
static bool print_entry(void *context, const struct model_audit_entry *entry)
{
    char *text = context;
    size_t len = strlen(text);
    assert_true(entry->at_us > 1000000);
    snprintf(text + len, 4096 - len, "%.*s%s%.*s %s %.*s %.*s %.*s %.*s\n", SPAN_ARG(entry->actor),
             entry->for_user.len > 0 ? " for " : "", SPAN_ARG(entry->for_user),
             model_name(&model_audit_actions, entry->action), SPAN_ARG(entry->kind),
             SPAN_ARG(entry->key), SPAN_ARG(entry->before), SPAN_ARG(entry->after));
    return true;
}

static void assert_newest(struct fixture *fixture, uint32_t count, const char *wanted)
{
    char text[4096] = "";
    struct store_audit_query query = {.limit = count};
    assert_int_equal(
        settings_list_audit(fixture->settings, &query, print_entry, text, &fixture->problem),
        ERR_NONE);
    assert_string_equal(text, wanted);
}

static uint32_t count_entries(struct fixture *fixture)
{
    char text[4096] = "";
    uint32_t count = 0;
    struct store_audit_query query = {.limit = 0};
    assert_int_equal(store_audit_list(fixture->memory, &query, print_entry, text), ERR_NONE);
    for (const char *at = text; *at; at++) count += *at == '\n';
    return count;
}

static struct model_line present_line(struct fixture *fixture, const char *extension)
{
    struct model_line line = sample_line(extension, "");
    assert_int_equal(store_get(fixture->memory, KIND_LINE, &line, NULL), ERR_NONE);
    return line;
}

static void test_a_change_tells_what_differs(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture);
    struct settings_actor actor = {.name = "admin", .for_user = "sales"};
    settings_set_actor(fixture->settings, &actor);
    struct model_line line = present_line(fixture, "101");
    set(KIND_LINE, &line, "display_name", "\"Desk\" \\ 1");
    set(KIND_LINE, &line, "enabled", "false");
    assert_int_equal(settings_replace(fixture->settings, KIND_LINE, &line, &fixture->problem),
                     ERR_NONE);
    assert_newest(fixture, 1,
                  "admin for sales changed line trial/101 "
                  "{\"enabled\":true,\"display_name\":\"\"} "
                  "{\"enabled\":false,\"display_name\":\"\\\"Desk\\\" \\\\ 1\"}\n");
    // A change that changes nothing is none.
    uint32_t count = count_entries(fixture);
    assert_int_equal(settings_replace(fixture->settings, KIND_LINE, &line, &fixture->problem),
                     ERR_NONE);
    assert_int_equal(count_entries(fixture), count);
}

static void test_secrets_are_not_told(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture);
    struct model_line line = present_line(fixture, "101");
    set(KIND_LINE, &line, "password", "Geheim");
    assert_int_equal(settings_replace(fixture->settings, KIND_LINE, &line, &fixture->problem),
                     ERR_NONE);
    set(KIND_LINE, &line, "password", "Anders");
    assert_int_equal(settings_replace(fixture->settings, KIND_LINE, &line, &fixture->problem),
                     ERR_NONE);
    assert_newest(fixture, 1,
                  "lineward changed line trial/101 {\"password_set\":true} "
                  "{\"password_set\":true}\n");
}

static void test_a_removal_tells_what_went_along(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture);
    struct model_forwarding forwarding = sample_forwarding("101", "immediate", "all", "102");
    uint32_t before = count_entries(fixture);
    struct model_line line = present_line(fixture, "101");
    assert_int_equal(settings_put(fixture->settings, KIND_FORWARDING, &forwarding, &(bool){false},
                                  &fixture->problem),
                     ERR_NONE);
    assert_int_equal(count_entries(fixture), before + 1);
    assert_int_equal(settings_remove(fixture->settings, KIND_LINE, &line, &fixture->problem),
                     ERR_NONE);
    char text[4096] = "";
    struct store_audit_query query = {.key = "trial/101", .limit = 2};
    assert_int_equal(store_audit_list(fixture->memory, &query, print_entry, text), ERR_NONE);
    assert_non_null(strstr(text, "removed line trial/101 {"));
    assert_non_null(
        strstr(text, "removed forwarding trial/101/immediate/all {\"target\":\"102\","));
}

// A refused change leaves no entry, and where the entry cannot be written, there is no change.
static void test_change_and_entry_go_together(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture);
    uint32_t before = count_entries(fixture);
    struct model_line line = sample_line("105", "nobody");
    assert_int_equal(settings_add(fixture->settings, KIND_LINE, &line, &fixture->problem),
                     ERR_INVALID);
    assert_int_equal(count_entries(fixture), before);
    line = sample_line("105", "");
    enum err err;
    unsigned call = 0;
    do {
        store_fail_at(fixture->store, ++call, ERR_IO);
        err = settings_add(fixture->settings, KIND_LINE, &line, &fixture->problem);
        assert_int_equal(count_entries(fixture), err == ERR_NONE ? before + 1 : before);
    } while (err == ERR_IO && call < 100);
    assert_int_equal(err, ERR_NONE);
    assert_true(call > 4);
}

// Every text as long as it may be, and of bytes that need an escape.
static void test_the_longest_records_fit(void **state)
{
    struct fixture *fixture = *state;
    for (enum model_kind kind = 0; kind < KIND_COUNT; kind++) {
        const struct model_kind_info *info = model_kind(kind);
        union model_record record;
        model_defaults(kind, &record);
        size_t escaped = 2;
        for (size_t i = 0; i < info->field_count; i++) {
            const struct model_field *field = &info->fields[i];
            escaped += 2 * field->size + strlen(field->name) + 16;
        }
        if (escaped > 16 * 1024) fail_msg("a %s needs %zu bytes", info->name, escaped);
    }
    fill(fixture);
    struct model_line line = present_line(fixture, "101");
    memset(line.display_name, '"', TEXT_SIZE - 1);
    memset(line.auth_user, '\\', TEXT_SIZE - 1);
    assert_int_equal(settings_replace(fixture->settings, KIND_LINE, &line, &fixture->problem),
                     ERR_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_change_tells_what_differs),     TEST(test_secrets_are_not_told),
        TEST(test_a_removal_tells_what_went_along), TEST(test_change_and_entry_go_together),
        TEST(test_the_longest_records_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
