// SPDX-License-Identifier: Apache-2.0
// The handlers of all settings: a list, one record, and its changes. They differ only in the table
// of fields and in the parts of the path, which are named like the fields that they set. RFC 9110
// section 9.3, RFC 7396.
#include "api/api_int.h"

#include <stdlib.h>
#include <string.h>

// ---- Keys

// Starts a record with its defaults and the key from the path.
static bool start_record(const struct request *request, union model_record *record,
                         struct reply *reply)
{
    enum model_kind kind = request->route->kind;
    char reason[REASON_SIZE];
    model_defaults(kind, record);
    for (size_t i = 0; i < request->part_count; i++) {
        const struct parameter *part = &request->parts[i];
        const struct model_field *field = model_find_field(kind, part->name);
        ASSERT(field && field->flags & FIELD_KEY);
        const char *refused = model_set_field(field, record, part->value, reason);
        if (refused) return api_reply_refused(reply, 404, part->name, refused);
    }
    return true;
}

// What the record belongs to must exist: a line's group, a forwarding's line.
static bool require_parent(struct api *api, enum model_kind kind, const union model_record *record,
                           struct reply *reply)
{
    union model_record parent = {0};
    enum model_kind parent_kind = KIND_GROUP;
    struct settings_problem problem;
    if (kind == KIND_LINE) {
        memcpy(parent.group.name, record->line.group, NAME_SIZE);
    } else if (kind == KIND_FORWARDING) {
        memcpy(parent.line.group, record->forwarding.group, NAME_SIZE);
        memcpy(parent.line.extension, record->forwarding.extension, EXTENSION_SIZE);
        parent_kind = KIND_LINE;
    } else if (kind == KIND_EXCEPTION) {
        memcpy(parent.line.group, record->exception.group, NAME_SIZE);
        memcpy(parent.line.extension, record->exception.extension, EXTENSION_SIZE);
        parent_kind = KIND_LINE;
    } else if (kind == KIND_ADMIN_FORWARDING) {
        memcpy(parent.group.name, record->admin_forwarding.group, NAME_SIZE);
    } else if (kind == KIND_PROFILE) {
        memcpy(parent.user.name, record->profile.user, NAME_SIZE);
        parent_kind = KIND_USER;
    } else if (kind == KIND_DEVICE) {
        memcpy(parent.user.name, record->device.user, NAME_SIZE);
        parent_kind = KIND_USER;
    } else {
        return true;
    }
    if (!settings_get(api->options.settings, parent_kind, &parent, NULL, &problem)) return true;
    return api_reply_settings_problem(reply, &problem);
}

// The last of the key's fields names a record among those of its parent.
static const struct model_field *last_key(enum model_kind kind)
{
    const struct model_kind_info *info = model_kind(kind);
    const struct model_field *last = NULL;
    for (size_t i = 0; i < info->field_count; i++) {
        if (info->fields[i].flags & FIELD_KEY) last = &info->fields[i];
    }
    return last;
}

// ---- Records as JSON

static json_t *json_registration(const struct model_registration *registration)
{
    json_t *object = json_object();
    const char *state = model_name(&model_registration_states, registration->state);
    json_object_set_new(object, "state", json_string(state));
    if (registration->status != 0) {
        json_object_set_new(object, "status", json_integer(registration->status));
    }
    if (registration->reason[0]) {
        size_t len = strnlen(registration->reason, sizeof registration->reason);
        struct span reason = {registration->reason, len};
        json_object_set_new(object, "reason", api_json_text(reason));
    }
    if (registration->state == REGISTRATION_REGISTERED) {
        json_object_set_new(object, "until", api_json_time(registration->until_us, false));
        json_object_set_new(object, "contact", api_json_address(&registration->contact));
    }
    return object;
}

static json_t *json_desk_phone(const struct model_desk_phone *desk)
{
    json_t *object = json_pack("{s:s,s:i}", "state", model_name(&model_desk_states, desk->state),
                               "calls", desk->call_count);
    if (desk->status != 0) json_object_set_new(object, "status", json_integer(desk->status));
    if (desk->reason[0]) {
        json_object_set_new(object, "reason", api_json_text(span_of(desk->reason)));
    }
    return object;
}

