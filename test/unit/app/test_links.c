// SPDX-License-Identifier: Apache-2.0
// Keep-alive of a PBX's connection (RFC 5626 section 4.4.1): one whose pings were answered and no
// longer are is opened anew after 10 s; one that never answered any stays. Time passes by
// links_tick alone. And a connection that was tried beside stays only where there are lines.
#include "app/links.h"
#include "app/streams.h"
#include "unit/net/loop.h"

enum { GROUP = 1, SECOND_US = 1000 * 1000 };

struct world {
    struct loop loop; // first: its handlers have the same context
    struct links *links;
    struct streams *streams;
    struct app_config config;
    struct snapshot_group group;
    struct random random;
    uint64_t now_us;
    unsigned told_count, silent_count, pong_count;
    char reason[100];
    bool has_none; // no line
    struct engine_peer peer;
};

// ---- What the links tell

static void tell_changed(void *context, uint32_t group_id, const struct engine_peer *peer)
{
    struct world *world = context;
    assert_int_equal(group_id, GROUP);
    assert_int_equal(peer->problem.len, 0);
    world->told_count++;
}

// The target is the one to be used, as sites.c has it.
static void tell_works(void *context, uint32_t group_id, const struct flow *flow)
{
    struct world *world = context;
    (void)flow;
    links_use(world->links, group_id, &world->peer, world->now_us);
}

static void tell_failed(void *context, uint32_t group_id, const struct flow *flow,
                        const char *reason)
{
    (void)context, (void)group_id, (void)flow;
    fail_msg("no connection: %s", reason);
}

static void tell_silent(void *context, const struct flow *flow, const char *reason)
{
    struct world *world = context;
    world->silent_count++;
    text_copy(world->reason, sizeof world->reason, span_of(reason));
    streams_closed(world->streams, flow);
    assert_true(links_closed(world->links, flow, reason));
}

static bool has_lines(void *context, uint32_t group_id)
{
    return group_id == GROUP && !((struct world *)context)->has_none;
}

static bool is_source(void *context, uint32_t group_id, const struct address *host)
{
    (void)context, (void)host;
    return group_id == GROUP;
}

// ---- What the streams tell, and the net

static void tell_message(void *context, const struct flow *flow, struct span bytes)
{
    (void)context, (void)flow, (void)bytes;
}

static void tell_fault(void *context, const struct flow *flow, struct span head,
                       const struct sip_fault *fault)
{
    (void)context, (void)flow, (void)head, (void)fault;
    fail_msg("the stream is broken");
}

static void tell_pong(void *context, const struct flow *flow)
{
    struct world *world = context;
    world->pong_count++;
    links_ponged(world->links, flow, world->now_us);
}

static bool is_known(void *context, const struct address *peer)
{
    (void)context, (void)peer;
    return true;
}

static void opened(void *context, const struct flow *flow, bool is_ours)
{
    struct world *world = context;
    if (is_ours) links_opened(world->links, flow, world->now_us);
    on_opened(&world->loop, flow, is_ours);
}

// The PBX keeps what it gets; ours goes to the streams.
static void received(void *context, const struct flow *flow, struct span bytes)
{
    struct world *world = context;
    if (flow->connection == world->loop.last_ours.connection) {
        streams_received(world->streams, flow, bytes);
        check_done(&world->loop);
    } else {
        on_received(&world->loop, flow, bytes);
    }
}

static void closed(void *context, const struct flow *flow, const char *reason)
{
    struct world *world = context;
    on_closed(&world->loop, flow, reason);
}

static bool is_connected(const struct loop *loop)
{
    return loop->ours_count > 0 && loop->opened_count == 2 * loop->ours_count;
}

static bool is_connected_twice(const struct loop *loop)
{
    return loop->ours_count == 2 && loop->opened_count == 4;
}

// Beside a ping an empty line may come: two pongs in a row look like a ping in two pieces.
static bool is_pinged(const struct loop *loop)
{
    return loop->received_len >= 4 && memcmp(loop->received, "\r\n\r\n", 4) == 0;
}

static bool is_told(const struct loop *loop)
{
    return ((const struct world *)(const void *)loop)->pong_count > 0;
}

static void set_up_net(struct world *world)
{
    struct net_problem problem;
    struct net_handler handler = {.context = world,
                                  .datagrams = on_datagrams,
                                  .opened = opened,
                                  .received = received,
                                  .closed = closed,
                                  .batch_ended = on_batch_ended,
                                  .woken = on_woken,
                                  .deadline = on_deadline,
                                  .resolved = on_resolved};
    struct address any;
    world->loop.net = net_new(handler, &problem);
    assert_non_null(world->loop.net);
    assert_true(address_parse_port(SPAN("127.0.0.1"), 0, &any));
    assert_true(net_listen_tcp(world->loop.net, &any, &world->loop.socket, &problem));
    world->loop.local = net_stream_address(world->loop.net, world->loop.socket);
}

