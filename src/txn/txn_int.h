// SPDX-License-Identifier: Apache-2.0
// What the files of txn share. A transaction is a slot of 64 bytes without any text: a keyed
// hash to find it by, its state, its owner, its place among the timers. The text that a
// retransmission needs lies in blocks of a second pool and goes back as early as the RFC allows;
// what remains is a small tombstone.
//
//   txn_receive --key--> by_key --> slots --message--> blocks
//                                   |  |
//                                   |  +-- lists: a FIFO for each length of timer
//                                   +----- resends: the doubling timers A, E and G, a heap
#pragma once

#include "txn/txn.h"

enum {
    SLOT_BYTES = 64,
    BLOCK_BYTES = 2048,
    BLOCK_HEAD_BYTES = 48,
    BLOCK_TEXT_BYTES = BLOCK_BYTES - BLOCK_HEAD_BYTES,
    BLOCKS_MAX = TXN_MESSAGE_MAX / BLOCK_TEXT_BYTES,
    // What the shortest final answer has more than its template: status line and Content-Length.
    ANSWER_SPARE_BYTES = 128,
};
_Static_assert(TXN_MESSAGE_MAX == BLOCKS_MAX * BLOCK_TEXT_BYTES, "a message is whole blocks");

enum txn_machine {
    MACHINE_INVITE_SERVER,
    MACHINE_OTHER_SERVER,
    MACHINE_INVITE_CLIENT,
    MACHINE_OTHER_CLIENT,
};

enum txn_state {
    STATE_TRYING, // INVITE client: the RFC calls it Calling
    STATE_PROCEEDING,
    STATE_COMPLETED,
    STATE_CONFIRMED, // INVITE server: acknowledged
    STATE_ACCEPTED,  // INVITE: answered with 2xx (RFC 6026)
};

// Waits of fixed length. Equal lengths share a list, whatever letter the RFC gives them.
enum txn_wait {
    WAIT_NONE,
    WAIT_LOST,   // nothing: the connection is gone
    WAIT_TRYING, // 200 ms: 100 for an INVITE
    WAIT_LATE,   // 3.5 s: 100 for another request, the client's timer E is at T2 (RFC 4320)
    WAIT_REST,   // 28.5 s: from there to the end of the client's timer F
    WAIT_T4,     // timers I and K
    WAIT_64T1,   // timers B, D, F, H, J, L, M
    WAIT_COUNT,
};

static const uint32_t no_slot = UINT32_MAX;

struct txn_slot {
    struct txn_key key;
    uint64_t merge_hash;     // in by_merge if is_mergeable
    uint64_t deadline_us;    // of the list it waits in
    uint32_t next, previous; // in that list, no_slot at its ends
    struct pool_id owner_id;
    uint32_t owner_kind;
    uint32_t message; // its first block + 1; 0: no text is kept
    uint8_t machine;  // enum txn_machine
    uint8_t state;    // enum txn_state
    uint8_t wait;     // enum txn_wait
    uint8_t resend_count;
    bool is_reliable : 1; // the transport: no retransmissions, no waiting for stray copies
    bool is_answered : 1; // `message` is a response, not only the template of one; or the ACK
    bool is_cancelled : 1;
    bool is_mergeable : 1;
    bool is_disowned : 1;
    bool is_lost : 1;   // the connection of a request of ours is gone
    bool is_forked : 1; // an answer had another To tag than the transaction's
};
_Static_assert(sizeof(struct txn_slot) == SLOT_BYTES, "a tombstone is one cache line");

// The head of a kept message.
struct txn_kept {
    struct flow flow; // where it goes
    uint32_t len;
    uint32_t template_at, template_len; // the reply headers (sip_put_reply_headers) in it
    uint32_t tail_len;                  // bytes behind it that are kept, but not sent
};

struct txn_block {
    struct txn_kept kept; // in a message's first block
    uint32_t next;        // the following block + 1; 0: the last
    char text[BLOCK_TEXT_BYTES];
};
_Static_assert(sizeof(struct txn_block) <= BLOCK_BYTES, "a block is half a page");

struct txn_list {
    uint32_t first, last; // slots, the earliest deadline first
};

struct txn_table {
    uint8_t key[16], key_merge[16], key_tag[16];
    struct pool slots, blocks;
    struct index by_key, by_merge;
    struct txn_list lists[WAIT_COUNT];
    struct deadlines resends;
    // The request that txn_receive just called new, so that txn_accept need not hash again.
    const struct sip_message *fresh;
    struct txn_identity fresh_identity;
};

// One transaction while something happens to it.
struct txn_step {
    struct txn_table *table;
    struct turn *turn;
    struct txn_slot *slot; // NULL: there is no such transaction
    struct pool_id id;
};

// ---- table.c: transactions as such

// The transaction of `id`; with a NULL slot when it is gone.
struct txn_step txn_step_of(struct txn_table *table, struct turn *turn, struct pool_id id);
struct txn_step txn_find(struct txn_table *table, struct turn *turn, const struct txn_key *key);
// A new transaction, findable by `key`. False when the table is full, and none of those in it has
// waited for stray copies alone for T1.
bool txn_open(struct txn_step *step, const struct txn_key *key, const struct txn_owner *owner);
// The end: takes back the slot and all that hangs on it.
void txn_close(struct txn_step *step);
void txn_set_mergeable(struct txn_step *step, uint64_t merge_hash);
// From now on a copy on another path is a new request.
void txn_unset_mergeable(struct txn_step *step);
bool txn_has_merge(const struct txn_table *table, uint64_t merge_hash);
// Tells the owner, if there still is one. False when the arena is full and the owner heard nothing:
// then the transaction stays as it is, and the peer's next retransmission tries again.
bool txn_notify(struct txn_step *step, unsigned kind, const struct sip_message *message,
                bool is_acknowledged);

