// SPDX-License-Identifier: Apache-2.0
// What a worker's engine has counted, told to the states, and to people where it is trouble.
#include "app/worker_int.h"

enum { OVERLOAD_TOLD_US = 10 * 1000 * 1000 }; // how often people are told that calls are refused

static void tell_overload(struct worker *worker, uint64_t refused_count)
{
    struct log_line line;
    uint64_t now_us = net_now_us();
    if (refused_count == worker->told.overloaded || now_us < worker->tell_overload_us) return;
    worker->tell_overload_us = now_us + OVERLOAD_TOLD_US;
    worker_count(worker, STATES_OVERLOAD_ALARMS, 1);
    news_overload(worker->api, refused_count);
    log_begin(&line, LOG_WARN, "overloaded: calls are refused");
    log_number(&line, "refused_since_start", refused_count);
    log_end(&line);
}

static void tell_device_counts(struct worker *worker)
{
    struct client_counts counts = engine_client_counts(worker->engine);
    const struct client_counts *told = &worker->told_clients;
    worker_count(worker, STATES_DEVICE_BINDINGS, (uint64_t)counts.bindings - told->bindings);
    worker_count(worker, STATES_DEVICE_REGISTRATIONS, counts.registered - told->registered);
    worker_count(worker, STATES_DEVICE_CHALLENGES, counts.challenged - told->challenged);
    worker_count(worker, STATES_DEVICE_FAILURES, counts.failed - told->failed);
    worker_count(worker, STATES_DEVICE_BLOCKED, counts.blocked - told->blocked);
    worker->told_clients = counts;
}

void worker_tell_counts(struct worker *worker)
{
    struct engine_counts counts = engine_counts(worker->engine);
    worker_count(worker, STATES_CALLS, counts.calls - worker->told.calls);
    worker_count(worker, STATES_STRANGERS, counts.strangers - worker->told.strangers);
    worker_count(worker, STATES_UNKNOWN_NUMBERS,
                 counts.unknown_numbers - worker->told.unknown_numbers);
    worker_count(worker, STATES_MALFORMED, counts.malformed - worker->told.malformed);
    worker_count(worker, STATES_OVERLOADED, counts.overloaded - worker->told.overloaded);
    worker_count(worker, STATES_EFFECTS_LOST, counts.effects_lost - worker->told.effects_lost);
    worker_count(worker, STATES_HANDED_OVER, counts.handed_over - worker->told.handed_over);
    // What falls is added as what wraps around.
    worker_count(worker, STATES_OPEN_CALLS, (uint64_t)counts.open_calls - worker->told.open_calls);
    worker_count(worker, STATES_OPEN_TRANSACTIONS,
                 (uint64_t)counts.open_transactions - worker->told.open_transactions);
    worker_count(worker, STATES_SUBSCRIPTIONS,
                 (uint64_t)counts.subscriptions - worker->told.subscriptions);
    worker_count(worker, STATES_DESKS, (uint64_t)counts.desks - worker->told.desks);
    tell_device_counts(worker);
    tell_overload(worker, counts.overloaded);
    struct log_line line;
    if (counts.effects_lost > worker->told.effects_lost &&
        log_begin_limited(&line, LOG_EFFECTS_LOST, LOG_ERROR, "a turn's memory was full")) {
        log_number(&line, "effects_lost", counts.effects_lost);
        log_end(&line);
    }
    worker->told = counts;
}
