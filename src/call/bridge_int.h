// SPDX-License-Identifier: Apache-2.0
// The inside of calls that have legs: dialogs, legs, the requests that are passed on between them.
//
//   PBX or device --INVITE--> caller leg --+-- leg --INVITE--> device
//                                          +-- leg --INVITE--> device    (or one leg: the PBX)
//
// A call that only rings has a caller leg and one leg for each early dialog; the one that answers
// first stays. All legs lie in one pool and are found by the tags that we gave them.
#pragma once

#include "call/call_int.h"

// ---- The session of a side (session.c, RFC 4028)

enum session_refresher { REFRESHER_ANY, REFRESHER_UAC, REFRESHER_UAS };

// What a request of the other side says of it.
struct session_ask {
    uint32_t expires_s, least_s; // 0: not said
    uint8_t refresher;           // enum session_refresher
    bool is_able;                // it knows session timers
};

struct session {
    uint64_t heard_us;  // when it was agreed on, or refreshed
    uint64_t due_us;    // when something is to be done
    uint32_t expires_s; // as agreed; 0: no timer
    uint32_t least_s;   // the shortest that the other side wants; 0: not known
    uint8_t raise_count;
    bool is_refresher; // we are
    bool has_update;   // the other side knows UPDATE (RFC 3311)
};

// ---- legs.c

struct leg {
    struct pool_id call;
    struct pool_id next; // of the called ones
    struct pool_id txn;  // of its INVITE, where that is ours
    uint32_t device_id;  // 0: the PBX
    uint32_t invite_cseq;
    uint32_t caller_cseq;         // of the caller's last request in its dialog with this leg
    bool is_reached;              // there was a response above 100
    bool has_alerted;             // one that was passed on
    bool is_fork;                 // it came of another one's INVITE, and is not the one answered
    uint32_t started_ms, rang_ms; // from the call's start; LEG_NEVER: it has not rung
    uint64_t lost_us;             // when its device's connection ended; 0: it has not
    struct session_ask asked;     // of the caller's: by its INVITE
    struct session session;
    struct pool_id description;     // that this side was told last, where it is kept
    char caller_tag[TXN_TAG_BYTES]; // that the caller knows this leg by
    struct dialog dialog;
};

enum bridge_state {
    BRIDGE_RINGING,
    BRIDGE_ANSWERED, // 200 went to the caller, whose ACK has not come yet
    BRIDGE_UP,
    BRIDGE_ENDING, // the called side hung up before that ACK
};

struct bridge {
    struct pool_id caller; // its leg
    struct pool_id first;  // of the called legs
    struct pool_id relays; // the first one
    uint64_t unreached_us; // when nobody is reached; DEADLINE_NEVER: somebody was
    uint64_t lost_due_us;  // when legs whose connection ended are looked at; DEADLINE_NEVER
    uint32_t invite_cseq;  // the caller's
    uint8_t state;         // enum bridge_state
    uint8_t proof_count;   // how often the PBX's challenge was answered
    bool was_busy;         // a client answered 486 or 600
    bool is_held_open;     // by clients that we do not ring: a page, or unseen ones (login: on)
    bool is_to_end;        // by hand, as soon as the caller has acknowledged the 200
};

// A request within a dialog that is passed on to the other leg.
struct relay {
    struct pool_id call, next;
    struct pool_id leg;            // the called leg of the two
    struct pool_id server, client; // its transactions
    uint32_t cseq, sent_cseq;      // as it came, and as it was sent on
    uint8_t method;                // enum sip_method
    bool is_from_caller;
    bool is_accepted; // an INVITE with 2xx, whose ACK has not come yet
    bool has_offer;   // it came with a session description
    bool is_hold;     // one of those exchanged so far holds a side
    bool is_check;    // made by ourselves: nobody waits for the answer
    struct session_ask asked;
    struct pool_id offer; // the description that it takes along, where that is kept
    uint16_t transfer_at; // of a REFER: its place in the call's account; 0: it has none
};

