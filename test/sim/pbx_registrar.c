// SPDX-License-Identifier: Apache-2.0
// The registrar of a PBX: RFC 3261 sections 10.3 and 22.4, RFC 7616. The digest is computed here
// anew, straight from the RFC, so that it proves ours.
#include "sim/scene.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

// ---- Digest

enum { HEX_SIZE = 2 * 32 + 1 };

static const EVP_MD *hash_of(enum sip_digest_algorithm algorithm)
{
    switch (algorithm) {
    case SIP_DIGEST_MD5: return EVP_md5();
    case SIP_DIGEST_SHA256: return EVP_sha256();
    case SIP_DIGEST_SHA512_256: return EVP_sha512_256();
    }
    ASSERT(false);
}

static const char *name_of(enum sip_digest_algorithm algorithm)
{
    static const char *const names[] = {"MD5", "SHA-256", "SHA-512-256"};
    return names[algorithm];
}

static void hash(enum sip_digest_algorithm algorithm, struct span text, char hex[HEX_SIZE])
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len;
    int is_done = EVP_Digest(text.at, text.len, digest, &len, hash_of(algorithm), NULL);
    ASSERT(is_done && 2 * len < HEX_SIZE);
    struct buffer out = buffer_over(hex, HEX_SIZE);
    buffer_put_hex(&out, digest, len);
    hex[out.len] = '\0';
}

// What the engine has answered to a challenge.
struct credentials {
    struct span username, realm, nonce, uri, response, cnonce, nc, qop;
};

static bool read_credentials(const struct sip_message *request, struct credentials *credentials)
{
    struct span rest = sip_header_value(request, SIP_AUTHORIZATION), item;
    struct {
        struct span name;
        struct span *value;
    } fields[] = {
        {SPAN("username"), &credentials->username},
        {SPAN("realm"), &credentials->realm},
        {SPAN("nonce"), &credentials->nonce},
        {SPAN("uri"), &credentials->uri},
        {SPAN("response"), &credentials->response},
        {SPAN("cnonce"), &credentials->cnonce},
        {SPAN("nc"), &credentials->nc},
        {SPAN("qop"), &credentials->qop},
    };
    *credentials = (struct credentials){0};
    if (!span_eq(span_split(&rest, ' '), SPAN("Digest"))) return false;
    while (sip_next_item(&rest, &item)) {
        struct span name = span_split(&item, '=');
        if (item.len >= 2 && item.at[0] == '"') item = span_slice(item, 1, item.len - 1);
        for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
            if (span_eq(name, fields[i].name)) *fields[i].value = item;
        }
    }
    return true;
}

static bool is_right(const struct pbx *pbx, const struct credentials *credentials, unsigned line)
{
    char a1[HEX_SIZE], a2[HEX_SIZE], response[HEX_SIZE], bytes[512];
    struct buffer text = buffer_over(bytes, sizeof bytes);
    buffer_printf(&text, "%u:%s:secret%u", 101 + line, site_domain(pbx->index), 101 + line);
    hash(pbx->algorithm, buffer_span(&text), a1);
    text.len = 0;
    buffer_printf(&text, "REGISTER:%.*s", SPAN_ARG(credentials->uri));
    hash(pbx->algorithm, buffer_span(&text), a2);
    text.len = 0;
    buffer_printf(&text, "%s:%.*s:", a1, SPAN_ARG(credentials->nonce));
    if (pbx->has_qop) {
        buffer_printf(&text, "%.*s:%.*s:%.*s:", SPAN_ARG(credentials->nc),
                      SPAN_ARG(credentials->cnonce), SPAN_ARG(credentials->qop));
    }
    buffer_put_text(&text, a2);
    hash(pbx->algorithm, buffer_span(&text), response);
    ASSERT(!text.is_full);
    return span_eq(credentials->response, span_of(response));
}

static unsigned serial_of_nonce(const struct pbx *pbx, struct span nonce)
{
    char prefix[16];
    uint64_t serial = 0;
    snprintf(prefix, sizeof prefix, "nonce-%u-", pbx->index);
    if (!span_starts_with(nonce, span_of(prefix))) return 0;
    (void)span_to_u64(span_from(nonce, strlen(prefix)), UINT32_MAX, &serial);
    return (unsigned)serial;
}

