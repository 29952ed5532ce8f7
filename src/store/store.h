// SPDX-License-Identifier: Apache-2.0
// Where settings and the journal are kept: one interface; SQLite for service, memory for tests. A
// handle belongs to one thread; several handles may be open on the same directory. What a write has
// acknowledged is durable: it survives kill -9 and, for settings, a power cut. docs/storage.md.
#pragma once

#include "model/model.h"

struct store;

// What a person is told when the world fails: the cause in plain words ("lineward.db: is locked by
// another program").
struct store_problem {
    enum err err;
    char text[256];
};

// Opens, or creates, the databases in `directory` (which must exist and be ours): lineward.db
// (settings), journal.db, secret.key (0600; seals FIELD_SECRET texts). Returns NULL on failure,
// with `*problem` filled: a newer schema is ERR_TOO_NEW.
struct store *store_open_sqlite(const char *directory, struct store_problem *problem) WARN_UNUSED;
// An empty store in memory that nobody shares. NULL when memory is out.
struct store *store_open_memory(void) WARN_UNUSED;
// Undoes what was begun and not committed, and frees it all. NULL: nothing happens.
void store_close(struct store *store);
// What went wrong in the last call that returned an error. Lives until the next call.
const char *store_error(const struct store *store);
// What an administrator should know of calls that have succeeded: that the journal's file was gone,
// and what was done. Static; NULL where there is nothing new since the last call.
const char *store_take_notice(struct store *store);

// ---- Settings. A record is found by its FIELD_KEY fields.

// All writes between begin and commit happen together or not at all; a failed commit has undone
// them. Begin waits up to 2 s for another handle's transaction, then is ERR_BUSY. A write outside
// of them is a transaction of its own.
enum err store_begin(struct store *store) WARN_UNUSED;
enum err store_commit(struct store *store) WARN_UNUSED;
// Undoes what was written since begin; nothing happens where none was begun.
void store_rollback(struct store *store);

// Adds `record`, which must not exist (ERR_EXISTS); what it refers to must (ERR_CONFLICT): a line's
// group and user, a profile's user, a forwarding's or an exception's line, an administrative
// forwarding's group and calendar. `*id` becomes its lasting number (never reused; from 1 up).
enum err store_add(struct store *store, enum model_kind kind, const void *record,
                   uint32_t *id) WARN_UNUSED;
// Replaces the record with the same key; ERR_NOT_FOUND when there is none.
enum err store_replace(struct store *store, enum model_kind kind, const void *record) WARN_UNUSED;
// Gives the record with the key in `record` the key in `renamed`; its number and all else stay.
// ERR_NOT_FOUND when there is none, ERR_EXISTS when that key is taken. For kinds that nothing
// refers to.
enum err store_rename(struct store *store, enum model_kind kind, const void *record,
                      const void *renamed) WARN_UNUSED;
// Removes the record with the key in `record`, with a line its forwardings and exceptions, with a
// group its administrative forwardings. ERR_CONFLICT when other records refer to it (a group with
// lines, a user with lines, a calendar in use). A user's devices go along.
enum err store_remove(struct store *store, enum model_kind kind, const void *record) WARN_UNUSED;
// Fills in `record`, whose key fields are set; unchanged on an error. `id` may be NULL.
enum err store_get(struct store *store, enum model_kind kind, void *record,
                   uint32_t *id) WARN_UNUSED;

// Which records, in the order of their keys: texts by their bytes, enumerations as they are
// declared. Empty texts mean any. With `sort` they come by that field, A to Z as a to z, and by
// their keys where it is the same.
struct store_query {
    enum model_kind kind;
    const char *group;     // all but groups, users, calendars
    const char *extension; // lines, forwardings, exceptions: exactly this one
    const char *user;      // lines, devices, profiles: whose they are
    const char *text;      // in the name, extension, display name or user, in any case of A to Z
    const void *after;     // a record of the above, its key and `sort` set: only those that follow;
                           // NULL: from the start
    uint32_t limit;        // 0: no limit
    const char *sort;      // a field that store_sorts() has; NULL: the key
    bool is_descending;
    bool has_keys_only; // records are visited with their key and `sort` alone, all else being zero
                        // or what it is: fast where many are looked at
};
// The fields that records of the kind can be listed by, separated by spaces: those with an index,
// so that a page costs what it shows, however many records there are. Empty: by their keys only.
const char *store_sorts(enum model_kind kind);
// `record` is borrowed for the call. Returning false ends the listing. It may read from the store,
// but must not write.
typedef bool store_visit(void *context, uint32_t id, const void *record);
enum err store_list(struct store *store, const struct store_query *query, store_visit *visit,
                    void *context) WARN_UNUSED;
// How many records a query selects (its limit is ignored); not for a sorted one with `after`.
enum err store_count(struct store *store, const struct store_query *query,
                     uint64_t *count) WARN_UNUSED;

// ---- Journal: written in large transactions by one thread, read by another.

// Appends `count` entries in one transaction; their `id` is ignored.
enum err store_journal_append(struct store *store, const struct model_journal_entry *entries,
                              size_t count) WARN_UNUSED;

// One small step of forgetting: looks at a few entries, the oldest first, and removes those that
// are too old. No writer waits for longer than a step.
struct store_journal_trim {
    void *context;
    // The wall clock's time before which calls of the group may have ended to be removed.
    uint64_t (*keep_since_us)(void *context, struct span group);
    uint64_t bytes_max;     // where the entries take more, the oldest go; 0: any; not in memory
    uint64_t next_id;       // where the step begins; becomes 0 when all have been looked at
    uint32_t limit;         // so many are looked at, JOURNAL_PAGE_MAX at most
    uint64_t removed_count; // the removed ones are added
    // Figures of hours before this one go at the first step; so do those of a group's hours that
    // are as old as calls which it no longer keeps.
    uint32_t figures_since_hour;
};
enum err store_journal_trim(struct store *store, struct store_journal_trim *trim) WARN_UNUSED;

