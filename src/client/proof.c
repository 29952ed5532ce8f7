// SPDX-License-Identifier: Apache-2.0
// Who sends a request: digest authentication of devices. RFC 3261 section 22, RFC 7616, RFC 8760.
//
// Nobody learns which users there are: an unknown user, a wrong password and a wrong realm cost the
// same work and get the same answer. A nonce that is not (or no longer) ours is answered before the
// password is looked at, so that it tells nothing of that either.
//
//   no credentials --------------------------------------> 401
//   too many failures of the source, not a known flow ---> 403
//   nonce not ours, too old, or used before -------------> 401, stale=true
//   user, password or realm wrong -----------------------> 401, and a failure is counted
//   From does not fit (of an INVITE: see the caller) ----> 403
#include "client/client_int.h"

#include <string.h>

enum {
    CHALLENGE_SIZE = 640,
    ANSWER_ROOM = 300, // that an answer may be longer than the request that causes it
    // What every answer adds to the headers that it copies: a status line in place of the shortest
    // request line, received and rport, a To tag, Content-Length.
    ANSWER_ADDS = 100,
};

// ---- The challenge

static void put_challenge(struct buffer *out, const struct client_table *table, struct span nonce,
                          bool is_stale)
{
    buffer_put_text(out, "WWW-Authenticate: Digest realm=\"");
    buffer_put_text(out, table->realm);
    buffer_put_text(out, "\",nonce=\"");
    buffer_put(out, nonce);
    buffer_put_text(out, is_stale ? "\",qop=\"auth\",stale=true" : "\",qop=\"auth\"");
}

// Bytes of the request that its answer does not repeat.
static size_t dropped_len(const struct sip_message *request)
{
    size_t len = request->body.len;
    for (size_t i = 0; i < request->header_count; i++) {
        const struct sip_header *header = &request->headers[i];
        switch (header->id) {
        case SIP_VIA:
        case SIP_FROM:
        case SIP_TO:
        case SIP_CALL_ID:
        case SIP_CSEQ:
        case SIP_TIMESTAMP:
        case SIP_RECORD_ROUTE: break;
        default: len += header->name.len + header->value.len;
        }
    }
    return len;
}

// The 401 with our challenges: SHA-256 first, then MD5 for devices that know nothing else (RFC 8760
// section 2.3). Where the answer would be much longer than the request, which is then no device's,
// MD5 is left out: we are of no use for making traffic.
static struct txn_answer challenge(struct client_table *table, struct turn *turn,
                                   const struct client_request *request, bool is_stale)
{
    char text[NONCE_TEXT_SIZE];
    struct buffer nonce = buffer_over(text, sizeof text);
    char *bytes = arena_take(turn->arena, CHALLENGE_SIZE);
    if (!bytes) return (struct txn_answer){.status = 503};
    struct buffer out = buffer_over(bytes, CHALLENGE_SIZE);
    client_put_nonce(table, turn, &request->flow->peer, &nonce);
    if (!table->is_md5_only) {
        put_challenge(&out, table, buffer_span(&nonce), is_stale);
        buffer_put_text(&out, ",algorithm=SHA-256\r\n");
    }
    size_t one_len = out.len;
    put_challenge(&out, table, buffer_span(&nonce), is_stale);
    buffer_put_text(&out, "\r\n"); // MD5 is what no algorithm means
    ASSERT(!out.is_full);
    bool is_long = out.len + ANSWER_ADDS > ANSWER_ROOM + dropped_len(request->message);
    if (is_long && one_len > 0) out.len = one_len;
    return (struct txn_answer){.status = 401, .headers = buffer_span(&out)};
}

// ---- The proof

static struct span method_of(const struct sip_message *request)
{
    return request->method_name;
}

static bool is_right(const struct client_table *table, const struct device *device,
                     const struct sip_message *request,
                     const struct sip_authorization *authorization)
{
    bool is_md5 = authorization->algorithm == SIP_DIGEST_MD5;
    const uint8_t *hash = is_md5 ? device->block.ha1_md5 : device->block.ha1_sha256;
    bool is_ours = authorization->has_qop_auth &&
                   authorization->algorithm != SIP_DIGEST_SHA512_256 &&
                   span_eq(authorization->realm, span_of(table->realm)) &&
                   span_eq(authorization->uri, request->uri_text);
    return sip_is_authorized(authorization, method_of(request), hash) && is_ours;
}

static bool is_same_flow(const struct flow *a, const struct flow *b)
{
    if (a->transport != b->transport || a->worker != b->worker) return false;
    return a->transport == TRANSPORT_UDP ? address_eq(&a->peer, &b->peer)
                                         : a->connection == b->connection;
}

bool client_is_known_flow(const struct client_table *table, const struct device *device,
                          const struct flow *flow)
{
    for (size_t i = 0; i < device->binding_count; i++) {
        const struct binding *binding = pool_find(&table->bindings, device->bindings[i]);
        if (binding->lost_us == 0 && is_same_flow(&binding->flow, flow)) return true;
    }
    return false;
}

static bool is_user(const struct sip_address *address, const struct device *device)
{
    char bytes[SIP_USER_SIZE];
    struct buffer user = buffer_over(bytes, sizeof bytes);
    sip_put_unescaped(&user, address->uri.user);
    return !user.is_full && span_eq(buffer_span(&user), span_of(device->block.sip_user));
}

// The domain is whatever the device calls us; its user name is enough, there is none like it. In
// whose name it may call depends on the lines, which are not known here.
static bool fits(const struct sip_message *request, const struct device *device)
{
    bool is_to_fit = request->method != SIP_REGISTER || is_user(&request->to, device);
    return request->method == SIP_INVITE || (is_to_fit && is_user(&request->from, device));
}

static enum client_proof answer_with(struct client_verdict *verdict, struct txn_answer answer)
{
    verdict->answer = answer;
    return CLIENT_ANSWERED;
}

enum client_proof client_authenticate(struct client_table *table, struct turn *turn,
                                      const struct client_request *request,
                                      struct client_verdict *verdict)
{
    static const struct txn_answer forbidden = {.status = 403};
    const struct sip_message *message = request->message;
    const struct address *source = &request->flow->peer;
    struct sip_authorization authorization;
    struct pool_id id;
    *verdict = (struct client_verdict){.device_id = 0};
    if (!sip_find_authorization(message, span_of(table->realm), &authorization)) {
        table->counts.challenged++;
        return answer_with(verdict, challenge(table, turn, request, false));
    }
    struct device *device = client_device_of(table, authorization.user, &id);
    bool is_known = device && client_is_known_flow(table, device, request->flow);
    if (!device) device = &table->nobody;
    if (!is_known && client_is_blocked(table, turn, source)) {
        table->counts.blocked++;
        return answer_with(verdict, forbidden);
    }
    if (!client_is_nonce(table, turn, source, authorization.nonce)) {
        table->counts.challenged++;
        return answer_with(verdict, challenge(table, turn, request, true));
    }
    if (!is_right(table, device, message, &authorization) || device == &table->nobody) {
        table->counts.failed++;
        client_note_failure(table, turn, source);
        return answer_with(verdict, challenge(table, turn, request, false));
    }
    if (!client_use_nonce(device, turn, authorization.nonce, authorization.nonce_count)) {
        table->counts.challenged++;
        return answer_with(verdict, challenge(table, turn, request, true));
    }
    if (!fits(message, device)) return answer_with(verdict, forbidden);
    verdict->device_id = device->block.device_id;
    return CLIENT_PROVEN;
}
