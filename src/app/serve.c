// SPDX-License-Identifier: Apache-2.0
// Starting, joining and ending the threads: the workers, the journal, the API; the main thread
// waits for signals.
#include "app/serve.h"
#include "app/alarms.h"

#include "app/directory.h"
#include "app/group_samples.h"
#include "app/log.h"
#include "app/registrations.h"
#include "app/samples.h"
#include "app/workers.h"
#include "client/client.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <uv.h>

enum { SAVE_INTERVAL_S = 30 }; // of the registrations
enum { SETTLED_S = 5 };        // after the start; before, lines are not yet what they will be

_Static_assert((int)WORKERS_MAX == (int)API_WORKERS_MAX, "each is shown");

struct server {
    struct app_config config;
    struct directory directory;
    struct store *settings_store, *journal_store, *journal_reader;
    struct states *states;
    struct journal *journal;
    struct calls *calls;
    struct registrations *registrations;
    struct bindings *bindings; // of devices
    struct tap *tap;
    struct uses *uses;
    struct checks *checks;
    struct orders *orders;
    struct alarms *alarms;
    struct samples *samples;
    struct group_samples *group_samples;
    struct settings_obeyed obeyed; // the last of them
    bool is_counting_troubled;     // the store does not take them, and it was said
    struct workers *workers;
    struct settings *settings;
    struct api *api;
    char setup_code[NAME_SIZE]; // empty: there is an administrator
    news_api told_api;          // the same, for the workers' threads
    uv_thread_t api_thread;
    bool is_api_running;
    bool is_ready;
    uint64_t started_us;
};

static bool fail(const char *what, const char *why)
{
    log_event(LOG_ERROR, what, "cause", span_of(why));
    return false;
}

// ---- What the API asks about the running system

static bool get_registration(void *context, uint32_t line_id, struct model_registration *out)
{
    struct server *server = context;
    return states_get(server->states, line_id, out);
}

static bool get_desk_phone(void *context, uint32_t line_id, struct model_desk_phone *out)
{
    struct server *server = context;
    return states_get_desk(server->states, line_id, out);
}

static void count_lines(void *context, uint32_t group_id, uint32_t counts[])
{
    struct server *server = context;
    states_count(server->states, group_id, counts);
}

static bool is_logged_in(void *context, uint32_t user_id, const struct model_user *user)
{
    struct server *server = context;
    uint32_t live_count = workers_live_clients(server->workers, user_id);
    return client_presence_of((enum model_login)user->login, live_count).is_logged_in;
}

static void set_web_client(void *context, uint32_t user_id, bool is_live)
{
    struct server *server = context;
    workers_set_web_client(server->workers, user_id, is_live);
}

static size_t list_bindings(void *context, uint32_t device_id, struct api_binding *out, size_t max)
{
    struct server *server = context;
    return bindings_list(server->bindings, device_id, out, max);
}

// ---- Calls, and what is assumed of clients

static size_t list_calls(void *context, uint32_t *place, struct api_call *out, size_t max)
{
    struct server *server = context;
    size_t count = 0;
    while (count == 0 && *place < CALLS_SHOWN_MAX) {
        count = calls_list(server->calls, place, out, max);
    }
    return count;
}

static bool find_call(void *context, uint64_t number, struct api_call *out)
{
    struct server *server = context;
    return calls_find(server->calls, number, out);
}

static bool next_alarm(void *context, uint64_t after, struct api_alarm *out)
{
    struct server *server = context;
    return alarms_next(server->alarms, after, out);
}

static bool lift_alarm(void *context, const struct api_alarm *alarm)
{
    struct server *server = context;
    if (!alarms_lift(server->alarms, alarm->number)) return false;
    alarms_save(server->alarms);
    if (alarm->line_id > 0) workers_lift_limits(server->workers, alarm->line_id);
    return true;
}

static bool next_sample(void *context, uint32_t group_id, uint32_t after_s, struct api_sample *out)
{
    struct server *server = context;
    return group_id > 0 ? group_samples_next(server->group_samples, group_id, after_s, out)
                        : samples_next(server->samples, after_s, out);
}

