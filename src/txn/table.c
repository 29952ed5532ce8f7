// SPDX-License-Identifier: Apache-2.0
// The table of transactions: its memory, and the life of a transaction whatever its machine.
#include "txn/txn_int.h"

#include <string.h>

// ---- Memory

static size_t round_up(size_t size)
{
    return (size + 15) / 16 * 16;
}

size_t txn_memory_size(const struct txn_limits *limits)
{
    uint32_t count = limits->transaction_count;
    return round_up(sizeof(struct txn_table)) + pool_memory_size(sizeof(struct txn_slot), count) +
           pool_memory_size(sizeof(struct txn_block), limits->message_count) +
           2 * index_memory_size(count) + deadlines_memory_size(count);
}

// A key of its own for each use.
static void derive_key(uint8_t out[16], const uint8_t key[16], char use)
{
    for (size_t half = 0; half < 2; half++) {
        char label[2] = {use, (char)half};
        uint64_t hash = hash_keyed(key, (struct span){label, sizeof label});
        memcpy(out + half * sizeof hash, &hash, sizeof hash);
    }
}

struct txn_table *txn_init(void *memory, const struct txn_limits *limits,
                           const uint8_t hash_key[16])
{
    struct txn_table *table = memory;
    uint32_t count = limits->transaction_count;
    char *next = (char *)memory + round_up(sizeof *table);
    *table = (struct txn_table){.fresh = NULL};
    derive_key(table->key, hash_key, 'a');
    derive_key(table->key_merge, hash_key, 'm');
    derive_key(table->key_tag, hash_key, 't');
    next = pool_init(&table->slots, next, sizeof(struct txn_slot), count);
    next = pool_init(&table->blocks, next, sizeof(struct txn_block), limits->message_count);
    next = index_init(&table->by_key, next, count);
    next = index_init(&table->by_merge, next, count);
    next = deadlines_init(&table->resends, next, count);
    for (int i = 0; i < WAIT_COUNT; i++) table->lists[i] = (struct txn_list){no_slot, no_slot};
    ASSERT(next == (char *)memory + txn_memory_size(limits));
    return table;
}

uint32_t txn_count(const struct txn_table *table)
{
    return table->slots.used_count;
}

struct idle_memory txn_next_idle(struct txn_table *table, struct idle_search *search)
{
    return pool_next_idle(&table->blocks, &search->place, search->least);
}

uint32_t txn_message_count(const struct txn_table *table)
{
    return table->blocks.used_count;
}

// ---- The life of a transaction

struct txn_step txn_step_of(struct txn_table *table, struct turn *turn, struct pool_id id)
{
    return (struct txn_step){table, turn, pool_find(&table->slots, id), id};
}

struct txn_step txn_find(struct txn_table *table, struct turn *turn, const struct txn_key *key)
{
    struct index_search search = INDEX_SEARCH(key->a);
    for (;;) {
        struct pool_id id = index_next(&table->by_key, &search);
        struct txn_step step = txn_step_of(table, turn, id);
        if (!step.slot || step.slot->key.b == key->b) return step;
    }
}

// A transaction in timer I or K has nothing left to do but to be silent about stray copies, and few
// are more than a round trip late. So where there is no room, the one that has waited longest gives
// its place to who comes, after T1.
static void make_room(const struct txn_step *step)
{
    struct txn_step oldest = txn_first_waiting(step->table, step->turn, WAIT_T4);
    bool is_full = step->table->slots.used_count == step->table->slots.slot_count;
    if (!is_full || !oldest.slot) return;
    uint64_t free_from_us = oldest.slot->deadline_us - TXN_T4_US + TXN_T1_US;
    if (step->turn->now_us >= free_from_us) txn_close(&oldest);
}

bool txn_open(struct txn_step *step, const struct txn_key *key, const struct txn_owner *owner)
{
    make_room(step);
    step->slot = pool_take(&step->table->slots, &step->id);
    if (!step->slot) return false;
    pool_prefetch_free(&step->table->slots, sizeof(struct txn_slot));
    *step->slot = (struct txn_slot){
        .key = *key,
        .next = no_slot,
        .previous = no_slot,
        .owner_kind = owner->kind,
        .owner_id = owner->id,
    };
    ASSERT(index_add(&step->table->by_key, key->a, step->id));
    return true;
}

void txn_close(struct txn_step *step)
{
    struct txn_table *table = step->table;
    txn_start_wait(step, WAIT_NONE);
    txn_stop_resending(step);
    txn_drop_kept(step);
    txn_unset_mergeable(step);
    index_remove(&table->by_key, step->slot->key.a, step->id);
    pool_free(&table->slots, step->id);
    step->slot = NULL;
}

void txn_set_mergeable(struct txn_step *step, uint64_t merge_hash)
{
    step->slot->is_mergeable = true;
    step->slot->merge_hash = merge_hash;
    ASSERT(index_add(&step->table->by_merge, merge_hash, step->id));
}

void txn_unset_mergeable(struct txn_step *step)
{
    if (!step->slot->is_mergeable) return;
    step->slot->is_mergeable = false;
    index_remove(&step->table->by_merge, step->slot->merge_hash, step->id);
}

bool txn_has_merge(const struct txn_table *table, uint64_t merge_hash)
{
    struct index_search search = INDEX_SEARCH(merge_hash);
    return index_next(&table->by_merge, &search).generation != 0;
}

bool txn_notify(struct txn_step *step, unsigned kind, const struct sip_message *message,
                bool is_acknowledged)
{
    const struct txn_slot *slot = step->slot;
    if (slot->is_disowned) return true;
    struct txn_event *event = turn_emit(step->turn, kind, sizeof *event);
    if (!event) return false;
    event->txn = step->id;
    event->owner = (struct txn_owner){slot->owner_kind, slot->owner_id};
    event->message = message;
    event->is_acknowledged = is_acknowledged;
    event->is_connection_lost = slot->is_lost;
    return true;
}

// A server transaction without a final answer and a client's without a final response are of no use
// to anyone but their owner; all others still absorb retransmissions. An INVITE of ours may be
// ringing somewhere, so it is cancelled, and goes on until that is settled.
void txn_disown(struct txn_table *table, struct turn *turn, struct pool_id txn)
{
    struct txn_step step = txn_step_of(table, turn, txn);
    if (!step.slot) return;
    if (step.slot->machine == MACHINE_INVITE_CLIENT) {
        (void)txn_invite_client_cancel(&step, SPAN_NONE);
        step.slot->is_disowned = true;
    } else if (step.slot->state == STATE_TRYING || step.slot->state == STATE_PROCEEDING) {
        txn_close(&step);
    } else {
        step.slot->is_disowned = true;
    }
}
