// SPDX-License-Identifier: Apache-2.0
// Checks of line groups: to be started, watched, ended, read and compared. One that is over is kept
// by the settings, for it says how forwardings are carried out. docs/group-check.md.
#include "api/api_int.h"

#include <string.h>

enum { RING_MAX_S = 600, RING_MIN_S = 10, RING_DEFAULT_S = 75 };

// ---- As JSON

static json_t *sentence(enum check_row row, const struct model_check_row *result,
                        void (*put)(struct buffer *out, enum check_row row,
                                    const struct model_check_row *result))
{
    char text[512];
    struct buffer out = buffer_over(text, sizeof text);
    put(&out, row, result);
    return api_json_text(buffer_span(&out));
}

static json_t *json_row(enum check_row row, const struct model_check_row *result)
{
    json_t *object = json_object();
    const char *verdict = model_name(&model_check_verdicts, result->verdict);
    const char *finding = model_name(&model_check_findings, result->finding);
    json_object_set_new(object, "row", json_string(model_name(&model_check_rows, row)));
    json_object_set_new(object, "title", json_string(model_check_title(row)));
    json_object_set_new(object, "verdict", json_string(verdict));
    json_object_set_new(object, "finding", json_string(finding));
    json_object_set_new(object, "status", json_integer(result->status));
    json_object_set_new(object, "ms", json_integer(result->ms));
    json_object_set_new(object, "line", api_json_text(span_of(result->line)));
    json_object_set_new(object, "other", api_json_text(span_of(result->other)));
    json_object_set_new(object, "seen", sentence(row, result, model_check_put_seen));
    json_object_set_new(object, "advice", sentence(row, result, model_check_put_advice));
    return object;
}

static json_t *json_rows(const struct model_check_row rows[CHECK_ROWS])
{
    json_t *list = json_array();
    for (unsigned i = 0; i < CHECK_ROWS; i++) {
        json_array_append_new(list, json_row((enum check_row)i, &rows[i]));
    }
    return list;
}

static json_t *json_counts(const struct model_check_row rows[CHECK_ROWS])
{
    unsigned counts[CHECK_FAILS + 1] = {0};
    json_t *object = json_object();
    for (unsigned i = 0; i < CHECK_ROWS; i++) {
        if (rows[i].verdict <= CHECK_FAILS) counts[rows[i].verdict]++;
    }
    for (unsigned i = 0; i <= CHECK_FAILS; i++) {
        json_object_set_new(object, model_name(&model_check_verdicts, i), json_integer(counts[i]));
    }
    return object;
}

static json_t *json_lines(const struct model_check *check)
{
    static const char *const roles[CHECK_LINES] = {"caller", "diverter", "target"};
    struct span rest = span_of(check->lines);
    json_t *object = json_object();
    for (unsigned role = 0; role < CHECK_LINES; role++) {
        json_object_set_new(object, roles[role], api_json_text(span_split(&rest, ' ')));
    }
    return object;
}

// What has been found out: of one that runs, so far.
static void read_rows(struct api *api, struct model_check *check,
                      struct model_check_row rows[CHECK_ROWS])
{
    const struct api_engine *engine = &api->options.engine;
    struct api_check running;
    model_check_read_rows(span_of(check->rows), rows);
    if (check->state != CHECK_RUNNING || !engine->running_check) return;
    if (!engine->running_check(engine->context, check->number, &running)) return;
    memcpy(rows, running.rows, sizeof running.rows);
    memcpy(check->server, running.server, sizeof check->server);
}

static json_t *json_check(const struct model_check *check,
                          const struct model_check_row rows[CHECK_ROWS])
{
    json_t *object = json_object();
    const char *state = model_name(&model_check_states, check->state);
    json_object_set_new(object, "group", api_json_text(span_of(check->group)));
    json_object_set_new(object, "number", json_integer(check->number));
    json_object_set_new(object, "state", json_string(state));
    json_object_set_new(object, "started", api_json_time(check->started_s * 1000000, false));
    json_object_set_new(object, "ended",
                        check->ended_s ? api_json_time(check->ended_s * 1000000, false)
                                       : json_null());
    json_object_set_new(object, "server", api_json_text(span_of(check->server)));
    json_object_set_new(object, "lines", json_lines(check));
    json_object_set_new(object, "external", api_json_text(span_of(check->external)));
    json_object_set_new(object, "counts", json_counts(rows));
    return object;
}

