// SPDX-License-Identifier: Apache-2.0
// The connection to each PBX.
//
//              resolved                    opened: told              25 to 30 s: ping
//   NO_ADDRESS ---------> CONNECTING ----------------> OPEN ---------------.
//                          ^      ^ |                   | ^                |
//          the time is up  |      | | failed: told      | `----------------'
//                          |      | v                   |
//                        WAITING  `------- at once -----' closed
//
// A connection that was open is opened again at once and nobody is told unless that fails: a PBX
// may close what it takes for idle. When the new one is there its number is another, and the lines
// register anew. With `auto`, a group whose PBX takes no connection is spoken to by datagrams, and
// a connection is tried again when the address is looked up next.
#include "app/links.h"

#include <stdlib.h>
#include <string.h>

enum {
    RETRY_FIRST_MS = 500, // doubled with each failure
    RETRY_MAX_MS = 5000,  // a PBX that is back is noticed so soon
    PING_MIN_MS = 25000,
    PING_SPREAD_MS = 5000,
    IDLE_S = 3600, // net_keep of our own connections; their pings are answered
    RETURN_S = 60, // of one that was opened for answers
};

enum link_state { LINK_NO_ADDRESS, LINK_DATAGRAMS, LINK_CONNECTING, LINK_OPEN, LINK_WAITING };

struct link {
    uint32_t group_id; // 0: a free place
    enum model_transport transport;
    char server[TEXT_SIZE];
    char tls_ca_file[CA_FILE_SIZE];
    bool is_tls_verified;
    enum link_state state;
    struct engine_peer peer; // as resolved, for datagrams
    struct flow flow;        // of the connection
    struct flow back;        // a connection for answers whose own is gone
    uint64_t at_us;          // of the next ping or attempt
    unsigned failure_count;  // in a row
};

struct links {
    const struct app_config *config;
    struct net *net;
    uint16_t socket;
    struct links_handler handler;
    struct link *links;
};

struct links *links_new(const struct app_config *config, struct net *net, uint16_t socket,
                        struct links_handler handler)
{
    struct links *links = calloc(1, sizeof *links);
    if (!links) return NULL;
    *links = (struct links){.config = config, .net = net, .socket = socket, .handler = handler};
    links->links = calloc(config->groups_max, sizeof links->links[0]);
    if (links->links) return links;
    free(links);
    return NULL;
}

void links_free(struct links *links)
{
    if (!links) return;
    free(links->links);
    free(links);
}

// The group's link; a free one if `group_id` is 0.
static struct link *find(const struct links *links, uint32_t group_id)
{
    for (uint32_t i = 0; i < links->config->groups_max; i++) {
        if (links->links[i].group_id == group_id) return &links->links[i];
    }
    return NULL;
}

static struct link *find_connection(const struct links *links, uint32_t connection)
{
    for (uint32_t i = 0; i < links->config->groups_max; i++) {
        struct link *link = &links->links[i];
        if (link->group_id != 0 && link->flow.connection == connection) return link;
    }
    return NULL;
}

static bool is_at(const struct link *link, const struct address *host)
{
    return link->group_id != 0 && address_eq_host(&link->peer.flow.peer, host);
}

bool links_is_known(const struct links *links, const struct address *host)
{
    for (uint32_t i = 0; i < links->config->groups_max; i++) {
        if (is_at(&links->links[i], host)) return true;
    }
    return false;
}

// A link to the PBX that `flow` went to. What came by TLS never leaves without.
static struct link *find_way(const struct links *links, const struct flow *flow)
{
    bool is_tls = flow->transport == TRANSPORT_TLS;
    for (uint32_t i = 0; i < links->config->groups_max; i++) {
        struct link *link = &links->links[i];
        if (is_at(link, &flow->peer) && (link->transport == GROUP_TLS) == is_tls) return link;
    }
    return NULL;
}

static uint64_t random_us(struct links *links, uint64_t bound_ms)
{
    return links->handler.random(links->handler.context, bound_ms * 1000);
}

// ---- Telling

