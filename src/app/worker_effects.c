// SPDX-License-Identifier: Apache-2.0
// What a worker's engine hands out, and asks: carried out, told and answered.
#include "app/worker_int.h"
#include "country/country.h"

#include <stdlib.h>

void worker_send(void *context, const struct flow *flow, struct span bytes)
{
    struct worker *worker = context;
    if (flow->worker != 0) {
        (void)worker_copy_device(worker, flow, bytes, false);
        exchange_send(worker, flow, bytes);
        return;
    }
    worker_copy(worker, flow, bytes, false);
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
    if (!is_stream || binding->until_us <= now_us) return;
    uint32_t seconds = (uint32_t)((binding->until_us - now_us) / 1000000) + SPARE_S;
    if (flow->worker != 0) {
        exchange_keep(worker, flow, seconds);
        return;
    }
    worker->is_of_device[net_connection_place(flow->connection)] = true;
    net_keep(worker->net, flow->connection, seconds);
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

// What follows from it comes after the engine's turn (worker_follow_peers).
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

void worker_follow_peers(struct worker *worker)
{
    for (size_t i = 0; i < worker->peer_event_count; i++) {
        exchange_peer(worker, &worker->peer_events[i]);
        worker_follow_peer(worker, &worker->peer_events[i]);
    }
    worker->peer_event_count = 0;
}

struct engine_host worker_effects(struct worker *worker)
{
    const struct app_config *config = &worker->config;
    return (struct engine_host){.context = worker,
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
}
