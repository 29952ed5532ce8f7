// SPDX-License-Identifier: Apache-2.0
// What is assumed of lines' clients.
#include "client/client_int.h"

struct assumed {
    uint32_t line_id;
    struct client_assumption assumption;
};

size_t client_assumed_size(void)
{
    return pool_memory_size(sizeof(struct assumed), CLIENT_ASSUMPTIONS_MAX) +
           index_memory_size(CLIENT_ASSUMPTIONS_MAX);
}

void *client_assumed_init(struct client_table *table, void *memory)
{
    size_t size = sizeof(struct assumed);
    void *next = pool_init(&table->assumed, memory, size, CLIENT_ASSUMPTIONS_MAX);
    return index_init(&table->assumed_by_line, next, CLIENT_ASSUMPTIONS_MAX);
}

static struct assumed *find(const struct client_table *table, uint32_t line_id, struct pool_id *id)
{
    struct index_search search = INDEX_SEARCH(index_hash_id(line_id));
    for (;;) {
        *id = index_next(&table->assumed_by_line, &search);
        struct assumed *found = pool_find(&table->assumed, *id);
        if (!found || found->line_id == line_id) return found;
    }
}

bool client_assume(struct client_table *table, uint32_t line_id,
                   const struct client_assumption *assumption)
{
    struct pool_id id;
    struct assumed *assumed = find(table, line_id, &id);
    if (!assumption) {
        if (assumed) index_remove(&table->assumed_by_line, index_hash_id(line_id), id);
        pool_free(&table->assumed, id);
        return true;
    }
    if (!assumed) {
        assumed = pool_take(&table->assumed, &id);
        if (!assumed) return false;
        assumed->line_id = line_id;
        bool is_added = index_add(&table->assumed_by_line, index_hash_id(line_id), id);
        ASSERT(is_added); // it has room for all of the pool
    }
    assumed->assumption = *assumption;
    return true;
}

const struct client_assumption *client_assumed(const struct client_table *table, uint32_t line_id)
{
    struct pool_id id;
    if (table->assumed.used_count == 0) return NULL;
    const struct assumed *assumed = find(table, line_id, &id);
    return assumed ? &assumed->assumption : NULL;
}

const struct client_assumption *client_next_assumed(const struct client_table *table,
                                                    uint32_t *place, uint32_t *line_id)
{
    if (table->assumed.used_count == 0) return NULL;
    while (*place < CLIENT_ASSUMPTIONS_MAX) {
        struct pool_id id;
        const struct assumed *assumed = pool_at(&table->assumed, (*place)++, &id);
        if (!assumed) continue;
        *line_id = assumed->line_id;
        return &assumed->assumption;
    }
    return NULL;
}
