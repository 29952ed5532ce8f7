// SPDX-License-Identifier: Apache-2.0
// Step 2 of the decision, which holds for every candidate of the other steps: a target that is
// missing, the line itself, an emergency number, barred, tried in vain, or beyond the
// line's limits is skipped as unset. One that the call has visited, or any once the call was
// diverted too often, ends the call; these are looked at last, for a rule that counts as unset
// cannot end a call.
#include "fwd/fwd_int.h"

enum fwd_finding fwd_judge(const struct fwd_facts *facts, const struct fwd_target *target)
{
    switch (target->state) {
    case FWD_TARGET_MISSING: return FWD_NO_NUMBER;
    case FWD_TARGET_SELF: return FWD_IS_SELF;
    case FWD_TARGET_EMERGENCY: return FWD_IS_EMERGENCY;
    case FWD_TARGET_BARRED: return FWD_IS_BARRED;
    case FWD_TARGET_TRIED: return FWD_IS_TRIED;
    case FWD_TARGET_VISITED:
    case FWD_TARGET_USABLE: break;
    }
    if (facts->has_too_many_forwarded) return FWD_IS_TOO_MANY;
    if (facts->has_too_often_forwarded) return FWD_IS_TOO_OFTEN;
    if (target->state == FWD_TARGET_VISITED) return FWD_IS_VISITED;
    bool is_over_limit = facts->diversion_count >= facts->max_diversions;
    return is_over_limit ? FWD_IS_OVER_LIMIT : FWD_APPLIES;
}

bool fwd_is_skipped(enum fwd_finding finding)
{
    return finding != FWD_APPLIES && finding != FWD_IS_VISITED && finding != FWD_IS_OVER_LIMIT;
}

void fwd_carry_out(struct decision *decision, const struct fwd_choice *choice,
                   enum fwd_finding finding)
{
    if (finding == FWD_APPLIES) {
        fwd_redirect(decision, choice);
    } else {
        fwd_decline(decision, decision->step == FWD_STEP_BUSY ? 486 : 480);
    }
}
