// SPDX-License-Identifier: Apache-2.0
// Settings records in SQLite. Fields are bound and read by the field tables; a value that is not
// what we wrote is ERR_CORRUPT and names record and field.
#include "store/sqlite_int.h"

#include <string.h>

static sqlite3_stmt *take(struct sqlite_store *store, enum model_kind kind, unsigned form)
{
    char sql[SQLITE_SQL_MAX] = "";
    if (!store->statements[kind][form]) {
        struct buffer out = buffer_over(sql, sizeof sql);
        sqlite_put_sql(&out, kind, form);
        buffer_put_byte(&out, '\0');
        ASSERT(!out.is_full);
    }
    return sqlite_take(store, &store->settings, &store->statements[kind][form], sql);
}

static void give(struct sqlite_store *store, enum model_kind kind, unsigned form,
                 sqlite3_stmt *statement)
{
    sqlite_give(&store->statements[kind][form], statement);
}

// Notes a problem of the record as a whole.
static enum err fail_record(struct sqlite_store *store, enum err err, enum model_kind kind,
                            const void *record, const char *what)
{
    char name[STORE_NAME_SIZE];
    return store_fail(&store->base, err, "%s %s", store_name(kind, record, name), what);
}

// ---- Binding. Texts stay where they are: the record outlives the statement's use.

static int bind_secret(struct sqlite_store *store, sqlite3_stmt *statement, int parameter,
                       struct span plain)
{
    unsigned char sealed[TEXT_SIZE + SECRET_OVERHEAD];
    ASSERT(plain.len < TEXT_SIZE);
    if (plain.len == 0) return sqlite3_bind_zeroblob(statement, parameter, 0);
    secret_seal(&store->key, plain, sealed);
    return sqlite3_bind_blob(statement, parameter, sealed, (int)(plain.len + SECRET_OVERHEAD),
                             SQLITE_TRANSIENT);
}

static int bind_text(sqlite3_stmt *statement, int parameter, const char *text)
{
    return sqlite3_bind_text(statement, parameter, text, -1, SQLITE_STATIC);
}

static int bind_field(struct sqlite_store *store, sqlite3_stmt *statement, int parameter,
                      const struct model_field *field, const void *record)
{
    switch (field->type) {
    case TYPE_TEXT:
        if (field->flags & FIELD_SECRET) {
            return bind_secret(store, statement, parameter, span_of(model_get_text(field, record)));
        }
        return bind_text(statement, parameter, model_get_text(field, record));
    case TYPE_BOOL: return sqlite3_bind_int(statement, parameter, model_get_bool(field, record));
    case TYPE_NUMBER:
        return sqlite3_bind_int64(statement, parameter, model_get_number(field, record));
    case TYPE_TIME:
        return sqlite3_bind_int64(statement, parameter,
                                  (sqlite3_int64)model_get_time(field, record));
    case TYPE_ENUM:
        return bind_text(statement, parameter,
                         model_name(field->names, model_get_number(field, record)));
    }
    ASSERT(false);
}

// Binds the fields of `record` that have one of `flags`; 0: all fields.
static enum err bind_record(struct sqlite_store *store, sqlite3_stmt *statement,
                            enum model_kind kind, const void *record, unsigned flags)
{
    const struct model_kind_info *info = model_kind(kind);
    for (size_t i = 0; i < info->field_count; i++) {
        if (flags && !(info->fields[i].flags & flags)) continue;
        int code = bind_field(store, statement, (int)i + 1, &info->fields[i], record);
        if (code != SQLITE_OK) return sqlite_fail(store, &store->settings);
    }
    return ERR_NONE;
}

// Binds the key of `renamed` behind the parameters of the fields.
static enum err bind_new_key(struct sqlite_store *store, sqlite3_stmt *statement,
                             enum model_kind kind, const void *renamed)
{
    const struct model_kind_info *info = model_kind(kind);
    for (size_t i = 0; i < info->field_count; i++) {
        int parameter = (int)(info->field_count + i) + 1;
        if (!(info->fields[i].flags & FIELD_KEY)) continue;
        int code = bind_field(store, statement, parameter, &info->fields[i], renamed);
        if (code != SQLITE_OK) return sqlite_fail(store, &store->settings);
    }
    return ERR_NONE;
}

