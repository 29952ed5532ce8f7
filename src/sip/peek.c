// SPDX-License-Identifier: Apache-2.0
// A glance at a message of which little has to be known. An ACK ends its transaction and says
// nothing else; it is recognised by its method and its topmost Via (RFC 3261 section 17.2.3).
#include "sip/sip_int.h"

#include <string.h>

// Cuts the next line off, without its CR LF. False where there is none, or it ends otherwise.
static bool cut_line(struct cursor *cursor, struct span *line)
{
    const char *from = cursor->at, *feed = NULL;
    if (!is_at_end(cursor)) feed = memchr(from, '\n', (size_t)(cursor->end - from));
    if (!feed || feed == from || feed[-1] != '\r') return false;
    *line = span_between(from, feed - 1);
    cursor->at = feed + 1;
    return true;
}

static bool ends_with(struct span text, struct span end)
{
    return text.len >= end.len && span_eq(span_from(text, text.len - end.len), end);
}

bool sip_peek_ack(struct span bytes, struct sip_via *via)
{
    struct cursor cursor = cursor_over(bytes);
    struct span line;
    if (!span_starts_with(bytes, SPAN("ACK ")) || !cut_line(&cursor, &line)) return false;
    if (!ends_with(line, SPAN(" SIP/2.0"))) return false;
    while (cut_line(&cursor, &line) && line.len > 0) {
        if (line.at[0] != 'V' && line.at[0] != 'v') continue;
        bool is_usual = span_starts_with(line, SPAN("Via:")) && !is_next(&cursor, ' ') &&
                        !is_next(&cursor, '\t');
        struct cursor value = cursor_over(span_from(line, sizeof "Via:" - 1));
        return is_usual && sip_read_via(&value, via);
    }
    return false;
}
