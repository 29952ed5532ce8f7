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
    enum err (*remove)(struct store *store, enum model_kind kind, const void *record);
    enum err (*get)(struct store *store, enum model_kind kind, void *record, uint32_t *id);
    enum err (*list)(struct store *store, const struct store_query *query, store_visit *visit,
                     void *context);
    enum err (*count)(struct store *store, const struct store_query *query, uint64_t *count);
    enum err (*journal_append)(struct store *store, const struct model_journal_entry *entries,
                               size_t count);
    enum err (*journal_list)(struct store *store, const struct store_journal_query *query,
                             store_journal_visit *visit, void *context);
};

// Every kind of store begins with this.
struct store {
    const struct store_ops *ops;
    bool is_in_transaction;
    struct store_problem problem;
};

// Notes what went wrong, in plain words, and returns `err`.
enum err store_fail(struct store *store, enum err err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
enum err store_problem_set(struct store_problem *problem, enum err err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
// An errno as one of ours.
enum err store_err_of_errno(int number);

// Prints which record it is: "line trial/102".
void store_put_name(struct buffer *out, enum model_kind kind, const void *record);
enum { STORE_NAME_SIZE = 256 };
// The same as a terminated text in `name`, which is returned.
const char *store_name(enum model_kind kind, const void *record, char name[STORE_NAME_SIZE]);

// The texts by which a query selects records.
enum store_filter { FILTER_GROUP, FILTER_EXTENSION, FILTER_USER, FILTER_COUNT };
// The text that `query` asks for, or NULL for any.
const char *store_filter_text(const struct store_query *query, enum store_filter filter);
// The field that a filter compares; asserts that records of `kind` have it.
const struct model_field *store_filter_field(enum model_kind kind, enum store_filter filter);

// The ids that one listing of the journal looks at: from `first` up to, but without, `before`.
struct store_journal_range {
    uint64_t oldest, first, before;
    uint32_t limit;
};
struct store_journal_range store_journal_range(const struct store_journal_query *query,
                                               uint64_t oldest_id, uint64_t newest_id);
// Sets the query's resume_id. `last_id` is the last entry that was shown; 0 when the range was
// exhausted.
void store_journal_resume(const struct store_journal_query *query,
                          const struct store_journal_range *range, uint64_t last_id);
// The text, cut at JOURNAL_TEXT_MAX bytes, but not inside a character (UTF-8).
struct span store_journal_text(struct span text);
struct span store_journal_trace(struct span trace);
