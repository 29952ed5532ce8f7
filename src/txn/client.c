// SPDX-License-Identifier: Apache-2.0
// What both client machines share: beginning (RFC 3261 sections 8.1.1.7, 17.1), the ACK and the
// CANCEL that belong to an INVITE of ours (17.1.1.3, 9.1), and the end of a connection (17.1.4).
#include "txn/txn_int.h"

struct span txn_new_branch(struct turn *turn)
{
    enum { COOKIE_BYTES = 7, RANDOM_BYTES = 16, SIZE = COOKIE_BYTES + 1 + 2 * RANDOM_BYTES };
    char *bytes = arena_take(turn->arena, SIZE);
    if (!bytes) return SPAN_NONE;
    struct buffer out = buffer_over(bytes, SIZE);
    buffer_put_text(&out, "z9hG4bK");
    buffer_put_byte(&out, (char)('a' + turn->worker));
    random_put_token(turn->random, &out, RANDOM_BYTES);
    return buffer_span(&out);
}

bool txn_branch_worker(struct span branch, uint8_t *worker)
{
    enum { COOKIE_BYTES = 7 };
    if (branch.len <= COOKIE_BYTES || !span_starts_with(branch, SPAN("z9hG4bK"))) return false;
    char mark = branch.at[COOKIE_BYTES];
    *worker = (uint8_t)(mark - 'a');
    return mark >= 'a' && mark <= 'z';
}

// ---- Beginning

// A new client transaction that keeps its request; nothing is sent yet. False when there is no
// room.
static bool open_client(struct txn_step *step, const struct txn_request *request)
{
    if (request->branch.len == 0) return false; // there was no memory for one
    struct txn_key key = txn_client_key(step->table, request->branch,
                                        span_of(sip_method_text(request->method)));
    struct txn_kept kept = {.flow = request->flow};
    if (!txn_open(step, &key, &request->owner)) return false;
    if (!txn_keep(step, &kept, request->bytes, 0)) {
        txn_close(step);
        return false;
    }
    step->slot->state = STATE_TRYING;
    step->slot->is_reliable = request->flow.transport != TRANSPORT_UDP;
    return true;
}

// An INVITE's ACK and CANCEL are made from its text, so it has to be readable.
static bool is_readable(struct turn *turn, struct span bytes)
{
    struct sip_message message;
    struct sip_fault fault;
    return sip_parse(bytes, turn->arena, &message, &fault) == SIP_OK && message.is_request;
}

bool txn_send_request(struct txn_table *table, struct turn *turn, const struct txn_request *request,
                      struct pool_id *txn)
{
    bool is_invite = request->method == SIP_INVITE;
    ASSERT(is_invite || request->method > SIP_ACK); // one that has a name
    struct txn_step step = {.table = table, .turn = turn};
    *txn = POOL_ID_NONE;
    if (is_invite && !is_readable(turn, request->bytes)) return false;
    if (!open_client(&step, request)) return false;
    *txn = step.id;
    if (is_invite) {
        txn_invite_client_started(&step);
    } else {
        txn_other_client_started(&step);
    }
    return true;
}

// ---- What belongs to an INVITE

// Request-URI, top Via, From, Call-ID, CSeq number and Route are the INVITE's; the To of an ACK is
// the response's.
static void put_follow_up(struct buffer *out, const struct sip_message *invite,
                          enum sip_method method, struct span to)
{
    const char *name = sip_method_text(method);
    buffer_printf(out, "%s %.*s SIP/2.0\r\n", name, SPAN_ARG(invite->uri_text));
    sip_put_header(out, "Via", invite->via.whole);
    buffer_put(out, SPAN("Max-Forwards: 70\r\n"));
    for (const struct sip_header *route = NULL;;) {
        route = sip_next_header(invite, SIP_ROUTE, route);
        if (!route) break;
        sip_put_header(out, "Route", route->value);
    }
    sip_put_header(out, "From", sip_header_value(invite, SIP_FROM));
    sip_put_header(out, "To", to);
    sip_put_header(out, "Call-ID", invite->call_id);
    buffer_printf(out, "CSeq: %u %s\r\n", invite->cseq, name);
}

