// SPDX-License-Identifier: Apache-2.0
// Refreshes are spread, however few lines there are and though all of them registered at once: the
// most in any second is at most three times what a second has on average, from the first interval.
#include "fixture.h"

enum { STEP_US = 10 * 1000, INTERVALS = 6, SENT_MAX = 4000 };

struct sent {
    uint64_t at_us[SENT_MAX];
    unsigned count;
};

// Lets time pass; the PBX takes every REGISTER at once.
static void run(struct world *world, uint64_t until_us, struct sent *sent)
{
    while (world->turn.now_us < until_us) {
        begin(world, STEP_US);
        line_tick(world->table, &world->turn);
        drain(world);
        for (uint32_t i = 0; i < world->line_count; i++) {
            if (world->requests[i].bytes.len == 0) continue;
            assert_true(sent->count < SENT_MAX);
            sent->at_us[sent->count++] = world->turn.now_us;
            accept_line(world, i, "");
            world->requests[i].bytes = SPAN_NONE;
        }
    }
}

// The most that were sent within a second that begins between two times.
static unsigned peak(const struct sent *sent, uint64_t from_us, uint64_t to_us)
{
    unsigned most = 0;
    for (unsigned i = 0; i < sent->count; i++) {
        unsigned count = 0;
        if (sent->at_us[i] < from_us || sent->at_us[i] >= to_us) continue;
        while (i + count < sent->count && sent->at_us[i + count] < sent->at_us[i] + 1000000) {
            count++;
        }
        if (count > most) most = count;
    }
    return most;
}

static unsigned number_sent(const struct sent *sent, uint64_t from_us, uint64_t to_us)
{
    unsigned count = 0;
    for (unsigned i = 0; i < sent->count; i++) {
        if (sent->at_us[i] >= from_us && sent->at_us[i] < to_us) count++;
    }
    return count;
}

static void assert_spread(uint32_t line_count, uint32_t interval_s, unsigned percent_max)
{
    static struct world world;
    static struct sent sent;
    uint64_t interval_us = UINT64_C(1000000) * interval_s;
    sent.count = 0;
    set_up(&world, line_count);
    world.group->settings.register_interval_s = interval_s;
    while (sent.count < line_count) run(&world, world.turn.now_us + 1, &sent);
    uint64_t from_us = world.turn.now_us + 1;
    run(&world, from_us + (INTERVALS + 1) * interval_us, &sent);
    for (unsigned i = 0; i < INTERVALS; i++, from_us += interval_us) {
        unsigned all = number_sent(&sent, from_us, from_us + interval_us);
        unsigned most = peak(&sent, from_us, from_us + interval_us);
        assert_true(all >= line_count);
        if (100 * most * interval_s > percent_max * all) {
            fail_msg("%u lines, %u s, interval %u: %u in a second, %u in all", line_count,
                     interval_s, i, most, all);
        }
    }
    tear_down(&world);
}

static void test_spread(void **state)
{
    (void)state;
    assert_spread(100, 6, 200);
    assert_spread(100, 10, 200);
    assert_spread(100, 30, 300);
    assert_spread(40, 10, 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_spread)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