// ---- match.c: keys (17.1.3, 17.2.3)

// The key of a server transaction as if the request had the method `method` and the To tag
// `to_tag`.
struct txn_key txn_server_key(const struct txn_table *table, const struct sip_message *request,
                              struct span method, struct span to_tag);
struct txn_key txn_client_key(const struct txn_table *table, struct span branch,
                              struct span method);
// The To tag that answers of this server transaction carry, printed into `text`.
struct span txn_to_tag(const struct txn_table *table, const struct txn_key *key,
                       char text[TXN_TAG_BYTES]);
// The INVITE that a CANCEL or an ACK with the key `key` (txn_identify) means.
struct txn_step txn_find_invite(struct txn_table *table, struct turn *turn,
                                const struct txn_key *key);
// The same of an ACK that may have no branch to go by.
struct txn_step txn_find_acknowledged(struct txn_table *table, struct turn *turn,
                                      const struct sip_message *ack, const struct txn_key *key);

// ---- messages.c: kept text

// Keeps `bytes`, the last kept->tail_len of them as the tail, in place of what the transaction kept
// before, with `spare_len` bytes of room for a longer one. Changes nothing and returns false when
// there are not enough blocks or it is longer than TXN_MESSAGE_MAX.
bool txn_keep(struct txn_step *step, const struct txn_kept *kept, struct span bytes,
              size_t spare_len);
// Asks for the head of the message that begins in that block (txn_slot.message).
void txn_prefetch_kept(const struct txn_table *table, uint32_t message);
// What the transaction keeps; only to be called when it keeps something.
const struct txn_kept *txn_kept(const struct txn_step *step);
void txn_put_kept_template(const struct txn_step *step, struct buffer *out);
// Copies of the kept message and of its tail in the turn's arena; empty when that is full.
struct span txn_copy_kept(struct txn_step *step);
struct span txn_copy_tail(struct txn_step *step);
// Gives what is kept another tail; false, and nothing has changed, when there is no room.
bool txn_keep_tail(struct txn_step *step, struct span tail);
void txn_drop_kept(struct txn_step *step);
// Sends what is kept.
void txn_send_kept(struct txn_step *step);
// Asks for `bytes`, which are in the turn's arena, to be sent.
void txn_send(struct turn *turn, const struct flow *flow, struct span bytes);

// ---- timers.c

// Starts `wait` in place of the one that runs.
void txn_start_wait(struct txn_step *step, enum txn_wait wait);
// The one that is the first to be done with `wait`; with a NULL slot when there is none.
struct txn_step txn_first_waiting(struct txn_table *table, struct turn *turn, enum txn_wait wait);
// Sends what is kept again after T1, then after twice that and so on up to T2, then every T2.
void txn_start_resending(struct txn_step *step);
void txn_resend_after(struct txn_step *step, uint64_t after_us);
// The next interval of that series.
uint64_t txn_next_resend_us(struct txn_slot *slot);
void txn_stop_resending(struct txn_step *step);

// ---- server.c: what both server machines share

bool txn_answer(struct txn_step *step, const struct txn_answer *answer);
// An answer that needs no transaction, with the To tag of `key`.
void txn_answer_stateless(struct txn_table *table, struct turn *turn,
                          const struct sip_message *request, const struct flow *flow,
                          const struct txn_key *key, const struct txn_answer *answer);

// ---- client.c: what both client machines share

// Prints the ACK (with the To of the response) or the CANCEL (`to` empty: the INVITE's) for the
// INVITE that is kept, with further header lines. Empty when the arena is full.
struct span txn_print_follow_up(struct txn_step *step, enum sip_method method, struct span to,
                                struct span headers);
// Sends the CANCEL for the INVITE that is kept, with the header lines of its tail.
void txn_send_cancel(struct txn_step *step);

// ---- The machines: `started`, `repeated` (the request came again), `may_answer`, `answered`,
// `waited` (its wait is over), `resent` (what is kept was sent again; the next time is to be set).

void txn_invite_server_started(struct txn_step *step);
void txn_invite_server_repeated(struct txn_step *step);
bool txn_invite_server_may_answer(const struct txn_step *step, unsigned status);
void txn_invite_server_answered(struct txn_step *step, unsigned status);
void txn_invite_server_insist(struct txn_step *step);
void txn_invite_server_confirmed(struct txn_step *step);
void txn_invite_server_acknowledged(struct txn_step *step);
void txn_invite_server_cancelled(struct txn_step *step, const struct sip_message *cancel,
                                 const struct flow *flow);
void txn_invite_server_waited(struct txn_step *step);

void txn_other_server_started(struct txn_step *step);
void txn_other_server_repeated(struct txn_step *step);
bool txn_other_server_may_answer(const struct txn_step *step, unsigned status);
void txn_other_server_answered(struct txn_step *step, unsigned status);
void txn_other_server_waited(struct txn_step *step);

void txn_invite_client_started(struct txn_step *step);
// False: a 2xx that has no owner any more.
bool txn_invite_client_responded(struct txn_step *step, const struct sip_message *response);
// False: it is answered, or cancelled already.
bool txn_invite_client_cancel(struct txn_step *step, struct span headers);
void txn_invite_client_acknowledge(struct txn_step *step, const struct txn_ack *ack);
void txn_invite_client_waited(struct txn_step *step);
void txn_invite_client_resent(struct txn_step *step);

void txn_other_client_started(struct txn_step *step);
void txn_other_client_responded(struct txn_step *step, const struct sip_message *response);
void txn_other_client_waited(struct txn_step *step);
void txn_other_client_resent(struct txn_step *step);
