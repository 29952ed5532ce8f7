// SPDX-License-Identifier: Apache-2.0
// When the world stands in the way of the store in SQLite: locked, not writable, full, damaged,
// without its key. Each has its own error, a sentence that names the file, and loses nothing.
#include "files.h"

#include <signal.h>
#include <sys/resource.h>
#include <time.h>

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

static void fill(const char *directory)
{
    struct store *store = must_open(directory);
    must_add_group(store, "trial");
    must_add_line(store, "trial", "101", "");
    store_close(store);
}

// ---- Locked

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void test_a_locked_database_is_busy(void **state)
{
    fill(*state);
    struct store *store = must_open(*state);
    struct model_line line = sample_line("trial", "102", "");
    uint32_t id;
    sqlite3 *other = connect_to(*state, "lineward.db");
    run_sql(other, "BEGIN EXCLUSIVE");
    double began = now_s();
    assert_int_equal(store_add(store, KIND_LINE, &line, &id), ERR_BUSY);
    assert_true(now_s() - began < 5);
    assert_non_null(strstr(store_error(store), "lineward.db: is locked by another program"));
    assert_int_equal(store_begin(store), ERR_BUSY);
    assert_int_equal(count_of(store, KIND_LINE), 1); // reading goes on
    run_sql(other, "ROLLBACK");
    sqlite3_close(other);
    assert_int_equal(must_add(store, KIND_LINE, &line), 2);
    store_close(store);
}

