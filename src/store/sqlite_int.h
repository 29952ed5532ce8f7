// SPDX-License-Identifier: Apache-2.0
// The store in SQLite: what its files share. Result codes of SQLite end in sqlite.c, as enum err
// and a sentence that names the file.
#pragma once

#include "store/secret.h"

#include <sqlite3.h>

// ---- Statements that the field tables yield (sqlite_sql.c). Parameter n is field n-1 of the kind
// in all of them; LIST has its limit behind the fields.

// Which of a query's parts a LIST or COUNT has: bits by enum store_filter, and this one.
enum {
    SHAPE_AFTER = 1 << FILTER_COUNT,
    SHAPE_TEXT = 2 * SHAPE_AFTER,
    SHAPE_COUNT = 2 * SHAPE_TEXT,
};
// Parameters behind those of the fields.
enum { PARAMETER_LIMIT, PARAMETER_TEXT };

enum sqlite_form {
    FORM_ADD,
    FORM_REPLACE,
    FORM_RENAME, // parameters behind those of the fields: the new values of the key
    FORM_REMOVE,
    FORM_GET,
    FORM_LIST,                            // + shape
    FORM_COUNT = FORM_LIST + SHAPE_COUNT, // + shape
    FORM_END = FORM_COUNT + SHAPE_COUNT,
};

enum { SQLITE_SQL_MAX = 4096 };

// Prints the statement of `form` for `kind`.
void sqlite_put_sql(struct buffer *out, enum model_kind kind, unsigned form);
// Prints a LIST of `shape` that is sorted: by `sort` (NULL: by the key), the last first if so
// asked; with the columns of the key alone where the query says so.
void sqlite_put_sorted(struct buffer *out, const struct store_query *query, unsigned shape);

// Whether a listing by `sort` (NULL: by the key) of keys alone has the field.
bool sqlite_is_key_column(const struct model_field *field, const struct model_field *sort);

// ---- The handle

// A file on the disk, whatever its name.
struct file_identity {
    uint64_t device, number;
};

struct database {
    sqlite3 *handle;
    const char *file;                       // its name in the directory
    struct file_identity main, log, shared; // that are open
};

enum audit_form { AUDIT_APPEND, AUDIT_LIST, AUDIT_BOUNDS, AUDIT_TRIM, AUDIT_FORM_END };
enum journal_form {
    JOURNAL_APPEND,
    JOURNAL_APPEND_MANY,
    JOURNAL_LIST,
    JOURNAL_BOUNDS,
    JOURNAL_OLDEST,
    JOURNAL_REMOVE,
    JOURNAL_SIZE,
    JOURNAL_FORM_END
};
enum figures_form {
    FIGURES_GET,
    FIGURES_PUT,
    FIGURES_LIST,
    FIGURES_HOURS,
    FIGURES_REMOVE,
    FIGURES_UNCOUNTED,
    FIGURES_NEXT,
    FIGURES_MOVE,
    FIGURES_FORM_END
};

struct sqlite_store {
    struct store base;
    struct database settings, journal;
    struct secret_key key;
    bool is_journal_away; // no file could be opened in its place
    char *journal_bytes;  // of entries that are being appended; NULL: none were yet
    // Prepared statements that rest; NULL while in use, or never needed.
    sqlite3_stmt *statements[KIND_COUNT][FORM_END];
    sqlite3_stmt *journal_statements[JOURNAL_FORM_END];
    sqlite3_stmt *figures_statements[FIGURES_FORM_END];
    sqlite3_stmt *audit_statements[AUDIT_FORM_END];
};

struct sqlite_store *sqlite_of(struct store *store);

// Notes what `database` reports of its last call, and returns it as enum err.
enum err sqlite_fail(struct sqlite_store *store, const struct database *database);
// Runs statements that yield no rows.
enum err sqlite_run(struct sqlite_store *store, const struct database *database, const char *sql);
// Takes the resting statement out of `slot`, or prepares `sql`. NULL on failure, which is noted.
sqlite3_stmt *sqlite_take(struct sqlite_store *store, const struct database *database,
                          sqlite3_stmt **slot, const char *sql);
