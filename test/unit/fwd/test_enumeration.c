// SPDX-License-Identifier: Apache-2.0
// The decision over its whole small domain: every combination of states, and of slots (one
// condition with every target state, the others with few), must keep the invariants below. They say
// what behaviour.md promises without saying how it is computed.
#include "fwd/fwd.h"
#include "unit/check.h"

#include <stdio.h>
#include <string.h>

enum {
    SLOT_UNSET = FWD_TARGET_BARRED + 1, // beside the target states
    SLOT_STATES,
    FULL_SETS = SLOT_STATES * SLOT_STATES * SLOT_STATES, // of one condition
    FEW_SETS = 3,
    CONDITIONS_ASKED = 3, // the others are known only once the clients have been rung
    RULES_MAX = CONDITION_COUNT * ORIGIN_COUNT,
};

// How often each choice can be made; a case is one number for all choices together.
enum choice {
    CHOICE_INTERNAL,
    CHOICE_USER,
    CHOICE_DND,
    CHOICE_LOGGED_IN,
    CHOICE_ENTRY, // nothing special, disabled, PSAP call-back without and with clients
    CHOICE_OVER_LIMIT,
    CHOICE_MAILBOX, // its target state, or unset
    CHOICE_DECLINE,
    CHOICE_FULL_CONDITION,
    CHOICE_FULL_SET,
    CHOICE_FEW_SET,
    CHOICE_OTHER_FEW_SET,
    CHOICE_COUNT,
};
static const unsigned choice_counts[CHOICE_COUNT] = {
    2, 2, 2, 2, 4, 2, SLOT_STATES, 2, CONDITIONS_ASKED, FULL_SETS, FEW_SETS, FEW_SETS,
};
// As digits to the base SLOT_STATES: all unset; all usable; own origin visited, all usable.
static const unsigned few_sets[FEW_SETS] = {
    (SLOT_UNSET * SLOT_STATES + SLOT_UNSET) * SLOT_STATES + SLOT_UNSET,
    (FWD_TARGET_USABLE * SLOT_STATES + FWD_TARGET_USABLE) * SLOT_STATES + FWD_TARGET_USABLE,
    (FWD_TARGET_VISITED * SLOT_STATES + FWD_TARGET_VISITED) * SLOT_STATES + FWD_TARGET_USABLE,
};
static const char *const numbers[RULES_MAX] = {"201", "202", "203", "204", "205",
                                               "206", "207", "208", "209"};

struct situation {
    struct fwd_facts facts;
    struct fwd_rule rules[RULES_MAX];
    unsigned slots[CONDITION_COUNT][ORIGIN_COUNT]; // target state, or SLOT_UNSET
    uint64_t number;                               // of the case
};

// A broken invariant names the case, so that it can be looked at alone.
#define HOLDS(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) fail_case(situation, verdict, #condition, __LINE__);                     \
    } while (0)

static void put_sentences(struct buffer *out, const struct fwd_verdict *verdict)
{
    for (uint32_t i = 0; i < verdict->trace.count; i++) {
        buffer_put_text(out, "\n    ");
        fwd_put_trace_entry(out, &verdict->trace.entries[i], FWD_ENGLISH);
    }
    buffer_put_text(out, "\n    => ");
    fwd_put_verdict(out, verdict, FWD_ENGLISH);
}

static void fail_case(const struct situation *situation, const struct fwd_verdict *verdict,
                      const char *condition, int line)
{
    char bytes[4096];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    put_sentences(&out, verdict);
    const struct fwd_facts *facts = &situation->facts;
    fail_msg("line %d: %s does not hold for case %llu (internal %d, user %d, dnd %d, logged in %d, "
             "diverted %u)%.*s",
             line, condition, (unsigned long long)situation->number, facts->is_internal,
             facts->has_user, facts->is_dnd, facts->is_logged_in, facts->diversion_count,
             SPAN_ARG(buffer_span(&out)));
}

