// SPDX-License-Identifier: Apache-2.0
// Calls on lines, from the INVITE to its settled answer: who calls, what was diverted before, what
// the decision says, and carrying that out by redirect, hold or decline. docs/calls.md; RFC 3261,
// 5806, 7044.
#pragma once

#include "call/dialog.h"

#include "client/client.h"
#include "code/code.h"
#include "fwd/fwd.h"
#include "line/line.h"
#include "txn/txn.h"

struct call_limits {
    uint32_t call_count;
    uint32_t memory_count; // executed forwardings remembered at the same time
    uint32_t line_count;
};

// What calls look at beside themselves; must outlive the table.
struct call_neighbours {
    const struct line_table *lines;
    const struct client_table *clients;
    // Our address, as who is reached by `flow` is to reach us. False: unknown.
    bool (*own_towards)(void *context, const struct flow *flow, struct address *own);
    // Where media come from that are sent to who is reached by `flow`. False: from nowhere. NULL:
    // there never are any.
    bool (*media_towards)(void *context, const struct flow *flow, struct address *own);
    // The class of a stored number at a site (country.h), for a target that is not known before the
    // call: a client's 302. NULL: none is known.
    enum model_number_class (*classify)(void *context, const struct phone_numbering *numbering,
                                        struct span stored);
    void *context;
};

// How long a forwarded call counts as forwarded at the moment (group setting max_forwarded_calls).
enum { CALL_FORWARDED_S = 30 };

struct call_table;

// Bytes of memory that a table needs.
size_t call_memory_size(const struct call_limits *limits);
// Makes a table in `memory` (zeroed, aligned to 16; it must outlive the table). `hash_key` should
// be random.
struct call_table *call_init(void *memory, const struct call_limits *limits,
                             const uint8_t hash_key[16], struct call_neighbours neighbours);

// ---- Effects

enum {
    CALL_REPLY = EFFECT_CALL, // struct call_reply: to be sent by the call's transaction
    CALL_ENDED,               // struct call_ended: an entry for the journal
    CALL_SHOWN,               // struct call_shown: a call is there, has changed, or is gone
    CALL_RULE_USED,           // struct call_rule_used: an exception was carried out
    CALL_SENT_ON,             // struct call_sent_on: tell the worker of the line that it goes to
    CALL_REQUEST,             // struct call_request: to be sent by a client transaction
    CALL_CANCEL,              // struct call_cancel: an INVITE of ours is to be cancelled
    CALL_ACK,                 // struct call_ack: the ACK of a 2xx is to be sent
    CALL_CONFIRM,             // struct call_confirm: the ACK of our 2xx has come
    CALL_DISOWN,              // struct call_confirm: nobody waits for that transaction any more
    CALL_TEST_TOLD,           // struct call_test_told: what became of a test call
    CALL_CODE_DIALLED,        // struct call_code_dialled: the settings are to obey
    CALL_MEDIA,               // struct call_media: a packet is to be sent
    CALL_TAKEN,               // struct call_taken: a call to a line was answered here
    CALL_ALARM,               // struct call_alarm: what an administrator has to know
};

// By a device, or by the target of a forwarding that we carry out ourselves.
struct call_taken {
    struct effect effect;
    uint32_t line_id;
    struct span call_id; // in the turn's arena
};

// Told for each call that it is about, however many there are.
struct call_alarm {
    struct effect effect;
    enum model_alarm_kind kind;
    uint32_t line_id;             // of a limit; else 0
    struct span group, extension; // the line whose forwarding it is; in the turn's arena, or its
                                  // blocks
    struct span target;           // of a redirect, the extension
};
// Forgets what was forwarded for a line, so that its limits hold from now on.
void call_lift_limits(struct call_table *table, uint32_t line_id);

struct call_reply {
    struct effect effect;
    struct pool_id txn;
    struct txn_answer answer; // in the turn's arena
};

// Whom a client transaction belongs to.
enum call_owner { CALL_OWNS_LEG, CALL_OWNS_RELAY, CALL_OWNS_NOTHING, CALL_OWNS_TEST };

