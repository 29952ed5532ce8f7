// SPDX-License-Identifier: Apache-2.0
// The files of the web client, as they were built into this program: data, and finding it.
#pragma once

#include "base/base.h"

// One file of the web client. Everything lives as long as the program.
struct web_file {
    const char *path;                // relative: "index.html", "assets/app-1a2b3c.js"
    const char *type;                // for Content-Type
    const char *tag;                 // of its content: hexadecimal digits
    bool is_named_by_content;        // another content has another name, so it may be kept for ever
    struct span plain, gzip, brotli; // the last two are empty where they are not smaller
};

// Finds the file with that path; NULL when there is none.
const struct web_file *web_find(struct span path);

// The page that starts the client. Where the program was built without the client, it says so.
const struct web_file *web_index(void);
