// SPDX-License-Identifier: Apache-2.0
// The store in memory, for tests: a sorted array per kind; a transaction keeps a copy of them all.
#include "store/store_int.h"

#include <stdlib.h>
#include <string.h>

struct row {
    uint32_t id;
    union model_record record;
};

struct table {
    struct row *rows; // in the order of their keys
    size_t count, capacity;
    uint32_t last_id;
};

// A journal entry and, behind it, the bytes of its texts.
struct journal_row {
    struct model_journal_entry entry;
    char bytes[];
};

struct audit_row {
    struct model_audit_entry entry;
    char bytes[];
};

struct memory {
    struct store base;
    struct table tables[KIND_COUNT];
    struct table before[KIND_COUNT]; // as they were when the transaction began
    struct journal_row **journal;    // the entry of id n at n-1; NULL: removed
    size_t journal_count, journal_capacity;
    struct audit_row **audit; // by rising id
    size_t audit_count, audit_capacity;
    size_t audit_gone_count;   // removed, all of them older
    size_t audit_before_count; // when the transaction began
};

static struct memory *memory_of(struct store *store)
{
    return (struct memory *)store;
}

static enum err no_memory(struct store *store)
{
    return store_fail(store, ERR_NO_MEMORY, "out of memory");
}

// ---- Tables

static int compare_field(const struct model_field *field, const void *a, const void *b)
{
    if (field->type == TYPE_TEXT) return strcmp(model_get_text(field, a), model_get_text(field, b));
    uint32_t left = model_get_number(field, a), right = model_get_number(field, b);
    return left < right ? -1 : left > right;
}

static int compare_keys(enum model_kind kind, const void *a, const void *b)
{
    const struct model_kind_info *info = model_kind(kind);
    int order = 0;
    for (size_t i = 0; order == 0 && i < info->field_count; i++) {
        if (info->fields[i].flags & FIELD_KEY) order = compare_field(&info->fields[i], a, b);
    }
    return order;
}

// The first row whose key is not before that of `record`; the table's count where there is none.
static size_t find_place(const struct table *table, enum model_kind kind, const void *record)
{
    size_t low = 0, high = table->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        bool is_before = compare_keys(kind, &table->rows[middle].record, record) < 0;
        if (is_before) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct row *find_row(struct table *table, enum model_kind kind, const void *record)
{
    size_t place = find_place(table, kind, record);
    if (place == table->count) return NULL;
    struct row *row = &table->rows[place];
    return compare_keys(kind, &row->record, record) == 0 ? row : NULL;
}

static bool make_room(struct table *table)
{
    if (table->count < table->capacity) return true;
    size_t capacity = table->capacity > 0 ? 2 * table->capacity : 16;
    struct row *rows = realloc(table->rows, capacity * sizeof *rows);
    if (!rows) return false;
    table->rows = rows;
    table->capacity = capacity;
    return true;
}

static void remove_row(struct table *table, struct row *row)
{
    size_t following = (size_t)(table->rows + table->count - (row + 1));
    memmove(row, row + 1, following * sizeof *row);
    table->count--;
}

// Puts a row where its key belongs; there is room for it.
static void insert_row(struct table *table, enum model_kind kind, const struct row *row)
{
    struct row *place = &table->rows[find_place(table, kind, &row->record)];
    memmove(place + 1, place, (size_t)(table->rows + table->count - place) * sizeof *place);
    *place = *row;
    table->count++;
}

// ---- Transactions

static void free_tables(struct table tables[KIND_COUNT])
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        free(tables[kind].rows);
        tables[kind] = (struct table){0};
    }
}

static enum err memory_begin(struct store *store)
{
    struct memory *memory = memory_of(store);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        const struct table *from = &memory->tables[kind];
        struct table copy = {
            .count = from->count, .capacity = from->count, .last_id = from->last_id};
        copy.rows = malloc((from->count + 1) * sizeof *copy.rows);
        if (!copy.rows) {
            free_tables(memory->before);
            return no_memory(store);
        }
        if (from->count > 0) memcpy(copy.rows, from->rows, from->count * sizeof *copy.rows);
        memory->before[kind] = copy;
    }
    memory->audit_before_count = memory->audit_count;
    return ERR_NONE;
}

static enum err memory_commit(struct store *store)
{
    free_tables(memory_of(store)->before);
    return ERR_NONE;
}

