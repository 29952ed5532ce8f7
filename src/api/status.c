// SPDX-License-Identifier: Apache-2.0
// How the server is doing: for machines that watch it, and for people.
#include "api/api_int.h"

void api_health_get(struct api *api, struct request *request, struct reply *reply)
{
    (void)api;
    (void)request;
    json_t *body = json_object();
    json_object_set_new(body, "status", json_string("ok"));
    api_reply_json(reply, 200, body);
}

enum { STATE_COUNT = REGISTRATION_UNREACHABLE + 1 };

static json_t *json_lines(const struct api_engine *engine, uint32_t group_id)
{
    uint32_t counts[STATE_COUNT] = {0};
    json_t *object = json_object();
    engine->count_lines(engine->context, group_id, counts);
    for (unsigned state = 0; state < STATE_COUNT; state++) {
        const char *name = model_name(&model_registration_states, state);
        json_object_set_new(object, name, api_json_count(counts[state]));
    }
    return object;
}

// ---- What the last check of a group has found

static bool take_done(void *context, uint32_t id, const void *record)
{
    const struct model_check *check = record;
    (void)id;
    if (check->state == CHECK_DONE) *(struct model_check *)context = *check;
    return true;
}

// Its number and the rows that fail; null where no check was done.
static json_t *json_last_check(const struct model_check *check)
{
    struct model_check_row rows[CHECK_ROWS];
    if (check->number == 0) return json_null();
    json_t *fails = json_array();
    model_check_read_rows(span_of(check->rows), rows);
    for (unsigned row = 0; row < CHECK_ROWS; row++) {
        if (rows[row].verdict != CHECK_FAILS) continue;
        json_array_append_new(fails, json_string(model_name(&model_check_rows, row)));
    }
    return json_pack("{siso}", "number", (int)check->number, "fails", fails);
}

// ---- What is set to forward calls abroad

struct abroad_listing {
    struct settings *settings;
    json_t *names;
};

static bool add_abroad(void *context, uint32_t id, const void *record)
{
    struct abroad_listing *listing = context;
    const struct model_admin_forwarding *rule = record;
    struct settings_number number = {.number_class = NUMBER_UNKNOWN};
    struct settings_problem problem;
    (void)id;
    if (!rule->is_enabled || (rule->until_s > 0 && rule->until_s <= api_now_s())) return true;
    bool is_read = settings_test_number(listing->settings, rule->group, span_of(rule->target),
                                        &number, &problem) == ERR_NONE;
    if (!is_read || !phone_is_foreign(number.number_class) || !number.is_permitted) return true;
    json_array_append_new(listing->names, api_json_text(span_of(rule->name)));
    return true;
}

static json_t *json_abroad(struct settings *settings, uint32_t group_id,
                           const struct model_group *group)
{
    struct store_query query = {.kind = KIND_ADMIN_FORWARDING, .group = group->name};
    struct abroad_listing listing = {.settings = settings, .names = json_array()};
    struct settings_problem problem;
    json_t *object = json_object();
    json_object_set_new(object, "lines", api_json_count(settings_count_abroad(settings, group_id)));
    json_object_set_new(object, "admin_forwardings", listing.names);
    // What cannot be read now is missing, and there the next time.
    if (!group->is_barring_foreign) {
        (void)!settings_list(settings, &query, add_abroad, &listing, &problem);
    }
    return object;
}

// ---- All

struct group_listing {
    struct settings *settings;
    const struct api_engine *engine;
    json_t *groups;
    struct settings_problem problem;
    enum err err;
};

static bool add_group(void *context, uint32_t id, const void *record)
{
    struct group_listing *listing = context;
    const struct model_group *group = record;
    struct store_query checks = {.kind = KIND_CHECK, .group = group->name};
    struct model_check last = {.number = 0};
    listing->err = settings_list(listing->settings, &checks, take_done, &last, &listing->problem);
    if (listing->err) return false;
    json_t *object = json_object();
    json_object_set_new(object, "name", api_json_text(span_of(group->name)));
    json_object_set_new(object, "lines", json_lines(listing->engine, id));
    json_object_set_new(object, "check", json_last_check(&last));
    json_object_set_new(object, "abroad", json_abroad(listing->settings, id, group));
    json_array_append_new(listing->groups, object);
    return true;
}

static json_t *json_calls(const struct api_statistics *statistics)
{
    json_t *calls = json_object();
    json_object_set_new(calls, "count", api_json_count(statistics->calls_count));
    json_object_set_new(calls, "forwarded", api_json_count(statistics->forwarded_count));
    json_object_set_new(calls, "declined", api_json_count(statistics->declined_count));
    json_object_set_new(calls, "missed", api_json_count(statistics->missed_count));
    json_object_set_new(calls, "answered_elsewhere",
                        api_json_count(statistics->answered_elsewhere_count));
    json_object_set_new(calls, "failed", api_json_count(statistics->failed_count));
    json_object_set_new(calls, "answered", api_json_count(statistics->answered_count));
    json_object_set_new(calls, "unanswered", api_json_count(statistics->unanswered_count));
    return calls;
}

void api_status_get(struct api *api, struct request *request, struct reply *reply)
{
    (void)request;
    const struct api_engine *engine = &api->options.engine;
    struct group_listing listing = {
        .settings = api->options.settings, .engine = engine, .groups = json_array()};
    struct store_query query = {.kind = KIND_GROUP, .limit = PAGE_MAX};
    struct api_statistics statistics = {0};
    enum err err = settings_list(api->options.settings, &query, add_group, &listing,
                                 &listing.problem);
    if (err || listing.err) {
        json_decref(listing.groups);
        api_reply_settings_problem(reply, &listing.problem);
        return;
    }
    engine->statistics(engine->context, &statistics);
    json_t *body = json_object();
    json_object_set_new(body, "version", json_string(LINEWARD_VERSION));
    json_object_set_new(body, "started", api_json_time(statistics.started_us, true));
    json_object_set_new(body, "uptime_s", api_json_count(api_passed_s() - api->started_s));
    json_object_set_new(body, "calls", json_calls(&statistics));
    json_object_set_new(body, "strangers", api_json_count(statistics.strangers_count));
    json_object_set_new(body, "unknown_numbers", api_json_count(statistics.unknown_numbers_count));
    json_object_set_new(body, "malformed", api_json_count(statistics.malformed_count));
    json_object_set_new(body, "overloaded", api_json_count(statistics.overloaded_count));
    json_object_set_new(body, "journal_dropped", api_json_count(statistics.journal_dropped_count));
    json_object_set_new(body, "groups", listing.groups);
    api_reply_json(reply, 200, body);
}
