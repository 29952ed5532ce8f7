// SPDX-License-Identifier: Apache-2.0
// Many settings at once: all of them are taken over, or none. Each record is named by its key and
// added or changed; what is not mentioned stays as it is. A trial (dry_run) answers the same and
// changes nothing.
#include "api/api_int.h"

#include <stdlib.h>
#include <string.h>

enum { IMPORT_ERRORS_MAX = 200 };

// In the order in which records need each other.
static const enum model_kind kinds[] = {
    KIND_CALENDAR,         KIND_GROUP,   KIND_USER, KIND_LINE, KIND_FORWARDING, KIND_EXCEPTION,
    KIND_ADMIN_FORWARDING, KIND_PROFILE,
};
enum { IMPORT_KIND_COUNT = sizeof kinds / sizeof kinds[0] };

enum effect_on_record { RECORD_ADDED, RECORD_CHANGED, RECORD_UNCHANGED, RECORD_EFFECT_COUNT };

struct import {
    struct api *api;
    bool is_table; // the records came from rows
    size_t counts[RECORD_EFFECT_COUNT][IMPORT_KIND_COUNT];
    json_t *errors, *warnings;
    size_t refused_count; // records; more than there are in `errors`, where they are too many
    enum err failed;      // the store has: there is no use in going on
    struct settings_problem problem;
};

// One record of those that are imported.
struct import_item {
    enum model_kind kind;
    json_t *fields;
    size_t index;   // among those of its kind
    json_int_t row; // of the table, else the place in the list
};

// ---- What is wrong with a record

// "main/101": the keys, as far as they are given.
static void put_key(const struct import_item *item, struct buffer *out)
{
    const struct model_kind_info *info = model_kind(item->kind);
    for (size_t i = 0; i < info->field_count; i++) {
        const struct model_field *field = &info->fields[i];
        if (!(field->flags & FIELD_KEY)) continue;
        const json_t *value = json_object_get(item->fields, field->name);
        if (out->len > 0) buffer_put_byte(out, '/');
        if (json_is_integer(value)) {
            buffer_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        } else {
            buffer_put_text(out, json_is_string(value) ? json_string_value(value) : "?");
        }
    }
}

// A message with the place that it is about.
static json_t *message(const struct import_item *item, struct span field, const char *reason)
{
    char text[RANGES_SIZE];
    struct buffer key = buffer_over(text, sizeof text);
    put_key(item, &key);
    return json_pack("{sI ss so so so}", "row", item->row, "kind", model_kind(item->kind)->name,
                     "key", api_json_text(buffer_span(&key)), "field", api_json_text(field),
                     "reason", api_json_text(span_of(reason)));
}

static void add_error(struct import *import, const struct import_item *item, struct span field,
                      const char *reason)
{
    if (json_array_size(import->errors) >= IMPORT_ERRORS_MAX) return;
    json_array_append_new(import->errors, message(item, field, reason));
}

// ---- One record

