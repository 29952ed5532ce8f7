// SPDX-License-Identifier: Apache-2.0
// UDP sockets on the loopback interface.
#include "unit/net/peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_MS = 10000, DATAGRAM_MAX = 65507 };

static char bytes[DATAGRAM_MAX + 1000];

static void send_bytes(struct peer *peer, uint16_t socket, const struct address *to, size_t len)
{
    struct flow flow = peer_flow(socket, to);
    net_send(peer->net, &flow, (struct span){bytes, len});
}

static bool has_ipv6(void)
{
    FILE *file = fopen("/proc/net/if_inet6", "r");
    if (!file) return false;
    bool has_address = fgetc(file) != EOF;
    (void)fclose(file);
    return has_address;
}

static void test_to_and_fro(const char *host, enum address_family family)
{
    struct peer peer;
    struct address a, b;
    peer_init(&peer);
    uint16_t socket_a = peer_listen(&peer, host, &a), socket_b = peer_listen(&peer, host, &b);
    assert_int_not_equal(socket_a, socket_b);
    for (size_t i = 0; i < 3; i++) {
        const size_t lens[] = {0, 1, DATAGRAM_MAX};
        peer.expected_count = peer.datagram_count + 1;
        send_bytes(&peer, socket_a, &b, lens[i]);
        assert_true(peer_run(&peer, PATIENCE_MS));
        assert_int_equal(peer.last_len, lens[i]);
        assert_int_equal(peer.last_flow.socket, socket_b);
        assert_int_equal(peer.last_flow.transport, TRANSPORT_UDP);
        assert_int_equal(peer.last_flow.peer.family, family);
        assert_true(address_eq(&peer.last_flow.peer, &a));
    }
    assert_int_equal(net_counts(peer.net).sent, 3);
    assert_int_equal(net_counts(peer.net).received, 3);
    peer_fini(&peer);
}

static void test_ipv4(void **state)
{
    (void)state;
    test_to_and_fro("127.0.0.1", ADDRESS_IPV4);
}

static void test_ipv6(void **state)
{
    (void)state;
    if (!has_ipv6()) skip();
    test_to_and_fro("::1", ADDRESS_IPV6);
}

// ---- The queue

// One datagram waits for `ms`; sets peer->waited_us.
static void wait_in_queue(struct peer *peer, uint16_t socket, const struct address *to, unsigned ms)
{
    send_bytes(peer, socket, to, 100);
    net_flush(peer->net);
    usleep(1000 * ms);
    peer->expected_count = peer->datagram_count + 1;
    assert_true(peer_run(peer, PATIENCE_MS));
}

// The system begins to note when datagrams arrive some time after the first socket of the machine
// has asked for it. Until then one seems to have come when it is read.
static void wait_for_timestamps(struct peer *peer, uint16_t socket, const struct address *to)
{
    enum { TRIES = 200, WARM_UP_MS = 10 };
    for (int i = 0; i < TRIES; i++) {
        wait_in_queue(peer, socket, to, WARM_UP_MS);
        if (peer->waited_us >= 1000 * WARM_UP_MS / 2) return;
    }
    fail_msg("nothing is seen as waiting");
}

static void test_waiting_is_noticed(void **state)
{
    (void)state;
    struct peer peer;
    struct address a, b;
    peer_init(&peer);
    uint16_t socket = peer_listen(&peer, "127.0.0.1", &a);
    (void)peer_listen(&peer, "127.0.0.1", &b);
    wait_for_timestamps(&peer, socket, &b);
    wait_in_queue(&peer, socket, &b, 50);
    assert_in_range(peer.waited_us, 49000, 10000000);
    peer_fini(&peer);
}

