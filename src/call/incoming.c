// SPDX-License-Identifier: Apache-2.0
// A call that comes to a line, seen from us as its user agent server (RFC 3261 sections 8.2, 13.3,
// 15).
//
//              redirect, decline                  ACK, or none came
//   RESERVED ---------------------> ANSWERED ------------------------> ended, journal entry
//      |                               ^
//      |  hold, ring: 180              |  time is over: the verdict's status
//      `------------------> HOLDING ---+
//                              `-------   cancelled: 487
#include "call/call_int.h"

#include <stddef.h>
#include <string.h>

enum {
    TEXT_ROOM = 1536, // of a call's texts: with its answer a call stays below 4 kB
    FACTS_ROOM = TEXT_ROOM - TRACE_BYTES_MAX - TEXT_SIZE, // the rest is its trace's and target's
    PROVISIONAL_US = 60 * 1000 * 1000, // 180 is repeated (RFC 3261 section 13.3.1.1)
    REPLY_HEADERS_MAX = 2048,
};

enum call_phase { PHASE_RESERVED, PHASE_HOLDING, PHASE_ANSWERED };

struct text {
    uint16_t at, len; // in the call's texts
};

struct call {
    struct pool_id txn;
    uint64_t started_us; // wall clock
    uint64_t ends_us;    // monotonic; of a hold
    uint32_t line_id;
    uint16_t status; // final: sent, or when the hold is over
    uint8_t phase;
    uint8_t verdict, reason, outcome;
    bool is_internal;
    struct text group, extension, caller, display, dialled, diverted_by, call_id, target, trace;
    uint16_t texts_used;
    char texts[TEXT_ROOM];
};

struct call_table {
    struct pool calls;
    struct deadlines deadlines;
    struct call_memory *memory;
};

static size_t head_size(void)
{
    return (sizeof(struct call_table) + 15) / 16 * 16;
}

size_t call_memory_size(const struct call_limits *limits)
{
    return head_size() + pool_memory_size(sizeof(struct call), limits->call_count) +
           deadlines_memory_size(limits->call_count) + call_memory_table_size(limits->memory_count);
}

struct call_table *call_init(void *memory, const struct call_limits *limits,
                             const uint8_t hash_key[16])
{
    struct call_table *table = memory;
    char *next = (char *)memory + head_size();
    pool_init(&table->calls, next, sizeof(struct call), limits->call_count);
    next += pool_memory_size(sizeof(struct call), limits->call_count);
    deadlines_init(&table->deadlines, next, limits->call_count);
    next += deadlines_memory_size(limits->call_count);
    table->memory = call_memory_init(next, limits->memory_count, hash_key);
    return table;
}

uint32_t call_count(const struct call_table *table)
{
    return table->calls.used_count;
}

bool call_reserve(struct call_table *table, struct pool_id *call)
{
    struct call *reserved = pool_take_unset(&table->calls, call);
    if (reserved) memset(reserved, 0, offsetof(struct call, texts));
    return reserved != NULL;
}

void call_abandon(struct call_table *table, struct pool_id call)
{
    pool_free(&table->calls, call);
}

// ---- What the journal will want to know

static struct text keep_bytes(struct call *call, struct span text, size_t max)
{
    size_t room = (size_t)TEXT_ROOM - call->texts_used;
    text = span_slice(text, 0, room < max ? room : max);
    struct text kept = {call->texts_used, (uint16_t)text.len};
    if (text.len > 0) memcpy(call->texts + call->texts_used, text.at, text.len);
    call->texts_used = (uint16_t)(call->texts_used + text.len);
    return kept;
}

// Texts of a message, which are as long as somebody likes, leave room for what was decided.
static struct text keep(struct call *call, struct span text)
{
    size_t room = call->texts_used < FACTS_ROOM ? (size_t)FACTS_ROOM - call->texts_used : 0;
    return keep_bytes(call, text, room < JOURNAL_TEXT_MAX ? room : JOURNAL_TEXT_MAX);
}

