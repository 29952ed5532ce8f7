// SPDX-License-Identifier: Apache-2.0
// Counting, for the figures, of the journal's entries that an earlier version wrote: once, in small
// steps of the journal's thread.
#pragma once

#include "phone/phone.h"
#include "store/store.h"

struct backlog {
    bool is_done;
    uint64_t due_ns; // monotonic; when the next step is to be taken
    uint64_t seen_count;
    // The group whose entry was the last, and its numbers as its settings have them now.
    char group[NAME_SIZE];
    bool has_numbering;
    struct phone_numbering numbering;
};

// Takes a step where there is one to take. `store` is the handle of the journal's thread.
void backlog_step(struct backlog *backlog, struct store *store);
