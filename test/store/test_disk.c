// SPDX-License-Identifier: Apache-2.0
// A disk that fails beneath the store in SQLite: power cuts that lose or tear what was not synced,
// and errors at each of its calls. What was acknowledged is there, nothing is there by half.
//
//   store_disk [SEEDS]
#include "faulty_vfs.h"

enum { CHANGES_MAX = 40, SEEDS_DEFAULT = 40 };
static unsigned seed_count = SEEDS_DEFAULT;

// In memory where that is possible: the faults come from us, and the real disk only takes time.
static char *new_disk(void)
{
    char *path = strdup("/dev/shm/lineward-test-XXXXXX");
    assert_non_null(path);
    if (mkdtemp(path)) return path;
    free(path);
    return new_directory();
}

static int open_directory(void **state)
{
    faulty_register();
    faulty_reset();
    *state = new_disk();
    return 0;
}

static int close_directory(void **state)
{
    faulty_reset();
    remove_directory(*state);
    return 0;
}

// ---- Changes: number n adds or replaces the line n%8, names n in it and in its forwarding, and
// writes it down, all in one transaction.

enum { LINES = 8 };

static void print_number(char *text, size_t size, unsigned number)
{
    snprintf(text, size, "%u", number);
}

static enum err save(struct store *store, bool is_new, enum model_kind kind, const void *record)
{
    uint32_t id;
    return is_new ? store_add(store, kind, record, &id) : store_replace(store, kind, record);
}

static enum err write_change(struct store *store, unsigned number)
{
    char extension[EXTENSION_SIZE], key[64];
    bool is_new = number <= LINES;
    print_number(extension, sizeof extension, number % LINES);
    snprintf(key, sizeof key, "trial/%s %u", extension, number);
    struct model_line line = sample_line("trial", extension, "");
    struct model_forwarding forwarding = sample_forwarding("trial", extension, CONDITION_DND,
                                                           ORIGIN_ALL);
    struct model_audit_entry entry = {.at_us = number, .kind = SPAN("line"), .key = span_of(key)};
    print_number(line.display_name, sizeof line.display_name, number);
    print_number(forwarding.target, sizeof forwarding.target, number);
    enum err err = store_begin(store);
    if (err != ERR_NONE) return err;
    err = save(store, is_new, KIND_LINE, &line);
    if (err == ERR_NONE) err = save(store, is_new, KIND_FORWARDING, &forwarding);
    if (err == ERR_NONE) err = store_audit_append(store, &entry);
    if (err == ERR_NONE) return store_commit(store);
    store_rollback(store);
    return err;
}

static void write_journal(struct store *store, unsigned number)
{
    struct model_journal_entry entry = {.line_id = number, .group = SPAN("trial")};
    enum err err = store_journal_append(store, &entry, 1);
    (void)err; // may be lost in a power cut; damaged it must not be
}

// Makes changes until one fails; returns the last that was acknowledged.
static unsigned write_until_failure(struct store *store, unsigned number)
{
    for (; number < CHANGES_MAX; number++) {
        if (write_change(store, number + 1) != ERR_NONE) return number;
        write_journal(store, number + 1);
    }
    return number;
}

// ---- What must be there

static bool take_at(void *context, const struct model_audit_entry *entry)
{
    *(uint64_t *)context = entry->at_us;
    return false;
}

static bool count_entry(void *context, const struct model_journal_entry *entry)
{
    assert_true(span_eq(entry->group, SPAN("trial")));
    ++*(unsigned *)context;
    return true;
}

