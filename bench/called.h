// SPDX-License-Identifier: Apache-2.0
// The devices of the bridged calls: all of them at one socket, answering at once, keeping nothing.
#pragma once

#include "batch.h"

struct called {
    int fd;
    uint16_t port;
    struct batch *in, *out;
    uint64_t invites, hung_up; // calls that arrived; that were ended, each counted once
    // Told of each call whose ACK has come, by the number that its From has.
    void (*connected)(void *context, uint32_t number);
    void *context;
};

void called_init(struct called *called, uint16_t port);
// Takes what has come, and answers it.
void called_take(struct called *called);
