// SPDX-License-Identifier: Apache-2.0
// What devices watch: the calls of lines (their lamps), whether people are there, whether messages
// wait. Each subscription is a dialog in which the device is told the state, at once and whenever
// it changes. One table per worker. RFC 6665; RFC 4235 (dialog), RFC 3856 and 3863 (presence), RFC
// 3842 (message-summary). docs/subscriptions.md.
#pragma once

#include "call/call.h"

struct watch_limits {
    uint32_t subscription_count;
    uint32_t call_count, line_count;
};

enum {
    WATCH_PER_DEVICE_MAX = 128,
    WATCH_EXPIRES_MIN_S = 60,
    WATCH_EXPIRES_MAX_S = 3600,
    WATCH_PACE_US = 1000 * 1000, // between two notices of one subscription, at least
};

// What is looked at; must outlive the table.
struct watch_neighbours {
    const struct line_table *lines;
    const struct client_table *clients;
    bool (*own_towards)(void *context, const struct flow *flow, struct address *own);
    void *context;
};

struct watch_table;

// How many bytes a table with these limits needs.
size_t watch_memory_size(const struct watch_limits *limits);
// Makes a table in `memory` (zeroed, aligned to 16; it must outlive the table). `hash_key` should
// be random.
struct watch_table *watch_init(void *memory, const struct watch_limits *limits,
                               const uint8_t hash_key[16], struct watch_neighbours neighbours);
// How many subscriptions there are.
uint32_t watch_count(const struct watch_table *table);

// ---- Effects

enum {
    WATCH_NOTIFY = EFFECT_WATCH, // struct watch_notify: to be sent by a client transaction
};

struct watch_notify {
    struct effect effect;
    struct pool_id subscription; // watch_responded is to be told the answer
    struct flow flow;
    struct span bytes, branch; // in the turn's arena
};

// ---- Requests. First the answer is to be given, then watch_tell is to be called with
// the outcome's `id`.

// A SUBSCRIBE outside a dialog, of a device that has proved who it is: here, or at another worker,
// which names the group where a line is watched then.
struct watch_request {
    const struct sip_message *message;
    const struct flow *flow;
    uint32_t device_id;
    uint32_t group_id; // 0: the device's own is meant, and known here
};
// False: the line is one of `elsewhere->worker`, who has to serve the request; there is no answer.
struct watch_elsewhere {
    uint8_t worker;
    uint32_t group_id;
};
struct watch_outcome {
    struct txn_answer answer;
    struct pool_id id;
    struct watch_elsewhere elsewhere;
};
bool watch_subscribe(struct watch_table *table, struct turn *turn,
                     const struct watch_request *request, struct watch_outcome *outcome);
// A request within the dialog of a subscription; false: it is of none.
bool watch_takes(struct watch_table *table, struct turn *turn, const struct watch_request *request,
                 struct watch_outcome *outcome);
// There was no room for the answer: so there is no subscription either.
void watch_forget(struct watch_table *table, struct pool_id id);
// Tells the state that was asked for, if there is such a subscription.
void watch_tell(struct watch_table *table, struct turn *turn, struct pool_id id);
// The final answer to a notice; NULL: there is none, or it could not be sent.
void watch_responded(struct watch_table *table, struct turn *turn, struct pool_id id,
                     const struct sip_message *response);

// ---- What happens

enum watch_state { WATCH_TRYING, WATCH_EARLY, WATCH_CONFIRMED, WATCH_OVER };

// A call of a line has begun, changed, or is over (then `call` and `state` are enough).
struct watch_call {
    struct pool_id call;
    enum watch_state state;
    uint32_t line_id;
    bool is_outgoing;
    struct span remote, remote_display; // whom the line talks to
};
// A call of a line is there, has changed, or (WATCH_OVER) is gone: who watches the line is told.
void watch_call_shown(struct watch_table *table, struct turn *turn, const struct watch_call *call);
// Settings of a line or of its user have changed, or the line is no more.
void watch_line_changed(struct watch_table *table, struct turn *turn, uint32_t line_id);
// Clients of a user have come or gone.
void watch_user_changed(struct watch_table *table, struct turn *turn, uint32_t user_id);
// The device is no more, or another one: its subscriptions end, told why ("rejected",
// "deactivated": it may subscribe again).
void watch_end_device(struct watch_table *table, struct turn *turn, uint32_t device_id,
                      const char *reason);
// The line has moved to another worker: who watches it subscribes there.
void watch_end_line(struct watch_table *table, struct turn *turn, uint32_t line_id);
// A connection has ended: subscriptions that were told by it are over.
void watch_lost_flow(struct watch_table *table, const struct flow *flow);
// The PBX says for a line whether messages wait: the body of its NOTIFY (RFC 3842 section 5). False
// when it cannot be read.
bool watch_note_summary(struct watch_table *table, struct turn *turn, uint32_t line_id,
                        struct span body);

// When watch_tick must be called next, on the monotonic clock; DEADLINE_NEVER when nothing waits.
uint64_t watch_deadline_us(const struct watch_table *table);
enum { WATCH_TICK_MAX = 16 };
// Does what is due, at most WATCH_TICK_MAX things; the deadline stays due if more wait.
void watch_tick(struct watch_table *table, struct turn *turn);
