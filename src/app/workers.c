// SPDX-License-Identifier: Apache-2.0
// The workers, and what goes to which of them.
#include "app/workers.h"

#include "app/log.h"
#include "app/placement.h"

#include <stdlib.h>
#include <string.h>

struct workers {
    struct journal *journal;
    const struct registrations *registrations;
    struct placement *placement;
    uint32_t count;
    struct worker *at[WORKERS_MAX];
};

struct workers *workers_new(const struct app_config *config, const struct worker_parts *parts,
                            const struct registrations *registrations, struct net_problem *problem)
{
    struct workers *workers = calloc(1, sizeof *workers);
    struct worker_parts all_parts = *parts;
    *problem = (struct net_problem){.err = ERR_NO_MEMORY, .text = "out of memory"};
    if (!workers) return NULL;
    workers->journal = parts->journal;
    workers->registrations = registrations;
    workers->placement = placement_new(config->workers, config->lines_max);
    if (!workers->placement) goto failed;
    all_parts.workers = workers->at;
    while (workers->count < config->workers) {
        struct worker *worker = worker_new(config, &all_parts, workers->count, problem);
        if (!worker) goto failed;
        workers->at[workers->count++] = worker;
    }
    return workers;
failed:
    workers_free(workers);
    return NULL;
}

enum err workers_start(struct workers *workers)
{
    enum err err = ERR_NONE;
    for (uint32_t i = 0; i < workers->count && err == ERR_NONE; i++) {
        err = worker_start(workers->at[i]);
    }
    return err;
}

void workers_reload(struct workers *workers)
{
    for (uint32_t i = 0; i < workers->count; i++) {
        worker_tell(workers->at[i], (struct command){.kind = COMMAND_RELOAD});
    }
}

void workers_stop(struct workers *workers)
{
    for (uint32_t i = 0; i < workers->count; i++) worker_stop(workers->at[i]);
}

void workers_tell_obeyed(struct workers *workers, const struct order *order,
                         const struct code_outcome *outcome)
{
    struct command command = {.kind = COMMAND_OBEYED, .code = order->code};
    command.outcome = malloc(sizeof *command.outcome);
    if (!command.outcome) return; // its call is refused when it has waited
    *command.outcome = *outcome;
    worker_tell(workers->at[order->worker], command);
}

bool workers_are_working(struct workers *workers)
{
    bool are_working = true;
    for (uint32_t i = 0; i < workers->count; i++) {
        are_working = worker_is_working(workers->at[i]) && are_working;
    }
    return are_working;
}

void workers_free(struct workers *workers)
{
    if (!workers) return;
    for (uint32_t i = 0; i < workers->count; i++) worker_free(workers->at[i]);
    placement_free(workers->placement);
    free(workers);
}

// ---- Settings

// Settings that are lost would be worse than a restart.
static void *copy_of(const void *bytes, size_t size)
{
    void *copy = malloc(size);
    ASSERT(copy);
    return memcpy(copy, bytes, size);
}

static void on_zone_changed(void *context, const struct snapshot_zone *zone)
{
    struct workers *workers = context;
    for (uint32_t i = 0; i < workers->count; i++) {
        worker_tell(workers->at[i], (struct command){.kind = COMMAND_PUT_ZONE,
                                                     .zone = copy_of(zone, sizeof *zone)});
    }
}

static void on_group_changed(void *context, const struct snapshot_group *group)
{
    struct workers *workers = context;
    // What is only tried has no journal of its own.
    if (group->group_id < SETTINGS_TRIAL_IDS) {
        journal_keep(workers->journal, group->group_id, &group->settings);
    }
    for (uint32_t i = 0; i < workers->count; i++) {
        worker_tell(workers->at[i], (struct command){.kind = COMMAND_PUT_GROUP,
                                                     .group = copy_of(group, group->size)});
    }
}

static void on_group_removed(void *context, uint32_t group_id)
{
    struct workers *workers = context;
    for (uint32_t i = 0; i < workers->count; i++) {
        worker_tell(workers->at[i], (struct command){.kind = COMMAND_REMOVE_GROUP, .id = group_id});
    }
}

// ---- Lines: each is at one worker, and the others know where

static void tell_elsewhere(struct workers *workers, const struct line_elsewhere *known)
{
    struct command command = {.kind = COMMAND_PUT_ELSEWHERE, .elsewhere = *known};
    for (uint32_t i = 0; i < workers->count; i++) {
        if (i == known->worker) continue;
        command.name = copy_of(known->name.at, known->name.len);
        command.elsewhere.name.at = command.name;
        worker_tell(workers->at[i], command);
    }
}

