// SPDX-License-Identifier: Apache-2.0
// All forwardings of a line at once: what is given takes the place of what is there, as a whole or
// not at all. RFC 9110 sections 9.3.4 and 13.1.1.
#include "api/api_int.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS_MAX = CONDITION_COUNT * ORIGIN_COUNT };

struct slot {
    struct model_forwarding record;
    bool is_there, is_wanted; // before; afterwards
    char before[ETAG_SIZE];   // the tag of what is there
    size_t item;              // where it stands in the body
};

struct replacement {
    struct api *api;
    const struct request *request;
    struct slot slots[CONDITION_COUNT][ORIGIN_COUNT];
    json_t *errors, *warnings;
    enum err failed; // of the store
    struct settings_problem problem;
};

// ---- What is there

static bool note_slot(void *context, uint32_t id, const void *record)
{
    (void)id;
    struct replacement *replacement = context;
    const struct model_forwarding *forwarding = record;
    struct slot *slot = &replacement->slots[forwarding->condition][forwarding->origin];
    slot->record = *forwarding;
    slot->is_there = true;
    api_etag_of_record(KIND_FORWARDING, record, NULL, slot->before);
    return true;
}

// Only what is whole gets a tag.
static void tag_list(struct reply *reply)
{
    char *text = json_dumps(reply->body, JSON_COMPACT);
    if (text && !api_memory_has_run_out()) api_etag_of_text(span_of(text), reply->etag);
    free(text);
}

// Replies with the list and its tag; false where there is no such line, or no memory.
static bool reply_list(struct api *api, struct request *request, struct reply *reply)
{
    api_records_list(api, request, reply);
    if (reply->status != 200) return false;
    tag_list(reply);
    return api_memory_is_enough(reply);
}

// Whether the line is there, and its forwardings are what If-Match expects.
static bool allows_change(struct api *api, struct request *request, struct reply *reply)
{
    struct reply shown = {.status = 0};
    if (!reply_list(api, request, &shown)) {
        *reply = shown;
        return false;
    }
    json_decref(shown.body);
    return api_etag_allows_change(request, shown.etag, reply);
}

// ---- What is wanted

static void add_error(struct replacement *replacement, size_t item, struct span field,
                      const char *reason)
{
    char text[80];
    int len = snprintf(text, sizeof text, "items[%zu]%s%.*s", item, field.len > 0 ? "." : "",
                       (int)(field.len < 40 ? field.len : 40), field.at);
    api_errors_add(replacement->errors, (struct span){text, (size_t)len}, reason);
}

// Reads the condition or the origin of an item.
static bool read_key(struct replacement *replacement, size_t item, const json_t *fields,
                     const char *name, struct model_forwarding *record)
{
    const struct model_field *field = model_find_field(KIND_FORWARDING, span_of(name));
    const json_t *value = json_object_get(fields, name);
    char reason[REASON_SIZE];
    const char *refused = value ? "must be a string" : "is missing";
    if (json_is_string(value)) {
        struct span text = {json_string_value(value), json_string_length(value)};
        refused = model_set_field(field, record, text, reason);
    }
    if (refused) add_error(replacement, item, span_of(name), refused);
    return !refused;
}

// Reads the other fields as those of a forwarding of its own.
static void read_fields(struct replacement *replacement, size_t item, json_t *fields,
                        struct model_forwarding *record)
{
    struct request request = *replacement->request;
    json_t *error, *errors;
    size_t i;
    request.json = fields;
    errors = api_json_to_record(&request, RECORD_WHOLE, record);
    json_array_foreach(errors, i, error)
    {
        struct span field = span_of(json_string_value(json_object_get(error, "field")));
        if (span_eq(field, SPAN("condition")) || span_eq(field, SPAN("origin"))) continue;
        add_error(replacement, item, field, json_string_value(json_object_get(error, "reason")));
    }
    json_decref(errors);
}

static void read_item(struct replacement *replacement, size_t item, json_t *fields)
{
    const struct request *request = replacement->request;
    struct model_forwarding record;
    char reason[REASON_SIZE];
    if (!json_is_object(fields)) {
        add_error(replacement, item, SPAN_NONE, "must be an object");
        return;
    }
    model_defaults(KIND_FORWARDING, &record);
    for (size_t i = 0; i < request->part_count; i++) {
        const struct parameter *part = &request->parts[i];
        const struct model_field *field = model_find_field(KIND_FORWARDING, part->name);
        const char *refused = model_set_field(field, &record, part->value, reason);
        ASSERT(!refused); // the line is there
    }
    bool has_condition = read_key(replacement, item, fields, "condition", &record);
    bool has_origin = read_key(replacement, item, fields, "origin", &record);
    read_fields(replacement, item, fields, &record);
    if (!has_condition || !has_origin) return;
    struct slot *slot = &replacement->slots[record.condition][record.origin];
    if (slot->is_wanted) add_error(replacement, item, SPAN_NONE, "is for a slot that comes twice");
    slot->record = record;
    slot->is_wanted = true;
    slot->item = item;
}

static void read_body(struct replacement *replacement)
{
    const char *name;
    json_t *value, *fields;
    json_t *items = json_object_get(replacement->request->json, "items");
    size_t i;
    json_object_foreach(replacement->request->json, name, value)
    {
        if (strcmp(name, "items") == 0) continue;
        api_errors_add(replacement->errors, span_of(name), "is no part of a list");
    }
    if (!json_is_array(items)) {
        api_errors_add(replacement->errors, SPAN("items"), items ? "must be a list" : "is missing");
    } else if (json_array_size(items) > SLOTS_MAX) {
        api_errors_add(replacement->errors, SPAN("items"), "must be at most 18: one for each slot");
    } else {
        json_array_foreach(items, i, fields) read_item(replacement, i, fields);
    }
}

