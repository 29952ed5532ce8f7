// SPDX-License-Identifier: Apache-2.0
// The way of settings into a worker: a bounded queue. Who adds to a full one waits until the worker
// has taken some.
#pragma once

#include "engine/engine.h"

#include <uv.h>

enum command_kind {
    COMMAND_PUT_ZONE,
    COMMAND_PUT_GROUP,
    COMMAND_REMOVE_GROUP,
    COMMAND_PUT_LINE,
    COMMAND_REMOVE_LINE,
    COMMAND_PUT_DEVICE,
    COMMAND_REMOVE_DEVICE,
    COMMAND_WEB_CLIENT,    // of the user `id`: there is one, or none any more (`count` 0)
    COMMAND_PUT_ELSEWHERE, // a line or a device is at another worker
    COMMAND_REMOVE_ELSEWHERE,
    COMMAND_COUNT_RULE, // with the line's block that counts it, if that has changed
    COMMAND_RELOAD,     // the files of TLS
    COMMAND_OBEYED,     // what has become of a feature code
    COMMAND_ASK,        // somebody waits for the answer
    COMMAND_STOP,
};

// What somebody asks who waits for the answer (worker_ask).
struct question {
    enum {
        ASK_ASSUME,
        ASK_ASSUMED,
        ASK_DEFLECT,
        ASK_DECLINE,
        ASK_HANG_UP,
        ASK_LIVE,
        ASK_YIELD,
        ASK_START_CHECK,
        ASK_STOP_CHECK,
        ASK_LIFT_LIMITS
    } kind;
    uv_sem_t answered;
    uint32_t line_id;
    uint32_t user_id, live_count;               // of clients
    const struct client_assumption *assumption; // NULL: nothing any more
    struct client_assumption assumed;
    struct line_saved left; // ASK_YIELD: of the line
    struct pool_id call;
    const struct fwd_target *target;
    bool is_done;
    struct engine_check *order; // ASK_START_CHECK; its lines are filled in
    enum engine_check_result result;
    uint32_t number; // of the check
    enum call_deflection deflection;
    enum fwd_finding finding;
};

struct command {
    enum command_kind kind;
    uint32_t id;                    // of what is to be removed, of the counted exception
    uint32_t count;                 // of its uses
    struct snapshot_zone *zone;     // on the heap; the taker frees it
    struct snapshot_group *group;   // on the heap; the taker frees it
    struct snapshot_line *line;     // on the heap; the taker frees it
    struct snapshot_device *device; // on the heap; the taker frees it
    // COMMAND_PUT_LINE: what its registration was before, or NULL; on the heap; the taker frees it
    struct line_saved *before;
    struct line_elsewhere elsewhere; // its name is `name`
    char *name;                      // on the heap; the taker frees it
    bool is_device;                  // COMMAND_REMOVE_ELSEWHERE: `id` is a device's
    struct pool_id code;             // COMMAND_OBEYED, with:
    struct code_outcome *outcome;    // on the heap; the taker frees it
    struct question *question;       // of one who waits for the answer
};

struct commands;

// An empty queue. commands_free gives it back, with what nobody has taken. NULL when memory is out.
struct commands *commands_new(void) WARN_UNUSED;
void commands_free(struct commands *commands);
// From any thread but the worker's.
void commands_add(struct commands *commands, struct command command);
// The oldest command; false when there is none.
bool commands_take(struct commands *commands, struct command *command);
