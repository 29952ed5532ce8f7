// SPDX-License-Identifier: Apache-2.0
// A whole message: start line, header lines, body (RFC 3261 sections 7, 8.1.1, 18.3 and 25.1). One
// pass over the bytes finds the lines; the headers that every layer needs are read and checked on
// the way, all others only noted. The first fault is what counts, but reading goes on behind it: to
// refuse a message one needs its Via.
#include "sip/sip_int.h"

#include <string.h>

enum {
    CSEQ_MAX = INT32_MAX, // RFC 3261 section 8.1.1.5
    HOPS_MAX = 255,       // of Max-Forwards, section 20.22
};

struct reader {
    const char *start;
    struct cursor cursor;
    struct sip_message *message;
    struct sip_fault *fault;
    struct sip_header *headers; // SIP_HEADER_MAX of them, until their number is known
    struct span content_length;
};

_Static_assert(SIP_TIMESTAMP < 64, "a message's header_ids has a bit for each kind");

static void note_fault(struct reader *reader, enum sip_err err, const char *at,
                       enum sip_header_id header)
{
    if (reader->fault->err != SIP_OK) return;
    *reader->fault = (struct sip_fault){err, (size_t)(at - reader->start), header};
}

static bool is_line_end(const struct cursor *cursor)
{
    return cursor->end - cursor->at >= 2 && cursor->at[0] == '\r' && cursor->at[1] == '\n';
}

// Whether the control character at the cursor may stand in a line: a tab, and anything but CR and
// LF behind a backslash (quoted-pair; that it stands in quotes is seen when the header is read).
static bool is_allowed_control(const struct reader *reader)
{
    const char *at = reader->cursor.at;
    if (*at == '\t') return true;
    return at > reader->start && at[-1] == '\\' && *at != '\r' && *at != '\n';
}

// Steps behind the CR LF that ends a line, over those that only fold it (section 7.3.1) if
// `may_fold`. Returns where the line's text ends.
static const char *skip_line(struct reader *reader, bool may_fold, enum sip_err err)
{
    struct cursor *cursor = &reader->cursor;
    for (;;) {
        cursor->at = sip_find_control(cursor->at, cursor->end);
        if (is_line_end(cursor)) {
            const char *text_end = cursor->at;
            cursor->at += 2;
            if (may_fold && (is_next(cursor, ' ') || is_next(cursor, '\t'))) continue;
            return text_end;
        }
        if (is_at_end(cursor) || !is_allowed_control(reader)) {
            note_fault(reader, err, cursor->at, SIP_HEADER_OTHER);
        }
        if (is_at_end(cursor)) return cursor->at;
        cursor->at++;
    }
}

// ---- The start line

static enum sip_err check_version(struct span text)
{
    struct cursor cursor = cursor_over(text);
    if (span_eq_nocase(text, SPAN("SIP/2.0"))) return SIP_OK;
    bool is_sip = span_eq_nocase(span_slice(text, 0, 4), SPAN("SIP/"));
    if (!is_sip) return SIP_ERR_START_LINE;
    cursor.at += 4;
    bool is_version = take_run(&cursor, CHAR_DIGIT).len > 0 && take_byte(&cursor, '.') &&
                      take_run(&cursor, CHAR_DIGIT).len > 0 && is_at_end(&cursor);
    return is_version ? SIP_ERR_VERSION : SIP_ERR_START_LINE;
}

// Everything up to the next blank.
static struct span take_word(struct cursor *cursor)
{
    struct span rest = span_between(cursor->at, cursor->end);
    struct span word = span_slice(rest, 0, span_find(rest, ' '));
    cursor->at += word.len;
    return word;
}

static void read_request_uri(struct reader *reader)
{
    struct sip_message *message = reader->message;
    struct cursor cursor = cursor_over(message->uri_text);
    if (!sip_read_uri(&cursor, &message->uri)) {
        note_fault(reader, SIP_ERR_URI, cursor.at, SIP_HEADER_OTHER);
    } else if (message->uri.headers.len > 0) {
        note_fault(reader, SIP_ERR_URI, message->uri.headers.at - 1, SIP_HEADER_OTHER);
    } else if (message->uri.scheme == SIP_SCHEME_OTHER) {
        note_fault(reader, SIP_ERR_URI_SCHEME, message->uri_text.at, SIP_HEADER_OTHER);
    }
}