static void set_slots(struct situation *situation, enum model_condition condition, unsigned set)
{
    for (unsigned origin = 0; origin < ORIGIN_COUNT; origin++, set /= SLOT_STATES) {
        unsigned slot = set % SLOT_STATES;
        situation->slots[condition][origin] = slot;
        if (slot == SLOT_UNSET) continue;
        situation->rules[situation->facts.rule_count++] = (struct fwd_rule){
            .condition = condition,
            .origin = (enum model_origin)origin,
            .target = {span_of(numbers[condition * ORIGIN_COUNT + origin]),
                       (enum fwd_target_state)slot},
        };
    }
}

static void make_situation(uint64_t number, struct situation *situation)
{
    unsigned chosen[CHOICE_COUNT];
    uint64_t rest = number;
    for (unsigned i = 0; i < CHOICE_COUNT; i++) {
        chosen[i] = (unsigned)(rest % choice_counts[i]);
        rest /= choice_counts[i];
    }
    bool has_mailbox = chosen[CHOICE_MAILBOX] != SLOT_UNSET;
    situation->number = number;
    situation->facts = (struct fwd_facts){
        .is_psap_callback = chosen[CHOICE_ENTRY] >= 2,
        .is_line_enabled = chosen[CHOICE_ENTRY] != 1,
        .is_internal = chosen[CHOICE_INTERNAL] == 1,
        .has_user = chosen[CHOICE_USER] == 1,
        .is_dnd = chosen[CHOICE_DND] == 1,
        .is_logged_in = chosen[CHOICE_LOGGED_IN] == 1,
        .has_clients = chosen[CHOICE_ENTRY] == 3,
        .rules = situation->rules,
        .mailbox = {has_mailbox ? SPAN("700") : SPAN_NONE,
                    has_mailbox ? (enum fwd_target_state)chosen[CHOICE_MAILBOX]
                                : FWD_TARGET_MISSING},
        .decline_unavailable = chosen[CHOICE_DECLINE] ? DECLINE_RINGING : DECLINE_603,
        .diversion_count = chosen[CHOICE_OVER_LIMIT] ? 5 : 4,
        .max_diversions = 5,
    };
    unsigned full = chosen[CHOICE_FULL_CONDITION];
    set_slots(situation, (enum model_condition)full, chosen[CHOICE_FULL_SET]);
    set_slots(situation, (enum model_condition)((full + 1) % CONDITIONS_ASKED),
              few_sets[chosen[CHOICE_FEW_SET]]);
    set_slots(situation, (enum model_condition)((full + 2) % CONDITIONS_ASKED),
              few_sets[chosen[CHOICE_OTHER_FEW_SET]]);
}

// ---- What is true of a situation, in the words of the specification

static bool is_present(unsigned slot)
{
    return slot == FWD_TARGET_USABLE || slot == FWD_TARGET_VISITED;
}

// The slot that decides for this caller: SLOT_UNSET where none does.
static unsigned deciding_slot(const struct situation *situation, enum model_condition condition)
{
    bool is_internal = situation->facts.is_internal;
    unsigned own = situation->slots[condition][is_internal ? ORIGIN_INTERNAL : ORIGIN_EXTERNAL];
    unsigned all = situation->slots[condition][ORIGIN_ALL];
    return is_present(own) ? own : is_present(all) ? all : SLOT_UNSET;
}

static bool is_dnd(const struct fwd_facts *facts)
{
    return facts->has_user && facts->is_dnd;
}

static bool is_logged_in(const struct fwd_facts *facts)
{
    return facts->has_user && facts->is_logged_in;
}

// ---- Invariants

