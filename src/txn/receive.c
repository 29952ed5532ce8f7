// SPDX-License-Identifier: Apache-2.0
// From a message to its transaction, or to the word that it has none (RFC 3261
// sections 17.1.3, 17.2.3, 18.1.2, 8.2.2.2, 9.2).
#include "txn/txn_int.h"

static bool has_second_via(const struct sip_message *message)
{
    struct sip_values place = SIP_VALUES_START;
    struct span value;
    return sip_next_value(message, SIP_VIA, &place, &value) &&
           sip_next_value(message, SIP_VIA, &place, &value);
}

// Whether it comes from the host that the transaction's own messages go to. Who else knows its
// branch has seen it somewhere, and has no say in it: an answer comes from where the request was
// sent to (RFC 3581 section 4), a CANCEL and an ACK from who sent the INVITE (RFC 3261
// sections 9.1, 17.1.1.3). Where nothing is kept any more, there is nothing left to decide.
static bool is_of_peer(const struct txn_step *step, const struct flow *flow)
{
    return step->slot->message == 0 || address_eq_host(&txn_kept(step)->flow.peer, &flow->peer);
}

// A response with a further Via is meant for someone behind us, and there is nobody (8.1.3.3).
static enum txn_match receive_response(struct txn_table *table, struct turn *turn,
                                       const struct txn_arrival *arrival)
{
    const struct sip_message *message = arrival->message;
    struct txn_step step = txn_find(table, turn, &arrival->identity->key);
    if (!step.slot || has_second_via(message) || !is_of_peer(&step, arrival->flow)) {
        return TXN_STRAY;
    }
    if (step.slot->machine == MACHINE_INVITE_CLIENT) {
        return txn_invite_client_responded(&step, message) ? TXN_HANDLED : TXN_STRAY;
    }
    txn_other_client_responded(&step, message);
    return TXN_HANDLED;
}

// The ACK of a 2xx is for the dialog (13.3.1.4); without a branch it matches all the same.
static bool acknowledge(struct txn_step *step, const struct flow *flow)
{
    bool is_ours = step->slot && step->slot->state != STATE_ACCEPTED && is_of_peer(step, flow);
    if (is_ours) txn_invite_server_acknowledged(step);
    return is_ours;
}

static enum txn_match receive_ack(struct txn_table *table, struct turn *turn,
                                  const struct txn_arrival *arrival)
{
    struct txn_step step = txn_find_acknowledged(table, turn, arrival->message,
                                                 &arrival->identity->key);
    return acknowledge(&step, arrival->flow) ? TXN_HANDLED : TXN_STRAY;
}

bool txn_receive_ack(struct txn_table *table, struct turn *turn,
                     const struct txn_identity *identity, const struct flow *flow)
{
    struct txn_step step = txn_find_invite(table, turn, &identity->key);
    return acknowledge(&step, flow);
}

static enum txn_match receive_cancel(struct txn_table *table, struct turn *turn,
                                     const struct txn_arrival *arrival)
{
    struct txn_step step = txn_find_invite(table, turn, &arrival->identity->key);
    if (!step.slot || !is_of_peer(&step, arrival->flow)) return TXN_STRAY;
    txn_invite_server_cancelled(&step, arrival->message, arrival->flow);
    return TXN_HANDLED;
}

// Only a request outside a dialog can be a merged one (8.2.2.2).
static enum txn_match receive_request(struct txn_table *table, struct turn *turn,
                                      const struct txn_arrival *arrival)
{
    const struct sip_message *message = arrival->message;
    const struct txn_identity *identity = arrival->identity;
    struct txn_step step = txn_find(table, turn, &identity->key);
    if (step.slot && step.slot->machine == MACHINE_INVITE_SERVER) {
        txn_invite_server_repeated(&step);
        return TXN_HANDLED;
    }
    if (step.slot) {
        txn_other_server_repeated(&step);
        return TXN_HANDLED;
    }
    bool is_outside = message->to.tag.len == 0;
    if (is_outside && txn_has_merge(table, identity->merge_hash)) return TXN_MERGED;
    table->fresh = message;
    table->fresh_identity = *identity;
    return TXN_NEW_REQUEST;
}

enum txn_match txn_receive(struct txn_table *table, struct turn *turn,
                           const struct txn_arrival *arrival)
{
    table->fresh = NULL;
    if (!arrival->message->is_request) return receive_response(table, turn, arrival);
    switch (arrival->message->method) {
    case SIP_ACK: return receive_ack(table, turn, arrival);
    case SIP_CANCEL: return receive_cancel(table, turn, arrival);
    default: return receive_request(table, turn, arrival);
    }
}