// A record as clients see it: with a line comes how it stands with its PBX.
static json_t *json_resource(struct api *api, enum model_kind kind, uint32_t id,
                             const union model_record *record)
{
    json_t *object = api_json_from_record(kind, record);
    if (kind == KIND_DEVICE) json_object_set_new(object, "bindings", api_json_bindings(api, id));
    if (kind != KIND_LINE) return object;
    struct model_registration registration;
    api_line_registration(api, id, record->line.is_enabled, &registration);
    json_object_set_new(object, "registration", json_registration(&registration));
    struct model_desk_phone desk = {.state = DESK_OFF};
    const struct api_engine *engine = &api->options.engine;
    if (engine->desk_phone) (void)engine->desk_phone(engine->context, id, &desk);
    json_object_set_new(object, "desk_phone", json_desk_phone(&desk));
    return object;
}

static void set_etag(enum model_kind kind, const union model_record *record, json_t *resource,
                     char etag[ETAG_SIZE])
{
    // What is shown beyond the settings, and changes without them.
    json_t *state = json_pack("[O*O*O*]", json_object_get(resource, "registration"),
                              json_object_get(resource, "desk_phone"),
                              json_object_get(resource, "bindings"));
    api_etag_of_record(kind, record, json_array_size(state) > 0 ? state : NULL, etag);
    json_decref(state);
}

// ---- Lists

struct listing {
    struct api *api;
    enum model_kind kind;
    json_t *items;
    uint32_t limit;
    struct api_line_query lines;    // what of lines is not in the store
    const struct model_field *sort; // beside the key; NULL: the key alone
    union model_record last;        // on this page
    bool has_more;
};

// Whether lines are chosen or sorted by what the store does not know.
static bool is_by_states(const struct listing *listing)
{
    const struct api_line_query *lines = &listing->lines;
    return lines->has_state || lines->is_abroad || lines->is_by_state;
}

static bool add_item(void *context, uint32_t id, const void *record)
{
    struct listing *listing = context;
    struct settings *settings = listing->api->options.settings;
    if (json_array_size(listing->items) == listing->limit) {
        listing->has_more = true;
        return false;
    }
    memcpy(&listing->last, record, model_kind(listing->kind)->record_size);
    json_t *item = json_resource(listing->api, listing->kind, id, &listing->last);
    const char *target = listing->lines.is_abroad ? settings_abroad_target(settings, id) : NULL;
    if (target) json_object_set_new(item, "abroad", api_json_text(span_of(target)));
    json_array_append_new(listing->items, item);
    return true;
}

// Lines that were found, as a whole. One that is gone since is left out.
static enum err add_found(struct listing *listing, const struct api_found_lines *found,
                          struct settings_problem *problem)
{
    union model_record record;
    uint32_t id;
    for (size_t i = 0; i < found->count; i++) {
        memset(&record, 0, sizeof record);
        memcpy(record.line.group, found->at[i].group, sizeof record.line.group);
        memcpy(record.line.extension, found->at[i].extension, sizeof record.line.extension);
        enum err err = settings_get(listing->api->options.settings, KIND_LINE, &record, &id,
                                    problem);
        if (err == ERR_NONE) add_item(listing, id, &record);
        if (err != ERR_NONE && err != ERR_NOT_FOUND) return err;
    }
    listing->has_more = found->has_more;
    return ERR_NONE;
}

static enum err list_by_states(struct listing *listing, const struct store_query *query,
                               struct settings_problem *problem)
{
    struct api_found_lines found;
    listing->lines.query = query;
    listing->lines.limit = listing->limit;
    listing->lines.is_descending = query->is_descending;
    enum err err = api_find_lines(listing->api, &listing->lines, &found, problem);
    if (err != ERR_NONE) return err;
    err = add_found(listing, &found, problem);
    free(found.at);
    return err;
}

// Reads the parameter `state`, and what goes with it.
static bool read_state(const struct request *request, struct listing *listing, struct reply *reply)
{
    struct span text = api_query_get(request, "state");
    unsigned value;
    if (!text.at) return true;
    if (!model_find_name(&model_registration_states, text, &value)) {
        return api_reply_refused(reply, 400, SPAN("state"), "is no state of a registration");
    }
    listing->lines.has_state = true;
    listing->lines.state = (enum model_registration_state)value;
    return true;
}

