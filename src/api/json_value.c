// SPDX-License-Identifier: Apache-2.0
// Single values as JSON. Texts from calls are whatever strangers sent; JSON is always UTF-8 (RFC
// 8259 section 8.1, RFC 3629 section 4, RFC 3339 section 5.6).
#include "api/api_int.h"

#include <stdlib.h>
#include <time.h>

static void put_repaired(struct buffer *out, struct span text)
{
    while (text.len > 0) {
        size_t len = utf8_len(text);
        if (len == 0 || text.at[0] == '\0') {
            buffer_put_text(out, "\xef\xbf\xbd"); // U+FFFD
            len = 1;
        } else {
            buffer_put(out, span_slice(text, 0, len));
        }
        text = span_from(text, len);
    }
}

json_t *api_json_text(struct span text)
{
    size_t size = text.len * 3 + 1;
    char *bytes = malloc(size);
    if (!bytes) return NULL;
    struct buffer out = buffer_over(bytes, size);
    put_repaired(&out, text);
    json_t *string = json_stringn(out.at, out.len);
    free(bytes);
    return string;
}

json_t *api_json_time(uint64_t wall_us, bool has_ms)
{
    char text[64];
    struct tm utc;
    time_t seconds = (time_t)(wall_us / 1000000);
    if (!gmtime_r(&seconds, &utc)) return json_null();
    size_t len = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    struct buffer out = buffer_over(text + len, sizeof text - len);
    if (has_ms) buffer_printf(&out, ".%03u", (unsigned)(wall_us / 1000 % 1000));
    buffer_put_byte(&out, 'Z');
    return json_stringn(text, len + out.len);
}

// The offset from UTC that a time ends with, in seconds; false when it is none.
static bool read_offset(struct span text, int *seconds)
{
    uint64_t hours, minutes;
    *seconds = 0;
    if (span_eq_nocase(text, SPAN("Z"))) return true;
    if (text.len != 6 || (text.at[0] != '+' && text.at[0] != '-') || text.at[3] != ':') {
        return false;
    }
    if (!span_to_u64(span_slice(text, 1, 3), 23, &hours)) return false;
    if (!span_to_u64(span_slice(text, 4, 6), 59, &minutes)) return false;
    *seconds = (int)(hours * 3600 + minutes * 60);
    if (text.at[0] == '-') *seconds = -*seconds;
    return true;
}

// Takes the fraction of a second off the front of `rest`, if there is one.
static uint64_t take_fraction_us(struct span *rest)
{
    uint64_t us = 0, unit = 1000000;
    if (rest->len == 0 || rest->at[0] != '.') return 0;
    *rest = span_from(*rest, 1);
    while (rest->len > 0 && ascii_is_digit(rest->at[0])) {
        unit /= 10;
        us += (uint64_t)(rest->at[0] - '0') * unit;
        *rest = span_from(*rest, 1);
    }
    return us;
}

bool api_read_time(struct span text, uint64_t *wall_us)
{
    char bytes[40];
    struct tm utc = {0};
    int offset = 0;
    uint64_t us = 0;
    if (!text_copy(bytes, sizeof bytes, text)) return false;
    bool is_day = text.len == 10;
    const char *end = strptime(bytes, is_day ? "%Y-%m-%d" : "%Y-%m-%dT%H:%M:%S", &utc);
    if (!end || (is_day && *end)) return false;
    struct span rest = span_of(end);
    if (!is_day) us = take_fraction_us(&rest);
    if (!is_day && !read_offset(rest, &offset)) return false;
    time_t seconds = timegm(&utc) - offset;
    if (seconds < 0) return false;
    *wall_us = (uint64_t)seconds * 1000000 + us;
    return true;
}

json_t *api_json_address(const struct address *address)
{
    char text[64];
    struct buffer out = buffer_over(text, sizeof text);
    address_print(&out, address);
    return json_stringn(out.at, out.len);
}

json_t *api_json_count(uint64_t count)
{
    return json_integer(count > INT64_MAX ? INT64_MAX : (json_int_t)count);
}