static void keep_facts(struct call *call, const struct turn *turn, const struct call_offer *offer,
                       const struct call_caller *caller, const struct call_history *history)
{
    call->txn = offer->txn;
    call->started_us = turn->wall_us;
    call->line_id = offer->line->line_id;
    call->is_internal = caller->is_internal;
    call->group = keep(call, span_of(offer->group->snapshot->settings.name));
    call->extension = keep(call, snapshot_text(offer->line, offer->line->extension));
    call->call_id = keep(call, offer->invite->call_id);
    call->caller = keep(call, caller->is_anonymous ? SPAN("anonymous") : caller->number);
    call->display = keep(call, caller->is_anonymous ? SPAN_NONE : caller->display);
    call->dialled = keep(call, offer->invite->to.uri.user);
    call->diverted_by = keep(call, history->visited_count > 0 ? history->visited[0] : SPAN_NONE);
}

static void keep_verdict(struct call *call, const struct fwd_verdict *verdict)
{
    size_t trace_size = verdict->trace.count * sizeof verdict->trace.entries[0];
    call->verdict = (uint8_t)verdict->kind;
    call->reason = (uint8_t)verdict->reason;
    call->status = verdict->kind == VERDICT_REDIRECT ? 302 : (uint16_t)verdict->status;
    call->target = keep_bytes(call, verdict->target, TEXT_SIZE);
    call->trace = keep_bytes(call, (struct span){(const char *)verdict->trace.entries, trace_size},
                             TRACE_BYTES_MAX);
}

static struct span kept(const char *texts, struct text text)
{
    return (struct span){texts + text.at, text.len};
}

static void emit_entry(struct turn *turn, const struct call *call)
{
    struct call_ended *effect = turn_emit(turn, CALL_ENDED, sizeof *effect);
    struct span copy;
    if (!effect) return;
    if (!arena_copy(turn->arena, (struct span){call->texts, call->texts_used}, &copy)) return;
    effect->entry = (struct model_journal_entry){
        .started_us = call->started_us,
        .ended_us = turn->wall_us,
        .line_id = call->line_id,
        .group = kept(copy.at, call->group),
        .extension = kept(copy.at, call->extension),
        .caller = kept(copy.at, call->caller),
        .caller_display = kept(copy.at, call->display),
        .dialled = kept(copy.at, call->dialled),
        .diverted_by = kept(copy.at, call->diverted_by),
        .call_id = kept(copy.at, call->call_id),
        .is_internal = call->is_internal,
        .verdict = call->verdict,
        .outcome = call->outcome,
        .reason = call->reason,
        .status = call->status,
        .target = kept(copy.at, call->target),
        .trace = kept(copy.at, call->trace),
    };
}

// ---- Answers

static void reply(struct turn *turn, const struct call *call, unsigned status, struct span headers)
{
    struct call_reply *effect = turn_emit(turn, CALL_REPLY, sizeof *effect);
    if (!effect) return;
    effect->txn = call->txn;
    effect->answer = (struct txn_answer){.status = status, .headers = headers};
}

static void end_with(struct call_table *table, struct turn *turn, struct pool_id id,
                     unsigned status, struct span headers)
{
    struct call *call = pool_find(&table->calls, id);
    call->phase = PHASE_ANSWERED;
    call->status = (uint16_t)status;
    deadlines_set(&table->deadlines, id.index, DEADLINE_NEVER);
    reply(turn, call, status, headers);
}

// One Contact that the PBX can dial, at its own domain (RFC 3261 section 21.3.3); with History-Info
// it is marked as the diversion of the entry `mark` (RFC 7044 section 10.4).
static void put_contact(struct buffer *out, const struct call_forwarding *forwarding,
                        const char *mark)
{
    const struct line_group *group = forwarding->offer->group;
    buffer_put_text(out, "Contact: <sip:");
    phone_put_target_dialled(out, &group->numbering, forwarding->verdict->target);
    buffer_put_byte(out, '@');
    buffer_put_text(out, group->snapshot->settings.domain);
    buffer_put_byte(out, '>');
    if (*mark) {
        buffer_put(out, SPAN(";mp="));
        buffer_put_text(out, mark);
    }
    buffer_put(out, SPAN("\r\n"));
}

