// SPDX-License-Identifier: Apache-2.0
// What the transcripts cannot say: owners, many timers at once, a full arena, keys that nearly
// agree.
#include "unit/txn/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const uint64_t second_us = 1000000;

static struct effect *next_of_kind(struct turn *turn, unsigned kind)
{
    struct effect *effect;
    do {
        effect = turn_next(turn);
    } while (effect && effect->kind != kind);
    return effect;
}

static unsigned count_of_kind(struct turn *turn, unsigned kind)
{
    unsigned count = 0;
    while (next_of_kind(turn, kind)) count++;
    return count;
}

static struct world *start(struct world *world, uint32_t count, size_t arena_size)
{
    struct txn_limits limits = {.transaction_count = count, .message_count = count};
    world_init(world, &limits, arena_size);
    return world;
}

static void assert_empty(const struct world *world)
{
    assert_int_equal(txn_count(world->table), 0);
    assert_int_equal(txn_message_count(world->table), 0);
    assert_true(txn_deadline_us(world->table) == DEADLINE_NEVER);
}

// A different INVITE for each `number`.
static void receive_invite(struct world *world, const char *method, unsigned number)
{
    char branch[16], call_id[16];
    struct parts parts = parts_default;
    (void)snprintf(branch, sizeof branch, "b%u", number);
    (void)snprintf(call_id, sizeof call_id, "c%u", number);
    parts.method = method;
    parts.branch = branch;
    parts.call_id = call_id;
    (void)world_receive(world, &parts);
}

static void test_events_carry_their_owner(void **state)
{
    (void)state;
    struct world world;
    struct pool_id invite, other;
    start(&world, 4, 0);
    assert_int_equal(world_receive(&world, &parts_default), TXN_NEW_REQUEST);
    assert_true(world_accept(&world, &invite));
    assert_true(world_respond(&world, invite, 486));
    assert_true(world_request(&world, SIP_REGISTER, "r", "UDP", &other));
    world_wait(&world, 31 * second_us);
    world_turn(&world, second_us);
    txn_tick(world.table, &world.turn);
    struct txn_event *event = (struct txn_event *)next_of_kind(&world.turn, TXN_ENDED);
    assert_non_null(event);
    assert_true(pool_id_eq(event->txn, invite));
    assert_int_equal(event->owner.kind, 7);
    assert_int_equal(event->owner.id.index, 3);
    assert_int_equal(event->owner.id.generation, 5);
    event = (struct txn_event *)next_of_kind(&world.turn, TXN_TIMEOUT);
    assert_non_null(event);
    assert_int_equal(event->owner.kind, 9);
    assert_null(event->message);
    assert_empty(&world);
    world_fini(&world);
}

// What an answer consists of, byte for byte.
static void test_answer_text(void **state)
{
    (void)state;
    static const char expected[] = "SIP/2.0 302 Elsewhere\r\n"
                                   "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\n"
                                   "From: <sip:caller@192.0.2.1>;tag=f\r\n"
                                   "To: <sip:101@192.0.2.9>;tag=t\r\n"
                                   "Call-ID: c\r\n"
                                   "CSeq: 1 INVITE\r\n"
                                   "Contact: <sip:102@pbx.example>\r\n"
                                   "Content-Length: 4\r\n\r\nbody";
    struct world world;
    struct pool_id txn;
    struct parts parts = parts_default;
    struct txn_answer answer = {.status = 302,
                                .reason = SPAN("Elsewhere"),
                                .headers = SPAN("Contact: <sip:102@pbx.example>\r\n"),
                                .body = SPAN("body")};
    start(&world, 4, 0);
    parts.to_tag = "t";
    (void)world_receive(&world, &parts);
    assert_true(world_accept(&world, &txn));
    // An answer with headers of its own before leaves no trace in the next one.
    struct txn_answer first = {.status = 183, .headers = SPAN("Subject: first\r\n")};
    assert_true(txn_respond(world.table, &world.turn, txn, &first));
    assert_non_null(next_of_kind(&world.turn, TXN_SEND));
    assert_true(txn_respond(world.table, &world.turn, txn, &answer));
    struct txn_send *send = (struct txn_send *)next_of_kind(&world.turn, TXN_SEND);
    assert_non_null(send);
    assert_int_equal(send->bytes.len, sizeof expected - 1);
    assert_memory_equal(send->bytes.at, expected, sizeof expected - 1);
    world_wait(&world, 500000);
    world_fini(&world);
}

