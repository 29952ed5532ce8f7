// SPDX-License-Identifier: Apache-2.0
// Copies of messages: whom they are for, how many are kept, and HEP packets as a collector gets
// them.
#include "app/hep.h"
#include "app/tap.h"
#include "unit/check.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static const char invite[] = "INVITE sip:101@192.0.2.9 SIP/2.0\r\n"
                             "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\n"
                             "From: <sip:102@pbx>;tag=1\r\nTo: <sip:101@pbx>\r\n"
                             "Call-ID: a\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\n"
                             "Authorization: Digest nonce=\"n\", response=\"0123abcd\"\r\n"
                             "Content-Length: 0\r\n\r\n";

static struct tap_message message(struct span bytes)
{
    struct tap_message message = {.is_received = true, .wall_us = 1700000000000001, .bytes = bytes};
    assert_true(address_parse_port(SPAN("192.0.2.1:5060"), 0, &message.flow.peer));
    assert_true(address_parse_port(SPAN("192.0.2.9:5061"), 0, &message.own));
    return message;
}

struct seen {
    unsigned count;
    uint64_t first, last;
    bool is_device;
    char text[1024];
};

static void see(void *context, const struct tap_record *record)
{
    struct seen *seen = context;
    if (seen->count++ == 0) seen->first = record->number;
    seen->last = record->number;
    seen->is_device = record->is_device;
    assert_true(text_copy(seen->text, sizeof seen->text, record->text));
}

static struct seen read_line(struct tap *tap, const char *extension, uint64_t after,
                             uint64_t now_us)
{
    struct tap_line line = {.group_id = 1};
    struct seen seen = {0};
    text_copy(line.extension, sizeof line.extension, span_of(extension));
    tap_read(tap, &line, after, now_us, see, &seen);
    return seen;
}

static void test_a_watched_line(void **state)
{
    struct tap *tap = tap_new();
    struct tap_message call = message(span_of(invite));
    (void)state;
    assert_non_null(tap);
    assert_false(tap_is_open(tap));
    assert_int_equal(read_line(tap, "101", 0, 1).count, 0);
    assert_true(tap_is_open(tap));
    tap_put(tap, 1, &call);
    tap_put(tap, 2, &call); // of another group
    struct seen seen = read_line(tap, "101", 0, 2);
    assert_int_equal(seen.count, 1);
    assert_non_null(strstr(seen.text, "response=\"********\""));
    assert_null(strstr(seen.text, "0123abcd"));
    assert_int_equal(read_line(tap, "101", seen.last, 3).count, 0);
    assert_int_equal(read_line(tap, "103", 0, 3).count, 0);
    tap_free(tap);
}

// A device's message belongs to the lines of its user that are looked at, whoever it names.
static void test_a_device(void **state)
{
    struct tap *tap = tap_new();
    struct tap_message call = message(span_of(invite));
    struct tap_line line = {.group_id = 1, .extension = "104", .user_id = 7};
    uint32_t users[TAP_WATCHES_MAX];
    struct seen seen = {0};
    (void)state;
    assert_non_null(tap);
    read_line(tap, "101", 0, 1); // nobody's
    assert_int_equal(tap_watched_users(tap, users), 0);
    tap_read(tap, &line, 0, 1, see, &seen);
    assert_int_equal(tap_watched_users(tap, users), 1);
    assert_int_equal(users[0], 7);
    call.device_user_id = 7;
    tap_put_device(tap, &call);
    tap_put(tap, 1, &call); // from where a PBX is, too: that is for its collector
    tap_read(tap, &line, 0, 2, see, &seen);
    assert_int_equal(seen.count, 1);
    assert_true(seen.is_device);
    assert_int_equal(read_line(tap, "101", 0, 2).count, 0);
    call.device_user_id = 8;
    tap_put_device(tap, &call);
    line.user_id = 8; // the line is given to somebody else
    seen.count = 0;
    tap_read(tap, &line, seen.last, 3, see, &seen);
    assert_int_equal(seen.count, 0);
    tap_put_device(tap, &call);
    tap_read(tap, &line, seen.last, 4, see, &seen);
    assert_int_equal(seen.count, 1);
    line.group_id = 2; // looks later, and then nobody else does
    tap_read(tap, &line, 0, (TAP_LEASE_S + 5) * UINT64_C(1000000), see, &seen);
    assert_int_equal(tap_watched_users(tap, users), 1);
    tap_free(tap);
}

// Whoever no longer asks costs nothing any more.
static void test_a_watch_ends(void **state)
{
    struct tap *tap = tap_new();
    (void)state;
    assert_non_null(tap);
    read_line(tap, "101", 0, 1);
    read_line(tap, "102", 0, (TAP_LEASE_S + 2) * UINT64_C(1000000));
    struct tap_message call = message(span_of(invite));
    tap_put(tap, 1, &call);
    assert_int_equal(read_line(tap, "101", 0, (TAP_LEASE_S + 3) * UINT64_C(1000000)).count, 0);
    tap_free(tap);
}

