// SPDX-License-Identifier: Apache-2.0
// The forwarding decision: facts -> verdict + trace, one pure function without state. It knows
// neither SIP nor time nor where the facts come from; live calls, "explain" and the journal use the
// same one. docs/decision.md "Steps".
#pragma once

#include "phone/phone.h"

// ---- Facts

// Whether a target may be used for this call; decided before (facts.h). docs/decision.md
// "Steps", 2.
enum fwd_target_state {
    FWD_TARGET_USABLE,
    FWD_TARGET_MISSING, // "mailbox" or "mobile", and the user has no such number
    FWD_TARGET_SELF,    // the line itself
    FWD_TARGET_VISITED, // this call has been there
    FWD_TARGET_EMERGENCY,
    FWD_TARGET_BARRED, // by the group's settings
    FWD_TARGET_TRIED,  // we have called it for this call, in vain
};

struct fwd_target {
    struct span stored; // resolved: "mobile" is the user's number here
    enum fwd_target_state state;
    enum model_number_class number_class;
};

// An enabled rule. Slots have neither filters nor a position.
struct fwd_rule {
    uint8_t level;       // enum model_level
    uint8_t condition;   // enum model_condition
    uint8_t origin;      // enum model_origin
    uint8_t finding;     // FWD_APPLIES: its filters hold now, for this caller; else why not
    uint8_t caller_kind; // enum snapshot_caller
    uint8_t prefix_len;  // of CALLER_PREFIX
    bool has_schedule, has_presence;
    bool is_ring;     // an exception that cancels instead of forwarding; has no target
    uint8_t delay_s;  // of no_answer
    uint16_t number;  // names it in the trace: an exception's position, an administrator's number
    uint32_t place;   // its position among its level, smallest first
    uint32_t rule_id; // for the store
    bool is_counted;  // has a number of `calls` left
    struct fwd_target target;
};

// What has happened since the call arrived.
enum fwd_event {
    FWD_ARRIVED,           // nothing: the first decision
    FWD_WAITED,            // the time of the chosen forwarding has come (fwd_verdict.next)
    FWD_CLIENTS_BUSY,      // all clients have ended, one with 486 or 600
    FWD_CLIENT_REJECTED,   // a client answered 603
    FWD_CLIENTS_UNREACHED, // no client gave a response above 100 within 5 s, or all failed
    FWD_DEFLECTED,         // by hand, or by a client's 302: to fwd_facts.deflection
    FWD_TARGET_BUSY,       // of a forwarding that we carried out ourselves
    FWD_TARGET_FAILED,     // the same: failed
    FWD_TARGET_UNANSWERED, // the same: did not answer in time
    FWD_NO_HOPS,           // it cannot be carried out: no Max-Forwards is left
    FWD_EVENT_COUNT,
};

// A forwarding that was chosen: to be carried out at once, or when its time comes.
struct fwd_choice {
    uint8_t step;      // enum fwd_step
    uint8_t subject;   // enum fwd_subject: what it is
    uint8_t condition; // enum model_condition
    uint8_t origin;    // enum model_origin
    uint8_t reason;    // enum model_reason
    uint8_t delay_s;
    uint16_t number; // as fwd_rule.number
    uint32_t rule_id;
    bool is_counted; // as fwd_rule.is_counted
    struct fwd_target target;
};