// ---- Answers

// One answer under way: its status and the headers of its own.
struct answer {
    unsigned status;
    struct buffer headers;
};

static void challenge(struct pbx *pbx, struct scene *scene, bool is_stale, struct answer *answer)
{
    struct buffer *out = &answer->headers;
    answer->status = 401;
    if (pbx->nonce_last < pbx->nonce_first || sim_chance(&scene->sim, 50)) pbx->nonce_last++;
    if (pbx->nonce_last < pbx->nonce_first) pbx->nonce_last = pbx->nonce_first;
    buffer_printf(out, "WWW-Authenticate: Digest realm=\"%s\", nonce=\"nonce-%u-%u\", ",
                  site_domain(pbx->index), pbx->index, pbx->nonce_last);
    if (pbx->has_qop) buffer_put_text(out, "qop=\"auth\", ");
    if (is_stale) buffer_put_text(out, "stale=true, ");
    buffer_printf(out, "algorithm=%s\r\n",
                  pbx->mood == MOOD_ODD ? "AKAv1-MD5" : name_of(pbx->algorithm));
}

// A fickle PBX calls every other nonce stale.
static bool is_fickle_now(struct pbx *pbx, unsigned line)
{
    bool *was_stale = &pbx->bindings[line].was_stale;
    *was_stale = (pbx->is_fickle || pbx->mood == MOOD_FICKLE) && !*was_stale;
    return *was_stale;
}

// True when the request is from whom it says; else `answer` asks again.
static bool check_credentials(struct pbx *pbx, struct scene *scene,
                              const struct sip_message *request, unsigned line,
                              struct answer *answer)
{
    struct credentials credentials;
    if (!pbx->asks && pbx->mood != MOOD_ODD) return true;
    if (!read_credentials(request, &credentials)) {
        challenge(pbx, scene, false, answer);
        return false;
    }
    unsigned serial = serial_of_nonce(pbx, credentials.nonce);
    bool is_ours = serial > 0 && serial <= pbx->nonce_last &&
                   span_eq(credentials.realm, span_of(site_domain(pbx->index)));
    if (!is_ours) sim_fail(&scene->sim, "credentials for a challenge that was not ours");
    if (serial < pbx->nonce_first || is_fickle_now(pbx, line)) {
        challenge(pbx, scene, !pbx->is_terse, answer);
        return false;
    }
    if (is_right(pbx, &credentials, line) && pbx->mood != MOOD_ODD) return true;
    challenge(pbx, scene, false, answer);
    return false;
}

static void bind(struct pbx *pbx, struct scene *scene, unsigned line, uint32_t wanted_s,
                 struct answer *answer)
{
    struct binding *binding = &pbx->bindings[line];
    uint32_t granted_s = wanted_s < pbx->granted_s_max ? wanted_s : pbx->granted_s_max;
    bool is_told = granted_s < wanted_s || sim_chance(&scene->sim, 70);
    binding->until_us = wanted_s > 0 ? scene->sim.now_us + granted_s * UINT64_C(1000000) : 0;
    answer->status = 200;
    if (wanted_s == 0 || !is_told) return;
    // A desk phone has the same number.
    buffer_printf(&answer->headers, "Contact: <sip:%u@198.51.100.77:5060>;expires=7\r\n",
                  101 + line);
    buffer_printf(&answer->headers, "Contact: <sip:%u@192.0.2.9:5070>", 101 + line);
    if (!pbx->prefers_expires) buffer_printf(&answer->headers, ";expires=%u", granted_s);
    buffer_put_text(&answer->headers, "\r\n");
    if (pbx->prefers_expires) buffer_printf(&answer->headers, "Expires: %u\r\n", granted_s);
}

static bool check_interval(const struct pbx *pbx, uint32_t wanted_s, struct answer *answer)
{
    if (wanted_s == 0 || wanted_s >= pbx->min_expires_s) return true;
    answer->status = 423;
    buffer_printf(&answer->headers, "Min-Expires: %u\r\n", pbx->min_expires_s);
    return false;
}

