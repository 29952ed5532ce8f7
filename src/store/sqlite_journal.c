// SPDX-License-Identifier: Apache-2.0
// The journal in SQLite: appended by rowid in large transactions, without an index, and read
// backwards. A search for a group or line walks a bounded range of ids (docs/storage.md "Journal").
#include "store/sqlite_int.h"

#include <stdlib.h>
#include <string.h>

enum {
    // Of one statement, where there are so many: what a statement costs by itself, the number of
    // the last entry among it, is more than half of what a row costs.
    MANY_ROWS = 64,
};
// Entries come in the order in which calls ended, as the wall clock had it: so far it may have been
// set back.
#define CLOCK_SLACK_US (86400ULL * 1000000)

// ---- Statements

static void put_append(struct buffer *out, int row_count)
{
    buffer_put_text(out, "INSERT INTO journal(entry) VALUES ");
    for (int row = 0; row < row_count; row++) buffer_put_text(out, row > 0 ? ",(?)" : "(?)");
}

static void put_sql(struct buffer *out, enum journal_form form)
{
    switch (form) {
    case JOURNAL_APPEND: put_append(out, 1); break;
    case JOURNAL_APPEND_MANY: put_append(out, MANY_ROWS); break;
    case JOURNAL_LIST:
        buffer_put_text(out, "SELECT id, entry FROM journal WHERE id>=?1 AND id<?2"
                             " ORDER BY id DESC");
        break;
    case JOURNAL_BOUNDS:
        buffer_put_text(out, "SELECT (SELECT min(id) FROM journal), (SELECT max(id) FROM journal)");
        break;
    case JOURNAL_OLDEST:
        buffer_put_text(out, "SELECT id, entry FROM journal WHERE id>=?1 ORDER BY id LIMIT ?2");
        break;
    case JOURNAL_REMOVE: buffer_put_text(out, "DELETE FROM journal WHERE id=?1"); break;
    case JOURNAL_SIZE:
        buffer_put_text(out, "SELECT (page_count - freelist_count) * page_size"
                             " FROM pragma_page_count, pragma_freelist_count, pragma_page_size");
        break;
    case JOURNAL_FORM_END: ASSERT(false);
    }
}

static sqlite3_stmt *take(struct sqlite_store *store, enum journal_form form)
{
    char sql[SQLITE_SQL_MAX];
    struct buffer out = buffer_over(sql, sizeof sql);
    put_sql(&out, form);
    buffer_put_byte(&out, '\0');
    ASSERT(!out.is_full);
    return sqlite_take(store, &store->journal, &store->journal_statements[form], sql);
}

static void give(struct sqlite_store *store, enum journal_form form, sqlite3_stmt *statement)
{
    sqlite_give(&store->journal_statements[form], statement);
}

enum err sqlite_journal_end(struct sqlite_store *store, enum err err)
{
    if (err == ERR_NONE) err = sqlite_run(store, &store->journal, "COMMIT");
    bool is_open = !sqlite3_get_autocommit(store->journal.handle);
    if (is_open) sqlite3_exec(store->journal.handle, "ROLLBACK", NULL, NULL, NULL);
    return err;
}

// ---- Appending

// Where the entries of a statement are put together; NULL: out of memory.
static char *bytes_for_rows(struct sqlite_store *store)
{
    if (!store->journal_bytes) store->journal_bytes = malloc(MANY_ROWS * SQLITE_ENTRY_MAX);
    return store->journal_bytes;
}

static int append_rows(sqlite3_stmt *statement, char *room,
                       const struct model_journal_entry *entries, int row_count)
{
    struct buffer out = buffer_over(room, MANY_ROWS * SQLITE_ENTRY_MAX);
    int code = SQLITE_OK;
    for (int row = 0; row < row_count && code == SQLITE_OK; row++) {
        size_t from = out.len;
        sqlite_put_entry(&out, &entries[row]);
        code = sqlite3_bind_blob(statement, row + 1, room + from, (int)(out.len - from),
                                 SQLITE_STATIC);
    }
    ASSERT(!out.is_full);
    if (code == SQLITE_OK) code = sqlite3_step(statement);
    return code == SQLITE_DONE ? sqlite3_reset(statement) : code;
}

// Entries that are still to be appended.
struct rest {
    const struct model_journal_entry *entries;
    size_t count;
};