// Closing one handle must not take away the lock that another one of the same process holds.
static void insert_and_expect_busy(const char *directory)
{
    sqlite3 *database = connect_to(directory, "lineward.db");
    CHILD_CHECK(sqlite3_exec(database, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_BUSY);
    CHILD_CHECK(sqlite3_close(database) == SQLITE_OK);
}

static void test_a_second_handle_leaves_the_locks_alone(void **state)
{
    fill(*state);
    struct store *store = must_open(*state);
    assert_int_equal(store_begin(store), ERR_NONE);
    must_add_line(store, "trial", "102", "");
    store_close(must_open(*state));
    in_child(insert_and_expect_busy, *state);
    assert_int_equal(store_commit(store), ERR_NONE);
    store_close(store);
}

// ---- Not writable. Root may write everywhere, so these run as somebody else.

static void become_nobody(const char *directory)
{
    if (geteuid() != 0) return;
    DIR *listing = opendir(directory);
    const struct dirent *entry;
    while ((entry = readdir(listing))) {
        if (entry->d_type == DT_REG) {
            CHILD_CHECK(fchownat(dirfd(listing), entry->d_name, 65534, 65534, 0) == 0);
        }
    }
    closedir(listing);
    CHILD_CHECK(chown(directory, 65534, 65534) == 0);
    CHILD_CHECK(setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0);
}

static void expect_no_access(const char *directory)
{
    struct store_problem problem;
    struct store *store = store_open_sqlite(directory, &problem);
    CHILD_CHECK(!store);
    CHILD_CHECK(problem.err == ERR_ACCESS);
    CHILD_CHECK(strstr(problem.text, ".db: ") || strstr(problem.text, ".key: "));
}

static void open_in_read_only_directory(const char *directory)
{
    become_nobody(directory);
    CHILD_CHECK(chmod(directory, 0500) == 0);
    expect_no_access(directory);
    CHILD_CHECK(chmod(directory, 0700) == 0);
}

static void open_read_only_file(const char *directory)
{
    char path[256];
    become_nobody(directory);
    path_in(path, sizeof path, directory, "lineward.db");
    CHILD_CHECK(chmod(path, 0400) == 0);
    expect_no_access(directory);
    CHILD_CHECK(chmod(path, 0600) == 0);
    struct store_problem problem;
    struct store *store = store_open_sqlite(directory, &problem);
    CHILD_CHECK(store);
    store_close(store);
}

static void test_a_read_only_directory_is_refused(void **state)
{
    in_child(open_in_read_only_directory, *state); // new
    assert_int_equal(chmod(*state, 0700), 0);
    fill(*state);
    in_child(open_in_read_only_directory, *state); // with settings
}

static void test_a_read_only_file_is_refused(void **state)
{
    fill(*state);
    in_child(open_read_only_file, *state);
}

static void test_a_missing_directory_is_named(void **state)
{
    char path[256];
    path_in(path, sizeof path, *state, "nowhere");
    assert_not_opened(path, ERR_NOT_FOUND, "/nowhere: cannot be used: No such file");
    write_file(*state, "nowhere", 0600, 0, SPAN("a file"));
    assert_not_opened(path, ERR_NOT_FOUND, "is not a directory");
}

// ---- Full

static void add_until_full(const char *directory)
{
    struct store_problem problem;
    struct store *store = store_open_sqlite(directory, &problem);
    CHILD_CHECK(store);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = {.rlim_cur = 200000, .rlim_max = RLIM_INFINITY};
    CHILD_CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    uint64_t added = 0, counted = 0;
    enum err err = ERR_NONE;
    for (int i = 1000; i < 3000 && err == ERR_NONE; i++) {
        char extension[EXTENSION_SIZE];
        snprintf(extension, sizeof extension, "%d", i);
        struct model_line line = sample_line("trial", extension, "");
        uint32_t id;
        err = store_add(store, KIND_LINE, &line, &id);
        if (err == ERR_NONE) added++;
    }
    CHILD_CHECK(err == ERR_IO && added > 0);
    CHILD_CHECK(strstr(store_error(store), "lineward.db: "));
    // What was acknowledged is there, and with room again it goes on.
    struct store_query query = {.kind = KIND_LINE};
    limit.rlim_cur = RLIM_INFINITY;
    CHILD_CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    CHILD_CHECK(store_count(store, &query, &counted) == ERR_NONE && counted == added + 1);
    struct model_line line = sample_line("trial", "9", "");
    uint32_t id;
    CHILD_CHECK(store_add(store, KIND_LINE, &line, &id) == ERR_NONE);
    store_close(store);
}

static void test_a_full_disk_loses_nothing(void **state)
{
    fill(*state);
    in_child(add_until_full, *state);
    struct store *store = must_open(*state);
    assert_true(count_of(store, KIND_LINE) > 2);
    store_close(store);
}

// ---- Gone: nothing is acknowledged that a restart would not find

static void rename_file(const char *directory, const char *from, const char *to)
{
    char from_path[256], to_path[256];
    path_in(from_path, sizeof from_path, directory, from);
    path_in(to_path, sizeof to_path, directory, to);
    assert_int_equal(rename(from_path, to_path), 0);
}

static void test_a_database_that_is_gone_takes_nothing(void **state)
{
    static const char *const files[] = {"lineward.db", "lineward.db-wal"};
    fill(*state);
    struct store *store = must_open(*state);
    for (size_t i = 0; i < 2; i++) {
        rename_file(*state, files[i], "elsewhere");
        assert_int_equal(store_begin(store), ERR_IO);
        assert_non_null(strstr(store_error(store), "lineward.db: it, or its log beside it, was"));
        assert_int_equal(count_of(store, KIND_LINE), 1 + i); // reading goes on
        write_file(*state, files[i], 0600, 0, SPAN("another file"));
        assert_int_equal(store_begin(store), ERR_IO);
        rename_file(*state, "elsewhere", files[i]);
        assert_int_equal(store_begin(store), ERR_NONE);
        must_add_line(store, "trial", i == 0 ? "201" : "202", "");
        assert_int_equal(store_commit(store), ERR_NONE);
    }
    store_close(store);
    store = must_open(*state);
    assert_int_equal(count_of(store, KIND_LINE), 3);
    store_close(store);
}

static bool count_entry(void *context, const struct model_journal_entry *entry)
{
    (void)entry;
    ++*(int *)context;
    return true;
}

static int entries_of(struct store *store)
{
    struct store_journal_query query = {.limit = 10};
    int count = 0;
    assert_int_equal(store_journal_list(store, &query, count_entry, &count), ERR_NONE);
    return count;
}

static void append_entry(struct store *store)
{
    struct model_journal_entry entry = {.group = SPAN("trial"), .extension = SPAN("101")};
    assert_int_equal(store_journal_append(store, &entry, 1), ERR_NONE);
}

static void assert_notice(struct store *store, const char *wanted)
{
    const char *notice = store_take_notice(store);
    assert_non_null(notice);
    assert_non_null(strstr(notice, wanted));
    assert_null(store_take_notice(store));
}

// Calls go on being written down: nobody waits for an acknowledgement of theirs.
static void test_a_journal_that_is_gone_is_begun_anew(void **state)
{
    fill(*state);
    struct store *writer = must_open(*state), *reader = must_open(*state);
    append_entry(writer);
    assert_int_equal(entries_of(reader), 1);
    assert_null(store_take_notice(writer));
    rename_file(*state, "journal.db", "elsewhere");
    append_entry(writer);
    append_entry(writer);
    assert_notice(writer, "journal.db was removed or replaced");
    assert_int_equal(entries_of(reader), 2);
    rename_file(*state, "elsewhere", "journal.db"); // over the new one
    assert_int_equal(entries_of(reader), 1);
    append_entry(writer);
    assert_int_equal(entries_of(reader), 2);
    assert_notice(writer, "journal.db was removed or replaced");
    store_close(reader);
    store_close(writer);
    writer = must_open(*state);
    assert_int_equal(entries_of(writer), 2);
    store_close(writer);
}

// Of a directory, too, that is moved away and comes back: what was written meanwhile is in it.
static void test_a_journal_goes_along_with_its_directory(void **state)
{
    char inner[256], away[256];
    path_in(inner, sizeof inner, *state, "data");
    path_in(away, sizeof away, *state, "away");
    assert_int_equal(mkdir(inner, 0700), 0);
    struct store *store = must_open(inner);
    append_entry(store);
    assert_int_equal(rename(inner, away), 0);
    append_entry(store);
    assert_notice(store, "was moved away: entries are lost unless it is put back");
    append_entry(store);
    assert_null(store_take_notice(store));
    assert_int_equal(rename(away, inner), 0);
    append_entry(store);
    assert_null(store_take_notice(store));
    store_close(store);
    store = must_open(inner);
    assert_int_equal(entries_of(store), 4);
    store_close(store);
    remove_directory(strdup(inner));
}

// ---- Damaged

static void test_a_file_that_is_no_database_is_refused(void **state)
{
    fill(*state);
    write_file(*state, "lineward.db", 0600, 0, SPAN("This is a letter, and no database."));
    assert_not_opened(*state, ERR_CORRUPT, "lineward.db: is damaged, or no database");
}

static void test_a_damaged_journal_is_named(void **state)
{
    fill(*state);
    write_file(*state, "journal.db", 0600, 0, SPAN("This is a letter, and no database."));
    assert_not_opened(*state, ERR_CORRUPT, "journal.db: is damaged, or no database");
}

static bool go_on(void *context, uint32_t id, const void *record)
{
    (void)context;
    (void)id;
    (void)record;
    return true;
}

static void test_damaged_pages_are_noticed(void **state)
{
    char garbage[4096];
    memset(garbage, 0xa5, sizeof garbage);
    struct store *store = must_open(*state);
    must_add_group(store, "trial");
    assert_int_equal(store_begin(store), ERR_NONE);
    for (int i = 1000; i < 3000; i++) {
        char extension[EXTENSION_SIZE];
        snprintf(extension, sizeof extension, "%d", i);
        must_add_line(store, "trial", extension, "");
    }
    assert_int_equal(store_commit(store), ERR_NONE);
    store_close(store);
    // The first pages are the roots of all tables; what follows them are lines.
    for (off_t page = 80; page < 110; page++) {
        write_file(*state, "lineward.db", 0600, page * 4096, (struct span){garbage, 4096});
    }
    store = must_open(*state);
    struct store_query query = {.kind = KIND_LINE};
    assert_int_equal(store_list(store, &query, go_on, NULL), ERR_CORRUPT);
    assert_non_null(strstr(store_error(store), "lineward.db: is damaged"));
    store_close(store);
}

// ---- The key

static void test_a_key_that_others_may_read_is_refused(void **state)
{
    char path[256];
    fill(*state);
    path_in(path, sizeof path, *state, "secret.key");
    assert_int_equal(chmod(path, 0640), 0);
    assert_not_opened(*state, ERR_ACCESS, "secret.key: others may read it (mode 640)");
    assert_int_equal(chmod(path, 0600), 0);
    store_close(must_open(*state));
}

static void test_a_key_of_another_size_is_refused(void **state)
{
    fill(*state);
    write_file(*state, "secret.key", 0600, 32, SPAN("\n"));
    assert_not_opened(*state, ERR_CORRUPT, "secret.key: is not a key of 32 bytes");
}

// A new key beside sealed passwords would make them unreadable for good.
static void test_a_lost_key_is_not_replaced(void **state)
{
    fill(*state);
    remove_file(*state, "secret.key");
    assert_not_opened(*state, ERR_NOT_FOUND, "secret.key: is missing");
    assert_not_opened(*state, ERR_NOT_FOUND, "secret.key: is missing");
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, open_directory, close_directory)
    const struct CMUnitTest tests[] = {
        TEST(test_a_locked_database_is_busy),
        TEST(test_a_second_handle_leaves_the_locks_alone),
        TEST(test_a_read_only_directory_is_refused),
        TEST(test_a_read_only_file_is_refused),
        TEST(test_a_missing_directory_is_named),
        TEST(test_a_full_disk_loses_nothing),
        TEST(test_a_database_that_is_gone_takes_nothing),
        TEST(test_a_journal_that_is_gone_is_begun_anew),
        TEST(test_a_journal_goes_along_with_its_directory),
        TEST(test_a_file_that_is_no_database_is_refused),
        TEST(test_a_damaged_journal_is_named),
        TEST(test_damaged_pages_are_noticed),
        TEST(test_a_key_that_others_may_read_is_refused),
        TEST(test_a_key_of_another_size_is_refused),
        TEST(test_a_lost_key_is_not_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
