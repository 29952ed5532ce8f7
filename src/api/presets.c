// SPDX-License-Identifier: Apache-2.0
// What a line group of a certain PBX is best begun with.
#include "api/api_int.h"

static json_t *json_values(const struct model_preset *preset)
{
    json_t *values = json_array();
    for (size_t i = 0; i < preset->value_count; i++) {
        const struct model_preset_value *value = &preset->values[i];
        json_array_append_new(values, json_pack("{ss ss ss}", "field", value->field, "value",
                                                value->value, "reason", value->reason));
    }
    return values;
}

void api_presets_list(struct api *api, struct request *request, struct reply *reply)
{
    (void)api;
    (void)request;
    size_t count;
    const struct model_preset *presets = model_presets(&count);
    json_t *items = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct model_preset *preset = &presets[i];
        json_t *item = json_pack("{ss ss ss? ss so}", "name", preset->name, "title", preset->title,
                                 "tested", preset->tested, "note", preset->note, "values",
                                 json_values(preset));
        json_array_append_new(items, item);
    }
    api_reply_json(reply, 200, json_pack("{so}", "items", items));
}
