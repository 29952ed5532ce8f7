// SPDX-License-Identifier: Apache-2.0
// Every combination of the states that the steps ask for, with a forwarding for each condition
// usable, unset or ending the call; and of what may have happened since the call arrived.
#include "unit/fwd/domain.h"

enum presence { USABLE, UNSET, VISITED, BARRED };
static unsigned present[CONDITION_COUNT]; // enum presence
static const char *const numbers[CONDITION_COUNT] = {"201", "202", "203", "204", "205", "206"};

static struct fwd_target target_in(unsigned what, const char *number)
{
    if (what == UNSET) return (struct fwd_target){.state = FWD_TARGET_MISSING};
    return (struct fwd_target){
        .stored = span_of(number),
        .state = what == USABLE    ? FWD_TARGET_USABLE
                 : what == VISITED ? FWD_TARGET_VISITED
                                   : FWD_TARGET_BARRED,
    };
}

static void add(struct domain_case *it, unsigned condition, unsigned what)
{
    present[condition] = what;
    if (what == UNSET) return;
    domain_add_rule(it, (struct fwd_rule){.level = LEVEL_SLOT,
                                          .condition = (uint8_t)condition,
                                          .origin = ORIGIN_ALL,
                                          .delay_s = 15,
                                          .target = target_in(what, numbers[condition])});
}

static unsigned mailbox; // enum presence

static void set_mailbox(struct domain_case *it, unsigned what)
{
    mailbox = what;
    it->facts.mailbox = target_in(what, "700");
}

// ---- The steps

enum entry { PLAIN, DISABLED, PSAP, PSAP_CLIENTS, GROUP_CALL, GROUP_CALL_CLIENTS, ENTRIES };
enum calls {
    FREE,
    RINGING,
    ONE_AUTO,
    ONE_RING,
    ONE_BUSY,
    FULL,
    FULL_RINGING,
    ELSEWHERE_AUTO,
    ELSEWHERE_RING,
    ELSEWHERE_BUSY,
    CALLS
};

static void set_entry(struct fwd_facts *facts, unsigned entry)
{
    facts->is_line_enabled = entry != DISABLED;
    facts->is_psap_callback = entry == PSAP || entry == PSAP_CLIENTS;
    facts->is_group_call = entry == GROUP_CALL || entry == GROUP_CALL_CLIENTS;
    facts->has_clients = entry == PSAP_CLIENTS || entry == GROUP_CALL_CLIENTS;
}

static void set_calls(struct fwd_facts *facts, unsigned calls)
{
    bool is_elsewhere = calls >= ELSEWHERE_AUTO;
    bool is_free = calls == FREE || calls == RINGING || is_elsewhere;
    bool is_ring = calls == ONE_RING || calls == FULL_RINGING || calls == ELSEWHERE_RING;
    bool is_busy = calls == ONE_BUSY || calls == ELSEWHERE_BUSY;
    facts->up_count = calls == FULL ? 2 : is_free ? 0 : 1;
    facts->elsewhere_count = is_elsewhere ? 1 : 0;
    facts->ringing_count = calls == RINGING || calls == FULL_RINGING ? 1 : 0;
    facts->second_call = is_busy ? SECOND_CALL_BUSY : is_ring ? SECOND_CALL_RING : SECOND_CALL_AUTO;
}

static unsigned entry, calls;

static void make_steps(struct domain_case *it, struct choices *choices)
{
    struct fwd_facts *facts = &it->facts;
    entry = choose(choices, ENTRIES);
    calls = choose(choices, CALLS);
    set_entry(facts, entry);
    set_calls(facts, calls);
    facts->is_dnd = choose(choices, 2) == 1;
    facts->has_user = choose(choices, 2) == 1;
    facts->is_logged_in = choose(choices, 2) == 1;
    facts->has_other_contacts = choose(choices, 2) == 1;
    facts->decline_unavailable = choose(choices, 2) ? DECLINE_RINGING : DECLINE_603;
    set_mailbox(it, choose(choices, 3));
    add(it, CONDITION_UNREACHABLE, USABLE); // never looked at when a call arrives
    add(it, CONDITION_IMMEDIATE, choose(choices, 3));
    add(it, CONDITION_DND, choose(choices, 3));
    add(it, CONDITION_LOGGED_OFF, choose(choices, 3));
    add(it, CONDITION_BUSY, choose(choices, 3));
    add(it, CONDITION_NO_ANSWER, choose(choices, 3));
}

