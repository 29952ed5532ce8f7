// SPDX-License-Identifier: Apache-2.0
// What is assumed of lines' clients.
#include "client/client.h"

struct assumed {
    uint32_t line_id;
    struct client_assumption assumption;
};

struct client_table {
    struct pool pool;
    struct index by_line;
};

static size_t head_size(void)
{
    return (sizeof(struct client_table) + 15) / 16 * 16;
}

size_t client_memory_size(void)
{
    return head_size() + pool_memory_size(sizeof(struct assumed), CLIENT_ASSUMPTIONS_MAX) +
           index_memory_size(CLIENT_ASSUMPTIONS_MAX);
}

struct client_table *client_init(void *memory)
{
    struct client_table *table = memory;
    char *next = (char *)memory + head_size();
    pool_init(&table->pool, next, sizeof(struct assumed), CLIENT_ASSUMPTIONS_MAX);
    next += pool_memory_size(sizeof(struct assumed), CLIENT_ASSUMPTIONS_MAX);
    index_init(&table->by_line, next, CLIENT_ASSUMPTIONS_MAX);
    return table;
}

static uint64_t hash_of(uint32_t line_id)
{
    return line_id * UINT64_C(0x9e3779b97f4a7c15) >> 16;
}

static struct assumed *find(const struct client_table *table, uint32_t line_id, struct pool_id *id)
{
    struct index_search search = INDEX_SEARCH(hash_of(line_id));
    for (;;) {
        *id = index_next(&table->by_line, &search);
        struct assumed *found = pool_find(&table->pool, *id);
        if (!found || found->line_id == line_id) return found;
    }
}

bool client_assume(struct client_table *table, uint32_t line_id,
                   const struct client_assumption *assumption)
{
    struct pool_id id;
    struct assumed *assumed = find(table, line_id, &id);
    if (!assumption) {
        if (assumed) index_remove(&table->by_line, hash_of(line_id), id);
        pool_free(&table->pool, id);
        return true;
    }
    if (!assumed) {
        assumed = pool_take(&table->pool, &id);
        if (!assumed) return false;
        assumed->line_id = line_id;
        bool is_added = index_add(&table->by_line, hash_of(line_id), id);
        ASSERT(is_added); // it has room for all of the pool
    }
    assumed->assumption = *assumption;
    return true;
}

const struct client_assumption *client_assumed(const struct client_table *table, uint32_t line_id)
{
    struct pool_id id;
    if (table->pool.used_count == 0) return NULL;
    const struct assumed *assumed = find(table, line_id, &id);
    return assumed ? &assumed->assumption : NULL;
}
