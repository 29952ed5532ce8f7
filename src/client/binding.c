// SPDX-License-Identifier: Apache-2.0
// Bindings: a device's contact and the flow that leads to it. RFC 3261 section 10.3, RFC 5626
// section 6.
#include "client/client_int.h"

#include <string.h>

// The device's binding that expires first: where a telephone changed its address without telling,
// the old one is no loss.
static struct pool_id first_to_expire(const struct client_table *table, const struct device *device)
{
    struct pool_id first = device->bindings[0];
    for (size_t i = 1; i < device->binding_count; i++) {
        const struct binding *one = pool_find(&table->bindings, device->bindings[i]);
        const struct binding *other = pool_find(&table->bindings, first);
        if (one->until_us < other->until_us) first = device->bindings[i];
    }
    return first;
}

struct binding *client_new_binding(struct client_table *table, struct turn *turn,
                                   struct pool_id device_id, struct pool_id *id)
{
    struct device *device = pool_find(&table->devices, device_id);
    if (device->binding_count == CLIENT_BINDINGS_MAX) {
        client_end_binding(table, turn, first_to_expire(table, device));
    }
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
    shown->is_gone = is_gone;
    shown->is_new = !is_gone && !binding->is_told;
    shown->user = span_of(device->block.user);
    shown->name = span_of(device->block.name);
    shown->binding = (struct model_binding){
        .device_id = device->block.device_id,
        .user_id = device->block.user_id,
        .number = (uint64_t)id.generation << 32 | id.index,
        .flow = binding->flow,
        .is_lost = binding->lost_us > 0,
        .q = binding->q,
        .reg_id = binding->reg_id,
        .since_us = binding->since_us,
        .until_us = turn->wall_us + (binding->until_us - turn->now_us),
    };
    memcpy(shown->binding.uri, binding->uri, sizeof binding->uri);
    memcpy(shown->binding.route, binding->route, sizeof binding->route);
    memcpy(shown->binding.instance, binding->instance, sizeof binding->instance);
    memcpy(shown->binding.user_agent, binding->user_agent, sizeof binding->user_agent);
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
    struct binding *binding = pool_find(&table->bindings, id);
    deadlines_set(&table->deadlines, id.index, end_us(binding));
    tell(table, turn, id, false);
    binding->is_told = true;
}

struct pool_id client_bind(struct client_table *table, struct turn *turn,
                           const struct client_bind *bind)
{
    struct pool_id device, id;
    if (!client_device(table, bind->device_id, &device)) return POOL_ID_NONE;
    struct binding *binding = client_new_binding(table, turn, device, &id);
    if (!binding) return POOL_ID_NONE;
    binding->flow = bind->flow;
    binding->q = bind->q;
    binding->since_us = turn->wall_us;
    binding->reached_us = turn->now_us;
    binding->until_us = turn->now_us + bind->expires_s * UINT64_C(1000000);
    text_copy(binding->uri, sizeof binding->uri, bind->uri);
    text_copy(binding->route, sizeof binding->route, bind->route);
    client_show_binding(table, turn, id);
    return id;
}

// Which request made it is not known any more: nonces from before the restart are void, so that no
// old one comes.
void client_restore(struct client_table *table, struct turn *turn,
                    const struct model_binding *saved)
{
    struct pool_id device, id;
    if (!client_device(table, saved->device_id, &device)) return;
    if (saved->until_us <= turn->wall_us) return;
    struct binding *binding = client_new_binding(table, turn, device, &id);
    if (!binding) return;
    binding->flow = saved->flow;
    binding->flow.connection = 0;
    binding->q = saved->q;
    binding->reg_id = saved->reg_id;
    binding->since_us = saved->since_us;
    binding->reached_us = turn->now_us;
    binding->until_us = turn->now_us + (saved->until_us - turn->wall_us);
    if (saved->flow.transport != TRANSPORT_UDP) binding->lost_us = turn->now_us;
    memcpy(binding->uri, saved->uri, sizeof binding->uri);
    memcpy(binding->route, saved->route, sizeof binding->route);
    memcpy(binding->instance, saved->instance, sizeof binding->instance);
    memcpy(binding->user_agent, saved->user_agent, sizeof binding->user_agent);
    client_show_binding(table, turn, id);
}

void client_lost_flow(struct client_table *table, struct turn *turn, const struct flow *flow)
{
    for (uint32_t i = 0; i < table->bindings.fresh; i++) {
        struct pool_id id;
        struct binding *binding = pool_at(&table->bindings, i, &id);
        if (!binding || binding->lost_us > 0) continue;
        bool is_by_it = binding->flow.transport != TRANSPORT_UDP &&
                        binding->flow.connection == flow->connection &&
                        binding->flow.worker == flow->worker;
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
