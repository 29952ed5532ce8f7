// SPDX-License-Identifier: Apache-2.0
// What the store in SQLite leaves on the disk: the schema, who may read it, sealed secrets, names
// in place of numbers.
#include "files.h"

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

// A group "trial" with the line 101 of the user sales, and a forwarding.
static struct store *open_filled(const char *directory)
{
    struct store *store = must_open(directory);
    must_add_group(store, "trial");
    must_add_user(store, "sales");
    must_add_line(store, "trial", "101", "sales");
    struct model_forwarding forwarding = sample_forwarding("trial", "101", CONDITION_LOGGED_OFF,
                                                           ORIGIN_EXTERNAL);
    must_add(store, KIND_FORWARDING, &forwarding);
    return store;
}

// ---- Schema

static void assert_columns_are_fields(sqlite3 *database, enum model_kind kind)
{
    static const char *const types[] = {[TYPE_TEXT] = "TEXT",
                                        [TYPE_BOOL] = "INTEGER",
                                        [TYPE_NUMBER] = "INTEGER",
                                        [TYPE_ENUM] = "TEXT",
                                        [TYPE_TIME] = "INTEGER"};
    const struct model_kind_info *info = model_kind(kind);
    sqlite3_stmt *columns;
    int code = sqlite3_prepare_v2(database,
                                  "SELECT name, type FROM pragma_table_info(?1) WHERE name <> 'id'",
                                  -1, &columns, NULL);
    assert_int_equal(code, SQLITE_OK);
    sqlite3_bind_text(columns, 1, info->plural, -1, SQLITE_STATIC);
    for (size_t i = 0; i < info->field_count; i++) {
        const struct model_field *field = &info->fields[i];
        const char *type = field->flags & FIELD_SECRET ? "BLOB" : types[field->type];
        assert_int_equal(sqlite3_step(columns), SQLITE_ROW);
        assert_string_equal((const char *)sqlite3_column_text(columns, 0), field->name);
        assert_string_equal((const char *)sqlite3_column_text(columns, 1), type);
    }
    assert_int_equal(sqlite3_step(columns), SQLITE_DONE);
    sqlite3_finalize(columns);
}

static void test_columns_are_the_fields(void **state)
{
    const char *directory = *state;
    store_close(must_open(directory));
    sqlite3 *database = connect_to(directory, "lineward.db");
    for (enum model_kind kind = 0; kind < KIND_COUNT; kind++) {
        assert_columns_are_fields(database, kind);
    }
    sqlite3_close(database);
}

static int64_t read_number(const char *directory, const char *file, const char *sql)
{
    sqlite3 *database = connect_to(directory, file);
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return number;
}

// The version of the settings' schema, to be raised with each migration.
#define SETTINGS_VERSION 18
#define JOURNAL_VERSION  6
#define TEXT_OF(number)  TEXT_OF_(number)
#define TEXT_OF_(number) #number

static void test_schemas_have_a_version(void **state)
{
    store_close(must_open(*state));
    assert_int_equal(read_number(*state, "lineward.db", "PRAGMA user_version"), SETTINGS_VERSION);
    assert_int_equal(read_number(*state, "journal.db", "PRAGMA user_version"), JOURNAL_VERSION);
}

static void test_a_newer_schema_is_refused(void **state)
{
    store_close(open_filled(*state));
    tamper(*state, "lineward.db", "PRAGMA user_version=99");
    assert_not_opened(*state, ERR_TOO_NEW,
                      "lineward.db: was written by a newer version of Lineward (schema 99, this "
                      "program knows up to " TEXT_OF(SETTINGS_VERSION) ")");
    tamper(*state, "lineward.db", "PRAGMA user_version=" TEXT_OF(SETTINGS_VERSION));
    tamper(*state, "journal.db", "PRAGMA user_version=9");
    assert_not_opened(*state, ERR_TOO_NEW, "journal.db: was written by a newer version");
    tamper(*state, "journal.db", "PRAGMA user_version=" TEXT_OF(JOURNAL_VERSION));
    struct store *store = must_open(*state);
    assert_int_equal(count_of(store, KIND_LINE), 1);
    store_close(store);
}

static void test_a_foreign_database_is_refused(void **state)
{
    struct store *store = must_open(*state);
    store_close(store);
    remove_file(*state, "lineward.db");
    tamper(*state, "lineward.db", "CREATE TABLE cats(name)");
    assert_not_opened(*state, ERR_CORRUPT, "lineward.db: is not a database of Lineward");
}

