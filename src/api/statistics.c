// SPDX-License-Identifier: Apache-2.0
// Figures over time: what became of calls, hour by hour, as the journal's figures have it; where
// they were forwarded to; and how many lines were registered, as it was noted over a day.
#include "api/api_int.h"

#include "store/store.h"

#include <stdlib.h>
#include <string.h>

enum {
    HOUR_S = 3600,
    HOURS_DEFAULT = 24,
    SAMPLES_HOURS = 24,    // all that are kept
    LISTS_PER_REQUEST = 4, // each looks at JOURNAL_SCAN_MAX entries, or finds a page of the line's
};

// ---- Lines, as they stood

// Of a group, or of all (0).
static json_t *json_lines(const struct api_engine *engine, uint32_t group_id, uint32_t hours)
{
    struct api_sample sample = {.at_s = api_now_s() - hours * HOUR_S};
    json_t *list = json_array();
    while (engine->next_sample &&
           engine->next_sample(engine->context, group_id, sample.at_s, &sample)) {
        json_t *object = json_object();
        json_object_set_new(object, "time", api_json_time((uint64_t)sample.at_s * 1000000, false));
        for (unsigned state = 0; state < REGISTRATION_STATE_COUNT; state++) {
            json_object_set_new(object, model_name(&model_registration_states, state),
                                api_json_count(sample.lines[state]));
        }
        json_array_append_new(list, object);
    }
    return list;
}

void api_samples_list(struct api *api, struct request *request, struct reply *reply)
{
    struct filters filters = {.request = request, .reply = reply};
    struct settings_problem problem;
    struct model_group record = {.name = ""};
    char user[NAME_SIZE] = "";
    uint32_t group_id = 0;
    const char *wanted = api_filter_text(&filters, "group", NAME_SIZE - 1);
    if (filters.is_refused) return;
    if (wanted) text_copy(record.name, sizeof record.name, span_of(wanted));
    if (!api_rights_restrict(request, user, record.name, reply)) return;
    bool is_of_group = record.name[0] != '\0';
    enum err err = is_of_group ? settings_get(api->options.settings, KIND_GROUP, &record, &group_id,
                                              &problem)
                               : ERR_NONE;
    if (err && err != ERR_NOT_FOUND) {
        api_reply_settings_problem(reply, &problem);
        return;
    }
    json_t *items = err ? json_array() : json_lines(&api->options.engine, group_id, SAMPLES_HOURS);
    api_reply_json(reply, 200, json_pack("{so}", "items", items));
}

// ---- Calls, hour by hour

// The hours of a period, and what was counted in each.
struct period {
    uint32_t since_hour, count;
    struct model_figures *hours;
};

static void add_figures(void *context, uint32_t hour, const struct model_figures *figures)
{
    struct period *period = context;
    uint32_t at = hour - period->since_hour;
    if (at < period->count) model_figures_add(&period->hours[at], figures);
}

static json_t *json_counts(const uint64_t *counts, const struct model_names *names)
{
    json_t *object = json_object();
    for (unsigned i = 0; i < names->count; i++) {
        json_object_set_new(object, model_name(names, i), api_json_count(counts[i]));
    }
    return object;
}