// Appends entries, `row_count` with each statement, as long as there are so many.
static enum err append_by(struct sqlite_store *store, enum journal_form form, size_t row_count,
                          struct rest *rest)
{
    enum err err = ERR_NONE;
    if (rest->count < row_count) return ERR_NONE;
    char *room = bytes_for_rows(store);
    if (!room) return store_fail(&store->base, ERR_NO_MEMORY, "out of memory");
    sqlite3_stmt *statement = take(store, form);
    if (!statement) return store->base.problem.err;
    for (; rest->count >= row_count && err == ERR_NONE; rest->count -= row_count) {
        if (append_rows(statement, room, rest->entries, (int)row_count) != SQLITE_OK) {
            err = sqlite_fail(store, &store->journal);
        }
        rest->entries += row_count;
    }
    give(store, form, statement);
    return err;
}

enum err sqlite_journal_append(struct store *base, const struct model_journal_entry *entries,
                               size_t count)
{
    struct sqlite_store *store = sqlite_of(base);
    struct rest rest = {entries, count};
    sqlite_follow_journal(store);
    enum err err = sqlite_run(store, &store->journal, "BEGIN IMMEDIATE");
    if (err == ERR_NONE) {
        err = append_by(store, JOURNAL_APPEND_MANY, MANY_ROWS, &rest);
    }
    if (err == ERR_NONE) err = append_by(store, JOURNAL_APPEND, 1, &rest);
    if (err == ERR_NONE) err = sqlite_figures_append(store, entries, count);
    return sqlite_journal_end(store, err);
}

// ---- Listing

static enum err read_bounds(struct sqlite_store *store, uint64_t *oldest_id, uint64_t *newest_id)
{
    sqlite3_stmt *statement = take(store, JOURNAL_BOUNDS);
    if (!statement) return store->base.problem.err;
    enum err err = ERR_NONE;
    if (sqlite3_step(statement) == SQLITE_ROW) {
        *oldest_id = (uint64_t)sqlite3_column_int64(statement, 0);
        *newest_id = (uint64_t)sqlite3_column_int64(statement, 1);
    } else {
        err = sqlite_fail(store, &store->journal);
    }
    give(store, JOURNAL_BOUNDS, statement);
    return err;
}

static struct span bytes_of(sqlite3_stmt *statement)
{
    return (struct span){sqlite3_column_blob(statement, 1),
                         (size_t)sqlite3_column_bytes(statement, 1)};
}

static enum err read_entry(struct sqlite_store *store, sqlite3_stmt *statement,
                           struct model_journal_entry *entry)
{
    uint64_t id = (uint64_t)sqlite3_column_int64(statement, 0);
    if (!sqlite_read_entry(bytes_of(statement), entry)) {
        return store_fail(&store->base, ERR_CORRUPT, "%s: entry %llu is damaged",
                          store->journal.file, (unsigned long long)id);
    }
    entry->id = id;
    return ERR_NONE;
}

static enum err bind_page(struct sqlite_store *store, sqlite3_stmt *statement,
                          const struct store_page *page)
{
    bool is_bound = sqlite3_bind_int64(statement, 1, (int64_t)page->first) == SQLITE_OK &&
                    sqlite3_bind_int64(statement, 2, (int64_t)page->before) == SQLITE_OK;
    return is_bound ? ERR_NONE : sqlite_fail(store, &store->journal);
}

// A listing under way.
struct listing {
    const struct store_journal_query *query;
    store_journal_visit *visit;
    void *context;
    uint32_t limit;
    uint64_t last_id; // where it ended before the page did, else 0
    bool is_past;     // all that is older began before what is asked for
};

// Whether the row may be one that is wanted, by what stands at its front: reading on costs most.
static bool may_match(struct listing *listing, sqlite3_stmt *statement)
{
    const struct store_journal_query *query = listing->query;
    struct model_journal_entry head;
    if (!sqlite_read_head(bytes_of(statement), &head)) return true; // reading it says what is wrong
    listing->is_past = head.ended_us + CLOCK_SLACK_US < query->since_us;
    return store_journal_may_match(query, &head);
}

static enum err visit_rows(struct sqlite_store *store, sqlite3_stmt *statement,
                           struct listing *listing)
{
    struct model_journal_entry entry;
    uint32_t shown = 0;
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        bool is_wanted = may_match(listing, statement);
        if (listing->is_past) return ERR_NONE;
        if (!is_wanted) continue;
        enum err err = read_entry(store, statement, &entry);
        if (err != ERR_NONE) return err;
        if (!store_journal_matches(listing->query, &entry)) continue;
        bool goes_on = listing->visit(listing->context, &entry);
        if (++shown < listing->limit && goes_on) continue;
        listing->last_id = entry.id;
        return ERR_NONE;
    }
    return code == SQLITE_DONE ? ERR_NONE : sqlite_fail(store, &store->journal);
}

