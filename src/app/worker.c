// SPDX-License-Identifier: Apache-2.0
// The thread around an engine: loop, sockets, connections, names, clock, commands.
#include "app/exchange.h"
#include "country/country.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    GIVE_BACK_US = 5 * 1000 * 1000,  // how often memory is given back to the system
    GIVE_BACK_BYTES = 64 * 1024,     // less is not worth it
    CHECKS_END_US = 2 * 1000 * 1000, // for PBXs to hear that test calls end, at the stop
};
// Copies of a message for those who look at the groups it belongs to.
static void copy(const struct worker *worker, const struct flow *flow, struct span bytes,
                 bool is_received)
{
    struct pool_id place = POOL_ID_NONE;
    struct engine_group_at group;
    if (!tap_is_open(worker->tap)) return;
    while (engine_next_group_at(worker->engine, &flow->peer, &place, &group)) {
        struct tap_message message = {.is_received = is_received,
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

// ---- What the engine hands out

void worker_send(void *context, const struct flow *flow, struct span bytes)
{
    struct worker *worker = context;
    if (flow->worker != 0) {
        exchange_send(worker, flow, bytes);
        return;
    }
    copy(worker, flow, bytes, false);
    if (flow->transport == TRANSPORT_UDP) {
        net_send(worker->net, flow, bytes);
    } else {
        links_send(worker->links, flow, bytes);
    }
}

static void on_desk_told(void *context, const struct desk_told *told)
{
    states_set_desk(((struct worker *)context)->states, &told->shown);
}

static void on_line_state(void *context, const struct line_state *effect)
{
    struct worker *worker = context;
    const struct model_registration *now = &effect->registration;
    if (effect->is_gone) {
        states_forget(worker->states, now->line_id);
        return;
    }
    enum model_registration_state before = states_set(worker->states, effect->group_id, now,
                                                      effect->route);
    if (before != now->state) {
        news_line(worker->api, sites_group_name(worker->sites, effect->group_id), effect);
    }
    bool is_trouble = now->state == REGISTRATION_REFUSED || now->state == REGISTRATION_UNREACHABLE;
    bool is_mended = now->state == REGISTRATION_REGISTERED && before != now->state;
    if (!is_mended && (!is_trouble || before == now->state)) return;
    struct line_change change = {effect->group_id,
                                 sites_group_name(worker->sites, effect->group_id), now};
    line_log_note(worker->line_log, &change, net_now_us());
}

// A connection that a device registered by stays as long as the binding.
static void keep_connection(struct worker *worker, const struct model_binding *binding)
{
    enum { SPARE_S = 60 };
    const struct flow *flow = &binding->flow;
    uint64_t now_us = net_wall_us();
    bool is_stream = flow->transport != TRANSPORT_UDP && !binding->is_lost;
    if (!is_stream || flow->worker != 0 || binding->until_us <= now_us) return;
    worker->is_of_device[net_connection_place(flow->connection)] = true;
    net_keep(worker->net, flow->connection,
             (uint32_t)((binding->until_us - now_us) / 1000000) + SPARE_S);
}

static void on_binding_shown(void *context, const struct client_shown *shown)
{
    struct worker *worker = context;
    bindings_told(worker->bindings, worker->number, shown);
    if (shown->is_new || shown->is_gone) news_device(worker->api, shown);
    if (!shown->is_gone) keep_connection(worker, &shown->binding);
}

static void on_call_shown(void *context, const struct call_shown *shown)
{
    struct worker *worker = context;
    calls_told(worker->calls, worker->number, shown);
    news_call_shown(worker->api, calls_number(worker->number, shown->call), shown);
}

static void on_call_ended(void *context, const struct model_journal_entry *entry)
{
    static const enum states_counter counters[] = {
        [OUTCOME_FORWARDED] = STATES_FORWARDED,
        [OUTCOME_DECLINED] = STATES_DECLINED,
        [OUTCOME_MISSED] = STATES_MISSED,
        [OUTCOME_ANSWERED_ELSEWHERE] = STATES_ANSWERED_ELSEWHERE,
        [OUTCOME_FAILED] = STATES_FAILED,
        [OUTCOME_ANSWERED] = STATES_ANSWERED,
        [OUTCOME_UNANSWERED] = STATES_UNANSWERED,
    };
    struct worker *worker = context;
    bool is_redirect = entry->verdict == VERDICT_REDIRECT;
    unsigned decided = is_redirect ? (unsigned)STATES_REDIRECT + entry->reason
                                   : (unsigned)STATES_VERDICT + entry->verdict;
    worker_count(worker, counters[entry->outcome], 1);
    if (!entry->is_outgoing) worker_count(worker, (enum states_counter)decided, 1);
    journal_add(worker->journal, entry);
    news_call_ended(worker->api, entry); // who hears it finds the entry
}

static bool on_own_towards(void *context, const struct flow *flow, struct address *own)
{
    const struct worker *worker = context;
    if (!sites_own_towards(worker->sites, flow, own)) return false;
    if (flow->transport == TRANSPORT_TLS) own->port = links_own_tls_port(worker->links, own);
    return true;
}

static enum model_number_class on_classify(void *context, const struct phone_numbering *numbering,
                                           struct span stored)
{
    (void)context;
    return country_classify(numbering, stored);
}

static void on_rule_used(void *context, const struct call_rule_used *used)
{
    struct worker *worker = context;
    struct use use = {.rule_id = used->rule_id, .count = 1};
    struct log_line line;
    text_copy(use.group, sizeof use.group, used->group);
    text_copy(use.extension, sizeof use.extension, used->extension);
    if (uses_add(worker->uses, &use)) {
        struct api *api = atomic_load(worker->api);
        if (api) api_wake(api);
        return;
    }
    if (!log_begin_limited(&line, LOG_USES_LOST, LOG_ERROR, "use of an exception not counted")) {
        return;
    }
    log_text(&line, "group", used->group);
    log_text(&line, "extension", used->extension);
    log_end(&line);
}

static void on_alarmed(void *context, const struct call_alarm *told)
{
    struct worker *worker = context;
    struct api *api = atomic_load(worker->api);
    struct api_alarm alarm = {.kind = told->kind, .line_id = told->line_id};
    struct log_line line;
    bool is_told = told->group.len > 0 && text_copy(alarm.group, sizeof alarm.group, told->group) &&
                   text_copy(alarm.extension, sizeof alarm.extension, told->extension) &&
                   text_copy(alarm.target, sizeof alarm.target, told->target);
    if (!is_told || !alarms_raise(worker->alarms, &alarm)) return;
    news_alarm(worker->api, &alarm);
    if (api) api_wake(api); // it is written to the disk there
    log_begin(&line, LOG_WARN, "alarm");
    log_text(&line, "kind", span_of(model_name(&model_alarm_kinds, alarm.kind)));
    log_text(&line, "group", told->group);
    log_text(&line, "line", told->extension);
    if (told->target.len > 0) log_text(&line, "target", told->target);
    log_end(&line);
}

static void on_release_line(void *context, const struct snapshot_line *block)
{
    (void)context;
    free((void *)(uintptr_t)block); // it came by a command
}

static void on_release_group(void *context, const struct snapshot_group *block)
{
    (void)context;
    free((void *)(uintptr_t)block); // it came by a command
}

static void on_rate_raised(void *context, const struct line_rate *rate)
{
    struct worker *worker = context;
    struct log_line line;
    log_begin(&line, LOG_WARN, "register_rate too small to keep all lines registered");
    sites_log_group(worker->sites, rate->group_id, &line);
    log_number(&line, "used", rate->used);
    log_end(&line);
}

// What follows from it comes after the engine's turn (follow_peers).
static void on_peer_told(void *context, const struct line_peer_event *event)
{
    struct worker *worker = context;
    if (worker->peer_event_count == PEER_EVENT_MAX) return; // it will show again
    worker->peer_events[worker->peer_event_count++] = *event;
}

void worker_follow_peer(struct worker *worker, const struct line_peer_event *event)
{
    if (event->is_too_large) {
        sites_want_stream(worker->sites, event->group_id);
    } else if (event->is_working) {
        sites_works(worker->sites, event->group_id, &event->flow, net_now_us());
    } else {
        sites_failed(worker->sites, event->group_id, &event->flow, event->reason, net_now_us());
    }
}

static void follow_peers(struct worker *worker)
{
    for (size_t i = 0; i < worker->peer_event_count; i++) {
        exchange_peer(worker, &worker->peer_events[i]);
        worker_follow_peer(worker, &worker->peer_events[i]);
    }
    worker->peer_event_count = 0;
}

// ---- What the loop brings

// What ends every input: send what is queued, and wait for the next deadline.
static void settle(struct worker *worker)
{
    follow_peers(worker);
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

static void take_commands(struct worker *worker);

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
static void on_waited(void *context, uint64_t us)
{
    struct worker *worker = context;
    take_commands(worker);
    exchange_take(worker);
    engine_waited(worker->engine, worker_now(), us);
    if (engine_dropped_share(worker->engine) != worker->dropped_share) drop_share(worker);
}

static void on_datagrams(void *context, const struct datagram *datagrams, size_t count)
{
    struct worker *worker = context;
    for (size_t i = 0; i < count; i++) copy(worker, &datagrams[i].flow, datagrams[i].bytes, true);
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

// ---- Settings, on their way through the command queue

static void put_group(struct worker *worker, struct snapshot_group *group)
{
    if (engine_put_group(worker->engine, worker_now(), group)) {
        struct address collector = {.family = ADDRESS_NONE};
        (void)address_parse_port(span_of(group->settings.hep_server), 0, &collector);
        tap_set_collector(worker->tap, group->group_id, &collector);
        links_put(worker->links, group);
        sites_put(worker->sites, group, net_now_us());
    } else {
        log_event(LOG_ERROR, "group not taken: groups_max is reached", "group",
                  span_of(group->settings.name));
        free(group);
    }
}

static void put_line(struct worker *worker, struct snapshot_line *block, struct line_saved *before)
{
    if (engine_put_line(worker->engine, worker_now(), block)) {
        links_need(worker->links, block->group_id);
        if (before) engine_restore_line(worker->engine, worker_now(), before);
        free(before);
        return;
    }
    free(before);
    log_event(LOG_ERROR, "line not taken: lines_max is reached", "extension",
              snapshot_text(block, block->extension));
    free(block);
}

static void put_device(struct worker *worker, struct snapshot_device *device)
{
    struct model_binding saved[CLIENT_BINDINGS_MAX];
    size_t count = bindings_take_saved(worker->bindings, device->device_id, saved,
                                       CLIENT_BINDINGS_MAX);
    if (engine_put_device(worker->engine, worker_now(), device)) {
        for (size_t i = 0; i < count; i++) {
            engine_restore_binding(worker->engine, worker_now(), &saved[i]);
        }
    } else {
        log_event(LOG_ERROR, "device not taken: devices_max is reached", "sip_user",
                  span_of(device->sip_user));
    }
    free(device);
}

static void reload(struct worker *worker)
{
    const struct app_config *config = &worker->config;
    struct net_problem problem;
    if (config->tls_certificate[0] == '\0') return;
    if (net_reload_tls(worker->net, config->tls_certificate, config->tls_key, &problem)) {
        log_event(LOG_INFO, "certificate read anew", "file", span_of(config->tls_certificate));
    } else {
        log_event(LOG_ERROR, "certificate not usable: the former one stays in use", "cause",
                  span_of(problem.text));
    }
}

static void set_web_client(struct worker *worker, const struct command *command)
{
    if (engine_set_web_client(worker->engine, command->id, command->count > 0)) return;
    log_event(LOG_WARN, "too many users have a page open", "effect",
              SPAN("one more counts as logged off"));
}

static void obey(struct worker *worker, const struct command *command)
{
    switch (command->kind) {
    case COMMAND_PUT_ZONE:
        engine_put_zone(worker->engine, command->zone);
        free(command->zone);
        break;
    case COMMAND_PUT_GROUP: put_group(worker, command->group); break;
    case COMMAND_REMOVE_GROUP:
        tap_set_collector(worker->tap, command->id, &(struct address){.family = ADDRESS_NONE});
        engine_remove_group(worker->engine, worker_now(), command->id);
        sites_remove(worker->sites, command->id);
        links_remove(worker->links, command->id);
        break;
    case COMMAND_PUT_LINE: put_line(worker, command->line, command->before); break;
    case COMMAND_REMOVE_LINE: engine_remove_line(worker->engine, worker_now(), command->id); break;
    case COMMAND_PUT_DEVICE: put_device(worker, command->device); break;
    case COMMAND_WEB_CLIENT: set_web_client(worker, command); break;
    case COMMAND_REMOVE_DEVICE:
        engine_remove_device(worker->engine, worker_now(), command->id);
        break;
    case COMMAND_PUT_ELSEWHERE:
        // No more than lines_max and devices_max, for which there is room.
        (void)engine_put_elsewhere(worker->engine, worker_now(), &command->elsewhere);
        free(command->name);
        break;
    case COMMAND_REMOVE_ELSEWHERE:
        engine_remove_elsewhere(worker->engine, worker_now(), command->is_device, command->id);
        break;
    case COMMAND_COUNT_RULE:
        if (command->line) put_line(worker, command->line, NULL);
        engine_rule_counted(worker->engine, command->id, command->count);
        break;
    case COMMAND_OBEYED:
        engine_code_obeyed(worker->engine, worker_now(), command->code, command->outcome);
        free(command->outcome);
        break;
    case COMMAND_RELOAD: reload(worker); break;
    case COMMAND_ASK: worker_answer(worker, command->question); break;
    case COMMAND_STOP:
        engine_stop_checks(worker->engine, worker_now());
        worker->is_stopping = true;
        worker->stop_us = net_now_us() + CHECKS_END_US;
        break;
    }
}

static void take_commands(struct worker *worker)
{
    struct command command;
    while (commands_take(worker->commands, &command)) obey(worker, &command);
}

static void on_woken(void *context)
{
    struct worker *worker = context;
    atomic_store(&worker->woken_us, net_now_us());
    take_commands(worker);
    exchange_take(worker);
    settle(worker);
}

void worker_tell(struct worker *worker, struct command command)
{
    commands_add(worker->commands, command);
    net_wake(worker->net);
}

void worker_ask(struct worker *worker, struct question *question)
{
    if (uv_sem_init(&question->answered, 0) != 0) return;
    worker_tell(worker, (struct command){.kind = COMMAND_ASK, .question = question});
    uv_sem_wait(&question->answered);
    uv_sem_destroy(&question->answered);
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
    struct engine_host host = {.context = worker,
                               .worker = (uint8_t)worker->number,
                               .worker_count = (uint8_t)config->workers,
                               .hand_over = exchange_message,
                               .subscribed = exchange_subscribed,
                               .sent_on = exchange_sent_on,
                               .told = exchange_told,
                               .send = worker_send,
                               .line_state = on_line_state,
                               .desk_told = on_desk_told,
                               .call_ended = on_call_ended,
                               .binding_shown = on_binding_shown,
                               .call_shown = on_call_shown,
                               .rule_used = on_rule_used,
                               .alarmed = on_alarmed,
                               .code_dialled = feature_dialled,
                               .media_towards = feature_media_towards,
                               .send_media = feature_send_media,
                               .own_towards = on_own_towards,
                               .classify = on_classify,
                               .release_line = on_release_line,
                               .release_group = on_release_group,
                               .rate_raised = on_rate_raised,
                               .check_told = worker_check_told,
                               .peer_told = on_peer_told};
    uint8_t seed[32];
    net_entropy(seed, sizeof seed);
    worker->engine_memory_size = engine_memory_size(&limits);
    worker->engine_memory = take_pages(worker->engine_memory_size);
    if (!worker->engine_memory) return false;
    random_init(&worker->random, seed);
    net_entropy(seed, sizeof seed);
    worker->engine = engine_init(worker->engine_memory, &limits, seed, host);
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
                                  .has_lines = has_lines,
                                  .is_source = is_source};
    struct streams_handler streams = {
        .context = worker, .message = on_message, .fault = on_stream_fault, .is_known = is_known};
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