static json_t *json_hours(const struct period *period)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < period->count; i++) {
        uint64_t at_us = (uint64_t)(period->since_hour + i) * HOUR_S * 1000000;
        json_t *object = json_object();
        json_object_set_new(object, "time", api_json_time(at_us, false));
        json_object_update_new(object, json_counts(period->hours[i].outcomes, &model_outcomes));
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *json_figures(const struct period *period)
{
    struct model_figures sum = {.loops = 0};
    json_t *body = json_object();
    for (uint32_t i = 0; i < period->count; i++) model_figures_add(&sum, &period->hours[i]);
    json_object_set_new(body, "calls", json_hours(period));
    json_object_set_new(body, "outcomes", json_counts(sum.outcomes, &model_outcomes));
    json_object_set_new(body, "conditions", json_counts(sum.conditions, &model_figure_conditions));
    json_object_set_new(body, "executed", json_counts(sum.executeds, &model_executeds));
    json_object_set_new(body, "targets", json_counts(sum.classes, &model_number_classes));
    json_object_set_new(body, "loops", api_json_count(sum.loops));
    return body;
}

// ---- What is asked for

static bool read_hours(const struct request *request, uint32_t *hours, struct reply *reply)
{
    struct span text = api_query_get(request, "hours");
    uint64_t number = HOURS_DEFAULT;
    if (text.at && (!span_to_u64(text, FIGURES_HOURS_MAX, &number) || number == 0)) {
        return api_reply_refused(reply, 400, SPAN("hours"), "must be a number from 1 to 744");
    }
    *hours = (uint32_t)number;
    return true;
}

// The period that a request asks for, up to now; `hours` is to be freed.
static bool read_period(const struct request *request, struct period *period, struct reply *reply)
{
    uint32_t count = HOURS_DEFAULT;
    if (!read_hours(request, &count, reply)) return false;
    *period = (struct period){
        .since_hour = api_now_s() / HOUR_S - count + 1,
        .count = count,
        .hours = calloc(count, sizeof *period->hours),
    };
    if (period->hours) return true;
    api_reply_problem(reply, 503, "%s", err_text(ERR_NO_MEMORY));
    return false;
}

void api_statistics_get(struct api *api, struct request *request, struct reply *reply)
{
    const struct api_engine *engine = &api->options.engine;
    struct filters filters = {.request = request, .reply = reply};
    char user[NAME_SIZE] = "", group[NAME_SIZE] = "";
    struct period period;
    const char *wanted = api_filter_text(&filters, "group", NAME_SIZE - 1);
    if (filters.is_refused) return;
    if (wanted) text_copy(group, sizeof group, span_of(wanted));
    if (!api_rights_restrict(request, user, group, reply)) return;
    if (!read_period(request, &period, reply)) return;
    struct store_figures_query query = {
        .group = group,
        .since_hour = period.since_hour,
        .end_hour = period.since_hour + period.count,
    };
    if (engine->settle_journal) engine->settle_journal(engine->context);
    enum err err = store_figures_list(api->options.journal, &query, add_figures, &period);
    if (err) {
        api_reply_store_problem(reply, err, store_error(api->options.journal));
    } else {
        bool has_lines = !request->principal.group[0]; // they are counted over all groups
        json_t *body = json_figures(&period);
        json_object_set_new(body, "complete", json_boolean(query.is_complete));
        json_object_set_new(body, "lines",
                            has_lines ? json_lines(engine, 0, period.count) : json_array());
        api_reply_json(reply, 200, body);
    }
    free(period.hours);
}

// ---- Of one line: counted from its entries when they are asked for

static bool count_entry(void *context, const struct model_journal_entry *entry)
{
    struct model_figures figures = {.loops = 0};
    model_figures_count(&figures, entry);
    add_figures(context, store_hour_of(entry->started_us), &figures);
    return true;
}

// Counts entries page by page; where the next request may go on is in `*query->resume_id`.
static enum err count_entries(struct api *api, struct store_journal_query *query,
                              struct period *period)
{
    enum err err = ERR_NONE;
    for (int i = 0; i < LISTS_PER_REQUEST; i++) {
        err = store_journal_list(api->options.journal, query, count_entry, period);
        if (err || *query->resume_id == 0) break;
        query->before_id = *query->resume_id;
    }
    return err;
}

static void reply_line(const struct request *request, const struct period *period,
                       uint64_t resume_id, struct reply *reply)
{
    char text[24];
    struct buffer out = buffer_over(text, sizeof text);
    json_t *body = json_figures(period);
    buffer_put_u64(&out, resume_id);
    if (resume_id > 0) {
        json_object_set_new(body, "next", api_query_next(request, "before", buffer_span(&out)));
    }
    api_reply_json(reply, 200, body);
}

void api_line_statistics_get(struct api *api, struct request *request, struct reply *reply)
{
    const struct api_engine *engine = &api->options.engine;
    struct filters filters = {.request = request, .reply = reply};
    union model_record record;
    struct period period;
    uint64_t resume_id = 0;
    struct store_journal_query query = {.before_id = api_filter_before(&filters),
                                        .resume_id = &resume_id};
    if (filters.is_refused || !api_records_find(api, request, &record, NULL, reply)) return;
    // As in the journal, users see the calls that came when the line was theirs.
    if (!api_rights_user_id(api, request, &query.user_id, reply)) return;
    if (!read_period(request, &period, reply)) return;
    query.group = record.line.group;
    query.extension = record.line.extension;
    query.since_us = (uint64_t)period.since_hour * HOUR_S * 1000000;
    if (engine->settle_journal) engine->settle_journal(engine->context);
    enum err err = count_entries(api, &query, &period);
    if (err) {
        api_reply_store_problem(reply, err, store_error(api->options.journal));
    } else {
        reply_line(request, &period, resume_id, reply);
    }
    free(period.hours);
}
