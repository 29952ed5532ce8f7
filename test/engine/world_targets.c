// SPDX-License-Identifier: Apache-2.0
// A PBX behind several addresses: what the engine tells of them decides which of them is used, as
// src/app/sites.c does it with the answers of name servers. RFC 3263 section 4.3.
#include "world_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TTL_S = 86400, PRIORITY_STEP = 10 };

// An SRV record's data (RFC 2782) for the target "tNUMBER.pbx.test".
static size_t put_srv(uint8_t data[64], uint8_t number, uint16_t port)
{
    static const char rest[] = "\3pbx\4test";
    data[0] = data[2] = data[3] = 0;
    data[1] = (uint8_t)(number * PRIORITY_STEP);
    data[4] = (uint8_t)(port >> 8);
    data[5] = (uint8_t)port;
    data[6] = 2;
    data[7] = 't';
    data[8] = (uint8_t)('0' + number);
    memcpy(data + 9, rest, sizeof rest);
    return 9 + sizeof rest;
}

// What a name server says to a question of locate's.
static void answer(struct world_targets *targets, uint64_t now_us, size_t index)
{
    const struct locate_question *question = &targets->locate.questions[index];
    uint8_t data[WORLD_TARGETS_MAX][64];
    struct span records[WORLD_TARGETS_MAX];
    struct locate_answer said = {.ttl_s = TTL_S, .is_absent = true};
    bool is_srv = question->kind == LOCATE_SRV && question->transport == TRANSPORT_UDP;
    for (uint8_t i = 0; is_srv && i < targets->count; i++) {
        records[i] = (struct span){(const char *)data[i],
                                   put_srv(data[i], i, targets->addresses[i].port)};
        said = (struct locate_answer){.records = records, .count = i + 1U, .ttl_s = TTL_S};
    }
    size_t number = (size_t)(question->name[1] - '0');
    if (question->kind == LOCATE_ADDRESSES && question->name[0] == 't' && number < targets->count) {
        said = (struct locate_answer){
            .addresses = &targets->addresses[number], .count = 1, .ttl_s = TTL_S};
    }
    (void)locate_take_answer(&targets->locate, now_us, index, &said, &targets->random);
}

static struct engine_peer peer_at(const struct locate_target *target)
{
    struct engine_peer peer = {.flow = {.peer = target->address, .transport = target->transport}};
    bool is_read = address_parse_port(SPAN("192.0.2.9:5070"), 0, &peer.own);
    ASSERT(is_read);
    return peer;
}

static void use_best(struct world *world)
{
    struct locate *locate = &world->targets->locate;
    const struct locate_target *target = locate_choose(locate, world->time.now_us);
    ASSERT(target);
    struct engine_peer peer = peer_at(target);
    peer.is_doubtful = locate_is_desperate(locate, world->time.now_us);
    for (uint32_t i = 0; i < world->worker_count; i++) {
        engine_set_peer(world->workers[i].engine, world->time, 1, &peer);
    }
}

void world_set_targets(struct world *world, struct span addresses)
{
    struct world_targets *targets = calloc(1, sizeof *targets);
    uint8_t seed[32] = {1};
    size_t index;
    ASSERT(targets && !world->targets);
    world->targets = targets;
    random_init(&targets->random, seed);
    while (addresses.len > 0 && targets->count < WORLD_TARGETS_MAX) {
        struct span text = span_split(&addresses, ' ');
        bool is_read = address_parse_port(text, 5060, &targets->addresses[targets->count++]);
        ASSERT(is_read);
        addresses = span_trim(addresses);
    }
    locate_init(&targets->locate, SPAN("pbx.test"), GROUP_UDP);
    (void)locate_begin(&targets->locate, world->time.now_us, &targets->random);
    while (locate_next_question(&targets->locate, &index)) {
        answer(targets, world->time.now_us, index);
    }
    struct line_whereabouts all = {.addresses = targets->addresses, .count = targets->count};
    for (uint32_t i = 0; i < world->worker_count; i++) {
        engine_set_whereabouts(world->workers[i].engine, 1, &all);
    }
    use_best(world);
    world_deliver(world);
}

void world_note_peer(struct world *world, const struct line_peer_event *event)
{
    struct world_targets *targets = world->targets;
    if (!targets || targets->event_count == WORLD_TARGETS_MAX) return;
    targets->events[targets->event_count++] = *event;
}

void world_follow_targets(struct world *world)
{
    struct world_targets *targets = world->targets;
    if (!targets || targets->event_count == 0) return;
    for (size_t i = 0; i < targets->event_count; i++) {
        const struct line_peer_event *event = &targets->events[i];
        enum transport transport = (enum transport)event->flow.transport;
        if (event->is_working) {
            locate_works(&targets->locate, &event->flow.peer, transport);
        } else if (!event->is_too_large) {
            locate_failed(&targets->locate, world->time.now_us, &event->flow.peer, transport);
        }
    }
    targets->event_count = 0;
    use_best(world);
}

uint64_t world_targets_deadline_us(const struct world *world)
{
    return world->targets ? locate_deadline_us(&world->targets->locate) : DEADLINE_NEVER;
}

// A better target is tried beside the one in use, by the first worker.
void world_tick_targets(struct world *world)
{
    if (world_targets_deadline_us(world) > world->time.now_us) return;
    const struct locate_target *trial = locate_next_trial(&world->targets->locate,
                                                          world->time.now_us);
    ASSERT(trial); // the records hold for longer than any transcript
    struct engine_peer peer = peer_at(trial);
    engine_try_peer(world->workers[0].engine, world->time, 1, &peer);
}