// Reads the parameter `abroad`.
static bool read_abroad(const struct request *request, struct listing *listing, struct reply *reply)
{
    struct span text = api_query_get(request, "abroad");
    listing->lines.is_abroad = span_eq(text, SPAN("true"));
    if (!text.at || listing->lines.is_abroad || span_eq(text, SPAN("false"))) return true;
    return api_reply_refused(reply, 400, SPAN("abroad"), "must be true or false");
}

// Neither goes with the parameter `count`: nothing is counted by what the store does not know.
static bool check_count(const struct request *request, const struct listing *listing,
                        struct reply *reply)
{
    bool is_chosen = listing->lines.has_state || listing->lines.is_abroad;
    if (!is_chosen || !api_query_get(request, "count").at) return true;
    return api_reply_refused(reply, 400, SPAN("count"),
                             "is not told by state here: GET /status tells it");
}

// How many records there are on all pages, where that is asked for.
static bool put_count(struct api *api, const struct request *request,
                      const struct store_query *query, json_t *body, struct reply *reply)
{
    struct store *store = settings_store(api->options.settings);
    struct span wanted = api_query_get(request, "count");
    struct store_query all = *query;
    uint64_t count = 0;
    if (!wanted.at || span_eq(wanted, SPAN("false"))) return true;
    if (!span_eq(wanted, SPAN("true"))) {
        return api_reply_refused(reply, 400, SPAN("count"), "must be true or false");
    }
    all.after = NULL;
    all.sort = NULL;
    enum err err = store_count(store, &all, &count);
    if (err) return api_reply_store_problem(reply, err, store_error(store));
    json_object_set_new(body, "count", api_json_count(count));
    return true;
}

// The parameters that are named like fields choose records by their values.
static bool read_filters(const struct request *request, union model_record *record,
                         struct reply *reply)
{
    char reason[REASON_SIZE];
    for (size_t i = 0; i < request->query_count; i++) {
        struct span name = request->query[i].name;
        const struct model_field *field = model_find_field(request->route->kind, name);
        if (!field) continue;
        const char *refused = model_set_field(field, record, request->query[i].value, reason);
        if (refused) return api_reply_refused(reply, 400, name, refused);
    }
    return true;
}

// Reads the parameter `sort`: a field that the store has an index of, with - the last first.
static bool read_sort(const struct request *request, struct store_query *query,
                      struct listing *listing, struct reply *reply)
{
    char reason[REASON_SIZE];
    struct span text = api_query_get(request, "sort");
    if (!text.at) return true;
    query->is_descending = span_starts_with(text, SPAN("-"));
    if (query->is_descending) text = span_from(text, 1);
    listing->lines.is_by_state = query->kind == KIND_LINE && span_eq(text, SPAN("state"));
    if (listing->lines.is_by_state) return true;
    if (!api_has_word(store_sorts(query->kind), text)) {
        snprintf(reason, sizeof reason, "must be one of %s%s, with - in front for the last first",
                 store_sorts(query->kind), query->kind == KIND_LINE ? " state" : "");
        return api_reply_refused(reply, 400, SPAN("sort"), reason);
    }
    const struct model_field *field = model_find_field(query->kind, text);
    query->sort = field->name;
    if (!(field->flags & FIELD_KEY)) listing->sort = field;
    return true;
}

// What a list is sorted by stands in front of the keys, with its slashes escaped.
static void put_sort(struct buffer *out, const char *value)
{
    for (; *value; value++) {
        if (*value == '/' || *value == '%') {
            buffer_put_text(out, *value == '/' ? "%2F" : "%25");
        } else {
            buffer_put_byte(out, *value);
        }
    }
    buffer_put_byte(out, '/');
}

static bool read_sort_place(const struct model_field *sort, struct span part,
                            union model_record *after)
{
    char text[TEXT_SIZE * 3], reason[REASON_SIZE];
    struct buffer out = buffer_over(text, sizeof text);
    while (part.len > 0) {
        bool is_escaped = part.at[0] == '%' && part.len >= 3;
        buffer_put_byte(&out, is_escaped ? (part.at[1] == '2' && part.at[2] == 'F' ? '/' : '%')
                                         : part.at[0]);
        part = span_from(part, is_escaped ? 3 : 1);
    }
    return !out.is_full && !model_set_field(sort, after, buffer_span(&out), reason);
}

