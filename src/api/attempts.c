// SPDX-License-Identifier: Apache-2.0
// Failures to sign in, counted by where they come from and by whose account they are for: after a
// few, each further one lets the next wait twice as long. Pure: the time is given.
#include "api/api_int.h"

enum { FORGOTTEN_AFTER_S = 15 * 60, PLACES = 4 };

static const struct {
    unsigned free_count; // failures that cost nothing
    unsigned wait_s_max;
} policies[] = {
    [ATTEMPT_ACCOUNT] = {5, 60}, // short: whoever knows a name could lock its owner out
    [ATTEMPT_SOURCE] = {10, 900},
};

// A key's place among PLACES, or, where it has none, the place of the one that was seen longest
// ago.
static struct attempt *find(struct attempts *attempts, uint64_t key, bool *is_found)
{
    size_t first = key % (ATTEMPTS_MAX / PLACES) * PLACES;
    struct attempt *oldest = &attempts->entries[first];
    *is_found = false;
    for (size_t i = first; i < first + PLACES; i++) {
        struct attempt *entry = &attempts->entries[i];
        *is_found = entry->key == key && entry->count > 0;
        if (*is_found) return entry;
        if (entry->last_s < oldest->last_s) oldest = entry;
    }
    return oldest;
}

uint32_t api_attempts_wait_s(struct attempts *attempts, uint64_t key, uint32_t now_s)
{
    bool is_found;
    const struct attempt *entry = find(attempts, key, &is_found);
    return is_found && entry->until_s > now_s ? entry->until_s - now_s : 0;
}

void api_attempts_count(struct attempts *attempts, enum attempt_kind kind, uint64_t key,
                        uint32_t now_s)
{
    bool is_found;
    struct attempt *entry = find(attempts, key, &is_found);
    if (!is_found || now_s - entry->last_s > FORGOTTEN_AFTER_S)
        *entry = (struct attempt){.key = key};
    entry->last_s = now_s;
    entry->count++;
    if (entry->count < policies[kind].free_count) return;
    uint32_t exponent = entry->count - policies[kind].free_count;
    uint32_t wait_s = exponent < 16 ? 2U << exponent : UINT32_MAX;
    if (wait_s > policies[kind].wait_s_max) wait_s = policies[kind].wait_s_max;
    entry->until_s = now_s + wait_s;
}

void api_attempts_forget(struct attempts *attempts, uint64_t key)
{
    bool is_found;
    struct attempt *entry = find(attempts, key, &is_found);
    if (is_found) *entry = (struct attempt){0};
}
