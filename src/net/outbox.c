// SPDX-License-Identifier: Apache-2.0
// Datagrams on their way out: queued, then sent with few system calls (sendmmsg).
//
// Neighbours of the same length from one socket to the same place become one run, which the system
// takes as a single message and cuts up again as late as it can (UDP_SEGMENT, udp(7)): what its
// layers do for each message is most of what sending costs. The last one of a run may be shorter.
// Nothing changes its place. docs/benchmark.md "Runs of datagrams".
#include "net/net_int.h"

#include <errno.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>

enum {
    RUNS_MAX = 64,                // of one flush
    OUTBOX_BYTES = 128 * 1024,    // the same
    DATAGRAMS_OF_RUN_MAX = 64,    // UDP_MAX_SEGMENTS of Linux
    BYTES_OF_RUN_MAX = 60 * 1024, // less than an IPv4 datagram can hold
    // Longer ones would not fit into a frame of every network, and then the system refuses the run.
    BYTES_OF_PART_MAX = 1200,
};

// Datagrams that are sent as one; nearly always a single one.
struct run {
    struct address peer;
    uint16_t socket;
    uint16_t part_len; // of each datagram but the last
    unsigned count;
    bool is_closed; // the last one is shorter
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(uint16_t))];
};

struct udp_outbox {
    struct mmsghdr messages[RUNS_MAX]; // one of each run
    struct iovec parts[RUNS_MAX];
    union net_sockaddr peers[RUNS_MAX];
    struct run runs[RUNS_MAX];
    unsigned count;
    size_t used;
    char bytes[OUTBOX_BYTES];
};

struct udp_outbox *outbox_new(void)
{
    struct udp_outbox *outbox = malloc(sizeof *outbox);
    if (outbox) memset(outbox, 0, offsetof(struct udp_outbox, bytes));
    return outbox;
}

// ---- Runs

// Tells the system how long the parts of a run are.
static void set_part_len(struct msghdr *message, struct run *run)
{
    message->msg_control = run->control;
    message->msg_controllen = sizeof run->control;
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    *header = (struct cmsghdr){
        .cmsg_level = SOL_UDP, .cmsg_type = UDP_SEGMENT, .cmsg_len = CMSG_LEN(sizeof(uint16_t))};
    memcpy(CMSG_DATA(header), &run->part_len, sizeof run->part_len);
}

// Whether a datagram can go with the last run.
static bool joins(const struct net *net, const struct flow *flow, size_t len)
{
    const struct udp_outbox *outbox = net->outbox;
    if (outbox->count == 0 || net->sockets[flow->socket]->is_without_runs) return false;
    const struct run *run = &outbox->runs[outbox->count - 1];
    bool has_room = !run->is_closed && run->count < DATAGRAMS_OF_RUN_MAX &&
                    outbox->parts[outbox->count - 1].iov_len + len <= BYTES_OF_RUN_MAX;
    bool fits = len > 0 && len <= run->part_len && run->part_len <= BYTES_OF_PART_MAX;
    return has_room && fits && run->socket == flow->socket && address_eq(&run->peer, &flow->peer);
}

static void join(struct udp_outbox *outbox, size_t len)
{
    struct run *run = &outbox->runs[outbox->count - 1];
    run->count++;
    run->is_closed = len < run->part_len;
    outbox->parts[outbox->count - 1].iov_len += len;
    if (run->count == 2) set_part_len(&outbox->messages[outbox->count - 1].msg_hdr, run);
}

static void begin_run(struct udp_outbox *outbox, const struct flow *flow, struct span copy)
{
    unsigned at = outbox->count++;
    outbox->runs[at] = (struct run){
        .peer = flow->peer, .socket = flow->socket, .part_len = (uint16_t)copy.len, .count = 1};
    outbox->parts[at] = (struct iovec){(void *)(uintptr_t)copy.at, copy.len};
    outbox->messages[at].msg_hdr = (struct msghdr){
        .msg_name = &outbox->peers[at],
        .msg_namelen = net_to_sockaddr(&flow->peer, &outbox->peers[at]),
        .msg_iov = &outbox->parts[at],
        .msg_iovlen = 1,
    };
}