static void decide(struct pbx *pbx, struct scene *scene, const struct sip_message *request,
                   unsigned line, struct answer *answer)
{
    uint64_t wanted_s = 0;
    struct span expires = sip_header_value(request, SIP_EXPIRES);
    if (!span_to_u64(expires, UINT32_MAX, &wanted_s)) {
        sim_fail(&scene->sim, "a REGISTER without a readable Expires");
    }
    if (pbx->mood == MOOD_REFUSING || pbx->mood == MOOD_BUSY) {
        answer->status = pbx->mood == MOOD_BUSY ? 503 : 403;
        return;
    }
    if (pbx->checks_interval_first && !check_interval(pbx, (uint32_t)wanted_s, answer)) return;
    if (!check_credentials(pbx, scene, request, line, answer)) return;
    if (!check_interval(pbx, (uint32_t)wanted_s, answer)) return;
    bind(pbx, scene, line, (uint32_t)wanted_s, answer);
}

// ---- REGISTER

static unsigned line_of(struct scene *scene, const struct sip_message *request)
{
    unsigned line = site_place_dialled(request->to.uri.user);
    if (line >= SITE_LINES) sim_fail(&scene->sim, "a REGISTER for no line of ours");
    return line;
}

static void check_contact(struct scene *scene, const struct sip_message *request, unsigned line)
{
    char expected[64];
    snprintf(expected, sizeof expected, "<sip:%u@192.0.2.9:5070>", 101 + line);
    struct span contact = sip_header_value(request, SIP_CONTACT);
    if (!span_eq(contact, span_of(expected))) {
        sim_fail(&scene->sim, "a REGISTER with Contact %.*s", SPAN_ARG(contact));
    }
}

// Within a Call-ID the CSeq rises (10.3 step 7), and an older request that comes late is refused.
static bool is_in_order(struct binding *binding, const struct sip_message *request)
{
    bool is_known = span_eq(request->call_id, span_of(binding->call_id));
    if (is_known && request->cseq <= binding->cseq) return false;
    ASSERT(text_copy(binding->call_id, sizeof binding->call_id, request->call_id));
    binding->cseq = request->cseq;
    return true;
}

static struct pbx_reply *find_reply(struct pbx *pbx, struct span branch)
{
    for (unsigned i = 0; i < PBX_REPLIES && i < pbx->reply_count; i++) {
        if (span_eq(span_of(pbx->replies[i].branch), branch)) return &pbx->replies[i];
    }
    return NULL;
}

static struct pbx_reply *print_reply(struct pbx *pbx, const struct sip_message *request,
                                     const struct answer *answer)
{
    struct pbx_reply *reply = &pbx->replies[pbx->reply_count++ % PBX_REPLIES];
    struct buffer out = buffer_over(reply->bytes, sizeof reply->bytes);
    ASSERT(text_copy(reply->branch, sizeof reply->branch, request->via.branch));
    sip_put_status_line(&out, answer->status, SPAN_NONE);
    sip_put_reply_headers(&out, request, scene_own_address(), SPAN("registrar"));
    buffer_put(&out, buffer_span(&answer->headers));
    sip_put_end(&out, SPAN_NONE);
    ASSERT(!out.is_full && !answer->headers.is_full);
    reply->len = out.len;
    return reply;
}

void pbx_register(struct pbx *pbx, struct scene *scene, const struct sip_message *request)
{
    char bytes[600], note[32];
    struct answer answer = {.headers = buffer_over(bytes, sizeof bytes)};
    unsigned line = line_of(scene, request);
    struct pbx_reply *reply = find_reply(pbx, request->via.branch);
    check_contact(scene, request, line);
    if (!reply) {
        if (is_in_order(&pbx->bindings[line], request)) {
            decide(pbx, scene, request, line, &answer);
        } else {
            answer.status = 500;
        }
        told_answered(scene, pbx->index, line, answer.status, pbx->bindings[line].until_us);
        reply = print_reply(pbx, request, &answer);
    }
    snprintf(note, sizeof note, "pbx %u, %u ", pbx->index, 101 + line);
    pbx_send(pbx, scene, note, (struct span){reply->bytes, reply->len});
}
