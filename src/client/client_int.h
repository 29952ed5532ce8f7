// SPDX-License-Identifier: Apache-2.0
// The inside of the client table.
#pragma once

#include "client/client.h"

enum {
    URI_SIZE = 256,       // of a Contact; with the terminating zero, like all sizes here
    ROUTE_SIZE = 512,     // of all Path values
    INSTANCE_SIZE = 80,   // a UUID as URN has 45
    USER_AGENT_SIZE = 64, // cut
};

struct device {
    struct snapshot_device block;
    struct pool_id bindings[CLIENT_BINDINGS_MAX]; // the first `binding_count`
    uint8_t binding_count;
};

struct binding {
    struct pool_id device;
    struct flow flow;
    uint64_t until_us; // monotonic: when it expires
    uint64_t lost_us;  // monotonic: when its connection was lost; 0: it was not
    uint16_t q;        // 0 to 1000
    char uri[URI_SIZE];
    char route[ROUTE_SIZE];
};

struct client_table {
    struct pool assumed;
    struct index assumed_by_line;
    struct pool devices, bindings;
    struct index by_id, by_user, by_sip_user; // devices
    struct deadlines deadlines;               // of bindings: they expire, or were lost too long
    uint8_t hash_key[16];
};

// ---- table.c

struct device *client_device(const struct client_table *table, uint32_t device_id,
                             struct pool_id *id);
// The device with that SIP user name, or NULL.
struct device *client_device_of(const struct client_table *table, struct span sip_user,
                                struct pool_id *id);

// ---- binding.c

// A binding of `device` that has no texts yet; NULL when there are too many.
struct binding *client_new_binding(struct client_table *table, struct pool_id device,
                                   struct pool_id *id);
// Ends a binding and tells.
void client_end_binding(struct client_table *table, struct turn *turn, struct pool_id id);
// The binding has come or changed: tells, and sets its deadline.
void client_show_binding(struct client_table *table, struct turn *turn, struct pool_id id);

// ---- assumed.c

size_t client_assumed_size(void);
void client_assumed_init(struct client_table *table, void *memory);
