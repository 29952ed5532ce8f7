// SPDX-License-Identifier: Apache-2.0
// The audit in SQLite: a table beside the settings, so that a change and its entry are durable
// together or not at all. Read backwards like the journal, without an index.
#include "store/sqlite_int.h"

#include <stddef.h>

static sqlite3_stmt *take(struct sqlite_store *store, enum audit_form form)
{
    static const char *const sql[AUDIT_FORM_END] = {
        [AUDIT_APPEND] = "INSERT INTO audit(at_us,action,actor,for_user,kind,key,before,after)"
                         " VALUES (?,?,?,?,?,?,?,?)",
        [AUDIT_LIST] = "SELECT id,at_us,action,actor,for_user,kind,key,before,after FROM audit"
                       " WHERE id>=?1 AND id<?2 ORDER BY id DESC",
        [AUDIT_BOUNDS] = "SELECT (SELECT min(id) FROM audit), (SELECT max(id) FROM audit)",
        // Only from the front: a clock that was wrong for a while makes no holes.
        [AUDIT_TRIM] = "DELETE FROM audit WHERE id IN (SELECT id FROM audit ORDER BY id LIMIT ?2)"
                       " AND id<ifnull((SELECT min(id) FROM (SELECT id,at_us FROM audit"
                       " ORDER BY id LIMIT ?2) WHERE at_us>=?1), 9223372036854775807)",
    };
    return sqlite_take(store, &store->settings, &store->audit_statements[form], sql[form]);
}

static void give(struct sqlite_store *store, enum audit_form form, sqlite3_stmt *statement)
{
    sqlite_give(&store->audit_statements[form], statement);
}

// The texts of an entry in the order of their columns.
enum { TEXT_COUNT = 6, TEXT_COLUMN = 3 };
static const size_t texts[TEXT_COUNT] = {
    offsetof(struct model_audit_entry, actor),  offsetof(struct model_audit_entry, for_user),
    offsetof(struct model_audit_entry, kind),   offsetof(struct model_audit_entry, key),
    offsetof(struct model_audit_entry, before), offsetof(struct model_audit_entry, after),
};

static int bind_entry(sqlite3_stmt *statement, const struct model_audit_entry *entry)
{
    const char *action = model_name(&model_audit_actions, entry->action);
    int code = sqlite3_bind_int64(statement, 1, (int64_t)entry->at_us);
    if (code == SQLITE_OK) code = sqlite3_bind_text(statement, 2, action, -1, SQLITE_STATIC);
    for (int i = 0; i < TEXT_COUNT && code == SQLITE_OK; i++) {
        const struct span *text = (const struct span *)((const char *)entry + texts[i]);
        code = sqlite3_bind_text(statement, TEXT_COLUMN + i, text->len > 0 ? text->at : "",
                                 (int)text->len, SQLITE_STATIC);
    }
    return code;
}

enum err sqlite_audit_append(struct store *base, const struct model_audit_entry *entry)
{
    struct sqlite_store *store = sqlite_of(base);
    sqlite3_stmt *statement = take(store, AUDIT_APPEND);
    if (!statement) return base->problem.err;
    enum err err = ERR_NONE;
    if (bind_entry(statement, entry) != SQLITE_OK || sqlite3_step(statement) != SQLITE_DONE) {
        err = sqlite_fail(store, &store->settings);
    }
    give(store, AUDIT_APPEND, statement);
    return err;
}

// ---- Listing

static enum err read_bounds(struct sqlite_store *store, uint64_t *oldest_id, uint64_t *newest_id)
{
    sqlite3_stmt *statement = take(store, AUDIT_BOUNDS);
    if (!statement) return store->base.problem.err;
    enum err err = ERR_NONE;
    if (sqlite3_step(statement) == SQLITE_ROW) {
        *oldest_id = (uint64_t)sqlite3_column_int64(statement, 0);
        *newest_id = (uint64_t)sqlite3_column_int64(statement, 1);
    } else {
        err = sqlite_fail(store, &store->settings);
    }
    give(store, AUDIT_BOUNDS, statement);
    return err;
}

