// SPDX-License-Identifier: Apache-2.0
// Where the PBXs are: the server name of each group is looked up, again and again, and one of the
// targets that it leads to is used (locate), from an address of ours that reaches it.
//
//   names --answers--> sites --use, try--> links, engine
//                        ^                     |
//                        `--works, failed------'
#pragma once

#include "app/config.h"
#include "app/log.h"
#include "engine/engine.h"
#include "net/net.h"

struct sites_handler {
    void *context;
    // The group's PBX is to be spoken to at `peer` from now on, or `peer->problem` says why it
    // cannot be. `peer->is_doubtful`: all its targets have failed lately.
    void (*use)(void *context, uint32_t group_id, const struct engine_peer *peer);
    // `peer` would be better than what is used: find out whether it works, and tell sites_works or
    // sites_failed.
    void (*attempt)(void *context, uint32_t group_id, const struct engine_peer *peer);
    // What the name leads to has changed, or what is wrong with it.
    void (*found)(void *context, uint32_t group_id, const struct line_whereabouts *whereabouts);
    // Where the group's lines were registered before the program was started; false: not known.
    bool (*saved)(void *context, uint32_t group_id, struct address *peer);
};

struct sites;

// Everything given must outlive the sites. The index of an address in config->sip is that of its
// UDP and of its TCP socket.
struct sites *sites_new(const struct app_config *config, struct net *net,
                        struct sites_handler handler, struct random *random) WARN_UNUSED;
void sites_free(struct sites *sites);

// A group is new or its settings changed: its server is looked up (the answer comes from the loop).
void sites_put(struct sites *sites, const struct snapshot_group *group, uint64_t now_us);
void sites_remove(struct sites *sites, uint32_t group_id);
// The net's answer.
void sites_resolved(struct sites *sites, uint64_t query, const struct net_answer *answer,
                    uint64_t now_us);

// The group's PBX works at `flow`.
void sites_works(struct sites *sites, uint32_t group_id, const struct flow *flow, uint64_t now_us);
// It gives no answer there, takes no connection, or refuses to work: `use` names the next target,
// the same one where there is no other.
void sites_failed(struct sites *sites, uint32_t group_id, const struct flow *flow,
                  struct span reason, uint64_t now_us);

// A request was too large for a datagram: with `auto`, connections are tried first.
void sites_want_stream(struct sites *sites, uint32_t group_id);

// Our address as who is reached by `flow` is to reach us, by datagrams. False when there is no way
// to it.
bool sites_own_towards(const struct sites *sites, const struct flow *flow, struct address *own);

// The socket for media to who is reached by `flow`, and our address. False when there is no way.
bool sites_media_towards(const struct sites *sites, const struct flow *flow, uint16_t *socket,
                         struct address *own);

// When sites_tick must be called next, on the monotonic clock; DEADLINE_NEVER when nothing waits.
uint64_t sites_deadline_us(const struct sites *sites);
void sites_tick(struct sites *sites, uint64_t now_us);

// A group's name; "" where it is not known. Borrowed until the group changes.
const char *sites_group_name(const struct sites *sites, uint32_t group_id);
// Adds group=NAME to a log line.
void sites_log_group(const struct sites *sites, uint32_t group_id, struct log_line *line);