// A place in a list: the keys of the last record before it, separated by slashes, behind what the
// list is sorted by.
static bool read_after(const struct request *request, struct listing *listing,
                       union model_record *after, struct reply *reply)
{
    const struct model_field *sort = listing->sort;
    unsigned state;
    enum model_kind kind = request->route->kind;
    const struct model_kind_info *info = model_kind(kind);
    struct span text = api_query_get(request, "after");
    char reason[REASON_SIZE];
    memset(after, 0, sizeof *after);
    if (sort && !read_sort_place(sort, span_split(&text, '/'), after)) {
        return api_reply_refused(reply, 400, SPAN("after"), "is no place in this list");
    }
    if (listing->lines.is_by_state) {
        if (!model_find_name(&model_registration_states, span_split(&text, '/'), &state)) {
            return api_reply_refused(reply, 400, SPAN("after"), "is no place in this list");
        }
        listing->lines.after_state = (enum model_registration_state)state;
        listing->lines.after = &after->line;
    }
    for (size_t i = 0; i < info->field_count; i++) {
        const struct model_field *field = &info->fields[i];
        if (!(field->flags & FIELD_KEY)) continue;
        struct span part = text;
        if (field != last_key(kind)) part = span_split(&text, '/');
        if (!model_set_field(field, after, part, reason)) continue;
        return api_reply_refused(reply, 400, SPAN("after"), "is no place in this list");
    }
    return true;
}

// The state that the last line on this page is shown in.
static const char *last_state(const struct listing *listing)
{
    const json_t *item = json_array_get(listing->items, json_array_size(listing->items) - 1);
    const char *state = json_string_value(
        json_object_get(json_object_get(item, "registration"), "state"));
    return state ? state : "";
}

static json_t *json_next(const struct request *request, const struct listing *listing)
{
    const struct model_kind_info *info = model_kind(listing->kind);
    char text[RANGES_SIZE + TEXT_SIZE * 3];
    struct buffer out = buffer_over(text, sizeof text);
    const char *separator = "";
    if (listing->sort) put_sort(&out, model_get_text(listing->sort, &listing->last));
    if (listing->lines.is_by_state) put_sort(&out, last_state(listing));
    for (size_t i = 0; i < info->field_count; i++) {
        if (!(info->fields[i].flags & FIELD_KEY)) continue;
        buffer_put_text(&out, separator);
        model_print_field(&info->fields[i], &listing->last, &out);
        separator = "/";
    }
    return api_query_next(request, "after", buffer_span(&out));
}

static struct store_query query_for(enum model_kind kind, const union model_record *filter)
{
    struct store_query query = {.kind = kind};
    if (kind == KIND_LINE) {
        query.group = filter->line.group;
        query.extension = filter->line.extension;
        query.user = filter->line.user;
    } else if (kind == KIND_FORWARDING) {
        query.group = filter->forwarding.group;
        query.extension = filter->forwarding.extension;
    } else if (kind == KIND_EXCEPTION) {
        query.group = filter->exception.group;
        query.extension = filter->exception.extension;
    } else if (kind == KIND_ADMIN_FORWARDING) {
        query.group = filter->admin_forwarding.group;
    } else if (kind == KIND_PROFILE) {
        query.user = filter->profile.user;
    } else if (kind == KIND_DEVICE) {
        query.user = filter->device.user;
    }
    return query;
}

static void reply_list(struct listing *listing, const struct request *request,
                       const struct store_query *query, struct reply *reply)
{
    struct api *api = listing->api;
    struct settings_problem problem;
    json_t *body = json_object();
    listing->items = json_array();
    json_object_set_new(body, "items", listing->items);
    enum err err = is_by_states(listing)
                       ? list_by_states(listing, query, &problem)
                       : settings_list(api->options.settings, query, add_item, listing, &problem);
    if (err) {
        json_decref(body);
        api_reply_settings_problem(reply, &problem);
        return;
    }
    if (!put_count(api, request, query, body, reply)) {
        json_decref(body);
        return;
    }
    if (listing->has_more) json_object_set_new(body, "next", json_next(request, listing));
    api_reply_json(reply, 200, body);
}

