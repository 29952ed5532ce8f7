// SPDX-License-Identifier: Apache-2.0
// Groups, users and lines: list, show, add, set, remove. They differ in their fields and addresses.
#include "cli/cli_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- Addresses

struct target {
    struct path path;
    char name[NAME_SIZE + EXTENSION_SIZE]; // as people call it
    char key[NAME_SIZE];                   // in the body of a new record
};

static int find_line(const struct invocation *invocation, bool is_new, struct target *target)
{
    struct line_name line;
    const char *word = invocation->words[0];
    int result = is_new ? cli_line_choose_group(invocation, word, &line)
                        : cli_line_find(invocation, word, &line);
    if (result != STATUS_DONE) return result;
    snprintf(target->name, sizeof target->name, "%s/%s", line.group, line.extension);
    snprintf(target->key, sizeof target->key, "%s", line.extension);
    cli_path_line(&target->path, &line);
    if (is_new) {
        cli_path_begin(&target->path, "/api/v1/groups");
        cli_path_part(&target->path, line.group);
        cli_path_part(&target->path, "lines");
    }
    return STATUS_DONE;
}

// The address of the record that is named, or of the collection that a new one goes into.
// An exception: EXT, and its POSITION where it is there already.
static int find_exception(const struct invocation *invocation, bool is_new, struct target *target)
{
    struct line_name line;
    int result = cli_line_find(invocation, invocation->words[0], &line);
    if (result != STATUS_DONE) return result;
    cli_path_line(&target->path, &line);
    cli_path_part(&target->path, "exceptions");
    snprintf(target->name, sizeof target->name, "%s/%s", line.group, line.extension);
    if (!is_new) cli_path_part(&target->path, invocation->words[1]);
    return STATUS_DONE;
}

// Begins the address of what belongs to the group or user that the first word names, or to none.
static void begin_owned(const struct invocation *invocation, struct path *path)
{
    enum model_kind kind = invocation->command->kind;
    bool is_of_group = kind == KIND_ADMIN_FORWARDING, is_of_user = kind == KIND_PROFILE;
    cli_path_begin(path, is_of_group ? "/api/v1/groups" : is_of_user ? "/api/v1/users" : "/api/v1");
    if (is_of_group || is_of_user) cli_path_part(path, invocation->words[0]);
}

// GROUP and NAME of an administrative forwarding, USER and NAME of a profile, or the name alone of
// what belongs to neither.
static int find_named(const struct invocation *invocation, bool is_new, struct target *target)
{
    enum model_kind kind = invocation->command->kind;
    bool has_owner = kind == KIND_ADMIN_FORWARDING || kind == KIND_PROFILE;
    const char *word = invocation->words[has_owner];
    if (!text_copy(target->key, sizeof target->key, span_of(word))) {
        return cli_fail("%s name: must be at most %d bytes long", model_kind(kind)->name,
                        NAME_SIZE - 1);
    }
    snprintf(target->name, sizeof target->name, "%s", word);
    begin_owned(invocation, &target->path);
    cli_path_part(&target->path, model_kind(kind)->plural);
    if (!is_new) cli_path_part(&target->path, word);
    return STATUS_DONE;
}

static int find_target(const struct invocation *invocation, bool is_new, struct target *target)
{
    enum model_kind kind = invocation->command->kind;
    if (kind == KIND_LINE) return find_line(invocation, is_new, target);
    if (kind == KIND_EXCEPTION) return find_exception(invocation, is_new, target);
    return find_named(invocation, is_new, target);
}

// ---- Fields

// A password is not for every eye: "-" has it read from the input, its first line.
static const char *read_secret(const char *value, char room[TEXT_SIZE])
{
    if (strcmp(value, "-") != 0) return value;
    if (!fgets(room, TEXT_SIZE, stdin)) room[0] = '\0';
    room[strcspn(room, "\r\n")] = '\0';
    return room;
}

