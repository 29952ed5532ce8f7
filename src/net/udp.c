// SPDX-License-Identifier: Apache-2.0
// UDP sockets, many datagrams to a system call: recvmmsg into a batch of buffers; outbox.c sends. A
// socket is watched by the loop (uv_poll), the calls are our own.
//
// Each receive buffer holds the largest datagram there is, so nothing is ever cut; a buffer that
// only saw small ones occupies one page. No SO_REUSEADDR or SO_REUSEPORT: two programs never share
// a port unnoticed.
#include "net/net_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BATCH_MAX = 64,
    ROUNDS_MAX = 4, // batches before the loop looks at other things
    // 65,535 rounded up, plus 17 cache lines: equal offsets in all buffers would share few cache
    // sets.
    INBOX_STRIDE = 65536 + 17 * 64,
    KERNEL_BUFFER_BYTES = 4 * 1024 * 1024,
};

struct udp_inbox {
    struct mmsghdr messages[BATCH_MAX];
    struct iovec parts[BATCH_MAX];
    union net_sockaddr peers[BATCH_MAX];
    struct datagram datagrams[BATCH_MAX]; // of the messages, those that are whole
    char *bytes;
};

// ---- Addresses

socklen_t net_to_sockaddr(const struct address *address, union net_sockaddr *out)
{
    memset(out, 0, sizeof *out);
    if (address->family == ADDRESS_IPV6) {
        out->ipv6.sin6_family = AF_INET6;
        out->ipv6.sin6_port = htons(address->port);
        memcpy(&out->ipv6.sin6_addr, address->bytes, sizeof out->ipv6.sin6_addr);
        return sizeof out->ipv6;
    }
    out->ipv4.sin_family = AF_INET;
    out->ipv4.sin_port = htons(address->port);
    memcpy(&out->ipv4.sin_addr, address->bytes, sizeof out->ipv4.sin_addr);
    return sizeof out->ipv4;
}

struct address net_from_sockaddr(const union net_sockaddr *from)
{
    struct address address = {0};
    if (from->any.sa_family == AF_INET6) {
        address.family = ADDRESS_IPV6;
        address.port = ntohs(from->ipv6.sin6_port);
        memcpy(address.bytes, &from->ipv6.sin6_addr, sizeof from->ipv6.sin6_addr);
    } else {
        address.family = ADDRESS_IPV4;
        address.port = ntohs(from->ipv4.sin_port);
        memcpy(address.bytes, &from->ipv4.sin_addr, sizeof from->ipv4.sin_addr);
    }
    return address;
}

// ---- Memory

bool udp_init(struct net *net)
{
    net->inbox = calloc(1, sizeof *net->inbox);
    net->outbox = outbox_new();
    if (!net->inbox || !net->outbox) return false;
    struct udp_inbox *inbox = net->inbox;
    inbox->bytes = malloc((size_t)BATCH_MAX * INBOX_STRIDE);
    if (!inbox->bytes) return false;
    for (size_t i = 0; i < BATCH_MAX; i++) {
        inbox->parts[i] = (struct iovec){inbox->bytes + i * INBOX_STRIDE, DATAGRAM_MAX};
        inbox->messages[i].msg_hdr.msg_iov = &inbox->parts[i];
        inbox->messages[i].msg_hdr.msg_iovlen = 1;
        inbox->messages[i].msg_hdr.msg_name = &inbox->peers[i];
    }
    return true;
}

void udp_fini(struct net *net)
{
    for (uint16_t i = 0; i < net->socket_count; i++) free(net->sockets[i]);
    if (net->inbox) free(net->inbox->bytes);
    free(net->inbox);
    free(net->outbox);
}

static void on_closed(uv_handle_t *handle)
{
    struct udp_socket *udp = handle->data;
    (void)close(udp->fd);
}

void udp_close(struct net *net)
{
    for (uint16_t i = 0; i < net->socket_count; i++) {
        uv_close((uv_handle_t *)&net->sockets[i]->readable, on_closed);
    }
}

// ---- Receiving

static void deliver(struct udp_socket *udp, unsigned message_count)
{
    struct net *net = udp->net;
    struct udp_inbox *inbox = net->inbox;
    size_t count = 0;
    for (unsigned i = 0; i < message_count; i++) {
        const struct mmsghdr *message = &inbox->messages[i];
        if (message->msg_hdr.msg_flags & MSG_TRUNC) continue;
        inbox->datagrams[count++] = (struct datagram){
            .flow = {.peer = net_from_sockaddr(message->msg_hdr.msg_name),
                     .transport = TRANSPORT_UDP,
                     .socket = udp->index},
            .bytes = {message->msg_hdr.msg_iov->iov_base, message->msg_len},
        };
    }
    net->counts.received += count;
    net->counts.received_cut += message_count - count;
    net->handler.datagrams(net->handler.context, inbox->datagrams, count);
}

// Receives one batch; returns how many datagrams it had.
static unsigned receive_batch(struct udp_socket *udp)
{
    struct udp_inbox *inbox = udp->net->inbox;
    for (size_t i = 0; i < BATCH_MAX; i++) {
        inbox->messages[i].msg_hdr.msg_namelen = sizeof inbox->peers[i];
    }
    struct net_handler *handler = &udp->net->handler;
    struct msghdr *first = &inbox->messages[0].msg_hdr;
    if (handler->waited) wait_begin(first);
    int count = recvmmsg(udp->fd, inbox->messages, BATCH_MAX, MSG_DONTWAIT, NULL);
    if (count <= 0) return 0; // nothing there, or an error of the socket that this call has cleared
    if (handler->waited) {
        struct net_wait wait;
        wait_end(udp, first, count == BATCH_MAX, &wait);
        handler->waited(handler->context, &wait, (size_t)count);
    }
    deliver(udp, (unsigned)count);
    return (unsigned)count;
}