// ---- Reading

// Seconds since 1970 as the text form of a point in time, empty for none. What is no such point is
// no text at all.
static struct span text_of_time(sqlite3_int64 seconds, char room[TIME_TEXT_SIZE])
{
    struct buffer out = buffer_over(room, TIME_TEXT_SIZE);
    if (seconds == 0) return SPAN("");
    if (seconds < 0 || seconds > TIME_MAX_S) return SPAN("?");
    civil_put_time(&out, (uint64_t)seconds);
    return buffer_span(&out);
}

// Reads a column as the text form of its field; NULL, or the reason why it cannot be.
static const char *read_field(struct sqlite_store *store, sqlite3_stmt *statement, int column,
                              const struct model_field *field, void *record,
                              char reason[REASON_SIZE])
{
    char plain[TEXT_SIZE], time[TIME_TEXT_SIZE];
    struct span text;
    if (field->flags & FIELD_SECRET) {
        text.at = sqlite3_column_blob(statement, column);
        text.len = (size_t)sqlite3_column_bytes(statement, column);
        if (text.len > 0 && !secret_open(&store->key, text, plain, sizeof plain)) {
            return "is sealed with another key than the one in secret.key, or is damaged";
        }
        if (text.len > 0) text = span_of(plain);
    } else if (field->type == TYPE_BOOL) {
        int64_t value = sqlite3_column_int64(statement, column);
        text = value == 0 ? SPAN("false") : value == 1 ? SPAN("true") : SPAN_NONE;
    } else if (field->type == TYPE_TIME) {
        text = text_of_time(sqlite3_column_int64(statement, column), time);
    } else {
        text.at = (const char *)sqlite3_column_text(statement, column);
        text.len = (size_t)sqlite3_column_bytes(statement, column);
    }
    const char *refused = model_set_field(field, record, text, reason);
    if (field->flags & FIELD_SECRET) sodium_memzero(plain, sizeof plain);
    return refused;
}

// Where it is noted that a record's password cannot be read: that line cannot register, that user
// not sign in, and everything else goes on. NULL: the record is of no use without its secret.
static bool *lost_of(enum model_kind kind, union model_record *record)
{
    switch (kind) {
    case KIND_LINE: return &record->line.is_password_lost;
    case KIND_USER: return &record->user.is_password_lost;
    case KIND_DEVICE: return &record->device.is_password_lost;
    default: return NULL;
    }
}

static enum err fail_field(struct sqlite_store *store, enum model_kind kind,
                           const union model_record *record, uint32_t id, const char *field,
                           const char *refused)
{
    char name[STORE_NAME_SIZE];
    return store_fail(&store->base, ERR_CORRUPT, "%s: %s (number %u): its %s %s",
                      store->settings.file, store_name(kind, record, name), id, field, refused);
}

// Reads a row "id, fields".
static enum err read_record(struct sqlite_store *store, sqlite3_stmt *statement,
                            enum model_kind kind, union model_record *record, uint32_t *id)
{
    const struct model_kind_info *info = model_kind(kind);
    char reason[REASON_SIZE];
    memset(record, 0, sizeof *record);
    *id = (uint32_t)sqlite3_column_int64(statement, 0);
    for (size_t i = 0; i < info->field_count; i++) {
        const struct model_field *field = &info->fields[i];
        const char *refused = read_field(store, statement, (int)i + 1, field, record, reason);
        if (!refused) continue;
        bool *is_lost = field->flags & FIELD_SECRET ? lost_of(kind, record) : NULL;
        if (is_lost) {
            *is_lost = true;
            continue;
        }
        return fail_field(store, kind, record, *id, field->name, refused);
    }
    return ERR_NONE;
}

// Reads a row "id, key fields" of a listing of keys alone.
static enum err read_keys(struct sqlite_store *store, sqlite3_stmt *statement,
                          const struct store_query *query, union model_record *record, uint32_t *id)
{
    const struct model_kind_info *info = model_kind(query->kind);
    const struct model_field *sort = store_sort_field(query);
    char reason[REASON_SIZE];
    int column = 1;
    memset(record, 0, info->record_size);
    *id = (uint32_t)sqlite3_column_int64(statement, 0);
    for (size_t i = 0; i < info->field_count; i++) {
        const struct model_field *field = &info->fields[i];
        if (!sqlite_is_key_column(field, sort)) continue;
        const char *refused = read_field(store, statement, column++, field, record, reason);
        if (refused) return fail_field(store, query->kind, record, *id, field->name, refused);
    }
    return ERR_NONE;
}

