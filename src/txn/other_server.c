// SPDX-License-Identifier: Apache-2.0
// The server transaction of every request but INVITE and ACK: RFC 3261 section 17.2.2, RFC 4320.
//
//           request: txn_accept
//                   |
//                   v
//             +--------+  request: nothing
//             | Trying |
//             +--------+
//  final: send  |    |  3.5 s: 100 (the client's timer E has reached T2)
//               |    v
//               |  +------------+  request: 100 again
//               |  | Proceeding |
//               |  +------------+
//               |    |      |  28.5 s: the client has given up, and a late answer
//               |    |      |  would only be in the way (RFC 4320 section 4.2)
//               v    v      |
//          +-----------+    |
//          | Completed |    |  request: the answer again
//          +-----------+    |
//    J: 32 s, 0   |         |
//    if reliable  v         v
//                  (gone)
//
// RFC 4320: no provisional answer but a late 100, which the machine sends itself, and never a 408.
#include "txn/txn_int.h"

void txn_other_server_started(struct txn_step *step)
{
    step->slot->machine = MACHINE_OTHER_SERVER;
    step->slot->state = STATE_TRYING;
    txn_start_wait(step, WAIT_LATE);
}

void txn_other_server_repeated(struct txn_step *step)
{
    if (step->slot->is_answered) txn_send_kept(step);
}

bool txn_other_server_may_answer(const struct txn_step *step, unsigned status)
{
    return step->slot->state != STATE_COMPLETED && status >= 200 && status != 408;
}

void txn_other_server_answered(struct txn_step *step, unsigned status)
{
    if (status < 200) {
        step->slot->state = STATE_PROCEEDING;
        txn_start_wait(step, WAIT_REST);
    } else if (step->slot->is_reliable) {
        txn_close(step);
    } else {
        step->slot->state = STATE_COMPLETED;
        txn_start_wait(step, WAIT_64T1);
    }
}

void txn_other_server_waited(struct txn_step *step)
{
    if (step->slot->state != STATE_TRYING) {
        txn_close(step);
    } else if (!txn_answer(step, &(struct txn_answer){.status = 100})) {
        txn_start_wait(step, WAIT_REST); // no memory for it: the client goes on repeating
    }
}