// ---- The change

static void note_problem(struct replacement *replacement, const struct slot *slot, enum err err)
{
    const struct settings_problem *problem = &replacement->problem;
    if (api_problem_is_of_store(err)) {
        replacement->failed = err;
    } else {
        add_error(replacement, slot->item, span_of(problem->field), problem->reason);
    }
}

static void save(struct replacement *replacement, struct slot *slot)
{
    struct settings_problem *problem = &replacement->problem;
    bool is_new;
    if (!slot->is_wanted || replacement->failed != ERR_NONE) return;
    enum err err = settings_put(replacement->api->options.settings, KIND_FORWARDING, &slot->record,
                                &is_new, problem);
    if (err != ERR_NONE) {
        note_problem(replacement, slot, err);
    } else if (problem->warning[0]) {
        json_array_append_new(replacement->warnings, json_string(problem->warning));
    }
}

static void remove_slot(struct replacement *replacement, const struct slot *slot)
{
    if (!slot->is_there || slot->is_wanted || replacement->failed != ERR_NONE) return;
    replacement->failed = settings_remove(replacement->api->options.settings, KIND_FORWARDING,
                                          &slot->record, &replacement->problem);
}

// First what goes, then the slots for some callers, then those for all: so each is checked beside
// those that go before it, as they will be.
static void change_all(struct replacement *replacement)
{
    struct slot *slots = &replacement->slots[0][0];
    for (size_t i = 0; i < SLOTS_MAX; i++) remove_slot(replacement, &slots[i]);
    for (size_t i = 0; i < SLOTS_MAX; i++) {
        if (i % ORIGIN_COUNT != ORIGIN_ALL) save(replacement, &slots[i]);
    }
    for (size_t i = 0; i < SLOTS_MAX; i++) {
        if (i % ORIGIN_COUNT == ORIGIN_ALL) save(replacement, &slots[i]);
    }
}

static void tell_listeners(const struct replacement *replacement)
{
    const struct slot *slots = &replacement->slots[0][0];
    for (size_t i = 0; i < SLOTS_MAX; i++) {
        const struct slot *slot = &slots[i];
        union model_record record = {.forwarding = slot->record};
        const char *change = "removed";
        char after[ETAG_SIZE] = "";
        if (slot->is_wanted) {
            change = slot->is_there ? "changed" : "added";
            api_etag_of_record(KIND_FORWARDING, &record, NULL, after);
        }
        if (strcmp(slot->before, after) == 0) continue;
        api_events_setting(replacement->api, replacement->request, change, &record);
    }
}

// Does it, as one change; false, with `reply` filled in, when that is not possible.
static bool replace(struct replacement *replacement, struct reply *reply)
{
    struct settings *settings = replacement->api->options.settings;
    struct settings_problem end;
    if (settings_begin_batch(settings, &replacement->problem)) {
        return api_reply_settings_problem(reply, &replacement->problem);
    }
    change_all(replacement);
    bool is_refused = json_array_size(replacement->errors) > 0;
    bool is_whole = replacement->failed == ERR_NONE && !is_refused && !api_memory_has_run_out();
    enum err err = settings_end_batch(settings, is_whole, &end);
    if (replacement->failed != ERR_NONE) {
        return api_reply_settings_problem(reply, &replacement->problem);
    }
    if (err != ERR_NONE) return api_reply_settings_problem(reply, &end);
    return api_errors_settle(reply, 422, json_incref(replacement->errors));
}

// Replies with the list as it is now, like GET; nothing can go wrong any more.
static void reply_saved(struct replacement *replacement, struct reply *reply)
{
    struct slot *slots = &replacement->slots[0][0];
    json_t *items = json_array(), *body = json_object();
    for (size_t i = 0; i < SLOTS_MAX; i++) {
        if (!slots[i].is_wanted) continue;
        json_array_append_new(items, api_json_from_record(KIND_FORWARDING, &slots[i].record));
    }
    json_object_set_new(body, "items", items);
    api_reply_json(reply, 200, body);
    tag_list(reply);
    if (json_array_size(replacement->warnings) == 0) return;
    json_object_set(body, "warnings", replacement->warnings);
}

static void run(struct replacement *replacement, struct reply *reply)
{
    read_body(replacement);
    if (!api_errors_settle(reply, 422, json_incref(replacement->errors))) return;
    if (!replace(replacement, reply)) return;
    tell_listeners(replacement);
    reply_saved(replacement, reply);
}

void api_slots_list(struct api *api, struct request *request, struct reply *reply)
{
    reply_list(api, request, reply);
}

void api_slots_put(struct api *api, struct request *request, struct reply *reply)
{
    struct replacement replacement = {.api = api, .request = request};
    char group[NAME_SIZE], extension[EXTENSION_SIZE];
    struct store_query query = {.kind = KIND_FORWARDING, .group = group, .extension = extension};
    if (!allows_change(api, request, reply)) return;
    text_copy(group, sizeof group, request->parts[0].value);
    text_copy(extension, sizeof extension, request->parts[1].value);
    if (settings_list(api->options.settings, &query, note_slot, &replacement,
                      &replacement.problem)) {
        api_reply_settings_problem(reply, &replacement.problem);
        return;
    }
    replacement.errors = json_array();
    replacement.warnings = json_array();
    run(&replacement, reply);
    json_decref(replacement.errors);
    json_decref(replacement.warnings);
}
