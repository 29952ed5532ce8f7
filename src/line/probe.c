// SPDX-License-Identifier: Apache-2.0
// Whether a PBX answers at all. While it does not, one OPTIONS every few seconds asks for the whole
// group; the first answer, to that or to a REGISTER, whatever it says, brings all its lines back,
// paced; but those that the PBX told when to come again. A PBX that is silent altogether, or says
// nothing but 503, is told as failed, and again while that lasts: there may be another target
// (RFC 3263 section 4.3).
#include "line/line_int.h"

enum {
    PROBE_INTERVAL_US = 5 * 1000 * 1000,
    PATIENCE_US = 30 * 1000 * 1000,
    PATIENCE_MAX_US = 300 * 1000 * 1000,
    REFUSALS = 3,              // answers of 503 in a row that count as a failure of the PBX
    AWAY_US = 4 * 1000 * 1000, // without any answer: more than an overloaded PBX or network does
};

static void tell_peer(struct turn *turn, const struct line_group_slot *slot,
                      struct line_peer_event event)
{
    struct line_peer_event *effect = turn_emit(turn, LINE_PEER, sizeof *effect);
    if (!effect) return; // it will show again
    struct effect queue = effect->effect;
    *effect = event;
    effect->effect = queue;
    effect->group_id = slot->group.snapshot->group_id;
}

static void tell_failure(struct turn *turn, struct line_group_slot *slot, struct span reason)
{
    slot->is_proven = false;
    tell_peer(turn, slot, (struct line_peer_event){.flow = slot->group.flow, .reason = reason});
}

// A single request that is lost is no sign, as long as others are answered.
static void tell_silence(struct turn *turn, struct line_group_slot *slot)
{
    if (turn->now_us - slot->heard_at_us < LINE_SILENT_US) return;
    slot->heard_at_us = turn->now_us; // the next one to be tried has its time, too
    tell_failure(turn, slot, SPAN("no answer from the PBX"));
}

void line_group_lost(struct turn *turn, struct line_group_slot *slot)
{
    if (slot->is_lost) return;
    slot->is_lost = true;
    slot->is_proven = false;
    slot->lost_at_us = turn->now_us;
    slot->probe_at_us = turn->now_us + PROBE_INTERVAL_US;
    tell_silence(turn, slot);
}

void line_forget_refusals(struct line_group_slot *slot)
{
    slot->refusal_count = slot->turn_count = 0;
    slot->patient_until_us = 0;
}

// Each target has had its turn and says 503: turning to and fro brings all lines along each time,
// so from now on it is done less and less often.
static void be_patient(const struct turn *turn, struct line_group_slot *slot)
{
    uint64_t wait_us = PATIENCE_US;
    if (slot->turn_count < UINT8_MAX) slot->turn_count++;
    if (slot->turn_count < slot->target_count) return;
    for (int i = slot->target_count; i < slot->turn_count && wait_us < PATIENCE_MAX_US; i++) {
        wait_us *= 2;
    }
    if (wait_us > PATIENCE_MAX_US) wait_us = PATIENCE_MAX_US;
    slot->patient_until_us = turn->now_us + wait_us;
}

// Some PBXs say 503 to a single line that they do not like: several in a row, with no other answer
// between, are the PBX's own.
void line_group_heard(struct turn *turn, struct line_group_slot *slot,
                      const struct sip_message *message)
{
    uint32_t enough = slot->line_count < REFUSALS ? slot->line_count : REFUSALS;
    slot->heard_at_us = turn->now_us;
    if (message->status == 503) {
        if (turn->now_us < slot->patient_until_us) return;
        if (++slot->refusal_count < enough) return;
        slot->refusal_count = 0;
        be_patient(turn, slot);
        tell_failure(turn, slot, SPAN("503 from the PBX"));
        return;
    }
    slot->refusal_count = 0;
    if (slot->is_proven) return;
    slot->is_proven = true;
    tell_peer(turn, slot, (struct line_peer_event){.flow = slot->group.flow, .is_working = true});
}

