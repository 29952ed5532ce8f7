// SPDX-License-Identifier: Apache-2.0
// Which target is used while some fail, as time goes by: a table of what happens and what is chosen
// then.
#include "zone.h"

enum { SECOND_US = 1000000 };

// One step: at `at_s`, `what` happens to `target` ("udp a"); then `chosen` is used, `trial` is to
// be tried beside it ("" for none).
struct step {
    unsigned at_s;
    enum { NOTHING, FAILED, WORKS } what;
    const char *target, *chosen, *trial;
};

// The targets a, b, ... are 192.0.2.1, 192.0.2.2, ... at 5060, by UDP.
static struct address address_of(const char *name)
{
    struct address address;
    assert_true(address_parse_port(SPAN("192.0.2.0"), 5060, &address));
    address.bytes[3] = (uint8_t)(name[0] - 'a' + 1);
    return address;
}

static const char *name_of(const struct locate_target *target)
{
    static const char *const names[] = {"", "a", "b", "c", "d"};
    return target ? names[target->address.bytes[3]] : "";
}

static struct random randoms;

static void set_up(struct locate *locate, const char *const *records)
{
    static struct zone zone;
    static const uint8_t seed[32] = {5};
    random_init(&randoms, seed);
    zone.count = 0;
    zone.ttl_s = 86400;
    for (size_t i = 0; records[i]; i++) zone_add(&zone, span_of(records[i]));
    locate_init(locate, SPAN("pbx.example"), GROUP_UDP);
    assert_true(zone_look_up(&zone, locate, 1, &randoms));
}

static void play(struct locate *locate, const struct step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct step *step = &steps[i];
        uint64_t now_us = (uint64_t)step->at_s * SECOND_US;
        struct address address = step->what == NOTHING ? (struct address){0}
                                                       : address_of(step->target);
        if (step->what == FAILED) locate_failed(locate, now_us, &address, TRANSPORT_UDP);
        if (step->what == WORKS) locate_works(locate, &address, TRANSPORT_UDP);
        const char *chosen = name_of(locate_choose(locate, now_us));
        const char *trial = name_of(locate_next_trial(locate, now_us));
        if (strcmp(chosen, step->chosen) == 0 && strcmp(trial, step->trial) == 0) continue;
        fail_msg("step %zu: chosen \"%s\", on trial \"%s\"", i, chosen, trial);
    }
}

#define PLAY(locate, steps) play((locate), (steps), sizeof(steps) / sizeof(steps)[0])

static const char *const two_priorities[] = {"_sip._udp.pbx.example SRV 10 0 5060 a.example",
                                             "_sip._udp.pbx.example SRV 20 0 5060 b.example",
                                             "a.example A 192.0.2.1", "b.example A 192.0.2.2",
                                             NULL};

static void test_there_and_back(void **state)
{
    (void)state;
    static struct locate locate;
    static const struct step steps[] = {
        {1, NOTHING, "", "a", ""},                                 // the better one
        {10, FAILED, "a", "b", ""},                                // the next
        {20, WORKS, "b", "b", ""},                                 //
        {39, NOTHING, "", "b", ""},                                // a is left alone for 30 s
        {40, NOTHING, "", "b", "a"},                               // and then tried, beside b
        {41, NOTHING, "", "b", ""},                                // once
        {48, FAILED, "a", "b", ""},                                // in vain
        {107, NOTHING, "", "b", ""},                               // now for 60 s
        {108, NOTHING, "", "b", "a"}, {109, WORKS, "a", "a", ""},  // back
        {120, FAILED, "a", "b", ""},  {149, NOTHING, "", "b", ""}, // and the 60 s are forgotten
        {150, NOTHING, "", "b", "a"},
    };
    set_up(&locate, two_priorities);
    PLAY(&locate, steps);
}

static void test_all_fail(void **state)
{
    (void)state;
    static struct locate locate;
    static const struct step steps[] = {
        {1, NOTHING, "", "a", ""},  {10, FAILED, "a", "b", ""},
        {20, FAILED, "b", "a", ""}, // the one that failed first
        {30, FAILED, "a", "b", ""}, {39, NOTHING, "", "b", ""},
        {41, WORKS, "b", "b", ""},
    };
    set_up(&locate, two_priorities);
    assert_false(locate_is_desperate(&locate, 5 * SECOND_US));
    play(&locate, steps, 2);
    assert_false(locate_is_desperate(&locate, 10 * SECOND_US));
    play(&locate, steps + 2, 2);
    assert_true(locate_is_desperate(&locate, 31 * SECOND_US));
    play(&locate, steps + 4, 2);
    assert_false(locate_is_desperate(&locate, 41 * SECOND_US));
}

