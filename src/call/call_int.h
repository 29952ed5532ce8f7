// SPDX-License-Identifier: Apache-2.0
// The inside of the calls.
#pragma once

#include "call/call.h"

// ---- identity.c: who calls

struct call_caller {
    struct span number;  // stored form, or the user part as it is; empty when unknown
    struct span display; // name without quotes
    bool is_anonymous;   // withheld: for filters, display and journal
    bool is_internal;    // by the trusted identity, also of an anonymous one
};

// Reads the caller out of an INVITE; texts are in the turn's arena or the message.
struct call_caller call_read_caller(const struct call_offer *offer, struct turn *turn);
// A number as a message presents it, in stored form; what is no number stays as it is (unescaped).
struct span call_read_number(const struct line_group *group, const struct sip_address *address,
                             struct turn *turn);
// Prints whom the PBX dials for a forwarding's stored target, in stored form: of a sip: address the
// user part, read as dialled.
void call_put_dialled(struct buffer *out, const struct line_group *group, struct span target);
// Whether a stored number is one of the site: in its ranges, or a line.
bool call_is_internal(const struct call_offer *offer, struct span stored);

// ---- diversion.c: what happened to the call before, and what we add

struct call_history {
    struct span visited[FWD_VISITED_MAX]; // who forwarded it, stored form, the latest first
    size_t visited_count;
    uint32_t diversion_count;
};

// Reads Diversion (RFC 5806) and History-Info (RFC 7044).
void call_read_history(const struct call_offer *offer, struct turn *turn,
                       struct call_history *history);
// Whether a diverter is in the history already.
bool call_has_visited(const struct call_history *history, struct span stored);

// Adds a diverter, unless it is there already or there is no room.
void call_add_visited(struct call_history *history, struct span stored);

// A forwarding that a 302 tells.
struct call_forwarding {
    const struct call_offer *offer;
    const struct fwd_verdict *verdict;
    uint32_t count_before; // how often the call was diverted before, by all that we know
};
// Prints the Diversion headers: ours on top, the received ones below.
void call_put_diversion(struct buffer *out, const struct call_forwarding *forwarding);
// Prints the number that diverts: the extension towards internal targets, else the public number.
void call_put_diverting_number(struct buffer *out, const struct call_forwarding *forwarding);
// Prints one received value on one line, whatever way it was folded.
void call_put_unfolded(struct buffer *out, struct span value);

// ---- history_info.c

// Reads the entries; adds their numbers to `history` and returns how many diversions they tell.
uint32_t call_read_history_info(const struct call_offer *offer, struct turn *turn,
                                struct call_history *history);

enum { CALL_MARK_SIZE = 128 };
// Prints the History-Info headers: the received entries, this line's, the target's. `mark` becomes
// the index of this line's entry, which the Contact's mp parameter names (RFC 7044 section 10.4).
void call_put_history_info(struct buffer *out, const struct call_forwarding *forwarding,
                           struct turn *turn, char mark[CALL_MARK_SIZE]);

// ---- memory.c: forwardings executed in the last seconds

struct call_memory;

size_t call_memory_table_size(uint32_t count);
struct call_memory *call_memory_init(void *memory, uint32_t count, const uint8_t hash_key[16]);

// What identifies a forwarded call when it comes back to us on another line.
struct call_trail {
    uint32_t group_id;
    struct span target; // extension of the line it goes to
    struct span caller;
    struct span diverter; // of an anonymous caller: who forwarded last; empty: not told
};
// Remembers that a call was sent on; `history` is its history including this forwarding.
void call_remember(struct call_memory *memory, const struct turn *turn,
                   const struct call_trail *trail, const struct call_history *history);
// Adds to `history` what is remembered of the call, once: the first that fits inherits. An
// anonymous caller's call is looked for by the diverter if there is one, else by the caller.
void call_inherit(struct call_memory *memory, struct turn *turn, const struct call_trail *trail,
                  struct call_history *history);
