// SPDX-License-Identifier: Apache-2.0
// The connection to each PBX.
//
//               use, need         opened: told, works         25 to 30 s: ping
//   UNUSED -------------> CONNECTING --------------> OPEN ---------------.
//                          ^      ^ |                 | ^                |
//          the time is up  |      | | failed: told    | `----------------'
//                          |      | v                 |
//                        WAITING  `----- at once -----' closed
//
// A connection that was open is opened again at once and nobody is told unless that fails: a PBX
// may close what it takes for idle. When the new one is there its number is another, and the lines
// register anew. Which target is next when one has failed, and when to look whether a better one is
// back, is decided above (sites.c, locate). What is tried beside becomes the connection in use when
// links_use names its target.
//
// A connection whose pings were answered and no longer are is closed. A PBX that has never answered
// one need not know them: then only TCP tells that it is gone.
#include "app/links.h"

#include <stdlib.h>
#include <string.h>

enum {
    RETRY_FIRST_MS = 500, // doubled with each failure
    RETRY_MAX_MS = 5000,  // a PBX that is back is noticed so soon
    PING_MIN_MS = 25000,
    PING_SPREAD_MS = 5000,
    PONG_MS = 10000, // within which a ping is answered (RFC 5626 section 4.4.1)
    IDLE_S = 3600,   // net_keep of our own connections; their pings are answered
    RETURN_S = 60,   // of one that was opened for answers
};

enum link_state { LINK_UNUSED, LINK_DATAGRAMS, LINK_CONNECTING, LINK_OPEN, LINK_WAITING };

enum { REASON_MAX = 120 };

struct link {
    uint32_t group_id; // 0: a free place
    enum model_transport transport;
    char server[TEXT_SIZE];
    char tls_ca_file[CA_FILE_SIZE];
    bool is_tls_verified;
    enum link_state state;
    struct engine_peer peer; // the target; its flow without a connection
    struct flow flow;        // of the connection
    bool has_ponged;         // the PBX has answered a ping on this connection
    bool awaits_pong;        // the last one has no answer yet
    struct flow trial;       // of links_try
    bool is_trial_open;
    struct flow back;         // a connection for answers whose own is gone
    char failure[REASON_MAX]; // of the last connection
    uint64_t at_us;           // of the next ping or attempt, or the end of waiting for a pong
    unsigned failure_count;   // in a row
};

struct links {
    const struct app_config *config;
    struct net *net;
    struct links_handler handler;
    struct random *random;
    struct link *links;
};

struct links *links_new(const struct app_config *config, struct net *net,
                        struct links_handler handler, struct random *random)
{
    struct links *links = calloc(1, sizeof *links);
    if (!links) return NULL;
    *links = (struct links){.config = config, .net = net, .handler = handler, .random = random};
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
        bool is_its = link->flow.connection == connection || link->trial.connection == connection;
        if (link->group_id != 0 && is_its) return link;
    }
    return NULL;
}

// A link to the PBX that `flow` went to. What came by TLS never leaves without.
static struct link *find_way(const struct links *links, const struct flow *flow)
{
    bool wants_tls = flow->transport == TRANSPORT_TLS;
    for (uint32_t i = 0; i < links->config->groups_max; i++) {
        struct link *link = &links->links[i];
        bool is_tls = link->transport == GROUP_TLS || link->peer.flow.transport == TRANSPORT_TLS;
        if (link->group_id == 0 || is_tls != wants_tls) continue;
        bool is_its = links->handler.is_source(links->handler.context, link->group_id, &flow->peer);
        if (is_its) return link;
    }
    return NULL;
}

static uint64_t random_us(struct links *links, uint64_t bound_ms)
{
    return random_below(links->random, bound_ms * 1000);
}

// ---- Telling

static void tell(struct links *links, const struct link *link, const struct engine_peer *peer)
{
    links->handler.changed(links->handler.context, link->group_id, peer);
}

uint16_t links_own_tls_port(const struct links *links, const struct address *own)
{
    const struct address_list *tls = &links->config->tls;
    if (links->config->tls_certificate[0] == '\0') return own->port;
    for (uint32_t i = 0; i < tls->count; i++) {
        if (tls->at[i].family == own->family) return tls->at[i].port;
    }
    return tls->at[0].port;
}

static void tell_connection(struct links *links, const struct link *link)
{
    struct engine_peer peer = link->peer;
    peer.flow = link->flow;
    peer.is_doubtful = false;
    if (link->flow.transport == TRANSPORT_TLS) peer.own.port = links_own_tls_port(links, &peer.own);
    tell(links, link, &peer);
}

static void tell_failure(struct links *links, const struct link *link)
{
    char bytes[200];
    struct buffer text = buffer_over(bytes, sizeof bytes);
    struct engine_peer peer = link->peer;
    buffer_printf(&text, "no connection to the PBX: %s", link->failure);
    peer.problem = buffer_span(&text);
    tell(links, link, &peer);
}

// ---- The connection

static void disconnect(struct links *links, struct flow *flow)
{
    if (flow->connection != 0) net_close(links->net, flow->connection);
    *flow = (struct flow){.connection = 0};
}