// ---- Comparing

static json_t *json_changes(const struct model_check_row before[CHECK_ROWS],
                            const struct model_check_row after[CHECK_ROWS])
{
    json_t *list = json_array();
    for (unsigned i = 0; i < CHECK_ROWS; i++) {
        bool is_tested = before[i].verdict != CHECK_NOT_TESTED &&
                         after[i].verdict != CHECK_NOT_TESTED;
        if (!is_tested || before[i].verdict == after[i].verdict) continue;
        json_array_append_new(
            list, json_pack("{ssssssss}", "row", model_name(&model_check_rows, i), "title",
                            model_check_title((enum check_row)i), "before",
                            model_name(&model_check_verdicts, before[i].verdict), "after",
                            model_name(&model_check_verdicts, after[i].verdict)));
    }
    return list;
}

struct previous {
    uint32_t before, number; // the newest below, or exactly that one
    struct model_check found;
};

static bool take_previous(void *context, uint32_t id, const void *record)
{
    struct previous *previous = context;
    const struct model_check *check = record;
    (void)id;
    bool is_it = previous->number ? check->number == previous->number
                                  : check->number < previous->before && check->state == CHECK_DONE;
    if (is_it) previous->found = *check;
    return true;
}

// The check that it is compared with; false, with `reply` filled in, where `with` names none.
static bool find_previous(struct api *api, const struct request *request,
                          const struct model_check *check, struct previous *previous,
                          struct reply *reply)
{
    struct settings_problem problem;
    struct store_query query = {.kind = KIND_CHECK, .group = check->group};
    struct span with = api_query_get(request, "with");
    uint64_t number = 0;
    *previous = (struct previous){.before = check->number};
    if (with.at && (!span_to_u64(with, UINT32_MAX, &number) || number == 0)) {
        return api_reply_refused(reply, 422, SPAN("with"), "must be the number of a check");
    }
    previous->number = (uint32_t)number;
    if (settings_list(api->options.settings, &query, take_previous, previous, &problem)) {
        return api_reply_settings_problem(reply, &problem);
    }
    if (number == 0 || previous->found.number) return true;
    return api_reply_refused(reply, 422, SPAN("with"), "there is no such check of this group");
}

// ---- Reading

static bool append(void *context, uint32_t id, const void *record)
{
    struct {
        struct api *api;
        json_t *items;
    } *list = context;
    struct model_check check = *(const struct model_check *)record;
    struct model_check_row rows[CHECK_ROWS];
    (void)id;
    read_rows(list->api, &check, rows);
    json_array_insert_new(list->items, 0, json_check(&check, rows)); // the newest first
    return true;
}

// The group that the path names; false, with `reply` filled in, where there is none.
static bool find_group(struct api *api, const struct request *request, struct model_group *group,
                       uint32_t *id, struct reply *reply)
{
    struct settings_problem problem;
    *group = (struct model_group){.name = ""};
    if (!text_copy(group->name, sizeof group->name, request->parts[0].value)) {
        api_reply_problem(reply, 404, "no group has such a name");
        return false;
    }
    if (!settings_get(api->options.settings, KIND_GROUP, group, id, &problem)) return true;
    return api_reply_settings_problem(reply, &problem);
}

void api_checks_list(struct api *api, struct request *request, struct reply *reply)
{
    struct settings_problem problem;
    struct model_group group;
    uint32_t id;
    if (!find_group(api, request, &group, &id, reply)) return;
    struct {
        struct api *api;
        json_t *items;
    } list = {api, json_array()};
    struct store_query query = {.kind = KIND_CHECK, .group = group.name};
    if (settings_list(api->options.settings, &query, append, &list, &problem)) {
        json_decref(list.items);
        api_reply_settings_problem(reply, &problem);
        return;
    }
    api_reply_json(reply, 200, json_pack("{so}", "items", list.items));
}

