// SPDX-License-Identifier: Apache-2.0
// TCP connections on the loopback interface.
#include "unit/net/loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void start_at(struct loop *loop, const char *host)
{
    struct net_problem problem;
    start_loop(loop);
    assert_true(address_parse(span_of(host), &loop->local));
    assert_true(net_listen_tcp(loop->net, &loop->local, &loop->socket, &problem));
    loop->local = net_stream_address(loop->net, loop->socket);
    assert_true(loop->local.port > 0);
}

static void start(struct loop *loop)
{
    start_at(loop, "127.0.0.1");
}

static bool are_both_open(const struct loop *loop)
{
    return loop->opened_count == 2;
}

static bool is_one_closed(const struct loop *loop)
{
    return loop->closed_count == 1;
}

static size_t wanted_len;

static bool is_received(const struct loop *loop)
{
    return loop->received_len == wanted_len;
}

static void send_text(struct loop *loop, const struct flow *flow, struct span text)
{
    net_send(loop->net, flow, text);
}

// ---- To and fro

static void test_echo_at(const char *host)
{
    static struct loop loop;
    static char big[BIG];
    struct flow flow;
    start_at(&loop, host);
    loop.is_echoing = true;
    assert_true(net_connect(loop.net, loop.socket, &loop.local, NULL, &flow, NULL));
    assert_true(net_is_open(loop.net, flow.connection));
    send_text(&loop, &flow, SPAN("early")); // waits for the connection
    assert_true(run(&loop, are_both_open, PATIENCE_MS));
    assert_int_equal(loop.ours_count, 1);
    assert_int_equal(loop.last_ours.connection, flow.connection);
    assert_int_not_equal(loop.last.connection, flow.connection);
    assert_int_equal(loop.last.transport, TRANSPORT_TCP);
    assert_true(address_eq_host(&loop.last.peer, &loop.local));
    wanted_len = 5;
    assert_true(run(&loop, is_received, PATIENCE_MS));
    assert_memory_equal(loop.received, "early", 5);
    // More than the system's buffers take at once.
    for (size_t i = 0; i < BIG; i++) big[i] = (char)(i * 7 + i / 251);
    loop.received_len = 0;
    wanted_len = BIG;
    send_text(&loop, &flow, (struct span){big, BIG});
    assert_true(run(&loop, is_received, PATIENCE_MS));
    assert_memory_equal(loop.received, big, BIG);
    assert_int_equal(net_counts(loop.net).send_dropped, 0);
    assert_int_equal(net_counts(loop.net).connections, 2);
    net_free(loop.net);
}

static void test_echo(void **state)
{
    (void)state;
    test_echo_at("127.0.0.1");
}

static void test_ipv6(void **state)
{
    (void)state;
    if (access("/proc/net/if_inet6", R_OK) != 0) skip();
    test_echo_at("::1");
}

// ---- The end

static void test_close_is_told_to_the_other_side(void **state)
{
    (void)state;
    static struct loop loop;
    struct flow flow;
    start(&loop);
    assert_true(net_connect(loop.net, loop.socket, &loop.local, NULL, &flow, NULL));
    assert_true(run(&loop, are_both_open, PATIENCE_MS));
    send_text(&loop, &flow, SPAN("last words"));
    net_close(loop.net, flow.connection);
    assert_false(net_is_open(loop.net, flow.connection));
    send_text(&loop, &flow, SPAN("too late"));
    assert_int_equal(net_counts(loop.net).send_dropped, 1);
    assert_true(run(&loop, is_one_closed, PATIENCE_MS));
    assert_int_equal(loop.received_len, 10);
    assert_string_equal(loop.reason, "the peer closed the connection");
    // The number is not valid for another connection in the same place.
    (void)run(&loop, NULL, 20);
    assert_int_equal(net_counts(loop.net).connections, 0);
    struct flow next;
    assert_true(net_connect(loop.net, loop.socket, &loop.local, NULL, &next, NULL));
    assert_int_not_equal(next.connection, flow.connection);
    net_free(loop.net);
}

