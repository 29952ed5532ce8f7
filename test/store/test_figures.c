// SPDX-License-Identifier: Apache-2.0
// The figures of calls: what every kind of store counts alike as entries are appended; and in the
// store of SQLite, that they go with their time, survive what damages them, and that what an
// earlier version wrote is counted once, step by step.
#include "files.h"
#include "kinds.h"

#define HOUR_US (3600ULL * 1000000)
enum { FIRST_HOUR = 497222 }; // in 2026

static struct model_journal_entry call_of(const char *group, uint32_t hour,
                                          enum model_outcome outcome)
{
    return (struct model_journal_entry){
        .group = span_of(group),
        .extension = SPAN("101"),
        .started_us = hour * HOUR_US + 5,
        .ended_us = hour * HOUR_US + 9,
        .outcome = (uint8_t)outcome,
    };
}

static struct model_journal_entry forwarded_call(const char *group, uint32_t hour,
                                                 enum model_reason reason)
{
    struct model_journal_entry entry = call_of(group, hour, OUTCOME_FORWARDED);
    entry.verdict = VERDICT_REDIRECT;
    entry.reason = (uint8_t)reason;
    entry.status = 302;
    entry.target_class = NUMBER_MOBILE;
    return entry;
}

static void append(struct store *store, struct model_journal_entry entry)
{
    assert_int_equal(store_journal_append(store, &entry, 1), ERR_NONE);
}

// ---- Reading

enum { HOURS = 64 };
struct read {
    struct model_figures hours[HOURS];
};

static void add(void *context, uint32_t hour, const struct model_figures *figures)
{
    struct read *read = context;
    assert_in_range(hour, FIRST_HOUR, FIRST_HOUR + HOURS - 1);
    model_figures_add(&read->hours[hour - FIRST_HOUR], figures);
}

static bool read_figures(struct store *store, const char *group, struct read *read)
{
    struct store_figures_query query = {
        .group = group, .since_hour = FIRST_HOUR, .end_hour = FIRST_HOUR + HOURS};
    memset(read, 0, sizeof *read);
    assert_int_equal(store_figures_list(store, &query, add, read), ERR_NONE);
    return query.is_complete;
}

static uint64_t missed_in(struct store *store, const char *group, uint32_t hour)
{
    struct read read;
    assert_true(read_figures(store, group, &read));
    return read.hours[hour - FIRST_HOUR].outcomes[OUTCOME_MISSED];
}

// ---- Every kind

static void test_calls_are_counted_by_hour_and_group(void **state)
{
    struct store *store = store_of(state);
    struct read read;
    assert_true(read_figures(store, NULL, &read));
    append(store, call_of("trial", FIRST_HOUR, OUTCOME_MISSED));
    append(store, call_of("trial", FIRST_HOUR, OUTCOME_MISSED));
    append(store, call_of("other", FIRST_HOUR, OUTCOME_MISSED));
    append(store, call_of("trial", FIRST_HOUR + 2, OUTCOME_MISSED));
    append(store, call_of("trial", FIRST_HOUR - 1, OUTCOME_MISSED));
    append(store, call_of("trial", FIRST_HOUR + HOURS, OUTCOME_MISSED));
    assert_int_equal(missed_in(store, "trial", FIRST_HOUR), 2);
    assert_int_equal(missed_in(store, "other", FIRST_HOUR), 1);
    assert_int_equal(missed_in(store, "", FIRST_HOUR), 3);
    assert_int_equal(missed_in(store, "trial", FIRST_HOUR + 1), 0);
    assert_int_equal(missed_in(store, "trial", FIRST_HOUR + 2), 1);
    assert_int_equal(missed_in(store, "nowhere", FIRST_HOUR), 0);
}

