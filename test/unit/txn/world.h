// SPDX-License-Identifier: Apache-2.0
// A table of transactions with a clock of its own, for tests: requests by their parts, time by
// jumps.
#pragma once

#include "txn/txn.h"

struct world {
    struct txn_table *table;
    struct turn turn;
    struct arena arena;
    struct random random;
    struct sip_message message; // the last one received
    struct flow flow;           // it came by
    void *table_memory, *arena_memory;
};

// The parts of a message that transactions look at; all zero-terminated.
struct parts {
    const char *method; // of a request; of a response's CSeq
    unsigned status;    // 0: a request
    const char *branch; // without the cookie; NULL: none, as in RFC 2543
    const char *from_tag, *to_tag, *call_id, *user, *host;
    unsigned port, cseq;
    const char *transport; // "UDP" or "TCP"
    const char *source;    // the address it comes from; a response too
    unsigned padding;      // bytes of a further Via, to make the message longer
};

// INVITE branch=a from=f call=c user=101 host=192.0.2.1 cseq=1, by UDP from 192.0.2.1.
extern const struct parts parts_default;

// `arena_size` 0: enough.
void world_init(struct world *world, const struct txn_limits *limits, size_t arena_size);
void world_fini(struct world *world);
// The next turn, `after_us` later.
void world_turn(struct world *world, uint64_t after_us);
// Prints, parses and receives a message in this turn.
enum txn_match world_receive(struct world *world, const struct parts *parts);
// Receives the last message again, by that way.
enum txn_match world_receive_again(struct world *world, const struct flow *flow);
// Accepts the last message.
bool world_accept(struct world *world, struct pool_id *txn);
bool world_respond(struct world *world, struct pool_id txn, unsigned status);
// Sends a request with `branch` by UDP or TCP.
bool world_request(struct world *world, enum sip_method method, const char *branch,
                   const char *transport, struct pool_id *txn);
// Lets `us` pass in turns of their own for each deadline; effects are thrown away.
void world_wait(struct world *world, uint64_t us);
