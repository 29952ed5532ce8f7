// SPDX-License-Identifier: Apache-2.0
// Connection tests: whether a PBX takes a line, found out before group and line are stored. The
// engine registers the line for a moment (settings_begin_trial), and takes it back; what came of it
// is kept for a while, in plain words and for programs. docs/api.md "Connection test".
#include "api/api_int.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    TESTS_PER_S = 1,
    SOON_MS = 3000,    // a PBX with several addresses may be reached at the next one
    SILENT_MS = 40000, // nothing came of it
    LEAVING_MS = 45000 // the line should have been gone before
};

_Static_assert(CONNECTION_TESTS_MAX <= UINT32_MAX - SETTINGS_TRIAL_IDS, "each has a number");

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static uint32_t trial_id(const struct api *api, const struct connection_test *test)
{
    return SETTINGS_TRIAL_IDS + (uint32_t)(test - api->connection_tests);
}

// ---- What came of it

// The cause of what the engine says, for programs; what it begins with.
static const struct {
    const char *cause, *reason;
} causes[] = {
    {"name", "cannot find "},
    {"certificate", "no connection to the PBX: TLS: the certificate "},
    {"certificate", "no connection to the PBX: TLS: self"},
    {"certificate", "no connection to the PBX: TLS: certificate"},
    {"tls", "no connection to the PBX: TLS: "},
    {"closed", "no connection to the PBX: connection refused"},
    {"route", "no connection to the PBX: no route"},
    {"route", "no route to the PBX"},
    {"connection", "no connection to the PBX"},
    {"no_answer", "no answer from the PBX"},
    {"password", "wrong user name or password"},
    {"realm", "the PBX's realm is not the group's"},
    {"authentication", "the PBX asks for an authentication"},
    {"interval", "the PBX demands no interval"},
    {"not_kept", "the PBX keeps no registration"},
};

static const char *cause_of_status(unsigned status)
{
    switch (status) {
    case 401:
    case 403:
    case 407: return "password";
    case 404:
    case 604: return "unknown_line";
    case 423: return "interval";
    case 503: return "overloaded";
    default: return "refused";
    }
}

static const char *cause_of(const struct model_registration *result)
{
    if (result->state == REGISTRATION_REGISTERED) return "none";
    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++) {
        struct span reason = span_of(result->reason);
        if (span_starts_with(reason, span_of(causes[i].reason))) return causes[i].cause;
    }
    return result->status > 0 ? cause_of_status(result->status) : "no_answer";
}

static bool is_final(const struct model_registration *now, uint64_t passed_ms)
{
    switch ((enum model_registration_state)now->state) {
    case REGISTRATION_REGISTERED:
    case REGISTRATION_REFUSED: return true;
    case REGISTRATION_UNREACHABLE: return passed_ms >= SOON_MS;
    default: return false;
    }
}

// The line is taken back; what came of it is known.
static void leave(struct api *api, struct connection_test *test, uint64_t at_ms)
{
    test->phase = CONNECTION_TEST_LEAVING;
    test->took_ms = (uint32_t)(at_ms - test->began_ms);
    settings_end_trial_line(api->options.settings, trial_id(api, test));
}

static void update(struct api *api, struct connection_test *test)
{
    const struct api_engine *engine = &api->options.engine;
    struct model_registration now = {.state = REGISTRATION_WAITING};
    uint64_t at_ms = now_ms(), passed_ms = at_ms - test->began_ms;
    if (test->phase != CONNECTION_TEST_RUNNING && test->phase != CONNECTION_TEST_LEAVING) return;
    bool is_there = engine->registration(engine->context, trial_id(api, test), &now);
    if (test->phase == CONNECTION_TEST_RUNNING) {
        if (is_there && is_final(&now, passed_ms)) {
            test->result = now;
            leave(api, test, at_ms);
        } else if (passed_ms >= SILENT_MS) {
            test->result.state = REGISTRATION_UNREACHABLE;
            leave(api, test, at_ms);
        }
    } else if (!is_there || passed_ms >= test->took_ms + LEAVING_MS) {
        settings_end_trial_group(api->options.settings, trial_id(api, test));
        test->phase = CONNECTION_TEST_ENDED;
    }
}

void api_connection_tests_update(struct api *api)
{
    for (size_t i = 0; i < CONNECTION_TESTS_MAX; i++) update(api, &api->connection_tests[i]);
}

static json_t *json_test(const struct connection_test *test)
{
    const struct model_registration *result = &test->result;
    bool is_known = test->phase != CONNECTION_TEST_RUNNING;
    char id[24];
    snprintf(id, sizeof id, "%u", test->number);
    json_t *body = json_object();
    json_object_set_new(body, "id", json_string(id));
    // Until the line is gone again a registered one is not told: the real one could cross with it.
    bool is_told = is_known && (test->phase == CONNECTION_TEST_ENDED ||
                                result->state != REGISTRATION_REGISTERED);
    json_object_set_new(
        body, "state",
        json_string(is_told ? model_name(&model_registration_states, result->state) : "running"));
    if (!is_told) return body;
    json_object_set_new(body, "cause", json_string(cause_of(result)));
    json_object_set_new(body, "status", json_integer(result->status));
    json_object_set_new(body, "reason", api_json_text(span_of(result->reason)));
    json_object_set_new(body, "took_ms", api_json_count(test->took_ms));
    if (result->peer.family != ADDRESS_NONE) {
        json_object_set_new(body, "pbx", api_json_address(&result->peer));
    }
    return body;
}

