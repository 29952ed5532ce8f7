// SPDX-License-Identifier: Apache-2.0
// What goes on on a line beside one call: how many calls ring, how many it has forwarded lately.
// How long a forwarded call lasts is unknown (the PBX has it, and we see nothing more of it): it
// counts as forwarded at the moment for CALL_FORWARDED_S, unless we carry the forwarding out
// ourselves and see its end. Counted in buckets, so that a line's memory does not grow with its
// calls.
#include "call/call_int.h"

#include <string.h>

enum { NOW_BUCKETS = 30, HOUR_BUCKETS = 60, HAND_STEPS_MAX = 64 };
_Static_assert((int)NOW_BUCKETS == (int)CALL_FORWARDED_S, "one bucket is a second");

struct line_traffic {
    uint32_t line_id;
    uint32_t ringing_count, up_count, bridged_count;
    struct call_desk desk;
    uint64_t second, minute;        // of the newest buckets
    uint32_t now_count, hour_count; // sums of the buckets
    uint16_t seconds[NOW_BUCKETS], minutes[HOUR_BUCKETS];
};

struct call_traffic {
    struct pool lines;
    struct index by_line;
    uint32_t hand; // where a place is looked for when all are taken
};

static size_t head_size(void)
{
    return (sizeof(struct call_traffic) + 15) / 16 * 16;
}

size_t call_traffic_size(uint32_t line_count)
{
    return head_size() + pool_memory_size(sizeof(struct line_traffic), line_count) +
           index_memory_size(line_count);
}

struct call_traffic *call_traffic_init(void *memory, uint32_t line_count)
{
    struct call_traffic *traffic = memory;
    char *next = (char *)memory + head_size();
    next = pool_init(&traffic->lines, next, sizeof(struct line_traffic), line_count);
    index_init(&traffic->by_line, next, line_count);
    return traffic;
}

static struct line_traffic *find(const struct call_traffic *traffic, uint32_t line_id)
{
    struct index_search search = INDEX_SEARCH(index_hash_id(line_id));
    for (;;) {
        struct pool_id id = index_next(&traffic->by_line, &search);
        struct line_traffic *line = pool_find(&traffic->lines, id);
        if (!line || line->line_id == line_id) return line;
    }
}

void call_traffic_seek(const struct call_traffic *traffic, uint32_t line_id)
{
    index_prefetch(&traffic->by_line, index_hash_id(line_id));
}

void call_traffic_prefetch(const struct call_traffic *traffic, uint32_t line_id)
{
    struct index_search search = INDEX_SEARCH(index_hash_id(line_id));
    pool_prefetch(&traffic->lines, index_next(&traffic->by_line, &search),
                  sizeof(struct line_traffic));
}

// Forgets what is older than the buckets hold. `newest` becomes `now`.
static void advance(uint16_t *buckets, uint32_t bucket_count, uint64_t now, uint64_t *newest,
                    uint32_t *sum)
{
    uint64_t steps = now > *newest ? now - *newest : 0;
    if (steps >= bucket_count) {
        memset(buckets, 0, bucket_count * sizeof buckets[0]);
        *sum = 0;
    } else {
        for (uint64_t at = *newest + 1; at <= now; at++) {
            *sum -= buckets[at % bucket_count];
            buckets[at % bucket_count] = 0;
        }
    }
    if (steps > 0) *newest = now;
}

static void refresh(struct line_traffic *line, const struct turn *turn)
{
    uint64_t second = turn->now_us / 1000000, minute = second / 60;
    advance(line->seconds, NOW_BUCKETS, second, &line->second, &line->now_count);
    advance(line->minutes, HOUR_BUCKETS, minute, &line->minute, &line->hour_count);
}

// Makes room where all places are taken, by lines that were removed: gives up one with nothing in
// it.
static void give_one_up(struct call_traffic *traffic, const struct turn *turn)
{
    for (int i = 0; i < HAND_STEPS_MAX; i++) {
        struct pool_id id;
        struct line_traffic *line = pool_at(&traffic->lines, traffic->hand, &id);
        traffic->hand = (traffic->hand + 1) % traffic->lines.slot_count;
        if (!line) continue;
        refresh(line, turn);
        if (line->ringing_count + line->up_count + line->bridged_count > 0) continue;
        if (line->hour_count > 0 || line->desk.others > 0) continue;
        index_remove(&traffic->by_line, index_hash_id(line->line_id), id);
        pool_free(&traffic->lines, id);
        return;
    }
}

