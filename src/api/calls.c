// SPDX-License-Identifier: Apache-2.0
// Calls that there are - held, ringing, answered -; deflecting, declining or ending one by hand.
// docs/decision.md "Steps", 7.
#include "api/api_int.h"

#include <stdlib.h>
#include <string.h>

enum { CALLS_MAX = 1024, LOOKED_AT_MAX = 64 }; // that one answer tells, that are looked at at once

json_t *api_json_number(uint64_t number)
{
    char text[24];
    struct buffer out = buffer_over(text, sizeof text);
    buffer_printf(&out, "%llu", (unsigned long long)number);
    return api_json_text(buffer_span(&out));
}

// Whom the line talks to.
static void put_party(json_t *object, const struct api_call *call)
{
    const char *party = call->is_outgoing ? call->dialled : call->caller;
    const char *name = call->is_outgoing ? "" : call->caller_display;
    json_object_set_new(object, "party", api_json_text(span_of(party)));
    json_object_set_new(object, "party_name", api_json_text(span_of(name)));
}

static json_t *json_call(const struct api_call *call)
{
    json_t *object = json_object();
    json_object_set_new(object, "id", api_json_number(call->number));
    json_object_set_new(object, "group", api_json_text(span_of(call->group)));
    json_object_set_new(object, "line", api_json_text(span_of(call->extension)));
    json_object_set_new(object, "direction", json_string(call->is_outgoing ? "out" : "in"));
    json_object_set_new(object, "state", json_string(model_name(&model_call_states, call->state)));
    json_object_set_new(object, "since", api_json_time(call->since_us, true));
    put_party(object, call);
    json_object_set_new(object, "device", api_json_text(span_of(call->device)));
    json_object_set_new(object, "caller", api_json_text(span_of(call->caller)));
    json_object_set_new(object, "caller_name", api_json_text(span_of(call->caller_display)));
    json_object_set_new(object, "internal", json_boolean(call->is_internal));
    json_object_set_new(object, "dialled", api_json_text(span_of(call->dialled)));
    json_object_set_new(object, "started", api_json_time(call->started_us, true));
    if (call->answered_us > 0) {
        json_object_set_new(object, "answered", api_json_time(call->answered_us, true));
    }
    if (call->until_us > 0) {
        json_object_set_new(object, "until", api_json_time(call->until_us, true));
    }
    json_object_set_new(object, "target", api_json_text(span_of(call->target)));
    return object;
}

static bool is_wanted(const char *wanted, const char *value)
{
    return !wanted || !*wanted || strcmp(wanted, value) == 0;
}

// Which calls are asked for.
struct wanted {
    const struct principal *principal;
    const char *group, *line, *state; // NULL or empty: any
    uint32_t user_id;                 // 0: whosever they are
};

static bool is_call_wanted(struct api *api, const struct wanted *wanted,
                           const struct api_call *call)
{
    return is_wanted(wanted->group, call->group) && is_wanted(wanted->line, call->extension) &&
           is_wanted(wanted->state, model_name(&model_call_states, call->state)) &&
           (wanted->user_id == 0 || wanted->user_id == call->user_id) &&
           api_rights_reach_call(api, wanted->principal, call);
}

// Collects the calls that are wanted, CALLS_MAX of them; returns how many there are.
static size_t collect(struct api *api, const struct wanted *wanted, struct api_call *out)
{
    const struct api_engine *engine = &api->options.engine;
    struct api_call page[LOOKED_AT_MAX];
    uint32_t place = 0;
    size_t found = 0, count;
    if (!engine->list_calls) return 0;
    while ((count = engine->list_calls(engine->context, &place, page, LOOKED_AT_MAX)) > 0) {
        for (size_t i = 0; i < count; i++) {
            if (!is_call_wanted(api, wanted, &page[i])) continue;
            if (found++ < CALLS_MAX) out[found - 1] = page[i];
        }
    }
    return found;
}

static int compare_starts(const void *left, const void *right)
{
    const struct api_call *one = left, *other = right;
    if (one->started_us != other->started_us) return one->started_us < other->started_us ? -1 : 1;
    return one->number < other->number ? -1 : one->number > other->number;
}