// What does not look like the field's type is sent as it is: the server says best what is wrong
// with it.
static json_t *json_of(const struct given *given)
{
    char room[TEXT_SIZE];
    const char *value = given->value;
    uint64_t number;
    if (given->field->flags & FIELD_SECRET) value = read_secret(value, room);
    switch (given->field->type) {
    case TYPE_BOOL:
        if (!strcmp(value, "on") || !strcmp(value, "true")) return json_true();
        if (!strcmp(value, "off") || !strcmp(value, "false")) return json_false();
        break;
    case TYPE_NUMBER:
        if (span_to_u64(span_of(value), INT64_MAX, &number))
            return json_integer((json_int_t)number);
        break;
    case TYPE_TEXT:
    case TYPE_TIME:
    case TYPE_ENUM: break;
    }
    return json_string(value);
}

// All fields that were given; NULL, with the reason printed, when one is not text.
static json_t *json_fields(const struct invocation *invocation)
{
    json_t *body = json_object();
    for (size_t i = 0; i < invocation->option_count; i++) {
        const struct given *given = &invocation->options[i];
        if (!given->field) continue;
        json_t *value = json_of(given);
        if (!value) {
            cli_fail_field(model_kind(invocation->command->kind)->name, given->field->name,
                           "is not UTF-8");
            json_decref(body);
            return NULL;
        }
        json_object_set_new(body, given->field->name, value);
    }
    return body;
}

// Adds the values of the preset that --preset names, where no other one is given.
static int add_preset(const struct invocation *invocation, json_t *body)
{
    const char *name = cli_args_get(invocation, "preset");
    json_t *preset = NULL, *value;
    size_t i;
    if (!name) return STATUS_DONE;
    int result = cli_preset_find(invocation, name, &preset);
    if (result != STATUS_DONE) return result;
    json_array_foreach(json_object_get(preset, "values"), i, value)
    {
        const char *field = cli_text_of(value, "field");
        struct given given = {.field = model_find_field(KIND_GROUP, span_of(field)),
                              .value = cli_text_of(value, "value")};
        if (!given.field) continue; // of a newer server
        json_object_update_missing_new(body, json_pack("{so}", field, json_of(&given)));
    }
    json_decref(preset);
    return STATUS_DONE;
}

// ---- Printing

// A field's value as it would be typed.
static void print_value(const struct model_field *field, const json_t *record)
{
    char text[RANGES_SIZE];
    if (field->flags & FIELD_SECRET) {
        snprintf(text, sizeof text, "%s_set", field->name);
        fputs(json_is_true(json_object_get(record, text)) ? "(set)" : "(not set)", stdout);
        return;
    }
    const json_t *value = json_object_get(record, field->name);
    switch (field->type) {
    case TYPE_BOOL: fputs(json_is_true(value) ? "on" : "off", stdout); break;
    case TYPE_NUMBER: printf("%lld", (long long)json_integer_value(value)); break;
    case TYPE_TEXT:
    case TYPE_TIME:
    case TYPE_ENUM:
        cli_print_text(json_string_length(value) > 0 ? cli_text_of(record, field->name) : "-");
    }
}

static void print_label(const char *name)
{
    enum { LABEL_WIDTH = 22 };
    char spelt[SPELT_SIZE];
    int printed = printf("%s", cli_spell(name, spelt));
    printf("%*s", printed < LABEL_WIDTH ? LABEL_WIDTH - printed : 1, "");
}

// "registered until 2026-11-23 14:00:00 at 192.0.2.1:5060", "refused: 403 Forbidden"
static void print_registration(const json_t *registration)
{
    const char *state = cli_text_of(registration, "state"),
               *reason = cli_text_of(registration, "reason");
    long long answer = cli_number_of(registration, "status");
    fputs(state, stdout);
    if (strcmp(state, "registered") == 0) {
        fputs(" until ", stdout);
        cli_print_time(cli_text_of(registration, "until"));
        fputs(", reached at ", stdout);
        cli_print_text(cli_text_of(registration, "contact"));
    } else if (answer || reason[0]) {
        fputs(": ", stdout);
        if (answer) printf("%lld%s", answer, reason[0] ? " " : "");
        cli_print_text(reason);
    }
}

