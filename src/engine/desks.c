// SPDX-License-Identifier: Apache-2.0
// Desk phones at the PBX: what is asked about them and told, between their table, the transactions
// and the calls.
#include "engine/engine_int.h"

static void send_request(struct engine *engine, const struct desk_request *wanted)
{
    struct pool_id txn = POOL_ID_NONE;
    struct txn_request request = {
        .flow = wanted->flow,
        .method = SIP_SUBSCRIBE,
        .bytes = wanted->bytes,
        .branch = wanted->branch,
        .owner = {.kind = OWNER_DESK, .id = wanted->desk},
    };
    txn_disown(engine->txns, &engine->turn, wanted->superseded);
    bool is_sent = wanted->bytes.len > 0 &&
                   txn_send_request(engine->txns, &engine->turn, &request, &txn);
    desk_sent(engine->desks, wanted->desk, txn);
    if (is_sent) return;
    desk_responded(engine->desks, &engine->turn, &(struct desk_response){.desk = wanted->desk});
}

static void tell(struct engine *engine, struct desk_told *told)
{
    uint32_t count = call_count_desk(engine->calls, &engine->turn, told->shown.line_id,
                                     &told->calls);
    told->shown.call_count = (uint8_t)count;
    if (engine->host.desk_told) engine->host.desk_told(engine->host.context, told);
}

bool engine_carry_out_desk(struct engine *engine, struct effect *effect)
{
    void *any = effect; // each effect structure begins with its struct effect
    switch (effect->kind) {
    case DESK_REQUEST: send_request(engine, any); return true;
    case DESK_TOLD: tell(engine, any); return true;
    default: return false;
    }
}

void engine_give_to_desk(struct engine *engine, const struct txn_event *event)
{
    if (event->effect.kind != TXN_RESPONSE && event->effect.kind != TXN_TIMEOUT) return;
    desk_responded(engine->desks, &engine->turn,
                   &(struct desk_response){
                       .desk = event->owner.id, .txn = event->txn, .message = event->message});
}

bool engine_take_for_desk(struct engine *engine, const struct sip_message *request,
                          const struct flow *flow)
{
    unsigned status = desk_notified(engine->desks, &engine->turn, request, &flow->peer);
    if (status == 0) return false;
    struct txn_answer answer = {.status = status};
    if (status == 489) answer.headers = SPAN("Allow-Events: dialog\r\n");
    if (status == 415) answer.headers = SPAN("Accept: application/dialog-info+xml\r\n");
    if (status == 481) { // for a stranger nothing is kept
        txn_respond_stateless(engine->txns, &engine->turn, request, flow, &answer);
    } else {
        engine_answer(engine, request, flow, &answer);
    }
    return true;
}

void engine_note_redirect(struct engine *engine, const struct model_journal_entry *entry)
{
    if (model_journal_executed(entry) != EXECUTED_REDIRECT) return;
    desk_note_taken(engine->desks, entry->line_id, entry->call_id);
}