struct bridge *call_bridge_of(const struct call_table *table, const struct call *call);
struct leg *call_bridge_caller(const struct call_table *table, const struct bridge *bridge);
// The leg of a call's caller, which is none of the called ones; NULL when there is no room.
struct leg *call_leg_of_caller(struct call_table *table, struct pool_id call, struct pool_id *id);
// A new leg at the end of the called ones; NULL when there is no room.
struct leg *call_leg_add(struct call_table *table, struct turn *turn, struct pool_id call,
                         struct pool_id *id);
// Makes it findable by its tags; to be done once its dialog's local tag is set.
void call_leg_index(struct call_table *table, struct pool_id id);
void call_leg_free(struct call_table *table, struct pool_id id);
// Has the requests to a leg's device go where it is registered now, if it is no more where the call
// was made by: its connection was lost, or its address has changed. Without a registration it
// stays.
void call_leg_follow(const struct call_table *table, struct leg *leg);
// The leg that has the To tag of a request within a dialog. `*is_from_caller`: it came from the
// caller. NULL where there is none.
struct leg *call_leg_find(const struct call_table *table, const struct sip_message *request,
                          struct pool_id *id, bool *is_from_caller);
// The same by our tag and Call-ID alone, for Replaces.
struct leg *call_leg_find_tag(const struct call_table *table, struct span tag, struct span call_id,
                              struct pool_id *id, bool *is_from_caller);
// The number of called legs.
uint32_t call_leg_count(const struct call_table *table, const struct bridge *bridge);

// ---- account.c: what the journal is told of legs

// Milliseconds since the call came.
uint32_t call_age_ms(const struct call *call, const struct turn *turn);
// A leg ends: before it is freed, and before its call is told another target.
struct leg_over {
    unsigned status; // of its INVITE's final answer
    enum model_leg_end by;
};
void call_account_leg(struct call_table *table, const struct turn *turn, const struct leg *leg,
                      const struct leg_over *over);
// The called legs that are left.
void call_account_rest(struct call_table *table, const struct turn *turn,
                       const struct bridge *bridge, const struct leg_over *over);
// A side sends the other one elsewhere (`refer` is its REFER). Returns the place in the account,
// which is told later what came of it; 0: there is no room.
uint16_t call_account_transfer(struct call_table *table, struct turn *turn,
                               const struct relay *relay, const struct sip_message *refer);
void call_account_transferred(const struct call_table *table, const struct relay *relay,
                              unsigned status);

// ---- referral.c: subscriptions to how a REFER goes

// A REFER has been passed on.
void call_referral_note(struct call_table *table, const struct relay *relay);
// Which REFER a NOTIFY or SUBSCRIBE is about: `*id` becomes its number on the side that the request
// is passed on to.
enum referral_event {
    REFERRAL_NOT_MEANT, // the request names none
    REFERRAL_KNOWN,
    REFERRAL_UNKNOWN, // it names one that there was not
};
enum referral_event call_referral_translate(const struct call_table *table,
                                            const struct relay *relay,
                                            const struct sip_message *request, uint32_t *id);

// ---- passed.c: what passes from one leg to the other

struct passing {
    const struct call_table *table;
    const struct sip_message *message;
    const struct leg *to;           // where it goes
    const struct line_group *group; // of the PBX; NULL: gone
    uint32_t rack_cseq;             // of the INVITE that a PRACK acknowledges, on that side
    uint32_t refer_cseq; // of the REFER that an Event is about, on that side; 0: as it is named
};
// What Replaces says (RFC 3891 section 6.1).
struct dialog_name {
    struct span call_id, to_tag, from_tag;
    bool is_early_only;
};
bool call_read_dialog_name(struct span value, struct dialog_name *name);
// Prints the headers that go with it, the session description's among them.
void call_put_passed(struct buffer *out, const struct passing *passing);
// Prints whom a device dials, as the user part of a URI of the PBX: by the group's dialling rule.
void call_put_pbx_user(struct buffer *out, const struct line_group *group, struct span uri_text);
// Copies of the Reason headers, in the turn's arena.
struct span call_copy_reason(struct turn *turn, const struct sip_message *message);
// Opens `out` over memory of the turn's arena that a message made from `message` fits into. False
// when the arena is full.
bool call_open_message(struct turn *turn, const struct sip_message *message, struct buffer *out);

