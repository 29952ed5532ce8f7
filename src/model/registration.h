// SPDX-License-Identifier: Apache-2.0
// How a line stands with its PBX, as the engine reports it and people see it.
#pragma once

#include "model/names.h"

enum model_registration_state {
    REGISTRATION_DISABLED,    // the line or its group is switched off
    REGISTRATION_WAITING,     // not tried yet: the pacing of REGISTERs has not come to it
    REGISTRATION_REGISTERED,  // until `until_us`
    REGISTRATION_REFUSED,     // the PBX said no: `status` and `reason`
    REGISTRATION_UNREACHABLE, // no answer, or the PBX's address is not known: `reason`
    REGISTRATION_STATE_COUNT,
};
extern const struct model_names model_registration_states;

enum { REGISTRATION_REASON_SIZE = 96 };

struct model_registration {
    uint32_t line_id;
    uint8_t state;          // enum model_registration_state
    uint8_t way;            // of later requests, in the table of whoever keeps it; 0: none
    uint16_t status;        // of the PBX's answer, 0 when there was none
    uint64_t until_us;      // wall clock; of a registered line
    struct address contact; // that the PBX reaches us by
    // What a restart has to know besides: Call-ID, last CSeq, our address as we know it, the PBX's.
    uint64_t call_id;
    uint32_t cseq;
    struct address own, peer;
    char reason[REGISTRATION_REASON_SIZE];
};