// Puts a statement to rest in `slot`; ends it where another rests there (a listing in a listing).
void sqlite_give(sqlite3_stmt **slot, sqlite3_stmt *statement);

// Sees to it that journal.db is the file of that name: one that was removed or replaced is followed
// by what stands there now, or a new one. Where none can be had, the old file is used on.
void sqlite_follow_journal(struct sqlite_store *store);

// ---- Schema (sqlite_schema.c)

enum sqlite_schema { SCHEMA_SETTINGS, SCHEMA_JOURNAL };
// Brings an open database to this program's schema; refuses one that is newer, or not ours.
enum err sqlite_migrate(struct sqlite_store *store, const struct database *database,
                        enum sqlite_schema schema);

// ---- Journal entries as bytes (sqlite_entry.c)

enum { SQLITE_NUMBER_MAX = 10 };
void sqlite_put_number(struct buffer *out, uint64_t number);
// Takes a number of at most `max` off the front; false when there is none.
bool sqlite_take_number(struct span *rest, uint64_t max, uint64_t *number);

// At most so many are of one entry: 9 texts, trace and legs with their lengths, 13 numbers.
enum {
    SQLITE_ENTRY_MAX = 9 * (JOURNAL_TEXT_MAX + 2) + TRACE_BYTES_MAX + LEGS_BYTES_MAX + 4 +
                       13 * SQLITE_NUMBER_MAX
};
void sqlite_put_entry(struct buffer *out, const struct model_journal_entry *entry);
// Its texts borrow from `bytes`, its id is 0; false when they are damaged.
bool sqlite_read_entry(struct span bytes, struct model_journal_entry *entry);
// Reads no further than to when the call ended: much faster, where most entries are passed over.
bool sqlite_read_head(struct span bytes, struct model_journal_entry *entry);
// Offers the SQL function entry_of_columns to migrations: the bytes of an entry whose parts are
// given as the columns that the journal had up to schema 4. Returns a code of SQLite.
int sqlite_offer_entry_of_columns(sqlite3 *handle);

// Ends the journal's transaction: commits it, or undoes it where `err` says that something failed
// on the way, or the commit does. Returns what went wrong.
enum err sqlite_journal_end(struct sqlite_store *store, enum err err);

// ---- Figures (sqlite_figures.c)

// Counts entries that are being appended, in the transaction of that.
enum err sqlite_figures_append(struct sqlite_store *store,
                               const struct model_journal_entry *entries, size_t count);
// Removes the figures that a pass of forgetting no longer keeps.
enum err sqlite_figures_trim(struct sqlite_store *store, const struct store_journal_trim *trim);

// ---- Operations (sqlite_records.c, sqlite_journal.c, sqlite_figures.c, sqlite_audit.c)

enum err sqlite_add(struct store *base, enum model_kind kind, const void *record, uint32_t *id);
enum err sqlite_replace(struct store *base, enum model_kind kind, const void *record);
enum err sqlite_rename(struct store *base, enum model_kind kind, const void *record,
                       const void *renamed);
enum err sqlite_remove(struct store *base, enum model_kind kind, const void *record);
enum err sqlite_get(struct store *base, enum model_kind kind, void *record, uint32_t *id);
enum err sqlite_list(struct store *base, const struct store_query *query, store_visit *visit,
                     void *context);
enum err sqlite_count(struct store *base, const struct store_query *query, uint64_t *count);
enum err sqlite_journal_append(struct store *base, const struct model_journal_entry *entries,
                               size_t count);
enum err sqlite_journal_list(struct store *base, const struct store_journal_query *query,
                             store_journal_visit *visit, void *context);
enum err sqlite_journal_trim(struct store *base, struct store_journal_trim *trim);
enum err sqlite_figures_list(struct store *base, struct store_figures_query *query,
                             store_figures_visit *visit, void *context);
enum err sqlite_figures_count(struct store *base, struct store_figures_counting *counting);
enum err sqlite_audit_append(struct store *base, const struct model_audit_entry *entry);
enum err sqlite_audit_list(struct store *base, const struct store_audit_query *query,
                           store_audit_visit *visit, void *context);
enum err sqlite_audit_trim(struct store *base, uint64_t until_us, uint32_t limit, uint32_t *count);