// "watched, 1 call", "not_offered: 489 Bad Event"
static void print_desk_phone(const json_t *desk)
{
    const char *state = cli_text_of(desk, "state"), *reason = cli_text_of(desk, "reason");
    long long answer = cli_number_of(desk, "status"), calls = cli_number_of(desk, "calls");
    fputs(state, stdout);
    if (strcmp(state, "watched") == 0) printf(", %lld %s", calls, calls == 1 ? "call" : "calls");
    if (!answer && !reason[0]) return;
    fputs(": ", stdout);
    if (answer) printf("%lld%s", answer, reason[0] ? " " : "");
    cli_print_text(reason);
}

static void print_record(enum model_kind kind, const json_t *record)
{
    const struct model_kind_info *info = model_kind(kind);
    for (size_t i = 0; i < info->field_count; i++) {
        print_label(info->fields[i].name);
        print_value(&info->fields[i], record);
        putchar('\n');
    }
    const json_t *registration = json_object_get(record, "registration");
    if (!registration) return;
    print_label("registration");
    print_registration(registration);
    putchar('\n');
    print_label("desk_phone");
    print_desk_phone(json_object_get(record, "desk_phone"));
    putchar('\n');
}

static const char *on_off(const json_t *record, const char *name)
{
    return json_is_true(json_object_get(record, name)) ? "on" : "off";
}

// A table with a column for each of `fields`, the last of which is NULL, as `headings`.
static void print_list(const json_t *records, const char *const *headings,
                       const char *const *fields)
{
    struct table *table = cli_table_new(headings);
    size_t i;
    json_t *record;
    json_array_foreach(records, i, record)
    {
        for (size_t j = 0; fields[j]; j++) {
            bool is_bool = json_is_boolean(json_object_get(record, fields[j]));
            cli_table_add(table,
                          is_bool ? on_off(record, fields[j]) : cli_text_of(record, fields[j]));
        }
    }
    cli_table_print_and_free(table);
}

static void print_groups(const json_t *groups)
{
    static const char *const headings[] = {"NAME",        "ENABLED",         "SERVER", "DOMAIN",
                                           "MAIN NUMBER", "INTERNAL RANGES", NULL};
    static const char *const fields[] = {"name",        "enabled",         "server", "domain",
                                         "main_number", "internal_ranges", NULL};
    print_list(groups, headings, fields);
}

static void print_users(const json_t *users)
{
    static const char *const headings[] = {"NAME",   "DISPLAY NAME", "DND", "LOGIN",
                                           "MOBILE", "MAILBOX",      NULL};
    static const char *const fields[] = {"name",   "display_name", "dnd", "login",
                                         "mobile", "mailbox",      NULL};
    print_list(users, headings, fields);
}

static void print_lines(const json_t *lines)
{
    static const char *const headings[] = {"LINE", "USER", "NAME", "STATE", "REASON", NULL};
    struct table *table = cli_table_new(headings);
    size_t i;
    json_t *line;
    json_array_foreach(lines, i, line)
    {
        char text[256];
        const json_t *registration = json_object_get(line, "registration");
        long long answer = cli_number_of(registration, "status");
        const char *state = cli_text_of(registration, "state");
        bool is_fine = strcmp(state, "registered") == 0;
        snprintf(text, sizeof text, "%s/%s", cli_text_of(line, "group"),
                 cli_text_of(line, "extension"));
        cli_table_add(table, text);
        cli_table_add(table, cli_text_of(line, "user"));
        cli_table_add(table, cli_text_of(line, "display_name"));
        cli_table_add(table, state);
        snprintf(text, sizeof text, "%lld %s", answer, cli_text_of(registration, "reason"));
        cli_table_add(table, is_fine ? "" : answer ? text : cli_text_of(registration, "reason"));
    }
    cli_table_print_and_free(table);
}

