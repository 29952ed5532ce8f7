// SPDX-License-Identifier: Apache-2.0
// Forwarded calls that come back to the line that sent them on: by a mobile that forwards to the
// line again, by other servers in a ring, by another line. memory.c recognises a call on the line
// that it was sent to; but what lies outside says nothing of who forwarded there, where PBX or
// network drop Diversion and History-Info. So each line keeps what it sent on last, and an INVITE
// that comes to it is a returning one by any of these marks (docs/calls.md "Loops"):
//
//   our own Call-ID and From tag                   bridged, not answered yet
//   the Session-ID (RFC 7989)                      bridged, not answered yet
//   the received Call-ID, From tag and CSeq        for 10 s after a 302
//   the Session-ID, with less Max-Forwards         for 10 s after a 302
//   the target calls                               either
//   the line itself calls                          bridged, not answered yet
//   the same caller, with less Max-Forwards        either
//   the same named caller, and nothing else        bridged, not answered yet, for 5 s
//
// A bridged call that is over or answered says nothing any more, so who calls again is not meant.
//
// A line's entries lie in one bucket, with those of a few other lines; the oldest goes. A line
// belongs to one worker, so nothing of this has to be told to another.
#include "call/bridge_int.h"

#include <string.h>

enum {
    PLACES = 8, // of a bucket
    BUCKETS_MAX = 4096,
    KEPT_US = 10 * 1000 * 1000,
    DOUBTFUL_US = 5 * 1000 * 1000, // for the same caller, and nothing else
};

// A call that was sent on.
struct departure {
    struct call_marks marks;
    uint64_t at_us;
    struct pool_id call; // that carries it out itself; POOL_ID_NONE: by a 302
    int32_t max_forwards;
    uint32_t diversion_count; // with this forwarding
    char target[NUMBER_SIZE];
};

// A byte of each mark: nearly always it tells that a departure need not be looked at.
struct hint {
    uint8_t caller, dialog, session, target;
};

// What is looked at for each call is small, so that the processor has all of it at hand; the
// departures lie elsewhere.
struct bucket {
    uint32_t line_ids[PLACES]; // 0: nothing is there
    struct hint hints[PLACES];
    bool is_bridged[PLACES];
    uint32_t next; // the oldest
};

struct call_returns {
    uint32_t bucket_count; // a power of two
    uint8_t hash_key[16];
    struct departure *departures; // PLACES for each bucket
    struct bucket buckets[];
};

static uint32_t bucket_count_of(uint32_t count)
{
    uint32_t buckets = 1;
    while (buckets < BUCKETS_MAX && buckets * PLACES < count) buckets *= 2;
    return buckets;
}

static size_t head_size(uint32_t bucket_count)
{
    size_t size = sizeof(struct call_returns) + bucket_count * sizeof(struct bucket);
    return (size + 15) / 16 * 16;
}

size_t call_returns_size(uint32_t count)
{
    uint32_t buckets = bucket_count_of(count);
    return head_size(buckets) + (size_t)buckets * PLACES * sizeof(struct departure);
}

struct call_returns *call_returns_init(void *memory, uint32_t count, const uint8_t hash_key[16])
{
    struct call_returns *returns = memory;
    returns->bucket_count = bucket_count_of(count);
    returns->departures = (void *)((char *)memory + head_size(returns->bucket_count));
    memcpy(returns->hash_key, hash_key, sizeof returns->hash_key);
    return returns;
}

static struct bucket *bucket_of(struct call_returns *returns, uint32_t line_id)
{
    uint32_t mixed = line_id * 2654435761u; // Knuth: numbers that follow each other are spread
    return &returns->buckets[(mixed >> 16 ^ mixed) & (returns->bucket_count - 1)];
}

static struct departure *departure_at(const struct call_returns *returns,
                                      const struct bucket *bucket, size_t place)
{
    return &returns->departures[(size_t)(bucket - returns->buckets) * PLACES + place];
}

// ---- Session-ID (RFC 7989)

static struct span received_session(const struct sip_message *invite)
{
    struct span value = sip_named_header_value(invite, SPAN("Session-ID"));
    return span_trim(span_split(&value, ';'));
}

// What Call-ID and From tag of an INVITE come to; as hexadecimal digits, what our own one has as
// its Session-ID where the received one has none.
struct dialog_mark {
    uint64_t hashes[2];
};

