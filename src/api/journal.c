// SPDX-License-Identifier: Apache-2.0
// The journal: what happened to each call, and why; newest first.
#include "api/api_int.h"

#include "store/store.h"

#include <string.h>

struct page {
    json_t *items;
    enum fwd_language language;
};

// The trace as it was stored.
static void read_trace(struct span bytes, struct fwd_trace *trace)
{
    size_t count = bytes.len / sizeof trace->entries[0];
    if (count > FWD_TRACE_MAX) count = FWD_TRACE_MAX;
    trace->count = (uint32_t)count;
    if (count > 0) memcpy(trace->entries, bytes.at, count * sizeof trace->entries[0]);
}

// The verdict that led to an entry, as far as it is stored.
static void read_verdict(const struct model_journal_entry *entry, struct fwd_verdict *verdict)
{
    *verdict = (struct fwd_verdict){
        .kind = (enum model_verdict_kind)entry->verdict,
        .target = entry->target,
        .reason = (enum model_reason)entry->reason,
        .status = entry->status,
        .seconds = entry->verdict == VERDICT_HOLD ? FWD_HOLD_S : FWD_RING_MAX_S,
    };
    read_trace(entry->trace, &verdict->trace);
}

// ---- Legs

static json_t *json_leg_time(const struct model_journal_entry *entry, uint32_t age_ms)
{
    return api_json_time(entry->started_us + (uint64_t)age_ms * 1000, true);
}

// What the PBX did with a 302 is not to be seen: its leg has a beginning and nothing more.
static json_t *json_redirect(const struct model_journal_entry *entry, const struct fwd_trace *trace)
{
    const struct fwd_trace_entry *last = trace->count > 0 ? &trace->entries[trace->count - 1]
                                                          : NULL;
    enum model_leg_kind kind = LEG_FORWARDING;
    if (last && last->subject == FWD_SUBJECT_MAILBOX) kind = LEG_MAILBOX;
    if (last && last->subject == FWD_SUBJECT_DEFLECTION) kind = LEG_DEFLECTION;
    json_t *object = json_object();
    json_object_set_new(object, "kind", json_string(model_name(&model_leg_kinds, kind)));
    json_object_set_new(object, "number", api_json_text(entry->target));
    json_object_set_new(object, "executed",
                        json_string(model_name(&model_executeds, EXECUTED_REDIRECT)));
    json_object_set_new(object, "started", api_json_time(entry->ended_us, true));
    return object;
}

static json_t *json_leg(const struct model_journal_entry *entry, const struct model_leg *leg)
{
    bool is_device = leg->kind == LEG_DEVICE, is_transfer = leg->kind == LEG_TRANSFER;
    bool is_forwarding = !is_device && !is_transfer && leg->kind != LEG_OUTGOING;
    const char *end = model_name(&model_leg_ends, leg->ended_by);
    json_t *object = json_object();
    json_object_set_new(object, "kind", json_string(model_name(&model_leg_kinds, leg->kind)));
    json_object_set_new(object, is_device ? "device" : "number", api_json_text(leg->name));
    if (is_forwarding) {
        json_object_set_new(object, "executed",
                            json_string(model_name(&model_executeds, EXECUTED_BRIDGE)));
    }
    json_object_set_new(object, "started", json_leg_time(entry, leg->started_ms));
    if (leg->rang_ms != LEG_NEVER) {
        json_object_set_new(object, "rang", json_leg_time(entry, leg->rang_ms));
    }
    if (leg->answered_ms != LEG_NEVER) {
        json_object_set_new(object, "answered", json_leg_time(entry, leg->answered_ms));
    }
    if (!is_transfer) json_object_set_new(object, "ended", json_leg_time(entry, leg->ended_ms));
    if (leg->status > 0) json_object_set_new(object, "status", json_integer(leg->status));
    json_object_set_new(object, is_transfer ? "by" : "ended_by", json_string(end));
    return object;
}

static json_t *json_legs(const struct model_journal_entry *entry, const struct fwd_trace *trace)
{
    struct span rest = entry->legs;
    struct model_leg leg;
    json_t *legs = json_array();
    while (model_leg_next(&rest, &leg)) json_array_append_new(legs, json_leg(entry, &leg));
    if (model_journal_executed(entry) == EXECUTED_REDIRECT) {
        json_array_append_new(legs, json_redirect(entry, trace));
    }
    return legs;
}

// ---- Entries

