// SPDX-License-Identifier: Apache-2.0
// What the PBX says of a line's other telephones, as the engine reports it and people see it.
#pragma once

#include "model/registration.h"

enum model_desk_state {
    DESK_OFF,         // nobody asks the PBX: not wanted, or the line is not registered
    DESK_WAITING,     // it has been asked, or will be
    DESK_WATCHED,     // it tells whenever something changes
    DESK_NOT_OFFERED, // it does not tell: `status` and `reason`; asked again after hours
    DESK_STATE_COUNT,
};
extern const struct model_names model_desk_states;

struct model_desk_phone {
    uint32_t line_id;
    uint8_t state;      // enum model_desk_state
    uint8_t call_count; // calls of the other telephones
    uint16_t status;    // of the PBX's refusal, 0 where there was none
    char reason[REGISTRATION_REASON_SIZE];
};