void api_records_list(struct api *api, struct request *request, struct reply *reply)
{
    enum model_kind kind = request->route->kind;
    struct listing listing = {.api = api, .kind = kind};
    struct filters filters = {.request = request, .reply = reply};
    union model_record filter, after;
    if (!api_query_limit(request, reply, &listing.limit)) return;
    if (!read_state(request, &listing, reply) || !read_abroad(request, &listing, reply) ||
        !check_count(request, &listing, reply)) {
        return;
    }
    if (!start_record(request, &filter, reply) || !read_filters(request, &filter, reply)) return;
    if (kind == KIND_LINE &&
        !api_rights_restrict(request, filter.line.user, filter.line.group, reply)) {
        return;
    }
    if (request->part_count > 0 && !require_parent(api, kind, &filter, reply)) return;
    struct store_query query = query_for(kind, &filter);
    query.limit = listing.limit + 1;
    query.text = api_filter_text(&filters, "q", TEXT_SIZE - 1);
    if (filters.is_refused || !read_sort(request, &query, &listing, reply)) return;
    if (api_query_get(request, "after").at) {
        if (!read_after(request, &listing, &after, reply)) return;
        query.after = &after;
    }
    reply_list(&listing, request, &query, reply);
}

// ---- One record

bool api_records_find(struct api *api, const struct request *request, union model_record *record,
                      uint32_t *id, struct reply *reply)
{
    struct settings_problem problem;
    enum model_kind kind = request->route->kind;
    if (!start_record(request, record, reply)) return false;
    if (!settings_get(api->options.settings, kind, record, id, &problem)) return true;
    return api_reply_settings_problem(reply, &problem);
}

// Replies with the record that has just been saved, and what the person should know of it.
static void reply_saved(struct api *api, const struct request *request, bool is_new,
                        union model_record *record, const char *warning, struct reply *reply)
{
    enum model_kind kind = request->route->kind;
    struct settings_problem problem;
    uint32_t id = 0;
    // It is saved, whether or not it can be read again: without its number only the registration is
    // missing.
    if (settings_get(api->options.settings, kind, record, &id, &problem)) id = 0;
    json_t *body = json_resource(api, kind, id, record);
    set_etag(kind, record, body, reply->etag);
    if (*warning) json_object_set_new(body, "warnings", json_pack("[s]", warning));
    api_reply_json(reply, is_new ? 201 : 200, body);
}

static void put_value(const struct model_field *field, const union model_record *record,
                      struct buffer *out)
{
    char text[FIELD_TEXT_SIZE];
    struct buffer value = buffer_over(text, sizeof text);
    ASSERT(field);
    model_print_field(field, record, &value);
    api_put_encoded(out, buffer_span(&value));
}

// The new record's own address, by its values as they were saved.
static void put_location(const struct request *request, const union model_record *record,
                         struct reply *reply)
{
    enum model_kind kind = request->route->kind;
    struct span pattern = span_of(request->route->pattern);
    struct buffer out = buffer_over(reply->location, sizeof reply->location - 1);
    span_split(&pattern, '/');
    while (pattern.len > 0) {
        struct span part = span_split(&pattern, '/');
        buffer_put_byte(&out, '/');
        if (part.at[0] == '{') {
            struct span name = span_slice(part, 1, part.len - 1);
            put_value(model_find_field(kind, name), record, &out);
        } else {
            buffer_put(&out, part);
        }
    }
    if (request->method == METHOD_POST) {
        buffer_put_byte(&out, '/');
        put_value(last_key(kind), record, &out);
    }
    reply->location[out.is_full ? 0 : out.len] = '\0';
}

// Whether all that the body changes of `stored` may be changed by who asks.
static bool check_own(const struct request *request, const union model_record *stored,
                      const union model_record *record, struct reply *reply)
{
    const struct model_kind_info *info = model_kind(request->route->kind);
    json_t *errors = json_array();
    for (size_t i = 0; i < info->field_count; i++) {
        const struct model_field *field = &info->fields[i];
        if (api_rights_may_set(request, field) || model_is_same(field, stored, record)) continue;
        api_errors_add(errors, span_of(field->name), "may only be changed by an administrator");
    }
    return api_errors_settle(reply, 403, errors);
}

