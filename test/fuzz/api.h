// SPDX-License-Identifier: Apache-2.0
// The API without its server, over a store in memory: what the fuzzers of bodies and heads share.
#pragma once

#include "api/api_int.h"
#include "fuzz/fuzz.h"

#include <stdlib.h>

static bool get_registration(void *context, uint32_t line_id, struct model_registration *out)
{
    (void)context;
    *out = (struct model_registration){.state = REGISTRATION_REGISTERED};
    return line_id % 2 == 1;
}

static void count_lines(void *context, uint32_t group_id, uint32_t counts[])
{
    (void)context;
    counts[REGISTRATION_REGISTERED] = group_id;
}

static bool is_logged_in(void *context, uint32_t user_id, const struct model_user *user)
{
    (void)context;
    (void)user_id;
    return user->login == LOGIN_ON;
}

static void get_statistics(void *context, struct api_statistics *out)
{
    (void)context;
    *out = (struct api_statistics){.calls_count = 1};
}

static bool is_working(void *context)
{
    (void)context;
    return true;
}

static inline void add_samples(struct settings *settings)
{
    struct settings_problem problem;
    union model_record record;
    model_defaults(KIND_GROUP, &record);
    text_copy(record.group.name, NAME_SIZE, SPAN("g"));
    text_copy(record.group.server, TEXT_SIZE, SPAN("s"));
    text_copy(record.group.domain, TEXT_SIZE, SPAN("d"));
    if (settings_add(settings, KIND_GROUP, &record, &problem)) abort();
    model_defaults(KIND_USER, &record);
    text_copy(record.user.name, NAME_SIZE, SPAN("u"));
    if (settings_add(settings, KIND_USER, &record, &problem)) abort();
    model_defaults(KIND_LINE, &record);
    text_copy(record.line.group, NAME_SIZE, SPAN("g"));
    text_copy(record.line.extension, EXTENSION_SIZE, SPAN("1"));
    text_copy(record.line.user, NAME_SIZE, SPAN("u"));
    if (settings_add(settings, KIND_LINE, &record, &problem)) abort();
}

// An API with a group "g", a user "u" and a line "g/1"; its token is "t".
static inline struct api *new_api(void)
{
    struct store *store = store_open_memory();
    struct settings *settings = settings_new(store, (struct settings_listener){0});
    struct api *api = calloc(1, sizeof *api);
    if (!store || !settings || !api) abort();
    api->options = (struct api_options){.token = "t",
                                        .settings = settings,
                                        .journal = store,
                                        .session_idle_s = SESSION_IDLE_S,
                                        .session_max_s = SESSION_MAX_S,
                                        .engine = {.registration = get_registration,
                                                   .count_lines = count_lines,
                                                   .is_logged_in = is_logged_in,
                                                   .statistics = get_statistics,
                                                   .is_working = is_working}};
    api->events = api_events_new(api);
    if (!api->events) abort();
    add_samples(settings);
    return api;
}

static inline void free_api(struct api *api)
{
    struct store *store = settings_store(api->options.settings);
    settings_free(api->options.settings);
    api_events_free(api->events);
    store_close(store);
    free(api);
}

// Has a request answered, as if a password's hash were there at once. Whatever the request is, the
// answer is one, and what says no is a problem document.
static inline void answer(struct api *api, struct request *request)
{
    static struct api_work work;
    struct reply reply;
    size_t len = 0;
    work = (struct api_work){.state = WORK_DONE, .hash = "$argon2id$"};
    request->work = &work;
    api_handle(api, request, &reply);
    if (reply.is_stream) return;
    ASSERT(reply.status >= 200 && reply.status < 506 && !request->deferred);
    if (reply.status >= 400) {
        ASSERT(json_integer_value(json_object_get(reply.body, "status")) == (int)reply.status);
        ASSERT(json_string_length(json_object_get(reply.body, "detail")) > 0);
    }
    char *text = api_http_print_reply(request, &reply, &len);
    ASSERT(text && len > 0);
    free(text);
}
