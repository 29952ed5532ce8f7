// SPDX-License-Identifier: Apache-2.0
// What a worker tells those who listen at the API: how lines stand, and what became of calls. Costs
// one look at a counter while nobody listens.
#pragma once

#include "api/api.h"
#include "call/call.h"
#include "check/check.h"
#include "line/line.h"

#include <stdatomic.h>

// Where the API is, once it runs; NULL before.
typedef _Atomic(struct api *) news_api;

// The registration of a line of `group` has changed.
void news_line(news_api *api, const char *group, const struct line_state *effect);
// A call is there, or has changed; that it is over is told by news_call_ended. `number`: its number
// for people.
void news_call_shown(news_api *api, uint64_t number, const struct call_shown *shown);
// A device is registered somewhere, or not there any more.
void news_device(news_api *api, const struct client_shown *shown);
// Too much to do: so many calls have been refused since the start.
void news_overload(news_api *api, uint64_t refused_count);
// A line's forwardings want an administrator's look.
void news_alarm(news_api *api, const struct api_alarm *alarm);
// A call is over, and this is its entry in the journal.
void news_call_ended(news_api *api, const struct model_journal_entry *entry);
// A check of the group has found something out, or is over.
void news_check(news_api *api, const char *group, const struct check_told *told);