// The line's counts; NULL when there is no room for them.
static struct line_traffic *take(struct call_traffic *traffic, const struct turn *turn,
                                 uint32_t line_id)
{
    struct pool_id id;
    struct line_traffic *line = find(traffic, line_id);
    if (line) {
        refresh(line, turn);
        return line;
    }
    if (traffic->lines.used_count == traffic->lines.slot_count) give_one_up(traffic, turn);
    line = pool_take(&traffic->lines, &id);
    if (!line) return NULL;
    line->line_id = line_id;
    bool is_added = index_add(&traffic->by_line, index_hash_id(line_id), id);
    ASSERT(is_added); // it has room for all of the pool
    refresh(line, turn);
    return line;
}

void call_count_forwarded(struct call_traffic *traffic, const struct turn *turn, uint32_t line_id)
{
    struct line_traffic *line = take(traffic, turn, line_id);
    if (!line || line->minutes[line->minute % HOUR_BUCKETS] == UINT16_MAX) return;
    line->seconds[line->second % NOW_BUCKETS]++;
    line->minutes[line->minute % HOUR_BUCKETS]++;
    line->now_count++;
    line->hour_count++;
}

void call_traffic_lift(struct call_traffic *traffic, uint32_t line_id)
{
    struct line_traffic *line = find(traffic, line_id);
    if (!line) return;
    memset(line->seconds, 0, sizeof line->seconds);
    memset(line->minutes, 0, sizeof line->minutes);
    line->now_count = line->hour_count = 0;
}

bool call_count_bridged(struct call_traffic *traffic, const struct turn *turn, uint32_t line_id)
{
    struct line_traffic *line = take(traffic, turn, line_id);
    if (!line) return false;
    line->bridged_count++;
    if (line->minutes[line->minute % HOUR_BUCKETS] == UINT16_MAX) return true;
    line->minutes[line->minute % HOUR_BUCKETS]++;
    line->hour_count++;
    return true;
}

void call_uncount_bridged(struct call_traffic *traffic, uint32_t line_id)
{
    struct line_traffic *line = find(traffic, line_id);
    if (line && line->bridged_count > 0) line->bridged_count--;
}

bool call_count_ringing(struct call_traffic *traffic, const struct turn *turn, uint32_t line_id)
{
    struct line_traffic *line = take(traffic, turn, line_id);
    if (line) line->ringing_count++;
    return line != NULL;
}

void call_uncount_ringing(struct call_traffic *traffic, uint32_t line_id)
{
    struct line_traffic *line = find(traffic, line_id);
    if (line && line->ringing_count > 0) line->ringing_count--;
}

bool call_count_up(struct call_traffic *traffic, const struct turn *turn, uint32_t line_id)
{
    struct line_traffic *line = take(traffic, turn, line_id);
    if (line) line->up_count++;
    return line != NULL;
}

void call_uncount_up(struct call_traffic *traffic, uint32_t line_id)
{
    struct line_traffic *line = find(traffic, line_id);
    if (line && line->up_count > 0) line->up_count--;
}

// A PBX that does not tell Call-IDs and tags as we know them, or only whether the extension has
// calls, means ours, too: as many of them as are not told by name.
static uint32_t count_desk(const struct line_traffic *line)
{
    uint32_t own = line->up_count + line->bridged_count;
    uint32_t unnamed = own > line->desk.ours ? own - line->desk.ours : 0;
    return line->desk.others > unnamed ? line->desk.others - unnamed : 0;
}

uint32_t call_traffic_set_desk(struct call_traffic *traffic, const struct turn *turn,
                               uint32_t line_id, const struct call_desk *counts)
{
    struct line_traffic *line = find(traffic, line_id);
    if (!line && counts->others > 0) line = take(traffic, turn, line_id);
    if (!line) return 0;
    line->desk = *counts;
    return count_desk(line);
}

struct call_traffic_counts call_traffic_of(struct call_traffic *traffic, const struct turn *turn,
                                           uint32_t line_id)
{
    struct line_traffic *line = find(traffic, line_id);
    if (!line) return (struct call_traffic_counts){0};
    refresh(line, turn);
    return (struct call_traffic_counts){line->ringing_count, line->up_count,
                                        line->now_count + line->bridged_count, line->hour_count,
                                        count_desk(line)};
}

bool call_next_up(const struct call_traffic *traffic, uint32_t *place, uint32_t *line_id,
                  uint32_t *count)
{
    struct pool_id id;
    while (*place < traffic->lines.fresh) {
        const struct line_traffic *line = pool_at(&traffic->lines, (*place)++, &id);
        *count = line ? line->up_count + count_desk(line) : 0;
        if (*count == 0) continue;
        *line_id = line->line_id;
        return true;
    }
    return false;
}
