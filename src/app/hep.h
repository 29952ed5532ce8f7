// SPDX-License-Identifier: Apache-2.0
// HEP version 3: how copies of SIP messages are sent to a collector (Homer, sngrep, heplify). One
// packet is the bytes "HEP3", its length, and chunks of vendor, type, length and value.
#pragma once

#include "base/base.h"

struct hep_packet {
    struct address source, destination; // of one family
    uint8_t transport;                  // enum transport
    uint64_t wall_us;
    uint32_t node_id; // who has captured it
    struct span bytes;
};

// Prints a packet; `out` is full where it has no room.
void hep_print(struct buffer *out, const struct hep_packet *packet);
