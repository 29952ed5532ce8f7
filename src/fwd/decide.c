// SPDX-License-Identifier: Apache-2.0
// The forwarding decision. behaviour.md "The decision": fwd_decide() goes through its steps one
// after the other, and the first one that yields a verdict ends it. Within a step, forward() goes
// through the levels (behaviour.md "Precedence within one step"), and within a level the rule for
// the caller's own origin comes before the one for all.
#include "fwd/fwd.h"

// What a step needs: what is known, what comes of it, and where we are.
struct decision {
    const struct fwd_facts *facts;
    struct fwd_verdict *verdict;
    enum fwd_step step;
};

// ---- Trace

static struct fwd_trace_entry *note(struct decision *decision, enum fwd_subject subject,
                                    enum fwd_finding finding)
{
    struct fwd_trace *trace = &decision->verdict->trace;
    ASSERT(trace->count < FWD_TRACE_MAX); // at most three slots and three more entries a step
    struct fwd_trace_entry *entry = &trace->entries[trace->count++];
    *entry = (struct fwd_trace_entry){
        .step = (uint8_t)decision->step,
        .subject = (uint8_t)subject,
        .finding = (uint8_t)finding,
    };
    return entry;
}

static void note_slot(struct decision *decision, enum model_condition condition,
                      enum model_origin origin, enum fwd_finding finding)
{
    struct fwd_trace_entry *entry = note(decision, FWD_SUBJECT_SLOT, finding);
    entry->condition = (uint8_t)condition;
    entry->origin = (uint8_t)origin;
}

// Notes whether a state holds, and returns it.
static bool note_state(struct decision *decision, enum fwd_subject subject, bool is_held)
{
    note(decision, subject, is_held ? FWD_APPLIES : FWD_NOT_HELD);
    return is_held;
}

// ---- Verdicts

static void redirect(struct decision *decision, struct span target, enum model_reason reason)
{
    decision->verdict->kind = VERDICT_REDIRECT;
    decision->verdict->target = target;
    decision->verdict->reason = reason;
}

static void ring(struct decision *decision)
{
    decision->verdict->kind = VERDICT_RING;
    decision->verdict->seconds = FWD_RING_MAX_S;
    decision->verdict->status = 480;
}

static void decline(struct decision *decision, unsigned status)
{
    decision->verdict->kind = VERDICT_DECLINE;
    decision->verdict->status = status;
}

// As the group answers for users who are not there (setting decline_unavailable).
static void decline_unavailable(struct decision *decision)
{
    note(decision, FWD_SUBJECT_DECLINE, FWD_APPLIES);
    switch (decision->facts->decline_unavailable) {
    case DECLINE_486: decline(decision, 486); return;
    case DECLINE_480: decline(decision, 480); return;
    case DECLINE_603: decline(decision, 603); return;
    case DECLINE_RINGING:
        decision->verdict->kind = VERDICT_HOLD;
        decision->verdict->seconds = FWD_HOLD_S;
        decision->verdict->status = 480;
        return;
    }
    ASSERT(false);
}

// ---- Targets: behaviour.md step 2, which holds for every candidate of the other steps

// What speaks for or against forwarding to `target`. A target that is missing, the line itself, an
// emergency number or barred is skipped as unset; one that was visited, or any once the call was
// diverted too often, ends the call.
static enum fwd_finding judge(const struct decision *decision, const struct fwd_target *target)
{
    switch (target->state) {
    case FWD_TARGET_MISSING: return FWD_NO_NUMBER;
    case FWD_TARGET_SELF: return FWD_IS_SELF;
    case FWD_TARGET_EMERGENCY: return FWD_IS_EMERGENCY;
    case FWD_TARGET_BARRED: return FWD_IS_BARRED;
    case FWD_TARGET_VISITED: return FWD_IS_VISITED;
    case FWD_TARGET_USABLE: break;
    }
    bool is_over_limit = decision->facts->diversion_count >= decision->facts->max_diversions;
    return is_over_limit ? FWD_IS_OVER_LIMIT : FWD_APPLIES;
}

static bool is_skipped(enum fwd_finding finding)
{
    return finding == FWD_NO_NUMBER || finding == FWD_IS_SELF || finding == FWD_IS_EMERGENCY ||
           finding == FWD_IS_BARRED;
}

static enum model_reason reason_of(enum model_condition condition)
{
    switch (condition) {
    case CONDITION_IMMEDIATE: return REASON_UNCONDITIONAL;
    case CONDITION_DND: return REASON_DND;
    case CONDITION_LOGGED_OFF: return REASON_UNAVAILABLE_LOGGED_OFF;
    case CONDITION_UNREACHABLE: return REASON_UNREACHABLE;
    case CONDITION_BUSY: return REASON_BUSY;
    case CONDITION_NO_ANSWER: return REASON_NO_ANSWER;
    case CONDITION_COUNT: break;
    }
    ASSERT(false);
}

// What follows from a candidate that is not skipped: the call goes there, or it ends. Returns true,
// for that is the verdict.
static bool execute(struct decision *decision, const struct fwd_target *target,
                    enum fwd_finding finding, enum model_condition condition)
{
    if (finding == FWD_APPLIES) {
        redirect(decision, target->stored, reason_of(condition));
    } else {
        decline(decision, 480);
    }
    return true;
}

// ---- Levels of a step

static const struct fwd_rule *find_slot(const struct fwd_facts *facts,
                                        enum model_condition condition, enum model_origin origin)
{
    for (size_t i = 0; i < facts->rule_count; i++) {
        const struct fwd_rule *rule = &facts->rules[i];
        if (rule->condition == condition && rule->origin == origin) return rule;
    }
    return NULL;
}

