// SPDX-License-Identifier: Apache-2.0
// Goes through every case of a small domain. A case is one number for all its choices together, so
// that one that fails can be named and looked at alone. What must hold for every decision, whatever
// the domain, is checked here.
#pragma once

#include "fwd/fwd.h"
#include "unit/check.h"

#include <stdio.h>
#include <string.h>

enum { DOMAIN_RULES_MAX = 12 };

// The choices of a case, taken one after the other; their number must not depend on what is chosen.
struct choices {
    uint64_t rest, product;
};

// One of `count` possibilities.
static inline unsigned choose(struct choices *choices, unsigned count)
{
    unsigned chosen = (unsigned)(choices->rest % count);
    choices->rest /= count;
    choices->product *= count;
    return chosen;
}

struct domain_case {
    uint64_t number;
    struct fwd_facts facts;
    struct fwd_rule rules[DOMAIN_RULES_MAX];
    struct fwd_verdict verdict;
};

#define HOLDS(the_case, condition)                                                                 \
    do {                                                                                           \
        if (!(condition)) domain_fail((the_case), #condition, __FILE__, __LINE__);                 \
    } while (0)

static inline void domain_fail(const struct domain_case *it, const char *condition,
                               const char *file, int line)
{
    char bytes[8192];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    for (uint32_t i = 0; i < it->verdict.trace.count; i++) {
        buffer_put_text(&out, "\n    ");
        fwd_put_trace_entry(&out, &it->verdict.trace.entries[i], FWD_ENGLISH);
    }
    buffer_put_text(&out, "\n    => ");
    fwd_put_verdict(&out, &it->verdict, FWD_ENGLISH);
    fail_msg("%s:%d: %s does not hold for case %llu%.*s", file, line, condition,
             (unsigned long long)it->number, SPAN_ARG(buffer_span(&out)));
}

// A line with a user who is not logged in; nothing is set.
static inline struct fwd_facts domain_facts(const struct domain_case *it)
{
    return (struct fwd_facts){
        .is_line_enabled = true,
        .has_user = true,
        .rules = it->rules,
        .mailbox = {.state = FWD_TARGET_MISSING},
        .max_calls = 2,
        .max_diversions = 5,
        .grace_s = 15,
        .client_status = 603,
    };
}

static inline struct fwd_rule *domain_add_rule(struct domain_case *it, struct fwd_rule rule)
{
    assert_true(it->facts.rule_count < DOMAIN_RULES_MAX);
    it->rules[it->facts.rule_count] = rule;
    return &it->rules[it->facts.rule_count++];
}

// ---- What holds for every decision

static inline bool domain_is_known(const struct fwd_trace_entry *entry, enum fwd_language language,
                                   struct span unknown)
{
    char bytes[512];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    fwd_put_trace_entry(&out, entry, language);
    struct span text = buffer_span(&out);
    if (out.is_full || text.len <= unknown.len) return false;
    return !span_eq(span_from(text, text.len - unknown.len), unknown);
}

// Every entry that occurs has a name and a sentence; each kind of entry is looked at once.
static inline void domain_check_words(const struct domain_case *it)
{
    static bool is_seen[FWD_STEP_RING + 1][FWD_SUBJECT_MORE + 1][FWD_FINDING_COUNT][CONDITION_COUNT]
                       [ORIGIN_COUNT];
    for (uint32_t i = 0; i < it->verdict.trace.count; i++) {
        const struct fwd_trace_entry *entry = &it->verdict.trace.entries[i];
        bool *seen =
            &is_seen[entry->step][entry->subject][entry->finding][entry->condition][entry->origin];
        if (*seen) continue;
        *seen = true;
        HOLDS(it, domain_is_known(entry, FWD_ENGLISH, SPAN("does not know")));
        HOLDS(it, domain_is_known(entry, FWD_GERMAN, SPAN("nicht kennt")));
        HOLDS(it, strcmp(fwd_step_name(entry->step), "?") != 0);
        HOLDS(it, strcmp(fwd_subject_name(entry->subject), "?") != 0);
        HOLDS(it, strcmp(fwd_finding_name(entry->finding), "?") != 0);
    }
}

static inline bool domain_is_same(const struct fwd_verdict *a, const struct fwd_verdict *b)
{
    bool is_same_next = a->has_next == b->has_next &&
                        (!a->has_next || (span_eq(a->next.target.stored, b->next.target.stored) &&
                                          a->next.rule_id == b->next.rule_id));
    return is_same_next && a->kind == b->kind && span_eq(a->target, b->target) &&
           a->reason == b->reason && a->status == b->status && a->seconds == b->seconds &&
           a->rule_id == b->rule_id && a->is_counted == b->is_counted &&
           a->trace.count == b->trace.count &&
           memcmp(a->trace.entries, b->trace.entries,
                  a->trace.count * sizeof a->trace.entries[0]) == 0;
}

// The same facts give the same verdict, in whatever order the rules come and whatever stood in the
// verdict before.
static inline void domain_check_again(const struct domain_case *it)
{
    struct fwd_verdict again;
    struct fwd_rule reversed[DOMAIN_RULES_MAX];
    size_t count = it->facts.rule_count;
    for (size_t i = 0; i < count; i++) reversed[i] = it->rules[count - 1 - i];
    struct fwd_facts facts = it->facts;
    facts.rules = reversed;
    memset(&again, 0xa5, sizeof again);
    fwd_decide(&facts, &again);
    HOLDS(it, domain_is_same(&it->verdict, &again));
}

// Whether `target` is that of a rule, the mailbox or a deflection of the facts in that state.
static inline bool domain_is_usable(const struct domain_case *it, struct span target)
{
    const struct fwd_facts *facts = &it->facts;
    const struct fwd_target *others[] = {&facts->mailbox, &facts->deflection,
                                         &facts->chosen.target};
    for (size_t i = 0; i < 3; i++) {
        if (span_eq(others[i]->stored, target)) return others[i]->state == FWD_TARGET_USABLE;
    }
    for (size_t i = 0; i < facts->rule_count; i++) {
        const struct fwd_rule *rule = &it->rules[i];
        if (!span_eq(rule->target.stored, target)) continue;
        return rule->target.state == FWD_TARGET_USABLE && rule->finding == FWD_APPLIES;
    }
    return false;
}

// One verdict, complete in itself; nothing goes to a target that is not usable, or over a limit, or
// where calls are never forwarded.
static inline void domain_check_verdict(const struct domain_case *it)
{
    const struct fwd_verdict *verdict = &it->verdict;
    const struct fwd_facts *facts = &it->facts;
    bool is_redirect = verdict->kind == VERDICT_REDIRECT;
    bool is_waiting = verdict->kind == VERDICT_RING || verdict->kind == VERDICT_HOLD;
    HOLDS(it, is_redirect == (verdict->target.len > 0));
    HOLDS(it, is_waiting == (verdict->seconds > 0));
    HOLDS(it, is_redirect == (verdict->status == 0));
    HOLDS(it, !verdict->has_next || is_waiting);
    HOLDS(it, !is_waiting || (verdict->status == 480 && verdict->seconds <= FWD_HOLD_S));
    HOLDS(it, verdict->kind != VERDICT_RING || verdict->seconds <= FWD_RING_MAX_S);
    bool is_kept = facts->is_psap_callback || facts->is_group_call;
    HOLDS(it, !is_kept || (!is_redirect && !verdict->has_next) || facts->event == FWD_WAITED ||
                  facts->event == FWD_TARGET_FAILED || facts->event == FWD_TARGET_UNANSWERED);
    HOLDS(it, is_redirect || (verdict->rule_id == 0 && !verdict->is_counted));
    if (!is_redirect) return;
    HOLDS(it, domain_is_usable(it, verdict->target));
    HOLDS(it, facts->diversion_count < facts->max_diversions);
    HOLDS(it, !facts->has_too_many_forwarded && !facts->has_too_often_forwarded);
}

// Whether a rule's entry stands in the step of its condition.
static inline bool domain_is_in_place(const struct fwd_trace_entry *entry)
{
    static const uint8_t conditions[] = {
        [FWD_STEP_IMMEDIATE] = CONDITION_IMMEDIATE,   [FWD_STEP_DND] = CONDITION_DND,
        [FWD_STEP_LOGGED_OFF] = CONDITION_LOGGED_OFF, [FWD_STEP_BUSY] = CONDITION_BUSY,
        [FWD_STEP_RING] = CONDITION_NO_ANSWER,
    };
    bool is_rule = entry->subject == FWD_SUBJECT_SLOT || entry->subject == FWD_SUBJECT_MANDATORY ||
                   entry->subject == FWD_SUBJECT_EXCEPTION || entry->subject == FWD_SUBJECT_DEFAULT;
    return !is_rule || entry->condition == conditions[entry->step];
}

// The trace is bounded, in order, and its last entry says what the verdict says.
static inline void domain_check_trace(const struct domain_case *it)
{
    const struct fwd_trace *trace = &it->verdict.trace;
    HOLDS(it, trace->count > 0 && trace->count <= FWD_TRACE_MAX);
    for (uint32_t i = 1; i < trace->count && it->facts.event == FWD_ARRIVED; i++) {
        HOLDS(it, trace->entries[i - 1].step <= trace->entries[i].step);
        HOLDS(it, domain_is_in_place(&trace->entries[i]));
    }
    const struct fwd_trace_entry *last = &trace->entries[trace->count - 1];
    switch (it->verdict.kind) {
    case VERDICT_REDIRECT: HOLDS(it, last->finding == FWD_APPLIES); break;
    case VERDICT_RING:
        HOLDS(it, last->subject == FWD_SUBJECT_CLIENTS && last->finding == FWD_APPLIES);
        break;
    case VERDICT_HOLD:
        HOLDS(it, last->finding == FWD_APPLIES);
        HOLDS(it, it->verdict.has_next == (last->subject == FWD_SUBJECT_OTHER_CONTACTS));
        break;
    case VERDICT_DECLINE: HOLDS(it, last->subject != FWD_SUBJECT_OTHER_CONTACTS); break;
    }
}

// Makes case `number` of a domain.
typedef void domain_make(struct domain_case *it, struct choices *choices);
// Checks what holds in that domain; the common checks are done before.
typedef void domain_check(const struct domain_case *it);

// Goes through the whole domain; says how many cases it has.
static inline void domain_run(const char *name, domain_make *make, domain_check *check)
{
    static struct domain_case it;
    uint64_t count = 1;
    for (uint64_t number = 0; number < count; number++) {
        struct choices choices = {number, 1};
        it.number = number;
        it.facts = domain_facts(&it);
        make(&it, &choices);
        count = choices.product;
        fwd_decide(&it.facts, &it.verdict);
        domain_check_verdict(&it);
        domain_check_trace(&it);
        domain_check_words(&it);
        domain_check_again(&it);
        check(&it);
    }
    print_message("%s: %llu cases\n", name, (unsigned long long)count);
}
