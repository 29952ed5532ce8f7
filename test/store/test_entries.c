// SPDX-License-Identifier: Apache-2.0
// What every kind of store does alike with the entries of the journal and the audit.
#include "kinds.h"

// ---- Journal

static struct model_journal_entry sample_entry(void)
{
    static const char trace[] = {1, 0, 2, 0, 0, 0, 0, 0};
    return (struct model_journal_entry){
        .started_us = 1790000000000001,
        .ended_us = 1790000000250000,
        .line_id = 4000000000,
        .user_id = 3000000000,
        .group = SPAN("trial"),
        .extension = SPAN("101"),
        .caller = SPAN("+491701234567"),
        .caller_display = SPAN("J\xc3\xb6rg \0 \xff"),
        .dialled = SPAN("101"),
        .call_id = SPAN("a84b4c76e66710@192.0.2.7"),
        .is_internal = true,
        .verdict = VERDICT_HOLD,
        .outcome = OUTCOME_MISSED,
        .reason = REASON_UNAVAILABLE_LOGGED_OFF,
        .status = 480,
        .target = SPAN("103"),
        .trace = {trace, sizeof trace},
    };
}

static bool check_sample(void *context, const struct model_journal_entry *entry)
{
    struct model_journal_entry wanted = sample_entry();
    assert_int_equal(entry->id, 1);
    assert_true(entry->started_us == wanted.started_us && entry->ended_us == wanted.ended_us);
    assert_true(entry->line_id == wanted.line_id && entry->user_id == wanted.user_id);
    assert_true(span_eq(entry->group, wanted.group) && span_eq(entry->caller, wanted.caller));
    assert_true(span_eq(entry->extension, wanted.extension));
    assert_true(span_eq(entry->caller_display, wanted.caller_display));
    assert_true(span_eq(entry->dialled, wanted.dialled) && entry->diverted_by.len == 0);
    assert_true(span_eq(entry->call_id, wanted.call_id));
    assert_true(entry->is_internal == wanted.is_internal && entry->verdict == wanted.verdict);
    assert_true(entry->outcome == wanted.outcome && entry->reason == wanted.reason);
    assert_int_equal(entry->status, wanted.status);
    assert_true(span_eq(entry->target, wanted.target) && span_eq(entry->trace, wanted.trace));
    ++*(int *)context;
    return true;
}

static void test_journal_entries_come_back_as_they_were(void **state)
{
    struct store *store = store_of(state);
    struct model_journal_entry entry = sample_entry();
    struct store_journal_query query = {.limit = 10};
    int count = 0;
    assert_int_equal(store_journal_append(store, &entry, 1), ERR_NONE);
    assert_int_equal(store_journal_list(store, &query, check_sample, &count), ERR_NONE);
    assert_int_equal(count, 1);
}

static bool check_cut(void *context, const struct model_journal_entry *entry)
{
    (void)context;
    assert_int_equal(entry->caller.len, JOURNAL_TEXT_MAX);
    assert_int_equal(entry->caller_display.len, JOURNAL_TEXT_MAX - 2);
    assert_int_equal(entry->trace.len, TRACE_BYTES_MAX);
    return true;
}

static void test_journal_texts_are_cut_between_characters(void **state)
{
    struct store *store = store_of(state);
    struct model_journal_entry entry = sample_entry();
    char text[2 * TRACE_BYTES_MAX], display[JOURNAL_TEXT_MAX + 1];
    struct store_journal_query query = {.limit = 10};
    memset(text, 'x', sizeof text);
    memset(display, 'x', sizeof display);
    memcpy(display + JOURNAL_TEXT_MAX - 2, "\xe2\x82\xac", 3); // a character of three bytes
    entry.caller = (struct span){text, JOURNAL_TEXT_MAX + 1};
    entry.caller_display = (struct span){display, sizeof display};
    entry.trace = (struct span){text, sizeof text};
    assert_int_equal(store_journal_append(store, &entry, 1), ERR_NONE);
    assert_int_equal(store_journal_list(store, &query, check_cut, NULL), ERR_NONE);
}

static bool show_entry(void *context, const struct model_journal_entry *entry)
{
    return show(context, "%llu ", (unsigned long long)entry->id);
}

// The listing's text is `wanted`, and `resume` is where it says to go on.
static void assert_journal(struct store *store, struct store_journal_query query,
                           const char *wanted, uint64_t resume)
{
    struct listing listing = {.text = ""};
    uint64_t resume_id = 77;
    query.resume_id = &resume_id;
    assert_int_equal(store_journal_list(store, &query, show_entry, &listing), ERR_NONE);
    assert_string_equal(listing.text, wanted);
    assert_true(resume_id == resume);
}

