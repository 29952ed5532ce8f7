// SPDX-License-Identifier: Apache-2.0
// What would happen to a call: the same block, facts and decision as for a live one, with the
// states that the question assumes. docs/decision.md "Steps", docs/numbers.md "Internal".
#include "settings/settings_int.h"

#include "country/country.h"
#include "zone/zone.h"

#include <string.h>

static enum err note_found(void *context, const struct snapshot_line *block)
{
    (void)block;
    *(bool *)context = true;
    return ERR_NONE;
}

// Leaves the line's site and block in `settings`.
static enum err find_line(struct settings *settings, const struct settings_question *question,
                          struct settings_problem *problem)
{
    struct store_query query = {
        .kind = KIND_LINE, .group = question->group, .extension = question->extension};
    bool is_found = false, is_named = *question->group && *question->extension;
    enum err err = ERR_NONE;
    if (is_named) err = settings_walk(settings, &query, note_found, &is_found, problem);
    if (err != ERR_NONE || is_found) return err;
    return settings_fail(problem, ERR_NOT_FOUND, "", "line %s/%s does not exist", question->group,
                         question->extension);
}

// Whether `extension` is a line of the group.
static enum err find_extension(struct settings *settings, struct span extension, bool *is_line,
                               struct settings_problem *problem)
{
    char text[EXTENSION_SIZE];
    struct store_query query = {
        .kind = KIND_LINE, .group = settings->site.group.settings.name, .extension = text};
    uint64_t count = 0;
    *is_line = false;
    if (extension.len == 0 || !text_copy(text, sizeof text, extension)) return ERR_NONE;
    enum err err = store_count(settings->store, &query, &count);
    if (err != ERR_NONE) return settings_fail_store(settings, err, problem);
    *is_line = count > 0;
    return ERR_NONE;
}

enum err settings_judge_origin(struct settings *settings, struct span stored, bool *is_internal,
                               struct settings_problem *problem)
{
    const struct phone_numbering *numbering = &settings->site.numbering;
    struct span extension = phone_possible_extension(numbering, stored);
    // No number, but perhaps a line all the same: "reception".
    bool is_name = phone_read(numbering, stored, false).kind == PHONE_INVALID;
    enum err err = find_extension(settings, is_name ? stored : extension, is_internal, problem);
    if (phone_is_in_ranges(numbering, stored)) *is_internal = true;
    return err;
}

// Fills in the caller's stored form, and whether that is internal.
static enum err judge_caller(struct settings *settings, const struct settings_question *question,
                             struct settings_answer *answer, struct settings_problem *problem)
{
    struct span from = question->from;
    const struct phone_numbering *numbering = &settings->site.numbering;
    struct phone_number number = phone_read(numbering, from,
                                            settings->site.group.settings.is_caller_as_dialled);
    struct span caller = number.kind == PHONE_INVALID ? span_trim(from) : span_of(number.text);
    if (caller.len == 0) caller = SPAN("anonymous");
    if (question->origin != ORIGIN_ALL) {
        text_copy(answer->caller, sizeof answer->caller, SPAN("unknown"));
        answer->is_internal = question->origin == ORIGIN_INTERNAL;
        return ERR_NONE;
    }
    if (!text_copy(answer->caller, sizeof answer->caller, caller)) {
        text_copy(answer->caller, sizeof answer->caller, SPAN("unknown"));
    }
    return settings_judge_origin(settings, caller, &answer->is_internal, problem);
}

// The zone's clocks at the time that is asked about, which may be far from now.
static void read_zone(const struct settings *settings, uint32_t zone_id, uint64_t at_s,
                      struct snapshot_zone *zone)
{
    const char *name = zone_id < settings->zone_count ? settings->zones[zone_id] : "";
    zone->zone_id = zone_id;
    zone_read(name, at_s, zone);
}