static void check_shape(const struct situation *situation, const struct fwd_verdict *verdict)
{
    bool is_redirect = verdict->kind == VERDICT_REDIRECT;
    HOLDS(is_redirect == (verdict->target.len > 0));
    switch (verdict->kind) {
    case VERDICT_REDIRECT: HOLDS(verdict->status == 0 && verdict->seconds == 0); break;
    case VERDICT_RING: HOLDS(verdict->status == 480 && verdict->seconds == 120); break;
    case VERDICT_HOLD: HOLDS(verdict->status == 480 && verdict->seconds == 180); break;
    case VERDICT_DECLINE:
        HOLDS(verdict->status == 480 || verdict->status == 603);
        HOLDS(verdict->seconds == 0);
        break;
    }
}

static void check_reason(const struct situation *situation, const struct fwd_verdict *verdict,
                         const struct fwd_rule *rule)
{
    const struct fwd_facts *facts = &situation->facts;
    unsigned immediate = deciding_slot(situation, CONDITION_IMMEDIATE);
    switch (verdict->reason) {
    case REASON_UNCONDITIONAL: HOLDS(rule && rule->condition == CONDITION_IMMEDIATE); break;
    case REASON_DND:
        HOLDS(rule && rule->condition == CONDITION_DND);
        HOLDS(is_dnd(facts) && immediate == SLOT_UNSET);
        break;
    case REASON_UNAVAILABLE_LOGGED_OFF:
        HOLDS(!rule || rule->condition == CONDITION_LOGGED_OFF);
        HOLDS(!is_logged_in(facts) && !is_dnd(facts) && immediate == SLOT_UNSET);
        HOLDS(rule || deciding_slot(situation, CONDITION_LOGGED_OFF) == SLOT_UNSET);
        break;
    case REASON_UNREACHABLE:
    case REASON_BUSY:
    case REASON_NO_ANSWER:
    case REASON_DEFLECTION_ALERTING:
    case REASON_DEFLECTION_IMMEDIATE:
    case REASON_COUNT: HOLDS(false);
    }
}

// A redirect goes to a usable target of a rule that is for this caller, and no more specific one
// exists.
static void check_redirect(const struct situation *situation, const struct fwd_verdict *verdict)
{
    const struct fwd_facts *facts = &situation->facts;
    const struct fwd_rule *rule = NULL;
    for (size_t i = 0; i < facts->rule_count; i++) {
        if (span_eq(facts->rules[i].target.stored, verdict->target)) rule = &facts->rules[i];
    }
    HOLDS(facts->diversion_count < facts->max_diversions);
    HOLDS(facts->is_line_enabled && !facts->is_psap_callback);
    check_reason(situation, verdict, rule);
    if (!rule) {
        HOLDS(span_eq(verdict->target, facts->mailbox.stored) && facts->has_user);
        HOLDS(facts->mailbox.state == FWD_TARGET_USABLE);
        return;
    }
    enum model_origin own = facts->is_internal ? ORIGIN_INTERNAL : ORIGIN_EXTERNAL;
    HOLDS(rule->target.state == FWD_TARGET_USABLE);
    HOLDS(rule->origin == own || rule->origin == ORIGIN_ALL);
    HOLDS(rule->origin == own || !is_present(situation->slots[rule->condition][own]));
}

// Whatever is not redirected was not to be redirected.
static void check_others(const struct situation *situation, const struct fwd_verdict *verdict)
{
    const struct fwd_facts *facts = &situation->facts;
    bool is_ringing = verdict->kind == VERDICT_RING;
    if (facts->is_psap_callback) {
        HOLDS(is_ringing == facts->has_clients);
        return;
    }
    if (!facts->is_line_enabled) {
        HOLDS(verdict->kind == VERDICT_DECLINE && verdict->status == 480);
        return;
    }
    bool is_forwarded = deciding_slot(situation, CONDITION_IMMEDIATE) != SLOT_UNSET;
    if (is_dnd(facts)) is_forwarded |= deciding_slot(situation, CONDITION_DND) != SLOT_UNSET;
    if (!is_dnd(facts) && !is_logged_in(facts)) {
        is_forwarded |= deciding_slot(situation, CONDITION_LOGGED_OFF) != SLOT_UNSET;
        is_forwarded |= facts->has_user && facts->mailbox.stored.len > 0 &&
                        is_present((unsigned)facts->mailbox.state);
    }
    // Something would forward the call: then it is a loop that ends here.
    bool is_ended = verdict->kind == VERDICT_DECLINE && verdict->status == 480;
    HOLDS(is_forwarded == (is_ended || verdict->kind == VERDICT_REDIRECT));
    HOLDS(is_ringing == (!is_forwarded && !is_dnd(facts) && is_logged_in(facts)));
    if (is_forwarded || is_ringing) return;
    bool is_held = facts->decline_unavailable == DECLINE_RINGING;
    HOLDS(verdict->kind == (is_held ? VERDICT_HOLD : VERDICT_DECLINE));
}

