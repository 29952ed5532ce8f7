// SPDX-License-Identifier: Apache-2.0
// Texts of different lengths, and the store that their rooms come from.
//
//   pages:   | 192 192 192 ... | 512 512 ...  | (free)         | 192 192 (room) | untouched ...
//   entries: | size, taken     | size, taken  | next free page | next with room |
//
// A room's page tells its size. Free rooms of a page are a list through their first bytes; those
// behind `fresh` have never been used, so that a page is touched only as far as it is needed.
#include "base/texts.h"

#include "base/error.h"

#include <string.h>

enum { PAGE_BYTES = 4096, SIZE_COUNT = 17, HEAD_ALIGNMENT = 16 };

static const uint32_t no_page = UINT32_MAX;

// A page's bytes are well divided by each.
static const uint16_t room_sizes[SIZE_COUNT] = {
    48, 64, 96, 128, 160, 192, 224, 256, 320, 400, 448, 512, 672, 816, 1024, 1360, TEXT_ROOM_MAX};

struct text_page {
    uint32_t next, previous; // free, or with room and of the same size; no_page at the ends
    uint16_t taken_count, fresh;
    uint16_t first_free; // room + 1; 0: none of those before `fresh`
    uint8_t size;        // its place in room_sizes
    bool is_touched;     // since its memory was given back
};

struct text_store {
    struct text_page *entries;
    char *pages;
    uint32_t page_count;
    uint32_t fresh; // pages from here on were never used
    uint32_t first_free;
    uint32_t with_room[SIZE_COUNT]; // the first page that has
    size_t used;
};

// ---- The store

static size_t round_up(size_t size)
{
    return (size + HEAD_ALIGNMENT - 1) / HEAD_ALIGNMENT * HEAD_ALIGNMENT;
}

// The smallest that `size` bytes fit into; SIZE_COUNT where there is none.
static size_t size_for(size_t size)
{
    size_t at = 0;
    while (at < SIZE_COUNT && room_sizes[at] < size) at++;
    return at;
}

static uint32_t page_count_for(uint32_t room_count, size_t room_size)
{
    size_t size = size_for(room_size);
    ASSERT(size < SIZE_COUNT);
    uint32_t in_page = PAGE_BYTES / (uint32_t)room_sizes[size];
    return (room_count + in_page - 1) / in_page + SIZE_COUNT; // one of each size may be half empty
}

size_t text_store_size(uint32_t room_count, size_t room_size)
{
    size_t page_count = page_count_for(room_count, room_size);
    return round_up(sizeof(struct text_store)) + round_up(page_count * sizeof(struct text_page)) +
           page_count * PAGE_BYTES;
}

struct text_store *text_store_init(void *memory, uint32_t room_count, size_t room_size)
{
    struct text_store *store = memory;
    uint32_t page_count = page_count_for(room_count, room_size);
    char *entries = (char *)memory + round_up(sizeof *store);
    *store = (struct text_store){
        .entries = (struct text_page *)(void *)entries,
        .pages = entries + round_up(page_count * sizeof(struct text_page)),
        .page_count = page_count,
        .first_free = no_page,
    };
    for (size_t i = 0; i < SIZE_COUNT; i++) store->with_room[i] = no_page;
    return store;
}

size_t text_store_used(const struct text_store *store)
{
    return store->used;
}

static void link_page(struct text_store *store, uint32_t page)
{
    struct text_page *entry = &store->entries[page];
    uint32_t *first = &store->with_room[entry->size];
    entry->previous = no_page;
    entry->next = *first;
    if (*first != no_page) store->entries[*first].previous = page;
    *first = page;
}

static void unlink_page(struct text_store *store, uint32_t page)
{
    const struct text_page *entry = &store->entries[page];
    if (entry->next != no_page) store->entries[entry->next].previous = entry->previous;
    if (entry->previous != no_page) {
        store->entries[entry->previous].next = entry->next;
    } else {
        store->with_room[entry->size] = entry->next;
    }
}

// A page for rooms of that size; no_page when all are taken.
static uint32_t take_page(struct text_store *store, size_t size)
{
    uint32_t page = store->first_free;
    if (page != no_page) {
        store->first_free = store->entries[page].next;
    } else if (store->fresh < store->page_count) {
        page = store->fresh++;
    } else {
        return no_page;
    }
    store->entries[page] = (struct text_page){.size = (uint8_t)size, .is_touched = true};
    link_page(store, page);
    return page;
}

static char *room_at(const struct text_store *store, uint32_t page, size_t room)
{
    return store->pages + (size_t)page * PAGE_BYTES + room * room_sizes[store->entries[page].size];
}

