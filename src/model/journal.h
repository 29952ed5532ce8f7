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
    OUTCOME_FAILED,             // the PBX never acknowledged our answer
    OUTCOME_ANSWERED,           // by a client; or an outgoing call, by whom it was for
    OUTCOME_UNANSWERED,         // an outgoing call that came to nothing
};
extern const struct model_names model_outcomes;

enum {
    TRACE_BYTES_MAX = 512,  // of a trace (fwd.h)
    JOURNAL_TEXT_MAX = 256, // of each text; longer ones are cut
};

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
};
