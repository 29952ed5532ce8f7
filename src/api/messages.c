// SPDX-License-Identifier: Apache-2.0
// The SIP messages of a line while somebody looks: each request brings those since the one before.
#include "api/api_int.h"

static void add_message(void *context, const struct api_trace_message *message)
{
    static const char *const transports[] = {"udp", "tcp", "tls", "ws", "wss"};
    json_t *item = json_pack(
        "{so so ss ss ss so so}", "number", api_json_count(message->number), "time",
        api_json_time(message->wall_us, true), "direction",
        message->is_received ? "received" : "sent", "with", message->is_device ? "device" : "pbx",
        "transport", transports[message->transport], "peer", api_json_address(&message->peer),
        "text", api_json_text(message->text));
    json_array_append_new(context, item);
}

void api_messages_list(struct api *api, struct request *request, struct reply *reply)
{
    union model_record record, group = {0}, user = {0};
    struct settings *settings = api->options.settings;
    struct settings_problem problem;
    const struct api_engine *engine = &api->options.engine;
    struct span text = api_query_get(request, "after");
    struct api_trace_line line = {.group_id = 0};
    uint64_t after = 0;
    if (text.at && !span_to_u64(text, INT64_MAX, &after)) {
        api_reply_refused(reply, 400, SPAN("after"), "must be the number of a message");
        return;
    }
    if (!api_records_find(api, request, &record, NULL, reply)) return;
    text_copy(group.group.name, sizeof group.group.name, span_of(record.line.group));
    text_copy(user.user.name, sizeof user.user.name, span_of(record.line.user));
    if (settings_get(settings, KIND_GROUP, &group, &line.group_id, &problem) ||
        (user.user.name[0] && settings_get(settings, KIND_USER, &user, &line.user_id, &problem))) {
        api_reply_settings_problem(reply, &problem);
        return;
    }
    line.extension = record.line.extension;
    json_t *items = json_array();
    uint64_t next = engine->trace(engine->context, &line, after,
                                  (struct api_trace_reader){add_message, items});
    api_reply_json(reply, 200, json_pack("{so so}", "items", items, "after", api_json_count(next)));
}
