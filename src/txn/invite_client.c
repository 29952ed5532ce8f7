// SPDX-License-Identifier: Apache-2.0
// The INVITE client transaction: RFC 3261 section 17.1.1, with the state Accepted of RFC 6026
// section 7.2; CANCEL: 9.1.
//
//             txn_send_request: send
//                      |
//                      v
//                 +---------+  A: send again after 0.5, 1, 2, 4, 8, 16 s
//                 | Calling |  txn_cancel: noted
//                 +---------+  B, after 32 s: TIMEOUT, gone
//                  |   |   |
//                  |   |   | 1xx: RESPONSE; CANCEL if it was noted
//                  |   |   v
//                  |   |  +------------+  1xx: RESPONSE
//                  |   |  | Proceeding |  txn_cancel: CANCEL
//                  |   |  +------------+  32 s after the CANCEL: TIMEOUT, gone
//                  |   |   |         |
//       300-699:   |   |   |         |  2xx: RESPONSE
//  RESPONSE, ACK   v   |   v         v
//        +-----------+<+   | 2xx    +----------+  2xx, also of another branch: RESPONSE
//        | Completed |<----+------->| Accepted |  (its ACK is the dialog's)
//        +-----------+              +----------+
//    300-699: ACK  |                     |
//    again         | D: 32 s, 0          | M, 32 s: ENDED
//                  | if reliable         |
//                  v                     v
//                        (gone)
//
// Over a reliable transport there is no A. A CANCEL must not overtake its INVITE, so it waits for
// the first 1xx; it is a transaction of its own, which other_client.c drives. In Proceeding nothing
// ends but by a CANCEL: how long it may ring is up to the owner. Without an owner (txn_disown) the
// INVITE is cancelled, and a 2xx that comes all the same is a stray: somebody has to end that call.
#include "txn/txn_int.h"

// What is kept is the INVITE, later the ACK (is_answered); behind the INVITE, the headers that the
// CANCEL is to carry.

void txn_invite_client_started(struct txn_step *step)
{
    step->slot->machine = MACHINE_INVITE_CLIENT;
    txn_send_kept(step);
    txn_start_wait(step, WAIT_64T1); // timer B
    if (!step->slot->is_reliable) txn_start_resending(step);
}

// Timer A doubles without an end (17.1.1.2); B comes before it grows too long.
void txn_invite_client_resent(struct txn_step *step)
{
    struct txn_slot *slot = step->slot;
    slot->resend_count++;
    txn_resend_after(step, (uint64_t)TXN_T1_US << slot->resend_count);
}

// ---- CANCEL

// 9.1: without an answer to the INVITE within 64*T1, it counts as cancelled.
static void send_cancel(struct txn_step *step)
{
    txn_send_cancel(step);
    txn_start_wait(step, WAIT_64T1);
}

bool txn_invite_client_cancel(struct txn_step *step, struct span headers)
{
    struct txn_slot *slot = step->slot;
    bool is_open = slot->state == STATE_TRYING || slot->state == STATE_PROCEEDING;
    if (!is_open || slot->is_cancelled) return false;
    slot->is_cancelled = true;
    if (!txn_keep_tail(step, headers)) (void)txn_keep_tail(step, SPAN_NONE);
    if (slot->state == STATE_PROCEEDING) send_cancel(step);
    return true;
}

// ---- Responses

static void provisional(struct txn_step *step, const struct sip_message *response)
{
    struct txn_slot *slot = step->slot;
    if (!txn_notify(step, TXN_RESPONSE, response, false)) return;
    if (slot->state == STATE_PROCEEDING) return;
    slot->state = STATE_PROCEEDING;
    txn_stop_resending(step);
    txn_start_wait(step, WAIT_NONE);
    if (slot->is_cancelled) send_cancel(step);
}

static uint64_t tag_hash(const struct txn_step *step, struct span to_tag)
{
    return hash_keyed(step->table->key_tag, to_tag);
}

