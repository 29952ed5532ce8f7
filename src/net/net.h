// SPDX-License-Identifier: Apache-2.0
// The network and the clock: UDP sockets, TCP connections, names, the event loop, entropy. It
// delivers {flow, bytes} and knows no SIP. One loop belongs to one worker thread.
#pragma once

#include "base/base.h"

struct net;

struct net_problem {
    enum err err;
    char text[200]; // "cannot listen on 127.0.0.1:25001 (UDP): in use by another program"
};

// What is asked of the name servers.
enum net_question { NET_ADDRESSES, NET_SRV, NET_NAPTR };

struct net_answer {
    // NET_ADDRESSES: without ports, IPv4 first.
    const struct address *addresses;
    // The others: each record's data, names in it uncompressed (RFC 1035, 2782, 3403).
    const struct span *records;
    size_t count;   // of either; at most NET_ANSWER_MAX
    uint32_t ttl_s; // for how long it holds
    // With `count` 0: there certainly is none; else the name servers could not tell.
    bool is_absent;
    // With `count` 0, why: "cannot find the address of \"pbx.example\": there is no such name".
    const char *problem;
};
enum { NET_ANSWER_MAX = 16 };

// The system's queue of a socket.
struct net_wait {
    uint64_t us;   // for how long its first datagram has waited; see NET_FULL_US
    uint64_t lost; // datagrams for which it had no room since the batch before; 0 while some are
                   // dropped (net_drop)
};
// As what a queue counts that is full before anything in it is old; half full, as a third of that,
// and less than a quarter full as nothing. It is too long, but by how much is not known, and to say
// too much has most of what comes turned away for nothing.
enum { NET_FULL_US = 15 * 1000 };

