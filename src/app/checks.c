// SPDX-License-Identifier: Apache-2.0
// The table of checks that run.
#include "app/checks.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

struct checks {
    uv_mutex_t mutex;
    struct api_check at[CHECKS_SHOWN_MAX]; // number 0: a free place
};

struct checks *checks_new(void)
{
    struct checks *checks = calloc(1, sizeof *checks);
    if (!checks || uv_mutex_init(&checks->mutex) == 0) return checks;
    free(checks);
    return NULL;
}

void checks_free(struct checks *checks)
{
    if (!checks) return;
    uv_mutex_destroy(&checks->mutex);
    free(checks);
}

static struct api_check *find(struct checks *checks, uint32_t number)
{
    for (size_t i = 0; i < CHECKS_SHOWN_MAX; i++) {
        if (checks->at[i].number == number) return &checks->at[i];
    }
    return NULL;
}

bool checks_begin(struct checks *checks, uint32_t number)
{
    uv_mutex_lock(&checks->mutex);
    struct api_check *place = find(checks, 0);
    if (place) *place = (struct api_check){.number = number};
    uv_mutex_unlock(&checks->mutex);
    return place != NULL;
}

void checks_forget(struct checks *checks, uint32_t number)
{
    uv_mutex_lock(&checks->mutex);
    struct api_check *place = find(checks, number);
    if (place) place->number = 0;
    uv_mutex_unlock(&checks->mutex);
}

void checks_told(struct checks *checks, const struct check_told *told)
{
    uv_mutex_lock(&checks->mutex);
    struct api_check *place = find(checks, told->number);
    if (place) {
        place->is_done = told->is_done;
        place->state = told->state;
        memcpy(place->rows, told->rows, sizeof place->rows);
        text_copy(place->server, sizeof place->server, told->server);
    }
    uv_mutex_unlock(&checks->mutex);
}

bool checks_get(struct checks *checks, uint32_t number, struct api_check *out)
{
    uv_mutex_lock(&checks->mutex);
    const struct api_check *place = find(checks, number);
    if (place) *out = *place;
    uv_mutex_unlock(&checks->mutex);
    return place != NULL;
}

bool checks_next_done(struct checks *checks, struct api_check *out)
{
    bool is_found = false;
    uv_mutex_lock(&checks->mutex);
    for (size_t i = 0; i < CHECKS_SHOWN_MAX && !is_found; i++) {
        is_found = checks->at[i].number != 0 && checks->at[i].is_done;
        if (is_found) *out = checks->at[i];
    }
    uv_mutex_unlock(&checks->mutex);
    return is_found;
}
