// SPDX-License-Identifier: Apache-2.0
// What an engine of a world has for another one: kept, and given when the turn is over, as workers
// do it by their queues.
#pragma once

#include "engine/engine.h"

#include <string.h>

// What an engine has for another one.
struct parcel {
    enum { PARCEL_MESSAGE, PARCEL_SUBSCRIBED, PARCEL_SENT_ON, PARCEL_TOLD } kind;
    uint8_t from, to;
    struct flow flow;
    struct span bytes;
    struct engine_subscribe subscribe;
    struct call_sent_on sent;
    struct line_told told;
    _Alignas(16) char texts[16 * 1024];
};

static inline void parcel_pack_message(struct parcel *parcel, uint8_t from, const struct flow *flow,
                                       struct span bytes)
{
    ASSERT(bytes.len <= sizeof parcel->texts);
    parcel->kind = PARCEL_MESSAGE;
    parcel->flow = *flow;
    parcel->flow.worker = (uint8_t)(from + 1);
    parcel->bytes = (struct span){parcel->texts, bytes.len};
    memcpy(parcel->texts, bytes.at, bytes.len);
}

static inline void parcel_pack_subscribed(struct parcel *parcel, uint8_t from,
                                          const struct engine_subscribe *subscribe)
{
    ASSERT(subscribe->bytes.len <= sizeof parcel->texts);
    parcel->kind = PARCEL_SUBSCRIBED;
    parcel->subscribe = *subscribe;
    // What was handed on once more goes back by the first one's socket.
    if (subscribe->flow.worker == 0) parcel->subscribe.flow.worker = (uint8_t)(from + 1);
    if (parcel->subscribe.flow.worker == parcel->to + 1) parcel->subscribe.flow.worker = 0;
    parcel->subscribe.bytes = (struct span){parcel->texts, subscribe->bytes.len};
    memcpy(parcel->texts, subscribe->bytes.at, subscribe->bytes.len);
}

static inline void parcel_pack_sent_on(struct parcel *parcel, const struct call_sent_on *sent)
{
    struct arena arena = arena_over(parcel->texts, sizeof parcel->texts);
    parcel->kind = PARCEL_SENT_ON;
    parcel->sent = *sent;
    bool is_copied = arena_copy(&arena, sent->target, &parcel->sent.target) &&
                     arena_copy(&arena, sent->caller, &parcel->sent.caller) &&
                     arena_copy(&arena, sent->diverter, &parcel->sent.diverter);
    for (size_t i = 0; i < sent->visited_count; i++) {
        is_copied = is_copied && arena_copy(&arena, sent->visited[i], &parcel->sent.visited[i]);
    }
    ASSERT(is_copied);
}

static inline void parcel_give(const struct parcel *parcel, struct engine *engine,
                               struct engine_time now)
{
    struct datagram datagram = {parcel->flow, parcel->bytes};
    switch (parcel->kind) {
    case PARCEL_MESSAGE: engine_datagrams(engine, now, &datagram, 1); break;
    case PARCEL_SUBSCRIBED: engine_take_subscribe(engine, now, &parcel->subscribe); break;
    case PARCEL_SENT_ON: engine_note_sent_on(engine, now, &parcel->sent); break;
    case PARCEL_TOLD: engine_hear(engine, now, parcel->from, &parcel->told); break;
    }
}