static void test_refused(void **state)
{
    (void)state;
    static struct loop loop, other;
    struct flow flow;
    start(&loop);
    start(&other);
    struct address gone = other.local;
    net_free(other.net);
    assert_true(net_connect(loop.net, loop.socket, &gone, NULL, &flow, NULL));
    assert_int_equal(loop.closed_count, 0);
    assert_true(run(&loop, is_one_closed, PATIENCE_MS));
    assert_string_equal(loop.reason, "connection refused");
    assert_false(net_is_open(loop.net, flow.connection));
    // An address of another family has no way from here.
    struct address ipv6;
    assert_true(address_parse_port(SPAN("[::1]:5060"), 0, &ipv6));
    assert_false(net_connect(loop.net, loop.socket, &ipv6, NULL, &flow, NULL));
    net_free(loop.net);
}

static void test_closed_while_connecting(void **state)
{
    (void)state;
    static struct loop loop;
    struct flow flow;
    start(&loop);
    assert_true(net_connect(loop.net, loop.socket, &loop.local, NULL, &flow, NULL));
    net_close(loop.net, flow.connection);
    (void)run(&loop, NULL, 50);
    assert_int_equal(loop.ours_count, 0);
    assert_true(net_connect(loop.net, loop.socket, &loop.local, NULL, &flow, NULL));
    net_free(loop.net); // while connecting
}

// ---- Peers that misbehave: plain sockets

static int plain_connect(const struct loop *loop, const char *from)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in name = {.sin_family = AF_INET};
    assert_true(fd >= 0 && inet_pton(AF_INET, from, &name.sin_addr) == 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    name.sin_port = htons(loop->local.port);
    assert_int_equal(inet_pton(AF_INET, "127.0.0.1", &name.sin_addr), 1);
    assert_int_equal(connect(fd, (struct sockaddr *)&name, sizeof name), 0);
    return fd;
}

// Whether the peer has ended the connection; does not wait.
static bool is_ended(int fd)
{
    char byte;
    ssize_t count = recv(fd, &byte, 1, MSG_DONTWAIT);
    return count == 0 || (count < 0 && errno != EAGAIN);
}

static void reset(int fd)
{
    struct linger now = {.l_onoff = 1};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    assert_int_equal(close(fd), 0);
}

static bool is_one_open(const struct loop *loop)
{
    return loop->opened_count == 1;
}

static void test_silent_connection_is_closed(void **state)
{
    (void)state;
    static struct loop loop;
    start(&loop);
    int silent = plain_connect(&loop, "127.0.0.1");
    assert_true(run(&loop, is_one_open, PATIENCE_MS));
    net_keep(loop.net, loop.last.connection, 1);
    assert_true(run(&loop, is_one_closed, 3000));
    assert_string_equal(loop.reason, "nothing came for too long");
    assert_true(is_ended(silent));
    assert_int_equal(close(silent), 0);
    net_free(loop.net);
}

// The peer reads nothing: what waits is bounded, and what is beyond is dropped.
static void test_unread_is_bounded(void **state)
{
    (void)state;
    static struct loop loop;
    static char chunk[64 * 1024];
    start(&loop);
    int lazy = plain_connect(&loop, "127.0.0.1");
    assert_true(run(&loop, is_one_open, PATIENCE_MS));
    for (unsigned i = 0; i < 1000; i++) {
        send_text(&loop, &loop.last, (struct span){chunk, sizeof chunk});
    }
    struct net_counts counts = net_counts(loop.net);
    assert_true(counts.send_dropped > 0);
    assert_int_equal(counts.sent + counts.send_dropped, 1000);
    reset(lazy);
    assert_true(run(&loop, is_one_closed, PATIENCE_MS));
    net_free(loop.net);
}

static unsigned wanted_opened_count;

static bool are_enough_open(const struct loop *loop)
{
    return loop->opened_count == wanted_opened_count;
}