enum err sqlite_journal_list(struct store *base, const struct store_journal_query *query,
                             store_journal_visit *visit, void *context)
{
    struct sqlite_store *store = sqlite_of(base);
    uint64_t oldest_id = 0, newest_id = 0;
    sqlite_follow_journal(store);
    enum err err = read_bounds(store, &oldest_id, &newest_id);
    if (err != ERR_NONE) return err;
    struct store_page page = store_page(store_journal_paging(query), oldest_id, newest_id);
    struct listing listing = {query, visit, context, page.limit, 0, false};
    sqlite3_stmt *statement = take(store, JOURNAL_LIST);
    if (!statement) return base->problem.err;
    err = bind_page(store, statement, &page);
    if (err == ERR_NONE) err = visit_rows(store, statement, &listing);
    give(store, JOURNAL_LIST, statement);
    if (err == ERR_NONE && query->resume_id) {
        *query->resume_id = listing.is_past ? 0 : store_page_resume(&page, listing.last_id);
    }
    return err;
}

// ---- Retention

// The entries that one step removes.
struct removal {
    int64_t ids[JOURNAL_PAGE_MAX];
    size_t count;
    bool is_too_big; // all go that are looked at, however old they are
};

static enum err read_size(struct sqlite_store *store, uint64_t *size)
{
    sqlite3_stmt *statement = take(store, JOURNAL_SIZE);
    if (!statement) return store->base.problem.err;
    enum err err = ERR_NONE;
    if (sqlite3_step(statement) == SQLITE_ROW) {
        *size = (uint64_t)sqlite3_column_int64(statement, 0);
    } else {
        err = sqlite_fail(store, &store->journal);
    }
    give(store, JOURNAL_SIZE, statement);
    return err;
}

// Chooses among the next entries; moves `next_id` on. What is damaged says nothing of its age, and
// goes only for the room.
static enum err choose(struct sqlite_store *store, struct store_journal_trim *trim,
                       struct removal *removal)
{
    sqlite3_stmt *statement = take(store, JOURNAL_OLDEST);
    if (!statement) return store->base.problem.err;
    uint32_t seen = 0;
    int code = SQLITE_ERROR;
    int64_t id = 0;
    bool is_bound = sqlite3_bind_int64(statement, 1, (int64_t)trim->next_id) == SQLITE_OK &&
                    sqlite3_bind_int64(statement, 2, trim->limit) == SQLITE_OK;
    while (is_bound && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        struct model_journal_entry entry;
        bool is_old = sqlite_read_entry(bytes_of(statement), &entry) &&
                      entry.ended_us < trim->keep_since_us(trim->context, entry.group);
        id = sqlite3_column_int64(statement, 0);
        seen++;
        if (is_old || removal->is_too_big) removal->ids[removal->count++] = id;
    }
    enum err err = code == SQLITE_DONE ? ERR_NONE : sqlite_fail(store, &store->journal);
    give(store, JOURNAL_OLDEST, statement);
    if (err == ERR_NONE) trim->next_id = seen == trim->limit ? (uint64_t)id + 1 : 0;
    return err;
}

static enum err remove_chosen(struct sqlite_store *store, const struct removal *removal)
{
    sqlite3_stmt *statement = take(store, JOURNAL_REMOVE);
    if (!statement) return store->base.problem.err;
    enum err err = sqlite_run(store, &store->journal, "BEGIN IMMEDIATE");
    for (size_t i = 0; i < removal->count && err == ERR_NONE; i++) {
        bool is_done = sqlite3_bind_int64(statement, 1, removal->ids[i]) == SQLITE_OK &&
                       sqlite3_step(statement) == SQLITE_DONE;
        if (!is_done) err = sqlite_fail(store, &store->journal);
        sqlite3_reset(statement);
    }
    give(store, JOURNAL_REMOVE, statement);
    return sqlite_journal_end(store, err);
}

enum err sqlite_journal_trim(struct store *base, struct store_journal_trim *trim)
{
    struct sqlite_store *store = sqlite_of(base);
    struct removal removal = {.count = 0};
    uint64_t size = 0;
    enum err err = ERR_NONE;
    sqlite_follow_journal(store);
    // Only the oldest make room.
    if (trim->bytes_max > 0 && trim->next_id == 0) err = read_size(store, &size);
    removal.is_too_big = size > trim->bytes_max;
    if (err == ERR_NONE && trim->next_id == 0) err = sqlite_figures_trim(store, trim);
    if (err == ERR_NONE) err = choose(store, trim, &removal);
    if (err != ERR_NONE || removal.count == 0) return err;
    err = remove_chosen(store, &removal);
    if (err != ERR_NONE) return err;
    trim->removed_count += removal.count;
    if (removal.is_too_big) trim->next_id = 0;
    return ERR_NONE;
}
