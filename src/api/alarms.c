// SPDX-License-Identifier: Apache-2.0
// What administrators have to know of lines' forwardings: shown until somebody lifts it, which lets
// calls flow again and is written down in the audit. docs/toll-fraud.md.
#include "api/api_int.h"

#include <stdio.h>
#include <string.h>

static const char *const sentences[][ALARM_KIND_COUNT] = {
    [FWD_ENGLISH] =
        {[ALARM_FORWARDED_AT_ONCE] = "as many calls are forwarded at the same time as the line may "
                                     "forward (max_forwarded_calls)",
         [ALARM_FORWARDED_PER_HOUR] = "as many calls were forwarded within an hour as the line may "
                                      "forward (max_forwarded_per_hour)",
         [ALARM_REDIRECT_LOST] =
             "a redirected call did not come to its target within 3 s: check the "
             "line group, or let it bridge (forward_by)"},
    [FWD_GERMAN] =
        {[ALARM_FORWARDED_AT_ONCE] = "so viele Anrufe sind gleichzeitig umgeleitet, wie der "
                                     "Anschluss umleiten darf (max_forwarded_calls)",
         [ALARM_FORWARDED_PER_HOUR] = "so viele Anrufe wurden in einer Stunde umgeleitet, wie der "
                                      "Anschluss umleiten darf (max_forwarded_per_hour)",
         [ALARM_REDIRECT_LOST] = "ein umgeleiteter Anruf kam nicht binnen 3 s bei seinem Ziel an: "
                                 "die Anlage pr\xc3\xbc"
                                 "fen, oder weiterverbinden lassen "
                                 "(forward_by)"},
};

static json_t *json_alarm(const struct api_alarm *alarm, enum fwd_language language)
{
    json_t *object = json_object();
    json_object_set_new(object, "id", api_json_count(alarm->number));
    json_object_set_new(object, "kind", json_string(model_name(&model_alarm_kinds, alarm->kind)));
    json_object_set_new(object, "group", api_json_text(span_of(alarm->group)));
    json_object_set_new(object, "line", api_json_text(span_of(alarm->extension)));
    if (alarm->target[0]) {
        json_object_set_new(object, "target", api_json_text(span_of(alarm->target)));
    }
    json_object_set_new(object, "since", api_json_time(alarm->since_us, false));
    json_object_set_new(object, "last", api_json_time(alarm->last_us, false));
    json_object_set_new(object, "count", api_json_count(alarm->count));
    json_object_set_new(object, "text", json_string(sentences[language][alarm->kind]));
    return object;
}

void api_alarms_list(struct api *api, struct request *request, struct reply *reply)
{
    const struct api_engine *engine = &api->options.engine;
    struct filters filters = {.request = request, .reply = reply};
    const char *wanted = api_filter_text(&filters, "group", NAME_SIZE - 1);
    char user[NAME_SIZE] = "", group[NAME_SIZE] = "";
    struct api_alarm alarm = {.number = 0};
    if (filters.is_refused) return;
    if (wanted) text_copy(group, sizeof group, span_of(wanted));
    if (!api_rights_restrict(request, user, group, reply)) return;
    json_t *items = json_array(), *body = json_object();
    while (engine->next_alarm && engine->next_alarm(engine->context, alarm.number, &alarm)) {
        if (*group && strcmp(group, alarm.group) != 0) continue;
        json_array_append_new(items, json_alarm(&alarm, request->language));
    }
    json_object_set_new(body, "items", items);
    api_reply_json(reply, 200, body);
}

// The alarm that the path names, of a group that who asks may reach.
static bool find(struct api *api, const struct request *request, struct api_alarm *alarm)
{
    const struct api_engine *engine = &api->options.engine;
    const char *group = request->principal.group;
    uint64_t number;
    if (!span_to_u64(request->parts[0].value, UINT64_MAX, &number) || number == 0) return false;
    return engine->next_alarm && engine->next_alarm(engine->context, number - 1, alarm) &&
           alarm->number == number && (!*group || strcmp(group, alarm->group) == 0);
}

// Whoever else looks at the alarms learns that it is gone.
static void tell_lifted(struct api *api, const struct api_alarm *alarm)
{
    struct api_event event = {.kind = EVENT_ALARM, .number = alarm->number, .outcome = "lifted"};
    memcpy(event.group, alarm->group, sizeof alarm->group);
    memcpy(event.extension, alarm->extension, sizeof alarm->extension);
    text_copy(event.state, sizeof event.state,
              span_of(model_name(&model_alarm_kinds, alarm->kind)));
    api_post(api, &event);
}

void api_alarms_lift(struct api *api, struct request *request, struct reply *reply)
{
    const struct api_engine *engine = &api->options.engine;
    struct settings_problem problem;
    struct api_alarm alarm;
    if (!find(api, request, &alarm)) {
        api_reply_problem(reply, 404, "there is no such alarm");
        return;
    }
    if (!api_body_read_texts(request, NULL, 0, reply)) return;
    struct settings_alarm lifted = {alarm.group, alarm.extension,
                                    model_name(&model_alarm_kinds, alarm.kind), alarm.count};
    if (settings_note_lifted(api->options.settings, &lifted, &problem)) {
        api_reply_settings_problem(reply, &problem);
        return;
    }
    if (engine->lift_alarm(engine->context, &alarm)) {
        tell_lifted(api, &alarm);
        api_reply_json(reply, 204, NULL);
    } else {
        api_reply_problem(reply, 404, "there is no such alarm");
    }
}
