// SPDX-License-Identifier: Apache-2.0
// Figures over time: what became of calls, hour by hour, counted from the journal; where they were
// forwarded to; and how many lines were registered, as it was noted minute by minute. Of the calls
// nothing is stored: each request counts what is new, and a bounded number of older ones, until all
// of a month are counted.
#include "api/api_int.h"

#include <stdlib.h>
#include <string.h>

enum {
    HOUR_S = 3600,
    HOURS_MAX = 31 * 24,
    HOURS_DEFAULT = 24,
    ENTRIES_PER_REQUEST = 20000,
    PLACES_MAX = 128, // groups that are counted; calls of further ones are not
    OUTCOMES_MAX = 16,
    CLASSES_MAX = 16,
};

struct hour {
    uint32_t number; // hours since 1970; another one than wanted: nothing was counted
    uint32_t outcomes[OUTCOMES_MAX], classes[CLASSES_MAX]; // by their enumerations
    uint32_t loops; // calls that ended here because their forwardings went in a circle
};

struct place {
    char group[NAME_SIZE];
    struct hour hours[HOURS_MAX];
};

struct statistics {
    struct place *places[PLACES_MAX];
    size_t place_count;
    uint64_t newest_id; // up to here, all that is new is counted
    uint64_t before_id; // from here backwards nothing is counted yet; 0: all is
};

// ---- Lines, minute by minute

