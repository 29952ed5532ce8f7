// SPDX-License-Identifier: Apache-2.0
// A call that was redirected to one of our lines comes back to us within a moment, where the PBX
// follows redirects. One that has not come after 3 s is told: the PBX follows no 302, or not this
// one. docs/calls.md.
//
// Any call that comes to the line counts, for PBXs change what could be compared. So with many
// calls a lost one may go unseen, but a PBX that loses them does not. A fixed number is watched at
// a time, so that this costs a busy server nothing to speak of.
#include "call/call_int.h"

enum { ARRIVAL_US = 3 * 1000 * 1000 };

static uint64_t key_of(const struct call_table *table, uint32_t group_id, struct span extension)
{
    uint64_t hash = hash_keyed(table->hash_key, extension) ^
                    group_id * UINT64_C(0x9e3779b97f4a7c15);
    return hash > 0 ? hash : 1;
}

void call_await(struct call_table *table, const struct turn *turn, const struct call_trail *trail,
                struct span diverter)
{
    struct call_awaited *all = &table->awaited;
    uint32_t place = (all->first + all->count) % CALL_AWAITED_MAX;
    struct awaited *one = &all->at[place];
    if (all->count == CALL_AWAITED_MAX) return;
    if (!text_copy(one->extension, sizeof one->extension, diverter)) return;
    if (!text_copy(one->target, sizeof one->target, trail->target)) return;
    one->until_us = turn->now_us + ARRIVAL_US;
    one->group_id = trail->group_id;
    all->keys[place] = key_of(table, trail->group_id, trail->target);
    all->count++;
}

void call_awaited_came(struct call_table *table, const struct call_offer *offer)
{
    struct call_awaited *all = &table->awaited;
    if (all->count == 0) return;
    uint64_t key = key_of(table, offer->group->snapshot->group_id,
                          snapshot_text(offer->line, offer->line->extension));
    for (uint32_t i = 0; i < all->count; i++) {
        uint64_t *awaited = &all->keys[(all->first + i) % CALL_AWAITED_MAX];
        if (*awaited != key) continue;
        *awaited = 0;
        return;
    }
}

uint64_t call_awaited_deadline_us(const struct call_table *table)
{
    const struct call_awaited *all = &table->awaited;
    return all->count > 0 ? all->at[all->first].until_us : DEADLINE_NEVER;
}

static void warn(const struct call_table *table, struct turn *turn, const struct awaited *lost)
{
    const struct line_group *group = line_find_group_numbered(table->neighbours.lines,
                                                              lost->group_id);
    struct call_alarm *alarm = group ? turn_emit(turn, CALL_ALARM, sizeof *alarm) : NULL;
    if (!alarm) return;
    alarm->kind = ALARM_REDIRECT_LOST;
    alarm->line_id = 0;
    alarm->group = span_of(group->snapshot->settings.name);
    if (!arena_copy(turn->arena, span_of(lost->extension), &alarm->extension) ||
        !arena_copy(turn->arena, span_of(lost->target), &alarm->target)) {
        alarm->group = SPAN_NONE;
    }
}

void call_awaited_tick(struct call_table *table, struct turn *turn)
{
    struct call_awaited *all = &table->awaited;
    while (all->count > 0 && all->at[all->first].until_us <= turn->now_us) {
        if (all->keys[all->first] != 0) warn(table, turn, &all->at[all->first]);
        all->first = (all->first + 1) % CALL_AWAITED_MAX;
        all->count--;
    }
}
