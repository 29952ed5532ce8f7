// SPDX-License-Identifier: Apache-2.0
// The loop of the tests.
#include "unit/net/peer.h"

#include <stdlib.h>
#include <string.h>

static void on_datagram(void *context, const struct flow *flow, struct span bytes)
{
    struct peer *peer = context;
    peer->datagram_count++;
    peer->last_flow = *flow;
    peer->last_len = bytes.len;
    if (peer->on_datagram) peer->on_datagram(peer, flow, bytes);
    if (peer->datagram_count == peer->expected_count) net_stop(peer->net);
}

static void on_datagrams(void *context, const struct datagram *datagrams, size_t count)
{
    for (size_t i = 0; i < count; i++) on_datagram(context, &datagrams[i].flow, datagrams[i].bytes);
}

static void on_waited(void *context, const struct net_wait *wait, size_t count)
{
    (void)count;
    struct peer *peer = context;
    peer->waited_us = wait->us;
    peer->lost_count += wait->lost;
}

static void on_batch_ended(void *context)
{
    ((struct peer *)context)->batch_count++;
}

static void on_woken(void *context)
{
    struct peer *peer = context;
    peer->woken_count++;
    net_stop(peer->net);
}

static void on_deadline(void *context)
{
    struct peer *peer = context;
    peer->deadline_count++;
    peer->deadline_at_us = net_now_us();
    if (peer->on_deadline) {
        peer->on_deadline(peer);
    } else {
        net_stop(peer->net);
    }
}

static void on_resolved(void *context, uint64_t query, const struct net_answer *answer)
{
    struct peer *peer = context;
    ASSERT(answer->count <= NET_ANSWER_MAX);
    ASSERT((answer->count == 0) == (answer->problem[0] != '\0'));
    peer->resolved_count++;
    peer->query = query;
    peer->answer = *answer;
    peer->address_count = peer->question == NET_ADDRESSES ? answer->count : 0;
    for (size_t i = 0; i < peer->address_count; i++) peer->addresses[i] = answer->addresses[i];
    ASSERT(text_copy(peer->problem, sizeof peer->problem, span_of(answer->problem)));
    if (peer->on_answer && answer->count > 0) peer->on_answer(peer, answer);
    net_stop(peer->net);
}

void peer_init(struct peer *peer)
{
    struct net_problem problem;
    memset(peer, 0, sizeof *peer);
    struct net_handler handler = {
        .context = peer,
        .datagrams = on_datagrams,
        .waited = on_waited,
        .batch_ended = on_batch_ended,
        .woken = on_woken,
        .deadline = on_deadline,
        .resolved = on_resolved,
    };
    peer->net = net_new(handler, &problem);
    ASSERT(peer->net);
}

void peer_fini(struct peer *peer)
{
    net_free(peer->net);
}

bool peer_run(struct peer *peer, unsigned ms_max)
{
    unsigned deadline_count = peer->deadline_count;
    net_set_deadline(peer->net, net_now_us() + (uint64_t)ms_max * 1000);
    net_run(peer->net);
    net_set_deadline(peer->net, DEADLINE_NEVER);
    return peer->deadline_count == deadline_count;
}

uint16_t peer_listen(struct peer *peer, const char *host, struct address *local)
{
    struct net_problem problem;
    uint16_t socket;
    ASSERT(address_parse(span_of(host), local));
    ASSERT(net_listen_udp(peer->net, local, &socket, &problem));
    *local = net_local_address(peer->net, socket);
    ASSERT(local->port > 0);
    return socket;
}

struct flow peer_flow(uint16_t socket, const struct address *to)
{
    return (struct flow){.peer = *to, .transport = TRANSPORT_UDP, .socket = socket};
}
