// SPDX-License-Identifier: Apache-2.0
// Entity tags: who changes something can ask that it is still what they have seen, and who asks
// again that it is only sent if it is not. RFC 9110 sections 8.8.3 and 13.1.
//
//     "SETTINGS"            of a record: its fields, the secrets too
//     "SETTINGS-STATE"      of a line as it is shown: with it comes how it stands with its PBX,
//     which
//                           changes by itself; a change only asks for what is before the dash
#include "api/api_int.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { DIGEST_BYTES = 12 };

static void put_digest(struct buffer *out, crypto_generichash_state *state)
{
    unsigned char digest[crypto_generichash_BYTES_MIN];
    crypto_generichash_final(state, digest, sizeof digest);
    buffer_put_hex(out, digest, DIGEST_BYTES);
}

static void begin(crypto_generichash_state *state)
{
    crypto_generichash_init(state, NULL, 0, crypto_generichash_BYTES_MIN);
}

static void terminate(struct buffer *out)
{
    ASSERT(!out->is_full);
    out->at[out->len] = '\0';
}

void api_etag_of_text(struct span text, char etag[ETAG_SIZE])
{
    struct buffer out = buffer_over(etag, ETAG_SIZE - 1);
    crypto_generichash_state state;
    begin(&state);
    crypto_generichash_update(&state, (const unsigned char *)text.at, text.len);
    buffer_put_byte(&out, '"');
    put_digest(&out, &state);
    buffer_put_byte(&out, '"');
    terminate(&out);
}

void api_etag_of_record(enum model_kind kind, const void *record, const json_t *extra,
                        char etag[ETAG_SIZE])
{
    const struct model_kind_info *info = model_kind(kind);
    struct buffer out = buffer_over(etag, ETAG_SIZE - 1);
    crypto_generichash_state state;
    begin(&state);
    for (size_t i = 0; i < info->field_count; i++) {
        char text[FIELD_TEXT_SIZE];
        struct buffer value = buffer_over(text, sizeof text);
        model_print_field(&info->fields[i], record, &value);
        buffer_put_byte(&value, '\0');
        crypto_generichash_update(&state, (const unsigned char *)value.at, value.len);
    }
    buffer_put_byte(&out, '"');
    put_digest(&out, &state);
    char *shown = extra ? json_dumps(extra, JSON_COMPACT) : NULL;
    if (shown) {
        begin(&state);
        crypto_generichash_update(&state, (const unsigned char *)shown, strlen(shown));
        buffer_put_byte(&out, '-');
        put_digest(&out, &state);
        free(shown);
    }
    buffer_put_byte(&out, '"');
    terminate(&out);
}

// What is before the dash of a tag in quotation marks; SPAN_NONE for what is no strong tag.
static struct span settings_of(struct span tag)
{
    if (tag.len < 2 || tag.at[0] != '"' || tag.at[tag.len - 1] != '"') return SPAN_NONE;
    tag = span_slice(tag, 1, tag.len - 1);
    return span_slice(tag, 0, span_find(tag, '-'));
}

// Whether a list of tags has one of the same settings as `etag`, or is "*".
static bool has_settings(struct span list, struct span etag)
{
    while (list.len > 0) {
        struct span tag = span_trim(span_split(&list, ','));
        if (span_eq(tag, SPAN("*"))) return true;
        struct span wanted = settings_of(tag);
        if (wanted.len > 0 && span_eq(wanted, settings_of(etag))) return true;
    }
    return false;
}

bool api_etag_allows_change(const struct request *request, const char *etag, struct reply *reply)
{
    struct span current = span_of(etag);
    if (request->if_match.at && (!etag[0] || !has_settings(request->if_match, current))) {
        api_reply_problem(reply, 412,
                          etag[0] ? "it has changed since it was read: read it again"
                                  : "it does not exist, but If-Match expects it to");
        return false;
    }
    if (request->if_none_match.at && etag[0] && has_settings(request->if_none_match, current)) {
        api_reply_problem(reply, 412, "it exists, but If-None-Match expects it not to");
        return false;
    }
    return true;
}

bool api_etag_is_known(const struct request *request, const char *etag)
{
    struct span list = request->if_none_match;
    while (list.len > 0) {
        struct span tag = span_trim(span_split(&list, ','));
        if (span_starts_with(tag, SPAN("W/"))) tag = span_from(tag, 2);
        if (span_eq(tag, SPAN("*")) || span_eq(tag, span_of(etag))) return true;
    }
    return false;
}