struct call_request {
    struct effect effect;
    enum call_owner owner;
    struct pool_id id; // of the owner
    struct flow flow;
    enum sip_method method;
    struct span bytes, branch; // in the turn's arena
};

struct call_cancel {
    struct effect effect;
    struct pool_id txn;
    struct span headers;
};

struct call_ack {
    struct effect effect;
    struct pool_id txn;
    struct txn_ack ack;
};

struct call_confirm {
    struct effect effect;
    struct pool_id txn;
};

struct call_ended {
    struct effect effect;
    struct model_journal_entry entry; // its texts are in the turn's arena
};

// A call that is there: it waits, or is answered. A call that is settled at once is never told.
// Texts are in the turn's arena.
struct call_shown {
    struct effect effect;
    struct pool_id call;
    bool is_gone; // it is over, or its refusal is on the way; only `call` is set
    bool is_new;  // else it was told before
    enum model_call_state state;
    bool is_outgoing; // a device of the line calls
    bool has_alerted; // of an outgoing one: the other side rings, or has rung
    bool is_internal; // whom the line talks to
    uint32_t line_id;
    uint32_t user_id;   // the line's owner when the call began; 0: nobody
    uint32_t device_id; // that answered or called; 0: none so far
    struct span group, extension, caller, caller_display, dialled, call_id;
    struct span device;   // its name
    uint64_t started_us;  // wall clock, like all here
    uint64_t answered_us; // 0: it waits
    uint64_t since_us;    // of the state
    uint64_t until_us;    // of a call that waits: when something happens by itself; else 0
    struct span target;   // where it is forwarded to then; empty: nowhere
};

// One of the `calls` that an exception has left is used. It counts as used here until
// call_rule_counted says that the store has counted it.
struct call_rule_used {
    struct effect effect;
    uint32_t rule_id;
    struct span group, extension; // the line's; borrowed from its blocks
};
// The block that has just been put for the rule's line counts `count` more uses.
void call_rule_counted(struct call_table *table, uint32_t rule_id, uint32_t count);

// ---- Test calls, for the check of a line group: nobody is behind them

enum call_test_news {
    CALL_TEST_PLACED,     // the call that was ordered; `call` is POOL_ID_NONE where there is none
    CALL_TEST_RESPONDED,  // its caller got `status`; 0: no answer
    CALL_TEST_ARRIVED,    // it came to a line of ours as `call`
    CALL_TEST_TAKEN_BACK, // the PBX cancelled it, or hung up
    CALL_TEST_GONE,       // it is over
};

struct call_test_told {
    struct effect effect;
    enum call_test_news news;
    struct pool_id check, call; // whose it is
    struct pool_id of;          // that arrived: the call of ours that it is
    unsigned status;
    struct span server;                    // what the PBX calls itself
    struct span extension;                 // where it arrived
    bool is_direct;                        // past the PBX's routing, by a Contact of ours
    struct span diverted_by, diverted_why; // of the topmost Diversion; stored form
    struct span history;                   // who diverted last, by History-Info
};

struct call_test_order {
    struct pool_id check; // given back with what is told
    uint32_t line_id;
    struct span dialled; // extension
};
void call_test_place(struct call_table *table, struct turn *turn,
                     const struct call_test_order *order);
// Whether an INVITE for a line is a test call; `*of` becomes the call of ours that it is.
struct call_offer;
bool call_test_find(const struct call_table *table, struct turn *turn,
                    const struct call_offer *offer, struct pool_id *of);
// Whether it is an INVITE of a test call that is over: it was still on its way to us.
bool call_test_is_late(const struct call_table *table, const struct turn *turn,
                       const struct sip_message *invite);
// Reserves it, so that its transaction can be made to belong to it; then takes its INVITE.
bool call_test_reserve(struct call_table *table, struct pool_id *id);
void call_test_abandon(struct call_table *table, struct pool_id id);
struct call_test_offer {
    struct pool_id of;
    const struct call_offer *offer;
};
void call_test_begin(struct call_table *table, struct turn *turn, struct pool_id id,
                     const struct call_test_offer *arrival);
