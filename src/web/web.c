// SPDX-License-Identifier: Apache-2.0
// Finds a file of the web client. The table and the bytes are made by web/pack.js when the program
// is built, or are those of absent.c.
#include "web/web_int.h"

const struct web_file *web_find(struct span path)
{
    for (size_t i = 0; i < web_file_count; i++) {
        if (span_eq(path, span_of(web_files[i].path))) return &web_files[i];
    }
    return NULL;
}

const struct web_file *web_index(void)
{
    const struct web_file *index = web_find(SPAN("index.html"));
    ASSERT(index);
    return index;
}
