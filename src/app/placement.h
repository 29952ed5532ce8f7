// SPDX-License-Identifier: Apache-2.0
// Which worker has which user and which line. A user is at one worker with all lines and devices,
// for what is busy and what rings spans them; a line of nobody's is by itself. The map follows from
// the numbers of users, which are given one after the other, and from the extensions of such lines:
// so it is even, and the same after every start with as many workers.
#pragma once

#include "model/model.h"

struct placement;

// `worker_count` at least 1. NULL when memory is out.
struct placement *placement_new(uint32_t worker_count, uint32_t lines_max) WARN_UNUSED;
void placement_free(struct placement *placement);

// The worker that a user, or a line with these settings, belongs to.
uint32_t placement_of_user(const struct placement *placement, uint32_t user_id);
uint32_t placement_of_line(const struct placement *placement, const struct snapshot_line *line);

// Where a line has been put; false when it has not. Of one thread, like the next two.
bool placement_find(const struct placement *placement, uint32_t line_id, uint32_t *worker);
// Notes where; false when there are more than `lines_max`.
bool placement_put(struct placement *placement, uint32_t line_id, uint32_t worker);
void placement_remove(struct placement *placement, uint32_t line_id);
