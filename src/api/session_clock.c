// SPDX-License-Identifier: Apache-2.0
// The wall clock is set: sessions last as long as before, and no wait for failed attempts changes.
// The times in the store are those that people are shown, by the wall clock, so when that is set
// they are moved along with it. While the server does not run nobody sees a clock being set: after
// a start it has to be believed.
#include "api/api_int.h"

#include <string.h>
#include <time.h>

enum {
    STEP_S = 60, // less is what a clock drifts, or NTP makes up for
    PAGE = 64,
};

static int64_t clock_s(clockid_t clock)
{
    struct timespec now = {0};
    ASSERT(clock_gettime(clock, &now) == 0);
    return now.tv_sec;
}

uint32_t api_now_s(void)
{
    return (uint32_t)clock_s(CLOCK_REALTIME);
}

uint32_t api_passed_s(void)
{
    return (uint32_t)clock_s(CLOCK_BOOTTIME);
}

static int64_t ahead_s(void)
{
    return clock_s(CLOCK_REALTIME) - clock_s(CLOCK_BOOTTIME);
}

struct page {
    struct model_session sessions[PAGE];
    size_t count;
};

static bool note(void *context, uint32_t id, const void *record)
{
    (void)id;
    struct page *page = context;
    memcpy(&page->sessions[page->count++], record, sizeof page->sessions[0]);
    return true;
}

// Numbers wrap round: a clock that shows 1970 for a while moves them there and back.
static enum err move_page(struct store *store, struct page *page, int64_t by_s)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; i < page->count && err == ERR_NONE; i++) {
        struct model_session *session = &page->sessions[i];
        session->started_s += (uint32_t)by_s;
        session->used_s += (uint32_t)by_s;
        err = store_replace(store, KIND_SESSION, session);
    }
    return err;
}

static enum err move_all(struct store *store, int64_t by_s)
{
    struct page page;
    struct model_session last;
    struct store_query query = {.kind = KIND_SESSION, .limit = PAGE};
    enum err err = ERR_NONE;
    do {
        page.count = 0;
        err = store_list(store, &query, note, &page);
        if (err == ERR_NONE) err = move_page(store, &page, by_s);
        if (page.count > 0) last = page.sessions[page.count - 1];
        query.after = &last;
    } while (err == ERR_NONE && page.count == PAGE);
    return err;
}

void api_sessions_begin_clock(struct api *api)
{
    api->clock_ahead_s = ahead_s();
}

void api_sessions_follow_clock(struct api *api)
{
    struct store *store = settings_store(api->options.settings);
    int64_t now_ahead_s = ahead_s(), by_s = now_ahead_s - api->clock_ahead_s;
    if (by_s > -STEP_S && by_s < STEP_S) return;
    if (store_begin(store) != ERR_NONE) return; // the next look brings it
    enum err err = move_all(store, by_s);
    if (err == ERR_NONE) err = store_commit(store);
    if (err == ERR_NONE) {
        api->clock_ahead_s = now_ahead_s;
    } else {
        store_rollback(store);
    }
}
