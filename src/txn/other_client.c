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

struct span txn_new_branch(struct turn *turn)
{
    enum { COOKIE_BYTES = 7, RANDOM_BYTES = 16, SIZE = COOKIE_BYTES + 2 * RANDOM_BYTES };
    char *bytes = arena_take(turn->arena, SIZE);
    if (!bytes) return SPAN_NONE;
    struct buffer out = buffer_over(bytes, SIZE);
    buffer_put_text(&out, "z9hG4bK");
    random_put_token(turn->random, &out, RANDOM_BYTES);
    return buffer_span(&out);
}

bool txn_send_request(struct txn_table *table, struct turn *turn, const struct txn_request *request,
                      struct pool_id *txn)
{
    ASSERT(request->method > SIP_ACK); // one that has a name
    struct txn_step step = {.table = table, .turn = turn};
    *txn = POOL_ID_NONE;
    if (request->branch.len == 0) return false; // there was no memory for one
    struct txn_key key = txn_client_key(table, request->branch,
                                        span_of(sip_method_text(request->method)));
    struct txn_kept kept = {.flow = request->flow};
    if (!txn_open(&step, &key, &request->owner)) return false;
    if (!txn_keep(&step, &kept, request->bytes, 0)) {
        txn_close(&step);
        return false;
    }
    *txn = step.id;
    step.slot->machine = MACHINE_OTHER_CLIENT;
    step.slot->state = STATE_TRYING;
    step.slot->is_reliable = request->flow.transport != TRANSPORT_UDP;
    txn_send_kept(&step);
    txn_start_wait(&step, WAIT_64T1); // timer F
    if (!step.slot->is_reliable) txn_start_resending(&step);
    return true;
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
