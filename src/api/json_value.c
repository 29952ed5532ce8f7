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
