// SPDX-License-Identifier: Apache-2.0
// From a line's snapshot and what is known of a call to the facts of the decision. The same for
// live calls and for "explain", so that both always agree. Pure.
#pragma once

#include "fwd/fwd.h"

enum { FWD_VISITED_MAX = 32 };

// How often an exception was carried out since its block was made.
struct fwd_use {
    uint32_t rule_id, count;
};

// What is known of a call. All numbers in stored form.
struct fwd_call {
    enum fwd_event event;
    struct span caller; // empty: unknown
    bool is_anonymous;  // withheld: no number fits the caller
    uint64_t wall_us;   // now
    // What clocks show to the user and at the group's site; NULL: UTC.
    const struct snapshot_zone *line_zone, *group_zone;
    bool is_internal;
    bool is_psap_callback;
    bool is_group_call;
    bool is_logged_in;      // the line's user
    bool has_clients;       // something of the user's rings
    bool has_alerted;       // FWD_DEFLECTED: the caller has heard ringing
    bool is_client_busy;    // FWD_DEFLECTED: another client has answered 486 or 600
    unsigned client_status; // FWD_CLIENT_REJECTED
    // Calls of the line (fwd_facts), and how many it forwards at the moment and within the hour.
    uint32_t up_count, ringing_count, forwarded_now_count, forwarded_hour_count;
    uint32_t desk_count;      // of up_count's kind, of the line's other telephones at the PBX
    uint32_t elsewhere_count; // of up_count's kind, on the user's other lines
    uint32_t diversion_count;
    const struct span *visited; // who has forwarded this call before
    size_t visited_count;
    struct span tried;          // FWD_TARGET_...: the target, stored form
    const struct fwd_use *uses; // of exceptions with a number of `calls`
    size_t use_count;
    const struct fwd_choice *chosen; // FWD_WAITED; its target is judged anew
    struct span deflection;          // FWD_DEFLECTED: where to
    enum model_number_class deflection_class;
};

// Room that prepared facts need; the facts point into it.
struct fwd_facts_room {
    struct fwd_rule rules[FWD_RULES_MAX];
};

// Prepares the facts. `group`, `numbering` and `line` belong together; everything must outlive
// `facts`.
void fwd_prepare(const struct snapshot_group *group, const struct phone_numbering *numbering,
                 const struct snapshot_line *line, const struct fwd_call *call,
                 struct fwd_facts_room *room, struct fwd_facts *facts);