static bool is_declined(const struct fwd_verdict *verdict, unsigned status)
{
    return verdict->kind == VERDICT_DECLINE && verdict->status == status;
}

static bool is_unavailable(const struct domain_case *it)
{
    if (it->facts.decline_unavailable == DECLINE_603) return is_declined(&it->verdict, 603);
    return it->verdict.kind == VERDICT_HOLD && it->verdict.seconds == 180 && !it->verdict.has_next;
}

// Whether the call goes where the forwarding `what` to `number` leads, or ends with `status`.
static bool is_forwarded(const struct domain_case *it, unsigned what, const char *number,
                         unsigned status)
{
    const struct fwd_verdict *verdict = &it->verdict;
    if (what == VISITED) return is_declined(verdict, status);
    return what == USABLE && verdict->kind == VERDICT_REDIRECT &&
           span_eq(verdict->target, span_of(number));
}

// The same where other contacts have their time first.
static bool is_forwarded_late(const struct domain_case *it, unsigned what, const char *number)
{
    const struct fwd_verdict *verdict = &it->verdict;
    if (what == VISITED || !it->facts.has_other_contacts) {
        return is_forwarded(it, what, number, 480);
    }
    return verdict->kind == VERDICT_HOLD && verdict->seconds == 15 && verdict->has_next &&
           span_eq(verdict->next.target.stored, span_of(number));
}

static bool is_step_5(const struct domain_case *it)
{
    if (present[CONDITION_LOGGED_OFF] != UNSET) {
        return is_forwarded_late(it, present[CONDITION_LOGGED_OFF], numbers[CONDITION_LOGGED_OFF]);
    }
    if (mailbox != UNSET && it->facts.has_user) return is_forwarded_late(it, mailbox, "700");
    return is_unavailable(it);
}

static bool is_rung(const struct domain_case *it)
{
    const struct fwd_verdict *verdict = &it->verdict;
    bool is_chosen = present[CONDITION_NO_ANSWER] != UNSET;
    return verdict->kind == VERDICT_RING && verdict->has_next == is_chosen &&
           verdict->seconds == (is_chosen ? 15 : 120) &&
           (!is_chosen ||
            span_eq(verdict->next.target.stored, span_of(numbers[CONDITION_NO_ANSWER])));
}

static bool is_step_6_or_7(const struct domain_case *it)
{
    unsigned busy = present[CONDITION_BUSY];
    bool is_busy = calls == ONE_BUSY || calls == FULL || calls == FULL_RINGING ||
                   calls == ELSEWHERE_BUSY || (calls == ONE_AUTO && busy != UNSET);
    if (!is_busy) return is_rung(it);
    if (busy == UNSET) return is_declined(&it->verdict, 486);
    return is_forwarded(it, busy, numbers[CONDITION_BUSY], 486);
}

static void check_steps(const struct domain_case *it)
{
    const struct fwd_facts *facts = &it->facts;
    unsigned immediate = present[CONDITION_IMMEDIATE], dnd = present[CONDITION_DND];
    if (entry == PSAP_CLIENTS || entry == GROUP_CALL_CLIENTS) {
        HOLDS(it, it->verdict.kind == VERDICT_RING && it->verdict.seconds == 120);
    } else if (entry != PLAIN) {
        HOLDS(it, is_declined(&it->verdict, 480));
    } else if (immediate != UNSET) {
        HOLDS(it, is_forwarded(it, immediate, numbers[CONDITION_IMMEDIATE], 480));
    } else if (facts->has_user && facts->is_dnd && dnd != UNSET) {
        HOLDS(it, is_forwarded(it, dnd, numbers[CONDITION_DND], 480));
    } else if (facts->has_user && facts->is_dnd) {
        HOLDS(it, is_unavailable(it));
    } else if (!facts->has_user || !facts->is_logged_in) {
        HOLDS(it, is_step_5(it));
    } else {
        HOLDS(it, is_step_6_or_7(it));
    }
}

