// SPDX-License-Identifier: Apache-2.0
// Messages from parts; a virtual clock.
#include "unit/txn/world.h"

#include <stdlib.h>
#include <string.h>

enum { ARENA_BYTES = 256 * 1024, MESSAGE_BYTES = 64 * 1024 };

const struct parts parts_default = {
    .method = "INVITE",
    .branch = "a",
    .from_tag = "f",
    .to_tag = "",
    .call_id = "c",
    .user = "101",
    .host = "192.0.2.1",
    .source = "192.0.2.1",
    .cseq = 1,
    .transport = "UDP",
};

void world_init(struct world *world, const struct txn_limits *limits, size_t arena_size)
{
    static const uint8_t seed[32] = "a seed";
    static const uint8_t key[16] = "a hash key";
    memset(world, 0, sizeof *world);
    if (arena_size == 0) arena_size = ARENA_BYTES;
    world->table_memory = calloc(1, txn_memory_size(limits));
    world->arena_memory = malloc(arena_size);
    if (!world->table_memory || !world->arena_memory) abort();
    world->table = txn_init(world->table_memory, limits, key);
    world->arena = arena_over(world->arena_memory, arena_size);
    random_init(&world->random, seed);
    world->turn.arena = &world->arena;
    world->turn.random = &world->random;
    turn_begin(&world->turn, 1000000000, 0);
}

void world_fini(struct world *world)
{
    free(world->table_memory);
    free(world->arena_memory);
}

void world_turn(struct world *world, uint64_t after_us)
{
    turn_begin(&world->turn, world->turn.now_us + after_us, 0);
}

static void put_start_line(struct buffer *out, const struct parts *parts)
{
    if (parts->status > 0) {
        buffer_printf(out, "SIP/2.0 %u Text\r\n", parts->status);
    } else {
        buffer_printf(out, "%s sip:%s@192.0.2.9 SIP/2.0\r\n", parts->method, parts->user);
    }
}

static void put_vias(struct buffer *out, const struct parts *parts)
{
    buffer_printf(out, "Via: SIP/2.0/%s %s", parts->transport, parts->host);
    if (parts->port > 0) buffer_printf(out, ":%u", parts->port);
    if (parts->branch) buffer_printf(out, ";branch=z9hG4bK%s", parts->branch);
    buffer_put_text(out, "\r\n");
    if (parts->padding == 0) return;
    buffer_put_text(out, "Via: SIP/2.0/UDP other.example;branch=z9hG4bK");
    for (unsigned i = 0; i < parts->padding; i++) buffer_put_byte(out, 'p');
    buffer_put_text(out, "\r\n");
}

static void put_rest(struct buffer *out, const struct parts *parts)
{
    buffer_printf(out, "From: <sip:caller@192.0.2.1>;tag=%s\r\n", parts->from_tag);
    buffer_put_text(out, "To: <sip:101@192.0.2.9>");
    if (parts->to_tag[0]) buffer_printf(out, ";tag=%s", parts->to_tag);
    buffer_printf(out, "\r\nCall-ID: %s\r\nCSeq: %u %s\r\n", parts->call_id, parts->cseq,
                  parts->method);
    buffer_put_text(out, "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n");
}

enum txn_match world_receive(struct world *world, const struct parts *parts)
{
    struct sip_fault fault;
    struct buffer out = buffer_over(arena_take(&world->arena, MESSAGE_BYTES), MESSAGE_BYTES);
    ASSERT(out.at);
    put_start_line(&out, parts);
    put_vias(&out, parts);
    put_rest(&out, parts);
    ASSERT(!out.is_full);
    world->arena.used -= (MESSAGE_BYTES - out.len) / 16 * 16; // what was not needed
    ASSERT(sip_parse(buffer_span(&out), &world->arena, &world->message, &fault) == SIP_OK);
    bool is_tcp = strcmp(parts->transport, "TCP") == 0;
    world->flow = (struct flow){.transport = is_tcp ? TRANSPORT_TCP : TRANSPORT_UDP};
    ASSERT(address_parse_port(span_of(parts->source), 5060, &world->flow.peer));
    return world_receive_again(world, &world->flow);
}

enum txn_match world_receive_again(struct world *world, const struct flow *flow)
{
    struct txn_identity identity;
    struct txn_arrival arrival = {&world->message, flow, &identity};
    txn_identify(world->table, &world->message, &identity);
    txn_prefetch(world->table, &identity);
    return txn_receive(world->table, &world->turn, &arrival);
}

bool world_accept(struct world *world, struct pool_id *txn)
{
    struct txn_owner owner = {.kind = 7, .id = {3, 5}};
    return txn_accept(world->table, &world->turn, &world->message, &world->flow, owner, txn);
}

bool world_respond(struct world *world, struct pool_id txn, unsigned status)
{
    return txn_respond(world->table, &world->turn, txn, &(struct txn_answer){.status = status});
}

bool world_request(struct world *world, enum sip_method method, const char *branch,
                   const char *transport, struct pool_id *txn)
{
    char text[600], cookie_branch[100];
    struct buffer bytes = buffer_over(text, sizeof text);
    struct buffer whole_branch = buffer_over(cookie_branch, sizeof cookie_branch);
    struct txn_request request = {.method = method, .owner = {.kind = 9, .id = {4, 7}}};
    ASSERT(address_parse_port(SPAN("192.0.2.1"), 5060, &request.flow.peer));
    request.flow.transport = strcmp(transport, "TCP") == 0 ? TRANSPORT_TCP : TRANSPORT_UDP;
    buffer_printf(&whole_branch, "z9hG4bK%s", branch);
    buffer_printf(&bytes, "%s sip:192.0.2.1 SIP/2.0\r\n", sip_method_text(method));
    buffer_printf(&bytes, "Via: SIP/2.0/%s 192.0.2.9:5060;rport;branch=%s\r\n", transport,
                  cookie_branch);
    buffer_put_text(&bytes, "From: <sip:101@192.0.2.1>;tag=f\r\nTo: <sip:101@192.0.2.1>\r\n");
    buffer_printf(&bytes, "Call-ID: c\r\nCSeq: 1 %s\r\n\r\n", sip_method_text(method));
    request.bytes = buffer_span(&bytes);
    request.branch = buffer_span(&whole_branch);
    return txn_send_request(world->table, &world->turn, &request, txn);
}

void world_wait(struct world *world, uint64_t us)
{
    uint64_t end_us = world->turn.now_us + us;
    while (txn_deadline_us(world->table) <= end_us) {
        uint64_t deadline_us = txn_deadline_us(world->table);
        world_turn(world, deadline_us > world->turn.now_us ? deadline_us - world->turn.now_us : 0);
        txn_tick(world->table, &world->turn);
    }
    world_turn(world, end_us - world->turn.now_us);
}
