// SPDX-License-Identifier: Apache-2.0
// What workers send each other, and the only way that they do: one bounded page for each of them,
// which the others fill while it empties the one before. Who finds it full drops what it has and
// counts that; nobody waits.
#pragma once

#include "engine/engine.h"

struct parcels;

enum parcel_kind {
    PARCEL_MESSAGE,    // a message for a line or a device of the receiver
    PARCEL_SUBSCRIBED, // the same, to watch a line of the receiver, by one who has proved it may
    PARCEL_SEND,       // bytes to be sent by a socket of the receiver
    PARCEL_CLOSED,     // a connection of the sender's, by which messages came, has ended
    PARCEL_KEEP,       // a device has registered by a connection of the receiver's: it may stay
    PARCEL_SENT_ON,    // a call was sent on to a line of the receiver
    PARCEL_TOLD,       // what an engine has found out about a group's PBX
    PARCEL_PEER,       // which target of a group's PBX works, or does not
};

struct parcel {
    struct parcel *next;
    enum parcel_kind kind;
    uint8_t from;      // number of the sender
    struct flow flow;  // MESSAGE, CLOSED: its `worker` is the sender + 1; SEND, KEEP
    struct span bytes; // MESSAGE, SEND
    union {
        uint32_t keep_s; // KEEP: for so long
        struct call_sent_on sent;
        struct line_told told;
        struct line_peer_event peer;
        struct engine_subscribe subscribe;
    };
};

// NULL when memory is out.
struct parcels *parcels_new(void) WARN_UNUSED;
void parcels_free(struct parcels *parcels);
// Copies a parcel with its texts for the worker that has these; from the others' threads. False
// when there is no room.
bool parcels_put(struct parcels *parcels, const struct parcel *parcel) WARN_UNUSED;
// All that have come since the last call, the oldest first; NULL: none. They live until the next
// call. From the worker's own thread; costs one look at a flag when there are none.
const struct parcel *parcels_take(struct parcels *parcels);
