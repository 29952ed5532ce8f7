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
// Whether the From withholds the caller, and whether the Privacy header does (RFC 3323).
bool call_is_anonymous_from(const struct sip_address *from);
bool call_is_private(const struct sip_message *invite);
// A number as a message presents it, in stored form, read as the group's callers_as_dialled says;
// what is no number stays as it is (unescaped).
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

// ---- The state (table.c)

enum {
    TEXT_ROOM = 1536,     // of a call's texts: with its answer a call stays below 4 kB
    TEXTS_AT_FIRST = 320, // as many as a forwarded call has, and a dialog
    FACTS_ROOM = TEXT_ROOM - TRACE_BYTES_MAX - TEXT_SIZE, // the rest is its trace's and target's
    USES_MAX = 256, // exceptions with uses that the store has not counted yet
};

enum call_phase {
    PHASE_RESERVED,
    PHASE_WAITING,  // held, or rings
    PHASE_ANSWERED, // with a final answer that is no 2xx, which is not settled yet
    PHASE_UP,       // two legs are joined
};

struct call {
    struct pool_id txn;
    struct pool_id waiting;     // what a later decision needs
    struct pool_id invite;      // kept for as long as it may have to be sent on
    struct pool_id long_invite; // in the place of that
    struct pool_id bridge;      // its legs, from the first ringing on
    struct pool_id account;     // of legs that have ended
    struct pool_id taken;       // the bridged call that it takes an end of, until that has agreed
    uint64_t started_us;        // wall clock
    uint64_t invited_us;        // monotonic
    uint64_t ends_us;           // monotonic; of the waiting
    uint64_t repeat_us;         // monotonic; of the next 180
    uint64_t answered_us;       // wall clock; 0: not by a client
    uint64_t since_us;          // wall clock; of the state that was shown
    uint32_t line_id, user_id;  // the line's, and its owner's
    uint32_t device_id;         // that answered, or that called
    uint16_t status;            // final: sent, or when the waiting is over
    uint8_t phase;
    uint8_t due; // enum fwd_event: what has happened then; FWD_ARRIVED: nothing, the status ends it
    uint8_t verdict, reason, outcome, target_class;
    bool is_internal;
    bool is_outgoing;
    bool is_counted;       // among the line's ringing calls
    bool is_up;            // among its answered ones
    bool is_rung;          // the clients have been rung
    bool is_shown;         // people were told of it
    bool is_on_hold;       // one side has the other one wait
    uint8_t shown;         // enum model_call_state, as told
    bool has_alerted;      // 180 was sent
    bool is_onward;        // its called legs are those of a forwarding that we carry out ourselves
    bool was_sent_on;      // there has been such a forwarding
    bool is_given_up;      // the caller has cancelled it
    bool is_taking_caller; // of two ends, the caller's
    struct text group, extension, caller, display, dialled, diverted_by, call_id, target, trace;
    struct text device; // its name
    struct texts texts;
};

// What is kept for the journal of legs that have ended (model/journal.h).
struct call_account {
    uint16_t len;
    char text[LEGS_BYTES_MAX];
};

// Redirects to lines of ours whose calls have not come there yet, the oldest first. Those beyond
// its size are not watched.
enum { CALL_AWAITED_MAX = 32 };
struct call_awaited {
    uint32_t first, count;
    uint64_t keys[CALL_AWAITED_MAX]; // 0: it has come
    struct awaited {
        uint64_t until_us;
        uint32_t group_id;
        char extension[EXTENSION_SIZE], target[EXTENSION_SIZE];
    } at[CALL_AWAITED_MAX];
};

enum { CALL_MARKED_CHECKS = 8, CALL_ENDED_TESTS = 32 };

// The latest test calls that are over, by keyed hashes of what an INVITE of theirs bears: it may
// still be on its way to us.
struct ended_tests {
    uint64_t until_us; // then none is
    uint32_t next;
    struct test_marks {
        uint64_t token, call_id;
    } at[CALL_ENDED_TESTS];
};

