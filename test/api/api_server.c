// SPDX-License-Identifier: Apache-2.0
// The API with an engine that makes its answers up: the server of the tests in this folder.
//
//   api_server TOKEN [DATA_DIR | memory [FAILING_CALL ERROR]]
//
// Prints "ready PORT" and serves until its standard input ends. With FAILING_CALL the store lets
// that call, counted from 1, fail with ERROR (busy, io, full).
#include "api/api.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// ---- The engine: lines 1 to 4 are in one state each, of the others nothing is known

// A line that is only tried is refused when it is looked at for the second time, and gone then.
static bool get_trial(struct model_registration *out)
{
    static unsigned count;
    *out = (struct model_registration){.state = REGISTRATION_WAITING};
    if (count % 3 == 1) {
        out->state = REGISTRATION_REFUSED;
        out->status = 403;
        text_copy(out->reason, sizeof out->reason, SPAN("wrong user name or password"));
    }
    return count++ % 3 != 2;
}

static bool get_registration(void *context, uint32_t line_id, struct model_registration *out)
{
    (void)context;
    static const struct model_registration states[] = {
        {.state = REGISTRATION_REGISTERED,
         .status = 200,
         .until_us = 1800000000000000,
         .contact = {.family = ADDRESS_IPV4, .port = 5060, .bytes = {127, 0, 0, 1}}},
        {.state = REGISTRATION_REFUSED, .status = 403, .reason = "Verboten \xfc\x1b"},
        {.state = REGISTRATION_UNREACHABLE, .reason = "no answer"},
        {.state = REGISTRATION_DISABLED},
    };
    if (line_id >= SETTINGS_TRIAL_IDS) return get_trial(out);
    if (line_id == 0 || line_id > sizeof states / sizeof states[0]) return false;
    *out = states[line_id - 1];
    return true;
}

static void count_lines(void *context, uint32_t group_id, uint32_t counts[])
{
    (void)context;
    counts[REGISTRATION_REGISTERED] = group_id;
    counts[REGISTRATION_REFUSED] = 1;
}

enum { USERS_MAX = 64 };
static bool has_page[USERS_MAX]; // users, by their number

static void set_web_client(void *context, uint32_t user_id, bool is_live)
{
    (void)context;
    if (user_id < USERS_MAX) has_page[user_id] = is_live;
}

static bool is_logged_in(void *context, uint32_t user_id, const struct model_user *user)
{
    (void)context;
    bool is_live = user_id < USERS_MAX && has_page[user_id];
    return user->login == LOGIN_ON || (user->login == LOGIN_AUTO && is_live);
}

static bool is_working(void *context)
{
    (void)context;
    return getenv("API_HANGS") == NULL;
}

// Every line has received one message, with bytes that are no text.
static uint64_t read_trace(void *context, const struct api_trace_line *line, uint64_t after,
                           struct api_trace_reader reader)
{
    (void)context;
    char text[64];
    struct api_trace_message message = {
        .number = 5,
        .is_received = true,
        .peer = {.family = ADDRESS_IPV4, .port = 5060, .bytes = {192, 0, 2, 1}},
        .wall_us = 1700000000123000,
    };
    snprintf(text, sizeof text, "OPTIONS sip:%s@pbx SIP/2.0\r\nX: \xff\x1b[31m\r\n\r\n",
             line->extension);
    message.text = span_of(text);
    if (after < message.number) reader.visit(reader.context, &message);
    return message.number;
}

static void get_statistics(void *context, struct api_statistics *out)
{
    (void)context;
    *out = (struct api_statistics){.started_us = 1700000000123000,
                                   .calls_count = 15,
                                   .redirects_count = {[REASON_BUSY] = 3},
                                   .verdicts_count = {[VERDICT_DECLINE] = 2},
                                   .overload_alarms_count = 4,
                                   .forwarded_count = 5,
                                   .declined_count = 4,
                                   .missed_count = 3,
                                   .answered_elsewhere_count = 2,
                                   .failed_count = 1,
                                   .strangers_count = 6,
                                   .unknown_numbers_count = 8,
                                   .malformed_count = 7,
                                   .overloaded_count = 9};
}

// ---- Calls: 1 to main/101 and 2 to main/102 wait, the second cannot be deflected; 3 of main/102