struct call_test_answer {
    struct pool_id call;
    unsigned status;
    struct span target; // of a 302, stored form
    bool is_foreign;    // its Contact names us and not the PBX's domain
};
void call_test_answer(struct call_table *table, struct turn *turn,
                      const struct call_test_answer *wanted);
void call_test_hang_up(struct call_table *table, struct turn *turn, struct pool_id id);
// What happens to the INVITE of one that arrived.
void call_test_cancelled(struct call_table *table, struct turn *turn, struct pool_id id);
void call_test_settled(struct call_table *table, struct turn *turn, struct pool_id id);
// A request within a test call: the status that answers it; 0: it is of none.
unsigned call_test_request(struct call_table *table, struct turn *turn,
                           const struct sip_message *request);
// How many there are, those that are ending included.
uint32_t call_test_count(const struct call_table *table);
// Calls of a line's other telephones, as the PBX tells of them: those that it tells by name and
// that are ours; and all others, of which some may be ours, too, where the PBX gives them other
// names.
struct call_desk {
    uint32_t ours, others;
};
// Takes them into account from now on; returns how many are taken for a desk phone's.
uint32_t call_count_desk(struct call_table *table, const struct turn *turn, uint32_t line_id,
                         const struct call_desk *counts);
// Whether a Call-ID is of our making: of a call that we have placed.
bool call_is_own_id(struct span call_id);
// Whether a line has a call, of whatever kind.
bool call_has_line(const struct call_table *table, uint32_t line_id);

// ---- Lines and calls of other workers

// The worker that has the dialog of a tag of ours, by the tag's first character; false where it is
// not one of a dialog.
enum { CALL_TAG_FIRST = 'g' };
bool call_tag_worker(struct span tag, uint8_t *worker);

// A call was forwarded to a line of another worker, which has to recognise it there: what
// identifies it, and its history. Texts are borrowed for the turn.
struct call_sent_on {
    struct effect effect;
    uint8_t worker;
    uint32_t group_id;
    struct span target;   // extension of the line that it goes to
    struct span caller;   // stored form
    struct span diverter; // of an anonymous caller: who forwarded last; empty: not told
    bool is_redirect;     // it is waited for (awaited.c)
    uint32_t diversion_count;
    size_t visited_count;
    struct span visited[FWD_VISITED_MAX]; // who forwarded it, stored form, the latest first
};
// Remembers what another worker has sent on; docs/decision.md "Steps", 2.
void call_note_sent_on(struct call_table *table, struct turn *turn,
                       const struct call_sent_on *sent);

// ---- Session timers (RFC 4028)

enum { CALL_SESSION_MIN_S = 90 };
#define CALL_MIN_SE_LINE "Min-SE: 90\r\n"
// Whether who sends that INVITE or UPDATE knows session timers, and wants a shorter one: to be
// refused with 422 and CALL_MIN_SE_LINE (section 9).
bool call_has_short_session(const struct sip_message *request);

// ---- A call's life

// For several calls in a row, before the first of them begins: asks for the memory in which what
// goes on on the line is counted, in two steps.
void call_seek(const struct call_table *table, uint32_t line_id);
void call_prefetch(const struct call_table *table, uint32_t line_id);

// Reserves a call, so that its transaction can be made to belong to it. False when the table is
// full; some places are kept for emergency calls.
bool call_reserve(struct call_table *table, bool is_emergency, struct pool_id *call);
// Whether who dials that URI wants an emergency service.
bool call_is_emergency(const struct line_group *group, struct span uri_text);

// How INVITEs for emergency services begin, as devices send them: "INVITE sip:112@".
enum { CALL_EMERGENCY_MAX = 32, CALL_EMERGENCY_SIZE = 32 };
struct call_emergency {
    char texts[CALL_EMERGENCY_MAX][CALL_EMERGENCY_SIZE];
    size_t count;
};
// Adds those of a group, with and without what gets an outside line, where there is room.
void call_list_emergency(const struct line_group *group, struct call_emergency *list);
// Gives a reserved call back that could not begin.
void call_abandon(struct call_table *table, struct pool_id call);

