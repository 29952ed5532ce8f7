// SPDX-License-Identifier: Apache-2.0
// Header parameters, ";name=value" (generic-param, RFC 3261 section 25.1), and quoted strings.
// Liberal where that harms nobody: an unquoted value may hold any visible byte that separates
// nothing, as Via's received=2001:db8::1 does (RFC 5118 section 4.5), and "name=" counts as an
// empty value.
#include "sip/sip_int.h"

bool sip_read_quoted(struct cursor *cursor, struct span *quoted)
{
    const char *from = cursor->at, *end = cursor->end;
    if (!take_byte(cursor, '"')) return false;
    const char *at = cursor->at;
    while (at < end && *at != '"') at += *at == '\\' && end - at > 1 ? 2 : 1;
    bool is_ended = at < end;
    cursor->at = is_ended ? at + 1 : end;
    if (is_ended) *quoted = span_between(from, cursor->at);
    return is_ended;
}

static bool read_value(struct cursor *cursor, struct span *value)
{
    if (!is_next(cursor, '"')) {
        *value = take_run(cursor, CHAR_VALUE);
        return true;
    }
    if (!sip_read_quoted(cursor, value)) return false;
    *value = span_slice(*value, 1, value->len - 1);
    return true;
}

bool sip_read_param(struct cursor *cursor, struct sip_param *param)
{
    skip_blanks(cursor);
    const char *from = cursor->at;
    *param = (struct sip_param){.name = take_run(cursor, CHAR_TOKEN)};
    if (param->name.len == 0) return false;
    param->whole = param->name;
    skip_blanks(cursor);
    if (!take_byte(cursor, '=')) return true;
    param->has_value = true;
    skip_blanks(cursor);
    if (!read_value(cursor, &param->value)) return false;
    param->whole = span_between(from, cursor->at);
    skip_blanks(cursor);
    return true;
}

// Cuts the parameter at the cursor off, up to its ';' or the end, whatever it is made of: the
// parameters of URIs know more characters than tokens.
static struct sip_param cut_param(struct cursor *cursor)
{
    const char *from = cursor->at, *equals = NULL;
    struct span quoted;
    while (!is_at_end(cursor) && *cursor->at != ';') {
        if (*cursor->at == '"') {
            sip_read_quoted(cursor, &quoted); // one that does not end takes the rest
            continue;
        }
        if (*cursor->at == '=' && !equals) equals = cursor->at;
        cursor->at++;
    }
    struct sip_param param = {.whole = span_between(from, cursor->at), .has_value = equals != NULL};
    param.name = span_trim(equals ? span_between(from, equals) : param.whole);
    if (equals) param.value = span_trim(span_between(equals + 1, cursor->at));
    take_byte(cursor, ';');
    return param;
}

static struct span without_quotes(struct span value)
{
    bool is_quoted = value.len >= 2 && value.at[0] == '"' && value.at[value.len - 1] == '"';
    return is_quoted ? span_slice(value, 1, value.len - 1) : value;
}

bool sip_find_param(struct span params, struct span name, struct span *value)
{
    struct cursor cursor = cursor_over(params);
    *value = SPAN_NONE;
    while (!is_at_end(&cursor)) {
        struct sip_param param = cut_param(&cursor);
        if (!span_eq_nocase(param.name, name)) continue;
        *value = without_quotes(param.value);
        return true;
    }
    return false;
}

void sip_put_unquoted(struct buffer *out, struct span text)
{
    struct span inner = without_quotes(text);
    bool is_quoted = inner.len != text.len;
    for (size_t i = 0; i < inner.len; i++) {
        if (is_quoted && inner.at[i] == '\\' && i + 1 < inner.len) i++;
        buffer_put_byte(out, inner.at[i]);
    }
}