// A REFER that was passed on: its number in the dialog of each side (referral.c). The latest ones
// of all calls are kept: there are few, and each is asked for within a minute or so.
enum { REFERRALS_MAX = 2048 };
struct call_referrals {
    uint32_t count; // that there were
    struct referral {
        struct pool_id leg; // the called leg of the two
        uint32_t seen_cseq, sent_cseq;
        bool is_from_caller;
    } latest[REFERRALS_MAX];
};

struct call_table {
    struct pool calls;
    struct pool waiting; // struct call_waiting
    struct pool bridges, legs, relays, invites, accounts;
    struct pool long_invites; // struct long_invite
    struct pool tests;        // struct test_call
    struct text_store *texts;
    void *sparse; // what begins here is needed little and wide apart
    // Checks whose test calls come back with their mark; by their index.
    struct pool_id marked_checks[CALL_MARKED_CHECKS];
    struct ended_tests ended_tests;
    struct index by_tag; // legs, by the tags that we gave them
    struct deadlines deadlines;
    struct call_memory *memory;
    struct call_returns *returns;
    struct call_traffic *traffic;
    struct call_neighbours neighbours;
    struct call_awaited awaited;
    struct fwd_use uses[USES_MAX];
    size_t use_count;
    uint8_t hash_key[16];
    struct call_referrals referrals;
};

// What a call is known by when it comes back: hashes (returns.c).
struct call_marks {
    uint64_t caller, dialog, session;
};

// What is known of a call while a decision about it is made.
struct situation {
    const struct call_offer *offer;
    struct call_caller caller;
    struct call_history history;
    struct call_marks marks;
};

// A waiting call as it was offered.
struct revival {
    struct call_offer offer;
    struct sip_message invite;
    struct situation situation;
};

// ---- record.c: what people see of a call, in the list of calls and in the journal

void call_keep_facts(struct call *call, const struct turn *turn, const struct situation *situation);
// One of its texts, borrowed from it.
struct span call_text(const struct call *call, struct text text);
// The name of the device that answered or called.
void call_keep_device(struct call *call, struct span name);
// An answered call says little more: what was room for more goes back.
void call_fit(struct call *call);
// What was dialled takes the place of what was kept as that.
void call_keep_dialled(struct call *call, struct span dialled);
// The verdict so far takes the place of the one before; the trace grows.
void call_keep_verdict(struct call *call, const struct fwd_verdict *verdict);
// Tells that the call waits, or is up, for people to see. `target`: of one that waits, where it is
// forwarded to then.
void call_show(struct turn *turn, struct call *call, struct pool_id id, struct span target);
// It is not to be seen any more, if it was.
void call_show_gone(struct turn *turn, struct call *call, struct pool_id id);
void call_emit_entry(const struct call_table *table, struct turn *turn, const struct call *call);

// ---- account.c

// The legs that have ended, as the journal keeps them; borrowed from the account.
struct span call_account_text(const struct call_table *table, const struct call *call);

// ---- replaced.c

// The device whose call with the PBX on that line an INVITE is to replace; 0: there is none.
uint32_t call_replaced_device(const struct call_table *table, const struct call_offer *offer);
// The call takes the place of an end of a bridged forwarding, which such an INVITE names. False:
// that cannot be done.
bool call_take_over(struct call_table *table, struct turn *turn, struct pool_id call,
                    const struct call_offer *offer);
// The end that stays has agreed: the other one is told, and this call is the forwarding now.
void call_has_taken_over(struct call_table *table, struct turn *turn, struct call *call);

// ---- incoming.c, as the files of its legs see it

void call_reply(struct turn *turn, struct pool_id txn, const struct txn_answer *answer);
// Something has happened to a call that waits: decides again, or ends the call with its status
// where that is not possible. `happening` is borrowed.
struct happening {
    enum fwd_event event;                // zeroed: it has arrived
    const struct fwd_choice *chosen;     // FWD_WAITED
    const struct fwd_target *deflection; // FWD_DEFLECTED
    bool is_client_busy;                 // FWD_DEFLECTED: another client was
    unsigned client_status;              // FWD_CLIENT_REJECTED
};
void call_settle_again(struct call_table *table, struct turn *turn, struct pool_id id,
                       struct happening happening);