static void assert_sent(struct world *world, const char *expected)
{
    const struct txn_send *send = (struct txn_send *)next_of_kind(&world->turn, TXN_SEND);
    assert_non_null(send);
    assert_int_equal(send->bytes.len, strlen(expected));
    assert_memory_equal(send->bytes.at, expected, send->bytes.len);
}

// What the CANCEL and the ACK of an INVITE consist of, byte for byte.
static void test_follow_up_text(void **state)
{
    (void)state;
#define ROUTES "Route: <sip:a.example;lr>\r\nRoute: <sip:b.example;lr>\r\n"
#define VIA    "Via: SIP/2.0/UDP 192.0.2.9;rport;branch=z9hG4bKi\r\n"
#define FROM   "From: \"A\" <sip:101@pbx.example>;tag=f\r\n"
    static const char invite[] = "INVITE sip:0123@pbx.example;x=y SIP/2.0\r\n" VIA ROUTES FROM
                                 "To: <sip:0123@pbx.example>\r\nCall-ID: c\r\nCSeq: 7 INVITE\r\n"
                                 "Contact: <sip:101@192.0.2.9>\r\nMax-Forwards: 12\r\n"
                                 "Content-Length: 4\r\n\r\nbody";
    static const char cancel[] = "CANCEL sip:0123@pbx.example;x=y SIP/2.0\r\n" VIA
                                 "Max-Forwards: 70\r\n" ROUTES FROM
                                 "To: <sip:0123@pbx.example>\r\nCall-ID: c\r\nCSeq: 7 CANCEL\r\n"
                                 "Reason: SIP;cause=200\r\nContent-Length: 0\r\n\r\n";
    static const char ack[] = "ACK sip:0123@pbx.example;x=y SIP/2.0\r\n" VIA
                              "Max-Forwards: 70\r\n" ROUTES FROM
                              "To: <sip:101@192.0.2.9>;tag=t\r\nCall-ID: c\r\nCSeq: 7 ACK\r\n"
                              "Content-Length: 0\r\n\r\n";
#undef ROUTES
#undef VIA
#undef FROM
    struct world world;
    struct pool_id txn;
    struct txn_request request = {.method = SIP_INVITE, .branch = SPAN("z9hG4bKi")};
    struct parts response = parts_default;
    request.bytes = span_of(invite);
    response.branch = "i";
    response.to_tag = "t";
    start(&world, 4, 0);
    assert_true(address_parse_port(SPAN("192.0.2.1"), 5060, &request.flow.peer));
    assert_true(txn_send_request(world.table, &world.turn, &request, &txn));
    assert_sent(&world, invite);
    assert_true(txn_cancel(world.table, &world.turn, txn, SPAN("Reason: SIP;cause=200\r\n")));
    assert_null(next_of_kind(&world.turn, TXN_SEND)); // not before a provisional response
    world_turn(&world, TXN_T1_US);
    txn_tick(world.table, &world.turn);
    assert_sent(&world, invite); // without what is kept behind it
    response.status = 180;
    assert_int_equal(world_receive(&world, &response), TXN_HANDLED);
    assert_sent(&world, cancel);
    // From elsewhere it is nobody's answer.
    struct flow elsewhere = world.flow;
    elsewhere.peer.bytes[0]++;
    enum txn_match match = world_receive_again(&world, &elsewhere);
    assert_int_equal(match, TXN_STRAY);
    response.status = 487;
    assert_int_equal(world_receive(&world, &response), TXN_HANDLED);
    assert_sent(&world, ack);
    assert_int_equal(world_receive(&world, &response), TXN_HANDLED);
    assert_sent(&world, ack);
    request.bytes = SPAN("INVITE nobody can read");
    assert_false(txn_send_request(world.table, &world.turn, &request, &txn));
    world_wait(&world, 64 * second_us);
    assert_empty(&world);
    world_fini(&world);
}