// The headers of a 302. What is told of diversions is left out, rather than the forwarding, where
// it does not fit.
static struct span redirect_headers(struct turn *turn, const struct call_forwarding *forwarding)
{
    unsigned mode = forwarding->offer->group->snapshot->settings.diversion;
    char *bytes = arena_take(turn->arena, 2 * REPLY_HEADERS_MAX), mark[CALL_MARK_SIZE] = "";
    if (!bytes) return SPAN_NONE;
    struct buffer told = buffer_over(bytes, REPLY_HEADERS_MAX);
    struct buffer out = buffer_over(bytes + REPLY_HEADERS_MAX, REPLY_HEADERS_MAX);
    if (mode == DIVERSION_DIVERSION || mode == DIVERSION_BOTH) {
        call_put_diversion(&told, forwarding);
    }
    if (mode == DIVERSION_HISTORY_INFO || mode == DIVERSION_BOTH) {
        call_put_history_info(&told, forwarding, turn, mark);
    }
    put_contact(&out, forwarding, told.is_full ? "" : mark);
    struct span contact = buffer_span(&out);
    if (!told.is_full) buffer_put(&out, buffer_span(&told));
    if (out.is_full && *mark) { // it does not fit together with the Contact
        out = buffer_over(bytes, REPLY_HEADERS_MAX);
        put_contact(&out, forwarding, "");
        return buffer_span(&out);
    }
    return out.is_full ? contact : buffer_span(&out);
}

// What a forwarded call is recognised by on the line it goes to.
static struct call_trail trail_of(const struct call_offer *offer, const struct call_caller *caller,
                                  const struct call_history *history, struct span target)
{
    bool is_by_diverter = caller->is_anonymous && history->visited_count > 0;
    return (struct call_trail){
        .group_id = offer->group->snapshot->group_id,
        .target = target,
        .caller = caller->number,
        .diverter = is_by_diverter ? history->visited[0] : SPAN_NONE,
    };
}

static void remember(struct call_table *table, struct turn *turn, const struct call_offer *offer,
                     const struct call_caller *caller, const struct call_history *before,
                     struct span target)
{
    char bytes[TEXT_SIZE];
    struct buffer dialled = buffer_over(bytes, sizeof bytes);
    call_put_dialled(&dialled, offer->group, target);
    struct span extension = phone_possible_extension(&offer->group->numbering,
                                                     buffer_span(&dialled));
    if (extension.len == 0 || !line_find(offer->lines, offer->group, extension)) return;
    struct call_history after = {
        .visited = {snapshot_text(offer->line, offer->line->extension)},
        .visited_count = 1,
        .diversion_count = before->diversion_count + 1,
    };
    for (size_t i = 0; i < before->visited_count && after.visited_count < FWD_VISITED_MAX; i++) {
        after.visited[after.visited_count++] = before->visited[i];
    }
    struct call_trail trail = trail_of(offer, caller, &after, extension);
    call_remember(table->memory, turn, &trail, &after);
}

// Sends 180, now and every minute, so that no proxy on the way gives the call up.
static void ring_again(struct call_table *table, struct turn *turn, struct pool_id id)
{
    const struct call *call = pool_find(&table->calls, id);
    uint64_t next_us = turn->now_us + PROVISIONAL_US;
    if (next_us > call->ends_us) next_us = call->ends_us;
    deadlines_set(&table->deadlines, id.index, next_us);
    reply(turn, call, 180, SPAN_NONE);
}

static void hold(struct call_table *table, struct turn *turn, struct pool_id id, unsigned seconds)
{
    struct call *call = pool_find(&table->calls, id);
    call->phase = PHASE_HOLDING;
    call->ends_us = turn->now_us + (uint64_t)seconds * 1000000;
    ring_again(table, turn, id);
}

// ---- The call's life

// A call that arrives, and what was read out of it.
struct arrival {
    const struct call_offer *offer;
    struct call_caller caller;
    struct call_history history;
};

static void decide(const struct turn *turn, const struct arrival *arrival,
                   struct fwd_verdict *verdict, struct fwd_facts_room *room)
{
    const struct call_offer *offer = arrival->offer;
    const struct call_caller *caller = &arrival->caller;
    const struct call_history *history = &arrival->history;
    struct span priority = span_trim(sip_header_value(offer->invite, SIP_PRIORITY));
    struct client_presence presence = client_presence_of((enum model_login)offer->line->login, 0);
    struct fwd_call facts_of_call = {
        .caller = caller->number,
        .is_anonymous = caller->is_anonymous,
        .wall_us = turn->wall_us,
        .line_zone = line_find_zone(offer->lines, offer->line->zone_id),
        .group_zone = line_find_zone(offer->lines, offer->group->snapshot->zone_id),
        .is_internal = caller->is_internal,
        .is_psap_callback = span_eq_nocase(priority, SPAN("psap-callback")),
        .is_logged_in = offer->line->has_user && presence.is_logged_in,
        .has_clients = offer->line->has_user && presence.has_clients,
        .diversion_count = history->diversion_count,
        .visited = history->visited,
        .visited_count = history->visited_count,
    };
    struct fwd_facts facts;
    fwd_prepare(offer->group->snapshot, &offer->group->numbering, offer->line, &facts_of_call, room,
                &facts);
    fwd_decide(&facts, verdict);
}

