// SPDX-License-Identifier: Apache-2.0
// Changes of registrations, added up by group and window of time.
#include "app/line_log.h"

#include <stdlib.h>

enum { WINDOW_US = LINE_LOG_WINDOW_S * 1000000 };

// What a group's lines have done in its window.
struct group_window {
    uint32_t group_id; // 0: a free place
    uint64_t ends_us;
    uint32_t singles[2]; // told by themselves: mended ones, and those in trouble
    uint32_t counts[REGISTRATION_STATE_COUNT]; // not told yet
    char group[NAME_SIZE];
    char reason[REGISTRATION_REASON_SIZE]; // of the last trouble among them
};

struct line_log {
    uint32_t place_count;
    uint64_t next_us;          // when the next window ends
    struct group_window *last; // used last: most changes follow one of the same group
    struct group_window places[];
};

struct line_log *line_log_new(uint32_t groups_max)
{
    struct line_log *log = calloc(1, sizeof *log + groups_max * sizeof log->places[0]);
    if (!log) return NULL;
    log->place_count = groups_max;
    log->next_us = UINT64_MAX;
    return log;
}

void line_log_free(struct line_log *log)
{
    free(log);
}

static bool is_trouble(unsigned state)
{
    return state == REGISTRATION_REFUSED || state == REGISTRATION_UNREACHABLE;
}

static struct group_window *find(struct line_log *log, uint32_t group_id)
{
    for (uint32_t i = 0; i < log->place_count; i++) {
        if (log->places[i].group_id == group_id) return &log->places[i];
    }
    return NULL;
}

// The group's window, a new one where it has none. NULL: no room.
static struct group_window *window_of(struct line_log *log, const struct line_change *change,
                                      uint64_t now_us)
{
    if (log->last && log->last->group_id == change->group_id) return log->last;
    struct group_window *window = find(log, change->group_id);
    if (!window && (window = find(log, 0)) != NULL) {
        *window = (struct group_window){.group_id = change->group_id,
                                        .ends_us = now_us + WINDOW_US};
        text_copy(window->group, sizeof window->group, span_of(change->group));
        if (window->ends_us < log->next_us) log->next_us = window->ends_us;
    }
    log->last = window;
    return window;
}

// ---- Telling

static void tell(const struct line_change *change)
{
    const struct model_registration *now = change->now;
    struct log_line line;
    log_begin(&line, is_trouble(now->state) ? LOG_WARN : LOG_INFO, "line registration changed");
    log_text(&line, "group", span_of(change->group));
    log_number(&line, "line_id", now->line_id);
    log_text(&line, "state", span_of(model_name(&model_registration_states, now->state)));
    if (now->status) log_number(&line, "status", now->status);
    if (now->reason[0]) log_text(&line, "reason", span_of(now->reason));
    log_end(&line);
}

static uint32_t untold(const struct group_window *window)
{
    uint32_t sum = 0;
    for (unsigned i = 0; i < REGISTRATION_STATE_COUNT; i++) sum += window->counts[i];
    return sum;
}

static uint32_t untold_trouble(const struct group_window *window)
{
    return window->counts[REGISTRATION_REFUSED] + window->counts[REGISTRATION_UNREACHABLE];
}

static void tell_counts(const struct group_window *window)
{
    bool is_bad = untold_trouble(window) > 0;
    struct log_line line;
    log_begin(&line, is_bad ? LOG_WARN : LOG_INFO, "registrations of many lines changed");
    log_text(&line, "group", span_of(window->group));
    for (unsigned i = 0; i < REGISTRATION_STATE_COUNT; i++) {
        if (window->counts[i] == 0) continue;
        log_number(&line, model_name(&model_registration_states, i), window->counts[i]);
    }
    if (window->reason[0]) log_text(&line, "reason", span_of(window->reason));
    log_end(&line);
}

void line_log_note(struct line_log *log, const struct line_change *change, uint64_t now_us)
{
    line_log_tick(log, now_us);
    struct group_window *window = window_of(log, change, now_us);
    bool is_bad = is_trouble(change->now->state);
    if (!window || window->singles[is_bad] < LINE_LOG_SINGLE_MAX) {
        tell(change);
        if (window) window->singles[is_bad]++;
        return;
    }
    window->counts[change->now->state]++;
    if (is_bad) text_copy(window->reason, sizeof window->reason, span_of(change->now->reason));
}

// ---- Time

// After a crowd the next window has no singles of its kind: what follows it belongs to it. Trouble
// that comes after a crowd of good news is told at once.
static void end_window(struct group_window *window, uint64_t now_us)
{
    if (untold(window) == 0) {
        window->group_id = 0;
        return;
    }
    tell_counts(window);
    uint32_t trouble = untold_trouble(window);
    window->ends_us = now_us + WINDOW_US;
    window->singles[true] = trouble > 0 ? LINE_LOG_SINGLE_MAX : 0;
    window->singles[false] = untold(window) > trouble ? LINE_LOG_SINGLE_MAX : 0;
    window->reason[0] = '\0';
    for (unsigned i = 0; i < REGISTRATION_STATE_COUNT; i++) window->counts[i] = 0;
}

uint64_t line_log_deadline_us(const struct line_log *log)
{
    return log->next_us;
}

void line_log_tick(struct line_log *log, uint64_t now_us)
{
    if (now_us < log->next_us) return;
    log->next_us = UINT64_MAX;
    for (uint32_t i = 0; i < log->place_count; i++) {
        struct group_window *window = &log->places[i];
        if (window->group_id != 0 && now_us >= window->ends_us) end_window(window, now_us);
        if (window->group_id != 0 && window->ends_us < log->next_us) log->next_us = window->ends_us;
    }
}
