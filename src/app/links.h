// SPDX-License-Identifier: Apache-2.0
// How each group's PBX is spoken to: by datagrams, or by one connection that is kept, opened again
// when it is lost, and kept alive (RFC 5626 sections 4.4.1, 4.5).
#pragma once

#include "app/config.h"
#include "app/log.h"
#include "engine/engine.h"
#include "net/net.h"

struct links_handler {
    void *context;
    // How the group's PBX is reached from now on, or why it cannot be.
    void (*changed)(void *context, uint32_t group_id, const struct engine_peer *peer);
    // A random number below `bound`.
    uint64_t (*random)(void *context, uint64_t bound);
};

struct links;

// `socket` is the TCP socket. Everything given must outlive the links.
struct links *links_new(const struct app_config *config, struct net *net, uint16_t socket,
                        struct links_handler handler) WARN_UNUSED;
void links_free(struct links *links);

// A group is new or its settings changed.
void links_put(struct links *links, const struct snapshot_group *group);
void links_remove(struct links *links, uint32_t group_id);
// The PBX's address was looked up: `peer` is how datagrams would reach it, or why there is no
// address.
void links_resolved(struct links *links, uint32_t group_id, const struct engine_peer *peer,
                    uint64_t now_us);
// Whether `host` is that of a PBX, whatever the port.
bool links_is_known(const struct links *links, const struct address *host);

// What the net brings.
void links_opened(struct links *links, const struct flow *flow, uint64_t now_us);
void links_closed(struct links *links, const struct flow *flow, const char *reason,
                  uint64_t now_us);
// Sends on a connection. When that is gone, what is for a PBX goes over another one (RFC 3261
// section 18.2.2).
void links_send(struct links *links, const struct flow *flow, struct span bytes);

uint64_t links_deadline_us(const struct links *links);
void links_tick(struct links *links, uint64_t now_us);
