// SPDX-License-Identifier: Apache-2.0
// What was acknowledged survives kill -9. A child writes and reports each acknowledged write by a
// pipe; it is killed in the midst of it; the parent opens the directory again and looks for every
// one.
#include "fixture.h"

#include <signal.h>
#include <sys/wait.h>

enum { ROUND_COUNT = 40, KILL_AFTER_US_MAX = 60000 };

static void number_text(char text[EXTENSION_SIZE], uint32_t number)
{
    snprintf(text, EXTENSION_SIZE, "%u", number);
}

// ---- The child. Each change is a line with two forwardings, in one transaction; and a journal
// entry.

static bool write_change(struct store *store, uint32_t number)
{
    char extension[EXTENSION_SIZE];
    uint32_t id;
    number_text(extension, number);
    struct model_line line = sample_line("trial", extension, "");
    struct model_forwarding forwarding = sample_forwarding("trial", extension, CONDITION_DND,
                                                           ORIGIN_ALL);
    struct model_journal_entry entry = {.line_id = number};
    if (store_begin(store) != ERR_NONE) return false;
    if (store_add(store, KIND_LINE, &line, &id) != ERR_NONE) return false;
    if (store_add(store, KIND_FORWARDING, &forwarding, &id) != ERR_NONE) return false;
    forwarding.condition = CONDITION_LOGGED_OFF;
    if (store_add(store, KIND_FORWARDING, &forwarding, &id) != ERR_NONE) return false;
    if (store_commit(store) != ERR_NONE) return false;
    return store_journal_append(store, &entry, 1) == ERR_NONE;
}

static _Noreturn void write_until_killed(const char *directory, uint32_t number, int report)
{
    struct store_problem problem;
    struct store *store = store_open_sqlite(directory, &problem);
    if (!store) _exit(1);
    for (;; number++) {
        if (!write_change(store, number)) _exit(1);
        if (write(report, &number, sizeof number) != sizeof number) _exit(1);
    }
}

// ---- The parent

// Lets a child write from `number` on, and kills it after a while. `*last` becomes the last number
// it reported, if it did.
static void write_and_kill(const char *directory, uint32_t number, useconds_t after_us,
                           uint32_t *last)
{
    int ends[2], status;
    uint32_t reported;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) write_until_killed(directory, number, ends[1]);
    close(ends[1]);
    usleep(after_us);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    while (read(ends[0], &reported, sizeof reported) == sizeof reported) *last = reported;
    close(ends[0]);
}

static bool take_line_id(void *context, const struct model_journal_entry *entry)
{
    *(uint32_t *)context = entry->line_id;
    return false;
}

// Everything up to `last` is there; and nothing is there by half. Returns how many changes there
// are.
static uint32_t check_all(const char *directory, uint32_t last)
{
    struct store *store = must_open(directory);
    uint32_t count = (uint32_t)count_of(store, KIND_LINE), newest = 0;
    struct store_journal_query query = {.limit = 1};
    for (uint32_t number = 1; number <= count; number++) {
        struct model_line line = {.group = "trial"};
        number_text(line.extension, number);
        if (store_get(store, KIND_LINE, &line, NULL) != ERR_NONE)
            fail_msg("%s", store_error(store));
    }
    assert_true(count >= last);
    assert_int_equal(count_of(store, KIND_FORWARDING), 2 * count);
    assert_int_equal(store_journal_list(store, &query, take_line_id, &newest), ERR_NONE);
    assert_true(newest >= last);
    store_close(store);
    return count;
}

static void test_acknowledged_writes_survive_kill_9(void **state)
{
    (void)state;
    char *directory = new_directory();
    struct store *store = must_open(directory);
    must_add_group(store, "trial");
    store_close(store);
    uint32_t count = 0, last = 0;
    srand(1);
    for (int i = 0; i < ROUND_COUNT; i++) {
        useconds_t after_us = (useconds_t)(rand() % KILL_AFTER_US_MAX);
        write_and_kill(directory, count + 1, after_us, &last);
        uint32_t counted = check_all(directory, last);
        // One of each life may be durable without having been reported.
        assert_true(counted >= count && counted <= (last > count ? last : count) + 1);
        count = counted;
    }
    print_message("%u changes in %d lives\n", count, ROUND_COUNT);
    assert_true(count > ROUND_COUNT);
    remove_directory(directory);
}

// Killed while it makes the files: they are there whole the next time, or not at all.
static void test_a_first_start_may_be_killed(void **state)
{
    (void)state;
    for (useconds_t after_us = 0; after_us < 20000; after_us += 1000) {
        char *directory = new_directory();
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            struct store_problem problem;
            store_close(store_open_sqlite(directory, &problem));
            _exit(0);
        }
        usleep(after_us);
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
        struct store *store = must_open(directory);
        must_add_group(store, "trial");
        store_close(store);
        remove_directory(directory);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_acknowledged_writes_survive_kill_9),
        cmocka_unit_test(test_a_first_start_may_be_killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