// The certificate that the PBX must have is for the server name that was typed, wherever that leads
// (RFC 5922). `*flow` becomes that of the connection.
static bool open_connection(struct links *links, const struct link *link, const struct flow *to,
                            struct flow *flow, struct net_problem *problem)
{
    int32_t port;
    struct net_tls tls = {
        .host = span_of(link->server),
        .ca_file = link->tls_ca_file,
        .is_unverified = !link->is_tls_verified,
    };
    (void)address_split_port(&tls.host, &port);
    bool is_tls = to->transport == TRANSPORT_TLS;
    return net_connect(links->net, to->socket, &to->peer, is_tls ? &tls : NULL, flow, problem);
}

// There is no connection to the link's target: the next one may be another.
static void failed(struct links *links, struct link *link, const char *reason)
{
    link->flow.connection = 0;
    link->state = LINK_WAITING;
    link->at_us = DEADLINE_NEVER;
    (void)text_copy(link->failure, sizeof link->failure,
                    span_slice(span_of(reason), 0, sizeof link->failure - 1));
    links->handler.failed(links->handler.context, link->group_id, &link->peer.flow, link->failure);
}

static void connect_link(struct links *links, struct link *link)
{
    struct net_problem problem;
    bool is_needed = links->handler.has_lines(links->handler.context, link->group_id);
    link->state = is_needed ? LINK_CONNECTING : LINK_UNUSED;
    link->at_us = DEADLINE_NEVER; // the net ends a connection that takes too long
    if (!is_needed) return;
    if (open_connection(links, link, &link->peer.flow, &link->flow, &problem)) return;
    failed(links, link, problem.text);
}

// All targets have failed: each is tried again after a pause that grows.
static void wait_and_connect(struct links *links, struct link *link, uint64_t now_us)
{
    uint64_t wait_ms = RETRY_FIRST_MS;
    for (unsigned i = 0; i < link->failure_count && wait_ms < RETRY_MAX_MS; i++) wait_ms *= 2;
    if (wait_ms > RETRY_MAX_MS) wait_ms = RETRY_MAX_MS;
    link->failure_count++;
    link->state = LINK_WAITING;
    link->at_us = now_us + wait_ms * 500 + random_us(links, wait_ms / 2);
    tell_failure(links, link);
}

static bool is_target(const struct flow *flow, const struct flow *target)
{
    return flow->transport == target->transport && address_eq(&flow->peer, &target->peer);
}

static void wait_for_ping(struct links *links, struct link *link, uint64_t now_us)
{
    link->awaits_pong = false;
    link->at_us = now_us + (uint64_t)PING_MIN_MS * 1000 + random_us(links, PING_SPREAD_MS);
}

static void note_open(struct links *links, struct link *link, uint64_t now_us)
{
    link->state = LINK_OPEN;
    link->failure_count = 0;
    link->has_ponged = false;
    wait_for_ping(links, link, now_us);
    tell_connection(links, link);
}

void links_opened(struct links *links, const struct flow *flow, uint64_t now_us)
{
    struct link *link = find_connection(links, flow->connection);
    net_keep(links->net, flow->connection, link ? IDLE_S : RETURN_S);
    if (!link) return;
    if (link->flow.connection == flow->connection) {
        note_open(links, link, now_us);
    } else {
        link->is_trial_open = true;
    }
    links->handler.works(links->handler.context, link->group_id, flow);
    bool is_left = link->trial.connection == flow->connection;
    if (is_left) disconnect(links, &link->trial); // it is no better after all
}

static void log_closed(const struct flow *flow, const char *reason)
{
    struct log_line line;
    if (!log_begin_limited(&line, LOG_PBX_TROUBLE, LOG_WARN, "no connection to the PBX")) return;
    log_address(&line, "peer", &flow->peer);
    log_text(&line, "cause", span_of(reason));
    log_end(&line);
}

bool links_closed(struct links *links, const struct flow *flow, const char *reason)
{
    struct link *link = find_connection(links, flow->connection);
    if (!link) return false;
    log_closed(flow, reason);
    if (link->trial.connection == flow->connection) {
        link->trial.connection = 0;
        links->handler.failed(links->handler.context, link->group_id, flow, reason);
        return true;
    }
    bool was_open = link->state == LINK_OPEN;
    link->flow.connection = 0;
    if (was_open) {
        connect_link(links, link);
    } else {
        failed(links, link, reason);
    }
    return true;
}

// ---- Groups

static void forget(struct links *links, struct link *link)
{
    disconnect(links, &link->flow);
    disconnect(links, &link->trial);
}

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
    if (!is_new) forget(links, link);
    // Which target is used is told by links_use.
    *link = (struct link){
        .group_id = group->group_id,
        .transport = (enum model_transport)group->settings.transport,
        .is_tls_verified = group->settings.is_tls_verified,
        .at_us = DEADLINE_NEVER,
    };
    text_copy(link->tls_ca_file, sizeof link->tls_ca_file, span_of(group->settings.tls_ca_file));
    text_copy(link->server, sizeof link->server, span_of(group->settings.server));
}

