// SPDX-License-Identifier: Apache-2.0
// What both server machines share: beginning, and printing answers (RFC 3261
// sections 8.2.6, 8.2.7, 17.2, 18.2.2).
//
// An accepted request leaves the headers that each of its answers repeats - Via, From, To with our
// tag, Call-ID, CSeq, Record-Route - as a template. An answer is printed around them and kept
// whole: the next one finds them in it.
#include "txn/txn_int.h"

#include <string.h>

// More than the fixed parts of an answer take: status line without the phrase, Content-Length, the
// longest usual phrase.
enum { ANSWER_FRAME_BYTES = 256 };

// An answer without a transaction is at most so much longer than its request: who writes somebody
// else's address on a request must not make more of it than he had. Only headers that grow when
// they are repeated, by the hundred, get beyond that, and no user agent sends such.
enum { STATELESS_GROWTH_MAX = 300 };

// Where answers go: to where the Via says, or back over the connection; should that be gone then,
// whoever sends them finds the address for a new one here (18.2.2).
static struct flow reply_flow(const struct sip_message *request, const struct flow *flow)
{
    struct flow to = *flow;
    to.peer = flow->transport == TRANSPORT_UDP ? sip_reply_address(request, &flow->peer)
                                               : sip_return_address(request, flow);
    return to;
}

// At most so many bytes are printed by sip_put_reply_headers: compact names become long ones, and
// the top Via and the To grow.
static size_t reply_headers_max(const struct sip_message *request)
{
    enum { NAME_GROWTH_MAX = 16, PARAMETERS_MAX = 256 };
    return request->bytes.len + NAME_GROWTH_MAX * request->header_count + PARAMETERS_MAX;
}

static size_t answer_size_max(const struct txn_answer *answer, size_t template_len)
{
    return ANSWER_FRAME_BYTES + answer->reason.len + template_len + answer->headers.len +
           answer->body.len;
}

static void put_status(struct buffer *out, const struct txn_answer *answer)
{
    struct span reason = answer->reason;
    if (reason.len == 0) reason = span_of(sip_status_text(answer->status));
    sip_put_status_line(out, answer->status, reason);
}

// ---- Beginning

static bool keep_template(struct txn_step *step, const struct sip_message *request,
                          const struct flow *flow)
{
    char tag[TXN_TAG_BYTES];
    size_t size = reply_headers_max(request);
    char *bytes = arena_take(step->turn->arena, size);
    if (!bytes) return false;
    struct buffer out = buffer_over(bytes, size);
    sip_put_reply_headers(&out, request, &flow->peer,
                          txn_to_tag(step->table, &step->slot->key, tag));
    struct txn_kept kept = {.flow = reply_flow(request, flow), .template_len = (uint32_t)out.len};
    return !out.is_full && txn_keep(step, &kept, buffer_span(&out), ANSWER_SPARE_BYTES);
}

bool txn_accept(struct txn_table *table, struct turn *turn, const struct sip_message *request,
                const struct flow *flow, struct txn_owner owner, struct pool_id *txn)
{
    ASSERT(request->is_request && request->method != SIP_ACK);
    struct txn_step step = {.table = table, .turn = turn};
    if (table->fresh != request) txn_identify(table, request, &table->fresh_identity);
    table->fresh = NULL;
    *txn = POOL_ID_NONE;
    if (!txn_open(&step, &table->fresh_identity.key, &owner)) return false;
    step.slot->is_reliable = flow->transport != TRANSPORT_UDP;
    if (!keep_template(&step, request, flow)) {
        txn_close(&step);
        return false;
    }
    if (request->to.tag.len == 0) txn_set_mergeable(&step, table->fresh_identity.merge_hash);
    *txn = step.id;
    if (request->method == SIP_INVITE) {
        txn_invite_server_started(&step);
    } else {
        txn_other_server_started(&step);
    }
    return true;
}

// ---- Answering

static bool may_answer(const struct txn_step *step, unsigned status)
{
    switch ((enum txn_machine)step->slot->machine) {
    case MACHINE_INVITE_SERVER: return txn_invite_server_may_answer(step, status);
    case MACHINE_OTHER_SERVER: return txn_other_server_may_answer(step, status);
    case MACHINE_INVITE_CLIENT:
    case MACHINE_OTHER_CLIENT: break;
    }
    return false;
}

// Whatever tag the kept answer's To ends with becomes this one: all are equally long.
static void replace_to_tag(struct span headers, struct span to_tag)
{
    struct span rest = headers;
    while (rest.len > 0) {
        struct span line = span_split(&rest, '\n');
        if (!span_starts_with(line, SPAN("To: "))) continue;
        char *tag = (char *)(uintptr_t)line.at + line.len - 1 - TXN_TAG_BYTES; // before its CR
        memcpy(tag, to_tag.at, TXN_TAG_BYTES);
        return;
    }
}

