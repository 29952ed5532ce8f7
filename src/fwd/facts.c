// SPDX-License-Identifier: Apache-2.0
// Facts of the decision, prepared from a snapshot (docs/decision.md "Steps", 2).
#include "fwd/facts.h"

#include "calendar/calendar.h"

struct site {
    const struct snapshot_group *group;
    const struct phone_numbering *numbering;
    const struct snapshot_line *line;
    const struct fwd_call *call;
    struct phone_place own; // of the line
};

static void find_place(const struct site *site, struct span target, struct phone_place *place)
{
    phone_find_place(site->numbering, span_of(site->group->settings.domain), target, place);
}

static bool is_visited(const struct site *site, const struct phone_place *place)
{
    for (size_t i = 0; i < site->call->visited_count; i++) {
        struct phone_place visited;
        find_place(site, site->call->visited[i], &visited);
        if (span_eq(place->text, visited.text)) return true;
    }
    return false;
}

static bool is_tried(const struct site *site, const struct phone_place *place)
{
    struct phone_place tried;
    if (site->call->tried.len == 0) return false;
    find_place(site, site->call->tried, &tried);
    return span_eq(place->text, tried.text);
}

// A stored target and its class, as the snapshot has them.
struct candidate {
    struct span stored;
    enum model_number_class number_class;
};

static enum fwd_target_state state_of(const struct site *site, const struct candidate *candidate)
{
    struct span target = candidate->stored;
    struct phone_place place;
    if (target.len == 0) return FWD_TARGET_MISSING;
    if (candidate->number_class == NUMBER_EMERGENCY) return FWD_TARGET_EMERGENCY;
    find_place(site, target, &place);
    if (span_eq(place.text, site->own.text)) return FWD_TARGET_SELF;
    enum phone_barring barring = phone_bar(&site->group->settings, site->numbering,
                                           candidate->number_class, target);
    if (barring != PHONE_PERMITTED) return FWD_TARGET_BARRED;
    if (is_tried(site, &place)) return FWD_TARGET_TRIED;
    return is_visited(site, &place) ? FWD_TARGET_VISITED : FWD_TARGET_USABLE;
}

static struct candidate mailbox_of(const struct snapshot_line *line)
{
    return (struct candidate){snapshot_text(line, line->mailbox),
                              (enum model_number_class)line->mailbox_class};
}

// The user's number for the words "mailbox" and "mobile", any other target as it is.
static struct candidate resolve(const struct snapshot_line *line, const void *block,
                                const struct snapshot_rule *rule)
{
    struct span target = snapshot_text(block, rule->target);
    if (span_eq(target, SPAN("mailbox"))) return mailbox_of(line);
    if (span_eq(target, SPAN("mobile"))) {
        return (struct candidate){snapshot_text(line, line->mobile),
                                  (enum model_number_class)line->mobile_class};
    }
    return (struct candidate){target, (enum model_number_class)rule->number_class};
}

static struct fwd_target target_of(const struct site *site, struct candidate candidate)
{
    return (struct fwd_target){candidate.stored, state_of(site, &candidate),
                               candidate.number_class};
}

// ---- Rules

static bool is_for_caller(const struct site *site, const void *block,
                          const struct snapshot_rule *rule)
{
    const struct fwd_call *call = site->call;
    struct span filter = snapshot_text(block, rule->caller);
    switch ((enum snapshot_caller)rule->caller_kind) {
    case CALLER_ANY: return true;
    case CALLER_ANONYMOUS: return call->is_anonymous;
    case CALLER_PREFIX: return !call->is_anonymous && span_starts_with(call->caller, filter);
    case CALLER_NUMBER: return !call->is_anonymous && span_eq(call->caller, filter);
    }
    return false;
}

static bool is_for_now(const struct site *site, const void *block, const struct snapshot_rule *rule)
{
    bool is_users = block == site->line;
    const struct calendar_times times = {
        .intervals = snapshot_schedule(block, rule),
        .interval_count = rule->schedule.count,
        .days = snapshot_days(block, rule),
        .day_count = rule->days.count,
        .holidays = (enum model_holidays)rule->holidays,
    };
    bool is_always = times.interval_count == 0 && times.day_count == 0;
    const struct snapshot_zone *zone = is_users ? site->call->line_zone : site->call->group_zone;
    return is_always || calendar_holds(&times, calendar_local(zone, site->call->wall_us));
}

static bool is_for_presence(const struct site *site, const void *block,
                            const struct snapshot_rule *rule)
{
    struct span wanted = snapshot_text(block, rule->presence);
    return wanted.len == 0 ||
           span_eq_nocase(wanted, snapshot_text(site->line, site->line->presence));
}

static bool is_used_up(const struct fwd_call *call, const struct snapshot_rule *rule)
{
    for (size_t i = 0; rule->calls > 0 && i < call->use_count; i++) {
        if (call->uses[i].rule_id == rule->rule_id) return call->uses[i].count >= rule->calls;
    }
    return false;
}

// Whether a rule holds now, for this caller: FWD_APPLIES, or the first reason why not. (The origin
// is the decision's business.)
static enum fwd_finding find(const struct site *site, const void *block,
                             const struct snapshot_rule *rule)
{
    if (rule->until_s > 0 && site->call->wall_us / 1000000 >= rule->until_s) return FWD_IS_EXPIRED;
    if (is_used_up(site->call, rule)) return FWD_IS_USED_UP;
    if (!is_for_caller(site, block, rule)) return FWD_OTHER_CALLER;
    if (!is_for_now(site, block, rule)) return FWD_OTHER_TIME;
    if (!is_for_presence(site, block, rule)) return FWD_OTHER_PRESENCE;
    return FWD_APPLIES;
}

