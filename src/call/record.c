// SPDX-License-Identifier: Apache-2.0
// What people see of a call: in the list of calls while it waits or is up, in the journal
// afterwards. A call's texts lie one behind the other in its own room, the target and the trace of
// the decision so far at the end.
#include "call/call_int.h"

#include <string.h>

static struct text keep_bytes(struct call *call, struct span text, size_t max)
{
    size_t room = (size_t)TEXT_ROOM - call->texts.used;
    struct text kept;
    (void)texts_keep(&call->texts, span_slice(text, 0, room < max ? room : max), &kept);
    return kept;
}

// Texts of a message, which are as long as somebody likes, leave room for what was decided.
static struct text keep(struct call *call, struct span text)
{
    size_t room = call->texts.used < FACTS_ROOM ? (size_t)FACTS_ROOM - call->texts.used : 0;
    return keep_bytes(call, text, room < JOURNAL_TEXT_MAX ? room : JOURNAL_TEXT_MAX);
}

void call_keep_facts(struct call *call, const struct turn *turn, const struct situation *situation)
{
    const struct call_offer *offer = situation->offer;
    const struct call_caller *caller = &situation->caller;
    const struct call_history *history = &situation->history;
    call->txn = offer->txn;
    call->started_us = turn->wall_us;
    call->invited_us = turn->now_us;
    call->line_id = offer->line->line_id;
    call->user_id = offer->line->user_id;
    call->is_internal = caller->is_internal;
    call->group = keep(call, span_of(offer->group->snapshot->settings.name));
    call->extension = keep(call, snapshot_text(offer->line, offer->line->extension));
    call->call_id = keep(call, offer->invite->call_id);
    call->caller = keep(call, caller->is_anonymous ? SPAN("anonymous") : caller->number);
    call->display = keep(call, caller->is_anonymous ? SPAN_NONE : caller->display);
    call->dialled = keep(call, offer->invite->to.uri.user);
    call->diverted_by = keep(call, history->visited_count > 0 ? history->visited[0] : SPAN_NONE);
}

void call_keep_dialled(struct call *call, struct span dialled)
{
    call->dialled = keep(call, dialled);
}

void call_keep_device(struct call *call, struct span name)
{
    call->device = keep_bytes(call, name, NAME_SIZE);
}

void call_fit(struct call *call)
{
    texts_fit(&call->texts);
}

struct span call_text(const struct call *call, struct text text)
{
    return texts_get(&call->texts, text);
}

static struct span all_texts(const struct call *call)
{
    return (struct span){call->texts.at, call->texts.used};
}

static struct span kept(const char *texts, struct text text)
{
    return (struct span){texts + text.at, text.len};
}

// Puts a decision's trace behind those before; where there is too much, the end of what came before
// goes.
static void put_trace(const struct call *call, const struct fwd_trace *trace, struct buffer *out)
{
    struct span before = call_text(call, call->trace);
    struct span added = {(const char *)trace->entries, trace->count * sizeof trace->entries[0]};
    buffer_put(out, span_slice(before, 0, out->size - added.len));
    buffer_put(out, added);
}

void call_keep_verdict(struct call *call, const struct fwd_verdict *verdict)
{
    char bytes[TRACE_BYTES_MAX];
    struct buffer trace = buffer_over(bytes, sizeof bytes);
    put_trace(call, &verdict->trace, &trace);
    call->verdict = (uint8_t)verdict->kind;
    call->reason = (uint8_t)verdict->reason;
    call->target_class = (uint8_t)verdict->target_class;
    call->status = verdict->kind == VERDICT_REDIRECT ? 302 : (uint16_t)verdict->status;
    if (call->trace.len > 0) texts_cut(&call->texts, call->target.at);
    call->target = keep_bytes(call, verdict->target, TEXT_SIZE);
    call->trace = keep_bytes(call, buffer_span(&trace), TRACE_BYTES_MAX);
}

void call_emit_entry(const struct call_table *table, struct turn *turn, const struct call *call)
{
    struct call_ended *effect = turn_emit(turn, CALL_ENDED, sizeof *effect);
    struct span copy, legs = call_account_text(table, call);
    if (!effect) return;
    if (legs.len > 0 && !arena_copy(turn->arena, legs, &legs)) return;
    if (!arena_copy(turn->arena, all_texts(call), &copy)) return;
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
        .is_outgoing = call->is_outgoing,
        .answered_us = call->answered_us,
        .device = kept(copy.at, call->device),
        .user_id = call->user_id,
        .legs = legs,
        .target_class = call->target_class,
        .is_loop = call->verdict == VERDICT_DECLINE && fwd_is_loop(call_text(call, call->trace)),
    };
}

static enum model_call_state state_of(const struct call *call)
{
    if (call->phase == PHASE_UP) return call->is_on_hold ? CALL_STATE_ON_HOLD : CALL_STATE_ANSWERED;
    bool is_ringing = call->is_outgoing || call->verdict == VERDICT_RING;
    return is_ringing ? CALL_STATE_RINGING : CALL_STATE_HELD;
}

void call_show(struct turn *turn, struct call *call, struct pool_id id, struct span target)
{
    struct call_shown *shown = turn_emit(turn, CALL_SHOWN, sizeof *shown);
    struct span copy;
    if (!shown) return;
    shown->call = id;
    bool is_copied = arena_copy(turn->arena, all_texts(call), &copy) &&
                     arena_copy(turn->arena, target, &shown->target);
    if (!is_copied) return;
    shown->state = state_of(call);
    if (!call->is_shown || call->shown != shown->state) call->since_us = turn->wall_us;
    shown->is_new = !call->is_shown;
    call->is_shown = true;
    call->shown = (uint8_t)shown->state;
    shown->line_id = call->line_id;
    shown->user_id = call->user_id;
    shown->device_id = call->device_id;
    shown->group = kept(copy.at, call->group);
    shown->extension = kept(copy.at, call->extension);
    shown->caller = kept(copy.at, call->caller);
    shown->caller_display = kept(copy.at, call->display);
    shown->dialled = kept(copy.at, call->dialled);
    shown->call_id = kept(copy.at, call->call_id);
    shown->device = kept(copy.at, call->device);
    shown->is_outgoing = call->is_outgoing;
    shown->has_alerted = call->has_alerted;
    shown->is_internal = call->is_internal;
    shown->started_us = call->started_us;
    shown->answered_us = call->answered_us;
    shown->since_us = call->since_us;
    bool is_waiting = call->phase != PHASE_UP;
    shown->until_us = is_waiting ? turn->wall_us + (call->ends_us - turn->now_us) : 0;
}

void call_show_gone(struct turn *turn, struct call *call, struct pool_id id)
{
    if (!call->is_shown) return;
    call->is_shown = false;
    struct call_shown *shown = turn_emit(turn, CALL_SHOWN, sizeof *shown);
    if (shown) *shown = (struct call_shown){shown->effect, .call = id, .is_gone = true};
}
