// SPDX-License-Identifier: Apache-2.0
// Resolving the PBXs' names.
#include "app/sites.h"

#include <stdlib.h>
#include <string.h>

enum { REFRESH_S = 300, RETRY_S = 15, SIP_PORT = 5060, SIPS_PORT = 5061 };

struct site {
    uint32_t group_id;   // 0: a free place
    uint32_t generation; // of the question that is out: older answers are void
    uint64_t at_us;      // when to ask next
    uint16_t port;
    char name[NAME_SIZE];
    char host[TEXT_SIZE];
};

struct sites {
    const struct app_config *config;
    struct net *net;
    uint16_t socket;
    struct site *sites;
};

struct sites *sites_new(const struct app_config *config, struct net *net, uint16_t socket)
{
    struct sites *sites = calloc(1, sizeof *sites);
    if (!sites) return NULL;
    *sites = (struct sites){.config = config, .net = net, .socket = socket};
    sites->sites = calloc(config->groups_max, sizeof sites->sites[0]);
    if (sites->sites) return sites;
    free(sites);
    return NULL;
}

void sites_free(struct sites *sites)
{
    if (!sites) return;
    free(sites->sites);
    free(sites);
}

// The group's place; a free one if `group_id` is 0.
static struct site *find(const struct sites *sites, uint32_t group_id)
{
    for (uint32_t i = 0; i < sites->config->groups_max; i++) {
        if (sites->sites[i].group_id == group_id) return &sites->sites[i];
    }
    return NULL;
}

static void ask(struct sites *sites, struct site *site, uint64_t now_us)
{
    site->generation++;
    uint64_t query = (uint64_t)site->generation << 32 | site->group_id;
    bool is_asked = net_resolve(sites->net, query, span_of(site->host));
    site->at_us = now_us + (uint64_t)(is_asked ? REFRESH_S : RETRY_S) * 1000000;
}

void sites_put(struct sites *sites, const struct snapshot_group *group, uint64_t now_us)
{
    struct site *site = find(sites, group->group_id);
    if (!site) site = find(sites, 0);
    ASSERT(site); // as many places as groups
    site->group_id = group->group_id;
    text_copy(site->name, sizeof site->name, span_of(group->settings.name));
    struct span host = span_of(group->settings.server);
    int32_t port;
    uint16_t default_port = group->settings.transport == GROUP_TLS ? SIPS_PORT : SIP_PORT;
    site->port = address_split_port(&host, &port) && port > 0 ? (uint16_t)port : default_port;
    text_copy(site->host, sizeof site->host, host);
    ask(sites, site, now_us);
}

void sites_remove(struct sites *sites, uint32_t group_id)
{
    struct site *site = find(sites, group_id);
    if (site) site->group_id = 0; // the generation stays: late answers find nothing
}

// Our address as this PBX sees it.
static bool find_own(const struct sites *sites, const struct address *peer, struct address *own)
{
    if (!net_address_towards(sites->net, sites->socket, peer, own)) return false;
    if (sites->config->public_address[0] == '\0') return true;
    return address_parse_port(span_of(sites->config->public_address), own->port, own);
}

static void log_problem(const struct site *site, struct span problem)
{
    struct log_line line;
    log_begin(&line, LOG_WARN, "PBX has no address");
    log_text(&line, "group", span_of(site->name));
    log_text(&line, "server", span_of(site->host));
    log_text(&line, "cause", problem);
    log_end(&line);
}

bool sites_resolved(struct sites *sites, uint64_t query, const struct address *addresses,
                    size_t count, const char *problem, uint32_t *group_id, struct engine_peer *peer)
{
    struct site *site = find(sites, (uint32_t)query);
    if (!site || site->group_id == 0 || site->generation != query >> 32) return false;
    *group_id = site->group_id;
    *peer = (struct engine_peer){.flow.socket = sites->socket,
                                 .is_own_fixed = sites->config->public_address[0] != '\0'};
    for (size_t i = 0; i < count; i++) {
        peer->flow.peer = addresses[i];
        peer->flow.peer.port = site->port;
        if (find_own(sites, &peer->flow.peer, &peer->own)) return true;
    }
    peer->flow.peer = (struct address){0};
    peer->problem = count > 0 ? SPAN("no route to the PBX from the address that we listen on")
                              : span_of(problem);
    site->at_us = net_now_us() + (uint64_t)RETRY_S * 1000000;
    log_problem(site, peer->problem);
    return true;
}

uint64_t sites_deadline_us(const struct sites *sites)
{
    uint64_t earliest_us = DEADLINE_NEVER;
    for (uint32_t i = 0; i < sites->config->groups_max; i++) {
        const struct site *site = &sites->sites[i];
        if (site->group_id != 0 && site->at_us < earliest_us) earliest_us = site->at_us;
    }
    return earliest_us;
}

void sites_tick(struct sites *sites, uint64_t now_us)
{
    for (uint32_t i = 0; i < sites->config->groups_max; i++) {
        struct site *site = &sites->sites[i];
        if (site->group_id != 0 && site->at_us <= now_us) ask(sites, site, now_us);
    }
}

void sites_log_group(const struct sites *sites, uint32_t group_id, struct log_line *line)
{
    const struct site *site = find(sites, group_id);
    if (site) log_text(line, "group", span_of(site->name));
}
