// SPDX-License-Identifier: Apache-2.0
// The log: one line per event on stderr, logfmt or JSON. What strangers wrote cannot steer a
// terminal or end a line: control characters, quotes and what is no UTF-8 are escaped. Secrets are
// never given to it. Safe from any thread.
#pragma once

#include "base/base.h"

enum log_format { LOG_LOGFMT, LOG_JSON };
// For all lines from now on; before other threads are started.
void log_set_format(enum log_format format);

enum log_level { LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_line {
    struct buffer out;
    char bytes[1024];
};

// Begins a line: time, level and what happened, in a few fixed words ("line refused").
void log_begin(struct log_line *line, enum log_level level, const char *what);
// Adds a value; left out where the line has no room for it.
void log_text(struct log_line *line, const char *key, struct span value);
void log_number(struct log_line *line, const char *key, uint64_t value);
void log_address(struct log_line *line, const char *key, const struct address *value);
// Writes the line.
void log_end(struct log_line *line);

// Causes that may come in floods: at most LOG_PER_SECOND_MAX lines a second each; the next line
// tells how many were left out.
enum log_cause {
    LOG_PBX_TROUBLE,
    LOG_EFFECTS_LOST,
    LOG_USES_LOST,
    LOG_CAUSE_COUNT,
};
enum { LOG_PER_SECOND_MAX = 20 };
// log_begin for such a cause; false: leave this line out. For the engine's thread only.
bool log_begin_limited(struct log_line *line, enum log_cause cause, enum log_level level,
                       const char *what);

// A whole line with one text, for the many cases that need no more.
void log_event(enum log_level level, const char *what, const char *key, struct span value);