static void memory_rollback(struct store *store)
{
    struct memory *memory = memory_of(store);
    free_tables(memory->tables);
    memcpy(memory->tables, memory->before, sizeof memory->tables);
    memset(memory->before, 0, sizeof memory->before);
    while (memory->audit_count > memory->audit_before_count) {
        free(memory->audit[--memory->audit_count]);
    }
}

// ---- Records

static bool has_group(struct memory *memory, const char *name)
{
    union model_record wanted = {0};
    text_copy(wanted.group.name, NAME_SIZE, span_of(name));
    return find_row(&memory->tables[KIND_GROUP], KIND_GROUP, &wanted) != NULL;
}

static bool has_user(struct memory *memory, const char *name)
{
    union model_record wanted = {0};
    text_copy(wanted.user.name, NAME_SIZE, span_of(name));
    return !*name || find_row(&memory->tables[KIND_USER], KIND_USER, &wanted);
}

static bool has_calendar(struct memory *memory, const char *name)
{
    union model_record wanted = {0};
    text_copy(wanted.calendar.name, NAME_SIZE, span_of(name));
    return !*name || find_row(&memory->tables[KIND_CALENDAR], KIND_CALENDAR, &wanted);
}

static bool has_line(struct memory *memory, const char *group, const char *extension)
{
    union model_record wanted = {0};
    text_copy(wanted.line.group, NAME_SIZE, span_of(group));
    text_copy(wanted.line.extension, EXTENSION_SIZE, span_of(extension));
    return find_row(&memory->tables[KIND_LINE], KIND_LINE, &wanted) != NULL;
}

// Whether everything that `record` refers to is there.
static bool are_references_met(struct memory *memory, enum model_kind kind, const void *record)
{
    const union model_record *of = record;
    switch (kind) {
    case KIND_LINE: return has_group(memory, of->line.group) && has_user(memory, of->line.user);
    case KIND_FORWARDING: return has_line(memory, of->forwarding.group, of->forwarding.extension);
    case KIND_SESSION: return has_user(memory, of->session.user);
    case KIND_PROFILE: return has_user(memory, of->profile.user);
    case KIND_TOKEN:
        return has_user(memory, of->token.user) &&
               (!*of->token.group || has_group(memory, of->token.group));
    case KIND_EXCEPTION: return has_line(memory, of->exception.group, of->exception.extension);
    case KIND_DEVICE: return has_user(memory, of->device.user);
    case KIND_CHECK: return has_group(memory, of->check.group);
    case KIND_ADMIN_FORWARDING:
        return has_group(memory, of->admin_forwarding.group) &&
               has_calendar(memory, of->admin_forwarding.calendar);
    default: return true;
    }
}

static enum err fail_named(struct store *store, enum err err, enum model_kind kind,
                           const void *record, const char *what)
{
    char name[STORE_NAME_SIZE];
    return store_fail(store, err, "%s %s", store_name(kind, record, name), what);
}

static enum err not_found(struct store *store, enum model_kind kind, const void *record)
{
    return fail_named(store, ERR_NOT_FOUND, kind, record, "does not exist");
}

static enum err memory_add(struct store *store, enum model_kind kind, const void *record,
                           uint32_t *id)
{
    struct memory *memory = memory_of(store);
    struct table *table = &memory->tables[kind];
    if (find_row(table, kind, record)) {
        return fail_named(store, ERR_EXISTS, kind, record, "exists already");
    }
    if (!are_references_met(memory, kind, record)) {
        return fail_named(store, ERR_CONFLICT, kind, record, "refers to what does not exist");
    }
    if (!make_room(table)) return no_memory(store);
    struct row row = {.id = ++table->last_id};
    memcpy(&row.record, record, model_kind(kind)->record_size);
    insert_row(table, kind, &row);
    *id = row.id;
    return ERR_NONE;
}

static enum err memory_replace(struct store *store, enum model_kind kind, const void *record)
{
    struct memory *memory = memory_of(store);
    struct row *row = find_row(&memory->tables[kind], kind, record);
    if (!row) return not_found(store, kind, record);
    if (!are_references_met(memory, kind, record)) {
        return fail_named(store, ERR_CONFLICT, kind, record, "refers to what does not exist");
    }
    memcpy(&row->record, record, model_kind(kind)->record_size);
    return ERR_NONE;
}

