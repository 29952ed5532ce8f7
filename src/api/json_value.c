// SPDX-License-Identifier: Apache-2.0
// Single values as JSON. Texts from calls are whatever strangers sent; JSON is always UTF-8 (RFC
// 8259 section 8.1, RFC 3629 section 4, RFC 3339 section 5.6).
#include "api/api_int.h"

#include <stdlib.h>

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
    if (!bytes) {
        api_memory_note();
        return NULL;
    }
    struct buffer out = buffer_over(bytes, size);
    put_repaired(&out, text);
    json_t *string = json_stringn(out.at, out.len);
    free(bytes);
    return string;
}

json_t *api_json_time(uint64_t wall_us, bool has_ms)
{
    char text[TIME_TEXT_SIZE];
    struct buffer out = buffer_over(text, sizeof text);
    if (wall_us / 1000000 > TIME_MAX_S) return json_null();
    if (has_ms) {
        civil_put_time_ms(&out, wall_us);
    } else {
        civil_put_time(&out, wall_us / 1000000);
    }
    return json_stringn(out.at, out.len);
}

bool api_read_time(struct span text, uint64_t *wall_us)
{
    struct civil_date date;
    if (!civil_read_date(text, &date)) return civil_read_time_us(text, wall_us);
    int32_t day = civil_day(date);
    *wall_us = day < 0 ? 0 : (uint64_t)day * CIVIL_DAY_S * 1000000;
    return day >= 0;
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
