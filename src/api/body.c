// SPDX-License-Identifier: Apache-2.0
// The body of a request: one JSON object, of limited size and depth. RFC 8259; RFC 7396 for PATCH.
#include "api/api_int.h"

#include <string.h>

static bool takes_body(const struct request *request)
{
    return request->method == METHOD_POST || request->method == METHOD_PUT ||
           request->method == METHOD_PATCH;
}

static bool is_json(const struct request *request)
{
    struct span rest = request->content_type, type = span_trim(span_split(&rest, ';'));
    if (span_eq_nocase(type, SPAN("application/json"))) return true;
    return request->method == METHOD_PATCH &&
           span_eq_nocase(type, SPAN("application/merge-patch+json"));
}

// How deep arrays and objects are nested; counted before parsing, which would recurse.
static size_t depth_of(struct span text)
{
    size_t depth = 0, deepest = 0;
    bool is_string = false;
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.at[i];
        if (is_string) {
            if (byte == '\\') i++;
            if (byte == '"') is_string = false;
        } else if (byte == '"') {
            is_string = true;
        } else if (byte == '[' || byte == '{') {
            depth++;
            if (depth > deepest) deepest = depth;
        } else if ((byte == ']' || byte == '}') && depth > 0) {
            depth--;
        }
    }
    return deepest;
}

static bool check_framing(const struct request *request, struct reply *reply)
{
    switch (request->framing) {
    case FRAMING_NONE:
    case FRAMING_COMPLETE: return true;
    case FRAMING_WITHOUT_LENGTH:
        api_reply_problem(reply, 411, "the body must come in one piece, with Content-Length");
        return false;
    case FRAMING_BAD_LENGTH:
        api_reply_problem(reply, 400, "Content-Length is not a number");
        return false;
    case FRAMING_TOO_BIG:
        api_reply_problem(reply, 413, "the body may have at most %d bytes, an import's %d",
                          REQUEST_BODY_MAX, IMPORT_BODY_MAX);
        return false;
    }
    ASSERT(false);
}

static bool parse(struct request *request, struct reply *reply)
{
    json_error_t error;
    if (depth_of(request->body) > JSON_DEPTH_MAX) {
        api_reply_problem(reply, 400, "the JSON is nested more than %d deep", JSON_DEPTH_MAX);
        return false;
    }
    request->json = json_loadb(request->body.at, request->body.len, JSON_REJECT_DUPLICATES, &error);
    if (!request->json) {
        api_reply_problem(reply, 400, "the body is not JSON: line %d, column %d: %s", error.line,
                          error.column, error.text);
        return false;
    }
    if (!json_is_object(request->json)) {
        api_reply_problem(reply, 422, "the body must be a JSON object");
        return false;
    }
    return true;
}

bool api_body_read(struct request *request, struct reply *reply)
{
    if (!check_framing(request, reply)) return false;
    if (!takes_body(request)) return true;
    if (request->framing == FRAMING_NONE) {
        api_reply_problem(reply, 411, "the body is missing, or its Content-Length");
        return false;
    }
    if (!is_json(request)) {
        api_reply_problem(reply, 415, "the body must be JSON, with Content-Type: application/json");
        return false;
    }
    return parse(request, reply);
}

bool api_body_read_texts(const struct request *request, const struct text_field *fields,
                         size_t count, struct reply *reply)
{
    json_t *errors = json_array(), *value;
    const char *name;
    json_object_foreach(request->json, name, value)
    {
        size_t i = 0;
        while (i < count && strcmp(fields[i].name, name) != 0) i++;
        if (i == count) {
            api_errors_add(errors, span_of(name), "is not a field of this request");
        } else if (!json_is_string(value)) {
            api_errors_add(errors, span_of(name), "must be a string");
        } else {
            *fields[i].value = (struct span){json_string_value(value), json_string_length(value)};
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (json_object_get(request->json, fields[i].name)) continue;
        api_errors_add(errors, span_of(fields[i].name), "is missing");
    }
    return api_errors_settle(reply, 422, errors);
}
