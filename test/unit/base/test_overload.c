// SPDX-License-Identifier: Apache-2.0
// The controller of overload beside a server of known capacity: a queue that grows by what comes
// and shrinks by what is served, in steps of a millisecond.
#include "unit/check.h"

enum { CAPACITY = 10000, STEP_US = 1000 }; // jobs a second
enum { JOBS_MAX = 1 << 14 };               // in the queue

struct server {
    struct overload overload;
    uint64_t now_us;
    double queued; // work that waits, in jobs
    double room;   // for so much; 0: for all
    // A job that has waited for 10 ms costs so much more: it has left the processor's caches.
    double slowing;
    double arrived, done; // work since the beginning
    // When the work that ended there arrived.
    struct {
        double end;
        uint64_t at_us;
    } jobs[JOBS_MAX];
    size_t first, last;
    double admitted, refused, dropped, lost;
    double longest_wait_us;
};

static void arrive(struct server *server, double work)
{
    server->queued += work;
    server->arrived += work;
    server->jobs[server->last++ % JOBS_MAX].end = server->arrived;
    server->jobs[(server->last - 1) % JOBS_MAX].at_us = server->now_us;
}

// For how long the job has waited that is at the queue's front.
static uint64_t age_us(struct server *server)
{
    while (server->first < server->last &&
           server->jobs[server->first % JOBS_MAX].end <= server->done + 1e-6) {
        server->first++;
    }
    if (server->first == server->last) return 0;
    return server->now_us - server->jobs[server->first % JOBS_MAX].at_us;
}

static void serve(struct server *server, double wait_us)
{
    double cold = wait_us < 20000 ? wait_us / 10000 : 2;
    double able = CAPACITY / 1000.0 / (1 + server->slowing * cold);
    double served = server->queued < able ? server->queued : able;
    server->queued -= served;
    server->done += served;
}

// As the network's side tells it: a queue that is full counts as old.
static uint64_t seen_us(const struct server *server, uint64_t wait_us)
{
    double filled = server->room > 0 ? server->queued / server->room : 0;
    double filled_us = filled > 0.25 ? (filled - 0.25) / 0.75 * 3 * OVERLOAD_WAIT_US : 0;
    return filled_us > (double)wait_us ? (uint64_t)filled_us : wait_us;
}

// Serves for `ms`, with `rate` jobs a second arriving. What is refused costs `cost` of a job.
static void run(struct server *server, unsigned ms, double rate, double cost)
{
    double arriving = 0;
    server->admitted = server->refused = server->dropped = server->lost = 0;
    server->longest_wait_us = 0;
    for (unsigned i = 0; i < ms; i++) {
        double heard = 1.0 - (double)overload_dropped_share(&server->overload) / OVERLOAD_WHOLE;
        struct overload_sight sight = {.wait_us = 0};
        server->now_us += STEP_US;
        server->dropped += rate / 1000 * (1 - heard);
        for (arriving += rate / 1000 * heard; arriving >= 1; arriving--) {
            if (server->room > 0 && server->queued >= server->room) {
                sight.lost += heard == 1.0;
                server->lost++;
                continue;
            }
            bool is_refused = overload_refuses(&server->overload);
            *(is_refused ? &server->refused : &server->admitted) += 1;
            sight.heard++;
            arrive(server, is_refused ? cost : 1);
        }
        uint64_t wait_us = age_us(server);
        serve(server, (double)wait_us);
        if ((double)wait_us > server->longest_wait_us) server->longest_wait_us = (double)wait_us;
        sight.wait_us = seen_us(server, wait_us);
        overload_note(&server->overload, server->now_us, &sight);
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
    struct server server = {.now_us = 1};
    arrive(&server, CAPACITY * 0.09); // 90 ms of work at once
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

// A long queue makes each call dearer, so what is too long grows: no reason to swing.
static void test_a_long_queue_is_slower(void **state)
{
    (void)state;
    struct server server = {.now_us = 1, .slowing = 0.2};
    run(&server, 3000, CAPACITY * 3.0, 0.3);
    run(&server, 10000, CAPACITY * 3.0, 0.3);
    double goodput = server.admitted / (CAPACITY * 10.0);
    print_message("slower when long: %.1f %% admitted, wait at most %.1f ms\n", goodput * 100,
                  server.longest_wait_us / 1000);
    assert_true(goodput > 0.9 && server.longest_wait_us < 3 * OVERLOAD_WAIT_US);
}

// What overflows is overload, sooner than what stands; once is a burst.
static void test_losses(void **state)
{
    (void)state;
    enum { ROOM = CAPACITY / 50 }; // 20 ms of work
    struct server server = {.now_us = 1, .room = ROOM};
    run(&server, 1000, CAPACITY * 0.5, 1);
    run(&server, 15, CAPACITY * 5.0, 1);
    assert_true(server.lost > 0);
    run(&server, 1000, CAPACITY * 0.5, 1);
    assert_true(server.refused == 0 && server.dropped == 0);
    run(&server, 100, CAPACITY * 3.0, 0.3);
    print_message("losses: %.0f of %.0f lost before it is noticed\n", server.lost, CAPACITY * 0.3);
    assert_true(server.lost < CAPACITY * 0.1 && server.dropped > 0);
}

// A queue so short that it overflows before anything in it is old says no more than that it is
// full. That must be told for what it is: the share that is carried does not swing.
static void test_a_short_queue(void **state)
{
    (void)state;
    enum { ROOM = CAPACITY / 200 }; // 5 ms of work
    struct server server = {.now_us = 1, .room = ROOM};
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
    overload_note(&server.overload, server.now_us, &(struct overload_sight){.wait_us = 0});
    assert_int_equal(server.overload.share, 0);
}

// A server that was not given the processor is late once; that is not overload.
static void test_a_pause_of_the_server_is_no_overload(void **state)
{
    (void)state;
    struct server server = {.now_us = 1};
    run(&server, 1000, CAPACITY * 0.5, 1);
    arrive(&server, CAPACITY * 0.05);
    server.now_us += 200000;
    overload_note(&server.overload, server.now_us, &(struct overload_sight){.wait_us = 200000});
    run(&server, 1000, CAPACITY * 0.5, 1);
    assert_true(server.refused == 0 && server.dropped == 0);
}

// What is alike goes out together: sixteen in a row, and the share is kept.
static void test_refusals_come_in_runs(void **state)
{
    (void)state;
    struct overload overload = {.share = OVERLOAD_WHOLE / 25};
    unsigned refused = 0, in_a_row = 0, longest = 0;
    assert_int_equal(overload_dropped_share(&overload), 0);
    for (int i = 0; i < 10000; i++) {
        bool is_refused = overload_refuses(&overload);
        in_a_row = is_refused ? in_a_row + 1 : 0;
        refused += is_refused;
        if (in_a_row > longest) longest = in_a_row;
    }
    assert_in_range(refused, 400 - 16, 400);
    assert_int_equal(longest, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_can_be_carried_is),
        cmocka_unit_test(test_a_burst_is_no_overload),
        cmocka_unit_test(test_overload),
        cmocka_unit_test(test_a_long_queue_is_slower),
        cmocka_unit_test(test_losses),
        cmocka_unit_test(test_a_short_queue),
        cmocka_unit_test(test_recovery),
        cmocka_unit_test(test_silence_is_recovery),
        cmocka_unit_test(test_a_pause_of_the_server_is_no_overload),
        cmocka_unit_test(test_refusals_come_in_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
