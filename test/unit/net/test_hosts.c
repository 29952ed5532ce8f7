// SPDX-License-Identifier: Apache-2.0
// Names of the file /etc/hosts: a file of our own, in a mount namespace of this process. Skipped
// where the system gives us no namespaces.
#include "unit/net/peer.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cmocka.h>

enum { SKIPPED = 77, BOUND_MS = 12000 };

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

static bool enter_own_world(void)
{
    if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWNS | CLONE_NEWUSER) != 0) return false;
    (void)prctl(PR_SET_DUMPABLE, 1); // the leak checker looks into its own process
    return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           replace_file("/etc/hosts", "127.0.0.1 localhost\n10.1.2.3 pbx\n10.1.2.4 pbx.hosts\n");
}

static void assert_resolved(const char *host, const char *expected)
{
    struct peer peer;
    char text[100];
    struct buffer out = buffer_over(text, sizeof text - 1);
    peer_init(&peer);
    assert_true(net_resolve(peer.net, 1, NET_ADDRESSES, span_of(host)));
    assert_true(peer_run(&peer, BOUND_MS));
    assert_int_equal(peer.address_count, 1);
    address_print_host(&out, &peer.addresses[0]);
    text[out.len] = '\0';
    assert_string_equal(text, expected);
    peer_fini(&peer);
}

static void test_hosts_file(void **state)
{
    (void)state;
    assert_resolved("pbx", "10.1.2.3");
    assert_resolved("PBX.hosts", "10.1.2.4");
}

int main(void)
{
    if (!enter_own_world()) {
        (void)printf("skipped: no namespaces for a file of our own\n");
        return SKIPPED;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_hosts_file)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
