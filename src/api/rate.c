// SPDX-License-Identifier: Apache-2.0
// How many requests a second are answered: for each source, and for each user or token. Only what
// is ahead of the pace is kept of each, in a table of a fixed size. Pure: the time is given.
#include "api/api_int.h"

enum { PLACES = 4, S_NS = 1000000000 };

// A key's place among PLACES, or, where it has none, the place of the one that is ahead least: of
// all it loses the least by being forgotten.
static struct rate *find(struct rates *rates, uint64_t key)
{
    size_t first = key % (RATES_MAX / PLACES) * PLACES;
    struct rate *best = &rates->entries[first];
    for (size_t i = first; i < first + PLACES; i++) {
        struct rate *entry = &rates->entries[i];
        if (entry->key == key) return entry;
        if (entry->paid_until_ns < best->paid_until_ns) best = entry;
    }
    *best = (struct rate){.key = key};
    return best;
}

uint32_t api_rate_take(struct rates *rates, uint64_t key, uint32_t per_s, uint64_t now_ns)
{
    struct rate *entry = find(rates, key);
    if (entry->paid_until_ns < now_ns) entry->paid_until_ns = now_ns;
    uint64_t ahead_ns = entry->paid_until_ns - now_ns + S_NS / per_s;
    uint64_t allowed_ns = (uint64_t)RATE_BURST_S * S_NS;
    if (ahead_ns > allowed_ns) return (uint32_t)((ahead_ns - allowed_ns + S_NS - 1) / S_NS);
    entry->paid_until_ns += S_NS / per_s;
    return 0;
}