static const struct api_call calls[] = {
    {.number = 1,
     .group = "main",
     .extension = "101",
     .user_id = 1,
     .caller = "+4930123456",
     .caller_display = "J\xfcrgen \x1b[31m",
     .dialled = "101",
     .started_us = 1795392043768000,
     .since_us = 1795392043768000,
     .until_us = 1795392223768000},
    {.number = 2,
     .state = CALL_STATE_RINGING,
     .group = "main",
     .extension = "102",
     .user_id = 2,
     .is_internal = true,
     .caller = "+4930123456",
     .dialled = "101",
     .target = "700",
     .started_us = 1795392043768000,
     .since_us = 1795392043768000,
     .until_us = 1795392223768000},
    {.number = 3,
     .state = CALL_STATE_ON_HOLD,
     .is_outgoing = true,
     .group = "main",
     .extension = "102",
     .user_id = 2,
     .caller = "102",
     .dialled = "103",
     .device = "desk",
     .started_us = 1795392043769000,
     .answered_us = 1795392043770000,
     .since_us = 1795392043771000},
};
enum { CALL_COUNT = sizeof calls / sizeof calls[0] };

static size_t list_calls(void *context, uint32_t *place, struct api_call *out, size_t max)
{
    (void)context;
    if (*place >= CALL_COUNT || max == 0) return 0;
    out[0] = calls[(*place)++]; // one at a time
    return 1;
}

static bool find_call(void *context, uint64_t number, struct api_call *out)
{
    (void)context;
    if (number == 0 || number > CALL_COUNT) return false;
    *out = calls[number - 1];
    return true;
}

// Who is deflected to 199 has just hung up.
static enum api_deflection deflect(void *context, uint64_t number, const struct fwd_target *target,
                                   enum fwd_finding *finding)
{
    (void)context;
    *finding = FWD_IS_BARRED;
    if (span_eq(target->stored, SPAN("199"))) return API_NO_CALL;
    return number == 1 ? API_DEFLECTED : API_NOT_DEFLECTED;
}

// The second has just been answered.
static bool decline(void *context, uint64_t number)
{
    (void)context;
    return number == 1;
}

// The second has just ended.
static bool hang_up(void *context, uint64_t number)
{
    (void)context;
    return number != 2;
}

// The second goes as it is to be lifted.
static bool next_alarm(void *context, uint64_t after, struct api_alarm *out)
{
    static const struct api_alarm alarms[] = {
        {.number = 1,
         .kind = ALARM_FORWARDED_PER_HOUR,
         .group = "main",
         .extension = "101",
         .line_id = 1,
         .since_us = 1790000000000000,
         .last_us = 1790000060000000,
         .count = 20},
        {.number = 2,
         .kind = ALARM_REDIRECT_LOST,
         .group = "other",
         .extension = "101",
         .target = "102",
         .since_us = 1790000000000000,
         .last_us = 1790000000000000,
         .count = 1},
    };
    (void)context;
    if (after >= sizeof alarms / sizeof alarms[0]) return false;
    *out = alarms[after];
    return true;
}

// Noted once, when it is asked for first.
static bool next_sample(void *context, uint32_t group_id, uint32_t after_s, struct api_sample *out)
{
    static uint32_t noted_s;
    if (noted_s == 0) noted_s = (uint32_t)time(NULL);
    *out = (struct api_sample){.at_s = noted_s};
    count_lines(context, group_id, out->lines);
    return noted_s > after_s;
}

static bool lift_alarm(void *context, const struct api_alarm *alarm)
{
    (void)context;
    return alarm->number != 2;
}

static struct api_clients assumed[2]; // of the lines 1 and 2
static bool is_assumed[2] = {true, false};

static bool assume_clients(void *context, uint32_t line_id, const struct api_clients *clients)
{
    (void)context;
    if (line_id == 0 || line_id > 2) return false; // as if there were too many
    is_assumed[line_id - 1] = clients != NULL;
    if (clients) assumed[line_id - 1] = *clients;
    return true;
}

static bool assumed_clients(void *context, uint32_t line_id, struct api_clients *out)
{
    (void)context;
    if (line_id == 0 || line_id > 2 || !is_assumed[line_id - 1]) return false;
    *out = assumed[line_id - 1];
    return true;
}

// ---- The journal: of each verdict one call, some with what only strangers send

