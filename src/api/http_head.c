// SPDX-License-Identifier: Apache-2.0
// The head of a request: request line and header fields. Strict where two programs could understand
// the same bytes differently. Pure. RFC 9112 sections 2 to 6, RFC 3986 section 2.1.
#include "api/api_int.h"

#include <string.h>

enum { FIELDS_MAX = 100 };

struct reading {
    struct span rest;
    struct arena *arena;
    struct request *request;
    bool is_http_1_0;
    struct span length, encoding, connection, expect;
};

// ---- Characters

// RFC 9110 section 5.6.2.
static bool is_token(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!ascii_is_alnum(text.at[i]) && !memchr("!#$%&'*+-.^_`|~", text.at[i], 15)) return false;
    }
    return text.len > 0;
}

static bool is_field_value(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.at[i];
        if ((byte < ' ' && byte != '\t') || byte == 0x7f) return false;
    }
    return true;
}

static bool is_target(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.at[i];
        if (byte <= ' ' || byte == 0x7f) return false;
    }
    return text.len > 0;
}

// Undoes the percent-encoding, and where `has_plus`, takes + for a blank. False when it is
// malformed.
static bool decode(struct arena *arena, struct span text, bool has_plus, struct span *out)
{
    char *at = arena_take(arena, text.len + 1);
    size_t len = 0;
    if (!at) return false;
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.at[i];
        if (byte == '+' && has_plus) byte = ' ';
        if (byte == '%') {
            int high = i + 2 < text.len ? ascii_hex_value(text.at[i + 1]) : -1;
            int low = i + 2 < text.len ? ascii_hex_value(text.at[i + 2]) : -1;
            if (high < 0 || low < 0) return false;
            byte = (char)(high << 4 | low);
            i += 2;
        }
        at[len++] = byte;
    }
    *out = (struct span){at, len};
    return true;
}

// ---- The request line. RFC 9112 section 3.

static bool read_line(struct reading *reading, struct span *line)
{
    size_t at = span_find(reading->rest, '\n');
    if (at == 0 || at == reading->rest.len || reading->rest.at[at - 1] != '\r') return false;
    *line = span_slice(reading->rest, 0, at - 1);
    reading->rest = span_from(reading->rest, at + 1);
    return true;
}

static void read_method(struct span name, struct request *request)
{
    request->is_head = span_eq(name, SPAN("HEAD"));
    request->method = request->is_head ? METHOD_GET : METHOD_COUNT;
    for (unsigned method = 0; method < METHOD_COUNT; method++) {
        if (span_eq(name, span_of(api_method_name((enum method)method)))) {
            request->method = (enum method)method;
        }
    }
}

// The parts between the slashes; of a path that is longer than any of ours only their count.
static bool read_path(struct arena *arena, struct span path, struct request *request)
{
    bool has_more = path.at[0] == '/';
    while (has_more) {
        struct span part, rest = span_from(path, 1);
        size_t end = span_find(rest, '/');
        if (!decode(arena, span_slice(rest, 0, end), false, &part)) return false;
        if (request->path_count < PATH_PARTS_MAX) request->path[request->path_count] = part;
        request->path_count++;
        path = span_from(rest, end);
        has_more = path.len > 0;
    }
    return true;
}

static bool read_query(struct arena *arena, struct span query, struct request *request)
{
    while (query.len > 0) {
        struct span value = span_split(&query, '&'), name = span_split(&value, '=');
        if (name.len == 0 && value.len == 0) continue;
        if (request->query_count == REQUEST_PARAMETERS_MAX) return false;
        struct parameter *parameter = &request->query[request->query_count++];
        if (!decode(arena, name, true, &parameter->name)) return false;
        if (!decode(arena, value, true, &parameter->value)) return false;
    }
    return true;
}

// The target is a path, or with a proxy in mind a whole URI. RFC 9112 sections 3.2.1, 3.2.2.
static bool read_target(struct reading *reading, struct span target)
{
    static const struct span scheme = {"http://", 7};
    if (!is_target(target)) return false;
    if (span_starts_with(target, scheme)) {
        target = span_from(target, scheme.len);
        target = span_from(target, span_find(target, '/'));
        if (target.len == 0) target = SPAN("/");
    }
    if (target.at[0] != '/' && !span_eq(target, SPAN("*"))) return false;
    struct span path = span_split(&target, '?');
    return read_path(reading->arena, path, reading->request) &&
           read_query(reading->arena, target, reading->request);
}

static unsigned read_request_line(struct reading *reading)
{
    struct span line;
    if (!read_line(reading, &line)) return 400;
    struct span method = span_split(&line, ' '), target = span_split(&line, ' ');
    if (!is_token(method)) return 400;
    if (!span_starts_with(line, SPAN("HTTP/"))) return 400;
    reading->is_http_1_0 = span_eq(line, SPAN("HTTP/1.0"));
    if (!reading->is_http_1_0 && !span_eq(line, SPAN("HTTP/1.1"))) return 505;
    read_method(method, reading->request);
    return read_target(reading, target) ? 0 : 400;
}

