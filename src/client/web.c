// SPDX-License-Identifier: Apache-2.0
// Users who have a page of the web client open. Who tells, counts their pages, and knows how long
// one may be silent; here a user has a page or has none.
#include "client/client_int.h"

struct web {
    uint32_t user_id;
};

size_t client_web_size(void)
{
    return pool_memory_size(sizeof(struct web), CLIENT_WEB_MAX) + index_memory_size(CLIENT_WEB_MAX);
}

void *client_web_init(struct client_table *table, void *memory)
{
    void *next = pool_init(&table->web, memory, sizeof(struct web), CLIENT_WEB_MAX);
    return index_init(&table->web_by_user, next, CLIENT_WEB_MAX);
}

static struct web *find(const struct client_table *table, uint32_t user_id, struct pool_id *id)
{
    struct index_search search = INDEX_SEARCH(index_hash_id(user_id));
    for (;;) {
        *id = index_next(&table->web_by_user, &search);
        struct web *web = pool_find(&table->web, *id);
        if (!web || web->user_id == user_id) return web;
    }
}

bool client_has_web(const struct client_table *table, uint32_t user_id)
{
    struct pool_id id;
    return table->web.used_count > 0 && find(table, user_id, &id) != NULL;
}

bool client_set_web(struct client_table *table, uint32_t user_id, bool is_live)
{
    struct pool_id id;
    struct web *web = find(table, user_id, &id);
    if ((web != NULL) == is_live) return true;
    if (web) {
        index_remove(&table->web_by_user, index_hash_id(user_id), id);
        pool_free(&table->web, id);
        return true;
    }
    web = pool_take(&table->web, &id);
    if (!web) return false;
    web->user_id = user_id;
    bool is_added = index_add(&table->web_by_user, index_hash_id(user_id), id);
    ASSERT(is_added); // it has room for all of the pool
    return true;
}