static json_t *json_entry(const struct model_journal_entry *entry, enum fwd_language language)
{
    struct fwd_verdict verdict;
    json_t *object = json_object();
    read_verdict(entry, &verdict);
    json_object_set_new(object, "id", api_json_count(entry->id));
    json_object_set_new(object, "started", api_json_time(entry->started_us, true));
    json_object_set_new(object, "ended", api_json_time(entry->ended_us, true));
    json_object_set_new(object, "group", api_json_text(entry->group));
    json_object_set_new(object, "line", api_json_text(entry->extension));
    json_object_set_new(object, "caller", api_json_text(entry->caller));
    json_object_set_new(object, "caller_name", api_json_text(entry->caller_display));
    json_object_set_new(object, "internal", json_boolean(entry->is_internal));
    json_object_set_new(object, "dialled", api_json_text(entry->dialled));
    json_object_set_new(object, "diverted_by", api_json_text(entry->diverted_by));
    json_object_set_new(object, "verdict",
                        json_string(model_name(&model_verdict_kinds, entry->verdict)));
    if (entry->verdict == VERDICT_REDIRECT) {
        json_object_set_new(object, "reason", json_string(model_reason_text(verdict.reason)));
        json_object_set_new(object, "target", api_json_text(entry->target));
    }
    json_object_set_new(object, "status", json_integer(entry->status));
    json_object_set_new(object, "outcome",
                        json_string(model_name(&model_outcomes, entry->outcome)));
    json_object_set_new(object, "executed",
                        json_string(model_name(&model_executeds, model_journal_executed(entry))));
    json_object_set_new(object, "legs", json_legs(entry, &verdict.trace));
    json_object_set_new(object, "outgoing", json_boolean(entry->is_outgoing));
    if (entry->answered_us > 0) {
        uint64_t rung_us = entry->answered_us - entry->started_us;
        uint64_t talked_us = entry->ended_us - entry->answered_us;
        json_object_set_new(object, "answered", api_json_time(entry->answered_us, true));
        json_object_set_new(object, "ring_s", api_json_count(rung_us / 1000000));
        json_object_set_new(object, "talk_s", api_json_count(talked_us / 1000000));
    }
    if (entry->device.len > 0) {
        json_object_set_new(object, "device", api_json_text(entry->device));
    }
    json_object_set_new(object, "call_id", api_json_text(entry->call_id));
    json_object_set_new(object, "trace", api_json_trace(&verdict.trace, language));
    json_object_set_new(object, "text", api_json_verdict_text(&verdict, language));
    return object;
}

static bool add_entry(void *context, const struct model_journal_entry *entry)
{
    struct page *page = context;
    json_array_append_new(page->items, json_entry(entry, page->language));
    return true;
}

static struct store_journal_query read_query(struct filters *filters)
{
    unsigned outcome;
    struct store_journal_query query = {
        .group = api_filter_text(filters, "group", NAME_SIZE - 1),
        .extension = api_filter_text(filters, "line", EXTENSION_SIZE - 1),
        .caller = api_filter_text(filters, "caller", TEXT_SIZE - 1),
        .outcome = api_filter_text(filters, "outcome", TEXT_SIZE - 1),
        .text = api_filter_text(filters, "text", TEXT_SIZE - 1),
        .since_us = api_filter_time(filters, "since"),
        .until_us = api_filter_time(filters, "until"),
        .before_id = api_filter_before(filters),
        .limit = api_filter_limit(filters),
    };
    if (query.outcome && !model_find_name(&model_outcomes, span_of(query.outcome), &outcome)) {
        filters->is_refused = true;
        api_reply_refused(filters->reply, 400, SPAN("outcome"), "is none that a call can have");
    }
    return query;
}

void api_journal_list(struct api *api, struct request *request, struct reply *reply)
{
    const struct api_engine *engine = &api->options.engine;
    struct page page = {.language = request->language};
    struct filters filters = {.request = request, .reply = reply};
    struct store_journal_query query = read_query(&filters);
    uint64_t resume_id = 0;
    if (filters.is_refused) return;
    char any_user[NAME_SIZE] = "", group[NAME_SIZE] = "";
    if (query.group) text_copy(group, sizeof group, span_of(query.group));
    if (!api_rights_restrict(request, any_user, group, reply)) return;
    // A user sees the calls of lines that were theirs when the calls came, and of no others,
    // whoever owns the lines now.
    if (!api_rights_user_id(api, request, &query.user_id, reply)) return;
    query.group = group;
    query.resume_id = &resume_id;
    page.items = json_array();
    if (engine->settle_journal) engine->settle_journal(engine->context);
    enum err err = store_journal_list(api->options.journal, &query, add_entry, &page);
    if (err) {
        json_decref(page.items);
        api_reply_store_problem(reply, err, store_error(api->options.journal));
        return;
    }
    api_reply_page(request, reply, page.items, resume_id);
}
