// SPDX-License-Identifier: Apache-2.0
// Whether a PBX answers at all. While it does not, one OPTIONS every few seconds asks for the whole
// group; the first answer, to that or to a REGISTER, whatever it says, brings all its lines back,
// paced; but those that the PBX told when to come again.
#include "line/line_int.h"

enum {
    PROBE_INTERVAL_US = 5 * 1000 * 1000,
    AWAY_US = 4 * 1000 * 1000, // without any answer: more than an overloaded PBX or network does
};

void line_group_lost(struct turn *turn, struct line_group_slot *slot)
{
    if (slot->is_lost) return;
    slot->is_lost = true;
    slot->lost_at_us = turn->now_us;
    slot->probe_at_us = turn->now_us + PROBE_INTERVAL_US;
}

static void end_probing(struct line_group_slot *slot)
{
    slot->is_lost = false;
    slot->probe_at_us = DEADLINE_NEVER;
}

void line_group_answers(struct line_table *table, struct turn *turn, struct pool_id group_id,
                        struct pool_id answered)
{
    struct line_group_slot *slot = pool_find(&table->groups, group_id);
    if (!slot || !slot->is_lost) return;
    end_probing(slot);
    // Was it restarted? Then it has forgotten the lines that still count as registered.
    bool was_away = turn->now_us - slot->lost_at_us >= AWAY_US;
    for (uint32_t i = 0; i < table->lines.fresh; i++) {
        struct pool_id id;
        struct line *line = pool_at(&table->lines, i, &id);
        if (!line || !pool_id_eq(line->group, group_id) || pool_id_eq(id, answered)) continue;
        if (was_away && line->phase == PHASE_REGISTERED) line_make_due(table, turn, id);
        bool is_back = line->shown == REGISTRATION_UNREACHABLE && line->phase != PHASE_DUE;
        if (!is_back || line->is_deferred) continue;
        line_abandon(line);
        line_start(table, turn, id);
    }
}

void line_probe_response(struct line_table *table, struct turn *turn, struct pool_id group_id,
                         const struct sip_message *message)
{
    bool is_answer = pool_find(&table->groups, group_id) && message;
    if (is_answer) line_group_answers(table, turn, group_id, POOL_ID_NONE);
}

static bool is_asked_for(const struct line_table *table, struct pool_id group_id)
{
    for (uint32_t i = 0; i < table->lines.fresh; i++) {
        struct pool_id id;
        const struct line *line = pool_at(&table->lines, i, &id);
        if (line && line->is_wanted && pool_id_eq(line->group, group_id)) return true;
    }
    return false;
}

static void probe_due(struct line_table *table, struct turn *turn)
{
    for (uint32_t i = 0; i < table->groups.fresh; i++) {
        struct pool_id id;
        struct line_group_slot *slot = pool_at(&table->groups, i, &id);
        if (!slot || slot->probe_at_us > turn->now_us) continue;
        if (!is_asked_for(table, id)) {
            end_probing(slot);
            continue;
        }
        slot->probe_at_us = turn->now_us + PROBE_INTERVAL_US;
        if (line_is_reachable(slot)) line_send_probe(table, turn, id);
    }
}

// ---- The table's time: lines and probes

uint64_t line_deadline_us(const struct line_table *table)
{
    uint64_t earliest_us = deadlines_next_us(&table->deadlines);
    for (uint32_t i = 0; i < table->groups.fresh; i++) {
        struct pool_id id;
        const struct line_group_slot *slot = pool_at(&table->groups, i, &id);
        if (slot && slot->probe_at_us < earliest_us) earliest_us = slot->probe_at_us;
    }
    return earliest_us;
}

void line_tick(struct line_table *table, struct turn *turn)
{
    uint32_t index;
    probe_due(table, turn);
    for (int i = 0; i < LINE_TICK_MAX; i++) {
        struct pool_id id;
        if (!deadlines_take_due(&table->deadlines, turn->now_us, &index)) break;
        if (pool_at(&table->lines, index, &id)) line_due(table, turn, id);
    }
}
