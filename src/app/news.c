// SPDX-License-Identifier: Apache-2.0
// The engine's effects as events of the API.
#include "app/news.h"

#include <stdio.h>
#include <string.h>

// The API, if somebody listens there.
static struct api *listening(news_api *place)
{
    struct api *api = atomic_load(place);
    return api && api_is_listened(api) ? api : NULL;
}

static void set(char *text, size_t size, struct span value)
{
    text_copy(text, size, span_slice(value, 0, size - 1));
}

void news_line(news_api *place, const char *group, const struct line_state *effect)
{
    struct api *api = listening(place);
    const struct model_registration *now = &effect->registration;
    struct api_event event = {.kind = EVENT_LINE};
    if (!api) return;
    set(event.group, sizeof event.group, span_of(group));
    set(event.extension, sizeof event.extension, effect->extension);
    set(event.state, sizeof event.state,
        span_of(model_name(&model_registration_states, now->state)));
    if (now->status) {
        snprintf(event.reason, sizeof event.reason, "%u %s", now->status, now->reason);
    } else {
        set(event.reason, sizeof event.reason, span_of(now->reason));
    }
    api_post(api, &event);
}

static struct span direction_of(bool is_outgoing)
{
    return is_outgoing ? SPAN("out") : SPAN("in");
}

void news_call_shown(news_api *place, uint64_t number, const struct call_shown *shown)
{
    struct api *api = listening(place);
    struct api_event event = {.kind = shown->is_new ? EVENT_CALL_BEGAN : EVENT_CALL_CHANGED};
    if (!api || shown->is_gone || shown->group.len == 0) return;
    set(event.group, sizeof event.group, shown->group);
    set(event.extension, sizeof event.extension, shown->extension);
    set(event.call, sizeof event.call, shown->call_id);
    set(event.caller, sizeof event.caller, shown->caller);
    bool is_held = shown->state == CALL_STATE_HELD;
    set(event.verdict, sizeof event.verdict,
        span_of(model_name(&model_verdict_kinds, is_held ? VERDICT_HOLD : VERDICT_RING)));
    event.number = number;
    set(event.state, sizeof event.state, span_of(model_name(&model_call_states, shown->state)));
    set(event.direction, sizeof event.direction, direction_of(shown->is_outgoing));
    set(event.device, sizeof event.device, shown->device);
    set(event.target, sizeof event.target, shown->target);
    api_post(api, &event);
}

void news_device(news_api *place, const struct client_shown *shown)
{
    struct api *api = listening(place);
    struct api_event event = {.kind = EVENT_DEVICE};
    if (!api) return;
    set(event.user, sizeof event.user, shown->user);
    set(event.device, sizeof event.device, shown->name);
    set(event.state, sizeof event.state, shown->is_gone ? SPAN("gone") : SPAN("registered"));
    api_post(api, &event);
}

void news_overload(news_api *place, uint64_t refused_count)
{
    struct api *api = listening(place);
    struct api_event event = {.kind = EVENT_ALARM, .state = "overload", .count = refused_count};
    if (api) api_post(api, &event);
}

void news_alarm(news_api *place, const struct api_alarm *alarm)
{
    struct api *api = listening(place);
    struct api_event event = {.kind = EVENT_ALARM, .number = alarm->number, .count = alarm->count};
    if (!api) return;
    set(event.group, sizeof event.group, span_of(alarm->group));
    set(event.extension, sizeof event.extension, span_of(alarm->extension));
    set(event.target, sizeof event.target, span_of(alarm->target));
    set(event.state, sizeof event.state, span_of(model_name(&model_alarm_kinds, alarm->kind)));
    api_post(api, &event);
}

void news_call_ended(news_api *place, const struct model_journal_entry *entry)
{
    struct api *api = listening(place);
    struct api_event event = {.kind = EVENT_CALL_ENDED};
    if (!api) return;
    set(event.group, sizeof event.group, entry->group);
    set(event.extension, sizeof event.extension, entry->extension);
    set(event.call, sizeof event.call, entry->call_id);
    set(event.caller, sizeof event.caller, entry->caller);
    set(event.verdict, sizeof event.verdict,
        span_of(model_name(&model_verdict_kinds, entry->verdict)));
    set(event.direction, sizeof event.direction, direction_of(entry->is_outgoing));
    set(event.device, sizeof event.device, entry->device);
    set(event.outcome, sizeof event.outcome, span_of(model_name(&model_outcomes, entry->outcome)));
    set(event.target, sizeof event.target, entry->target);
    api_post(api, &event);
}

void news_check(news_api *place, const char *group, const struct check_told *told)
{
    struct api *api = listening(place);
    struct api_event event = {.kind = EVENT_CHECK, .check = told->number};
    if (!api) return;
    set(event.group, sizeof event.group, span_of(group));
    set(event.state, sizeof event.state, span_of(model_name(&model_check_states, told->state)));
    if (!told->is_done) {
        const struct model_check_row *row = &told->rows[told->row];
        set(event.row, sizeof event.row, span_of(model_name(&model_check_rows, told->row)));
        set(event.verdict, sizeof event.verdict,
            span_of(model_name(&model_check_verdicts, row->verdict)));
    }
    api_post(api, &event);
}