struct store_journal_query {
    // NULL or empty: any.
    const char *group, *extension;
    uint32_t user_id;            // calls of lines that this user owned then; 0: any
    const char *caller;          // stored form; with * at its end, what it begins with
    const char *outcome;         // by name
    const char *text;            // in a number, name or Call-ID, in any case of the letters A to Z
    uint64_t since_us, until_us; // of the call's start: from the first on, before the second
    uint64_t before_id;          // only older entries; 0: from the newest
    uint32_t limit;              // at most JOURNAL_PAGE_MAX, which 0 stands for
    // Where to go on: becomes the `before_id` of the next page, or 0 when there is nothing older.
    // May be NULL. A search looks at JOURNAL_SCAN_MAX entries at most, so that it may find less
    // than `limit`, or nothing, and there is more all the same.
    uint64_t *resume_id;
};
enum { JOURNAL_PAGE_MAX = 1000, JOURNAL_SCAN_MAX = 100000 };
// `entry` is borrowed for the call. Returning false ends the listing. Newest first.
typedef bool store_journal_visit(void *context, const struct model_journal_entry *entry);
enum err store_journal_list(struct store *store, const struct store_journal_query *query,
                            store_journal_visit *visit, void *context) WARN_UNUSED;

// ---- Figures: how many calls of each kind began in each hour, kept by group as entries are
// appended. They outlive the entries that went because the journal had become too big.

enum { FIGURES_HOURS_MAX = 31 * 24 }; // that anybody asks for

// The hour of a wall clock's time, since 1970.
uint32_t store_hour_of(uint64_t at_us);

struct store_figures_query {
    const char *group;             // NULL or empty: any
    uint32_t since_hour, end_hour; // hours since 1970: from the first on, before the second
    // Becomes false as long as entries that an earlier version wrote are not counted yet.
    bool is_complete;
};
// Of an hour and group there may be several: they are to be added up. In any order.
typedef void store_figures_visit(void *context, uint32_t hour, const struct model_figures *figures);
enum err store_figures_list(struct store *store, struct store_figures_query *query,
                            store_figures_visit *visit, void *context) WARN_UNUSED;

// One step of counting what an earlier version wrote, the newest first. How far it has come is kept
// with the figures: each call is counted once, also where a step is cut off.
struct store_figures_counting {
    void *context;
    // Sets what earlier versions did not write: the target's class, and whether it was a loop.
    void (*complete)(void *context, struct model_journal_entry *entry);
    uint32_t since_hour; // older ones are not counted
    uint32_t limit;      // so many entries are looked at
    bool is_done;        // becomes true when there is nothing left to count
};
enum err store_figures_count(struct store *store,
                             struct store_figures_counting *counting) WARN_UNUSED;

// ---- Audit: who changed what. Entries are written in the transaction of the change that they tell
// of, and never changed.

// Appends an entry; its `id` is ignored.
enum err store_audit_append(struct store *store, const struct model_audit_entry *entry) WARN_UNUSED;

struct store_audit_query {
    // NULL or empty: any.
    const char *kind;
    const char *key;             // that record, and those below it: "main/101", "main/101/dnd/all"
    const char *actor;           // who did it, or for whom
    const char *text;            // anywhere in it, in any case of the letters A to Z
    uint64_t since_us, until_us; // from the first on, before the second; 0: any
    uint64_t before_id;          // only older entries; 0: from the newest
    uint32_t limit;              // at most JOURNAL_PAGE_MAX, which 0 stands for
    uint64_t *resume_id;         // as with the journal
};
// `entry` is borrowed for the call. Returning false ends the listing. Newest first.
typedef bool store_audit_visit(void *context, const struct model_audit_entry *entry);
enum err store_audit_list(struct store *store, const struct store_audit_query *query,
                          store_audit_visit *visit, void *context) WARN_UNUSED;
// Removes entries from before `until_us`, the oldest first and at most `limit`; `*count` becomes
// how many.
enum err store_audit_trim(struct store *store, uint64_t until_us, uint32_t limit,
                          uint32_t *count) WARN_UNUSED;

// ---- Back-ups: one file, for us alone, with both databases and the key (docs/storage.md).

// Copies the store in `directory` into the new file `file` (one of that name is replaced when the
// copy is whole), also while a server uses it: what was acknowledged before the call is in it.
enum err store_backup(const char *directory, const char *file,
                      struct store_problem *problem) WARN_UNUSED;

enum { STORE_PATH_SIZE = 4096 };
// Puts the back-up `file` in the place of the store in `directory`, which nobody may have open. It
// is looked at as a whole first; a damaged one changes nothing. The old files are kept in `aside`.
// Where that is interrupted, no store can be opened there until it is done again.
enum err store_restore(const char *file, const char *directory, char aside[STORE_PATH_SIZE],
                       struct store_problem *problem) WARN_UNUSED;

// ---- For tests: what happens above when the store fails.

// A store that passes every call on to `beneath` (which must outlive it), but for the one chosen
// below. NULL when memory is out.
struct store *store_open_failing(struct store *beneath) WARN_UNUSED;
// Lets the `call`-th call from now (1: the next) return `err` undone; 0 lets all pass.
void store_fail_at(struct store *failing, unsigned call, enum err err);
