// SPDX-License-Identifier: Apache-2.0
// A disk that fails, between SQLite and the real one: calls that return an error, and power cuts,
// after which of everything that was not synced only some sectors are there. As the default VFS it
// is used by whatever opens a store from then on.
#pragma once

#include "files.h"

// Registers the VFS, once. Without a fault it passes everything on.
void faulty_register(void);

// Lets the `call`-th call from now (1: the next) that reads, writes, syncs, opens or cuts a file
// fail, or, if `is_lasting`, all from that one on. 0: none.
void faulty_fail_at(unsigned call, bool is_lasting);
// How many such calls there were since then.
unsigned faulty_call_count(void);

// From the `call`-th such call on nothing reaches the disk any more; 0: never. What follows fails.
void faulty_cut_power_at(unsigned call);
// After the handles are closed: brings the files into the state that a power cut could have left.
// Each sector written since its file was last synced is there or is what it was before, and so is
// the file's length, as `seed` has it.
void faulty_lose_unsynced(unsigned seed);
// Forgets all faults, and what was written.
void faulty_reset(void);
