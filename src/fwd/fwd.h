// SPDX-License-Identifier: Apache-2.0
// The forwarding decision: facts -> verdict + trace, one pure function without state. It knows
// neither SIP nor time nor where the facts come from; live calls, "explain" and the journal use the
// same one. behaviour.md "The decision".
#pragma once

#include "phone/phone.h"

// ---- Facts

// Whether a target may be used for this call; decided before (facts.h). behaviour.md step 2.
enum fwd_target_state {
    FWD_TARGET_USABLE,
    FWD_TARGET_MISSING, // "mailbox" or "mobile", and the user has no such number
    FWD_TARGET_SELF,    // the line itself
    FWD_TARGET_VISITED, // this call has been there
    FWD_TARGET_EMERGENCY,
    FWD_TARGET_BARRED, // by the group's settings
};

struct fwd_target {
    struct span stored; // resolved: "mobile" is the user's number here
    enum fwd_target_state state;
};

struct fwd_rule {
    enum model_condition condition;
    enum model_origin origin;
    struct fwd_target target;
};

struct fwd_facts {
    bool is_psap_callback; // Priority: psap-callback (RFC 7090)
    bool is_line_enabled;
    bool is_internal; // the caller
    bool has_user;
    bool is_dnd;
    bool is_logged_in;
    bool has_clients; // something of the user's rings
    // The enabled slots in any order, at most one for a condition and origin.
    const struct fwd_rule *rules;
    size_t rule_count;
    struct fwd_target mailbox; // the user's number; an empty span: none
    enum model_decline decline_unavailable;
    uint32_t diversion_count; // how often this call was diverted before it came here
    uint32_t max_diversions;
};

// ---- Trace. Its numbers are in the journal: they keep their meaning, new ones go to the end.

// behaviour.md's steps 1 to 7.
enum fwd_step {
    FWD_STEP_ENTRY = 1, // PSAP call-back, disabled line
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
};

// What came of it: it applied, or the one reason why it did not.
enum fwd_finding {
    FWD_APPLIES,
    FWD_NOT_SET,       // no such forwarding, or it is off
    FWD_NOT_HELD,      // the state is not so: no do-not-disturb, logged in, no call-back ...
    FWD_OTHER_ORIGIN,  // for internal callers, and this one is external, or the reverse
    FWD_LESS_SPECIFIC, // one for this caller's origin applies before it
    FWD_NO_NUMBER,     // its target is a number of the user that is not set
    FWD_IS_SELF,       // its target is the line itself
    FWD_IS_VISITED,    // the call has been at its target before: it ends here
    FWD_IS_OVER_LIMIT, // diverted too often: it ends here
    FWD_IS_EMERGENCY,  // its target is an emergency number
    FWD_IS_BARRED,     // the group bars its target
};

// One line of the trace: eight bytes, stored in the journal as they are.
struct fwd_trace_entry {
    uint8_t step, subject, finding;
    uint8_t condition, origin; // of a slot
    uint8_t unused[3];
};

enum { FWD_TRACE_MAX = 64 };

struct fwd_trace {
    struct fwd_trace_entry entries[FWD_TRACE_MAX];
    uint32_t count;
};

// ---- Verdict

enum { FWD_HOLD_S = 180, FWD_RING_MAX_S = 120 };

struct fwd_verdict {
    enum model_verdict_kind kind;
    struct span target;       // redirect: stored form, points into the facts
    enum model_reason reason; // redirect
    unsigned status;  // decline: the answer; hold and ring: the answer when the seconds are over
    unsigned seconds; // hold, ring
    struct fwd_trace trace;
};

// Decides what happens to a call. `verdict` is filled completely; its target borrows from `facts`.
void fwd_decide(const struct fwd_facts *facts, struct fwd_verdict *verdict);

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