// Sets one key field from its JSON; returns NULL, or why it is refused.
static const char *read_key(const struct model_field *field, const json_t *value,
                            union model_record *record, char reason[REASON_SIZE])
{
    char digits[24];
    struct span text = {json_string_value(value), json_string_length(value)};
    bool is_number = field->type == TYPE_NUMBER;
    if (!value) return field->flags & FIELD_REQUIRED ? "is missing" : NULL;
    if (is_number && !json_is_integer(value)) return "must be a whole number";
    if (!is_number && !json_is_string(value)) return "must be a string";
    if (is_number) {
        snprintf(digits, sizeof digits, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        text = span_of(digits);
    }
    return model_set_field(field, record, text, reason);
}

static bool read_keys(struct import *import, const struct import_item *item,
                      union model_record *record)
{
    const struct model_kind_info *info = model_kind(item->kind);
    char reason[REASON_SIZE];
    model_defaults(item->kind, record);
    for (size_t i = 0; i < info->field_count; i++) {
        const struct model_field *field = &info->fields[i];
        const json_t *value = json_object_get(item->fields, field->name);
        if (!(field->flags & FIELD_KEY)) continue;
        const char *refused = read_key(field, value, record, reason);
        if (!refused) continue;
        add_error(import, item, span_of(field->name), refused);
        return false;
    }
    return true;
}

// Whether a user's password may be one: in the place of one that may there is its hash by now.
static bool check_password(struct import *import, const struct import_item *item)
{
    const json_t *value = json_object_get(item->fields, "password");
    char reason[REASON_SIZE];
    bool is_given = item->kind == KIND_USER && json_string_length(value) > 0;
    const char *refused = is_given ? api_password_refuse(value, reason) : NULL;
    if (refused) add_error(import, item, SPAN("password"), refused);
    return !refused;
}

// Sets the fields that are given; each record is read as if it were the body of a request.
static bool read_fields(struct import *import, const struct import_item *item,
                        enum record_input input, union model_record *record)
{
    struct route route = {.kind = item->kind};
    struct request request = {.route = &route, .json = item->fields};
    json_t *error, *errors = api_json_to_record(&request, input, record);
    size_t i, count = json_array_size(errors);
    json_array_foreach(errors, i, error)
    {
        struct span field = span_of(json_string_value(json_object_get(error, "field")));
        add_error(import, item, field, json_string_value(json_object_get(error, "reason")));
    }
    json_decref(errors);
    return count == 0;
}

static bool is_same(enum model_kind kind, const union model_record *a, const union model_record *b)
{
    const struct model_kind_info *info = model_kind(kind);
    for (size_t i = 0; i < info->field_count; i++) {
        if (!model_is_same(&info->fields[i], a, b)) return false;
    }
    return true;
}

// Saves the record; false when it is refused.
static bool save(struct import *import, const struct import_item *item, union model_record *record)
{
    bool is_new;
    struct settings *settings = import->api->options.settings;
    enum err err = settings_put(settings, item->kind, record, &is_new, &import->problem);
    if (err == ERR_NONE && import->problem.warning[0]) {
        json_array_append_new(import->warnings, message(item, SPAN_NONE, import->problem.warning));
    }
    if (err == ERR_NONE) return true;
    if (api_problem_is_of_store(err)) import->failed = err;
    add_error(import, item, span_of(import->problem.field), import->problem.reason);
    return false;
}

// Takes one record over; false when it is refused.
static bool take(struct import *import, const struct import_item *item, size_t kind_index)
{
    union model_record record, stored;
    struct settings *settings = import->api->options.settings;
    if (!read_keys(import, item, &record)) return false;
    stored = record;
    enum err err = settings_get(settings, item->kind, &stored, NULL, &import->problem);
    if (err != ERR_NONE && err != ERR_NOT_FOUND) {
        import->failed = err;
        return false;
    }
    bool is_new = err == ERR_NOT_FOUND;
    if (!is_new) record = stored;
    if (!check_password(import, item)) return false;
    if (!read_fields(import, item, is_new ? RECORD_WHOLE : RECORD_CHANGE, &record)) return false;
    if (!save(import, item, &record)) return false;
    enum effect_on_record effect = RECORD_ADDED;
    if (!is_new) effect = is_same(item->kind, &stored, &record) ? RECORD_UNCHANGED : RECORD_CHANGED;
    import->counts[effect][kind_index]++;
    return true;
}

// ---- All of them

// The number of the row that the record came from, which is no field of it.
static void take_row(struct import *import, struct import_item *item)
{
    json_t *row = import->is_table ? json_object_get(item->fields, IMPORT_ROW) : NULL;
    item->row = row ? json_integer_value(row) : (json_int_t)item->index + 1;
    if (row) json_object_del(item->fields, IMPORT_ROW);
}

static void take_all(struct import *import, json_t *body)
{
    for (size_t i = 0; i < IMPORT_KIND_COUNT; i++) {
        struct import_item item = {.kind = kinds[i]};
        json_t *list = json_object_get(body, model_kind(kinds[i])->plural);
        json_array_foreach(list, item.index, item.fields)
        {
            take_row(import, &item);
            if (!json_is_object(item.fields)) {
                add_error(import, &item, SPAN_NONE, "is not an object");
                import->refused_count++;
            } else if (!take(import, &item, i)) {
                import->refused_count++;
            }
            if (import->failed != ERR_NONE) return;
        }
    }
}

static bool is_kind(const char *name)
{
    for (size_t i = 0; i < IMPORT_KIND_COUNT; i++) {
        if (strcmp(name, model_kind(kinds[i])->plural) == 0) return true;
    }
    return false;
}

// The body's members are lists of the kinds that can be imported, or one table.
static bool check_members(json_t *body, struct reply *reply)
{
    const char *name;
    json_t *value, *errors = json_array();
    json_object_foreach(body, name, value)
    {
        struct span member = {name, strlen(name)};
        bool is_table = strcmp(name, "csv") == 0;
        if (!is_table && !is_kind(name)) {
            api_errors_add(errors, member, "is no list of settings");
        } else if (is_table && !json_is_string(value)) {
            api_errors_add(errors, member, "must be a string");
        } else if (!is_table && !json_is_array(value)) {
            api_errors_add(errors, member, "must be a list");
        } else if (is_table && json_object_size(body) > 1) {
            api_errors_add(errors, member, "cannot come with other members");
        }
    }
    return api_errors_settle(reply, 422, errors);
}

static json_t *json_counts(const struct import *import, enum effect_on_record effect)
{
    json_t *counts = json_object();
    for (size_t i = 0; i < IMPORT_KIND_COUNT; i++) {
        json_object_set_new(counts, model_kind(kinds[i])->plural,
                            api_json_count(import->counts[effect][i]));
    }
    return counts;
}

static void reply_done(struct import *import, bool is_trial, struct reply *reply)
{
    api_reply_json(reply, 200,
                   json_pack("{sb so so so sO}", "dry_run", is_trial, "added",
                             json_counts(import, RECORD_ADDED), "changed",
                             json_counts(import, RECORD_CHANGED), "unchanged",
                             json_counts(import, RECORD_UNCHANGED), "warnings", import->warnings));
}

static void reply_refused(struct import *import, struct reply *reply)
{
    api_reply_problem(reply, 422, "%zu record%s cannot be imported; nothing was changed",
                      import->refused_count, import->refused_count == 1 ? "" : "s");
    json_object_set(reply->body, "errors", import->errors);
}

static void run(struct import *import, json_t *body, bool is_trial, struct reply *reply)
{
    struct settings *settings = import->api->options.settings;
    if (settings_begin_batch(settings, &import->problem)) {
        api_reply_settings_problem(reply, &import->problem);
        return;
    }
    take_all(import, body);
    bool is_whole = import->failed == ERR_NONE && !api_memory_has_run_out();
    bool is_wanted = !is_trial && is_whole && import->refused_count == 0;
    struct settings_problem problem = import->problem;
    enum err err = settings_end_batch(settings, is_wanted, &import->problem);
    if (import->failed != ERR_NONE) {
        api_reply_settings_problem(reply, &problem);
    } else if (err != ERR_NONE) {
        api_reply_settings_problem(reply, &import->problem);
    } else if (!api_memory_is_enough(reply)) {
        ASSERT(reply->status != 0);
    } else if (import->refused_count > 0) {
        reply_refused(import, reply);
    } else {
        reply_done(import, is_trial, reply);
    }
}

// The first time: what else is wrong is told at once, and the passwords are hashed only where
// nothing is.
static void hash_first(struct import *import, struct request *request, json_t *body,
                       struct api_work *work, struct reply *reply)
{
    run(import, body, true, reply);
    if (reply->status == 200) {
        json_decref(reply->body);
        *reply = (struct reply){.status = 0};
        api_passwords_defer(import->api, request, reply, work);
    } else {
        free(work->items);
    }
}

// Imports what has no passwords of users at once, else when these are hashed.
static void run_hashed(struct import *import, struct request *request, json_t *body, bool is_trial,
                       struct reply *reply)
{
    struct api *api = import->api;
    struct api_work work = {.is_trial = is_trial};
    json_t *users = json_object_get(body, model_kind(KIND_USER)->plural);
    if (request->work) {
        if (!api_import_passwords_put(request->work, users, reply)) return;
        if (!is_trial && !api_import_passwords_end_sessions(api, request, reply)) return;
        run(import, body, is_trial, reply);
    } else if (!api_import_passwords_collect(api, users, &work, reply)) {
        free(work.items);
    } else if (work.items) {
        hash_first(import, request, body, &work, reply);
    } else {
        run(import, body, is_trial, reply);
    }
}

void api_import_post(struct api *api, struct request *request, struct reply *reply)
{
    struct import import = {.api = api};
    struct span trial = api_query_get(request, "dry_run");
    json_t *body = request->json;
    if (trial.at && !span_eq(trial, SPAN("true")) && !span_eq(trial, SPAN("false"))) {
        api_reply_refused(reply, 400, SPAN("dry_run"), "must be true or false");
        return;
    }
    if (!check_members(body, reply)) return;
    import.errors = json_array();
    import.warnings = json_array();
    json_t *csv = json_object_get(body, "csv");
    json_t *table = csv ? api_csv_to_records(csv, import.errors) : NULL;
    import.is_table = csv != NULL;
    import.refused_count = json_array_size(import.errors);
    if (import.refused_count > 0) {
        reply_refused(&import, reply);
    } else {
        run_hashed(&import, request, csv ? table : body, span_eq(trial, SPAN("true")), reply);
    }
    json_decref(table);
    json_decref(import.errors);
    json_decref(import.warnings);
}

// ---- The way back

struct export
{
    enum model_kind kind;
    json_t *list;
};

static bool add_record(void *context, uint32_t id, const void *record)
{
    struct export *export = context;
    const struct model_kind_info *info = model_kind(export->kind);
    json_t *object = api_json_from_record(export->kind, record);
    (void)id;
    for (size_t i = 0; i < info->field_count;
         i++) { // what tells that there is a secret is no field
        char name[80];
        if (!(info->fields[i].flags & FIELD_SECRET)) continue;
        snprintf(name, sizeof name, "%s_set", info->fields[i].name);
        json_object_del(object, name);
    }
    return json_array_append_new(export->list, object) == 0;
}

void api_export_get(struct api *api, struct request *request, struct reply *reply)
{
    json_t *body = json_object();
    (void)request;
    for (size_t i = 0; i < IMPORT_KIND_COUNT; i++) {
        struct export export = {.kind = kinds[i], .list = json_array()};
        struct store_query query = {.kind = kinds[i]};
        struct settings_problem problem;
        json_object_set_new(body, model_kind(kinds[i])->plural, export.list);
        if (settings_list(api->options.settings, &query, add_record, &export, &problem)) {
            json_decref(body);
            api_reply_settings_problem(reply, &problem);
            return;
        }
    }
    api_reply_json(reply, 200, body);
}
