// SPDX-License-Identifier: Apache-2.0
// Feature codes, as a worker hands them to the settings, and the media that answer them.
#include "app/worker_int.h"

bool feature_open_media(struct worker *worker, const struct app_config *config, uint32_t index,
                        struct net_problem *problem)
{
    struct address own = app_config_media(config, worker->number, index);
    return net_open_media(worker->net, &own, &worker->media_ports[index], problem);
}

void feature_dialled(void *context, const struct call_code_dialled *dialled)
{
    struct worker *worker = context;
    struct order order = {.worker = worker->number,
                          .code = dialled->code,
                          .until_us = net_now_us() + dialled->patience_us,
                          .order.code = dialled->order};
    struct settings_order *of = &order.order;
    text_copy(of->group, sizeof of->group, dialled->group);
    text_copy(of->extension, sizeof of->extension, dialled->extension);
    text_copy(of->user, sizeof of->user, dialled->user);
    text_copy(of->device, sizeof of->device, dialled->device);
    worker_count(worker, STATES_FEATURE_CODES, 1);
    if (!orders_add(worker->orders, &order)) return; // its call is refused when it has waited
    struct api *api = atomic_load(worker->api);
    if (api) api_wake(api);
}

bool feature_media_towards(void *context, const struct flow *flow, struct address *own)
{
    const struct worker *worker = context;
    uint16_t socket;
    if (!sites_media_towards(worker->sites, flow, &socket, own)) return false;
    own->port = worker->media_ports[socket];
    return own->port > 0;
}

void feature_send_media(void *context, const struct call_media *media)
{
    struct worker *worker = context;
    struct address own;
    uint16_t socket;
    if (!sites_media_towards(worker->sites, &media->flow, &socket, &own)) return;
    net_send_media(worker->net, socket, &media->peer, media->bytes);
}
