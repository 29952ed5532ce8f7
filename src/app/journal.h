// SPDX-License-Identifier: Apache-2.0
// The journal's way out of the engine: entries are copied into a bounded page, which the journal
// thread writes in one transaction while the next page fills. A full page drops entries, and counts
// them; it never holds a call up.
#pragma once

#include "store/store.h"

struct journal;

// `store` is a handle that the journal's thread alone uses; it must outlive the journal. Starts the
// thread. NULL when memory or threads are out.
struct journal *journal_new(struct store *store) WARN_UNUSED;
// How long entries are kept. Nothing is removed before the second was called, when all groups are
// known; from then on a pass begins every hour and goes in small steps between what is written.
// What is old is told by a clock that is not believed at once (aging.h). From any thread.
void journal_keep(struct journal *journal, uint32_t group_id, const struct model_group *group);
struct journal_limits {
    uint64_t bytes_max;   // of the journal; 0: any
    uint32_t audit_days;  // that the audit is kept; 0: for ever
    const char *data_dir; // for what must be known after a restart
};
void journal_start_trimming(struct journal *journal, const struct journal_limits *limits);
// Writes what is left, ends the thread.
void journal_free(struct journal *journal);
// Copies an entry, which is written some 0.2 s later. From any thread.
void journal_add(struct journal *journal, const struct model_journal_entry *entry);
// Has what was added before written now, so that who reads the journal next finds it; waits for
// that, but never longer than half a second. From any thread but the journal's.
void journal_settle(struct journal *journal);
// Entries that were lost, to a full page or a failing store.
uint64_t journal_dropped_count(struct journal *journal);
