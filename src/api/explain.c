// SPDX-License-Identifier: Apache-2.0
// "What would happen if this number called now?"
#include "api/api_int.h"

#include <string.h>

struct question {
    struct settings_question settings;
    json_t *errors;
};

// A boolean to be assumed, if it is given.
static void read_assumed(struct question *question, const char *field, const json_t *value,
                         bool *is_given, bool *is_true)
{
    if (!json_is_boolean(value)) {
        api_errors_add(question->errors, span_of(field), "must be true or false");
        return;
    }
    *is_given = true;
    *is_true = json_is_true(value);
}

static void read_flag(struct question *question, const char *field, const json_t *value,
                      bool *is_true)
{
    bool is_given;
    read_assumed(question, field, value, &is_given, is_true);
}

static void read_calls(struct question *question, const char *field, const json_t *value,
                       uint32_t *count)
{
    json_int_t calls = json_integer_value(value);
    if (!json_is_integer(value) || calls < 0 || calls > 1000) {
        api_errors_add(question->errors, span_of(field), "must be a number from 0 to 1000");
        return;
    }
    *count = (uint32_t)calls;
}

static void read_presence(struct question *question, const json_t *value)
{
    if (!json_is_string(value) || json_string_length(value) >= PRESENCE_SIZE) {
        api_errors_add(question->errors, SPAN("assume.presence"),
                       "must be a string of at most 31 bytes");
        return;
    }
    question->settings.presence = json_string_value(value);
}

static void read_time(struct question *question, const json_t *value)
{
    struct span text = {json_string_value(value), json_string_length(value)};
    if (json_is_string(value) && civil_read_time(text, &question->settings.at_s)) return;
    api_errors_add(question->errors, SPAN("at"), "must be a time as in 2026-12-24T18:00:00+01:00");
}

static void read_assumptions(struct question *question, json_t *assume)
{
    const char *name;
    json_t *value;
    struct settings_question *to = &question->settings;
    if (!json_is_object(assume)) {
        api_errors_add(question->errors, SPAN("assume"), "must be an object");
        return;
    }
    json_object_foreach(assume, name, value)
    {
        if (strcmp(name, "dnd") == 0) {
            read_assumed(question, "assume.dnd", value, &to->has_dnd, &to->is_dnd);
        } else if (strcmp(name, "logged_in") == 0) {
            read_assumed(question, "assume.logged_in", value, &to->has_login, &to->is_logged_in);
        } else if (strcmp(name, "presence") == 0) {
            read_presence(question, value);
        } else if (strcmp(name, "calls") == 0) {
            read_calls(question, "assume.calls", value, &to->calls);
        } else if (strcmp(name, "calls_elsewhere") == 0) {
            read_calls(question, "assume.calls_elsewhere", value, &to->calls_elsewhere);
        } else if (strcmp(name, "busy") == 0) {
            read_flag(question, "assume.busy", value, &to->is_busy);
        } else if (strcmp(name, "no_answer") == 0) {
            read_flag(question, "assume.no_answer", value, &to->is_unanswered);
        } else if (strcmp(name, "unreachable") == 0) {
            read_flag(question, "assume.unreachable", value, &to->is_unreached);
        } else {
            api_errors_add(question->errors, span_of(name), "is nothing that can be assumed");
        }
    }
}

static void read_origin(struct question *question, const json_t *value)
{
    const char *text = json_is_string(value) ? json_string_value(value) : "";
    if (strcmp(text, "internal") == 0) question->settings.origin = ORIGIN_INTERNAL;
    if (strcmp(text, "external") == 0) question->settings.origin = ORIGIN_EXTERNAL;
    if (question->settings.origin != ORIGIN_ALL) return;
    api_errors_add(question->errors, SPAN("origin"), "must be internal or external");
}