// ---- Beginning one

// Reads one part of the body into its record, as if it were a body of its own.
static void read_part(const struct request *request, enum model_kind kind, void *record,
                      json_t *errors)
{
    const char *name = model_kind(kind)->name;
    struct route route = {.kind = kind};
    struct request part = {.route = &route, .json = json_object_get(request->json, name)};
    size_t i;
    json_t *error;
    model_defaults(kind, record);
    // The group of the line is the one that comes with it.
    part.parts[part.part_count++] = (struct parameter){SPAN("group"), SPAN("?")};
    if (!json_is_object(part.json)) {
        api_errors_add(errors, span_of(name), part.json ? "must be an object" : "is missing");
        return;
    }
    json_t *found = api_json_to_record(&part, RECORD_WHOLE, record);
    json_array_foreach(found, i, error)
    {
        char bytes[160];
        struct buffer field = buffer_over(bytes, sizeof bytes);
        buffer_printf(&field, "%s.%.100s", name,
                      json_string_value(json_object_get(error, "field")));
        api_errors_add(errors, buffer_span(&field),
                       json_string_value(json_object_get(error, "reason")));
    }
    json_decref(found);
}

static bool read_body(const struct request *request, struct settings_trial *trial,
                      struct reply *reply)
{
    json_t *errors = json_array(), *value;
    const char *name;
    json_object_foreach(request->json, name, value)
    {
        if (strcmp(name, "group") == 0 || strcmp(name, "line") == 0) continue;
        api_errors_add(errors, span_of(name), "is not a field of this request");
    }
    read_part(request, KIND_GROUP, &trial->group, errors);
    read_part(request, KIND_LINE, &trial->line, errors);
    memcpy(trial->line.line.group, trial->group.group.name, sizeof trial->line.line.group);
    return api_errors_settle(reply, 422, errors);
}

// The place of a test that is over, the oldest; NULL when all are under way.
static struct connection_test *find_place(struct api *api)
{
    struct connection_test *place = NULL;
    for (size_t i = 0; i < CONNECTION_TESTS_MAX; i++) {
        struct connection_test *test = &api->connection_tests[i];
        bool is_free = test->phase == CONNECTION_TEST_NONE || test->phase == CONNECTION_TEST_ENDED;
        if (is_free && (!place || test->number < place->number)) place = test;
    }
    return place;
}

// A PBX may lock out who tries too many passwords.
static struct connection_test *take_place(struct api *api, struct reply *reply)
{
    uint32_t wait_s = api_rate_take(&api->rates, api_key_of(api, 'c', SPAN("")), TESTS_PER_S,
                                    now_ms() * 1000000);
    struct connection_test *place = wait_s == 0 ? find_place(api) : NULL;
    if (place) return place;
    reply->retry_after_s = wait_s > 0 ? wait_s : SOON_MS / 1000;
    api_reply_problem(reply, 429, "too many connection tests at a time: try again in %u s",
                      reply->retry_after_s);
    return NULL;
}

void api_connection_tests_add(struct api *api, struct request *request, struct reply *reply)
{
    struct settings_trial trial = {.id = 0};
    struct settings_problem problem;
    api_connection_tests_update(api);
    if (!read_body(request, &trial, reply)) return;
    if (settings_check_trial(api->options.settings, &trial, &problem)) {
        api_reply_settings_problem(reply, &problem);
        return;
    }
    struct connection_test *test = take_place(api, reply);
    if (!test) return;
    trial.id = trial_id(api, test);
    if (settings_begin_trial(api->options.settings, &trial, &problem)) {
        api_reply_settings_problem(reply, &problem);
        return;
    }
    *test = (struct connection_test){.phase = CONNECTION_TEST_RUNNING,
                                     .number = ++api->connection_test_count,
                                     .began_ms = now_ms()};
    snprintf(reply->location, sizeof reply->location, "/api/v1/connection-tests/%u", test->number);
    api_reply_json(reply, 201, json_test(test));
}

// ---- Looking at it

void api_connection_tests_get(struct api *api, struct request *request, struct reply *reply)
{
    uint64_t number = 0;
    api_connection_tests_update(api);
    if (!span_to_u64(request->parts[0].value, UINT32_MAX, &number)) number = 0;
    for (size_t i = 0; i < CONNECTION_TESTS_MAX && number > 0; i++) {
        if (api->connection_tests[i].number != number) continue;
        api_reply_json(reply, 200, json_test(&api->connection_tests[i]));
        return;
    }
    api_reply_problem(reply, 404, "there is no such connection test, or it is long over");
}
