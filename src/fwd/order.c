// SPDX-License-Identifier: Apache-2.0
// Which rule comes first: by level, and among the rules of a level the one that fits a call more
// closely. docs/decision.md: caller filter (exact number, longer prefix, anonymous,
// none), has a schedule, has a presence, origin, smallest position. Administrators' rules, which
// have no caller filter and no presence, are compared in the same way.
#include "fwd/fwd_int.h"

// Whether `a` comes before `b`. Of two that are equal in all this, the older one does.
static bool is_before(const struct fwd_rule *a, const struct fwd_rule *b)
{
    bool is_a_general = a->origin == ORIGIN_ALL, is_b_general = b->origin == ORIGIN_ALL;
    if (a->level != b->level) return a->level < b->level;
    if (a->caller_kind != b->caller_kind) return a->caller_kind > b->caller_kind;
    if (a->prefix_len != b->prefix_len) return a->prefix_len > b->prefix_len;
    if (a->has_schedule != b->has_schedule) return a->has_schedule;
    if (a->has_presence != b->has_presence) return a->has_presence;
    if (is_a_general != is_b_general) return is_b_general;
    if (a->place != b->place) return a->place < b->place;
    return a->rule_id < b->rule_id;
}

void fwd_put_in_order(const struct fwd_facts *facts, enum model_condition condition,
                      struct fwd_order *order)
{
    ASSERT(facts->rule_count <= FWD_RULES_MAX);
    order->count = 0;
    for (size_t i = 0; i < facts->rule_count; i++) {
        const struct fwd_rule *rule = &facts->rules[i];
        if (rule->condition != condition) continue;
        size_t at = order->count++;
        for (; at > 0 && is_before(rule, order->rules[at - 1]); at--) {
            order->rules[at] = order->rules[at - 1];
        }
        order->rules[at] = rule;
    }
}
