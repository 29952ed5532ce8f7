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
// Writes what is left, ends the thread.
void journal_free(struct journal *journal);
// Copies an entry. From any thread.
void journal_add(struct journal *journal, const struct model_journal_entry *entry);
// Entries that were lost, to a full page or a failing store.
uint64_t journal_dropped_count(struct journal *journal);