static void test_journal_lists_newest_first(void **state)
{
    struct store *store = store_of(state);
    struct model_journal_entry entries[6];
    assert_journal(store, (struct store_journal_query){.limit = 10}, "", 0);
    for (int i = 0; i < 6; i++) {
        entries[i] = sample_entry();
        if (i % 2 == 1) entries[i].extension = SPAN("102");
        if (i % 3 == 0) entries[i].user_id = 7;
        if (i == 5) entries[i].group = SPAN("other");
    }
    assert_int_equal(store_journal_append(store, entries, 4), ERR_NONE);
    assert_int_equal(store_journal_append(store, entries + 4, 2), ERR_NONE);
    assert_int_equal(store_journal_append(store, entries, 0), ERR_NONE);
    assert_journal(store, (struct store_journal_query){.limit = 0}, "6 5 4 3 2 1 ", 0);
    assert_journal(store, (struct store_journal_query){.limit = 4}, "6 5 4 3 ", 3);
    assert_journal(store, (struct store_journal_query){.limit = 4, .before_id = 3}, "2 1 ", 0);
    assert_journal(store, (struct store_journal_query){.limit = 2, .before_id = 3}, "2 1 ", 0);
    assert_journal(store, (struct store_journal_query){.before_id = 1}, "", 0);
    assert_journal(store, (struct store_journal_query){.before_id = 99}, "6 5 4 3 2 1 ", 0);
    assert_journal(store, (struct store_journal_query){.user_id = 7}, "4 1 ", 0);
    assert_journal(store, (struct store_journal_query){.user_id = 7, .extension = "102"}, "4 ", 0);
    assert_journal(store, (struct store_journal_query){.user_id = 7, .limit = 1}, "4 ", 4);
    assert_journal(store, (struct store_journal_query){.extension = "102"}, "6 4 2 ", 0);
    assert_journal(store, (struct store_journal_query){.extension = "102", .group = "trial"},
                   "4 2 ", 0);
    assert_journal(store, (struct store_journal_query){.group = "trial", .limit = 2}, "5 4 ", 4);
    assert_journal(store, (struct store_journal_query){.group = "nowhere"}, "", 0);
}

// A search looks at a bounded number of entries, and says where it has stopped.
static void test_journal_search_is_bounded(void **state)
{
    struct store *store = store_of(state);
    enum { BATCH = 1000 };
    static struct model_journal_entry entries[BATCH];
    struct model_journal_entry wanted = sample_entry();
    wanted.extension = SPAN("199");
    assert_int_equal(store_journal_append(store, &wanted, 1), ERR_NONE);
    for (int i = 0; i < BATCH; i++) entries[i] = sample_entry();
    for (int i = 0; i < JOURNAL_SCAN_MAX / BATCH; i++) {
        assert_int_equal(store_journal_append(store, entries, BATCH), ERR_NONE);
    }
    assert_journal(store, (struct store_journal_query){.extension = "199"}, "", 2);
    assert_journal(store, (struct store_journal_query){.extension = "199", .before_id = 2}, "1 ",
                   0);
}

static void test_journal_search(void **state)
{
    struct store *store = store_of(state);
    struct model_journal_entry entries[4];
    for (int i = 0; i < 4; i++) {
        entries[i] = sample_entry();
        entries[i].started_us = 1000 + 1000 * (uint64_t)i;
        entries[i].outcome = i == 2 ? OUTCOME_FORWARDED : OUTCOME_MISSED;
        if (i == 3) entries[i].caller = SPAN("+4930999");
    }
    assert_int_equal(store_journal_append(store, entries, 4), ERR_NONE);
    assert_journal(store, (struct store_journal_query){.caller = "+491701234567"}, "3 2 1 ", 0);
    assert_journal(store, (struct store_journal_query){.caller = "+4930*"}, "4 ", 0);
    assert_journal(store, (struct store_journal_query){.caller = "*"}, "4 3 2 1 ", 0);
    assert_journal(store, (struct store_journal_query){.caller = "+4930"}, "", 0);
    assert_journal(store, (struct store_journal_query){.outcome = "missed"}, "4 2 1 ", 0);
    assert_journal(store, (struct store_journal_query){.outcome = "missed", .limit = 2}, "4 2 ", 2);
    assert_journal(store, (struct store_journal_query){.since_us = 2000}, "4 3 2 ", 0);
    assert_journal(store, (struct store_journal_query){.until_us = 2000}, "1 ", 0);
    assert_journal(store, (struct store_journal_query){.since_us = 2000, .until_us = 4000}, "3 2 ",
                   0);
    assert_journal(store, (struct store_journal_query){.text = "6E66710@192"}, "4 3 2 1 ", 0);
    assert_journal(store, (struct store_journal_query){.text = "30999"}, "4 ", 0);
    assert_journal(store, (struct store_journal_query){.text = "nothing such"}, "", 0);
}

