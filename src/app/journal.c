// SPDX-License-Identifier: Apache-2.0
// Two pages that take turns: one fills, the other is written.
#include "app/journal.h"

#include "app/aging.h"
#include "app/backlog.h"
#include "app/log.h"
#include "net/net.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>

enum {
    NICENESS = 5, // a quarter of what a worker gets beside it: enough for more than it can make
    PAGE_SIZE = 16 * 1024 * 1024, // touched only as far as it fills
    PAGE_ENTRIES_MAX = 65536,
    GATHER_NS = 200 * 1000 * 1000, // so that a transaction holds many entries
    GATHER_ENTRIES = 2048,         // or so many: a longer one takes the processor for too long
    SETTLE_NS = 500 * 1000 * 1000,
    TRIM_ENTRIES = 500, // a step's; some milliseconds
    TRIM_PAUSE_NS = 20 * 1000 * 1000,
    TRIM_DAYS_DEFAULT = 90,
};
#define TRIM_INTERVAL_NS (3600ULL * 1000 * 1000 * 1000)
#define DAY_US           (86400ULL * 1000 * 1000)

struct page {
    struct arena texts;
    struct model_journal_entry *entries;
    size_t count;
};

// How long the calls of a group are kept. Calls of groups that are gone have the default.
struct keeping {
    uint32_t group_id, days;
    char name[NAME_SIZE];
};

// A pass over the journal and the audit, under way or to come.
struct trimming {
    bool is_started; // under the mutex, like the limits and what is kept
    struct journal_limits limits;
    struct keeping *kept;
    size_t kept_count, kept_capacity;
    struct store_journal_trim step;
    struct aging aging; // whose time the pass goes by:
    uint64_t due_ns, now_us;
};

struct journal {
    struct trimming trimming;
    struct backlog backlog;
    struct store *store;
    uv_thread_t thread;
    uv_mutex_t mutex;
    uv_cond_t changed, written;
    struct page pages[2];
    int filling;
    bool is_ending, is_hurried; // hurried: somebody waits for what is there
    uint64_t added_count, written_count;
    uint64_t dropped_count;
};

static bool copy_texts(struct arena *arena, struct model_journal_entry *entry)
{
    struct span *texts[] = {&entry->group,   &entry->extension,   &entry->caller,
                            &entry->dialled, &entry->diverted_by, &entry->caller_display,
                            &entry->call_id, &entry->target,      &entry->trace,
                            &entry->device,  &entry->legs};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (!arena_copy(arena, *texts[i], texts[i])) return false;
    }
    return true;
}

void journal_add(struct journal *journal, const struct model_journal_entry *entry)
{
    uv_mutex_lock(&journal->mutex);
    struct page *page = &journal->pages[journal->filling];
    struct model_journal_entry copy = *entry;
    if (page->count < PAGE_ENTRIES_MAX && copy_texts(&page->texts, &copy)) {
        page->entries[page->count++] = copy;
        journal->added_count++;
        bool is_awaited = page->count == 1 || page->count == GATHER_ENTRIES;
        if (is_awaited) uv_cond_signal(&journal->changed);
    } else {
        journal->dropped_count++;
    }
    uv_mutex_unlock(&journal->mutex);
}

void journal_settle(struct journal *journal)
{
    uint64_t until_ns = uv_hrtime() + SETTLE_NS;
    uv_mutex_lock(&journal->mutex);
    uint64_t wanted = journal->added_count, now_ns;
    while (journal->written_count < wanted && (now_ns = uv_hrtime()) < until_ns) {
        journal->is_hurried = true;
        uv_cond_signal(&journal->changed);
        uv_cond_timedwait(&journal->written, &journal->mutex, until_ns - now_ns);
    }
    uv_mutex_unlock(&journal->mutex);
}

uint64_t journal_dropped_count(struct journal *journal)
{
    uv_mutex_lock(&journal->mutex);
    uint64_t count = journal->dropped_count;
    uv_mutex_unlock(&journal->mutex);
    return count;
}

// How long to wait for entries before the next step of a pass.
static uint64_t pause_ns(const struct journal *journal)
{
    const struct trimming *trimming = &journal->trimming;
    uint64_t now_ns = uv_hrtime(), due_ns = now_ns + TRIM_INTERVAL_NS;
    if (trimming->is_started) due_ns = trimming->due_ns;
    if (!journal->backlog.is_done && journal->backlog.due_ns < due_ns) {
        due_ns = journal->backlog.due_ns;
    }
    return due_ns > now_ns ? due_ns - now_ns : TRIM_PAUSE_NS;
}