// A message of many blocks comes back as it was.
static void test_long_message_is_repeated_in_full(void **state)
{
    (void)state;
    static char body[13000], sent[16000];
    struct world world;
    struct pool_id txn;
    for (size_t i = 0; i < sizeof body; i++) body[i] = (char)('a' + i * 7 % 26);
    start(&world, 16, 0);
    (void)world_receive(&world, &parts_default);
    assert_true(world_accept(&world, &txn));
    struct txn_answer answer = {.status = 480, .body = {body, sizeof body}};
    assert_true(txn_respond(world.table, &world.turn, txn, &answer));
    struct txn_send *send = (struct txn_send *)next_of_kind(&world.turn, TXN_SEND);
    size_t sent_len = send->bytes.len;
    assert_in_range(sent_len, sizeof body, sizeof sent);
    memcpy(sent, send->bytes.at, sent_len);
    world_turn(&world, TXN_T1_US);
    txn_tick(world.table, &world.turn);
    send = (struct txn_send *)next_of_kind(&world.turn, TXN_SEND);
    assert_non_null(send);
    assert_int_equal(send->bytes.len, sent_len);
    assert_memory_equal(send->bytes.at, sent, sent_len);
    world_wait(&world, 32 * second_us);
    assert_empty(&world);
    world_fini(&world);
}

// A thousand timers due at once are done in ticks of at most TXN_TICK_MAX; until then the deadline
// stays due.
static void test_tick_is_bounded(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    struct world world;
    unsigned ended_count = 0, tick_count = 0;
    start(&world, COUNT, 0);
    for (unsigned i = 0; i < COUNT; i++) {
        struct pool_id txn;
        world_turn(&world, 0);
        receive_invite(&world, "INVITE", i);
        assert_true(world_accept(&world, &txn));
        assert_true(world_respond(&world, txn, 302));
    }
    world_wait(&world, 32 * second_us - 1);
    assert_int_equal(txn_count(world.table), COUNT);
    world_turn(&world, 1);
    while (txn_deadline_us(world.table) <= world.turn.now_us) {
        txn_tick(world.table, &world.turn);
        unsigned count = count_of_kind(&world.turn, TXN_ENDED);
        assert_in_range(count, 1, TXN_TICK_MAX);
        ended_count += count;
        tick_count++;
        world_turn(&world, 0);
    }
    assert_int_equal(ended_count, COUNT);
    assert_in_range(tick_count, COUNT / TXN_TICK_MAX, COUNT);
    assert_empty(&world);
    world_fini(&world);
}

// With an arena that holds only a few messages, a tick stops before it is full: nothing is lost.
static void test_tick_leaves_room_in_the_arena(void **state)
{
    (void)state;
    enum { COUNT = 60 };
    struct world world;
    unsigned sent_count = 0;
    start(&world, COUNT, (size_t)80 * 1024);
    for (unsigned i = 0; i < COUNT; i++) {
        struct pool_id txn;
        world_turn(&world, 0);
        receive_invite(&world, "INVITE", i);
        assert_true(world_accept(&world, &txn));
        assert_true(world_respond(&world, txn, 302));
    }
    world_turn(&world, TXN_T1_US);
    while (txn_deadline_us(world.table) <= world.turn.now_us) {
        size_t used = world.arena.used;
        assert_int_equal(used, 0);
        txn_tick(world.table, &world.turn);
        sent_count += count_of_kind(&world.turn, TXN_SEND);
        world_turn(&world, 0);
    }
    assert_int_equal(sent_count, COUNT);
    assert_int_equal(world.turn.effects_lost_count, 0);
    world_fini(&world);
}

