// SPDX-License-Identifier: Apache-2.0
// Single values as JSON. Texts from calls are whatever strangers sent; JSON is always UTF-8 (RFC
// 8259 section 8.1, RFC 3629 section 4, RFC 3339 section 5.6).
#include "api/api_int.h"

#include <stdlib.h>
#include <time.h>

// The length of the UTF-8 character that `text` begins with, 0 when it begins with none.
static size_t utf8_len(struct span text)
{
    const unsigned char *at = (const unsigned char *)text.at;
    size_t len = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    if (at[0] > 0xf4 || len > text.len) return 0;
    for (size_t i = 1; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80) return 0;
    }
    if (at[0] == 0xe0 && at[1] < 0xa0) return 0; // longer than needed
    if (at[0] == 0xed && at[1] > 0x9f) return 0; // surrogates
    if (at[0] == 0xf0 && at[1] < 0x90) return 0; // longer than needed
    if (at[0] == 0xf4 && at[1] > 0x8f) return 0; // beyond Unicode
    return len;
}

bool api_is_utf8(struct span text)
{
    while (text.len > 0) {
        size_t len = utf8_len(text);
        if (len == 0) return false;
        text = span_from(text, len);
    }
    return true;
}

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
