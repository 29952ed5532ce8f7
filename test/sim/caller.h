// SPDX-License-Identifier: Apache-2.0
// A peer that sends us a request: a model of the client transactions of RFC 3261 section 17.1,
// written without a look at ours. It sends INVITE or OPTIONS, repeats, acknowledges, sometimes
// cancels.
#pragma once

#include "sim/network.h"
#include "sip/sip.h"

// The same bytes again and again, at doubling intervals.
struct repeater {
    uint64_t next_us; // DEADLINE_NEVER: not running
    uint64_t interval_us, interval_us_max;
};

enum caller_state {
    CALLER_WAITING,    // its time has not come
    CALLER_CALLING,    // nothing heard yet
    CALLER_PROCEEDING, // a provisional answer came
    CALLER_ANSWERED,
    CALLER_GAVE_UP, // timer B or F, or a proxy's timer C
};

struct caller {
    unsigned number;
    bool is_invite;
    enum caller_state state;
    uint64_t start_us;
    uint64_t cancel_us; // DEADLINE_NEVER: never
    bool is_cancelled;
    struct repeater request, cancel;
    unsigned final_status;
    char final_tag[64]; // To tag of the final answer
};

void caller_init(struct caller *caller, struct sim *sim, unsigned number);
uint64_t caller_deadline_us(const struct caller *caller);
void caller_tick(struct caller *caller, struct sim *sim);
// A response with this caller's branch.
void caller_receive(struct caller *caller, struct sim *sim, const struct sip_message *response);
bool caller_is_done(const struct caller *caller);
