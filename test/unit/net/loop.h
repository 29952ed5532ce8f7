// SPDX-License-Identifier: Apache-2.0
// For tests of connections: a loop that listens, notes what its connections do, and stops on
// demand.
#pragma once

#include "net/net.h"
#include "unit/check.h"

enum { PATIENCE_MS = 10000, BIG = 200 * 1000 };

// A loop that listens, notes what its connections do, and stops when `expected` things happened.
struct loop {
    struct net *net;
    struct address local;
    uint16_t socket;
    unsigned opened_count, ours_count, closed_count, batch_count, late_count;
    struct flow last, last_ours; // opened
    size_t received_len;
    char received[BIG];
    char reason[100];
    bool (*is_done)(const struct loop *loop);
    bool is_echoing, is_keeping;
};

static inline void check_done(struct loop *loop)
{
    if (loop->is_done && loop->is_done(loop)) net_stop(loop->net);
}

static inline void on_opened(void *context, const struct flow *flow, bool is_ours)
{
    struct loop *loop = context;
    loop->opened_count++;
    if (is_ours) {
        loop->ours_count++;
        loop->last_ours = *flow;
    } else {
        loop->last = *flow;
    }
    if (loop->is_keeping) net_keep(loop->net, flow->connection, 60);
    check_done(loop);
}

static inline void on_received(void *context, const struct flow *flow, struct span bytes)
{
    struct loop *loop = context;
    if (loop->is_echoing && flow->connection != loop->last_ours.connection) {
        net_send(loop->net, flow, bytes);
        return;
    }
    assert_true(bytes.len <= BIG - loop->received_len);
    memcpy(loop->received + loop->received_len, bytes.at, bytes.len);
    loop->received_len += bytes.len;
    check_done(loop);
}

static inline void on_closed(void *context, const struct flow *flow, const char *reason)
{
    struct loop *loop = context;
    assert_false(net_is_open(loop->net, flow->connection));
    loop->closed_count++;
    text_copy(loop->reason, sizeof loop->reason, span_of(reason));
    check_done(loop);
}

static inline void on_batch_ended(void *context)
{
    ((struct loop *)context)->batch_count++;
}

static inline void on_woken(void *context)
{
    net_stop(((struct loop *)context)->net);
}

static inline void on_deadline(void *context)
{
    struct loop *loop = context;
    loop->late_count++;
    net_stop(loop->net);
}

static inline void on_datagrams(void *context, const struct datagram *datagrams, size_t count)
{
    (void)context, (void)datagrams, (void)count;
}

static inline void on_resolved(void *context, uint64_t query, const struct net_answer *answer)
{
    (void)context, (void)query, (void)answer;
}

static inline void start_loop(struct loop *loop)
{
    struct net_problem problem;
    memset(loop, 0, sizeof *loop);
    loop->net = net_new((struct net_handler){.context = loop,
                                             .datagrams = on_datagrams,
                                             .opened = on_opened,
                                             .received = on_received,
                                             .closed = on_closed,
                                             .batch_ended = on_batch_ended,
                                             .woken = on_woken,
                                             .deadline = on_deadline,
                                             .resolved = on_resolved},
                        &problem);
    assert_non_null(loop->net);
}

// Runs until `is_done` or `ms_max`; returns whether it was done.
static inline bool run(struct loop *loop, bool (*is_done)(const struct loop *loop), unsigned ms_max)
{
    unsigned late_count = loop->late_count;
    loop->is_done = is_done;
    if (is_done && is_done(loop)) return true;
    net_set_deadline(loop->net, net_now_us() + (uint64_t)ms_max * 1000);
    net_run(loop->net);
    net_set_deadline(loop->net, DEADLINE_NEVER);
    return loop->late_count == late_count;
}
