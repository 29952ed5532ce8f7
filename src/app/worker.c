// SPDX-License-Identifier: Apache-2.0
// The thread around an engine: loop, sockets, connections, names, clock.
#include "app/worker_int.h"
#include "sip/sip.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    GIVE_BACK_US = 5 * 1000 * 1000, // how often memory is given back to the system
    GIVE_BACK_BYTES = 64 * 1024,    // less is not worth it
};

// Who calls or registers in a request's name, as a device says it: its SIP user name.
static struct span claimed_user(const struct tap_message *message, struct arena *arena)
{
    struct sip_message parsed;
    struct sip_fault fault;
    sip_parse(message->bytes, arena, &parsed, &fault);
    return message->is_received == parsed.is_request ? parsed.from.uri.user : SPAN_NONE;
}

// Whose device the message is exchanged with, if somebody looks at a line of that user; else 0.
static uint32_t device_user(const struct worker *worker, const struct tap_message *message)
{
    enum { PARSE_ROOM = 16 * 1024 };
    alignas(16) char room[PARSE_ROOM];
    uint32_t users[TAP_WATCHES_MAX];
    size_t count = tap_watched_users(worker->tap, users);
    if (count == 0) return 0;
    struct arena arena = arena_over(room, sizeof room);
    struct span claimed = claimed_user(message, &arena);
    for (size_t i = 0; i < count; i++) {
        if (engine_is_of_user(worker->engine, users[i], &message->flow, claimed)) return users[i];
    }
    return 0;
}

uint32_t worker_copy_device(const struct worker *worker, const struct flow *flow, struct span bytes,
                            bool is_received)
{
    struct tap_message message = {
        .is_received = is_received, .flow = *flow, .wall_us = net_wall_us(), .bytes = bytes};
    message.device_user_id = device_user(worker, &message);
    if (message.device_user_id > 0) tap_put_device(worker->tap, &message);
    return message.device_user_id;
}

void worker_copy(const struct worker *worker, const struct flow *flow, struct span bytes,
                 bool is_received)
{
    struct pool_id place = POOL_ID_NONE;
    struct engine_group_at group;
    if (!tap_is_open(worker->tap)) return;
    uint32_t device_user_id = worker_copy_device(worker, flow, bytes, is_received);
    while (engine_next_group_at(worker->engine, &flow->peer, &place, &group)) {
        struct tap_message message = {.is_received = is_received,
                                      .device_user_id = device_user_id,
                                      .flow = *flow,
                                      .own = group.own,
                                      .wall_us = net_wall_us(),
                                      .bytes = bytes};
        tap_put(worker->tap, group.group_id, &message);
    }
}

void worker_count(struct worker *worker, enum states_counter counter, uint64_t by)
{
    states_add(worker->states, worker->number, counter, by);
}

// ---- What the loop brings

// What ends every input: send what is queued, and wait for the next deadline.
static void settle(struct worker *worker)
{
    worker_follow_peers(worker);
    uint64_t engine_us = engine_deadline_us(worker->engine);
    uint64_t sites_us = sites_deadline_us(worker->sites);
    uint64_t links_us = links_deadline_us(worker->links);
    uint64_t log_us = line_log_deadline_us(worker->line_log);
    if (links_us < sites_us) sites_us = links_us;
    if (log_us < sites_us) sites_us = log_us;
    net_flush(worker->net);
    worker_tell_counts(worker);
    if (engine_us < sites_us) sites_us = engine_us;
    if (worker->is_stopping && worker->stop_us < sites_us) sites_us = worker->stop_us;
    if (worker->is_giving_back && worker->give_back_us < sites_us) sites_us = worker->give_back_us;
    net_set_deadline(worker->net, sites_us);
    bool is_waiting = engine_is_checking(worker->engine) && net_now_us() < worker->stop_us;
    if (worker->is_stopping && !is_waiting) net_stop(worker->net);
}

// Another share of INVITEs is to be dropped, of emergency calls none.
static void drop_share(struct worker *worker)
{
    struct call_emergency list;
    struct span spared[CALL_EMERGENCY_MAX];
    _Static_assert((int)CALL_EMERGENCY_MAX <= (int)NET_SPARED_MAX, "all can be spared");
    engine_list_emergency(worker->engine, &list);
    for (size_t i = 0; i < list.count; i++) spared[i] = span_of(list.texts[i]);
    worker->dropped_share = engine_dropped_share(worker->engine);
    net_drop(worker->net, &(struct net_drop){.beginning = SPAN("INVITE "),
                                             .share = worker->dropped_share,
                                             .spared = spared,
                                             .spared_count = list.count});
}

