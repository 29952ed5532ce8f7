// SPDX-License-Identifier: Apache-2.0
// The check of a line group: test calls among three of its lines tell what its PBX does with second
// calls, with 302s and with our other answers. A machine without SIP: it says which line is to call
// whom and how a test call is to be answered, and is told what came of it. docs/group-check.md.
#pragma once

#include "model/model.h"

enum {
    CHECKS_MAX = 4,       // at the same time, of one worker
    CHECK_CALLS_MAX = 12, // that one of them has at the same time, those under way out included
};

struct check_table;

// Bytes of memory that a table needs.
size_t check_memory_size(void);
// Makes a table in `memory` (zeroed, aligned to 16; it must outlive the table).
struct check_table *check_init(void *memory);

// ---- Effects

enum {
    CHECK_PLACE = EFFECT_CHECK, // struct check_place: a line is to call
    CHECK_ANSWER,               // struct check_answer: a call that came is to be answered
    CHECK_HANG_UP,              // struct check_hang_up: a call is to end
    CHECK_AWAY,                 // struct check_away: a line is to be un-registered, or registered
    CHECK_TOLD,                 // struct check_told: tell people
};

struct check_place {
    struct effect effect;
    struct pool_id check;
    uint32_t line_id;    // who calls
    struct span dialled; // extension; lives as long as the check
};

// How a test call is answered.
enum check_answer_kind {
    CHECK_RING,             // 180
    CHECK_STATUS,           // `status`; 200 joins the caller with silence
    CHECK_REDIRECT,         // 302 as the engine forwards: to `target`, in stored form
    CHECK_REDIRECT_FOREIGN, // 302 with a host in its Contact that is not the PBX's, but ours
};

struct check_answer {
    struct effect effect;
    struct pool_id check, call;
    enum check_answer_kind kind;
    unsigned status;
    struct span target;    // lives as long as the check
    unsigned number_class; // enum model_number_class, of the target
};

struct check_hang_up {
    struct effect effect;
    struct pool_id call;
};

struct check_away {
    struct effect effect;
    uint32_t line_id;
    bool is_away;
};

// A row was found out, or (`is_done`) the check is over.
struct check_told {
    struct effect effect;
    uint32_t number, group_id; // of the check
    bool is_done;
    uint8_t state;                      // enum check_state
    uint8_t row;                        // of `is_done` false
    struct span server;                 // what the PBX calls itself
    const struct model_check_row *rows; // CHECK_ROWS of them, as they are now
};

// ---- Beginning and ending

struct check_line {
    uint32_t line_id;
    struct span extension, number; // its public number in stored form; empty: none
    bool is_registered;
    unsigned status; // why it is not, of the PBX's answer; 0: no answer
};

struct check_options {
    uint32_t number, group_id;
    struct check_line lines[CHECK_LINES];
    bool is_diversion_sent;  // by the group's setting
    bool is_quick;           // without the ring time-out
    uint32_t ring_max_s;     // for how long it is waited for it
    struct span external;    // test number in stored form; empty: none
    unsigned external_class; // enum model_number_class
};
// Begins; texts are copied. False when there is no room.
bool check_start(struct check_table *table, struct turn *turn, const struct check_options *options);
// Ends a check before its time, as `state` says; false when there is none of that number. Its calls
// are ended first: CHECK_TOLD comes when they are.
bool check_stop(struct check_table *table, struct turn *turn, uint32_t number,
                enum check_state state);
// The same of all checks.
void check_stop_all(struct check_table *table, struct turn *turn, enum check_state state);
// Whether a line takes part in a check.
bool check_has_line(const struct check_table *table, uint32_t line_id);
// How many checks there are.
uint32_t check_count(const struct check_table *table);

// ---- What happens

enum check_event_kind {
    CHECK_PLACED,     // the call of CHECK_PLACE is `call`
    CHECK_RESPONDED,  // its caller got `status`; 0: no answer, or it could not be placed
    CHECK_ARRIVED,    // a test call came as `call` to the line `extension`
    CHECK_TAKEN_BACK, // the PBX cancelled, or hung up, a call that had come
    CHECK_GONE,       // the call is over, and nothing of it is left
};

struct check_event {
    enum check_event_kind kind;
    struct pool_id check, call;
    unsigned status;
    struct span server;                    // what the PBX called itself; empty: nothing
    struct span extension;                 // of CHECK_ARRIVED
    struct pool_id of;                     // of CHECK_ARRIVED: the call of ours that it is
    bool is_direct;                        // it came by the foreign host of CHECK_REDIRECT_FOREIGN
    struct span diverted_by, diverted_why; // of the topmost Diversion; empty: none
    struct span history;                   // who diverted last, by History-Info; empty: nobody
};
// Something has happened to a call of a check. A call whose check is over is hung up.
void check_event(struct check_table *table, struct turn *turn, const struct check_event *event);
// How a line of a check stands with the PBX now. `is_left`: the PBX has answered that it is
// un-registered.
struct check_line_news {
    uint32_t line_id;
    bool is_registered, is_left, is_gone;
};
void check_line_changed(struct check_table *table, struct turn *turn,
                        const struct check_line_news *news);

// When check_tick must be called next, on the monotonic clock; DEADLINE_NEVER when nothing waits.
uint64_t check_deadline_us(const struct check_table *table);
// Does what is due.
void check_tick(struct check_table *table, struct turn *turn);
