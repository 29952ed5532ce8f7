// SPDX-License-Identifier: Apache-2.0
// Host names. Nothing here needs a network; what a name server would be asked ends within the
// bound.
#include "unit/net/peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { BOUND_MS = 12000 }; // ten seconds and some patience

// Looks one name up and waits for what comes of it.
static void resolve(struct peer *peer, struct span host)
{
    unsigned resolved_count = peer->resolved_count;
    uint64_t query = UINT64_C(0x123456789) + resolved_count;
    assert_true(net_resolve(peer->net, query, peer->question, host));
    assert_int_equal(peer->resolved_count, resolved_count); // never from within the call
    assert_true(peer_run(peer, BOUND_MS));
    assert_int_equal(peer->resolved_count, resolved_count + 1);
    assert_true(peer->query == query);
}

static void assert_resolved(struct peer *peer, const char *host, const char *expected)
{
    char text[200];
    struct buffer out = buffer_over(text, sizeof text - 1);
    resolve(peer, span_of(host));
    for (size_t i = 0; i < peer->address_count; i++) {
        if (i > 0) buffer_put_byte(&out, ' ');
        address_print(&out, &peer->addresses[i]);
    }
    text[out.len] = '\0';
    assert_string_equal(text, expected);
    assert_string_equal(peer->problem, "");
}

static void assert_problem(struct peer *peer, struct span host, const char *part)
{
    resolve(peer, host);
    assert_int_equal(peer->address_count, 0);
    if (!strstr(peer->problem, part)) fail_msg("\"%s\" is not in \"%s\"", part, peer->problem);
}

static void test_literals(void **state)
{
    (void)state;
    struct peer peer;
    peer_init(&peer);
    assert_resolved(&peer, "192.0.2.1", "192.0.2.1:0");
    assert_resolved(&peer, "2001:db8::1", "[2001:db8::1]:0");
    assert_resolved(&peer, "[2001:db8::1]", "[2001:db8::1]:0");
    peer_fini(&peer);
}

static void test_localhost(void **state)
{
    (void)state;
    struct peer peer;
    peer_init(&peer);
    assert_resolved(&peer, "localhost", "127.0.0.1:0 [::1]:0");
    assert_resolved(&peer, "LocalHost", "127.0.0.1:0 [::1]:0");
    assert_resolved(&peer, "pbx.localhost", "127.0.0.1:0 [::1]:0");
    peer_fini(&peer);
}

static void test_not_a_name(void **state)
{
    (void)state;
    struct peer peer;
    char long_name[400];
    memset(long_name, 'a', sizeof long_name);
    peer_init(&peer);
    assert_problem(&peer, SPAN(""), "this is not a host name");
    assert_problem(&peer, SPAN("a\0b"), "this is not a host name");
    assert_problem(&peer, (struct span){long_name, sizeof long_name}, "this is not a host name");
    long_name[100] = '\0';
    assert_problem(&peer, span_of(long_name),
                   "cannot find the address of \"aaaa"); // a label too long
    peer_fini(&peer);
}

// The domain "invalid" never exists (RFC 6761 section 6.4): no name server is asked.
static void test_no_such_name(void **state)
{
    (void)state;
    struct peer peer;
    peer_init(&peer);
    assert_problem(&peer, SPAN("nowhere.invalid"),
                   "cannot find the address of \"nowhere.invalid\": there is no such name");
    peer_fini(&peer);
}

// With name servers: no such name. Without: a problem within the bound, whatever it says.
static void test_name_servers_are_bounded(void **state)
{
    (void)state;
    struct peer peer;
    peer_init(&peer);
    uint64_t start_us = net_now_us();
    assert_problem(&peer, SPAN("no-such-host.lineward.test.example"), "cannot find the address of");
    assert_in_range(net_now_us() - start_us, 0, (uint64_t)BOUND_MS * 1000);
    peer_fini(&peer);
}

// Many at once, each with its own answer; and the end of the loop while names are looked up.
static void test_many_at_once(void **state)
{
    (void)state;
    struct peer peer;
    peer_init(&peer);
    for (unsigned i = 0; i < 500; i++)
        assert_true(net_resolve(peer.net, i, NET_ADDRESSES, SPAN("h.invalid")));
    while (peer.resolved_count < 500) assert_true(peer_run(&peer, BOUND_MS));
    for (unsigned i = 0; i < 100; i++) {
        char host[64];
        (void)snprintf(host, sizeof host, "host%u.lineward.test.example", i);
        assert_true(net_resolve(peer.net, i, NET_ADDRESSES, span_of(host)));
    }
    peer_fini(&peer);
}

static void test_too_many_at_once(void **state)
{
    (void)state;
    struct peer peer;
    unsigned count = 0;
    peer_init(&peer);
    while (net_resolve(peer.net, count, NET_ADDRESSES, SPAN("127.0.0.1"))) count++;
    assert_int_equal(count, 4096);
    while (peer.resolved_count < count) assert_true(peer_run(&peer, BOUND_MS));
    assert_resolved(&peer, "127.0.0.1", "127.0.0.1:0");
    peer_fini(&peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_literals),
        cmocka_unit_test(test_localhost),
        cmocka_unit_test(test_not_a_name),
        cmocka_unit_test(test_no_such_name),
        cmocka_unit_test(test_name_servers_are_bounded),
        cmocka_unit_test(test_many_at_once),
        cmocka_unit_test(test_too_many_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