// ---- Writing

// Why a record cannot be removed that others refer to.
static const char *in_use(enum model_kind kind)
{
    return kind == KIND_CALENDAR ? "is in use" : "still has lines";
}

// Runs a statement that changes a record; `renamed` is for FORM_RENAME.
static enum err change(struct sqlite_store *store, enum model_kind kind, unsigned form,
                       const void *record, const void *renamed)
{
    bool is_by_key = form == FORM_REMOVE || form == FORM_RENAME;
    sqlite3_stmt *statement = take(store, kind, form);
    if (!statement) return store->base.problem.err;
    enum err err = bind_record(store, statement, kind, record, is_by_key ? FIELD_KEY : 0);
    if (err == ERR_NONE && renamed) err = bind_new_key(store, statement, kind, renamed);
    int code = err == ERR_NONE ? sqlite3_step(statement) : SQLITE_DONE;
    if (code == SQLITE_CONSTRAINT_UNIQUE) {
        err = fail_record(store, ERR_EXISTS, kind, renamed ? renamed : record, "exists already");
    } else if ((code & 0xff) == SQLITE_CONSTRAINT) {
        err = fail_record(store, ERR_CONFLICT, kind, record,
                          form == FORM_REMOVE ? in_use(kind) : "refers to what does not exist");
    } else if (code != SQLITE_DONE) {
        err = sqlite_fail(store, &store->settings);
    } else if (err == ERR_NONE && sqlite3_changes(store->settings.handle) == 0) {
        err = fail_record(store, ERR_NOT_FOUND, kind, record, "does not exist");
    }
    give(store, kind, form, statement);
    return err;
}

enum err sqlite_add(struct store *base, enum model_kind kind, const void *record, uint32_t *id)
{
    struct sqlite_store *store = sqlite_of(base);
    enum err err = change(store, kind, FORM_ADD, record, NULL);
    if (err == ERR_NONE) *id = (uint32_t)sqlite3_last_insert_rowid(store->settings.handle);
    return err;
}

enum err sqlite_replace(struct store *base, enum model_kind kind, const void *record)
{
    return change(sqlite_of(base), kind, FORM_REPLACE, record, NULL);
}

enum err sqlite_rename(struct store *base, enum model_kind kind, const void *record,
                       const void *renamed)
{
    return change(sqlite_of(base), kind, FORM_RENAME, record, renamed);
}

enum err sqlite_remove(struct store *base, enum model_kind kind, const void *record)
{
    return change(sqlite_of(base), kind, FORM_REMOVE, record, NULL);
}

// ---- One record

enum err sqlite_get(struct store *base, enum model_kind kind, void *record, uint32_t *id)
{
    struct sqlite_store *store = sqlite_of(base);
    union model_record found;
    uint32_t found_id = 0;
    sqlite3_stmt *statement = take(store, kind, FORM_GET);
    if (!statement) return base->problem.err;
    enum err err = bind_record(store, statement, kind, record, FIELD_KEY);
    int code = err == ERR_NONE ? sqlite3_step(statement) : SQLITE_ERROR;
    if (code == SQLITE_ROW) {
        err = read_record(store, statement, kind, &found, &found_id);
    } else if (code == SQLITE_DONE) {
        err = fail_record(store, ERR_NOT_FOUND, kind, record, "does not exist");
    } else if (err == ERR_NONE) {
        err = sqlite_fail(store, &store->settings);
    }
    give(store, kind, FORM_GET, statement);
    if (err != ERR_NONE) return err;
    memcpy(record, &found, model_kind(kind)->record_size);
    if (id) *id = found_id;
    return ERR_NONE;
}

// ---- Many records

static unsigned shape_of(const struct store_query *query)
{
    unsigned shape = (query->after ? SHAPE_AFTER : 0) | (query->text ? SHAPE_TEXT : 0);
    for (enum store_filter filter = 0; filter < FILTER_COUNT; filter++) {
        if (store_filter_text(query, filter)) shape |= 1U << filter;
    }
    return shape;
}