static enum api_deflection deflect(void *context, uint64_t number, const struct fwd_target *target,
                                   enum fwd_finding *finding)
{
    struct server *server = context;
    switch (workers_deflect(server->workers, number, target, finding)) {
    case CALL_DEFLECTED: return API_DEFLECTED;
    case CALL_KEPT: return API_NOT_DEFLECTED;
    case CALL_NOT_WAITING: break;
    }
    return API_NO_CALL;
}

static bool decline(void *context, uint64_t number)
{
    struct server *server = context;
    return workers_decline(server->workers, number);
}

static bool hang_up(void *context, uint64_t number)
{
    struct server *server = context;
    return workers_hang_up(server->workers, number);
}

static bool assume_clients(void *context, uint32_t line_id, const struct api_clients *clients)
{
    struct server *server = context;
    struct client_assumption assumption;
    if (!clients) return workers_assume_clients(server->workers, line_id, NULL);
    assumption.clients = clients->clients;
    assumption.call_count = clients->call_count;
    assumption.number_class = clients->number_class;
    memcpy(assumption.target, clients->target, sizeof assumption.target);
    return workers_assume_clients(server->workers, line_id, &assumption);
}

static bool assumed_clients(void *context, uint32_t line_id, struct api_clients *out)
{
    struct server *server = context;
    struct client_assumption assumed;
    if (!workers_assumed_clients(server->workers, line_id, &assumed)) return false;
    *out = (struct api_clients){.clients = assumed.clients, .call_count = assumed.call_count};
    memcpy(out->target, assumed.target, sizeof out->target);
    return true;
}

// ---- Checks of line groups

static enum api_check_result start_check(void *context, struct api_check_order *order,
                                         uint32_t *line_id)
{
    struct server *server = context;
    struct engine_check wanted = {.number = order->number,
                                  .group_id = order->group_id,
                                  .is_quick = order->is_quick,
                                  .ring_max_s = order->ring_max_s,
                                  .external = span_of(order->external),
                                  .external_class = order->external_class};
    static const enum api_check_result results[] = {
        [ENGINE_CHECK_STARTED] = API_CHECK_STARTED,
        [ENGINE_CHECK_ELSEWHERE] = API_CHECK_ELSEWHERE,
        [ENGINE_CHECK_LINE_OFF] = API_CHECK_LINE_OFF,
        [ENGINE_CHECK_LINE_BUSY] = API_CHECK_LINE_BUSY,
        [ENGINE_CHECK_LINE_CHECKED] = API_CHECK_LINE_CHECKED,
        [ENGINE_CHECK_TOO_FEW_LINES] = API_CHECK_TOO_FEW_LINES,
        [ENGINE_CHECK_TOO_MANY] = API_CHECK_TOO_MANY,
    };
    *line_id = 0;
    memcpy(wanted.line_ids, order->line_ids, sizeof wanted.line_ids);
    if (!checks_begin(server->checks, order->number)) return API_CHECK_TOO_MANY;
    enum engine_check_result result = workers_start_check(server->workers, &wanted, line_id);
    memcpy(order->extensions, wanted.extensions, sizeof order->extensions);
    if (result != ENGINE_CHECK_STARTED) checks_forget(server->checks, order->number);
    return results[result];
}

static bool stop_check(void *context, uint32_t number)
{
    struct server *server = context;
    return workers_stop_check(server->workers, number);
}

static bool running_check(void *context, uint32_t number, struct api_check *out)
{
    struct server *server = context;
    return checks_get(server->checks, number, out);
}

static bool next_done_check(void *context, struct api_check *out)
{
    struct server *server = context;
    return checks_next_done(server->checks, out);
}

static void forget_check(void *context, uint32_t number)
{
    struct server *server = context;
    checks_forget(server->checks, number);
}

