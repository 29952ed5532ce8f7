// SPDX-License-Identifier: Apache-2.0
// The forwarding decision. docs/decision.md "Steps": when a call arrives, arrive() goes through
// the steps one after the other, and the first one that yields a verdict ends it. Within a step the
// levels follow each other (levels.c); every candidate's target is judged (targets.c). When
// something has happened since (the chosen time is over, clients have answered, ...), the decision
// goes on from where the call is.
#include "fwd/fwd_int.h"

// Where other telephones of the extension ring at the PBX, forwardings because our clients are not
// there leave them some time first.
static bool has_grace(const struct decision *decision, enum model_condition condition)
{
    bool is_absent = condition == CONDITION_LOGGED_OFF || condition == CONDITION_UNREACHABLE;
    return is_absent && decision->facts->has_other_contacts && decision->facts->grace_s > 0;
}

// Goes through the levels of one step; true when a forwarding has yielded the verdict.
static bool forward(struct decision *decision, enum model_condition condition)
{
    struct fwd_choice choice;
    enum fwd_finding finding;
    if (!fwd_choose(decision, condition, &choice, &finding)) return false;
    if (finding == FWD_APPLIES && has_grace(decision, condition)) {
        fwd_note(decision, FWD_SUBJECT_OTHER_CONTACTS, FWD_APPLIES);
        fwd_hold(decision, decision->facts->grace_s);
        decision->verdict->has_next = true;
        decision->verdict->next = choice;
    } else {
        fwd_carry_out(decision, &choice, finding);
    }
    return true;
}

// ---- Steps; each returns whether it has yielded the verdict

// A call that is never forwarded rings or ends.
static bool ring_or_decline(struct decision *decision)
{
    if (fwd_note_state(decision, FWD_SUBJECT_CLIENTS, decision->facts->has_clients)) {
        fwd_ring(decision, FWD_RING_MAX_S);
    } else {
        fwd_decline(decision, 480);
    }
    return true;
}

// 1. Calls back from the emergency service ring, whatever else is set (RFC 7090 section 5); a
// disabled line takes no call; what comes through a hunt group or queue stays there.
static bool enter(struct decision *decision)
{
    const struct fwd_facts *facts = decision->facts;
    if (fwd_note_state(decision, FWD_SUBJECT_PSAP_CALLBACK, facts->is_psap_callback)) {
        return ring_or_decline(decision);
    }
    if (fwd_note_state(decision, FWD_SUBJECT_LINE, !facts->is_line_enabled)) {
        fwd_decline(decision, 480);
        return true;
    }
    if (!facts->is_group_call) return false;
    fwd_note(decision, FWD_SUBJECT_GROUP_CALL, FWD_APPLIES);
    return ring_or_decline(decision);
}

// 2. Whether the call may still be diverted. Nothing ends here: a call that nobody wants to forward
// rings, however often it was diverted before. See fwd_judge().
static void check_limits(struct decision *decision)
{
    const struct fwd_facts *facts = decision->facts;
    decision->step = FWD_STEP_LIMITS;
    fwd_note_state(decision, FWD_SUBJECT_DIVERSIONS,
                   facts->diversion_count >= facts->max_diversions);
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
    if (!fwd_note_state(decision, FWD_SUBJECT_STATE, is_dnd)) return false;
    if (!forward(decision, CONDITION_DND)) fwd_decline_unavailable(decision);
    return true;
}

// 5. On a line without a user nobody can be logged in.
static bool handle_logged_off(struct decision *decision)
{
    bool is_logged_in = decision->facts->has_user && decision->facts->is_logged_in;
    decision->step = FWD_STEP_LOGGED_OFF;
    if (!fwd_note_state(decision, FWD_SUBJECT_STATE, !is_logged_in)) return false;
    if (!forward(decision, CONDITION_LOGGED_OFF)) fwd_decline_unavailable(decision);
    return true;
}

// Whether the line's calls make it busy, or by the user's choice those of other lines. Ringing
// calls count only towards max_calls.
static enum fwd_finding judge_calls(const struct fwd_facts *facts)
{
    bool is_busy_on_busy = facts->second_call == SECOND_CALL_BUSY;
    uint32_t up_count = facts->up_count + facts->desk_count;
    if (up_count + facts->ringing_count >= facts->max_calls) return FWD_IS_FULL;
    if (up_count == 0 && facts->elsewhere_count > 0 && is_busy_on_busy) {
        return FWD_IS_BUSY_ELSEWHERE;
    }
    if (up_count == 0) return FWD_NOT_HELD;
    switch (facts->second_call) {
    case SECOND_CALL_AUTO: return FWD_HAS_CALL;
    case SECOND_CALL_RING: return FWD_NOT_HELD;
    case SECOND_CALL_BUSY: return FWD_IS_BUSY;
    }
    ASSERT(false);
}