static struct span column_text(sqlite3_stmt *statement, int column)
{
    const char *at = (const char *)sqlite3_column_text(statement, column);
    return (struct span){at, (size_t)sqlite3_column_bytes(statement, column)};
}

static enum err read_entry(struct sqlite_store *store, sqlite3_stmt *statement,
                           struct model_audit_entry *entry)
{
    unsigned action;
    *entry = (struct model_audit_entry){
        .id = (uint64_t)sqlite3_column_int64(statement, 0),
        .at_us = (uint64_t)sqlite3_column_int64(statement, 1),
    };
    if (!model_find_name(&model_audit_actions, column_text(statement, 2), &action)) {
        return store_fail(&store->base, ERR_CORRUPT, "%s: audit entry %llu: its action is damaged",
                          store->settings.file, (unsigned long long)entry->id);
    }
    entry->action = (uint8_t)action;
    for (int i = 0; i < TEXT_COUNT; i++) {
        struct span *text = (struct span *)((char *)entry + texts[i]);
        *text = column_text(statement, TEXT_COLUMN + i);
    }
    return ERR_NONE;
}

// A listing under way.
struct listing {
    const struct store_audit_query *query;
    store_audit_visit *visit;
    void *context;
    uint32_t limit;
    uint64_t last_id; // where it ended before the page did, else 0
};

static enum err visit_rows(struct sqlite_store *store, sqlite3_stmt *statement,
                           struct listing *listing)
{
    struct model_audit_entry entry;
    uint32_t shown = 0;
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        enum err err = read_entry(store, statement, &entry);
        if (err != ERR_NONE) return err;
        if (!store_audit_matches(listing->query, &entry)) continue;
        bool goes_on = listing->visit(listing->context, &entry);
        if (++shown < listing->limit && goes_on) continue;
        listing->last_id = entry.id;
        return ERR_NONE;
    }
    return code == SQLITE_DONE ? ERR_NONE : sqlite_fail(store, &store->settings);
}

enum err sqlite_audit_list(struct store *base, const struct store_audit_query *query,
                           store_audit_visit *visit, void *context)
{
    struct sqlite_store *store = sqlite_of(base);
    uint64_t oldest_id = 0, newest_id = 0;
    enum err err = read_bounds(store, &oldest_id, &newest_id);
    if (err != ERR_NONE) return err;
    struct store_page page = store_page(store_audit_paging(query), oldest_id, newest_id);
    struct listing listing = {query, visit, context, page.limit, 0};
    sqlite3_stmt *statement = take(store, AUDIT_LIST);
    if (!statement) return base->problem.err;
    bool is_bound = sqlite3_bind_int64(statement, 1, (int64_t)page.first) == SQLITE_OK &&
                    sqlite3_bind_int64(statement, 2, (int64_t)page.before) == SQLITE_OK;
    err = is_bound ? visit_rows(store, statement, &listing) : sqlite_fail(store, &store->settings);
    give(store, AUDIT_LIST, statement);
    if (err == ERR_NONE && query->resume_id) {
        *query->resume_id = store_page_resume(&page, listing.last_id);
    }
    return err;
}

// ---- Retention

enum err sqlite_audit_trim(struct store *base, uint64_t until_us, uint32_t limit, uint32_t *count)
{
    struct sqlite_store *store = sqlite_of(base);
    sqlite3_stmt *statement = take(store, AUDIT_TRIM);
    if (!statement) return base->problem.err;
    bool is_bound = sqlite3_bind_int64(statement, 1, (int64_t)until_us) == SQLITE_OK &&
                    sqlite3_bind_int64(statement, 2, limit) == SQLITE_OK;
    enum err err = ERR_NONE;
    if (!is_bound || sqlite3_step(statement) != SQLITE_DONE) {
        err = sqlite_fail(store, &store->settings);
    } else {
        *count = (uint32_t)sqlite3_changes(store->settings.handle);
    }
    give(store, AUDIT_TRIM, statement);
    return err;
}
