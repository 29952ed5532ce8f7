// SPDX-License-Identifier: Apache-2.0
// Counting calls, and adding up what was counted.
#include "model/figures.h"

static const char *const condition_names[FIGURE_CONDITIONS] = {
    "immediate", "dnd", "logged_off", "unreachable", "busy", "no_answer", "deflection"};
const struct model_names model_figure_conditions = {condition_names, FIGURE_CONDITIONS};

// Each condition has a reason of its own; a call that somebody sends on has two.
static unsigned condition_of(unsigned reason)
{
    static const uint8_t conditions[REASON_COUNT] = {
        [REASON_UNCONDITIONAL] = CONDITION_IMMEDIATE,
        [REASON_DND] = CONDITION_DND,
        [REASON_UNAVAILABLE_LOGGED_OFF] = CONDITION_LOGGED_OFF,
        [REASON_UNREACHABLE] = CONDITION_UNREACHABLE,
        [REASON_BUSY] = CONDITION_BUSY,
        [REASON_NO_ANSWER] = CONDITION_NO_ANSWER,
        [REASON_DEFLECTION_ALERTING] = FIGURE_CONDITIONS - 1,
        [REASON_DEFLECTION_IMMEDIATE] = FIGURE_CONDITIONS - 1,
    };
    ASSERT(reason < REASON_COUNT);
    return conditions[reason];
}

void model_figures_count(struct model_figures *figures, const struct model_journal_entry *entry)
{
    ASSERT(entry->outcome < FIGURE_OUTCOMES && entry->target_class < FIGURE_CLASSES);
    figures->outcomes[entry->outcome]++;
    figures->executeds[model_journal_executed(entry)]++;
    if (entry->is_loop) figures->loops++;
    if (entry->outcome != OUTCOME_FORWARDED) return;
    figures->conditions[condition_of(entry->reason)]++;
    figures->classes[entry->target_class]++;
}

void model_figures_add(struct model_figures *figures, const struct model_figures *more)
{
    uint64_t *sums = (uint64_t *)figures;
    const uint64_t *counts = (const uint64_t *)more;
    for (size_t i = 0; i < sizeof *figures / sizeof *sums; i++) sums[i] += counts[i];
}
