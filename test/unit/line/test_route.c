// SPDX-License-Identifier: Apache-2.0
// Service-Route of the registrations (RFC 3608): kept per line, each text once per group, bounded.
#include "line/line.h"
#include "unit/check.h"

#include <stdio.h>
#include <stdlib.h>

enum { LINES = 20, ARENA_SIZE = 256 * 1024 };

struct world {
    struct line_table *table;
    void *memory;
    struct turn turn;
    struct arena arena;
    struct random random;
    struct model_group settings;
    struct snapshot_group *group;
    struct snapshot_line *lines[LINES];
    struct line_request requests[LINES]; // the last of each line
    char request_texts[LINES][2048];
};

static struct snapshot_line *new_line(uint32_t line_id)
{
    struct snapshot_line *line = calloc(1, sizeof *line + 3);
    char extension[8];
    (void)snprintf(extension, sizeof extension, "%u", 100 + line_id);
    line->size = sizeof *line + 3;
    line->line_id = line_id;
    line->group_id = 1;
    line->is_enabled = true;
    line->extension = (struct snapshot_text){sizeof *line, 3};
    memcpy((char *)line + sizeof *line, extension, 3);
    return line;
}

static void begin(struct world *world, uint64_t after_us)
{
    turn_begin(&world->turn, world->turn.now_us + after_us, world->turn.wall_us + after_us);
}

// Takes the effects in: requests are kept, all else is of no interest.
static void drain(struct world *world)
{
    struct effect *effect;
    while ((effect = turn_next(&world->turn)) != NULL) {
        const struct line_request *request = (const void *)effect;
        if (effect->kind != LINE_REQUEST || request->is_probe) continue;
        uint32_t index = request->id.index;
        assert_true(index < LINES);
        world->requests[index] = *request;
        assert_true(
            text_copy(world->request_texts[index], sizeof world->request_texts[0], request->bytes));
        world->requests[index].bytes = span_of(world->request_texts[index]);
        line_sent(world->table, request->id, POOL_ID_NONE);
    }
}

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

static void set_up(struct world *world)
{
    static const uint8_t seed[32] = {1};
    struct line_limits limits = {.line_count = LINES, .group_count = 1};
    struct line_peer peer = {.flow = {.transport = TRANSPORT_UDP}};
    memset(world, 0, sizeof *world);
    world->memory = calloc(1, line_memory_size(&limits));
    world->table = line_init(world->memory, &limits, seed);
    random_init(&world->random, seed);
    world->arena = arena_over(malloc(ARENA_SIZE), ARENA_SIZE);
    world->turn = (struct turn){.arena = &world->arena, .random = &world->random};
    world->turn.now_us = world->turn.wall_us = 1000000;
    world->group = calloc(1, sizeof *world->group);
    world->group->size = sizeof *world->group;
    world->group->group_id = 1;
    model_defaults(KIND_GROUP, &world->group->settings);
    (void)text_copy(world->group->settings.domain, TEXT_SIZE, SPAN("pbx.test"));
    world->group->settings.is_enabled = true;
    begin(world, 1);
    assert_true(line_put_group(world->table, &world->turn, world->group));
    assert_true(address_parse_port(SPAN("192.0.2.1"), 5060, &peer.flow.peer));
    assert_true(address_parse_port(SPAN("192.0.2.9"), 5060, &peer.own));
    line_set_peer(world->table, &world->turn, 1, &peer);
    for (uint32_t i = 0; i < LINES; i++) {
        world->lines[i] = new_line(i + 1);
        assert_true(line_put(world->table, &world->turn, world->lines[i]));
    }
    wait(world, 0);
}

static void tear_down(struct world *world)
{
    uint32_t place = 0;
    while (line_take_any(world->table, &place)) continue;
    for (uint32_t i = 0; i < LINES; i++) free(world->lines[i]);
    free(world->group);
    free(world->arena.at);
    free(world->memory);
}

// Whatever stands behind "NAME: " in a request.
static struct span header_of(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    assert_non_null(at);
    at += strlen(name);
    return (struct span){at, (size_t)(strchr(at, '\r') - at)};
}

// The PBX takes the REGISTER of the n-th line, with these headers.
static void accept_line(struct world *world, uint32_t index, const char *headers)
{
    static char text[8192];
    const char *request = world->request_texts[index];
    struct sip_message message;
    struct sip_fault fault;
    int len = snprintf(text, sizeof text,
                       "SIP/2.0 200 OK\r\nVia: %.*s\r\nFrom: %.*s\r\nTo: %.*s;tag=t\r\n"
                       "Call-ID: %.*s\r\nCSeq: %.*s\r\nExpires: 600\r\n%sContent-Length: 0\r\n\r\n",
                       SPAN_ARG(header_of(request, "Via: ")),
                       SPAN_ARG(header_of(request, "From: ")), SPAN_ARG(header_of(request, "To: ")),
                       SPAN_ARG(header_of(request, "Call-ID: ")),
                       SPAN_ARG(header_of(request, "CSeq: ")), headers);
    begin(world, 1000);
    assert_int_equal(
        sip_parse((struct span){text, (size_t)len}, world->turn.arena, &message, &fault), SIP_OK);
    line_response(world->table, &world->turn, world->requests[index].id, &message);
    drain(world);
}

static void assert_route(struct world *world, uint32_t index, const char *expected)
{
    assert_span(line_service_route(world->table, index + 1), expected);
}

static void test_kept(void **state)
{
    (void)state;
    static struct world world;
    set_up(&world);
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
    set_up(&world);
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
    set_up(&world);
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