// From one address only so many: a newer one takes the place of the oldest that was of no use.
static void test_crowd_from_one_address(void **state)
{
    (void)state;
    enum { COUNT = NET_PER_ADDRESS_MAX + 20 };
    static struct loop loop;
    int fds[COUNT];
    start(&loop);
    loop.is_keeping = true; // the first one is of use
    fds[0] = plain_connect(&loop, "127.0.0.1");
    assert_true(run(&loop, is_one_open, PATIENCE_MS));
    loop.is_keeping = false;
    for (int i = 1; i < COUNT; i++) fds[i] = plain_connect(&loop, "127.0.0.1");
    int other = plain_connect(&loop, "127.0.0.2");
    wanted_opened_count = COUNT + 1;
    assert_true(run(&loop, are_enough_open, PATIENCE_MS));
    assert_int_equal(net_counts(loop.net).connections, NET_PER_ADDRESS_MAX + 1);
    assert_int_equal(net_counts(loop.net).crowded_out, 20);
    assert_false(is_ended(fds[0]));
    for (int i = 1; i < COUNT; i++) assert_int_equal(is_ended(fds[i]), i <= 20);
    assert_false(is_ended(other));
    for (int i = 0; i < COUNT; i++) assert_int_equal(close(fds[i]), 0);
    assert_int_equal(close(other), 0);
    net_free(loop.net);
}

// All that are open are of use: a further one is refused.
static void test_crowd_of_use(void **state)
{
    (void)state;
    static struct loop loop;
    int fds[NET_PER_ADDRESS_MAX];
    start(&loop);
    loop.is_keeping = true;
    for (int i = 0; i < NET_PER_ADDRESS_MAX; i++) fds[i] = plain_connect(&loop, "127.0.0.1");
    wanted_opened_count = NET_PER_ADDRESS_MAX;
    assert_true(run(&loop, are_enough_open, PATIENCE_MS));
    int refused = plain_connect(&loop, "127.0.0.1");
    (void)run(&loop, NULL, 50);
    assert_int_equal(loop.opened_count, NET_PER_ADDRESS_MAX);
    assert_true(is_ended(refused));
    for (int i = 0; i < NET_PER_ADDRESS_MAX; i++) assert_int_equal(close(fds[i]), 0);
    assert_int_equal(close(refused), 0);
    net_free(loop.net);
}

// Connected, some bytes, reset; again and again.
static void test_resets(void **state)
{
    (void)state;
    enum { ROUNDS = 20, EACH = 50 };
    static struct loop loop;
    start(&loop);
    for (unsigned round = 1; round <= ROUNDS; round++) {
        for (unsigned i = 0; i < EACH; i++) {
            int fd = plain_connect(&loop, "127.0.0.1");
            assert_int_equal(send(fd, "INVITE sip:", 11, 0), 11);
            reset(fd);
        }
        loop.received_len = 0;
        (void)run(&loop, NULL, 20);
    }
    assert_int_equal(net_counts(loop.net).connections, 0);
    assert_int_equal(loop.opened_count, loop.closed_count);
    net_free(loop.net);
}

// ---- Listening

static void test_port_in_use(void **state)
{
    (void)state;
    static struct loop loop;
    struct net_problem problem;
    uint16_t socket;
    char expected[200];
    start(&loop);
    assert_false(net_listen_tcp(loop.net, &loop.local, &socket, &problem));
    assert_int_equal(problem.err, ERR_IN_USE);
    struct buffer out = buffer_over(expected, sizeof expected);
    buffer_printf(&out, "cannot listen on 127.0.0.1:%u (TCP): in use by another program",
                  loop.local.port);
    assert_span(buffer_span(&out), problem.text);
    net_free(loop.net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_echo),
        cmocka_unit_test(test_ipv6),
        cmocka_unit_test(test_close_is_told_to_the_other_side),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_closed_while_connecting),
        cmocka_unit_test(test_silent_connection_is_closed),
        cmocka_unit_test(test_unread_is_bounded),
        cmocka_unit_test(test_crowd_from_one_address),
        cmocka_unit_test(test_crowd_of_use),
        cmocka_unit_test(test_resets),
        cmocka_unit_test(test_port_in_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
