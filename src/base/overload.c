// SPDX-License-Identifier: Apache-2.0
// A controller that knows what it controls: a queue grows by what is admitted beyond what can be
// carried, so how it has grown in an interval tells what can be carried, and how far it is from
// where it may stand tells how much more or less than that is to be admitted.
//
// Each interval has one correction, by the least wait in it: what is left of a burst between two
// batches does not count. An empty queue says only that more could have been carried: then what is
// admitted grows by EMPTY_GROWTH of itself, and a quarter of a second after the end of threefold
// overload nothing is refused any more. What is older than LATE_US tells of a time when other
// shares held: then what can be carried shrinks by LATE_SHRINKING of itself.
#include "base/overload.h"

enum {
    EMPTY_GROWTH = 100000, // parts of OVERLOAD_WHOLE
    LATE_SHRINKING = 50000,
    EMPTY_US = OVERLOAD_WAIT_US / 10,
    LATE_US = 3 * OVERLOAD_WAIT_US,
    CORRECTED_US = 40 * 1000, // within so long the wait is to be what it may be
    SMOOTHING = 4,            // one part of so many is new in what can be carried
    ADMITTED_OF_CARRIED_MIN = OVERLOAD_WHOLE / 5,
    REFUSED_RUN = 16,
    WAIT_US_MAX = 2 * 1000 * 1000,
    INTERVALS_MISSED_MAX = 200,
};

static int64_t at_most(int64_t value, int64_t max)
{
    return value < max ? value : max;
}

static int64_t at_least(int64_t value, int64_t min)
{
    return value > min ? value : min;
}

// The part of what came that could be carried, when it is overload from now on: of a queue that
// loses datagrams what was not lost, and half as much again, for with a short one more is carried;
// else of the time since it has been standing what does not wait now.
static int64_t carried_at_first(const struct overload *overload, int64_t wait_us)
{
    uint64_t whole = overload->heard + overload->lost;
    int64_t standing_us = (int64_t)overload->standing_us;
    if (overload->lost > 0) return (int64_t)(overload->heard * OVERLOAD_WHOLE / whole) * 3 / 2;
    return standing_us * OVERLOAD_WHOLE / (standing_us + wait_us);
}

// The same later: of the share that was admitted, by what the queue has made of it.
static int64_t carried_now(const struct overload *overload, int64_t wait_us)
{
    int64_t grown_us = at_least(wait_us - overload->wait_before_us, -OVERLOAD_INTERVAL_US / 2);
    int64_t admitted = OVERLOAD_WHOLE - (int64_t)overload->share;
    int64_t seen = admitted * OVERLOAD_INTERVAL_US / (OVERLOAD_INTERVAL_US + grown_us);
    if (wait_us < EMPTY_US) {
        return overload->carried + overload->carried * EMPTY_GROWTH / OVERLOAD_WHOLE;
    }
    if (wait_us > LATE_US) {
        return overload->carried - overload->carried * LATE_SHRINKING / OVERLOAD_WHOLE;
    }
    return overload->carried + (seen - overload->carried) / SMOOTHING;
}

// What is to be admitted so that the queue goes to where it may stand.
static int64_t admitted_of(int64_t carried, int64_t wait_us)
{
    int64_t part = OVERLOAD_WHOLE - (wait_us - OVERLOAD_WAIT_US) * OVERLOAD_WHOLE / CORRECTED_US;
    return carried * at_least(part, ADMITTED_OF_CARRIED_MIN) / OVERLOAD_WHOLE;
}

// Whether there is overload: for how long the queue has been standing, or losing.
static bool is_overloaded(struct overload *overload, int64_t wait_us)
{
    // A queue that shrinks is being dealt with.
    if (wait_us <= OVERLOAD_STANDING_US) overload->standing_us = 0;
    if (wait_us > OVERLOAD_STANDING_US && wait_us >= overload->wait_before_us) {
        overload->standing_us += OVERLOAD_INTERVAL_US;
    }
    bool is_losing = overload->lost > overload->lost_before;
    if (!is_losing) overload->heard = overload->lost = 0;
    overload->lost_before = overload->lost;
    overload->losing_us = is_losing ? overload->losing_us + OVERLOAD_INTERVAL_US : 0;
    return overload->share > 0 || overload->standing_us >= OVERLOAD_PATIENCE_US ||
           overload->losing_us >= OVERLOAD_LOSING_US;
}

static void correct(struct overload *overload, uint64_t least_wait_us)
{
    int64_t wait_us = at_most((int64_t)least_wait_us, WAIT_US_MAX);
    if (is_overloaded(overload, wait_us)) {
        int64_t carried = overload->share == 0 ? carried_at_first(overload, wait_us)
                                               : carried_now(overload, wait_us);
        overload->carried = at_most(at_least(carried, OVERLOAD_ADMITTED_MIN), OVERLOAD_WHOLE);
        int64_t admitted = admitted_of(overload->carried, wait_us);
        admitted = at_most(at_least(admitted, OVERLOAD_ADMITTED_MIN), OVERLOAD_WHOLE);
        overload->share = (uint32_t)(OVERLOAD_WHOLE - admitted);
    }
    overload->wait_before_us = wait_us;
}

void overload_note(struct overload *overload, uint64_t now_us, const struct overload_sight *sight)
{
    uint64_t wait_us = sight->wait_us;
    overload->heard += sight->heard;
    overload->lost += sight->lost;
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
    if (overload->due >= REFUSED_RUN * OVERLOAD_WHOLE) overload->is_refusing = true;
    if (overload->due < OVERLOAD_WHOLE) overload->is_refusing = false;
    if (!overload->is_refusing) return false;
    overload->due -= OVERLOAD_WHOLE;
    return true;
}