// The user's slots, the most specific first. Noted are all that are set, and the one that decides
// comes last; when none is set, that.
static bool forward_by_slots(struct decision *decision, enum model_condition condition)
{
    bool is_internal = decision->facts->is_internal;
    enum model_origin own = is_internal ? ORIGIN_INTERNAL : ORIGIN_EXTERNAL;
    enum model_origin other = is_internal ? ORIGIN_EXTERNAL : ORIGIN_INTERNAL;
    const struct fwd_rule *specific = find_slot(decision->facts, condition, own);
    const struct fwd_rule *general = find_slot(decision->facts, condition, ORIGIN_ALL);
    bool has_other = find_slot(decision->facts, condition, other) != NULL;

    if (has_other) note_slot(decision, condition, other, FWD_OTHER_ORIGIN);
    if (!has_other && !specific && !general) {
        note_slot(decision, condition, ORIGIN_ALL, FWD_NOT_SET);
    }
    if (specific) {
        enum fwd_finding finding = judge(decision, &specific->target);
        bool is_deciding = !is_skipped(finding);
        if (is_deciding && general) {
            note_slot(decision, condition, ORIGIN_ALL, FWD_LESS_SPECIFIC);
        }
        note_slot(decision, condition, own, finding);
        if (is_deciding) return execute(decision, &specific->target, finding, condition);
    }
    if (general) {
        enum fwd_finding finding = judge(decision, &general->target);
        note_slot(decision, condition, ORIGIN_ALL, finding);
        if (!is_skipped(finding)) return execute(decision, &general->target, finding, condition);
    }
    return false;
}

// The user's mailbox number, when nobody is logged in.
static bool forward_to_mailbox(struct decision *decision)
{
    const struct fwd_target *mailbox = &decision->facts->mailbox;
    bool is_set = decision->facts->has_user && mailbox->stored.len > 0 &&
                  mailbox->state != FWD_TARGET_MISSING;
    enum fwd_finding finding = is_set ? judge(decision, mailbox) : FWD_NOT_SET;
    note(decision, FWD_SUBJECT_MAILBOX, finding);
    if (!is_set || is_skipped(finding)) return false;
    return execute(decision, mailbox, finding, CONDITION_LOGGED_OFF);
}

// Goes through the levels of one step.
static bool forward(struct decision *decision, enum model_condition condition)
{
    if (forward_by_slots(decision, condition)) return true;
    return condition == CONDITION_LOGGED_OFF && forward_to_mailbox(decision);
}

// ---- Steps; each returns whether it has yielded the verdict

// 1. Calls back from the emergency service ring, whatever else is set (RFC 7090 section 5); a
// disabled line takes no call.
static bool enter(struct decision *decision)
{
    const struct fwd_facts *facts = decision->facts;
    decision->step = FWD_STEP_ENTRY;
    if (note_state(decision, FWD_SUBJECT_PSAP_CALLBACK, facts->is_psap_callback)) {
        if (note_state(decision, FWD_SUBJECT_CLIENTS, facts->has_clients)) {
            ring(decision);
        } else {
            decline(decision, 480);
        }
        return true;
    }
    if (note_state(decision, FWD_SUBJECT_LINE, !facts->is_line_enabled)) {
        decline(decision, 480);
        return true;
    }
    return false;
}

// 2. Whether the call may still be diverted. Nothing ends here: a call that nobody wants to forward
// rings, however often it was diverted before. See judge().
static void check_limits(struct decision *decision)
{
    const struct fwd_facts *facts = decision->facts;
    decision->step = FWD_STEP_LIMITS;
    note_state(decision, FWD_SUBJECT_DIVERSIONS, facts->diversion_count >= facts->max_diversions);
}

// 3.
static bool forward_immediately(struct decision *decision)
{
    decision->step = FWD_STEP_IMMEDIATE;
    return forward(decision, CONDITION_IMMEDIATE);
}

// 4.
static bool respect_dnd(struct decision *decision)
{
    bool is_dnd = decision->facts->has_user && decision->facts->is_dnd;
    decision->step = FWD_STEP_DND;
    if (!note_state(decision, FWD_SUBJECT_STATE, is_dnd)) return false;
    if (!forward(decision, CONDITION_DND)) decline_unavailable(decision);
    return true;
}

// 5. On a line without a user nobody can be logged in.
static bool handle_logged_off(struct decision *decision)
{
    bool is_logged_in = decision->facts->has_user && decision->facts->is_logged_in;
    decision->step = FWD_STEP_LOGGED_OFF;
    if (!note_state(decision, FWD_SUBJECT_STATE, !is_logged_in)) return false;
    if (!forward(decision, CONDITION_LOGGED_OFF)) decline_unavailable(decision);
    return true;
}

// 7. The user is there: ring, until someone answers or the PBX gives up.
static void ring_clients(struct decision *decision)
{
    decision->step = FWD_STEP_RING;
    note(decision, FWD_SUBJECT_CLIENTS, FWD_APPLIES);
    ring(decision);
}

void fwd_decide(const struct fwd_facts *facts, struct fwd_verdict *verdict)
{
    struct decision decision = {.facts = facts, .verdict = verdict};
    *verdict = (struct fwd_verdict){.target = SPAN_NONE};
    if (enter(&decision)) return;
    check_limits(&decision);
    if (forward_immediately(&decision)) return;
    if (respect_dnd(&decision)) return;
    if (handle_logged_off(&decision)) return;
    ring_clients(&decision);
}
