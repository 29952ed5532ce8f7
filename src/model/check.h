// SPDX-License-Identifier: Apache-2.0
// What the check of a line group finds out about its PBX, as plain data. docs/group-check.md. Its
// words are in check_words.c, for people who read no codes.
#pragma once

#include "model/settings.h"

// Lines that take part. The caller places the calls, the diverter is called, calls are diverted to
// the target.
enum check_role { CHECK_CALLER, CHECK_DIVERTER, CHECK_TARGET, CHECK_LINES };

// What is looked at, in the order of the report.
enum check_row {
    CHECK_REGISTRATION,
    CHECK_INCOMING, // a call arrives at each of the lines
    CHECK_BUSY_486, // what the caller gets of our answers
    CHECK_UNAVAILABLE_480,
    CHECK_DECLINE_603,
    CHECK_SECOND_CALL,
    CHECK_REDIRECT_INTERNAL,
    CHECK_DIVERSION,
    CHECK_CONTACT_HOST,
    CHECK_REDIRECT_EXTERNAL,
    CHECK_OTHER_CONTACTS,
    CHECK_RING_TIMEOUT,
    CHECK_UNREGISTERED,
    CHECK_ROWS,
};
extern const struct model_names model_check_rows;

enum check_verdict { CHECK_NOT_TESTED, CHECK_OK, CHECK_LIMITED, CHECK_FAILS };
extern const struct model_names model_check_verdicts;

// What was seen.
enum check_finding {
    FOUND_NOTHING,             // it was not reached
    FOUND_REGISTERED,          // the PBX accepts the lines' registrations
    FOUND_REFUSED,             // it refuses one, with `status`
    FOUND_UNREGISTERED,        // one is not registered, without an answer that says why
    FOUND_ARRIVED,             // the call came to us
    FOUND_AT_OTHER_LINE,       // it came to us, but on the line `other`
    FOUND_TAKEN_ELSEWHERE,     // it rang or was answered, but not with us
    FOUND_DECLINED,            // the caller got `status`
    FOUND_SILENCE,             // the caller got no answer
    FOUND_AS_SENT,             // the caller got the status that we answered
    FOUND_CHANGED,             // the caller got another one
    FOUND_RINGS_ON,            // the caller went on hearing it ring
    FOUND_FOLLOWED,            // the call went where the 302 says
    FOUND_FOLLOWED_LATE,       // the same, but not at once
    FOUND_TAKEN_AS_BUSY,       // the caller got 486 for the 302
    FOUND_PASSED_ON,           // the caller got the 302 itself
    FOUND_CAME_BACK,           // the line that redirected was called again
    FOUND_HELD_BACK,           // other telephones of the line have to end first
    FOUND_HOST_IGNORED,        // only the user part of a Contact counts
    FOUND_HOST_REFUSED,        // a foreign host is not dialled; the caller got `status`
    FOUND_HOST_DIALLED,        // the call went straight to the foreign host
    FOUND_DIVERSION_KEPT,      // the target is told who diverted
    FOUND_HISTORY_KEPT,        // the same, by History-Info
    FOUND_DIVERSION_CHANGED,   // the target is told, but not why
    FOUND_DIVERSION_LOST,      // the target is told nothing
    FOUND_DIVERSION_NOT_SENT,  // the group's setting `diversion` is none
    FOUND_KEEPS_RINGING,       // other telephones of the line ring on after our answers
    FOUND_STOPS_RINGING,       // a 302 makes them stop
    FOUND_NO_OTHERS,           // no other telephone of the line was heard
    FOUND_TIMES_OUT,           // the PBX ends the call after `ms`
    FOUND_NO_TIMEOUT,          // it lets it ring for longer than `ms`
    FOUND_LINE_UNUSABLE,       // calls to the line do not arrive
    FOUND_NO_NUMBER,           // no test number was given, or no consent
    FOUND_SKIPPED,             // not wanted this time
    FOUND_ENDED_EARLY,         // the check was ended before
    FOUND_REGISTRATION_STAYED, // the line could not be un-registered
};
extern const struct model_names model_check_findings;

struct model_check_row {
    uint8_t verdict, finding;   // enum check_verdict, enum check_finding
    uint16_t status;            // that the caller got; 0: none
    uint32_t ms;                // until then; 0: not measured
    char line[EXTENSION_SIZE];  // that it is about; empty: all, or none in particular
    char other[EXTENSION_SIZE]; // another one that was seen
};

enum check_state {
    CHECK_RUNNING,
    CHECK_DONE,
    CHECK_CANCELLED,   // by an administrator
    CHECK_INTERRUPTED, // the server ended, or one of its lines is gone
};
extern const struct model_names model_check_states;

// Rows as text, and back: "incoming ok arrived 180 12 102 -; ...". What cannot be read is left as
// not tested.
void model_check_print_rows(const struct model_check_row rows[CHECK_ROWS], struct buffer *out);
void model_check_read_rows(struct span text, struct model_check_row rows[CHECK_ROWS]);

// Prints what was seen, as a sentence without a full stop, and what somebody can do about it (empty
// where there is nothing to be done). English.
void model_check_put_seen(struct buffer *out, enum check_row row,
                          const struct model_check_row *result);
void model_check_put_advice(struct buffer *out, enum check_row row,
                            const struct model_check_row *result);
// A row's title: "second call". Static.
const char *model_check_title(enum check_row row);