// Waits for entries and gathers some; returns the page to be written, NULL when none came.
static struct page *next_page(struct journal *journal, bool *is_over)
{
    struct page *page = NULL;
    uv_mutex_lock(&journal->mutex);
    if (journal->pages[journal->filling].count == 0 && !journal->is_ending) {
        uv_cond_timedwait(&journal->changed, &journal->mutex, pause_ns(journal));
    }
    size_t count = journal->pages[journal->filling].count;
    bool has_entries = count > 0, is_full = count >= GATHER_ENTRIES;
    if (has_entries && !is_full && !journal->is_ending && !journal->is_hurried) {
        uv_cond_timedwait(&journal->changed, &journal->mutex, GATHER_NS);
    }
    *is_over = journal->is_ending && !has_entries;
    if (journal->pages[journal->filling].count > 0) {
        page = &journal->pages[journal->filling];
        journal->filling = 1 - journal->filling;
        journal->is_hurried = false;
    }
    uv_mutex_unlock(&journal->mutex);
    return page;
}

static void write_page(struct journal *journal, struct page *page)
{
    enum err err = store_journal_append(journal->store, page->entries, page->count);
    if (err != ERR_NONE) {
        struct log_line line;
        log_begin(&line, LOG_ERROR, "journal entries lost");
        log_number(&line, "count", page->count);
        log_text(&line, "cause", span_of(store_error(journal->store)));
        log_end(&line);
    }
    uv_mutex_lock(&journal->mutex);
    if (err != ERR_NONE) journal->dropped_count += page->count;
    journal->written_count += page->count;
    uv_cond_broadcast(&journal->written);
    uv_mutex_unlock(&journal->mutex);
    const char *notice = store_take_notice(journal->store);
    if (notice) {
        log_event(LOG_WARN, "journal file gone", "cause", span_of(notice));
        journal->backlog.is_done = false; // what stands there now may be of an earlier version
    }
    page->count = 0;
    arena_reset(&page->texts);
}

// ---- Retention

void journal_keep(struct journal *journal, uint32_t group_id, const struct model_group *group)
{
    struct trimming *trimming = &journal->trimming;
    size_t at = 0;
    uv_mutex_lock(&journal->mutex);
    while (at < trimming->kept_count && trimming->kept[at].group_id != group_id) at++;
    if (at == trimming->kept_capacity) {
        size_t capacity = 2 * trimming->kept_capacity + 16;
        struct keeping *kept = realloc(trimming->kept, capacity * sizeof *kept);
        trimming->is_started = trimming->is_started && kept; // rather too much than too little
        if (kept) trimming->kept = kept, trimming->kept_capacity = capacity;
    }
    if (at < trimming->kept_capacity) {
        trimming->kept[at] = (struct keeping){.group_id = group_id, .days = group->journal_days};
        memcpy(trimming->kept[at].name, group->name, NAME_SIZE);
        if (at == trimming->kept_count) trimming->kept_count++;
    }
    uv_mutex_unlock(&journal->mutex);
}

void journal_start_trimming(struct journal *journal, const struct journal_limits *limits)
{
    uv_mutex_lock(&journal->mutex);
    journal->trimming.limits = *limits;
    aging_load(&journal->trimming.aging, limits->data_dir, net_now_us());
    journal->trimming.is_started = true;
    uv_cond_signal(&journal->changed);
    uv_mutex_unlock(&journal->mutex);
}

// What is written when the journal ends, too: else whoever restarts often would keep all for ever.
static uint64_t follow_clock(struct trimming *trimming)
{
    uint64_t believed_us = aging_follow(&trimming->aging, net_now_us(), net_wall_us());
    aging_save(&trimming->aging);
    return believed_us;
}

static uint64_t keep_since_us(void *context, struct span group)
{
    struct journal *journal = context;
    const struct trimming *trimming = &journal->trimming;
    uint64_t days = TRIM_DAYS_DEFAULT;
    uv_mutex_lock(&journal->mutex);
    for (size_t i = 0; i < trimming->kept_count; i++) {
        if (!span_eq(span_of(trimming->kept[i].name), group)) continue;
        days = trimming->kept[i].days;
        break;
    }
    uv_mutex_unlock(&journal->mutex);
    return trimming->now_us > days * DAY_US ? trimming->now_us - days * DAY_US : 0;
}

static void fail_trimming(struct journal *journal)
{
    log_event(LOG_WARN, "old entries stay", "cause", span_of(store_error(journal->store)));
}