// ---- Header fields. RFC 9112 section 5.

// Where a field that we look at is kept. Those that proxies add may come several times; the last
// is of the nearest proxy.
static struct span *place_of(struct reading *reading, struct span name, bool *may_repeat)
{
    struct request *request = reading->request;
    const struct {
        struct span name, *place;
        bool may_repeat;
    } known[] = {
        {SPAN("Host"), &request->host, false},
        {SPAN("Content-Length"), &reading->length, false},
        {SPAN("Transfer-Encoding"), &reading->encoding, false},
        {SPAN("Connection"), &reading->connection, false},
        {SPAN("Expect"), &reading->expect, false},
        {SPAN("Authorization"), &request->authorization, false},
        {SPAN("Content-Type"), &request->content_type, false},
        {SPAN("Accept-Language"), &request->accept_language, false},
        {SPAN("Accept"), &request->accept, true},
        {SPAN("Accept-Encoding"), &request->accept_encoding, true},
        {SPAN("Upgrade"), &request->upgrade, false},
        {SPAN("Sec-WebSocket-Key"), &request->websocket_key, false},
        {SPAN("Sec-WebSocket-Version"), &request->websocket_version, false},
        {SPAN("Last-Event-ID"), &request->last_event_id, false},
        {SPAN("If-Match"), &request->if_match, false},
        {SPAN("If-None-Match"), &request->if_none_match, false},
        {SPAN("Cookie"), &request->cookie, false},
        {SPAN("Origin"), &request->origin, false},
        {SPAN("X-Requested-With"), &request->requested_with, false},
        {SPAN("X-Forwarded-For"), &request->forwarded_for, true},
        {SPAN("X-Forwarded-Proto"), &request->forwarded_proto, true},
        {SPAN("X-Forwarded-Host"), &request->forwarded_host, true},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (!span_eq_nocase(name, known[i].name)) continue;
        *may_repeat = known[i].may_repeat;
        return known[i].place;
    }
    return NULL;
}

// Reads one field; of those that we look at, none may come twice.
static bool read_field(struct reading *reading, struct span line)
{
    bool has_colon = span_find(line, ':') < line.len;
    struct span name = span_split(&line, ':'), value = span_trim(line);
    if (!has_colon || !is_token(name) || !is_field_value(value)) return false;
    bool may_repeat = false;
    struct span *place = place_of(reading, name, &may_repeat);
    if (!place) return true;
    if (place->at && !may_repeat) return false;
    *place = value;
    return true;
}

static unsigned read_fields(struct reading *reading)
{
    for (unsigned i = 0; i < FIELDS_MAX; i++) {
        struct span line;
        if (!read_line(reading, &line)) return 400;
        if (line.len == 0) return 0;
        if (!read_field(reading, line)) return 400;
    }
    return 431;
}

// Whether a list of words contains one.
static bool has_word(struct span list, struct span word)
{
    while (list.len > 0) {
        if (span_eq_nocase(span_trim(span_split(&list, ',')), word)) return true;
    }
    return false;
}

// How long the body is. RFC 9112 section 6.3.
static enum framing read_framing(const struct reading *reading, size_t *body_len)
{
    uint64_t len;
    if (reading->encoding.at) return FRAMING_WITHOUT_LENGTH;
    if (!reading->length.at) return FRAMING_NONE;
    if (span_to_u64(reading->length, IMPORT_BODY_MAX, &len)) {
        *body_len = (size_t)len;
        return FRAMING_COMPLETE;
    }
    for (size_t i = 0; i < reading->length.len; i++) {
        if (!ascii_is_digit(reading->length.at[i])) return FRAMING_BAD_LENGTH;
    }
    return reading->length.len > 0 ? FRAMING_TOO_BIG : FRAMING_BAD_LENGTH;
}

unsigned api_http_parse_head(struct span head, struct arena *arena, struct request *request,
                             size_t *body_len)
{
    struct reading reading = {.rest = head, .arena = arena, .request = request};
    *request = (struct request){.method = METHOD_COUNT};
    *body_len = 0;
    request->closes_after = true;
    unsigned status = read_request_line(&reading);
    if (status == 0) status = read_fields(&reading);
    if (status != 0) return status;
    if (!reading.is_http_1_0 && !request->host.at) return 400;
    request->framing = read_framing(&reading, body_len);
    request->expects_continue = span_eq_nocase(reading.expect, SPAN("100-continue"));
    request->closes_after = reading.is_http_1_0 || has_word(reading.connection, SPAN("close")) ||
                            request->framing == FRAMING_WITHOUT_LENGTH ||
                            request->framing == FRAMING_BAD_LENGTH ||
                            request->framing == FRAMING_TOO_BIG;
    return 0;
}

size_t api_http_find_head_end(struct span bytes, size_t from)
{
    for (size_t i = from < 3 ? 3 : from; i < bytes.len; i++) {
        if (memcmp(bytes.at + i - 3, "\r\n\r\n", 4) == 0) return i + 1;
    }
    return 0;
}