static void get_statistics(void *context, struct api_statistics *out)
{
    struct server *server = context;
    *out = (struct api_statistics){
        .started_us = server->started_us,
        .calls_count = states_read(server->states, STATES_CALLS),
        .forwarded_count = states_read(server->states, STATES_FORWARDED),
        .declined_count = states_read(server->states, STATES_DECLINED),
        .missed_count = states_read(server->states, STATES_MISSED),
        .answered_elsewhere_count = states_read(server->states, STATES_ANSWERED_ELSEWHERE),
        .failed_count = states_read(server->states, STATES_FAILED),
        .answered_count = states_read(server->states, STATES_ANSWERED),
        .unanswered_count = states_read(server->states, STATES_UNANSWERED),
        .strangers_count = states_read(server->states, STATES_STRANGERS),
        .unknown_numbers_count = states_read(server->states, STATES_UNKNOWN_NUMBERS),
        .malformed_count = states_read(server->states, STATES_MALFORMED),
        .overloaded_count = states_read(server->states, STATES_OVERLOADED),
        .journal_dropped_count = journal_dropped_count(server->journal),
        .effects_lost_count = states_read(server->states, STATES_EFFECTS_LOST),
        .open_calls = states_read(server->states, STATES_OPEN_CALLS),
        .open_transactions = states_read(server->states, STATES_OPEN_TRANSACTIONS),
        .parcels_dropped_count = states_read(server->states, STATES_PARCELS_DROPPED),
        .worker_count = server->config.workers,
        .device_bindings = states_read(server->states, STATES_DEVICE_BINDINGS),
        .device_subscriptions = states_read(server->states, STATES_SUBSCRIPTIONS),
        .desk_phones = states_read(server->states, STATES_DESKS),
        .feature_codes_count = states_read(server->states, STATES_FEATURE_CODES),
        .device_registrations_count = states_read(server->states, STATES_DEVICE_REGISTRATIONS),
        .device_challenges_count = states_read(server->states, STATES_DEVICE_CHALLENGES),
        .device_failures_count = states_read(server->states, STATES_DEVICE_FAILURES),
        .device_blocked_count = states_read(server->states, STATES_DEVICE_BLOCKED),
    };
    for (uint32_t i = 0; i < server->config.workers; i++) {
        out->workers[i] = (struct api_worker_statistics){
            .calls_count = states_read_of(server->states, i, STATES_CALLS),
            .overloaded_count = states_read_of(server->states, i, STATES_OVERLOADED),
            .handed_over_count = states_read_of(server->states, i, STATES_HANDED_OVER),
        };
    }
    alarms_count(server->alarms, out->alarms_count);
    out->overload_alarms_count = states_read(server->states, STATES_OVERLOAD_ALARMS);
    for (unsigned kind = 0; kind <= VERDICT_DECLINE; kind++) {
        enum states_counter counter = (enum states_counter)(STATES_VERDICT + kind);
        out->verdicts_count[kind] = states_read(server->states, counter);
    }
    for (unsigned reason = 0; reason < REASON_COUNT; reason++) {
        enum states_counter counter = (enum states_counter)(STATES_REDIRECT + reason);
        out->redirects_count[reason] = states_read(server->states, counter);
    }
}

static void settle_journal(void *context)
{
    struct server *server = context;
    journal_settle(server->journal);
}

static bool is_working(void *context)
{
    struct server *server = context;
    return workers_are_working(server->workers);
}

static void pass_message(void *context, const struct tap_record *record)
{
    const struct api_trace_reader *reader = context;
    struct api_trace_message message = {.number = record->number,
                                        .is_received = record->is_received,
                                        .is_device = record->is_device,
                                        .transport = record->transport,
                                        .peer = record->peer,
                                        .wall_us = record->wall_us,
                                        .text = record->text};
    reader->visit(reader->context, &message);
}

