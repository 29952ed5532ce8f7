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
#include "call/bridge_int.h"

enum { PROVISIONAL_US = 60 * 1000 * 1000 }; // 180 is repeated (RFC 3261 section 13.3.1.1)
enum { UNREACHED_US = 5 * 1000 * 1000 };    // docs/decision.md

// ---- Answers

void call_reply(struct turn *turn, struct pool_id txn, const struct txn_answer *answer)
{
    struct call_reply *effect = turn_emit(turn, CALL_REPLY, sizeof *effect);
    if (!effect) return;
    effect->txn = txn;
    effect->answer = *answer;
}

// It does not wait any more.
static void stop_waiting(struct call_table *table, struct pool_id id)
{
    struct call *call = pool_find(&table->calls, id);
    pool_free(&table->invites, call->invite);
    pool_free(&table->long_invites, call->long_invite);
    if (call->phase != PHASE_WAITING) return;
    if (call->is_counted) call_uncount_ringing(table->traffic, call->line_id);
    call->is_counted = false;
    call_drop_waiting(table, call);
}

static void end_with(struct call_table *table, struct turn *turn, struct pool_id id,
                     const struct txn_answer *answer)
{
    struct call *call = pool_find(&table->calls, id);
    call_bridge_drop(table, turn, id, SPAN_NONE);
    stop_waiting(table, id);
    call_show_gone(turn, call, id);
    call->phase = PHASE_ANSWERED;
    call->status = (uint16_t)answer->status;
    deadlines_set(&table->deadlines, id.index, DEADLINE_NEVER);
    call_reply(turn, call->txn, answer);
}

void call_end_with(struct call_table *table, struct turn *turn, struct pool_id id, unsigned status,
                   struct span headers)
{
    end_with(table, turn, id, &(struct txn_answer){.status = status, .headers = headers});
}

void call_set_deadline(struct call_table *table, struct pool_id id)
{
    const struct call *call = pool_find(&table->calls, id);
    const struct bridge *bridge = call_bridge_of(table, call);
    uint64_t at_us = bridge ? call_session_due_us(table, bridge) : DEADLINE_NEVER;
    if (call->phase == PHASE_WAITING) {
        at_us = call->ends_us;
        if (call->repeat_us < at_us) at_us = call->repeat_us;
        if (bridge && bridge->unreached_us < at_us) at_us = bridge->unreached_us;
    }
    if (bridge && bridge->lost_due_us < at_us) at_us = bridge->lost_due_us;
    deadlines_set(&table->deadlines, id.index, at_us);
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
    sent->is_redirect = trail->is_redirect;
    sent->diversion_count = history->diversion_count;
    sent->visited_count = history->visited_count;
    for (size_t i = 0; i < history->visited_count; i++) sent->visited[i] = history->visited[i];
}

void call_note_sent_on(struct call_table *table, struct turn *turn, const struct call_sent_on *sent)
{
    struct call_trail trail = {.group_id = sent->group_id,
                               .target = sent->target,
                               .caller = sent->caller,
                               .diverter = sent->diverter,
                               .is_redirect = sent->is_redirect};
    struct call_history history = {.visited_count = sent->visited_count,
                                   .diversion_count = sent->diversion_count};
    for (size_t i = 0; i < sent->visited_count; i++) history.visited[i] = sent->visited[i];
    call_remember(table->memory, turn, &trail, &history);
    if (trail.is_redirect) call_await(table, turn, &trail, history.visited[0]);
}

// `worker`: the line's, where that is another one.
static void remember_at(struct call_table *table, struct turn *turn, const struct call_trail *trail,
                        const struct call_history *history, const uint8_t *worker)
{
    if (worker) {
        tell_sent_on(turn, trail, history, *worker);
    } else {
        call_remember(table->memory, turn, trail, history);
        if (trail->is_redirect) call_await(table, turn, trail, history->visited[0]);
    }
}

