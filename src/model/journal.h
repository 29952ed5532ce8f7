// SPDX-License-Identifier: Apache-2.0
// What is kept of a call: one entry per call and line.
#pragma once

#include "model/names.h"

enum model_verdict_kind { VERDICT_REDIRECT, VERDICT_RING, VERDICT_HOLD, VERDICT_DECLINE };
extern const struct model_names model_verdict_kinds;

enum model_outcome {
    OUTCOME_FORWARDED,          // the PBX took our 302
    OUTCOME_DECLINED,           // by a rule or a setting, without anyone having been rung
    OUTCOME_MISSED,             // the caller gave up or waited in vain
    OUTCOME_ANSWERED_ELSEWHERE, // another terminal of the PBX took it (RFC 3326)
    OUTCOME_FAILED,             // the caller never acknowledged our answer, or the 200
    OUTCOME_ANSWERED,           // by a client; or an outgoing call, by whom it was for
    OUTCOME_UNANSWERED,         // an outgoing call that came to nothing
};
extern const struct model_names model_outcomes;

enum {
    TRACE_BYTES_MAX = 512,  // of a trace (fwd.h)
    JOURNAL_TEXT_MAX = 256, // of each text; longer ones are cut
    LEGS_BYTES_MAX = 512,   // of a call's legs; what does not fit is left out
};

// ---- Legs: whom else a call went to

enum model_leg_kind {
    LEG_DEVICE,     // one of the user's devices
    LEG_FORWARDING, // the target of a forwarding
    LEG_MAILBOX,    // the user's mailbox number
    LEG_DEFLECTION, // where somebody sent the call by hand, or a device by its 302
    LEG_OUTGOING,   // whom a device called
    LEG_TRANSFER,   // where one side sent the other by REFER; how that went is the PBX's
};
extern const struct model_names model_leg_kinds;

// Who ended a leg.
enum model_leg_end {
    LEG_ENDED_BY_CALLER,
    LEG_ENDED_BY_CALLED,  // it hung up, or refused
    LEG_ENDED_BY_SERVER,  // its time was over, somebody ended the call by hand, a rule came next
    LEG_ENDED_BY_ANOTHER, // another leg was answered
    LEG_ENDED_BY_LOSS,    // one side was found to be gone
};
extern const struct model_names model_leg_ends;

// How a call was forwarded.
enum model_executed { EXECUTED_NOT, EXECUTED_REDIRECT, EXECUTED_BRIDGE };
extern const struct model_names model_executeds;

#define LEG_NEVER UINT32_MAX

// Times are milliseconds from the call's start.
struct model_leg {
    uint8_t kind;     // enum model_leg_kind
    uint8_t ended_by; // enum model_leg_end; of a transfer, who asked for it
    uint16_t status;  // final answer; 0: none came
    uint32_t started_ms, ended_ms;
    uint32_t rang_ms, answered_ms; // LEG_NEVER: it did not
    struct span name;              // of the device; else the number in stored form
};

// Prints a leg as it is kept, one line of text; nothing where it does not fit.
void model_leg_put(struct buffer *out, const struct model_leg *leg);
// Changes the status of a leg that has been printed as the line at `line`, of `len` bytes.
void model_leg_set_status(char *line, size_t len, unsigned status);
// Takes the next leg off `*rest`; what cannot be read is passed over. False at the end. Its name
// borrows from `*rest`.
bool model_leg_next(struct span *rest, struct model_leg *leg);

struct model_journal_entry {
    uint64_t id;         // given by the store, rising
    uint64_t started_us; // wall clock
    uint64_t ended_us;
    uint32_t line_id;
    struct span group, extension;
    struct span caller;         // stored form; "anonymous" where the caller withholds it
    struct span caller_display; // name as received
    struct span dialled;        // what the PBX asked for
    struct span diverted_by;    // who had forwarded the call before, stored form; empty: nobody
    struct span call_id;
    bool is_internal;
    uint8_t verdict;      // enum model_verdict_kind
    uint8_t outcome;      // enum model_outcome
    uint8_t reason;       // of a redirect, enum model_reason
    uint16_t status;      // the final answer to the PBX
    struct span target;   // of a redirect, stored form
    struct span trace;    // the decision's trace, as bytes (fwd.h)
    bool is_outgoing;     // a device of the line called; `dialled` is the number in stored form
    uint64_t answered_us; // wall clock; 0: it was not
    struct span device;   // name of the user's device that answered or called; empty: none
    uint32_t user_id;     // who owned the line then; 0: nobody
    struct span legs;     // see model_leg_next; a redirect has none for its target
    uint8_t target_class; // enum model_number_class, when the call came
    bool is_loop;         // it was ended because its forwardings went in a circle
};

// How the call was forwarded last; a bridge counts also where nobody answered there.
enum model_executed model_journal_executed(const struct model_journal_entry *entry);
