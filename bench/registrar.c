// SPDX-License-Identifier: Apache-2.0
// The PBX's registrar, as small as it can be: challenges each REGISTER with digest, checks the
// answer and grants what was asked for; answers OPTIONS. It keeps nothing.
//
//   bench_registrar PORT
#include "batch.h"
#include "message.h"

#include "sip/sip.h"

#include <stdalign.h>

enum { ARENA_BYTES = 64 * 1024, HEADER_BYTES = 1024 };

static const struct sip_challenge challenge = {
    .realm = {"pbx.bench", 9},
    .nonce = {"4d1c2b7a90e35f68", 16},
    .algorithm = SIP_DIGEST_MD5,
    .has_qop_auth = true,
};
#define CHALLENGE                                                                                  \
    "WWW-Authenticate: Digest realm=\"pbx.bench\", nonce=\"4d1c2b7a90e35f68\", "                   \
    "algorithm=MD5, qop=\"auth\"\r\n"

// ---- Digest

// The value of a parameter of "Digest name=value, ...", unquoted.
static struct span digest_param(struct span authorization, struct span name)
{
    struct span rest = authorization, item;
    (void)span_split(&rest, ' ');
    while (sip_next_item(&rest, &item)) {
        struct span value = item;
        struct span found = span_trim(span_split(&value, '='));
        value = span_trim(value);
        if (!span_eq_nocase(found, name)) continue;
        bool is_quoted = value.len >= 2 && value.at[0] == '"';
        return is_quoted ? span_slice(value, 1, value.len - 1) : value;
    }
    return SPAN_NONE;
}

// Whether the request carries the answer that the line's password gives. Lines are called as their
// user, and bench_load has given them the password secret<extension>.
static bool is_authorized(const struct sip_message *request)
{
    struct span authorization = sip_header_value(request, SIP_AUTHORIZATION);
    if (authorization.len == 0) return false;
    char password_bytes[64], expected_bytes[HEADER_BYTES];
    struct buffer password = buffer_over(password_bytes, sizeof password_bytes);
    struct buffer expected = buffer_over(expected_bytes, sizeof expected_bytes);
    buffer_put_text(&password, "secret");
    buffer_put(&password, request->to.uri.user);
    struct sip_credentials credentials = {request->to.uri.user, buffer_span(&password)};
    sip_put_authorization(&expected, &challenge, &credentials, "REGISTER",
                          digest_param(authorization, SPAN("uri")),
                          digest_param(authorization, SPAN("cnonce")), 1);
    struct span wanted = digest_param(span_from(buffer_span(&expected), sizeof "Authorization:"),
                                      SPAN("response"));
    return !expected.is_full && wanted.len > 0 &&
           span_eq(wanted, digest_param(authorization, SPAN("response")));
}

// ---- Answers

static void put_registered(struct buffer *out, const struct sip_message *request)
{
    buffer_put(out, SPAN("Contact: "));
    buffer_put(out, sip_header_value(request, SIP_CONTACT));
    buffer_put(out, SPAN(";expires="));
    buffer_put(out, sip_header_value(request, SIP_EXPIRES));
    buffer_put(out, SPAN("\r\n"));
}

static void put_answer(struct buffer *out, const struct sip_message *request,
                       const struct address *source)
{
    bool is_register = request->method == SIP_REGISTER;
    bool is_refused = is_register && !is_authorized(request);
    sip_put_status_line(out, is_refused ? 401 : 200, SPAN_NONE);
    sip_put_reply_headers(out, request, source, SPAN("registrar"));
    if (is_refused) {
        buffer_put(out, SPAN(CHALLENGE));
    } else if (is_register) {
        put_registered(out, request);
    }
    sip_put_end(out, SPAN_NONE);
}

static void answer(struct batch *out, int fd, const struct packet *received)
{
    static alignas(16) char memory[ARENA_BYTES];
    struct arena arena = arena_over(memory, sizeof memory);
    struct sip_message request;
    struct sip_fault fault;
    struct address source = {
        .family = ADDRESS_IPV4, .port = ntohs(received->peer.sin_port), .bytes = {127, 0, 0, 1}};
    struct span bytes = {received->bytes, received->len};
    if (sip_parse(bytes, &arena, &request, &fault) != SIP_OK || !sip_is_answerable(&request)) {
        return;
    }
    struct packet *reply = batch_next(out, fd);
    struct buffer text = buffer_over(reply->bytes, DATAGRAM_MAX);
    put_answer(&text, &request, &source);
    if (text.is_full) bench_fail("answer", "too long");
    reply->peer = received->peer;
    reply->len = text.len;
}

int main(int argc, char **argv)
{
    if (argc != 2) bench_fail("usage", "bench_registrar PORT");
    int fd = batch_socket((uint16_t)bench_number(argv[1], 1, UINT16_MAX));
    struct batch *in = batch_new(), *out = batch_new();
    for (;;) {
        batch_receive(in, fd, MSG_WAITFORONE);
        for (unsigned i = 0; i < in->count; i++) answer(out, fd, &in->items[i]);
        batch_send(out, fd);
    }
}
