// SPDX-License-Identifier: Apache-2.0
// The table of calls. Untouched places cost no memory.
#include "app/calls.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum {
    WORKER_SHIFT = 24,   // a worker has fewer calls than this has bits for
    LOOKED_AT_MAX = 256, // places that one look goes over, so that no worker waits long
};

struct calls {
    uv_mutex_t mutex;
    struct pool pool; // struct api_call
    struct index by_number;
    void *memory;
};

struct calls *calls_new(void)
{
    struct calls *calls = calloc(1, sizeof *calls);
    size_t pool_size = pool_memory_size(sizeof(struct api_call), CALLS_SHOWN_MAX);
    if (!calls) return NULL;
    calls->memory = calloc(1, pool_size + index_memory_size(CALLS_SHOWN_MAX));
    if (!calls->memory || uv_mutex_init(&calls->mutex) != 0) {
        free(calls->memory);
        free(calls);
        return NULL;
    }
    pool_init(&calls->pool, calls->memory, sizeof(struct api_call), CALLS_SHOWN_MAX);
    index_init(&calls->by_number, (char *)calls->memory + pool_size, CALLS_SHOWN_MAX);
    return calls;
}

void calls_free(struct calls *calls)
{
    if (!calls) return;
    uv_mutex_destroy(&calls->mutex);
    free(calls->memory);
    free(calls);
}

// ---- Numbers

uint64_t calls_number(uint32_t worker, struct pool_id call)
{
    return (uint64_t)call.generation << 32 | (uint64_t)worker << WORKER_SHIFT | call.index;
}

struct pool_id calls_id(uint64_t number, uint32_t *worker)
{
    *worker = (uint32_t)number >> WORKER_SHIFT;
    return (struct pool_id){.index = (uint32_t)number & ((1U << WORKER_SHIFT) - 1),
                            .generation = (uint32_t)(number >> 32)};
}

static uint64_t hash_of(uint64_t number)
{
    return number * UINT64_C(0x9e3779b97f4a7c15) >> 16;
}

static struct api_call *find(const struct calls *calls, uint64_t number, struct pool_id *id)
{
    struct index_search search = INDEX_SEARCH(hash_of(number));
    for (;;) {
        *id = index_next(&calls->by_number, &search);
        struct api_call *call = pool_find(&calls->pool, *id);
        if (!call || call->number == number) return call;
    }
}

// ---- What workers tell

static void copy(char *out, size_t size, struct span text)
{
    text_copy(out, size, span_slice(text, 0, size - 1));
}

static void put(struct api_call *call, const struct call_shown *shown)
{
    call->state = shown->state;
    call->is_outgoing = shown->is_outgoing;
    call->is_internal = shown->is_internal;
    call->line_id = shown->line_id;
    call->user_id = shown->user_id;
    call->started_us = shown->started_us;
    call->answered_us = shown->answered_us;
    call->since_us = shown->since_us;
    call->until_us = shown->until_us;
    copy(call->group, sizeof call->group, shown->group);
    copy(call->extension, sizeof call->extension, shown->extension);
    copy(call->caller, sizeof call->caller, shown->caller);
    copy(call->caller_display, sizeof call->caller_display, shown->caller_display);
    copy(call->dialled, sizeof call->dialled, shown->dialled);
    copy(call->device, sizeof call->device, shown->device);
    copy(call->target, sizeof call->target, shown->target);
}

void calls_told(struct calls *calls, uint32_t worker, const struct call_shown *shown)
{
    uint64_t number = calls_number(worker, shown->call);
    struct pool_id id;
    uv_mutex_lock(&calls->mutex);
    struct api_call *call = find(calls, number, &id);
    if (shown->is_gone && call) {
        index_remove(&calls->by_number, hash_of(number), id);
        pool_free(&calls->pool, id);
    } else if (!shown->is_gone) {
        if (!call) {
            call = pool_take(&calls->pool, &id);
            bool is_added = !call || index_add(&calls->by_number, hash_of(number), id);
            ASSERT(is_added); // it has room for all of the pool
        }
        if (call) {
            call->number = number;
            put(call, shown);
        }
    }
    uv_mutex_unlock(&calls->mutex);
}

// ---- What the API asks

size_t calls_list(struct calls *calls, uint32_t *place, struct api_call *out, size_t max)
{
    size_t count = 0;
    uint32_t end = *place + LOOKED_AT_MAX;
    struct pool_id id;
    uv_mutex_lock(&calls->mutex);
    uint32_t last = calls->pool.fresh; // places from here on were never used
    if (end > last) end = last;
    for (; *place < end && count < max; (*place)++) {
        const struct api_call *call = pool_at(&calls->pool, *place, &id);
        if (call) out[count++] = *call;
    }
    if (*place >= last) *place = CALLS_SHOWN_MAX;
    uv_mutex_unlock(&calls->mutex);
    return count;
}

bool calls_find(struct calls *calls, uint64_t number, struct api_call *out)
{
    struct pool_id id;
    uv_mutex_lock(&calls->mutex);
    const struct api_call *call = find(calls, number, &id);
    if (call) *out = *call;
    uv_mutex_unlock(&calls->mutex);
    return call != NULL;
}
