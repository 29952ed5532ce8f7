// SPDX-License-Identifier: Apache-2.0
// Who changed what; newest first. docs/storage.md.
#include "api/api_int.h"

// The fields as they were stored; null where there are none.
static json_t *json_fields(struct span stored)
{
    json_t *fields = stored.len > 0 ? json_loadb(stored.at, stored.len, 0, NULL) : NULL;
    return fields ? fields : json_null();
}

static bool add_entry(void *items, const struct model_audit_entry *entry)
{
    json_t *object = json_object();
    json_object_set_new(object, "id", api_json_count(entry->id));
    json_object_set_new(object, "time", api_json_time(entry->at_us, true));
    json_object_set_new(object, "actor", api_json_text(entry->actor));
    if (entry->for_user.len > 0) {
        json_object_set_new(object, "for_user", api_json_text(entry->for_user));
    }
    json_object_set_new(object, "action",
                        json_string(model_name(&model_audit_actions, entry->action)));
    json_object_set_new(object, "kind", api_json_text(entry->kind));
    json_object_set_new(object, "key", api_json_text(entry->key));
    json_object_set_new(object, "before", json_fields(entry->before));
    json_object_set_new(object, "after", json_fields(entry->after));
    json_array_append_new(items, object);
    return true;
}

void api_audit_list(struct api *api, struct request *request, struct reply *reply)
{
    struct settings_problem problem;
    struct filters filters = {.request = request, .reply = reply};
    uint64_t resume_id = 0;
    struct store_audit_query query = {
        .kind = api_filter_text(&filters, "kind", TEXT_SIZE - 1),
        .key = api_filter_text(&filters, "key", RANGES_SIZE - 1),
        .actor = api_filter_text(&filters, "actor", NAME_SIZE - 1),
        .text = api_filter_text(&filters, "text", TEXT_SIZE - 1),
        .since_us = api_filter_time(&filters, "since"),
        .until_us = api_filter_time(&filters, "until"),
        .before_id = api_filter_before(&filters),
        .limit = api_filter_limit(&filters),
        .resume_id = &resume_id,
    };
    if (filters.is_refused) return;
    json_t *items = json_array();
    if (settings_list_audit(api->options.settings, &query, add_entry, items, &problem)) {
        json_decref(items);
        api_reply_settings_problem(reply, &problem);
        return;
    }
    api_reply_page(request, reply, items, resume_id);
}
