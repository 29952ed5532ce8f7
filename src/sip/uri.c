// SPDX-License-Identifier: Apache-2.0
// URIs: sip: and sips: (RFC 3261 sections 19.1 and 25.1), tel: (RFC 3966 section 3), and any other
// scheme as far as to know where it ends. Escapes are checked here and undone by who needs the
// value.
#include "sip/sip_int.h"

#include <string.h>

static bool is_escape(const char *at, const char *end)
{
    return end - at > 2 && *at == '%' && char_is(at[1], CHAR_HEX) && char_is(at[2], CHAR_HEX);
}

// Steps over bytes of `classes` and %XX escapes.
static struct span take_escaped(struct cursor *cursor, unsigned classes)
{
    const char *from = cursor->at;
    for (;;) {
        take_run(cursor, classes);
        if (!is_escape(cursor->at, cursor->end)) break;
        cursor->at += 3;
    }
    return span_between(from, cursor->at);
}

// user [":" password], up to the '@'. Beyond the grammar: an empty user ("sip:@host"), which
// callers without a number send, and '#', which is dialled.
static bool read_user(struct cursor *cursor, struct sip_uri *uri)
{
    uri->has_user = true;
    const char *from = cursor->at;
    do {
        take_escaped(cursor, CHAR_USER);
    } while (take_byte(cursor, '#'));
    uri->user = span_between(from, cursor->at);
    if (take_byte(cursor, ':')) uri->password = take_escaped(cursor, CHAR_PASSWORD);
    return is_at_end(cursor);
}

// The parameters behind the first ';', up to a '?' or the end.
static bool read_params(struct cursor *cursor, struct span *params)
{
    const char *from = cursor->at;
    do {
        if (take_escaped(cursor, CHAR_PARAM).len == 0) return false;
        if (take_byte(cursor, '=')) take_escaped(cursor, CHAR_PARAM);
    } while (take_byte(cursor, ';'));
    *params = span_between(from, cursor->at);
    return true;
}

static bool read_sip(struct cursor *cursor, struct sip_uri *uri)
{
    const char *at_sign = NULL;
    if (!is_at_end(cursor)) at_sign = memchr(cursor->at, '@', (size_t)(cursor->end - cursor->at));
    if (at_sign) {
        struct cursor user = {cursor->at, at_sign};
        bool is_sound = read_user(&user, uri);
        cursor->at = user.at;
        if (!is_sound) return false;
        cursor->at = at_sign + 1;
    }
    if (!sip_read_host(cursor, &uri->host)) return false;
    if (take_byte(cursor, ':') && !sip_read_port(cursor, &uri->port)) return false;
    if (take_byte(cursor, ';') && !read_params(cursor, &uri->params)) return false;
    if (take_byte(cursor, '?')) {
        uri->headers = take_escaped(cursor, CHAR_HEADER);
        if (uri->headers.len == 0) return false;
    }
    return is_at_end(cursor);
}

static bool read_tel(struct cursor *cursor, struct sip_uri *uri)
{
    const char *from = cursor->at;
    take_byte(cursor, '+');
    bool has_number = take_run(cursor, CHAR_PHONE).len > 0;
    uri->user = span_between(from, cursor->at);
    if (!has_number) return false;
    if (take_byte(cursor, ';') && !read_params(cursor, &uri->params)) return false;
    return is_at_end(cursor);
}

static enum sip_scheme find_scheme(struct span text)
{
    if (span_eq_nocase(text, SPAN("sip"))) return SIP_SCHEME_SIP;
    if (span_eq_nocase(text, SPAN("sips"))) return SIP_SCHEME_SIPS;
    if (span_eq_nocase(text, SPAN("tel"))) return SIP_SCHEME_TEL;
    return SIP_SCHEME_OTHER;
}

bool sip_read_uri(struct cursor *cursor, struct sip_uri *uri)
{
    *uri = (struct sip_uri){.scheme = SIP_SCHEME_OTHER};
    bool begins_with_letter = !is_at_end(cursor) && ascii_lower(*cursor->at) >= 'a' &&
                              ascii_lower(*cursor->at) <= 'z';
    if (!begins_with_letter) return false;
    uri->scheme_text = take_run(cursor, CHAR_SCHEME);
    if (!take_byte(cursor, ':')) return false;
    uri->scheme = find_scheme(uri->scheme_text);
    switch (uri->scheme) {
    case SIP_SCHEME_SIP:
    case SIP_SCHEME_SIPS: return read_sip(cursor, uri);
    case SIP_SCHEME_TEL: return read_tel(cursor, uri);
    case SIP_SCHEME_OTHER: break;
    }
    uri->user = take_run(cursor, CHAR_OPAQUE);
    return uri->user.len > 0 && is_at_end(cursor);
}

enum sip_err sip_parse_uri(struct span text, struct sip_uri *uri)
{
    struct cursor cursor = cursor_over(text);
    return sip_read_uri(&cursor, uri) ? SIP_OK : SIP_ERR_URI;
}

void sip_put_unescaped(struct buffer *out, struct span text)
{
    const struct cursor cursor = cursor_over(text);
    for (const char *at = cursor.at; at < cursor.end; at++) {
        if (is_escape(at, cursor.end)) {
            buffer_put_byte(out, (char)(ascii_hex_value(at[1]) << 4 | ascii_hex_value(at[2])));
            at += 2;
        } else {
            buffer_put_byte(out, *at);
        }
    }
}

void sip_put_escaped_user(struct buffer *out, struct span user)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < user.len; i++) {
        unsigned char byte = (unsigned char)user.at[i];
        if (char_is(user.at[i], CHAR_USER)) {
            buffer_put_byte(out, user.at[i]);
        } else {
            buffer_put_byte(out, '%');
            buffer_put_byte(out, digits[byte >> 4]);
            buffer_put_byte(out, digits[byte & 15]);
        }
    }
}

// ---- Comparing, RFC 3261 section 19.1.4

// Whether each parameter of `params` stands in `others` with the same value; one that does not
// stand there makes no difference unless it is one of the few that do.
static bool are_params_met(struct span params, struct span others)
{
    static const struct span essential[] = {
        {"user", 4}, {"ttl", 3}, {"method", 6}, {"maddr", 5}, {"transport", 9}};
    while (params.len > 0) {
        struct span value = span_split(&params, ';'), other;
        struct span name = span_trim(span_split(&value, '='));
        if (sip_find_param(others, name, &other)) {
            if (!span_eq_nocase(span_trim(value), other)) return false;
            continue;
        }
        for (size_t i = 0; i < sizeof essential / sizeof essential[0]; i++) {
            if (span_eq_nocase(name, essential[i])) return false;
        }
    }
    return true;
}

bool sip_uri_eq(const struct sip_uri *a, const struct sip_uri *b)
{
    return span_eq_nocase(a->scheme_text, b->scheme_text) && a->has_user == b->has_user &&
           span_eq(a->user, b->user) && span_eq(a->password, b->password) &&
           span_eq_nocase(a->host, b->host) && a->port == b->port &&
           are_params_met(a->params, b->params) && are_params_met(b->params, a->params) &&
           span_eq(a->headers, b->headers);
}