static void put_template(struct txn_step *step, struct buffer *out, struct span to_tag)
{
    char own[TXN_TAG_BYTES];
    size_t from = out->len;
    ASSERT(to_tag.len == 0 || to_tag.len == TXN_TAG_BYTES);
    txn_put_kept_template(step, out);
    if (to_tag.len > 0) step->slot->is_forked = true;
    if (!step->slot->is_forked || out->is_full) return;
    if (to_tag.len == 0) to_tag = txn_to_tag(step->table, &step->slot->key, own);
    replace_to_tag(span_from(buffer_span(out), from), to_tag);
}

// Prints the answer into the turn's arena; `*kept` gets where it goes and where its template lies.
// Empty when the arena is full.
static struct span print_answer(struct txn_step *step, const struct txn_answer *answer,
                                struct txn_kept *kept)
{
    *kept = *txn_kept(step);
    size_t size = answer_size_max(answer, kept->template_len);
    char *bytes = arena_take(step->turn->arena, size);
    if (!bytes) return SPAN_NONE;
    struct buffer out = buffer_over(bytes, size);
    put_status(&out, answer);
    size_t template_at = out.len;
    put_template(step, &out, answer->to_tag);
    buffer_put(&out, answer->headers);
    sip_put_end(&out, answer->body);
    ASSERT(!out.is_full);
    kept->template_at = (uint32_t)template_at;
    return buffer_span(&out);
}

static bool is_accepting(const struct txn_step *step, unsigned status)
{
    return step->slot->machine == MACHINE_INVITE_SERVER && status >= 200 && status < 300;
}

// A 2xx for an INVITE is kept only to be repeated.
static bool keep_answer(struct txn_step *step, const struct txn_answer *answer,
                        const struct txn_kept *kept, struct span bytes)
{
    bool is_final = answer->status >= 200;
    if (is_accepting(step, answer->status) && !answer->is_insistent) return true;
    return txn_keep(step, kept, bytes, is_final ? 0 : ANSWER_SPARE_BYTES);
}

bool txn_answer(struct txn_step *step, const struct txn_answer *answer)
{
    struct txn_kept kept;
    struct span bytes = print_answer(step, answer, &kept);
    if (bytes.len == 0 || !keep_answer(step, answer, &kept, bytes)) return false;
    step->slot->is_answered = true;
    txn_send(step->turn, &kept.flow, bytes);
    if (step->slot->machine == MACHINE_INVITE_SERVER) {
        txn_invite_server_answered(step, answer->status);
        if (is_accepting(step, answer->status)) {
            if (answer->is_insistent) {
                txn_invite_server_insist(step);
            } else {
                txn_drop_kept(step);
            }
        }
    } else {
        txn_other_server_answered(step, answer->status);
    }
    return true;
}

bool txn_respond(struct txn_table *table, struct turn *turn, struct pool_id txn,
                 const struct txn_answer *answer)
{
    ASSERT(answer->status >= 100 && answer->status <= 699);
    struct txn_step step = txn_step_of(table, turn, txn);
    if (!step.slot || !may_answer(&step, answer->status)) return false;
    if (txn_answer(&step, answer)) return true;
    // The room for this one was set aside with the template.
    if (answer->status >= 200) (void)txn_answer(&step, &(struct txn_answer){.status = 500});
    return false;
}

void txn_confirm(struct txn_table *table, struct turn *turn, struct pool_id txn)
{
    struct txn_step step = txn_step_of(table, turn, txn);
    if (step.slot && step.slot->machine == MACHINE_INVITE_SERVER) {
        txn_invite_server_confirmed(&step);
    }
}

// ---- Without a transaction

void txn_answer_stateless(struct txn_table *table, struct turn *turn,
                          const struct sip_message *request, const struct flow *flow,
                          const struct txn_key *key, const struct txn_answer *answer)
{
    char tag[TXN_TAG_BYTES];
    size_t size = answer_size_max(answer, reply_headers_max(request));
    char *bytes = arena_take(turn->arena, size);
    if (!bytes) {
        turn->effects_lost_count++;
        return;
    }
    struct buffer out = buffer_over(bytes, size);
    put_status(&out, answer);
    sip_put_reply_headers(&out, request, &flow->peer, txn_to_tag(table, key, tag));
    buffer_put(&out, answer->headers);
    sip_put_end(&out, answer->body);
    struct flow to = reply_flow(request, flow);
    bool is_sent = !out.is_full && out.len <= request->bytes.len + STATELESS_GROWTH_MAX;
    if (is_sent) txn_send(turn, &to, buffer_span(&out));
}

void txn_respond_stateless(struct txn_table *table, struct turn *turn,
                           const struct sip_message *request, const struct flow *flow,
                           const struct txn_answer *answer)
{
    if (request->method == SIP_ACK) return; // an ACK is never answered (17)
    struct txn_key key = txn_server_key(table, request, request->method_name, request->to.tag);
    txn_answer_stateless(table, turn, request, flow, &key, answer);
}