// Method SP Request-URI SP SIP-Version. Another version may have another syntax of URIs: it is
// checked first.
static void read_request_line(struct reader *reader, struct cursor *line)
{
    struct sip_message *message = reader->message;
    message->is_request = true;
    message->method_name = take_run(line, CHAR_TOKEN);
    message->method = sip_find_method(message->method_name);
    bool is_sound = message->method_name.len > 0 && take_byte(line, ' ');
    if (is_sound) {
        message->uri_text = take_word(line);
        is_sound = message->uri_text.len > 0 && take_byte(line, ' ');
    }
    struct span version = span_between(line->at, line->end);
    enum sip_err err = is_sound ? check_version(version) : SIP_ERR_START_LINE;
    if (err != SIP_OK) {
        note_fault(reader, err, line->at, SIP_HEADER_OTHER);
    } else {
        read_request_uri(reader);
    }
}

// SIP-Version SP 3DIGIT SP [Reason-Phrase]
static void read_status_line(struct reader *reader, struct cursor *line)
{
    uint64_t status = 0;
    enum sip_err err = check_version(take_word(line));
    if (err == SIP_OK && take_byte(line, ' ')) {
        struct span digits = take_run(line, CHAR_DIGIT);
        if (digits.len != 3 || !span_to_u64(digits, 699, &status) || status < 100) status = 0;
    }
    if (err == SIP_OK && (status == 0 || !take_byte(line, ' '))) err = SIP_ERR_START_LINE;
    if (err != SIP_OK) note_fault(reader, err, line->at, SIP_HEADER_OTHER);
    reader->message->status = (unsigned)status;
    reader->message->reason = span_between(line->at, line->end);
}

static void read_start_line(struct reader *reader)
{
    while (is_line_end(&reader->cursor)) reader->cursor.at += 2; // section 7.5
    struct cursor line = {.at = reader->cursor.at};
    line.end = skip_line(reader, false, SIP_ERR_START_LINE);
    struct span text = span_between(line.at, line.end);
    if (span_eq_nocase(span_slice(text, 0, 4), SPAN("SIP/"))) {
        read_status_line(reader, &line);
    } else {
        read_request_line(reader, &line);
    }
}

// ---- The headers that are read at once

// Notes that a header of this kind is there; false when there was one before.
static bool mark_seen(struct reader *reader, enum sip_header_id id)
{
    uint64_t bit = UINT64_C(1) << id;
    bool is_first = (reader->message->header_ids & bit) == 0;
    reader->message->header_ids |= bit;
    return is_first;
}

static void read_top_via(struct reader *reader, const struct sip_header *header)
{
    struct cursor cursor = cursor_over(header->value);
    if (!sip_read_via(&cursor, &reader->message->via)) {
        note_fault(reader, SIP_ERR_VIA, cursor.at, SIP_VIA);
    }
}

static void read_party(struct reader *reader, const struct sip_header *header,
                       struct sip_address *party)
{
    struct cursor cursor = cursor_over(header->value);
    if (sip_read_address(&cursor, party) && is_at_end(&cursor)) return;
    note_fault(reader, SIP_ERR_ADDRESS, cursor.at, header->id);
    *party = (struct sip_address){.display = SPAN_NONE};
}

// The contacts of a request. Those of a response may be anybody's (a registrar lists all bindings
// of the extension): one that cannot be read must not cost us the response.
static void read_contacts(struct reader *reader, const struct sip_header *header)
{
    struct sip_address contact;
    struct cursor cursor = cursor_over(header->value);
    if (!reader->message->is_request) return;
    if (reader->message->method == SIP_REGISTER && span_eq(header->value, SPAN("*"))) return;
    do {
        if (!sip_read_address(&cursor, &contact)) {
            note_fault(reader, SIP_ERR_ADDRESS, cursor.at, SIP_CONTACT);
            return;
        }
    } while (take_byte(&cursor, ','));
}