static void test_what_is_counted_of_a_call(void **state)
{
    struct store *store = store_of(state);
    struct model_journal_entry loop = call_of("trial", FIRST_HOUR, OUTCOME_DECLINED);
    struct model_journal_entry bridged = forwarded_call("trial", FIRST_HOUR, REASON_BUSY);
    struct model_journal_entry answered = call_of("trial", FIRST_HOUR, OUTCOME_ANSWERED);
    struct read read;
    loop.verdict = VERDICT_DECLINE;
    loop.is_loop = true;
    bridged.status = 200;
    bridged.target_class = NUMBER_FOREIGN_PREMIUM;
    answered.verdict = VERDICT_RING;
    append(store, forwarded_call("trial", FIRST_HOUR, REASON_UNREACHABLE));
    append(store, forwarded_call("trial", FIRST_HOUR, REASON_DEFLECTION_ALERTING));
    append(store, forwarded_call("trial", FIRST_HOUR, REASON_DEFLECTION_IMMEDIATE));
    append(store, loop);
    append(store, bridged);
    append(store, answered);
    assert_true(read_figures(store, "trial", &read));
    struct model_figures wanted = {
        .outcomes = {[OUTCOME_FORWARDED] = 4, [OUTCOME_DECLINED] = 1, [OUTCOME_ANSWERED] = 1},
        .conditions =
            {[CONDITION_UNREACHABLE] = 1, [CONDITION_BUSY] = 1, [FIGURE_CONDITIONS - 1] = 2},
        .executeds = {[EXECUTED_NOT] = 2, [EXECUTED_REDIRECT] = 3, [EXECUTED_BRIDGE] = 1},
        .classes = {[NUMBER_MOBILE] = 3, [NUMBER_FOREIGN_PREMIUM] = 1},
        .loops = 1,
    };
    assert_memory_equal(&read.hours[0], &wanted, sizeof wanted);
}

// More hours and groups in one batch than are added up at once.
static void test_a_batch_of_many_hours(void **state)
{
    struct store *store = store_of(state);
    struct model_journal_entry entries[4 * HOURS];
    for (uint32_t i = 0; i < 4 * HOURS; i++) {
        entries[i] = call_of(i % 2 ? "trial" : "other", FIRST_HOUR + i / 2 % HOURS, OUTCOME_MISSED);
    }
    assert_int_equal(store_journal_append(store, entries, 4 * HOURS), ERR_NONE);
    for (uint32_t i = 0; i < HOURS; i++) {
        assert_int_equal(missed_in(store, "trial", FIRST_HOUR + i), 2);
        assert_int_equal(missed_in(store, "other", FIRST_HOUR + i), 2);
    }
}

static void test_the_names_are_those_of_the_figures(void **state)
{
    (void)state;
    assert_int_equal(model_outcomes.count, FIGURE_OUTCOMES);
    assert_int_equal(model_executeds.count, FIGURE_EXECUTEDS);
    assert_int_equal(model_number_classes.count, FIGURE_CLASSES);
    for (unsigned i = 0; i < CONDITION_COUNT; i++) {
        assert_string_equal(model_name(&model_figure_conditions, i),
                            model_name(&model_conditions, i));
    }
}

// ---- In SQLite

// Of "short" the calls of the first ten hours are too old, of others none.
static uint64_t keep_since(void *context, struct span group)
{
    (void)context;
    return span_eq(group, SPAN("short")) ? (FIRST_HOUR + 10) * HOUR_US : 1;
}

static void test_old_hours_go(void **state)
{
    struct store *store = store_of(state);
    struct store_journal_trim trim = {
        .keep_since_us = keep_since, .limit = 10, .figures_since_hour = FIRST_HOUR + 5};
    for (uint32_t i = 0; i < 20; i++) {
        append(store, call_of("short", FIRST_HOUR + i, OUTCOME_MISSED));
        append(store, call_of("long", FIRST_HOUR + i, OUTCOME_MISSED));
    }
    assert_int_equal(store_journal_trim(store, &trim), ERR_NONE);
    for (uint32_t i = 0; i < 20; i++) {
        assert_int_equal(missed_in(store, "short", FIRST_HOUR + i), i >= 10);
        assert_int_equal(missed_in(store, "long", FIRST_HOUR + i), i >= 5);
    }
}

// No call is lost for figures that cannot be read: they begin anew, and asking says which they are.
static void test_damaged_figures(void **state)
{
    struct opened *opened = *state;
    struct read read;
    append(opened->store, call_of("trial", FIRST_HOUR, OUTCOME_MISSED));
    store_close(opened->store);
    tamper(opened->directory, "journal.db", "UPDATE figures SET figures=x'ffffffff'");
    opened->store = must_open(opened->directory);
    struct store_figures_query query = {.since_hour = FIRST_HOUR, .end_hour = FIRST_HOUR + 1};
    assert_int_equal(store_figures_list(opened->store, &query, add, &read), ERR_CORRUPT);
    assert_non_null(strstr(store_error(opened->store), "journal.db: figures of hour 497222"));
    append(opened->store, call_of("trial", FIRST_HOUR, OUTCOME_MISSED));
    assert_int_equal(missed_in(opened->store, "trial", FIRST_HOUR), 1);
}

