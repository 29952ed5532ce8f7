// SPDX-License-Identifier: Apache-2.0
// Datagrams that come at once have the effects that they have one after the other: the engine only
// looks ahead.
#include "unit/check.h"
#include "world.h"

#include <stdio.h>

enum { CALLS = 9, DATAGRAMS_MAX = 8 * CALLS, BYTES = 1024 };

static struct {
    char bytes[DATAGRAMS_MAX][BYTES];
    struct datagram datagrams[DATAGRAMS_MAX];
    size_t count;
} batch;

static void put(const char *text, unsigned call, unsigned line)
{
    struct datagram *datagram = &batch.datagrams[batch.count];
    char *bytes = batch.bytes[batch.count++];
    int len = snprintf(bytes, BYTES, text, line, call, call, line, call);
    assert_true(len >= 0 && len < BYTES);
    *datagram = (struct datagram){.bytes = {bytes, (size_t)len}};
    assert_true(address_parse_port(SPAN("192.0.2.1:5060"), 0, &datagram->flow.peer));
}

// For each call an INVITE, its retransmission, the ACK; some go to a number that is no line. And
// what comes between: keep-alives, garbage, an ACK and a CANCEL without a call.
static void fill_batch(void)
{
#define REST                                                                                       \
    " sip:%u@192.0.2.9 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK%u\r\n"                 \
    "From: <sip:+498999887766@pbx.test>;tag=%u\r\nTo: <sip:%u@pbx.test>\r\nCall-ID: c%u\r\nCSeq: " \
    "1 "
    for (unsigned call = 0; call < CALLS; call++) {
        unsigned line = call % 3 == 2 ? 999 : 101 + call % 3;
        put("INVITE" REST "INVITE\r\n\r\n", call, line);
        put("INVITE" REST "INVITE\r\n\r\n", call, line);
        put("\r\n\r\n", call, line);
        put("ACK" REST "ACK\r\n\r\n", call, line);
        put("INVITE" REST "BYE\r\n\r\n", call + CALLS, line);
        put("CANCEL" REST "CANCEL\r\n\r\n", call + CALLS, line);
        put("ACK" REST "ACK\r\n\r\n", call + CALLS, line);
        put("ACK sip:%u@h SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK%u\r\n\r\n", call,
            line);
    }
}

static void set(struct world *world, const char *kind, const char *words)
{
    const char *refused = world_set(world, span_of(kind), span_of(words), true);
    if (refused) fail_msg("%s", refused);
}

static struct world *start_world(void)
{
    struct world *world = world_new(1);
    set(world, "group", "name=trial server=192.0.2.1 domain=pbx.test internal_ranges=100-199");
    set(world, "line", "group=trial extension=101");
    set(world, "line", "group=trial extension=102");
    set(world, "forwarding", "group=trial extension=101 condition=immediate target=150");
    world_set_peer(world, 1, SPAN("192.0.2.1:5060"));
    return world;
}

static void test_same_effects(void **state)
{
    (void)state;
    struct world *one_by_one = start_world(), *at_once = start_world();
    size_t sent_count = 0, entry_count = 0;
    fill_batch();
    for (size_t i = 0; i < batch.count; i++) {
        world_receive_all(one_by_one, &batch.datagrams[i], 1);
    }
    world_receive_all(at_once, batch.datagrams, batch.count);
    for (;; sent_count++) {
        struct span expected = world_take_sent(one_by_one), sent = world_take_sent(at_once);
        assert_true(span_eq(sent, expected));
        if (sent.len == 0) break;
    }
    for (;; entry_count++) {
        const struct model_journal_entry *entry = world_take_entry(one_by_one);
        assert_true((entry != NULL) == (world_take_entry(at_once) != NULL));
        if (!entry) break;
    }
    assert_true(sent_count > 3 * CALLS && entry_count >= CALLS / 3);
    world_free(one_by_one);
    world_free(at_once);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_effects)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