static uint64_t read_trace(void *context, const struct api_trace_line *of, uint64_t after,
                           struct api_trace_reader reader)
{
    struct server *server = context;
    struct tap_line line = {.group_id = of->group_id, .user_id = of->user_id};
    text_copy(line.extension, sizeof line.extension, span_of(of->extension));
    return tap_read(server->tap, &line, after, net_now_us(), pass_message, &reader);
}

// Counts what exceptions with a number of calls were used for; false when the store cannot now.
static bool count_uses(void *context)
{
    struct server *server = context;
    struct settings_problem problem;
    struct use use;
    while (uses_take(server->uses, &use)) {
        struct settings_use used = {use.group, use.extension, use.rule_id, use.count};
        bool is_counted = settings_count_use(server->settings, &used, &problem) == ERR_NONE;
        if (!is_counted && !server->is_counting_troubled) {
            log_event(LOG_WARN, "use of an exception not counted yet", "cause",
                      span_of(problem.reason));
        }
        server->is_counting_troubled = !is_counted;
        if (is_counted) continue;
        if (!uses_add(server->uses, &use)) {
            log_event(LOG_ERROR, "use of an exception not counted", "extension",
                      span_of(use.extension));
        }
        return false;
    }
    return true;
}

// ---- Feature codes

static void tell_changes(struct server *server, const struct settings_obeyed *obeyed)
{
    struct api *api = atomic_load(&server->told_api);
    if (!api) return;
    for (size_t i = 0; i < obeyed->change_count; i++) {
        const struct settings_change *change = &obeyed->changes[i];
        api_tell_setting(api, change->kind, change->change, &change->record);
    }
}

// Carries out what devices have dialled. What nobody waits for any more is left: who dialled it has
// heard that it was not done.
static void obey_orders(struct server *server)
{
    struct settings_obeyed *obeyed = &server->obeyed;
    struct order order;
    while (orders_take(server->orders, &order)) {
        if (net_now_us() >= order.until_us) continue;
        settings_obey(server->settings, &order.order, obeyed);
        tell_changes(server, obeyed);
        workers_tell_obeyed(server->workers, &order, &obeyed->outcome);
    }
}

static void note_sample(struct server *server)
{
    uint64_t now_us = net_wall_us();
    struct api_sample sample = {.at_s = (uint32_t)(now_us / 1000000)};
    bool is_settled = now_us - server->started_us >= (uint64_t)SETTLED_S * 1000000;
    if (!is_settled || !samples_is_due(server->samples, sample.at_s)) return;
    states_count(server->states, 0, sample.lines);
    samples_add(server->samples, &sample);
    for (uint32_t i = 0; i < server->config.groups_max; i++) {
        uint32_t group_id = states_group_at(server->states, i, sample.lines);
        if (group_id > 0) group_samples_add(server->group_samples, group_id, &sample);
    }
    group_samples_save(server->group_samples, sample.at_s);
}

static bool do_work(void *context)
{
    struct server *server = context;
    obey_orders(server);
    alarms_save(server->alarms);
    note_sample(server);
    return count_uses(server);
}

// ---- Starting

static bool open_stores(struct server *server)
{
    struct store_problem problem;
    struct store **stores[] = {&server->settings_store, &server->journal_store,
                               &server->journal_reader};
    for (size_t i = 0; i < sizeof stores / sizeof stores[0]; i++) {
        *stores[i] = store_open_sqlite(server->config.data_dir, &problem);
        if (!*stores[i]) return fail("cannot open the store", problem.text);
    }
    return true;
}

