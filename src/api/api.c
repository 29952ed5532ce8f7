// SPDX-License-Identifier: Apache-2.0
// The API's life: opened on one thread, served on its own, stopped from any.
#include "api/api_int.h"

#include <libwebsockets.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

static struct api *refuse_memory(struct api *api, struct settings_problem *problem)
{
    problem->err = ERR_NO_MEMORY;
    snprintf(problem->field, sizeof problem->field, "api");
    snprintf(problem->reason, sizeof problem->reason, "%s", err_text(ERR_NO_MEMORY));
    api_free(api);
    return NULL;
}

struct api *api_new(const struct api_options *options, struct settings_problem *problem)
{
    ASSERT(options->token[0]); // an empty one would let everybody in
    if (sodium_init() < 0) return refuse_memory(NULL, problem);
    api_memory_init();
    struct api *api = calloc(1, sizeof *api);
    if (!api) return refuse_memory(NULL, problem);
    api->options = *options;
    if (!options->session_idle_s) api->options.session_idle_s = SESSION_IDLE_S;
    if (!options->web_alive_s) api->options.web_alive_s = WEB_ALIVE_S;
    if (!options->session_max_s) api->options.session_max_s = SESSION_MAX_S;
    randombytes_buf(api->attempts_key, sizeof api->attempts_key);
    api_sessions_begin_clock(api);
    api->started_s = api_passed_s();
    int listening = api_listen_open(&options->listen, &api->address, problem);
    if (listening < 0) {
        free(api);
        return NULL;
    }
    if (!api_server_init(api)) {
        close(listening);
        return refuse_memory(api, problem);
    }
    if (!api_server_listen(api, listening)) return refuse_memory(api, problem);
    api->passwords = api_passwords_new(api);
    api->events = api_events_new(api);
    if (!api->passwords || !api->events || !api_web_clients_init(api) || !api_setup_begin(api)) {
        return refuse_memory(api, problem);
    }
    return api;
}

struct address api_address(const struct api *api)
{
    return api->address;
}

// Time zones are told for a year; each day anew, so that the year never ends.
struct daily {
    lws_sorted_usec_list_t timer;
    struct api *api;
};

static void start_day(struct daily *daily);

static void end_day(lws_sorted_usec_list_t *timer)
{
    struct daily *daily = lws_container_of(timer, struct daily, timer);
    settings_refresh_zones(daily->api->options.settings);
    start_day(daily);
}

static void start_day(struct daily *daily)
{
    lws_sul_schedule(daily->api->lws, 0, &daily->timer, end_day,
                     (lws_usec_t)CIVIL_DAY_S * LWS_US_PER_SEC);
}

// What ends by itself is looked for each second.
struct secondly {
    lws_sorted_usec_list_t timer;
    struct api *api;
};

static void end_second(lws_sorted_usec_list_t *timer)
{
    struct secondly *secondly = lws_container_of(timer, struct secondly, timer);
    api_sessions_follow_clock(secondly->api);
    api_profiles_end_due(secondly->api);
    api_web_clients_end_due(secondly->api);
    api_connection_tests_update(secondly->api);
    lws_sul_schedule(secondly->api->lws, 0, timer, end_second, LWS_US_PER_SEC);
}

// Wakes the thread: that is all.
static void try_again(lws_sorted_usec_list_t *timer)
{
    (void)timer;
}

void api_run(struct api *api)
{
    struct daily daily = {.api = api};
    const struct api_engine *engine = &api->options.engine;
    lws_sorted_usec_list_t again = {0};
    struct secondly secondly = {.api = api};
    start_day(&daily);
    end_second(&secondly.timer);
    while (!atomic_load(&api->is_stopping)) {
        if (lws_service(api->lws, 0) < 0) break;
        api_server_turn(api);
        bool is_done = api_checks_collect(api);
        if (engine->work && !engine->work(engine->context)) is_done = false;
        if (is_done) continue;
        lws_sul_schedule(api->lws, 0, &again, try_again, LWS_US_PER_SEC);
    }
    lws_sul_schedule(api->lws, 0, &again, try_again, LWS_SET_TIMER_USEC_CANCEL);
    lws_sul_schedule(api->lws, 0, &daily.timer, end_day, LWS_SET_TIMER_USEC_CANCEL);
    lws_sul_schedule(api->lws, 0, &secondly.timer, end_second, LWS_SET_TIMER_USEC_CANCEL);
}

void api_wake(struct api *api)
{
    api_server_wake(api);
}

void api_stop(struct api *api)
{
    atomic_store(&api->is_stopping, true);
    lws_cancel_service(api->lws);
}

void api_free(struct api *api)
{
    if (!api) return;
    api_passwords_stop(api->passwords);
    if (api->lws) lws_context_destroy(api->lws);
    api_passwords_free(api->passwords);
    free(api->web_clients);
    api_events_free(api->events);
    free(api);
}
