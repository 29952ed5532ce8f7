// SPDX-License-Identifier: Apache-2.0
// What the workers tell and the API shows: each line's registration as last told, how many lines of
// a group are in which state, and counters. Only the latest matters, so it is a table under a mutex
// and no queue.
#pragma once

#include "api/api.h"
#include "app/config.h"
#include "line/line.h"

struct states;

// A table with room for so many lines and groups; states_free gives it back. NULL when memory is
// out.
struct states *states_new(uint32_t lines_max, uint32_t groups_max) WARN_UNUSED;
void states_free(struct states *states);

// A line's new state, with the Service-Route of its registration (empty: none). Returns the state
// before, REGISTRATION_WAITING for a new line.
enum model_registration_state states_set(struct states *states, uint32_t group_id,
                                         const struct model_registration *registration,
                                         struct span route);
// Service-Routes that were told since the start, by the numbers 1 to STATES_WAYS that registrations
// have of theirs (`way`): lines share a few. Empty where there is none of that number.
enum { STATES_WAYS = 255 };
struct span states_way(struct states *states, uint8_t number);
// All that are there, to walk over: the line at `index`, 0 to states_end() - 1; false for a free
// place.
uint32_t states_end(struct states *states);
bool states_at(struct states *states, uint32_t index, struct model_registration *out);
// The line is no more.
void states_forget(struct states *states, uint32_t line_id);
// What the PBX says of a line's desk phones; kept with the line's state, which has to be there.
void states_set_desk(struct states *states, const struct model_desk_phone *desk);
// False where nobody asks about them.
bool states_get_desk(struct states *states, uint32_t line_id, struct model_desk_phone *out);
// How a line was told of last; false where it was not.
bool states_get(struct states *states, uint32_t line_id, struct model_registration *out);
// Adds up a group's lines (0: of all groups) by state.
void states_count(struct states *states, uint32_t group_id, uint32_t counts[]);
// The groups that have lines, to walk over: how many lines of the one at `index`, 0 to groups_max -
// 1, are in each state. Returns its number, 0 for a free place.
uint32_t states_group_at(struct states *states, uint32_t index, uint32_t counts[]);

// Counters since the start.
enum states_counter {
    STATES_CALLS,
    STATES_FORWARDED,
    STATES_DECLINED,
    STATES_MISSED,
    STATES_ANSWERED_ELSEWHERE,
    STATES_FAILED,
    STATES_ANSWERED,
    STATES_UNANSWERED,
    STATES_STRANGERS,
    STATES_UNKNOWN_NUMBERS,
    STATES_MALFORMED,
    STATES_OVERLOADED,
    STATES_EFFECTS_LOST,
    STATES_OPEN_CALLS,           // now
    STATES_OPEN_TRANSACTIONS,    // now
    STATES_HANDED_OVER,          // messages for another worker's lines
    STATES_PARCELS_DROPPED,      // what could not be given to another worker
    STATES_DEVICE_BINDINGS,      // now
    STATES_DEVICE_REGISTRATIONS, // REGISTERs that were obeyed
    STATES_DEVICE_CHALLENGES,
    STATES_DEVICE_FAILURES,
    STATES_DEVICE_BLOCKED,
    STATES_SUBSCRIPTIONS, // now
    STATES_DESKS,         // lines whose desk phones are asked about, now
    STATES_FEATURE_CODES, // dialled, and given to the settings
    STATES_OVERLOAD_ALARMS,
    STATES_VERDICT, // + enum model_verdict_kind, but for redirects
    STATES_REDIRECT = STATES_VERDICT + VERDICT_DECLINE + 1, // + enum model_reason
    STATES_COUNTER_COUNT = STATES_REDIRECT + REASON_COUNT,
};
// Each worker has its own.
void states_add(struct states *states, uint32_t worker, enum states_counter counter, uint64_t by);
// What one worker has counted.
uint64_t states_read_of(struct states *states, uint32_t worker, enum states_counter counter);
// Of all workers together.
uint64_t states_read(struct states *states, enum states_counter counter);
