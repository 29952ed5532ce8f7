// SPDX-License-Identifier: Apache-2.0
// What a worker tells those who listen at the API: how lines stand, and what became of calls. Costs
// one look at a counter while nobody listens.
#pragma once

#include "api/api.h"
#include "line/line.h"

#include <stdatomic.h>

// Where the API is, once it runs; NULL before.
typedef _Atomic(struct api *) news_api;

void news_line(news_api *api, const char *group, const struct line_state *effect);
void news_call_ended(news_api *api, const struct model_journal_entry *entry);