// The block with the assumed presence; it stands behind all that the block holds.
static void assume_presence(struct settings *settings, const char *presence)
{
    struct snapshot_line *block = settings->block;
    struct span text = span_of(presence);
    if (text.len >= PRESENCE_SIZE || block->size + text.len > SNAPSHOT_LINE_MAX) return;
    block->presence = (struct snapshot_text){(uint16_t)block->size, (uint16_t)text.len};
    memcpy((char *)block + block->size, text.at, text.len);
    block->size += (uint32_t)text.len;
}

// What follows when the call rings, and nobody answers or can be reached: decided with that as a
// further fact, and its trace put behind the one before.
static void decide_again(struct settings *settings, struct fwd_call *call,
                         const struct settings_question *question, struct settings_answer *answer)
{
    struct fwd_verdict before = answer->verdict, *after = &answer->verdict;
    struct fwd_facts facts;
    struct fwd_facts_room room;
    call->event = question->is_unreached ? FWD_CLIENTS_UNREACHED : FWD_WAITED;
    call->chosen = before.has_next ? &before.next : NULL;
    fwd_prepare(settings->group_block, &settings->site.numbering, settings->block, call, &room,
                &facts);
    fwd_decide(&facts, after);
    struct fwd_trace trace = before.trace;
    for (uint32_t i = 0; i < after->trace.count && trace.count < FWD_TRACE_MAX; i++) {
        trace.entries[trace.count++] = after->trace.entries[i];
    }
    after->trace = trace;
}

static void decide(struct settings *settings, const struct settings_question *question,
                   struct settings_answer *answer)
{
    struct fwd_facts facts;
    struct fwd_facts_room room;
    struct snapshot_zone line_zone, group_zone;
    uint64_t at_s = question->at_s > 0 ? question->at_s : settings_now_s(settings);
    struct snapshot_line *line = settings->block;
    struct fwd_call call = {
        .caller = span_of(answer->caller),
        .is_anonymous = span_eq(span_of(answer->caller), SPAN("anonymous")),
        .wall_us = at_s * 1000000,
        .line_zone = &line_zone,
        .group_zone = &group_zone,
        .is_internal = answer->is_internal,
        .is_logged_in = question->has_login ? question->is_logged_in : question->is_logged_in_now,
        .up_count = question->is_busy ? line->max_calls : question->calls,
        .elsewhere_count = question->calls_elsewhere,
    };
    read_zone(settings, line->zone_id, at_s, &line_zone);
    read_zone(settings, settings->group_block->zone_id, at_s, &group_zone);
    call.has_clients = call.is_logged_in; // whoever is logged in has something that rings
    if (question->has_dnd) line->is_dnd = question->is_dnd;
    if (question->presence) assume_presence(settings, question->presence);
    fwd_prepare(settings->group_block, &settings->site.numbering, line, &call, &room, &facts);
    fwd_decide(&facts, &answer->verdict);
    bool rings = answer->verdict.kind == VERDICT_RING;
    if (rings && question->is_unreached) decide_again(settings, &call, question, answer);
    if (rings && question->is_unanswered && answer->verdict.has_next) {
        decide_again(settings, &call, question, answer);
    }
}

// Copies the target out of the block, which does not last.
static void keep_target(const struct phone_numbering *numbering, struct settings_answer *answer)
{
    struct buffer dialled = buffer_over(answer->dialled, sizeof answer->dialled - 1);
    struct fwd_verdict *verdict = &answer->verdict;
    answer->target[0] = '\0';
    if (verdict->kind == VERDICT_REDIRECT) {
        text_copy(answer->target, sizeof answer->target, verdict->target);
        phone_put_target_dialled(&dialled, numbering, verdict->target);
    }
    answer->dialled[dialled.is_full ? 0 : dialled.len] = '\0';
    verdict->target = span_of(answer->target);
}