// Receives the last message again while the arena is full.
static enum txn_match receive_without_memory(struct world *world)
{
    size_t used = world->arena.used;
    world->arena.used = world->arena.size;
    enum txn_match match = world_receive_again(world, &world->flow);
    world->arena.used = used;
    return match;
}

// With a full arena nobody can be told anything. Then nothing has happened: the peer's next
// repetition finds everything as it was.
static void test_full_arena_loses_no_event(void **state)
{
    (void)state;
    struct world world;
    struct pool_id txn, other;
    struct parts cancel = parts_default, ack = parts_default, response = parts_default;
    cancel.method = "CANCEL";
    ack.method = "ACK";
    response.method = "REGISTER";
    response.branch = "r";
    response.status = 200;
    start(&world, 4, 0);
    assert_int_equal(world_receive(&world, &parts_default), TXN_NEW_REQUEST);
    assert_true(world_accept(&world, &txn));
    assert_true(world_request(&world, SIP_REGISTER, "r", "UDP", &other));
    (void)count_of_kind(&world.turn, TXN_SEND);

    // The first time is without memory for the event, the second time with it, the third is a
    // repetition.
    const struct parts *parts[] = {&cancel, &ack, &response};
    const unsigned kinds[] = {TXN_CANCELLED, TXN_ENDED, TXN_RESPONSE};
    for (size_t i = 0; i < 3; i++) {
        if (parts[i] == &ack) assert_true(world_respond(&world, txn, 487));
        struct parts unknown = *parts[i]; // parsed like the real one, but changes nothing
        unknown.branch = "unknown";
        assert_int_equal(world_receive(&world, &unknown), TXN_STRAY);
        world.message.via.branch = parts[i] == &response ? SPAN("z9hG4bKr") : SPAN("z9hG4bKa");
        assert_int_equal(receive_without_memory(&world), TXN_HANDLED);
        assert_int_equal(count_of_kind(&world.turn, kinds[i]), 0);
        assert_int_equal(world_receive(&world, parts[i]), TXN_HANDLED);
        assert_int_equal(count_of_kind(&world.turn, kinds[i]), 1);
        assert_int_equal(world_receive(&world, parts[i]), TXN_HANDLED);
        assert_int_equal(count_of_kind(&world.turn, kinds[i]), 0);
    }
    world_wait(&world, TXN_T4_US);
    assert_empty(&world);
    world_fini(&world);
}

// Equal but for one part: other transactions.
static void test_keys_tell_apart(void **state)
{
    (void)state;
    static char long_branch[400], other_long_branch[400];
    memset(long_branch, 'x', sizeof long_branch - 1);
    memset(other_long_branch, 'x', sizeof other_long_branch - 1);
    other_long_branch[200] = 'y';
    struct parts first = parts_default;
    first.branch = long_branch;
    struct parts others[5];
    for (size_t i = 0; i < 5; i++) others[i] = first;
    others[0].branch = other_long_branch;
    others[1].host = "192.0.2.2";
    others[2].port = 5061;
    others[3].branch = "";
    others[4].branch = NULL;
    struct world world;
    struct pool_id txn;
    start(&world, 16, 0);
    assert_int_equal(world_receive(&world, &first), TXN_NEW_REQUEST);
    assert_true(world_accept(&world, &txn));
    assert_int_equal(world_receive(&world, &first), TXN_HANDLED);
    for (size_t i = 0; i < 5; i++) {
        others[i].call_id = "another"; // not merged
        assert_int_equal(world_receive(&world, &others[i]), TXN_NEW_REQUEST);
        world_turn(&world, 0);
    }
    first.host = "HOST.example";
    first.call_id = "h";
    assert_int_equal(world_receive(&world, &first), TXN_NEW_REQUEST);
    assert_true(world_accept(&world, &txn));
    first.host = "host.EXAMPLE";
    assert_int_equal(world_receive(&world, &first), TXN_HANDLED);
    world_fini(&world);
}

