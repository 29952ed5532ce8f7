// SPDX-License-Identifier: Apache-2.0
// Calls that wait - held or ringing -, and deflecting or declining one by hand. behaviour.md "The
// decision", step 7.
#include "api/api_int.h"

#include <string.h>

enum { CALLS_MAX = 1024 };

// The calls that wait now; they stay until this is called again.
static const struct api_call *list(struct api *api, size_t *count)
{
    static struct api_call calls[CALLS_MAX]; // of the API's one thread
    const struct api_engine *engine = &api->options.engine;
    *count = engine->list_calls ? engine->list_calls(engine->context, calls, CALLS_MAX) : 0;
    return calls;
}

static json_t *json_number(uint64_t number)
{
    char text[24];
    struct buffer out = buffer_over(text, sizeof text);
    buffer_printf(&out, "%llu", (unsigned long long)number);
    return api_json_text(buffer_span(&out));
}

static json_t *json_call(const struct api_call *call)
{
    json_t *object = json_object();
    json_object_set_new(object, "id", json_number(call->number));
    json_object_set_new(object, "group", api_json_text(span_of(call->group)));
    json_object_set_new(object, "line", api_json_text(span_of(call->extension)));
    json_object_set_new(object, "caller", api_json_text(span_of(call->caller)));
    json_object_set_new(object, "caller_name", api_json_text(span_of(call->caller_display)));
    json_object_set_new(object, "internal", json_boolean(call->is_internal));
    json_object_set_new(object, "dialled", api_json_text(span_of(call->dialled)));
    json_object_set_new(object, "state", json_string(call->is_ringing ? "ringing" : "held"));
    json_object_set_new(object, "started", api_json_time(call->started_us, true));
    json_object_set_new(object, "until", api_json_time(call->until_us, true));
    json_object_set_new(object, "target", api_json_text(span_of(call->target)));
    return object;
}

static bool is_wanted(const char *wanted, const char *value)
{
    return !wanted || !*wanted || strcmp(wanted, value) == 0;
}

void api_calls_list(struct api *api, struct request *request, struct reply *reply)
{
    struct filters filters = {.request = request, .reply = reply};
    const char *wanted = api_filter_text(&filters, "group", NAME_SIZE - 1);
    const char *line = api_filter_text(&filters, "line", EXTENSION_SIZE - 1);
    char any_user[NAME_SIZE] = "", group[NAME_SIZE] = "";
    size_t count;
    if (filters.is_refused) return;
    if (wanted) text_copy(group, sizeof group, span_of(wanted));
    if (!api_rights_restrict(request, any_user, group, reply)) return;
    json_t *items = json_array(), *body = json_object();
    const struct api_call *calls = list(api, &count);
    for (size_t i = 0; i < count; i++) {
        if (!is_wanted(group, calls[i].group) || !is_wanted(line, calls[i].extension)) continue;
        if (!api_rights_reach_call(api, &request->principal, &calls[i])) continue;
        json_array_append_new(items, json_call(&calls[i]));
    }
    json_object_set_new(body, "items", items);
    api_reply_json(reply, 200, body);
}

bool api_calls_find(struct api *api, const struct request *request, struct api_call *call)
{
    uint64_t number = 0;
    size_t count;
    const struct api_call *calls = list(api, &count);
    if (!span_to_u64(request->parts[0].value, UINT64_MAX, &number)) return false;
    for (size_t i = 0; i < count; i++) {
        if (calls[i].number != number) continue;
        *call = calls[i];
        return true;
    }
    return false;
}

static void deflect(struct api *api, const struct api_call *call,
                    const struct settings_destination *to, struct reply *reply)
{
    const struct api_engine *engine = &api->options.engine;
    enum fwd_finding finding = FWD_APPLIES;
    struct fwd_target target = {.stored = span_of(to->stored), .number_class = to->number_class};
    switch (engine->deflect(engine->context, call->number, &target, &finding)) {
    case API_DEFLECTED: api_reply_json(reply, 204, NULL); return;
    case API_NO_CALL: api_reply_problem(reply, 404, "the call does not wait any more"); return;
    case API_NOT_DEFLECTED: break;
    }
    struct fwd_trace_entry why = {
        .step = FWD_STEP_RING, .subject = FWD_SUBJECT_DEFLECTION, .finding = (uint8_t)finding};
    char text[256];
    struct buffer out = buffer_over(text, sizeof text - 1);
    fwd_put_trace_entry(&out, &why, FWD_ENGLISH);
    text[out.len] = '\0';
    api_reply_refused(reply, 409, SPAN("to"), text);
}

void api_calls_deflect(struct api *api, struct request *request, struct reply *reply)
{
    struct settings_destination to;
    struct settings_problem problem;
    struct api_call call;
    struct span text = SPAN_NONE;
    const struct text_field fields[] = {{"to", &text}};
    struct model_line line = {.is_enabled = true};
    if (!api_calls_find(api, request, &call)) {
        api_reply_problem(reply, 404, "no such call waits");
        return;
    }
    if (!api_body_read_texts(request, fields, 1, reply)) return;
    memcpy(line.group, call.group, sizeof line.group);
    memcpy(line.extension, call.extension, sizeof line.extension);
    if (settings_read_destination(api->options.settings, &line, text, &to, &problem)) {
        if (strcmp(problem.field, "target") == 0) text_copy(problem.field, 3, SPAN("to"));
        api_reply_settings_problem(reply, &problem);
        return;
    }
    deflect(api, &call, &to, reply);
}

void api_calls_decline(struct api *api, struct request *request, struct reply *reply)
{
    const struct api_engine *engine = &api->options.engine;
    struct api_call call;
    if (!api_calls_find(api, request, &call)) {
        api_reply_problem(reply, 404, "no such call waits");
        return;
    }
    if (!api_body_read_texts(request, NULL, 0, reply)) return;
    if (!engine->decline(engine->context, call.number)) {
        api_reply_problem(reply, 404, "the call does not wait any more");
    } else {
        api_reply_json(reply, 204, NULL);
    }
}