static void forget_elsewhere(struct workers *workers, bool is_device, uint32_t id)
{
    struct command command = {.kind = COMMAND_REMOVE_ELSEWHERE, .id = id, .is_device = is_device};
    for (uint32_t i = 0; i < workers->count; i++) worker_tell(workers->at[i], command);
}

// What the line's registration was before: at the worker that has it now, or under the last start
// of the program. NULL: nothing is known; else the caller's.
static struct line_saved *take_over(struct workers *workers, uint32_t line_id)
{
    uint32_t from;
    struct question question = {.kind = ASK_YIELD, .line_id = line_id};
    if (placement_find(workers->placement, line_id, &from)) {
        worker_ask(workers->at[from], &question);
    } else {
        question.is_done = registrations_find(workers->registrations, line_id, &question.left);
    }
    return question.is_done ? copy_of(&question.left, sizeof question.left) : NULL;
}

static void move_line(struct workers *workers, const struct snapshot_line *line, uint32_t to)
{
    struct span extension = snapshot_text(line, line->extension);
    struct line_elsewhere known = {line->group_id, line->line_id, (uint8_t)to, extension};
    struct command command = {.kind = COMMAND_PUT_LINE};
    command.before = take_over(workers, line->line_id);
    command.line = copy_of(line, line->size);
    if (!placement_put(workers->placement, line->line_id, to)) {
        log_event(LOG_ERROR, "line not taken: lines_max is reached", "extension", extension);
        free(command.before);
        free(command.line);
        return;
    }
    tell_elsewhere(workers, &known);
    if (workers->count > 1) {
        worker_tell(workers->at[to],
                    (struct command){.kind = COMMAND_REMOVE_ELSEWHERE, .id = line->line_id});
    }
    worker_tell(workers->at[to], command);
}

// With another user, a line may belong to another worker.
static void on_line_changed(void *context, const struct snapshot_line *line)
{
    struct workers *workers = context;
    uint32_t at, to = placement_of_line(workers->placement, line);
    bool is_there = placement_find(workers->placement, line->line_id, &at) && at == to;
    if (is_there) {
        worker_tell(workers->at[to],
                    (struct command){.kind = COMMAND_PUT_LINE, .line = copy_of(line, line->size)});
    } else {
        move_line(workers, line, to);
    }
}

static void on_line_removed(void *context, uint32_t line_id)
{
    struct workers *workers = context;
    uint32_t at;
    if (!placement_find(workers->placement, line_id, &at)) return;
    placement_remove(workers->placement, line_id);
    worker_tell(workers->at[at], (struct command){.kind = COMMAND_REMOVE_LINE, .id = line_id});
    if (workers->count > 1) forget_elsewhere(workers, false, line_id);
}

// A device is at its user's worker.
static void on_device_changed(void *context, const struct snapshot_device *device)
{
    struct workers *workers = context;
    uint32_t at = placement_of_user(workers->placement, device->user_id);
    tell_elsewhere(workers, &(struct line_elsewhere){.id = device->device_id,
                                                     .worker = (uint8_t)at,
                                                     .name = span_of(device->sip_user)});
    worker_tell(workers->at[at], (struct command){.kind = COMMAND_PUT_DEVICE,
                                                  .device = copy_of(device, sizeof *device)});
}

static void on_device_removed(void *context, uint32_t device_id)
{
    struct workers *workers = context;
    for (uint32_t i = 0; i < workers->count; i++) {
        worker_tell(workers->at[i],
                    (struct command){.kind = COMMAND_REMOVE_DEVICE, .id = device_id});
    }
    if (workers->count > 1) forget_elsewhere(workers, true, device_id);
}

// One command for both, so that no call finds the one without the other. All are told of the count:
// the line may have been at another worker when its exception was used.
static void on_rule_counted(void *context, const struct settings_use *use,
                            const struct snapshot_line *line)
{
    struct workers *workers = context;
    uint32_t at = 0;
    bool is_placed = line && placement_find(workers->placement, line->line_id, &at);
    for (uint32_t i = 0; i < workers->count; i++) {
        struct command command = {
            .kind = COMMAND_COUNT_RULE, .id = use->rule_id, .count = use->count};
        if (is_placed && i == at) command.line = copy_of(line, line->size);
        worker_tell(workers->at[i], command);
    }
}

