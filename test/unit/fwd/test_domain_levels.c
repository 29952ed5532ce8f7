// SPDX-License-Identifier: Apache-2.0
// Every combination of rules of one condition over the four levels and two origins, each usable,
// unset, skipped, ending or not holding: mandatory beats user, level beats specificity, specific
// beats general, exceptions that say ring cancel what they are to cancel. And every three
// exceptions with all their filters: which one comes first.
#include "unit/fwd/domain.h"

// What there is of a level for an origin.
enum presence { USABLE, UNSET, BARRED, VISITED, EXPIRED, RING, PRESENCES };

static const enum model_level levels[] = {LEVEL_MANDATORY, LEVEL_EXCEPTION, LEVEL_SLOT,
                                          LEVEL_DEFAULT};
enum { LEVELS = 4 };
static unsigned table[LEVELS][2]; // enum presence; for the caller's own origin, for all

static void add(struct domain_case *it, unsigned level, bool is_general)
{
    static const char *const numbers[LEVELS][2] = {
        {"201", "202"}, {"203", "204"}, {"205", "206"}, {"207", "208"}};
    unsigned what = table[level][is_general];
    bool is_internal = it->facts.is_internal;
    if (what == UNSET) return;
    struct fwd_rule rule = {
        .level = (uint8_t)levels[level],
        .condition = CONDITION_IMMEDIATE,
        .origin = is_general    ? ORIGIN_ALL
                  : is_internal ? ORIGIN_INTERNAL
                                : ORIGIN_EXTERNAL,
        .finding = what == EXPIRED ? FWD_IS_EXPIRED : FWD_APPLIES,
        .is_ring = what == RING,
        .rule_id = 1 + 2 * level + is_general,
        .is_counted = is_general,
        .target.state = what == BARRED    ? FWD_TARGET_BARRED
                        : what == VISITED ? FWD_TARGET_VISITED
                                          : FWD_TARGET_USABLE,
    };
    if (what != RING) rule.target.stored = span_of(numbers[level][is_general]);
    domain_add_rule(it, rule);
}

static void make_levels(struct domain_case *it, struct choices *choices)
{
    it->facts.is_internal = choose(choices, 2) == 1;
    it->facts.is_logged_in = true;
    it->facts.diversion_count = choose(choices, 2) ? 5 : 4;
    for (unsigned level = 0; level < LEVELS; level++) {
        bool has_ring = levels[level] == LEVEL_EXCEPTION;
        for (unsigned general = 0; general < 2; general++) {
            table[level][general] = choose(choices, has_ring ? PRESENCES : RING);
            add(it, level, general);
        }
    }
}

// In the words of the specification: the rule that decides, 0 when the call goes on.
static uint32_t expect_rule(enum presence *what)
{
    bool is_cancelled = false;
    for (unsigned level = 0; level < LEVELS; level++) {
        for (unsigned general = 0; general < 2 && !is_cancelled; general++) {
            *what = (enum presence)table[level][general];
            if (*what == RING) is_cancelled = true;
            if (*what == USABLE || *what == VISITED) return 1 + 2 * level + general;
        }
    }
    *what = UNSET;
    return 0;
}

static void check_levels(const struct domain_case *it)
{
    enum presence what;
    uint32_t rule_id = expect_rule(&what);
    const struct fwd_verdict *verdict = &it->verdict;
    if (rule_id == 0) {
        HOLDS(it, verdict->kind == VERDICT_RING);
        return;
    }
    bool is_ended = what == VISITED || it->facts.diversion_count >= it->facts.max_diversions;
    HOLDS(it, verdict->kind == (is_ended ? VERDICT_DECLINE : VERDICT_REDIRECT));
    if (is_ended) {
        HOLDS(it, verdict->status == 480);
        return;
    }
    bool is_found = false;
    for (size_t i = 0; i < it->facts.rule_count; i++) {
        if (it->rules[i].rule_id != rule_id) continue;
        is_found = span_eq(it->rules[i].target.stored, verdict->target);
        HOLDS(it, verdict->rule_id == rule_id);
        HOLDS(it, verdict->is_counted == it->rules[i].is_counted);
    }
    HOLDS(it, is_found && verdict->reason == REASON_UNCONDITIONAL);
}

static void test_levels(void **state)
{
    (void)state;
    domain_run("levels", make_levels, check_levels);
}

// ---- Order among exceptions

enum { THREE = 3 };
static unsigned ranks[THREE]; // the higher, the earlier