static void test_a_full_queue_is_noticed(void **state)
{
    (void)state;
    enum { COUNT = 3000, SIZE = 2500 };
    struct peer peer;
    struct address a, b;
    peer_init(&peer);
    uint16_t socket = peer_listen(&peer, "127.0.0.1", &a);
    (void)peer_listen(&peer, "127.0.0.1", &b);
    for (int i = 0; i < COUNT; i++) send_bytes(&peer, socket, &b, SIZE);
    net_flush(peer.net);
    peer.expected_count = 1; // the batch goes on
    assert_true(peer_run(&peer, PATIENCE_MS));
    assert_true(peer.waited_us >= NET_FULL_US / 2);
    assert_true(peer.lost_count > 0 && peer.lost_count < COUNT);
    peer_fini(&peer);
}

// How many of `count` datagrams that begin with `text` arrive while half of the INVITEs are
// dropped.
static unsigned arriving(struct peer *peer, const char *text, unsigned count)
{
    struct address a, b;
    uint16_t socket = peer_listen(peer, "127.0.0.1", &a);
    (void)peer_listen(peer, "127.0.0.1", &b);
    const struct span spared[] = {SPAN("INVITE sip:112@"), SPAN("INVITE sip:0112@")};
    struct net_drop drop = {.beginning = SPAN("INVITE "), .spared = spared, .spared_count = 2};
    net_drop(peer->net, &drop);
    drop.share = 500000;
    net_drop(peer->net, &drop);
    unsigned before = peer->datagram_count;
    for (unsigned i = 0; i < count; i++) {
        struct flow flow = peer_flow(socket, &b);
        net_send(peer->net, &flow, span_of(text));
    }
    net_flush(peer->net);
    assert_false(peer_run(peer, 200));
    return peer->datagram_count - before;
}

static void test_a_share_is_dropped(void **state)
{
    (void)state;
    struct peer peer;
    peer_init(&peer);
    assert_in_range(arriving(&peer, "INVITE sip:a SIP/2.0", 1000), 400, 600);
    assert_int_equal(arriving(&peer, "INVITES sip:a", 200), 200);
    assert_int_equal(arriving(&peer, "INFO sip:a", 200), 200);
    assert_int_equal(arriving(&peer, "ACK", 200), 200);
    assert_int_equal(arriving(&peer, "", 200), 200);
    peer_fini(&peer);
}

static void test_some_are_spared(void **state)
{
    (void)state;
    struct peer peer;
    peer_init(&peer);
    assert_int_equal(arriving(&peer, "INVITE sip:112@lineward.test SIP/2.0", 200), 200);
    assert_int_equal(arriving(&peer, "INVITE sip:0112@lineward.test SIP/2.0", 200), 200);
    assert_in_range(arriving(&peer, "INVITE sip:1120@lineward.test SIP/2.0", 1000), 400, 600);
    assert_in_range(arriving(&peer, "INVITE sip:112", 1000), 400, 600);
    peer_fini(&peer);
}

// ---- In bulk

enum { BULK_COUNT = 100000, WINDOW = 200 };

struct bulk {
    struct peer peer;
    uint16_t client, server;
    struct address client_address, server_address;
    unsigned sent_count, answered_count, wrong_count;
};

static void send_number(struct bulk *bulk)
{
    char text[400];
    int len = snprintf(text, sizeof text, "%u ", bulk->sent_count++);
    memset(text + len, 'x', sizeof text - (size_t)len);
    struct flow flow = peer_flow(bulk->client, &bulk->server_address);
    net_send(bulk->peer.net, &flow, (struct span){text, sizeof text});
}

// The server sends everything back, the client keeps WINDOW datagrams under way.
static void on_bulk(struct peer *peer, const struct flow *flow, struct span received)
{
    struct bulk *bulk = (struct bulk *)peer;
    if (flow->socket == bulk->server) {
        net_send(peer->net, flow, received);
        return;
    }
    bool is_next = strtoul(received.at, NULL, 10) == bulk->answered_count;
    if (!is_next || received.len != 400) bulk->wrong_count++;
    bulk->answered_count++;
    if (bulk->sent_count < BULK_COUNT) send_number(bulk);
}