void links_need(struct links *links, uint32_t group_id)
{
    struct link *link = find(links, group_id);
    bool has_target = link && link->peer.flow.peer.family != ADDRESS_NONE;
    if (has_target && link->state == LINK_UNUSED) connect_link(links, link);
}

void links_remove(struct links *links, uint32_t group_id)
{
    struct link *link = find(links, group_id);
    if (!link) return;
    forget(links, link);
    link->group_id = 0;
}

// ---- Targets

static void use_datagrams(struct links *links, struct link *link)
{
    disconnect(links, &link->flow);
    link->state = LINK_DATAGRAMS;
    link->at_us = DEADLINE_NEVER;
    tell(links, link, &link->peer);
}

// What was tried beside takes the place of the connection in use; where the lines have gone
// meanwhile, or are another worker's, it has told what it was to tell, and ends.
static void adopt_trial(struct links *links, struct link *link, uint64_t now_us)
{
    disconnect(links, &link->flow);
    if (!links->handler.has_lines(links->handler.context, link->group_id)) {
        disconnect(links, &link->trial);
        link->state = LINK_UNUSED;
        link->at_us = DEADLINE_NEVER;
        return;
    }
    link->flow = link->trial;
    link->trial.connection = 0;
    link->state = LINK_CONNECTING;
    link->at_us = DEADLINE_NEVER;
    if (link->is_trial_open) note_open(links, link, now_us);
}

void links_use(struct links *links, uint32_t group_id, const struct engine_peer *peer,
               uint64_t now_us)
{
    struct link *link = find(links, group_id);
    if (!link || group_id == 0) return;
    bool is_connected = link->state == LINK_OPEN || link->state == LINK_CONNECTING;
    if (peer->problem.len > 0) {
        if (!is_connected) tell(links, link, peer);
        return;
    }
    bool is_same = is_target(&link->peer.flow, &peer->flow) &&
                   address_eq(&link->peer.own, &peer->own);
    bool is_waiting = link->state == LINK_WAITING && link->at_us != DEADLINE_NEVER;
    link->peer = *peer;
    if (peer->flow.transport == TRANSPORT_UDP) {
        use_datagrams(links, link);
    } else if (link->trial.connection != 0 && is_target(&link->trial, &peer->flow)) {
        adopt_trial(links, link, now_us);
    } else if (!is_same || (!is_connected && !is_waiting)) {
        disconnect(links, &link->flow);
        if (peer->is_doubtful && link->failure[0] != '\0') {
            wait_and_connect(links, link, now_us);
        } else {
            connect_link(links, link);
        }
    }
}

void links_try(struct links *links, uint32_t group_id, const struct engine_peer *peer)
{
    struct link *link = find(links, group_id);
    struct net_problem problem;
    if (!link || group_id == 0) return;
    disconnect(links, &link->trial);
    link->is_trial_open = false;
    if (open_connection(links, link, &peer->flow, &link->trial, &problem)) return;
    links->handler.failed(links->handler.context, group_id, &peer->flow, problem.text);
}

// ---- Sending

// The connection to `to`, opened for answers if need be; NULL when there can be none.
static const struct flow *way_back(struct links *links, struct link *link, const struct flow *to)
{
    if (is_target(&link->flow, to) && net_is_open(links->net, link->flow.connection)) {
        return &link->flow;
    }
    bool is_there = is_target(&link->back, to) && net_is_open(links->net, link->back.connection);
    if (is_there || open_connection(links, link, to, &link->back, NULL)) return &link->back;
    return NULL;
}

void links_send(struct links *links, const struct flow *flow, struct span bytes)
{
    const struct flow *way = flow;
    if (!net_is_open(links->net, flow->connection)) {
        struct link *link = find_way(links, flow);
        const struct flow *other = link ? way_back(links, link, flow) : NULL;
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

static void ping(struct links *links, struct link *link, uint64_t now_us)
{
    net_send(links->net, &link->flow, SPAN("\r\n\r\n"));
    wait_for_ping(links, link, now_us);
    link->awaits_pong = link->has_ponged;
    if (link->awaits_pong) link->at_us = now_us + (uint64_t)PONG_MS * 1000;
}

void links_ponged(struct links *links, const struct flow *flow, uint64_t now_us)
{
    struct link *link = find_connection(links, flow->connection);
    if (!link || link->state != LINK_OPEN || link->flow.connection != flow->connection) return;
    link->has_ponged = true;
    if (link->awaits_pong) wait_for_ping(links, link, now_us);
}

static void due(struct links *links, struct link *link, uint64_t now_us)
{
    if (link->state != LINK_OPEN) {
        connect_link(links, link);
    } else if (!link->awaits_pong) {
        ping(links, link, now_us);
    } else {
        struct flow silent = link->flow;
        net_close(links->net, silent.connection);
        links->handler.silent(links->handler.context, &silent, "no answer to a keep-alive ping");
    }
}

void links_tick(struct links *links, uint64_t now_us)
{
    for (uint32_t i = 0; i < links->config->groups_max; i++) {
        struct link *link = &links->links[i];
        if (link->group_id != 0 && link->at_us <= now_us) due(links, link, now_us);
    }
}