// A waiting call as it was offered. False when its line is gone or what it needs was not kept.
bool call_revive_offer(const struct call_table *table, struct turn *turn, const struct call *call,
                       struct revival *revival);
// Sends 180, now and every minute from then on.
void call_ring_again(struct call_table *table, struct turn *turn, struct pool_id id);
// A client has answered, or the PBX an outgoing call: the call is up.
void call_answered(struct call_table *table, struct turn *turn, struct pool_id id,
                   uint32_t device_id);
// The final answer, no 2xx.
void call_end_with(struct call_table *table, struct turn *turn, struct pool_id id, unsigned status,
                   struct span headers);
// All is over: the journal's entry, and the call is gone.
void call_finish(struct call_table *table, struct turn *turn, struct pool_id id);
// Sets when call_tick is to look at the call again.
void call_set_deadline(struct call_table *table, struct pool_id id);

// ---- test_call.c

// The answer to a request of a test call, or that there is none; a 2xx's ACK that is for one.
void call_test_responded(struct call_table *table, struct turn *turn,
                         const struct call_response *response);
bool call_test_sent(struct call_table *table, const struct call_request *request,
                    struct pool_id txn);
bool call_test_acknowledged(struct call_table *table, struct turn *turn,
                            const struct sip_message *ack);

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
    bool is_redirect;     // not one that we carry out ourselves
};
// Remembers that a call was sent on; `history` is its history including this forwarding.
void call_remember(struct call_memory *memory, const struct turn *turn,
                   const struct call_trail *trail, const struct call_history *history);
// Adds to `history` what is remembered of the call, once: the first that fits inherits. An
// anonymous caller's call is looked for by the diverter if there is one, else by the caller.
void call_inherit(struct call_memory *memory, struct turn *turn, const struct call_trail *trail,
                  struct call_history *history);

// ---- returns.c: forwarded calls that come back to the line that sent them on

struct call_returns;

size_t call_returns_size(uint32_t count);
struct call_returns *call_returns_init(void *memory, uint32_t count, const uint8_t hash_key[16]);

// The marks of a call whose offer and caller are known.
struct call_marks call_marks_of(const struct call_table *table, const struct situation *situation);

struct call_departure {
    const struct situation *situation;
    struct span target; // stored form
    bool is_bridged;    // by this call; else by a 302
};
// Keeps that a line sends the call on.
void call_note_departure(struct call_table *table, const struct turn *turn, struct pool_id call,
                         const struct call_departure *departure);
// Prints the Session-ID of an INVITE that carries one on: the received one, or one of its own.
void call_put_session_id(struct buffer *out, const struct call_table *table,
                         const struct sip_message *invite);
// Adds to the history of a call that has arrived what is known of it where the line has sent it on
// before.
void call_recognise_return(struct call_table *table, struct turn *turn,
                           struct situation *situation);

// ---- awaited.c: redirects to lines of ours that do not arrive

// A redirect by the line `diverter` goes there.
void call_await(struct call_table *table, const struct turn *turn, const struct call_trail *trail,
                struct span diverter);
// A call has come to a line.
void call_awaited_came(struct call_table *table, const struct call_offer *offer);
uint64_t call_awaited_deadline_us(const struct call_table *table);
void call_awaited_tick(struct call_table *table, struct turn *turn);

// ---- redirect.c: how a forwarding is told

// The headers of a 302. What is told of diversions is left out, rather than the forwarding, where
// it does not fit.
struct span call_redirect_headers(struct turn *turn, const struct call_forwarding *forwarding);

// ---- group_call.c

// Whether the group's setting group_call takes the header for the mark of a hunt group or queue.
bool call_marks_group_call(const struct call_offer *offer, const struct sip_header *header);
// Whether a header marks the INVITE so.
bool call_is_group_call(const struct call_offer *offer);

// ---- waiting.c: what a later decision about a call needs

