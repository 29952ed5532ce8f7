// SPDX-License-Identifier: Apache-2.0
// What the programs that place calls have in common: the clock, the headers of an answer, and the
// account of what became of the calls.
#pragma once

#include "batch.h"
#include "message.h"

#include <stdbool.h>

enum {
    CALLING_LINES_MAX = 900000,
    CALLING_SECONDS_MAX = 60,
    CALLING_LOOK_US = 50 * 1000, // how often lost calls are looked for
    LATENCY_US_MAX = 1000 * 1000,
};

struct outcome {
    uint64_t answered, lost, wrong;
    uint32_t latencies[LATENCY_US_MAX + 1]; // how many calls took so many us
    char wrong_answer[80];                  // the first line of the first one
};

// Microseconds of a clock that only goes forward.
uint64_t now_us(void);

// The texts of call `number` of this `run`, which has the place `slot`, over one of `lines`: they
// follow from these, so that an ACK needs no memory of the INVITE.
struct call_texts calling_texts(uint32_t run, uint32_t number, uint32_t slot, uint32_t lines);

// Whether `answer` is a final one of this `run`; says of which call, and of which place.
bool calling_is_final(const struct packet *answer, uint32_t run, uint32_t *number, uint32_t *slot);

// What follows `name`, as in "\r\nTo: ", in the headers from `*at` on, up to the line's end; moves
// `*at` behind it. NULL where there is no such header.
const char *next_header(const struct packet *answer, const char *name, const char **at,
                        size_t *len);
// The first one.
const char *find_header(const struct packet *answer, const char *name, size_t *len);

// Counts a call that was answered after `latency_us`.
void outcome_answered(struct outcome *outcome, uint64_t latency_us);
// Counts an answer that should not have come, and keeps the first one.
void outcome_wrong(struct outcome *outcome, const struct packet *answer);
// Prints the line of JSON that a program ends with: `calls` that are done, `more` fields (each with
// a comma behind it), `seconds` from the first INVITE to the last answer, and the latencies.
void outcome_report(const struct outcome *outcome, uint64_t calls, const char *more,
                    double seconds);