// What was saved before these datagrams were sent is in force for them: its acknowledgement came
// after its command.
static void on_waited(void *context, const struct net_wait *wait, size_t count)
{
    struct worker *worker = context;
    worker_take_commands(worker);
    exchange_take(worker);
    struct overload_sight sight = {.wait_us = wait->us, .heard = count, .lost = wait->lost};
    engine_waited(worker->engine, worker_now(), &sight);
    if (engine_dropped_share(worker->engine) != worker->dropped_share) drop_share(worker);
}

static void on_datagrams(void *context, const struct datagram *datagrams, size_t count)
{
    struct worker *worker = context;
    for (size_t i = 0; i < count; i++)
        worker_copy(worker, &datagrams[i].flow, datagrams[i].bytes, true);
    engine_datagrams(worker->engine, worker_now(), datagrams, count);
}

static void on_message(void *context, const struct flow *flow, struct span bytes)
{
    on_datagrams(context, &(struct datagram){*flow, bytes}, 1);
}

static void on_opened(void *context, const struct flow *flow, bool is_ours)
{
    struct worker *worker = context;
    if (is_ours) links_opened(worker->links, flow, net_now_us());
}

static void on_received(void *context, const struct flow *flow, struct span bytes)
{
    struct worker *worker = context;
    exchange_take(worker);
    streams_received(worker->streams, flow, bytes);
}

static void on_ponged(void *context, const struct flow *flow)
{
    struct worker *worker = context;
    links_ponged(worker->links, flow, net_now_us());
}

static void on_closed(void *context, const struct flow *flow, const char *reason)
{
    struct worker *worker = context;
    bool *is_of_device = &worker->is_of_device[net_connection_place(flow->connection)];
    // What was handed on may have come back: a subscription to a line of ours.
    bool is_of_interest = *is_of_device ||
                          worker->has_handed[net_connection_place(flow->connection)] != 0;
    *is_of_device = false;
    streams_closed(worker->streams, flow);
    exchange_closed(worker, flow);
    if (links_closed(worker->links, flow, reason)) is_of_interest = true;
    if (!is_of_interest) return; // a stranger's: nobody waits for it
    engine_connection_lost(worker->engine, worker_now(), flow);
}

static void on_stream_fault(void *context, const struct flow *flow, struct span head,
                            const struct sip_fault *fault)
{
    struct worker *worker = context;
    engine_stream_fault(worker->engine, worker_now(), flow, head, fault);
}

static bool is_known(void *context, const struct address *peer)
{
    struct worker *worker = context;
    return engine_is_source(worker->engine, 0, peer);
}

static bool has_lines(void *context, uint32_t group_id)
{
    struct worker *worker = context;
    return engine_has_lines(worker->engine, group_id);
}

static bool is_source(void *context, uint32_t group_id, const struct address *host)
{
    struct worker *worker = context;
    return engine_is_source(worker->engine, group_id, host);
}

static void on_link_changed(void *context, uint32_t group_id, const struct engine_peer *peer)
{
    struct worker *worker = context;
    engine_set_peer(worker->engine, worker_now(), group_id, peer);
}

static void on_link_works(void *context, uint32_t group_id, const struct flow *flow)
{
    struct worker *worker = context;
    sites_works(worker->sites, group_id, flow, net_now_us());
}

static void on_link_failed(void *context, uint32_t group_id, const struct flow *flow,
                           const char *reason)
{
    struct worker *worker = context;
    sites_failed(worker->sites, group_id, flow, span_of(reason), net_now_us());
}

static void on_site_use(void *context, uint32_t group_id, const struct engine_peer *peer)
{
    struct worker *worker = context;
    links_use(worker->links, group_id, peer, net_now_us());
}

static void on_site_attempt(void *context, uint32_t group_id, const struct engine_peer *peer)
{
    struct worker *worker = context;
    if (peer->flow.transport == TRANSPORT_UDP) {
        engine_try_peer(worker->engine, worker_now(), group_id, peer);
    } else {
        links_try(worker->links, group_id, peer);
    }
}

static void on_site_found(void *context, uint32_t group_id,
                          const struct line_whereabouts *whereabouts)
{
    struct worker *worker = context;
    engine_set_whereabouts(worker->engine, group_id, whereabouts);
}

static bool get_saved_peer(void *context, uint32_t group_id, struct address *peer)
{
    struct worker *worker = context;
    return engine_saved_peer(worker->engine, group_id, peer);
}

