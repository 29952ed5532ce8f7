// SPDX-License-Identifier: Apache-2.0
// From a line's snapshot and what is known of a call to the facts of the decision. The same for
// live calls and for "explain", so that both always agree. Pure.
#pragma once

#include "fwd/fwd.h"

enum { FWD_VISITED_MAX = 32 };

// What is known of a call when it arrives. All numbers in stored form.
struct fwd_call {
    bool is_internal;
    bool is_psap_callback;
    bool is_logged_in; // of the line's user
    bool has_clients;  // something of the user's rings
    uint32_t diversion_count;
    struct span visited[FWD_VISITED_MAX]; // who has forwarded this call before
    size_t visited_count;
};

// Room that prepared facts need; the facts point into it.
struct fwd_facts_room {
    struct fwd_rule rules[CONDITION_COUNT * ORIGIN_COUNT];
};

// Prepares the facts. `group`, `numbering` and `line` belong together; everything must outlive
// `facts`.
void fwd_prepare(const struct snapshot_group *group, const struct phone_numbering *numbering,
                 const struct snapshot_line *line, const struct fwd_call *call,
                 struct fwd_facts_room *room, struct fwd_facts *facts);