static bool answer_busy(struct decision *decision)
{
    if (forward(decision, CONDITION_BUSY)) return true;
    fwd_note(decision, FWD_SUBJECT_CALLS, FWD_APPLIES);
    fwd_decline(decision, 486);
    return true;
}

// 6. With one call, and nothing set about a second one, the line is busy if a forwarding is there
// for it.
static bool handle_busy(struct decision *decision)
{
    decision->step = FWD_STEP_BUSY;
    enum fwd_finding finding = judge_calls(decision->facts);
    if (decision->facts->desk_count > 0) {
        fwd_note(decision, FWD_SUBJECT_OTHER_CONTACTS, FWD_HAS_CALL);
    }
    fwd_note(decision, FWD_SUBJECT_CALLS, finding);
    if (finding == FWD_NOT_HELD) return false;
    if (finding == FWD_HAS_CALL) return forward(decision, CONDITION_BUSY);
    return answer_busy(decision);
}

// 7. The user is there: ring, until someone answers or the PBX gives up. The no_answer forwarding
// is chosen now; only its delay runs.
static void ring_clients(struct decision *decision)
{
    struct fwd_verdict *verdict = decision->verdict;
    enum fwd_finding finding;
    decision->step = FWD_STEP_RING;
    verdict->has_next = fwd_choose(decision, CONDITION_NO_ANSWER, &verdict->next, &finding);
    fwd_note(decision, FWD_SUBJECT_CLIENTS, FWD_APPLIES);
    fwd_ring(decision, verdict->has_next ? verdict->next.delay_s : (unsigned)FWD_RING_MAX_S);
}

static void arrive(struct decision *decision)
{
    if (enter(decision)) return;
    check_limits(decision);
    if (forward_immediately(decision)) return;
    if (respect_dnd(decision)) return;
    if (handle_logged_off(decision)) return;
    if (handle_busy(decision)) return;
    ring_clients(decision);
}

// ---- What has happened since

static bool is_never_forwarded(const struct fwd_facts *facts)
{
    return facts->is_psap_callback || facts->is_group_call;
}

// The time of the forwarding that was chosen has come. If it has lost its target meanwhile, the
// call rings on, or is answered as if there were none.
static void carry_out_chosen(struct decision *decision)
{
    const struct fwd_choice *chosen = &decision->facts->chosen;
    enum fwd_finding finding = fwd_judge(decision->facts, &chosen->target);
    bool is_ringing = chosen->condition == CONDITION_NO_ANSWER;
    decision->step = (enum fwd_step)chosen->step;
    fwd_note(decision, is_ringing ? FWD_SUBJECT_CLIENTS : FWD_SUBJECT_OTHER_CONTACTS,
             FWD_IS_UNANSWERED);
    fwd_note_choice(decision, chosen, finding);
    if (!fwd_is_skipped(finding)) {
        fwd_carry_out(decision, chosen, finding);
    } else if (is_ringing) {
        fwd_note(decision, FWD_SUBJECT_CLIENTS, FWD_APPLIES);
        fwd_ring(decision, FWD_RING_MAX_S);
    } else {
        fwd_decline_unavailable(decision);
    }
}

static void clients_are_busy(struct decision *decision)
{
    decision->step = FWD_STEP_BUSY;
    fwd_note(decision, FWD_SUBJECT_CLIENTS, FWD_IS_BUSY);
    if (is_never_forwarded(decision->facts)) {
        fwd_decline(decision, 486);
    } else {
        answer_busy(decision);
    }
}

// No client is left, and none was busy.
static void nobody_is_left(struct decision *decision)
{
    if (is_never_forwarded(decision->facts)) {
        fwd_decline(decision, 480);
        return;
    }
    if (forward(decision, CONDITION_UNREACHABLE)) return;
    decision->step = FWD_STEP_LOGGED_OFF;
    if (!forward(decision, CONDITION_LOGGED_OFF)) fwd_decline_unavailable(decision);
}