// Reads the body; false, with `reply` filled in, when something of it is refused.
static bool read_record(const struct request *request, enum record_input input,
                        union model_record *record, struct reply *reply)
{
    json_t *errors = api_json_to_record(request, input, record);
    return api_errors_settle(reply, 422, errors);
}

void api_records_get(struct api *api, struct request *request, struct reply *reply)
{
    union model_record record;
    uint32_t id;
    if (!api_records_find(api, request, &record, &id, reply)) return;
    json_t *body = json_resource(api, request->route->kind, id, &record);
    set_etag(request->route->kind, &record, body, reply->etag);
    api_reply_json(reply, 200, body);
}

static bool note_position(void *context, uint32_t id, const void *record)
{
    (void)id;
    *(uint32_t *)context = ((const struct model_exception *)record)->position;
    return true;
}

// A new exception that names no position goes behind the line's others.
static bool choose_position(struct api *api, const struct request *request,
                            union model_record *record, struct reply *reply)
{
    struct settings_problem problem;
    uint32_t last = 0;
    if (request->route->kind != KIND_EXCEPTION) return true;
    if (json_object_get(request->json, "position")) return true;
    struct store_query query = query_for(KIND_EXCEPTION, record);
    enum err err = settings_list(api->options.settings, &query, note_position, &last, &problem);
    if (err) return api_reply_settings_problem(reply, &problem);
    record->exception.position = last < POSITION_MAX ? last + 1 : last;
    return true;
}

bool api_records_read_new(struct api *api, const struct request *request,
                          union model_record *record, struct reply *reply)
{
    return start_record(request, record, reply) &&
           require_parent(api, request->route->kind, record, reply) &&
           read_record(request, RECORD_WHOLE, record, reply);
}

void api_records_reply(struct api *api, const struct request *request, union model_record *record,
                       json_t *body, struct reply *reply)
{
    json_t *beside = body;
    bool is_new = request->part_count == 1;
    if (is_new) put_location(request, record, reply);
    api_events_setting(api, request, is_new ? "added" : "changed", record);
    reply_saved(api, request, is_new, record, "", reply);
    json_object_update(reply->body, beside);
    json_decref(beside);
}

void api_records_add(struct api *api, struct request *request, struct reply *reply)
{
    enum model_kind kind = request->route->kind;
    union model_record record;
    struct settings_problem problem;
    if (!start_record(request, &record, reply)) return;
    if (!require_parent(api, kind, &record, reply)) return;
    if (!choose_position(api, request, &record, reply)) return;
    if (!read_record(request, RECORD_WHOLE, &record, reply)) return;
    if (settings_add(api->options.settings, kind, &record, &problem)) {
        api_reply_settings_problem(reply, &problem);
        return;
    }
    put_location(request, &record, reply);
    api_events_setting(api, request, "added", &record);
    reply_saved(api, request, true, &record, problem.warning, reply);
}

// A whole record without its secrets keeps those that are stored.
static void keep_secrets(enum model_kind kind, const union model_record *stored,
                         union model_record *record)
{
    const struct model_kind_info *info = model_kind(kind);
    for (size_t i = 0; i < info->field_count; i++) {
        const struct model_field *field = &info->fields[i];
        if (!(field->flags & FIELD_SECRET)) continue;
        memcpy((char *)record + field->offset, (const char *)stored + field->offset, field->size);
    }
    if (kind == KIND_LINE) record->line.is_password_lost = stored->line.is_password_lost;
    if (kind == KIND_USER) record->user.is_password_lost = stored->user.is_password_lost;
}

// A user gets another password: who has signed in with the old one must do so again. False, with
// `reply` filled in, when that fails.
static bool end_sessions(struct api *api, const struct request *request,
                         const union model_record *record, struct reply *reply)
{
    const struct store *store = settings_store(api->options.settings);
    if (!request->work) return true;
    enum err err = api_session_end_all(api, record->user.name, request->principal.key);
    return !err || api_reply_store_problem(reply, err, store_error(store));
}

