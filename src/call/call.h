// SPDX-License-Identifier: Apache-2.0
// Calls on lines, from the INVITE to its settled answer: who calls, what was diverted before, what
// the decision says, and carrying that out by redirect, hold or decline. behaviour.md "Executing a
// forwarding"; RFC 3261, 5806, 7044.
#pragma once

#include "client/client.h"
#include "fwd/fwd.h"
#include "line/line.h"
#include "txn/txn.h"

struct call_limits {
    uint32_t call_count;
    uint32_t memory_count; // executed forwardings remembered at the same time
};

struct call_table;

// Bytes of memory that a table needs.
size_t call_memory_size(const struct call_limits *limits);
// Makes a table in `memory` (zeroed, aligned to 16; it must outlive the table). `hash_key` should
// be random.
struct call_table *call_init(void *memory, const struct call_limits *limits,
                             const uint8_t hash_key[16]);

// ---- Effects

enum {
    CALL_REPLY = EFFECT_CALL, // struct call_reply: to be sent by the call's transaction
    CALL_ENDED,               // struct call_ended: an entry for the journal
};

struct call_reply {
    struct effect effect;
    struct pool_id txn;
    struct txn_answer answer; // in the turn's arena
};

struct call_ended {
    struct effect effect;
    struct model_journal_entry entry; // its texts are in the turn's arena
};

// ---- A call's life

// Reserves a call, so that its transaction can be made to belong to it. False when the table is
// full.
bool call_reserve(struct call_table *table, struct pool_id *call);
// Gives a reserved call back that could not begin.
void call_abandon(struct call_table *table, struct pool_id call);

struct call_offer {
    struct pool_id txn; // the INVITE's server transaction
    const struct sip_message *invite;
    const struct line_group *group;
    const struct snapshot_line *line;
    const struct line_table *lines; // to tell internal callers and targets
};
// The INVITE of a reserved call: decides and answers.
void call_begin(struct call_table *table, struct turn *turn, struct pool_id call,
                const struct call_offer *offer);
// The caller cancelled (`cancel` is the CANCEL request).
void call_cancelled(struct call_table *table, struct turn *turn, struct pool_id call,
                    const struct sip_message *cancel);
// The final answer is settled; the call ends.
void call_settled(struct call_table *table, struct turn *turn, struct pool_id call,
                  bool is_acknowledged);

uint64_t call_deadline_us(const struct call_table *table);
enum { CALL_TICK_MAX = 64 };
// Does what is due, at most CALL_TICK_MAX things; the deadline stays due if more wait.
void call_tick(struct call_table *table, struct turn *turn);

uint32_t call_count(const struct call_table *table);
