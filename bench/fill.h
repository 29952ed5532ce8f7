// SPDX-License-Identifier: Apache-2.0
// The settings that the benchmark's calls meet: one group and many lines, each with its own user
// and several forwardings.
#pragma once

#include "store/store.h"

// Fills a new store, in one transaction straight into it: by the API it would be one transaction
// for each line. Ends the program, saying why, when that fails.
void fill_store(struct store *store, uint32_t line_count, uint32_t pbx_port);
