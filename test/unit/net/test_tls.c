// SPDX-License-Identifier: Apache-2.0
// TLS on the loopback interface: what is said arrives, and which certificates are believed.
#include "unit/net/certificate.h"
#include "unit/net/loop.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DAY_S = 86400 };

static char directory[] = "/tmp/lineward-tls-XXXXXX";

static const char *file_of(const char *name, const char *ending)
{
    static char paths[4][100];
    static unsigned next;
    char *path = paths[next++ % 4];
    (void)snprintf(path, sizeof paths[0], "%s/%s.%s", directory, name, ending);
    return path;
}

static int make_certificates(void **state)
{
    (void)state;
    const char *here = "DNS:pbx.example,IP:127.0.0.1";
    if (!mkdtemp(directory)) return -1;
    make_certificate(directory, "good", here, -DAY_S, DAY_S, 0);
    make_certificate(directory, "expired", here, -2 * DAY_S, -DAY_S, 0);
    make_certificate(directory, "future", here, DAY_S, 2 * DAY_S, 0);
    make_certificate(directory, "other", "DNS:other.example", -DAY_S, DAY_S, 0);
    make_certificate(directory, "own", here, -DAY_S, DAY_S, 1);
    return 0;
}

static int remove_certificates(void **state)
{
    (void)state;
    static const char *const names[] = {"good", "expired", "future", "other", "own"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)unlink(file_of(names[i], "crt"));
        (void)unlink(file_of(names[i], "key"));
    }
    (void)unlink(file_of("ca", "crt"));
    return rmdir(directory);
}

static void start(struct loop *loop, const char *certificate)
{
    struct net_problem problem;
    start_loop(loop);
    assert_true(address_parse(SPAN("127.0.0.1"), &loop->local));
    assert_true(net_listen_tls(loop->net, &loop->local, file_of(certificate, "crt"),
                               file_of(certificate, "key"), &loop->socket, &problem));
    loop->local = net_stream_address(loop->net, loop->socket);
}

