// SPDX-License-Identifier: Apache-2.0
// logfmt or JSON on stderr.
#include "app/log.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

static const char *const level_names[] = {"info", "warn", "error"};
static bool is_json; // set once, before there are threads

void log_set_format(enum log_format format)
{
    is_json = format == LOG_JSON;
}

// ---- Values

// The first character of what strangers may have written: its bytes, or 0 where it would steer a
// terminal or is no UTF-8, and thus is shown by its code.
static size_t plain_len(struct span text)
{
    unsigned char first = (unsigned char)text.at[0];
    size_t len = utf8_len(text);
    bool is_c1 = len == 2 && first == 0xc2 && (unsigned char)text.at[1] < 0xa0;
    return first < ' ' || first == 0x7f || is_c1 ? 0 : len;
}

static void put_quoted(struct buffer *out, struct span value)
{
    const char *code = is_json ? "\\u00%02x" : "\\x%02x";
    buffer_put_byte(out, '"');
    while (value.len > 0) {
        size_t len = plain_len(value);
        if (len == 0) {
            buffer_printf(out, code, (unsigned char)value.at[0]);
            len = 1;
        } else {
            if (value.at[0] == '"' || value.at[0] == '\\') buffer_put_byte(out, '\\');
            buffer_put(out, span_slice(value, 0, len));
        }
        value = span_from(value, len);
    }
    buffer_put_byte(out, '"');
}

static bool is_word(struct span value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char byte = (unsigned char)value.at[i];
        if (byte <= ' ' || byte >= 0x7f || byte == '"' || byte == '=' || byte == '\\') return false;
    }
    return value.len > 0;
}

static void put_key(struct buffer *out, const char *key)
{
    bool is_first = out->len == 0;
    if (is_json) {
        buffer_printf(out, "%s\"%s\":", is_first ? "{" : ",", key);
    } else {
        buffer_printf(out, "%s%s=", is_first ? "" : " ", key);
    }
}

void log_text(struct log_line *line, const char *key, struct span value)
{
    enum { SHOWN_MAX = 300 };
    value = span_slice(value, 0, SHOWN_MAX);
    struct buffer before = line->out;
    put_key(&line->out, key);
    if (!is_json && is_word(value)) {
        buffer_put(&line->out, value);
    } else {
        put_quoted(&line->out, value);
    }
    if (line->out.is_full) line->out = before; // all of it, or none: the line stays readable
}

void log_number(struct log_line *line, const char *key, uint64_t value)
{
    struct buffer before = line->out;
    put_key(&line->out, key);
    buffer_printf(&line->out, "%llu", (unsigned long long)value);
    if (line->out.is_full) line->out = before;
}

void log_address(struct log_line *line, const char *key, const struct address *value)
{
    char bytes[64];
    struct buffer text = buffer_over(bytes, sizeof bytes);
    address_print(&text, value);
    log_text(line, key, buffer_span(&text));
}

// ---- Lines

static void put_time(struct log_line *line)
{
    struct timespec now;
    char text[TIME_TEXT_SIZE];
    struct buffer out = buffer_over(text, sizeof text);
    clock_gettime(CLOCK_REALTIME, &now);
    civil_put_time_ms(&out, (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
    log_text(line, "time", buffer_span(&out));
}

void log_begin(struct log_line *line, enum log_level level, const char *what)
{
    line->out = buffer_over(line->bytes, sizeof line->bytes - 2); // room for the line's end
    put_time(line);
    log_text(line, "level", span_of(level_names[level]));
    log_text(line, "msg", span_of(what));
}

void log_end(struct log_line *line)
{
    size_t len = line->out.len;
    if (is_json) line->bytes[len++] = '}';
    line->bytes[len++] = '\n';
    ssize_t written = write(STDERR_FILENO, line->bytes, len);
    (void)written; // nobody is left to tell
}

bool log_begin_limited(struct log_line *line, enum log_cause cause, enum log_level level,
                       const char *what)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static struct {
        time_t second;
        unsigned written, left_out;
    } limits[LOG_CAUSE_COUNT];
    time_t now = time(NULL);
    unsigned left_out = 0;
    pthread_mutex_lock(&mutex);
    if (limits[cause].second != now) {
        limits[cause].second = now;
        limits[cause].written = 0;
    }
    bool is_written = limits[cause].written++ < LOG_PER_SECOND_MAX;
    if (is_written) left_out = limits[cause].left_out;
    limits[cause].left_out = is_written ? 0 : limits[cause].left_out + 1;
    pthread_mutex_unlock(&mutex);
    if (!is_written) return false;
    log_begin(line, level, what);
    if (left_out > 0) log_number(line, "left_out", left_out);
    return true;
}

void log_event(enum log_level level, const char *what, const char *key, struct span value)
{
    struct log_line line;
    log_begin(&line, level, what);
    log_text(&line, key, value);
    log_end(&line);
}