// Nor does an INVITE of ours lose a response: without memory nothing has happened.
static void test_full_arena_loses_no_response(void **state)
{
    (void)state;
    static const unsigned statuses[] = {180, 200, 486};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        struct world world;
        struct pool_id txn;
        struct parts unknown = parts_default, response = parts_default;
        start(&world, 4, 0);
        assert_true(world_request(&world, SIP_INVITE, "i", "UDP", &txn));
        (void)count_of_kind(&world.turn, TXN_SEND);
        unknown.branch = "unknown"; // parsed like the real one, but changes nothing
        unknown.status = response.status = statuses[i];
        response.branch = "i";
        assert_int_equal(world_receive(&world, &unknown), TXN_STRAY);
        world.message.via.branch = SPAN("z9hG4bKi");
        assert_int_equal(receive_without_memory(&world), TXN_HANDLED);
        assert_null(turn_next(&world.turn));
        assert_int_equal(world_receive(&world, &response), TXN_HANDLED);
        assert_int_equal(count_of_kind(&world.turn, TXN_RESPONSE), 1);
        txn_disown(world.table, &world.turn, txn);
        world_wait(&world, 32 * second_us);
        if (statuses[i] != 180) assert_empty(&world);
        world_wait(&world, 32 * second_us);
        assert_empty(&world);
        world_fini(&world);
    }
}

static void test_branches(void **state)
{
    (void)state;
    struct world world;
    start(&world, 4, 0);
    struct span a = txn_new_branch(&world.turn), b = txn_new_branch(&world.turn);
    assert_int_equal(a.len, 7 + 1 + 32);
    assert_true(span_starts_with(a, SPAN("z9hG4bK")));
    uint8_t worker = 9;
    assert_true(txn_branch_worker(a, &worker));
    assert_int_equal(worker, 0);
    world.turn.worker = 15;
    assert_true(txn_branch_worker(txn_new_branch(&world.turn), &worker));
    assert_int_equal(worker, 15);
    assert_false(txn_branch_worker(SPAN("z9hG4bK"), &worker));
    assert_false(txn_branch_worker(SPAN("z9hG4bK-1"), &worker));
    assert_false(txn_branch_worker(SPAN("b1234567b"), &worker));
    assert_false(span_eq(a, b));
    world.arena.used = world.arena.size;
    assert_int_equal(txn_new_branch(&world.turn).len, 0);
    world_fini(&world);
}

// Every slot and block is used again and again.
static void test_many_rounds(void **state)
{
    (void)state;
    struct world world;
    start(&world, 8, 0);
    for (unsigned i = 0; i < 20000; i++) {
        struct pool_id txn;
        world_turn(&world, 0);
        receive_invite(&world, "INVITE", i);
        assert_true(world_accept(&world, &txn));
        assert_true(world_respond(&world, txn, 302));
        receive_invite(&world, "ACK", i);
        if (i % 8 == 7) world_wait(&world, TXN_T4_US);
    }
    assert_empty(&world);
    world_fini(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events_carry_their_owner),
        cmocka_unit_test(test_answer_text),
        cmocka_unit_test(test_follow_up_text),
        cmocka_unit_test(test_long_message_is_repeated_in_full),
        cmocka_unit_test(test_tick_is_bounded),
        cmocka_unit_test(test_tick_leaves_room_in_the_arena),
        cmocka_unit_test(test_full_arena_loses_no_event),
        cmocka_unit_test(test_full_arena_loses_no_response),
        cmocka_unit_test(test_keys_tell_apart),
        cmocka_unit_test(test_branches),
        cmocka_unit_test(test_many_rounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
