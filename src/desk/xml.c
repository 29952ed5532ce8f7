// SPDX-License-Identifier: Apache-2.0
// XML, piece by piece.
#include "desk/xml.h"

enum { ENTITY_MAX = 10, CODE_POINT_MAX = 0x10ffff };

void xml_begin(struct xml *xml, struct span document)
{
    *xml = (struct xml){.rest = span_trim(document)};
    if (span_starts_with(xml->rest, SPAN("\xef\xbb\xbf"))) xml->rest = span_from(xml->rest, 3);
}

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static bool is_name_byte(char byte)
{
    return ascii_is_alnum(byte) || byte == '_' || byte == '-' || byte == '.' || byte == ':' ||
           (unsigned char)byte >= 0x80;
}

static struct span take_name(struct span *rest)
{
    size_t len = 0;
    while (len < rest->len && is_name_byte(rest->at[len])) len++;
    struct span name = span_slice(*rest, 0, len);
    *rest = span_from(*rest, len);
    return name;
}

static void skip_space(struct span *rest)
{
    while (rest->len > 0 && is_space(rest->at[0])) *rest = span_from(*rest, 1);
}

static struct span without_prefix(struct span name)
{
    size_t colon = span_find(name, ':');
    return colon < name.len ? span_from(name, colon + 1) : name;
}

// ---- Attributes

// Takes NAME="VALUE" off; false where there is none, or no right one.
static bool take_attribute(struct span *rest, struct span *name, struct span *value)
{
    skip_space(rest);
    *name = take_name(rest);
    skip_space(rest);
    if (name->len == 0 || rest->len < 2 || rest->at[0] != '=') return false;
    *rest = span_from(*rest, 1);
    skip_space(rest);
    if (rest->len == 0 || (rest->at[0] != '"' && rest->at[0] != '\'')) return false;
    char quote = rest->at[0];
    *rest = span_from(*rest, 1);
    size_t end = span_find(*rest, quote);
    if (end == rest->len) return false;
    *value = span_slice(*rest, 0, end);
    *rest = span_from(*rest, end + 1);
    return span_find(*value, '<') == value->len;
}

static void put_code_point(struct buffer *out, uint64_t code)
{
    if (code < 0x80) {
        buffer_put_byte(out, (char)code);
        return;
    }
    if (code < 0x800) {
        buffer_put_byte(out, (char)(0xc0 | code >> 6));
    } else if (code < 0x10000) {
        buffer_put_byte(out, (char)(0xe0 | code >> 12));
        buffer_put_byte(out, (char)(0x80 | (code >> 6 & 0x3f)));
    } else {
        buffer_put_byte(out, (char)(0xf0 | code >> 18));
        buffer_put_byte(out, (char)(0x80 | (code >> 12 & 0x3f)));
        buffer_put_byte(out, (char)(0x80 | (code >> 6 & 0x3f)));
    }
    buffer_put_byte(out, (char)(0x80 | (code & 0x3f)));
}

static bool read_hex(struct span digits, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < digits.len; i++) {
        int digit = ascii_hex_value(digits.at[i]);
        if (digit < 0) return false;
        *value = *value * 16 + (uint64_t)digit;
    }
    return digits.len > 0;
}

// What stands between & and ;. What is not known stays as it is.
static void put_entity(struct buffer *out, struct span name)
{
    static const struct {
        struct span name;
        char byte;
    } known[] = {{{"amp", 3}, '&'},
                 {{"lt", 2}, '<'},
                 {{"gt", 2}, '>'},
                 {{"quot", 4}, '"'},
                 {{"apos", 4}, '\''}};
    uint64_t code = 0;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (!span_eq(name, known[i].name)) continue;
        buffer_put_byte(out, known[i].byte);
        return;
    }
    bool is_number = span_starts_with(name, SPAN("#x"))
                         ? read_hex(span_from(name, 2), &code)
                         : span_starts_with(name, SPAN("#")) &&
                               span_to_u64(span_from(name, 1), CODE_POINT_MAX, &code);
    if (is_number && code > 0 && code <= CODE_POINT_MAX) {
        put_code_point(out, code);
        return;
    }
    buffer_printf(out, "&%.*s;", SPAN_ARG(name));
}

static void put_unescaped(struct buffer *out, struct span text)
{
    while (text.len > 0) {
        size_t at = span_find(text, '&');
        buffer_put(out, span_slice(text, 0, at));
        text = span_from(text, at);
        if (text.len == 0) return;
        size_t end = span_find(span_slice(text, 0, ENTITY_MAX), ';');
        bool is_entity = end < text.len && text.at[end] == ';';
        if (is_entity) {
            put_entity(out, span_slice(text, 1, end));
        } else {
            buffer_put_byte(out, '&');
        }
        text = span_from(text, is_entity ? end + 1 : 1);
    }
}

