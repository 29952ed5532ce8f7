// SPDX-License-Identifier: Apache-2.0
// A call that comes to a line, seen from us as its user agent server (RFC 3261 sections 8.2, 13.3,
// 15).
//
//              redirect, decline                  ACK, or none came
//   RESERVED ---------------------> ANSWERED ------------------------> ended, journal entry
//      |                               ^
//      |  hold, ring: 180              |  time is over: the verdict's status; or cancelled: 487
//      `------------------> WAITING ---+
//                           ^     |
//                           `-----'  the chosen forwarding's time has come, clients have answered,
//                           it
//                                    is deflected by hand: the decision is made again
#include "call/call_int.h"

#include <stddef.h>
#include <string.h>

enum {
    TEXT_ROOM = 1536, // of a call's texts: with its answer a call stays below 4 kB
    FACTS_ROOM = TEXT_ROOM - TRACE_BYTES_MAX - TEXT_SIZE, // the rest is its trace's and target's
    PROVISIONAL_US = 60 * 1000 * 1000, // 180 is repeated (RFC 3261 section 13.3.1.1)
};

enum {
    UNREACHED_US = 5 * 1000 * 1000, // without an answer of any client (behaviour.md "Forwardings")
    USES_MAX = 256,                 // exceptions with uses that the store has not counted yet
};

enum call_phase { PHASE_RESERVED, PHASE_WAITING, PHASE_ANSWERED };

struct text {
    uint16_t at, len; // in the call's texts
};

struct call {
    struct pool_id txn;
    struct pool_id waiting; // what a later decision needs
    uint64_t started_us;    // wall clock
    uint64_t invited_us;    // monotonic
    uint64_t ends_us;       // monotonic; of the waiting
    uint32_t line_id;
    uint16_t status; // final: sent, or when the waiting is over
    uint8_t phase;
    uint8_t due; // enum fwd_event: what has happened then; FWD_ARRIVED: nothing, the status ends it
    uint8_t verdict, reason, outcome;
    bool is_internal;
    bool is_counted;  // among the line's ringing calls
    bool is_rung;     // the clients have been rung
    bool has_alerted; // 180 was sent
    struct text group, extension, caller, display, dialled, diverted_by, call_id, target, trace;
    uint16_t texts_used;
    char texts[TEXT_ROOM];
};

struct call_table {
    struct pool calls;
    struct pool waiting; // struct call_waiting
    struct deadlines deadlines;
    struct call_memory *memory;
    struct call_traffic *traffic;
    struct call_neighbours neighbours;
    struct fwd_use uses[USES_MAX];
    size_t use_count;
};

// What is known of a call while a decision about it is made.
struct situation {
    const struct call_offer *offer;
    struct call_caller caller;
    struct call_history history;
};

// What has happened to it; zeroed: it has arrived.
struct happening {
    enum fwd_event event;
    const struct fwd_choice *chosen;     // FWD_WAITED
    const struct fwd_target *deflection; // FWD_DEFLECTED
    unsigned client_status;              // FWD_CLIENT_REJECTED
};

static size_t head_size(void)
{
    return (sizeof(struct call_table) + 15) / 16 * 16;
}

size_t call_memory_size(const struct call_limits *limits)
{
    return head_size() + pool_memory_size(sizeof(struct call), limits->call_count) +
           pool_memory_size(sizeof(struct call_waiting), limits->call_count) +
           deadlines_memory_size(limits->call_count) +
           call_memory_table_size(limits->memory_count) + call_traffic_size(limits->line_count);
}

struct call_table *call_init(void *memory, const struct call_limits *limits,
                             const uint8_t hash_key[16], struct call_neighbours neighbours)
{
    struct call_table *table = memory;
    char *next = (char *)memory + head_size();
    pool_init(&table->calls, next, sizeof(struct call), limits->call_count);
    next += pool_memory_size(sizeof(struct call), limits->call_count);
    pool_init(&table->waiting, next, sizeof(struct call_waiting), limits->call_count);
    next += pool_memory_size(sizeof(struct call_waiting), limits->call_count);
    deadlines_init(&table->deadlines, next, limits->call_count);
    next += deadlines_memory_size(limits->call_count);
    table->memory = call_memory_init(next, limits->memory_count, hash_key);
    next += call_memory_table_size(limits->memory_count);
    table->traffic = call_traffic_init(next, limits->line_count);
    table->neighbours = neighbours;
    return table;
}

