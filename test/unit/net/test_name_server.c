// SPDX-License-Identifier: Apache-2.0
// What a name server knows: one of our own on loopback, that answers late, in part or not at all.
#include "unit/net/peer.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <cmocka.h>

enum { TYPE_A = 1, TYPE_AAAA = 28, TYPE_SRV = 33, TYPE_NAPTR = 35, HEADER_BYTES = 12 };
enum { BOUND_MS = 12000, TTL_S = 60 };

// ---- A name server (RFC 1035 section 4)

// What it does with a question, by the first letter of the name.
enum {
    ANSWER_BOTH = 'b',
    ANSWER_ONLY_A = 'a',
    AAAA_NEVER = 'n',
    A_LATE = 'l',
    AAAA_FAILS = 'f',
    SILENT = 's',
    REFUSED = 'r'
};

static bool put_answer(struct buffer *out, int type)
{
    static const char a[] = "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\7";
    static const char aaaa[] =
        "\xc0\x0c\0\x1c\0\1\0\0\0\x3c\0\x10\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\7";
    static const char srv[] = "\xc0\x0c\0\x21\0\1\0\0\0\x3c\0\x0b\0\1\0\2\x13\xc4\1h\1x\0";
    static const char naptr[] = "\xc0\x0c\0\x23\0\1\0\0\0\x3c\0\x14\0\1\0\2\1s\7SIP+D2U\0\1h\1x\0";
    struct span answer = SPAN_NONE;
    if (type == TYPE_A) answer = SPAN(a);
    if (type == TYPE_AAAA) answer = SPAN(aaaa);
    if (type == TYPE_SRV) answer = SPAN(srv);
    if (type == TYPE_NAPTR) answer = SPAN(naptr);
    buffer_put(out, answer);
    return answer.len > 0;
}

// The reply to `query`, empty for none.
static struct span reply_to(struct span query, struct buffer *out)
{
    size_t name_end = HEADER_BYTES;
    while (name_end < query.len && query.at[name_end]) name_end += (uint8_t)query.at[name_end] + 1U;
    if (name_end + 5 > query.len) return SPAN_NONE;
    int type = (uint8_t)query.at[name_end + 2];
    int kind = query.at[HEADER_BYTES + 1];
    if (kind == SILENT || (kind == AAAA_NEVER && type == TYPE_AAAA)) return SPAN_NONE;
    if (kind == A_LATE && type == TYPE_A) uv_sleep(200);
    bool is_refused = kind == REFUSED || (kind == AAAA_FAILS && type == TYPE_AAAA);
    bool is_answered = !is_refused && !(kind == ANSWER_ONLY_A && type != TYPE_A);
    buffer_put(out, span_slice(query, 0, 2));
    buffer_put(out, is_refused ? SPAN("\x81\x85") : SPAN("\x81\x80"));
    buffer_put(out, is_answered ? SPAN("\0\1\0\1\0\0\0\0") : SPAN("\0\1\0\0\0\0\0\0"));
    buffer_put(out, span_slice(query, HEADER_BYTES, name_end + 5));
    if (is_answered && !put_answer(out, type)) return SPAN_NONE;
    return buffer_span(out);
}

static void serve_names(void *context)
{
    int fd = *(int *)context;
    for (;;) {
        char query[1500], reply[2000];
        struct sockaddr_in from;
        socklen_t from_len = sizeof from;
        ssize_t len = recvfrom(fd, query, sizeof query, 0, (struct sockaddr *)&from, &from_len);
        if (len <= 1) return; // the end of the test
        struct buffer out = buffer_over(reply, sizeof reply);
        struct span bytes = reply_to((struct span){query, (size_t)len}, &out);
        if (bytes.len == 0) continue;
        (void)sendto(fd, bytes.at, bytes.len, 0, (struct sockaddr *)&from, from_len);
    }
}

// ---- Tests

static struct address server; // ours

struct result {
    char text[400]; // the addresses or records, or the problem
    uint32_t ttl_s;
    bool is_absent;
    uint64_t ms;
};

static void put_record(struct buffer *out, struct span record)
{
    buffer_put_hex(out, (const uint8_t *)record.at, record.len);
}

static void on_answer(struct peer *peer, const struct net_answer *answer)
{
    struct buffer out = buffer_over(peer->problem, sizeof peer->problem);
    if (peer->question == NET_ADDRESSES) return;
    for (size_t i = 0; i < answer->count; i++) put_record(&out, answer->records[i]);
}

