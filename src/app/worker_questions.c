// SPDX-License-Identifier: Apache-2.0
// What a worker is asked by others who wait for the answer, and what its checks tell them.
#include "app/worker_int.h"

void worker_answer(struct worker *worker, struct question *question)
{
    const struct client_assumption *assumed;
    switch (question->kind) {
    case ASK_ASSUME:
        question->is_done = engine_assume_clients(worker->engine, question->line_id,
                                                  question->assumption);
        break;
    case ASK_ASSUMED:
        assumed = engine_assumed_clients(worker->engine, question->line_id);
        question->is_done = assumed != NULL;
        if (assumed) question->assumed = *assumed;
        break;
    case ASK_DEFLECT:
        question->deflection = engine_deflect(worker->engine, worker_now(), question->call,
                                              question->target, &question->finding);
        break;
    case ASK_DECLINE:
        question->is_done = engine_decline(worker->engine, worker_now(), question->call);
        break;
    case ASK_HANG_UP:
        question->is_done = engine_hang_up(worker->engine, worker_now(), question->call);
        break;
    case ASK_LIVE:
        question->live_count = engine_live_clients(worker->engine, question->user_id);
        break;
    case ASK_YIELD:
        question->is_done = engine_yield_line(worker->engine, worker_now(), question->line_id,
                                              &question->left);
        break;
    case ASK_START_CHECK:
        question->result = engine_start_check(worker->engine, worker_now(), question->order,
                                              &question->line_id);
        break;
    case ASK_STOP_CHECK:
        question->is_done = engine_stop_check(worker->engine, worker_now(), question->number);
        break;
    case ASK_LIFT_LIMITS:
        engine_lift_limits(worker->engine, question->line_id);
        question->is_done = true;
        break;
    }
    uv_sem_post(&question->answered);
}

void worker_check_told(void *context, const struct check_told *told)
{
    struct worker *worker = context;
    const char *group = sites_group_name(worker->sites, told->group_id);
    struct api *api = atomic_load(worker->api);
    checks_told(worker->checks, told);
    news_check(worker->api, group, told);
    if (api && told->is_done) api_wake(api);
}
