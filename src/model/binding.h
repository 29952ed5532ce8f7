// SPDX-License-Identifier: Apache-2.0
// Where a device is registered with us: as the engine tells it, as it is shown to people and kept
// over a restart.
#pragma once

#include "base/base.h"

enum {
    BINDING_URI_SIZE = 256,       // of a Contact; with the terminating zero, like all sizes here
    BINDING_ROUTE_SIZE = 512,     // of all Path values
    BINDING_INSTANCE_SIZE = 80,   // a UUID as URN has 45
    BINDING_USER_AGENT_SIZE = 64, // cut
};

struct model_binding {
    uint32_t device_id, user_id;
    uint64_t number; // its own, as long as the engine lives
    struct flow flow;
    bool is_lost;      // its connection is
    uint16_t q;        // 0 to 1000
    uint32_t reg_id;   // RFC 5626; 0: none
    uint64_t since_us; // wall clock: when it was made
    uint64_t until_us; // wall clock: when it expires
    char uri[BINDING_URI_SIZE];
    char route[BINDING_ROUTE_SIZE];       // Path (RFC 3327)
    char instance[BINDING_INSTANCE_SIZE]; // +sip.instance, without quotes
    char user_agent[BINDING_USER_AGENT_SIZE];
};
