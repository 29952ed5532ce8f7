// SPDX-License-Identifier: Apache-2.0
// Taking a change back that the audit tells of: what was before is put in place again, if what is
// there is still what the change has made of it. RFC 9110 section 15.5.10.
#include "api/api_int.h"

#include <stdlib.h>
#include <string.h>

// An entry of the audit, as far as it is needed.
struct entry {
    enum model_audit_action action;
    enum model_kind kind;
    char key[RANGES_SIZE];
    json_t *before, *after;  // owned; NULL: none
    bool is_found, is_known; // there is such an entry; of a kind that can be put back
};

struct reversal {
    struct api *api;
    struct entry entry;
    uint64_t id;
    union model_record record;
    enum err present; // ERR_NONE: the record is there
    struct settings_problem problem;
    bool has_secret; // that cannot be put back
    bool is_forced;  // although fields have been changed since
};

// ---- The entry

static json_t *load(struct span text)
{
    return text.len > 0 ? json_loadb(text.at, text.len, 0, NULL) : NULL;
}

static bool note_entry(void *context, const struct model_audit_entry *entry)
{
    struct reversal *reversal = context;
    struct entry *to = &reversal->entry;
    if (entry->id != reversal->id) return false;
    to->is_found = true;
    to->action = (enum model_audit_action)entry->action;
    to->before = load(entry->before);
    to->after = load(entry->after);
    text_copy(to->key, sizeof to->key, entry->key);
    for (unsigned kind = 0; kind < KIND_COUNT; kind++) {
        bool is_secret = kind == KIND_TOKEN || kind == KIND_SESSION;
        if (is_secret || !span_eq(entry->kind, span_of(model_kind((enum model_kind)kind)->name))) {
            continue;
        }
        to->kind = (enum model_kind)kind;
        to->is_known = true;
    }
    return false;
}

// "main/101/busy/all" as the fields of the record's key.
static bool read_key(const struct entry *entry, union model_record *record)
{
    const struct model_kind_info *info = model_kind(entry->kind);
    struct span rest = span_of(entry->key);
    char reason[REASON_SIZE];
    model_defaults(entry->kind, record);
    for (size_t i = 0; i < info->field_count; i++) {
        if (!(info->fields[i].flags & FIELD_KEY)) continue;
        struct span part = span_split(&rest, '/');
        if (model_set_field(&info->fields[i], record, part, reason)) return false;
    }
    return rest.len == 0;
}

static bool find(struct reversal *reversal, const struct request *request, struct reply *reply)
{
    struct entry *entry = &reversal->entry;
    struct settings *settings = reversal->api->options.settings;
    struct span number = request->parts[0].value;
    if (span_to_u64(number, INT64_MAX - 1, &reversal->id)) {
        struct store_audit_query query = {.before_id = reversal->id + 1, .limit = 1};
        if (settings_list_audit(settings, &query, note_entry, reversal, &reversal->problem)) {
            return api_reply_settings_problem(reply, &reversal->problem);
        }
    }
    if (!entry->is_found) {
        api_reply_problem(reply, 404, "the audit has no entry %.*s", SPAN_ARG(number));
        return false;
    }
    if (!entry->is_known || !read_key(entry, &reversal->record)) {
        api_reply_problem(reply, 409, "a change of this kind cannot be taken back");
        return false;
    }
    reversal->present = settings_get(settings, entry->kind, &reversal->record, NULL,
                                     &reversal->problem);
    if (reversal->present == ERR_NONE || reversal->present == ERR_NOT_FOUND) return true;
    return api_reply_settings_problem(reply, &reversal->problem);
}

// ---- Whether it is still as the change has left it

static bool is_of_secret(enum model_kind kind, const char *member)
{
    return !model_find_field(kind, span_of(member)); // "password_set" is no field
}

static void add_difference(json_t *errors, const char *name, const json_t *now)
{
    char reason[REASON_SIZE];
    char *text = json_dumps(now, JSON_ENCODE_ANY | JSON_COMPACT);
    snprintf(reason, sizeof reason, "has been changed since: it is %.120s now",
             text ? text : "another");
    free(text);
    api_errors_add(errors, span_of(name), reason);
}

