// SPDX-License-Identifier: Apache-2.0
// A dialog: what two user agents keep to talk to each other (RFC 3261 section 12). Of its
// texts what stays the same lies first, then what a response or a target refresh replaces.
//
// Requests go to the flow that the dialog was made by: to a device because that is the way through
// its NAT, to a PBX because we are its terminal and it is our outbound proxy. The route set and the
// remote target are what they say all the same.
#include "call/bridge_int.h"

#include <string.h>

enum { ROUTES_MAX = 20, CALL_ID_BYTES = 16 };
#define CALL_ID_END "@lineward"

// ---- Texts

static bool keep(struct dialog *dialog, struct text *kept, struct span text)
{
    return texts_keep(&dialog->texts, text, kept);
}

struct span call_dialog_text(const struct dialog *dialog, struct text text)
{
    return texts_get(&dialog->texts, text);
}

struct span call_dialog_tag(const struct dialog *dialog)
{
    return (struct span){dialog->local_tag, sizeof dialog->local_tag};
}

void call_dialog_new_tag(char tag[TXN_TAG_BYTES], struct turn *turn)
{
    struct buffer out = buffer_over(tag, TXN_TAG_BYTES);
    random_put_token(turn->random, &out, TXN_TAG_BYTES / 2);
    tag[0] = (char)(CALL_TAG_FIRST + turn->worker); // no hexadecimal digit
}

bool call_tag_worker(struct span tag, uint8_t *worker)
{
    if (tag.len != TXN_TAG_BYTES || tag.at[0] < CALL_TAG_FIRST || tag.at[0] > 'z') return false;
    *worker = (uint8_t)(tag.at[0] - CALL_TAG_FIRST);
    return true;
}

// The values of the Record-Route headers, as one Route would have them: in their order, or turned
// round (12.1.1, 12.1.2).
static bool keep_route(struct dialog *dialog, const struct sip_message *message, bool is_reversed)
{
    char bytes[DIALOG_TEXT_MAX];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    struct span values[ROUTES_MAX], value;
    struct sip_values place = SIP_VALUES_START;
    size_t count = 0;
    while (sip_next_value(message, SIP_RECORD_ROUTE, &place, &value)) {
        if (count == ROUTES_MAX) return false;
        values[count++] = value;
    }
    for (size_t i = 0; i < count; i++) {
        if (i > 0) buffer_put(&out, SPAN(", "));
        call_put_unfolded(&out, values[is_reversed ? count - 1 - i : i]);
    }
    return !out.is_full && keep(dialog, &dialog->route, buffer_span(&out));
}

// The target lies behind all else, so that it can be replaced. Without a Contact it stays.
static bool keep_target(struct dialog *dialog, const struct sip_message *message,
                        struct span otherwise)
{
    struct sip_values place = SIP_VALUES_START;
    struct sip_address address;
    struct span value;
    bool is_read = sip_next_value(message, SIP_CONTACT, &place, &value) &&
                   sip_parse_address(value, &address) == SIP_OK;
    return keep(dialog, &dialog->target, is_read ? address.uri_text : otherwise);
}

void call_dialog_refresh(struct dialog *dialog, const struct sip_message *message)
{
    char bytes[DIALOG_TEXT_MAX];
    struct buffer old = buffer_over(bytes, sizeof bytes);
    uint16_t target_at = dialog->target.at;
    buffer_put(&old, call_dialog_text(dialog, dialog->target));
    texts_cut(&dialog->texts, target_at);
    if (keep_target(dialog, message, buffer_span(&old))) return;
    (void)keep(dialog, &dialog->target, buffer_span(&old)); // it fitted before
}

// ---- Beginning

// A To or From without its tag parameter, whatever stands behind the address.
static bool keep_local(struct dialog *dialog, const struct sip_address *address, struct span value)
{
    char bytes[DIALOG_TEXT_MAX];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    size_t end = address->uri_text.len > 0
                     ? (size_t)(address->uri_text.at + address->uri_text.len - value.at)
                     : value.len;
    if (end < value.len && value.at[end] == '>') end++;
    call_put_unfolded(&out, span_slice(value, 0, end));
    return !out.is_full && keep(dialog, &dialog->local, buffer_span(&out));
}

static bool keep_unfolded(struct dialog *dialog, struct text *kept, struct span value)
{
    char bytes[DIALOG_TEXT_MAX];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    call_put_unfolded(&out, value);
    return !out.is_full && keep(dialog, kept, buffer_span(&out));
}

bool call_dialog_of_invite(struct dialog *dialog, const struct sip_message *invite,
                           const struct dialog_peer *peer)
{
    dialog->flow = peer->flow;
    dialog->own = peer->own;
    dialog->local_cseq = 0;
    dialog->remote_cseq = invite->cseq;
    texts_cut(&dialog->texts, 0);
    bool is_kept = keep(dialog, &dialog->call_id, invite->call_id) &&
                   keep(dialog, &dialog->contact_user, peer->contact_user) &&
                   keep_local(dialog, &invite->to, sip_header_value(invite, SIP_TO)) &&
                   keep_unfolded(dialog, &dialog->remote, sip_header_value(invite, SIP_FROM)) &&
                   keep(dialog, &dialog->remote_tag, invite->from.tag) &&
                   keep_route(dialog, invite, false);
    dialog->fixed_len = dialog->texts.used;
    return is_kept && keep_target(dialog, invite, invite->from.uri_text);
}

