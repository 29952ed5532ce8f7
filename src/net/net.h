// SPDX-License-Identifier: Apache-2.0
// The network and the clock: UDP sockets, names, the event loop, entropy. It delivers {flow, bytes}
// and knows no SIP. One loop belongs to one worker thread.
#pragma once

#include "base/base.h"

struct net;

struct net_problem {
    enum err err;
    char text[200]; // "cannot listen on 127.0.0.1:25001 (UDP): in use by another program"
};

// What the loop calls. All in the loop's thread.
struct net_handler {
    void *context;
    // Datagrams have arrived: called once for each. `bytes` is borrowed for the call.
    void (*datagram)(void *context, const struct flow *flow, struct span bytes);
    // All datagrams that were waiting have been given: a good moment for what is done once per
    // batch.
    void (*batch_ended)(void *context);
    // Someone called net_wake.
    void (*woken)(void *context);
    // The deadline of net_set_deadline has come.
    void (*deadline)(void *context);
    // A name was resolved (net_resolve): `count` addresses without ports, IPv4 first, borrowed for
    // the call; 0: `problem` says why ("cannot find the address of \"pbx.example\": there is no
    // such name").
    void (*resolved)(void *context, uint64_t query, const struct address *addresses, size_t count,
                     const char *problem);
};

// A loop without sockets; all functions of `handler` are given. NULL: `*problem` (may be NULL) says
// why. Freed by net_free after net_run has returned; queries under way end without a word.
struct net *net_new(struct net_handler handler, struct net_problem *problem) WARN_UNUSED;
void net_free(struct net *net);
// Runs the loop until net_stop; may be called again.
void net_run(struct net *net);
// Ends net_run. From the loop's thread only: call it from the `woken` handler.
void net_stop(struct net *net);
// Makes the loop call `woken` soon: once for several wakes. From any thread, from net_new to
// net_free; a wake before net_run counts.
void net_wake(struct net *net);

// Binds a UDP socket (at most 16); `*socket` is its index in flows. With port 0 the system chooses,
// see net_local_address. Never shares a port with another program. [::] takes no IPv4. False:
// `*problem` names the address: ERR_IN_USE, ERR_ACCESS, ERR_NOT_FOUND (not an address of this
// machine), ERR_INVALID (no IPv6), ERR_IO.
bool net_listen_udp(struct net *net, const struct address *local, uint16_t *socket,
                    struct net_problem *problem) WARN_UNUSED;
// The address a socket is bound to.
struct address net_local_address(const struct net *net, uint16_t socket);
// The address of ours that a peer sees when we send to it by `socket`: the bound one, or for a
// wildcard the one the system routes from. False when there is no route.
bool net_address_towards(const struct net *net, uint16_t socket, const struct address *peer,
                         struct address *own) WARN_UNUSED;

// Queues a datagram (copied); queued ones leave together by sendmmsg at the end of the batch, or
// when the queue is full. A datagram that the system does not take is dropped and counted: SIP
// retransmits.
void net_send(struct net *net, const struct flow *flow, struct span bytes);
// Sends what is queued now.
void net_flush(struct net *net);

// Looks a host name up (A and AAAA; `localhost` and address literals are answered too) and calls
// `resolved` with `query` from the loop within 10 s, never from within this call. False, without a
// call of `resolved`: too many names (4096) are being looked up, or no memory. Ask again later.
bool net_resolve(struct net *net, uint64_t query, struct span host);

// Calls `deadline` at `at_us` (monotonic), up to 1 ms late and never early; replaces the one
// before. After the call there is none. DEADLINE_NEVER: none.
void net_set_deadline(struct net *net, uint64_t at_us);

struct net_counts {
    uint64_t received, sent, send_dropped;
    uint64_t received_cut; // larger than a datagram can be: never seen, never delivered
};
struct net_counts net_counts(const struct net *net);

// Clocks in microseconds.
uint64_t net_now_us(void);  // monotonic
uint64_t net_wall_us(void); // since 1970-01-01 UTC
// Fills `out` from the system's entropy.
void net_entropy(void *out, size_t size);
