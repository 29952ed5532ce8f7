// SPDX-License-Identifier: Apache-2.0
// Timers. RFC 3261 has a letter for each, but nearly all have one of five fixed lengths: whoever
// starts to wait goes to the end of the list of that length, so the first is always the next one
// due. Only the doubling intervals of A, E and G need a heap.
#include "txn/txn_int.h"

static const uint64_t wait_us[WAIT_COUNT] = {
    [WAIT_NONE] = 0,
    [WAIT_LOST] = 0,
    [WAIT_TRYING] = TXN_TRYING_US,
    [WAIT_LATE] = 7 * TXN_T1_US, // T1 + 2 T1 + 4 T1
    [WAIT_REST] = (64 - 7) * TXN_T1_US,
    [WAIT_T4] = TXN_T4_US,
    [WAIT_64T1] = 64 * TXN_T1_US,
};

// ---- Lists

static struct txn_slot *slot_at(const struct txn_table *table, uint32_t index, struct pool_id *id)
{
    struct txn_slot *slot = pool_at(&table->slots, index, id);
    ASSERT(slot);
    return slot;
}

static void leave_list(struct txn_step *step)
{
    struct txn_slot *slot = step->slot;
    struct txn_list *list = &step->table->lists[slot->wait];
    struct pool_id id;
    if (slot->next != no_slot) {
        slot_at(step->table, slot->next, &id)->previous = slot->previous;
    } else {
        list->last = slot->previous;
    }
    if (slot->previous != no_slot) {
        slot_at(step->table, slot->previous, &id)->next = slot->next;
    } else {
        list->first = slot->next;
    }
    slot->next = slot->previous = no_slot;
    slot->wait = WAIT_NONE;
}

static void join_list(struct txn_step *step, enum txn_wait wait)
{
    struct txn_slot *slot = step->slot;
    struct txn_list *list = &step->table->lists[wait];
    slot->wait = (uint8_t)wait;
    slot->deadline_us = step->turn->now_us + wait_us[wait];
    slot->previous = list->last;
    if (list->last == no_slot) {
        list->first = step->id.index;
    } else {
        struct pool_id id;
        slot_at(step->table, list->last, &id)->next = step->id.index;
    }
    list->last = step->id.index;
}

void txn_start_wait(struct txn_step *step, enum txn_wait wait)
{
    if (step->slot->wait != WAIT_NONE) leave_list(step);
    if (wait != WAIT_NONE) join_list(step, wait);
}

struct txn_step txn_first_waiting(struct txn_table *table, struct turn *turn, enum txn_wait wait)
{
    struct txn_step step = {.table = table, .turn = turn};
    uint32_t first = table->lists[wait].first;
    if (first != no_slot) step.slot = slot_at(table, first, &step.id);
    return step;
}

// ---- Retransmissions

void txn_resend_after(struct txn_step *step, uint64_t after_us)
{
    deadlines_set(&step->table->resends, step->id.index, step->turn->now_us + after_us);
}

void txn_start_resending(struct txn_step *step)
{
    step->slot->resend_count = 0;
    txn_resend_after(step, TXN_T1_US);
}

uint64_t txn_next_resend_us(struct txn_slot *slot)
{
    uint64_t interval_us = TXN_T1_US;
    if (slot->resend_count < UINT8_MAX) slot->resend_count++;
    for (unsigned i = 0; i < slot->resend_count && interval_us < TXN_T2_US; i++) interval_us *= 2;
    return interval_us < TXN_T2_US ? interval_us : TXN_T2_US;
}

void txn_stop_resending(struct txn_step *step)
{
    deadlines_set(&step->table->resends, step->id.index, DEADLINE_NEVER);
}

// ---- What is due

static uint64_t list_deadline_us(const struct txn_table *table, enum txn_wait wait)
{
    uint32_t first = table->lists[wait].first;
    struct pool_id id;
    return first == no_slot ? DEADLINE_NEVER : slot_at(table, first, &id)->deadline_us;
}

