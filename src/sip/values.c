// SPDX-License-Identifier: Apache-2.0
// Reading the headers of a parsed message: by kind, by name, and value by value (RFC 3261
// section 7.3.1).
#include "sip/sip_int.h"

const struct sip_header *sip_next_header(const struct sip_message *message, enum sip_header_id id,
                                         const struct sip_header *previous)
{
    if (!(message->header_ids & UINT64_C(1) << id)) return NULL;
    const struct sip_header *header = previous ? previous + 1 : message->headers;
    const struct sip_header *end = message->headers + message->header_count;
    for (; header < end; header++) {
        if (header->id == id) return header;
    }
    return NULL;
}

struct span sip_header_value(const struct sip_message *message, enum sip_header_id id)
{
    const struct sip_header *header = sip_next_header(message, id, NULL);
    return header ? header->value : SPAN_NONE;
}

static bool is_named(const struct sip_header *header, struct span name)
{
    if (span_eq_nocase(header->name, name)) return true;
    const char *text = header->name.len == 1 ? sip_long_header_name(header->name.at[0]) : NULL;
    return text && span_eq_nocase(span_of(text), name);
}

struct span sip_named_header_value(const struct sip_message *message, struct span name)
{
    for (size_t i = 0; i < message->header_count; i++) {
        if (is_named(&message->headers[i], name)) return message->headers[i].value;
    }
    return SPAN_NONE;
}

// Steps over everything up to a ',' that stands neither in quotes nor between < and >.
static void skip_item(struct cursor *cursor)
{
    struct span quoted;
    bool is_in_brackets = false;
    while (!is_at_end(cursor)) {
        char byte = *cursor->at;
        if (byte == '"' && !is_in_brackets) {
            sip_read_quoted(cursor, &quoted);
            continue;
        }
        if (byte == ',' && !is_in_brackets) return;
        if (byte == '<') is_in_brackets = true;
        if (byte == '>') is_in_brackets = false;
        cursor->at++;
    }
}

bool sip_next_item(struct span *rest, struct span *item)
{
    struct cursor cursor = cursor_over(*rest);
    do {
        const char *from = cursor.at;
        skip_item(&cursor);
        *item = span_trim(span_between(from, cursor.at));
        take_byte(&cursor, ',');
    } while (item->len == 0 && !is_at_end(&cursor));
    *rest = span_between(cursor.at, cursor.end);
    return item->len > 0;
}

bool sip_next_value(const struct sip_message *message, enum sip_header_id id,
                    struct sip_values *place, struct span *value)
{
    for (;;) {
        if (place->header && sip_next_item(&place->rest, value)) return true;
        const struct sip_header *header = sip_next_header(message, id, place->header);
        if (!header) return false;
        *place = (struct sip_values){header, header->value};
    }
}

bool sip_has_token(const struct sip_message *message, enum sip_header_id id, struct span token)
{
    struct sip_values place = SIP_VALUES_START;
    struct span value;
    while (sip_next_value(message, id, &place, &value)) {
        if (span_eq_nocase(value, token)) return true;
    }
    return false;
}

bool sip_read_seconds(struct span value, uint32_t *seconds)
{
    struct cursor cursor = cursor_over(span_trim(value));
    struct span digits = take_run(&cursor, CHAR_DIGIT);
    uint64_t number = UINT32_MAX;
    if (digits.len == 0) return false;
    skip_blanks(&cursor);
    if (!is_at_end(&cursor) && *cursor.at != ';' && *cursor.at != '(') return false;
    span_to_u64(digits, UINT32_MAX, &number);
    *seconds = (uint32_t)number;
    return true;
}