static struct dialog_mark mark_of(const struct call_returns *returns,
                                  const struct sip_message *invite)
{
    struct dialog_mark mark;
    hash_keyed_twice(returns->hash_key, invite->call_id, mark.hashes);
    mark.hashes[0] += hash_keyed(returns->hash_key, invite->from.tag);
    return mark;
}

static void put_mark(struct buffer *out, const struct dialog_mark *mark)
{
    buffer_put_hex(out, (const uint8_t *)mark->hashes, sizeof mark->hashes);
}

void call_put_session_id(struct buffer *out, const struct call_table *table,
                         const struct sip_message *invite)
{
    struct span received = sip_named_header_value(invite, SPAN("Session-ID"));
    buffer_put_text(out, "Session-ID: ");
    if (received.len > 0) {
        call_put_unfolded(out, received);
    } else {
        struct dialog_mark mark = mark_of(table->returns, invite);
        put_mark(out, &mark);
        buffer_put_text(out, ";remote=00000000000000000000000000000000");
    }
    buffer_put_text(out, "\r\n");
}

struct call_marks call_marks_of(const struct call_table *table, const struct situation *situation)
{
    const struct call_returns *returns = table->returns;
    char bytes[2 * sizeof(struct dialog_mark)];
    struct buffer own = buffer_over(bytes, sizeof bytes);
    const struct sip_message *invite = situation->offer->invite;
    struct span session = received_session(invite);
    struct dialog_mark dialog = mark_of(returns, invite);
    put_mark(&own, &dialog);
    if (session.len == 0) session = buffer_span(&own);
    return (struct call_marks){
        .caller = hash_keyed(returns->hash_key, situation->caller.number),
        .dialog = dialog.hashes[0] + invite->cseq,
        .session = hash_keyed(returns->hash_key, session),
    };
}

// ---- Going away

void call_note_departure(struct call_table *table, const struct turn *turn, struct pool_id id,
                         const struct call_departure *departure)
{
    struct call_returns *returns = table->returns;
    const struct situation *situation = departure->situation;
    const struct call_offer *offer = situation->offer;
    const struct call_marks *marks = &situation->marks;
    struct bucket *bucket = bucket_of(returns, offer->line->line_id);
    uint32_t place = bucket->next++ % PLACES;
    struct departure *kept = departure_at(returns, bucket, place);
    bucket->line_ids[place] = offer->line->line_id;
    bucket->is_bridged[place] = departure->is_bridged;
    bucket->hints[place] = (struct hint){
        .caller = (uint8_t)marks->caller,
        .dialog = (uint8_t)marks->dialog,
        .session = (uint8_t)marks->session,
        .target = (uint8_t)hash_keyed(returns->hash_key, departure->target),
    };
    *kept = (struct departure){
        .marks = *marks,
        .at_us = turn->now_us,
        .call = departure->is_bridged ? id : POOL_ID_NONE,
        .max_forwards = offer->invite->max_forwards,
        .diversion_count = situation->history.diversion_count + 1,
    };
    text_copy(kept->target, sizeof kept->target, departure->target);
}

// ---- Coming back

struct arrival {
    const struct situation *situation;
    uint64_t age_us;
};

// False: a call that was sent on by a 302 is certainly not this one.
static bool may_be(const struct hint *hint, const struct call_marks *marks)
{
    return hint->caller == (uint8_t)marks->caller || hint->dialog == (uint8_t)marks->dialog ||
           hint->session == (uint8_t)marks->session || hint->target == (uint8_t)marks->caller;
}

static bool is_by_line(const struct situation *situation)
{
    const struct call_offer *offer = situation->offer;
    return span_eq(situation->caller.number, snapshot_text(offer->line, offer->line->extension));
}

static bool is_nearer_end(const struct departure *departure, const struct sip_message *invite)
{
    return invite->max_forwards >= 0 && invite->max_forwards < departure->max_forwards;
}

static bool is_by_target(const struct departure *departure, const struct arrival *arrival)
{
    return span_eq(arrival->situation->caller.number, span_of(departure->target));
}

// Of a call that the PBX has been sent on with by a 302 within KEPT_US.
static bool comes_back_redirected(const struct departure *departure, const struct arrival *arrival)
{
    const struct call_marks *marks = &arrival->situation->marks;
    bool is_same = departure->marks.caller == marks->caller ||
                   departure->marks.session == marks->session;
    return is_by_target(departure, arrival) || departure->marks.dialog == marks->dialog ||
           (is_same && is_nearer_end(departure, arrival->situation->offer->invite));
}

