// SPDX-License-Identifier: Apache-2.0
// SIP transactions (RFC 3261 section 17, RFC 6026): retransmissions, timers, matching; nobody above
// sees a message twice. A table of transactions in bounded memory; timers are deadlines that the
// caller's loop asks for.
#pragma once

#include "sip/sip.h"

// Timer values in microseconds (RFC 3261 table 4).
enum {
    TXN_T1_US = 500 * 1000,
    TXN_T2_US = 4 * 1000 * 1000,
    TXN_T4_US = 5 * 1000 * 1000,
    TXN_TRYING_US = 200 * 1000, // an INVITE gets 100 if nothing else was said by then (17.2.1)
};

// The largest message that is kept: a request of ours, an answer, the headers that answers repeat.
enum { TXN_MESSAGE_MAX = 16000, TXN_TAG_BYTES = 16 };

struct txn_limits {
    // At the same time; including finished ones that still absorb retransmissions, of which the
    // oldest (in timers I and K for more than T1) make room where there is none.
    uint32_t transaction_count;
    // Messages kept for retransmission or as a template for the answer, in blocks of 2 kB with
    // 2,000 bytes of text; a longer message takes up to eight. Not kept: INVITEs once acknowledged
    // or answered with 2xx; an INVITE of ours that was refused keeps its ACK for 32 s.
    uint32_t message_count;
};

struct txn_table;

// Bytes of memory that a table needs.
size_t txn_memory_size(const struct txn_limits *limits);
// Makes a table in `memory` (zeroed, aligned to 16; it must outlive the table). `hash_key` should
// be random.
struct txn_table *txn_init(void *memory, const struct txn_limits *limits,
                           const uint8_t hash_key[16]);

// Whom a transaction belongs to; given back with its events. The layers above choose what it means.
struct txn_owner {
    uint32_t kind;
    struct pool_id id;
};

// ---- Effects

enum {
    TXN_SEND = EFFECT_TXN, // struct txn_send
    TXN_RESPONSE,          // struct txn_event: a response for a request of ours
    TXN_TIMEOUT,           // struct txn_event: none came, or it could not be sent
    TXN_CANCELLED,         // struct txn_event: the INVITE was cancelled; answer it with 487
    TXN_ENDED, // struct txn_event: an INVITE's answer is settled: by ACK, or after 32 s;
               // of an INVITE of ours with a 2xx: no further 2xx will come
};

// Bytes to be sent.
struct txn_send {
    struct effect effect;
    struct flow flow;
    struct span bytes; // in the turn's arena
};

struct txn_event {
    struct effect effect;
    struct pool_id txn;
    struct txn_owner owner;
    const struct sip_message *message; // TXN_RESPONSE, TXN_CANCELLED (the CANCEL); else NULL
    bool is_acknowledged;              // TXN_ENDED: an ACK came
    bool is_connection_lost;           // TXN_TIMEOUT: by txn_connection_lost
};

// ---- Messages from the network

// What a message's transaction is found by; goes with the message.
struct txn_key {
    uint64_t a, b; // the halves of a keyed hash
};
struct txn_identity {
    struct txn_key key;
    uint64_t merge_hash; // of a request that can be a merged one (8.2.2.2)
};
// Works it out, and asks for the memory that txn_prefetch and txn_receive will look at first: good
// for several messages in a row, before the first of them is received.
void txn_identify(const struct txn_table *table, const struct sip_message *message,
                  struct txn_identity *identity);
// Asks for the memory of the transaction, if there is one; then for what belongs to it.
void txn_prefetch(const struct txn_table *table, const struct txn_identity *identity);
void txn_prefetch_parts(const struct txn_table *table, const struct txn_identity *identity);

// The same of an ACK of which only the top Via was read; false where that is not enough to go by,
// as in RFC 2543.
bool txn_identify_ack(const struct txn_table *table, const struct sip_via *via,
                      struct txn_identity *identity);
// Takes such an ACK. False where it does not acknowledge an answer of ours that is not a 2xx: then
// it has to be read whole, and received.
bool txn_receive_ack(struct txn_table *table, struct turn *turn,
                     const struct txn_identity *identity, const struct flow *flow);

struct txn_arrival {
    const struct sip_message *message;
    const struct flow *flow;
    const struct txn_identity *identity; // the message's, by txn_identify
};

enum txn_match {
    TXN_NEW_REQUEST, // nobody knows it: accept it (txn_accept) or answer it without state
    TXN_HANDLED,     // a retransmission, an ACK, a matched CANCEL or response: effects say the rest
    TXN_STRAY,  // an ACK (also of a 2xx), CANCEL (answer 481) or response without a transaction; a
                // 2xx for an INVITE that was disowned
    TXN_MERGED, // the same request came by another path (RFC 3261 section 8.2.2.2): answer 482
};

// Takes a parsed message. A matched CANCEL is answered here with 200 (9.2); TXN_CANCELLED comes
// once, and only while the INVITE has no final answer. Merged requests are told per line, i.e. by
// Request-URI user, too; an INVITE that was refused and acknowledged is over: the same request by
// another path is then a new one (a call that goes in circles), not a merged one.
enum txn_match txn_receive(struct txn_table *table, struct turn *turn,
                           const struct txn_arrival *arrival);

// Makes a server transaction of a new request (INVITE or other; not ACK, not CANCEL), which
// txn_receive called new in this turn. Keeps what the answers need; chooses the To tag, a keyed
// hash of what identifies the request. False when the table is full (or the headers that answers
// repeat exceed TXN_MESSAGE_MAX): answer 503 without state. RFC 3261 section 17.2.
bool txn_accept(struct txn_table *table, struct turn *turn, const struct sip_message *request,
                const struct flow *flow, struct txn_owner owner, struct pool_id *txn);