static void on_batch_ended(void *context)
{
    settle(context);
}

static struct idle_memory whole_pages(struct idle_memory memory)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t skipped = (page - (uintptr_t)memory.at % page) % page;
    if (memory.size < skipped + page) return (struct idle_memory){NULL, 0};
    return (struct idle_memory){(char *)memory.at + skipped, (memory.size - skipped) / page * page};
}

// Gives the memory of a flood of calls back to the system, at a quiet moment and seldom: the next
// calls have to fetch it again.
static void give_memory_back(struct worker *worker)
{
    struct engine_idle_search search = {.search.least = GIVE_BACK_BYTES};
    struct idle_memory idle;
    uint64_t now_us = net_now_us();
    worker->is_giving_back = now_us < worker->give_back_us;
    if (worker->is_giving_back) return;
    worker->give_back_us = now_us + GIVE_BACK_US;
    while ((idle = engine_next_idle(worker->engine, &search)).size > 0) {
        idle = whole_pages(idle);
        if (idle.size > 0) (void)madvise(idle.at, idle.size, MADV_DONTNEED);
    }
}

static void on_deadline(void *context)
{
    struct worker *worker = context;
    sites_tick(worker->sites, net_now_us()); // first: the engine sends to where they say
    links_tick(worker->links, net_now_us());
    engine_tick(worker->engine, worker_now());
    line_log_tick(worker->line_log, net_now_us());
    give_memory_back(worker);
    settle(worker);
}

static void on_resolved(void *context, uint64_t query, const struct net_answer *answer)
{
    struct worker *worker = context;
    sites_resolved(worker->sites, query, answer, net_now_us());
    settle(worker);
}

static void on_woken(void *context)
{
    struct worker *worker = context;
    atomic_store(&worker->woken_us, net_now_us());
    worker_take_commands(worker);
    exchange_take(worker);
    settle(worker);
}

// ---- Life

bool worker_is_working(struct worker *worker)
{
    enum { PATIENCE_US = 3000000 };
    uint64_t asked_us = atomic_load(&worker->asked_us), now_us = net_now_us();
    bool is_answered = atomic_load(&worker->woken_us) >= asked_us;
    if (is_answered) atomic_store(&worker->asked_us, now_us);
    net_wake(worker->net);
    return is_answered || now_us - asked_us < PATIENCE_US;
}

// Zeroed memory that costs nothing until it is touched. Most of it is hash tables, so it is asked
// for in large pages: with small ones nearly every look-up misses the processor's table of pages,
// too (docs/benchmark.md).
static void *take_pages(size_t size)
{
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) return NULL;
    (void)madvise(pages, size, MADV_HUGEPAGE);
    return pages;
}

static bool make_engine(struct worker *worker, const struct app_config *config)
{
    uint32_t elsewhere_count = config->workers > 1 ? config->lines_max + config->devices_max : 0;
    struct engine_limits limits = {.line_count = config->lines_max,
                                   .group_count = config->groups_max,
                                   .call_count = config->calls_max,
                                   .transaction_count = config->transactions_max,
                                   .device_count = config->devices_max,
                                   .elsewhere_count = elsewhere_count};
    uint8_t seed[32];
    net_entropy(seed, sizeof seed);
    worker->engine_memory_size = engine_memory_size(&limits);
    worker->engine_memory = take_pages(worker->engine_memory_size);
    if (!worker->engine_memory) return false;
    random_init(&worker->random, seed);
    net_entropy(seed, sizeof seed);
    worker->engine = engine_init(worker->engine_memory, &limits, seed, worker_effects(worker));
    struct idle_memory sparse = whole_pages(engine_sparse_memory(worker->engine));
    (void)madvise(sparse.at, sparse.size, MADV_NOHUGEPAGE);
    engine_set_realm(worker->engine, span_of(config->realm));
    engine_set_md5_only(worker->engine, config->devices_md5_only != 0);
    return true;
}

static bool make_net(struct worker *worker, struct net_problem *problem)
{
    worker->net = net_new((struct net_handler){.context = worker,
                                               .datagrams = on_datagrams,
                                               .waited = on_waited,
                                               .opened = on_opened,
                                               .received = on_received,
                                               .closed = on_closed,
                                               .batch_ended = on_batch_ended,
                                               .woken = on_woken,
                                               .deadline = on_deadline,
                                               .resolved = on_resolved},
                          problem);
    return worker->net != NULL;
}

