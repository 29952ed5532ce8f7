// SPDX-License-Identifier: Apache-2.0
// INVITE with Replaces (RFC 3891) from the PBX's side: the last step of an attended transfer, where
// an end of a call changes. Only what names a dialog of ours with the PBX can be meant (section 3):
//
//   the call of a device: that device is told it in the words of its own (passed.c), and ends its
//     old call itself; so it is also where it calls and the other end rings, which is picked up
//   a bridged forwarding, both ends of which are the PBX's: the end that stays gets a re-INVITE
//   with
//     the session description of the one that comes, and then the one that goes a BYE
//   a call that only rings here: 481, for the other end has begun it
#include "call/bridge_int.h"

enum { TAKING_US = 32 * 1000 * 1000 }; // that the end which stays has to answer

// The dialog that an INVITE names, where it is ours.
struct named {
    struct pool_id call_id;
    const struct call *call;
    struct bridge *bridge;
    struct leg *leg;       // the called one
    bool is_caller_dialog; // the caller's is named, not that leg's
    bool is_confirmed, is_early_only;
};

static bool find_named(const struct call_table *table, const struct call_offer *offer,
                       struct named *out)
{
    struct span value = sip_named_header_value(offer->invite, SPAN("Replaces"));
    struct dialog_name name;
    struct pool_id id;
    if (!call_read_dialog_name(value, &name)) return false;
    out->leg = call_leg_find_tag(table, name.to_tag, name.call_id, &id, &out->is_caller_dialog);
    if (!out->leg) return false;
    out->call_id = out->leg->call;
    out->call = pool_find(&table->calls, out->call_id);
    out->bridge = call_bridge_of(table, out->call);
    out->is_confirmed = out->call->phase == PHASE_UP;
    out->is_early_only = name.is_early_only;
    const struct leg *caller = call_bridge_caller(table, out->bridge);
    const struct leg *named = out->is_caller_dialog ? caller : out->leg;
    bool is_begun_here = out->call->phase == PHASE_WAITING && out->call->is_outgoing &&
                         !out->is_caller_dialog;
    return out->call->line_id == offer->line->line_id && named->device_id == 0 &&
           span_eq(call_dialog_text(&named->dialog, named->dialog.remote_tag), name.from_tag) &&
           (out->is_confirmed || is_begun_here);
}

// The device at the other end; 0: that is the PBX's, too.
static uint32_t device_of(const struct call_table *table, const struct named *named)
{
    const struct leg *caller = call_bridge_caller(table, named->bridge);
    return named->is_caller_dialog ? named->leg->device_id : caller->device_id;
}

uint32_t call_replaced_device(const struct call_table *table, const struct call_offer *offer)
{
    struct named named;
    return find_named(table, offer, &named) ? device_of(table, &named) : 0;
}

unsigned call_refuses_replacing(const struct call_table *table, const struct call_offer *offer)
{
    struct named named;
    if (sip_named_header_value(offer->invite, SPAN("Replaces")).len == 0) return 0;
    if (!find_named(table, offer, &named)) return 481;
    if (named.is_confirmed && named.is_early_only) return 486;
    if (device_of(table, &named) != 0) return 0;
    return named.call->is_onward && named.bridge->state == BRIDGE_UP ? 0 : 481;
}

// ---- A bridged forwarding

static void put_body_headers(struct buffer *out, const struct sip_message *invite)
{
    struct span type = sip_named_header_value(invite, SPAN("Content-Type"));
    if (invite->body.len > 0 && type.len > 0) sip_put_header(out, "Content-Type", type);
}

// The re-INVITE to the end that stays: a leg's INVITE like others, but within its dialog.
static void send_invite(struct turn *turn, struct leg *leg, struct pool_id id,
                        const struct sip_message *invite)
{
    struct span branch = txn_new_branch(turn);
    struct buffer out;
    if (!call_open_message(turn, invite, &out)) return;
    leg->invite_cseq = ++leg->dialog.local_cseq;
    call_dialog_put_request(
        &out, &leg->dialog,
        &(struct dialog_request){.method = SIP_INVITE,
                                 .branch = branch,
                                 .cseq = leg->invite_cseq,
                                 .max_forwards = call_bridge_max_forwards(invite)});
    call_dialog_put_contact(&out, &leg->dialog);
    call_session_put_request(&out, &leg->session, true);
    put_body_headers(&out, invite);
    sip_put_end(&out, invite->body);
    call_leg_emit_request(
        turn, &(struct call_request){.owner = CALL_OWNS_LEG,
                                     .id = id,
                                     .flow = leg->dialog.flow,
                                     .method = SIP_INVITE,
                                     .bytes = out.is_full ? SPAN_NONE : buffer_span(&out),
                                     .branch = branch});
}

// A leg of the new call with the dialog of the end that stays. Until that has accepted, the old
// call has it as well.
static bool share_leg(struct call_table *table, struct turn *turn, struct pool_id call,
                      const struct named *named, struct pool_id *id)
{
    struct leg *caller = call_bridge_caller(table, named->bridge);
    struct leg *stays = named->is_caller_dialog ? named->leg : caller;
    struct leg *leg = call_leg_add(table, turn, call, id);
    if (!leg) return false;
    struct texts texts = leg->dialog.texts;
    leg->dialog = stays->dialog;
    leg->dialog.texts = texts;
    if (stays == caller) leg->dialog.remote_cseq = named->leg->caller_cseq;
    leg->session = stays->session;
    bool is_copied = texts_copy(&leg->dialog.texts, &stays->dialog.texts);
    call_leg_index(table, *id);
    stays->dialog.local_cseq++; // the re-INVITE's
    return is_copied;
}

bool call_take_over(struct call_table *table, struct turn *turn, struct pool_id id,
                    const struct call_offer *offer)
{
    struct call *call = pool_find(&table->calls, id);
    struct dialog_peer caller = call_caller_peer(offer);
    struct pool_id leg_id;
    struct named named;
    struct span target;
    if (!find_named(table, offer, &named) || !named.is_confirmed) return false;
    if (!arena_copy(turn->arena, call_text(named.call, named.call->target), &target)) return false;
    call_keep_verdict(call, &(struct fwd_verdict){.kind = VERDICT_REDIRECT,
                                                  .target = target,
                                                  .reason = (enum model_reason)named.call->reason});
    if (!call_bridge_begin(table, id, offer->invite, &caller)) return false;
    call->taken = named.call_id;
    call->is_taking_caller = named.is_caller_dialog;
    call->phase = PHASE_WAITING;
    call->status = 480;
    call->due = FWD_ARRIVED;
    call->outcome = OUTCOME_MISSED;
    call->ends_us = turn->now_us + TAKING_US;
    call->repeat_us = DEADLINE_NEVER;
    if (!share_leg(table, turn, id, &named, &leg_id)) return false;
    send_invite(turn, pool_find(&table->legs, leg_id), leg_id, offer->invite);
    call_set_deadline(table, id);
    return true;
}

void call_has_taken_over(struct call_table *table, struct turn *turn, struct call *call)
{
    struct pool_id taken = call->taken;
    bool is_caller = call->is_taking_caller;
    call->taken = POOL_ID_NONE;
    call->is_onward = call_count_bridged(table->traffic, turn, call->line_id);
    call->was_sent_on = true;
    call->outcome = OUTCOME_FORWARDED;
    if (!pool_find(&table->calls, taken)) return;
    call_bridge_hang_up(
        table, turn, taken,
        &(struct bridge_end){.is_caller_told = is_caller, .is_callee_told = !is_caller});
}