// Of one whose target has not answered us yet.
static bool comes_back_bridged(const struct call_table *table, const struct departure *departure,
                               const struct arrival *arrival)
{
    const struct situation *situation = arrival->situation;
    const struct call *call = pool_find(&table->calls, departure->call);
    bool is_same = departure->marks.caller == situation->marks.caller;
    bool is_waiting = call && call->is_onward && call->phase == PHASE_WAITING &&
                      call->line_id == situation->offer->line->line_id;
    if (!is_waiting) return false;
    if (departure->marks.session == situation->marks.session) return true;
    if (is_by_target(departure, arrival) || is_by_line(situation)) return true;
    if (is_same && is_nearer_end(departure, situation->offer->invite)) return true;
    return is_same && !situation->caller.is_anonymous && arrival->age_us < DOUBTFUL_US;
}

static const struct departure *find_departure(const struct call_table *table,
                                              const struct turn *turn,
                                              const struct situation *situation)
{
    struct call_returns *returns = table->returns;
    uint32_t line_id = situation->offer->line->line_id;
    const struct bucket *bucket = bucket_of(returns, line_id);
    struct arrival arrival = {.situation = situation};
    for (size_t i = 0; i < PLACES; i++) {
        bool is_bridged = bucket->is_bridged[i];
        if (bucket->line_ids[i] != line_id) continue;
        if (!is_bridged && !may_be(&bucket->hints[i], &situation->marks)) continue;
        const struct departure *departure = departure_at(returns, bucket, i);
        arrival.age_us = turn->now_us - departure->at_us;
        if (!is_bridged && arrival.age_us >= KEPT_US) continue;
        bool is_back = is_bridged ? comes_back_bridged(table, departure, &arrival)
                                  : comes_back_redirected(departure, &arrival);
        if (is_back) return departure;
    }
    return NULL;
}

// The call that sent this INVITE, where it is one of ours that comes back unchanged: to the line
// itself, or to another one.
static const struct call *find_sender(const struct call_table *table,
                                      const struct sip_message *invite)
{
    struct pool_id id;
    bool is_from_caller;
    const struct leg *leg = call_leg_find_tag(table, invite->from.tag, invite->call_id, &id,
                                              &is_from_caller);
    const struct call *call = leg ? pool_find(&table->calls, leg->call) : NULL;
    return call && call->is_onward && !is_from_caller ? call : NULL;
}

// What a call has been through that is to be told of one that it has caused.
static void add_sender(const struct call_table *table, struct turn *turn, const struct call *call,
                       struct call_history *history)
{
    const struct call_waiting *waiting = pool_find(&table->waiting, call->waiting);
    struct span extension;
    uint32_t count = 1 + (waiting ? waiting->diversion_count : 0);
    if (arena_copy(turn->arena, call_text(call, call->extension), &extension)) {
        call_add_visited(history, extension);
    }
    for (size_t i = 0; waiting && i < waiting->visited_count; i++) {
        struct span visited;
        struct span kept = texts_get(&waiting->texts, waiting->visited[i]);
        if (!arena_copy(turn->arena, kept, &visited)) return;
        call_add_visited(history, visited);
    }
    if (count > history->diversion_count) history->diversion_count = count;
}

void call_recognise_return(struct call_table *table, struct turn *turn, struct situation *situation)
{
    const struct call_offer *offer = situation->offer;
    struct call_history *history = &situation->history;
    const struct call *sender = find_sender(table, offer->invite);
    const struct departure *departure = find_departure(table, turn, situation);
    struct span target;
    if (sender) add_sender(table, turn, sender, history);
    if (sender && sender->line_id == offer->line->line_id) {
        if (arena_copy(turn->arena, call_text(sender, sender->target), &target)) {
            call_add_visited(history, target);
        }
    } else if (departure && arena_copy(turn->arena, span_of(departure->target), &target)) {
        call_add_visited(history, target);
        call_add_visited(history, snapshot_text(offer->line, offer->line->extension));
        if (departure->diversion_count > history->diversion_count) {
            history->diversion_count = departure->diversion_count;
        }
    }
}
