// SPDX-License-Identifier: Apache-2.0
// The document of the dialog event package: application/dialog-info+xml. RFC 4235 section 4.1.
#include "desk/desk.h"

enum { WORD_SIZE = 24, NUMBER_SIZE_MAX = 24 };

static struct span put_attribute(struct buffer *out, struct span attributes, struct span name)
{
    size_t from = out->len;
    if (out->is_full || !xml_put_attribute(out, attributes, name) || out->is_full) return SPAN_NONE;
    return (struct span){out->at + from, out->len - from};
}

static bool read_head(struct desk_document *document, struct span attributes)
{
    char bytes[2 * NUMBER_SIZE_MAX];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    struct span state = put_attribute(&out, attributes, SPAN("state"));
    struct span version = put_attribute(&out, attributes, SPAN("version"));
    document->is_full = !span_eq_nocase(span_trim(state), SPAN("partial"));
    return span_to_u64(span_trim(version), UINT32_MAX, &document->version);
}

bool desk_document_begin(struct desk_document *document, struct span body)
{
    struct xml_piece piece;
    *document = (struct desk_document){.is_full = true};
    xml_begin(&document->xml, body);
    return xml_next(&document->xml, &piece) == XML_OPEN &&
           span_eq(piece.name, SPAN("dialog-info")) && read_head(document, piece.attributes);
}

// ---- A dialog

static enum desk_dialog_state read_state(struct span word)
{
    word = span_trim(word);
    if (span_eq_nocase(word, SPAN("confirmed"))) return DESK_DIALOG_CONFIRMED;
    if (span_eq_nocase(word, SPAN("terminated"))) return DESK_DIALOG_OVER;
    return DESK_DIALOG_EARLY;
}

static void open_dialog(struct desk_dialog *dialog, struct span attributes)
{
    struct buffer out = buffer_over(dialog->bytes, sizeof dialog->bytes);
    dialog->state = DESK_DIALOG_EARLY;
    dialog->id = put_attribute(&out, attributes, SPAN("id"));
    dialog->call_id = put_attribute(&out, attributes, SPAN("call-id"));
    char word_bytes[WORD_SIZE];
    struct buffer word = buffer_over(word_bytes, sizeof word_bytes);
    dialog->is_called = span_eq_nocase(
        span_trim(put_attribute(&word, attributes, SPAN("direction"))), SPAN("recipient"));
}

enum xml_kind desk_document_next(struct desk_document *document, struct desk_dialog *dialog)
{
    struct xml_piece piece;
    bool is_in_dialog = false, is_in_state = false;
    for (;;) {
        switch (xml_next(&document->xml, &piece)) {
        case XML_OPEN:
            if (piece.depth == 2) {
                is_in_dialog = span_eq(piece.name, SPAN("dialog"));
                if (is_in_dialog) open_dialog(dialog, piece.attributes);
            }
            is_in_state = is_in_dialog && piece.depth == 3 && span_eq(piece.name, SPAN("state"));
            break;
        case XML_TEXT:
            if (is_in_state && span_trim(piece.text).len > 0) {
                dialog->state = read_state(piece.text);
            }
            break;
        case XML_CLOSE:
            is_in_state = false;
            if (piece.depth == 2 && is_in_dialog) return XML_CLOSE;
            break;
        case XML_END: return XML_END;
        case XML_FAULT: return XML_FAULT;
        }
    }
}
