// SPDX-License-Identifier: Apache-2.0
// A small reader of XML for documents of peers: tags, attributes and texts, piece by piece, without
// memory of its own. It knows no document types: a DOCTYPE is a fault, so nobody can define an
// entity, and only the five of XML itself and numbered characters are replaced (XML 1.0 section
// 4.6). What it takes is not checked to the last letter of that standard.
#pragma once

#include "base/base.h"

enum { XML_DEPTH_MAX = 16 };

enum xml_kind {
    XML_OPEN,  // a start tag
    XML_CLOSE, // an end tag, also of an element without content
    XML_TEXT,
    XML_END,   // of the document: all elements are closed
    XML_FAULT, // it is none, or too deep
};

// A place in a document; to be filled by xml_begin.
struct xml {
    struct span rest;
    struct span open[XML_DEPTH_MAX]; // the names of the elements that are open, with prefixes
    unsigned depth;
    bool is_empty; // the element that was opened last has no content: its end comes next
    bool is_over;  // the outermost element is closed
};

struct xml_piece {
    enum xml_kind kind;
    struct span name;       // of a tag, without prefix; borrowed from the document
    struct span attributes; // of a start tag, as they stand there
    struct span text;       // as it stands there
    unsigned depth;         // of the element that is opened or closed, or has the text; from 1 on
};

void xml_begin(struct xml *xml, struct span document);
enum xml_kind xml_next(struct xml *xml, struct xml_piece *piece);
// Prints the value of an attribute with its entities replaced; false where there is none.
bool xml_put_attribute(struct buffer *out, struct span attributes, struct span name);