static void test_bulk(void **state)
{
    (void)state;
    struct bulk bulk = {.sent_count = 0};
    peer_init(&bulk.peer);
    bulk.peer.on_datagram = on_bulk;
    bulk.client = peer_listen(&bulk.peer, "127.0.0.1", &bulk.client_address);
    bulk.server = peer_listen(&bulk.peer, "127.0.0.1", &bulk.server_address);
    bulk.peer.expected_count = 2 * BULK_COUNT;
    while (bulk.sent_count < WINDOW) send_number(&bulk);
    assert_true(peer_run(&bulk.peer, 60000));
    assert_int_equal(bulk.answered_count, BULK_COUNT);
    assert_int_equal(bulk.wrong_count, 0);
    struct net_counts counts = net_counts(bulk.peer.net);
    assert_int_equal(counts.sent, 2 * BULK_COUNT);
    assert_int_equal(counts.received, 2 * BULK_COUNT);
    assert_int_equal(counts.send_dropped, 0);
    assert_in_range(bulk.peer.batch_count, 1, BULK_COUNT); // several at a time
    peer_fini(&bulk.peer);
}

// ---- What cannot be sent

static void test_unsendable_is_counted(void **state)
{
    (void)state;
    struct peer peer;
    struct address a, b;
    peer_init(&peer);
    uint16_t socket = peer_listen(&peer, "127.0.0.1", &a);
    (void)peer_listen(&peer, "127.0.0.1", &b);
    struct address nowhere = b, other_family;
    assert_true(address_parse_port(SPAN("[::1]:5060"), 0, &other_family));
    nowhere.port = 0;
    struct flow tcp = peer_flow(socket, &b), no_socket = peer_flow(99, &b);
    tcp.transport = TRANSPORT_TCP;
    net_send(peer.net, &tcp, (struct span){bytes, 10});
    net_send(peer.net, &no_socket, (struct span){bytes, 10});
    assert_int_equal(net_counts(peer.net).send_dropped, 2);
    // What the system refuses does not hold up what follows.
    send_bytes(&peer, socket, &nowhere, 10);
    send_bytes(&peer, socket, &b, DATAGRAM_MAX + 1);
    send_bytes(&peer, socket, &b, DATAGRAM_MAX + 900);
    send_bytes(&peer, socket, &other_family, 10);
    send_bytes(&peer, socket, &b, 11);
    net_flush(peer.net);
    assert_int_equal(net_counts(peer.net).send_dropped, 6);
    assert_int_equal(net_counts(peer.net).sent, 1);
    peer.expected_count = 1;
    assert_true(peer_run(&peer, PATIENCE_MS));
    assert_int_equal(peer.last_len, 11);
    assert_int_equal(net_counts(peer.net).received_cut, 0);
    peer_fini(&peer);
}

// More than the queue holds leaves in between.
static void test_queue_overflows_into_the_socket(void **state)
{
    (void)state;
    struct peer peer;
    struct address a, b;
    peer_init(&peer);
    uint16_t socket = peer_listen(&peer, "127.0.0.1", &a);
    (void)peer_listen(&peer, "127.0.0.1", &b);
    for (unsigned i = 0; i < 100; i++) send_bytes(&peer, socket, &b, 100);
    for (unsigned i = 0; i < 10; i++) send_bytes(&peer, socket, &b, 40000);
    peer.expected_count = 110;
    assert_true(peer_run(&peer, PATIENCE_MS));
    assert_int_equal(net_counts(peer.net).sent, 110);
    peer_fini(&peer);
}

// ---- Runs: neighbours of one length to one place leave as one, and arrive as they were

struct arrivals {
    struct peer peer;
    size_t lens[300];
    char firsts[300]; // first byte of each
    unsigned count;
};

static void on_arrival(struct peer *peer, const struct flow *flow, struct span received)
{
    struct arrivals *arrivals = (struct arrivals *)peer;
    (void)flow;
    arrivals->lens[arrivals->count] = received.len;
    arrivals->firsts[arrivals->count++] = received.len > 0 ? received.at[0] : '-';
}

