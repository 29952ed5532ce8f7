// SPDX-License-Identifier: Apache-2.0
// How lines' registrations change, for the log: each change by itself while they are few; where
// many lines of a group change, as at a start or when its PBX is lost, a line of the log every
// LINE_LOG_WINDOW_S seconds that says how many.
#pragma once

#include "app/log.h"
#include "model/model.h"

enum {
    LINE_LOG_WINDOW_S = 10,
    LINE_LOG_SINGLE_MAX = 5, // in a window; of trouble, and of lines that are registered again
};

struct line_log;

// Room for so many groups. NULL: no memory.
struct line_log *line_log_new(uint32_t groups_max) WARN_UNUSED;
void line_log_free(struct line_log *log);

struct line_change {
    uint32_t group_id;
    const char *group; // its name
    const struct model_registration *now;
};
// A line is in a state that is worth a word, and was in another one before. All is borrowed.
void line_log_note(struct line_log *log, const struct line_change *change, uint64_t now_us);
// When line_log_tick must be called next, on the monotonic clock; UINT64_MAX: when nothing is left
// to be said.
uint64_t line_log_deadline_us(const struct line_log *log);
void line_log_tick(struct line_log *log, uint64_t now_us);
