// SPDX-License-Identifier: Apache-2.0
// The floor: what INVITE, 302 and ACK cost when a program does nothing but move datagrams. It
// answers each INVITE of the bench's caller with a prepared 302 and swallows the ACK. It reads
// nothing: the caller's texts are copied from and to fixed places.
//
//   bench_floor PORT CALLER_PORT
#include "batch.h"
#include "message.h"

int main(int argc, char **argv)
{
    if (argc != 3) bench_fail("usage", "bench_floor PORT CALLER_PORT");
    uint16_t port = (uint16_t)bench_number(argv[1], 1, UINT16_MAX);
    uint16_t caller_port = (uint16_t)bench_number(argv[2], 1, UINT16_MAX);
    static struct message invite, redirect;
    message_init_invite(&invite, caller_port, port);
    message_init_redirect(&redirect, caller_port);
    struct batch *in = batch_new(), *out = batch_new();
    int fd = batch_socket(port);
    for (;;) {
        batch_receive(in, fd, MSG_WAITFORONE);
        for (unsigned i = 0; i < in->count; i++) {
            const struct packet *received = &in->items[i];
            if (received->len != invite.len) continue; // an ACK
            struct call_texts texts;
            message_read(&invite, received->bytes, &texts);
            struct packet *answer = batch_next(out, fd);
            answer->peer = received->peer;
            answer->len = message_fill(&redirect, &texts, answer->bytes);
        }
        batch_send(out, fd);
    }
}