static void reply_calls(struct api *api, const struct wanted *wanted, struct reply *reply)
{
    static struct api_call calls[CALLS_MAX]; // of the API's one thread
    size_t found = collect(api, wanted, calls);
    size_t count = found < CALLS_MAX ? found : CALLS_MAX;
    json_t *items = json_array(), *body = json_object();
    qsort(calls, count, sizeof calls[0], compare_starts);
    for (size_t i = 0; i < count; i++) json_array_append_new(items, json_call(&calls[i]));
    json_object_set_new(body, "items", items);
    json_object_set_new(body, "count", api_json_count(found));
    api_reply_json(reply, 200, body);
}

void api_calls_list(struct api *api, struct request *request, struct reply *reply)
{
    struct filters filters = {.request = request, .reply = reply};
    const char *group_wanted = api_filter_text(&filters, "group", NAME_SIZE - 1);
    char any_user[NAME_SIZE] = "", group[NAME_SIZE] = "";
    struct wanted wanted = {
        .principal = &request->principal,
        .group = group,
        .line = api_filter_text(&filters, "line", EXTENSION_SIZE - 1),
        .state = api_filter_text(&filters, "state", NAME_SIZE - 1),
    };
    unsigned state;
    if (filters.is_refused) return;
    if (wanted.state && !model_find_name(&model_call_states, span_of(wanted.state), &state)) {
        api_reply_refused(reply, 400, SPAN("state"), "is none that a call can have");
        return;
    }
    if (group_wanted) text_copy(group, sizeof group, span_of(group_wanted));
    if (!api_rights_restrict(request, any_user, group, reply)) return;
    if (!api_rights_user_id(api, request, &wanted.user_id, reply)) return;
    reply_calls(api, &wanted, reply);
}

bool api_calls_find(struct api *api, const struct request *request, struct api_call *call)
{
    const struct api_engine *engine = &api->options.engine;
    uint64_t number = 0;
    return span_to_u64(request->parts[0].value, UINT64_MAX, &number) && engine->find_call &&
           engine->find_call(engine->context, number, call);
}

// Says why the call goes on waiting, in the language that is asked for.
static void refuse_deflection(enum fwd_finding finding, enum fwd_language language,
                              struct reply *reply)
{
    struct fwd_trace_entry why = {
        .step = FWD_STEP_RING, .subject = FWD_SUBJECT_DEFLECTION, .finding = (uint8_t)finding};
    char text[256];
    struct buffer out = buffer_over(text, sizeof text - 1);
    fwd_put_trace_entry(&out, &why, language);
    text[out.len] = '\0';
    api_reply_refused(reply, 409, SPAN("to"), text);
}

void api_calls_deflect(struct api *api, struct request *request, struct reply *reply)
{
    const struct api_engine *engine = &api->options.engine;
    struct settings_destination to;
    struct settings_problem problem;
    struct api_call call;
    struct span text = SPAN_NONE;
    const struct text_field fields[] = {{"to", &text}};
    struct model_line line = {.is_enabled = true};
    if (!api_calls_find(api, request, &call)) {
        api_reply_problem(reply, 404, "there is no such call");
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
    enum fwd_finding finding = FWD_APPLIES;
    struct fwd_target target = {.stored = span_of(to.stored), .number_class = to.number_class};
    switch (engine->deflect(engine->context, call.number, &target, &finding)) {
    case API_DEFLECTED: api_reply_json(reply, 204, NULL); return;
    case API_NO_CALL: api_reply_problem(reply, 404, "the call does not wait any more"); return;
    case API_NOT_DEFLECTED: refuse_deflection(finding, request->language, reply); return;
    }
}

// Asks the engine for the end of the call by `end`, which says false where it comes too late.
static void end_call(struct api *api, struct request *request, struct reply *reply,
                     bool (*end)(void *context, uint64_t number))
{
    const struct api_engine *engine = &api->options.engine;
    struct api_call call;
    if (!api_calls_find(api, request, &call)) {
        api_reply_problem(reply, 404, "there is no such call");
        return;
    }
    if (!api_body_read_texts(request, NULL, 0, reply)) return;
    if (end(engine->context, call.number)) {
        api_reply_json(reply, 204, NULL);
    } else {
        api_reply_problem(reply, 404,
                          end == engine->decline ? "the call does not wait any more"
                                                 : "the call is over");
    }
}

void api_calls_decline(struct api *api, struct request *request, struct reply *reply)
{
    end_call(api, request, reply, api->options.engine.decline);
}

void api_calls_hang_up(struct api *api, struct request *request, struct reply *reply)
{
    end_call(api, request, reply, api->options.engine.hang_up);
}