static void test_only_the_latest_are_kept(void **state)
{
    struct tap *tap = tap_new();
    struct tap_message call = message(span_of(invite));
    (void)state;
    assert_non_null(tap);
    read_line(tap, "101", 0, 1);
    for (unsigned i = 0; i < 2 * TAP_MESSAGES_MAX + 5; i++) tap_put(tap, 1, &call);
    struct seen seen = read_line(tap, "101", 3, 2);
    assert_int_equal(seen.count, TAP_MESSAGES_MAX);
    assert_int_equal(seen.last, 2 * TAP_MESSAGES_MAX + 5);
    assert_int_equal(seen.first, seen.last - TAP_MESSAGES_MAX + 1);
    assert_int_equal(read_line(tap, "101", 1 << 20, 3).count, TAP_MESSAGES_MAX); // after a restart
    tap_free(tap);
}

static void test_what_is_no_sip(void **state)
{
    struct tap *tap = tap_new();
    struct tap_message junk = message(SPAN("response=\"\x01 no end"));
    (void)state;
    assert_non_null(tap);
    read_line(tap, "101", 0, 1);
    tap_put(tap, 1, &junk);
    assert_int_equal(read_line(tap, "101", 0, 2).count, 0);
    tap_free(tap);
}

// Byte by byte as the format has it: IPv4 over UDP.
static void test_a_packet(void **state)
{
    static const uint8_t wanted[] = {
        'H', 'E', 'P', '3', 0, 101,                         //
        0,   0,   0,   1,   0, 7,   2,                      // family
        0,   0,   0,   2,   0, 7,   17,                     // protocol
        0,   0,   0,   3,   0, 10,  192,  0,    2,    1,    // source
        0,   0,   0,   7,   0, 8,   0x13, 0xc4,             //
        0,   0,   0,   4,   0, 10,  192,  0,    2,    9,    // destination
        0,   0,   0,   8,   0, 8,   0x13, 0xc5,             //
        0,   0,   0,   9,   0, 10,  0x65, 0x53, 0xf1, 0x00, // seconds
        0,   0,   0,   10,  0, 10,  0,    0,    0,    1,    // microseconds
        0,   0,   0,   11,  0, 7,   1,                      // SIP
        0,   0,   0,   12,  0, 10,  0,    0,    0,    7,    // node
        0,   0,   0,   15,  0, 8,   'h',  'i',              //
    };
    char bytes[256];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    struct tap_message from = message(SPAN("hi"));
    struct hep_packet packet = {.source = from.flow.peer,
                                .destination = from.own,
                                .transport = TRANSPORT_UDP,
                                .wall_us = from.wall_us,
                                .node_id = 7,
                                .bytes = from.bytes};
    (void)state;
    hep_print(&out, &packet);
    assert_false(out.is_full);
    assert_int_equal(out.len, sizeof wanted);
    assert_memory_equal(bytes, wanted, sizeof wanted);
    out = buffer_over(bytes, 50);
    hep_print(&out, &packet);
    assert_true(out.is_full);
}

static void test_a_collector(void **state)
{
    struct tap *tap = tap_new();
    struct tap_message call = message(span_of(invite));
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    char bytes[2048];
    (void)state;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_non_null(tap);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    struct address collector = {.family = ADDRESS_IPV4, .port = ntohs(at.sin_port)};
    memcpy(collector.bytes, &at.sin_addr, 4);
    tap_set_collector(tap, 1, &collector);
    assert_true(tap_is_open(tap));
    tap_put(tap, 1, &call);
    ssize_t received = recv(fd, bytes, sizeof bytes, 0);
    assert_true(received > (ssize_t)sizeof invite);
    assert_memory_equal(bytes, "HEP3", 4);
    assert_memory_equal(bytes + received - (sizeof invite - 1), invite, sizeof invite - 1);
    tap_put(tap, 2, &call); // has no collector
    tap_set_collector(tap, 1, &(struct address){.family = ADDRESS_NONE});
    assert_false(tap_is_open(tap));
    tap_put(tap, 1, &call);
    assert_int_equal(recv(fd, bytes, sizeof bytes, MSG_DONTWAIT), -1);
    close(fd);
    tap_free(tap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_watched_line), cmocka_unit_test(test_a_device),
        cmocka_unit_test(test_a_watch_ends),   cmocka_unit_test(test_only_the_latest_are_kept),
        cmocka_unit_test(test_what_is_no_sip), cmocka_unit_test(test_a_packet),
        cmocka_unit_test(test_a_collector),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
