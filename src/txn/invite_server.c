// SPDX-License-Identifier: Apache-2.0
// The INVITE server transaction: RFC 3261 section 17.2.1, with the state Accepted of RFC 6026
// section 7.1; CANCEL: 9.2.
//
//                        INVITE: txn_accept
//                                |
//        INVITE: the             v                200 ms, nothing said: 100
//        last answer again +------------+ <-----+ 1xx: send
//                    +-----| Proceeding |-------+ CANCEL: 200, CANCELLED (once)
//                    +---->+------------+
//        300-699: send     |            |  2xx: send
//                          v            v
//    INVITE: the   +-----------+    +----------+  INVITE: nothing
//    answer again  | Completed |    | Accepted |  ACK: STRAY, it is the dialog's
//    G: the same   +-----------+    +----------+  insistent: the 2xx again until txn_confirm
//                   |        |           |
//      ACK: ENDED   |        | H: ENDED, | L: ENDED
//   (acknowledged)  v        | no ACK    |
//          +-----------+     |           |
//          | Confirmed |     |           |
//          +-----------+     |           |
//        I: 5 s, 0  |        |           |
//   if reliable     v        v           v
//                        (gone)
//
// In the other states a CANCEL gets its 200 and changes nothing. The 200 is printed from the CANCEL
// itself each time it comes, so it needs no transaction of its own; when the INVITE's is gone, so
// is the reason to cancel (481, by whoever is told STRAY).
#include "txn/txn_int.h"

void txn_invite_server_started(struct txn_step *step)
{
    step->slot->machine = MACHINE_INVITE_SERVER;
    step->slot->state = STATE_PROCEEDING;
    txn_start_wait(step, WAIT_TRYING);
}

void txn_invite_server_repeated(struct txn_step *step)
{
    bool is_due = step->slot->state == STATE_PROCEEDING || step->slot->state == STATE_COMPLETED;
    if (is_due && step->slot->is_answered) txn_send_kept(step);
}

bool txn_invite_server_may_answer(const struct txn_step *step, unsigned status)
{
    (void)status;
    return step->slot->state == STATE_PROCEEDING;
}

void txn_invite_server_answered(struct txn_step *step, unsigned status)
{
    struct txn_slot *slot = step->slot;
    if (status < 200) {
        txn_start_wait(step, WAIT_NONE);
        return;
    }
    txn_start_wait(step, WAIT_64T1);
    if (status < 300) {
        slot->state = STATE_ACCEPTED;
        return;
    }
    slot->state = STATE_COMPLETED;
    if (!slot->is_reliable) txn_start_resending(step);
}

// The 2xx that is kept is repeated, over whatever transport, until the dialog has its ACK
// (13.3.1.4).
void txn_invite_server_insist(struct txn_step *step)
{
    txn_start_resending(step);
}

// The dialog's ACK has come; from here on only the INVITE's repetitions are absorbed.
void txn_invite_server_confirmed(struct txn_step *step)
{
    if (step->slot->state != STATE_ACCEPTED) return;
    txn_stop_resending(step);
    txn_drop_kept(step);
    txn_unset_mergeable(step);
    step->slot->is_disowned = true;
}

// A request that merges only counts as the same while it is being dealt with (8.2.2.2: "ongoing").
// After the ACK, a proxy that follows our answer in a circle brings the call back as a new one, for
// the line above to see.
void txn_invite_server_acknowledged(struct txn_step *step)
{
    if (step->slot->state != STATE_COMPLETED || !txn_notify(step, TXN_ENDED, NULL, true)) return;
    step->slot->state = STATE_CONFIRMED;
    txn_stop_resending(step);
    txn_drop_kept(step);
    txn_unset_mergeable(step);
    if (step->slot->is_reliable) {
        txn_close(step);
    } else {
        txn_start_wait(step, WAIT_T4);
    }
}

void txn_invite_server_cancelled(struct txn_step *step, const struct sip_message *cancel,
                                 const struct flow *flow)
{
    txn_answer_stateless(step->table, step->turn, cancel, flow, &step->slot->key,
                         &(struct txn_answer){.status = 200});
    if (step->slot->state != STATE_PROCEEDING || step->slot->is_cancelled) return;
    step->slot->is_cancelled = txn_notify(step, TXN_CANCELLED, cancel, false);
}

void txn_invite_server_waited(struct txn_step *step)
{
    switch ((enum txn_state)step->slot->state) {
    case STATE_TRYING: break;
    case STATE_PROCEEDING: (void)txn_answer(step, &(struct txn_answer){.status = 100}); break;
    case STATE_COMPLETED: // timer H
    case STATE_ACCEPTED:  // timer L
        // Never lost: txn_tick sees to it that the arena has room.
        (void)txn_notify(step, TXN_ENDED, NULL, false);
        txn_close(step);
        break;
    case STATE_CONFIRMED: txn_close(step); break; // timer I
    }
}