static void check_integrity(const char *directory, const char *file)
{
    sqlite3 *database = connect_to(directory, file);
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_prepare_v2(database, "PRAGMA integrity_check", -1, &statement, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_string_equal(sqlite3_column_text(statement, 0), "ok");
    sqlite3_finalize(statement);
    sqlite3_close(database);
}

// All lines tell of the change that the audit names as the last one, or of that before it in their
// turn. Returns the last change.
static unsigned check_whole(struct store *store)
{
    uint64_t last = 0;
    struct store_audit_query query = {.limit = 1};
    assert_int_equal(store_audit_list(store, &query, take_at, &last), ERR_NONE);
    unsigned count = (unsigned)last < LINES ? (unsigned)last : LINES;
    assert_int_equal(count_of(store, KIND_LINE), count);
    assert_int_equal(count_of(store, KIND_FORWARDING), count);
    for (unsigned number = (unsigned)last; number > last - count; number--) {
        char wanted[EXTENSION_SIZE];
        struct model_line line = {.group = "trial"};
        struct model_forwarding forwarding = {
            .group = "trial", .condition = CONDITION_DND, .origin = ORIGIN_ALL};
        print_number(line.extension, sizeof line.extension, number % LINES);
        print_number(forwarding.extension, sizeof forwarding.extension, number % LINES);
        print_number(wanted, sizeof wanted, number);
        assert_int_equal(store_get(store, KIND_LINE, &line, NULL), ERR_NONE);
        assert_int_equal(store_get(store, KIND_FORWARDING, &forwarding, NULL), ERR_NONE);
        assert_string_equal(line.display_name, wanted);
        assert_string_equal(forwarding.target, wanted);
        assert_string_equal(line.password, "PlainSecretWord");
    }
    return (unsigned)last;
}

static unsigned check_all(const char *directory, unsigned acknowledged)
{
    struct store *store = must_open(directory);
    struct store_journal_query query = {.limit = 0};
    unsigned entries = 0, last = check_whole(store);
    if (last < acknowledged) fail_msg("change %u of %u is lost", last + 1, acknowledged);
    assert_true(last <= acknowledged + 1);
    assert_int_equal(store_journal_list(store, &query, count_entry, &entries), ERR_NONE);
    store_close(store);
    check_integrity(directory, "lineward.db");
    check_integrity(directory, "journal.db");
    return last;
}

// ---- Power cuts

// How many calls a whole run makes, so that cuts fall everywhere in it.
static unsigned count_calls(void)
{
    char *directory = new_disk();
    faulty_reset();
    struct store *store = must_open(directory);
    must_add_group(store, "trial");
    faulty_fail_at(0, false);
    write_until_failure(store, 0);
    store_close(store);
    unsigned count = faulty_call_count();
    remove_directory(directory);
    faulty_reset();
    return count;
}

// One life that a power cut ends; goes on behind change `number`. Returns the last that is there.
static unsigned live_and_cut(const char *directory, unsigned seed, unsigned call, unsigned number)
{
    faulty_reset();
    struct store *store = must_open(directory);
    faulty_cut_power_at(call);
    unsigned acknowledged = write_until_failure(store, number);
    store_close(store); // it writes into the void
    faulty_lose_unsynced(seed);
    faulty_reset();
    return check_all(directory, acknowledged);
}

static void test_power_cuts_lose_nothing_acknowledged(void **state)
{
    (void)state;
    unsigned calls = count_calls(), cuts = 0;
    assert_true(calls > 100);
    for (unsigned seed = 1; seed <= seed_count; seed++) {
        char *directory = new_disk();
        struct store *store = must_open(directory);
        must_add_group(store, "trial");
        store_close(store);
        srand(seed);
        unsigned first = 1 + (unsigned)rand() % calls, second = 1 + (unsigned)rand() % calls;
        unsigned last = live_and_cut(directory, seed, first, 0);
        if (last < CHANGES_MAX) live_and_cut(directory, seed + 1000000, second, last);
        cuts += 2;
        remove_directory(directory);
    }
    print_message("%u power cuts, each in one of %u calls\n", cuts, calls);
}

// The same in the midst of making the files: the next start makes them, or finds them whole.
static void test_a_first_start_may_lose_its_power(void **state)
{
    (void)state;
    for (unsigned call = 1; call < 200; call++) {
        char *directory = new_disk();
        struct store_problem problem;
        faulty_reset();
        faulty_cut_power_at(call);
        struct store *store = store_open_sqlite(directory, &problem);
        store_close(store);
        faulty_lose_unsynced(call);
        faulty_reset();
        store = must_open(directory);
        must_add_group(store, "trial");
        store_close(store);
        check_integrity(directory, "lineward.db");
        remove_directory(directory);
    }
}

// ---- Errors

// Runs all changes with an error at `call`; a change that fails is tried again, and then succeeds
// at once if the error does not last. Returns whether the error came.
static bool run_with_error(const char *directory, unsigned call, bool is_lasting)
{
    unsigned number = 0, failures = 0;
    struct store *store = must_open(directory);
    faulty_fail_at(call, is_lasting);
    while (number < CHANGES_MAX && failures < 3) {
        if (write_change(store, number + 1) == ERR_NONE) {
            number++;
        } else {
            assert_true(strstr(store_error(store), "lineward.db: "));
            failures++;
        }
    }
    bool has_come = faulty_call_count() >= call;
    if (!is_lasting) assert_true(failures <= 1 && number == CHANGES_MAX);
    faulty_fail_at(0, false);
    // Without an error it goes on in the same handle.
    for (; number < CHANGES_MAX; number++) {
        assert_int_equal(write_change(store, number + 1), ERR_NONE);
    }
    assert_int_equal(check_whole(store), CHANGES_MAX);
    store_close(store);
    return has_come;
}

static void try_errors(bool is_lasting)
{
    unsigned calls = count_calls(), step = 1 + calls / seed_count, came = 0;
    for (unsigned call = 1; call <= calls; call += step) {
        char *directory = new_disk();
        faulty_reset();
        struct store *store = must_open(directory);
        must_add_group(store, "trial");
        store_close(store);
        came += run_with_error(directory, call, is_lasting);
        assert_int_equal(check_all(directory, CHANGES_MAX), CHANGES_MAX);
        remove_directory(directory);
    }
    print_message("%u errors\n", came);
    assert_true(came > 10);
}

static void test_one_error_anywhere(void **state)
{
    (void)state;
    try_errors(false);
}

static void test_a_disk_that_fails_for_a_while(void **state)
{
    (void)state;
    try_errors(true);
}

int main(int argc, char **argv)
{
    if (argc > 1) seed_count = (unsigned)atoi(argv[1]);
#define TEST(test) cmocka_unit_test_setup_teardown(test, open_directory, close_directory)
    const struct CMUnitTest tests[] = {
        TEST(test_power_cuts_lose_nothing_acknowledged),
        TEST(test_a_first_start_may_lose_its_power),
        TEST(test_one_error_anywhere),
        TEST(test_a_disk_that_fails_for_a_while),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