static struct flow connect_to(struct loop *loop, const char *host, const char *ca_file,
                              bool is_unverified)
{
    struct flow flow;
    struct net_problem problem;
    struct net_tls tls = {
        .host = span_of(host), .ca_file = ca_file, .is_unverified = is_unverified};
    assert_true(net_connect(loop->net, loop->socket, &loop->local, &tls, &flow, &problem));
    return flow;
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

// ---- What is said

static void test_echo(void **state)
{
    (void)state;
    static struct loop loop;
    static char big[BIG];
    start(&loop, "good");
    loop.is_echoing = true;
    struct flow flow = connect_to(&loop, "pbx.example", file_of("ca", "crt"), false);
    assert_int_equal(flow.transport, TRANSPORT_TLS);
    net_send(loop.net, &flow, SPAN("early")); // waits for the handshake
    assert_true(run(&loop, are_both_open, PATIENCE_MS));
    assert_int_equal(loop.last.transport, TRANSPORT_TLS);
    wanted_len = 5;
    assert_true(run(&loop, is_received, PATIENCE_MS));
    assert_memory_equal(loop.received, "early", 5);
    for (size_t i = 0; i < BIG; i++) big[i] = (char)(i * 7 + i / 251);
    loop.received_len = 0;
    wanted_len = BIG;
    net_send(loop.net, &flow, (struct span){big, BIG});
    assert_true(run(&loop, is_received, PATIENCE_MS));
    assert_memory_equal(loop.received, big, BIG);
    loop.received_len = 0;
    wanted_len = 10;
    net_send(loop.net, &flow, SPAN("last "));
    net_send(loop.net, &flow, SPAN("words"));
    loop.is_echoing = false;
    net_close(loop.net, flow.connection);
    assert_true(run(&loop, is_one_closed, PATIENCE_MS));
    assert_int_equal(loop.received_len, 10);
    assert_string_equal(loop.reason, "the peer closed the connection");
    net_free(loop.net);
}

// ---- Which certificates are believed

static void check_refused(const char *certificate, const char *host, const char *ca,
                          const char *reason)
{
    static struct loop loop;
    start(&loop, certificate);
    (void)connect_to(&loop, host, ca ? file_of(ca, "crt") : "", false);
    assert_true(run(&loop, is_one_closed, PATIENCE_MS));
    assert_string_equal(loop.reason, reason);
    assert_int_equal(loop.opened_count, 0);
    net_free(loop.net);
}

static void check_believed(const char *certificate, const char *host, const char *ca)
{
    static struct loop loop;
    start(&loop, certificate);
    (void)connect_to(&loop, host, ca ? file_of(ca, "crt") : "", !ca);
    assert_true(run(&loop, are_both_open, PATIENCE_MS));
    net_free(loop.net);
}

static void test_certificates(void **state)
{
    (void)state;
    check_believed("good", "pbx.example", "ca");
    check_believed("good", "PBX.example", "ca");
    check_believed("good", "127.0.0.1", "ca");
    check_believed("own", "pbx.example", "own"); // trusted itself
    check_refused("good", "pbx.other", "ca", "TLS: the certificate is for another host");
    check_refused("good", "127.0.0.2", "ca", "TLS: the certificate is for another host");
    check_refused("other", "pbx.example", "ca", "TLS: the certificate is for another host");
    check_refused("expired", "pbx.example", "ca", "TLS: certificate has expired");
    check_refused("future", "pbx.example", "ca", "TLS: certificate is not yet valid");
    check_refused("own", "pbx.example", "ca", "TLS: self-signed certificate");
    const char *unknown = "TLS: the certificate is signed by an unknown authority";
    check_refused("good", "pbx.example", "own", unknown);
    check_refused("good", "pbx.example", NULL, unknown);
}

static void test_unverified(void **state)
{
    (void)state;
    check_believed("expired", "pbx.other", NULL);
    check_believed("own", "pbx.example", NULL);
}

// ---- What cannot be used

static void test_files(void **state)
{
    (void)state;
    static struct loop loop;
    struct net_problem problem;
    struct address local = {.family = ADDRESS_IPV4};
    uint16_t socket;
    start(&loop, "good");
    assert_false(net_listen_tls(loop.net, &local, "/nowhere.crt", file_of("good", "key"), &socket,
                                &problem));
    assert_true(span_starts_with(span_of(problem.text), SPAN("/nowhere.crt: ")));
    assert_false(net_listen_tls(loop.net, &local, file_of("good", "crt"), file_of("own", "key"),
                                &socket, &problem));
    assert_int_equal(problem.err, ERR_INVALID);
    struct net_tls tls = {.host = SPAN("pbx.example"), .ca_file = "/nowhere.crt"};
    struct flow flow;
    assert_false(net_connect(loop.net, loop.socket, &loop.local, &tls, &flow, &problem));
    assert_true(span_starts_with(span_of(problem.text), SPAN("/nowhere.crt: ")));
    net_free(loop.net);
}

// ---- Peers that speak no TLS

static int plain_connect(const struct loop *loop)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(loop->local.port)};
    assert_true(fd >= 0 && inet_pton(AF_INET, "127.0.0.1", &name.sin_addr) == 1);
    assert_int_equal(connect(fd, (struct sockaddr *)&name, sizeof name), 0);
    return fd;
}

static void test_no_tls(void **state)
{
    (void)state;
    static struct loop loop;
    start(&loop, "good");
    int plain = plain_connect(&loop);
    assert_int_equal(send(plain, "OPTIONS sip:a SIP/2.0\r\n\r\n", 25, 0), 25);
    (void)run(&loop, NULL, 100);
    assert_int_equal(net_counts(loop.net).connections, 0);
    assert_int_equal(loop.opened_count + loop.closed_count, 0); // nobody was told of it
    assert_int_equal(close(plain), 0);
    int half = plain_connect(&loop);
    assert_int_equal(send(half, "\x16\x03\x01\x02", 4, 0), 4);
    (void)run(&loop, NULL, 50);
    assert_int_equal(net_counts(loop.net).connections, 1);
    assert_int_equal(close(half), 0);
    (void)run(&loop, NULL, 50);
    assert_int_equal(net_counts(loop.net).connections, 0);
    net_free(loop.net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_echo),       cmocka_unit_test(test_certificates),
        cmocka_unit_test(test_unverified), cmocka_unit_test(test_files),
        cmocka_unit_test(test_no_tls),
    };
    return cmocka_run_group_tests(tests, make_certificates, remove_certificates);
}