static void read_call_id(struct reader *reader, const struct sip_header *header)
{
    struct span id = header->value;
    size_t len = 0;
    while (len < id.len && !char_is(id.at[len], CHAR_BLANK)) len++;
    if (len > 0 && len == id.len) {
        reader->message->call_id = id;
    } else {
        note_fault(reader, SIP_ERR_HEADER, id.at + len, SIP_CALL_ID);
    }
}

static void read_cseq(struct reader *reader, const struct sip_header *header)
{
    struct sip_message *message = reader->message;
    struct cursor cursor = cursor_over(header->value);
    uint64_t number;
    bool is_sound = span_to_u64(take_run(&cursor, CHAR_DIGIT), CSEQ_MAX, &number) &&
                    !is_at_end(&cursor) && char_is(*cursor.at, CHAR_BLANK);
    skip_blanks(&cursor);
    struct span method = take_run(&cursor, CHAR_TOKEN);
    if (!is_sound || method.len == 0 || !is_at_end(&cursor)) {
        note_fault(reader, SIP_ERR_CSEQ, is_sound ? cursor.at : header->value.at, SIP_CSEQ);
        return;
    }
    message->cseq = (uint32_t)number;
    if (!message->is_request) {
        message->method_name = method;
        message->method = sip_find_method(method);
    } else if (!span_eq(method, message->method_name)) {
        note_fault(reader, SIP_ERR_METHOD_MISMATCH, method.at, SIP_CSEQ);
    }
}

static void read_max_forwards(struct reader *reader, const struct sip_header *header)
{
    uint64_t hops;
    if (span_to_u64(header->value, HOPS_MAX, &hops)) {
        reader->message->max_forwards = (int)hops;
    } else {
        note_fault(reader, SIP_ERR_NUMBER, header->value.at, SIP_MAX_FORWARDS);
    }
}

static void read_single_header(struct reader *reader, const struct sip_header *header,
                               bool is_first)
{
    if (!is_first) {
        bool is_length = header->id == SIP_CONTENT_LENGTH;
        enum sip_err err = is_length ? SIP_ERR_CONTENT_LENGTH : SIP_ERR_DUPLICATE;
        note_fault(reader, err, header->name.at, header->id);
        return;
    }
    switch (header->id) {
    case SIP_FROM: read_party(reader, header, &reader->message->from); break;
    case SIP_TO: read_party(reader, header, &reader->message->to); break;
    case SIP_CALL_ID: read_call_id(reader, header); break;
    case SIP_CSEQ: read_cseq(reader, header); break;
    case SIP_MAX_FORWARDS: read_max_forwards(reader, header); break;
    default: reader->content_length = header->value; break;
    }
}

static void read_header_value(struct reader *reader, const struct sip_header *header)
{
    bool is_first = mark_seen(reader, header->id);
    switch (header->id) {
    case SIP_VIA:
        if (is_first) read_top_via(reader, header);
        break;
    case SIP_CONTACT: read_contacts(reader, header); break;
    case SIP_FROM:
    case SIP_TO:
    case SIP_CALL_ID:
    case SIP_CSEQ:
    case SIP_MAX_FORWARDS:
    case SIP_CONTENT_LENGTH: read_single_header(reader, header, is_first); break;
    default: break;
    }
}

// ---- Header lines

static struct span trimmed(const char *from, const char *to)
{
    while (from < to && char_is(*from, CHAR_BLANK)) from++;
    while (from < to && char_is(to[-1], CHAR_BLANK)) to--;
    return span_between(from, to);
}

// header-name *(SP / HTAB) ":" value. A line that is none is a fault, and skipped.
static void read_header_line(struct reader *reader)
{
    struct cursor *cursor = &reader->cursor;
    struct span name = take_run(cursor, CHAR_TOKEN);
    while (is_next(cursor, ' ') || is_next(cursor, '\t')) cursor->at++;
    bool has_name = name.len > 0 && take_byte(cursor, ':');
    if (!has_name) note_fault(reader, SIP_ERR_HEADER, cursor->at, SIP_HEADER_OTHER);

    const char *from = cursor->at;
    const char *to = skip_line(reader, true, SIP_ERR_HEADER);
    if (!has_name) return;
    struct sip_header *header = &reader->headers[reader->message->header_count++];
    *header = (struct sip_header){sip_find_header(name), name, trimmed(from, to)};
    read_header_value(reader, header);
}