// ---- Files

static void test_files_are_for_us_alone(void **state)
{
    const char *directory = *state;
    static const char *const names[] = {"lineward.db", "lineward.db-wal", "lineward.db-shm",
                                        "journal.db",  "journal.db-wal",  "journal.db-shm",
                                        "secret.key"};
    mode_t old = umask(0);
    struct store *store = open_filled(directory);
    struct model_journal_entry entry = {.started_us = 1};
    assert_int_equal(store_journal_append(store, &entry, 1), ERR_NONE);
    umask(old);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[256];
        struct stat status;
        path_in(path, sizeof path, directory, names[i]);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
    }
    store_close(store);
}

static void test_rights_of_others_are_taken_away(void **state)
{
    char path[256];
    struct stat status;
    store_close(open_filled(*state));
    path_in(path, sizeof path, *state, "lineward.db");
    assert_int_equal(chmod(path, 0644), 0);
    store_close(must_open(*state));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void test_all_is_there_when_opened_again(void **state)
{
    store_close(open_filled(*state));
    struct store *store = must_open(*state);
    struct model_line line = {.group = "trial", .extension = "101"};
    struct model_line wanted = sample_line("trial", "101", "sales");
    assert_int_equal(store_get(store, KIND_LINE, &line, NULL), ERR_NONE);
    assert_memory_equal(&line, &wanted, sizeof line);
    store_close(store);
}

static void test_handles_see_each_others_changes(void **state)
{
    struct store *one = open_filled(*state), *other = must_open(*state);
    must_add_line(one, "trial", "102", "");
    assert_int_equal(count_of(other, KIND_LINE), 2);
    must_add_line(other, "trial", "103", "");
    assert_int_equal(count_of(one, KIND_LINE), 3);
    store_close(other);
    store_close(one);
}

// ---- Secrets

static bool is_in_file(const char *directory, const char *name, const char *text)
{
    char path[256];
    static char bytes[1 << 20];
    path_in(path, sizeof path, directory, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t len = fread(bytes, 1, sizeof bytes, file);
    assert_true(len < sizeof bytes);
    fclose(file);
    return memmem(bytes, len, text, strlen(text)) != NULL;
}

static unsigned count_files_with(const char *directory, const char *text)
{
    unsigned count = 0;
    DIR *listing = opendir(directory);
    const struct dirent *entry;
    while ((entry = readdir(listing))) {
        if (entry->d_type == DT_REG && is_in_file(directory, entry->d_name, text)) count++;
    }
    closedir(listing);
    return count;
}

static void test_secrets_are_nowhere_in_plain(void **state)
{
    struct store *store = open_filled(*state);
    assert_true(count_files_with(*state, "trial") > 0);
    assert_int_equal(count_files_with(*state, "PlainSecretWord"), 0);
    store_close(store);
    assert_true(count_files_with(*state, "trial") > 0);
    assert_int_equal(count_files_with(*state, "PlainSecretWord"), 0);
}

static void test_equal_secrets_are_sealed_differently(void **state)
{
    struct store *store = open_filled(*state);
    must_add_line(store, "trial", "102", "");
    store_close(store);
    assert_int_equal(
        read_number(*state, "lineward.db", "SELECT count(DISTINCT password) FROM lines"), 2);
}

// The line is there, without its password.
static void assert_password_is_lost(struct store *store, bool is_lost)
{
    struct model_line line = {.group = "trial", .extension = "101"};
    assert_int_equal(store_get(store, KIND_LINE, &line, NULL), ERR_NONE);
    assert_int_equal(line.is_password_lost, is_lost);
    assert_int_equal(line.password[0] == '\0', is_lost);
    assert_string_equal(line.user, "sales");
}

static void test_a_damaged_seal_costs_the_password_alone(void **state)
{
    struct store *store = open_filled(*state);
    tamper(*state, "lineward.db",
           "UPDATE lines SET password = CAST(substr(password, 1, length(password) - 1) ||"
           " CASE substr(password, -1) WHEN x'00' THEN x'01' ELSE x'00' END AS BLOB)");
    assert_password_is_lost(store, true);
    tamper(*state, "lineward.db", "UPDATE lines SET password = x'0102'");
    assert_password_is_lost(store, true);
    // It can be made good: a new password replaces the damaged one.
    struct model_line line = sample_line("trial", "101", "sales");
    assert_int_equal(store_replace(store, KIND_LINE, &line), ERR_NONE);
    assert_password_is_lost(store, false);
    store_close(store);
}

static void test_another_key_opens_nothing(void **state)
{
    store_close(open_filled(*state));
    write_file(*state, "secret.key", 0600, 0, SPAN("0123456789abcdef0123456789abcdef"));
    struct store *store = must_open(*state);
    assert_password_is_lost(store, true);
    store_close(store);
}

// ---- Values

static void test_enumerations_are_stored_by_name(void **state)
{
    store_close(open_filled(*state));
    const char *sql = "SELECT count(*) FROM groups, users, forwardings WHERE"
                      " decline_unavailable = 'ringing' AND login = 'off' AND dnd = 1"
                      " AND condition = 'logged_off' AND origin = 'external'";
    assert_int_equal(read_number(*state, "lineward.db", sql), 1);
}

static void test_values_that_we_never_wrote_are_corrupt(void **state)
{
    static const struct {
        const char *sql, *words;
    } cases[] = {
        {"UPDATE groups SET diversion = 'sideways'", "its diversion must be one of"},
        {"UPDATE groups SET register_rate = 0", "its register_rate must be a number from 1"},
        {"UPDATE groups SET enabled = 2", "its enabled must be true or false"},
        {"UPDATE groups SET domain = ''", "its domain is missing"},
        {"UPDATE groups SET server = printf('%.200c', 'x')", "its server must be at most"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct store *store = must_open(*state);
        must_add_group(store, "trial");
        tamper(*state, "lineward.db", cases[i].sql);
        struct model_group group = {.name = "trial"};
        assert_int_equal(store_get(store, KIND_GROUP, &group, NULL), ERR_CORRUPT);
        if (!strstr(store_error(store), cases[i].words)) fail_msg("%s", store_error(store));
        assert_int_equal(store_remove(store, KIND_GROUP, &group), ERR_NONE);
        store_close(store);
    }
}

static uint64_t keep_all(void *context, struct span group)
{
    (void)context;
    (void)group;
    return 0;
}

// A journal that is too large loses its oldest entries, step by step, and then no more.
static void test_the_journal_has_a_size(void **state)
{
    enum { ENTRIES = 3000, BYTES_MAX = 300000 };
    struct store *store = must_open(*state);
    static struct model_journal_entry entries[ENTRIES];
    static char text[200];
    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < ENTRIES; i++) {
        entries[i] = (struct model_journal_entry){.dialled = {text, sizeof text}};
    }
    assert_int_equal(store_journal_append(store, entries, ENTRIES), ERR_NONE);
    struct store_journal_trim trim = {
        .keep_since_us = keep_all, .bytes_max = BYTES_MAX, .limit = 100};
    uint64_t removed;
    do {
        removed = trim.removed_count;
        assert_int_equal(store_journal_trim(store, &trim), ERR_NONE);
    } while (trim.next_id != 0 || trim.removed_count > removed);
    assert_in_range(trim.removed_count, ENTRIES / 3, ENTRIES - 100);
    store_close(store);
    assert_int_equal(read_number(*state, "journal.db", "SELECT max(id) FROM journal"), ENTRIES);
    assert_int_equal(read_number(*state, "journal.db", "SELECT min(id) FROM journal"),
                     trim.removed_count + 1);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, open_directory, close_directory)
    const struct CMUnitTest tests[] = {
        TEST(test_columns_are_the_fields),
        TEST(test_the_journal_has_a_size),
        TEST(test_schemas_have_a_version),
        TEST(test_a_newer_schema_is_refused),
        TEST(test_a_foreign_database_is_refused),
        TEST(test_files_are_for_us_alone),
        TEST(test_rights_of_others_are_taken_away),
        TEST(test_all_is_there_when_opened_again),
        TEST(test_handles_see_each_others_changes),
        TEST(test_secrets_are_nowhere_in_plain),
        TEST(test_equal_secrets_are_sealed_differently),
        TEST(test_a_damaged_seal_costs_the_password_alone),
        TEST(test_another_key_opens_nothing),
        TEST(test_enumerations_are_stored_by_name),
        TEST(test_values_that_we_never_wrote_are_corrupt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
