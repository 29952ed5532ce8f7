// SPDX-License-Identifier: Apache-2.0
// A decision's verdict and trace as JSON: names for programs, sentences for people.
#include "api/api_int.h"

static json_t *json_entry(const struct fwd_trace_entry *entry, enum fwd_language language)
{
    char text[512];
    struct buffer out = buffer_over(text, sizeof text);
    json_t *object = json_object();
    json_object_set_new(object, "step", json_string(fwd_step_name(entry->step)));
    json_object_set_new(object, "subject", json_string(fwd_subject_name(entry->subject)));
    if (entry->subject == FWD_SUBJECT_SLOT) {
        const char *condition = model_name(&model_conditions, entry->condition);
        json_object_set_new(object, "condition", json_string(condition));
        const char *origin = model_name(&model_origins, entry->origin);
        json_object_set_new(object, "origin", json_string(origin));
    }
    json_object_set_new(object, "finding", json_string(fwd_finding_name(entry->finding)));
    fwd_put_trace_entry(&out, entry, language);
    json_object_set_new(object, "text", api_json_text(buffer_span(&out)));
    return object;
}

json_t *api_json_trace(const struct fwd_trace *trace, enum fwd_language language)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < trace->count; i++) {
        json_array_append_new(array, json_entry(&trace->entries[i], language));
    }
    return array;
}

json_t *api_json_verdict_text(const struct fwd_verdict *verdict, enum fwd_language language)
{
    char text[512];
    struct buffer out = buffer_over(text, sizeof text);
    fwd_put_verdict(&out, verdict, language);
    return api_json_text(buffer_span(&out));
}
