// SPDX-License-Identifier: Apache-2.0
// Figures in SQLite: one row for each hour and group, written in the transaction of the entries
// that it counts, so that a request reads hours instead of calls (docs/storage.md "Figures").
#include "store/sqlite_int.h"

#include <stddef.h>

enum {
    PLACES_MAX = 32, // hours and groups of one batch that are added up before they are written
    FIGURES_BYTES_MAX = (int)(sizeof(struct model_figures) / sizeof(uint64_t) + 5) *
                        SQLITE_NUMBER_MAX,
};

// ---- Figures as bytes: each kind's number of counts, and the counts

struct kind {
    size_t offset;
    unsigned count;
};

#define AT(member) offsetof(struct model_figures, member)
static const struct kind kinds[] = {
    {AT(outcomes), FIGURE_OUTCOMES},
    {AT(conditions), FIGURE_CONDITIONS},
    {AT(executeds), FIGURE_EXECUTEDS},
    {AT(classes), FIGURE_CLASSES},
    {AT(loops), 1},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static void put_figures(struct buffer *out, const struct model_figures *figures)
{
    for (size_t i = 0; i < KINDS; i++) {
        const uint64_t *counts = (const uint64_t *)((const char *)figures + kinds[i].offset);
        sqlite_put_number(out, kinds[i].count);
        for (unsigned j = 0; j < kinds[i].count; j++) sqlite_put_number(out, counts[j]);
    }
}

// Adds what the bytes say; what an older version did not count is 0. False when they are damaged.
static bool add_figures(struct span bytes, struct model_figures *sum)
{
    struct model_figures read = {.loops = 0};
    for (size_t i = 0; i < KINDS && bytes.len > 0; i++) {
        uint64_t *counts = (uint64_t *)((char *)&read + kinds[i].offset);
        uint64_t count;
        if (!sqlite_take_number(&bytes, kinds[i].count, &count)) return false;
        for (uint64_t j = 0; j < count; j++) {
            if (!sqlite_take_number(&bytes, UINT64_MAX, &counts[j])) return false;
        }
    }
    model_figures_add(sum, &read);
    return true;
}

// ---- Statements

static sqlite3_stmt *take(struct sqlite_store *store, enum figures_form form)
{
    static const char *const texts[FIGURES_FORM_END] = {
        [FIGURES_GET] = "SELECT figures FROM figures WHERE hour=?1 AND \"group\"=?2",
        [FIGURES_PUT] = "INSERT INTO figures VALUES(?1, ?2, ?3)"
                        " ON CONFLICT DO UPDATE SET figures=excluded.figures",
        [FIGURES_LIST] = "SELECT hour, figures FROM figures"
                         " WHERE hour>=?1 AND hour<?2 AND (?3='' OR \"group\"=?3)",
        [FIGURES_HOURS] = "SELECT hour, \"group\" FROM figures",
        [FIGURES_REMOVE] = "DELETE FROM figures WHERE hour=?1 AND \"group\"=?2",
        [FIGURES_UNCOUNTED] = "SELECT before_id FROM uncounted",
        [FIGURES_NEXT] = "SELECT id, entry FROM journal WHERE id<?1 ORDER BY id DESC LIMIT ?2",
        [FIGURES_MOVE] = "UPDATE uncounted SET before_id=?1",
    };
    return sqlite_take(store, &store->journal, &store->figures_statements[form], texts[form]);
}

static void give(struct sqlite_store *store, enum figures_form form, sqlite3_stmt *statement)
{
    sqlite_give(&store->figures_statements[form], statement);
}

static bool bind_hour(sqlite3_stmt *statement, uint32_t hour, struct span group)
{
    return sqlite3_bind_int64(statement, 1, hour) == SQLITE_OK &&
           sqlite3_bind_text(statement, 2, group.at ? group.at : "", (int)group.len,
                             SQLITE_STATIC) == SQLITE_OK;
}

static struct span bytes_at(sqlite3_stmt *statement, int column)
{
    return (struct span){sqlite3_column_blob(statement, column),
                         (size_t)sqlite3_column_bytes(statement, column)};
}

// ---- Adding up

struct place {
    uint32_t hour;
    char group[NAME_SIZE];
    struct model_figures figures;
};

// What is added up of one batch before it is written.
struct tally {
    struct place places[PLACES_MAX];
    size_t count, last; // last: the one that was used last
};

// Adds what is stored; what is damaged there begins anew, so that no entry is lost for it.
static enum err add_stored(struct sqlite_store *store, const struct place *place,
                           struct model_figures *sum)
{
    sqlite3_stmt *statement = take(store, FIGURES_GET);
    if (!statement) return store->base.problem.err;
    int code = SQLITE_ERROR;
    if (bind_hour(statement, place->hour, span_of(place->group))) code = sqlite3_step(statement);
    if (code == SQLITE_ROW) (void)add_figures(bytes_at(statement, 0), sum);
    bool is_read = code == SQLITE_ROW || code == SQLITE_DONE;
    enum err err = is_read ? ERR_NONE : sqlite_fail(store, &store->journal);
    give(store, FIGURES_GET, statement);
    return err;
}

static enum err write_place(struct sqlite_store *store, const struct place *place)
{
    char bytes[FIGURES_BYTES_MAX];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    struct model_figures sum = place->figures;
    enum err err = add_stored(store, place, &sum);
    if (err != ERR_NONE) return err;
    put_figures(&out, &sum);
    ASSERT(!out.is_full);
    sqlite3_stmt *statement = take(store, FIGURES_PUT);
    if (!statement) return store->base.problem.err;
    bool is_done = bind_hour(statement, place->hour, span_of(place->group)) &&
                   sqlite3_bind_blob(statement, 3, bytes, (int)out.len, SQLITE_STATIC) ==
                       SQLITE_OK &&
                   sqlite3_step(statement) == SQLITE_DONE;
    if (!is_done) err = sqlite_fail(store, &store->journal);
    give(store, FIGURES_PUT, statement);
    return err;
}

static enum err write_tally(struct sqlite_store *store, struct tally *tally)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; i < tally->count && err == ERR_NONE; i++) {
        err = write_place(store, &tally->places[i]);
    }
    tally->count = tally->last = 0;
    return err;
}