void api_checks_get(struct api *api, struct request *request, struct reply *reply)
{
    union model_record record;
    struct model_check_row rows[CHECK_ROWS], before[CHECK_ROWS];
    struct previous previous;
    if (!api_records_find(api, request, &record, NULL, reply)) return;
    if (!find_previous(api, request, &record.check, &previous, reply)) return;
    read_rows(api, &record.check, rows);
    json_t *object = json_check(&record.check, rows);
    json_object_set_new(object, "rows", json_rows(rows));
    bool has_previous = previous.found.number != 0;
    json_object_set_new(object, "previous",
                        has_previous ? json_integer(previous.found.number) : json_null());
    model_check_read_rows(span_of(previous.found.rows), before);
    json_object_set_new(object, "changes", json_changes(before, rows));
    api_reply_json(reply, 200, object);
}

// ---- Starting: the body

struct wish {
    struct api_check_order order;
    char lines[CHECK_LINES][EXTENSION_SIZE];
    struct span external;
    bool has_lines, has_consent;
};

static const char *read_lines(const json_t *value, struct wish *wish)
{
    const json_t *item;
    size_t i;
    if (!json_is_array(value) || json_array_size(value) != CHECK_LINES) {
        return "must be three extensions: caller, diverter and target";
    }
    json_array_foreach(value, i, item)
    {
        struct span text = {json_string_value(item), json_string_length(item)};
        if (!json_is_string(item) || text.len == 0) return "must be extensions";
        if (!text_copy(wish->lines[i], EXTENSION_SIZE, text)) return "names no line of the group";
        for (size_t k = 0; k < i; k++) {
            if (strcmp(wish->lines[i], wish->lines[k]) == 0) return "must be three different lines";
        }
    }
    wish->has_lines = true;
    return NULL;
}

// Reads one member; NULL, or why it is refused.
static const char *read_member(const char *name, const json_t *value, struct wish *wish)
{
    if (strcmp(name, "lines") == 0) return read_lines(value, wish);
    if (strcmp(name, "external") == 0) {
        if (!json_is_string(value)) return "must be a number as a text";
        wish->external = (struct span){json_string_value(value), json_string_length(value)};
    } else if (strcmp(name, "consent") == 0) {
        if (!json_is_boolean(value)) return "must be true or false";
        wish->has_consent = json_is_true(value);
    } else if (strcmp(name, "quick") == 0) {
        if (!json_is_boolean(value)) return "must be true or false";
        wish->order.is_quick = json_is_true(value);
    } else if (strcmp(name, "ring_max") == 0) {
        json_int_t seconds = json_integer_value(value);
        if (!json_is_integer(value) || seconds < RING_MIN_S || seconds > RING_MAX_S) {
            return "must be a number of seconds from 10 to 600";
        }
        wish->order.ring_max_s = (uint32_t)seconds;
    } else {
        return "is not a field of a check";
    }
    return NULL;
}

static bool read_wish(const struct request *request, struct wish *wish, struct reply *reply)
{
    const char *name;
    json_t *value, *errors = json_array();
    *wish = (struct wish){.order = {.ring_max_s = RING_DEFAULT_S}};
    json_object_foreach(request->json, name, value)
    {
        const char *refused = read_member(name, value, wish);
        if (refused) api_errors_add(errors, span_of(name), refused);
    }
    if (wish->external.len > 0 && !wish->has_consent) {
        api_errors_add(errors, SPAN("consent"),
                       "must be true: the number outside will be called, and that may cost money");
    }
    return api_errors_settle(reply, 422, errors);
}

static bool read_external(struct api *api, const struct model_group *group, struct wish *wish,
                          struct reply *reply)
{
    struct settings_number number;
    struct settings_problem problem;
    if (wish->external.len == 0) return true;
    if (settings_test_number(api->options.settings, group->name, wish->external, &number,
                             &problem)) {
        return api_reply_settings_problem(reply, &problem);
    }
    const char *refused = number.reason[0]       ? number.reason
                          : !number.is_permitted ? "is barred by the group"
                          : number.is_internal   ? "is one of the group's own: give one outside"
                                                 : NULL;
    if (refused) return api_reply_refused(reply, 422, SPAN("external"), refused);
    memcpy(wish->order.external, number.stored, sizeof wish->order.external);
    wish->order.external_class = number.number_class;
    return true;
}