// The dialog of a 2xx has its ACK: kept, to be sent again when that 2xx is.
void txn_invite_client_acknowledge(struct txn_step *step, const struct txn_ack *ack)
{
    struct txn_slot *slot = step->slot;
    struct txn_kept kept = {.flow = ack->flow};
    if (slot->state != STATE_ACCEPTED || slot->is_disowned) return;
    if (slot->is_answered && slot->merge_hash != tag_hash(step, ack->to_tag)) return;
    slot->is_answered = txn_keep(step, &kept, ack->bytes, 0);
    slot->merge_hash = tag_hash(step, ack->to_tag);
}

static bool is_acknowledged(const struct txn_step *step, const struct sip_message *response)
{
    const struct txn_slot *slot = step->slot;
    return slot->state == STATE_ACCEPTED && slot->is_answered &&
           slot->merge_hash == tag_hash(step, response->to.tag);
}

static void accepted(struct txn_step *step, const struct sip_message *response)
{
    struct txn_slot *slot = step->slot;
    if (is_acknowledged(step, response)) {
        txn_send_kept(step);
        return;
    }
    if (!txn_notify(step, TXN_RESPONSE, response, false) || slot->state == STATE_ACCEPTED) return;
    slot->state = STATE_ACCEPTED;
    txn_stop_resending(step);
    txn_drop_kept(step);
    txn_start_wait(step, WAIT_64T1); // timer M
}

// The ACK takes the INVITE's place. Nothing has happened where there is no memory for it: the
// response will come again.
static void completed(struct txn_step *step, const struct sip_message *response)
{
    struct txn_slot *slot = step->slot;
    struct txn_kept kept = {.flow = txn_kept(step)->flow};
    struct span ack = txn_print_follow_up(step, SIP_ACK, sip_header_value(response, SIP_TO),
                                          SPAN_NONE);
    if (ack.len == 0 || !txn_notify(step, TXN_RESPONSE, response, false)) return;
    txn_send(step->turn, &kept.flow, ack);
    slot->state = STATE_COMPLETED;
    txn_stop_resending(step);
    if (slot->is_reliable) {
        txn_close(step);
        return;
    }
    // Longer than the INVITE by the To alone; without the blocks for that it is not repeated.
    slot->is_answered = txn_keep(step, &kept, ack, 0);
    if (!slot->is_answered) txn_drop_kept(step);
    txn_start_wait(step, WAIT_64T1); // timer D
}

bool txn_invite_client_responded(struct txn_step *step, const struct sip_message *response)
{
    const struct txn_slot *slot = step->slot;
    bool is_open = slot->state == STATE_TRYING || slot->state == STATE_PROCEEDING;
    bool is_final = response->status >= 200, is_2xx = is_final && response->status < 300;
    if (is_2xx && slot->is_disowned) return false;
    if (is_open && !is_final) {
        provisional(step, response);
    } else if (is_2xx && (is_open || slot->state == STATE_ACCEPTED)) {
        accepted(step, response);
    } else if (is_open) {
        completed(step, response);
    } else if (slot->state == STATE_COMPLETED && is_final && !is_2xx && slot->is_answered) {
        txn_send_kept(step);
    }
    return true;
}

// ---- Its wait is over

void txn_invite_client_waited(struct txn_step *step)
{
    // Never lost: txn_tick sees to it that the arena has room.
    switch ((enum txn_state)step->slot->state) {
    case STATE_TRYING:     // timer B
    case STATE_PROCEEDING: // the CANCEL had no effect
        (void)txn_notify(step, TXN_TIMEOUT, NULL, false);
        break;
    case STATE_ACCEPTED: (void)txn_notify(step, TXN_ENDED, NULL, false); break; // timer M
    case STATE_COMPLETED:                                                       // timer D
    case STATE_CONFIRMED: break;
    }
    txn_close(step);
}
