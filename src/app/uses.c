// SPDX-License-Identifier: Apache-2.0
// A table under a mutex; the order of exceptions does not matter.
#include "app/uses.h"

#include <stdlib.h>
#include <uv.h>

enum { USES_MAX = 1024 }; // exceptions; more than a worker counts by itself meanwhile

struct uses {
    uv_mutex_t mutex;
    size_t count;
    struct use waiting[USES_MAX];
};

struct uses *uses_new(void)
{
    struct uses *uses = calloc(1, sizeof *uses);
    if (uses && uv_mutex_init(&uses->mutex) == 0) return uses;
    free(uses);
    return NULL;
}

void uses_free(struct uses *uses)
{
    if (!uses) return;
    uv_mutex_destroy(&uses->mutex);
    free(uses);
}

bool uses_add(struct uses *uses, const struct use *use)
{
    size_t at = 0;
    uv_mutex_lock(&uses->mutex);
    while (at < uses->count && uses->waiting[at].rule_id != use->rule_id) at++;
    bool has_room = at < USES_MAX;
    if (at < uses->count) {
        uses->waiting[at].count += use->count;
    } else if (has_room) {
        uses->waiting[uses->count++] = *use;
    }
    uv_mutex_unlock(&uses->mutex);
    return has_room;
}

bool uses_take(struct uses *uses, struct use *use)
{
    uv_mutex_lock(&uses->mutex);
    bool is_taken = uses->count > 0;
    if (is_taken) *use = uses->waiting[--uses->count];
    uv_mutex_unlock(&uses->mutex);
    return is_taken;
}