// ---- bridge.c: ringing, answered, over

// Takes a bridge for the call, with its caller's leg. False when there is no room.
bool call_bridge_begin(struct call_table *table, struct pool_id call,
                       const struct sip_message *invite, const struct dialog_peer *caller);
// The flow by which requests reach who sent an INVITE.
struct flow call_flow_to_caller(const struct call_offer *offer);
// How the caller of a call is reached.
struct dialog_peer call_caller_peer(const struct call_offer *offer);
// The address in the caller's From, without its tag; in the turn's arena.
struct span call_from_of(const struct sip_message *invite, struct turn *turn);
// What is left of a request's Max-Forwards for the one that it causes (RFC 7332).
int call_bridge_max_forwards(const struct sip_message *message);
// Rings the user's clients, or only one device (0: all). False when none could be rung.
bool call_bridge_ring(struct call_table *table, struct turn *turn, struct pool_id call,
                      const struct call_offer *offer, uint32_t device_id);
// Ends all legs that ring, with a CANCEL that has these header lines, and the bridge.
void call_bridge_drop(struct call_table *table, struct turn *turn, struct pool_id call,
                      struct span headers);
// The two sides of an answered call get a BYE, those that want one, and the call is over.
struct bridge_end {
    bool is_caller_told, is_callee_told;
    bool is_lost;        // because the other one is gone
    bool is_failed;      // it never came to be: nobody acknowledged the 200
    struct span headers; // of the BYE
};
void call_bridge_hang_up(struct call_table *table, struct turn *turn, struct pool_id call,
                         const struct bridge_end *end);
// Somebody wants the answered call to end, who is on neither side. False when its end is on the
// way.
bool call_bridge_hang_up_by_hand(struct call_table *table, struct turn *turn, struct pool_id call);
// Nobody has acknowledged the 200.
void call_bridge_unacknowledged(struct call_table *table, struct turn *turn, struct pool_id call);
void call_leg_responded(struct call_table *table, struct turn *turn,
                        const struct call_response *response);

// ---- hold.c: RFC 3264 section 8.4

// What a session description says of who sends and who listens.
enum hold {
    HOLD_UNTOLD, // there is none
    HOLD_NONE,   // some media flow both ways
    HOLD_ONE,    // a side is to wait
};
enum hold call_read_hold(struct span description);

// ---- session.c: whether both sides are still there (RFC 4028)

// Reads what an INVITE or UPDATE of the session's other side wants.
void call_session_read(struct session_ask *ask, struct session *session,
                       const struct sip_message *request);
// Prints what an INVITE or UPDATE to the other side wants, and what a 2xx to it grants; the latter
// is agreed on with that.
void call_session_put_request(struct buffer *out, const struct session *session, bool is_invite);
void call_session_put_answer(struct buffer *out, struct session *session, const struct turn *turn,
                             const struct session_ask *ask);
// Takes in what a 2xx to our INVITE or UPDATE grants.
void call_session_take_answer(struct session *session, const struct turn *turn,
                              const struct sip_message *response);
// Whether the response is a 422 and a longer time is to be asked for now (section 7.3).
bool call_session_raise(struct session *session, const struct sip_message *response);
// A refresh of ours was refused.
void call_session_failed(struct session *session, const struct turn *turn,
                         const struct sip_message *response);
// When one of the two sessions wants to be looked at; does so: refreshes it, asks whether the side
// is there, or ends the call.
uint64_t call_session_due_us(const struct call_table *table, const struct bridge *bridge);
void call_session_check(struct call_table *table, struct turn *turn, struct pool_id call);

// ---- lost.c: devices whose connection has ended

// Looks at the legs of a call that have lost theirs, if it is time for that: who has come back is
// asked about the call, who does not come back is given up. May end the call. False: not yet.
bool call_lost_look(struct call_table *table, struct turn *turn, struct pool_id call);

// ---- description.c

// Keeps the session description of a message that the side is told, if its session is refreshed by
// saying it again.
void call_description_keep(struct call_table *table, struct leg *leg,
                           const struct sip_message *message);