static bool keep_call_id(struct dialog *dialog, struct turn *turn)
{
    char bytes[64];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    random_put_token(turn->random, &out, CALL_ID_BYTES);
    buffer_put_text(&out, CALL_ID_END);
    return keep(dialog, &dialog->call_id, buffer_span(&out));
}

bool call_is_own_id(struct span call_id)
{
    size_t digits = (size_t)2 * CALL_ID_BYTES;
    return call_id.len == digits + sizeof CALL_ID_END - 1 &&
           span_eq(span_from(call_id, digits), SPAN(CALL_ID_END));
}

bool call_dialog_start(struct dialog *dialog, struct turn *turn, const struct dialog_start *start)
{
    dialog->flow = start->peer.flow;
    dialog->own = start->peer.own;
    dialog->local_cseq = 0;
    dialog->remote_cseq = 0;
    texts_cut(&dialog->texts, 0);
    dialog->remote_tag = (struct text){0, 0};
    call_dialog_new_tag(dialog->local_tag, turn);
    bool is_kept = keep_call_id(dialog, turn) &&
                   keep(dialog, &dialog->contact_user, start->peer.contact_user) &&
                   keep(dialog, &dialog->local, start->local);
    dialog->fixed_len = dialog->texts.used;
    return is_kept && keep(dialog, &dialog->remote, start->remote) &&
           keep_unfolded(dialog, &dialog->route, start->route) &&
           keep(dialog, &dialog->target, start->target);
}

bool call_dialog_take_response(struct dialog *dialog, const struct sip_message *response)
{
    char bytes[DIALOG_TEXT_MAX];
    struct buffer target = buffer_over(bytes, sizeof bytes);
    buffer_put(&target, call_dialog_text(dialog, dialog->target));
    texts_cut(&dialog->texts, dialog->fixed_len);
    return keep_unfolded(dialog, &dialog->remote, sip_header_value(response, SIP_TO)) &&
           keep(dialog, &dialog->remote_tag, response->to.tag) &&
           keep_route(dialog, response, true) &&
           keep_target(dialog, response, buffer_span(&target));
}

bool call_dialog_is_peer(const struct dialog *dialog, const struct sip_message *request)
{
    return span_eq(request->call_id, call_dialog_text(dialog, dialog->call_id)) &&
           span_eq(request->from.tag, call_dialog_text(dialog, dialog->remote_tag));
}

// ---- Requests

static bool is_loose(struct span route)
{
    struct sip_address address;
    struct span value;
    if (sip_parse_address(route, &address) != SIP_OK) return true;
    return sip_find_param(address.uri.params, SPAN("lr"), &value);
}

// Start line and Route. A first route that is strict takes the Request-URI, and the target goes
// behind the others (12.2.1.1).
static void put_target(struct buffer *out, const struct dialog *dialog, const char *method)
{
    struct span routes = call_dialog_text(dialog, dialog->route), first, rest = routes;
    struct span target = call_dialog_text(dialog, dialog->target);
    struct sip_address address;
    bool is_strict = sip_next_item(&rest, &first) && !is_loose(first) &&
                     sip_parse_address(first, &address) == SIP_OK;
    buffer_printf(out, "%s %.*s SIP/2.0\r\n", method,
                  SPAN_ARG(is_strict ? address.uri_text : target));
    if (is_strict) {
        buffer_put_text(out, "Route: ");
        if (span_trim(rest).len > 0) {
            buffer_put(out, span_trim(rest));
            buffer_put_text(out, ", ");
        }
        buffer_printf(out, "<%.*s>\r\n", SPAN_ARG(target));
    } else if (routes.len > 0) {
        sip_put_header(out, "Route", routes);
    }
}

void call_dialog_put_request(struct buffer *out, const struct dialog *dialog,
                             const struct dialog_request *request)
{
    const char *method = sip_method_text(request->method);
    struct span tag = request->local_tag.len > 0 ? request->local_tag : call_dialog_tag(dialog);
    put_target(out, dialog, method);
    sip_put_via(out, (enum transport)dialog->flow.transport, &dialog->own, request->branch);
    buffer_printf(out, "Max-Forwards: %d\r\n", request->max_forwards);
    buffer_printf(out, "From: %.*s;tag=%.*s\r\n", SPAN_ARG(call_dialog_text(dialog, dialog->local)),
                  SPAN_ARG(tag));
    sip_put_header(out, "To", call_dialog_text(dialog, dialog->remote));
    sip_put_header(out, "Call-ID", call_dialog_text(dialog, dialog->call_id));
    buffer_printf(out, "CSeq: %u %s\r\n", request->cseq, method);
}

void call_dialog_put_contact(struct buffer *out, const struct dialog *dialog)
{
    buffer_put_text(out, "Contact: <sip:");
    sip_put_escaped_user(out, call_dialog_text(dialog, dialog->contact_user));
    buffer_put_byte(out, '@');
    address_print(out, &dialog->own);
    if (dialog->flow.transport == TRANSPORT_TCP) buffer_put(out, SPAN(";transport=tcp"));
    if (dialog->flow.transport == TRANSPORT_TLS) buffer_put(out, SPAN(";transport=tls"));
    buffer_put(out, SPAN(">\r\n"));
}
