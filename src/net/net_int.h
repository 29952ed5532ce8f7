// SPDX-License-Identifier: Apache-2.0
// What the files of net share: the loop's state, and what each part offers to the others.
#pragma once

#include "net/net.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <uv.h>

enum {
    NET_SOCKET_MAX = 16,
    NET_QUERY_MAX = 4096,       // names looked up at the same time
    NET_SECOND_FAMILY_MS = 500, // how long one family's addresses wait for the other's answer
    NET_NAME_SERVER_MAX = 8,
    DATAGRAM_MAX = 65535,
};

union net_sockaddr {
    struct sockaddr any;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
};

struct listener; // stream.c
struct streams;
struct udp_inbox;  // udp.c
struct udp_outbox; // outbox.c
struct ub_ctx;

struct resolver {
    struct ub_ctx *context; // NULL until the first name is looked up
    uv_poll_t readable;     // its answers have come
    uint32_t query_count;   // under way
    struct query *first;
    struct address name_servers[NET_NAME_SERVER_MAX];
    size_t name_server_count; // 0: the system's
};

struct udp_socket {
    struct net *net;
    uv_poll_t readable;
    int fd;
    uint16_t index;
    bool is_without_runs; // the system does not take them on this one
    uint32_t lost;        // datagrams in all, as the system counts
    struct address local;
};

struct net {
    struct net_handler handler;
    uv_loop_t loop;
    uv_async_t wake;
    uv_timer_t timer;
    uv_prepare_t before_waiting; // sends what is still queued
    uint64_t deadline_us;        // what the caller asked for
    uint64_t armed_us;           // what the timer is set to, never later than deadline_us
    struct udp_socket *sockets[NET_SOCKET_MAX];
    uint16_t socket_count;
    uint32_t drop_share; // of net_drop
    int media[NET_SOCKET_MAX];
    uint16_t media_count;
    struct udp_inbox *inbox;
    struct udp_outbox *outbox;
    struct resolver resolver;
    struct streams *streams; // NULL until the first TCP socket listens
    struct net_counts counts;
};

// Fills `*problem` with "SUBJECT: REASON"; `problem` may be NULL. Returns `err`.
enum err net_fail(struct net_problem *problem, enum err err, const char *subject,
                  const char *reason);

// The same for a socket: "cannot listen on ADDRESS (UDP): in use by another program".
void net_listen_failed(struct net_problem *problem, const struct address *local,
                       const char *protocol, int error);

bool net_is_wildcard(const struct address *address);

// struct address <-> the system's form; the length of the latter.
socklen_t net_to_sockaddr(const struct address *address, union net_sockaddr *out);
struct address net_from_sockaddr(const union net_sockaddr *from);

// How long the first datagram of a batch has waited (wait.c). Prepares a socket for it; before each
// batch the room for what the system tells; after it what that was.
void wait_prepare(int fd);
void wait_begin(struct msghdr *first);
void wait_end(struct udp_socket *udp, struct msghdr *first, bool is_whole_batch,
              struct net_wait *wait);
// The system's filter of one socket; a share of 0 removes it.
void drop_set(int fd, const struct net_drop *drop);

// Memory for batches of datagrams; false when there is none.
bool udp_init(struct net *net) WARN_UNUSED;
// An empty queue of datagrams to be sent, to be freed by free(); NULL: no memory.
struct udp_outbox *outbox_new(void);
// Sends what is queued.
void udp_flush(struct net *net);
// Closes all sockets; the loop must run once more before udp_fini.
void udp_close(struct net *net);
void udp_fini(struct net *net);

void media_close(struct net *net);

// Ends all queries without a word; the loop must run once more before resolver_fini.
void resolver_close(struct net *net);
void resolver_fini(struct net *net);

// ---- TLS (tls.c): between the bytes of a connection and what they mean

struct tls;
struct tls_context; // certificate and key of a server

enum tls_event {
    TLS_WAIT,   // for bytes of the peer
    TLS_DONE,   //
    TLS_CLOSED, // the peer has ended it
    TLS_FAILED, // tls_problem says why
};

// NULL: `*problem` names the file and the cause.
struct tls_context *tls_new_server_context(const char *certificate_file, const char *key_file,
                                           struct net_problem *problem);
void tls_free_context(struct tls_context *context);
struct tls *tls_new_server(const struct tls_context *context);
// NULL: `*problem` says why.
struct tls *tls_new_client(const struct net_tls *options, struct net_problem *problem);
void tls_free(struct tls *tls);

// Bytes of the peer have come. False: no memory.
bool tls_put_received(struct tls *tls, struct span bytes);
// Goes on with the handshake; TLS_DONE: it is over.
enum tls_event tls_shake(struct tls *tls);
// Reads what the peer said; TLS_DONE: `*len` bytes, and there may be more.
enum tls_event tls_read(struct tls *tls, char *out, size_t size, size_t *len);
// Takes bytes to be sent, also before the handshake is over. False: no memory.
bool tls_write(struct tls *tls, struct span bytes);
void tls_shut_down(struct tls *tls);
// What has to be sent on the connection; borrowed until the next call. Then tls_sent.
struct span tls_unsent(struct tls *tls);
void tls_sent(struct tls *tls);
size_t tls_early_len(const struct tls *tls);
const char *tls_problem(const struct tls *tls);

// Sends on flow->connection; drops and counts what cannot be sent.
void stream_send(struct net *net, const struct flow *flow, struct span bytes);
// Connections that are open.
uint32_t stream_count(const struct net *net);
// Closes all connections without a word; the loop must run once more before stream_fini.
void stream_close_all(struct net *net);
void stream_fini(struct net *net);