static bool is_of(const struct place *place, uint32_t hour, struct span group)
{
    return place->hour == hour && span_eq(span_of(place->group), group);
}

// Counts an entry. Where there is no place for its hour and group, all others are written first.
static enum err add_entry(struct sqlite_store *store, struct tally *tally,
                          const struct model_journal_entry *entry)
{
    uint32_t hour = store_hour_of(entry->started_us);
    size_t at = tally->last;
    if (at >= tally->count || !is_of(&tally->places[at], hour, entry->group)) {
        for (at = 0; at < tally->count; at++) {
            if (is_of(&tally->places[at], hour, entry->group)) break;
        }
    }
    if (at == PLACES_MAX) {
        enum err err = write_tally(store, tally);
        if (err != ERR_NONE) return err;
        at = 0;
    }
    struct place *place = &tally->places[at];
    if (at == tally->count) {
        *place = (struct place){.hour = hour};
        if (!text_copy(place->group, NAME_SIZE, entry->group)) return ERR_NONE; // of no group
        tally->count++;
    }
    model_figures_count(&place->figures, entry);
    tally->last = at;
    return ERR_NONE;
}

enum err sqlite_figures_append(struct sqlite_store *store,
                               const struct model_journal_entry *entries, size_t count)
{
    struct tally tally;
    enum err err = ERR_NONE;
    tally.count = tally.last = 0;
    for (size_t i = 0; i < count && err == ERR_NONE; i++) {
        err = add_entry(store, &tally, &entries[i]);
    }
    return err == ERR_NONE ? write_tally(store, &tally) : err;
}

// ---- What an earlier version wrote

// Where the entries end that are not counted; 0: all are.
static enum err read_uncounted(struct sqlite_store *store, uint64_t *before_id)
{
    sqlite3_stmt *statement = take(store, FIGURES_UNCOUNTED);
    if (!statement) return store->base.problem.err;
    enum err err = ERR_NONE;
    int code = sqlite3_step(statement);
    *before_id = code == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(statement, 0) : 0;
    if (code != SQLITE_ROW && code != SQLITE_DONE) err = sqlite_fail(store, &store->journal);
    give(store, FIGURES_UNCOUNTED, statement);
    return err;
}

// Counts the next entries; `*before_id` moves on, to 0 behind the last. What is damaged is none.
static enum err count_next(struct sqlite_store *store, struct store_figures_counting *counting,
                           uint64_t *before_id)
{
    struct tally tally;
    sqlite3_stmt *statement = take(store, FIGURES_NEXT);
    if (!statement) return store->base.problem.err;
    tally.count = tally.last = 0;
    bool is_bound = sqlite3_bind_int64(statement, 1, (int64_t)*before_id) == SQLITE_OK &&
                    sqlite3_bind_int64(statement, 2, counting->limit) == SQLITE_OK;
    int code = SQLITE_ERROR;
    uint32_t seen = 0;
    enum err err = ERR_NONE;
    while (is_bound && err == ERR_NONE && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        struct model_journal_entry entry;
        *before_id = (uint64_t)sqlite3_column_int64(statement, 0);
        seen++;
        if (!sqlite_read_entry(bytes_at(statement, 1), &entry)) continue;
        if (store_hour_of(entry.ended_us) < counting->since_hour) break;
        if (store_hour_of(entry.started_us) < counting->since_hour) continue;
        counting->complete(counting->context, &entry);
        err = add_entry(store, &tally, &entry);
    }
    if (code != SQLITE_ROW && code != SQLITE_DONE) err = sqlite_fail(store, &store->journal);
    if (code == SQLITE_ROW || seen < counting->limit) *before_id = 0;
    give(store, FIGURES_NEXT, statement);
    return err == ERR_NONE ? write_tally(store, &tally) : err;
}