static void test_steps(void **state)
{
    (void)state;
    domain_run("steps", make_steps, check_steps);
}

// ---- Since the call arrived

static unsigned target; // enum presence: of what was chosen before, or of a deflection

static void set_chosen(struct domain_case *it, unsigned kind)
{
    static const struct fwd_choice choices[] = {
        {.step = FWD_STEP_RING, .subject = FWD_SUBJECT_SLOT, .condition = CONDITION_NO_ANSWER},
        {.step = FWD_STEP_RING, .subject = FWD_SUBJECT_SLOT, .condition = CONDITION_UNREACHABLE},
        {.step = FWD_STEP_LOGGED_OFF,
         .subject = FWD_SUBJECT_DEFAULT,
         .condition = CONDITION_LOGGED_OFF},
        {.step = FWD_STEP_LOGGED_OFF,
         .subject = FWD_SUBJECT_MAILBOX,
         .condition = CONDITION_LOGGED_OFF},
    };
    it->facts.chosen = choices[kind];
    it->facts.chosen.target = target_in(target, "300");
}

static void make_events(struct domain_case *it, struct choices *choices)
{
    struct fwd_facts *facts = &it->facts;
    facts->event = (enum fwd_event)(1 + choose(choices, FWD_EVENT_COUNT - 1));
    entry = choose(choices, 3);
    set_entry(facts, entry == 0 ? PLAIN : entry == 1 ? PSAP_CLIENTS : GROUP_CALL_CLIENTS);
    facts->is_logged_in = true;
    facts->has_other_contacts = choose(choices, 2) == 1;
    facts->decline_unavailable = choose(choices, 2) ? DECLINE_RINGING : DECLINE_603;
    facts->decline_rejected = (enum model_rejected)choose(choices, REJECTED_RINGING + 1);
    facts->client_status = 606;
    target = choose(choices, 4);
    set_chosen(it, choose(choices, 4));
    facts->deflection = target_in(target, "301");
    facts->has_alerted = choose(choices, 2) == 1;
    facts->is_client_busy = choose(choices, 2) == 1;
    set_mailbox(it, choose(choices, 3));
    add(it, CONDITION_IMMEDIATE, USABLE); // never looked at once the call has arrived
    add(it, CONDITION_UNREACHABLE, choose(choices, 3));
    add(it, CONDITION_LOGGED_OFF, choose(choices, 3));
    add(it, CONDITION_BUSY, choose(choices, 3));
}

static bool is_answered_rejected(const struct domain_case *it)
{
    switch (it->facts.decline_rejected) {
    case REJECTED_486: return is_declined(&it->verdict, 486);
    case REJECTED_480: return is_declined(&it->verdict, 480);
    case REJECTED_603: return is_declined(&it->verdict, 603);
    case REJECTED_AS_CLIENT: return is_declined(&it->verdict, 606);
    case REJECTED_RINGING: return it->verdict.kind == VERDICT_HOLD && it->verdict.seconds == 180;
    }
    return false;
}

static bool is_waited_out(const struct domain_case *it)
{
    bool is_skipped = target == UNSET || target == BARRED;
    if (!is_skipped) return is_forwarded(it, target, "300", 480);
    if (it->facts.chosen.condition != CONDITION_NO_ANSWER) return is_unavailable(it);
    return it->verdict.kind == VERDICT_RING && it->verdict.seconds == 120 && !it->verdict.has_next;
}

static bool is_unreached(const struct domain_case *it)
{
    unsigned unreachable = present[CONDITION_UNREACHABLE];
    if (entry != 0) return is_declined(&it->verdict, 480);
    if (unreachable == UNSET) return is_step_5(it);
    return is_forwarded_late(it, unreachable, numbers[CONDITION_UNREACHABLE]);
}

static bool is_busy(const struct domain_case *it)
{
    unsigned busy = entry == 0 ? present[CONDITION_BUSY] : (unsigned)UNSET;
    return busy == UNSET ? is_declined(&it->verdict, 486)
                         : is_forwarded(it, busy, numbers[CONDITION_BUSY], 486);
}

