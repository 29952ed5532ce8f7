// SPDX-License-Identifier: Apache-2.0
// The controller of overload beside a server of known capacity: a queue that grows by what comes
// and shrinks by what is served, in steps of a millisecond.
#include "unit/check.h"

enum { CAPACITY = 10000, STEP_US = 1000 }; // jobs a second

struct server {
    struct overload overload;
    uint64_t now_us;
    double queued;    // admitted jobs
    double room;      // for so many; 0: for all
    uint64_t full_us; // what is noted when it is more than half full
    double admitted, refused, dropped, served, lost;
    double longest_wait_us;
};

// Serves for `ms`, with `rate` jobs a second arriving. What is refused costs `cost` of a job.
static void run(struct server *server, unsigned ms, double rate, double cost)
{
    double arriving = 0;
    server->admitted = server->refused = server->dropped = server->served = server->lost = 0;
    server->longest_wait_us = 0;
    for (unsigned i = 0; i < ms; i++) {
        double heard = 1.0 - (double)overload_dropped_share(&server->overload) / OVERLOAD_WHOLE;
        server->now_us += STEP_US;
        server->dropped += rate / 1000 * (1 - heard);
        for (arriving += rate / 1000 * heard; arriving >= 1; arriving--) {
            if (server->room > 0 && server->queued >= server->room) {
                server->lost++;
                continue;
            }
            bool is_refused = overload_refuses(&server->overload);
            *(is_refused ? &server->refused : &server->admitted) += 1;
            server->queued += is_refused ? cost : 1;
        }
        bool is_half_full = server->room > 0 && server->queued > server->room / 2;
        double served = server->queued < CAPACITY / 1000.0 ? server->queued : CAPACITY / 1000.0;
        server->queued -= served;
        server->served += served;
        double wait_us = server->queued * 1e6 / CAPACITY;
        if (wait_us > server->longest_wait_us) server->longest_wait_us = wait_us;
        if (is_half_full) wait_us = (double)server->full_us;
        overload_note(&server->overload, server->now_us, (uint64_t)wait_us);
    }
}

static void test_what_can_be_carried_is(void **state)
{
    (void)state;
    struct server server = {.now_us = 1};
    run(&server, 20000, CAPACITY * 0.95, 1);
    assert_true(server.refused == 0 && server.dropped == 0);
}

static void test_a_burst_is_no_overload(void **state)
{
    (void)state;
    struct server server = {.now_us = 1, .queued = CAPACITY * 0.09}; // 90 ms of work at once
    run(&server, 2000, CAPACITY * 0.3, 1);
    assert_true(server.refused == 0 && server.dropped == 0);
}

// Whatever the load, the server stays busy with calls that it admits, and these wait little.
static void test_overload(void **state)
{
    (void)state;
    static const double factors[] = {1.2, 1.5, 2, 3, 5, 10};
    for (size_t i = 0; i < sizeof factors / sizeof factors[0]; i++) {
        struct server server = {.now_us = 1};
        run(&server, 1000, CAPACITY * 0.5, 1);
        run(&server, 3000, CAPACITY * factors[i], 0.3); // it settles
        run(&server, 10000, CAPACITY * factors[i], 0.3);
        double goodput = server.admitted / (CAPACITY * 10.0);
        print_message(
            "%4.1f x: %.1f %% admitted, wait at most %.1f ms, refused %.0f, dropped %.0f\n",
            factors[i], goodput * 100, server.longest_wait_us / 1000, server.refused,
            server.dropped);
        assert_true(goodput > 0.95 && goodput <= 1.0);
        assert_true(server.longest_wait_us < 5 * OVERLOAD_WAIT_US);
        assert_true(server.refused > 0);
        assert_true(server.refused <= server.admitted * 0.2);
    }
}

// A queue so short that it overflows before anything in it is old says no more than that it is
// full. That must be told for what it is: the share that is carried does not swing.
static void test_a_short_queue(void **state)
{
    (void)state;
    enum { ROOM = CAPACITY / 200, FULL_US = 3 * OVERLOAD_WAIT_US }; // 5 ms of work
    struct server server = {.now_us = 1, .room = ROOM, .full_us = FULL_US};
    run(&server, 3000, CAPACITY * 3.0, 0.3);
    run(&server, 10000, CAPACITY * 3.0, 0.3);
    double goodput = server.admitted / (CAPACITY * 10.0), lost = server.lost / (CAPACITY * 30.0);
    print_message("short queue: %.1f %% admitted, %.2f %% lost\n", goodput * 100, lost * 100);
    assert_true(goodput > 0.9 && lost < 0.01);
}

static void test_recovery(void **state)
{
    (void)state;
    struct server server = {.now_us = 1};
    run(&server, 5000, CAPACITY * 3.0, 0.3);
    assert_true(overload_dropped_share(&server.overload) > OVERLOAD_WHOLE / 3);
    run(&server, 2000, CAPACITY * 0.5, 0.3);
    assert_int_equal(server.overload.share, 0);
    run(&server, 1000, CAPACITY * 0.9, 0.3);
    assert_true(server.refused == 0 && server.dropped == 0);
    assert_true(server.longest_wait_us < OVERLOAD_WAIT_US);
}

// A load that vanishes altogether leaves nobody to tell of it.
static void test_silence_is_recovery(void **state)
{
    (void)state;
    struct server server = {.now_us = 1};
    run(&server, 5000, CAPACITY * 3.0, 0.3);
    server.now_us += 3000000;
    server.queued = 0;
    overload_note(&server.overload, server.now_us, 0);
    assert_int_equal(server.overload.share, 0);
}

// A server that was not given the processor is late once; that is not overload.
static void test_a_pause_of_the_server_is_no_overload(void **state)
{
    (void)state;
    struct server server = {.now_us = 1};
    run(&server, 1000, CAPACITY * 0.5, 1);
    server.now_us += 200000;
    server.queued = CAPACITY * 0.05;
    overload_note(&server.overload, server.now_us, 200000);
    run(&server, 1000, CAPACITY * 0.5, 1);
    assert_true(server.refused == 0 && server.dropped == 0);
}

static void test_refusals_are_spread(void **state)
{
    (void)state;
    struct overload overload = {.share = OVERLOAD_WHOLE / 10};
    unsigned refused = 0, in_a_row = 0;
    assert_int_equal(overload_dropped_share(&overload), 0);
    for (int i = 0; i < 1000; i++) {
        bool is_refused = overload_refuses(&overload);
        in_a_row = is_refused ? in_a_row + 1 : 0;
        refused += is_refused;
        assert_true(in_a_row <= 1);
    }
    assert_int_equal(refused, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_can_be_carried_is),
        cmocka_unit_test(test_a_burst_is_no_overload),
        cmocka_unit_test(test_overload),
        cmocka_unit_test(test_a_short_queue),
        cmocka_unit_test(test_recovery),
        cmocka_unit_test(test_silence_is_recovery),
        cmocka_unit_test(test_a_pause_of_the_server_is_no_overload),
        cmocka_unit_test(test_refusals_are_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