static void make_order(struct domain_case *it, struct choices *choices)
{
    static const struct {
        uint8_t filter, prefix_len;
    } callers[] = {{CALLER_ANY, 0},
                   {CALLER_ANONYMOUS, 0},
                   {CALLER_PREFIX, 3},
                   {CALLER_PREFIX, 4},
                   {CALLER_NUMBER, 0}};
    static const char *const numbers[THREE] = {"201", "202", "203"};
    it->facts.is_internal = true;
    for (unsigned i = 0; i < THREE; i++) {
        unsigned caller = choose(choices, 5), schedule = choose(choices, 2);
        unsigned presence = choose(choices, 2), own = choose(choices, 2);
        // The smallest position wins what is equal else.
        ranks[i] = (((caller * 2 + schedule) * 2 + presence) * 2 + own) * THREE + (THREE - 1 - i);
        domain_add_rule(it, (struct fwd_rule){
                                .level = LEVEL_EXCEPTION,
                                .condition = CONDITION_IMMEDIATE,
                                .origin = own ? ORIGIN_INTERNAL : ORIGIN_ALL,
                                .caller_kind = callers[caller].filter,
                                .prefix_len = callers[caller].prefix_len,
                                .has_schedule = schedule == 1,
                                .has_presence = presence == 1,
                                .place = i,
                                .rule_id = i + 1,
                                .target.stored = span_of(numbers[i]),
                            });
    }
}

static void check_order(const struct domain_case *it)
{
    unsigned best = 0;
    for (unsigned i = 1; i < THREE; i++) {
        if (ranks[i] > ranks[best]) best = i;
    }
    HOLDS(it, it->verdict.kind == VERDICT_REDIRECT && it->verdict.rule_id == best + 1);
    HOLDS(it, span_eq(it->verdict.target, it->rules[best].target.stored));
}

static void test_order(void **state)
{
    (void)state;
    domain_run("order of exceptions", make_order, check_order);
}

// ---- More rules than the trace has room for

static void test_many_rules(void **state)
{
    (void)state;
    static struct fwd_rule rules[FWD_RULES_MAX];
    struct fwd_facts facts = {.is_line_enabled = true,
                              .has_user = true,
                              .is_dnd = true,
                              .rules = rules,
                              .max_diversions = 5,
                              .max_calls = 2};
    for (size_t i = 0; i < FWD_RULES_MAX; i++) {
        rules[i] = (struct fwd_rule){.level = LEVEL_EXCEPTION,
                                     .condition = CONDITION_DND,
                                     .finding = FWD_OTHER_CALLER,
                                     .place = (uint32_t)i,
                                     .number = (uint16_t)i,
                                     .rule_id = (uint32_t)i + 1};
    }
    rules[100].finding = FWD_APPLIES;
    rules[100].target.stored = SPAN("201");
    facts.rule_count = FWD_RULES_MAX;
    struct fwd_verdict verdict;
    fwd_decide(&facts, &verdict);
    assert_int_equal(verdict.kind, VERDICT_REDIRECT);
    assert_int_equal(verdict.rule_id, 101);
    const struct fwd_trace_entry *last = &verdict.trace.entries[verdict.trace.count - 1];
    assert_int_equal(last->subject, FWD_SUBJECT_EXCEPTION);
    assert_int_equal(last->number, 100);
    assert_int_equal(last[-1].subject, FWD_SUBJECT_MORE);
    assert_int_equal(last[-2].condition, CONDITION_DND);
    assert_int_equal(verdict.trace.count, 42);
    // Every rule has its entry, or is counted; five entries come before them.
    assert_int_equal(verdict.trace.count - 5 - 1 + last[-1].number, FWD_RULES_MAX);
}

// Of two rules that are equal in everything, the older one comes first, in whatever order they are.
static void test_equal_rules(void **state)
{
    (void)state;
    for (unsigned first = 0; first < 2; first++) {
        struct fwd_rule rules[2];
        struct fwd_facts facts = {.is_line_enabled = true,
                                  .has_user = true,
                                  .rules = rules,
                                  .rule_count = 2,
                                  .max_diversions = 5,
                                  .max_calls = 2};
        for (unsigned i = 0; i < 2; i++) {
            rules[i ^ first] = (struct fwd_rule){
                .level = LEVEL_DEFAULT, .rule_id = i + 1, .target.stored = SPAN("201")};
        }
        struct fwd_verdict verdict;
        fwd_decide(&facts, &verdict);
        assert_int_equal(verdict.rule_id, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_many_rules),
        cmocka_unit_test(test_equal_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