bool xml_put_attribute(struct buffer *out, struct span attributes, struct span name)
{
    struct span found, value;
    while (take_attribute(&attributes, &found, &value)) {
        if (!span_eq(found, name)) continue;
        put_unescaped(out, value);
        return true;
    }
    return false;
}

// ---- Pieces

static enum xml_kind fault(struct xml *xml)
{
    xml->rest = SPAN_NONE;
    xml->depth = 0;
    xml->is_empty = xml->is_over = false;
    return XML_FAULT;
}

// Goes behind what begins with `from` and ends with `to`. False: it begins otherwise, or has no
// end; then nothing is left.
static bool skip_between(struct span *rest, struct span from, struct span to, struct span *inside)
{
    if (!span_starts_with(*rest, from)) return false;
    for (size_t i = from.len; i + to.len <= rest->len; i++) {
        if (!span_starts_with(span_from(*rest, i), to)) continue;
        *inside = span_slice(*rest, from.len, i);
        *rest = span_from(*rest, i + to.len);
        return true;
    }
    *rest = SPAN_NONE;
    *inside = SPAN_NONE;
    return true;
}

static bool skip_what_says_nothing(struct span *rest)
{
    struct span inside;
    return skip_between(rest, SPAN("<!--"), SPAN("-->"), &inside) ||
           skip_between(rest, SPAN("<?"), SPAN("?>"), &inside);
}

static enum xml_kind close_last(struct xml *xml, struct xml_piece *piece)
{
    piece->name = without_prefix(xml->open[xml->depth - 1]);
    piece->depth = xml->depth--;
    xml->is_empty = false;
    xml->is_over = xml->depth == 0;
    return XML_CLOSE;
}

static enum xml_kind take_close(struct xml *xml, struct xml_piece *piece)
{
    xml->rest = span_from(xml->rest, 2);
    struct span name = take_name(&xml->rest);
    skip_space(&xml->rest);
    bool is_right = xml->depth > 0 && span_eq(name, xml->open[xml->depth - 1]) &&
                    xml->rest.len > 0 && xml->rest.at[0] == '>';
    if (!is_right) return fault(xml);
    xml->rest = span_from(xml->rest, 1);
    return close_last(xml, piece);
}

static enum xml_kind take_open(struct xml *xml, struct xml_piece *piece)
{
    struct span name, value;
    xml->rest = span_from(xml->rest, 1);
    struct span element = take_name(&xml->rest);
    if (element.len == 0 || xml->depth == XML_DEPTH_MAX || xml->is_over) return fault(xml);
    const char *from = xml->rest.at;
    skip_space(&xml->rest);
    while (xml->rest.len > 0 && xml->rest.at[0] != '>' && xml->rest.at[0] != '/') {
        if (!take_attribute(&xml->rest, &name, &value)) return fault(xml);
        skip_space(&xml->rest);
    }
    piece->attributes = (struct span){from, (size_t)(xml->rest.at - from)};
    xml->is_empty = xml->rest.len > 0 && xml->rest.at[0] == '/';
    if (xml->is_empty) xml->rest = span_from(xml->rest, 1);
    if (xml->rest.len == 0 || xml->rest.at[0] != '>') return fault(xml);
    xml->rest = span_from(xml->rest, 1);
    xml->open[xml->depth++] = element;
    piece->name = without_prefix(element);
    piece->depth = xml->depth;
    return XML_OPEN;
}

static enum xml_kind take_text(struct xml *xml, struct xml_piece *piece)
{
    if (xml->depth == 0) return fault(xml);
    piece->depth = xml->depth;
    if (skip_between(&xml->rest, SPAN("<![CDATA["), SPAN("]]>"), &piece->text)) return XML_TEXT;
    size_t end = span_find(xml->rest, '<');
    piece->text = span_slice(xml->rest, 0, end);
    xml->rest = span_from(xml->rest, end);
    return XML_TEXT;
}

enum xml_kind xml_next(struct xml *xml, struct xml_piece *piece)
{
    *piece = (struct xml_piece){.kind = XML_FAULT};
    while (skip_what_says_nothing(&xml->rest)) {
    }
    if (xml->depth == 0) skip_space(&xml->rest);
    if (xml->is_empty) {
        piece->kind = close_last(xml, piece);
    } else if (xml->rest.len == 0) {
        piece->kind = xml->is_over ? XML_END : fault(xml);
    } else if (span_starts_with(xml->rest, SPAN("</"))) {
        piece->kind = take_close(xml, piece);
    } else if (xml->rest.at[0] != '<' || span_starts_with(xml->rest, SPAN("<![CDATA["))) {
        piece->kind = take_text(xml, piece);
    } else {
        piece->kind = take_open(xml, piece); // a DOCTYPE has no name
    }
    return piece->kind;
}