// The level of the rule that an entry of the trace is about; LEVEL_COUNT where it is none.
static enum model_level level_of(const struct fwd_trace_entry *entry)
{
    switch (entry->subject) {
    case FWD_SUBJECT_SLOT: return LEVEL_SLOT;
    case FWD_SUBJECT_EXCEPTION: return LEVEL_EXCEPTION;
    case FWD_SUBJECT_MANDATORY: return LEVEL_MANDATORY;
    case FWD_SUBJECT_DEFAULT: return LEVEL_DEFAULT;
    default: return LEVEL_COUNT;
    }
}

static uint64_t find_until_s(const struct snapshot_rule *rules, size_t count,
                             enum model_level level, uint32_t rule_id)
{
    for (size_t i = 0; i < count; i++) {
        if (rules[i].rule_id == rule_id && rules[i].level == level) return rules[i].until_s;
    }
    return 0;
}

// When the rule that sends the call away ends. The last entry of a trace is the one that decides.
static uint64_t end_of(const struct settings *settings, const struct fwd_verdict *verdict)
{
    const struct snapshot_group *group = settings->group_block;
    const struct snapshot_line *line = settings->block;
    if (verdict->kind != VERDICT_REDIRECT || verdict->trace.count == 0) return 0;
    enum model_level level = level_of(&verdict->trace.entries[verdict->trace.count - 1]);
    if (level == LEVEL_SLOT || level == LEVEL_EXCEPTION) {
        return find_until_s(line->rules, line->rule_count, level, verdict->rule_id);
    }
    return find_until_s(snapshot_rules(group), group->rules.count, level, verdict->rule_id);
}

// How the call would be sent there: by a 302, or by a second call of the line (as onward.c has it).
static enum err judge_way(struct settings *settings, struct settings_answer *answer,
                          struct settings_problem *problem)
{
    const struct snapshot_group *group = settings->group_block;
    bool bridges_internal = group->bridges_internal, bridges_external = group->bridges_external;
    bool is_internal = false;
    answer->is_bridged = answer->verdict.kind == VERDICT_REDIRECT && bridges_external;
    if (answer->verdict.kind != VERDICT_REDIRECT || bridges_internal == bridges_external) {
        return ERR_NONE; // the store need not be asked whose number it is
    }
    enum err err = settings_judge_origin(settings, span_of(answer->dialled), &is_internal, problem);
    answer->is_bridged = is_internal ? bridges_internal : bridges_external;
    return err;
}

enum err settings_explain(struct settings *settings, const struct settings_question *question,
                          struct settings_answer *answer, struct settings_problem *problem)
{
    settings->asked_s = question->at_s;
    enum err err = find_line(settings, question, problem);
    settings->asked_s = 0;
    if (err == ERR_NONE) err = settings_build_group(settings, problem);
    if (err == ERR_NONE) err = judge_caller(settings, question, answer, problem);
    if (err != ERR_NONE) return err;
    decide(settings, question, answer);
    answer->until_s = end_of(settings, &answer->verdict);
    keep_target(&settings->site.numbering, answer);
    return judge_way(settings, answer, problem);
}

enum err settings_read_destination(struct settings *settings, const struct model_line *line,
                                   struct span text, struct settings_destination *out,
                                   struct settings_problem *problem)
{
    struct settings_question question = {.group = line->group, .extension = line->extension};
    const struct phone_numbering *numbering = &settings->site.numbering;
    struct phone_target target;
    char reason[REASON_SIZE];
    enum err err = find_line(settings, &question, problem);
    if (err != ERR_NONE) return err;
    const char *refused = phone_read_target(numbering, text, &target, reason);
    if (refused) return settings_fail(problem, ERR_INVALID, "target", "%s", refused);
    const struct snapshot_line *block = settings->block;
    struct span stored = span_of(target.text);
    if (target.kind == PHONE_TARGET_MAILBOX) stored = snapshot_text(block, block->mailbox);
    if (target.kind == PHONE_TARGET_MOBILE) stored = snapshot_text(block, block->mobile);
    text_copy(out->stored, sizeof out->stored, stored);
    out->number_class = country_classify(numbering, stored);
    return ERR_NONE;
}
