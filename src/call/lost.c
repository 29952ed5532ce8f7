// SPDX-License-Identifier: Apache-2.0
// Devices whose connection ends while they ring, or in a call (RFC 5626 section 4.2.1: they are to
// come back by another one). Datagrams know no such thing: what is lost there is found out by
// requests that nobody answers.
//
//   rings:     back in time: it goes on ringing, its answer comes by the new connection
//              else it has failed; a call that it has begun is given up
//   in a call: back: it is asked whether it still knows the call (a telephone that was switched off
//              does not); else it is asked in vain, as late as one may come back that has to find
//              out by its next ping that the connection is gone. Media go on meanwhile.
#include "call/bridge_int.h"

enum {
    LOOK_US = 2 * 1000 * 1000,
    RINGING_S = 10, // PBXs let it ring for 30 s in all
    PING_S = 120,   // Flow-Timer, as the registrar tells it (RFC 5626 section 4.4.1)
};

static const uint64_t ringing_us = RINGING_S * UINT64_C(1000000);
static const uint64_t talking_us = (CLIENT_GRACE_S + PING_S) * UINT64_C(1000000);

static bool is_by(const struct leg *leg, const struct flow *flow)
{
    const struct flow *own = &leg->dialog.flow;
    return leg->device_id != 0 && own->transport != TRANSPORT_UDP &&
           own->connection == flow->connection && own->worker == flow->worker;
}

void call_lost_flow(struct call_table *table, struct turn *turn, const struct flow *flow)
{
    for (uint32_t i = 0; i < table->legs.fresh; i++) {
        struct pool_id id;
        struct leg *leg = pool_at(&table->legs, i, &id);
        if (!leg || leg->lost_us > 0 || !is_by(leg, flow)) continue;
        struct call *call = pool_find(&table->calls, leg->call);
        struct bridge *bridge = call_bridge_of(table, call);
        leg->lost_us = turn->now_us;
        bridge->lost_due_us = turn->now_us + LOOK_US;
        call_set_deadline(table, leg->call);
    }
}

// Its device can be reached by a connection that it has made since.
static bool is_back(const struct call_table *table, const struct leg *leg)
{
    const struct call *call = pool_find(&table->calls, leg->call);
    struct client_contact contacts[CLIENT_CONTACTS_MAX];
    size_t count = client_contacts(table->neighbours.clients, call->user_id, contacts,
                                   CLIENT_CONTACTS_MAX);
    for (size_t i = 0; i < count; i++) {
        bool is_it = contacts[i].device_id == leg->device_id;
        if (is_it && contacts[i].since_us > leg->lost_us) return true;
    }
    return false;
}

// Who does not know the call any more says so to each of these; most to the first.
static void ask(struct call_table *table, struct turn *turn, const struct bridge *bridge,
                const struct leg *leg)
{
    bool is_caller = leg == call_bridge_caller(table, bridge);
    const struct session *session = &leg->session;
    bool is_refreshed = session->expires_s > 0 && (session->is_refresher || session->has_update);
    if (is_refreshed && call_relay_refresh(table, turn, bridge->first, is_caller)) return;
    call_relay_check(table, turn, bridge->first, is_caller);
}

// The device that rang does not come back.
static void give_up(struct call_table *table, struct turn *turn, struct pool_id leg_id)
{
    const struct leg *leg = pool_find(&table->legs, leg_id);
    struct pool_id call_id = leg->call;
    struct call *call = pool_find(&table->calls, call_id);
    if (call->is_outgoing) {
        call->is_given_up = true;
        call_end_with(table, turn, call_id, 487, SPAN_NONE);
        return;
    }
    call_leg_cancel(turn, leg->txn, SPAN_NONE);
    call_leg_responded(table, turn, &(struct call_response){.id = leg_id, .txn = leg->txn});
}

// True: the leg, and maybe the call, is gone.
static bool look_at(struct call_table *table, struct turn *turn, const struct bridge *bridge,
                    struct pool_id leg_id)
{
    struct leg *leg = pool_find(&table->legs, leg_id);
    if (!leg || leg->lost_us == 0) return false;
    bool is_up = bridge->state == BRIDGE_UP, has_come = is_back(table, leg);
    bool is_over = turn->now_us >= leg->lost_us + (is_up ? talking_us : ringing_us);
    if (bridge->state == BRIDGE_RINGING && is_over && !has_come) {
        give_up(table, turn, leg_id);
        return true;
    }
    if (!has_come && !is_over) return false;
    if (!has_come && !is_up) return false; // its 200 waits for the ACK: that ends it, or this later
    leg->lost_us = 0;
    call_leg_follow(table, leg);
    if (is_up) ask(table, turn, bridge, leg);
    return false;
}

static bool is_any_lost(const struct call_table *table, const struct bridge *bridge)
{
    const struct leg *leg = call_bridge_caller(table, bridge);
    if (leg && leg->lost_us > 0) return true;
    leg = pool_find(&table->legs, bridge->first);
    for (; leg; leg = pool_find(&table->legs, leg->next)) {
        if (leg->lost_us > 0) return true;
    }
    return false;
}

bool call_lost_look(struct call_table *table, struct turn *turn, struct pool_id id)
{
    const struct call *call = pool_find(&table->calls, id);
    struct bridge *bridge = call_bridge_of(table, call);
    if (!bridge || turn->now_us < bridge->lost_due_us) return false;
    bool is_gone = look_at(table, turn, bridge, bridge->caller);
    struct pool_id at = bridge->first;
    for (const struct leg *leg; !is_gone && (leg = pool_find(&table->legs, at)) != NULL;) {
        struct pool_id next = leg->next;
        is_gone = look_at(table, turn, bridge, at);
        at = next;
    }
    call = pool_find(&table->calls, id);
    bridge = call ? call_bridge_of(table, call) : NULL;
    if (!bridge) return true;
    uint64_t next_us = turn->now_us + (is_gone ? 0 : (uint64_t)LOOK_US); // there may be others
    bridge->lost_due_us = is_any_lost(table, bridge) ? next_us : DEADLINE_NEVER;
    call_set_deadline(table, id);
    return true;
}