// What stands between the net and the engine.
static bool make_links(struct worker *worker, const struct app_config *config)
{
    struct sites_handler sites = {.context = worker,
                                  .use = on_site_use,
                                  .attempt = on_site_attempt,
                                  .found = on_site_found,
                                  .saved = get_saved_peer};
    struct links_handler links = {.context = worker,
                                  .changed = on_link_changed,
                                  .works = on_link_works,
                                  .failed = on_link_failed,
                                  .silent = on_closed,
                                  .has_lines = has_lines,
                                  .is_source = is_source};
    struct streams_handler streams = {.context = worker,
                                      .message = on_message,
                                      .ponged = on_ponged,
                                      .fault = on_stream_fault,
                                      .is_known = is_known};
    worker->sites = sites_new(config, worker->net, sites, &worker->random);
    worker->links = links_new(config, worker->net, links, &worker->random);
    worker->streams = streams_new(worker->net, streams);
    return worker->sites && worker->links && worker->streams;
}

// The n-th address has the same index among the UDP and the TCP sockets; TLS comes behind them.
static bool listen_everywhere(struct worker *worker, const struct app_config *config,
                              struct net_problem *problem)
{
    uint16_t socket;
    for (uint32_t i = 0; i < config->sip.count; i++) {
        if (!net_listen_udp(worker->net, &config->sip.at[i], &socket, problem)) return false;
        if (!net_listen_tcp(worker->net, &config->sip.at[i], &socket, problem)) return false;
        if (!feature_open_media(worker, config, i, problem)) return false;
    }
    if (config->tls_certificate[0] == '\0') return true;
    for (uint32_t i = 0; i < config->tls.count; i++) {
        if (!net_listen_tls(worker->net, &config->tls.at[i], config->tls_certificate,
                            config->tls_key, &socket, problem)) {
            return false;
        }
    }
    return true;
}

static void choose_name_servers(struct worker *worker, const struct app_config *config)
{
    for (uint32_t i = 0; i < config->name_servers.count; i++) {
        bool is_added = net_add_name_server(worker->net, &config->name_servers.at[i]);
        ASSERT(is_added); // no more than there may be
    }
}

struct worker *worker_new(const struct app_config *config, const struct worker_parts *parts,
                          uint32_t number, struct net_problem *problem)
{
    struct worker *worker = calloc(1, sizeof *worker);
    *problem = (struct net_problem){.err = ERR_NO_MEMORY, .text = "out of memory"};
    if (!worker) return NULL;
    app_config_of_worker(config, number, &worker->config);
    config = &worker->config;
    worker->number = number;
    worker->workers = parts->workers;
    worker->states = parts->states;
    worker->api = parts->api;
    worker->journal = parts->journal;
    worker->calls = parts->calls;
    worker->bindings = parts->bindings;
    worker->tap = parts->tap;
    worker->uses = parts->uses;
    worker->orders = parts->orders;
    worker->alarms = parts->alarms;
    worker->checks = parts->checks;
    worker->commands = commands_new();
    worker->parcels = parcels_new();
    worker->line_log = line_log_new(config->groups_max);
    if (!worker->commands || !worker->parcels || !worker->line_log) goto failed;
    if (!make_engine(worker, config)) goto failed;
    if (!make_net(worker, problem)) goto failed;
    choose_name_servers(worker, config);
    if (!listen_everywhere(worker, config, problem)) goto failed;
    if (make_links(worker, config)) return worker;
failed:
    worker_free(worker);
    return NULL;
}

static void run(void *context)
{
    struct worker *worker = context;
    char name[16]; // all that the system keeps
    (void)snprintf(name, sizeof name, "worker %u", (unsigned)worker->number);
    (void)pthread_setname_np(pthread_self(), name);
    net_run(worker->net);
}

enum err worker_start(struct worker *worker)
{
    worker->is_running = uv_thread_create(&worker->thread, run, worker) == 0;
    return worker->is_running ? ERR_NONE : ERR_NO_MEMORY;
}

void worker_stop(struct worker *worker)
{
    if (!worker->is_running) return;
    worker_tell(worker, (struct command){.kind = COMMAND_STOP});
    uv_thread_join(&worker->thread);
    worker->is_running = false;
}

void worker_free(struct worker *worker)
{
    if (!worker) return;
    sites_free(worker->sites);
    links_free(worker->links);
    streams_free(worker->streams);
    net_free(worker->net);
    commands_free(worker->commands);
    parcels_free(worker->parcels);
    line_log_free(worker->line_log);
    if (worker->engine) engine_fini(worker->engine);
    if (worker->engine_memory) munmap(worker->engine_memory, worker->engine_memory_size);
    free(worker);
}
