// SPDX-License-Identifier: Apache-2.0
// How much of the work that arrives has to be turned away so that its queue stays short: a
// controller of the waiting time, for callers who do not slow down by themselves. docs/overload.md
// says why so.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    OVERLOAD_WAIT_US = 2 * 1000,       // what a queue may stand at in overload
    OVERLOAD_STANDING_US = 5 * 1000,   // what it may stand at before
    OVERLOAD_INTERVAL_US = 10 * 1000,  // between two corrections
    OVERLOAD_PATIENCE_US = 100 * 1000, // a queue that stands for less is a burst
    OVERLOAD_LOSING_US = 40 * 1000,    // one that overflows for less is one, too
    OVERLOAD_WHOLE = 1000000,          // shares are parts of this
    OVERLOAD_ADMITTED_MIN = 20000,     // never none: it has to be noticed that it is over
};

// Zeroed: nothing is turned away.
struct overload {
    uint64_t interval_end_us; // 0: the first note is to come
    uint64_t standing_us;     // for how long the queue has been standing and not shrinking
    uint64_t losing_us;       // for how long it has been overflowing
    uint64_t least_wait_us;   // in this interval
    uint64_t heard, lost;     // since it has been overflowing
    uint64_t lost_before;     // at the end of the interval before
    int64_t wait_before_us;   // in the interval before
    int64_t carried;          // the share that can be carried; while `share` is above 0
    uint32_t share;           // to be turned away
    uint32_t due;             // of the next ones, summed up
    bool is_refusing;         // a run of refusals is on
};

// What is seen of the queue when work is taken from its front.
struct overload_sight {
    uint64_t wait_us; // for how long the first of that has waited
    uint64_t heard;   // how much it is
    uint64_t lost;    // how much found no room in the queue since the sight before
};
// To be called as often as convenient, in any case once for every batch; where nothing comes,
// nothing has waited.
void overload_note(struct overload *overload, uint64_t now_us, const struct overload_sight *sight);

// The share of what arrives that should be dropped before it costs anything: a refusal costs a good
// part of what it saves, so there are never more than OVERLOAD_REFUSED_SHARE of them beside what is
// admitted. In whole steps, so that it changes seldom.
enum { OVERLOAD_REFUSED_SHARE = 50000, OVERLOAD_DROPPED_STEP = 5000 };
uint32_t overload_dropped_share(const struct overload *overload);

// Whether to refuse the next one of what is left after those. Refusals come in runs: what is alike
// is sent together (docs/benchmark.md "Runs of datagrams"), and so are the answers between them.
bool overload_refuses(struct overload *overload);