static void end_probing(struct line_group_slot *slot)
{
    slot->is_lost = false;
    slot->probe_at_us = DEADLINE_NEVER;
}

void line_turn_to(struct turn *turn, struct line_group_slot *slot, bool is_doubtful)
{
    end_probing(slot);
    if (!is_doubtful) return;
    slot->is_lost = true; // its answer brings all lines back,
    slot->lost_at_us = 0; // also those that are registered elsewhere
    slot->probe_at_us = turn->now_us;
}

// Brings a group's lines back, but the one whose answer showed that the PBX is there.
static void bring_back(struct line_table *table, struct turn *turn, struct pool_id group_id,
                       struct pool_id answered, bool was_away)
{
    for (uint32_t i = 0; i < table->lines.fresh; i++) {
        struct pool_id id;
        struct line *line = pool_at(&table->lines, i, &id);
        if (!line || !pool_id_eq(line->group, group_id) || pool_id_eq(id, answered)) continue;
        if (was_away && line->phase == PHASE_REGISTERED) line_make_due(table, turn, id);
        bool is_back = line->shown == REGISTRATION_UNREACHABLE && line->phase != PHASE_DUE;
        bool has_never_begun = line->phase == PHASE_IDLE && line->is_wanted;
        if ((!is_back && !has_never_begun) || line->is_deferred) continue;
        line_abandon(line);
        line_start(table, turn, id);
    }
}

// Whether it was restarted meanwhile: then it has forgotten the lines that still count as
// registered.
static bool was_long_away(const struct turn *turn, const struct line_group_slot *slot)
{
    return slot->is_lost && turn->now_us - slot->lost_at_us >= AWAY_US;
}

void line_group_answers(struct line_table *table, struct turn *turn, struct pool_id group_id,
                        struct pool_id answered)
{
    struct line_group_slot *slot = pool_find(&table->groups, group_id);
    if (!slot || !slot->is_lost) return;
    bool was_away = was_long_away(turn, slot);
    end_probing(slot);
    bring_back(table, turn, group_id, answered, was_away);
    line_tell_others(turn, slot, was_away ? LINE_BACK_ANEW : LINE_BACK);
}

void line_group_back(struct line_table *table, struct turn *turn, struct pool_id group_id,
                     bool is_anew)
{
    struct line_group_slot *slot = pool_find(&table->groups, group_id);
    bool was_away = is_anew || was_long_away(turn, slot);
    if (!slot->is_lost && !was_away) return;
    end_probing(slot);
    bring_back(table, turn, group_id, POOL_ID_NONE, was_away);
}

void line_probe_response(struct line_table *table, struct turn *turn, struct pool_id group_id,
                         const struct sip_message *message)
{
    struct line_group_slot *slot = pool_find(&table->groups, group_id);
    if (!slot || !message || message->status < 200) return;
    line_group_heard(turn, slot, message);
    line_group_answers(table, turn, group_id, POOL_ID_NONE);
}

// ---- Another target, tried beside

void line_try_peer(struct line_table *table, struct turn *turn, uint32_t group_id,
                   const struct line_peer *peer)
{
    struct pool_id id;
    struct line_group_slot *slot = line_find_group(table, group_id, &id);
    if (!slot) return;
    slot->trial = peer->flow;
    line_send_probe(table, turn, id, peer);
}

void line_trial_response(struct line_table *table, struct turn *turn, struct pool_id group_id,
                         const struct sip_message *message)
{
    const struct line_group_slot *slot = pool_find(&table->groups, group_id);
    if (!slot || (message && message->status < 200)) return;
    bool is_working = message && message->status != 503;
    tell_peer(turn, slot,
              (struct line_peer_event){.flow = slot->trial,
                                       .is_working = is_working,
                                       .reason = SPAN("no answer from the PBX")});
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
        if (!line_is_reachable(slot) || turn->now_us < slot->spared_until_us) continue;
        line_send_probe(table, turn, id, NULL);
        line_tell_others(turn, slot, LINE_PROBED);
        tell_silence(turn, slot);
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
