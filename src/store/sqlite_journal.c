// SPDX-License-Identifier: Apache-2.0
// The journal in SQLite: appended by rowid in large transactions, without an index, and read
// backwards. A search for a group or line walks a bounded range of ids (docs/storage.md "Journal").
#include "store/sqlite_int.h"

#include <stddef.h>
#include <string.h>

enum column_type {
    COLUMN_TEXT,
    COLUMN_LEGS, // a text of several lines
    COLUMN_BLOB,
    COLUMN_BOOL,
    COLUMN_U16,
    COLUMN_U32,
    COLUMN_U64,
    COLUMN_NAME
};

// One column of the table and its place in the entry.
struct column {
    const char *name;
    enum column_type type;
    size_t offset;
    const struct model_names *names; // of a COLUMN_NAME, an enumeration in one byte
};

static const char *const reason_list[REASON_COUNT] = {
    [REASON_UNCONDITIONAL] = "unconditional",
    [REASON_DND] = "dnd",
    [REASON_UNAVAILABLE_LOGGED_OFF] = "unavailable_logged_off",
    [REASON_UNREACHABLE] = "unreachable",
    [REASON_BUSY] = "busy",
    [REASON_NO_ANSWER] = "no_answer",
    [REASON_DEFLECTION_ALERTING] = "deflection_alerting",
    [REASON_DEFLECTION_IMMEDIATE] = "deflection_immediate",
};
static const struct model_names reasons = {reason_list, REASON_COUNT};

#define AT(member) offsetof(struct model_journal_entry, member)
static const struct column columns[] = {
    {"group", COLUMN_TEXT, AT(group), NULL},
    {"extension", COLUMN_TEXT, AT(extension), NULL},
    {"line_id", COLUMN_U32, AT(line_id), NULL},
    {"started_us", COLUMN_U64, AT(started_us), NULL},
    {"ended_us", COLUMN_U64, AT(ended_us), NULL},
    {"caller", COLUMN_TEXT, AT(caller), NULL},
    {"caller_display", COLUMN_TEXT, AT(caller_display), NULL},
    {"dialled", COLUMN_TEXT, AT(dialled), NULL},
    {"diverted_by", COLUMN_TEXT, AT(diverted_by), NULL},
    {"call_id", COLUMN_TEXT, AT(call_id), NULL},
    {"internal", COLUMN_BOOL, AT(is_internal), NULL},
    {"verdict", COLUMN_NAME, AT(verdict), &model_verdict_kinds},
    {"outcome", COLUMN_NAME, AT(outcome), &model_outcomes},
    {"reason", COLUMN_NAME, AT(reason), &reasons},
    {"status", COLUMN_U16, AT(status), NULL},
    {"target", COLUMN_TEXT, AT(target), NULL},
    {"trace", COLUMN_BLOB, AT(trace), NULL},
    {"outgoing", COLUMN_BOOL, AT(is_outgoing), NULL},
    {"answered_us", COLUMN_U64, AT(answered_us), NULL},
    {"device", COLUMN_TEXT, AT(device), NULL},
    {"user_id", COLUMN_U32, AT(user_id), NULL},
    {"legs", COLUMN_LEGS, AT(legs), NULL},
};
enum {
    COLUMN_TOTAL = sizeof columns / sizeof columns[0],
    // Of one statement, where there are so many: what a statement costs by itself, the number of
    // the last entry among it, is more than half of what a row costs.
    MANY_ROWS = 32,
};

// ---- Statements

static void put_columns(struct buffer *out)
{
    for (int i = 0; i < COLUMN_TOTAL; i++) {
        buffer_printf(out, "%s\"%s\"", i > 0 ? "," : "", columns[i].name);
    }
}

static void put_append(struct buffer *out, int row_count)
{
    buffer_put_text(out, "INSERT INTO journal(");
    put_columns(out);
    buffer_put_text(out, ") VALUES ");
    for (int row = 0; row < row_count; row++) {
        buffer_put_text(out, row > 0 ? ",(" : "(");
        for (int i = 0; i < COLUMN_TOTAL; i++) buffer_put_text(out, i > 0 ? ",?" : "?");
        buffer_put_byte(out, ')');
    }
}

