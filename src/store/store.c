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

const char *store_take_notice(struct store *store)
{
    const char *notice = store->notice;
    store->notice = NULL;
    return notice;
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

enum err store_rename(struct store *store, enum model_kind kind, const void *record,
                      const void *renamed)
{
    return store->ops->rename(store, kind, record, renamed);
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
    struct store_query unsorted = *query;
    ASSERT(!query->after || (!query->sort && !query->is_descending));
    unsorted.sort = NULL;
    unsorted.is_descending = false;
    return store->ops->count(store, &unsorted, count);
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

enum err store_journal_trim(struct store *store, struct store_journal_trim *trim)
{
    ASSERT(trim->limit > 0 && trim->limit <= JOURNAL_PAGE_MAX);
    return store->ops->journal_trim(store, trim);
}

enum err store_figures_list(struct store *store, struct store_figures_query *query,
                            store_figures_visit *visit, void *context)
{
    return store->ops->figures_list(store, query, visit, context);
}

enum err store_figures_count(struct store *store, struct store_figures_counting *counting)
{
    return store->ops->figures_count(store, counting);
}

enum err store_audit_append(struct store *store, const struct model_audit_entry *entry)
{
    return store->ops->audit_append(store, entry);
}

enum err store_audit_list(struct store *store, const struct store_audit_query *query,
                          store_audit_visit *visit, void *context)
{
    return store->ops->audit_list(store, query, visit, context);
}

enum err store_audit_trim(struct store *store, uint64_t until_us, uint32_t limit, uint32_t *count)
{
    return store->ops->audit_trim(store, until_us, limit, count);
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

// Prints which record it is: "line trial/102".
static void put_name(struct buffer *out, enum model_kind kind, const void *record)
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
    put_name(&out, kind, record);
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

bool store_is_searched(const struct model_field *field)
{
    static const char *const names[] = {"name", "extension", "display_name", "user", "sip_user"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(field->name, names[i]) == 0) return true;
    }
    return false;
}

const char *store_sorts(enum model_kind kind)
{
    switch (kind) {
    case KIND_GROUP: return "name";
    case KIND_USER: return "name display_name";
    case KIND_LINE: return "group extension display_name user";
    case KIND_DEVICE: return "user name sip_user line";
    default: return "";
    }
}

const struct model_field *store_sort_field(const struct store_query *query)
{
    if (!query->sort) return NULL;
    const struct model_field *field = model_find_field(query->kind, span_of(query->sort));
    ASSERT(field && field->type == TYPE_TEXT && !(field->flags & FIELD_SECRET));
    return field;
}

// ---- Pages of the journal and the audit

struct store_page store_page(struct store_paging paging, uint64_t oldest_id, uint64_t newest_id)
{
    struct store_page page = {
        .oldest = oldest_id,
        .first = oldest_id,
        .before = newest_id + 1,
        .limit = paging.limit > 0 && paging.limit < JOURNAL_PAGE_MAX ? paging.limit
                                                                     : JOURNAL_PAGE_MAX,
    };
    if (paging.before_id > 0 && paging.before_id < page.before) page.before = paging.before_id;
    if (paging.is_search && page.before > oldest_id + JOURNAL_SCAN_MAX) {
        page.first = page.before - JOURNAL_SCAN_MAX;
    }
    return page;
}

uint64_t store_page_resume(const struct store_page *page, uint64_t last_id)
{
    uint64_t next = last_id > 0 ? last_id : page->first;
    return next > page->oldest ? next : 0;
}

static bool is_given(const char *text)
{
    return text && *text;
}

static bool is_any_or_same(const char *wanted, struct span text)
{
    return !is_given(wanted) || span_eq(span_of(wanted), text);
}

static bool contains(struct span text, struct span wanted)
{
    for (size_t at = 0; at + wanted.len <= text.len; at++) {
        if (span_eq_nocase(span_slice(text, at, at + wanted.len), wanted)) return true;
    }
    return false;
}

bool store_has_text(enum model_kind kind, const void *record, const char *text)
{
    const struct model_kind_info *info = model_kind(kind);
    for (size_t i = 0; i < info->field_count; i++) {
        const struct model_field *field = &info->fields[i];
        if (!store_is_searched(field)) continue;
        if (contains(span_of(model_get_text(field, record)), span_of(text))) return true;
    }
    return false;
}

// Whether one of the texts contains what is wanted, if anything is.
static bool is_any_or_contained(const char *wanted, const struct span texts[], size_t count)
{
    if (!is_given(wanted)) return true;
    for (size_t i = 0; i < count; i++) {
        if (contains(texts[i], span_of(wanted))) return true;
    }
    return false;
}

static bool is_within(uint64_t at_us, uint64_t since_us, uint64_t until_us)
{
    return at_us >= since_us && (until_us == 0 || at_us < until_us);
}

// ---- Audit

struct store_paging store_audit_paging(const struct store_audit_query *query)
{
    bool is_search = is_given(query->kind) || is_given(query->key) || is_given(query->actor) ||
                     is_given(query->text) || query->since_us || query->until_us;
    return (struct store_paging){query->before_id, query->limit, is_search};
}

// Whether `key` is the wanted one, or that of a record below it.
static bool is_key_or_below(const char *wanted, struct span key)
{
    struct span of = span_of(wanted);
    if (of.len == 0 || span_eq(of, key)) return true;
    return span_starts_with(key, of) && key.at[of.len] == '/';
}

bool store_audit_matches(const struct store_audit_query *query,
                         const struct model_audit_entry *entry)
{
    const struct span texts[] = {entry->actor, entry->for_user, entry->kind,
                                 entry->key,   entry->before,   entry->after};
    return is_any_or_same(query->kind, entry->kind) && is_key_or_below(query->key, entry->key) &&
           (is_any_or_same(query->actor, entry->actor) ||
            is_any_or_same(query->actor, entry->for_user)) &&
           is_within(entry->at_us, query->since_us, query->until_us) &&
           is_any_or_contained(query->text, texts, sizeof texts / sizeof texts[0]);
}

// ---- Journal

struct store_paging store_journal_paging(const struct store_journal_query *query)
{
    bool is_search = is_given(query->group) || is_given(query->extension) || query->user_id ||
                     is_given(query->caller) || is_given(query->outcome) || is_given(query->text) ||
                     query->since_us || query->until_us;
    return (struct store_paging){query->before_id, query->limit, is_search};
}

// Whether the caller's number is the wanted one, or begins with it where that ends in *.
static bool is_caller(const char *wanted, struct span caller)
{
    struct span number = span_of(wanted);
    if (number.len == 0) return true;
    if (number.at[number.len - 1] != '*') return span_eq(number, caller);
    return span_starts_with(caller, span_slice(number, 0, number.len - 1));
}

bool store_journal_may_match(const struct store_journal_query *query,
                             const struct model_journal_entry *entry)
{
    return is_any_or_same(query->group, entry->group) &&
           is_any_or_same(query->extension, entry->extension) &&
           is_within(entry->started_us, query->since_us, query->until_us);
}

bool store_journal_matches(const struct store_journal_query *query,
                           const struct model_journal_entry *entry)
{
    const struct span texts[] = {entry->caller,      entry->caller_display, entry->dialled,
                                 entry->diverted_by, entry->target,         entry->call_id,
                                 entry->device};
    struct span outcome = span_of(model_name(&model_outcomes, entry->outcome));
    return store_journal_may_match(query, entry) &&
           (query->user_id == 0 || query->user_id == entry->user_id) &&
           is_caller(query->caller, entry->caller) && is_any_or_same(query->outcome, outcome) &&
           is_any_or_contained(query->text, texts, sizeof texts / sizeof texts[0]);
}

uint32_t store_hour_of(uint64_t at_us)
{
    return (uint32_t)(at_us / 1000000 / 3600);
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

struct span store_journal_legs(struct span legs)
{
    legs = span_slice(legs, 0, LEGS_BYTES_MAX);
    while (legs.len > 0 && legs.at[legs.len - 1] != '\n') legs.len--;
    return legs;
}
