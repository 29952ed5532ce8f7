// SPDX-License-Identifier: Apache-2.0
// Any bytes as a document of dialogs: whatever is read lies within its room, and reading ends.
#include "fuzz/fuzz.h"

#include "desk/desk.h"

static void check_name(const struct desk_dialog *dialog, struct span name)
{
    if (name.len == 0) return;
    ASSERT(name.at >= dialog->bytes && name.at + name.len <= dialog->bytes + sizeof dialog->bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = {(const char *)data, size};
    struct desk_document document;
    struct desk_dialog dialog;
    size_t count = 0;
    if (!desk_document_begin(&document, text)) return 0;
    ASSERT(document.version <= UINT32_MAX);
    while (desk_document_next(&document, &dialog) == XML_CLOSE) {
        check_name(&dialog, dialog.id);
        check_name(&dialog, dialog.call_id);
        ASSERT(++count <= size / 9); // "<dialog/>"
    }
    return 0;
}
