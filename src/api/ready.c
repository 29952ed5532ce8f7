// SPDX-License-Identifier: Apache-2.0
// Whether the server can do its work: for load balancers and supervisors. Tells no secrets, and
// needs none.
#include "api/api_int.h"

enum { STATE_COUNT = REGISTRATION_UNREACHABLE + 1 };

// Groups that have lines, and those of them none of whose lines reach the PBX.
struct groups {
    const struct api_engine *engine;
    unsigned count, unreachable_count;
};

static bool look_at(void *context, uint32_t id, const void *record)
{
    struct groups *groups = context;
    const struct model_group *group = record;
    uint32_t counts[STATE_COUNT] = {0}, total = 0;
    if (!group->is_enabled) return true;
    groups->engine->count_lines(groups->engine->context, id, counts);
    for (unsigned state = 0; state < STATE_COUNT; state++) total += counts[state];
    total -= counts[REGISTRATION_DISABLED];
    if (total == 0) return true;
    groups->count++;
    if (counts[REGISTRATION_UNREACHABLE] == total) groups->unreachable_count++;
    return true;
}

void api_ready_get(struct api *api, struct request *request, struct reply *reply)
{
    (void)request;
    const struct api_engine *engine = &api->options.engine;
    struct groups groups = {.engine = engine};
    struct store_query query = {.kind = KIND_GROUP, .limit = PAGE_MAX};
    struct settings_problem problem;
    bool is_working = engine->is_working(engine->context);
    bool is_stored = settings_list(api->options.settings, &query, look_at, &groups, &problem) == 0;
    bool is_reached = groups.unreachable_count == 0 || groups.unreachable_count < groups.count;
    if (!is_working || !is_stored || !is_reached) {
        api_reply_problem(reply, 503, "not ready: %s",
                          !is_working  ? "the worker does not answer"
                          : !is_stored ? "the store cannot be read"
                                       : "no PBX can be reached");
        return;
    }
    json_t *body = json_object();
    json_object_set_new(body, "ready", json_true());
    json_object_set_new(body, "groups", json_integer(groups.count));
    json_object_set_new(body, "groups_unreachable", json_integer(groups.unreachable_count));
    api_reply_json(reply, 200, body);
}