static void set_up(struct world *world)
{
    static const uint8_t seed[32] = {1};
    struct links_handler links = {.context = world,
                                  .changed = tell_changed,
                                  .works = tell_works,
                                  .failed = tell_failed,
                                  .silent = tell_silent,
                                  .has_lines = has_lines,
                                  .is_source = is_source};
    struct streams_handler streams = {.context = world,
                                      .message = tell_message,
                                      .ponged = tell_pong,
                                      .fault = tell_fault,
                                      .is_known = is_known};
    memset(world, 0, sizeof *world);
    random_init(&world->random, seed);
    world->config.groups_max = 2;
    world->now_us = net_now_us();
    set_up_net(world);
    world->links = links_new(&world->config, world->loop.net, links, &world->random);
    world->streams = streams_new(world->loop.net, streams);
    assert_non_null(world->links);
    assert_non_null(world->streams);
    model_defaults(KIND_GROUP, &world->group.settings);
    world->group.group_id = GROUP;
    world->group.settings.transport = GROUP_TCP;
    links_put(world->links, &world->group);
    world->peer = (struct engine_peer){
        .flow = {.transport = TRANSPORT_TCP,
                 .socket = world->loop.socket,
                 .peer = world->loop.local},
        .own = world->loop.local,
    };
    links_use(world->links, GROUP, &world->peer, world->now_us);
    assert_true(run(&world->loop, is_connected, PATIENCE_MS));
}

static void tear_down(struct world *world)
{
    links_free(world->links);
    streams_free(world->streams);
    net_free(world->loop.net);
}

static void pass(struct world *world, unsigned seconds)
{
    world->now_us += (uint64_t)seconds * SECOND_US;
    links_tick(world->links, world->now_us);
}

static void expect_ping(struct world *world)
{
    world->loop.received_len = 0;
    pass(world, 30);
    assert_true(run(&world->loop, is_pinged, PATIENCE_MS));
}

static void pong(struct world *world, const char *text)
{
    world->pong_count = 0;
    net_send(world->loop.net, &world->loop.last, span_of(text));
    assert_true(run(&world->loop, is_told, PATIENCE_MS));
}

// ---- Tests

static void test_never_answered(void **state)
{
    static struct world world;
    (void)state;
    set_up(&world);
    for (int i = 0; i < 3; i++) expect_ping(&world);
    pass(&world, 11);
    assert_int_equal(world.silent_count, 0);
    assert_true(net_is_open(world.loop.net, world.loop.last_ours.connection));
    tear_down(&world);
}

static void test_answered_no_longer(void **state)
{
    static struct world world;
    (void)state;
    set_up(&world);
    for (int i = 0; i < 3; i++) {
        expect_ping(&world);
        pong(&world, "\r\n");
        pass(&world, 11);
    }
    assert_int_equal(world.silent_count, 0);
    expect_ping(&world);
    pass(&world, 9);
    assert_int_equal(world.silent_count, 0);
    assert_int_equal(world.told_count, 1);
    pass(&world, 2);
    assert_int_equal(world.silent_count, 1);
    assert_string_equal(world.reason, "no answer to a keep-alive ping");
    assert_true(run(&world.loop, is_connected_twice, PATIENCE_MS));
    assert_int_equal(world.told_count, 2); // so the lines register anew
    // What the former connection has answered is no promise of this one.
    expect_ping(&world);
    pass(&world, 11);
    assert_int_equal(world.silent_count, 1);
    tear_down(&world);
}

// A PBX may ping, too: two empty lines in a row are no answer to ours.
static void test_pinged_by_the_pbx(void **state)
{
    static struct world world;
    (void)state;
    set_up(&world);
    expect_ping(&world);
    world.loop.received_len = 0;
    net_send(world.loop.net, &world.loop.last, SPAN("\r\n\r\n\r\n\r\n"));
    while (world.loop.received_len < 4) (void)run(&world.loop, NULL, 20); // each has its answer
    assert_int_equal(world.pong_count, 0);
    expect_ping(&world);
    pass(&world, 11);
    assert_int_equal(world.silent_count, 0);
    pong(&world, "OPTIONS sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n\r\n");
    expect_ping(&world);
    pass(&world, 11);
    assert_int_equal(world.silent_count, 1);
    tear_down(&world);
}

// As the PBX sees it.
static bool are_both_closed(const struct loop *loop)
{
    return loop->closed_count == 2;
}

static void test_tried_with_lines(void **state)
{
    static struct world world;
    (void)state;
    set_up(&world);
    links_try(world.links, GROUP, &world.peer);
    assert_true(run(&world.loop, is_connected_twice, PATIENCE_MS));
    assert_int_equal(world.told_count, 2); // in the place of the first one
    assert_true(net_is_open(world.loop.net, world.loop.last_ours.connection));
    tear_down(&world);
}

static void test_tried_without_lines(void **state)
{
    static struct world world;
    (void)state;
    set_up(&world);
    world.has_none = true;
    links_try(world.links, GROUP, &world.peer);
    assert_true(run(&world.loop, is_connected_twice, PATIENCE_MS));
    assert_true(run(&world.loop, are_both_closed, PATIENCE_MS));
    assert_int_equal(world.told_count, 1);
    // A line comes, and with it a connection.
    world.has_none = false;
    world.loop.ours_count = world.loop.opened_count = 0;
    links_need(world.links, GROUP);
    assert_true(run(&world.loop, is_connected, PATIENCE_MS));
    assert_int_equal(world.told_count, 2);
    tear_down(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_never_answered),      cmocka_unit_test(test_answered_no_longer),
        cmocka_unit_test(test_pinged_by_the_pbx),   cmocka_unit_test(test_tried_with_lines),
        cmocka_unit_test(test_tried_without_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
