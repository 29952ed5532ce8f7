// SPDX-License-Identifier: Apache-2.0
// How much of the work that arrives has to be turned away so that its queue stays short: a
// controller of the waiting time, in the manner of PIE (RFC 8033), for callers who do not slow down
// by themselves. docs/overload.md says why so.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    OVERLOAD_WAIT_US = 5 * 1000,       // what a queue may stand at
    OVERLOAD_INTERVAL_US = 20 * 1000,  // between two corrections
    OVERLOAD_PATIENCE_US = 100 * 1000, // a queue that stands for less is a burst
    OVERLOAD_WHOLE = 1000000,          // shares are parts of this
    OVERLOAD_ADMITTED_MIN = 20000,     // never none: it has to be noticed that it is over
};

// Zeroed: nothing is turned away.
struct overload {
    uint64_t interval_end_us; // 0: the first note is to come
    uint64_t standing_us;     // for how long the queue has been standing and not shrinking
    uint64_t least_wait_us;   // in this interval
    int64_t error_before;     // of the wait, in parts of what it may be
    uint32_t share;           // to be turned away
    uint32_t due;             // of the next one, summed up
};

// Work was taken from the queue's front that had waited for `wait_us`. To be called as often as
// convenient, in any case once for every batch; where nothing comes, nothing has waited.
void overload_note(struct overload *overload, uint64_t now_us, uint64_t wait_us);

// The share of what arrives that should be dropped before it costs anything: a refusal costs a good
// part of what it saves, so there are never more than OVERLOAD_REFUSED_SHARE of them beside what is
// admitted. In whole steps, so that it changes seldom.
enum { OVERLOAD_REFUSED_SHARE = 100000, OVERLOAD_DROPPED_STEP = 10000 };
uint32_t overload_dropped_share(const struct overload *overload);

// Whether to refuse the next one of what is left after those; evenly spread.
bool overload_refuses(struct overload *overload);
