// SPDX-License-Identifier: Apache-2.0
// What a worker exchanges with the others.
#include "app/worker_int.h"

static void send_parcel(struct worker *worker, uint32_t to, struct parcel *parcel)
{
    struct worker *other = worker->workers[to];
    parcel->from = (uint8_t)worker->number;
    if (parcels_put(other->parcels, parcel)) {
        net_wake(other->net);
    } else {
        worker_count(worker, STATES_PARCELS_DROPPED, 1);
    }
}

static void send_to_all(struct worker *worker, struct parcel *parcel)
{
    for (uint32_t i = 0; i < worker->config.workers; i++) {
        if (i != worker->number) send_parcel(worker, i, parcel);
    }
}

// The flow as others know it.
static struct flow flow_here(const struct worker *worker, const struct flow *flow)
{
    struct flow here = *flow;
    here.worker = (uint8_t)(worker->number + 1);
    return here;
}

// Another worker has to do with the connection, and is told of its end. It may stay no longer for
// that: anybody can write a message that is for another worker. Who may stay is known only there
// (exchange_keep).
static void note_handed(struct worker *worker, const struct flow *flow)
{
    if (flow->transport == TRANSPORT_UDP || flow->worker != 0) return;
    worker->has_handed[net_connection_place(flow->connection)] = true;
}

void exchange_message(void *context, uint8_t to, const struct flow *flow, struct span bytes)
{
    struct worker *worker = context;
    struct parcel parcel = {
        .kind = PARCEL_MESSAGE, .flow = flow_here(worker, flow), .bytes = bytes};
    note_handed(worker, flow);
    send_parcel(worker, to, &parcel);
}

void exchange_subscribed(void *context, uint8_t to, const struct engine_subscribe *subscribe)
{
    struct worker *worker = context;
    struct parcel parcel = {.kind = PARCEL_SUBSCRIBED, .subscribe = *subscribe};
    note_handed(worker, &subscribe->flow);
    if (subscribe->flow.worker == 0) parcel.subscribe.flow = flow_here(worker, &subscribe->flow);
    if (parcel.subscribe.flow.worker == to + 1) parcel.subscribe.flow.worker = 0;
    send_parcel(worker, to, &parcel);
}

void exchange_sent_on(void *context, const struct call_sent_on *sent)
{
    struct parcel parcel = {.kind = PARCEL_SENT_ON, .sent = *sent};
    send_parcel(context, sent->worker, &parcel);
}

void exchange_told(void *context, const struct line_told *told)
{
    struct parcel parcel = {.kind = PARCEL_TOLD, .told = *told};
    send_to_all(context, &parcel);
}

void exchange_send(struct worker *worker, const struct flow *flow, struct span bytes)
{
    struct parcel parcel = {.kind = PARCEL_SEND, .flow = *flow, .bytes = bytes};
    parcel.flow.worker = 0;
    send_parcel(worker, flow->worker - 1U, &parcel);
}

void exchange_keep(struct worker *worker, const struct flow *flow, uint32_t seconds)
{
    struct parcel parcel = {.kind = PARCEL_KEEP, .flow = *flow, .keep_s = seconds};
    parcel.flow.worker = 0;
    send_parcel(worker, flow->worker - 1U, &parcel);
}

void exchange_closed(struct worker *worker, const struct flow *flow)
{
    uint8_t *has_handed = &worker->has_handed[net_connection_place(flow->connection)];
    struct parcel parcel = {.kind = PARCEL_CLOSED, .flow = flow_here(worker, flow)};
    if (*has_handed) send_to_all(worker, &parcel);
    *has_handed = false;
}

// What is found out by datagrams holds for all workers; a connection is one worker's.
void exchange_peer(struct worker *worker, const struct line_peer_event *event)
{
    struct parcel parcel = {.kind = PARCEL_PEER, .peer = *event};
    if (event->flow.transport == TRANSPORT_UDP) send_to_all(worker, &parcel);
}

static void unpack(struct worker *worker, const struct parcel *parcel)
{
    switch (parcel->kind) {
    case PARCEL_MESSAGE:
        (void)worker_copy_device(worker, &parcel->flow, parcel->bytes, true);
        engine_datagrams(worker->engine, worker_now(),
                         &(struct datagram){parcel->flow, parcel->bytes}, 1);
        break;
    case PARCEL_SUBSCRIBED:
        engine_take_subscribe(worker->engine, worker_now(), &parcel->subscribe);
        break;
    case PARCEL_SEND: worker_send(worker, &parcel->flow, parcel->bytes); break;
    case PARCEL_KEEP: net_keep(worker->net, parcel->flow.connection, parcel->keep_s); break;
    case PARCEL_CLOSED: engine_connection_lost(worker->engine, worker_now(), &parcel->flow); break;
    case PARCEL_SENT_ON: engine_note_sent_on(worker->engine, worker_now(), &parcel->sent); break;
    case PARCEL_TOLD: engine_hear(worker->engine, worker_now(), parcel->from, &parcel->told); break;
    case PARCEL_PEER: worker_follow_peer(worker, &parcel->peer); break;
    }
}

void exchange_take(struct worker *worker)
{
    const struct parcel *parcel = parcels_take(worker->parcels);
    for (; parcel; parcel = parcel->next) unpack(worker, parcel);
}