static enum err move_on(struct sqlite_store *store, uint64_t before_id)
{
    if (before_id == 0) return sqlite_run(store, &store->journal, "DELETE FROM uncounted");
    sqlite3_stmt *statement = take(store, FIGURES_MOVE);
    if (!statement) return store->base.problem.err;
    bool is_done = sqlite3_bind_int64(statement, 1, (int64_t)before_id) == SQLITE_OK &&
                   sqlite3_step(statement) == SQLITE_DONE;
    enum err err = is_done ? ERR_NONE : sqlite_fail(store, &store->journal);
    give(store, FIGURES_MOVE, statement);
    return err;
}

enum err sqlite_figures_count(struct store *base, struct store_figures_counting *counting)
{
    struct sqlite_store *store = sqlite_of(base);
    uint64_t before_id = 0;
    sqlite_follow_journal(store);
    enum err err = read_uncounted(store, &before_id);
    counting->is_done = err == ERR_NONE && before_id == 0;
    if (err != ERR_NONE || counting->is_done) return err;
    err = sqlite_run(store, &store->journal, "BEGIN IMMEDIATE");
    if (err == ERR_NONE) err = count_next(store, counting, &before_id);
    if (err == ERR_NONE) err = move_on(store, before_id);
    err = sqlite_journal_end(store, err);
    counting->is_done = err == ERR_NONE && before_id == 0;
    return err;
}

// ---- Listing

static enum err visit_hours(struct sqlite_store *store, sqlite3_stmt *statement,
                            store_figures_visit *visit, void *context)
{
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        struct model_figures figures = {.loops = 0};
        uint32_t hour = (uint32_t)sqlite3_column_int64(statement, 0);
        if (!add_figures(bytes_at(statement, 1), &figures)) {
            return store_fail(&store->base, ERR_CORRUPT, "%s: figures of hour %u are damaged",
                              store->journal.file, hour);
        }
        visit(context, hour, &figures);
    }
    return code == SQLITE_DONE ? ERR_NONE : sqlite_fail(store, &store->journal);
}

enum err sqlite_figures_list(struct store *base, struct store_figures_query *query,
                             store_figures_visit *visit, void *context)
{
    struct sqlite_store *store = sqlite_of(base);
    const char *group = query->group ? query->group : "";
    uint64_t before_id = 0;
    sqlite_follow_journal(store);
    enum err err = read_uncounted(store, &before_id);
    if (err != ERR_NONE) return err;
    query->is_complete = before_id == 0;
    sqlite3_stmt *statement = take(store, FIGURES_LIST);
    if (!statement) return base->problem.err;
    bool is_bound = sqlite3_bind_int64(statement, 1, query->since_hour) == SQLITE_OK &&
                    sqlite3_bind_int64(statement, 2, query->end_hour) == SQLITE_OK &&
                    sqlite3_bind_text(statement, 3, group, -1, SQLITE_STATIC) == SQLITE_OK;
    err = is_bound ? visit_hours(store, statement, visit, context)
                   : sqlite_fail(store, &store->journal);
    give(store, FIGURES_LIST, statement);
    return err;
}

// ---- Retention

static bool is_over(const struct store_journal_trim *trim, uint32_t hour, struct span group)
{
    uint64_t end_us = ((uint64_t)hour + 1) * 3600 * 1000000;
    return hour < trim->figures_since_hour || end_us <= trim->keep_since_us(trim->context, group);
}

static enum err remove_hour(struct sqlite_store *store, uint32_t hour, struct span group)
{
    sqlite3_stmt *statement = take(store, FIGURES_REMOVE);
    if (!statement) return store->base.problem.err;
    bool is_done = bind_hour(statement, hour, group) && sqlite3_step(statement) == SQLITE_DONE;
    enum err err = is_done ? ERR_NONE : sqlite_fail(store, &store->journal);
    give(store, FIGURES_REMOVE, statement);
    return err;
}

// The row that a listing stands at may be removed beneath it (sqlite.org/isolation.html).
static enum err remove_hours(struct sqlite_store *store, const struct store_journal_trim *trim)
{
    sqlite3_stmt *statement = take(store, FIGURES_HOURS);
    if (!statement) return store->base.problem.err;
    enum err err = ERR_NONE;
    int code = SQLITE_DONE;
    while (err == ERR_NONE && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        char group[NAME_SIZE];
        uint32_t hour = (uint32_t)sqlite3_column_int64(statement, 0);
        bool is_ours = text_copy(group, sizeof group, bytes_at(statement, 1));
        if (is_ours && is_over(trim, hour, span_of(group))) {
            err = remove_hour(store, hour, span_of(group));
        }
    }
    if (err == ERR_NONE && code != SQLITE_DONE) err = sqlite_fail(store, &store->journal);
    give(store, FIGURES_HOURS, statement);
    return err;
}

enum err sqlite_figures_trim(struct sqlite_store *store, const struct store_journal_trim *trim)
{
    enum err err = sqlite_run(store, &store->journal, "BEGIN IMMEDIATE");
    if (err == ERR_NONE) err = remove_hours(store, trim);
    return sqlite_journal_end(store, err);
}
