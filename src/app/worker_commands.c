// SPDX-License-Identifier: Apache-2.0
// What a worker is told: settings on their way to its engine, through the queue of commands.
#include "app/worker_int.h"

#include <stdlib.h>

enum { CHECKS_END_US = 2 * 1000 * 1000 }; // for PBXs to hear that test calls end, at the stop

static void put_group(struct worker *worker, struct snapshot_group *group)
{
    if (engine_put_group(worker->engine, worker_now(), group)) {
        struct address collector = {.family = ADDRESS_NONE};
        (void)address_parse_port(span_of(group->settings.hep_server), 0, &collector);
        tap_set_collector(worker->tap, group->group_id, &collector);
        links_put(worker->links, group);
        sites_put(worker->sites, group, net_now_us());
    } else {
        log_event(LOG_ERROR, "group not taken: groups_max is reached", "group",
                  span_of(group->settings.name));
        free(group);
    }
}

static void put_line(struct worker *worker, struct snapshot_line *block, struct line_saved *before)
{
    if (engine_put_line(worker->engine, worker_now(), block)) {
        links_need(worker->links, block->group_id);
        if (before) engine_restore_line(worker->engine, worker_now(), before);
        free(before);
        return;
    }
    free(before);
    log_event(LOG_ERROR, "line not taken: lines_max is reached", "extension",
              snapshot_text(block, block->extension));
    free(block);
}

static void put_device(struct worker *worker, struct snapshot_device *device)
{
    struct model_binding saved[CLIENT_BINDINGS_MAX];
    size_t count = bindings_take_saved(worker->bindings, device->device_id, saved,
                                       CLIENT_BINDINGS_MAX);
    if (engine_put_device(worker->engine, worker_now(), device)) {
        for (size_t i = 0; i < count; i++) {
            engine_restore_binding(worker->engine, worker_now(), &saved[i]);
        }
    } else {
        log_event(LOG_ERROR, "device not taken: devices_max is reached", "sip_user",
                  span_of(device->sip_user));
    }
    free(device);
}

static void reload(struct worker *worker)
{
    const struct app_config *config = &worker->config;
    struct net_problem problem;
    if (config->tls_certificate[0] == '\0') return;
    if (net_reload_tls(worker->net, config->tls_certificate, config->tls_key, &problem)) {
        log_event(LOG_INFO, "certificate read anew", "file", span_of(config->tls_certificate));
    } else {
        log_event(LOG_ERROR, "certificate not usable: the former one stays in use", "cause",
                  span_of(problem.text));
    }
}

static void set_web_client(struct worker *worker, const struct command *command)
{
    if (engine_set_web_client(worker->engine, command->id, command->count > 0)) return;
    log_event(LOG_WARN, "too many users have a page open", "effect",
              SPAN("one more counts as logged off"));
}

static void obey(struct worker *worker, const struct command *command)
{
    switch (command->kind) {
    case COMMAND_PUT_ZONE:
        engine_put_zone(worker->engine, command->zone);
        free(command->zone);
        break;
    case COMMAND_PUT_GROUP: put_group(worker, command->group); break;
    case COMMAND_REMOVE_GROUP:
        tap_set_collector(worker->tap, command->id, &(struct address){.family = ADDRESS_NONE});
        engine_remove_group(worker->engine, worker_now(), command->id);
        sites_remove(worker->sites, command->id);
        links_remove(worker->links, command->id);
        break;
    case COMMAND_PUT_LINE: put_line(worker, command->line, command->before); break;
    case COMMAND_REMOVE_LINE: engine_remove_line(worker->engine, worker_now(), command->id); break;
    case COMMAND_PUT_DEVICE: put_device(worker, command->device); break;
    case COMMAND_WEB_CLIENT: set_web_client(worker, command); break;
    case COMMAND_REMOVE_DEVICE:
        engine_remove_device(worker->engine, worker_now(), command->id);
        break;
    case COMMAND_PUT_ELSEWHERE:
        // No more than lines_max and devices_max, for which there is room.
        (void)engine_put_elsewhere(worker->engine, worker_now(), &command->elsewhere);
        free(command->name);
        break;
    case COMMAND_REMOVE_ELSEWHERE:
        engine_remove_elsewhere(worker->engine, worker_now(), command->is_device, command->id);
        break;
    case COMMAND_COUNT_RULE:
        if (command->line) put_line(worker, command->line, NULL);
        engine_rule_counted(worker->engine, command->id, command->count);
        break;
    case COMMAND_OBEYED:
        engine_code_obeyed(worker->engine, worker_now(), command->code, command->outcome);
        free(command->outcome);
        break;
    case COMMAND_RELOAD: reload(worker); break;
    case COMMAND_ASK: worker_answer(worker, command->question); break;
    case COMMAND_STOP:
        engine_stop_checks(worker->engine, worker_now());
        worker->is_stopping = true;
        worker->stop_us = net_now_us() + CHECKS_END_US;
        break;
    }
}

void worker_take_commands(struct worker *worker)
{
    struct command command;
    while (commands_take(worker->commands, &command)) obey(worker, &command);
}

void worker_tell(struct worker *worker, struct command command)
{
    commands_add(worker->commands, command);
    net_wake(worker->net);
}

void worker_ask(struct worker *worker, struct question *question)
{
    if (uv_sem_init(&question->answered, 0) != 0) return;
    worker_tell(worker, (struct command){.kind = COMMAND_ASK, .question = question});
    uv_sem_wait(&question->answered);
    uv_sem_destroy(&question->answered);
}
