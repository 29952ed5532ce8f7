// SPDX-License-Identifier: Apache-2.0
// Whether a line's other telephones at the PBX - desk phones - have calls: each line subscribes to
// the dialog event of its own extension, where the PBX offers that, and counts what it is told but
// its own calls. One table per worker. RFC 6665; RFC 4235. docs/desk-phones.md.
#pragma once

#include "call/call.h"
#include "desk/document.h"

struct desk_limits {
    uint32_t line_count, group_count;
};

// What is looked at; must outlive the table.
struct desk_neighbours {
    const struct line_table *lines;
};

struct desk_table;

size_t desk_memory_size(const struct desk_limits *limits);
// Makes a table in `memory` (zeroed, aligned to 16; it must outlive the table). `hash_key` should
// be random.
struct desk_table *desk_init(void *memory, const struct desk_limits *limits,
                             const uint8_t hash_key[16], struct desk_neighbours neighbours);
// How many lines are watched at the moment.
uint32_t desk_count(const struct desk_table *table);

// ---- Effects

enum {
    DESK_REQUEST = EFFECT_DESK, // struct desk_request: to be sent by a client transaction
    DESK_TOLD,                  // struct desk_told: calls to be counted, and shown to people
};

struct desk_request {
    struct effect effect;
    struct pool_id desk; // desk_sent is to be told the transaction, desk_responded the answer
    struct flow flow;
    struct span bytes, branch; // in the turn's arena
    struct pool_id superseded; // the one before: to be disowned
};

struct desk_told {
    struct effect effect;
    struct model_desk_phone shown; // its call_count is to be filled in by call_count_desk
    struct call_desk calls;
    bool is_gone; // nobody asks for that line any more
};

// ---- Lines and groups

// A line's settings, its group's or its registration may have changed, or it is no more: begins to
// ask, or ends it.
void desk_line_changed(struct desk_table *table, struct turn *turn, uint32_t line_id);
// The same of all lines of a group, a few at a time.
void desk_group_changed(struct desk_table *table, uint32_t group_id);
// The line is another worker's now: ends without a word.
void desk_forget_line(struct desk_table *table, struct turn *turn, uint32_t line_id);
// A call to the line was answered here, or sent on by a 302: what the PBX tells of it from now on
// is no call of a desk phone.
void desk_note_taken(struct desk_table *table, uint32_t line_id, struct span call_id);

// ---- Messages

void desk_sent(struct desk_table *table, struct pool_id desk, struct pool_id txn);
// The answer to a SUBSCRIBE that went out as `txn` (POOL_ID_NONE: it could not); NULL: none.
struct desk_response {
    struct pool_id desk, txn;
    const struct sip_message *message;
};
void desk_responded(struct desk_table *table, struct turn *turn,
                    const struct desk_response *response);
// A NOTIFY within a dialog: the status that answers it; 0: it is of none of these dialogs. From
// elsewhere than the PBX it is 481, as if there were no such dialog.
unsigned desk_notified(struct desk_table *table, struct turn *turn,
                       const struct sip_message *notify, const struct address *source);

uint64_t desk_deadline_us(const struct desk_table *table);
enum { DESK_TICK_MAX = 16 };
// Does what is due, at most DESK_TICK_MAX things; the deadline stays due if more wait.
void desk_tick(struct desk_table *table, struct turn *turn);