static void tell(struct links *links, const struct link *link, const struct engine_peer *peer)
{
    links->handler.changed(links->handler.context, link->group_id, peer);
}

static void tell_connection(struct links *links, const struct link *link)
{
    struct engine_peer peer = link->peer;
    peer.flow = link->flow;
    // What the PBX opens to us by TLS goes to another port, if there is one.
    bool is_served = links->config->tls_certificate[0] != '\0';
    if (link->transport == GROUP_TLS && is_served) peer.own.port = links->config->tls.port;
    tell(links, link, &peer);
}

static void tell_failure(struct links *links, const struct link *link, const char *reason)
{
    char bytes[200];
    struct buffer text = buffer_over(bytes, sizeof bytes);
    struct engine_peer peer = link->peer;
    buffer_printf(&text, "no connection to the PBX: %s", reason);
    peer.problem = buffer_span(&text);
    tell(links, link, &peer);
}

// ---- The connection

static void disconnect(struct links *links, struct link *link)
{
    if (link->flow.connection != 0) net_close(links->net, link->flow.connection);
    link->flow = (struct flow){.connection = 0};
}

static void failed(struct links *links, struct link *link, const char *reason, uint64_t now_us)
{
    uint64_t wait_ms = RETRY_FIRST_MS;
    link->flow.connection = 0;
    if (link->transport == GROUP_AUTO) {
        link->state = LINK_DATAGRAMS;
        link->at_us = DEADLINE_NEVER;
        tell(links, link, &link->peer);
        return;
    }
    for (unsigned i = 0; i < link->failure_count && wait_ms < RETRY_MAX_MS; i++) wait_ms *= 2;
    if (wait_ms > RETRY_MAX_MS) wait_ms = RETRY_MAX_MS;
    link->failure_count++;
    link->state = LINK_WAITING;
    link->at_us = now_us + wait_ms * 500 + random_us(links, wait_ms / 2);
    tell_failure(links, link, reason);
}

// The certificate that the PBX must have is for the server name that was typed, wherever that leads
// (RFC 5922).
static bool open_connection(struct links *links, const struct link *link, const struct address *to,
                            struct flow *flow, struct net_problem *problem)
{
    int32_t port;
    struct net_tls tls = {
        .host = span_of(link->server),
        .ca_file = link->tls_ca_file,
        .is_unverified = !link->is_tls_verified,
    };
    (void)address_split_port(&tls.host, &port);
    bool is_tls = link->transport == GROUP_TLS;
    return net_connect(links->net, links->socket, to, is_tls ? &tls : NULL, flow, problem);
}

static void connect_link(struct links *links, struct link *link, uint64_t now_us)
{
    link->state = LINK_CONNECTING;
    link->at_us = DEADLINE_NEVER; // the net ends a connection that takes too long
    struct net_problem problem;
    if (open_connection(links, link, &link->peer.flow.peer, &link->flow, &problem)) return;
    failed(links, link, problem.text, now_us);
}

void links_opened(struct links *links, const struct flow *flow, uint64_t now_us)
{
    struct link *link = find_connection(links, flow->connection);
    net_keep(links->net, flow->connection, link ? IDLE_S : RETURN_S);
    if (!link) return;
    link->state = LINK_OPEN;
    link->failure_count = 0;
    link->at_us = now_us + (uint64_t)PING_MIN_MS * 1000 + random_us(links, PING_SPREAD_MS);
    tell_connection(links, link);
}

void links_closed(struct links *links, const struct flow *flow, const char *reason, uint64_t now_us)
{
    struct link *link = find_connection(links, flow->connection);
    struct log_line line;
    if (!link) return;
    if (log_begin_limited(&line, LOG_LINE_TROUBLE, LOG_WARN, "no connection to the PBX")) {
        log_address(&line, "peer", &flow->peer);
        log_text(&line, "cause", span_of(reason));
        log_end(&line);
    }
    bool was_open = link->state == LINK_OPEN;
    link->flow.connection = 0;
    if (was_open) {
        connect_link(links, link, now_us);
    } else {
        failed(links, link, reason, now_us);
    }
}

// ---- Groups

