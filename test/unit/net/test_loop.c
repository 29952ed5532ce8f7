// SPDX-License-Identifier: Apache-2.0
// Waking from other threads, the deadline, clocks and entropy.
#include "unit/net/peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <uv.h>

#include <cmocka.h>

enum { PATIENCE_MS = 10000 };

static void test_wake_before_run(void **state)
{
    (void)state;
    struct peer peer;
    peer_init(&peer);
    net_wake(peer.net);
    net_wake(peer.net);
    assert_true(peer_run(&peer, PATIENCE_MS));
    assert_int_equal(peer.woken_count, 1);
    net_wake(peer.net); // after net_stop: counts for the next run, or for nothing
    assert_true(peer_run(&peer, PATIENCE_MS));
    assert_int_equal(peer.woken_count, 2);
    net_wake(peer.net);
    peer_fini(&peer);
}

static void wake_soon(void *context)
{
    struct peer *peer = context;
    uv_sleep(20);
    net_wake(peer->net);
}

static void test_wake_from_another_thread(void **state)
{
    (void)state;
    struct peer peer;
    uv_thread_t thread;
    peer_init(&peer);
    uint64_t start_us = net_now_us();
    assert_int_equal(uv_thread_create(&thread, wake_soon, &peer), 0);
    assert_true(peer_run(&peer, PATIENCE_MS));
    assert_int_equal(peer.woken_count, 1);
    assert_true(net_now_us() - start_us >= 20000);
    assert_int_equal(uv_thread_join(&thread), 0);
    peer_fini(&peer);
}

// Many threads at once, while the loop runs and stops.
static void wake_often(void *context)
{
    struct peer *peer = context;
    for (unsigned i = 0; i < 1000; i++) net_wake(peer->net);
}

static void test_wakes_from_many_threads(void **state)
{
    (void)state;
    struct peer peer;
    uv_thread_t threads[4];
    peer_init(&peer);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(uv_thread_create(&threads[i], wake_often, &peer), 0);
    }
    assert_true(peer_run(&peer, PATIENCE_MS));
    for (size_t i = 0; i < 4; i++) assert_int_equal(uv_thread_join(&threads[i]), 0);
    assert_in_range(peer.woken_count, 1, 4000);
    peer_fini(&peer);
}

// Never early; late by the timer's millisecond and whatever a busy machine takes.
static void test_deadline(void **state)
{
    (void)state;
    struct peer peer;
    peer_init(&peer);
    uint64_t late_us_min = UINT64_MAX;
    for (unsigned i = 0; i < 30; i++) {
        uint64_t at_us = net_now_us() + 1500 + 137 * i;
        net_set_deadline(peer.net, at_us);
        net_run(peer.net);
        assert_int_equal(peer.deadline_count, i + 1);
        assert_true(peer.deadline_at_us >= at_us);
        uint64_t late_us = peer.deadline_at_us - at_us;
        assert_true(late_us < 500000);
        if (late_us < late_us_min) late_us_min = late_us;
    }
    assert_true(late_us_min < 2000);
    peer_fini(&peer);
}

static uint64_t chain_us; // the deadline that the chain waits for

// A deadline that moves: later, earlier, to never, from within its own handler.
static void move_on(struct peer *peer)
{
    assert_true(net_now_us() >= chain_us);
    if (peer->deadline_count == 5) {
        net_stop(peer->net);
        return;
    }
    net_set_deadline(peer->net, net_now_us() + 1000);
    net_set_deadline(peer->net, DEADLINE_NEVER);
    net_set_deadline(peer->net, net_now_us() + 90000000);
    chain_us = net_now_us() + 3000;
    net_set_deadline(peer->net, chain_us);
}

static void test_deadline_moves(void **state)
{
    (void)state;
    struct peer peer;
    peer_init(&peer);
    peer.on_deadline = move_on;
    net_set_deadline(peer.net, net_now_us() + 1000);
    chain_us = net_now_us() + 30000;
    net_set_deadline(peer.net, chain_us); // later: the first one must not be heard
    net_run(peer.net);
    assert_int_equal(peer.deadline_count, 5);
    // One that has passed comes at once; one that is not set not at all.
    peer.on_deadline = NULL;
    net_set_deadline(peer.net, 0);
    net_run(peer.net);
    assert_int_equal(peer.deadline_count, 6);
    net_set_deadline(peer.net, net_now_us() + 1000);
    net_set_deadline(peer.net, DEADLINE_NEVER);
    uv_sleep(5);
    net_wake(peer.net);
    net_run(peer.net);
    assert_int_equal(peer.deadline_count, 6);
    peer_fini(&peer);
}

static void test_clocks(void **state)
{
    (void)state;
    uint64_t now_us = net_now_us(), wall_us = net_wall_us();
    uv_sleep(2);
    assert_in_range(net_now_us() - now_us, 2000, 5000000);
    assert_in_range(net_wall_us() - wall_us, 1, 5000000);
    assert_true(wall_us / 1000000 > 1700000000); // after 2023
}

static void test_entropy(void **state)
{
    (void)state;
    uint8_t a[300], b[300];
    net_entropy(a, sizeof a);
    net_entropy(b, sizeof b);
    assert_true(memcmp(a, b, sizeof a) != 0);
    unsigned zero_count = 0;
    for (size_t i = 0; i < sizeof a; i++) zero_count += a[i] == 0;
    assert_in_range(zero_count, 0, 50);
    net_entropy(a, 0);
}

static void test_start_and_end(void **state)
{
    (void)state;
    net_free(NULL);
    for (unsigned i = 0; i < 20; i++) {
        struct peer peer;
        struct address local;
        peer_init(&peer);
        (void)peer_listen(&peer, "127.0.0.1", &local);
        net_set_deadline(peer.net, net_now_us() + 1000000);
        peer_fini(&peer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wake_before_run),
        cmocka_unit_test(test_wake_from_another_thread),
        cmocka_unit_test(test_wakes_from_many_threads),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_deadline_moves),
        cmocka_unit_test(test_clocks),
        cmocka_unit_test(test_entropy),
        cmocka_unit_test(test_start_and_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
