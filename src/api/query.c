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
