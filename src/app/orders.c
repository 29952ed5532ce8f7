// SPDX-License-Identifier: Apache-2.0
// A ring under a mutex.
#include "app/orders.h"

#include <stdlib.h>
#include <uv.h>

enum { ORDERS_MAX = 1024 };

struct orders {
    uv_mutex_t mutex;
    size_t first, count;
    struct order ring[ORDERS_MAX];
};

struct orders *orders_new(void)
{
    struct orders *orders = calloc(1, sizeof *orders);
    if (orders && uv_mutex_init(&orders->mutex) == 0) return orders;
    free(orders);
    return NULL;
}

void orders_free(struct orders *orders)
{
    if (!orders) return;
    uv_mutex_destroy(&orders->mutex);
    free(orders);
}

bool orders_add(struct orders *orders, const struct order *order)
{
    uv_mutex_lock(&orders->mutex);
    bool has_room = orders->count < ORDERS_MAX;
    if (has_room) orders->ring[(orders->first + orders->count++) % ORDERS_MAX] = *order;
    uv_mutex_unlock(&orders->mutex);
    return has_room;
}

bool orders_take(struct orders *orders, struct order *order)
{
    uv_mutex_lock(&orders->mutex);
    bool is_taken = orders->count > 0;
    if (is_taken) {
        *order = orders->ring[orders->first];
        orders->first = (orders->first + 1) % ORDERS_MAX;
        orders->count--;
    }
    uv_mutex_unlock(&orders->mutex);
    return is_taken;
}