struct call_offer {
    struct pool_id txn; // the INVITE's server transaction
    const struct sip_message *invite;
    struct flow flow; // that it came by
    const struct line_group *group;
    const struct snapshot_line *line;
    const struct line_table *lines; // to tell internal callers and targets
};
// The INVITE of a reserved call: decides and answers.
void call_begin(struct call_table *table, struct turn *turn, struct pool_id call,
                const struct call_offer *offer);
// What an INVITE for a line gets that is to replace a call (RFC 3891 section 3): 481 where the line
// has no such one, 486 where it is answered and only a ringing one was meant. 0: it can be taken.
unsigned call_refuses_replacing(const struct call_table *table, const struct call_offer *offer);
// A device's INVITE, to be sent on through its line.
struct call_outgoing {
    struct pool_id txn; // the INVITE's server transaction
    const struct sip_message *invite;
    struct flow flow; // that it came by
    uint32_t device_id;
    const struct line_group *group;
    const struct snapshot_line *line;
};
// The INVITE of a reserved call.
void call_begin_outgoing(struct call_table *table, struct turn *turn, struct pool_id call,
                         const struct call_outgoing *outgoing);
// The caller cancelled (`cancel` is the CANCEL request).
void call_cancelled(struct call_table *table, struct turn *turn, struct pool_id call,
                    const struct sip_message *cancel);
enum call_deflection {
    CALL_DEFLECTED,
    CALL_NOT_WAITING, // the call is over, or its answer is on the way
    CALL_KEPT,        // it may not go there, for the reason given; it goes on waiting
};
// Forwards a waiting call by hand to a stored target of that class. `*finding` becomes an enum
// fwd_finding that says why not. docs/decision.md "Steps", 7.
enum call_deflection call_deflect(struct call_table *table, struct turn *turn, struct pool_id call,
                                  const struct fwd_target *target, enum fwd_finding *finding);
// ---- Legs: what the transactions of a call's legs tell

// A request of call_request went out as `txn`. False: its owner is gone, and nobody waits for the
// answer.
bool call_sent(struct call_table *table, const struct call_request *request, struct pool_id txn);
struct call_response {
    enum call_owner owner;
    struct pool_id id, txn;
    const struct sip_message *message; // NULL: no answer, or it could not be sent
    struct flow flow;                  // that it came by
};
void call_responded(struct call_table *table, struct turn *turn,
                    const struct call_response *response);

// A request within a dialog: reserves its way through the call. CALL_NO_DIALOG: 481;
// CALL_NO_ROOM: 503.
enum call_passage { CALL_PASSES, CALL_NO_DIALOG, CALL_NO_ROOM };
enum call_passage call_reserve_relay(struct call_table *table, const struct sip_message *request,
                                     struct pool_id *relay);
void call_abandon_relay(struct call_table *table, struct pool_id relay);
// Passes on, or answers, the request of the reserved relay whose transaction is `txn`.
void call_relay(struct call_table *table, struct turn *turn, struct pool_id relay,
                struct pool_id txn, const struct sip_message *request);
// A request that was passed on was cancelled; or its 2xx was not acknowledged.
void call_relay_cancelled(struct call_table *table, struct turn *turn, struct pool_id relay,
                          const struct sip_message *cancel);
void call_relay_ended(struct call_table *table, struct turn *turn, struct pool_id relay,
                      bool is_acknowledged);
// An ACK that belongs to no transaction: that of a 2xx.
void call_acknowledged(struct call_table *table, struct turn *turn, const struct sip_message *ack);

