// SPDX-License-Identifier: Apache-2.0
// What can come of a decision.
#include "fwd/fwd_int.h"

void fwd_redirect(struct decision *decision, const struct fwd_choice *choice)
{
    struct fwd_verdict *verdict = decision->verdict;
    verdict->kind = VERDICT_REDIRECT;
    verdict->target = choice->target.stored;
    verdict->target_class = choice->target.number_class;
    verdict->reason = (enum model_reason)choice->reason;
    verdict->rule_id = choice->rule_id;
    verdict->is_counted = choice->is_counted;
}

static void wait_for(struct decision *decision, enum model_verdict_kind kind, unsigned seconds)
{
    decision->verdict->kind = kind;
    decision->verdict->seconds = seconds;
    decision->verdict->status = 480;
}

void fwd_ring(struct decision *decision, unsigned seconds)
{
    wait_for(decision, VERDICT_RING, seconds);
}

void fwd_hold(struct decision *decision, unsigned seconds)
{
    wait_for(decision, VERDICT_HOLD, seconds);
}

void fwd_decline(struct decision *decision, unsigned status)
{
    decision->verdict->kind = VERDICT_DECLINE;
    decision->verdict->status = status;
}

void fwd_decline_unavailable(struct decision *decision)
{
    fwd_note(decision, FWD_SUBJECT_DECLINE, FWD_APPLIES);
    switch (decision->facts->decline_unavailable) {
    case DECLINE_486: fwd_decline(decision, 486); return;
    case DECLINE_480: fwd_decline(decision, 480); return;
    case DECLINE_603: fwd_decline(decision, 603); return;
    case DECLINE_RINGING: fwd_hold(decision, FWD_HOLD_S); return;
    }
    ASSERT(false);
}

void fwd_decline_rejected(struct decision *decision)
{
    fwd_note(decision, FWD_SUBJECT_REJECTED, FWD_APPLIES);
    switch (decision->facts->decline_rejected) {
    case REJECTED_486: fwd_decline(decision, 486); return;
    case REJECTED_480: fwd_decline(decision, 480); return;
    case REJECTED_603: fwd_decline(decision, 603); return;
    case REJECTED_AS_CLIENT: fwd_decline(decision, decision->facts->client_status); return;
    case REJECTED_RINGING: fwd_hold(decision, FWD_HOLD_S); return;
    }
    ASSERT(false);
}
