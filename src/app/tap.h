// SPDX-License-Identifier: Apache-2.0
// Copies of SIP messages for people who look for a fault: the live trace of a line, and HEP packets
// to a group's collector. While nobody asks for any, it costs one look at a flag a message. Safe
// from any thread.
#pragma once

#include "base/base.h"

struct tap;

// NULL when memory is out.
struct tap *tap_new(void) WARN_UNUSED;
void tap_free(struct tap *tap);

// ---- For the worker

// Whether somebody wants to see messages.
bool tap_is_open(const struct tap *tap);

struct tap_message {
    bool is_received;
    uint32_t device_user_id; // whose device the peer is (tap_watched_users); 0: nobody's
    struct flow flow;        // to or from the peer
    struct address own;      // our end of it
    uint64_t wall_us;
    struct span bytes; // one whole message
};
// A message that was exchanged with the PBX of a group, or with what has its address: a device's is
// for the group's collector alone.
void tap_put(struct tap *tap, uint32_t group_id, const struct tap_message *message);
// The users of lines that somebody looks at, whose devices' messages are wanted, too. Returns how
// many.
enum { TAP_WATCHES_MAX = 32 };
size_t tap_watched_users(struct tap *tap, uint32_t users[TAP_WATCHES_MAX]);
// A message that was exchanged with a device of such a user.
void tap_put_device(struct tap *tap, const struct tap_message *message);
// Where copies of a group's messages go; family ADDRESS_NONE: nowhere.
void tap_set_collector(struct tap *tap, uint32_t group_id, const struct address *collector);

// ---- For the API

enum { TAP_EXTENSION_SIZE = 24, TAP_MESSAGES_MAX = 512, TAP_LEASE_S = 15 };

struct tap_line {
    uint32_t group_id;
    char extension[TAP_EXTENSION_SIZE];
    uint32_t user_id; // whose line it is; 0: nobody's
};

struct tap_record {
    uint64_t number; // rising
    bool is_received;
    bool is_device;    // the peer is a device of the line's user, else the PBX
    uint8_t transport; // enum transport
    struct address peer;
    uint64_t wall_us;
    struct span text; // a digest's response is masked
};
// Borrowed for the call.
typedef void tap_visit(void *context, const struct tap_record *record);

// Visits the messages of a line with numbers above `after`, oldest first, and has the line watched
// for TAP_LEASE_S seconds more. Messages before the first call are not known; of many, the latest
// TAP_MESSAGES_MAX. Returns the number to go on from. `now_us` is monotonic.
uint64_t tap_read(struct tap *tap, const struct tap_line *line, uint64_t after, uint64_t now_us,
                  tap_visit *visit, void *context);