static bool start_workers(struct server *server)
{
    struct net_problem problem;
    server->states = states_new(server->config.lines_max, server->config.groups_max);
    server->journal = journal_new(server->journal_store);
    server->registrations = registrations_load(server->config.data_dir);
    server->bindings = bindings_load(server->config.data_dir, server->config.devices_max);
    server->tap = tap_new();
    server->uses = uses_new();
    server->orders = orders_new();
    server->alarms = alarms_load(server->config.data_dir);
    server->samples = samples_load(server->config.data_dir);
    server->group_samples = group_samples_load(server->config.data_dir);
    server->calls = calls_new();
    server->checks = checks_new();
    if (!server->checks || !server->calls || !server->states || !server->journal ||
        !server->registrations || !server->bindings || !server->tap || !server->uses ||
        !server->orders || !server->alarms || !server->samples || !server->group_samples) {
        return fail("cannot start", "out of memory");
    }
    struct worker_parts parts = {.states = server->states,
                                 .journal = server->journal,
                                 .calls = server->calls,
                                 .bindings = server->bindings,
                                 .tap = server->tap,
                                 .api = &server->told_api,
                                 .checks = server->checks,
                                 .uses = server->uses,
                                 .orders = server->orders,
                                 .alarms = server->alarms};
    server->workers = workers_new(&server->config, &parts, server->registrations, &problem);
    if (!server->workers) return fail("cannot start SIP", problem.text);
    return workers_start(server->workers) == ERR_NONE || fail("cannot start SIP", "no thread");
}

static void run_api(void *context)
{
    struct server *server = context;
    (void)pthread_setname_np(pthread_self(), "api");
    api_run(server->api);
}

static bool start_api(struct server *server)
{
    struct settings_problem problem;
    struct api_options options = {
        .listen = server->config.api,
        .token = server->directory.token,
        .realm = server->config.realm,
        .settings = server->settings,
        .journal = server->journal_reader,
        .engine = {.context = server,
                   .registration = get_registration,
                   .desk_phone = get_desk_phone,
                   .count_lines = count_lines,
                   .is_logged_in = is_logged_in,
                   .web_client = set_web_client,
                   .list_bindings = list_bindings,
                   .list_calls = list_calls,
                   .find_call = find_call,
                   .deflect = deflect,
                   .decline = decline,
                   .hang_up = hang_up,
                   .next_alarm = next_alarm,
                   .lift_alarm = lift_alarm,
                   .next_sample = next_sample,
                   .start_check = start_check,
                   .stop_check = stop_check,
                   .running_check = running_check,
                   .next_done_check = next_done_check,
                   .forget_check = forget_check,
                   .assume_clients = assume_clients,
                   .assumed_clients = assumed_clients,
                   .statistics = get_statistics,
                   .settle_journal = settle_journal,
                   .trace = read_trace,
                   .is_working = is_working,
                   .work = do_work},
        .session_idle_s = server->config.session_idle_s,
        .session_max_s = server->config.session_max_s,
        .requests_per_s = server->config.api_requests_per_s,
        .are_metrics_open = server->config.metrics_open != 0,
        .is_behind_proxy = server->config.behind_proxy != 0,
    };
    server->api = api_new(&options, &problem);
    if (!server->api) return fail("cannot start the API", problem.reason);
    text_copy(server->setup_code, sizeof server->setup_code, span_of(api_setup_code(server->api)));
    atomic_store(&server->told_api, server->api);
    server->is_api_running = uv_thread_create(&server->api_thread, run_api, server) == 0;
    return server->is_api_running || fail("cannot start the API", "no thread");
}

static bool load_settings(struct server *server)
{
    struct settings_problem problem;
    server->settings = settings_new(server->settings_store, workers_listener(server->workers));
    if (!server->settings) return fail("cannot load the settings", "out of memory");
    if (settings_end_stale_checks(server->settings, &problem) != ERR_NONE ||
        settings_publish_all(server->settings, &problem) != ERR_NONE) {
        return fail("cannot load the settings", problem.reason);
    }
    struct journal_limits limits = {(uint64_t)server->config.journal_max_mb << 20,
                                    server->config.audit_days, server->config.data_dir};
    journal_start_trimming(server->journal, &limits);
    return true;
}

// Where nobody can administrate yet, the log tells how somebody becomes the first one to do so. The
// code stands where browsers do not send it.
static void tell_setup(const struct server *server, struct span url)
{
    struct log_line line;
    char bytes[160];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    if (!server->setup_code[0]) return;
    buffer_printf(&out, "%.*s/setup#%s", SPAN_ARG(url), server->setup_code);
    log_begin(&line, LOG_INFO, "no administrator yet: open this address to become one");
    log_text(&line, "url", buffer_span(&out));
    log_end(&line);
}