static void read_question(struct question *question, json_t *body)
{
    const char *name;
    json_t *value;
    json_object_foreach(body, name, value)
    {
        if (strcmp(name, "from") == 0 && json_is_string(value)) {
            struct span from = {json_string_value(value), json_string_length(value)};
            question->settings.from = from;
        } else if (strcmp(name, "from") == 0) {
            api_errors_add(question->errors, SPAN("from"), "must be a string");
        } else if (strcmp(name, "origin") == 0) {
            read_origin(question, value);
        } else if (strcmp(name, "assume") == 0) {
            read_assumptions(question, value);
        } else if (strcmp(name, "at") == 0) {
            read_time(question, value);
        } else {
            api_errors_add(question->errors, span_of(name), "is not part of this question");
        }
    }
}

// Finds the line and whether its user counts as logged in now.
static bool find_line(struct api *api, const struct request *request, union model_record *line,
                      struct settings_question *question, struct reply *reply)
{
    const struct api_engine *engine = &api->options.engine;
    union model_record user = {0};
    struct settings_problem problem;
    uint32_t id = 0;
    if (!api_records_find(api, request, line, NULL, reply)) return false;
    question->group = line->line.group;
    question->extension = line->line.extension;
    if (!line->line.user[0]) return true;
    memcpy(user.user.name, line->line.user, NAME_SIZE);
    if (settings_get(api->options.settings, KIND_USER, &user, &id, &problem)) {
        api_reply_settings_problem(reply, &problem);
        return false;
    }
    question->is_logged_in_now = engine->is_logged_in(engine->context, id, &user.user);
    return true;
}

static json_t *json_verdict(const struct settings_answer *answer)
{
    const struct fwd_verdict *verdict = &answer->verdict;
    json_t *object = json_object();
    const char *kind = model_name(&model_verdict_kinds, verdict->kind);
    json_object_set_new(object, "kind", json_string(kind));
    if (verdict->kind == VERDICT_REDIRECT) {
        const char *reason = model_reason_text(verdict->reason);
        json_object_set_new(object, "target", api_json_text(span_of(answer->target)));
        json_object_set_new(object, "dialled", api_json_text(span_of(answer->dialled)));
        json_object_set_new(object, "reason", json_string(reason));
        json_object_set_new(object, "executed",
                            json_string(answer->is_bridged ? "bridge" : "redirect"));
    } else {
        json_object_set_new(object, "status", json_integer(verdict->status));
    }
    if (verdict->kind == VERDICT_HOLD || verdict->kind == VERDICT_RING) {
        json_object_set_new(object, "seconds", json_integer(verdict->seconds));
    }
    return object;
}

static json_t *json_answer(const struct settings_answer *answer, enum fwd_language language)
{
    json_t *body = json_object();
    json_object_set_new(body, "caller", api_json_text(span_of(answer->caller)));
    json_object_set_new(body, "internal", json_boolean(answer->is_internal));
    json_object_set_new(body, "verdict", json_verdict(answer));
    json_object_set_new(body, "trace", api_json_trace(&answer->verdict.trace, language));
    json_object_set_new(body, "text", api_json_verdict_text(&answer->verdict, language));
    if (answer->until_s > 0) {
        json_object_set_new(body, "until", api_json_time(answer->until_s * 1000000, false));
    }
    return body;
}

void api_explain_post(struct api *api, struct request *request, struct reply *reply)
{
    struct question question = {.errors = json_array()};
    struct settings_answer answer;
    struct settings_problem problem;
    union model_record line;
    read_question(&question, request->json);
    if (question.settings.origin != ORIGIN_ALL && question.settings.from.at) {
        api_errors_add(question.errors, SPAN("origin"), "is for a caller without a number");
    }
    if (json_array_size(question.errors) > 0) {
        api_reply_errors(reply, 422, question.errors);
        return;
    }
    json_decref(question.errors);
    if (!find_line(api, request, &line, &question.settings, reply)) return;
    if (settings_explain(api->options.settings, &question.settings, &answer, &problem)) {
        api_reply_settings_problem(reply, &problem);
        return;
    }
    api_reply_json(reply, 200, json_answer(&answer, request->language));
}
