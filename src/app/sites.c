// SPDX-License-Identifier: Apache-2.0
// The whereabouts of all groups: locate's machines, the net that answers them, and our own address
// towards each target. RFC 3263.
#include "app/sites.h"

#include "locate/locate.h"

#include <stdlib.h>
#include <string.h>

_Static_assert((int)LINE_TARGET_MAX >= (int)LOCATE_TARGET_MAX, "every target is a source");

enum { GENERATION_BITS = 24, QUESTION_BITS = 8 };

struct site {
    uint32_t group_id;   // 0: a free place
    uint32_t generation; // of the question that is out: older answers are void
    char name[NAME_SIZE];
    char server[TEXT_SIZE];
    enum model_transport transport;
    struct locate locate;
};

struct sites {
    const struct app_config *config;
    struct net *net;
    struct sites_handler handler;
    struct random *random;
    struct site *sites;
};

struct sites *sites_new(const struct app_config *config, struct net *net,
                        struct sites_handler handler, struct random *random)
{
    struct sites *sites = calloc(1, sizeof *sites);
    if (!sites) return NULL;
    *sites = (struct sites){.config = config, .net = net, .handler = handler, .random = random};
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

// ---- Our own address

// The address that the configuration says we are reached by, if it is of the right family.
static bool find_public(const struct sites *sites, struct address *own)
{
    struct address given;
    if (sites->config->public_address[0] == '\0') return false;
    if (!address_parse_port(span_of(sites->config->public_address), own->port, &given) ||
        given.family != own->family) {
        return false;
    }
    *own = given;
    return true;
}

// From which socket a target is reached, and where it sees us. False when there is no way to it.
static bool find_way(const struct sites *sites, const struct locate_target *target,
                     struct engine_peer *peer)
{
    *peer = (struct engine_peer){.flow = {.peer = target->address, .transport = target->transport}};
    for (uint16_t i = 0; i < sites->config->sip.count; i++) {
        if (!net_address_towards(sites->net, i, &target->address, &peer->own)) continue;
        peer->flow.socket = i;
        peer->is_own_fixed = find_public(sites, &peer->own);
        return true;
    }
    return false;
}

bool sites_media_towards(const struct sites *sites, const struct flow *flow, uint16_t *socket,
                         struct address *own)
{
    bool is_datagram = flow->transport == TRANSPORT_UDP;
    for (uint16_t i = 0; i < sites->config->sip.count; i++) {
        if (is_datagram && i != flow->socket) continue;
        if (!net_address_towards(sites->net, i, &flow->peer, own)) continue;
        (void)find_public(sites, own);
        *socket = i;
        return true;
    }
    return false;
}

bool sites_own_towards(const struct sites *sites, const struct flow *flow, struct address *own)
{
    uint16_t socket;
    return sites_media_towards(sites, flow, &socket, own);
}

// ---- Telling

static void tell_found(const struct sites *sites, const struct site *site)
{
    struct address addresses[LOCATE_TARGET_MAX];
    const struct locate *locate = &site->locate;
    for (size_t i = 0; i < locate->target_count; i++) addresses[i] = locate->targets[i].address;
    struct line_whereabouts whereabouts = {
        .addresses = addresses, .count = locate->target_count, .notice = span_of(locate->problem)};
    sites->handler.found(sites->handler.context, site->group_id, &whereabouts);
}

static void log_problem(const struct site *site, const char *what, struct span cause)
{
    struct log_line line;
    log_begin(&line, LOG_WARN, what);
    log_text(&line, "group", span_of(site->name));
    log_text(&line, "server", span_of(site->server));
    log_text(&line, "cause", cause);
    log_end(&line);
}

static void tell_problem(const struct sites *sites, const struct site *site, struct span problem)
{
    struct engine_peer peer = {.problem = problem};
    log_problem(site, "PBX has no address", problem);
    sites->handler.use(sites->handler.context, site->group_id, &peer);
}

// Names the target to be used. Those that there is no way to count as failed.
static void choose(struct sites *sites, struct site *site, uint64_t now_us)
{
    const struct locate_target *target;
    struct engine_peer peer;
    for (size_t i = 0; i <= LOCATE_TARGET_MAX; i++) {
        target = locate_choose(&site->locate, now_us);
        if (!target) break;
        if (find_way(sites, target, &peer)) {
            peer.is_doubtful = locate_is_desperate(&site->locate, now_us);
            sites->handler.use(sites->handler.context, site->group_id, &peer);
            return;
        }
        locate_failed(&site->locate, now_us, &target->address, (enum transport)target->transport);
    }
    tell_problem(sites, site,
                 site->locate.target_count > 0
                     ? SPAN("no route to the PBX from the address that we listen on")
                     : span_of(site->locate.problem));
}

// ---- Names

static void look_up(struct sites *sites, struct site *site, uint64_t now_us)
{
    static const enum net_question questions[] = {
        [LOCATE_ADDRESSES] = NET_ADDRESSES, [LOCATE_SRV] = NET_SRV, [LOCATE_NAPTR] = NET_NAPTR};
    size_t index;
    while (locate_next_question(&site->locate, &index)) {
        const struct locate_question *question = &site->locate.questions[index];
        uint64_t query = (uint64_t)site->generation << (32 + QUESTION_BITS) |
                         (uint64_t)index << 32 | site->group_id;
        if (net_resolve(sites->net, query, questions[question->kind], span_of(question->name)))
            continue;
        site->generation = (site->generation + 1) % (1 << GENERATION_BITS);
        locate_postpone(&site->locate, now_us);
    }
}

static void targets_are_new(struct sites *sites, struct site *site, uint64_t now_us)
{
    bool has_trouble = site->locate.problem[0] != '\0' && site->locate.target_count > 0;
    if (has_trouble) {
        log_problem(site, "PBX's name not found: its last known address is used",
                    span_of(site->locate.problem));
    }
    tell_found(sites, site);
    choose(sites, site, now_us);
}

static void begin(struct sites *sites, struct site *site, uint64_t now_us)
{
    if (site->locate.is_asking || site->locate.ask_at_us > now_us) return;
    if (locate_begin(&site->locate, now_us, sites->random)) {
        targets_are_new(sites, site, now_us);
        return;
    }
    site->generation = (site->generation + 1) % (1 << GENERATION_BITS);
    look_up(sites, site, now_us);
}

void sites_put(struct sites *sites, const struct snapshot_group *group, uint64_t now_us)
{
    const struct model_group *settings = &group->settings;
    struct site *site = find(sites, group->group_id);
    bool is_new = !site;
    if (is_new) site = find(sites, 0);
    ASSERT(site); // as many places as groups
    bool is_same = !is_new && strcmp(site->server, settings->server) == 0 &&
                   site->transport == settings->transport;
    site->group_id = group->group_id;
    text_copy(site->name, sizeof site->name, span_of(settings->name));
    if (is_same) {
        tell_found(sites, site);
        if (site->locate.target_count > 0) choose(sites, site, now_us);
        return;
    }
    text_copy(site->server, sizeof site->server, span_of(settings->server));
    site->transport = (enum model_transport)settings->transport;
    locate_init(&site->locate, span_of(settings->server), site->transport); // due at once
}

void sites_remove(struct sites *sites, uint32_t group_id)
{
    struct site *site = find(sites, group_id);
    if (!site) return;
    site->group_id = 0;
    site->generation = (site->generation + 1) % (1 << GENERATION_BITS); // late answers are void
}

// Where the lines were registered before a restart is as good as any of the best.
static void prefer_saved(const struct sites *sites, struct site *site)
{
    struct locate_target before = {.transport = TRANSPORT_UDP};
    if (site->locate.current.address.family != ADDRESS_NONE || site->transport != GROUP_UDP) return;
    if (sites->handler.saved(sites->handler.context, site->group_id, &before.address)) {
        locate_prefer(&site->locate, &before);
    }
}

void sites_resolved(struct sites *sites, uint64_t query, const struct net_answer *answer,
                    uint64_t now_us)
{
    struct site *site = find(sites, (uint32_t)query);
    size_t index = query >> 32 & ((1 << QUESTION_BITS) - 1);
    if (!site || site->group_id == 0 || site->generation != query >> (32 + QUESTION_BITS)) return;
    struct locate_answer taken = {
        .addresses = answer->addresses,
        .records = answer->records,
        .count = answer->count,
        .ttl_s = answer->ttl_s,
        .is_absent = answer->is_absent,
        .problem = span_of(answer->problem),
    };
    prefer_saved(sites, site);
    if (locate_take_answer(&site->locate, now_us, index, &taken, sites->random)) {
        targets_are_new(sites, site, now_us);
    } else {
        look_up(sites, site, now_us);
    }
}

// ---- What becomes of the targets

void sites_works(struct sites *sites, uint32_t group_id, const struct flow *flow, uint64_t now_us)
{
    struct site *site = find(sites, group_id);
    if (!site || group_id == 0) return;
    locate_works(&site->locate, &flow->peer, (enum transport)flow->transport);
    choose(sites, site, now_us);
}

static void log_failure(const struct site *site, const struct flow *flow, struct span reason)
{
    struct log_line line;
    if (!log_begin_limited(&line, LOG_PBX_TROUBLE, LOG_WARN, "PBX does not work at this address")) {
        return;
    }
    log_text(&line, "group", span_of(site->name));
    log_address(&line, "peer", &flow->peer);
    log_text(&line, "cause", reason);
    log_end(&line);
}

void sites_failed(struct sites *sites, uint32_t group_id, const struct flow *flow,
                  struct span reason, uint64_t now_us)
{
    struct site *site = find(sites, group_id);
    if (!site || group_id == 0) return;
    locate_failed(&site->locate, now_us, &flow->peer, (enum transport)flow->transport);
    if (site->locate.target_count > 1) log_failure(site, flow, reason);
    choose(sites, site, now_us);
}

void sites_want_stream(struct sites *sites, uint32_t group_id)
{
    struct site *site = find(sites, group_id);
    if (!site || group_id == 0) return;
    (void)locate_want_stream(&site->locate, sites->random); // what is better now is tried beside
}

// ---- Time

uint64_t sites_deadline_us(const struct sites *sites)
{
    uint64_t earliest_us = DEADLINE_NEVER;
    for (uint32_t i = 0; i < sites->config->groups_max; i++) {
        const struct site *site = &sites->sites[i];
        uint64_t at_us = site->group_id != 0 ? locate_deadline_us(&site->locate) : DEADLINE_NEVER;
        if (at_us < earliest_us) earliest_us = at_us;
    }
    return earliest_us;
}

static void attempt(struct sites *sites, struct site *site, uint64_t now_us)
{
    const struct locate_target *trial = locate_next_trial(&site->locate, now_us);
    struct engine_peer peer;
    if (!trial) return;
    if (find_way(sites, trial, &peer)) {
        sites->handler.attempt(sites->handler.context, site->group_id, &peer);
    } else {
        locate_failed(&site->locate, now_us, &trial->address, (enum transport)trial->transport);
    }
}

void sites_tick(struct sites *sites, uint64_t now_us)
{
    for (uint32_t i = 0; i < sites->config->groups_max; i++) {
        struct site *site = &sites->sites[i];
        if (site->group_id == 0 || locate_deadline_us(&site->locate) > now_us) continue;
        attempt(sites, site, now_us);
        begin(sites, site, now_us);
    }
}

const char *sites_group_name(const struct sites *sites, uint32_t group_id)
{
    const struct site *site = find(sites, group_id);
    return site ? site->name : "";
}

void sites_log_group(const struct sites *sites, uint32_t group_id, struct log_line *line)
{
    const struct site *site = find(sites, group_id);
    if (site) log_text(line, "group", span_of(site->name));
}