static enum err memory_rename(struct store *store, enum model_kind kind, const void *record,
                              const void *renamed)
{
    const struct model_kind_info *info = model_kind(kind);
    struct table *table = &memory_of(store)->tables[kind];
    struct row *found = find_row(table, kind, record);
    if (!found) return not_found(store, kind, record);
    struct row row = *found;
    for (size_t i = 0; i < info->field_count; i++) {
        const struct model_field *field = &info->fields[i];
        if (!(field->flags & FIELD_KEY)) continue;
        memcpy((char *)&row.record + field->offset, (const char *)renamed + field->offset,
               field->size);
    }
    if (compare_keys(kind, &found->record, &row.record) == 0) return ERR_NONE;
    if (find_row(table, kind, &row.record)) {
        return fail_named(store, ERR_EXISTS, kind, renamed, "exists already");
    }
    remove_row(table, found);
    insert_row(table, kind, &row);
    return ERR_NONE;
}

static bool has_lines(struct store *store, enum model_kind kind, const void *record)
{
    const union model_record *of = record;
    struct store_query query = {.kind = KIND_LINE};
    uint64_t count = 0;
    if (kind == KIND_GROUP) query.group = of->group.name;
    if (kind == KIND_USER) query.user = of->user.name;
    if (!query.group && !query.user) return false;
    enum err err = store->ops->count(store, &query, &count);
    ASSERT(err == ERR_NONE);
    return count > 0;
}

static bool is_calendar_in_use(const struct memory *memory, const struct model_calendar *calendar)
{
    const struct table *table = &memory->tables[KIND_ADMIN_FORWARDING];
    for (size_t i = 0; i < table->count; i++) {
        const struct model_admin_forwarding *user = &table->rows[i].record.admin_forwarding;
        if (strcmp(user->calendar, calendar->name) == 0) return true;
    }
    return false;
}

// Removes the line's records of `kind`.
static void remove_belongings(struct memory *memory, enum model_kind kind,
                              const struct model_line *line)
{
    struct table *table = &memory->tables[kind];
    const struct model_field *of_group = model_find_field(kind, SPAN("group"));
    const struct model_field *of_line = model_find_field(kind, SPAN("extension"));
    for (size_t i = table->count; i > 0; i--) {
        struct row *row = &table->rows[i - 1];
        bool is_theirs = strcmp(model_get_text(of_group, &row->record), line->group) == 0 &&
                         strcmp(model_get_text(of_line, &row->record), line->extension) == 0;
        if (is_theirs) remove_row(table, row);
    }
}

// Removes the rows of `kind` whose field called `name` has the text `value`.
static void remove_referring(struct memory *memory, enum model_kind kind, const char *name,
                             const char *value)
{
    struct table *table = &memory->tables[kind];
    const struct model_field *field = model_find_field(kind, span_of(name));
    ASSERT(field);
    for (size_t i = table->count; i > 0; i--) {
        struct row *row = &table->rows[i - 1];
        if (strcmp(model_get_text(field, &row->record), value) == 0) remove_row(table, row);
    }
}

static enum err memory_remove(struct store *store, enum model_kind kind, const void *record)
{
    struct memory *memory = memory_of(store);
    struct row *row = find_row(&memory->tables[kind], kind, record);
    if (!row) return not_found(store, kind, record);
    if (has_lines(store, kind, record)) {
        return fail_named(store, ERR_CONFLICT, kind, record, "still has lines");
    }
    if (kind == KIND_LINE) {
        remove_belongings(memory, KIND_FORWARDING, &row->record.line);
        remove_belongings(memory, KIND_EXCEPTION, &row->record.line);
    } else if (kind == KIND_CALENDAR && is_calendar_in_use(memory, &row->record.calendar)) {
        return fail_named(store, ERR_CONFLICT, kind, record, "is in use");
    }
    if (kind == KIND_USER) {
        remove_referring(memory, KIND_SESSION, "user", row->record.user.name);
        remove_referring(memory, KIND_TOKEN, "user", row->record.user.name);
        remove_referring(memory, KIND_PROFILE, "user", row->record.user.name);
        remove_referring(memory, KIND_DEVICE, "user", row->record.user.name);
    }
    if (kind == KIND_GROUP) {
        remove_referring(memory, KIND_TOKEN, "group", row->record.group.name);
        remove_referring(memory, KIND_ADMIN_FORWARDING, "group", row->record.group.name);
        remove_referring(memory, KIND_CHECK, "group", row->record.group.name);
    }
    remove_row(&memory->tables[kind], row);
    return ERR_NONE;
}

