// SPDX-License-Identifier: Apache-2.0
// Settings that any older version has written are brought to this schema: all that was there is
// there, the new fields have their defaults, and the tables are those of a new database.
#include "files.h"
#include "frozen.h"

static int open_directory(void **state)
{
    *state = new_directory();
    return 0;
}

static int close_directory(void **state)
{
    remove_directory(*state);
    return 0;
}

// Makes lineward.db as the version with schema `version` would have, with `rows`.
static void write_old(const char *directory, int version)
{
    char pragma[64];
    store_close(must_open(directory)); // makes the key
    remove_file(directory, "lineward.db");
    for (int i = 0; i < version; i++) tamper(directory, "lineward.db", frozen[i]);
    tamper(directory, "lineward.db", rows);
    snprintf(pragma, sizeof pragma, "PRAGMA user_version=%d", version);
    tamper(directory, "lineward.db", pragma);
}

// ---- What must be there

static void assert_group(struct store *store)
{
    struct model_group group, defaults;
    uint32_t id;
    memset(&group, 0xff, sizeof group);
    memset(group.name, 0, sizeof group.name);
    text_copy(group.name, sizeof group.name, SPAN("trial"));
    model_defaults(KIND_GROUP, &defaults);
    assert_int_equal(store_get(store, KIND_GROUP, &group, &id), ERR_NONE);
    assert_int_equal(id, 1);
    assert_string_equal(group.server, "192.0.2.1:5060");
    assert_string_equal(group.main_number, "+498912340");
    assert_int_equal(group.max_diversions, 7);
    assert_string_equal(group.realm, defaults.realm);
    assert_int_equal(group.is_barring_premium, defaults.is_barring_premium);
    assert_int_equal(group.is_barring_foreign, defaults.is_barring_foreign);
    assert_int_equal(group.transport, defaults.transport);
    assert_int_equal(group.is_tls_verified, defaults.is_tls_verified);
    assert_int_equal(group.pbx_ring_timeout_s, defaults.pbx_ring_timeout_s);
    assert_int_equal(group.other_contacts_grace_s, defaults.other_contacts_grace_s);
    assert_int_equal(group.max_forwarded_calls, defaults.max_forwarded_calls);
    assert_int_equal(group.max_forwarded_per_hour, defaults.max_forwarded_per_hour);
    assert_int_equal(group.decline_rejected, defaults.decline_rejected);
    assert_int_equal(group.journal_days, defaults.journal_days);
    assert_int_equal(group.forward_by, defaults.forward_by);
    assert_int_equal(group.bridge_caller_id, defaults.bridge_caller_id);
    assert_string_equal(group.feature_codes, defaults.feature_codes);
    assert_int_equal(group.is_feature_heard, defaults.is_feature_heard);
    assert_string_equal(group.time_zone, "");
}

static void assert_user_and_line(struct store *store)
{
    struct model_user user = {.name = "sales"}, usual_user;
    struct model_line line = {.group = "trial", .extension = "101"}, usual_line;
    model_defaults(KIND_USER, &usual_user);
    model_defaults(KIND_LINE, &usual_line);
    assert_int_equal(store_get(store, KIND_USER, &user, NULL), ERR_NONE);
    assert_string_equal(user.mobile, "+491701234567");
    assert_true(user.is_dnd && user.login == LOGIN_OFF);
    assert_int_equal(user.role, usual_user.role);
    assert_int_equal(user.is_busy_on_any_line, usual_user.is_busy_on_any_line);
    assert_int_equal(store_get(store, KIND_LINE, &line, NULL), ERR_NONE);
    assert_string_equal(line.user, "sales");
    assert_string_equal(line.auth_user, "auth101");
    assert_true(line.is_enabled && line.is_number_withheld);
    assert_int_equal(line.second_call, usual_line.second_call);
    assert_int_equal(line.max_calls, usual_line.max_calls);
    assert_int_equal(line.has_other_contacts, usual_line.has_other_contacts);
    assert_int_equal(count_of(store, KIND_LINE), 2);
}

static void assert_forwardings(struct store *store)
{
    struct model_forwarding forwarding = sample_forwarding("trial", "101", CONDITION_DND,
                                                           ORIGIN_INTERNAL);
    assert_int_equal(count_of(store, KIND_FORWARDING), 2);
    assert_int_equal(store_get(store, KIND_FORWARDING, &forwarding, NULL), ERR_NONE);
    assert_string_equal(forwarding.target, "mailbox");
    assert_false(forwarding.is_enabled);
    assert_int_equal(forwarding.delay_s, 0);
    assert_int_equal(forwarding.until_s, 0);
}

