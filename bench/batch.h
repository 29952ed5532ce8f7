// SPDX-License-Identifier: Apache-2.0
// UDP on loopback for the bench programs: many datagrams to a system call, nothing between the
// program and recvmmsg, sendmmsg.
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
    BATCH_MAX = 64,
    // With the other fields an odd number of cache lines, so that the datagrams of a batch do not
    // compete for the same cache sets.
    DATAGRAM_MAX = 47 * 64 - 24,
    SOCKET_BUFFER_BYTES = 4 * 1024 * 1024, // like every server that is measured
    LARGE_BUFFER_BYTES = 64 * 1024 * 1024,
};

struct packet {
    struct sockaddr_in peer;
    size_t len;
    char bytes[DATAGRAM_MAX];
};

struct batch {
    struct mmsghdr headers[BATCH_MAX];
    struct iovec parts[BATCH_MAX];
    struct packet items[BATCH_MAX];
    _Alignas(struct cmsghdr) char controls[BATCH_MAX][CMSG_SPACE(sizeof(uint16_t))];
    unsigned count;
    bool is_joined;
};

// A socket bound to 127.0.0.1:`port`. Ends the program, saying why, when there is none.
int batch_socket(uint16_t port);
// Room for half a second of answers, where the system lets us have it.
void batch_receive_more(int fd);
struct sockaddr_in batch_loopback(uint16_t port);

// An empty batch, never freed. Ends the program when memory is out.
struct batch *batch_new(void);
// Receives what is there into `batch`, replacing what it held. `flags` of recvmmsg: MSG_DONTWAIT,
// or MSG_WAITFORONE to wait for the first one.
void batch_receive(struct batch *batch, int fd, int flags);
// The next item to be filled in: peer, bytes, len. Sends the batch first if it is full.
struct packet *batch_next(struct batch *batch, int fd);
// Sends what was filled in and empties the batch. Where `is_joined` is set, neighbours of the same
// length to the same peer go through the system as one and become datagrams again before the peer's
// socket (UDP_SEGMENT, udp(7)): that costs the sender a third.
void batch_send(struct batch *batch, int fd);

// Ends the program with a message and status 1.
_Noreturn void bench_fail(const char *what, const char *why);
// Reads a number of the command line; ends the program when it is none or not in `min` to `max`.
uint32_t bench_number(const char *text, uint32_t min, uint32_t max);