// A call that we bridge may come to its target as one of this line, where the PBX does not believe
// who calls. False where the target is none of our lines.
static bool remember(struct call_table *table, struct turn *turn,
                     const struct call_departure *departure)
{
    const struct call_offer *offer = departure->situation->offer;
    const struct call_caller *caller = &departure->situation->caller;
    const struct call_history *before = &departure->situation->history;
    struct span extension = phone_possible_extension(&offer->group->numbering, departure->target);
    uint8_t worker = 0;
    bool is_ours = extension.len > 0 && line_find(offer->lines, offer->group, extension);
    bool is_elsewhere = !is_ours && extension.len > 0 &&
                        line_find_elsewhere(offer->lines, offer->group->snapshot->group_id,
                                            extension, &worker);
    if (!is_ours && !is_elsewhere) return false;
    struct call_history after = {
        .visited = {snapshot_text(offer->line, offer->line->extension)},
        .visited_count = 1,
        .diversion_count = before->diversion_count + 1,
    };
    for (size_t i = 0; i < before->visited_count && after.visited_count < FWD_VISITED_MAX; i++) {
        after.visited[after.visited_count++] = before->visited[i];
    }
    struct call_trail trail = trail_of(offer, caller, &after, extension);
    trail.is_redirect = !departure->is_bridged;
    remember_at(table, turn, &trail, &after, is_ours ? NULL : &worker);
    if (!departure->is_bridged) return true;
    trail = (struct call_trail){
        .group_id = trail.group_id, .target = trail.target, .caller = after.visited[0]};
    remember_at(table, turn, &trail, &after, is_ours ? NULL : &worker);
    return true;
}

// So that the call is recognised when it comes to one of our lines again.
static void note_forwarding(struct call_table *table, struct turn *turn, struct pool_id id,
                            const struct call_departure *departure)
{
    bool is_to_line = remember(table, turn, departure);
    if (!is_to_line || departure->is_bridged) call_note_departure(table, turn, id, departure);
}

// ---- Decisions