// "103 busy, all callers", as a table of the fields that matter.
static void print_rules(enum model_kind kind, const json_t *rules)
{
    static const char *const exceptions[] = {"POSITION", "CONDITION",  "FROM",    "CALLER",
                                             "SCHEDULE", "TARGET",     "ENABLED", "PRESENCE",
                                             "UNTIL",    "CALLS LEFT", NULL};
    static const char *const forwardings[] = {"NAME",     "CONDITION", "FROM",    "CALENDAR",
                                              "SCHEDULE", "TARGET",    "ENABLED", NULL};
    bool is_exception = kind == KIND_EXCEPTION;
    struct table *table = cli_table_new(is_exception ? exceptions : forwardings);
    size_t i;
    json_t *rule;
    json_array_foreach(rules, i, rule)
    {
        char position[24], calls[24] = "";
        bool is_ring = json_is_true(json_object_get(rule, "ring"));
        snprintf(position, sizeof position, "%lld", cli_number_of(rule, "position"));
        cli_table_add(table, is_exception ? position : cli_text_of(rule, "name"));
        cli_table_add(table, cli_text_of(rule, "condition"));
        cli_table_add(table, cli_text_of(rule, "origin"));
        cli_table_add(table, cli_text_of(rule, is_exception ? "caller" : "calendar"));
        cli_table_add(table, cli_text_of(rule, "schedule"));
        cli_table_add(table, is_ring ? "(rings)" : cli_text_of(rule, "target"));
        cli_table_add(table, on_off(rule, "enabled"));
        if (!is_exception) continue;
        if (cli_number_of(rule, "calls") > 0) {
            snprintf(calls, sizeof calls, "%lld", cli_number_of(rule, "calls"));
        }
        cli_table_add(table, cli_text_of(rule, "presence"));
        cli_table_add(table, cli_text_of(rule, "until"));
        cli_table_add(table, calls);
    }
    cli_table_print_and_free(table);
}

static void print_calendars(const json_t *calendars)
{
    static const char *const headings[] = {"NAME", "DAYS", NULL};
    struct table *table = cli_table_new(headings);
    size_t i;
    json_t *calendar;
    json_array_foreach(calendars, i, calendar)
    {
        cli_table_add(table, cli_text_of(calendar, "name"));
        cli_table_add(table, cli_text_of(calendar, "days"));
    }
    cli_table_print_and_free(table);
}

static void print_profiles(const json_t *profiles)
{
    static const char *const headings[] = {"NAME", "APPLIED",     "UNTIL", "PRESENCE",
                                           "DND",  "FORWARDINGS", NULL};
    static const char *const fields[] = {"name", "applied",     "until", "presence",
                                         "dnd",  "forwardings", NULL};
    print_list(profiles, headings, fields);
}

static void print_items(enum model_kind kind, const json_t *items)
{
    switch (kind) {
    case KIND_GROUP: print_groups(items); return;
    case KIND_USER: print_users(items); return;
    case KIND_CALENDAR: print_calendars(items); return;
    case KIND_PROFILE: print_profiles(items); return;
    case KIND_EXCEPTION:
    case KIND_ADMIN_FORWARDING: print_rules(kind, items); return;
    default: print_lines(items); return;
    }
}

// ---- Commands

// Fetches and prints the whole list at `path`.
static int list(const struct invocation *invocation, struct path *path)
{
    enum model_kind kind = invocation->command->kind;
    json_t *answer = NULL;
    int result = cli_client_list(invocation, path, &answer);
    if (result != STATUS_DONE || cli_printed_json(invocation, answer)) return result;
    const json_t *items = json_object_get(answer, "items");
    if (json_array_size(items) == 0) {
        printf("no %s\n", model_kind(kind)->plural);
    } else {
        print_items(kind, items);
    }
    json_decref(answer);
    return STATUS_DONE;
}

// The rules of one line or group, the profiles of a user: few enough for a single page.
static int find_rules(const struct invocation *invocation, struct path *path)
{
    struct line_name line;
    if (invocation->command->kind != KIND_EXCEPTION) {
        begin_owned(invocation, path);
    } else {
        int result = cli_line_find(invocation, invocation->words[0], &line);
        if (result != STATUS_DONE) return result;
        cli_path_line(path, &line);
    }
    cli_path_part(path, model_kind(invocation->command->kind)->plural);
    return STATUS_DONE;
}

int cli_rule_list(const struct invocation *invocation)
{
    struct path path;
    int result = find_rules(invocation, &path);
    return result == STATUS_DONE ? list(invocation, &path) : result;
}