// The calls are a second apart, from 00:00:43.768 on of the day that begins at that second.
static void fill_journal(struct store *store, uint32_t day_s)
{
    uint64_t began_us = day_s * UINT64_C(1000000) + 43768000;
    struct fwd_trace_entry trace[] = {
        {.step = FWD_STEP_ENTRY, .subject = FWD_SUBJECT_LINE, .finding = FWD_NOT_HELD},
        {.step = FWD_STEP_IMMEDIATE,
         .subject = FWD_SUBJECT_SLOT,
         .finding = FWD_APPLIES,
         .condition = CONDITION_IMMEDIATE,
         .origin = ORIGIN_EXTERNAL},
    };
    struct model_journal_entry entry = {
        .started_us = began_us,
        .ended_us = began_us + 231000,
        .line_id = 1,
        .user_id = 1,
        .group = SPAN("main"),
        .extension = SPAN("101"),
        .caller = SPAN("+4930123456"),
        .caller_display = SPAN("J\xfcrgen \x1b[31m\n \xe2\x82 \xf0\x9f\x93\x9e"),
        .dialled = SPAN("101"),
        .call_id = SPAN("a\0b@127.0.0.1"),
        .verdict = VERDICT_REDIRECT,
        .outcome = OUTCOME_FORWARDED,
        .reason = REASON_UNCONDITIONAL,
        .status = 302,
        .target = SPAN("+491701234567"),
        .target_class = NUMBER_MOBILE,
        .trace = {(const char *)trace, sizeof trace},
    };
    struct model_journal_entry entries[4];
    for (unsigned i = 0; i < 4; i++) {
        entries[i] = entry;
        entries[i].verdict = (uint8_t)i;
        entries[i].outcome = (uint8_t)i;
        entries[i].started_us += i * 1000000ULL;
        if (i == 0) continue;
        entries[i].status = 480;
        entries[i].target = SPAN_NONE;
        entries[i].extension = i == 3 ? SPAN("102") : SPAN("101");
        entries[i].user_id = i == 3 ? 2 : 1;
    }
    entries[3].dialled = SPAN("@102"); // a formula, if it were a cell of a spreadsheet
    if (store_journal_append(store, entries, 4)) abort();
}

// ---- The program

static struct store *open_store(const char *where)
{
    struct store_problem problem = {.text = "out of memory"};
    bool is_memory = strcmp(where, "memory") == 0;
    struct store *store = is_memory ? store_open_memory() : store_open_sqlite(where, &problem);
    if (!store) fprintf(stderr, "api_server: %s\n", problem.text);
    return store;
}

static enum err error_named(const char *name)
{
    if (strcmp(name, "busy") == 0) return ERR_BUSY;
    if (strcmp(name, "memory") == 0) return ERR_NO_MEMORY;
    return ERR_IO;
}

// The first device is registered at one place.
static size_t list_bindings(void *context, uint32_t device_id, struct api_binding *out, size_t max)
{
    (void)context;
    if (device_id != 1 || max == 0) return 0;
    *out = (struct api_binding){
        .contact = "sip:a@192.0.2.9:5062",
        .user_agent = "Telephone/1.0",
        .source = {.family = ADDRESS_IPV4, .port = 40000, .bytes = {192, 0, 2, 9}},
        .transport = TRANSPORT_TLS,
        .is_reachable = true,
        .since_us = UINT64_C(1700000000000000),
        .expires_us = UINT64_C(1700000300000000)};
    return 1;
}

// The number in an environment variable; 0 where it is not set.
static uint32_t number_of(const char *name)
{
    const char *value = getenv(name);
    return value ? (uint32_t)strtoul(value, NULL, 10) : 0;
}

static void *run(void *api)
{
    api_run(api);
    return NULL;
}

// "alarm" or "call_changed": what the engine would tell of an overload, of a call of main/101.
static void post(struct api *api, const char *line)
{
    struct api_event changed = {.kind = EVENT_CALL_CHANGED,
                                .group = "main",
                                .extension = "101",
                                .call = "a@b",
                                .caller = "+4930555123",
                                .state = "ringing"};
    struct api_event alarm = {.kind = EVENT_ALARM, .state = "overload", .count = 7};
    if (strncmp(line, "alarm", 5) == 0) api_post(api, &alarm);
    if (strncmp(line, "call_changed", 12) == 0) api_post(api, &changed);
}