// The same for one that is not accepted yet; for that, call_description_accept.
void call_description_offer(struct call_table *table, struct relay *relay, const struct leg *leg,
                            const struct sip_message *message);
void call_description_accept(struct call_table *table, struct relay *relay, struct leg *leg);
// Empty where none is kept.
struct span call_description_of(const struct call_table *table, const struct leg *leg);

// ---- onward.c: a forwarding that we carry out ourselves, by a second call over the line

// Whether the group's forwardings to that target (stored form) are carried out so.
bool call_goes_onward(const struct call_offer *offer, struct span target);
// Calls the verdict's target in the place of all that the call has rung so far. Where that cannot
// be done, the decision is made again.
void call_onward_begin(struct call_table *table, struct turn *turn, struct pool_id call,
                       const struct situation *situation, const struct fwd_verdict *verdict);
// As call_outgoing_tries_again.
bool call_onward_tries_again(struct call_table *table, struct turn *turn, struct pool_id leg,
                             const struct sip_message *response);
// The target's final answer (NULL: none), which is no 2xx.
void call_onward_failed(struct call_table *table, struct turn *turn, struct pool_id call,
                        const struct sip_message *response);
// The target did not answer in time.
void call_onward_unanswered(struct call_table *table, struct turn *turn, struct pool_id call);
// Its legs are gone.
void call_onward_left(struct call_table *table, struct call *call);

// ---- outgoing.c: what becomes of a device's INVITE at the PBX

// The line as the PBX knows it, with its name unless its number is withheld; in the turn's arena.
struct span call_line_address(struct turn *turn, const struct line_group *group,
                              const struct snapshot_line *line);
// Whether the response wants the INVITE again: with a proof that the line can give, and that has
// not been given yet, or for a longer time (RFC 4028). Counts it.
bool call_is_wanted_again(struct call_table *table, struct turn *turn, struct pool_id leg,
                          const struct sip_message *response);
// The PBX wants the INVITE again, with a proof or for a longer time: sends it.
bool call_outgoing_tries_again(struct call_table *table, struct turn *turn, struct pool_id leg,
                               const struct sip_message *response);
// The PBX's final answer (NULL: none) becomes the device's.
void call_outgoing_failed(struct call_table *table, struct turn *turn, struct pool_id call,
                          const struct sip_message *response);

// ---- requests.c: what legs send

struct leg_request {
    enum sip_method method;
    struct span local_tag; // empty: the dialog's
    struct span headers, body;
    enum call_owner owner;
    struct pool_id id; // of the owner
};
// A request of ours within a leg's dialog.
void call_leg_send(struct turn *turn, struct leg *leg, const struct leg_request *request);
// The ACK for a 2xx of `txn` in the leg's dialog; `ack` (may be NULL) is the caller's.
struct leg_ack {
    struct pool_id txn;
    uint32_t cseq;
    const struct sip_message *ack;
    struct span local_tag;
};
void call_leg_send_ack(struct turn *turn, const struct leg *leg, const struct leg_ack *ack);
// A 2xx that nobody wants any more: ACK and BYE, from the response alone.
void call_leg_refuse(struct turn *turn, const struct call_response *response);
void call_leg_emit_request(struct turn *turn, const struct call_request *request);
void call_leg_cancel(struct turn *turn, struct pool_id txn, struct span headers);
void call_leg_confirm(struct turn *turn, struct pool_id txn);

// ---- relay.c

// Answers the requests that are under way; none is passed on any more.
void call_relay_drop_all(struct call_table *table, struct turn *turn, struct bridge *bridge);
// A request of our own within a dialog, whose answer only tells whether the other side is there.
void call_relay_check(struct call_table *table, struct turn *turn, struct pool_id leg,
                      bool is_of_caller);
// Refreshes the session of a side by such a request. False: it cannot be now.
bool call_relay_refresh(struct call_table *table, struct turn *turn, struct pool_id leg,
                        bool is_of_caller);
// The ACK of a 2xx for an INVITE within the dialog; false: it is none of those.
bool call_relay_acknowledged(struct call_table *table, struct turn *turn, struct leg *leg,
                             const struct sip_message *ack, bool is_from_caller);