// Of "short" the calls go that ended before 3000, of all others those before 1000.
static uint64_t keep_since(void *context, struct span group)
{
    ++*(unsigned *)context;
    return span_eq(group, SPAN("short")) ? 3000 : 1000;
}

static void test_old_journal_entries_go(void **state)
{
    struct store *store = store_of(state);
    struct model_journal_entry entries[6];
    unsigned asked = 0;
    struct store_journal_trim trim = {.context = &asked, .keep_since_us = keep_since, .limit = 2};
    assert_int_equal(store_journal_trim(store, &trim), ERR_NONE);
    assert_true(trim.next_id == 0 && trim.removed_count == 0 && asked == 0);
    for (unsigned i = 0; i < 6; i++) {
        entries[i] = sample_entry();
        entries[i].ended_us = 500 + 1000 * (i / 2);
        if (i % 2) entries[i].group = SPAN("short");
    }
    assert_int_equal(store_journal_append(store, entries, 6), ERR_NONE);
    for (int step = 0; step == 0 || (trim.next_id != 0 && step < 10); step++) {
        unsigned before = asked;
        assert_int_equal(store_journal_trim(store, &trim), ERR_NONE);
        assert_true(asked - before <= (step == 0 ? 4 : 2)); // first also of the groups' figures
    }
    assert_int_equal(trim.removed_count, 4);
    assert_journal(store, (struct store_journal_query){.limit = 0}, "5 3 ", 0);
    assert_int_equal(store_journal_append(store, entries, 1), ERR_NONE);
    assert_journal(store, (struct store_journal_query){.limit = 2}, "7 5 ", 5);
}

// ---- Audit

static struct model_audit_entry sample_change(const char *key)
{
    return (struct model_audit_entry){
        .at_us = 1790000000000001,
        .actor = SPAN("admin"),
        .for_user = SPAN("sales"),
        .action = AUDIT_CHANGED,
        .kind = SPAN("line"),
        .key = span_of(key),
        .before = SPAN("{\"display_name\":\"J\xc3\xb6rg\"}"),
        .after = SPAN("{\"display_name\":\"\"}"),
    };
}

static bool check_change(void *context, const struct model_audit_entry *entry)
{
    struct model_audit_entry wanted = sample_change("trial/101");
    assert_true(entry->id == 1 && entry->at_us == wanted.at_us);
    assert_true(span_eq(entry->actor, wanted.actor) && entry->action == wanted.action);
    assert_true(span_eq(entry->for_user, wanted.for_user) && span_eq(entry->kind, wanted.kind));
    assert_true(span_eq(entry->key, wanted.key) && span_eq(entry->before, wanted.before));
    assert_true(span_eq(entry->after, wanted.after));
    ++*(int *)context;
    return true;
}

static void test_audit_entries_come_back_as_they_were(void **state)
{
    struct store *store = store_of(state);
    struct model_audit_entry entry = sample_change("trial/101");
    struct store_audit_query query = {.limit = 10};
    int count = 0;
    assert_int_equal(store_audit_append(store, &entry), ERR_NONE);
    assert_int_equal(store_audit_list(store, &query, check_change, &count), ERR_NONE);
    assert_int_equal(count, 1);
}

static bool show_change(void *context, const struct model_audit_entry *entry)
{
    return show(context, "%llu ", (unsigned long long)entry->id);
}

static void assert_audit(struct store *store, struct store_audit_query query, const char *wanted,
                         uint64_t resume)
{
    struct listing listing = {.text = ""};
    uint64_t resume_id = 77;
    query.resume_id = &resume_id;
    assert_int_equal(store_audit_list(store, &query, show_change, &listing), ERR_NONE);
    assert_string_equal(listing.text, wanted);
    assert_true(resume_id == resume);
}

// Changes of a group, two lines of it and a forwarding, at 1000, 2000, ...
static void fill_audit(struct store *store)
{
    static const char *const keys[] = {"trial", "trial/101", "trial/1010", "trial/101/dnd/all"};
    for (unsigned i = 0; i < 4; i++) {
        struct model_audit_entry entry = sample_change(keys[i]);
        entry.at_us = 1000 * (i + 1);
        if (i == 0) entry.kind = SPAN("group");
        if (i == 3) entry.actor = SPAN("web"), entry.after = SPAN_NONE;
        assert_int_equal(store_audit_append(store, &entry), ERR_NONE);
    }
}