static void trim_audit(struct journal *journal, uint64_t days)
{
    uint32_t count = TRIM_ENTRIES;
    uint64_t now_us = journal->trimming.now_us;
    if (days == 0 || now_us < days * DAY_US) return;
    while (count == TRIM_ENTRIES) {
        enum err err = store_audit_trim(journal->store, now_us - days * DAY_US, TRIM_ENTRIES,
                                        &count);
        if (err == ERR_NONE) continue;
        fail_trimming(journal);
        return;
    }
}

// One step of the pass, when it is due.
static void trim(struct journal *journal)
{
    struct trimming *trimming = &journal->trimming;
    uv_mutex_lock(&journal->mutex);
    bool is_due = trimming->is_started && uv_hrtime() >= trimming->due_ns;
    struct journal_limits limits = trimming->limits;
    uv_mutex_unlock(&journal->mutex);
    if (!is_due) return;
    struct store_journal_trim *step = &trimming->step;
    bool is_first = step->next_id == 0;
    step->context = journal;
    step->keep_since_us = keep_since_us;
    step->bytes_max = limits.bytes_max;
    step->limit = TRIM_ENTRIES;
    uint64_t removed = step->removed_count;
    if (is_first) trimming->now_us = follow_clock(trimming);
    step->figures_since_hour = store_hour_of(trimming->now_us) - FIGURES_HOURS_MAX;
    enum err err = store_journal_trim(journal->store, step);
    if (err != ERR_NONE) fail_trimming(journal);
    // What was too big may still be: the pass ends when nothing more goes.
    bool goes_on = err == ERR_NONE && (step->next_id != 0 || step->removed_count > removed);
    if (goes_on) return;
    trim_audit(journal, limits.audit_days);
    step->next_id = 0;
    trimming->due_ns = uv_hrtime() + TRIM_INTERVAL_NS;
}

// Nobody waits for the journal, and its work comes in lumps: where processors are few, the workers
// go first (sched(7), setpriority(2): Linux has a priority for each thread).
static void give_way(void)
{
    struct sched_param none = {0};
    (void)pthread_setschedparam(pthread_self(), SCHED_BATCH, &none);
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS);
}

static void run(void *context)
{
    struct journal *journal = context;
    bool is_over = false;
    (void)pthread_setname_np(pthread_self(), "journal");
    give_way();
    while (!is_over) {
        struct page *page = next_page(journal, &is_over);
        if (page) write_page(journal, page);
        if (!is_over) trim(journal);
        if (!is_over) backlog_step(&journal->backlog, journal->store);
    }
    if (journal->trimming.is_started) follow_clock(&journal->trimming);
}

static bool page_init(struct page *page)
{
    void *texts = malloc(PAGE_SIZE);
    page->entries = calloc(PAGE_ENTRIES_MAX, sizeof page->entries[0]);
    page->texts = arena_over(texts, PAGE_SIZE);
    return texts && page->entries;
}

static void free_memory(struct journal *journal)
{
    for (int i = 0; i < 2; i++) {
        free(journal->pages[i].texts.at);
        free(journal->pages[i].entries);
    }
    free(journal->trimming.kept);
    free(journal);
}

struct journal *journal_new(struct store *store)
{
    struct journal *journal = calloc(1, sizeof *journal);
    if (!journal) return NULL;
    journal->store = store;
    if (!page_init(&journal->pages[0]) || !page_init(&journal->pages[1])) goto failed;
    if (uv_mutex_init(&journal->mutex) != 0) goto failed;
    if (uv_cond_init(&journal->changed) != 0) goto failed_changed;
    if (uv_cond_init(&journal->written) != 0) goto failed_written;
    if (uv_thread_create(&journal->thread, run, journal) != 0) goto failed_thread;
    return journal;
failed_thread:
    uv_cond_destroy(&journal->written);
failed_written:
    uv_cond_destroy(&journal->changed);
failed_changed:
    uv_mutex_destroy(&journal->mutex);
failed:
    free_memory(journal);
    return NULL;
}

void journal_free(struct journal *journal)
{
    if (!journal) return;
    uv_mutex_lock(&journal->mutex);
    journal->is_ending = true;
    uv_cond_signal(&journal->changed);
    uv_mutex_unlock(&journal->mutex);
    uv_thread_join(&journal->thread);
    uv_cond_destroy(&journal->written);
    uv_cond_destroy(&journal->changed);
    uv_mutex_destroy(&journal->mutex);
    free_memory(journal);
}
