// SPDX-License-Identifier: Apache-2.0
// The part of an address after the question mark: where a list begins and how long it is, the
// language of sentences. RFC 3986 section 3.4, RFC 9110 section 12.5.4.
#include "api/api_int.h"

struct span api_query_get(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->query_count; i++) {
        if (span_eq(request->query[i].name, span_of(name))) return request->query[i].value;
    }
    return SPAN_NONE;
}

bool api_has_word(const char *words, struct span word)
{
    struct span rest = span_of(words);
    while (rest.len > 0) {
        if (span_eq(span_split(&rest, ' '), word)) return true;
    }
    return false;
}

bool api_query_limit(const struct request *request, struct reply *reply, uint32_t *limit)
{
    uint64_t value = PAGE_DEFAULT;
    struct span text = api_query_get(request, "limit");
    if (text.at && (!span_to_u64(text, PAGE_MAX, &value) || value == 0)) {
        return api_reply_refused(reply, 400, SPAN("limit"), "must be a number from 1 to 1000");
    }
    *limit = (uint32_t)value;
    return true;
}

static void refuse_filter(struct filters *filters, const char *name, const char *reason)
{
    filters->is_refused = true;
    api_reply_refused(filters->reply, 400, span_of(name), reason);
}

const char *api_filter_text(struct filters *filters, const char *name, size_t max)
{
    char reason[REASON_SIZE];
    struct span text = api_query_get(filters->request, name);
    if (!text.at) return NULL;
    char *copy = filters->texts + filters->len;
    if (text.len > max || text.len >= sizeof filters->texts - filters->len) {
        snprintf(reason, sizeof reason, "must be at most %zu bytes long", max);
        refuse_filter(filters, name, reason);
        return NULL;
    }
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.at[i] >= 0x20) continue;
        refuse_filter(filters, name, "contains a control character");
        return NULL;
    }
    text_copy(copy, text.len + 1, text);
    filters->len += text.len + 1;
    return copy;
}

uint64_t api_filter_time(struct filters *filters, const char *name)
{
    uint64_t wall_us = 0;
    struct span text = api_query_get(filters->request, name);
    if (text.at && !api_read_time(text, &wall_us)) {
        refuse_filter(filters, name,
                      "must be a time as in 2026-11-23T08:00:00Z, or a day as in 2026-11-23");
    }
    return wall_us;
}

uint64_t api_filter_before(struct filters *filters)
{
    uint64_t id = 0;
    struct span text = api_query_get(filters->request, "before");
    if (text.at && !span_to_u64(text, INT64_MAX, &id)) {
        refuse_filter(filters, "before", "must be the id of an entry");
    }
    return id;
}

uint32_t api_filter_limit(struct filters *filters)
{
    uint32_t limit = 0;
    if (!api_query_limit(filters->request, filters->reply, &limit)) filters->is_refused = true;
    return limit;
}

void api_reply_page(const struct request *request, struct reply *reply, json_t *items,
                    uint64_t resume_id)
{
    char text[24];
    struct buffer out = buffer_over(text, sizeof text);
    json_t *body = json_object();
    json_object_set_new(body, "items", items);
    if (resume_id != 0) {
        buffer_put_u64(&out, resume_id);
        json_object_set_new(body, "next", api_query_next(request, "before", buffer_span(&out)));
    }
    api_reply_json(reply, 200, body);
}

static bool is_unreserved(char byte)
{
    return ascii_is_alnum(byte) || byte == '-' || byte == '.' || byte == '_' || byte == '~';
}

void api_put_encoded(struct buffer *out, struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (is_unreserved(text.at[i])) {
            buffer_put_byte(out, text.at[i]);
        } else {
            buffer_printf(out, "%%%02X", (unsigned char)text.at[i]);
        }
    }
}

static void put_parameter(struct buffer *out, bool is_first, struct span name, struct span value)
{
    buffer_put_byte(out, is_first ? '?' : '&');
    api_put_encoded(out, name);
    buffer_put_byte(out, '=');
    api_put_encoded(out, value);
}

json_t *api_query_next(const struct request *request, const char *name, struct span value)
{
    char text[LOCATION_SIZE * 4];
    struct buffer out = buffer_over(text, sizeof text);
    bool is_first = true;
    for (size_t i = 0; i < request->path_count; i++) {
        buffer_put_byte(&out, '/');
        api_put_encoded(&out, request->path[i]);
    }
    for (size_t i = 0; i < request->query_count; i++) {
        if (span_eq(request->query[i].name, span_of(name))) continue;
        put_parameter(&out, is_first, request->query[i].name, request->query[i].value);
        is_first = false;
    }
    put_parameter(&out, is_first, span_of(name), value);
    return out.is_full ? NULL : api_json_text(buffer_span(&out));
}

// The weight of a language range, in thousandths: "de;q=0.8" is 800.
static unsigned read_weight(struct span parameters)
{
    struct span text = span_trim(parameters);
    if (!span_starts_with(text, SPAN("q="))) return 1000;
    text = span_from(text, 2);
    unsigned weight = 0, scale = 1000;
    for (size_t i = 0; i < text.len && i < 5; i++) {
        if (text.at[i] == '.') continue;
        if (!ascii_is_digit(text.at[i])) return 0;
        weight += (unsigned)(text.at[i] - '0') * scale;
        scale /= 10;
    }
    return weight;
}

// Of the two languages the one that the client would rather read; the first of equals.
static enum fwd_language read_accept_language(struct span header)
{
    enum fwd_language best = FWD_ENGLISH;
    unsigned best_weight = 0;
    while (header.len > 0) {
        struct span range = span_split(&header, ',');
        struct span tag = span_trim(span_split(&range, ';'));
        struct span primary = span_split(&tag, '-');
        bool is_german = span_eq_nocase(primary, SPAN("de"));
        bool is_english = span_eq_nocase(primary, SPAN("en"));
        unsigned weight = read_weight(range);
        if ((!is_german && !is_english) || weight <= best_weight) continue;
        best = is_german ? FWD_GERMAN : FWD_ENGLISH;
        best_weight = weight;
    }
    return best;
}

bool api_query_language(struct request *request, struct reply *reply)
{
    struct span text = api_query_get(request, "language");
    if (!text.at) {
        request->language = read_accept_language(request->accept_language);
    } else if (span_eq(text, SPAN("de"))) {
        request->language = FWD_GERMAN;
    } else if (span_eq(text, SPAN("en"))) {
        request->language = FWD_ENGLISH;
    } else {
        return api_reply_refused(reply, 400, SPAN("language"), "must be one of en, de");
    }
    return true;
}
