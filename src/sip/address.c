// SPDX-License-Identifier: Apache-2.0
// The addresses of From, To, Contact, Diversion, ... (name-addr and addr-spec, RFC 3261
// sections 20.10 and 25.1). Without < > everything behind a ';' is a parameter of the header, and a
// '?' is an error. A display name need not be quoted as long as it is made of words, in any
// language.
#include "sip/sip_int.h"

#include <string.h>

// Reads '<' URI '>'.
static bool read_bracketed(struct cursor *cursor, struct sip_address *address)
{
    if (!take_byte(cursor, '<') || is_at_end(cursor)) return false;
    const char *close = memchr(cursor->at, '>', (size_t)(cursor->end - cursor->at));
    if (!close) return false;
    struct cursor uri = {cursor->at, close};
    address->uri_text = span_between(cursor->at, close);
    bool is_sound = sip_read_uri(&uri, &address->uri);
    cursor->at = is_sound ? close + 1 : uri.at;
    return is_sound;
}

// Reads a URI that stands without brackets.
static bool read_bare(struct cursor *cursor, struct sip_address *address)
{
    const char *end = cursor->at;
    while (end < cursor->end && !char_is(*end, CHAR_BLANK) && *end != ';' && *end != ',') {
        if (*end == '?') {
            cursor->at = end;
            return false;
        }
        end++;
    }
    struct cursor uri = {cursor->at, end};
    address->uri_text = span_between(cursor->at, end);
    bool is_sound = sip_read_uri(&uri, &address->uri);
    cursor->at = uri.at;
    return is_sound;
}

static bool read_uri_with_name(struct cursor *cursor, struct sip_address *address)
{
    if (is_next(cursor, '"')) {
        if (!sip_read_quoted(cursor, &address->display)) return false;
        skip_blanks(cursor);
        return read_bracketed(cursor, address);
    }
    struct cursor words = *cursor;
    struct span name = take_run(&words, CHAR_DISPLAY);
    if (!is_next(&words, '<')) return read_bare(cursor, address);
    address->display = span_trim(name);
    *cursor = words;
    return read_bracketed(cursor, address);
}

static bool read_params(struct cursor *cursor, struct sip_address *address)
{
    const char *from = cursor->at;
    do {
        struct sip_param param;
        if (!sip_read_param(cursor, &param)) return false;
        bool is_tag = address->tag.len == 0 && span_eq_nocase(param.name, SPAN("tag"));
        if (is_tag) address->tag = param.value;
    } while (take_byte(cursor, ';'));
    address->params = span_trim(span_between(from, cursor->at));
    return true;
}

bool sip_read_address(struct cursor *cursor, struct sip_address *address)
{
    *address = (struct sip_address){.display = SPAN_NONE};
    skip_blanks(cursor);
    if (!read_uri_with_name(cursor, address)) return false;
    skip_blanks(cursor);
    if (take_byte(cursor, ';') && !read_params(cursor, address)) return false;
    return is_at_end(cursor) || is_next(cursor, ',');
}

enum sip_err sip_parse_address(struct span text, struct sip_address *address)
{
    struct cursor cursor = cursor_over(text);
    return sip_read_address(&cursor, address) && is_at_end(&cursor) ? SIP_OK : SIP_ERR_ADDRESS;
}
