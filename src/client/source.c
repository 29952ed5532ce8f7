// SPDX-License-Identifier: Apache-2.0
// Who guesses passwords: failed proofs are counted by source address (IPv6: by its network of 64
// bits), FAILURES_MAX of them within FAILURES_WINDOW_S are all that are looked at. A table of fixed
// size; where it is full, the oldest of a few candidates is forgotten.
#include "client/client_int.h"

enum { WAYS = 8 };

static uint64_t key_of(const struct client_table *table, const struct address *source)
{
    size_t len = source->family == ADDRESS_IPV6 ? 8 : 4;
    uint64_t key = hash_keyed(table->hash_key, (struct span){(const char *)source->bytes, len});
    return key | 1; // 0 is free
}

static bool is_over(const struct source *source, const struct turn *turn)
{
    return turn->now_us - source->first_us >= FAILURES_WINDOW_S * UINT64_C(1000000);
}

// The source's entry, or NULL; `*place` is where a new one goes.
static struct source *find(const struct client_table *table, uint64_t key, struct source **place)
{
    struct source *set = &table->sources[key / 2 % (SOURCES_MAX / WAYS) * WAYS];
    *place = set;
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].key == key) return &set[i];
        bool is_better = set[i].key == 0 || set[i].first_us < (*place)->first_us;
        if ((*place)->key != 0 && is_better) *place = &set[i];
    }
    return NULL;
}

bool client_is_blocked(const struct client_table *table, const struct turn *turn,
                       const struct address *source)
{
    struct source *place;
    const struct source *known = find(table, key_of(table, source), &place);
    return known && known->failure_count >= FAILURES_MAX && !is_over(known, turn);
}

void client_note_failure(struct client_table *table, const struct turn *turn,
                         const struct address *source)
{
    struct source *place;
    uint64_t key = key_of(table, source);
    struct source *known = find(table, key, &place);
    if (!known || is_over(known, turn)) {
        if (!known) known = place;
        *known = (struct source){.key = key, .first_us = turn->now_us};
    }
    known->failure_count++;
}