static struct result ask(enum net_question question, const char *name)
{
    struct peer peer;
    struct result result;
    struct buffer out = buffer_over(result.text, sizeof result.text - 1);
    peer_init(&peer);
    peer.on_answer = on_answer;
    peer.question = question;
    assert_true(net_add_name_server(peer.net, &server));
    uint64_t start_us = net_now_us();
    assert_true(net_resolve(peer.net, 1, question, span_of(name)));
    assert_true(peer_run(&peer, BOUND_MS));
    result.ms = (net_now_us() - start_us) / 1000;
    for (size_t i = 0; i < peer.address_count; i++) {
        if (i > 0) buffer_put_byte(&out, ' ');
        address_print_host(&out, &peer.addresses[i]);
    }
    buffer_put_text(&out, peer.problem);
    result.text[out.len] = '\0';
    result.ttl_s = peer.answer.ttl_s;
    result.is_absent = peer.answer.is_absent;
    peer_fini(&peer);
    return result;
}

static struct result resolve(const char *host)
{
    return ask(NET_ADDRESSES, host);
}
static void test_answers(void **state)
{
    (void)state;
    struct result both = resolve("both.example");
    assert_string_equal(both.text, "192.0.2.7 [2001:db8::7]");
    assert_int_equal(both.ttl_s, TTL_S);
    assert_string_equal(resolve("a-only.example").text, "192.0.2.7");
    assert_string_equal(resolve("refused.example").text,
                        "cannot find the address of \"refused.example\": the name servers "
                        "failed or cannot be reached");
}

static void test_records(void **state)
{
    (void)state;
    struct result result = ask(NET_SRV, "both.example");
    assert_string_equal(result.text, "0001000213c40168017800");
    assert_int_equal(result.ttl_s, TTL_S);
    result = ask(NET_NAPTR, "both.example");
    assert_string_equal(result.text, "00010002017307"
                                     "5349502b443255"
                                     "000168017800");
    assert_int_equal(result.ttl_s, TTL_S);
}

// What certainly is not there is told from what the name servers could not tell.
static void test_nothing(void **state)
{
    (void)state;
    struct result result = ask(NET_SRV, "a-only.example");
    assert_string_equal(result.text,
                        "cannot find SRV records of \"a-only.example\": there are none");
    assert_true(result.is_absent);
    result = ask(NET_NAPTR, "refused.example");
    assert_string_equal(result.text, "cannot find NAPTR records of \"refused.example\": the name "
                                     "servers failed or cannot be reached");
    assert_false(result.is_absent);
    assert_false(resolve("refused.example").is_absent);
    assert_string_equal(resolve("fails-aaaa.example").text, "192.0.2.7");
    assert_true(ask(NET_SRV, "localhost").is_absent);
    assert_true(ask(NET_NAPTR, "192.0.2.1").is_absent);
}

static void test_too_many_name_servers(void **state)
{
    (void)state;
    struct peer peer;
    peer_init(&peer);
    for (unsigned i = 0; i < 8; i++) assert_true(net_add_name_server(peer.net, &server));
    assert_false(net_add_name_server(peer.net, &server));
    peer_fini(&peer);
}

// Both answers are waited for, IPv4 comes first whenever it arrived.
static void test_late_answer(void **state)
{
    (void)state;
    assert_string_equal(resolve("late-a.example").text, "192.0.2.7 [2001:db8::7]");
}

// But not for long.
static void test_missing_family(void **state)
{
    (void)state;
    struct result result = resolve("no-aaaa.example");
    assert_string_equal(result.text, "192.0.2.7");
    assert_in_range(result.ms, 500, 5000);
}

static void test_silence(void **state)
{
    (void)state;
    struct result result = resolve("silent.example");
    assert_string_equal(
        result.text,
        "cannot find the address of \"silent.example\": no answer from the name servers");
    assert_in_range(result.ms, 10000, 11500);
}

int main(void)
{
    struct sockaddr_in local = {.sin_family = AF_INET};
    socklen_t local_len = sizeof local;
    local.sin_addr.s_addr = inet_addr("127.0.0.1");
    uv_thread_t thread;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    ASSERT(fd >= 0 && bind(fd, (struct sockaddr *)&local, sizeof local) == 0);
    ASSERT(getsockname(fd, (struct sockaddr *)&local, &local_len) == 0);
    ASSERT(address_parse_port(SPAN("127.0.0.1"), ntohs(local.sin_port), &server));
    ASSERT(uv_thread_create(&thread, serve_names, &fd) == 0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_late_answer),
        cmocka_unit_test(test_missing_family),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_too_many_name_servers),
    };
    int failed_count = cmocka_run_group_tests(tests, NULL, NULL);
    ASSERT(sendto(fd, "", 1, 0, (struct sockaddr *)&local, sizeof local) == 1);
    ASSERT(uv_thread_join(&thread) == 0);
    (void)close(fd);
    return failed_count;
}