static enum err bind_query(struct sqlite_store *store, sqlite3_stmt *statement,
                           const struct store_query *query, bool is_list)
{
    const struct model_kind_info *info = model_kind(query->kind);
    const struct model_field *sort = store_sort_field(query);
    enum err err = ERR_NONE;
    int code = SQLITE_OK;
    if (query->after) err = bind_record(store, statement, query->kind, query->after, FIELD_KEY);
    if (query->after && sort && err == ERR_NONE) {
        code = bind_field(store, statement, (int)(sort - info->fields) + 1, sort, query->after);
    }
    for (enum store_filter filter = 0; filter < FILTER_COUNT; filter++) {
        const char *text = store_filter_text(query, filter);
        if (!text || err != ERR_NONE || code != SQLITE_OK) continue;
        const struct model_field *field = store_filter_field(query->kind, filter);
        code = bind_text(statement, (int)(field - info->fields) + 1, text);
    }
    int behind = (int)info->field_count + 1;
    if (is_list && err == ERR_NONE && code == SQLITE_OK) {
        int64_t limit = query->limit > 0 ? (int64_t)query->limit : -1;
        code = sqlite3_bind_int64(statement, behind + PARAMETER_LIMIT, limit);
    }
    if (query->text && err == ERR_NONE && code == SQLITE_OK) {
        code = bind_text(statement, behind + PARAMETER_TEXT, query->text);
    }
    return code == SQLITE_OK ? err : sqlite_fail(store, &store->settings);
}

static enum err visit_rows(struct sqlite_store *store, sqlite3_stmt *statement,
                           const struct store_query *query, store_visit *visit, void *context)
{
    union model_record record;
    uint32_t id;
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        enum err err = query->has_keys_only
                           ? read_keys(store, statement, query, &record, &id)
                           : read_record(store, statement, query->kind, &record, &id);
        if (err != ERR_NONE) return err;
        if (!visit(context, id, &record)) return ERR_NONE;
    }
    return code == SQLITE_DONE ? ERR_NONE : sqlite_fail(store, &store->settings);
}

// Sorted listings, and those of keys alone, are too many kinds of statements to keep.
static enum err list_sorted(struct sqlite_store *store, const struct store_query *query,
                            store_visit *visit, void *context)
{
    char sql[SQLITE_SQL_MAX];
    sqlite3_stmt *none = NULL;
    struct buffer out = buffer_over(sql, sizeof sql);
    sqlite_put_sorted(&out, query, shape_of(query));
    buffer_put_byte(&out, '\0');
    ASSERT(!out.is_full);
    sqlite3_stmt *statement = sqlite_take(store, &store->settings, &none, sql);
    if (!statement) return store->base.problem.err;
    enum err err = bind_query(store, statement, query, true);
    if (err == ERR_NONE) err = visit_rows(store, statement, query, visit, context);
    sqlite3_finalize(statement);
    return err;
}

enum err sqlite_list(struct store *base, const struct store_query *query, store_visit *visit,
                     void *context)
{
    struct sqlite_store *store = sqlite_of(base);
    bool is_kept = !query->sort && !query->is_descending && !query->has_keys_only;
    if (!is_kept) return list_sorted(store, query, visit, context);
    unsigned form = FORM_LIST + shape_of(query);
    sqlite3_stmt *statement = take(store, query->kind, form);
    if (!statement) return base->problem.err;
    enum err err = bind_query(store, statement, query, true);
    if (err == ERR_NONE) err = visit_rows(store, statement, query, visit, context);
    give(store, query->kind, form, statement);
    return err;
}

enum err sqlite_count(struct store *base, const struct store_query *query, uint64_t *count)
{
    struct sqlite_store *store = sqlite_of(base);
    unsigned form = FORM_COUNT + shape_of(query);
    sqlite3_stmt *statement = take(store, query->kind, form);
    if (!statement) return base->problem.err;
    enum err err = bind_query(store, statement, query, false);
    if (err == ERR_NONE && sqlite3_step(statement) == SQLITE_ROW) {
        *count = (uint64_t)sqlite3_column_int64(statement, 0);
    } else if (err == ERR_NONE) {
        err = sqlite_fail(store, &store->settings);
    }
    give(store, query->kind, form, statement);
    return err;
}
