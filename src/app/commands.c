// SPDX-License-Identifier: Apache-2.0
// A ring under a mutex.
#include "app/commands.h"

#include <stdlib.h>
#include <uv.h>

enum { COMMANDS_MAX = 4096 };

struct commands {
    uv_mutex_t mutex;
    uv_cond_t has_room;
    uint32_t first, count;
    struct command ring[COMMANDS_MAX];
};

struct commands *commands_new(void)
{
    struct commands *commands = calloc(1, sizeof *commands);
    if (!commands) return NULL;
    if (uv_mutex_init(&commands->mutex) != 0) goto failed;
    if (uv_cond_init(&commands->has_room) != 0) goto failed_cond;
    return commands;
failed_cond:
    uv_mutex_destroy(&commands->mutex);
failed:
    free(commands);
    return NULL;
}

void commands_free(struct commands *commands)
{
    struct command command;
    if (!commands) return;
    while (commands_take(commands, &command)) {
        free(command.zone);
        free(command.group);
        free(command.line);
        free(command.device);
        free(command.before);
        free(command.name);
        free(command.outcome);
    }
    uv_cond_destroy(&commands->has_room);
    uv_mutex_destroy(&commands->mutex);
    free(commands);
}

void commands_add(struct commands *commands, struct command command)
{
    uv_mutex_lock(&commands->mutex);
    while (commands->count == COMMANDS_MAX) {
        uv_cond_wait(&commands->has_room, &commands->mutex);
    }
    commands->ring[(commands->first + commands->count++) % COMMANDS_MAX] = command;
    uv_mutex_unlock(&commands->mutex);
}

bool commands_take(struct commands *commands, struct command *command)
{
    uv_mutex_lock(&commands->mutex);
    bool is_taken = commands->count > 0;
    if (is_taken) {
        *command = commands->ring[commands->first];
        commands->first = (commands->first + 1) % COMMANDS_MAX;
        commands->count--;
        uv_cond_signal(&commands->has_room);
    }
    uv_mutex_unlock(&commands->mutex);
    return is_taken;
}
