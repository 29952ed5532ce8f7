// SPDX-License-Identifier: Apache-2.0
// "What does the group make of this number?"
#include "api/api_int.h"

#include <string.h>

// NULL, or why the body's number cannot be asked about.
static const char *read_number(const json_t *value, struct span *text)
{
    if (!value) return "is missing";
    if (!json_is_string(value)) return "must be a string";
    *text = (struct span){json_string_value(value), json_string_length(value)};
    if (text->len >= TEXT_SIZE) return "must be at most 127 bytes long";
    for (size_t i = 0; i < text->len; i++) {
        unsigned char byte = (unsigned char)text->at[i];
        if (byte < 0x20 || byte == 0x7f) return "must not contain control characters";
    }
    return NULL;
}

static bool read_body(const struct request *request, struct span *text, struct reply *reply)
{
    const char *name;
    json_t *value, *errors = json_array();
    const char *refused = read_number(json_object_get(request->json, "number"), text);
    if (refused) api_errors_add(errors, SPAN("number"), refused);
    json_object_foreach(request->json, name, value)
    {
        if (strcmp(name, "number") == 0) continue;
        api_errors_add(errors, span_of(name), "is no part of this question");
    }
    return api_errors_settle(reply, 422, errors);
}

static json_t *json_number(const struct settings_number *number)
{
    json_t *object = json_object();
    bool is_emergency = number->number_class == NUMBER_EMERGENCY;
    bool is_barred = number->stored[0] && !number->is_permitted && !is_emergency;
    const char *name = model_name(&model_number_classes, number->number_class);
    json_object_set_new(object, "stored", api_json_text(span_of(number->stored)));
    json_object_set_new(object, "dialled", api_json_text(span_of(number->dialled)));
    json_object_set_new(object, "class", json_string(name));
    json_object_set_new(object, "internal", json_boolean(number->is_internal));
    json_object_set_new(object, "emergency", json_boolean(is_emergency));
    json_object_set_new(object, "barred", json_boolean(is_barred));
    json_object_set_new(object, "permitted", json_boolean(number->is_permitted));
    json_object_set_new(object, "reason", api_json_text(span_of(number->reason)));
    json_object_set_new(object, "caller",
                        json_pack("{sosb}", "stored", api_json_text(span_of(number->caller)),
                                  "internal", number->is_caller_internal));
    return object;
}

void api_number_post(struct api *api, struct request *request, struct reply *reply)
{
    struct settings_number number;
    struct settings_problem problem;
    struct span text;
    char group[NAME_SIZE];
    struct span name = request->parts[0].value;
    bool is_name = text_copy(group, sizeof group, name);
    struct model_group record = {.name = ""};
    if (is_name) memcpy(record.name, group, sizeof record.name);
    if (!is_name) {
        api_reply_problem(reply, 404, "no group has such a name");
    } else if (settings_get(api->options.settings, KIND_GROUP, &record, NULL, &problem)) {
        api_reply_settings_problem(reply, &problem);
    } else if (!read_body(request, &text, reply)) {
        return;
    } else if (settings_test_number(api->options.settings, group, text, &number, &problem)) {
        api_reply_settings_problem(reply, &problem);
    } else {
        api_reply_json(reply, 200, json_number(&number));
    }
}
