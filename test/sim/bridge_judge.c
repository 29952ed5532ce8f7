// SPDX-License-Identifier: Apache-2.0
// What has to hold when all calls of a seed are over.
#include "sim/bridge.h"

#include <stdio.h>

// Whether a call that its caller got `final` for may be told like that.
static bool is_told_rightly(const struct end *caller, const struct model_journal_entry *entry)
{
    switch (entry->outcome) {
    case OUTCOME_ANSWERED: return caller->final == 200 && entry->answered_us > 0;
    case OUTCOME_FORWARDED:
        return caller->final == (model_journal_executed(entry) == EXECUTED_BRIDGE ? 200 : 302);
    case OUTCOME_MISSED:
    case OUTCOME_DECLINED: return caller->final >= 400 && entry->answered_us == 0;
    default: return false;
    }
}

// An entry is a caller's only one, and has one answered leg if somebody was joined with it.
static void judge_entry(struct sim *sim, const struct model_journal_entry *entry)
{
    char text[200];
    struct span rest = entry->legs;
    struct model_leg leg;
    unsigned answered = 0;
    struct address pbx_at;
    (void)address_parse_port(SPAN(BRIDGE_PBX), 0, &pbx_at);
    struct end *caller = bridge_find_end(sim, &pbx_at, entry->call_id);
    snprintf(text, sizeof text, "%.*s: %s", SPAN_ARG(entry->call_id),
             model_name(&model_outcomes, entry->outcome));
    if (!caller || !caller->is_caller) bridge_fail("an entry of no call:", text);
    caller->entry_count++;
    if (!is_told_rightly(caller, entry)) bridge_fail("its caller has seen something else:", text);
    while (model_leg_next(&rest, &leg)) answered += leg.answered_ms != LEG_NEVER;
    if (answered != (caller->final == 200)) bridge_fail("so many legs were not answered:", text);
}

void bridge_judge(struct sim *sim)
{
    struct engine_counts counts = world_counts(sim->world);
    const struct model_journal_entry *entry;
    while ((entry = world_take_entry(sim->world)) != NULL) judge_entry(sim, entry);
    for (size_t i = 0; i < sim->end_count; i++) {
        const struct end *end = &sim->ends[i];
        if (bridge_is_lost(sim, &end->at)) continue; // nobody can tell it
        if (end->is_caller && end->final_count != 1)
            bridge_fail("no final answer to", end->call_id);
        if (end->is_caller && end->entry_count != 1) bridge_fail("not one entry of", end->call_id);
        if (end->was_gone && !end->was_told) bridge_fail("never told of its end:", end->call_id);
        if (end->state == END_UP || end->state == END_ANSWERING) {
            bridge_fail("left in a call:", end->call_id);
        }
    }
    if (counts.open_calls > 0) bridge_fail("a call is left in the engine", "");
    if (counts.open_legs > 0) bridge_fail("a leg is left in the engine", "");
    if (counts.call_bytes > 0) bridge_fail("memory of calls is left in the engine", "");
    if (counts.open_transactions > 2)
        bridge_fail("transactions are left in the engine", ""); // REGISTER
    if (counts.effects_lost > 0) bridge_fail("an effect was lost", "");
}