// Sends datagrams of these lengths, to two places in turn where `place_count` is 2, and sees that
// the same arrive, in their order.
static void test_lens(const char *host, const size_t *lens, unsigned count, unsigned place_count)
{
    struct arrivals arrivals = {.count = 0};
    struct address a, to[2];
    peer_init(&arrivals.peer);
    arrivals.peer.on_datagram = on_arrival;
    uint16_t socket = peer_listen(&arrivals.peer, host, &a);
    (void)peer_listen(&arrivals.peer, host, &to[0]);
    (void)peer_listen(&arrivals.peer, host, &to[1]);
    for (unsigned i = 0; i < count; i++) {
        bytes[0] = (char)('a' + i % 26);
        send_bytes(&arrivals.peer, socket, &to[i % place_count], lens[i]);
    }
    net_flush(arrivals.peer.net);
    arrivals.peer.expected_count = count;
    assert_true(peer_run(&arrivals.peer, PATIENCE_MS));
    assert_int_equal(net_counts(arrivals.peer.net).sent, count);
    assert_int_equal(net_counts(arrivals.peer.net).send_dropped, 0);
    for (unsigned i = 0; place_count == 1 && i < count; i++) {
        assert_int_equal(arrivals.lens[i], lens[i]);
        assert_int_equal(arrivals.firsts[i], lens[i] > 0 ? 'a' + (int)(i % 26) : '-');
    }
    peer_fini(&arrivals.peer);
}

static void test_runs(void **state)
{
    (void)state;
    const size_t mixed[] = {500,  500,  500, 400, 400, 500, 0,     0,     700,   1200, 1200, 1201,
                            1201, 1201, 1,   1,   1,   2,   20000, 20000, 20000, 300,  300,  299};
    size_t equal[200];
    for (size_t i = 0; i < 200; i++) equal[i] = 700; // more than a run, and than the queue, holds
    test_lens("127.0.0.1", mixed, sizeof mixed / sizeof mixed[0], 1);
    test_lens("127.0.0.1", mixed, sizeof mixed / sizeof mixed[0], 2);
    test_lens("127.0.0.1", equal, 200, 1);
    if (has_ipv6()) test_lens("::1", mixed, sizeof mixed / sizeof mixed[0], 1);
    if (has_ipv6()) test_lens("::1", equal, 200, 1);
}

// The system refuses a run as it refuses its first datagram: all are counted, and runs go on being
// made.
static void test_unsendable_run_is_counted(void **state)
{
    (void)state;
    struct peer peer;
    struct address a, b;
    peer_init(&peer);
    uint16_t socket = peer_listen(&peer, "127.0.0.1", &a);
    (void)peer_listen(&peer, "127.0.0.1", &b);
    struct address nowhere = b;
    nowhere.port = 0;
    for (unsigned i = 0; i < 5; i++) send_bytes(&peer, socket, &nowhere, 100);
    for (unsigned i = 0; i < 5; i++) send_bytes(&peer, socket, &b, 100);
    net_flush(peer.net);
    assert_int_equal(net_counts(peer.net).send_dropped, 5);
    assert_int_equal(net_counts(peer.net).sent, 5);
    peer.expected_count = 5;
    assert_true(peer_run(&peer, PATIENCE_MS));
    peer_fini(&peer);
}

// ---- Listening

static void test_port_in_use(void **state)
{
    (void)state;
    struct peer peer, second;
    struct address local;
    struct net_problem problem;
    uint16_t socket;
    char expected[200];
    peer_init(&peer);
    peer_init(&second);
    (void)peer_listen(&peer, "127.0.0.1", &local);
    assert_false(net_listen_udp(second.net, &local, &socket, &problem));
    assert_int_equal(problem.err, ERR_IN_USE);
    (void)snprintf(expected, sizeof expected,
                   "cannot listen on 127.0.0.1:%u (UDP): in use by another program", local.port);
    assert_string_equal(problem.text, expected);
    assert_false(net_listen_udp(second.net, &local, &socket, NULL));
    // The wildcard address includes the one in use.
    struct address wildcard = {.family = ADDRESS_IPV4, .port = local.port};
    assert_false(net_listen_udp(second.net, &wildcard, &socket, &problem));
    assert_int_equal(problem.err, ERR_IN_USE);
    // And once the first program ends, the port is free.
    peer_fini(&peer);
    assert_true(net_listen_udp(second.net, &local, &socket, &problem));
    peer_fini(&second);
}