static void test_only_one(void **state)
{
    (void)state;
    static struct locate locate;
    static const char *const records[] = {"pbx.example A 192.0.2.1", NULL};
    static const struct step steps[] = {
        {1, NOTHING, "", "a", ""},  {10, FAILED, "a", "a", ""}, {45, NOTHING, "", "a", ""},
        {50, FAILED, "a", "a", ""}, {60, WORKS, "a", "a", ""},  {70, FAILED, "c", "a", ""},
        {80, WORKS, "c", "a", ""},
    };
    set_up(&locate, records);
    PLAY(&locate, steps);
}

// Equal ones: whoever took over keeps the work.
static void test_equal_ones(void **state)
{
    (void)state;
    static struct locate locate;
    static const char *const records[] = {"pbx.example A 192.0.2.1", "pbx.example A 192.0.2.2",
                                          NULL};
    static const struct step steps[] = {
        {1, NOTHING, "", "a", ""},
        {10, FAILED, "a", "b", ""},
        {100, NOTHING, "", "b", ""},
        {110, FAILED, "b", "a", ""},
    };
    set_up(&locate, records);
    PLAY(&locate, steps);
}

// A long failure is tried again every 5 minutes.
static void test_long_failure(void **state)
{
    (void)state;
    static struct locate locate;
    uint64_t now_us = SECOND_US;
    struct address a = address_of("a");
    unsigned trials = 0;
    set_up(&locate, two_priorities);
    (void)locate_choose(&locate, now_us);
    locate_failed(&locate, now_us, &a, TRANSPORT_UDP);
    (void)locate_choose(&locate, now_us);
    while (now_us < UINT64_C(3600) * SECOND_US) {
        uint64_t at_us = locate_deadline_us(&locate);
        assert_true(at_us > now_us);
        now_us = at_us;
        if (!locate_next_trial(&locate, now_us)) break;
        trials++;
        locate_failed(&locate, now_us, &a, TRANSPORT_UDP);
    }
    assert_in_range(trials, 12, 15); // 30, 60, 120, 240, then 300 s
}

// The names are looked up again: nobody is moved without a reason.
static void test_new_records(void **state)
{
    (void)state;
    static struct locate locate;
    static struct zone zone;
    uint64_t now_us = SECOND_US;
    set_up(&locate, two_priorities);
    assert_string_equal(name_of(locate_choose(&locate, now_us)), "a");
    for (size_t i = 0; two_priorities[i]; i++) zone_add(&zone, span_of(two_priorities[i]));
    zone_add(&zone, SPAN("_sip._udp.pbx.example SRV 5 0 5060 c.example"));
    zone_add(&zone, SPAN("c.example A 192.0.2.3"));
    now_us = UINT64_C(86401) * SECOND_US;
    assert_true(zone_look_up(&zone, &locate, now_us, &randoms));
    assert_string_equal(name_of(locate_choose(&locate, now_us)), "a");
    assert_string_equal(name_of(locate_next_trial(&locate, now_us)), "c"); // a better one
    struct address c = address_of("c");
    locate_works(&locate, &c, TRANSPORT_UDP);
    assert_string_equal(name_of(locate_choose(&locate, now_us)), "c");
    zone.count = 2; // the one in use is gone
    zone_add(&zone, SPAN("a.example A 192.0.2.1"));
    zone_add(&zone, SPAN("b.example A 192.0.2.2"));
    now_us += UINT64_C(86400) * SECOND_US;
    assert_true(zone_look_up(&zone, &locate, now_us, &randoms));
    assert_string_equal(name_of(locate_choose(&locate, now_us)), "a");
}

// After a restart: where it was before, and back to the best from there.
static void test_preferred(void **state)
{
    (void)state;
    static struct locate locate;
    struct locate_target before = {.address = address_of("b"), .transport = TRANSPORT_UDP};
    set_up(&locate, two_priorities);
    locate_prefer(&locate, &before);
    assert_string_equal(name_of(locate_choose(&locate, 2)), "b");
    assert_string_equal(name_of(locate_next_trial(&locate, 2)), "a");
    set_up(&locate, two_priorities);
    before.address = address_of("d");
    locate_prefer(&locate, &before);
    assert_string_equal(name_of(locate_choose(&locate, 2)), "a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_all_fail),
        cmocka_unit_test(test_only_one),       cmocka_unit_test(test_equal_ones),
        cmocka_unit_test(test_long_failure),   cmocka_unit_test(test_new_records),
        cmocka_unit_test(test_preferred),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
