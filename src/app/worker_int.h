// SPDX-License-Identifier: Apache-2.0
// The inside of a worker, for the files it is made of.
#pragma once

#include "app/line_log.h"
#include "app/links.h"
#include "app/log.h"
#include "app/parcels.h"
#include "app/sites.h"
#include "app/streams.h"
#include "app/worker.h"

#include <stdatomic.h>
#include <uv.h>

enum { PEER_EVENT_MAX = 64 };

struct worker {
    uint32_t number; // from 0 on
    struct engine *engine;
    void *engine_memory;
    size_t engine_memory_size;
    struct net *net;
    struct sites *sites;
    struct links *links;
    struct streams *streams;
    struct random random;
    struct commands *commands;
    struct states *states;
    news_api *api;
    struct journal *journal;
    struct calls *calls;
    struct bindings *bindings;
    struct tap *tap;
    struct uses *uses;
    struct checks *checks;
    struct line_log *line_log;
    struct orders *orders;
    struct alarms *alarms;
    uint16_t media_ports[ADDRESS_LIST_MAX]; // by the addresses of config.sip
    struct parcels *parcels;                // from other workers
    struct worker *const *workers;
    struct app_config config;               // with the ports of this one
    uint8_t has_handed[NET_CONNECTION_MAX]; // connections by which other workers got messages
    bool is_of_device[NET_CONNECTION_MAX];  // connections that devices have registered by
    struct client_counts told_clients;      // the same as:
    struct engine_counts told;              // counts already added to the states
    uint32_t dropped_share;                 // of INVITEs, by the system
    uint64_t tell_overload_us;              // not before this again
    uint64_t give_back_us;                  // not before this again
    bool is_giving_back;                    // but then: something may have become free since
    struct line_peer_event peer_events[PEER_EVENT_MAX];
    size_t peer_event_count;
    uv_thread_t thread;
    bool is_running;
    bool is_stopping;
    uint64_t stop_us; // then at the latest
    // When somebody last asked whether it works, and when it was last woken: it was, in time.
    atomic_uint_fast64_t asked_us, woken_us;
};

// ---- worker.c

static inline struct engine_time worker_now(void)
{
    return (struct engine_time){.now_us = net_now_us(), .wall_us = net_wall_us()};
}

// Adds `by` to a counter of the worker.
void worker_count(struct worker *worker, enum states_counter counter, uint64_t by);
// Copies of a message for those who look at the groups it belongs to.
void worker_copy(const struct worker *worker, const struct flow *flow, struct span bytes,
                 bool is_received);
// Such a copy where another worker has the socket: of a message with a device, whose user is
// returned; 0: nobody's, or nobody looks.
uint32_t worker_copy_device(const struct worker *worker, const struct flow *flow, struct span bytes,
                            bool is_received);

// ---- worker_effects.c

// What the engine calls.
struct engine_host worker_effects(struct worker *worker);
// Sends by the flow's socket; of a worker (`context`).
void worker_send(void *context, const struct flow *flow, struct span bytes);
// A target of a group's PBX works, or does not.
void worker_follow_peer(struct worker *worker, const struct line_peer_event *event);
// The same for all that a turn of the engine has told of targets.
void worker_follow_peers(struct worker *worker);

// ---- worker_commands.c

// Does what the queue holds.
void worker_take_commands(struct worker *worker);

// ---- worker_questions.c

// Answers who waits for it.
void worker_answer(struct worker *worker, struct question *question);
// A check has found something out, or is over; of a worker (`context`).
void worker_check_told(void *context, const struct check_told *told);

// ---- worker_counts.c

// Adds what has been counted since the last call.
void worker_tell_counts(struct worker *worker);

// ---- worker_features.c: feature codes; of the engine (struct engine_host), but for the first.

// The socket for media of the `index`-th address of `config->sip`.
bool feature_open_media(struct worker *worker, const struct app_config *config, uint32_t index,
                        struct net_problem *problem) WARN_UNUSED;
void feature_dialled(void *context, const struct call_code_dialled *dialled);
bool feature_media_towards(void *context, const struct flow *flow, struct address *own);
void feature_send_media(void *context, const struct call_media *media);

// ---- worker_exchange.c: what goes to the others and comes from them: messages for lines and
// devices that they have, answers to be sent by their sockets, what is found out (docs/workers.md).
// The first four are the engine's (struct engine_host).

void exchange_message(void *context, uint8_t to, const struct flow *flow, struct span bytes);
void exchange_subscribed(void *context, uint8_t to, const struct engine_subscribe *subscribe);
void exchange_sent_on(void *context, const struct call_sent_on *sent);
void exchange_told(void *context, const struct line_told *told);
// Has bytes sent by the worker that the flow names.
void exchange_send(struct worker *worker, const struct flow *flow, struct span bytes);
// A device of ours has registered by a connection of the worker that the flow names: there it may
// stay for so long.
void exchange_keep(struct worker *worker, const struct flow *flow, uint32_t seconds);
// A connection of ours has ended: the others are told, if they have had something from it.
void exchange_closed(struct worker *worker, const struct flow *flow);
// What was found out about a group's PBX, which holds for all workers where it was by datagrams.
void exchange_peer(struct worker *worker, const struct line_peer_event *event);

// Does what has come from the others. Before what the net has brought: a call that was sent on to a
// line of ours may be in it.
void exchange_take(struct worker *worker);