struct settings_listener workers_listener(struct workers *workers)
{
    return (struct settings_listener){
        .context = workers,
        .zone_changed = on_zone_changed,
        .group_changed = on_group_changed,
        .group_removed = on_group_removed,
        .line_changed = on_line_changed,
        .line_removed = on_line_removed,
        .device_changed = on_device_changed,
        .device_removed = on_device_removed,
        .rule_counted = on_rule_counted,
    };
}

// All are told, for the user's lines may come to another worker.
void workers_set_web_client(struct workers *workers, uint32_t user_id, bool is_live)
{
    for (uint32_t i = 0; i < workers->count; i++) {
        worker_tell(workers->at[i],
                    (struct command){.kind = COMMAND_WEB_CLIENT, .id = user_id, .count = is_live});
    }
}

// ---- Questions

uint32_t workers_live_clients(struct workers *workers, uint32_t user_id)
{
    struct question question = {.kind = ASK_LIVE, .user_id = user_id};
    worker_ask(workers->at[placement_of_user(workers->placement, user_id)], &question);
    return question.live_count;
}

// Who has the line; any worker for one that is nowhere.
static struct worker *worker_of_line(struct workers *workers, uint32_t line_id)
{
    uint32_t at = 0;
    (void)placement_find(workers->placement, line_id, &at);
    return workers->at[at];
}

bool workers_assume_clients(struct workers *workers, uint32_t line_id,
                            const struct client_assumption *assumption)
{
    struct question question = {.kind = ASK_ASSUME, .line_id = line_id, .assumption = assumption};
    worker_ask(worker_of_line(workers, line_id), &question);
    return question.is_done;
}

void workers_lift_limits(struct workers *workers, uint32_t line_id)
{
    struct question question = {.kind = ASK_LIFT_LIMITS, .line_id = line_id};
    worker_ask(worker_of_line(workers, line_id), &question);
}

bool workers_assumed_clients(struct workers *workers, uint32_t line_id,
                             struct client_assumption *out)
{
    struct question question = {.kind = ASK_ASSUMED, .line_id = line_id};
    worker_ask(worker_of_line(workers, line_id), &question);
    if (question.is_done) *out = question.assumed;
    return question.is_done;
}

enum call_deflection workers_deflect(struct workers *workers, uint64_t number,
                                     const struct fwd_target *target, enum fwd_finding *finding)
{
    uint32_t at;
    struct question question = {.kind = ASK_DEFLECT,
                                .call = calls_id(number, &at),
                                .target = target,
                                .deflection = CALL_NOT_WAITING};
    *finding = FWD_APPLIES;
    if (at >= workers->count) return CALL_NOT_WAITING;
    worker_ask(workers->at[at], &question);
    *finding = question.finding;
    return question.deflection;
}

bool workers_decline(struct workers *workers, uint64_t number)
{
    uint32_t at;
    struct question question = {.kind = ASK_DECLINE, .call = calls_id(number, &at)};
    if (at >= workers->count) return false;
    worker_ask(workers->at[at], &question);
    return question.is_done;
}

bool workers_hang_up(struct workers *workers, uint64_t number)
{
    uint32_t at;
    struct question question = {.kind = ASK_HANG_UP, .call = calls_id(number, &at)};
    if (at >= workers->count) return false;
    worker_ask(workers->at[at], &question);
    return question.is_done;
}

// All lines of a check are of one worker. Where none are named, the first worker that has three of
// them checks.
enum engine_check_result workers_start_check(struct workers *workers, struct engine_check *order,
                                             uint32_t *line_id)
{
    struct question question = {.kind = ASK_START_CHECK, .order = order};
    if (order->line_ids[0] != 0) {
        worker_ask(worker_of_line(workers, order->line_ids[0]), &question);
        *line_id = question.line_id;
        return question.result;
    }
    for (uint32_t i = 0; i < workers->count; i++) {
        worker_ask(workers->at[i], &question);
        *line_id = question.line_id;
        if (question.result == ENGINE_CHECK_STARTED) break;
    }
    return question.result;
}

bool workers_stop_check(struct workers *workers, uint32_t number)
{
    struct question question = {.kind = ASK_STOP_CHECK, .number = number};
    for (uint32_t i = 0; i < workers->count && !question.is_done; i++) {
        worker_ask(workers->at[i], &question);
    }
    return question.is_done;
}
