// SPDX-License-Identifier: Apache-2.0
// The inside of the check: its steps, what is seen in one, and what that says.
#pragma once

#include "check/check.h"

// What is done, in this order. A step is one test call (or two), and what it shows.
enum step {
    STEP_REGISTRATION, // no call: how the lines stand
    STEP_TO_DIVERTER,
    STEP_TO_TARGET,
    STEP_TO_CALLER,
    STEP_486,
    STEP_480,
    STEP_603,
    STEP_REDIRECT,
    STEP_REDIRECT_IN_VAIN, // the target declines: do other telephones of the diverter ring on?
    STEP_FOREIGN_HOST,
    STEP_REDIRECT_OUT,
    STEP_SECOND_CALL,
    STEP_RING,
    STEP_UNREGISTERED,
    STEP_COUNT,
};

enum divert { DIVERT_NOT, DIVERT_TO_TARGET, DIVERT_TO_FOREIGN_HOST, DIVERT_OUT };

// What a step does.
struct script {
    uint8_t from, to;       // enum check_role
    uint16_t answer;        // of the called line; 0: it rings
    uint16_t target_answer; // of the target that the call is diverted to; 0: it rings
    uint8_t divert;         // enum divert
    bool is_answer_late;    // so that others have rung before
    bool is_second;         // the called line has answered a call of the caller already
};
// Of STEP_COUNT: nothing is done.
const struct script *check_script(enum step step);

// What was seen in a step.
struct seen {
    uint64_t begun_us;
    uint64_t placed_us;     // the call under test; 0: not yet
    uint64_t arrived_us;    // at the called line; 0: it did not
    uint64_t answered_us;   // when the called line answered what the script says
    uint64_t ringing_us;    // the caller's first 18x
    uint64_t rang_after_us; // its last 18x since then
    uint64_t target_us;     // when the diverted call arrived at the target
    uint64_t target_answered_us;
    uint64_t final_us;      // the caller's final answer
    uint64_t taken_back_us; // the PBX took the call back from the called line
    unsigned status;        // the caller's final one
    unsigned ring_status;   // the caller's first 18x
    unsigned arrival_count; // at the called line
    bool rang_before;       // the caller heard it ring, but not from us
    bool is_final;          // there was one: `status` may be 0, for none
    bool is_direct;
    bool is_left;               // the line is un-registered
    uint8_t diverted;           // enum check_finding, FOUND_DIVERSION_...
    char other[EXTENSION_SIZE]; // where it arrived instead
};

enum phase {
    PHASE_RUNNING,
    PHASE_LEAVING,   // a line is being un-registered
    PHASE_CLEARING,  // the step's calls are being ended
    PHASE_PAUSE,     // before the next step
    PHASE_RETURNING, // the line is registered again
};

struct test_call {
    struct pool_id id;
    enum { CALL_FREE, CALL_FIRST, CALL_UNDER_TEST, CALL_CALLED, CALL_TARGET, CALL_OTHER } is;
    uint64_t answer_us; // when it is to be answered; 0: it is, or is not to be
};

struct check {
    uint32_t number, group_id;
    struct {
        uint32_t line_id;
        bool is_registered, is_usable;
        uint16_t status;
        char extension[EXTENSION_SIZE], public[NUMBER_SIZE];
    } lines[CHECK_LINES];
    bool is_diversion_sent, is_quick;
    bool has_others; // other telephones of the diverter were heard
    bool is_away;    // the target is un-registered by us
    uint8_t phase, step;
    uint8_t state; // enum check_state: how it is to end
    uint8_t external_class;
    uint8_t under_way; // what the call of the last CHECK_PLACE is; CALL_FREE: it has its number
    uint64_t phase_us; // when the phase ends at the latest
    uint64_t ring_max_us;
    struct pool_id id;
    struct seen seen;
    struct test_call calls[CHECK_CALLS_MAX];
    struct model_check_row rows[CHECK_ROWS];
    char external[TEXT_SIZE], server[TEXT_SIZE];
};

struct check_table {
    struct pool checks;
};

// ---- steps.c: what a step does

// Whether there is something to be seen by the step; if not, the rows say why.
bool check_step_begins(struct check *check);
// When the step is over; it may have been before now.
uint64_t check_step_until_us(const struct check *check);

// ---- judge.c: what it shows

// Fills in the rows that the step tells of.
void check_judge(struct check *check);
// The rows that a step tells of could not be looked at.
void check_leave_out(struct check *check, enum check_finding why, enum check_role line);