static char *take_room(struct text_store *store, size_t size)
{
    uint32_t page = store->with_room[size];
    if (page == no_page) page = take_page(store, size);
    if (page == no_page) return NULL;
    struct text_page *entry = &store->entries[page];
    uint16_t room = entry->first_free;
    if (room > 0) {
        memcpy(&entry->first_free, room_at(store, page, room - 1U), sizeof entry->first_free);
    } else {
        room = ++entry->fresh;
    }
    entry->taken_count++;
    store->used += room_sizes[size];
    if (entry->taken_count == PAGE_BYTES / room_sizes[size]) unlink_page(store, page);
    return room_at(store, page, room - 1U);
}

static void free_room(struct text_store *store, char *at)
{
    size_t offset = (size_t)(at - store->pages);
    uint32_t page = (uint32_t)(offset / PAGE_BYTES);
    struct text_page *entry = &store->entries[page];
    uint16_t size = room_sizes[entry->size];
    ASSERT(page < store->fresh && entry->taken_count > 0);
    if (entry->taken_count == PAGE_BYTES / size) link_page(store, page);
    memcpy(at, &entry->first_free, sizeof entry->first_free);
    entry->first_free = (uint16_t)(offset % PAGE_BYTES / size + 1);
    entry->taken_count--;
    store->used -= size;
    if (entry->taken_count > 0) return;
    unlink_page(store, page);
    entry->next = store->first_free;
    store->first_free = page;
}

static bool is_idle(const struct text_store *store, uint32_t page)
{
    return page < store->fresh && store->entries[page].taken_count == 0 &&
           store->entries[page].is_touched;
}

struct idle_memory text_store_next_idle(struct text_store *store, uint32_t *place, size_t least)
{
    while (*place < store->fresh) {
        uint32_t first = *place;
        while (is_idle(store, *place)) ++*place;
        size_t size = (size_t)(*place - first) * PAGE_BYTES;
        if (size > 0 && size >= least) {
            for (uint32_t i = first; i < *place; i++) store->entries[i].is_touched = false;
            return (struct idle_memory){store->pages + (size_t)first * PAGE_BYTES, size};
        }
        if (size == 0) ++*place;
    }
    return (struct idle_memory){NULL, 0};
}

// ---- What somebody keeps

struct texts texts_in(struct text_store *store, uint16_t max)
{
    ASSERT(max <= TEXT_ROOM_MAX);
    return (struct texts){.store = store, .max = max};
}

struct texts texts_over(char *at, uint16_t size)
{
    return (struct texts){.at = at, .room = size, .max = size};
}

static bool move_to(struct texts *texts, size_t size)
{
    char *at = take_room(texts->store, size);
    if (!at) return false;
    size_t kept = texts->room < room_sizes[size] ? texts->room : room_sizes[size];
    if (kept > 0) memcpy(at, texts->at, kept);
    if (texts->at) free_room(texts->store, texts->at);
    texts->at = at;
    texts->room = room_sizes[size];
    return true;
}

bool texts_reserve(struct texts *texts, size_t size)
{
    if (size <= texts->room && size <= texts->max) return true;
    return texts->store && size <= texts->max && move_to(texts, size_for(size));
}

bool texts_keep(struct texts *texts, struct span text, struct text *kept)
{
    *kept = (struct text){texts->used, 0};
    if (text.len == 0) return true;
    bool is_own = texts->at && text.at >= texts->at && text.at < texts->at + texts->room;
    size_t offset = is_own ? (size_t)(text.at - texts->at) : 0;
    if (text.len > texts->max || !texts_reserve(texts, texts->used + text.len)) return false;
    if (is_own) text.at = texts->at + offset; // perhaps in another room
    memmove(texts->at + texts->used, text.at, text.len);
    *kept = (struct text){texts->used, (uint16_t)text.len};
    texts->used = (uint16_t)(texts->used + text.len);
    return true;
}

void texts_cut(struct texts *texts, uint16_t used)
{
    if (used < texts->used) texts->used = used;
}

struct span texts_get(const struct texts *texts, struct text text)
{
    bool is_there = text.len > 0 && (size_t)text.at + text.len <= texts->used;
    return is_there ? (struct span){texts->at + text.at, text.len} : SPAN_NONE;
}

bool texts_copy(struct texts *texts, const struct texts *from)
{
    struct text all;
    texts->used = 0;
    return texts_keep(texts, (struct span){from->at, from->used}, &all);
}

void texts_fit(struct texts *texts)
{
    if (!texts->store || !texts->at) return;
    if (texts->used == 0) {
        texts_drop(texts);
    } else if (room_sizes[size_for(texts->used)] < texts->room) {
        (void)move_to(texts, size_for(texts->used)); // else it stays where it is
    }
}

void texts_drop(struct texts *texts)
{
    if (texts->store && texts->at) free_room(texts->store, texts->at);
    if (texts->store) texts->at = NULL;
    if (texts->store) texts->room = 0;
    texts->used = 0;
}
