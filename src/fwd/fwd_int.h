// SPDX-License-Identifier: Apache-2.0
// The inside of the decision.
#pragma once

#include "fwd/fwd.h"

// What a step needs: what is known, what comes of it, and where we are.
struct decision {
    const struct fwd_facts *facts;
    struct fwd_verdict *verdict;
    enum fwd_step step;
};

// ---- trace.c: what was looked at. The last entry of a trace explains the verdict.

void fwd_note(struct decision *decision, enum fwd_subject subject, enum fwd_finding finding);
// Notes whether a state holds, and returns it.
bool fwd_note_state(struct decision *decision, enum fwd_subject subject, bool is_held);
// A rule that does not decide; when the trace has no room for it, it is counted.
void fwd_note_rule(struct decision *decision, const struct fwd_rule *rule,
                   enum fwd_finding finding);
// A rule that was chosen; there is always room for it.
void fwd_note_choice(struct decision *decision, const struct fwd_choice *choice,
                     enum fwd_finding finding);
enum fwd_subject fwd_subject_of(enum model_level level);

// ---- targets.c: step 2, which holds for every candidate of the other steps

// What speaks for or against forwarding to `target`. FWD_APPLIES: nothing.
enum fwd_finding fwd_judge(const struct fwd_facts *facts, const struct fwd_target *target);
// Whether the finding makes the candidate count as unset; else it decides.
bool fwd_is_skipped(enum fwd_finding finding);
// What follows from a candidate that is not skipped: the call goes there, or it ends.
void fwd_carry_out(struct decision *decision, const struct fwd_choice *choice,
                   enum fwd_finding finding);

// ---- order.c: which rule of a level comes first

// Rules of one condition, by level, the most specific first within each.
struct fwd_order {
    size_t count;
    const struct fwd_rule *rules[FWD_RULES_MAX];
};

// Puts all the rules of `condition` in order.
void fwd_put_in_order(const struct fwd_facts *facts, enum model_condition condition,
                      struct fwd_order *order);

// ---- levels.c: the levels of a step

// The forwarding that applies because of `condition`, and what was found about its target. False
// when there is none.
bool fwd_choose(struct decision *decision, enum model_condition condition,
                struct fwd_choice *choice, enum fwd_finding *finding);

// ---- verdicts.c

void fwd_redirect(struct decision *decision, const struct fwd_choice *choice);
void fwd_ring(struct decision *decision, unsigned seconds);
void fwd_hold(struct decision *decision, unsigned seconds);
void fwd_decline(struct decision *decision, unsigned status);
// As the group answers for users who are not there (setting decline_unavailable).
void fwd_decline_unavailable(struct decision *decision);
// As the group answers when the user rejects a call (setting decline_rejected).
void fwd_decline_rejected(struct decision *decision);
