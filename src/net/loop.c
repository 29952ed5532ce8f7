// SPDX-License-Identifier: Apache-2.0
// The event loop of one worker over libuv: a wake from other threads, and one deadline.
//
// libuv's timers count whole milliseconds. A deadline is rounded up to the next one and checked
// against the clock when it fires: `deadline` is called up to 1 ms late and never early. Most
// deadlines move to a later time before they come, so the timer is only touched when the deadline
// becomes earlier; when it fires too soon, it is set again.
#include "net/net_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Beyond this the timer is set again on its way: libuv's own clock stands still while the machine
// sleeps, so a deadline that came meanwhile is noticed by then.
static const uint64_t wait_us_max = UINT64_C(5) * 1000 * 1000;

enum err net_fail(struct net_problem *problem, enum err err, const char *subject,
                  const char *reason)
{
    if (!problem) return err;
    problem->err = err;
    (void)snprintf(problem->text, sizeof problem->text, "%s: %s", subject, reason);
    return err;
}

static void on_woken(uv_async_t *handle)
{
    struct net *net = handle->data;
    net->handler.woken(net->handler.context);
}

static void on_timer(uv_timer_t *handle);

static void arm(struct net *net, uint64_t at_us)
{
    uint64_t now_us = net_now_us();
    uint64_t wait_us = at_us > now_us ? at_us - now_us : 0;
    if (wait_us > wait_us_max) wait_us = wait_us_max;
    net->armed_us = now_us + wait_us;
    uv_update_time(&net->loop); // the loop's own time may be a whole batch old
    ASSERT(uv_timer_start(&net->timer, on_timer, (wait_us + 999) / 1000, 0) == 0);
}

static void on_timer(uv_timer_t *handle)
{
    struct net *net = handle->data;
    net->armed_us = DEADLINE_NEVER;
    if (net->deadline_us == DEADLINE_NEVER) return;
    if (net_now_us() < net->deadline_us) {
        arm(net, net->deadline_us);
        return;
    }
    net->deadline_us = DEADLINE_NEVER;
    net->handler.deadline(net->handler.context);
}

static void on_before_waiting(uv_prepare_t *handle)
{
    udp_flush(handle->data);
}

static bool start_handles(struct net *net)
{
    if (uv_loop_init(&net->loop) != 0) return false;
    if (uv_async_init(&net->loop, &net->wake, on_woken) != 0) {
        (void)uv_loop_close(&net->loop);
        return false;
    }
    ASSERT(uv_timer_init(&net->loop, &net->timer) == 0);
    ASSERT(uv_prepare_init(&net->loop, &net->before_waiting) == 0);
    net->wake.data = net->timer.data = net->before_waiting.data = net;
    return uv_prepare_start(&net->before_waiting, on_before_waiting) == 0;
}

struct net *net_new(struct net_handler handler, struct net_problem *problem)
{
    ASSERT(handler.datagrams && handler.batch_ended && handler.woken && handler.deadline &&
           handler.resolved);
    struct net *net = calloc(1, sizeof *net);
    if (!net || !udp_init(net) || !start_handles(net)) {
        (void)net_fail(problem, ERR_NO_MEMORY, "cannot start the network",
                       "no memory or descriptors");
        if (net) udp_fini(net);
        free(net);
        return NULL;
    }
    net->handler = handler;
    net->deadline_us = net->armed_us = DEADLINE_NEVER;
    return net;
}

void net_free(struct net *net)
{
    if (!net) return;
    udp_flush(net);
    udp_close(net);
    media_close(net);
    stream_close_all(net);
    resolver_close(net);
    uv_close((uv_handle_t *)&net->wake, NULL);
    uv_close((uv_handle_t *)&net->timer, NULL);
    uv_close((uv_handle_t *)&net->before_waiting, NULL);
    ASSERT(uv_run(&net->loop, UV_RUN_DEFAULT) == 0);
    ASSERT(uv_loop_close(&net->loop) == 0);
    resolver_fini(net);
    stream_fini(net);
    udp_fini(net);
    free(net);
}

void net_run(struct net *net)
{
    (void)uv_run(&net->loop, UV_RUN_DEFAULT);
    udp_flush(net);
}

void net_stop(struct net *net)
{
    uv_stop(&net->loop);
}

void net_wake(struct net *net)
{
    ASSERT(uv_async_send(&net->wake) == 0);
}

void net_set_deadline(struct net *net, uint64_t at_us)
{
    net->deadline_us = at_us;
    if (at_us < net->armed_us) arm(net, at_us);
}

struct net_counts net_counts(const struct net *net)
{
    struct net_counts counts = net->counts;
    counts.connections = stream_count(net);
    return counts;
}