// The lines' numbers; false, with `reply` filled in, where one does not exist.
static bool find_lines(struct api *api, const struct model_group *group, struct wish *wish,
                       struct reply *reply)
{
    struct settings_problem problem;
    for (unsigned role = 0; wish->has_lines && role < CHECK_LINES; role++) {
        struct model_line line = {.user = ""};
        memcpy(line.group, group->name, sizeof line.group);
        memcpy(line.extension, wish->lines[role], sizeof line.extension);
        enum err err = settings_get(api->options.settings, KIND_LINE, &line,
                                    &wish->order.line_ids[role], &problem);
        if (err == ERR_NOT_FOUND) {
            char reason[REASON_SIZE];
            struct buffer out = buffer_over(reason, sizeof reason - 1);
            buffer_printf(&out, "%s is no line of the group", line.extension);
            reason[out.len] = '\0';
            return api_reply_refused(reply, 422, SPAN("lines"), reason);
        }
        if (err) return api_reply_settings_problem(reply, &problem);
    }
    return true;
}

// ---- Starting

static bool note_running(void *context, uint32_t id, const void *record)
{
    const struct model_check *check = record;
    (void)id;
    if (check->state == CHECK_RUNNING) *(uint32_t *)context = check->number;
    return true;
}

static bool is_free(struct api *api, const struct model_group *group, struct reply *reply)
{
    struct settings_problem problem;
    struct store_query query = {.kind = KIND_CHECK, .group = group->name};
    uint32_t running = 0;
    if (settings_list(api->options.settings, &query, note_running, &running, &problem)) {
        return api_reply_settings_problem(reply, &problem);
    }
    if (!group->is_enabled) {
        api_reply_problem(reply, 409, "the group is switched off");
        return false;
    }
    if (running == 0) return true;
    api_reply_problem(reply, 409, "check %u of this group is running", running);
    return false;
}

static void refuse(const struct wish *wish, enum api_check_result result, uint32_t line_id,
                   struct reply *reply)
{
    const char *extension = "?";
    for (unsigned role = 0; role < CHECK_LINES; role++) {
        if (wish->order.line_ids[role] == line_id) extension = wish->lines[role];
    }
    switch (result) {
    case API_CHECK_ELSEWHERE:
        api_reply_problem(reply, 409,
                          "line %s is served by another worker than the first one: choose lines "
                          "that one worker serves, or let Lineward choose them",
                          extension);
        break;
    case API_CHECK_LINE_OFF:
        api_reply_problem(reply, 409, "line %s is switched off", extension);
        break;
    case API_CHECK_LINE_BUSY:
        api_reply_problem(reply, 409, "line %s is in use: it has a call", extension);
        break;
    case API_CHECK_LINE_CHECKED:
        api_reply_problem(reply, 409, "line %s takes part in another check", extension);
        break;
    case API_CHECK_TOO_FEW_LINES:
        api_reply_problem(reply, 409,
                          "a check needs three lines of the group that are switched on, have no "
                          "call and are served by one worker");
        break;
    case API_CHECK_TOO_MANY:
    case API_CHECK_STARTED:
        api_reply_problem(reply, 409, "too many checks are running: try again in a minute");
        break;
    }
}

