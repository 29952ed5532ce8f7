// SPDX-License-Identifier: Apache-2.0
// Any record to JSON and back, by the table of its fields. What is wrong with a body is told field
// by field, all of it at once.
#include "api/api_int.h"

#include <string.h>

// What replies show beyond the fields may be sent back, so that what was read can be changed and
// put; it has no effect.
static bool is_read_only(enum model_kind kind, struct span name)
{
    if (span_eq(name, SPAN("warnings"))) {
        return kind == KIND_FORWARDING || kind == KIND_EXCEPTION || kind == KIND_ADMIN_FORWARDING ||
               kind == KIND_USER;
    }
    if (span_eq(name, SPAN("password_set"))) {
        return kind == KIND_LINE || kind == KIND_USER || kind == KIND_DEVICE;
    }
    if (kind == KIND_DEVICE)
        return span_eq(name, SPAN("sip_user")) || span_eq(name, SPAN("bindings"));
    return kind == KIND_LINE &&
           (span_eq(name, SPAN("registration")) || span_eq(name, SPAN("desk_phone")));
}

static const struct parameter *find_part(const struct request *request, struct span name)
{
    for (size_t i = 0; i < request->part_count; i++) {
        if (span_eq(request->parts[i].name, name)) return &request->parts[i];
    }
    return NULL;
}

static const char *wrong_type(const struct model_field *field)
{
    switch (field->type) {
    case TYPE_TEXT: return "must be a string";
    case TYPE_ENUM: return "must be a string";
    case TYPE_TIME: return "must be a string";
    case TYPE_BOOL: return "must be true or false";
    case TYPE_NUMBER: return "must be a whole number";
    }
    ASSERT(false);
}

// The text form of a JSON value of the field's type; false when it has another type.
static bool text_of(const struct model_field *field, const json_t *value, char digits[32],
                    struct span *text)
{
    switch (field->type) {
    case TYPE_TEXT:
    case TYPE_ENUM:
    case TYPE_TIME:
        *text = (struct span){json_string_value(value), json_string_length(value)};
        return json_is_string(value);
    case TYPE_BOOL:
        *text = json_is_true(value) ? SPAN("true") : SPAN("false");
        return json_is_boolean(value);
    case TYPE_NUMBER:
        snprintf(digits, 32, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        *text = span_of(digits);
        return json_is_integer(value);
    }
    ASSERT(false);
}

static const char *read_value(const struct model_field *field, const json_t *value,
                              enum record_input input, void *record, char reason[REASON_SIZE])
{
    char digits[32];
    struct span text;
    if (json_is_null(value) && input == RECORD_CHANGE) {
        text = span_of(field->initial);
    } else if (!text_of(field, value, digits, &text)) {
        return wrong_type(field);
    }
    return model_set_field(field, record, text, reason);
}

// A key field that the path names may be repeated in the body, but not differ.
static const char *compare_with_path(const struct model_field *field, const json_t *value,
                                     const struct parameter *part, char reason[REASON_SIZE])
{
    char digits[32];
    struct span text;
    if (text_of(field, value, digits, &text) && span_eq(text, part->value)) return NULL;
    snprintf(reason, REASON_SIZE, "must be \"%.*s\" as in the address, or be left out",
             SPAN_ARG(part->value));
    return reason;
}

// The one part of a key that a change may give another value: that moves the exception.
static bool is_movable(enum model_kind kind, const struct model_field *field,
                       enum record_input input)
{
    return kind == KIND_EXCEPTION && input == RECORD_CHANGE && field->type == TYPE_NUMBER;
}

static void read_member(const struct request *request, struct span name, const json_t *value,
                        enum record_input input, void *record, json_t *errors)
{
    char reason[REASON_SIZE];
    const char *refused;
    enum model_kind kind = request->route->kind;
    const struct model_field *field = model_find_field(kind, name);
    const struct parameter *part = find_part(request, name);
    bool is_made = field && field->flags & FIELD_MADE;
    if ((!field || is_made) && is_read_only(kind, name)) return;
    if (is_made) {
        refused = "is made by the server";
    } else if (!field) {
        snprintf(reason, sizeof reason, "is not a field of a %s", model_kind(kind)->name);
        refused = reason;
    } else if (part && is_movable(kind, field, input)) {
        refused = read_value(field, value, RECORD_WHOLE, record, reason);
    } else if (part) {
        refused = compare_with_path(field, value, part, reason);
    } else {
        refused = read_value(field, value, input, record, reason);
    }
    if (refused) api_errors_add(errors, name, refused);
}

static void require_fields(const struct request *request, json_t *errors)
{
    const struct model_kind_info *info = model_kind(request->route->kind);
    for (size_t i = 0; i < info->field_count; i++) {
        const struct model_field *field = &info->fields[i];
        struct span name = span_of(field->name);
        if (!(field->flags & FIELD_REQUIRED) || find_part(request, name)) continue;
        if (!json_object_get(request->json, field->name))
            api_errors_add(errors, name, "is missing");
    }
}

json_t *api_json_to_record(const struct request *request, enum record_input input, void *record)
{
    const char *name;
    json_t *value, *errors = json_array();
    json_object_foreach(request->json, name, value)
    {
        read_member(request, span_of(name), value, input, record, errors);
    }
    if (input == RECORD_WHOLE) require_fields(request, errors);
    return errors;
}

static void set_member(json_t *object, const struct model_field *field, const void *record)
{
    char text[FIELD_TEXT_SIZE];
    struct buffer out = buffer_over(text, sizeof text);
    if (field->flags & FIELD_SECRET) {
        buffer_printf(&out, "%s_set", field->name);
        ASSERT(!out.is_full);
        json_object_setn_new(object, out.at, out.len,
                             json_boolean(model_get_text(field, record)[0] != '\0'));
        return;
    }
    model_print_field(field, record, &out);
    json_t *value = NULL;
    switch (field->type) {
    case TYPE_TEXT:
    case TYPE_TIME:
    case TYPE_ENUM: value = api_json_text(buffer_span(&out)); break;
    case TYPE_BOOL: value = json_boolean(model_get_bool(field, record)); break;
    case TYPE_NUMBER: value = api_json_count(model_get_number(field, record)); break;
    }
    json_object_set_new(object, field->name, value);
}

json_t *api_json_from_record(enum model_kind kind, const void *record)
{
    const struct model_kind_info *info = model_kind(kind);
    json_t *object = json_object();
    for (size_t i = 0; i < info->field_count; i++) set_member(object, &info->fields[i], record);
    return object;
}
