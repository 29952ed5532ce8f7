// SPDX-License-Identifier: Apache-2.0
// The words of one language for the trace and the verdict.
#pragma once

#include "fwd/fwd.h"

enum { FWD_SUBJECT_COUNT = FWD_SUBJECT_MORE + 1 };

// A slot's sentence is `the`, the condition's forwarding, the origin's callers, and what the
// finding says of it; blanks come between. Of another rule it is `rules` of its subject, its
// number, in brackets the forwarding (`in_brackets`) and callers, and what the finding says.
struct fwd_words {
    // Of all that is neither state nor rule.
    const char *plain[FWD_SUBJECT_COUNT][FWD_FINDING_COUNT];
    const char *dnd[2], *logged_off[2]; // it is so, it is not so
    const char *the, *forwardings[CONDITION_COUNT], *callers[ORIGIN_COUNT];
    const char *rules[FWD_SUBJECT_COUNT];
    const char *findings[FWD_FINDING_COUNT]; // of a rule
    const char *no_slot[2];                  // before and after the forwarding
    const char *one_of_other_origin[2];      // the caller is external, internal
    const char *more[2];                     // one, several
    const char *unknown;
    const char *redirect, *decline, *ring, *hold, *then;
    const char *reasons[REASON_COUNT];
    const char *busy, *unavailable, *rejected;
};

extern const struct fwd_words fwd_english, fwd_german;
