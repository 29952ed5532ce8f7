// SPDX-License-Identifier: Apache-2.0
// The levels of one step (docs/decision.md "Levels"): mandatory
// rules of the administrator, the user's exceptions, the user's slots, in step 5 the user's mailbox
// number, default rules of the administrator. Level beats specificity. Of each level are noted
// first the rules that do not hold for this call, then those that do, from the most specific on;
// the one that decides comes last.
#include "fwd/fwd_int.h"

// The search for one step's forwarding.
struct search {
    struct decision *decision;
    enum model_condition condition;
    struct fwd_order order;
    size_t next;       // in the order
    bool is_cancelled; // an exception says that this caller rings
    bool is_for_later; // the forwarding will be judged again when its time comes
    struct fwd_choice *choice;
    enum fwd_finding *finding;
};

static uint8_t reason_of(enum model_condition condition)
{
    static const uint8_t reasons[CONDITION_COUNT] = {
        [CONDITION_IMMEDIATE] = REASON_UNCONDITIONAL,
        [CONDITION_DND] = REASON_DND,
        [CONDITION_LOGGED_OFF] = REASON_UNAVAILABLE_LOGGED_OFF,
        [CONDITION_UNREACHABLE] = REASON_UNREACHABLE,
        [CONDITION_BUSY] = REASON_BUSY,
        [CONDITION_NO_ANSWER] = REASON_NO_ANSWER,
    };
    return reasons[condition];
}

static void choose_rule(struct search *search, const struct fwd_rule *rule)
{
    *search->choice = (struct fwd_choice){
        .step = (uint8_t)search->decision->step,
        .subject = (uint8_t)fwd_subject_of((enum model_level)rule->level),
        .condition = rule->condition,
        .origin = rule->origin,
        .reason = reason_of(search->condition),
        .delay_s = rule->delay_s,
        .number = rule->number,
        .rule_id = rule->rule_id,
        .is_counted = rule->is_counted,
        .target = rule->target,
    };
}

// Why a rule is not for this call; FWD_APPLIES: it is.
static enum fwd_finding finding_of(const struct search *search, const struct fwd_rule *rule)
{
    enum model_origin other = search->decision->facts->is_internal ? ORIGIN_EXTERNAL
                                                                   : ORIGIN_INTERNAL;
    if (rule->origin == other) return FWD_OTHER_ORIGIN;
    if (rule->finding != FWD_APPLIES) return (enum fwd_finding)rule->finding;
    return search->is_cancelled ? FWD_IS_CANCELLED : FWD_APPLIES;
}

// What speaks against a rule that is for this call.
static enum fwd_finding judge_rule(const struct search *search, const struct fwd_rule *rule)
{
    if (rule->is_ring) return FWD_RINGS;
    enum fwd_finding finding = fwd_judge(search->decision->facts, &rule->target);
    return search->is_for_later && !fwd_is_skipped(finding) ? FWD_IS_CHOSEN : finding;
}

// The rules from `from` up to `to` that are for this call but less specific than the deciding one.
static void note_less_specific(struct search *search, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        const struct fwd_rule *rule = search->order.rules[i];
        if (finding_of(search, rule) != FWD_APPLIES) continue;
        fwd_note_rule(search->decision, rule, FWD_LESS_SPECIFIC);
    }
}

// Whether the finding of judge_rule lets the next rule have its turn.
static bool is_passed_over(enum fwd_finding finding)
{
    return finding != FWD_RINGS && finding != FWD_IS_CHOSEN && fwd_is_skipped(finding);
}

// The rules from `from` up to `to`, all of one level. True when one of them decides.
static bool choose_among(struct search *search, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        const struct fwd_rule *rule = search->order.rules[i];
        if (finding_of(search, rule) != FWD_APPLIES) continue;
        enum fwd_finding finding = judge_rule(search, rule);
        if (is_passed_over(finding)) {
            fwd_note_rule(search->decision, rule, finding);
            continue;
        }
        note_less_specific(search, i + 1, to);
        choose_rule(search, rule);
        fwd_note_choice(search->decision, search->choice, finding);
        *search->finding = finding;
        search->is_cancelled = finding == FWD_RINGS;
        return finding != FWD_RINGS;
    }
    return false;
}

static bool choose_at_level(struct search *search, enum model_level level)
{
    size_t from = search->next, to = from;
    const struct fwd_order *order = &search->order;
    for (; to < order->count && order->rules[to]->level == level; to++) {
        enum fwd_finding finding = finding_of(search, order->rules[to]);
        if (finding != FWD_APPLIES) fwd_note_rule(search->decision, order->rules[to], finding);
    }
    search->next = to;
    return choose_among(search, from, to);
}

// The user's slots; where none is set there is one entry that says so.
static bool choose_slot(struct search *search)
{
    const struct fwd_order *order = &search->order;
    bool is_any = search->next < order->count && order->rules[search->next]->level == LEVEL_SLOT;
    if (is_any || search->is_cancelled) return choose_at_level(search, LEVEL_SLOT);
    struct fwd_choice none = {
        .subject = FWD_SUBJECT_SLOT, .condition = (uint8_t)search->condition, .origin = ORIGIN_ALL};
    fwd_note_choice(search->decision, &none, FWD_NOT_SET);
    return false;
}

// The user's mailbox number, when nobody is logged in.
static bool choose_mailbox(struct search *search)
{
    const struct fwd_facts *facts = search->decision->facts;
    const struct fwd_target *mailbox = &facts->mailbox;
    bool is_set = facts->has_user && mailbox->state != FWD_TARGET_MISSING;
    enum fwd_finding finding = !is_set                ? FWD_NOT_SET
                               : search->is_cancelled ? FWD_IS_CANCELLED
                                                      : fwd_judge(facts, mailbox);
    fwd_note(search->decision, FWD_SUBJECT_MAILBOX, finding);
    if (fwd_is_skipped(finding)) return false;
    *search->choice = (struct fwd_choice){
        .step = (uint8_t)search->decision->step,
        .subject = FWD_SUBJECT_MAILBOX,
        .condition = CONDITION_LOGGED_OFF,
        .reason = reason_of(CONDITION_LOGGED_OFF),
        .target = *mailbox,
    };
    *search->finding = finding;
    return true;
}

bool fwd_choose(struct decision *decision, enum model_condition condition,
                struct fwd_choice *choice, enum fwd_finding *finding)
{
    struct search search;
    search.decision = decision;
    search.condition = condition;
    search.next = 0;
    search.is_cancelled = false;
    search.is_for_later = condition == CONDITION_NO_ANSWER;
    search.choice = choice;
    search.finding = finding;
    fwd_put_in_order(decision->facts, condition, &search.order);
    return choose_at_level(&search, LEVEL_MANDATORY) || choose_at_level(&search, LEVEL_EXCEPTION) ||
           choose_slot(&search) || (condition == CONDITION_LOGGED_OFF && choose_mailbox(&search)) ||
           choose_at_level(&search, LEVEL_DEFAULT);
}
