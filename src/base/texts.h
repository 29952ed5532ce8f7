// SPDX-License-Identifier: Apache-2.0
// Texts of different lengths that something keeps: they lie one behind the other in a room of its
// own, which is as large as what is in it. The rooms are cut from the pages of a store, in memory
// of the caller; a page has rooms of one size, and can be used for another one when all are back.
#pragma once

#include "base/pool.h"
#include "base/span.h"

// ---- The store

struct text_store;

enum { TEXT_ROOM_MAX = 2048 }; // bytes of a room

// Bytes that a store needs (a multiple of 16) for `room_count` rooms of `room_size` bytes, or for
// as many bytes in rooms of any sizes.
size_t text_store_size(uint32_t room_count, size_t room_size);
// Makes an empty store in `memory` (zeroed, text_store_size bytes, aligned to 16; it must outlive
// the store).
struct text_store *text_store_init(void *memory, uint32_t room_count, size_t room_size);
// Bytes of all rooms that are taken.
size_t text_store_used(const struct text_store *store);
// See pool_next_idle.
struct idle_memory text_store_next_idle(struct text_store *store, uint32_t *place, size_t least);

// ---- What somebody keeps

// One of the texts; zeroed: empty.
struct text {
    uint16_t at, len; // in the texts of what it belongs to
};

struct texts {
    struct text_store *store; // NULL: the room is the owner's, and does not grow
    char *at;
    uint16_t used, room, max;
};

// No texts, in rooms of the store (which must outlive them) of at most `max` bytes.
struct texts texts_in(struct text_store *store, uint16_t max);
// No texts, in the `size` bytes at `at`, which must outlive them.
struct texts texts_over(char *at, uint16_t size);
// Sees to it that `size` bytes in all fit without another room. False where that is too much or the
// store is full.
bool texts_reserve(struct texts *texts, size_t size);
// Keeps a copy of `text` (which may be one of those kept) behind the others; what was borrowed
// before is gone. False, and nothing is kept, where that is too much or the store is full.
bool texts_keep(struct texts *texts, struct span text, struct text *kept);
// Forgets what was kept when `used` bytes were used, and after.
void texts_cut(struct texts *texts, uint16_t used);
// What was kept, empty where it is forgotten; borrowed until the next change.
struct span texts_get(const struct texts *texts, struct text text);
// Keeps what `from` keeps in place of what there was. False, and nothing is kept, as in texts_keep.
bool texts_copy(struct texts *texts, const struct texts *from);
// Moves them into the smallest room: for when little will be added.
void texts_fit(struct texts *texts);
// Gives the room back; there are no texts then. To be done before the owner goes.
void texts_drop(struct texts *texts);
