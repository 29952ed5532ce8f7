// SPDX-License-Identifier: Apache-2.0
// The map, and where each line is by it.
#include "app/placement.h"

#include <stdlib.h>

struct place {
    uint32_t line_id;
    uint8_t worker;
};

struct placement {
    uint32_t worker_count;
    struct pool places;
    struct index by_line;
    void *memory;
};

struct placement *placement_new(uint32_t worker_count, uint32_t lines_max)
{
    size_t pool_size = pool_memory_size(sizeof(struct place), lines_max);
    struct placement *placement = calloc(1, sizeof *placement);
    if (!placement) return NULL;
    placement->worker_count = worker_count;
    placement->memory = calloc(1, pool_size + index_memory_size(lines_max));
    if (!placement->memory) {
        free(placement);
        return NULL;
    }
    void *next = pool_init(&placement->places, placement->memory, sizeof(struct place), lines_max);
    index_init(&placement->by_line, next, lines_max);
    return placement;
}

void placement_free(struct placement *placement)
{
    if (!placement) return;
    free(placement->memory);
    free(placement);
}

// ---- The map

uint32_t placement_of_user(const struct placement *placement, uint32_t user_id)
{
    return user_id % placement->worker_count;
}

// A line that is removed and added again comes to the same worker.
uint32_t placement_of_line(const struct placement *placement, const struct snapshot_line *line)
{
    static const uint8_t hash_key[16] = "lineward workers"; // to be the same in every process
    if (line->user_id != 0) return placement_of_user(placement, line->user_id);
    char bytes[32 + EXTENSION_SIZE];
    struct buffer key = buffer_over(bytes, sizeof bytes);
    buffer_printf(&key, "%u ", line->group_id);
    buffer_put(&key, snapshot_text(line, line->extension));
    return (uint32_t)(hash_keyed(hash_key, buffer_span(&key)) % placement->worker_count);
}

// ---- Lines

static struct place *find(const struct placement *placement, uint32_t line_id, struct pool_id *id)
{
    struct index_search search = INDEX_SEARCH(index_hash_id(line_id));
    for (;;) {
        *id = index_next(&placement->by_line, &search);
        struct place *place = pool_find(&placement->places, *id);
        if (!place || place->line_id == line_id) return place;
    }
}

bool placement_find(const struct placement *placement, uint32_t line_id, uint32_t *worker)
{
    struct pool_id id;
    const struct place *place = find(placement, line_id, &id);
    if (place) *worker = place->worker;
    return place != NULL;
}

bool placement_put(struct placement *placement, uint32_t line_id, uint32_t worker)
{
    struct pool_id id;
    struct place *place = find(placement, line_id, &id);
    if (!place) {
        place = pool_take(&placement->places, &id);
        if (!place) return false;
        place->line_id = line_id;
        bool is_added = index_add(&placement->by_line, index_hash_id(line_id), id);
        ASSERT(is_added); // it is as large as the pool
    }
    place->worker = (uint8_t)worker;
    return true;
}

void placement_remove(struct placement *placement, uint32_t line_id)
{
    struct pool_id id;
    if (!find(placement, line_id, &id)) return;
    index_remove(&placement->by_line, index_hash_id(line_id), id);
    pool_free(&placement->places, id);
}
