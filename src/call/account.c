// SPDX-License-Identifier: Apache-2.0
// The account of a call's legs for the journal: each is written down when it ends. While a leg is
// there it knows when it began and rang, so a call whose only leg is up has no account yet.
#include "call/bridge_int.h"

#include <string.h>

// What legs in vain leave for those that matter more: an answered one, a forwarding's target.
enum { KEPT_FOR_OTHERS = 192 };

uint32_t call_age_ms(const struct call *call, const struct turn *turn)
{
    uint64_t age_ms = (turn->now_us - call->invited_us) / 1000;
    return age_ms < LEG_NEVER ? (uint32_t)age_ms : LEG_NEVER - 1;
}

static struct call_account *account_of(struct call_table *table, struct call *call)
{
    struct call_account *account = pool_find(&table->accounts, call->account);
    if (account) return account;
    account = pool_take_unset(&table->accounts, &call->account);
    if (account) account->len = 0;
    return account;
}

static void put(struct call_table *table, struct call *call, const struct model_leg *leg)
{
    struct call_account *account = account_of(table, call);
    bool is_in_vain = leg->kind == LEG_DEVICE && leg->answered_ms == LEG_NEVER;
    if (!account) return;
    struct buffer out = buffer_over(account->text,
                                    LEGS_BYTES_MAX - (is_in_vain ? KEPT_FOR_OTHERS : 0));
    if (account->len >= out.size) return;
    out.len = account->len;
    model_leg_put(&out, leg);
    account->len = (uint16_t)out.len;
}

struct span call_account_text(const struct call_table *table, const struct call *call)
{
    const struct call_account *account = pool_find(&table->accounts, call->account);
    return account ? (struct span){account->text, account->len} : SPAN_NONE;
}

// The rule that sent the call there is the last one of its trace.
static bool is_to_mailbox(const struct call *call)
{
    struct span trace = call_text(call, call->trace);
    struct fwd_trace_entry last;
    if (trace.len < sizeof last) return false;
    memcpy(&last, trace.at + trace.len - sizeof last, sizeof last);
    return last.subject == FWD_SUBJECT_MAILBOX && last.finding == FWD_APPLIES;
}

static enum model_leg_kind kind_of(const struct call *call)
{
    bool is_deflection = call->reason == REASON_DEFLECTION_ALERTING ||
                         call->reason == REASON_DEFLECTION_IMMEDIATE;
    if (call->is_outgoing) return LEG_OUTGOING;
    if (!call->is_onward && call->taken.generation == 0) return LEG_DEVICE;
    if (is_deflection) return LEG_DEFLECTION;
    return is_to_mailbox(call) ? LEG_MAILBOX : LEG_FORWARDING;
}

static struct span name_of(const struct call_table *table, const struct call *call,
                           const struct leg *leg)
{
    if (call->is_outgoing) return call_text(call, call->dialled);
    if (kind_of(call) != LEG_DEVICE) return call_text(call, call->target);
    const struct snapshot_device *device = client_find_device(table->neighbours.clients,
                                                              leg->device_id);
    return device ? span_of(device->name) : SPAN_NONE;
}

void call_account_leg(struct call_table *table, const struct turn *turn, const struct leg *leg,
                      const struct leg_over *over)
{
    struct call *call = pool_find(&table->calls, leg->call);
    uint64_t ring_us = call->answered_us > call->started_us ? call->answered_us - call->started_us
                                                            : 0;
    bool is_answered = over->status >= 200 && over->status < 300;
    if (leg->is_fork) return;
    put(table, call,
        &(struct model_leg){
            .kind = (uint8_t)kind_of(call),
            .ended_by = (uint8_t)over->by,
            .status = (uint16_t)over->status,
            .started_ms = leg->started_ms,
            .rang_ms = leg->rang_ms,
            .answered_ms = is_answered ? (uint32_t)(ring_us / 1000) : LEG_NEVER,
            .ended_ms = call_age_ms(call, turn),
            .name = name_of(table, call, leg),
        });
}

void call_account_rest(struct call_table *table, const struct turn *turn,
                       const struct bridge *bridge, const struct leg_over *over)
{
    const struct leg *leg = pool_find(&table->legs, bridge->first);
    for (; leg; leg = pool_find(&table->legs, leg->next)) {
        call_account_leg(table, turn, leg, over);
    }
}

// ---- Transfers

// Whom a REFER names, in stored form; what is no number as it is.
static struct span refer_target(const struct call_table *table, const struct call *call,
                                struct turn *turn, const struct sip_message *refer)
{
    struct span value = sip_named_header_value(refer, SPAN("Refer-To")), stored;
    const struct line_group *group;
    struct sip_address address;
    if (sip_parse_address(value, &address) != SIP_OK) return SPAN_NONE;
    if (!line_find_numbered(table->neighbours.lines, call->line_id, &group)) return SPAN_NONE;
    struct phone_number number = phone_read(&group->numbering, address.uri_text, true);
    struct span text = number.kind == PHONE_INVALID ? address.uri.user : span_of(number.text);
    return arena_copy(turn->arena, text, &stored) ? stored : SPAN_NONE;
}

uint16_t call_account_transfer(struct call_table *table, struct turn *turn,
                               const struct relay *relay, const struct sip_message *refer)
{
    struct call *call = pool_find(&table->calls, relay->call);
    uint32_t now_ms = call_age_ms(call, turn);
    size_t before = call_account_text(table, call).len;
    put(table, call,
        &(struct model_leg){
            .kind = LEG_TRANSFER,
            .ended_by = relay->is_from_caller ? LEG_ENDED_BY_CALLER : LEG_ENDED_BY_CALLED,
            .started_ms = now_ms,
            .ended_ms = now_ms,
            .rang_ms = LEG_NEVER,
            .answered_ms = LEG_NEVER,
            .name = refer_target(table, call, turn, refer),
        });
    bool is_put = call_account_text(table, call).len > before;
    return is_put ? (uint16_t)(before + 1) : 0;
}

void call_account_transferred(const struct call_table *table, const struct relay *relay,
                              unsigned status)
{
    const struct call *call = pool_find(&table->calls, relay->call);
    struct call_account *account = pool_find(&table->accounts, call->account);
    if (relay->transfer_at == 0 || !account) return;
    size_t at = relay->transfer_at - 1U;
    model_leg_set_status(account->text + at, account->len - at, status);
}