static enum txn_wait earliest_list(const struct txn_table *table, uint64_t *deadline_us)
{
    enum txn_wait earliest = WAIT_NONE;
    *deadline_us = DEADLINE_NEVER;
    for (enum txn_wait wait = WAIT_NONE + 1; wait < WAIT_COUNT; wait++) {
        uint64_t at_us = list_deadline_us(table, wait);
        if (at_us >= *deadline_us) continue;
        *deadline_us = at_us;
        earliest = wait;
    }
    return earliest;
}

uint64_t txn_deadline_us(const struct txn_table *table)
{
    uint64_t deadline_us;
    (void)earliest_list(table, &deadline_us);
    uint64_t resend_us = deadlines_next_us(&table->resends);
    return deadline_us < resend_us ? deadline_us : resend_us;
}

static void wait_is_over(struct txn_step *step)
{
    txn_start_wait(step, WAIT_NONE);
    switch ((enum txn_machine)step->slot->machine) {
    case MACHINE_INVITE_SERVER: txn_invite_server_waited(step); break;
    case MACHINE_OTHER_SERVER: txn_other_server_waited(step); break;
    case MACHINE_INVITE_CLIENT: txn_invite_client_waited(step); break;
    case MACHINE_OTHER_CLIENT: txn_other_client_waited(step); break;
    }
}

static void resend(struct txn_step *step)
{
    txn_send_kept(step);
    switch ((enum txn_machine)step->slot->machine) {
    case MACHINE_INVITE_SERVER: // timer G
    case MACHINE_OTHER_SERVER: txn_resend_after(step, txn_next_resend_us(step->slot)); break;
    case MACHINE_INVITE_CLIENT: txn_invite_client_resent(step); break;
    case MACHINE_OTHER_CLIENT: txn_other_client_resent(step); break;
    }
}

// Does the earliest of what is due; false when nothing is. Of two at the same time a wait goes
// first: once it has ended the transaction, nothing is sent again.
static bool tick_once(struct txn_table *table, struct turn *turn)
{
    uint64_t wait_deadline_us;
    enum txn_wait wait = earliest_list(table, &wait_deadline_us);
    struct txn_step step = {.table = table, .turn = turn};
    uint32_t slot = no_slot;
    if (wait_deadline_us <= turn->now_us &&
        wait_deadline_us <= deadlines_next_us(&table->resends)) {
        step = txn_first_waiting(table, turn, wait);
        wait_is_over(&step);
        return true;
    }
    if (!deadlines_take_due(&table->resends, turn->now_us, &slot)) return false;
    step.slot = slot_at(table, slot, &step.id);
    resend(&step);
    return true;
}

// When many are due at the same time they are nearly always tombstones of one list. Asks for what
// their ends will look at.
static void look_ahead(const struct txn_table *table, const struct turn *turn)
{
    uint64_t deadline_us;
    enum txn_wait wait = earliest_list(table, &deadline_us);
    uint32_t at = wait == WAIT_NONE ? no_slot : table->lists[wait].first;
    for (unsigned i = 0; i < TXN_TICK_MAX && at != no_slot; i++) {
        struct pool_id id;
        const struct txn_slot *slot = slot_at(table, at, &id);
        if (slot->deadline_us > turn->now_us) return;
        index_prefetch(&table->by_key, slot->key.a);
        at = slot->next;
    }
}

void txn_tick(struct txn_table *table, struct turn *turn)
{
    look_ahead(table, turn);
    for (unsigned count = 0; count < TXN_TICK_MAX; count++) {
        // Better a further tick with an empty arena than a message that is not sent.
        const struct arena *arena = turn->arena;
        bool has_room = arena->size - arena->used > TXN_MESSAGE_MAX + 1024;
        if ((count > 0 && !has_room) || !tick_once(table, turn)) return;
    }
}
