// SPDX-License-Identifier: Apache-2.0
// Reads what PBXs tell of an extension's calls: application/dialog-info+xml. RFC 4235 section 4.1.
#pragma once

#include "desk/xml.h"

enum desk_dialog_state { DESK_DIALOG_EARLY, DESK_DIALOG_CONFIRMED, DESK_DIALOG_OVER };

struct desk_document {
    struct xml xml;
    bool is_full; // else it tells what has changed
    uint64_t version;
};

enum { DESK_NAMES_SIZE = 400 }; // of a dialog's id and Call-ID; what is longer is not told

struct desk_dialog {
    enum desk_dialog_state state;
    bool is_called;          // the extension was; else it calls, or that is not told
    struct span id, call_id; // in `bytes`; empty: not told
    char bytes[DESK_NAMES_SIZE];
};

// Reads the outermost element. False: it is another one, or has no version.
bool desk_document_begin(struct desk_document *document, struct span body);
// The next dialog (XML_CLOSE); XML_END, XML_FAULT: there is none.
enum xml_kind desk_document_next(struct desk_document *document, struct desk_dialog *dialog);