// Reads up to and including the empty line that ends the headers. False when there is none.
static bool read_header_lines(struct reader *reader)
{
    struct cursor *cursor = &reader->cursor;
    while (!is_line_end(cursor)) {
        if (is_at_end(cursor)) {
            note_fault(reader, SIP_ERR_HEADER, cursor->at, SIP_HEADER_OTHER);
            return false;
        }
        if (reader->message->header_count == SIP_HEADER_MAX) {
            note_fault(reader, SIP_ERR_TOO_BIG, cursor->at, SIP_HEADER_OTHER);
            return false;
        }
        read_header_line(reader);
    }
    cursor->at += 2;
    return true;
}

// ---- The whole

static void check_mandatory(struct reader *reader)
{
    static const enum sip_header_id mandatory[] = {SIP_VIA, SIP_FROM, SIP_TO, SIP_CALL_ID,
                                                   SIP_CSEQ};
    for (size_t i = 0; i < sizeof mandatory / sizeof mandatory[0]; i++) {
        bool is_there = (reader->message->header_ids & UINT64_C(1) << mandatory[i]) != 0;
        if (!is_there) note_fault(reader, SIP_ERR_MISSING, reader->cursor.at, mandatory[i]);
    }
}

// The body is what Content-Length says, without one the rest of the datagram (section 18.3).
static void read_body(struct reader *reader)
{
    struct span rest = span_between(reader->cursor.at, reader->cursor.end);
    uint64_t len = rest.len;
    bool has_length = reader->content_length.at != NULL;
    if (has_length && !span_to_u64(reader->content_length, rest.len, &len)) {
        note_fault(reader, SIP_ERR_CONTENT_LENGTH, reader->content_length.at, SIP_CONTENT_LENGTH);
    }
    reader->message->body = span_slice(rest, 0, (size_t)len);
    reader->cursor.at += len;
}

// Moves the headers from the stack to the arena.
static void keep_headers(struct reader *reader, struct arena *arena)
{
    struct sip_message *message = reader->message;
    size_t size = message->header_count * sizeof *reader->headers;
    struct sip_header *kept = arena_take(arena, size);
    if (kept) {
        if (size > 0) memcpy(kept, reader->headers, size);
        message->headers = kept;
    } else {
        message->header_count = 0;
        message->header_ids = 0;
        *reader->fault = (struct sip_fault){SIP_ERR_NO_MEMORY, 0, SIP_HEADER_OTHER};
    }
}

enum sip_err sip_parse(struct span bytes, struct arena *arena, struct sip_message *message,
                       struct sip_fault *fault)
{
    struct sip_header headers[SIP_HEADER_MAX];
    struct cursor cursor = cursor_over(bytes);
    struct reader reader = {
        .start = cursor.at,
        .cursor = cursor,
        .message = message,
        .fault = fault,
        .headers = headers,
    };
    *message = (struct sip_message){.max_forwards = -1};
    *fault = (struct sip_fault){.err = SIP_OK};
    if (bytes.len > SIP_MESSAGE_MAX) {
        note_fault(&reader, SIP_ERR_TOO_BIG, reader.start + SIP_MESSAGE_MAX, SIP_HEADER_OTHER);
        return fault->err;
    }
    read_start_line(&reader);
    if (read_header_lines(&reader)) {
        check_mandatory(&reader);
        read_body(&reader);
    }
    message->bytes = span_between(reader.start, reader.cursor.at);
    keep_headers(&reader, arena);
    return fault->err;
}

bool sip_is_answerable(const struct sip_message *message)
{
    bool has_via = message->header_count > 0 && message->via.host.len > 0;
    return message->is_request && message->method != SIP_ACK && has_via;
}
