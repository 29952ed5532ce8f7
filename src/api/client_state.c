// SPDX-License-Identifier: Apache-2.0
// What is assumed of a line's clients until there are real ones: a test aid (docs/calls.md).
#include "api/api_int.h"

#include <string.h>

enum { ASSUMED_CALLS_MAX = 100 };

static json_t *json_clients(const struct api_clients *clients)
{
    json_t *object = json_object();
    json_object_set_new(object, "clients",
                        json_string(model_name(&model_clients, clients->clients)));
    json_object_set_new(object, "calls", json_integer(clients->call_count));
    json_object_set_new(object, "target", api_json_text(span_of(clients->target)));
    return object;
}

void api_client_state_get(struct api *api, struct request *request, struct reply *reply)
{
    const struct api_engine *engine = &api->options.engine;
    union model_record line;
    struct api_clients clients;
    uint32_t id;
    if (!api_records_find(api, request, &line, &id, reply)) return;
    if (!engine->assumed_clients || !engine->assumed_clients(engine->context, id, &clients)) {
        api_reply_problem(reply, 404, "nothing is assumed of this line's clients");
        return;
    }
    api_reply_json(reply, 200, json_clients(&clients));
}

void api_client_state_remove(struct api *api, struct request *request, struct reply *reply)
{
    const struct api_engine *engine = &api->options.engine;
    union model_record line;
    uint32_t id;
    if (!api_records_find(api, request, &line, &id, reply)) return;
    if (engine->assume_clients) engine->assume_clients(engine->context, id, NULL);
    api_reply_json(reply, 204, NULL);
}

// ---- The body

// Reads one member; NULL, or why it is refused.
static const char *read_member(const char *name, const json_t *value, struct api_clients *clients,
                               struct span *target)
{
    unsigned found;
    struct span text = {json_string_value(value), json_string_length(value)};
    if (strcmp(name, "clients") == 0) {
        if (!json_is_string(value) || !model_find_name(&model_clients, text, &found)) {
            return "must be none, ring, busy, rejected, unreachable or deflect";
        }
        clients->clients = (enum model_clients)found;
    } else if (strcmp(name, "calls") == 0) {
        json_int_t count = json_integer_value(value);
        if (!json_is_integer(value) || count < 0 || count > ASSUMED_CALLS_MAX) {
            return "must be a number from 0 to 100";
        }
        clients->call_count = (uint32_t)count;
    } else if (strcmp(name, "target") == 0) {
        if (!json_is_string(value)) return "must be a string";
        *target = text;
    } else {
        return "is not a field of a client state";
    }
    return NULL;
}

static json_t *read_members(const json_t *body, struct api_clients *clients, struct span *target)
{
    const char *name;
    json_t *value, *errors = json_array();
    json_object_foreach((json_t *)body, name, value)
    {
        const char *refused = read_member(name, value, clients, target);
        if (refused) api_errors_add(errors, span_of(name), refused);
    }
    if (!json_object_get(body, "clients")) api_errors_add(errors, SPAN("clients"), "is missing");
    bool is_deflecting = clients->clients == CLIENTS_DEFLECT;
    if (is_deflecting && !json_object_get(body, "target")) {
        api_errors_add(errors, SPAN("target"), "is missing: where do they deflect to?");
    }
    return errors;
}

// Reads the body; false, with `reply` filled in, where something is wrong.
static bool read_clients(struct api *api, const struct request *request,
                         const struct model_line *line, struct api_clients *clients,
                         struct reply *reply)
{
    struct settings_destination to;
    struct settings_problem problem;
    struct span target = SPAN_NONE;
    *clients = (struct api_clients){.clients = CLIENTS_RING};
    json_t *errors = read_members(request->json, clients, &target);
    if (!api_errors_settle(reply, 422, errors)) return false;
    if (clients->clients != CLIENTS_DEFLECT) return true;
    if (settings_read_destination(api->options.settings, line, target, &to, &problem)) {
        return api_reply_settings_problem(reply, &problem);
    }
    memcpy(clients->target, to.stored, sizeof clients->target);
    clients->number_class = to.number_class;
    return true;
}

void api_client_state_put(struct api *api, struct request *request, struct reply *reply)
{
    const struct api_engine *engine = &api->options.engine;
    union model_record line;
    struct api_clients clients;
    uint32_t id;
    if (!api_records_find(api, request, &line, &id, reply)) return;
    if (!read_clients(api, request, &line.line, &clients, reply)) return;
    if (!engine->assume_clients || !engine->assume_clients(engine->context, id, &clients)) {
        api_reply_problem(reply, 503, "too much is assumed of other lines' clients");
        return;
    }
    api_reply_json(reply, 200, json_clients(&clients));
}
