// SPDX-License-Identifier: Apache-2.0
// The calls of store.h, passed on to the kind of store behind the handle; and what these share.
#include "store/store_int.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- Calls

void store_close(struct store *store)
{
    if (!store) return;
    store_rollback(store);
    store->ops->close(store);
}

const char *store_error(const struct store *store)
{
    return store->problem.text;
}

enum err store_begin(struct store *store)
{
    ASSERT(!store->is_in_transaction);
    enum err err = store->ops->begin(store);
    store->is_in_transaction = err == ERR_NONE;
    return err;
}

enum err store_commit(struct store *store)
{
    ASSERT(store->is_in_transaction);
    store->is_in_transaction = false;
    return store->ops->commit(store);
}

void store_rollback(struct store *store)
{
    if (!store->is_in_transaction) return;
    store->is_in_transaction = false;
    store->ops->rollback(store);
}

enum err store_add(struct store *store, enum model_kind kind, const void *record, uint32_t *id)
{
    return store->ops->add(store, kind, record, id);
}

enum err store_replace(struct store *store, enum model_kind kind, const void *record)
{
    return store->ops->replace(store, kind, record);
}

enum err store_remove(struct store *store, enum model_kind kind, const void *record)
{
    return store->ops->remove(store, kind, record);
}

enum err store_get(struct store *store, enum model_kind kind, void *record, uint32_t *id)
{
    return store->ops->get(store, kind, record, id);
}

enum err store_list(struct store *store, const struct store_query *query, store_visit *visit,
                    void *context)
{
    return store->ops->list(store, query, visit, context);
}

enum err store_count(struct store *store, const struct store_query *query, uint64_t *count)
{
    return store->ops->count(store, query, count);
}

enum err store_journal_append(struct store *store, const struct model_journal_entry *entries,
                              size_t count)
{
    return store->ops->journal_append(store, entries, count);
}

enum err store_journal_list(struct store *store, const struct store_journal_query *query,
                            store_journal_visit *visit, void *context)
{
    return store->ops->journal_list(store, query, visit, context);
}

// ---- Problems

static enum err set_problem(struct store_problem *problem, enum err err, const char *format,
                            va_list arguments)
{
    problem->err = err;
    vsnprintf(problem->text, sizeof problem->text, format, arguments);
    return err;
}

enum err store_problem_set(struct store_problem *problem, enum err err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    set_problem(problem, err, format, arguments);
    va_end(arguments);
    return err;
}

enum err store_fail(struct store *store, enum err err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    set_problem(&store->problem, err, format, arguments);
    va_end(arguments);
    return err;
}

enum err store_err_of_errno(int number)
{
    switch (number) {
    case EACCES:
    case EPERM:
    case EROFS: return ERR_ACCESS;
    case ENOENT:
    case ENOTDIR: return ERR_NOT_FOUND;
    case ENOMEM: return ERR_NO_MEMORY;
    case EEXIST: return ERR_EXISTS;
    default: return ERR_IO;
    }
}

// ---- Records

void store_put_name(struct buffer *out, enum model_kind kind, const void *record)
{
    const struct model_kind_info *info = model_kind(kind);
    const char *separator = " ";
    buffer_put_text(out, info->name);
    for (size_t i = 0; i < info->field_count; i++) {
        if (!(info->fields[i].flags & FIELD_KEY)) continue;
        buffer_put_text(out, separator);
        model_print_field(&info->fields[i], record, out);
        separator = "/";
    }
}

const char *store_name(enum model_kind kind, const void *record, char name[STORE_NAME_SIZE])
{
    char bytes[STORE_NAME_SIZE];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    store_put_name(&out, kind, record);
    bool fits = text_copy(name, STORE_NAME_SIZE, buffer_span(&out));
    ASSERT(fits);
    return name;
}

const char *store_filter_text(const struct store_query *query, enum store_filter filter)
{
    const char *texts[FILTER_COUNT] = {query->group, query->extension, query->user};
    return texts[filter] && *texts[filter] ? texts[filter] : NULL;
}

const struct model_field *store_filter_field(enum model_kind kind, enum store_filter filter)
{
    static const char *const names[FILTER_COUNT] = {"group", "extension", "user"};
    const struct model_field *field = model_find_field(kind, span_of(names[filter]));
    ASSERT(field && field->type == TYPE_TEXT);
    return field;
}

// ---- Journal

struct store_journal_range store_journal_range(const struct store_journal_query *query,
                                               uint64_t oldest_id, uint64_t newest_id)
{
    bool is_search = (query->group && *query->group) || (query->extension && *query->extension);
    struct store_journal_range range = {
        .oldest = oldest_id,
        .first = oldest_id,
        .before = newest_id + 1,
        .limit = query->limit > 0 && query->limit < JOURNAL_PAGE_MAX ? query->limit
                                                                     : JOURNAL_PAGE_MAX,
    };
    if (query->before_id > 0 && query->before_id < range.before) range.before = query->before_id;
    if (is_search && range.before > oldest_id + JOURNAL_SCAN_MAX) {
        range.first = range.before - JOURNAL_SCAN_MAX;
    }
    return range;
}

void store_journal_resume(const struct store_journal_query *query,
                          const struct store_journal_range *range, uint64_t last_id)
{
    uint64_t next = last_id > 0 ? last_id : range->first;
    if (query->resume_id) *query->resume_id = next > range->oldest ? next : 0;
}

struct span store_journal_text(struct span text)
{
    if (text.len <= JOURNAL_TEXT_MAX) return text;
    size_t end = JOURNAL_TEXT_MAX;
    // Bytes 10xxxxxx continue a character; three at most (RFC 3629 section 3).
    for (int i = 0; i < 3 && ((unsigned char)text.at[end] & 0xc0) == 0x80; i++) end--;
    return span_slice(text, 0, end);
}

struct span store_journal_trace(struct span trace)
{
    return span_slice(trace, 0, TRACE_BYTES_MAX);
}