static int serve(const struct api_options *options)
{
    struct settings_problem problem;
    pthread_t thread;
    char line[64];
    struct api *api = api_new(options, &problem);
    if (!api) {
        fprintf(stderr, "api_server: %s: %s\n", problem.field, problem.reason);
        return 1;
    }
    char code[64];
    snprintf(code, sizeof code, "%s", api_setup_code(api));
    if (pthread_create(&thread, NULL, run, api)) abort();
    printf("ready %u %s\n", api_address(api).port, code);
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) post(api, line);
    api_stop(api);
    pthread_join(thread, NULL);
    api_free(api);
    return 0;
}

// ---- Checks. One that is quick is over at once, with a second call that does not come; any other
// one runs until it is stopped. Line 102 has a call, where it is the caller.

static struct api_check the_check;

static enum api_check_result start_check(void *context, struct api_check_order *order,
                                         uint32_t *line_id)
{
    static const char *const extensions[CHECK_LINES] = {"101", "102", "103"};
    (void)context;
    *line_id = order->line_ids[0];
    if (order->line_ids[0] == 2) return API_CHECK_LINE_BUSY;
    if (order->ring_max_s == 599) return API_CHECK_TOO_FEW_LINES;
    the_check = (struct api_check){.number = order->number,
                                   .is_done = order->is_quick,
                                   .state = order->is_quick ? CHECK_DONE : CHECK_RUNNING,
                                   .server = "trial PBX"};
    the_check.rows[CHECK_SECOND_CALL] = (struct model_check_row){
        .verdict = CHECK_FAILS, .finding = FOUND_DECLINED, .status = 486, .ms = 12, .line = "102"};
    the_check.rows[CHECK_REDIRECT_INTERNAL] = (struct model_check_row){
        .verdict = order->external[0] ? CHECK_FAILS : CHECK_OK, .finding = FOUND_FOLLOWED};
    the_check.rows[CHECK_RING_TIMEOUT] = (struct model_check_row){
        .verdict = CHECK_LIMITED, .finding = FOUND_TIMES_OUT, .ms = 20040, .status = 408};
    for (unsigned i = 0; i < CHECK_LINES; i++) {
        text_copy(order->extensions[i], EXTENSION_SIZE, span_of(extensions[i]));
    }
    return API_CHECK_STARTED;
}

static bool stop_check(void *context, uint32_t number)
{
    (void)context;
    return number == the_check.number;
}

static bool running_check(void *context, uint32_t number, struct api_check *out)
{
    (void)context;
    *out = the_check;
    return number == the_check.number;
}

static bool next_done_check(void *context, struct api_check *out)
{
    (void)context;
    *out = the_check;
    return the_check.is_done;
}

static void forget_check(void *context, uint32_t number)
{
    (void)context;
    if (number == the_check.number) the_check = (struct api_check){.number = 0};
}

int main(int argc, char **argv)
{
    int status = 1;
    if (argc < 2) return 2;
    struct store *beneath = open_store(argc > 2 ? argv[2] : "memory");
    if (!beneath) return 1;
    fill_journal(beneath, number_of("API_JOURNAL_S"));
    struct store *store = store_open_failing(beneath);
    struct settings *settings = store ? settings_new(store, (struct settings_listener){0}) : NULL;
    if (settings) {
        if (argc > 4) store_fail_at(store, (unsigned)atoi(argv[3]), error_named(argv[4]));
        struct api_options options = {
            .listen = {.family = ADDRESS_IPV4, .bytes = {127, 0, 0, 1}},
            .token = argv[1],
            .realm = "lineward",
            .settings = settings,
            .journal = store,
            .engine = {.registration = get_registration,
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
                       .trace = read_trace,
                       .is_working = is_working},
        };
        options.session_idle_s = number_of("API_SESSION_IDLE");
        options.session_max_s = number_of("API_SESSION_MAX");
        options.web_alive_s = number_of("API_WEB_ALIVE");
        options.hash_bytes = number_of("API_HASH_BYTES");
        options.requests_per_s = number_of("API_REQUESTS_PER_S");
        options.are_metrics_open = number_of("API_METRICS_OPEN") != 0;
        options.is_behind_proxy = number_of("API_BEHIND_PROXY") != 0;
        const char *port = getenv("API_SERVER_PORT");
        if (port) options.listen.port = (uint16_t)atoi(port);
        status = serve(&options);
    }
    settings_free(settings);
    store_close(store);
    store_close(beneath);
    return status;
}
