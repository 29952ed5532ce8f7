// SPDX-License-Identifier: Apache-2.0
// Putting a profile on and off. What it consists of is a record like others (records.c).
// docs/profiles.md.
#include "api/api_int.h"

#include <string.h>

// Reads `until`: a time; empty: without an end.
static bool read_application(const struct request *request, struct settings_application *wanted,
                             struct reply *reply)
{
    const char *name;
    json_t *value, *errors = json_array();
    json_object_foreach(request->json, name, value)
    {
        struct span text = {json_string_value(value), json_string_length(value)};
        if (strcmp(name, "until") != 0) {
            api_errors_add(errors, span_of(name), "is no part of this");
            continue;
        }
        wanted->has_until = true;
        if (json_is_string(value) && text.len == 0) continue;
        if (json_is_string(value) && civil_read_time(text, &wanted->until_s)) continue;
        api_errors_add(errors, SPAN("until"),
                       "must be a time as in 2026-12-24T18:00:00+01:00, or empty");
    }
    return api_errors_settle(reply, 422, errors);
}

static bool note_applied(void *context, uint32_t id, const void *record)
{
    (void)id;
    const struct model_profile *profile = record;
    if (profile->is_applied) *(struct model_profile *)context = *profile;
    return !profile->is_applied;
}

// What undoes it: the profile that was applied before, with its end; null where none was.
static json_t *json_before(const struct model_profile *before)
{
    if (!*before->name) return json_null();
    json_t *object = json_object();
    json_object_set_new(object, "name", api_json_text(span_of(before->name)));
    json_object_set_new(object, "until",
                        before->until_s > 0 ? api_json_time(before->until_s * 1000000, false)
                                            : json_string(""));
    return object;
}

static void tell(struct api *api, const struct request *request,
                 const struct model_profile *profile)
{
    union model_record record = {.profile = *profile};
    api_events_setting(api, request, "changed", &record);
}

void api_profiles_apply(struct api *api, struct request *request, struct reply *reply)
{
    struct settings *settings = api->options.settings;
    struct settings_application wanted = {.has_until = false};
    struct settings_problem problem;
    struct model_profile before = {.name = ""};
    union model_record record;
    if (!api_records_find(api, request, &record, NULL, reply)) return;
    if (!read_application(request, &wanted, reply)) return;
    struct store_query all = {.kind = KIND_PROFILE, .user = record.profile.user};
    if (settings_list(settings, &all, note_applied, &before, &problem) ||
        settings_apply_profile(settings, &wanted, &record.profile, &problem)) {
        api_reply_settings_problem(reply, &problem);
        return;
    }
    bool is_other = *before.name && strcmp(before.name, record.profile.name) != 0;
    if (is_other) tell(api, request, &before);
    tell(api, request, &record.profile);
    json_t *body = json_object();
    json_object_set_new(body, "profile", api_json_from_record(KIND_PROFILE, &record));
    json_object_set_new(body, "before", json_before(&before));
    if (problem.warning[0]) {
        json_object_set_new(body, "warnings", json_pack("[s]", problem.warning));
    }
    api_reply_json(reply, 200, body);
}

void api_profiles_end(struct api *api, struct request *request, struct reply *reply)
{
    struct settings_problem problem;
    union model_record record;
    if (!api_records_find(api, request, &record, NULL, reply)) return;
    if (settings_end_profile(api->options.settings, &record.profile, &problem)) {
        api_reply_settings_problem(reply, &problem);
        return;
    }
    tell(api, request, &record.profile);
    api_reply_json(reply, 204, NULL);
}

void api_profiles_end_due(struct api *api)
{
    static const struct route route = {.kind = KIND_PROFILE};
    static const struct request request = {.route = &route};
    struct model_profile ended;
    while (settings_end_due(api->options.settings, &ended)) tell(api, &request, &ended);
}
