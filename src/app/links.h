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
    // A connection of links_use or links_try is there, or there is none: links_use tells what to do
    // next.
    void (*works)(void *context, uint32_t group_id, const struct flow *flow);
    void (*failed)(void *context, uint32_t group_id, const struct flow *flow, const char *reason);
    // A PBX has become silent, and its connection was closed for it: to be treated like one that
    // the net tells to be closed, with links_closed.
    void (*silent)(void *context, const struct flow *flow, const char *reason);
    // Whether the group has lines of this worker: else it needs no connection.
    bool (*has_lines)(void *context, uint32_t group_id);
    // Whether `host` is one of the group's PBX.
    bool (*is_source)(void *context, uint32_t group_id, const struct address *host);
};

struct links;

// Everything given must outlive the links.
struct links *links_new(const struct app_config *config, struct net *net,
                        struct links_handler handler, struct random *random) WARN_UNUSED;
void links_free(struct links *links);

// A group is new or its settings changed.
void links_put(struct links *links, const struct snapshot_group *group);
void links_remove(struct links *links, uint32_t group_id);
// The group has a line (now).
void links_need(struct links *links, uint32_t group_id);
// The group's PBX is to be spoken to at `peer` from now on, or `peer->problem` says why it cannot
// be. When `peer->is_doubtful`, a connection is opened after a pause.
void links_use(struct links *links, uint32_t group_id, const struct engine_peer *peer,
               uint64_t now_us);
// Opens a connection to `peer` beside the one in use, to find out whether that works.
void links_try(struct links *links, uint32_t group_id, const struct engine_peer *peer);

// What the net brings.
void links_opened(struct links *links, const struct flow *flow, uint64_t now_us);
// True: it was a group's.
bool links_closed(struct links *links, const struct flow *flow, const char *reason);
// A ping on the connection was answered.
void links_ponged(struct links *links, const struct flow *flow, uint64_t now_us);
// Sends on a connection. When that is gone, what is for a PBX goes over another one (RFC 3261
// section 18.2.2).
void links_send(struct links *links, const struct flow *flow, struct span bytes);

// The port that we are reached at by TLS where that of datagrams is `own`: another one, if there is
// one.
uint16_t links_own_tls_port(const struct links *links, const struct address *own);

// When links_tick must be called next, on the monotonic clock; DEADLINE_NEVER when nothing waits.
uint64_t links_deadline_us(const struct links *links);
void links_tick(struct links *links, uint64_t now_us);