enum {
    CALL_INVITE_KEPT_MAX = 2048,
    CALL_VISITED_KEPT_MAX = 8,
    WHOLE_INVITE_MAX = 8000,
    LONG_INVITE_MAX = 65535, // as long as a datagram can be
    LONG_INVITES_MAX = 16,   // few calls have such a one
};

struct call_waiting {
    struct fwd_choice next;
    char target[TEXT_SIZE]; // that next points to
    uint32_t diversion_count;
    char deflection[TEXT_SIZE]; // where a client led that has ended; empty: nowhere
    struct flow flow;           // that the INVITE came by
    struct texts texts;
    struct text invite;
    uint8_t visited_count;
    struct text visited[CALL_VISITED_KEPT_MAX];
};

// An INVITE as it came, kept for as long as it may have to be sent on, or sent again with a proof.
struct kept_invite {
    uint16_t len;
    char bytes[WHOLE_INVITE_MAX];
};
struct long_invite {
    uint16_t len;
    char bytes[LONG_INVITE_MAX];
};
// Keeps it where it fits; what then wants it sent again finds none.
void call_keep_invite(struct call_table *table, struct call *call,
                      const struct sip_message *invite);
// Empty where none was kept.
struct span call_kept_invite(const struct call_table *table, const struct call *call);

// Keeps the INVITE and its history. False where the INVITE has too much in its headers: then there
// can be no later decision.
bool call_keep_waiting(struct call_waiting *waiting, const struct call_offer *offer,
                       const struct call_history *history);
// It is of no use any more.
void call_drop_waiting(struct call_table *table, struct call *call);
void call_keep_choice(struct call_waiting *waiting, const struct fwd_choice *choice);
// Reads the INVITE again and fills in the history, which borrows from `waiting`. False where it was
// not kept.
bool call_revive(const struct call_waiting *waiting, struct turn *turn, struct sip_message *invite,
                 struct call_history *history);

// ---- traffic.c: what goes on on a line

struct call_traffic;

struct call_traffic_counts {
    uint32_t ringing, up, forwarded_now, forwarded_hour;
    uint32_t desk; // calls of its other telephones at the PBX
};

size_t call_traffic_size(uint32_t line_count);
// See call_seek, call_prefetch.
void call_traffic_seek(const struct call_traffic *traffic, uint32_t line_id);
void call_traffic_prefetch(const struct call_traffic *traffic, uint32_t line_id);
struct call_traffic *call_traffic_init(void *memory, uint32_t line_count);
struct call_traffic_counts call_traffic_of(struct call_traffic *traffic, const struct turn *turn,
                                           uint32_t line_id);
// Forgets what was forwarded.
void call_traffic_lift(struct call_traffic *traffic, uint32_t line_id);
void call_count_forwarded(struct call_traffic *traffic, const struct turn *turn, uint32_t line_id);
// A forwarding that we carry out ourselves counts for as long as it lasts, and for the hour. False
// when there is no room to count it.
bool call_count_bridged(struct call_traffic *traffic, const struct turn *turn, uint32_t line_id);
void call_uncount_bridged(struct call_traffic *traffic, uint32_t line_id);
// False when there is no room to count it.
bool call_count_ringing(struct call_traffic *traffic, const struct turn *turn, uint32_t line_id);
void call_uncount_ringing(struct call_traffic *traffic, uint32_t line_id);
// Answered, held and outgoing ones. False when there is no room to count it.
bool call_count_up(struct call_traffic *traffic, const struct turn *turn, uint32_t line_id);
void call_uncount_up(struct call_traffic *traffic, uint32_t line_id);
// See call_count_desk.
uint32_t call_traffic_set_desk(struct call_traffic *traffic, const struct turn *turn,
                               uint32_t line_id, const struct call_desk *counts);
// The next line that has such calls, those of its other telephones too, and how many; false at the
// end. `*place` is 0 at first.
bool call_next_up(const struct call_traffic *traffic, uint32_t *place, uint32_t *line_id,
                  uint32_t *count);
