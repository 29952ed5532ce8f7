// SPDX-License-Identifier: Apache-2.0
// Lines of one group at a PBX that takes what it is told to take: for tests of the line table
// alone.
#pragma once

#include "line/line.h"
#include "unit/check.h"

#include <stdio.h>
#include <stdlib.h>

enum { LINES_MAX = 100, ARENA_SIZE = 256 * 1024 };

struct world {
    uint32_t line_count;
    struct line_table *table;
    void *memory;
    struct turn turn;
    struct arena arena;
    struct random random;
    struct model_group settings;
    struct snapshot_group *group;
    struct snapshot_line *lines[LINES_MAX];
    struct line_request requests[LINES_MAX]; // the last of each line
    char request_texts[LINES_MAX][2048];
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
        assert_true(index < world->line_count);
        world->requests[index] = *request;
        assert_true(
            text_copy(world->request_texts[index], sizeof world->request_texts[0], request->bytes));
        world->requests[index].bytes = span_of(world->request_texts[index]);
        line_sent(world->table, request->id, POOL_ID_NONE);
    }
}

// The lines are there, and none has been sent anything for.
static void set_up(struct world *world, uint32_t line_count)
{
    static const uint8_t seed[32] = {1};
    struct line_limits limits = {.line_count = line_count, .group_count = 1};
    struct line_peer peer = {.flow = {.transport = TRANSPORT_UDP}};
    memset(world, 0, sizeof *world);
    world->line_count = line_count;
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
    for (uint32_t i = 0; i < world->line_count; i++) {
        world->lines[i] = new_line(i + 1);
        assert_true(line_put(world->table, &world->turn, world->lines[i]));
    }
}

static void tear_down(struct world *world)
{
    uint32_t place = 0;
    while (line_take_any(world->table, &place)) continue;
    for (uint32_t i = 0; i < world->line_count; i++) free(world->lines[i]);
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