void net_send(struct net *net, const struct flow *flow, struct span bytes)
{
    struct udp_outbox *outbox = net->outbox;
    if (flow->transport != TRANSPORT_UDP) {
        stream_send(net, flow, bytes);
        return;
    }
    if (flow->socket >= net->socket_count || bytes.len > DATAGRAM_MAX) {
        net->counts.send_dropped++;
        return;
    }
    if (bytes.len > OUTBOX_BYTES - outbox->used) udp_flush(net);
    bool is_joining = joins(net, flow, bytes.len);
    if (!is_joining && outbox->count == RUNS_MAX) udp_flush(net);
    struct span copy = {outbox->bytes + outbox->used, bytes.len};
    if (bytes.len > 0) memcpy(outbox->bytes + outbox->used, bytes.at, bytes.len);
    outbox->used += bytes.len;
    if (is_joining) {
        join(outbox, bytes.len);
    } else {
        begin_run(outbox, flow, copy);
    }
}

// ---- Sending

// The system took the run for one that it cannot cut up: sends its datagrams one by one. Where that
// works, the socket has no more runs.
static void send_singly(struct net *net, unsigned at)
{
    struct udp_outbox *outbox = net->outbox;
    const struct run *run = &outbox->runs[at];
    struct msghdr message = outbox->messages[at].msg_hdr;
    struct span rest = {outbox->parts[at].iov_base, outbox->parts[at].iov_len};
    message.msg_control = NULL;
    message.msg_controllen = 0;
    for (unsigned i = 0; i < run->count; i++) {
        struct iovec part = {(void *)(uintptr_t)rest.at,
                             rest.len < run->part_len ? rest.len : run->part_len};
        message.msg_iov = &part;
        bool is_sent = sendmsg(net->sockets[run->socket]->fd, &message, MSG_DONTWAIT) >= 0;
        if (is_sent) {
            net->sockets[run->socket]->is_without_runs = true;
            net->counts.sent++;
        } else {
            net->counts.send_dropped++;
        }
        rest = span_from(rest, part.iov_len);
    }
}

static unsigned datagram_count(const struct udp_outbox *outbox, unsigned from, unsigned to)
{
    unsigned count = 0;
    for (unsigned i = from; i < to; i++) count += outbox->runs[i].count;
    return count;
}

// Sends the runs `from` .. `to`-1, of one socket, or some of them; returns where to go on.
static unsigned send_runs(struct net *net, unsigned from, unsigned to)
{
    struct udp_outbox *outbox = net->outbox;
    int fd = net->sockets[outbox->runs[from].socket]->fd;
    int sent = sendmmsg(fd, outbox->messages + from, to - from, MSG_DONTWAIT);
    if (sent > 0) {
        net->counts.sent += datagram_count(outbox, from, from + (unsigned)sent);
        return from + (unsigned)sent;
    }
    if (errno == EINTR) return from;
    // A full buffer refuses all that follow as well; other errors concern the first one only.
    bool is_buffer_full = errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS;
    if (!is_buffer_full && outbox->runs[from].count > 1) {
        send_singly(net, from);
        return from + 1;
    }
    unsigned next = is_buffer_full ? to : from + 1;
    net->counts.send_dropped += datagram_count(outbox, from, next);
    return next;
}

void udp_flush(struct net *net)
{
    struct udp_outbox *outbox = net->outbox;
    unsigned from = 0;
    while (from < outbox->count) {
        unsigned to = from + 1;
        while (to < outbox->count && outbox->runs[to].socket == outbox->runs[from].socket) to++;
        from = send_runs(net, from, to);
    }
    outbox->count = 0;
    outbox->used = 0;
}

void net_flush(struct net *net)
{
    udp_flush(net);
}