static bool start(struct server *server)
{
    struct log_line line;
    char problem[DIRECTORY_PROBLEM_SIZE];
    server->started_us = net_wall_us();
    if (sodium_init() < 0) return fail("cannot start", "libsodium has no entropy");
    if (!directory_open(server->config.data_dir, &server->directory, problem)) {
        return fail("cannot use the data directory", problem);
    }
    if (!open_stores(server) || !start_workers(server)) return false;
    if (!load_settings(server) || !start_api(server)) return false;
    char url[80];
    struct buffer out = buffer_over(url, sizeof url);
    buffer_put(&out, SPAN("http://"));
    address_print(&out, &server->config.api);
    log_begin(&line, LOG_INFO, "ready");
    log_text(&line, "api", buffer_span(&out));
    for (uint32_t i = 0; i < server->config.sip.count; i++) {
        log_address(&line, "sip", &server->config.sip.at[i]);
    }
    log_text(&line, "data_dir", span_of(server->config.data_dir));
    log_text(&line, "version", SPAN(LINEWARD_VERSION));
    log_end(&line);
    tell_setup(server, buffer_span(&out));
    sd_notify(false, "READY=1"); // nothing happens where no systemd waits for it
    return true;
}

// ---- Ending, in the reverse order; each part may be missing

static void end(struct server *server)
{
    if (server->is_api_running) {
        api_stop(server->api);
        uv_thread_join(&server->api_thread);
    }
    if (server->workers) workers_stop(server->workers);
    if (server->is_ready) count_uses(server);
    settings_free(server->settings);
    api_free(server->api); // the workers tell it what happens
    if (server->is_ready) {
        registrations_save(server->registrations, server->states);
        bindings_save(server->bindings);
        alarms_save(server->alarms);
    }
    workers_free(server->workers);
    tap_free(server->tap);
    uses_free(server->uses);
    orders_free(server->orders);
    alarms_free(server->alarms);
    samples_free(server->samples);
    group_samples_free(server->group_samples);
    checks_free(server->checks);
    registrations_free(server->registrations);
    bindings_free(server->bindings);
    journal_free(server->journal);
    calls_free(server->calls);
    states_free(server->states);
    store_close(server->journal_reader);
    store_close(server->journal_store);
    store_close(server->settings_store);
    directory_close(&server->directory);
}

// The main thread's work: it notes the registrations now and then, until a signal comes.
static int wait_for_signal(struct server *server, const sigset_t *signals)
{
    for (;;) {
        struct timespec interval = {.tv_sec = SAVE_INTERVAL_S};
        int received = sigtimedwait(signals, NULL, &interval);
        if (received == SIGHUP) {
            workers_reload(server->workers);
            continue;
        }
        if (received > 0) return received;
        if (errno != EAGAIN) continue;
        registrations_save(server->registrations, server->states);
        bindings_save(server->bindings);
    }
}

int serve_run(int argc, char **argv)
{
    struct server server = {0};
    char problem[CONFIG_PROBLEM_SIZE];
    sigset_t signals;
    int received = 0;
    if (!app_read_config(argc, argv, &server.config, problem)) {
        fprintf(stderr, "lineward serve: %s\n", problem);
        return 2;
    }
    log_set_format((enum log_format)server.config.log_format);
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); // inherited by all threads
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); // a file that must not grow is a full disk to the store
    bool is_started = server.is_ready = start(&server);
    if (is_started) {
        received = wait_for_signal(&server, &signals);
        sd_notify(false, "STOPPING=1");
        log_event(LOG_INFO, "stopping", "signal", span_of(received == SIGINT ? "INT" : "TERM"));
    }
    end(&server);
    if (is_started) log_event(LOG_INFO, "stopped", "registrations", SPAN("kept"));
    return is_started ? 0 : 1;
}
