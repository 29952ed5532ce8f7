// SPDX-License-Identifier: Apache-2.0
// Memory that runs out while a request is answered. jansson leaves out what it has no memory for,
// and goes on: that is watched here, so that no client takes half an answer for a whole one.
#include "api/api_int.h"

#include <stdlib.h>

static _Thread_local bool has_run_out; // since the request began

static void *take(size_t size)
{
    void *memory = malloc(size);
    if (!memory) has_run_out = true;
    return memory;
}

void api_memory_init(void)
{
    json_set_alloc_funcs(take, free);
}

void api_memory_begin(void)
{
    has_run_out = false;
}

void api_memory_note(void)
{
    has_run_out = true;
}

bool api_memory_has_run_out(void)
{
    return has_run_out;
}

bool api_memory_is_enough(struct reply *reply)
{
    if (has_run_out) api_reply_problem(reply, 503, "%s", err_text(ERR_NO_MEMORY));
    return !has_run_out;
}
