// SPDX-License-Identifier: Apache-2.0
// The table of calls. Untouched places cost no memory.
#include "app/calls.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum {
    WORKER_SHIFT = 24,   // a worker has fewer calls than this has bits for
    LOOKED_AT_MAX = 256, // places that one look goes over, so that no worker waits long
    TEXTS_MAX = NAME_SIZE + EXTENSION_SIZE + 2 * 80 + 64 + NAME_SIZE + TEXT_SIZE, // of a call
};

// A call as it was told last; its texts take as much as there is of them.
struct told_call {
    uint64_t number;
    uint64_t started_us, answered_us, since_us, until_us;
    uint32_t line_id, user_id;
    uint8_t state; // enum model_call_state
    bool is_outgoing, is_internal;
    struct texts texts;
    struct text group, extension, caller, caller_display, dialled, device, target;
};

struct calls {
    uv_mutex_t mutex;
    struct pool pool; // struct told_call
    struct text_store *texts;
    struct index by_number;
    void *memory;
};

struct calls *calls_new(void)
{
    struct calls *calls = calloc(1, sizeof *calls);
    size_t pool_size = pool_memory_size(sizeof(struct told_call), CALLS_SHOWN_MAX);
    size_t texts_size = text_store_size(CALLS_SHOWN_MAX, TEXTS_MAX);
    if (!calls) return NULL;
    calls->memory = calloc(1, pool_size + texts_size + index_memory_size(CALLS_SHOWN_MAX));
    if (!calls->memory || uv_mutex_init(&calls->mutex) != 0) {
        free(calls->memory);
        free(calls);
        return NULL;
    }
    char *next = pool_init(&calls->pool, calls->memory, sizeof(struct told_call), CALLS_SHOWN_MAX);
    calls->texts = text_store_init(next, CALLS_SHOWN_MAX, TEXTS_MAX);
    index_init(&calls->by_number, next + texts_size, CALLS_SHOWN_MAX);
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

static struct told_call *find(const struct calls *calls, uint64_t number, struct pool_id *id)
{
    struct index_search search = INDEX_SEARCH(index_hash_id(number));
    for (;;) {
        *id = index_next(&calls->by_number, &search);
        struct told_call *call = pool_find(&calls->pool, *id);
        if (!call || call->number == number) return call;
    }
}

// ---- What workers tell

// What does not fit into `size` bytes with the zero that it will end with is cut.
static void keep(struct told_call *call, struct text *kept, size_t size, struct span text)
{
    (void)texts_keep(&call->texts, span_slice(text, 0, size - 1), kept);
}

static void keep_texts(struct told_call *call, const struct call_shown *shown)
{
    const struct api_call *room = NULL;
    texts_cut(&call->texts, 0);
    keep(call, &call->group, sizeof room->group, shown->group);
    keep(call, &call->extension, sizeof room->extension, shown->extension);
    keep(call, &call->caller, sizeof room->caller, shown->caller);
    keep(call, &call->caller_display, sizeof room->caller_display, shown->caller_display);
    keep(call, &call->dialled, sizeof room->dialled, shown->dialled);
    keep(call, &call->device, sizeof room->device, shown->device);
    keep(call, &call->target, sizeof room->target, shown->target);
    texts_fit(&call->texts);
}

static void put(struct told_call *call, const struct call_shown *shown)
{
    call->state = (uint8_t)shown->state;
    call->is_outgoing = shown->is_outgoing;
    call->is_internal = shown->is_internal;
    call->line_id = shown->line_id;
    call->user_id = shown->user_id;
    call->started_us = shown->started_us;
    call->answered_us = shown->answered_us;
    call->since_us = shown->since_us;
    call->until_us = shown->until_us;
    keep_texts(call, shown);
}

void calls_told(struct calls *calls, uint32_t worker, const struct call_shown *shown)
{
    uint64_t number = calls_number(worker, shown->call);
    struct pool_id id;
    uv_mutex_lock(&calls->mutex);
    struct told_call *call = find(calls, number, &id);
    if (shown->is_gone && call) {
        index_remove(&calls->by_number, index_hash_id(number), id);
        texts_drop(&call->texts);
        pool_free(&calls->pool, id);
    } else if (!shown->is_gone) {
        if (!call) {
            call = pool_take(&calls->pool, &id);
            bool is_added = !call || index_add(&calls->by_number, index_hash_id(number), id);
            ASSERT(is_added); // it has room for all of the pool
        }
        if (call) {
            if (call->number == 0) call->texts = texts_in(calls->texts, TEXTS_MAX);
            call->number = number;
            put(call, shown);
        }
    }
    uv_mutex_unlock(&calls->mutex);
}

// ---- What the API asks

static void copy_text(const struct told_call *call, struct text text, char *out, size_t size)
{
    text_copy(out, size, texts_get(&call->texts, text));
}

static void copy(const struct told_call *call, struct api_call *out)
{
    *out = (struct api_call){.number = call->number,
                             .started_us = call->started_us,
                             .answered_us = call->answered_us,
                             .since_us = call->since_us,
                             .until_us = call->until_us,
                             .line_id = call->line_id,
                             .user_id = call->user_id,
                             .state = (enum model_call_state)call->state,
                             .is_outgoing = call->is_outgoing,
                             .is_internal = call->is_internal};
    copy_text(call, call->group, out->group, sizeof out->group);
    copy_text(call, call->extension, out->extension, sizeof out->extension);
    copy_text(call, call->caller, out->caller, sizeof out->caller);
    copy_text(call, call->caller_display, out->caller_display, sizeof out->caller_display);
    copy_text(call, call->dialled, out->dialled, sizeof out->dialled);
    copy_text(call, call->device, out->device, sizeof out->device);
    copy_text(call, call->target, out->target, sizeof out->target);
}

size_t calls_list(struct calls *calls, uint32_t *place, struct api_call *out, size_t max)
{
    size_t count = 0;
    uint32_t end = *place + LOOKED_AT_MAX;
    struct pool_id id;
    uv_mutex_lock(&calls->mutex);
    uint32_t last = calls->pool.fresh; // places from here on were never used
    if (end > last) end = last;
    for (; *place < end && count < max; (*place)++) {
        const struct told_call *call = pool_at(&calls->pool, *place, &id);
        if (call) copy(call, &out[count++]);
    }
    if (*place >= last) *place = CALLS_SHOWN_MAX;
    uv_mutex_unlock(&calls->mutex);
    return count;
}

bool calls_find(struct calls *calls, uint64_t number, struct api_call *out)
{
    struct pool_id id;
    uv_mutex_lock(&calls->mutex);
    const struct told_call *call = find(calls, number, &id);
    if (call) copy(call, out);
    uv_mutex_unlock(&calls->mutex);
    return call != NULL;
}
