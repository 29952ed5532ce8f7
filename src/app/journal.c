// SPDX-License-Identifier: Apache-2.0
// Two pages that take turns: one fills, the other is written.
#include "app/journal.h"

#include "app/log.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum {
    PAGE_SIZE = 16 * 1024 * 1024, // touched only as far as it fills
    PAGE_ENTRIES_MAX = 65536,
    GATHER_NS = 200 * 1000 * 1000, // so that a transaction holds many entries
};

struct page {
    struct arena texts;
    struct model_journal_entry *entries;
    size_t count;
};

struct journal {
    struct store *store;
    uv_thread_t thread;
    uv_mutex_t mutex;
    uv_cond_t changed;
    struct page pages[2];
    int filling;
    bool is_ending;
    uint64_t dropped_count;
};

static bool copy_texts(struct arena *arena, struct model_journal_entry *entry)
{
    struct span *texts[] = {&entry->group,   &entry->extension,   &entry->caller,
                            &entry->dialled, &entry->diverted_by, &entry->caller_display,
                            &entry->call_id, &entry->target,      &entry->trace};
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
        if (page->count == 1) uv_cond_signal(&journal->changed);
    } else {
        journal->dropped_count++;
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

// Waits for entries and gathers some; returns the page to be written, NULL at the end.
static struct page *next_page(struct journal *journal)
{
    struct page *page = NULL;
    uv_mutex_lock(&journal->mutex);
    while (journal->pages[journal->filling].count == 0 && !journal->is_ending) {
        uv_cond_wait(&journal->changed, &journal->mutex);
    }
    if (!journal->is_ending) uv_cond_timedwait(&journal->changed, &journal->mutex, GATHER_NS);
    if (journal->pages[journal->filling].count > 0) {
        page = &journal->pages[journal->filling];
        journal->filling = 1 - journal->filling;
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
        uv_mutex_lock(&journal->mutex);
        journal->dropped_count += page->count;
        uv_mutex_unlock(&journal->mutex);
    }
    page->count = 0;
    arena_reset(&page->texts);
}

static void run(void *context)
{
    struct journal *journal = context;
    struct page *page;
    while ((page = next_page(journal)) != NULL) write_page(journal, page);
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
    free(journal);
}

struct journal *journal_new(struct store *store)
{
    struct journal *journal = calloc(1, sizeof *journal);
    if (!journal) return NULL;
    journal->store = store;
    if (!page_init(&journal->pages[0]) || !page_init(&journal->pages[1])) goto failed;
    if (uv_mutex_init(&journal->mutex) != 0) goto failed;
    if (uv_cond_init(&journal->changed) != 0) goto failed_cond;
    if (uv_thread_create(&journal->thread, run, journal) != 0) goto failed_thread;
    return journal;
failed_thread:
    uv_cond_destroy(&journal->changed);
failed_cond:
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
    uv_cond_destroy(&journal->changed);
    uv_mutex_destroy(&journal->mutex);
    free_memory(journal);
}