static json_t *json_lines(const struct api_engine *engine, uint32_t hours)
{
    struct api_sample sample = {.at_s = api_now_s() - hours * HOUR_S};
    json_t *list = json_array();
    while (engine->next_sample && engine->next_sample(engine->context, sample.at_s, &sample)) {
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

// ---- Calls, hour by hour

// The hour of a group that the entry belongs to; NULL when there is no room for more groups.
static struct hour *find_hour(struct statistics *statistics, struct span group, uint32_t number)
{
    struct place *place = NULL;
    for (size_t i = 0; i < statistics->place_count && !place; i++) {
        if (span_eq(group, span_of(statistics->places[i]->group))) place = statistics->places[i];
    }
    if (!place && statistics->place_count < PLACES_MAX) {
        place = calloc(1, sizeof *place);
        if (!place) return NULL;
        text_copy(place->group, sizeof place->group, group);
        statistics->places[statistics->place_count++] = place;
    }
    if (!place) return NULL;
    struct hour *hour = &place->hours[number % HOURS_MAX];
    if (hour->number != number) *hour = (struct hour){.number = number};
    return hour;
}

struct counting {
    struct api *api;
    uint64_t until_id;  // it ends there
    uint64_t newest_id; // the first that was seen
    uint64_t since_us;  // and at calls that are older
    uint32_t budget;
    bool is_ended;
};

static enum model_number_class class_of(struct api *api, const struct model_journal_entry *entry)
{
    struct settings_number number = {.number_class = NUMBER_UNKNOWN};
    struct settings_problem problem;
    char group[NAME_SIZE];
    if (!text_copy(group, sizeof group, entry->group)) return NUMBER_UNKNOWN;
    if (settings_test_number(api->options.settings, group, entry->target, &number, &problem)) {
        return NUMBER_UNKNOWN;
    }
    return number.number_class;
}

// The last that was looked at says why a call was declined: its forwarding would have led to where
// it has been, or on for ever.
static bool is_loop(const struct model_journal_entry *entry)
{
    struct fwd_trace_entry last;
    if (entry->verdict != VERDICT_DECLINE || entry->trace.len < sizeof last) return false;
    memcpy(&last, entry->trace.at + entry->trace.len - sizeof last, sizeof last);
    return last.finding == FWD_IS_VISITED || last.finding == FWD_IS_OVER_LIMIT;
}

static bool count_entry(void *context, const struct model_journal_entry *entry)
{
    struct counting *counting = context;
    if (counting->newest_id == 0) counting->newest_id = entry->id;
    if (entry->id <= counting->until_id || entry->started_us < counting->since_us) {
        counting->is_ended = true;
        return false;
    }
    counting->budget--;
    uint32_t number = (uint32_t)(entry->started_us / 1000000 / HOUR_S);
    struct hour *hour = find_hour(counting->api->statistics, entry->group, number);
    if (!hour || entry->outcome >= OUTCOMES_MAX) return true;
    hour->outcomes[entry->outcome]++;
    if (is_loop(entry)) hour->loops++;
    if (entry->outcome == OUTCOME_FORWARDED) {
        unsigned of = class_of(counting->api, entry);
        hour->classes[of < CLASSES_MAX ? of : NUMBER_UNKNOWN]++;
    }
    return true;
}

// Counts entries that are older than `before_id` (0: from the newest), page by page. Where it may
// go on is in `*before_id`; 0: nowhere.
static enum err count_pages(struct counting *counting, uint64_t *before_id)
{
    struct store *journal = counting->api->options.journal;
    enum err err = ERR_NONE;
    do {
        uint64_t resume_id = 0;
        struct store_journal_query query = {
            .before_id = *before_id, .limit = JOURNAL_PAGE_MAX, .resume_id = &resume_id};
        err = store_journal_list(journal, &query, count_entry, counting);
        *before_id = counting->is_ended ? 0 : resume_id;
    } while (!err && *before_id > 0 && counting->budget >= JOURNAL_PAGE_MAX);
    return err;
}

static bool note_newest(void *context, const struct model_journal_entry *entry)
{
    *(uint64_t *)context = entry->id;
    return false;
}

static void forget(struct statistics *statistics)
{
    for (size_t i = 0; i < statistics->place_count; i++) free(statistics->places[i]);
    statistics->place_count = 0;
    statistics->newest_id = 0;
    statistics->before_id = 0;
}

// Counts what has come since, then what is older. Who has not asked for long begins anew.
static enum err count(struct api *api)
{
    struct statistics *statistics = api->statistics;
    uint64_t horizon_us = ((uint64_t)api_now_s() - (uint64_t)HOURS_MAX * HOUR_S) * 1000000;
    struct counting counting = {.api = api, .since_us = horizon_us, .budget = ENTRIES_PER_REQUEST};
    uint64_t newest_id = 0, before_id = 0;
    struct store_journal_query first = {.limit = 1};
    enum err err = store_journal_list(api->options.journal, &first, note_newest, &newest_id);
    if (err) return err;
    bool is_far = newest_id > statistics->newest_id + ENTRIES_PER_REQUEST / 2;
    if (statistics->newest_id == 0 || is_far) {
        forget(statistics);
        err = count_pages(&counting, &before_id);
        if (err) {
            forget(statistics);
            return err;
        }
        statistics->before_id = before_id;
        statistics->newest_id = counting.newest_id;
        return ERR_NONE;
    }
    counting.until_id = statistics->newest_id;
    err = count_pages(&counting, &before_id);
    if (err) {
        forget(statistics); // some may have been counted
        return err;
    }
    statistics->newest_id = counting.newest_id;
    if (statistics->before_id == 0 || counting.budget < JOURNAL_PAGE_MAX) return ERR_NONE;
    counting.until_id = 0;
    counting.is_ended = false;
    err = count_pages(&counting, &statistics->before_id);
    if (err) forget(statistics);
    return err;
}

// ---- The answer

// The sum of the groups that are wanted (empty: all).
static struct hour sum_hour(const struct statistics *statistics, const char *group, uint32_t number)
{
    struct hour sum = {.number = number};
    for (size_t i = 0; i < statistics->place_count; i++) {
        const struct place *place = statistics->places[i];
        const struct hour *hour = &place->hours[number % HOURS_MAX];
        if ((*group && strcmp(place->group, group) != 0) || hour->number != number) continue;
        sum.loops += hour->loops;
        for (size_t j = 0; j < OUTCOMES_MAX; j++) sum.outcomes[j] += hour->outcomes[j];
        for (size_t j = 0; j < CLASSES_MAX; j++) sum.classes[j] += hour->classes[j];
    }
    return sum;
}

static json_t *json_hour(const struct hour *hour)
{
    json_t *object = json_object();
    json_object_set_new(object, "time",
                        api_json_time((uint64_t)hour->number * HOUR_S * 1000000, false));
    for (unsigned i = 0; i < model_outcomes.count; i++) {
        json_object_set_new(object, model_name(&model_outcomes, i),
                            api_json_count(hour->outcomes[i]));
    }
    return object;
}

static json_t *json_statistics(const struct statistics *statistics, const char *group,
                               uint32_t hours)
{
    uint64_t classes[CLASSES_MAX] = {0}, loops = 0;
    uint32_t last = api_now_s() / HOUR_S;
    json_t *calls = json_array(), *targets = json_object(), *body = json_object();
    for (uint32_t number = last - hours + 1; number <= last; number++) {
        struct hour hour = sum_hour(statistics, group, number);
        json_array_append_new(calls, json_hour(&hour));
        loops += hour.loops;
        for (size_t i = 0; i < CLASSES_MAX; i++) classes[i] += hour.classes[i];
    }
    for (unsigned i = 0; i < model_number_classes.count; i++) {
        json_object_set_new(targets, model_name(&model_number_classes, i),
                            api_json_count(classes[i]));
    }
    json_object_set_new(body, "complete", json_boolean(statistics->before_id == 0));
    json_object_set_new(body, "calls", calls);
    json_object_set_new(body, "targets", targets);
    json_object_set_new(body, "loops", api_json_count(loops));
    return body;
}

static bool read_hours(const struct request *request, uint32_t *hours, struct reply *reply)
{
    struct span text = api_query_get(request, "hours");
    uint64_t number = HOURS_DEFAULT;
    if (text.at && (!span_to_u64(text, HOURS_MAX, &number) || number == 0)) {
        return api_reply_refused(reply, 400, SPAN("hours"), "must be a number from 1 to 744");
    }
    *hours = (uint32_t)number;
    return true;
}

void api_statistics_get(struct api *api, struct request *request, struct reply *reply)
{
    struct filters filters = {.request = request, .reply = reply};
    char user[NAME_SIZE] = "", group[NAME_SIZE] = "";
    uint32_t hours = HOURS_DEFAULT;
    const char *wanted = api_filter_text(&filters, "group", NAME_SIZE - 1);
    if (filters.is_refused || !read_hours(request, &hours, reply)) return;
    if (wanted) text_copy(group, sizeof group, span_of(wanted));
    if (!api_rights_restrict(request, user, group, reply)) return;
    enum err err = count(api);
    if (err) {
        api_reply_store_problem(reply, err, store_error(api->options.journal));
        return;
    }
    bool has_lines = !request->principal.group[0]; // they are counted over all groups
    json_t *body = json_statistics(api->statistics, group, hours);
    json_object_set_new(body, "lines",
                        has_lines ? json_lines(&api->options.engine, hours) : json_array());
    api_reply_json(reply, 200, body);
}

struct statistics *api_statistics_new(void)
{
    return calloc(1, sizeof(struct statistics));
}

void api_statistics_free(struct statistics *statistics)
{
    if (statistics) forget(statistics);
    free(statistics);
}