void links_put(struct links *links, const struct snapshot_group *group)
{
    struct link *link = find(links, group->group_id);
    if (!link) link = find(links, 0);
    ASSERT(link); // as many places as groups
    bool is_new = link->group_id == 0;
    bool is_same = link->transport == group->settings.transport &&
                   strcmp(link->server, group->settings.server) == 0 &&
                   strcmp(link->tls_ca_file, group->settings.tls_ca_file) == 0 &&
                   link->is_tls_verified == group->settings.is_tls_verified;
    if (!is_new && is_same) return;
    if (!is_new) disconnect(links, link);
    // The address is looked up anew now, and tells the rest.
    *link = (struct link){
        .group_id = group->group_id,
        .transport = (enum model_transport)group->settings.transport,
        .is_tls_verified = group->settings.is_tls_verified,
        .at_us = DEADLINE_NEVER,
    };
    text_copy(link->tls_ca_file, sizeof link->tls_ca_file, span_of(group->settings.tls_ca_file));
    text_copy(link->server, sizeof link->server, span_of(group->settings.server));
}

void links_remove(struct links *links, uint32_t group_id)
{
    struct link *link = find(links, group_id);
    if (!link) return;
    disconnect(links, link);
    link->group_id = 0;
}

void links_resolved(struct links *links, uint32_t group_id, const struct engine_peer *peer,
                    uint64_t now_us)
{
    struct link *link = find(links, group_id);
    if (!link) return;
    bool is_connected = link->flow.connection != 0;
    if (peer->problem.len > 0) {
        // Names fail for a while; what is open stays.
        if (!is_connected) tell(links, link, peer);
        return;
    }
    bool is_same = address_eq(&link->peer.flow.peer, &peer->flow.peer) &&
                   address_eq(&link->peer.own, &peer->own);
    link->peer = *peer;
    if (link->transport == GROUP_UDP) {
        link->state = LINK_DATAGRAMS;
        tell(links, link, peer);
    } else if (!is_same || (!is_connected && link->state != LINK_WAITING)) {
        disconnect(links, link);
        connect_link(links, link, now_us);
    }
}

// ---- Sending

// The connection to `to`, opened for answers if need be; NULL when there can be none.
static const struct flow *way_back(struct links *links, struct link *link, const struct address *to)
{
    if (address_eq(&link->flow.peer, to) && net_is_open(links->net, link->flow.connection)) {
        return &link->flow;
    }
    bool is_there = address_eq(&link->back.peer, to) &&
                    net_is_open(links->net, link->back.connection);
    if (is_there || open_connection(links, link, to, &link->back, NULL)) return &link->back;
    return NULL;
}

void links_send(struct links *links, const struct flow *flow, struct span bytes)
{
    const struct flow *way = flow;
    if (!net_is_open(links->net, flow->connection)) {
        struct link *link = find_way(links, flow);
        const struct flow *other = link ? way_back(links, link, &flow->peer) : NULL;
        if (other) way = other;
    }
    net_send(links->net, way, bytes); // counts what cannot be sent
}

// ---- Time

uint64_t links_deadline_us(const struct links *links)
{
    uint64_t earliest_us = DEADLINE_NEVER;
    for (uint32_t i = 0; i < links->config->groups_max; i++) {
        const struct link *link = &links->links[i];
        if (link->group_id != 0 && link->at_us < earliest_us) earliest_us = link->at_us;
    }
    return earliest_us;
}

static void due(struct links *links, struct link *link, uint64_t now_us)
{
    if (link->state == LINK_OPEN) {
        net_send(links->net, &link->flow, SPAN("\r\n\r\n"));
        link->at_us = now_us + (uint64_t)PING_MIN_MS * 1000 + random_us(links, PING_SPREAD_MS);
    } else {
        connect_link(links, link, now_us);
    }
}

void links_tick(struct links *links, uint64_t now_us)
{
    for (uint32_t i = 0; i < links->config->groups_max; i++) {
        struct link *link = &links->links[i];
        if (link->group_id != 0 && link->at_us <= now_us) due(links, link, now_us);
    }
}
