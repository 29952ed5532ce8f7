// SPDX-License-Identifier: Apache-2.0
// Inside the web layer: the table of the files.
#pragma once

#include "web/web.h"

extern const struct web_file web_files[];
extern const size_t web_file_count;
