// SPDX-License-Identifier: Apache-2.0
// A proportional-integral controller (RFC 8033 section 4.2), in integers.
//
// Each interval has one correction, by the least wait in it: what is left of a burst between two
// batches does not count. Per interval and per whole OVERLOAD_WAIT_US that the queue stands too
// high, the admitted share shrinks by INTEGRAL of itself, and grows where it stands too low; per
// whole one that the queue has grown since the interval before, it shrinks by PROPORTIONAL. Parts
// of itself: so the loop is as stable at thirty times the load that can be carried as at twice. A
// queue that was empty says that much more could have been admitted: then it grows by EMPTY_GROWTH,
// and half a second after the end of threefold overload nothing is refused any more.
#include "base/overload.h"

enum {
    INTEGRAL = 10000,
    PROPORTIONAL = 50000,
    EMPTY_GROWTH = 50000,
    EMPTY_US = OVERLOAD_WAIT_US / 10,
    ERROR_ONE = 1000, // an error of one whole OVERLOAD_WAIT_US
    ERROR_MAX = 10,   // beyond, more does not count for more, but that it changes does
    WAIT_US_MAX = 2 * 1000 * 1000,
    INTERVALS_MISSED_MAX = 200,
};

// How far the wait is from what it may be, from -ERROR_ONE on.
static int64_t error_of(uint64_t wait_us)
{
    if (wait_us > WAIT_US_MAX) wait_us = WAIT_US_MAX;
    return ((int64_t)wait_us - OVERLOAD_WAIT_US) * ERROR_ONE / OVERLOAD_WAIT_US;
}

// How the admitted share changes, by parts of itself.
static int64_t change_of(const struct overload *overload, int64_t error, uint64_t wait_us)
{
    int64_t lasting = error < ERROR_MAX * ERROR_ONE ? error : ERROR_MAX * ERROR_ONE;
    if (wait_us < EMPTY_US) return EMPTY_GROWTH;
    return -(INTEGRAL * lasting + PROPORTIONAL * (error - overload->error_before)) / ERROR_ONE;
}

// The part of what came since the queue has been standing that could be carried: what waits now is
// the rest.
static int64_t carried_part(const struct overload *overload, uint64_t wait_us)
{
    if (wait_us > WAIT_US_MAX) wait_us = WAIT_US_MAX;
    uint64_t carried = overload->standing_us * OVERLOAD_WHOLE / (overload->standing_us + wait_us);
    return (int64_t)carried;
}

static void correct(struct overload *overload, uint64_t wait_us)
{
    int64_t error = error_of(wait_us);
    int64_t change = change_of(overload, error, wait_us);
    // A queue that shrinks is being dealt with.
    if (error <= 0) overload->standing_us = 0;
    if (error > 0 && error >= overload->error_before) {
        overload->standing_us += OVERLOAD_INTERVAL_US;
    }
    overload->error_before = error;
    if (overload->share == 0 && overload->standing_us < OVERLOAD_PATIENCE_US) return;
    int64_t admitted = overload->share == 0 ? carried_part(overload, wait_us)
                                            : OVERLOAD_WHOLE - (int64_t)overload->share;
    admitted += change * admitted / OVERLOAD_WHOLE;
    if (admitted > OVERLOAD_WHOLE) admitted = OVERLOAD_WHOLE;
    if (admitted < OVERLOAD_ADMITTED_MIN) admitted = OVERLOAD_ADMITTED_MIN;
    overload->share = (uint32_t)(OVERLOAD_WHOLE - admitted);
}

void overload_note(struct overload *overload, uint64_t now_us, uint64_t wait_us)
{
    if (overload->interval_end_us == 0) {
        overload->interval_end_us = now_us + OVERLOAD_INTERVAL_US;
        overload->least_wait_us = wait_us;
        return;
    }
    if (now_us < overload->interval_end_us) {
        if (wait_us < overload->least_wait_us) overload->least_wait_us = wait_us;
        return;
    }
    correct(overload, overload->least_wait_us);
    uint64_t missed = (now_us - overload->interval_end_us) / OVERLOAD_INTERVAL_US;
    // What has waited for longer than the gap was there all the time: that was no pause of theirs.
    bool is_pause = wait_us < now_us - overload->interval_end_us;
    for (uint64_t i = 0; is_pause && i < missed && i < INTERVALS_MISSED_MAX; i++) {
        correct(overload, 0);
    }
    overload->interval_end_us += (missed + 1) * OVERLOAD_INTERVAL_US;
    overload->least_wait_us = wait_us;
}

// What is left when nothing is dropped: the admitted ones with the refused ones that they carry.
static uint32_t heard_share(const struct overload *overload)
{
    uint64_t admitted = OVERLOAD_WHOLE - overload->share;
    uint64_t heard = admitted * OVERLOAD_WHOLE / (OVERLOAD_WHOLE - OVERLOAD_REFUSED_SHARE);
    return heard < OVERLOAD_WHOLE ? (uint32_t)heard : OVERLOAD_WHOLE;
}

uint32_t overload_dropped_share(const struct overload *overload)
{
    uint32_t share = OVERLOAD_WHOLE - heard_share(overload);
    return share - share % OVERLOAD_DROPPED_STEP;
}

bool overload_refuses(struct overload *overload)
{
    if (overload->share == 0) return false;
    uint64_t admitted = OVERLOAD_WHOLE - overload->share;
    uint32_t heard = OVERLOAD_WHOLE - overload_dropped_share(overload);
    overload->due += OVERLOAD_WHOLE - (uint32_t)(admitted * OVERLOAD_WHOLE / heard);
    if (overload->due < OVERLOAD_WHOLE) return false;
    overload->due -= OVERLOAD_WHOLE;
    return true;
}
