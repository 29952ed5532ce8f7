// SPDX-License-Identifier: Apache-2.0
// The table of calls that wait.
#include "app/waiting.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { WORKER_SHIFT = 24 }; // a worker has fewer calls than this has bits for

struct waiting {
    uv_mutex_t mutex;
    size_t count;
    struct api_call calls[WAITING_MAX];
};

struct waiting *waiting_new(void)
{
    struct waiting *waiting = calloc(1, sizeof *waiting);
    if (!waiting || uv_mutex_init(&waiting->mutex) == 0) return waiting;
    free(waiting);
    return NULL;
}

void waiting_free(struct waiting *waiting)
{
    if (!waiting) return;
    uv_mutex_destroy(&waiting->mutex);
    free(waiting);
}

uint64_t waiting_number(uint32_t worker, struct pool_id call)
{
    return (uint64_t)call.generation << 32 | (uint64_t)worker << WORKER_SHIFT | call.index;
}

struct pool_id waiting_call(uint64_t number, uint32_t *worker)
{
    *worker = (uint32_t)number >> WORKER_SHIFT;
    return (struct pool_id){.index = (uint32_t)number & ((1U << WORKER_SHIFT) - 1),
                            .generation = (uint32_t)(number >> 32)};
}

static void copy(char *out, size_t size, struct span text)
{
    text_copy(out, size, span_slice(text, 0, size - 1));
}

static void put(struct api_call *call, const struct call_shown *shown)
{
    call->line_id = shown->line_id;
    call->is_internal = shown->is_internal;
    call->is_ringing = shown->is_ringing;
    call->started_us = shown->started_us;
    call->until_us = shown->until_us;
    copy(call->group, sizeof call->group, shown->group);
    copy(call->extension, sizeof call->extension, shown->extension);
    copy(call->caller, sizeof call->caller, shown->caller);
    copy(call->caller_display, sizeof call->caller_display, shown->caller_display);
    copy(call->dialled, sizeof call->dialled, shown->dialled);
    copy(call->target, sizeof call->target, shown->target);
}

void waiting_told(struct waiting *waiting, uint32_t worker, const struct call_shown *shown)
{
    uint64_t number = waiting_number(worker, shown->call);
    size_t at = 0;
    uv_mutex_lock(&waiting->mutex);
    while (at < waiting->count && waiting->calls[at].number != number) at++;
    bool is_known = at < waiting->count;
    if (shown->is_gone && is_known) {
        size_t behind = --waiting->count - at;
        memmove(&waiting->calls[at], &waiting->calls[at + 1], behind * sizeof waiting->calls[0]);
    } else if (!shown->is_gone && at < WAITING_MAX) {
        if (!is_known) waiting->count++;
        waiting->calls[at].number = number;
        put(&waiting->calls[at], shown);
    }
    uv_mutex_unlock(&waiting->mutex);
}

size_t waiting_list(struct waiting *waiting, struct api_call *out, size_t max)
{
    uv_mutex_lock(&waiting->mutex);
    size_t count = waiting->count < max ? waiting->count : max;
    memcpy(out, waiting->calls, count * sizeof out[0]);
    uv_mutex_unlock(&waiting->mutex);
    return count;
}
