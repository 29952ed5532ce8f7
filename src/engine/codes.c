// SPDX-License-Identifier: Apache-2.0
// Calls of devices to feature codes, and what is said within them.
#include "engine/engine_int.h"

bool engine_offer_code(struct engine *engine, const struct call_outgoing *wanted)
{
    struct call_outgoing outgoing = *wanted;
    struct turn *turn = &engine->turn;
    struct code_order order;
    struct pool_id code;
    struct txn_answer answer = {.status = 486};
    if (!engine->host.code_dialled) return false;
    if (!call_code_read(outgoing.group, outgoing.invite, &order)) return false;
    if (call_code_reserve(engine->codes, outgoing.device_id, &code)) {
        struct txn_owner owner = {.kind = OWNER_CODE, .id = code};
        if (txn_accept(engine->txns, turn, outgoing.invite, &outgoing.flow, owner, &outgoing.txn)) {
            call_code_begin(engine->codes, turn, code, &outgoing, &order);
            return true;
        }
        call_code_abandon(engine->codes, code);
        answer.status = 503;
    }
    txn_respond_stateless(engine->txns, turn, outgoing.invite, &outgoing.flow, &answer);
    return true;
}

bool engine_take_for_code(struct engine *engine, const struct sip_message *request,
                          const struct flow *flow)
{
    struct txn_answer answer;
    if (!call_code_takes(engine->codes, request, &answer)) return false;
    engine_answer(engine, request, flow, &answer);
    return true;
}

void engine_give_to_code(struct engine *engine, const struct txn_event *event)
{
    struct turn *turn = &engine->turn;
    if (event->effect.kind == TXN_CANCELLED) {
        call_code_cancelled(engine->codes, turn, event->owner.id);
    } else if (event->effect.kind == TXN_ENDED && !event->is_acknowledged) {
        call_code_settled(engine->codes, turn, event->owner.id);
    }
}

void engine_code_obeyed(struct engine *engine, struct engine_time now, struct pool_id code,
                        const struct code_outcome *outcome)
{
    call_code_obeyed(engine->codes, engine_begin(engine, now), code, outcome);
    engine_drain(engine);
}
