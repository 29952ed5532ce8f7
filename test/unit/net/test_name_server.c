// SPDX-License-Identifier: Apache-2.0
// Host names that a name server knows: one of our own, in a network and mount namespace of this
// process, that answers late, in part or not at all. Skipped where the system gives us no
// namespaces.
#include "unit/net/peer.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <cmocka.h>

enum { SKIPPED = 77, TYPE_A = 1, TYPE_AAAA = 28, HEADER_BYTES = 12, BOUND_MS = 12000 };

// ---- A name server (RFC 1035 section 4)

// What it does with a question, by the first letter of the name.
enum {
    ANSWER_BOTH = 'b',
    ANSWER_ONLY_A = 'a',
    AAAA_NEVER = 'n',
    A_LATE = 'l',
    SILENT = 's',
    REFUSED = 'r'
};

static bool put_answer(struct buffer *out, int type)
{
    static const char a[] = "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\7";
    static const char aaaa[] =
        "\xc0\x0c\0\x1c\0\1\0\0\0\x3c\0\x10\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\7";
    if (type == TYPE_A) buffer_put(out, SPAN(a));
    if (type == TYPE_AAAA) buffer_put(out, SPAN(aaaa));
    return type == TYPE_A || type == TYPE_AAAA;
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
    bool is_answered = kind != REFUSED && !(kind == ANSWER_ONLY_A && type == TYPE_AAAA);
    buffer_put(out, span_slice(query, 0, 2));
    buffer_put(out, kind == REFUSED ? SPAN("\x81\x85") : SPAN("\x81\x80"));
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

// ---- A world of our own

static bool put_file(char *path, const char *text)
{
    int fd = mkstemp(path);
    bool is_written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0) (void)close(fd);
    return is_written;
}

// Puts `text` in the place of the file `path`, for this process alone.
static bool replace_file(const char *path, const char *text)
{
    char temporary[] = "/tmp/lineward-test-XXXXXX";
    bool is_replaced = put_file(temporary, text) &&
                       mount(temporary, path, NULL, MS_BIND, NULL) == 0;
    (void)unlink(temporary);
    return is_replaced;
}

static bool raise_loopback(void)
{
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    bool is_up = fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &request) == 0;
    request.ifr_flags |= IFF_UP;
    is_up = is_up && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    if (fd >= 0) (void)close(fd);
    return is_up;
}

static bool enter_own_world(void)
{
    const int spaces = CLONE_NEWNS | CLONE_NEWNET;
    if (unshare(spaces) != 0 && unshare(spaces | CLONE_NEWUSER) != 0) return false;
    (void)prctl(PR_SET_DUMPABLE, 1); // the leak checker looks into its own process
    return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 && raise_loopback() &&
           replace_file("/etc/resolv.conf", "nameserver 127.0.0.53\n") &&
           replace_file("/etc/hosts", "127.0.0.1 localhost\n10.1.2.3 pbx\n10.1.2.4 pbx.hosts\n");
}

// ---- Tests

struct result {
    char text[400]; // the addresses, or the problem
    uint64_t ms;
};

static struct result resolve(const char *host)
{
    struct peer peer;
    struct result result;
    struct buffer out = buffer_over(result.text, sizeof result.text - 1);
    peer_init(&peer);
    uint64_t start_us = net_now_us();
    assert_true(net_resolve(peer.net, 1, span_of(host)));
    assert_true(peer_run(&peer, BOUND_MS));
    result.ms = (net_now_us() - start_us) / 1000;
    for (size_t i = 0; i < peer.address_count; i++) {
        if (i > 0) buffer_put_byte(&out, ' ');
        address_print_host(&out, &peer.addresses[i]);
    }
    buffer_put_text(&out, peer.problem);
    result.text[out.len] = '\0';
    peer_fini(&peer);
    return result;
}

static void test_answers(void **state)
{
    (void)state;
    assert_string_equal(resolve("both.example").text, "192.0.2.7 [2001:db8::7]");
    assert_string_equal(resolve("a-only.example").text, "192.0.2.7");
    assert_string_equal(resolve("refused.example").text,
                        "cannot find the address of \"refused.example\": the name servers "
                        "failed or cannot be reached");
}

static void test_hosts_file(void **state)
{
    (void)state;
    assert_string_equal(resolve("pbx").text, "10.1.2.3");
    assert_string_equal(resolve("PBX.hosts").text, "10.1.2.4");
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
    if (!enter_own_world()) {
        (void)printf("skipped: no namespaces for a name server of our own\n");
        return SKIPPED;
    }
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons(53)};
    local.sin_addr.s_addr = inet_addr("127.0.0.53");
    uv_thread_t server;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    ASSERT(fd >= 0 && bind(fd, (struct sockaddr *)&local, sizeof local) == 0);
    ASSERT(uv_thread_create(&server, serve_names, &fd) == 0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),     cmocka_unit_test(test_hosts_file),
        cmocka_unit_test(test_late_answer), cmocka_unit_test(test_missing_family),
        cmocka_unit_test(test_silence),
    };
    int failed_count = cmocka_run_group_tests(tests, NULL, NULL);
    ASSERT(sendto(fd, "", 1, 0, (struct sockaddr *)&local, sizeof local) == 1);
    ASSERT(uv_thread_join(&server) == 0);
    (void)close(fd);
    return failed_count;
}