static void on_readable(uv_poll_t *handle, int status, int events)
{
    struct udp_socket *udp = handle->data;
    struct net *net = udp->net;
    (void)status; // an error shows, and ends, in recvmmsg
    (void)events;
    for (unsigned round = 0; round < ROUNDS_MAX; round++) {
        unsigned count = receive_batch(udp);
        if (count > 0) {
            net->handler.batch_ended(net->handler.context);
            udp_flush(net);
        }
        if (count < BATCH_MAX) break;
    }
}

void net_drop(struct net *net, const struct net_drop *drop)
{
    if (drop->share == net->drop_share) return;
    net->drop_share = drop->share;
    for (uint16_t i = 0; i < net->socket_count; i++) drop_set(net->sockets[i]->fd, drop);
}

// ---- Listening

static const char *listen_reason(int error)
{
    switch (error) {
    case EADDRINUSE: return "in use by another program";
    case EACCES: return "permission denied (ports below 1024 need a privilege)";
    case EADDRNOTAVAIL: return "this machine has no such address";
    case EAFNOSUPPORT: return "this machine does not support that kind of address";
    case ENOMEM:
    case EMFILE: return "too many sockets, or no memory";
    default: return strerror(error);
    }
}

static enum err listen_err(int error)
{
    switch (error) {
    case EADDRINUSE: return ERR_IN_USE;
    case EACCES: return ERR_ACCESS;
    case EADDRNOTAVAIL: return ERR_NOT_FOUND;
    case EAFNOSUPPORT: return ERR_INVALID;
    case ENOMEM:
    case EMFILE: return ERR_NO_MEMORY;
    default: return ERR_IO;
    }
}

void net_listen_failed(struct net_problem *problem, const struct address *local,
                       const char *protocol, int error)
{
    char subject[100];
    struct buffer text = buffer_over(subject, sizeof subject - 1);
    buffer_put_text(&text, "cannot listen on ");
    address_print(&text, local);
    buffer_printf(&text, " (%s)", protocol);
    subject[text.len] = '\0';
    (void)net_fail(problem, listen_err(error), subject, listen_reason(error));
}

// Asks for large kernel buffers, that a burst is not lost; beyond the system's limit where we are
// allowed to.
static void enlarge_buffers(int fd)
{
    int size = KERNEL_BUFFER_BYTES;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    }
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) != 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    }
}

static int open_datagram_socket(const union net_sockaddr *name)
{
    return socket(name->any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

// A bound socket, or -1 with errno; `*local` gets the port that the system chose.
static int open_socket(struct address *local)
{
    union net_sockaddr name;
    socklen_t len = net_to_sockaddr(local, &name);
    int fd = open_datagram_socket(&name);
    if (fd < 0) return -1;
    int yes = 1;
    bool is_open = true;
    // [::] is IPv6 alone, so that 0.0.0.0 with the same port can be another socket.
    if (local->family == ADDRESS_IPV6) {
        is_open = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes) == 0;
    }
    is_open = is_open && bind(fd, &name.any, len) == 0 && getsockname(fd, &name.any, &len) == 0;
    if (!is_open) {
        int error = errno;
        (void)close(fd);
        errno = error;
        return -1;
    }
    enlarge_buffers(fd);
    wait_prepare(fd);
    local->port = net_from_sockaddr(&name).port;
    return fd;
}

static bool watch(struct udp_socket *udp)
{
    if (uv_poll_init(&udp->net->loop, &udp->readable, udp->fd) != 0) return false;
    udp->readable.data = udp;
    ASSERT(uv_poll_start(&udp->readable, UV_READABLE, on_readable) == 0);
    return true;
}

bool net_listen_udp(struct net *net, const struct address *local, uint16_t *socket,
                    struct net_problem *problem)
{
    *socket = net->socket_count;
    struct udp_socket *udp = net->socket_count < NET_SOCKET_MAX ? calloc(1, sizeof *udp) : NULL;
    if (!udp) {
        net_listen_failed(problem, local, "UDP", ENOMEM);
        return false;
    }
    *udp = (struct udp_socket){.net = net, .index = net->socket_count, .local = *local};
    udp->fd = open_socket(&udp->local);
    if (udp->fd < 0 || !watch(udp)) {
        net_listen_failed(problem, local, "UDP", errno);
        if (udp->fd >= 0) (void)close(udp->fd);
        free(udp);
        return false;
    }
    net->sockets[net->socket_count++] = udp;
    return true;
}

// ---- Our own addresses

struct address net_local_address(const struct net *net, uint16_t socket)
{
    ASSERT(socket < net->socket_count);
    return net->sockets[socket]->local;
}

bool net_is_wildcard(const struct address *address)
{
    static const uint8_t zeros[sizeof address->bytes];
    return memcmp(address->bytes, zeros, sizeof zeros) == 0;
}

bool net_address_towards(const struct net *net, uint16_t socket, const struct address *peer,
                         struct address *own)
{
    *own = net_local_address(net, socket);
    if (own->family != peer->family) return false;
    if (!net_is_wildcard(own)) return true;
    union net_sockaddr name;
    socklen_t len = net_to_sockaddr(peer, &name);
    int fd = open_datagram_socket(&name);
    if (fd < 0) return false;
    // Connecting a UDP socket sends nothing: it makes the system choose a route and with it our
    // address.
    bool has_route = connect(fd, &name.any, len) == 0 && getsockname(fd, &name.any, &len) == 0;
    (void)close(fd);
    if (!has_route) return false;
    uint16_t port = own->port;
    *own = net_from_sockaddr(&name);
    own->port = port;
    return true;
}