static void test_address_of_another_machine(void **state)
{
    (void)state;
    struct peer peer;
    struct address local;
    struct net_problem problem;
    uint16_t socket;
    peer_init(&peer);
    assert_true(address_parse_port(SPAN("192.0.2.1:25001"), 0, &local));
    assert_false(net_listen_udp(peer.net, &local, &socket, &problem));
    assert_int_equal(problem.err, ERR_NOT_FOUND);
    assert_string_equal(problem.text,
                        "cannot listen on 192.0.2.1:25001 (UDP): this machine has no such address");
    peer_fini(&peer);
}

static void test_too_many_sockets(void **state)
{
    (void)state;
    struct peer peer;
    struct address local;
    struct net_problem problem;
    uint16_t socket;
    peer_init(&peer);
    for (unsigned i = 0; i < 16; i++) (void)peer_listen(&peer, "127.0.0.1", &local);
    local.port = 0;
    assert_false(net_listen_udp(peer.net, &local, &socket, &problem));
    assert_int_equal(problem.err, ERR_NO_MEMORY);
    peer_fini(&peer);
}

static void test_both_wildcards(void **state)
{
    (void)state;
    if (!has_ipv6()) skip();
    struct peer peer;
    struct address ipv4 = {.family = ADDRESS_IPV4}, ipv6 = {.family = ADDRESS_IPV6};
    struct net_problem problem;
    uint16_t socket;
    peer_init(&peer);
    assert_true(net_listen_udp(peer.net, &ipv4, &socket, &problem));
    ipv6.port = net_local_address(peer.net, socket).port;
    assert_true(net_listen_udp(peer.net, &ipv6, &socket, &problem));
    peer_fini(&peer);
}

static void test_own_address(void **state)
{
    (void)state;
    struct peer peer;
    struct address wildcard = {.family = ADDRESS_IPV4}, bound, to, own;
    struct net_problem problem;
    uint16_t socket;
    peer_init(&peer);
    assert_true(net_listen_udp(peer.net, &wildcard, &socket, &problem));
    assert_true(address_parse_port(SPAN("127.0.0.1:5060"), 0, &to));
    assert_true(net_address_towards(peer.net, socket, &to, &own));
    assert_true(address_eq_host(&own, &to)); // the loopback interface reaches itself
    assert_int_equal(own.port, net_local_address(peer.net, socket).port);
    socket = peer_listen(&peer, "127.0.0.1", &bound);
    assert_true(net_address_towards(peer.net, socket, &to, &own));
    assert_true(address_eq(&own, &bound));
    assert_true(address_parse_port(SPAN("[::1]:5060"), 0, &to));
    assert_false(net_address_towards(peer.net, socket, &to, &own));
    peer_fini(&peer);
}

int main(void)
{
    memset(bytes, 'b', sizeof bytes);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ipv4),
        cmocka_unit_test(test_ipv6),
        cmocka_unit_test(test_waiting_is_noticed),
        cmocka_unit_test(test_a_full_queue_is_noticed),
        cmocka_unit_test(test_a_share_is_dropped),
        cmocka_unit_test(test_some_are_spared),
        cmocka_unit_test(test_bulk),
        cmocka_unit_test(test_unsendable_is_counted),
        cmocka_unit_test(test_queue_overflows_into_the_socket),
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_unsendable_run_is_counted),
        cmocka_unit_test(test_port_in_use),
        cmocka_unit_test(test_address_of_another_machine),
        cmocka_unit_test(test_too_many_sockets),
        cmocka_unit_test(test_both_wildcards),
        cmocka_unit_test(test_own_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