// Whether the request's conditions hold for the record that is there; NULL: there is none.
static bool allows_change(const struct request *request, const union model_record *stored,
                          struct reply *reply)
{
    char etag[ETAG_SIZE] = "";
    if (!request->if_match.at && !request->if_none_match.at) return true;
    if (stored) api_etag_of_record(request->route->kind, stored, NULL, etag);
    return api_etag_allows_change(request, etag, reply);
}

void api_records_put(struct api *api, struct request *request, struct reply *reply)
{
    enum model_kind kind = request->route->kind;
    union model_record record, stored;
    struct settings_problem problem;
    bool is_new;
    if (!start_record(request, &record, reply)) return;
    if (!require_parent(api, kind, &record, reply)) return;
    stored = record;
    enum err err = settings_get(api->options.settings, kind, &stored, NULL, &problem);
    if (err == ERR_NONE) keep_secrets(kind, &stored, &record);
    if (err && err != ERR_NOT_FOUND) {
        api_reply_settings_problem(reply, &problem);
        return;
    }
    if (!allows_change(request, err ? NULL : &stored, reply)) return;
    if (!read_record(request, RECORD_WHOLE, &record, reply)) return;
    if (!end_sessions(api, request, &record, reply)) return;
    if (settings_put(api->options.settings, kind, &record, &is_new, &problem)) {
        api_reply_settings_problem(reply, &problem);
        return;
    }
    if (is_new) put_location(request, &record, reply);
    api_events_setting(api, request, is_new ? "added" : "changed", &record);
    reply_saved(api, request, is_new, &record, problem.warning, reply);
}

// Replaces an exception, which is at `position`, and moves it to where the record says, as one
// change.
static enum err replace_and_move(struct api *api, union model_record *record, uint32_t position,
                                 struct settings_problem *problem)
{
    struct settings *settings = api->options.settings;
    struct settings_problem end;
    uint32_t wanted = record->exception.position;
    enum err err = settings_begin_batch(settings, problem);
    if (err != ERR_NONE) return err;
    record->exception.position = position;
    err = settings_replace(settings, KIND_EXCEPTION, record, problem);
    if (err == ERR_NONE) err = settings_move(settings, &record->exception, wanted, problem);
    record->exception.position = wanted;
    enum err ended = settings_end_batch(settings, err == ERR_NONE, &end);
    if (err == ERR_NONE && ended != ERR_NONE) *problem = end;
    return err == ERR_NONE ? ended : err;
}

void api_records_patch(struct api *api, struct request *request, struct reply *reply)
{
    enum model_kind kind = request->route->kind;
    union model_record record, stored;
    struct settings_problem problem;
    if (!api_records_find(api, request, &stored, NULL, reply)) return;
    if (!allows_change(request, &stored, reply)) return;
    record = stored;
    if (!read_record(request, RECORD_CHANGE, &record, reply)) return;
    if (!check_own(request, &stored, &record, reply)) return;
    if (!end_sessions(api, request, &record, reply)) return;
    uint32_t position = stored.exception.position;
    bool is_moved = kind == KIND_EXCEPTION && record.exception.position != position;
    enum err err = is_moved ? replace_and_move(api, &record, position, &problem)
                            : settings_replace(api->options.settings, kind, &record, &problem);
    if (err) {
        api_reply_settings_problem(reply, &problem);
        return;
    }
    api_events_setting(api, request, is_moved ? "moved" : "changed", &record);
    reply_saved(api, request, false, &record, problem.warning, reply);
}

void api_records_remove(struct api *api, struct request *request, struct reply *reply)
{
    enum model_kind kind = request->route->kind;
    union model_record record;
    struct settings_problem problem;
    bool is_conditional = request->if_match.at || request->if_none_match.at;
    if (!start_record(request, &record, reply)) return;
    if (is_conditional && (!api_records_find(api, request, &record, NULL, reply) ||
                           !allows_change(request, &record, reply))) {
        return;
    }
    if (settings_remove(api->options.settings, kind, &record, &problem)) {
        api_reply_settings_problem(reply, &problem);
        return;
    }
    api_events_setting(api, request, "removed", &record);
    api_reply_json(reply, 204, NULL);
}
