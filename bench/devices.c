// SPDX-License-Identifier: Apache-2.0
// Registers the devices of the lines at a server, each with digest (fill.h), all at one socket.
// Who has that socket later is called.
//
//   bench_devices SERVER_PORT PORT COUNT
#include "batch.h"
#include "fill.h"
#include "message.h"

#include "sip/sip.h"

#include <poll.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>

enum {
    WINDOW = 200,       // devices that register at the same time
    PATIENCE_MS = 5000, // for the next answer
    ARENA_BYTES = 64 * 1024,
    HEADER_BYTES = 1024,
};

struct devices {
    int fd;
    uint16_t port;
    struct sockaddr_in server;
    uint32_t count, begun, done;
    struct batch *in, *out;
};

// A REGISTER of the device `number`, with the header lines `proof`.
static void send_register(struct devices *devices, uint32_t number, unsigned cseq,
                          const char *proof)
{
    char user[FILL_DEVICE_SIZE];
    struct packet *out = batch_next(devices->out, devices->fd);
    fill_device_user(user, number);
    int len = snprintf(out->bytes, DATAGRAM_MAX,
                       "REGISTER sip:127.0.0.1 SIP/2.0\r\n"
                       "Via: SIP/2.0/UDP 127.0.0.1:%u;rport;branch=z9hG4bKr%ux%u\r\n"
                       "Max-Forwards: 70\r\nFrom: <sip:%s@127.0.0.1>;tag=%u\r\n"
                       "To: <sip:%s@127.0.0.1>\r\nCall-ID: %u@devices\r\nCSeq: %u REGISTER\r\n"
                       "Contact: <sip:%s@127.0.0.1:%u>\r\nExpires: 3600\r\n"
                       "User-Agent: bench\r\n%sContent-Length: 0\r\n\r\n",
                       devices->port, number, cseq, user, number, user, number, cseq, user,
                       devices->port, proof);
    if (len < 0 || len >= DATAGRAM_MAX) bench_fail("REGISTER", "too long");
    out->len = (size_t)len;
    out->peer = devices->server;
}

static void answer_challenge(struct devices *devices, const struct sip_message *response,
                             uint32_t number)
{
    char user[FILL_DEVICE_SIZE], password[FILL_DEVICE_SIZE], proof[HEADER_BYTES];
    struct sip_challenge challenge;
    struct buffer out = buffer_over(proof, sizeof proof - 1);
    fill_device_user(user, number);
    fill_device_password(password, number);
    struct sip_credentials credentials = {span_of(user), span_of(password)};
    if (!sip_find_challenge(response, SPAN_NONE, &challenge)) bench_fail("401", "not understood");
    sip_put_authorization(&out, &challenge, &credentials, "REGISTER", SPAN("sip:127.0.0.1"),
                          SPAN("c"), 1);
    proof[out.len] = '\0';
    send_register(devices, number, 2, proof);
}

static void take(struct devices *devices, const struct packet *packet)
{
    static alignas(16) char memory[ARENA_BYTES];
    struct arena arena = arena_over(memory, sizeof memory);
    struct sip_message response;
    struct sip_fault fault;
    uint64_t number;
    struct span bytes = {packet->bytes, packet->len};
    if (sip_parse(bytes, &arena, &response, &fault) != SIP_OK || response.is_request) return;
    struct span call_id = response.call_id;
    if (!span_to_u64(span_split(&call_id, '@'), devices->count - 1, &number)) return;
    if (response.status == 401 && response.cseq == 1) {
        answer_challenge(devices, &response, (uint32_t)number);
    } else if (response.status == 200) {
        devices->done++;
    } else {
        bench_fail("REGISTER", "refused");
    }
}

int main(int argc, char **argv)
{
    if (argc != 4) bench_fail("usage", "bench_devices SERVER_PORT PORT COUNT");
    static struct devices devices; // the batches are found by it until the end
    devices = (struct devices){
        .server = batch_loopback((uint16_t)bench_number(argv[1], 1, UINT16_MAX)),
        .port = (uint16_t)bench_number(argv[2], 1, UINT16_MAX),
        .count = bench_number(argv[3], 1, 900000),
        .in = batch_new(),
        .out = batch_new(),
    };
    devices.fd = batch_socket(devices.port);
    struct pollfd readable = {.fd = devices.fd, .events = POLLIN};
    while (devices.done < devices.count) {
        while (devices.begun < devices.count && devices.begun - devices.done < WINDOW) {
            send_register(&devices, devices.begun++, 1, "");
        }
        batch_send(devices.out, devices.fd);
        if (poll(&readable, 1, PATIENCE_MS) <= 0) bench_fail("REGISTER", "no answer");
        batch_receive(devices.in, devices.fd, MSG_DONTWAIT);
        for (unsigned i = 0; i < devices.in->count; i++) take(&devices, &devices.in->items[i]);
    }
    return 0;
}
