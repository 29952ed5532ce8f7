// SPDX-License-Identifier: Apache-2.0
// Figures of calls: how many there were of each kind, counted from what the journal has of them.
#pragma once

#include "model/journal.h"

enum {
    FIGURE_OUTCOMES = OUTCOME_UNANSWERED + 1,
    FIGURE_CONDITIONS = CONDITION_NO_ANSWER + 2, // the last: sent on by hand, or by a device
    FIGURE_EXECUTEDS = EXECUTED_BRIDGE + 1,
    FIGURE_CLASSES = NUMBER_EMERGENCY + 1,
};

// Nothing but counts, so that all of them can be added up alike.
struct model_figures {
    uint64_t outcomes[FIGURE_OUTCOMES];     // by enum model_outcome
    uint64_t conditions[FIGURE_CONDITIONS]; // of the forwarded, by the condition that applied
    uint64_t executeds[FIGURE_EXECUTEDS];   // by enum model_executed
    uint64_t classes[FIGURE_CLASSES];       // of the forwarded, by enum model_number_class
    uint64_t loops;                         // were ended because their forwardings went in a circle
};

// The names of `conditions`: those of enum model_condition, then "deflection".
extern const struct model_names model_figure_conditions;

// Counts one call.
void model_figures_count(struct model_figures *figures, const struct model_journal_entry *entry);
// Adds `more` to `figures`.
void model_figures_add(struct model_figures *figures, const struct model_figures *more);