static enum err memory_get(struct store *store, enum model_kind kind, void *record, uint32_t *id)
{
    struct row *row = find_row(&memory_of(store)->tables[kind], kind, record);
    if (!row) return not_found(store, kind, record);
    memcpy(record, &row->record, model_kind(kind)->record_size);
    if (id) *id = row->id;
    return ERR_NONE;
}

// ---- Listings

static bool is_selected(const struct store_query *query, const void *record)
{
    for (enum store_filter filter = 0; filter < FILTER_COUNT; filter++) {
        const char *wanted = store_filter_text(query, filter);
        if (!wanted) continue;
        const struct model_field *field = store_filter_field(query->kind, filter);
        if (strcmp(model_get_text(field, record), wanted) != 0) return false;
    }
    if (query->text && !store_has_text(query->kind, record, query->text)) return false;
    return true;
}

static int compare_nocase(const char *a, const char *b)
{
    while (*a && ascii_lower(*a) == ascii_lower(*b)) a++, b++;
    return (unsigned char)ascii_lower(*a) - (unsigned char)ascii_lower(*b);
}

// The order in which a query lists.
static int compare_for(const struct store_query *query, const void *a, const void *b)
{
    const struct model_field *sort = store_sort_field(query);
    int order = 0;
    if (sort && sort->flags & FIELD_KEY) {
        order = compare_field(sort, a, b);
    } else if (sort) {
        order = compare_nocase(model_get_text(sort, a), model_get_text(sort, b));
    }
    if (order == 0) order = compare_keys(query->kind, a, b);
    return query->is_descending ? -order : order;
}

// The first of those that are selected and come behind `last` (NULL: of all); NULL: there is none.
static const struct row *find_next(const struct table *table, const struct store_query *query,
                                   const void *last)
{
    bool is_by_key = !query->sort && !query->is_descending; // as they stand in the table
    const struct row *next = NULL;
    for (size_t i = last && is_by_key ? find_place(table, query->kind, last) : 0; i < table->count;
         i++) {
        const struct row *row = &table->rows[i];
        if (!is_selected(query, &row->record)) continue;
        if (last && compare_for(query, &row->record, last) <= 0) continue;
        if (!next || compare_for(query, &row->record, &next->record) < 0) next = row;
        if (is_by_key) break;
    }
    return next;
}

static enum err memory_list(struct store *store, const struct store_query *query,
                            store_visit *visit, void *context)
{
    const struct table *table = &memory_of(store)->tables[query->kind];
    const void *last = query->after;
    for (uint32_t shown = 0; query->limit == 0 || shown < query->limit; shown++) {
        const struct row *row = find_next(table, query, last);
        if (!row || !visit(context, row->id, &row->record)) break;
        last = &row->record;
    }
    return ERR_NONE;
}

static bool count_one(void *context, uint32_t id, const void *record)
{
    (void)id;
    (void)record;
    uint64_t *count = context;
    ++*count;
    return true;
}

static enum err memory_count(struct store *store, const struct store_query *query, uint64_t *count)
{
    struct store_query unlimited = *query;
    unlimited.limit = 0;
    *count = 0;
    return memory_list(store, &unlimited, count_one, count);
}

// ---- Journal

// The texts of an entry, as they are cut.
enum { JOURNAL_TEXT_COUNT = 11 };

static void list_texts(struct model_journal_entry *entry, struct span *texts[JOURNAL_TEXT_COUNT])
{
    struct span *all[JOURNAL_TEXT_COUNT] = {
        &entry->group,   &entry->extension,   &entry->caller,  &entry->caller_display,
        &entry->dialled, &entry->diverted_by, &entry->call_id, &entry->target,
        &entry->trace,   &entry->device,      &entry->legs,
    };
    memcpy(texts, all, sizeof all);
    for (int i = 0; i < JOURNAL_TEXT_COUNT; i++) {
        if (texts[i] == &entry->trace) {
            *texts[i] = store_journal_trace(*texts[i]);
        } else if (texts[i] == &entry->legs) {
            *texts[i] = store_journal_legs(*texts[i]);
        } else {
            *texts[i] = store_journal_text(*texts[i]);
        }
    }
}