// Says of a forwarded call what an earlier version did not write.
static void complete(void *context, struct model_journal_entry *entry)
{
    ++*(unsigned *)context;
    if (entry->outcome == OUTCOME_FORWARDED) entry->target_class = NUMBER_NATIONAL;
}

// Leaves a journal as an earlier version would, which knew no figures.
static void forget_figures(struct opened *opened)
{
    store_close(opened->store);
    tamper(opened->directory, "journal.db", "DELETE FROM figures");
    tamper(opened->directory, "journal.db", "INSERT INTO uncounted SELECT max(id)+1 FROM journal");
    opened->store = must_open(opened->directory);
}

static void test_older_calls_are_counted_once(void **state)
{
    struct opened *opened = *state;
    unsigned seen = 0, steps = 0;
    struct store_figures_counting counting = {
        .context = &seen, .complete = complete, .since_hour = FIRST_HOUR + 4, .limit = 3};
    struct read read;
    for (uint32_t i = 0; i < 10; i++) {
        append(opened->store, forwarded_call("trial", FIRST_HOUR + i, REASON_BUSY));
    }
    forget_figures(opened);
    append(opened->store, forwarded_call("trial", FIRST_HOUR + 9, REASON_BUSY)); // is counted
    assert_false(read_figures(opened->store, NULL, &read));
    assert_int_equal(read.hours[9].outcomes[OUTCOME_FORWARDED], 1);
    while (!counting.is_done && ++steps < 10) {
        assert_int_equal(store_figures_count(opened->store, &counting), ERR_NONE);
    }
    assert_true(read_figures(opened->store, NULL, &read));
    for (uint32_t i = 0; i < 10; i++) {
        uint64_t wanted = i < 4 ? 0 : 1 + (i == 9);
        assert_int_equal(read.hours[i].outcomes[OUTCOME_FORWARDED], wanted);
    }
    assert_int_equal(read.hours[9].classes[NUMBER_MOBILE], 1);
    assert_int_equal(read.hours[9].classes[NUMBER_NATIONAL], 1);
    assert_int_equal(seen, 6);
    assert_int_equal(steps, 3);
    assert_int_equal(store_figures_count(opened->store, &counting), ERR_NONE);
    assert_int_equal(seen, 6);
}

static void test_a_new_journal_has_nothing_to_count(void **state)
{
    struct store_figures_counting counting = {.limit = 3};
    assert_int_equal(store_figures_count(store_of(state), &counting), ERR_NONE);
    assert_true(counting.is_done);
}

// ---- All of it

#define TEST(test, open) cmocka_unit_test_setup_teardown(test, open, close_store)
#define SUITE(open)                                                                                \
    {                                                                                              \
        TEST(test_calls_are_counted_by_hour_and_group, open),                                      \
            TEST(test_what_is_counted_of_a_call, open), TEST(test_a_batch_of_many_hours, open),    \
            TEST(test_a_new_journal_has_nothing_to_count, open),                                   \
    }

int main(void)
{
    const struct CMUnitTest memory[] = SUITE(open_memory), sqlite[] = SUITE(open_sqlite),
                            passing[] = SUITE(open_failing);
    const struct CMUnitTest files[] = {
        cmocka_unit_test(test_the_names_are_those_of_the_figures),
        TEST(test_old_hours_go, open_sqlite),
        TEST(test_damaged_figures, open_sqlite),
        TEST(test_older_calls_are_counted_once, open_sqlite),
    };
    int failed = 0;
    failed += cmocka_run_group_tests_name("memory", memory, NULL, NULL);
    failed += cmocka_run_group_tests_name("sqlite", sqlite, NULL, NULL);
    failed += cmocka_run_group_tests_name("failing store that does not fail", passing, NULL, NULL);
    failed += cmocka_run_group_tests_name("files", files, NULL, NULL);
    return failed;
}