// What the loop calls. All in the loop's thread.
struct net_handler {
    void *context;
    // Datagrams have arrived, in this order. They are borrowed for the call.
    void (*datagrams)(void *context, const struct datagram *datagrams, size_t count);
    // Before a batch of `count` datagrams: how the system's queue of its socket is. May be NULL.
    void (*waited)(void *context, const struct net_wait *wait, size_t count);
    // The next three may be NULL in a loop without streams. A connection is there: somebody's with
    // us (`is_ours` false), or the one that net_connect began.
    void (*opened)(void *context, const struct flow *flow, bool is_ours);
    // The next bytes of a connection; borrowed for the call.
    void (*received)(void *context, const struct flow *flow, struct span bytes);
    // A connection has ended, or net_connect has failed: `reason` says why ("connection refused").
    // Not called for one that net_close ended.
    void (*closed)(void *context, const struct flow *flow, const char *reason);
    // All datagrams that were waiting have been given: a good moment for what is done once per
    // batch.
    void (*batch_ended)(void *context);
    // Someone called net_wake.
    void (*woken)(void *context);
    // The deadline of net_set_deadline has come.
    void (*deadline)(void *context);
    // A question of net_resolve has its answer; borrowed for the call.
    void (*resolved)(void *context, uint64_t query, const struct net_answer *answer);
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

// Binds a UDP socket (at most 16, counted from 0) that media are sent from and nothing is received
// by. With port 0 the system chooses; `*port` tells. False: `*problem` names the address.
bool net_open_media(struct net *net, const struct address *local, uint16_t *port,
                    struct net_problem *problem) WARN_UNUSED;
// Sends at once by the socket of that number; what the system does not take is dropped and counted.
void net_send_media(struct net *net, uint16_t socket, const struct address *peer,
                    struct span bytes);

// ---- Connections. A flow's `connection` names one; the number is never used twice for two that an
// engine could mix up. All are bounded: how many there are, how many of one address, what waits to
// be sent on each, and how long one may be of no use.
enum {
    NET_CONNECTION_MAX = 4096,
    NET_ACCEPTED_MAX = 3584,     // of them opened by others
    NET_PER_ADDRESS_MAX = 100,   // of them from one address
    NET_UNSENT_MAX = 256 * 1024, // bytes that wait on one connection; what comes on top is dropped
    NET_SILENT_S = 10,           // how long a new connection may stay without net_keep
    NET_CONNECT_S = 10,          // how long a peer may take to answer net_connect
};

// Listens for TCP connections; like net_listen_udp, at most 16. When there are too many
// connections, or too many of one address, a new one takes the place of the oldest that net_keep
// was never called for; without such a one it is closed at once.
bool net_listen_tcp(struct net *net, const struct address *local, uint16_t *socket,
                    struct net_problem *problem) WARN_UNUSED;
// The address a TCP socket listens on.
struct address net_stream_address(const struct net *net, uint16_t socket);
// The same for TLS (from version 1.2 on), with the files of a certificate (with its chain) and its
// key in PEM. False also when those cannot be used: `*problem` names the file and the cause.
bool net_listen_tls(struct net *net, const struct address *local, const char *certificate_file,
                    const char *key_file, uint16_t *socket,
                    struct net_problem *problem) WARN_UNUSED;

// Reads the certificate and the key of net_listen_tls anew: connections from now on use them, those
// that are open go on. False: nothing has changed, `*problem` names the file and the cause.
bool net_reload_tls(struct net *net, const char *certificate_file, const char *key_file,
                    struct net_problem *problem) WARN_UNUSED;

// How a TLS connection of ours is secured.
struct net_tls {
    struct span host;    // name or address that the peer's certificate must have; told to the peer
    const char *ca_file; // who is trusted, PEM; empty: the system's certificate authorities
    bool is_unverified;  // any certificate will do
};
// Begins a connection to `peer`, from the address that `socket` listens on; by TLS if `tls` is not
// NULL. `*flow` names it at once: what is sent before it is there waits. Then comes `opened` or
// `closed` (with the cause, as in "TLS: certificate has expired"), never from within this call.
// False: `*problem` says why.
bool net_connect(struct net *net, uint16_t socket, const struct address *peer,
                 const struct net_tls *tls, struct flow *flow,
                 struct net_problem *problem) WARN_UNUSED;
// Whether the connection can still be sent on.
bool net_is_open(const struct net *net, uint32_t connection);
// The connection is of use: it is closed (and `closed` called) when `seconds` have passed without
// another call of this. Also keeps it from being given up for a newer one.
void net_keep(struct net *net, uint32_t connection, uint32_t seconds);
// Connections that are there at the same time have different places, below NET_CONNECTION_MAX.
uint32_t net_connection_place(uint32_t connection);
// Ends the connection when what is queued was sent; nothing more is received from it.
void net_close(struct net *net, uint32_t connection);

// Sends on a connection, or:
// queues a datagram (copied); queued ones leave together by sendmmsg at the end of the batch, or
// when the queue is full. A datagram that the system does not take is dropped and counted: SIP
// retransmits.
void net_send(struct net *net, const struct flow *flow, struct span bytes);
// Sends what is queued now.
void net_flush(struct net *net);
// Lets the system drop a share of the datagrams that come and begin so before they cost us
// anything; those that begin with one of the spared texts come all the same. Holds for all UDP
// sockets, and until it is called with another share.
enum { NET_SPARED_MAX = 32 };
struct net_drop {
    struct span beginning;     // 4 to 8 bytes
    uint32_t share;            // in millionths; 0: none
    const struct span *spared; // each begins with `beginning`, at most 31 bytes
    size_t spared_count;       // at most NET_SPARED_MAX
};
void net_drop(struct net *net, const struct net_drop *drop);

// Asks for the addresses of a host (A and AAAA; `localhost` and address literals are answered too),
// or for the SRV or NAPTR records of a name, and calls `resolved` with `query` from the loop within
// NET_RESOLVE_S, never from within this call. False, without a call of `resolved`: too many names
// (4096) are being looked up, or no memory. Ask again later.
bool net_resolve(struct net *net, uint64_t query, enum net_question question, struct span name);
enum { NET_RESOLVE_S = 10 };
// Asks this name server, and those told before, in place of the system's. At most 8, before the
// first net_resolve; false when there are more.
bool net_add_name_server(struct net *net, const struct address *server);

// Calls `deadline` at `at_us` (monotonic), up to 1 ms late and never early; replaces the one
// before. After the call there is none. DEADLINE_NEVER: none.
void net_set_deadline(struct net *net, uint64_t at_us);

struct net_counts {
    uint64_t received, sent, send_dropped;
    uint64_t received_cut; // larger than a datagram can be: never seen, never delivered
    uint64_t accepted;     // connections of others
    uint64_t crowded_out;  // of them closed, or never opened, because there were too many
    uint32_t connections;  // open now
};
struct net_counts net_counts(const struct net *net);

// Clocks in microseconds.
uint64_t net_now_us(void);  // since the machine's start, its sleep included; nobody sets it
uint64_t net_wall_us(void); // since 1970-01-01 UTC
// What the wall clock shows beyond net_now_us: changes when somebody sets it.
uint64_t net_wall_ahead_us(void);
// Fills `out` from the system's entropy.
void net_entropy(void *out, size_t size);