static bool is_deflected(const struct domain_case *it)
{
    bool is_skipped = entry != 0 || target == UNSET || target == BARRED;
    if (is_skipped) return it->facts.is_client_busy ? is_busy(it) : is_unreached(it);
    if (target == VISITED) return is_declined(&it->verdict, 480);
    return is_forwarded(it, target, "301", 480) &&
           it->verdict.reason ==
               (it->facts.has_alerted ? REASON_DEFLECTION_ALERTING : REASON_DEFLECTION_IMMEDIATE);
}

static void check_events(const struct domain_case *it)
{
    switch (it->facts.event) {
    case FWD_WAITED: HOLDS(it, is_waited_out(it)); break;
    case FWD_CLIENTS_BUSY: HOLDS(it, is_busy(it)); break;
    case FWD_CLIENT_REJECTED: HOLDS(it, is_answered_rejected(it)); break;
    case FWD_CLIENTS_UNREACHED: HOLDS(it, is_unreached(it)); break;
    case FWD_DEFLECTED: HOLDS(it, is_deflected(it)); break;
    case FWD_TARGET_BUSY: HOLDS(it, is_declined(&it->verdict, 486)); break;
    case FWD_NO_HOPS: HOLDS(it, is_declined(&it->verdict, 483)); break;
    case FWD_TARGET_FAILED:
    case FWD_TARGET_UNANSWERED:
        HOLDS(it, mailbox == UNSET ? is_declined(&it->verdict, 480)
                                   : is_forwarded(it, mailbox, "700", 480));
        break;
    case FWD_ARRIVED:
    case FWD_EVENT_COUNT: HOLDS(it, false);
    }
}

static void test_events(void **state)
{
    (void)state;
    domain_run("events", make_events, check_events);
}

// ---- Hops: lines that forward to each other

enum { LINES = 4, NOBODY = LINES };
static const char *const extensions[LINES] = {"201", "202", "203", "204"};

// Where the lines forward to at once; is_forgetful: the PBX does not tell who has forwarded before,
// only our own count is known.
static unsigned count_hops(const unsigned targets[LINES], bool is_forgetful, uint32_t max)
{
    bool is_visited[LINES] = {false};
    unsigned at = 0, hops = 0;
    for (;;) {
        unsigned to = targets[at];
        struct fwd_rule rule = {.level = LEVEL_SLOT, .condition = CONDITION_IMMEDIATE};
        struct fwd_facts facts = {.is_line_enabled = true,
                                  .has_user = true,
                                  .is_logged_in = true,
                                  .rules = &rule,
                                  .rule_count = to != NOBODY,
                                  .max_calls = 2,
                                  .diversion_count = hops,
                                  .max_diversions = max};
        if (to != NOBODY) {
            rule.target.stored = span_of(extensions[to]);
            rule.target.state = to == at                          ? FWD_TARGET_SELF
                                : !is_forgetful && is_visited[to] ? FWD_TARGET_VISITED
                                                                  : FWD_TARGET_USABLE;
        }
        struct fwd_verdict verdict;
        fwd_decide(&facts, &verdict);
        if (verdict.kind != VERDICT_REDIRECT) return hops;
        assert_int_not_equal(to, at);
        assert_true(is_forgetful || !is_visited[to]);
        is_visited[at] = true;
        at = to;
        hops++;
        assert_true(hops <= max);
    }
}

static void test_hops(void **state)
{
    (void)state;
    unsigned count = 0, longest = 0;
    for (unsigned number = 0; number < 5 * 5 * 5 * 5; number++) {
        unsigned targets[LINES], rest = number;
        for (unsigned line = 0; line < LINES; line++, rest /= 5) targets[line] = rest % 5;
        for (uint32_t max = 0; max <= 6; max++, count += 2) {
            unsigned known = count_hops(targets, false, max);
            unsigned forgetful = count_hops(targets, true, max);
            assert_true(known < LINES && known <= forgetful);
            if (forgetful > longest) longest = forgetful;
        }
    }
    assert_int_equal(longest, 6);
    print_message("hops: %u ways\n", count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_hops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