static struct journal_row *copy_entry(const struct model_journal_entry *entry, uint64_t id)
{
    struct model_journal_entry copy = *entry;
    struct span *texts[JOURNAL_TEXT_COUNT];
    size_t len = 0;
    list_texts(&copy, texts);
    for (int i = 0; i < JOURNAL_TEXT_COUNT; i++) len += texts[i]->len;
    struct journal_row *row = malloc(sizeof *row + len);
    if (!row) return NULL;
    struct buffer bytes = buffer_over(row->bytes, len);
    for (int i = 0; i < JOURNAL_TEXT_COUNT; i++) {
        struct span kept = {bytes.at + bytes.len, texts[i]->len};
        buffer_put(&bytes, *texts[i]);
        *texts[i] = kept;
    }
    copy.id = id;
    row->entry = copy;
    return row;
}

static enum err memory_journal_append(struct store *store,
                                      const struct model_journal_entry *entries, size_t count)
{
    struct memory *memory = memory_of(store);
    size_t wanted = memory->journal_count + count;
    if (wanted > memory->journal_capacity) {
        struct journal_row **rows = realloc(memory->journal,
                                            2 * wanted * sizeof(struct journal_row *));
        if (!rows) return no_memory(store);
        memory->journal = rows;
        memory->journal_capacity = 2 * wanted;
    }
    size_t old_count = memory->journal_count;
    while (memory->journal_count < wanted) {
        size_t at = memory->journal_count;
        struct journal_row *row = copy_entry(&entries[at - old_count], at + 1);
        if (!row) break;
        memory->journal[memory->journal_count++] = row;
    }
    if (memory->journal_count == wanted) return ERR_NONE;
    while (memory->journal_count > old_count) free(memory->journal[--memory->journal_count]);
    return no_memory(store);
}

static enum err memory_journal_list(struct store *store, const struct store_journal_query *query,
                                    store_journal_visit *visit, void *context)
{
    struct memory *memory = memory_of(store);
    uint64_t newest = memory->journal_count, last_id = 0;
    uint64_t oldest = 0;
    while (oldest < newest && !memory->journal[oldest]) oldest++;
    if (oldest == newest) newest = 0;
    struct store_page page = store_page(store_journal_paging(query), newest > 0 ? oldest + 1 : 0,
                                        newest);
    uint32_t shown = 0;
    for (uint64_t id = page.before; newest > 0 && id > page.first; id--) {
        if (!memory->journal[id - 2]) continue;
        const struct model_journal_entry *entry = &memory->journal[id - 2]->entry;
        if (!store_journal_matches(query, entry)) continue;
        bool goes_on = visit(context, entry);
        if (++shown < page.limit && goes_on) continue;
        last_id = entry->id;
        break;
    }
    if (query->resume_id) *query->resume_id = store_page_resume(&page, last_id);
    return ERR_NONE;
}

static enum err memory_journal_trim(struct store *store, struct store_journal_trim *trim)
{
    struct memory *memory = memory_of(store);
    uint64_t id = trim->next_id > 0 ? trim->next_id : 1;
    uint32_t seen = 0;
    for (; id <= memory->journal_count && seen < trim->limit; id++) {
        struct journal_row **row = &memory->journal[id - 1];
        if (!*row) continue;
        seen++;
        struct span group = (*row)->entry.group;
        if ((*row)->entry.ended_us >= trim->keep_since_us(trim->context, group)) continue;
        free(*row);
        *row = NULL;
        trim->removed_count++;
    }
    trim->next_id = seen == trim->limit ? id : 0;
    return ERR_NONE;
}

// Nothing is kept beside the entries: each is visited for itself.
static enum err memory_figures_list(struct store *store, struct store_figures_query *query,
                                    store_figures_visit *visit, void *context)
{
    struct memory *memory = memory_of(store);
    bool is_any = !query->group || !*query->group;
    for (size_t i = 0; i < memory->journal_count; i++) {
        const struct journal_row *row = memory->journal[i];
        if (!row || !(is_any || span_eq(span_of(query->group), row->entry.group))) continue;
        struct model_figures figures = {.loops = 0};
        uint32_t hour = store_hour_of(row->entry.started_us);
        if (hour < query->since_hour || hour >= query->end_hour) continue;
        model_figures_count(&figures, &row->entry);
        visit(context, hour, &figures);
    }
    query->is_complete = true;
    return ERR_NONE;
}

static enum err memory_figures_count(struct store *store, struct store_figures_counting *counting)
{
    (void)store;
    counting->is_done = true;
    return ERR_NONE;
}

// ---- Audit