static void put_sql(struct buffer *out, enum journal_form form)
{
    switch (form) {
    case JOURNAL_APPEND: put_append(out, 1); break;
    case JOURNAL_APPEND_MANY: put_append(out, MANY_ROWS); break;
    case JOURNAL_LIST:
        buffer_put_text(out, "SELECT id,");
        put_columns(out);
        buffer_put_text(out, " FROM journal WHERE id>=?1 AND id<?2 AND (?3='' OR \"group\"=?3)"
                             " AND (?4='' OR extension=?4) AND (?5=0 OR user_id=?5)"
                             " ORDER BY id DESC");
        break;
    case JOURNAL_BOUNDS:
        buffer_put_text(out, "SELECT (SELECT min(id) FROM journal), (SELECT max(id) FROM journal)");
        break;
    case JOURNAL_OLDEST:
        buffer_put_text(out, "SELECT id, ended_us, \"group\" FROM journal WHERE id>=?1"
                             " ORDER BY id LIMIT ?2");
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

// ---- Appending

// Binds a column of an entry as the parameter `at`.
static int bind_column(sqlite3_stmt *statement, int at, const struct column *column,
                       const struct model_journal_entry *entry)
{
    const void *place = (const char *)entry + column->offset;
    const uint64_t *number = place;
    struct span text;
    switch (column->type) {
    case COLUMN_TEXT:
    case COLUMN_LEGS:
        text = column->type == COLUMN_TEXT ? store_journal_text(*(const struct span *)place)
                                           : store_journal_legs(*(const struct span *)place);
        return sqlite3_bind_text(statement, at, text.len > 0 ? text.at : "", (int)text.len,
                                 SQLITE_STATIC);
    case COLUMN_BLOB:
        text = store_journal_trace(*(const struct span *)place);
        if (text.len == 0) return sqlite3_bind_zeroblob(statement, at, 0);
        return sqlite3_bind_blob(statement, at, text.at, (int)text.len, SQLITE_STATIC);
    case COLUMN_BOOL: return sqlite3_bind_int(statement, at, *(const bool *)place);
    case COLUMN_U16: return sqlite3_bind_int(statement, at, *(const uint16_t *)place);
    case COLUMN_U32: return sqlite3_bind_int64(statement, at, *(const uint32_t *)place);
    case COLUMN_U64: return sqlite3_bind_int64(statement, at, (int64_t)*number);
    case COLUMN_NAME:
        return sqlite3_bind_text(statement, at, model_name(column->names, *(const uint8_t *)place),
                                 -1, SQLITE_STATIC);
    }
    ASSERT(false);
}

static int append_rows(sqlite3_stmt *statement, const struct model_journal_entry *entries,
                       int row_count)
{
    int code = SQLITE_OK;
    for (int at = 0; at < row_count * COLUMN_TOTAL && code == SQLITE_OK; at++) {
        code = bind_column(statement, at + 1, &columns[at % COLUMN_TOTAL],
                           &entries[at / COLUMN_TOTAL]);
    }
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
    sqlite3_stmt *statement = take(store, form);
    if (!statement) return store->base.problem.err;
    for (; rest->count >= row_count && err == ERR_NONE; rest->count -= row_count) {
        if (append_rows(statement, rest->entries, (int)row_count) != SQLITE_OK) {
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
    if (err == ERR_NONE) err = sqlite_run(store, &store->journal, "COMMIT");
    bool is_open = !sqlite3_get_autocommit(store->journal.handle);
    if (is_open) sqlite3_exec(store->journal.handle, "ROLLBACK", NULL, NULL, NULL);
    return err;
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

// Reads a column into the entry; false when it holds no such value.
static bool read_column(sqlite3_stmt *statement, int i, struct model_journal_entry *entry)
{
    const struct column *column = &columns[i];
    void *place = (char *)entry + column->offset;
    int64_t number = sqlite3_column_int64(statement, i + 1);
    struct span text = {NULL, 0};
    unsigned value = 0;
    bool is_text = column->type == COLUMN_TEXT || column->type == COLUMN_LEGS ||
                   column->type == COLUMN_BLOB || column->type == COLUMN_NAME;
    if (is_text) {
        text.at = sqlite3_column_blob(statement, i + 1);
        text.len = (size_t)sqlite3_column_bytes(statement, i + 1);
    }
    switch (column->type) {
    case COLUMN_TEXT:
    case COLUMN_LEGS:
    case COLUMN_BLOB: *(struct span *)place = text; return true;
    case COLUMN_BOOL: *(bool *)place = number != 0; return number == 0 || number == 1;
    case COLUMN_U16:
        *(uint16_t *)place = (uint16_t)number;
        return number >= 0 && number <= UINT16_MAX;
    case COLUMN_U32:
        *(uint32_t *)place = (uint32_t)number;
        return number >= 0 && number <= UINT32_MAX;
    case COLUMN_U64: *(uint64_t *)place = (uint64_t)number; return true;
    case COLUMN_NAME:
        if (!model_find_name(column->names, text, &value)) return false;
        *(uint8_t *)place = (uint8_t)value;
        return true;
    }
    ASSERT(false);
}

static enum err read_entry(struct sqlite_store *store, sqlite3_stmt *statement,
                           struct model_journal_entry *entry)
{
    *entry = (struct model_journal_entry){.id = (uint64_t)sqlite3_column_int64(statement, 0)};
    for (int i = 0; i < COLUMN_TOTAL; i++) {
        if (read_column(statement, i, entry)) continue;
        return store_fail(&store->base, ERR_CORRUPT, "%s: entry %llu: its %s is damaged",
                          store->journal.file, (unsigned long long)entry->id, columns[i].name);
    }
    return ERR_NONE;
}

static enum err bind_page(struct sqlite_store *store, sqlite3_stmt *statement,
                          const struct store_journal_query *query, const struct store_page *page)
{
    const char *group = query->group ? query->group : "";
    const char *extension = query->extension ? query->extension : "";
    bool is_bound = sqlite3_bind_int64(statement, 1, (int64_t)page->first) == SQLITE_OK &&
                    sqlite3_bind_int64(statement, 2, (int64_t)page->before) == SQLITE_OK &&
                    sqlite3_bind_text(statement, 3, group, -1, SQLITE_STATIC) == SQLITE_OK &&
                    sqlite3_bind_text(statement, 4, extension, -1, SQLITE_STATIC) == SQLITE_OK &&
                    sqlite3_bind_int64(statement, 5, query->user_id) == SQLITE_OK;
    return is_bound ? ERR_NONE : sqlite_fail(store, &store->journal);
}

// A listing under way.
struct listing {
    const struct store_journal_query *query;
    store_journal_visit *visit;
    void *context;
    uint32_t limit;
    uint64_t last_id; // where it ended before the page did, else 0
};

static enum err visit_rows(struct sqlite_store *store, sqlite3_stmt *statement,
                           struct listing *listing)
{
    struct model_journal_entry entry;
    uint32_t shown = 0;
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
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
    struct listing listing = {query, visit, context, page.limit, 0};
    sqlite3_stmt *statement = take(store, JOURNAL_LIST);
    if (!statement) return base->problem.err;
    err = bind_page(store, statement, query, &page);
    if (err == ERR_NONE) err = visit_rows(store, statement, &listing);
    give(store, JOURNAL_LIST, statement);
    if (err == ERR_NONE && query->resume_id) {
        *query->resume_id = store_page_resume(&page, listing.last_id);
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

// Chooses among the next entries; moves `next_id` on.
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
        struct span group = {sqlite3_column_blob(statement, 2),
                             (size_t)sqlite3_column_bytes(statement, 2)};
        uint64_t ended_us = (uint64_t)sqlite3_column_int64(statement, 1);
        id = sqlite3_column_int64(statement, 0);
        seen++;
        bool is_old = ended_us < trim->keep_since_us(trim->context, group);
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
    if (err == ERR_NONE) err = sqlite_run(store, &store->journal, "COMMIT");
    bool is_open = !sqlite3_get_autocommit(store->journal.handle);
    if (is_open) sqlite3_exec(store->journal.handle, "ROLLBACK", NULL, NULL, NULL);
    return err;
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
    if (err == ERR_NONE) err = choose(store, trim, &removal);
    if (err != ERR_NONE || removal.count == 0) return err;
    err = remove_chosen(store, &removal);
    if (err != ERR_NONE) return err;
    trim->removed_count += removal.count;
    if (removal.is_too_big) trim->next_id = 0;
    return ERR_NONE;
}