// Keeps the check that has just begun; it is ended where that fails.
static void keep(struct api *api, const struct model_group *group, const struct wish *wish,
                 struct reply *reply)
{
    const struct api_engine *engine = &api->options.engine;
    struct model_check check = {.number = wish->order.number, .state = CHECK_RUNNING};
    struct model_check_row rows[CHECK_ROWS];
    struct settings_problem problem;
    struct buffer lines = buffer_over(check.lines, sizeof check.lines - 1);
    struct buffer text = buffer_over(check.rows, sizeof check.rows - 1);
    struct buffer location = buffer_over(reply->location, sizeof reply->location - 1);
    memset(rows, 0, sizeof rows);
    memcpy(check.group, group->name, sizeof check.group);
    memcpy(check.external, wish->order.external, sizeof check.external);
    check.started_s = api_now_s();
    model_check_print_rows(rows, &text);
    for (unsigned role = 0; role < CHECK_LINES; role++) {
        buffer_printf(&lines, "%s%s", role > 0 ? " " : "", wish->order.extensions[role]);
    }
    if (settings_add_check(api->options.settings, &check, &problem)) {
        (void)engine->stop_check(engine->context, check.number);
        api_reply_settings_problem(reply, &problem);
        return;
    }
    buffer_put_text(&location, "/api/v1/groups/");
    api_put_encoded(&location, span_of(group->name));
    buffer_printf(&location, "/checks/%u", check.number);
    reply->location[location.is_full ? 0 : location.len] = '\0';
    api_reply_json(reply, 202, json_check(&check, rows));
}

void api_checks_start(struct api *api, struct request *request, struct reply *reply)
{
    const struct api_engine *engine = &api->options.engine;
    struct settings_problem problem;
    struct model_group group;
    struct wish wish;
    uint32_t line_id = 0;
    if (!read_wish(request, &wish, reply)) return;
    if (!find_group(api, request, &group, &wish.order.group_id, reply)) return;
    if (!read_external(api, &group, &wish, reply)) return;
    if (!find_lines(api, &group, &wish, reply) || !is_free(api, &group, reply)) return;
    if (settings_next_check(api->options.settings, &wish.order.number, &problem)) {
        api_reply_settings_problem(reply, &problem);
        return;
    }
    enum api_check_result result = API_CHECK_TOO_FEW_LINES;
    if (engine->start_check) {
        result = engine->start_check(engine->context, &wish.order, &line_id);
    }
    if (result != API_CHECK_STARTED) {
        refuse(&wish, result, line_id, reply);
    } else {
        keep(api, &group, &wish, reply);
    }
}

void api_checks_cancel(struct api *api, struct request *request, struct reply *reply)
{
    const struct api_engine *engine = &api->options.engine;
    union model_record record;
    if (!api_body_read_texts(request, NULL, 0, reply)) return;
    if (!api_records_find(api, request, &record, NULL, reply)) return;
    bool is_stopped = record.check.state == CHECK_RUNNING && engine->stop_check &&
                      engine->stop_check(engine->context, record.check.number);
    if (is_stopped) {
        api_reply_json(reply, 204, NULL);
    } else {
        api_reply_problem(reply, 409, "check %u is over", record.check.number);
    }
}

// ---- Ending

static bool take_number(void *context, uint32_t id, const void *record)
{
    struct model_check *wanted = context;
    const struct model_check *check = record;
    (void)id;
    if (check->number != wanted->number) return true;
    *wanted = *check;
    return false;
}

static enum err keep_done(struct api *api, const struct api_check *done)
{
    struct settings *settings = api->options.settings;
    struct store_query all = {.kind = KIND_CHECK};
    struct model_check check = {.number = done->number};
    struct settings_problem problem;
    enum err err = settings_list(settings, &all, take_number, &check, &problem);
    if (err != ERR_NONE || !check.group[0]) return err; // the group was removed meanwhile
    struct buffer text = buffer_over(check.rows, sizeof check.rows - 1);
    check.state = done->state;
    check.ended_s = api_now_s();
    memcpy(check.server, done->server, sizeof check.server);
    model_check_print_rows(done->rows, &text);
    check.rows[text.is_full ? 0 : text.len] = '\0';
    return settings_end_check(settings, &check, &problem);
}

bool api_checks_collect(struct api *api)
{
    const struct api_engine *engine = &api->options.engine;
    struct api_check done;
    while (engine->next_done_check && engine->next_done_check(engine->context, &done)) {
        if (keep_done(api, &done) != ERR_NONE) return false; // it is tried again
        engine->forget_check(engine->context, done.number);
    }
    return true;
}