static bool check_unchanged(struct reversal *reversal, struct reply *reply)
{
    const struct entry *entry = &reversal->entry;
    const char *name;
    json_t *value, *errors = json_array();
    bool is_there = reversal->present == ERR_NONE;
    if (is_there != (entry->action != AUDIT_REMOVED)) {
        json_decref(errors);
        api_reply_problem(reply, 409, "%s %s %s", model_kind(entry->kind)->name, entry->key,
                          is_there ? "is there again" : "has been removed since");
        return false;
    }
    json_t *now = is_there ? api_json_from_record(entry->kind, &reversal->record) : NULL;
    json_object_foreach(entry->after, name, value)
    {
        json_t *present = json_object_get(now, name);
        if (reversal->is_forced) break;
        if (present && !json_equal(present, value)) add_difference(errors, name, present);
    }
    json_decref(now);
    return api_errors_settle(reply, 409, errors);
}

// ---- Putting it back

// Sets the fields as they were; false, with `reply` filled in, where there is nothing to be set.
static bool read_before(struct reversal *reversal, struct reply *reply)
{
    const struct entry *entry = &reversal->entry;
    struct route route = {.kind = entry->kind};
    struct request request = {.route = &route, .json = json_object()};
    const char *name;
    json_t *value;
    json_object_foreach(entry->before, name, value)
    {
        if (is_of_secret(entry->kind, name)) {
            reversal->has_secret = reversal->has_secret || json_is_true(value);
        } else {
            json_object_set(request.json, name, value);
        }
    }
    bool is_empty = json_object_size(request.json) == 0 && entry->action == AUDIT_CHANGED;
    json_t *errors = api_json_to_record(&request, RECORD_CHANGE, &reversal->record);
    json_decref(request.json);
    if (is_empty) {
        json_decref(errors);
        api_reply_problem(reply, 409, "a password cannot be put back: only its owner knows it");
        return false;
    }
    return api_errors_settle(reply, 409, errors); // what another version has written may not fit
}

static enum err change(struct reversal *reversal)
{
    struct settings *settings = reversal->api->options.settings;
    enum model_kind kind = reversal->entry.kind;
    switch (reversal->entry.action) {
    case AUDIT_ADDED: return settings_remove(settings, kind, &reversal->record, &reversal->problem);
    case AUDIT_CHANGED:
        return settings_replace(settings, kind, &reversal->record, &reversal->problem);
    case AUDIT_REMOVED: break;
    }
    return settings_add(settings, kind, &reversal->record, &reversal->problem);
}

static void tell(struct reversal *reversal, const char *action)
{
    struct route route = {.kind = reversal->entry.kind};
    struct request request = {.route = &route};
    api_events_setting(reversal->api, &request, action, &reversal->record);
}

static void reply_done(struct reversal *reversal, struct reply *reply)
{
    static const char *const done[] = {
        [AUDIT_ADDED] = "removed", [AUDIT_CHANGED] = "changed", [AUDIT_REMOVED] = "added"};
    const struct entry *entry = &reversal->entry;
    const char *action = done[entry->action];
    json_t *body = json_object(), *warnings = json_array();
    tell(reversal, action);
    json_object_set_new(body, "action", json_string(action));
    json_object_set_new(body, "kind", json_string(model_kind(entry->kind)->name));
    json_object_set_new(body, "key", api_json_text(span_of(entry->key)));
    if (reversal->problem.warning[0] && entry->action != AUDIT_ADDED) {
        json_array_append_new(warnings, json_string(reversal->problem.warning));
    }
    if (reversal->has_secret) {
        json_array_append_new(warnings, json_string("the password has to be given anew"));
    }
    json_object_set_new(body, "warnings", warnings);
    api_reply_json(reply, 200, body);
}

// Reads `force`.
static bool read_body(struct reversal *reversal, const struct request *request, struct reply *reply)
{
    const char *name;
    json_t *value, *errors = json_array();
    json_object_foreach(request->json, name, value)
    {
        if (strcmp(name, "force") != 0) {
            api_errors_add(errors, span_of(name), "is no part of this");
        } else if (!json_is_boolean(value)) {
            api_errors_add(errors, SPAN("force"), "must be true or false");
        }
        reversal->is_forced = json_is_true(value);
    }
    return api_errors_settle(reply, 422, errors);
}

static void revert(struct reversal *reversal, const struct request *request, struct reply *reply)
{
    if (!read_body(reversal, request, reply)) return;
    if (!find(reversal, request, reply) || !check_unchanged(reversal, reply)) return;
    if (reversal->entry.action != AUDIT_ADDED && !read_before(reversal, reply)) return;
    if (change(reversal) == ERR_NONE) {
        reply_done(reversal, reply);
    } else {
        api_reply_settings_problem(reply, &reversal->problem);
    }
}

void api_audit_revert(struct api *api, struct request *request, struct reply *reply)
{
    struct reversal reversal = {.api = api};
    revert(&reversal, request, reply);
    json_decref(reversal.entry.before);
    json_decref(reversal.entry.after);
}
