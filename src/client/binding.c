// SPDX-License-Identifier: Apache-2.0
// Bindings: a device's contact and the flow that leads to it. RFC 3261 section 10.3, RFC 5626
// section 6.
#include "client/client_int.h"

struct binding *client_new_binding(struct client_table *table, struct pool_id device_id,
                                   struct pool_id *id)
{
    struct device *device = pool_find(&table->devices, device_id);
    *id = POOL_ID_NONE;
    if (!device || device->binding_count == CLIENT_BINDINGS_MAX) return NULL;
    struct binding *binding = pool_take(&table->bindings, id);
    if (!binding) return NULL;
    binding->device = device_id;
    device->bindings[device->binding_count++] = *id;
    return binding;
}

static void tell(const struct client_table *table, struct turn *turn, struct pool_id id,
                 bool is_gone)
{
    const struct binding *binding = pool_find(&table->bindings, id);
    const struct device *device = pool_find(&table->devices, binding->device);
    struct client_shown *shown = turn_emit(turn, CLIENT_SHOWN, sizeof *shown);
    if (!shown) return;
    shown->device_id = device->block.device_id;
    shown->user_id = device->block.user_id;
    shown->binding = id;
    shown->is_gone = is_gone;
}

static void take_out(struct device *device, struct pool_id id)
{
    size_t at = 0;
    while (!pool_id_eq(device->bindings[at], id)) at++;
    device->bindings[at] = device->bindings[--device->binding_count];
}

void client_end_binding(struct client_table *table, struct turn *turn, struct pool_id id)
{
    const struct binding *binding = pool_find(&table->bindings, id);
    if (!binding) return;
    tell(table, turn, id, true);
    take_out(pool_find(&table->devices, binding->device), id);
    deadlines_set(&table->deadlines, id.index, DEADLINE_NEVER);
    pool_free(&table->bindings, id);
}

static uint64_t end_us(const struct binding *binding)
{
    uint64_t grace_end_us = binding->lost_us + CLIENT_GRACE_S * UINT64_C(1000000);
    bool is_lost_first = binding->lost_us > 0 && grace_end_us < binding->until_us;
    return is_lost_first ? grace_end_us : binding->until_us;
}

void client_show_binding(struct client_table *table, struct turn *turn, struct pool_id id)
{
    const struct binding *binding = pool_find(&table->bindings, id);
    deadlines_set(&table->deadlines, id.index, end_us(binding));
    tell(table, turn, id, false);
}

struct pool_id client_bind(struct client_table *table, struct turn *turn,
                           const struct client_bind *bind)
{
    struct pool_id device, id;
    if (!client_device(table, bind->device_id, &device)) return POOL_ID_NONE;
    struct binding *binding = client_new_binding(table, device, &id);
    if (!binding) return POOL_ID_NONE;
    binding->flow = bind->flow;
    binding->q = bind->q;
    binding->until_us = turn->now_us + bind->expires_s * UINT64_C(1000000);
    text_copy(binding->uri, sizeof binding->uri, bind->uri);
    text_copy(binding->route, sizeof binding->route, bind->route);
    client_show_binding(table, turn, id);
    return id;
}

void client_unbind(struct client_table *table, struct turn *turn, struct pool_id binding)
{
    client_end_binding(table, turn, binding);
}

void client_lost_flow(struct client_table *table, struct turn *turn, const struct flow *flow)
{
    for (uint32_t i = 0; i < table->bindings.fresh; i++) {
        struct pool_id id;
        struct binding *binding = pool_at(&table->bindings, i, &id);
        if (!binding || binding->lost_us > 0) continue;
        bool is_by_it = binding->flow.transport != TRANSPORT_UDP &&
                        binding->flow.worker == flow->worker &&
                        binding->flow.connection == flow->connection;
        if (!is_by_it) continue;
        binding->lost_us = turn->now_us;
        client_show_binding(table, turn, id);
    }
}

uint64_t client_deadline_us(const struct client_table *table)
{
    return deadlines_next_us(&table->deadlines);
}

void client_tick(struct client_table *table, struct turn *turn)
{
    uint32_t slot;
    for (int i = 0; i < CLIENT_TICK_MAX; i++) {
        struct pool_id id;
        if (!deadlines_take_due(&table->deadlines, turn->now_us, &slot)) return;
        if (pool_at(&table->bindings, slot, &id)) client_end_binding(table, turn, id);
    }
}