// The calls on the other lines of the user; looked for only where they matter.
static uint32_t count_elsewhere(const struct call_table *table, const struct call_offer *offer)
{
    const struct snapshot_line *line = offer->line, *other;
    const struct client_assumption *assumed;
    const struct line_group *group;
    uint32_t count = 0, place = 0, line_id, up;
    if (!line->is_busy_on_any_line || line->second_call != SECOND_CALL_BUSY) return 0;
    while ((assumed = client_next_assumed(table->neighbours.clients, &place, &line_id))) {
        other = line_find_numbered(offer->lines, line_id, &group);
        bool is_theirs = other && other != line && other->user_id == line->user_id;
        if (is_theirs) count += assumed->call_count;
    }
    place = 0;
    while (call_next_up(table->traffic, &place, &line_id, &up)) {
        other = line_find_numbered(offer->lines, line_id, &group);
        bool is_theirs = other && other != line && other->user_id == line->user_id;
        if (is_theirs && !client_assumed(table->neighbours.clients, line_id)) count += up;
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
    uint32_t live_count = assumed ? assumed->clients != CLIENTS_NONE
                                  : client_live_count(table->neighbours.clients, line->user_id);
    struct client_presence presence = client_presence_of(login, live_count);
    facts->is_logged_in = line->has_user && presence.is_logged_in;
    facts->has_clients = line->has_user && presence.has_clients;
    facts->up_count = assumed ? assumed->call_count : counts.up;
    facts->desk_count = assumed ? 0 : counts.desk;
    facts->elsewhere_count = count_elsewhere(table, offer);
    facts->ringing_count = counts.ringing;
    facts->forwarded_now_count = counts.forwarded_now;
    facts->forwarded_hour_count = counts.forwarded_hour;
    facts->uses = table->uses;
    facts->use_count = table->use_count;
}

// A forwarding that would have been carried out was not, for the line's limits.
static void tell_limit(struct turn *turn, const struct call_offer *offer,
                       const struct fwd_trace *trace)
{
    struct call_alarm *alarm = NULL;
    for (uint32_t i = 0; i < trace->count && !alarm; i++) {
        uint8_t finding = trace->entries[i].finding;
        if (finding != FWD_IS_TOO_MANY && finding != FWD_IS_TOO_OFTEN) continue;
        alarm = turn_emit(turn, CALL_ALARM, sizeof *alarm);
        if (!alarm) return;
        alarm->kind = finding == FWD_IS_TOO_MANY ? ALARM_FORWARDED_AT_ONCE
                                                 : ALARM_FORWARDED_PER_HOUR;
    }
    if (!alarm) return;
    alarm->line_id = offer->line->line_id;
    alarm->group = span_of(offer->group->snapshot->settings.name);
    alarm->extension = snapshot_text(offer->line, offer->line->extension);
    alarm->target = SPAN_NONE;
}

static void decide(struct call_table *table, struct turn *turn, const struct call *call,
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
        .is_client_busy = happening->is_client_busy,
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
    bool has_tried = happening->event == FWD_TARGET_BUSY || happening->event == FWD_TARGET_FAILED ||
                     happening->event == FWD_TARGET_UNANSWERED;
    if (has_tried) known.tried = call_text(call, call->target);
    // A call that rings itself is none of the other calls; but these decisions do not ask for them.
    add_states(table, turn, offer, &known);
    fwd_prepare(offer->group->snapshot, &offer->group->numbering, offer->line, &known, &room,
                &facts);
    fwd_decide(&facts, verdict);
    if (facts.has_too_many_forwarded || facts.has_too_often_forwarded) {
        tell_limit(turn, offer, &verdict->trace);
    }
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
    call_count_forwarded(table->traffic, turn, call->line_id);
    call_end_with(table, turn, id, 302, call_redirect_headers(turn, &forwarding));
}

// Keeps what a later decision needs, if there can be one.
static void prepare_waiting(struct call_table *table, struct call *call,
                            const struct situation *situation)
{
    if (pool_find(&table->waiting, call->waiting)) return;
    struct call_waiting *waiting = pool_take(&table->waiting, &call->waiting);
    if (!waiting) return;
    waiting->texts = texts_in(table->texts, TEXT_ROOM_MAX);
    bool is_kept = call_keep_waiting(waiting, situation->offer, &situation->history);
    if (!is_kept) call_drop_waiting(table, call);
}

static void forward(struct call_table *table, struct turn *turn, struct pool_id id,
                    const struct situation *situation, const struct fwd_verdict *verdict)
{
    struct call *call = pool_find(&table->calls, id);
    const struct call_offer *offer = situation->offer;
    call->outcome = OUTCOME_FORWARDED;
    bool is_bridged = call_goes_onward(offer, verdict->target);
    char bytes[TEXT_SIZE];
    struct buffer dialled = buffer_over(bytes, sizeof bytes);
    call_put_dialled(&dialled, offer->group, verdict->target);
    note_forwarding(table, turn, id,
                    &(struct call_departure){situation, buffer_span(&dialled), is_bridged});
    if (verdict->is_counted) use_rule(table, turn, offer, verdict->rule_id);
    if (is_bridged) {
        prepare_waiting(table, call, situation);
        call_onward_begin(table, turn, id, situation, verdict);
    } else {
        redirect(table, turn, id, situation, verdict);
    }
}

// ---- Waiting

// So that no proxy on the way gives the call up.
void call_ring_again(struct call_table *table, struct turn *turn, struct pool_id id)
{
    struct call *call = pool_find(&table->calls, id);
    call->repeat_us = turn->now_us + PROVISIONAL_US;
    call->has_alerted = true;
    call_set_deadline(table, id);
    call_reply(turn, call->txn, &(struct txn_answer){.status = 180});
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
    call->phase = PHASE_WAITING;
    call_show(turn, call, id, verdict->has_next ? verdict->next.target.stored : SPAN_NONE);
    call->repeat_us = DEADLINE_NEVER;
    call_set_deadline(table, id);
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

// Rings what there is to be rung: the user's devices, which say themselves that they ring; or what
// we do not see.
static void ring(struct call_table *table, struct turn *turn, struct pool_id id,
                 const struct call_offer *offer)
{
    struct call *call = pool_find(&table->calls, id);
    const struct client_assumption *assumed = client_assumed(table->neighbours.clients,
                                                             call->line_id);
    if (!assumed && call_bridge_ring(table, turn, id, offer, 0)) {
        call_set_deadline(table, id);
    } else if (assumed && assumed->clients == CLIENTS_UNREACHABLE) {
        call->ends_us = call->invited_us + UNREACHED_US;
        call->due = FWD_CLIENTS_UNREACHED;
        call_set_deadline(table, id);
    } else {
        call_ring_again(table, turn, id);
    }
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
        call_keep_verdict(call, &verdict);
        is_going_on = verdict.kind == VERDICT_RING && !call->is_rung &&
                      answer_of(assumed, &happening, &target);
        if (verdict.kind == VERDICT_RING) call->is_rung = true;
    }
    switch (verdict.kind) {
    case VERDICT_REDIRECT: forward(table, turn, id, situation, &verdict); break;
    case VERDICT_DECLINE:
        call->outcome = (call->has_alerted || call->was_sent_on) &&
                                happening.event != FWD_CLIENT_REJECTED
                            ? OUTCOME_MISSED
                            : OUTCOME_DECLINED;
        call_end_with(table, turn, id, verdict.status, SPAN_NONE);
        break;
    case VERDICT_HOLD:
        call_bridge_drop(table, turn, id, SPAN_NONE);
        prepare_waiting(table, call, situation);
        wait_for(table, turn, id, &verdict);
        call_ring_again(table, turn, id);
        break;
    case VERDICT_RING:
        prepare_waiting(table, call, situation);
        wait_for(table, turn, id, &verdict);
        if (happening.event == FWD_ARRIVED) ring(table, turn, id, situation->offer);
        break;
    }
}

// ---- The call's life

// Takes the place of a call that the line has already (RFC 3891): nothing is decided, for the user
// is in that call. Its device alone is rung; what that does not take has failed.
static void replace(struct call_table *table, struct turn *turn, struct pool_id id,
                    const struct call_offer *offer)
{
    const struct fwd_verdict verdict = {
        .kind = VERDICT_RING, .seconds = FWD_RING_MAX_S, .status = 480};
    struct call *call = pool_find(&table->calls, id);
    uint32_t device_id = call_replaced_device(table, offer);
    if (device_id == 0 && call_take_over(table, turn, id, offer)) return;
    call_keep_verdict(call, &verdict);
    call->is_rung = true;
    wait_for(table, turn, id, &verdict);
    if (device_id > 0 && call_bridge_ring(table, turn, id, offer, device_id)) {
        call_set_deadline(table, id);
    } else {
        call_end_with(table, turn, id, 480, SPAN_NONE);
    }
}

void call_begin(struct call_table *table, struct turn *turn, struct pool_id id,
                const struct call_offer *offer)
{
    struct call *call = pool_find(&table->calls, id);
    struct situation situation;
    ASSERT(call && call->phase == PHASE_RESERVED);
    situation.offer = offer;
    situation.caller = call_read_caller(offer, turn);
    situation.marks = call_marks_of(table, &situation);
    call_read_history(offer, turn, &situation.history);
    struct call_trail trail = trail_of(offer, &situation.caller, &situation.history,
                                       snapshot_text(offer->line, offer->line->extension));
    call_inherit(table->memory, turn, &trail, &situation.history);
    call_awaited_came(table, offer);
    call_recognise_return(table, turn, &situation);
    call_keep_facts(call, turn, &situation);
    const struct snapshot_group *group = offer->group->snapshot;
    if (group->bridges_internal || group->bridges_external) {
        call_keep_invite(table, call, offer->invite);
    }
    if (sip_named_header_value(offer->invite, SPAN("Replaces")).len > 0) {
        replace(table, turn, id, offer);
        return;
    }
    settle(table, turn, id, &situation, (struct happening){.event = FWD_ARRIVED});
}

bool call_revive_offer(const struct call_table *table, struct turn *turn, const struct call *call,
                       struct revival *revival)
{
    const struct call_waiting *waiting = pool_find(&table->waiting, call->waiting);
    struct situation *situation = &revival->situation;
    const struct line_group *group;
    struct sip_fault fault;
    struct span whole = call_kept_invite(table, call);
    const struct snapshot_line *line = line_find_numbered(table->neighbours.lines, call->line_id,
                                                          &group);
    if (!line || !waiting) return false;
    if (!call_revive(waiting, turn, &revival->invite, &situation->history)) return false;
    if (whole.len > 0 && sip_parse(whole, turn->arena, &revival->invite, &fault) != SIP_OK) {
        return false;
    }
    revival->offer = (struct call_offer){
        .txn = call->txn,
        .invite = &revival->invite,
        .flow = waiting->flow,
        .group = group,
        .line = line,
        .lines = table->neighbours.lines,
    };
    situation->offer = &revival->offer;
    situation->caller = call_read_caller(&revival->offer, turn);
    situation->marks = call_marks_of(table, situation);
    return true;
}

void call_settle_again(struct call_table *table, struct turn *turn, struct pool_id id,
                       struct happening happening)
{
    struct call *call = pool_find(&table->calls, id);
    struct call_waiting *waiting = pool_find(&table->waiting, call->waiting);
    struct revival revival;
    struct fwd_choice chosen;
    bool is_over = happening.event == FWD_ARRIVED;
    if (is_over || !call_revive_offer(table, turn, call, &revival)) {
        call_end_with(table, turn, id, call->status, SPAN_NONE);
        return;
    }
    if (happening.event == FWD_WAITED) {
        chosen = waiting->next;
        happening.chosen = &chosen;
    }
    settle(table, turn, id, &revival.situation, happening);
}

enum call_deflection call_deflect(struct call_table *table, struct turn *turn, struct pool_id id,
                                  const struct fwd_target *target, enum fwd_finding *finding)
{
    struct call *call = pool_find(&table->calls, id);
    struct revival revival;
    struct fwd_verdict verdict;
    struct happening happening = {.event = FWD_DEFLECTED, .deflection = target};
    *finding = FWD_APPLIES;
    if (!call || call->phase != PHASE_WAITING || call->is_outgoing) return CALL_NOT_WAITING;
    if (!call_revive_offer(table, turn, call, &revival)) return CALL_NOT_WAITING;
    decide(table, turn, call, &revival.situation, &happening, &verdict);
    ASSERT(verdict.trace.count > 0); // what was found about the deflection comes first
    *finding = (enum fwd_finding)verdict.trace.entries[0].finding;
    if (*finding != FWD_APPLIES) return CALL_KEPT;
    call_bridge_drop(table, turn, id, SPAN_NONE);
    call_keep_verdict(call, &verdict);
    forward(table, turn, id, &revival.situation, &verdict);
    return CALL_DEFLECTED;
}

bool call_decline(struct call_table *table, struct turn *turn, struct pool_id id)
{
    const struct call *call = pool_find(&table->calls, id);
    if (!call || call->phase != PHASE_WAITING || call->is_outgoing) return false;
    call_settle_again(table, turn, id,
                      (struct happening){.event = FWD_CLIENT_REJECTED, .client_status = 603});
    return true;
}

bool call_hang_up(struct call_table *table, struct turn *turn, struct pool_id id)
{
    const struct call *call = pool_find(&table->calls, id);
    if (!call) return false;
    if (call->phase == PHASE_UP) return call_bridge_hang_up_by_hand(table, turn, id);
    if (!call->is_outgoing) return call_decline(table, turn, id);
    if (call->phase != PHASE_WAITING) return false;
    call_end_with(table, turn, id, 487, SPAN_NONE);
    return true;
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
    if (call->taken.generation != 0) return; // its answer is on the way: a BYE is to end it
    call->is_given_up = true;
    if (!call->is_outgoing) {
        call->outcome = is_answered_elsewhere(cancel) ? OUTCOME_ANSWERED_ELSEWHERE : OUTCOME_MISSED;
    }
    call_bridge_drop(table, turn, id, call_copy_reason(turn, cancel));
    call_end_with(table, turn, id, 487, SPAN_NONE);
}

static void tell_taken(struct turn *turn, const struct call *call)
{
    struct span call_id;
    if (call->is_outgoing || !arena_copy(turn->arena, call_text(call, call->call_id), &call_id)) {
        return;
    }
    struct call_taken *taken = turn_emit(turn, CALL_TAKEN, sizeof *taken);
    if (!taken) return;
    taken->line_id = call->line_id;
    taken->call_id = call_id;
}

void call_answered(struct call_table *table, struct turn *turn, struct pool_id id,
                   uint32_t device_id)
{
    struct call *call = pool_find(&table->calls, id);
    stop_waiting(table, id);
    call->phase = PHASE_UP;
    call->status = 200;
    call->answered_us = turn->wall_us;
    tell_taken(turn, call);
    if (call->is_onward) { // it stays a forwarded one, and none of the line's calls
        call_show_gone(turn, call, id);
        return;
    }
    call->outcome = OUTCOME_ANSWERED;
    if (!call->is_outgoing) {
        const struct snapshot_device *device = client_find_device(table->neighbours.clients,
                                                                  device_id);
        call->device_id = device_id;
        if (device) call_keep_device(call, span_of(device->name));
    }
    if (!call->is_up) call->is_up = call_count_up(table->traffic, turn, call->line_id);
    call_show(turn, call, id, SPAN_NONE);
}

void call_finish(struct call_table *table, struct turn *turn, struct pool_id id)
{
    struct call *call = pool_find(&table->calls, id);
    deadlines_set(&table->deadlines, id.index, DEADLINE_NEVER);
    if (call->is_up) call_uncount_up(table->traffic, call->line_id);
    call_show_gone(turn, call, id);
    call_emit_entry(table, turn, call);
    call_abandon(table, id);
}

void call_settled(struct call_table *table, struct turn *turn, struct pool_id id,
                  bool is_acknowledged)
{
    struct call *call = pool_find(&table->calls, id);
    if (!call) return;
    if (call->phase == PHASE_UP) {
        call_bridge_unacknowledged(table, turn, id);
        return;
    }
    bool is_by_nobody = call->is_outgoing && call->is_given_up; // whoever called may be gone
    if (!is_acknowledged && !is_by_nobody) call->outcome = OUTCOME_FAILED;
    call_finish(table, turn, id);
}

uint64_t call_deadline_us(const struct call_table *table)
{
    uint64_t next_us = deadlines_next_us(&table->deadlines);
    uint64_t awaited_us = call_awaited_deadline_us(table);
    return awaited_us < next_us ? awaited_us : next_us;
}

static void waiting_due(struct call_table *table, struct turn *turn, struct pool_id id)
{
    struct call *call = pool_find(&table->calls, id);
    struct bridge *bridge = call_bridge_of(table, call);
    if (turn->now_us >= call->ends_us && call->is_onward) {
        call_onward_unanswered(table, turn, id);
    } else if (turn->now_us >= call->ends_us) {
        call_settle_again(table, turn, id, (struct happening){.event = (enum fwd_event)call->due});
    } else if (bridge && turn->now_us >= bridge->unreached_us) {
        bridge->unreached_us = DEADLINE_NEVER;
        if (bridge->is_held_open) {
            call_ring_again(table, turn, id);
        } else {
            call_settle_again(table, turn, id, (struct happening){.event = FWD_CLIENTS_UNREACHED});
        }
    } else {
        call_ring_again(table, turn, id);
    }
}

void call_tick(struct call_table *table, struct turn *turn)
{
    uint32_t index;
    call_awaited_tick(table, turn);
    for (int i = 0; i < CALL_TICK_MAX; i++) {
        struct pool_id id;
        if (!deadlines_take_due(&table->deadlines, turn->now_us, &index)) break;
        struct call *call = pool_at(&table->calls, index, &id);
        if (call && call_lost_look(table, turn, id)) continue;
        if (call && call->phase == PHASE_WAITING) waiting_due(table, turn, id);
        if (call && call->phase == PHASE_UP) call_session_check(table, turn, id);
    }
}
