// SPDX-License-Identifier: Apache-2.0
// From a request to its handler: first who asks, then what there is, then whether they may, then
// whether the body can be read. RFC 9110 section 15.5.
#include "api/api_int.h"

#include <string.h>
#include <time.h>

static void refuse_method(const struct request *request, unsigned allowed, struct reply *reply)
{
    struct buffer out = buffer_over(reply->allow, sizeof reply->allow - 1);
    for (unsigned method = 0; method < METHOD_COUNT; method++) {
        if (!(allowed & 1U << method)) continue;
        if (out.len > 0) buffer_put_text(&out, ", ");
        buffer_put_text(&out, api_method_name((enum method)method));
    }
    reply->allow[out.len] = '\0';
    if (request->method == METHOD_COUNT) {
        api_reply_problem(reply, 405, "here is only %s", reply->allow);
    } else {
        api_reply_problem(reply, 405, "here is no %s, only %s", api_method_name(request->method),
                          reply->allow);
    }
}

// Whether everything outside the body is text; names and numbers are taken from it.
static bool is_text(const struct request *request)
{
    bool is_fine = true;
    for (size_t i = 0; i < request->path_count && i < PATH_PARTS_MAX; i++) {
        is_fine = is_fine && utf8_is_valid(request->path[i]);
    }
    for (size_t i = 0; i < request->query_count; i++) {
        is_fine = is_fine && utf8_is_valid(request->query[i].name) &&
                  utf8_is_valid(request->query[i].value);
    }
    return is_fine;
}

static bool is_known_parameter(const struct route *route, struct span name)
{
    struct span known = span_of(route->query);
    while (known.len > 0) {
        if (span_eq(span_split(&known, ' '), name)) return true;
    }
    return false;
}

static bool is_given_before(const struct request *request, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (span_eq(request->query[i].name, request->query[index].name)) return true;
    }
    return false;
}

// Every parameter is one that the route has, and is given once.
static bool check_query(const struct request *request, struct reply *reply)
{
    json_t *errors = json_array();
    for (size_t i = 0; i < request->query_count; i++) {
        struct span name = request->query[i].name;
        if (!is_known_parameter(request->route, name)) {
            api_errors_add(errors, name, "is not a parameter of this operation");
        } else if (is_given_before(request, i)) {
            api_errors_add(errors, name, "is given twice");
        }
    }
    return api_errors_settle(reply, 400, errors);
}

// Tells the settings who makes the changes of this request, and whose the user or line is that the
// path names.
static void set_actor(struct api *api, const struct request *request)
{
    const struct principal *by = &request->principal;
    struct settings_actor actor = {.name = "administrator"};
    if (request->method == METHOD_GET) return;
    if (by->user[0]) {
        text_copy(actor.name, sizeof actor.name, span_of(by->user));
    } else if (by->credential == CREDENTIAL_TOKEN) {
        struct buffer out = buffer_over(actor.name, sizeof actor.name - 1);
        buffer_printf(&out, "token %s", by->key);
        if (by->token[0]) buffer_printf(&out, " (%.32s)", by->token);
        actor.name[out.len] = '\0';
    }
    api_rights_find_owner(api, request, actor.for_user);
    if (strcmp(actor.for_user, actor.name) == 0) actor.for_user[0] = '\0';
    settings_set_actor(api->options.settings, &actor);
}

// Counts the request for where it comes from, or for who asks; false, with `reply` filled in, when
// these make too many. RFC 6585 section 4.
static bool take_turn(struct api *api, char kind, struct span who, struct reply *reply)
{
    uint32_t per_s = api->options.requests_per_s;
    struct timespec now;
    if (per_s == 0) return true;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t now_ns = (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
    uint32_t wait_s = api_rate_take(&api->rates, api_key_of(api, kind, who), per_s, now_ns);
    if (wait_s == 0) return true;
    reply->retry_after_s = wait_s;
    api_reply_problem(reply, 429, "more than %u requests a second: try again in %u s", per_s,
                      wait_s);
    return false;
}

static bool take_source(struct api *api, const struct request *request, struct reply *reply)
{
    char source[ADDRESS_SIZE];
    if (request->work) return true; // it was counted when it came for the first time
    api_access_print_source(api, request, source);
    return take_turn(api, 'r', span_of(source), reply);
}

static bool take_principal(struct api *api, const struct request *request, struct reply *reply)
{
    const struct principal *by = &request->principal;
    if (request->work || by->credential == CREDENTIAL_NONE) return true;
    bool is_user = by->user[0] != '\0';
    return take_turn(api, is_user ? 'u' : 't', span_of(is_user ? by->user : by->key), reply);
}

bool api_takes_import(struct api *api, struct request *request)
{
    unsigned allowed;
    struct reply reply = {.status = 0};
    const struct route *route = api_routes_find(request, &allowed);
    bool takes = route && route->handle == api_import_post &&
                 api_access_identify(api, request, &reply) &&
                 api_rights_check(api, request, &reply);
    json_decref(reply.body);
    return takes;
}

// Whether these are the metrics, and they may be read without a token, from this machine.
static bool is_open(const struct api *api, const struct request *request)
{
    const struct address *peer = &request->peer;
    static const uint8_t ipv6[16] = {[15] = 1};
    bool is_local = peer->family == ADDRESS_IPV4 ? peer->bytes[0] == 127
                                                 : memcmp(peer->bytes, ipv6, sizeof ipv6) == 0;
    return request->route->handle == api_metrics_get && api->options.are_metrics_open && is_local &&
           !api->options.is_behind_proxy;
}

static void handle_operation(struct api *api, struct request *request, struct reply *reply)
{
    unsigned allowed;
    const struct route *route = api_routes_find(request, &allowed);
    bool is_public = route && (route->audience == FOR_ALL || is_open(api, request));
    if ((!is_public && !api_access_identify(api, request, reply)) ||
        !take_principal(api, request, reply)) {
        ASSERT(reply->status != 0);
    } else if (!is_text(request)) {
        api_reply_problem(reply, 400, "the address is not encoded in UTF-8");
    } else if (!route && allowed) {
        refuse_method(request, allowed, reply);
    } else if (!route) {
        api_reply_problem(reply, 404, "the API has no such path");
    } else if ((is_public || api_rights_check(api, request, reply)) &&
               check_query(request, reply) && api_query_language(request, reply) &&
               api_body_read(request, reply) && api_password_prepare(api, request, reply) &&
               api_memory_is_enough(reply)) {
        set_actor(api, request);
        route->handle(api, request, reply);
    }
    json_decref(request->json);
    request->json = NULL;
}

static enum store_cause cause_of(enum err err)
{
    switch (err) {
    case ERR_BUSY: return STORE_BUSY;
    case ERR_ACCESS: return STORE_ACCESS;
    case ERR_IO: return STORE_IO;
    case ERR_CORRUPT:
    case ERR_TOO_NEW: return STORE_DAMAGED;
    case ERR_NO_MEMORY: return STORE_MEMORY;
    default: return STORE_OTHER;
    }
}

void api_handle(struct api *api, struct request *request, struct reply *reply)
{
    *reply = (struct reply){.status = 0};
    api_memory_begin();
    if (!take_source(api, request, reply)) {
        ASSERT(reply->status != 0);
    } else if (api_client_is_asked(request)) {
        api_client_get(request, reply);
    } else {
        handle_operation(api, request, reply);
    }
    ASSERT(reply->status != 0 || request->deferred);
    if (reply->store_err != ERR_NONE) api->store_errors[cause_of(reply->store_err)]++;
}