struct fwd_facts {
    enum fwd_event event;
    bool is_psap_callback; // Priority: psap-callback (RFC 7090)
    bool is_group_call;    // comes through a hunt group or queue
    bool is_line_enabled;
    bool is_internal; // the caller
    bool has_user;
    bool is_dnd;
    bool is_logged_in;
    bool has_clients;        // something of the user's rings
    bool has_other_contacts; // other telephones ring for this extension
    bool has_alerted;        // the caller has heard ringing (FWD_DEFLECTED)
    bool is_client_busy;     // another client has answered 486 or 600 (FWD_DEFLECTED)
    // The enabled rules in any order, at most FWD_RULES_MAX.
    const struct fwd_rule *rules;
    size_t rule_count;
    struct fwd_target mailbox;    // the user's number; FWD_TARGET_MISSING: none
    struct fwd_target deflection; // FWD_DEFLECTED
    struct fwd_choice chosen;     // FWD_WAITED: what was chosen before
    enum model_decline decline_unavailable;
    enum model_rejected decline_rejected;
    unsigned client_status; // FWD_CLIENT_REJECTED: what the client answered
    // Calls of the line: answered, held and outgoing ones; and ringing ones.
    uint32_t up_count, ringing_count, max_calls;
    uint32_t desk_count; // of up_count's kind, of the line's other telephones at the PBX
    enum model_second_call second_call;
    uint32_t elsewhere_count; // of up_count's kind, on the user's other lines; 0: they do not count
    uint32_t diversion_count; // how often this call was diverted before it came here
    uint32_t max_diversions;
    bool has_too_many_forwarded;  // the line's calls that are forwarded at the moment
    bool has_too_often_forwarded; // the line's forwardings of the last hour
    uint32_t grace_s;             // that other contacts ring alone
};

enum { FWD_RULES_MAX = 128 };

// ---- Trace. Its numbers are in the journal: they keep their meaning, new ones go to the end.

// The steps 1 to 7 of docs/decision.md.
enum fwd_step {
    FWD_STEP_ENTRY = 1, // PSAP call-back, disabled line, group call
    FWD_STEP_LIMITS,    // diverted too often
    FWD_STEP_IMMEDIATE,
    FWD_STEP_DND,
    FWD_STEP_LOGGED_OFF,
    FWD_STEP_BUSY,
    FWD_STEP_RING,
};

// What was looked at.
enum fwd_subject {
    FWD_SUBJECT_PSAP_CALLBACK,
    FWD_SUBJECT_LINE,    // is it disabled
    FWD_SUBJECT_STATE,   // is the step's condition true: do-not-disturb, logged off
    FWD_SUBJECT_SLOT,    // a forwarding: condition and origin
    FWD_SUBJECT_MAILBOX, // the user's mailbox number
    FWD_SUBJECT_DECLINE, // the group's decline_unavailable
    FWD_SUBJECT_DIVERSIONS,
    FWD_SUBJECT_CLIENTS,
    FWD_SUBJECT_GROUP_CALL,     // does it come through a hunt group or queue
    FWD_SUBJECT_MANDATORY,      // an administrator's rule that comes before the user's
    FWD_SUBJECT_EXCEPTION,      // a user's rule with filters
    FWD_SUBJECT_DEFAULT,        // an administrator's rule that comes after the user's
    FWD_SUBJECT_OTHER_CONTACTS, // the line's other telephones at the PBX
    FWD_SUBJECT_CALLS,          // that the line has already
    FWD_SUBJECT_REJECTED,       // the group's decline_rejected
    FWD_SUBJECT_DEFLECTION,     // by hand or by a client
    FWD_SUBJECT_TARGET,         // of a forwarding that we carried out ourselves
    FWD_SUBJECT_MORE,           // `number` more rules than the trace has room for
};