struct span txn_print_follow_up(struct txn_step *step, enum sip_method method, struct span to,
                                struct span headers)
{
    enum { FRAME_BYTES = 256 }; // more than method, Max-Forwards and Content-Length take
    struct arena *arena = step->turn->arena;
    struct sip_message invite;
    struct sip_fault fault;
    struct span text = txn_copy_kept(step);
    size_t size = FRAME_BYTES + text.len + to.len + headers.len;
    char *bytes = text.len > 0 ? arena_take(arena, size) : NULL;
    if (!bytes || sip_parse(text, arena, &invite, &fault) != SIP_OK) return SPAN_NONE;
    struct buffer out = buffer_over(bytes, size);
    put_follow_up(&out, &invite, method, to.len > 0 ? to : sip_header_value(&invite, SIP_TO));
    buffer_put(&out, headers);
    sip_put_end(&out, SPAN_NONE);
    return out.is_full ? SPAN_NONE : buffer_span(&out);
}

// The CANCEL is a transaction of its own, which nobody owns, with the INVITE's branch. Where there
// is no room for one it goes out once.
void txn_send_cancel(struct txn_step *step)
{
    struct sip_message cancel;
    struct sip_fault fault;
    struct txn_step own = {.table = step->table, .turn = step->turn};
    struct span bytes = txn_print_follow_up(step, SIP_CANCEL, SPAN_NONE, txn_copy_tail(step));
    if (sip_parse(bytes, step->turn->arena, &cancel, &fault) != SIP_OK) {
        step->turn->effects_lost_count++;
        return;
    }
    struct txn_request request = {.flow = txn_kept(step)->flow,
                                  .method = SIP_CANCEL,
                                  .bytes = bytes,
                                  .branch = cancel.via.branch};
    if (open_client(&own, &request)) {
        own.slot->is_disowned = true;
        txn_other_client_started(&own);
    } else {
        txn_send(step->turn, &request.flow, bytes);
    }
}

bool txn_cancel(struct txn_table *table, struct turn *turn, struct pool_id txn, struct span headers)
{
    struct txn_step step = txn_step_of(table, turn, txn);
    if (!step.slot || step.slot->machine != MACHINE_INVITE_CLIENT) return false;
    return txn_invite_client_cancel(&step, headers);
}

void txn_acknowledge(struct txn_table *table, struct turn *turn, struct pool_id txn,
                     const struct txn_ack *ack)
{
    struct txn_step step = txn_step_of(table, turn, txn);
    txn_send(turn, &ack->flow, ack->bytes);
    if (step.slot && step.slot->machine == MACHINE_INVITE_CLIENT) {
        txn_invite_client_acknowledge(&step, ack);
    }
}

// ---- The end of a connection

// An INVITE that rings is left alone: its answer may come by another connection (18.2.2).
static bool waits_for_connection(const struct txn_step *step, const struct flow *flow)
{
    const struct txn_slot *slot = step->slot;
    bool is_other = slot->machine == MACHINE_OTHER_CLIENT;
    bool is_open = slot->state == STATE_TRYING || (is_other && slot->state == STATE_PROCEEDING);
    bool is_ours = is_other || slot->machine == MACHINE_INVITE_CLIENT;
    return is_ours && is_open && slot->is_reliable && slot->message > 0 &&
           txn_kept(step)->flow.connection == flow->connection &&
           txn_kept(step)->flow.worker == flow->worker;
}

void txn_connection_lost(struct txn_table *table, struct turn *turn, const struct flow *flow)
{
    for (uint32_t i = 0; i < table->slots.fresh; i++) {
        struct txn_step step = {.table = table, .turn = turn};
        step.slot = pool_at(&table->slots, i, &step.id);
        if (!step.slot || !waits_for_connection(&step, flow)) continue;
        step.slot->is_lost = true;
        txn_start_wait(&step, WAIT_LOST); // told by txn_tick, a few in each turn
    }
}
