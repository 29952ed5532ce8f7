// SPDX-License-Identifier: Apache-2.0
// Facts of the decision, prepared from a snapshot (behaviour.md "The decision", step 2).
#include "fwd/facts.h"

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
    return is_visited(site, &place) ? FWD_TARGET_VISITED : FWD_TARGET_USABLE;
}

static struct candidate mailbox_of(const struct snapshot_line *line)
{
    return (struct candidate){snapshot_text(line, line->mailbox),
                              (enum model_number_class)line->mailbox_class};
}

// The user's number for the words "mailbox" and "mobile", any other target as it is.
static struct candidate resolve(const struct snapshot_line *line, const struct snapshot_rule *rule)
{
    struct span target = snapshot_text(line, rule->target);
    if (span_eq(target, SPAN("mailbox"))) return mailbox_of(line);
    if (span_eq(target, SPAN("mobile"))) {
        return (struct candidate){snapshot_text(line, line->mobile),
                                  (enum model_number_class)line->mobile_class};
    }
    return (struct candidate){target, (enum model_number_class)rule->number_class};
}

static struct fwd_target target_of(const struct site *site, struct candidate candidate)
{
    return (struct fwd_target){candidate.stored, state_of(site, &candidate)};
}

void fwd_prepare(const struct snapshot_group *group, const struct phone_numbering *numbering,
                 const struct snapshot_line *line, const struct fwd_call *call,
                 struct fwd_facts_room *room, struct fwd_facts *facts)
{
    struct site site = {.group = group, .numbering = numbering, .line = line, .call = call};
    find_place(&site, snapshot_text(line, line->extension), &site.own);
    size_t rule_max = sizeof room->rules / sizeof room->rules[0];
    size_t rule_count = 0;
    for (size_t i = 0; i < line->rule_count && rule_count < rule_max; i++) {
        const struct snapshot_rule *rule = &line->rules[i];
        if (rule->level != LEVEL_SLOT) continue;
        room->rules[rule_count++] = (struct fwd_rule){
            .condition = (enum model_condition)rule->condition,
            .origin = (enum model_origin)rule->origin,
            .target = target_of(&site, resolve(line, rule)),
        };
    }
    *facts = (struct fwd_facts){
        .is_psap_callback = call->is_psap_callback,
        .is_line_enabled = line->is_enabled && group->settings.is_enabled,
        .is_internal = call->is_internal,
        .has_user = line->has_user,
        .is_dnd = line->is_dnd,
        .is_logged_in = call->is_logged_in,
        .has_clients = call->has_clients,
        .rules = room->rules,
        .rule_count = rule_count,
        .mailbox = target_of(&site, mailbox_of(line)),
        .decline_unavailable = (enum model_decline)group->settings.decline_unavailable,
        .diversion_count = call->diversion_count,
        .max_diversions = group->settings.max_diversions,
    };
}
