// SPDX-License-Identifier: Apache-2.0
// Where the PBXs are: the server name of each group is resolved, again and again, to its address
// and ours towards it.
#pragma once

#include "app/config.h"
#include "app/log.h"
#include "engine/engine.h"
#include "net/net.h"

struct sites;

// Everything given must outlive the sites.
struct sites *sites_new(const struct app_config *config, struct net *net,
                        uint16_t socket) WARN_UNUSED;
void sites_free(struct sites *sites);

// A group is new or its settings changed: its server is looked up (the answer comes from the loop).
void sites_put(struct sites *sites, const struct snapshot_group *group, uint64_t now_us);
void sites_remove(struct sites *sites, uint32_t group_id);
// The net's answer. True: the engine is to be told `*peer` of the group `*group_id`; false: nobody
// asked any more.
bool sites_resolved(struct sites *sites, uint64_t query, const struct address *addresses,
                    size_t count, const char *problem, uint32_t *group_id,
                    struct engine_peer *peer);

uint64_t sites_deadline_us(const struct sites *sites);
void sites_tick(struct sites *sites, uint64_t now_us);

// Adds group=NAME to a log line.
void sites_log_group(const struct sites *sites, uint32_t group_id, struct log_line *line);