static void test_audit_search(void **state)
{
    struct store *store = store_of(state);
    assert_audit(store, (struct store_audit_query){.limit = 0}, "", 0);
    fill_audit(store);
    assert_audit(store, (struct store_audit_query){.limit = 0}, "4 3 2 1 ", 0);
    assert_audit(store, (struct store_audit_query){.limit = 3}, "4 3 2 ", 2);
    assert_audit(store, (struct store_audit_query){.limit = 3, .before_id = 2}, "1 ", 0);
    assert_audit(store, (struct store_audit_query){.kind = "line"}, "4 3 2 ", 0);
    assert_audit(store, (struct store_audit_query){.key = "trial/101"}, "4 2 ", 0);
    assert_audit(store, (struct store_audit_query){.key = "trial"}, "4 3 2 1 ", 0);
    assert_audit(store, (struct store_audit_query){.key = "tria"}, "", 0);
    assert_audit(store, (struct store_audit_query){.actor = "web"}, "4 ", 0);
    assert_audit(store, (struct store_audit_query){.actor = "sales", .limit = 2}, "4 3 ", 3);
    assert_audit(store, (struct store_audit_query){.text = "DND"}, "4 ", 0);
    assert_audit(store, (struct store_audit_query){.text = "display_name"}, "4 3 2 1 ", 0);
    assert_audit(store, (struct store_audit_query){.since_us = 2000, .until_us = 4000}, "3 2 ", 0);
}

// An entry shares the fate of the change that it tells of.
static void test_audit_belongs_to_the_transaction(void **state)
{
    struct store *store = store_of(state);
    fill_audit(store);
    struct model_audit_entry entry = sample_change("trial/102");
    assert_int_equal(store_begin(store), ERR_NONE);
    assert_int_equal(store_audit_append(store, &entry), ERR_NONE);
    assert_audit(store, (struct store_audit_query){.limit = 1}, "5 ", 5);
    store_rollback(store);
    assert_audit(store, (struct store_audit_query){.limit = 1}, "4 ", 4);
    assert_int_equal(store_begin(store), ERR_NONE);
    assert_int_equal(store_audit_append(store, &entry), ERR_NONE);
    assert_int_equal(store_commit(store), ERR_NONE);
    assert_audit(store, (struct store_audit_query){.key = "trial/102"}, "5 ", 0);
}

static void test_old_audit_entries_go(void **state)
{
    struct store *store = store_of(state);
    uint32_t count = 77;
    assert_int_equal(store_audit_trim(store, 9000, 10, &count), ERR_NONE);
    assert_int_equal(count, 0);
    fill_audit(store);
    assert_int_equal(store_audit_trim(store, 1000, 10, &count), ERR_NONE);
    assert_int_equal(count, 0);
    assert_int_equal(store_audit_trim(store, 4000, 2, &count), ERR_NONE);
    assert_int_equal(count, 2);
    assert_audit(store, (struct store_audit_query){.limit = 0}, "4 3 ", 0);
    assert_int_equal(store_audit_trim(store, 4000, 2, &count), ERR_NONE);
    assert_int_equal(count, 1);
    assert_int_equal(store_audit_trim(store, 9000, 2, &count), ERR_NONE);
    assert_int_equal(count, 1);
    assert_audit(store, (struct store_audit_query){.limit = 0}, "", 0);
    fill_audit(store);
    assert_audit(store, (struct store_audit_query){.limit = 0}, "8 7 6 5 ", 0); // never used again
}

// ---- All of it

#define SUITE(open)                                                                                \
    {                                                                                              \
        cmocka_unit_test_setup_teardown(test_journal_entries_come_back_as_they_were, open,         \
                                        close_store),                                              \
            cmocka_unit_test_setup_teardown(test_journal_texts_are_cut_between_characters, open,   \
                                            close_store),                                          \
            cmocka_unit_test_setup_teardown(test_journal_lists_newest_first, open, close_store),   \
            cmocka_unit_test_setup_teardown(test_journal_search_is_bounded, open, close_store),    \
            cmocka_unit_test_setup_teardown(test_journal_search, open, close_store),               \
            cmocka_unit_test_setup_teardown(test_old_journal_entries_go, open, close_store),       \
            cmocka_unit_test_setup_teardown(test_audit_entries_come_back_as_they_were, open,       \
                                            close_store),                                          \
            cmocka_unit_test_setup_teardown(test_audit_search, open, close_store),                 \
            cmocka_unit_test_setup_teardown(test_audit_belongs_to_the_transaction, open,           \
                                            close_store),                                          \
            cmocka_unit_test_setup_teardown(test_old_audit_entries_go, open, close_store),         \
    }

int main(void)
{
    const struct CMUnitTest memory[] = SUITE(open_memory), sqlite[] = SUITE(open_sqlite),
                            passing[] = SUITE(open_failing);
    int failed = 0;
    failed += cmocka_run_group_tests_name("memory", memory, NULL, NULL);
    failed += cmocka_run_group_tests_name("sqlite", sqlite, NULL, NULL);
    failed += cmocka_run_group_tests_name("failing store that does not fail", passing, NULL, NULL);
    return failed;
}
