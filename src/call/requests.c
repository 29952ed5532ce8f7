// SPDX-License-Identifier: Apache-2.0
// The requests that legs send, and what they want done with their transactions.
#include "call/bridge_int.h"

#include <string.h>

enum { MAX_FORWARDS = 70 };

void call_leg_emit_request(struct turn *turn, const struct call_request *request)
{
    struct call_request *effect = turn_emit(turn, CALL_REQUEST, sizeof *effect);
    if (!effect) return;
    struct effect queue = effect->effect;
    *effect = *request;
    effect->effect = queue;
}

void call_leg_cancel(struct turn *turn, struct pool_id txn, struct span headers)
{
    struct call_cancel *effect = turn_emit(turn, CALL_CANCEL, sizeof *effect);
    if (!effect) return;
    effect->txn = txn;
    effect->headers = headers;
}

void call_leg_confirm(struct turn *turn, struct pool_id txn)
{
    struct call_confirm *effect = turn_emit(turn, CALL_CONFIRM, sizeof *effect);
    if (effect) effect->txn = txn;
}

void call_leg_send(struct turn *turn, struct leg *leg, const struct leg_request *request)
{
    struct buffer out;
    struct span branch = txn_new_branch(turn);
    if (!call_open_message(turn, NULL, &out)) return;
    call_dialog_put_request(&out, &leg->dialog,
                            &(struct dialog_request){.method = request->method,
                                                     .branch = branch,
                                                     .local_tag = request->local_tag,
                                                     .cseq = ++leg->dialog.local_cseq,
                                                     .max_forwards = MAX_FORWARDS});
    buffer_put(&out, request->headers);
    sip_put_end(&out, request->body);
    if (out.is_full) return;
    call_leg_emit_request(turn, &(struct call_request){.owner = request->owner,
                                                       .id = request->id,
                                                       .flow = leg->dialog.flow,
                                                       .method = request->method,
                                                       .bytes = buffer_span(&out),
                                                       .branch = branch});
}

static void emit_ack(struct turn *turn, struct pool_id txn, const struct txn_ack *ack)
{
    struct call_ack *effect = turn_emit(turn, CALL_ACK, sizeof *effect);
    if (!effect) return;
    effect->txn = txn;
    effect->ack = *ack;
}

// Its body, where the INVITE had none, is the session description (13.2.2.4).
void call_leg_send_ack(struct turn *turn, const struct leg *leg, const struct leg_ack *wanted)
{
    struct buffer out;
    struct span to_tag; // kept beyond the leg, which may end in this turn
    struct span tag = call_dialog_text(&leg->dialog, leg->dialog.remote_tag);
    if (!arena_copy(turn->arena, tag, &to_tag)) return;
    if (!call_open_message(turn, wanted->ack, &out)) return;
    call_dialog_put_request(&out, &leg->dialog,
                            &(struct dialog_request){.method = SIP_ACK,
                                                     .branch = txn_new_branch(turn),
                                                     .local_tag = wanted->local_tag,
                                                     .cseq = wanted->cseq,
                                                     .max_forwards = MAX_FORWARDS});
    if (wanted->ack && wanted->ack->body.len > 0) {
        call_put_passed(&out, &(struct passing){.message = wanted->ack, .to = leg});
        sip_put_end(&out, wanted->ack->body);
    } else {
        sip_put_end(&out, SPAN_NONE);
    }
    if (out.is_full) return;
    emit_ack(
        turn, wanted->txn,
        &(struct txn_ack){.flow = leg->dialog.flow, .bytes = buffer_span(&out), .to_tag = to_tag});
}

// ---- A 2xx that nobody wants

// Our address as the INVITE's Via had it.
static struct address own_of(const struct sip_message *response)
{
    struct address own = {0};
    (void)address_parse(response->via.host, &own);
    own.port = response->via.port;
    return own;
}

static bool dialog_of_stray(struct dialog *dialog, const struct call_response *response,
                            struct texts texts)
{
    const struct sip_message *message = response->message;
    struct span from = sip_header_value(message, SIP_FROM);
    *dialog = (struct dialog){.texts = texts, .flow = response->flow, .own = own_of(message)};
    size_t end = message->from.uri_text.len > 0
                     ? (size_t)(message->from.uri_text.at + message->from.uri_text.len - from.at)
                     : from.len;
    if (end < from.len && from.at[end] == '>') end++;
    bool is_short = message->call_id.len + end + message->from.tag.len < DIALOG_TEXT_MAX / 2;
    if (!is_short || message->from.tag.len != TXN_TAG_BYTES) return false;
    bool is_kept = texts_keep(&dialog->texts, message->call_id, &dialog->call_id) &&
                   texts_keep(&dialog->texts, span_slice(from, 0, end), &dialog->local);
    ASSERT(is_kept); // it is short
    dialog->fixed_len = dialog->texts.used;
    memcpy(dialog->local_tag, message->from.tag.at, TXN_TAG_BYTES);
    return call_dialog_take_response(dialog, message);
}

void call_leg_refuse(struct turn *turn, const struct call_response *response)
{
    struct leg stray = {.device_id = 0};
    char bytes[DIALOG_TEXT_MAX];
    if (!dialog_of_stray(&stray.dialog, response, texts_over(bytes, sizeof bytes))) return;
    stray.dialog.local_cseq = response->message->cseq;
    call_leg_send_ack(turn, &stray,
                      &(struct leg_ack){.txn = response->txn, .cseq = response->message->cseq});
    call_leg_send(turn, &stray,
                  &(struct leg_request){.method = SIP_BYE, .owner = CALL_OWNS_NOTHING});
}
