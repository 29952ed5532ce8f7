// SPDX-License-Identifier: Apache-2.0
// The requests that we send for lines: REGISTER, and the OPTIONS that probes a PBX (RFC 3261
// sections 10.2, 11.1).
#include "line/line_int.h"

enum { REQUEST_MAX = 4096, DATAGRAM_MAX = 1300, TAG_BYTES = 8 };

static bool open_request(struct turn *turn, struct buffer *out)
{
    char *bytes = arena_take(turn->arena, REQUEST_MAX);
    if (bytes) *out = buffer_over(bytes, REQUEST_MAX);
    return bytes != NULL;
}

// <sip:USER@DOMAIN>, without the user where there is none.
static void put_site_uri(struct buffer *out, const struct line_group_slot *slot, struct span user)
{
    buffer_put(out, SPAN("<sip:"));
    if (user.len > 0) {
        sip_put_escaped_user(out, user);
        buffer_put_byte(out, '@');
    }
    buffer_put_text(out, slot->group.snapshot->settings.domain);
    buffer_put_byte(out, '>');
}

// What a request says in the headers that all of ours begin with.
struct head {
    enum sip_method method;
    struct span branch, user;
    uint64_t call_id; // the same for all requests of one line (RFC 3261 section 10.2)
    uint32_t cseq;
    const struct line_peer *peer; // NULL: where the PBX is
};

static void put_head(struct buffer *out, struct turn *turn, const struct line_group_slot *slot,
                     const struct head *head)
{
    const struct line_peer *elsewhere = head->peer;
    const struct flow *flow = elsewhere ? &elsewhere->flow : &slot->group.flow;
    const struct address *own = elsewhere ? &elsewhere->own : &slot->group.own;
    const struct model_group *settings = &slot->group.snapshot->settings;
    const char *name = sip_method_text(head->method);
    buffer_printf(out, "%s sip:%s SIP/2.0\r\n", name, settings->domain);
    sip_put_via(out, flow->transport, own, head->branch);
    buffer_put_text(out, "Max-Forwards: 70\r\nFrom: ");
    put_site_uri(out, slot, head->user);
    buffer_put_text(out, ";tag=");
    random_put_token(turn->random, out, TAG_BYTES);
    buffer_put_text(out, "\r\nTo: ");
    put_site_uri(out, slot, head->user);
    buffer_printf(out, "\r\nCall-ID: %016llx@lineward\r\nCSeq: %u %s\r\n",
                  (unsigned long long)head->call_id, head->cseq, name);
    buffer_put_text(out, "User-Agent: Lineward/" LINEWARD_VERSION "\r\n");
}

static void emit(struct turn *turn, const struct line_group_slot *slot, const struct buffer *out,
                 struct line_request request)
{
    struct line_request *effect = out->is_full ? NULL
                                               : turn_emit(turn, LINE_REQUEST, sizeof *effect);
    if (!effect) return; // the line's own deadline tries again
    struct effect queue = effect->effect;
    *effect = request;
    effect->effect = queue;
    effect->bytes = buffer_span(out);
    if (!request.is_trial) effect->flow = slot->group.flow;
}

struct contact {
    const struct address *own;
    uint8_t transport; // enum transport
    struct span params;
};

// The PBX copies this Contact's user into the Request-URI of calls: it is how we know the line.
static void put_contact(struct buffer *out, const struct line *line, const struct contact *contact)
{
    buffer_put_text(out, "Contact: <sip:");
    sip_put_escaped_user(out, line_extension(line));
    buffer_put_byte(out, '@');
    address_print(out, contact->own);
    if (contact->transport == TRANSPORT_TCP) buffer_put(out, SPAN(";transport=tcp"));
    if (contact->transport == TRANSPORT_TLS) buffer_put(out, SPAN(";transport=tls"));
    buffer_put_byte(out, '>');
    buffer_put(out, contact->params);
    buffer_put(out, SPAN("\r\n"));
}

