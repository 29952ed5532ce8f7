// SPDX-License-Identifier: Apache-2.0
// Two pages that take turns: one fills, the other is emptied.
#include "app/parcels.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <uv.h>

enum { PAGE_SIZE = 4 * 1024 * 1024 }; // touched only as far as it fills

struct page {
    struct arena memory;
    struct parcel *first, *last;
};

struct parcels {
    uv_mutex_t mutex;
    atomic_bool is_empty;
    int filling;
    struct page pages[2];
};

struct parcels *parcels_new(void)
{
    struct parcels *parcels = calloc(1, sizeof *parcels);
    if (!parcels) return NULL;
    void *first = malloc(PAGE_SIZE), *second = malloc(PAGE_SIZE);
    if (!first || !second || uv_mutex_init(&parcels->mutex) != 0) {
        free(first);
        free(second);
        free(parcels);
        return NULL;
    }
    parcels->pages[0].memory = arena_over(first, PAGE_SIZE);
    parcels->pages[1].memory = arena_over(second, PAGE_SIZE);
    atomic_init(&parcels->is_empty, true);
    return parcels;
}

void parcels_free(struct parcels *parcels)
{
    if (!parcels) return;
    uv_mutex_destroy(&parcels->mutex);
    for (int i = 0; i < 2; i++) free(parcels->pages[i].memory.at);
    free(parcels);
}

static bool copy_sent_on(struct arena *arena, struct call_sent_on *sent)
{
    bool is_copied = arena_copy(arena, sent->target, &sent->target) &&
                     arena_copy(arena, sent->caller, &sent->caller) &&
                     arena_copy(arena, sent->diverter, &sent->diverter);
    for (size_t i = 0; is_copied && i < sent->visited_count; i++) {
        is_copied = arena_copy(arena, sent->visited[i], &sent->visited[i]);
    }
    return is_copied;
}

static bool copy_texts(struct arena *arena, struct parcel *parcel)
{
    switch (parcel->kind) {
    case PARCEL_MESSAGE:
    case PARCEL_SEND: return arena_copy(arena, parcel->bytes, &parcel->bytes);
    case PARCEL_SUBSCRIBED:
        return arena_copy(arena, parcel->subscribe.bytes, &parcel->subscribe.bytes);
    case PARCEL_SENT_ON: return copy_sent_on(arena, &parcel->sent);
    case PARCEL_PEER: return arena_copy(arena, parcel->peer.reason, &parcel->peer.reason);
    case PARCEL_CLOSED:
    case PARCEL_KEEP:
    case PARCEL_TOLD: break;
    }
    return true;
}

static bool append(struct page *page, const struct parcel *parcel)
{
    size_t used = page->memory.used;
    struct parcel *copy = arena_take(&page->memory, sizeof *copy);
    if (copy) *copy = *parcel;
    if (!copy || !copy_texts(&page->memory, copy)) {
        page->memory.used = used;
        return false;
    }
    copy->next = NULL;
    if (page->last) {
        page->last->next = copy;
    } else {
        page->first = copy;
    }
    page->last = copy;
    return true;
}

bool parcels_put(struct parcels *parcels, const struct parcel *parcel)
{
    uv_mutex_lock(&parcels->mutex);
    bool has_room = append(&parcels->pages[parcels->filling], parcel);
    if (has_room) atomic_store(&parcels->is_empty, false);
    uv_mutex_unlock(&parcels->mutex);
    return has_room;
}

const struct parcel *parcels_take(struct parcels *parcels)
{
    if (atomic_load(&parcels->is_empty)) return NULL;
    uv_mutex_lock(&parcels->mutex);
    struct page *full = &parcels->pages[parcels->filling];
    parcels->filling = 1 - parcels->filling;
    struct page *empty = &parcels->pages[parcels->filling];
    arena_reset(&empty->memory);
    empty->first = empty->last = NULL;
    atomic_store(&parcels->is_empty, true);
    uv_mutex_unlock(&parcels->mutex);
    return full->first;
}