static bool is_decisive(const struct fwd_trace_entry *entry)
{
    switch (entry->subject) {
    case FWD_SUBJECT_SLOT:
    case FWD_SUBJECT_MAILBOX:
        return entry->finding == FWD_APPLIES || entry->finding == FWD_IS_VISITED ||
               entry->finding == FWD_IS_OVER_LIMIT;
    case FWD_SUBJECT_LINE:
    case FWD_SUBJECT_DECLINE: return entry->finding == FWD_APPLIES;
    case FWD_SUBJECT_CLIENTS: return true;
    default: return false;
    }
}

static void check_last_entry(const struct situation *situation, const struct fwd_verdict *verdict)
{
    const struct fwd_trace_entry *last = &verdict->trace.entries[verdict->trace.count - 1];
    bool is_forwarding = last->subject == FWD_SUBJECT_SLOT || last->subject == FWD_SUBJECT_MAILBOX;
    bool is_applied = last->finding == FWD_APPLIES;
    switch (verdict->kind) {
    case VERDICT_REDIRECT: HOLDS(is_forwarding && is_applied); break;
    case VERDICT_RING: HOLDS(last->subject == FWD_SUBJECT_CLIENTS && is_applied); break;
    case VERDICT_HOLD: HOLDS(last->subject == FWD_SUBJECT_DECLINE && is_applied); break;
    case VERDICT_DECLINE:
        HOLDS(!is_forwarding || !is_applied);
        HOLDS((verdict->status == 603) == (last->subject == FWD_SUBJECT_DECLINE));
        break;
    }
}

// The trace is in order, ends with what decided and has nothing decisive before, and has a sentence
// for each entry.
static void check_trace(const struct situation *situation, const struct fwd_verdict *verdict)
{
    const struct fwd_trace *trace = &verdict->trace;
    unsigned slot_counts[CONDITION_COUNT][ORIGIN_COUNT] = {{0}};
    HOLDS(trace->count > 0 && trace->count < FWD_TRACE_MAX);
    for (uint32_t i = 0; i < trace->count; i++) {
        const struct fwd_trace_entry *entry = &trace->entries[i];
        HOLDS(i == 0 || trace->entries[i - 1].step <= entry->step);
        HOLDS(is_decisive(entry) == (i == trace->count - 1));
        if (entry->subject != FWD_SUBJECT_SLOT) continue;
        HOLDS(entry->condition < CONDITION_COUNT && entry->origin < ORIGIN_COUNT);
        slot_counts[entry->condition][entry->origin]++;
        bool is_set = situation->slots[entry->condition][entry->origin] != SLOT_UNSET;
        HOLDS(is_set == (entry->finding != FWD_NOT_SET));
    }
    check_last_entry(situation, verdict);
    for (unsigned condition = 0; condition < CONDITION_COUNT; condition++) {
        const unsigned *counts = slot_counts[condition];
        const unsigned *slots = situation->slots[condition];
        unsigned sum = counts[0] + counts[1] + counts[2];
        for (unsigned origin = 0; sum > 0 && origin < ORIGIN_COUNT; origin++) {
            HOLDS(counts[origin] <= 1);
            HOLDS(counts[origin] == 1 || slots[origin] == SLOT_UNSET);
        }
    }
}

