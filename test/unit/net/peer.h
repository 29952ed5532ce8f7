// SPDX-License-Identifier: Apache-2.0
// For tests of net: a loop that notes what its handlers are told, and stops on demand.
#pragma once

#include "net/net.h"

struct peer {
    struct net *net;
    void (*on_deadline)(struct peer *peer); // if set
    void (*on_datagram)(struct peer *peer, const struct flow *flow, struct span bytes);
    void (*on_answer)(struct peer *peer, const struct net_answer *answer);
    unsigned datagram_count, batch_count, woken_count, deadline_count, resolved_count;
    uint64_t waited_us;      // the last batch's first datagram
    uint64_t lost_count;     // for which there was no room
    unsigned expected_count; // so many datagrams end peer_run
    struct flow last_flow;
    size_t last_len;
    uint64_t deadline_at_us;    // when the last deadline came
    uint64_t query;             // the last resolved
    enum net_question question; // that is out
    struct net_answer answer;   // to it; its texts are gone
    struct address addresses[NET_ANSWER_MAX];
    size_t address_count;
    char problem[400];
};

void peer_init(struct peer *peer);
void peer_fini(struct peer *peer);
// Runs until a handler has stopped the loop, or until `ms_max`: then it returns false.
bool peer_run(struct peer *peer, unsigned ms_max);
// A UDP socket on a loopback address with a free port.
uint16_t peer_listen(struct peer *peer, const char *host, struct address *local);
// A flow from `socket` to `to`.
struct flow peer_flow(uint16_t socket, const struct address *to);
