// SPDX-License-Identifier: Apache-2.0
// Text that is kept: the last answer of a server transaction (or, before it, the headers that every
// answer will have), and a client's request. A message lies in a chain of blocks, nearly always in
// a single one.
#include "txn/txn_int.h"

#include <string.h>

enum { BLOCK_PREFETCH_BYTES = 768 }; // most answers fit in

static struct txn_block *block_of(const struct txn_table *table, uint32_t number)
{
    struct pool_id id;
    struct txn_block *block = number > 0 ? pool_at(&table->blocks, number - 1, &id) : NULL;
    ASSERT(block || number == 0);
    return block;
}

static void free_chain(struct txn_table *table, uint32_t number)
{
    while (number > 0) {
        struct pool_id id;
        struct txn_block *block = pool_at(&table->blocks, number - 1, &id);
        ASSERT(block);
        number = block->next;
        pool_free(&table->blocks, id);
    }
}

// Makes the chain that begins at `*first` exactly `wanted` (at least one) blocks long; false, and
// nothing has changed, when there are not enough free ones.
static bool resize_chain(struct txn_table *table, uint32_t *first, size_t wanted)
{
    uint32_t *link = first;
    size_t count = 0;
    for (; *link > 0 && count < wanted; count++) link = &block_of(table, *link)->next;
    if (wanted - count > table->blocks.slot_count - table->blocks.used_count) return false;
    free_chain(table, *link);
    *link = 0;
    for (; count < wanted; count++) {
        struct pool_id id;
        struct txn_block *block = pool_take_unset(&table->blocks, &id);
        ASSERT(block);
        pool_prefetch_free(&table->blocks, BLOCK_PREFETCH_BYTES);
        block->next = 0;
        *link = id.index + 1;
        link = &block->next;
    }
    return true;
}

static void copy_in(const struct txn_table *table, uint32_t number, struct span bytes)
{
    while (bytes.len > 0) {
        struct txn_block *block = block_of(table, number);
        struct span part = span_slice(bytes, 0, BLOCK_TEXT_BYTES);
        struct buffer text = buffer_over(block->text, BLOCK_TEXT_BYTES);
        buffer_put(&text, part);
        bytes = span_from(bytes, part.len);
        number = block->next;
    }
}

static void put_part(const struct txn_table *table, uint32_t number, size_t from, size_t len,
                     struct buffer *out)
{
    const struct txn_block *block = block_of(table, number);
    for (; from >= BLOCK_TEXT_BYTES; from -= BLOCK_TEXT_BYTES) block = block_of(table, block->next);
    while (len > 0) {
        struct span part = span_slice((struct span){block->text, BLOCK_TEXT_BYTES}, from,
                                      from + len);
        buffer_put(out, part);
        len -= part.len;
        from = 0;
        if (len > 0) block = block_of(table, block->next);
    }
}

bool txn_keep(struct txn_step *step, const struct txn_kept *kept, struct span bytes,
              size_t spare_len)
{
    size_t wanted = (bytes.len + spare_len + BLOCK_TEXT_BYTES - 1) / BLOCK_TEXT_BYTES;
    if (wanted > BLOCKS_MAX) return false;
    struct txn_kept head = *kept; // may be what is replaced
    ASSERT(head.tail_len <= bytes.len);
    head.len = (uint32_t)bytes.len - head.tail_len;
    if (!resize_chain(step->table, &step->slot->message, wanted)) return false;
    copy_in(step->table, step->slot->message, bytes);
    block_of(step->table, step->slot->message)->kept = head;
    return true;
}

void txn_prefetch_kept(const struct txn_table *table, uint32_t message)
{
    const char *block = table->blocks.slots + table->blocks.slot_size * (message - 1);
    prefetch(block, sizeof(struct txn_kept));
}

const struct txn_kept *txn_kept(const struct txn_step *step)
{
    const struct txn_block *block = block_of(step->table, step->slot->message);
    ASSERT(block);
    return &block->kept;
}

void txn_put_kept_template(const struct txn_step *step, struct buffer *out)
{
    const struct txn_kept *kept = txn_kept(step);
    put_part(step->table, step->slot->message, kept->template_at, kept->template_len, out);
}

// A copy in the turn's arena, empty when that is full: the blocks may belong to another message
// before an effect is carried out.
static struct span copy_part(struct txn_step *step, size_t from, size_t len)
{
    char *bytes = arena_take(step->turn->arena, len);
    if (!bytes) {
        step->turn->effects_lost_count++;
        return SPAN_NONE;
    }
    struct buffer out = buffer_over(bytes, len);
    put_part(step->table, step->slot->message, from, len, &out);
    return buffer_span(&out);
}

struct span txn_copy_kept(struct txn_step *step)
{
    return copy_part(step, 0, txn_kept(step)->len);
}

bool txn_keep_tail(struct txn_step *step, struct span tail)
{
    struct txn_kept head = *txn_kept(step);
    head.tail_len = (uint32_t)tail.len;
    char *bytes = arena_take(step->turn->arena, head.len + tail.len);
    if (!bytes) return false;
    struct buffer out = buffer_over(bytes, head.len + tail.len);
    put_part(step->table, step->slot->message, 0, head.len, &out);
    buffer_put(&out, tail);
    return txn_keep(step, &head, buffer_span(&out), 0);
}

struct span txn_copy_tail(struct txn_step *step)
{
    const struct txn_kept *kept = txn_kept(step);
    return kept->tail_len > 0 ? copy_part(step, kept->len, kept->tail_len) : SPAN_NONE;
}

void txn_drop_kept(struct txn_step *step)
{
    free_chain(step->table, step->slot->message);
    step->slot->message = 0;
}

void txn_send(struct turn *turn, const struct flow *flow, struct span bytes)
{
    struct txn_send *send = turn_emit(turn, TXN_SEND, sizeof *send);
    if (!send) return;
    send->flow = *flow;
    send->bytes = bytes;
}

void txn_send_kept(struct txn_step *step)
{
    struct span bytes = txn_copy_kept(step);
    if (bytes.len > 0) txn_send(step->turn, &txn_kept(step)->flow, bytes);
}