static struct audit_row *copy_audit_entry(const struct model_audit_entry *entry)
{
    struct model_audit_entry copy = *entry;
    struct span *texts[] = {&copy.actor, &copy.for_user, &copy.kind,
                            &copy.key,   &copy.before,   &copy.after};
    size_t len = 0, count = sizeof texts / sizeof texts[0];
    for (size_t i = 0; i < count; i++) len += texts[i]->len;
    struct audit_row *row = malloc(sizeof *row + len);
    if (!row) return NULL;
    struct buffer bytes = buffer_over(row->bytes, len);
    for (size_t i = 0; i < count; i++) {
        struct span kept = {bytes.at + bytes.len, texts[i]->len};
        buffer_put(&bytes, *texts[i]);
        *texts[i] = kept;
    }
    row->entry = copy;
    return row;
}

static enum err memory_audit_append(struct store *store, const struct model_audit_entry *entry)
{
    struct memory *memory = memory_of(store);
    if (memory->audit_count == memory->audit_capacity) {
        size_t capacity = 2 * memory->audit_capacity + 16;
        struct audit_row **rows = realloc(memory->audit, capacity * sizeof(struct audit_row *));
        if (!rows) return no_memory(store);
        memory->audit = rows;
        memory->audit_capacity = capacity;
    }
    struct audit_row *row = copy_audit_entry(entry);
    if (!row) return no_memory(store);
    row->entry.id = memory->audit_gone_count + memory->audit_count + 1;
    memory->audit[memory->audit_count++] = row;
    return ERR_NONE;
}

static enum err memory_audit_list(struct store *store, const struct store_audit_query *query,
                                  store_audit_visit *visit, void *context)
{
    struct memory *memory = memory_of(store);
    uint64_t gone = memory->audit_gone_count, newest = gone + memory->audit_count, last_id = 0;
    bool is_empty = memory->audit_count == 0;
    struct store_page page = store_page(store_audit_paging(query), is_empty ? 0 : gone + 1,
                                        is_empty ? 0 : newest);
    uint32_t shown = 0;
    for (uint64_t id = page.before; !is_empty && id > page.first; id--) {
        const struct model_audit_entry *entry = &memory->audit[id - 2 - gone]->entry;
        if (!store_audit_matches(query, entry)) continue;
        bool goes_on = visit(context, entry);
        if (++shown < page.limit && goes_on) continue;
        last_id = entry->id;
        break;
    }
    if (query->resume_id) *query->resume_id = store_page_resume(&page, last_id);
    return ERR_NONE;
}

static enum err memory_audit_trim(struct store *store, uint64_t until_us, uint32_t limit,
                                  uint32_t *count)
{
    struct memory *memory = memory_of(store);
    size_t gone = 0;
    while (gone < limit && gone < memory->audit_count &&
           memory->audit[gone]->entry.at_us < until_us) {
        free(memory->audit[gone++]);
    }
    memory->audit_count -= gone;
    memory->audit_gone_count += gone;
    if (memory->audit_count > 0) {
        memmove(memory->audit, memory->audit + gone, memory->audit_count * sizeof memory->audit[0]);
    }
    *count = (uint32_t)gone;
    return ERR_NONE;
}

// ---- The handle

static void memory_close(struct store *store)
{
    struct memory *memory = memory_of(store);
    free_tables(memory->tables);
    for (size_t i = 0; i < memory->journal_count; i++) free(memory->journal[i]);
    free(memory->journal);
    for (size_t i = 0; i < memory->audit_count; i++) free(memory->audit[i]);
    free(memory->audit);
    free(memory);
}

struct store *store_open_memory(void)
{
    static const struct store_ops ops = {
        .close = memory_close,
        .begin = memory_begin,
        .commit = memory_commit,
        .rollback = memory_rollback,
        .add = memory_add,
        .replace = memory_replace,
        .rename = memory_rename,
        .remove = memory_remove,
        .get = memory_get,
        .list = memory_list,
        .count = memory_count,
        .journal_append = memory_journal_append,
        .journal_list = memory_journal_list,
        .journal_trim = memory_journal_trim,
        .figures_list = memory_figures_list,
        .figures_count = memory_figures_count,
        .audit_append = memory_audit_append,
        .audit_list = memory_audit_list,
        .audit_trim = memory_audit_trim,
    };
    struct memory *memory = calloc(1, sizeof *memory);
    if (!memory) return NULL;
    memory->base.ops = &ops;
    return &memory->base;
}