// Ends a waiting call by hand as a client does that answers 603: nothing is forwarded, the group's
// decline_rejected tells what the caller gets. False when the call is over, or its answer is on the
// way. docs/decision.md "Steps", 7.
bool call_decline(struct call_table *table, struct turn *turn, struct pool_id call);
// Ends a call by hand, whatever its state: both sides of an answered one get a BYE, whom a device
// calls gets a CANCEL, and a call that waits here is declined. False when the call is over, or its
// end is on the way.
bool call_hang_up(struct call_table *table, struct turn *turn, struct pool_id call);
// A connection has ended: devices that ring by it, or have a call, are waited for, asked or given
// up later. docs/calls.md "What is lost in a call".
void call_lost_flow(struct call_table *table, struct turn *turn, const struct flow *flow);
// The final answer is settled; the call ends.
void call_settled(struct call_table *table, struct turn *turn, struct pool_id call,
                  bool is_acknowledged);

// When call_tick must be called next, on the monotonic clock; DEADLINE_NEVER when nothing waits.
uint64_t call_deadline_us(const struct call_table *table);
enum { CALL_TICK_MAX = 32 };
// Does what is due, at most CALL_TICK_MAX things; the deadline stays due if more wait.
void call_tick(struct call_table *table, struct turn *turn);

// ---- Feature codes: calls of devices that are answered here (feature_code.c)

struct call_codes;
// How many bytes the table of feature codes needs.
size_t call_codes_memory_size(void);
// Makes a table in `memory` (zeroed, aligned to 16; it must outlive the table).
struct call_codes *call_codes_init(void *memory, const uint8_t hash_key[16],
                                   struct call_neighbours neighbours);

// Somebody has dialled a code: the settings are to carry it out, and call_code_obeyed is to be told
// what has become of it. Texts are borrowed for the turn.
struct call_code_dialled {
    struct effect effect;
    struct pool_id code;
    struct span group, extension; // the line's
    struct span user, device;     // its owner, its name
    struct code_order order;
    uint32_t patience_us; // after which nobody waits any more, and it is not to be done
};
// A packet for `peer`, from where media_towards said for `flow`.
struct call_media {
    struct effect effect;
    struct flow flow;
    struct address peer;
    struct span bytes; // in the turn's arena
};

// Whether an INVITE of a device of the group is to a feature code.
bool call_code_read(const struct line_group *group, const struct sip_message *invite,
                    struct code_order *order);
// Reserves a place, so that its transaction can be made to belong to it. False: the device has
// another one, or there are too many.
bool call_code_reserve(struct call_codes *codes, uint32_t device_id, struct pool_id *id);
void call_code_abandon(struct call_codes *codes, struct pool_id id);
void call_code_begin(struct call_codes *codes, struct turn *turn, struct pool_id id,
                     const struct call_outgoing *outgoing, const struct code_order *order);
// What has become of it; nothing happens where nobody waits for that any more.
void call_code_obeyed(struct call_codes *codes, struct turn *turn, struct pool_id id,
                      const struct code_outcome *outcome);
void call_code_cancelled(struct call_codes *codes, struct turn *turn, struct pool_id id);
// Its 200 was not acknowledged.
void call_code_settled(struct call_codes *codes, struct turn *turn, struct pool_id id);
// An ACK, a request within a dialog; false: of none of these. `*answer` is to be given.
bool call_code_acknowledged(struct call_codes *codes, struct turn *turn,
                            const struct sip_message *ack);
bool call_code_takes(struct call_codes *codes, const struct sip_message *request,
                     struct txn_answer *answer);
// As call_deadline_us and call_tick.
uint64_t call_codes_deadline_us(const struct call_codes *codes);
void call_codes_tick(struct call_codes *codes, struct turn *turn);

// From here on a table's memory is used little and wide apart.
void *call_sparse_memory(const struct call_table *table);
// See pool_next_idle.
struct idle_memory call_next_idle(struct call_table *table, struct idle_search *search);
// How many calls there are.
uint32_t call_count(const struct call_table *table);
// How many legs they have, with what joins them and the requests that pass between them: none is
// left when there is no call.
uint32_t call_leg_total(const struct call_table *table);
// Bytes of what the calls keep that there are, without the INVITEs that may have to be sent on.
size_t call_bytes(const struct call_table *table);
// How many of them still wait for an answer.
uint32_t call_waiting_count(const struct call_table *table);
