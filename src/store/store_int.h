// SPDX-License-Identifier: Apache-2.0
// What the kinds of store share: the table of operations behind a handle, and small helpers.
#pragma once

#include "store/store.h"

// The operations as in store.h; `close` frees the handle too.
struct store_ops {
    void (*close)(struct store *store);
    enum err (*begin)(struct store *store);
    enum err (*commit)(struct store *store); // a failed one has rolled back
    void (*rollback)(struct store *store);
    enum err (*add)(struct store *store, enum model_kind kind, const void *record, uint32_t *id);
    enum err (*replace)(struct store *store, enum model_kind kind, const void *record);
    enum err (*rename)(struct store *store, enum model_kind kind, const void *record,
                       const void *renamed);
    enum err (*remove)(struct store *store, enum model_kind kind, const void *record);
    enum err (*get)(struct store *store, enum model_kind kind, void *record, uint32_t *id);
    enum err (*list)(struct store *store, const struct store_query *query, store_visit *visit,
                     void *context);
    enum err (*count)(struct store *store, const struct store_query *query, uint64_t *count);
    enum err (*journal_append)(struct store *store, const struct model_journal_entry *entries,
                               size_t count);
    enum err (*journal_list)(struct store *store, const struct store_journal_query *query,
                             store_journal_visit *visit, void *context);
    enum err (*journal_trim)(struct store *store, struct store_journal_trim *trim);
    enum err (*figures_list)(struct store *store, struct store_figures_query *query,
                             store_figures_visit *visit, void *context);
    enum err (*figures_count)(struct store *store, struct store_figures_counting *counting);
    enum err (*audit_append)(struct store *store, const struct model_audit_entry *entry);
    enum err (*audit_list)(struct store *store, const struct store_audit_query *query,
                           store_audit_visit *visit, void *context);
    enum err (*audit_trim)(struct store *store, uint64_t until_us, uint32_t limit, uint32_t *count);
};

// Stands in the directory while a back-up takes the place of what was there.
#define STORE_RESTORING "restoring"

// Every kind of store begins with this.
struct store {
    const struct store_ops *ops;
    bool is_in_transaction;
    struct store_problem problem;
    const char *notice; // not told yet, or NULL
};

// Notes what went wrong, in plain words, and returns `err`.
enum err store_fail(struct store *store, enum err err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
enum err store_problem_set(struct store_problem *problem, enum err err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
// An errno as one of ours.
enum err store_err_of_errno(int number);

enum { STORE_NAME_SIZE = 256 };
// The same as a terminated text in `name`, which is returned.
const char *store_name(enum model_kind kind, const void *record, char name[STORE_NAME_SIZE]);

// The texts by which a query selects records.
enum store_filter { FILTER_GROUP, FILTER_EXTENSION, FILTER_USER, FILTER_COUNT };
// The text that `query` asks for, or NULL for any.
const char *store_filter_text(const struct store_query *query, enum store_filter filter);
// The field that a filter compares; asserts that records of `kind` have it.
const struct model_field *store_filter_field(enum model_kind kind, enum store_filter filter);
// The field that a listing is sorted by; NULL: by the key alone. A key is sorted by its bytes, any
// other text with A to Z as a to z.
const struct model_field *store_sort_field(const struct store_query *query);
// Whether a query's `text` is looked for in the field.
bool store_is_searched(const struct model_field *field);
// Whether one of the record's fields contains `text`.
bool store_has_text(enum model_kind kind, const void *record, const char *text);

// One page of the journal or the audit: the ids that it looks at, from `first` up to, but without,
// `before`.
struct store_page {
    uint64_t oldest, first, before;
    uint32_t limit;
};
// What a page is chosen by. A search (`is_search`) looks at JOURNAL_SCAN_MAX entries at most.
struct store_paging {
    uint64_t before_id;
    uint32_t limit;
    bool is_search;
};
struct store_page store_page(struct store_paging paging, uint64_t oldest_id, uint64_t newest_id);
// Where the next page begins, for a query's resume_id. `last_id` is the last entry that was shown;
// 0 when the page was exhausted.
uint64_t store_page_resume(const struct store_page *page, uint64_t last_id);

struct store_paging store_journal_paging(const struct store_journal_query *query);
struct store_paging store_audit_paging(const struct store_audit_query *query);
// Whether the query selects the entry, wherever that stands.
bool store_journal_matches(const struct store_journal_query *query,
                           const struct model_journal_entry *entry);
// The same by group, line and start alone.
bool store_journal_may_match(const struct store_journal_query *query,
                             const struct model_journal_entry *entry);
bool store_audit_matches(const struct store_audit_query *query,
                         const struct model_audit_entry *entry);
// The text, cut at JOURNAL_TEXT_MAX bytes, but not inside a character (UTF-8).
struct span store_journal_text(struct span text);
struct span store_journal_trace(struct span trace);
// The legs, cut at LEGS_BYTES_MAX bytes, but not inside a line.
struct span store_journal_legs(struct span legs);