static void clients_are_unreached(struct decision *decision)
{
    fwd_note(decision, FWD_SUBJECT_CLIENTS, FWD_IS_UNREACHABLE);
    nobody_is_left(decision);
}

// Behaviour "a client's 302 deflects ... all limits apply". A target that is not allowed counts as
// unset: all clients have ended then.
static void deflect(struct decision *decision)
{
    const struct fwd_facts *facts = decision->facts;
    struct fwd_choice choice = {
        .step = FWD_STEP_RING,
        .subject = FWD_SUBJECT_DEFLECTION,
        .reason = facts->has_alerted ? REASON_DEFLECTION_ALERTING : REASON_DEFLECTION_IMMEDIATE,
        .target = facts->deflection,
    };
    enum fwd_finding finding = is_never_forwarded(facts) ? FWD_NEVER_FORWARDED
                                                         : fwd_judge(facts, &choice.target);
    fwd_note(decision, FWD_SUBJECT_DEFLECTION, finding);
    if (!fwd_is_skipped(finding)) {
        fwd_carry_out(decision, &choice, finding);
    } else if (facts->is_client_busy) {
        clients_are_busy(decision);
    } else {
        nobody_is_left(decision);
    }
}

// The forwarding that we carried out ourselves found nobody: the mailbox is what is left.
static void target_has_failed(struct decision *decision)
{
    bool is_unanswered = decision->facts->event == FWD_TARGET_UNANSWERED;
    const struct fwd_facts *facts = decision->facts;
    struct fwd_choice mailbox = {
        .step = FWD_STEP_RING,
        .subject = FWD_SUBJECT_MAILBOX,
        .reason = is_unanswered ? REASON_NO_ANSWER : REASON_UNREACHABLE,
        .target = facts->mailbox,
    };
    fwd_note(decision, FWD_SUBJECT_TARGET, is_unanswered ? FWD_IS_UNANSWERED : FWD_IS_UNREACHABLE);
    bool is_set = facts->has_user && facts->mailbox.state != FWD_TARGET_MISSING;
    enum fwd_finding finding = is_set ? fwd_judge(facts, &facts->mailbox) : FWD_NOT_SET;
    fwd_note(decision, FWD_SUBJECT_MAILBOX, finding);
    if (fwd_is_skipped(finding)) {
        fwd_decline(decision, 480);
    } else {
        fwd_carry_out(decision, &mailbox, finding);
    }
}

static void go_on(struct decision *decision, enum fwd_event event)
{
    decision->step = FWD_STEP_RING;
    switch (event) {
    case FWD_WAITED: carry_out_chosen(decision); return;
    case FWD_CLIENTS_BUSY: clients_are_busy(decision); return;
    case FWD_CLIENTS_UNREACHED: clients_are_unreached(decision); return;
    case FWD_DEFLECTED: deflect(decision); return;
    case FWD_TARGET_FAILED:
    case FWD_TARGET_UNANSWERED: target_has_failed(decision); return;
    case FWD_NO_HOPS:
        fwd_note(decision, FWD_SUBJECT_TARGET, FWD_IS_OUT_OF_HOPS);
        fwd_decline(decision, 483);
        return;
    case FWD_CLIENT_REJECTED:
        fwd_note(decision, FWD_SUBJECT_CLIENTS, FWD_IS_REJECTED);
        fwd_decline_rejected(decision);
        return;
    case FWD_TARGET_BUSY:
        fwd_note(decision, FWD_SUBJECT_TARGET, FWD_IS_BUSY);
        fwd_decline(decision, 486);
        return;
    case FWD_ARRIVED:
    case FWD_EVENT_COUNT: break;
    }
    ASSERT(false);
}

void fwd_decide(const struct fwd_facts *facts, struct fwd_verdict *verdict)
{
    struct decision decision = {.facts = facts, .verdict = verdict, .step = FWD_STEP_ENTRY};
    verdict->target = SPAN_NONE;
    verdict->target_class = NUMBER_UNKNOWN;
    verdict->reason = REASON_UNCONDITIONAL;
    verdict->status = verdict->seconds = 0;
    verdict->has_next = false;
    verdict->rule_id = 0;
    verdict->is_counted = false;
    verdict->trace.count = 0;
    if (facts->event == FWD_ARRIVED) {
        arrive(&decision);
    } else {
        go_on(&decision, facts->event);
    }
}
