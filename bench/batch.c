// SPDX-License-Identifier: Apache-2.0
// Sockets and batches of datagrams.
#include "batch.h"

#include <errno.h>
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
static void set_buffer(int fd, int forced, int usual)
{
    int size = SOCKET_BUFFER_BYTES;
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
    set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF);
    set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF);
    if (bind(fd, (const struct sockaddr *)&own, sizeof own) != 0) {
        char what[40];
        snprintf(what, sizeof what, "127.0.0.1:%u", port);
        bench_fail(what, strerror(errno));
    }
    return fd;
}

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

void batch_send(struct batch *batch, int fd)
{
    for (unsigned i = 0; i < batch->count; i++) batch->parts[i].iov_len = batch->items[i].len;
    unsigned sent = 0;
    while (sent < batch->count) {
        int count = sendmmsg(fd, batch->headers + sent, batch->count - sent, 0);
        // What the system does not take is lost, and counted as a lost call by the caller.
        sent += count > 0 ? (unsigned)count : 1;
    }
    batch->count = 0;
}