int cli_record_list(const struct invocation *invocation)
{
    struct path path;
    cli_path_begin(&path, "/api/v1");
    cli_path_part(&path, model_kind(invocation->command->kind)->plural);
    cli_path_parameter(&path, "limit", "1000");
    if (cli_args_has(invocation, "group"))
        cli_path_parameter(&path, "group", cli_args_get(invocation, "group"));
    if (cli_args_has(invocation, "user"))
        cli_path_parameter(&path, "user", cli_args_get(invocation, "user"));
    return list(invocation, &path);
}

int cli_record_show(const struct invocation *invocation)
{
    struct target target;
    json_t *answer = NULL;
    int result = find_target(invocation, false, &target);
    if (result == STATUS_DONE) {
        result = cli_client_call(invocation, "GET", &target.path, NULL, &answer);
    }
    if (result != STATUS_DONE || cli_printed_json(invocation, answer)) return result;
    print_record(invocation->command->kind, answer);
    json_decref(answer);
    return STATUS_DONE;
}

// "exception 2 of main/101 added", "group main changed"
static void print_done(enum model_kind kind, const struct target *target, const json_t *record,
                       const char *done)
{
    if (kind == KIND_EXCEPTION) {
        printf("exception %lld of %s %s\n", cli_number_of(record, "position"), target->name, done);
    } else {
        printf("%s %s %s\n", model_kind(kind)->name, target->name, done);
    }
}

// Sends what was given, and says what has been done with it.
static int save(const struct invocation *invocation, bool is_new, const char *done)
{
    struct target target;
    enum model_kind kind = invocation->command->kind;
    json_t *answer = NULL;
    int result = find_target(invocation, is_new, &target);
    if (result != STATUS_DONE) return result;
    json_t *body = json_fields(invocation);
    if (!body) return STATUS_FAILED;
    result = add_preset(invocation, body);
    if (result != STATUS_DONE) {
        json_decref(body);
        return result;
    }
    if (is_new && kind != KIND_EXCEPTION) { // whose place the server chooses
        const char *key = kind == KIND_LINE ? "extension" : "name";
        json_object_set_new(body, key, json_string(target.key));
    }
    result = cli_client_call(invocation, is_new ? "POST" : "PATCH", &target.path, body, &answer);
    if (result != STATUS_DONE || cli_printed_json(invocation, answer)) return result;
    print_done(kind, &target, answer, done);
    cli_print_warnings(answer);
    json_decref(answer);
    return STATUS_DONE;
}

int cli_record_add(const struct invocation *invocation)
{
    return save(invocation, true, "added");
}

int cli_record_set(const struct invocation *invocation)
{
    for (size_t i = 0; i < invocation->option_count; i++) {
        if (invocation->options[i].field) return save(invocation, false, "changed");
    }
    return cli_fail_usage(invocation->command, "there is no field to change");
}

int cli_exception_move(const struct invocation *invocation)
{
    struct target target;
    json_t *answer = NULL;
    uint64_t position;
    int result = find_target(invocation, false, &target);
    if (result != STATUS_DONE) return result;
    const char *word = invocation->words[2];
    bool is_number = span_to_u64(span_of(word), INT64_MAX, &position);
    json_t *body = is_number ? json_pack("{sI}", "position", (json_int_t)position)
                             : json_pack("{ss}", "position", word);
    if (!body) return cli_fail_field("exception", "position", "is not UTF-8");
    result = cli_client_call(invocation, "PATCH", &target.path, body, &answer);
    if (result != STATUS_DONE || cli_printed_json(invocation, answer)) return result;
    printf("exception %s of %s moved to position %lld\n", invocation->words[1], target.name,
           cli_number_of(answer, "position"));
    json_decref(answer);
    return STATUS_DONE;
}

int cli_record_remove(const struct invocation *invocation)
{
    struct target target;
    int result = find_target(invocation, false, &target);
    if (result == STATUS_DONE) {
        result = cli_client_call(invocation, "DELETE", &target.path, NULL, NULL);
    }
    if (result != STATUS_DONE || cli_args_has(invocation, "json")) return result;
    if (invocation->command->kind == KIND_EXCEPTION) {
        printf("exception %s of %s removed\n", invocation->words[1], target.name);
    } else {
        printf("%s %s removed\n", model_kind(invocation->command->kind)->name, target.name);
    }
    return STATUS_DONE;
}
