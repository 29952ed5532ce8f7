// SPDX-License-Identifier: Apache-2.0
// The pacing of a group's REGISTERs: register_rate, of which each worker has a share by the lines
// of the group that it has, or more where that could not keep all lines
// registered. A line is refreshed after 67 % of its time on average, the first time after 55 %, so
// lines / time * 1.8 would just do; twice lines / time leaves room for attempts that fail.
#include "line/line_int.h"

enum { BURST_US = 100 * 1000 }; // what our own lateness may add to the pacing

static uint32_t needed_rate(const struct line_group_slot *slot, uint32_t line_count)
{
    uint64_t wanted_s = slot->group.snapshot->settings.register_interval_s;
    uint64_t interval_s = slot->granted_s > 0 ? slot->granted_s : wanted_s;
    return (uint32_t)((UINT64_C(2) * line_count + interval_s - 1) / interval_s);
}

uint64_t line_pace_us(const struct line_group_slot *slot)
{
    uint64_t needed = needed_rate(slot, slot->line_count), own_us = 1000000;
    uint64_t rate = slot->group.snapshot->settings.register_rate;
    if (slot->line_count > 0) own_us += own_us * slot->elsewhere_count / slot->line_count;
    uint64_t pace_us = own_us / rate;
    return needed * pace_us > 1000000 ? 1000000 / needed : pace_us;
}

uint64_t line_group_pace_us(const struct line_table *table, uint32_t group_id)
{
    enum { USUAL_US = 100 * 1000 }; // of a group that is gone
    struct pool_id id;
    const struct line_group_slot *slot = line_find_group(table, group_id, &id);
    return slot ? line_pace_us(slot) : USUAL_US;
}

uint64_t line_reserve_send(struct line_group_slot *slot, const struct turn *turn)
{
    uint64_t at_us = slot->next_send_us > turn->now_us ? slot->next_send_us : turn->now_us;
    if (at_us < slot->clear_us) at_us = slot->clear_us;
    slot->next_send_us = at_us + line_pace_us(slot);
    return at_us;
}

// Steps of the golden ratio: of any number of them in a row, each gap is less than three times
// another, and the next one lies in one of the widest.
uint64_t line_spread(struct line_group_slot *slot, uint64_t range_us)
{
    slot->spread += UINT32_C(0x9e3779b9); // wraps round
    return (range_us >> 8) * slot->spread >> 24;
}

void line_return_send(struct line_group_slot *slot)
{
    slot->next_send_us -= line_pace_us(slot);
}

bool line_is_too_soon(const struct line_group_slot *slot, const struct turn *turn)
{
    return slot->clear_us > turn->now_us + BURST_US;
}

void line_note_sent(struct line_group_slot *slot, const struct turn *turn)
{
    uint64_t from_us = slot->clear_us > turn->now_us ? slot->clear_us : turn->now_us;
    slot->clear_us = from_us + line_pace_us(slot);
}

// Told when it begins, and again when a quarter more is needed.
void line_note_granted(struct turn *turn, struct line_group_slot *slot, uint64_t seconds)
{
    slot->granted_s = (uint32_t)seconds;
    uint32_t needed = needed_rate(slot, slot->line_count + slot->elsewhere_count);
    bool is_enough = needed <= slot->group.snapshot->settings.register_rate;
    if (is_enough || needed <= slot->told_rate + slot->told_rate / 4) return;
    struct line_rate *effect = turn_emit(turn, LINE_RATE, sizeof *effect);
    if (!effect) return;
    slot->told_rate = needed;
    effect->group_id = slot->group.snapshot->group_id;
    effect->used = needed;
}