// Where the line is called from now on, and where it was, so that the PBX never has two contacts.
static void put_contacts(struct buffer *out, const struct line_table *table,
                         const struct turn *turn, const struct line *line)
{
    const struct line_group_slot *slot = line_group_of(table, line);
    uint8_t transport = slot->group.flow.transport;
    struct contact at = {&slot->group.own, transport, SPAN_NONE};
    struct contact former = {&slot->former_own, slot->former_transport, SPAN(";expires=0")};
    struct contact old = {line_old_contact(table, line, turn), transport, SPAN(";expires=0")};
    bool has_former = line->expires_us > turn->now_us && slot->former_own.family != ADDRESS_NONE &&
                      line->registered_generation != slot->own_generation;
    put_contact(out, line, &at);
    if (has_former) put_contact(out, line, &former);
    if (old.own) put_contact(out, line, &old);
}

// With `auto`, connections come first from now on; this request goes out all the same.
static void tell_large(struct turn *turn, const struct line_group_slot *slot,
                       const struct buffer *out)
{
    bool is_large = slot->group.flow.transport == TRANSPORT_UDP && out->len > DATAGRAM_MAX;
    if (!is_large || slot->group.snapshot->settings.transport != GROUP_AUTO) return;
    struct line_peer_event *effect = turn_emit(turn, LINE_PEER, sizeof *effect);
    if (!effect) return;
    effect->group_id = slot->group.snapshot->group_id;
    effect->flow = slot->group.flow;
    effect->is_working = effect->is_too_large = true;
}

void line_send_register(struct line_table *table, struct turn *turn, struct pool_id id,
                        const struct line_request_options *options)
{
    struct line *line = pool_find(&table->lines, id);
    struct line_group_slot *slot = line_group_of(table, line);
    struct span branch = txn_new_branch(turn);
    struct buffer out;
    if (!open_request(turn, &out)) return;
    line->cseq = (line->cseq + 1) & 0x7fffffff;
    line->sent_generation = slot->own_generation;
    put_head(&out, turn, slot,
             &(struct head){.method = SIP_REGISTER,
                            .branch = branch,
                            .user = line_extension(line),
                            .call_id = line->call_id,
                            .cseq = line->cseq});
    put_contacts(&out, table, turn, line);
    buffer_printf(&out, "Expires: %u\r\n", options->expires_s);
    buffer_put(&out, SPAN("Supported: path\r\n"));
    buffer_put_text(&out, "Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, PRACK, UPDATE, INFO, REFER, "
                          "NOTIFY\r\n");
    line_put_proofs(&out, turn, table, line);
    sip_put_end(&out, SPAN_NONE);
    tell_large(turn, slot, &out);
    emit(turn, slot, &out,
         (struct line_request){
             .id = id, .method = SIP_REGISTER, .branch = branch, .superseded = line->txn});
}

void line_send_probe(struct line_table *table, struct turn *turn, struct pool_id group_id,
                     const struct line_peer *peer)
{
    struct line_group_slot *slot = pool_find(&table->groups, group_id);
    struct span branch = txn_new_branch(turn);
    struct buffer out;
    if (!open_request(turn, &out)) return;
    slot->cseq = (slot->cseq + 1) & 0x7fffffff;
    uint64_t call_id = hash_keyed(table->hash_key, SPAN_NONE) ^ slot->group.snapshot->group_id;
    put_head(&out, turn, slot,
             &(struct head){.method = SIP_OPTIONS,
                            .branch = branch,
                            .call_id = call_id,
                            .cseq = slot->cseq,
                            .peer = peer});
    sip_put_end(&out, SPAN_NONE);
    struct line_request request = {
        .is_probe = true, .id = group_id, .method = SIP_OPTIONS, .branch = branch};
    request.is_trial = peer != NULL;
    if (peer) request.flow = peer->flow;
    emit(turn, slot, &out, request);
}