// What came of it: it applied, or the one reason why it did not.
enum fwd_finding {
    FWD_APPLIES,
    FWD_NOT_SET,       // no such forwarding, or it is off
    FWD_NOT_HELD,      // the state is not so: no do-not-disturb, logged in, no call-back ...
    FWD_OTHER_ORIGIN,  // for internal callers, and this one is external, or the reverse
    FWD_LESS_SPECIFIC, // one that fits this call better applies before it
    FWD_NO_NUMBER,     // its target is a number of the user that is not set
    FWD_IS_SELF,       // its target is the line itself
    FWD_IS_VISITED,    // the call has been at its target before: it ends here
    FWD_IS_OVER_LIMIT, // diverted too often: it ends here
    FWD_IS_EMERGENCY,  // its target is an emergency number
    FWD_IS_BARRED,     // the group bars its target
    FWD_OTHER_CALLER,  // it is for other callers
    FWD_OTHER_TIME,    // it has a schedule or calendar, and this is not the time
    FWD_OTHER_PRESENCE,
    FWD_IS_EXPIRED,        // its `until` is over
    FWD_IS_USED_UP,        // it has no `calls` left
    FWD_IS_CANCELLED,      // an exception says that this caller rings
    FWD_RINGS,             // is such an exception
    FWD_IS_TOO_MANY,       // so many calls of the line are forwarded at the moment
    FWD_IS_TOO_OFTEN,      // so many calls of the line were forwarded within an hour
    FWD_IS_CHOSEN,         // for when nobody answers
    FWD_HAS_CALL,          // the line has a call, and may take another one
    FWD_IS_BUSY,           // the line has a call, and takes no other one; the clients, the target
    FWD_IS_FULL,           // the line has as many calls as it may
    FWD_IS_REJECTED,       // by a client
    FWD_IS_UNREACHABLE,    // the clients, the target
    FWD_IS_UNANSWERED,     // in the time given
    FWD_NEVER_FORWARDED,   // a call of this kind
    FWD_IS_BUSY_ELSEWHERE, // another line of the user has a call, and that counts
    FWD_IS_TRIED,          // its target has been called for this call already
    FWD_IS_OUT_OF_HOPS,    // the call has been through as many systems as it may
    FWD_FINDING_COUNT,
};

// One line of the trace: eight bytes, stored in the journal as they are.
struct fwd_trace_entry {
    uint8_t step, subject, finding;
    uint8_t condition, origin; // of a rule
    uint8_t unused;
    uint16_t number; // of a rule that is no slot: fwd_rule.number
};

enum { FWD_TRACE_MAX = 64 };

struct fwd_trace {
    struct fwd_trace_entry entries[FWD_TRACE_MAX];
    uint32_t count;
};

// ---- Verdict

enum {
    FWD_HOLD_S = 180,
    FWD_RING_MAX_S = 120,
};

struct fwd_verdict {
    enum model_verdict_kind kind;
    struct span target; // redirect: stored form, points into the facts
    enum model_number_class target_class;
    enum model_reason reason; // redirect
    unsigned status;  // decline: the answer; hold and ring: the answer when the seconds are over
    unsigned seconds; // hold, ring; a ring's count from the INVITE on
    // Hold, ring: when the seconds are over the decision is to be made again, with FWD_WAITED and
    // this as fwd_facts.chosen; else the status ends the call.
    bool has_next;
    struct fwd_choice next;
    // Redirect by a rule: which one, and whether the `calls` that it has left are to be counted.
    uint32_t rule_id;
    bool is_counted;
    struct fwd_trace trace; // the entries beyond its count are not set
};

// Decides what happens to a call. `verdict` is filled but for the trace's unused entries; its
// targets borrow from `facts`.
void fwd_decide(const struct fwd_facts *facts, struct fwd_verdict *verdict);

// Whether the trace of a call that was declined, as the journal keeps it, ends with a target where
// the call had been before, or with one diversion too many: its forwardings went in a circle.
bool fwd_is_loop(struct span trace);

// ---- Words

enum fwd_language { FWD_ENGLISH, FWD_GERMAN };

// Prints one entry as a plain sentence without a full stop ("the forwarding for external callers
// does not apply to an internal one").
void fwd_put_trace_entry(struct buffer *out, const struct fwd_trace_entry *entry,
                         enum fwd_language language);
// Prints a verdict as a plain sentence ("forwarded to 103 (immediate)").
void fwd_put_verdict(struct buffer *out, const struct fwd_verdict *verdict,
                     enum fwd_language language);

// Stable lower-case names for the API ("immediate", "slot", "other_origin"). Static text.
const char *fwd_step_name(uint8_t step);
const char *fwd_subject_name(uint8_t subject);
const char *fwd_finding_name(uint8_t finding);

#include "fwd/facts.h"
