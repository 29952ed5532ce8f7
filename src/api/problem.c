// SPDX-License-Identifier: Apache-2.0
// Replies, above all those that say no: problem documents name the field and the reason. RFC 9457;
// the type is always "about:blank", the status code says which kind of problem it is.
#include "api/api_int.h"

#include <stdarg.h>

void api_reply_json(struct reply *reply, unsigned status, json_t *body)
{
    json_decref(reply->body);
    reply->status = status;
    reply->body = body;
}

static json_t *problem(unsigned status, struct span detail)
{
    json_t *body = json_object();
    json_object_set_new(body, "type", json_string("about:blank"));
    json_object_set_new(body, "title", json_string(api_status_phrase(status)));
    json_object_set_new(body, "status", json_integer(status));
    json_object_set_new(body, "detail", api_json_text(detail));
    return body;
}

void api_reply_problem(struct reply *reply, unsigned status, const char *format, ...)
{
    char detail[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    api_reply_json(reply, status, problem(status, span_of(detail)));
}

void api_errors_add(json_t *errors, struct span field, const char *reason)
{
    enum { FIELD_SHOWN_MAX = 100 };
    json_t *error = json_object();
    json_object_set_new(error, "field", api_json_text(span_slice(field, 0, FIELD_SHOWN_MAX)));
    json_object_set_new(error, "reason", api_json_text(span_of(reason)));
    json_array_append_new(errors, error);
}

void api_reply_errors(struct reply *reply, unsigned status, json_t *errors)
{
    char text[2048];
    struct buffer out = buffer_over(text, sizeof text);
    size_t i, shown = 0;
    json_t *error;
    json_array_foreach(errors, i, error)
    {
        const char *field = json_string_value(json_object_get(error, "field"));
        const char *reason = json_string_value(json_object_get(error, "reason"));
        struct buffer before = out;
        buffer_printf(&out, "%s%s %s", i > 0 ? "; " : "", field, reason);
        if (!out.is_full) shown = i + 1;
        if (out.is_full) out = before;
    }
    if (shown < i) buffer_put_text(&out, "; and more");
    json_t *body = problem(status, buffer_span(&out));
    json_object_set_new(body, "errors", errors);
    api_reply_json(reply, status, body);
}

bool api_errors_settle(struct reply *reply, unsigned status, json_t *errors)
{
    bool is_fine = json_array_size(errors) == 0;
    if (!is_fine) {
        api_reply_errors(reply, status, errors);
        return false;
    }
    json_decref(errors);
    return api_memory_is_enough(reply); // an error, too, may be what could not be made
}

bool api_reply_refused(struct reply *reply, unsigned status, struct span field, const char *reason)
{
    json_t *errors = json_array();
    api_errors_add(errors, field, reason);
    api_reply_errors(reply, status, errors);
    return false;
}

static unsigned status_of(enum err err, bool has_field)
{
    switch (err) {
    case ERR_INVALID:
    case ERR_TOO_BIG: return 422;
    case ERR_NOT_FOUND: return has_field ? 422 : 404;
    case ERR_EXISTS:
    case ERR_CONFLICT: return 409;
    default: return 503;
    }
}

bool api_problem_is_of_store(enum err err)
{
    return status_of(err, false) == 503;
}

bool api_reply_settings_problem(struct reply *reply, const struct settings_problem *why)
{
    unsigned status = status_of(why->err, why->field[0] != '\0');
    const char *reason = why->reason[0] ? why->reason : err_text(why->err);
    if (status == 503) reply->store_err = why->err;
    if (why->field[0]) return api_reply_refused(reply, status, span_of(why->field), reason);
    api_reply_problem(reply, status, "%s", reason);
    return false;
}

bool api_reply_store_problem(struct reply *reply, enum err err, const char *cause)
{
    if (api_problem_is_of_store(err)) reply->store_err = err;
    api_reply_problem(reply, status_of(err, false), "%s", cause[0] ? cause : err_text(err));
    return false;
}