// Which conditions' rules the decision can ask for, as bits: the others need no facts.
static unsigned asked_conditions(const struct site *site)
{
    const struct fwd_call *call = site->call;
    unsigned immediate = 1u << CONDITION_IMMEDIATE, logged_off = 1u << CONDITION_LOGGED_OFF;
    switch (call->event) {
    case FWD_ARRIVED:
        if (site->line->has_user && site->line->is_dnd) return immediate | 1u << CONDITION_DND;
        if (!call->is_logged_in) return immediate | logged_off;
        return immediate | 1u << CONDITION_BUSY | 1u << CONDITION_NO_ANSWER;
    case FWD_CLIENTS_BUSY: return 1u << CONDITION_BUSY;
    case FWD_CLIENTS_UNREACHED: return 1u << CONDITION_UNREACHABLE | logged_off;
    case FWD_DEFLECTED: // which may not be allowed
        if (call->is_client_busy) return 1u << CONDITION_BUSY;
        return 1u << CONDITION_UNREACHABLE | logged_off;
    default: return 0;
    }
}

static struct fwd_rule rule_of(const struct site *site, const void *block,
                               const struct snapshot_rule *rule)
{
    enum fwd_finding finding = find(site, block, rule);
    struct fwd_rule fact = {
        .level = rule->level,
        .condition = rule->condition,
        .origin = rule->origin,
        .finding = (uint8_t)finding,
        .caller_kind = rule->caller_kind,
        .prefix_len = (uint8_t)(rule->caller_kind == CALLER_PREFIX ? rule->caller.len : 0),
        .has_schedule = rule->schedule.count > 0 || rule->days.count > 0,
        .has_presence = rule->presence.len > 0,
        .is_ring = rule->is_ring,
        .delay_s = (uint8_t)rule->delay_s,
        .number = rule->level == LEVEL_SLOT ? 0 : rule->position,
        .place = rule->position,
        .rule_id = rule->rule_id,
        .is_counted = rule->calls > 0,
    };
    bool is_judged = finding == FWD_APPLIES && !rule->is_ring;
    if (is_judged) fact.target = target_of(site, resolve(site->line, block, rule));
    return fact;
}

// Puts the rules that can be asked for into `room`; returns how many.
static size_t put_rules(const struct site *site, struct fwd_facts_room *room)
{
    const struct snapshot_line *line = site->line;
    const struct snapshot_rule *of_group = snapshot_rules(site->group);
    unsigned asked = asked_conditions(site);
    size_t count = 0;
    for (size_t i = 0; i < line->rule_count && count < FWD_RULES_MAX; i++) {
        const struct snapshot_rule *rule = &line->rules[i];
        if (asked >> rule->condition & 1) room->rules[count++] = rule_of(site, line, rule);
    }
    for (size_t i = 0; i < site->group->rules.count && count < FWD_RULES_MAX; i++) {
        const struct snapshot_rule *rule = &of_group[i];
        if (!(asked >> rule->condition & 1)) continue;
        room->rules[count++] = rule_of(site, site->group, rule);
    }
    return count;
}

// A limit of 0 is none.
static bool is_reached(uint32_t count, uint32_t limit)
{
    return limit > 0 && count >= limit;
}

void fwd_prepare(const struct snapshot_group *group, const struct phone_numbering *numbering,
                 const struct snapshot_line *line, const struct fwd_call *call,
                 struct fwd_facts_room *room, struct fwd_facts *facts)
{
    struct site site = {.group = group, .numbering = numbering, .line = line, .call = call};
    struct candidate deflection = {call->deflection, call->deflection_class};
    find_place(&site, snapshot_text(line, line->extension), &site.own);
    *facts = (struct fwd_facts){
        .event = call->event,
        .is_psap_callback = call->is_psap_callback,
        .is_group_call = call->is_group_call,
        .is_line_enabled = line->is_enabled && group->settings.is_enabled,
        .is_internal = call->is_internal,
        .has_user = line->has_user,
        .is_dnd = line->is_dnd,
        .is_logged_in = call->is_logged_in,
        .has_clients = call->has_clients,
        .has_other_contacts = line->has_other_contacts,
        .has_alerted = call->has_alerted,
        .is_client_busy = call->is_client_busy,
        .rules = room->rules,
        .rule_count = put_rules(&site, room),
        .mailbox = target_of(&site, mailbox_of(line)),
        .deflection = target_of(&site, deflection),
        .decline_unavailable = (enum model_decline)group->settings.decline_unavailable,
        .decline_rejected = (enum model_rejected)group->settings.decline_rejected,
        .client_status = call->client_status,
        .up_count = call->up_count,
        .desk_count = call->desk_count,
        .ringing_count = call->ringing_count,
        .max_calls = line->max_calls,
        .second_call = (enum model_second_call)line->second_call,
        .elsewhere_count = line->is_busy_on_any_line ? call->elsewhere_count : 0,
        .diversion_count = call->diversion_count,
        .max_diversions = group->settings.max_diversions,
        .has_too_many_forwarded = is_reached(call->forwarded_now_count,
                                             group->settings.max_forwarded_calls),
        .has_too_often_forwarded = is_reached(call->forwarded_hour_count,
                                              group->settings.max_forwarded_per_hour),
        .grace_s = group->settings.other_contacts_grace_s,
    };
    if (call->chosen) {
        struct candidate target = {call->chosen->target.stored, call->chosen->target.number_class};
        facts->chosen = *call->chosen;
        facts->chosen.target = target_of(&site, target);
    }
}
