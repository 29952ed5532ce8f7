// SPDX-License-Identifier: Apache-2.0
// Sockets and batches of datagrams.
#include "batch.h"

#include <errno.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bench_fail(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

uint32_t bench_number(const char *text, uint32_t min, uint32_t max)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < min || value > max) {
        bench_fail(text, "is not a number, or out of its range");
    }
    return (uint32_t)value;
}

struct sockaddr_in batch_loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
}

// Beyond the system's limit where we may, as the server does.
static void set_buffer(int fd, int size, int forced, int usual)
{
    if (setsockopt(fd, SOL_SOCKET, forced, &size, sizeof size) == 0) return;
    if (setsockopt(fd, SOL_SOCKET, usual, &size, sizeof size) != 0) {
        bench_fail("socket buffer", strerror(errno));
    }
}

int batch_socket(uint16_t port)
{
    struct sockaddr_in own = batch_loopback(port);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) bench_fail("socket", strerror(errno));
    set_buffer(fd, SOCKET_BUFFER_BYTES, SO_RCVBUFFORCE, SO_RCVBUF);
    set_buffer(fd, SOCKET_BUFFER_BYTES, SO_SNDBUFFORCE, SO_SNDBUF);
    if (bind(fd, (const struct sockaddr *)&own, sizeof own) != 0) {
        char what[40];
        snprintf(what, sizeof what, "127.0.0.1:%u", port);
        bench_fail(what, strerror(errno));
    }
    return fd;
}

void batch_receive_more(int fd)
{
    set_buffer(fd, LARGE_BUFFER_BYTES, SO_RCVBUFFORCE, SO_RCVBUF);
}

// UDP_MAX_SEGMENTS of the system is 64 = BATCH_MAX or more.
enum { JOINED_BYTES_MAX = 65000 };

struct batch *batch_new(void)
{
    struct batch *batch = calloc(1, sizeof *batch);
    if (!batch) bench_fail("start", "out of memory");
    for (unsigned i = 0; i < BATCH_MAX; i++) {
        batch->parts[i].iov_base = batch->items[i].bytes;
        batch->headers[i].msg_hdr.msg_iov = &batch->parts[i];
        batch->headers[i].msg_hdr.msg_iovlen = 1;
        batch->headers[i].msg_hdr.msg_name = &batch->items[i].peer;
        batch->headers[i].msg_hdr.msg_namelen = sizeof batch->items[i].peer;
    }
    return batch;
}

void batch_receive(struct batch *batch, int fd, int flags)
{
    for (unsigned i = 0; i < BATCH_MAX; i++) batch->parts[i].iov_len = DATAGRAM_MAX;
    int count = recvmmsg(fd, batch->headers, BATCH_MAX, flags, NULL);
    batch->count = count > 0 ? (unsigned)count : 0;
    for (unsigned i = 0; i < batch->count; i++) batch->items[i].len = batch->headers[i].msg_len;
}

struct packet *batch_next(struct batch *batch, int fd)
{
    if (batch->count == BATCH_MAX) batch_send(batch, fd);
    return &batch->items[batch->count++];
}

// How many of the items from `first` on may go as one message.
static unsigned alike(const struct batch *batch, unsigned first)
{
    const struct packet *one = &batch->items[first];
    unsigned count = 1, most = batch->is_joined ? (unsigned)(JOINED_BYTES_MAX / one->len) : 1;
    while (count < most && first + count < batch->count) {
        const struct packet *next = &batch->items[first + count];
        if (next->len != one->len || memcmp(&next->peer, &one->peer, sizeof one->peer) != 0) break;
        count++;
    }
    return count;
}

// A message of `count` items from `first` on.
static void join(struct batch *batch, struct msghdr *message, unsigned first, unsigned count)
{
    message->msg_name = &batch->items[first].peer;
    message->msg_iov = &batch->parts[first];
    message->msg_iovlen = count;
    message->msg_control = NULL;
    message->msg_controllen = 0;
    if (count == 1) return;
    uint16_t len = (uint16_t)batch->items[first].len;
    message->msg_control = batch->controls[first];
    message->msg_controllen = sizeof batch->controls[first];
    struct cmsghdr *control = CMSG_FIRSTHDR(message);
    control->cmsg_len = CMSG_LEN(sizeof len);
    control->cmsg_level = SOL_UDP;
    control->cmsg_type = UDP_SEGMENT;
    memcpy(CMSG_DATA(control), &len, sizeof len);
}

void batch_send(struct batch *batch, int fd)
{
    unsigned messages = 0, sent = 0;
    for (unsigned i = 0; i < batch->count; i++) batch->parts[i].iov_len = batch->items[i].len;
    for (unsigned first = 0, count; first < batch->count; first += count) {
        count = alike(batch, first);
        join(batch, &batch->headers[messages++].msg_hdr, first, count);
    }
    while (sent < messages) {
        int count = sendmmsg(fd, batch->headers + sent, messages - sent, 0);
        // What the system does not take is lost, and counted as a lost call by the caller.
        sent += count > 0 ? (unsigned)count : 1;
    }
    batch->count = 0;
}