struct idle_memory call_idle_memory(struct call_table *table, size_t least)
{
    return pool_idle_memory(&table->calls, least);
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
    call->invited_us = turn->now_us;
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

static struct span kept(const char *texts, struct text text)
{
    return (struct span){texts + text.at, text.len};
}

// Puts a decision's trace behind those before; where there is too much, the end of what came before
// goes.
static void put_trace(const struct call *call, const struct fwd_trace *trace, struct buffer *out)
{
    struct span before = kept(call->texts, call->trace);
    struct span added = {(const char *)trace->entries, trace->count * sizeof trace->entries[0]};
    buffer_put(out, span_slice(before, 0, out->size - added.len));
    buffer_put(out, added);
}

// The verdict so far takes the place of the one before; the trace grows.
static void keep_verdict(struct call *call, const struct fwd_verdict *verdict)
{
    char bytes[TRACE_BYTES_MAX];
    struct buffer trace = buffer_over(bytes, sizeof bytes);
    put_trace(call, &verdict->trace, &trace);
    call->verdict = (uint8_t)verdict->kind;
    call->reason = (uint8_t)verdict->reason;
    call->status = verdict->kind == VERDICT_REDIRECT ? 302 : (uint16_t)verdict->status;
    if (call->trace.len > 0) call->texts_used = call->target.at;
    call->target = keep_bytes(call, verdict->target, TEXT_SIZE);
    call->trace = keep_bytes(call, buffer_span(&trace), TRACE_BYTES_MAX);
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

// Tells what waits, for people to see.
static void show(struct turn *turn, const struct call *call, struct pool_id id, struct span target)
{
    struct call_shown *shown = turn_emit(turn, CALL_SHOWN, sizeof *shown);
    struct span copy;
    if (!shown) return;
    shown->call = id;
    bool is_copied = arena_copy(turn->arena, (struct span){call->texts, call->texts_used}, &copy) &&
                     arena_copy(turn->arena, target, &shown->target);
    if (!is_copied) return;
    shown->line_id = call->line_id;
    shown->group = kept(copy.at, call->group);
    shown->extension = kept(copy.at, call->extension);
    shown->caller = kept(copy.at, call->caller);
    shown->caller_display = kept(copy.at, call->display);
    shown->dialled = kept(copy.at, call->dialled);
    shown->call_id = kept(copy.at, call->call_id);
    shown->is_new = call->phase != PHASE_WAITING;
    shown->is_internal = call->is_internal;
    shown->is_ringing = call->verdict == VERDICT_RING;
    shown->started_us = call->started_us;
    shown->until_us = turn->wall_us + (call->ends_us - turn->now_us);
}

static void stop_waiting(struct call_table *table, struct turn *turn, struct pool_id id)
{
    struct call *call = pool_find(&table->calls, id);
    if (call->phase != PHASE_WAITING) return;
    struct call_shown *shown = turn_emit(turn, CALL_SHOWN, sizeof *shown);
    if (shown) *shown = (struct call_shown){shown->effect, .call = id, .is_gone = true};
    if (call->is_counted) call_uncount_ringing(table->traffic, call->line_id);
    call->is_counted = false;
    pool_free(&table->waiting, call->waiting);
}

static void end_with(struct call_table *table, struct turn *turn, struct pool_id id,
                     unsigned status, struct span headers)
{
    struct call *call = pool_find(&table->calls, id);
    stop_waiting(table, turn, id);
    call->phase = PHASE_ANSWERED;
    call->status = (uint16_t)status;
    deadlines_set(&table->deadlines, id.index, DEADLINE_NEVER);
    reply(turn, call, status, headers);
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

// The line that it goes to is another worker's, which is to remember it.
static void tell_sent_on(struct turn *turn, const struct call_trail *trail,
                         const struct call_history *history, uint8_t worker)
{
    struct call_sent_on *sent = turn_emit(turn, CALL_SENT_ON, sizeof *sent);
    if (!sent || !arena_copy(turn->arena, trail->target, &sent->target)) return;
    sent->worker = worker;
    sent->group_id = trail->group_id;
    sent->caller = trail->caller;
    sent->diverter = trail->diverter;
    sent->diversion_count = history->diversion_count;
    sent->visited_count = history->visited_count;
    for (size_t i = 0; i < history->visited_count; i++) sent->visited[i] = history->visited[i];
}

void call_note_sent_on(struct call_table *table, struct turn *turn, const struct call_sent_on *sent)
{
    struct call_trail trail = {.group_id = sent->group_id,
                               .target = sent->target,
                               .caller = sent->caller,
                               .diverter = sent->diverter};
    struct call_history history = {.visited_count = sent->visited_count,
                                   .diversion_count = sent->diversion_count};
    for (size_t i = 0; i < sent->visited_count; i++) history.visited[i] = sent->visited[i];
    call_remember(table->memory, turn, &trail, &history);
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
    uint8_t worker = 0;
    bool is_ours = extension.len > 0 && line_find(offer->lines, offer->group, extension);
    bool is_elsewhere = !is_ours && extension.len > 0 &&
                        line_find_elsewhere(offer->lines, offer->group->snapshot->group_id,
                                            extension, &worker);
    if (!is_ours && !is_elsewhere) return;
    struct call_history after = {
        .visited = {snapshot_text(offer->line, offer->line->extension)},
        .visited_count = 1,
        .diversion_count = before->diversion_count + 1,
    };
    for (size_t i = 0; i < before->visited_count && after.visited_count < FWD_VISITED_MAX; i++) {
        after.visited[after.visited_count++] = before->visited[i];
    }
    struct call_trail trail = trail_of(offer, caller, &after, extension);
    if (is_ours) {
        call_remember(table->memory, turn, &trail, &after);
    } else {
        tell_sent_on(turn, &trail, &after, worker);
    }
}

// ---- Decisions

// The calls on the other lines of the user; looked for only where they matter.
static uint32_t count_elsewhere(const struct call_table *table, const struct call_offer *offer)
{
    const struct snapshot_line *line = offer->line, *other;
    const struct client_assumption *assumed;
    const struct line_group *group;
    uint32_t count = 0, place = 0, line_id;
    if (!line->is_busy_on_any_line || line->second_call != SECOND_CALL_BUSY) return 0;
    while ((assumed = client_next_assumed(table->neighbours.clients, &place, &line_id))) {
        other = line_find_numbered(offer->lines, line_id, &group);
        bool is_theirs = other && other != line && other->user_id == line->user_id;
        if (is_theirs) count += assumed->call_count;
    }
    return count;
}

// What is known of the line's clients and calls.
static void add_states(struct call_table *table, const struct turn *turn,
                       const struct call_offer *offer, struct fwd_call *facts)
{
    const struct snapshot_line *line = offer->line;
    const struct client_assumption *assumed = client_assumed(table->neighbours.clients,
                                                             line->line_id);
    struct call_traffic_counts counts = call_traffic_of(table->traffic, turn, line->line_id);
    enum model_login login = (enum model_login)line->login;
    if (assumed && login == LOGIN_ON) login = LOGIN_AUTO; // what is assumed is all there is
    uint32_t live_count = assumed && assumed->clients != CLIENTS_NONE ? 1 : 0;
    struct client_presence presence = client_presence_of(login, live_count);
    facts->is_logged_in = line->has_user && presence.is_logged_in;
    facts->has_clients = line->has_user && presence.has_clients;
    facts->up_count = assumed ? assumed->call_count : 0;
    facts->elsewhere_count = count_elsewhere(table, offer);
    facts->ringing_count = counts.ringing;
    facts->forwarded_now_count = counts.forwarded_now;
    facts->forwarded_hour_count = counts.forwarded_hour;
    facts->uses = table->uses;
    facts->use_count = table->use_count;
}

static void decide(struct call_table *table, const struct turn *turn, const struct call *call,
                   const struct situation *situation, const struct happening *happening,
                   struct fwd_verdict *verdict)
{
    const struct call_offer *offer = situation->offer;
    struct span priority = span_trim(sip_header_value(offer->invite, SIP_PRIORITY));
    struct fwd_facts_room room;
    struct fwd_facts facts;
    struct fwd_call known = {
        .event = happening->event,
        .caller = situation->caller.number,
        .is_anonymous = situation->caller.is_anonymous,
        .wall_us = turn->wall_us,
        .line_zone = line_find_zone(offer->lines, offer->line->zone_id),
        .group_zone = line_find_zone(offer->lines, offer->group->snapshot->zone_id),
        .is_internal = situation->caller.is_internal,
        .is_psap_callback = span_eq_nocase(priority, SPAN("psap-callback")),
        .is_group_call = call_is_group_call(offer),
        .has_alerted = call->has_alerted,
        .client_status = happening->client_status,
        .diversion_count = situation->history.diversion_count,
        .visited = situation->history.visited,
        .visited_count = situation->history.visited_count,
        .chosen = happening->chosen,
    };
    if (happening->deflection) {
        known.deflection = happening->deflection->stored;
        known.deflection_class = happening->deflection->number_class;
    }
    // A call that rings itself is none of the other calls; but these decisions do not ask for them.
    add_states(table, turn, offer, &known);
    fwd_prepare(offer->group->snapshot, &offer->group->numbering, offer->line, &known, &room,
                &facts);
    fwd_decide(&facts, verdict);
}

// An exception with a number of calls was carried out: it counts here until the store has it.
static void use_rule(struct call_table *table, struct turn *turn, const struct call_offer *offer,
                     uint32_t rule_id)
{
    size_t at = 0;
    while (at < table->use_count && table->uses[at].rule_id != rule_id) at++;
    if (at == table->use_count && at < USES_MAX) {
        table->uses[table->use_count++] = (struct fwd_use){rule_id, 0};
    }
    if (at < USES_MAX) table->uses[at].count++;
    struct call_rule_used *used = turn_emit(turn, CALL_RULE_USED, sizeof *used);
    if (!used) return;
    used->rule_id = rule_id;
    used->group = span_of(offer->group->snapshot->settings.name);
    used->extension = snapshot_text(offer->line, offer->line->extension);
}

void call_rule_counted(struct call_table *table, uint32_t rule_id, uint32_t count)
{
    for (size_t i = 0; i < table->use_count; i++) {
        struct fwd_use *use = &table->uses[i];
        if (use->rule_id != rule_id) continue;
        use->count -= count < use->count ? count : use->count;
        if (use->count == 0) *use = table->uses[--table->use_count];
        return;
    }
}

static void redirect(struct call_table *table, struct turn *turn, struct pool_id id,
                     const struct situation *situation, const struct fwd_verdict *verdict)
{
    struct call *call = pool_find(&table->calls, id);
    const struct call_offer *offer = situation->offer;
    struct call_forwarding forwarding = {offer, verdict, situation->history.diversion_count};
    call->outcome = OUTCOME_FORWARDED;
    remember(table, turn, offer, &situation->caller, &situation->history, verdict->target);
    call_count_forwarded(table->traffic, turn, call->line_id);
    if (verdict->is_counted) use_rule(table, turn, offer, verdict->rule_id);
    end_with(table, turn, id, 302, call_redirect_headers(turn, &forwarding));
}

// ---- Waiting

// Sends 180, now and every minute, so that no proxy on the way gives the call up.
static void ring_again(struct call_table *table, struct turn *turn, struct pool_id id)
{
    struct call *call = pool_find(&table->calls, id);
    uint64_t next_us = turn->now_us + PROVISIONAL_US;
    if (next_us > call->ends_us) next_us = call->ends_us;
    deadlines_set(&table->deadlines, id.index, next_us);
    call->has_alerted = true;
    reply(turn, call, 180, SPAN_NONE);
}

// Holds the call, or lets it ring. A ring's seconds count from the INVITE on.
static void wait_for(struct call_table *table, struct turn *turn, struct pool_id id,
                     const struct fwd_verdict *verdict)
{
    struct call *call = pool_find(&table->calls, id);
    struct call_waiting *waiting = pool_find(&table->waiting, call->waiting);
    bool is_ringing = verdict->kind == VERDICT_RING;
    call->ends_us = (is_ringing ? call->invited_us : turn->now_us) +
                    (uint64_t)verdict->seconds * 1000000;
    call->due = verdict->has_next && waiting ? FWD_WAITED : FWD_ARRIVED;
    if (call->due == FWD_WAITED) call_keep_choice(waiting, &verdict->next);
    call->outcome = OUTCOME_MISSED;
    if (is_ringing && !call->is_counted) {
        call->is_counted = call_count_ringing(table->traffic, turn, call->line_id);
    } else if (!is_ringing && call->is_counted) {
        call_uncount_ringing(table->traffic, call->line_id);
        call->is_counted = false;
    }
    show(turn, call, id, verdict->has_next ? verdict->next.target.stored : SPAN_NONE);
    call->phase = PHASE_WAITING;
}

// Keeps what a later decision needs, if there can be one.
static void prepare_waiting(struct call_table *table, struct call *call,
                            const struct situation *situation)
{
    if (pool_find(&table->waiting, call->waiting)) return;
    struct call_waiting *waiting = pool_take_unset(&table->waiting, &call->waiting);
    if (!waiting) return;
    bool is_kept = call_keep_waiting(waiting, situation->offer, &situation->history);
    if (!is_kept) pool_free(&table->waiting, call->waiting);
}

// What the assumed clients answer as soon as they are rung; false: nothing.
static bool answer_of(const struct client_assumption *assumed, struct happening *happening,
                      struct fwd_target *target)
{
    *happening = (struct happening){.deflection = NULL};
    switch (assumed ? assumed->clients : CLIENTS_RING) {
    case CLIENTS_BUSY: happening->event = FWD_CLIENTS_BUSY; return true;
    case CLIENTS_REJECT:
        happening->event = FWD_CLIENT_REJECTED;
        happening->client_status = 603;
        return true;
    case CLIENTS_DEFLECT:
        *target = (struct fwd_target){.stored = span_of(assumed->target),
                                      .number_class = assumed->number_class};
        happening->event = FWD_DEFLECTED;
        happening->deflection = target;
        return true;
    case CLIENTS_NONE:
    case CLIENTS_RING:
    case CLIENTS_UNREACHABLE: break;
    }
    return false;
}

// Decides and carries it out. When the clients are rung and answer at once, this goes on with what
// they answer; they are rung once.
static void settle(struct call_table *table, struct turn *turn, struct pool_id id,
                   const struct situation *situation, struct happening happening)
{
    struct call *call = pool_find(&table->calls, id);
    const struct client_assumption *assumed = client_assumed(table->neighbours.clients,
                                                             call->line_id);
    struct fwd_target target;
    struct fwd_verdict verdict;
    bool is_going_on = true;
    while (is_going_on) {
        decide(table, turn, call, situation, &happening, &verdict);
        keep_verdict(call, &verdict);
        is_going_on = verdict.kind == VERDICT_RING && !call->is_rung &&
                      answer_of(assumed, &happening, &target);
        if (verdict.kind == VERDICT_RING) call->is_rung = true;
    }
    switch (verdict.kind) {
    case VERDICT_REDIRECT: redirect(table, turn, id, situation, &verdict); break;
    case VERDICT_DECLINE:
        call->outcome = call->has_alerted ? OUTCOME_MISSED : OUTCOME_DECLINED;
        end_with(table, turn, id, verdict.status, SPAN_NONE);
        break;
    case VERDICT_HOLD:
    case VERDICT_RING:
        prepare_waiting(table, call, situation);
        wait_for(table, turn, id, &verdict);
        if (verdict.kind == VERDICT_RING && happening.event == FWD_ARRIVED && assumed &&
            assumed->clients == CLIENTS_UNREACHABLE) {
            call->ends_us = call->invited_us + UNREACHED_US;
            call->due = FWD_CLIENTS_UNREACHED;
            deadlines_set(&table->deadlines, id.index, call->ends_us);
        } else {
            ring_again(table, turn, id);
        }
        break;
    }
}

// ---- The call's life

void call_begin(struct call_table *table, struct turn *turn, struct pool_id id,
                const struct call_offer *offer)
{
    struct call *call = pool_find(&table->calls, id);
    struct situation situation;
    ASSERT(call && call->phase == PHASE_RESERVED);
    situation.offer = offer;
    situation.caller = call_read_caller(offer, turn);
    call_read_history(offer, turn, &situation.history);
    struct call_trail trail = trail_of(offer, &situation.caller, &situation.history,
                                       snapshot_text(offer->line, offer->line->extension));
    call_inherit(table->memory, turn, &trail, &situation.history);
    keep_facts(call, turn, offer, &situation.caller, &situation.history);
    settle(table, turn, id, &situation, (struct happening){.event = FWD_ARRIVED});
}

// A waiting call as it was offered: `offer`, `invite` and `situation` are filled in. False when its
// line is gone or what it needs was not kept.
static bool revive(struct call_table *table, struct turn *turn, const struct call *call,
                   struct call_offer *offer, struct sip_message *invite,
                   struct situation *situation)
{
    const struct call_waiting *waiting = pool_find(&table->waiting, call->waiting);
    const struct line_group *group;
    const struct snapshot_line *line = line_find_numbered(table->neighbours.lines, call->line_id,
                                                          &group);
    if (!line || !waiting || !call_revive(waiting, turn, invite, &situation->history)) return false;
    *offer = (struct call_offer){
        .txn = call->txn,
        .invite = invite,
        .group = group,
        .line = line,
        .lines = table->neighbours.lines,
    };
    situation->offer = offer;
    situation->caller = call_read_caller(offer, turn);
    return true;
}

// Decides again about a waiting call, or ends it with its status where that is not possible.
static void settle_again(struct call_table *table, struct turn *turn, struct pool_id id,
                         enum fwd_event event)
{
    struct call *call = pool_find(&table->calls, id);
    struct call_waiting *waiting = pool_find(&table->waiting, call->waiting);
    struct call_offer offer;
    struct sip_message invite;
    struct situation situation;
    struct fwd_choice chosen;
    struct happening happening = {.event = event};
    if (event == FWD_ARRIVED || !revive(table, turn, call, &offer, &invite, &situation)) {
        end_with(table, turn, id, call->status, SPAN_NONE);
        return;
    }
    if (event == FWD_WAITED) {
        chosen = waiting->next;
        happening.chosen = &chosen;
    }
    settle(table, turn, id, &situation, happening);
}

enum call_deflection call_deflect(struct call_table *table, struct turn *turn, struct pool_id id,
                                  const struct fwd_target *target, enum fwd_finding *finding)
{
    struct call *call = pool_find(&table->calls, id);
    struct call_offer offer;
    struct sip_message invite;
    struct situation situation;
    struct fwd_verdict verdict;
    struct happening happening = {.event = FWD_DEFLECTED, .deflection = target};
    *finding = FWD_APPLIES;
    if (!call || call->phase != PHASE_WAITING) return CALL_NOT_WAITING;
    if (!revive(table, turn, call, &offer, &invite, &situation)) return CALL_NOT_WAITING;
    decide(table, turn, call, &situation, &happening, &verdict);
    if (verdict.kind != VERDICT_REDIRECT) {
        *finding = (enum fwd_finding)verdict.trace.entries[verdict.trace.count - 1].finding;
        return CALL_KEPT;
    }
    keep_verdict(call, &verdict);
    redirect(table, turn, id, &situation, &verdict);
    return CALL_DEFLECTED;
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
    if (!call || call->phase != PHASE_WAITING) return;
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
        if (!call || call->phase != PHASE_WAITING) continue;
        if (turn->now_us >= call->ends_us) {
            settle_again(table, turn, id, (enum fwd_event)call->due);
        } else {
            ring_again(table, turn, id);
        }
    }
}
