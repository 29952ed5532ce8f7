// SPDX-License-Identifier: Apache-2.0
// INVITE with Replaces (RFC 3891) from the PBX's side: the last step of an attended transfer, where
// the other end of a device's call changes. Only what names a dialog of ours with the PBX can be
// meant; the device is told it in the words of its own (passed.c), and ends its old call itself.
#include "call/bridge_int.h"

uint32_t call_replaced_device(const struct call_table *table, const struct call_offer *offer)
{
    struct span value = sip_named_header_value(offer->invite, SPAN("Replaces"));
    struct dialog_name name;
    struct pool_id id;
    bool is_from_caller;
    if (!call_read_dialog_name(value, &name)) return 0;
    const struct leg *leg = call_leg_find_tag(table, name.to_tag, name.call_id, &id,
                                              &is_from_caller);
    if (!leg) return 0;
    const struct call *call = pool_find(&table->calls, leg->call);
    const struct leg *caller = call_bridge_caller(table, call_bridge_of(table, call));
    const struct leg *named = is_from_caller ? caller : leg, *other = is_from_caller ? leg : caller;
    struct span peer = call_dialog_text(&named->dialog, named->dialog.remote_tag);
    bool is_it = call->line_id == offer->line->line_id && call->phase == PHASE_UP &&
                 named->device_id == 0 && span_eq(peer, name.from_tag) && !name.is_early_only;
    return is_it ? other->device_id : 0;
}

bool call_replaces_nothing(const struct call_table *table, const struct call_offer *offer)
{
    return sip_named_header_value(offer->invite, SPAN("Replaces")).len > 0 &&
           call_replaced_device(table, offer) == 0;
}
