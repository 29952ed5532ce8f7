// SPDX-License-Identifier: Apache-2.0
// The kinds of store that one suite goes over, each opened for one test; and what a listing has
// shown.
#pragma once

#include "fixture.h"

struct opened {
    struct store *store;
    struct store *beneath; // of a failing store
    char *directory;       // of a store in files
};

// ---- Kinds of store

static inline int open_memory(void **state)
{
    struct opened *opened = calloc(1, sizeof *opened);
    assert_non_null(opened);
    opened->store = store_open_memory();
    assert_non_null(opened->store);
    *state = opened;
    return 0;
}

static inline int open_sqlite(void **state)
{
    struct opened *opened = calloc(1, sizeof *opened);
    assert_non_null(opened);
    opened->directory = new_directory();
    opened->store = must_open(opened->directory);
    *state = opened;
    return 0;
}

static inline int open_failing(void **state)
{
    open_memory(state);
    struct opened *opened = *state;
    opened->beneath = opened->store;
    opened->store = store_open_failing(opened->beneath);
    assert_non_null(opened->store);
    return 0;
}

static inline int close_store(void **state)
{
    struct opened *opened = *state;
    store_close(opened->store);
    store_close(opened->beneath);
    if (opened->directory) remove_directory(opened->directory);
    free(opened);
    return 0;
}

static inline struct store *store_of(void **state)
{
    return ((struct opened *)*state)->store;
}

// ---- Listings

struct listing {
    char text[1024];
    uint32_t count, stop_after;
};

static inline bool show(struct listing *listing, const char *format, ...)
{
    size_t len = strlen(listing->text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(listing->text + len, sizeof listing->text - len, format, arguments);
    va_end(arguments);
    return ++listing->count != listing->stop_after;
}
