// SPDX-License-Identifier: Apache-2.0
// The workers, and what goes to which of them.
#include "app/workers.h"

#include <stdlib.h>
#include <string.h>

struct workers {
    struct journal *journal;
    uint32_t count;
    struct worker *at[WORKERS_MAX];
};

struct workers *workers_new(const struct app_config *config, const struct worker_parts *parts,
                            struct net_problem *problem)
{
    struct workers *workers = calloc(1, sizeof *workers);
    *problem = (struct net_problem){.err = ERR_NO_MEMORY, .text = "out of memory"};
    if (!workers) return NULL;
    workers->journal = parts->journal;
    while (workers->count < config->workers) {
        struct worker *worker = worker_new(config, parts, workers->count, problem);
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
    journal_keep(workers->journal, group->group_id, &group->settings);
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

static void on_line_changed(void *context, const struct snapshot_line *line)
{
    struct workers *workers = context;
    worker_tell(workers->at[0],
                (struct command){.kind = COMMAND_PUT_LINE, .line = copy_of(line, line->size)});
}

static void on_line_removed(void *context, uint32_t line_id)
{
    struct workers *workers = context;
    worker_tell(workers->at[0], (struct command){.kind = COMMAND_REMOVE_LINE, .id = line_id});
}

static void on_device_changed(void *context, const struct snapshot_device *device)
{
    struct workers *workers = context;
    worker_tell(workers->at[0], (struct command){.kind = COMMAND_PUT_DEVICE,
                                                 .device = copy_of(device, sizeof *device)});
}

static void on_device_removed(void *context, uint32_t device_id)
{
    struct workers *workers = context;
    worker_tell(workers->at[0], (struct command){.kind = COMMAND_REMOVE_DEVICE, .id = device_id});
}

// One command for both, so that no call finds the one without the other.
static void on_rule_counted(void *context, const struct settings_use *use,
                            const struct snapshot_line *line)
{
    struct workers *workers = context;
    struct command command = {.kind = COMMAND_COUNT_RULE, .id = use->rule_id, .count = use->count};
    if (line) command.line = copy_of(line, line->size);
    worker_tell(workers->at[0], command);
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
    worker_ask(workers->at[0], &question);
    return question.live_count;
}

bool workers_assume_clients(struct workers *workers, uint32_t line_id,
                            const struct client_assumption *assumption)
{
    struct question question = {.kind = ASK_ASSUME, .line_id = line_id, .assumption = assumption};
    worker_ask(workers->at[0], &question);
    return question.is_done;
}

bool workers_assumed_clients(struct workers *workers, uint32_t line_id,
                             struct client_assumption *out)
{
    struct question question = {.kind = ASK_ASSUMED, .line_id = line_id};
    worker_ask(workers->at[0], &question);
    if (question.is_done) *out = question.assumed;
    return question.is_done;
}

enum call_deflection workers_deflect(struct workers *workers, uint64_t number,
                                     const struct fwd_target *target, enum fwd_finding *finding)
{
    struct question question = {.kind = ASK_DEFLECT,
                                .call = waiting_call(number),
                                .target = target,
                                .deflection = CALL_NOT_WAITING};
    worker_ask(workers->at[0], &question);
    *finding = question.finding;
    return question.deflection;
}
