// SPDX-License-Identifier: Apache-2.0
// Stands for the web client where it was not built: one page that says so.
#include "web/web_int.h"

#ifdef WEB_IS_ABSENT
static const char page[] =
    "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\n"
    "<base href=\"./\"><title>Lineward</title></head>\n<body>\n"
    "<h1>The web client is not here</h1>\n"
    "<p>This server was built without it. Its API and command line work all the same.</p>\n"
    "<p>To have it: install the packages nodejs and npm, and build again.</p>\n"
    "</body>\n</html>\n";

const struct web_file web_files[] = {
    {"index.html",
     "text/html; charset=utf-8",
     "absent",
     false,
     {page, sizeof page - 1},
     {NULL, 0},
     {NULL, 0}},
};
const size_t web_file_count = 1;
#endif
