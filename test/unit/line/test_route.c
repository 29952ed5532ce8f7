// SPDX-License-Identifier: Apache-2.0
// Service-Route of the registrations (RFC 3608): kept per line, each text once per group, bounded.
#include "fixture.h"

enum { LINES = 20 };

// Time passes; then as much again as the pacing of all lines takes.
static void wait(struct world *world, uint64_t us)
{
    begin(world, us);
    for (unsigned i = 0; i < 2 * LINES; i++) {
        begin(world, 10000);
        line_tick(world->table, &world->turn);
        drain(world);
    }
}

static void start(struct world *world)
{
    set_up(world, LINES);
    wait(world, 0);
}

static void assert_route(struct world *world, uint32_t index, const char *expected)
{
    assert_span(line_service_route(world->table, index + 1), expected);
}

static void test_kept(void **state)
{
    (void)state;
    static struct world world;
    start(&world);
    accept_line(&world, 0, "Service-Route: <sip:edge.test;lr>\r\n");
    accept_line(&world, 1,
                "Service-Route: <sip:a.test;lr>, <sip:b.test;lr>\r\n"
                "Service-Route: <sip:c.test;lr>\r\n");
    accept_line(&world, 2, "");
    accept_line(&world, 3, "Service-Route: <sip:edge.test;lr>\r\nPath: <sip:p.test;lr>\r\n");
    assert_route(&world, 0, "<sip:edge.test;lr>");
    assert_route(&world, 1, "<sip:a.test;lr>, <sip:b.test;lr>, <sip:c.test;lr>");
    assert_route(&world, 2, "");
    assert_route(&world, 3, "<sip:edge.test;lr>");
    assert_span(line_service_route(world.table, 999), "");
    tear_down(&world);
}

// The next 2xx says what holds from then on: something else, or nothing.
static void test_replaced(void **state)
{
    (void)state;
    static struct world world;
    start(&world);
    for (uint32_t i = 0; i < LINES; i++) {
        accept_line(&world, i, "Service-Route: <sip:old.test;lr>\r\n");
    }
    wait(&world, UINT64_C(550) * 1000000); // refreshes
    accept_line(&world, 0, "Service-Route: <sip:new.test;lr>\r\n");
    accept_line(&world, 1, "");
    assert_route(&world, 0, "<sip:new.test;lr>");
    assert_route(&world, 1, "");
    assert_route(&world, 2, "<sip:old.test;lr>");
    tear_down(&world);
}

// As many different ones as a malicious registrar likes, and long ones: all is bounded, and a place
// that nobody uses any more is taken again.
static void test_bounded(void **state)
{
    (void)state;
    static struct world world;
    char header[1200];
    unsigned kept = 0;
    start(&world);
    for (uint32_t i = 0; i < LINES; i++) {
        (void)snprintf(header, sizeof header, "Service-Route: <sip:r%u.test;lr>\r\n", i);
        accept_line(&world, i, header);
        if (line_service_route(world.table, i + 1).len > 0) kept++;
    }
    assert_int_equal(kept, 8);
    wait(&world, UINT64_C(550) * 1000000);
    accept_line(&world, 0, ""); // gives its place back
    accept_line(&world, 19, "Service-Route: <sip:r19.test;lr>\r\n");
    assert_route(&world, 19, "<sip:r19.test;lr>");
    (void)snprintf(header, sizeof header, "Service-Route: <sip:%01000u.test;lr>\r\n", 1U);
    accept_line(&world, 1, header);
    assert_route(&world, 1, "");
    accept_line(&world, 2, "Service-Route: not an address at all <\r\n");
    assert_route(&world, 2, "");
    accept_line(&world, 3, "Service-Route: <tel:+49891234>\r\n");
    assert_route(&world, 3, "");
    tear_down(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_replaced),
        cmocka_unit_test(test_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
