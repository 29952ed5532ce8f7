// SPDX-License-Identifier: Apache-2.0
// The client transaction of every request but INVITE and ACK: RFC 3261 section 17.1.2.
//
//         txn_send_request: send
//                   |
//                   v
//              +--------+  E: send again after 0.5, 1, 2, 4, 4 ... s
//              | Trying |
//              +--------+
//  200-699:     |  |   |  1xx: RESPONSE
//  RESPONSE     |  |   v
//               |  | +------------+  1xx: RESPONSE
//               |  | | Proceeding |  E: send again, from now on after 4 s
//               |  | +------------+
//               |  |   |    |
//               v  |   |    |  F, 32 s after the beginning: TIMEOUT
//      +-----------+ <-+    |
//      | Completed | |      |  response: nothing
//      +-----------+ |      |
//   K: 5 s, 0  |     |      |
//  if reliable v     v      v
//                 (gone)
//
// Over a reliable transport there is no E.
#include "txn/txn_int.h"

void txn_other_client_started(struct txn_step *step)
{
    step->slot->machine = MACHINE_OTHER_CLIENT;
    txn_send_kept(step);
    txn_start_wait(step, WAIT_64T1); // timer F
    if (!step->slot->is_reliable) txn_start_resending(step);
}

void txn_other_client_responded(struct txn_step *step, const struct sip_message *response)
{
    struct txn_slot *slot = step->slot;
    if (slot->state == STATE_COMPLETED || !txn_notify(step, TXN_RESPONSE, response, false)) return;
    if (response->status < 200) {
        slot->state = STATE_PROCEEDING;
        return;
    }
    slot->state = STATE_COMPLETED;
    txn_stop_resending(step);
    txn_drop_kept(step);
    if (slot->is_reliable) {
        txn_close(step);
    } else {
        txn_start_wait(step, WAIT_T4); // timer K
    }
}

void txn_other_client_waited(struct txn_step *step)
{
    bool is_timeout = step->slot->state != STATE_COMPLETED;
    // Never lost: txn_tick sees to it that the arena has room.
    if (is_timeout) (void)txn_notify(step, TXN_TIMEOUT, NULL, false);
    txn_close(step);
}

void txn_other_client_resent(struct txn_step *step)
{
    bool is_proceeding = step->slot->state == STATE_PROCEEDING;
    txn_resend_after(step, is_proceeding ? TXN_T2_US : txn_next_resend_us(step->slot));
}