struct txn_answer {
    unsigned status;
    struct span reason;  // empty: the usual phrase
    struct span headers; // whole header lines with their CRLF, or empty
    struct span body;
    // Of an INVITE outside a dialog, TXN_TAG_BYTES: stands in the To instead of the transaction's
    // own tag, where several dialogs come of it (12.1). Empty: the own one.
    struct span to_tag;
    bool is_insistent; // a 2xx for an INVITE is repeated until txn_confirm, for 32 s (13.3.1.4)
};
// Answers. A provisional answer may follow another; after a final one nothing is sent any more
// (false). False too when the transaction is gone, or no memory is left for the answer or it
// exceeds TXN_MESSAGE_MAX (if it was a final one, 500 is sent instead). A 2xx for an INVITE is sent
// once, unless it is insistent. Requests other than INVITE get
// no provisional answer and no 408 (false, RFC 4320); without an answer they get 100 after 3.5 s by
// themselves, and their transaction ends after 32 s.
bool txn_respond(struct txn_table *table, struct turn *turn, struct pool_id txn,
                 const struct txn_answer *answer);
// The ACK of an insistent 2xx has come, to its dialog: it is repeated no more, and there will be no
// TXN_ENDED.
void txn_confirm(struct txn_table *table, struct turn *turn, struct pool_id txn);

// ---- Requests of ours (not ACK; CANCEL by txn_cancel)

struct txn_request {
    struct flow flow;
    enum sip_method method;
    struct span bytes; // the whole request; its top Via carries `branch`
    struct span branch;
    struct txn_owner owner;
};
// Sends it, again and again over UDP, and waits for its final response (17.1.1, 17.1.2).
// TXN_RESPONSE comes for each provisional and once for the final one, or TXN_TIMEOUT after 32 s.
// For an INVITE, TXN_RESPONSE comes for every 2xx, repeated ones and those of other branches, for
// 32 s, and then TXN_ENDED; each wants an ACK by the caller (13.2.2.4). Other final responses are
// acknowledged here. Once an INVITE rings it does so until it is answered or cancelled. False when
// the table is full, `bytes` exceeds TXN_MESSAGE_MAX, or an INVITE cannot be read; nothing is sent
// then.
bool txn_send_request(struct txn_table *table, struct turn *turn, const struct txn_request *request,
                      struct pool_id *txn);
// Cancels an INVITE of ours; `headers` are whole header lines (Reason, RFC 3326) or empty, left out
// where there is no room to keep them. The CANCEL goes out at once or after the first provisional
// response (9.1). The INVITE's final response still comes, a 487 or, if it was faster, another one;
// or TXN_TIMEOUT. False when there is nothing to cancel any more.
bool txn_cancel(struct txn_table *table, struct turn *turn, struct pool_id txn,
                struct span headers);
// Sends the ACK of a 2xx for an INVITE of ours, and again each time that 2xx is repeated (its To
// tag is `to_tag`), which is then not told any more. Those of other branches still are. RFC 3261
// section 13.2.2.4.
struct txn_ack {
    struct flow flow;
    struct span bytes;
    struct span to_tag;
};
void txn_acknowledge(struct txn_table *table, struct turn *turn, struct pool_id txn,
                     const struct txn_ack *ack);
// A fresh branch ("z9hG4bK..." with 128 random bits) in the turn's arena; empty when that is full.
struct span txn_new_branch(struct turn *turn);
// The worker that made a branch, by the letter behind the cookie; false where it is none of ours.
bool txn_branch_worker(struct span branch, uint8_t *worker);
// Forgets a transaction without a word: its owner is gone. A final answer sent before is still
// retransmitted; a request without one is not answered any more, nor is ours repeated. An INVITE of
// ours is cancelled.
void txn_disown(struct txn_table *table, struct turn *turn, struct pool_id txn);

// A connection has ended: who waits for the answer to a request of ours that went over it is told
// at once (TXN_TIMEOUT) instead of after 32 s (RFC 3261 section 17.1.4). What others asked by it is
// not touched: their answers go over another connection (18.2.2). Only sets deadlines that are due
// now; looks at every transaction.
void txn_connection_lost(struct txn_table *table, struct turn *turn, const struct flow *flow);

// An answer without state, for requests that deserve no transaction: printed into the turn's arena
// and emitted as TXN_SEND. The To tag is derived from the request, so that retransmissions get the
// same one (RFC 3261 section 8.2.7).
void txn_respond_stateless(struct txn_table *table, struct turn *turn,
                           const struct sip_message *request, const struct flow *flow,
                           const struct txn_answer *answer);

// ---- Time

// When txn_tick must be called next, on the monotonic clock; DEADLINE_NEVER when nothing waits.
uint64_t txn_deadline_us(const struct txn_table *table);
// Does what is due at turn->now_us: at most `TXN_TICK_MAX` timers; the deadline stays due if more
// wait.
enum { TXN_TICK_MAX = 64 };
void txn_tick(struct txn_table *table, struct turn *turn);

// Transactions in use, finished ones included.
uint32_t txn_count(const struct txn_table *table);
// See pool_next_idle: of the kept messages.
struct idle_memory txn_next_idle(struct txn_table *table, struct idle_search *search);
// Message blocks in use, see txn_limits.message_count.
uint32_t txn_message_count(const struct txn_table *table);