// The columns of all tables, as one text.
static void read_tables(const char *directory, char *out, size_t size)
{
    sqlite3 *database = connect_to(directory, "lineward.db");
    sqlite3_stmt *statement;
    const char *sql =
        "SELECT group_concat(x, char(10)) FROM (SELECT t.name || '.' || c.name || ' ' || c.type"
        "  || ' ' || c.\"notnull\" AS x FROM sqlite_schema t, pragma_table_xinfo(t.name) c"
        "  WHERE t.type IN ('table', 'index') ORDER BY t.name, c.name)";
    assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    snprintf(out, size, "%s", (const char *)sqlite3_column_text(statement, 0));
    assert_true(strlen(out) + 1 < size);
    sqlite3_finalize(statement);
    sqlite3_close(database);
}

// ---- From each version

static void test_each_older_version_is_brought_up(void **state)
{
    static char wanted[64 * 1024], present[64 * 1024];
    store_close(must_open(*state));
    read_tables(*state, wanted, sizeof wanted);
    for (int version = 1; version <= FROZEN_COUNT; version++) {
        write_old(*state, version);
        struct store *store = must_open(*state);
        assert_group(store);
        assert_user_and_line(store);
        assert_forwardings(store);
        must_add_line(store, "trial", "900", "sales");
        store_close(store);
        read_tables(*state, present, sizeof present);
        assert_string_equal(present, wanted);
    }
}

// ---- The journal

// Makes journal.db as the version with schema `version` would have, with one call.
static void write_old_journal(const char *directory, int version)
{
    char pragma[64];
    store_close(must_open(directory));
    remove_file(directory, "journal.db");
    for (int i = 0; i < version; i++) tamper(directory, "journal.db", frozen_journal[i]);
    tamper(directory, "journal.db", version < 5 ? journal_columns : journal_bytes);
    snprintf(pragma, sizeof pragma, "PRAGMA user_version=%d", version);
    tamper(directory, "journal.db", pragma);
}

static bool check_old_call(void *context, const struct model_journal_entry *entry)
{
    assert_true(span_eq(entry->caller, SPAN("+491701234567")));
    assert_true(span_eq(entry->extension, SPAN("101")) && entry->line_id == 1);
    assert_int_equal(entry->id, 1);
    assert_int_equal(entry->started_us, 1790000000000001);
    assert_int_equal(entry->ended_us, 1790000000250000);
    assert_true(span_eq(entry->dialled, SPAN("101")) && span_eq(entry->target, SPAN("103")));
    assert_true(span_eq(entry->call_id, SPAN("a@b")) && entry->device.len == 0);
    assert_int_equal(entry->trace.len, 8);
    assert_memory_equal(entry->trace.at, "\1\0\2\0\0\0\0\0", 8);
    assert_int_equal(entry->outcome, OUTCOME_FORWARDED);
    assert_int_equal(entry->status, 302);
    assert_int_equal(entry->verdict, VERDICT_REDIRECT);
    assert_int_equal(entry->answered_us, 0);
    assert_int_equal(entry->user_id, 0);
    ++*(int *)context;
    return true;
}

static void test_each_older_journal_is_brought_up(void **state)
{
    for (int version = 1; version <= FROZEN_JOURNAL_COUNT; version++) {
        struct store_journal_query query = {.group = "trial"};
        struct model_journal_entry entry = {.group = SPAN("trial"), .user_id = 7};
        int count = 0;
        write_old_journal(*state, version);
        struct store *store = must_open(*state);
        assert_int_equal(store_journal_list(store, &query, check_old_call, &count), ERR_NONE);
        assert_int_equal(count, 1);
        assert_int_equal(store_journal_append(store, &entry, 1), ERR_NONE);
        store_close(store);
    }
}

static void test_this_journal_is_among_them(void **state)
{
    char text[128];
    snprintf(text, sizeof text, "this program knows up to %d)", (int)FROZEN_JOURNAL_COUNT);
    store_close(must_open(*state));
    tamper(*state, "journal.db", "PRAGMA user_version=99");
    assert_not_opened(*state, ERR_TOO_NEW, text);
}

// A migration whose text nobody has frozen would go untested.
static void test_this_version_is_among_them(void **state)
{
    char text[128];
    snprintf(text, sizeof text, "this program knows up to %d)", (int)FROZEN_COUNT);
    store_close(must_open(*state));
    tamper(*state, "lineward.db", "PRAGMA user_version=99");
    assert_not_opened(*state, ERR_TOO_NEW, text);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, open_directory, close_directory)
    const struct CMUnitTest tests[] = {
        TEST(test_each_older_version_is_brought_up),
        TEST(test_this_version_is_among_them),
        TEST(test_each_older_journal_is_brought_up),
        TEST(test_this_journal_is_among_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
