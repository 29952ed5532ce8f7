// SPDX-License-Identifier: Apache-2.0
// logfmt on stderr.
#include "app/log.h"

#include <time.h>
#include <unistd.h>

static const char *const level_names[] = {"info", "warn", "error"};

static void put_time(struct buffer *out)
{
    struct timespec now;
    struct tm utc;
    char text[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    buffer_printf(out, "time=%s.%03ldZ", text, now.tv_nsec / 1000000);
}

void log_begin(struct log_line *line, enum log_level level, const char *what)
{
    line->out = buffer_over(line->bytes, sizeof line->bytes - 1); // room for the line's end
    put_time(&line->out);
    buffer_printf(&line->out, " level=%s", level_names[level]);
    log_text(line, "msg", span_of(what));
}

static bool is_plain(struct span value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char byte = (unsigned char)value.at[i];
        if (byte <= ' ' || byte >= 0x7f || byte == '"' || byte == '=' || byte == '\\') return false;
    }
    return value.len > 0;
}

static void put_quoted(struct buffer *out, struct span value)
{
    buffer_put_byte(out, '"');
    for (size_t i = 0; i < value.len; i++) {
        unsigned char byte = (unsigned char)value.at[i];
        if (byte < ' ' || byte == 0x7f) {
            buffer_printf(out, "\\x%02x", byte);
        } else {
            if (byte == '"' || byte == '\\') buffer_put_byte(out, '\\');
            buffer_put_byte(out, (char)byte);
        }
    }
    buffer_put_byte(out, '"');
}

void log_text(struct log_line *line, const char *key, struct span value)
{
    enum { SHOWN_MAX = 300 };
    value = span_slice(value, 0, SHOWN_MAX);
    buffer_printf(&line->out, " %s=", key);
    if (is_plain(value)) {
        buffer_put(&line->out, value);
    } else {
        put_quoted(&line->out, value);
    }
}

void log_number(struct log_line *line, const char *key, uint64_t value)
{
    buffer_printf(&line->out, " %s=%llu", key, (unsigned long long)value);
}

void log_address(struct log_line *line, const char *key, const struct address *value)
{
    char bytes[64];
    struct buffer text = buffer_over(bytes, sizeof bytes);
    address_print(&text, value);
    log_text(line, key, buffer_span(&text));
}

void log_end(struct log_line *line)
{
    line->bytes[line->out.len] = '\n';
    ssize_t written = write(STDERR_FILENO, line->bytes, line->out.len + 1);
    (void)written; // nobody is left to tell
}

bool log_begin_limited(struct log_line *line, enum log_cause cause, enum log_level level,
                       const char *what)
{
    static struct {
        time_t second;
        unsigned written, left_out;
    } limits[LOG_CAUSE_COUNT];
    time_t now = time(NULL);
    if (limits[cause].second != now) {
        limits[cause].second = now;
        limits[cause].written = 0;
    }
    if (limits[cause].written++ >= LOG_PER_SECOND_MAX) {
        limits[cause].left_out++;
        return false;
    }
    log_begin(line, level, what);
    if (limits[cause].left_out > 0) log_number(line, "left_out", limits[cause].left_out);
    limits[cause].left_out = 0;
    return true;
}

void log_event(enum log_level level, const char *what, const char *key, struct span value)
{
    struct log_line line;
    log_begin(&line, level, what);
    log_text(&line, key, value);
    log_end(&line);
}