static bool is_known(const struct fwd_trace_entry *entry, enum fwd_language language,
                     struct span unknown)
{
    char bytes[512];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    fwd_put_trace_entry(&out, entry, language);
    struct span text = buffer_span(&out), tail = span_from(text, text.len - unknown.len);
    return !out.is_full && text.len > unknown.len && !span_eq(tail, unknown);
}

// Every entry that can occur has a name and a sentence; each kind of entry is looked at once.
static void check_words(const struct situation *situation, const struct fwd_verdict *verdict)
{
    static bool is_seen[FWD_STEP_RING + 1][FWD_SUBJECT_CLIENTS + 1][FWD_IS_BARRED + 1]
                       [CONDITION_COUNT][ORIGIN_COUNT];
    for (uint32_t i = 0; i < verdict->trace.count; i++) {
        const struct fwd_trace_entry *entry = &verdict->trace.entries[i];
        bool *seen =
            &is_seen[entry->step][entry->subject][entry->finding][entry->condition][entry->origin];
        if (*seen) continue;
        *seen = true;
        HOLDS(is_known(entry, FWD_ENGLISH, SPAN("does not know")));
        HOLDS(is_known(entry, FWD_GERMAN, SPAN("nicht kennt")));
        HOLDS(strcmp(fwd_step_name(entry->step), "?") != 0);
        HOLDS(strcmp(fwd_subject_name(entry->subject), "?") != 0);
        HOLDS(strcmp(fwd_finding_name(entry->finding), "?") != 0);
    }
}

static bool is_same(const struct fwd_verdict *a, const struct fwd_verdict *b)
{
    return a->kind == b->kind && span_eq(a->target, b->target) && a->reason == b->reason &&
           a->status == b->status && a->seconds == b->seconds && a->trace.count == b->trace.count &&
           memcmp(a->trace.entries, b->trace.entries,
                  a->trace.count * sizeof a->trace.entries[0]) == 0;
}

// The same facts give the same verdict, in whatever order the rules come and whatever stood in the
// verdict before.
static void check_again(struct situation *situation, const struct fwd_verdict *verdict)
{
    struct fwd_verdict again;
    struct fwd_rule reversed[RULES_MAX];
    size_t count = situation->facts.rule_count;
    for (size_t i = 0; i < count; i++) reversed[i] = situation->rules[count - 1 - i];
    struct fwd_facts facts = situation->facts;
    facts.rules = reversed;
    memset(&again, 0xa5, sizeof again);
    fwd_decide(&facts, &again);
    HOLDS(is_same(verdict, &again));
}

static void test_whole_domain(void **state)
{
    (void)state;
    uint64_t count = 1;
    unsigned kinds[4] = {0};
    for (unsigned i = 0; i < CHOICE_COUNT; i++) count *= choice_counts[i];
    for (uint64_t number = 0; number < count; number++) {
        struct situation situation;
        struct fwd_verdict verdict;
        make_situation(number, &situation);
        fwd_decide(&situation.facts, &verdict);
        check_shape(&situation, &verdict);
        if (verdict.kind == VERDICT_REDIRECT) check_redirect(&situation, &verdict);
        check_others(&situation, &verdict);
        check_trace(&situation, &verdict);
        check_words(&situation, &verdict);
        check_again(&situation, &verdict);
        kinds[verdict.kind]++;
    }
    print_message("%llu cases: %u redirect, %u ring, %u hold, %u decline\n",
                  (unsigned long long)count, kinds[VERDICT_REDIRECT], kinds[VERDICT_RING],
                  kinds[VERDICT_HOLD], kinds[VERDICT_DECLINE]);
    for (unsigned i = 0; i < 4; i++) assert_int_not_equal(kinds[i], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_domain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