void call_begin(struct call_table *table, struct turn *turn, struct pool_id id,
                const struct call_offer *offer)
{
    struct call *call = pool_find(&table->calls, id);
    struct arrival arrival = {.offer = offer, .caller = call_read_caller(offer, turn)};
    const struct call_caller *caller = &arrival.caller;
    struct call_history *history = &arrival.history;
    struct fwd_facts_room room;
    struct fwd_verdict verdict;
    ASSERT(call && call->phase == PHASE_RESERVED);
    call_read_history(offer, turn, history);
    struct call_trail trail = trail_of(offer, caller, history,
                                       snapshot_text(offer->line, offer->line->extension));
    call_inherit(table->memory, turn, &trail, history);
    decide(turn, &arrival, &verdict, &room);
    keep_facts(call, turn, offer, caller, history);
    keep_verdict(call, &verdict);
    switch (verdict.kind) {
    case VERDICT_REDIRECT:
        call->outcome = OUTCOME_FORWARDED;
        remember(table, turn, offer, caller, history, verdict.target);
        struct call_forwarding forwarding = {offer, &verdict, history->diversion_count};
        end_with(table, turn, id, 302, redirect_headers(turn, &forwarding));
        break;
    case VERDICT_DECLINE:
        call->outcome = OUTCOME_DECLINED;
        end_with(table, turn, id, verdict.status, SPAN_NONE);
        break;
    case VERDICT_HOLD:
    case VERDICT_RING:
        call->outcome = OUTCOME_MISSED;
        hold(table, turn, id, verdict.seconds);
        break;
    }
}

// RFC 3326: the call was taken by another client of the PBX.
static bool is_answered_elsewhere(const struct sip_message *cancel)
{
    struct sip_values place = SIP_VALUES_START;
    struct span value, cause;
    while (sip_next_value(cancel, SIP_REASON, &place, &value)) {
        struct span protocol = span_trim(span_split(&value, ';'));
        if (span_eq_nocase(protocol, SPAN("SIP")) && sip_find_param(value, SPAN("cause"), &cause) &&
            span_eq(cause, SPAN("200"))) {
            return true;
        }
    }
    return false;
}

void call_cancelled(struct call_table *table, struct turn *turn, struct pool_id id,
                    const struct sip_message *cancel)
{
    struct call *call = pool_find(&table->calls, id);
    if (!call || call->phase != PHASE_HOLDING) return;
    if (is_answered_elsewhere(cancel)) call->outcome = OUTCOME_ANSWERED_ELSEWHERE;
    end_with(table, turn, id, 487, SPAN_NONE);
}

void call_settled(struct call_table *table, struct turn *turn, struct pool_id id,
                  bool is_acknowledged)
{
    struct call *call = pool_find(&table->calls, id);
    if (!call) return;
    if (!is_acknowledged) call->outcome = OUTCOME_FAILED;
    deadlines_set(&table->deadlines, id.index, DEADLINE_NEVER);
    emit_entry(turn, call);
    pool_free(&table->calls, id);
}

uint64_t call_deadline_us(const struct call_table *table)
{
    return deadlines_next_us(&table->deadlines);
}

void call_tick(struct call_table *table, struct turn *turn)
{
    uint32_t index;
    for (int i = 0; i < CALL_TICK_MAX; i++) {
        struct pool_id id;
        if (!deadlines_take_due(&table->deadlines, turn->now_us, &index)) break;
        struct call *call = pool_at(&table->calls, index, &id);
        if (!call || call->phase != PHASE_HOLDING) continue;
        if (turn->now_us >= call->ends_us) {
            end_with(table, turn, id, call->status, SPAN_NONE);
        } else {
            ring_again(table, turn, id);
        }
    }
}
