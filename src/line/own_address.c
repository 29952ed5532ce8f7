// SPDX-License-Identifier: Apache-2.0
// Our address as a PBX sees it: the received and rport of its answers (RFC 3261 section 18.2.1, RFC
// 3581 section 4). Behind NAT it differs from the one that we send from, and only it is of use in a
// Contact.
//
// The first answer is usually a 401, so the first REGISTER with credentials has the right Contact
// already. Lines that were registered before are registered anew, which takes their former Contact
// back in the same request. Another address is believed only after LEARN_INTERVAL: a PBX that sees
// us by turns at two addresses does not make us register without an end.
#include "line/line_int.h"

enum { LEARN_INTERVAL_US = 600 * 1000 * 1000 };

static bool read_seen(const struct sip_via *via, const struct address *own, struct address *seen)
{
    struct span received = SPAN_NONE, rport = SPAN_NONE;
    uint64_t port;
    *seen = *own;
    if (sip_find_param(via->params, SPAN("received"), &received) && received.len > 0) {
        if (!address_parse(received, seen)) return false;
        seen->port = own->port;
    }
    if (sip_find_param(via->params, SPAN("rport"), &rport) && rport.len > 0) {
        if (!span_to_u64(rport, UINT16_MAX, &port) || port == 0) return false;
        seen->port = (uint16_t)port;
    }
    return seen->family == own->family;
}

static void register_anew(struct line_table *table, struct turn *turn, struct pool_id group_id)
{
    for (uint32_t i = 0; i < table->lines.fresh; i++) {
        struct pool_id id;
        const struct line *line = pool_at(&table->lines, i, &id);
        if (line && pool_id_eq(line->group, group_id) && line->phase == PHASE_REGISTERED) {
            line_make_due(table, turn, id);
        }
    }
}

void line_learn_own(struct line_table *table, struct turn *turn, struct pool_id group_id,
                    const struct sip_message *response)
{
    struct line_group_slot *slot = pool_find(&table->groups, group_id);
    struct address seen;
    bool is_early = slot->learned_at_us > 0 &&
                    turn->now_us - slot->learned_at_us < LEARN_INTERVAL_US;
    if (slot->is_own_fixed || is_early) return;
    if (!span_eq_nocase(response->via.transport, SPAN("UDP")))
        return; // a stream's port is no Contact
    if (!read_seen(&response->via, &slot->group.own, &seen)) return;
    if (address_eq(&seen, &slot->group.own) || address_eq(&seen, &slot->group.flow.peer)) return;
    slot->former_own = slot->group.own;
    slot->former_transport = slot->own_transport;
    slot->group.own = seen;
    slot->own_generation++;
    slot->learned_at_us = turn->now_us;
    register_anew(table, turn, group_id);
}
