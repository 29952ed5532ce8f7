// SPDX-License-Identifier: Apache-2.0
// Digest authentication (RFC 7616, RFC 8760, RFC 3261 section 22). The client's side: choosing the
// challenge that we can answer, and the answer. The server's: whether an answer is right. The texts
// that are hashed are put together in bounded memory; libcrypto only hashes.
#include "sip/sip_int.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

enum {
    DIGEST_TEXT_MAX = 1024,  // bytes of realm, nonce and opaque
    DIGEST_INPUT_MAX = 4096, // bytes that are hashed at once
};

static const struct span algorithm_names[] = {
    [SIP_DIGEST_MD5] = {"MD5", 3},
    [SIP_DIGEST_SHA256] = {"SHA-256", 7},
    [SIP_DIGEST_SHA512_256] = {"SHA-512-256", 11},
};

// A hash in hexadecimal.
struct digest {
    char hex[2 * EVP_MAX_MD_SIZE];
    size_t len;
};

// ---- The challenge

static bool find_algorithm(struct span name, enum sip_digest_algorithm *algorithm)
{
    for (unsigned i = 0; i < sizeof algorithm_names / sizeof algorithm_names[0]; i++) {
        if (!span_eq_nocase(name, algorithm_names[i])) continue;
        *algorithm = (enum sip_digest_algorithm)i;
        return true;
    }
    return false;
}

static bool lists_word(struct span list, struct span word)
{
    while (list.len > 0) {
        if (span_eq_nocase(span_trim(span_split(&list, ',')), word)) return true;
    }
    return false;
}

// Takes one name=value of a challenge in. False when it makes the challenge one that we cannot
// answer.
static bool note_challenge_param(struct sip_challenge *challenge, const struct sip_param *param)
{
    if (span_eq_nocase(param->name, SPAN("realm"))) {
        challenge->realm = param->value;
    } else if (span_eq_nocase(param->name, SPAN("nonce"))) {
        challenge->nonce = param->value;
    } else if (span_eq_nocase(param->name, SPAN("opaque"))) {
        challenge->opaque = param->value;
    } else if (span_eq_nocase(param->name, SPAN("stale"))) {
        challenge->is_stale = span_eq_nocase(param->value, SPAN("true"));
    } else if (span_eq_nocase(param->name, SPAN("algorithm"))) {
        return find_algorithm(param->value, &challenge->algorithm);
    } else if (span_eq_nocase(param->name, SPAN("qop")) && param->value.len > 0) {
        challenge->has_qop_auth = lists_word(param->value, SPAN("auth"));
        return challenge->has_qop_auth;
    }
    return true;
}

static bool is_complete(const struct sip_challenge *challenge)
{
    bool is_bounded = challenge->realm.len <= DIGEST_TEXT_MAX &&
                      challenge->nonce.len <= DIGEST_TEXT_MAX &&
                      challenge->opaque.len <= DIGEST_TEXT_MAX;
    return challenge->realm.at && challenge->nonce.at && is_bounded;
}

// Reads "Digest name=value, ...". False for other schemes and for what we cannot answer. What is no
// parameter ends the challenge: some senders let the next one follow on the same line, as HTTP
// allows.
static bool read_challenge(struct span value, struct sip_challenge *challenge)
{
    struct cursor cursor = cursor_over(value);
    if (!span_eq_nocase(take_run(&cursor, CHAR_TOKEN), SPAN("Digest"))) return false;
    if (is_at_end(&cursor) || !char_is(*cursor.at, CHAR_BLANK)) return false;
    struct span rest = span_between(cursor.at, cursor.end), item;
    while (sip_next_item(&rest, &item)) {
        struct sip_param param;
        struct cursor inside = cursor_over(item);
        if (!sip_read_param(&inside, &param) || !param.has_value || !is_at_end(&inside)) break;
        if (!note_challenge_param(challenge, &param)) return false;
    }
    return is_complete(challenge);
}

// Whether a header is a challenge that we can answer, for `realm` if that is not empty.
static bool is_answerable(const struct sip_header *header, struct span realm,
                          struct sip_challenge *challenge)
{
    bool is_proxy = header->id == SIP_PROXY_AUTHENTICATE;
    if (!is_proxy && header->id != SIP_WWW_AUTHENTICATE) return false;
    *challenge = (struct sip_challenge){.algorithm = SIP_DIGEST_MD5, .is_proxy = is_proxy};
    return read_challenge(header->value, challenge) &&
           (realm.len == 0 || span_eq(realm, challenge->realm));
}

bool sip_find_challenge(const struct sip_message *response, struct span realm,
                        struct sip_challenge *challenge)
{
    for (size_t i = 0; i < response->header_count; i++) {
        if (is_answerable(&response->headers[i], realm, challenge)) return true;
    }
    return false;
}

bool sip_find_challenge_by(const struct sip_message *response, bool is_proxy, struct span realm,
                           struct sip_challenge *challenge)
{
    for (size_t i = 0; i < response->header_count; i++) {
        const struct sip_header *header = &response->headers[i];
        if ((header->id == SIP_PROXY_AUTHENTICATE) != is_proxy) continue;
        if (is_answerable(header, realm, challenge)) return true;
    }
    return false;
}

// ---- The answer

static const EVP_MD *hash_function(enum sip_digest_algorithm algorithm)
{
    switch (algorithm) {
    case SIP_DIGEST_MD5: break;
    case SIP_DIGEST_SHA256: return EVP_sha256();
    case SIP_DIGEST_SHA512_256: return EVP_sha512_256();
    }
    return EVP_md5();
}

static struct span digest_text(const struct digest *digest)
{
    return (struct span){digest->hex, digest->len};
}

// The hash of `input`. False when the input did not fit, or the algorithm is switched off.
static bool hash(enum sip_digest_algorithm algorithm, const struct buffer *input,
                 struct digest *digest)
{
    uint8_t bytes[EVP_MAX_MD_SIZE];
    unsigned count = 0;
    if (input->is_full) return false;
    if (!EVP_Digest(input->at, input->len, bytes, &count, hash_function(algorithm), NULL)) {
        return false;
    }
    struct buffer hex = buffer_over(digest->hex, sizeof digest->hex);
    buffer_put_hex(&hex, bytes, count);
    digest->len = hex.len;
    return true;
}

// H(user:realm:password), RFC 7616 section 3.4.2.
static bool hash_user(const struct sip_challenge *challenge,
                      const struct sip_credentials *credentials, struct digest *digest)
{
    char bytes[DIGEST_INPUT_MAX];
    struct buffer input = buffer_over(bytes, sizeof bytes);
    buffer_put(&input, credentials->user);
    buffer_put_byte(&input, ':');
    buffer_put(&input, challenge->realm);
    buffer_put_byte(&input, ':');
    buffer_put(&input, credentials->password);
    bool is_done = hash(challenge->algorithm, &input, digest);
    OPENSSL_cleanse(bytes, sizeof bytes);
    return is_done;
}

// H(method:uri), RFC 7616 section 3.4.3.
static bool hash_request(enum sip_digest_algorithm algorithm, struct span method, struct span uri,
                         struct digest *digest)
{
    char bytes[DIGEST_INPUT_MAX];
    struct buffer input = buffer_over(bytes, sizeof bytes);
    buffer_put(&input, method);
    buffer_put_byte(&input, ':');
    buffer_put(&input, uri);
    return hash(algorithm, &input, digest);
}

static void put_nonce_count(struct buffer *out, uint32_t nonce_count)
{
    const uint8_t bytes[4] = {(uint8_t)(nonce_count >> 24), (uint8_t)(nonce_count >> 16),
                              (uint8_t)(nonce_count >> 8), (uint8_t)nonce_count};
    buffer_put_hex(out, bytes, sizeof bytes);
}

// Prints ":nc:cnonce:auth", which stands between nonce and request when there is a qop.
static void put_use(struct buffer *out, struct span cnonce, uint32_t nonce_count)
{
    buffer_put_byte(out, ':');
    put_nonce_count(out, nonce_count);
    buffer_put_byte(out, ':');
    buffer_put(out, cnonce);
    buffer_put(out, SPAN(":auth"));
}

static void put_quoted_param(struct buffer *out, const char *name, struct span value)
{
    buffer_put_text(out, name);
    buffer_put(out, SPAN("=\""));
    sip_put_unfolded(out, value);
    buffer_put_byte(out, '"');
}

// Prints everything behind `response`.
static void put_answer_params(struct buffer *out, const struct sip_challenge *challenge,
                              struct span cnonce, uint32_t nonce_count)
{
    buffer_put(out, SPAN(", algorithm="));
    buffer_put(out, algorithm_names[challenge->algorithm]);
    if (challenge->opaque.at) put_quoted_param(out, ", opaque", challenge->opaque);
    if (challenge->has_qop_auth) {
        buffer_put(out, SPAN(", qop=auth, nc="));
        put_nonce_count(out, nonce_count);
        put_quoted_param(out, ", cnonce", cnonce);
    }
    buffer_put(out, SPAN("\r\n"));
}

// response = H(H(A1):nonce[:nc:cnonce:auth]:H(A2)), RFC 7616 section 3.4.1; without qop as RFC 2069
// had it.
void sip_put_authorization(struct buffer *out, const struct sip_challenge *challenge,
                           const struct sip_credentials *credentials, const char *method,
                           struct span uri, struct span cnonce, uint32_t nonce_count)
{
    char bytes[DIGEST_INPUT_MAX];
    struct buffer input = buffer_over(bytes, sizeof bytes);
    struct digest user, request, response;
    if (!hash_user(challenge, credentials, &user) ||
        !hash_request(challenge->algorithm, span_of(method), uri, &request)) {
        out->is_full = true;
        return;
    }
    buffer_put(&input, digest_text(&user));
    buffer_put_byte(&input, ':');
    buffer_put(&input, challenge->nonce);
    if (challenge->has_qop_auth) put_use(&input, cnonce, nonce_count);
    buffer_put_byte(&input, ':');
    buffer_put(&input, digest_text(&request));
    if (!hash(challenge->algorithm, &input, &response)) {
        out->is_full = true;
        return;
    }
    buffer_put_text(out, challenge->is_proxy ? "Proxy-Authorization" : "Authorization");
    buffer_put(out, SPAN(": Digest username="));
    sip_put_quoted(out, credentials->user);
    put_quoted_param(out, ", realm", challenge->realm);
    put_quoted_param(out, ", nonce", challenge->nonce);
    put_quoted_param(out, ", uri", uri);
    put_quoted_param(out, ", response", digest_text(&response));
    put_answer_params(out, challenge, cnonce, nonce_count);
}

// ---- The server's side

static bool read_nonce_count(struct span digits, uint32_t *count)
{
    *count = 0;
    for (size_t i = 0; i < digits.len; i++) {
        static const char hexadecimal[] = "0123456789abcdef";
        const char *digit = memchr(hexadecimal, ascii_lower(digits.at[i]), 16);
        if (!digit) return false;
        *count = *count << 4 | (uint32_t)(digit - hexadecimal);
    }
    return digits.len == 8;
}

// Takes one name=value of credentials in. False for what makes them unreadable.
static bool note_answer_param(struct sip_authorization *answer, const struct sip_param *param)
{
    const struct {
        struct span name;
        struct span *value;
    } texts[] = {{SPAN("username"), &answer->user},     {SPAN("realm"), &answer->realm},
                 {SPAN("nonce"), &answer->nonce},       {SPAN("uri"), &answer->uri},
                 {SPAN("response"), &answer->response}, {SPAN("cnonce"), &answer->cnonce}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (span_eq_nocase(param->name, texts[i].name)) *texts[i].value = param->value;
    }
    if (span_eq_nocase(param->name, SPAN("algorithm"))) {
        return find_algorithm(param->value, &answer->algorithm);
    }
    if (span_eq_nocase(param->name, SPAN("nc"))) {
        return read_nonce_count(param->value, &answer->nonce_count);
    }
    if (span_eq_nocase(param->name, SPAN("qop"))) {
        answer->has_qop_auth = span_eq_nocase(param->value, SPAN("auth"));
        return answer->has_qop_auth;
    }
    return true;
}

static bool read_answer(struct span value, struct sip_authorization *answer)
{
    struct cursor cursor = cursor_over(value);
    *answer = (struct sip_authorization){.algorithm = SIP_DIGEST_MD5};
    if (!span_eq_nocase(take_run(&cursor, CHAR_TOKEN), SPAN("Digest"))) return false;
    struct span rest = span_between(cursor.at, cursor.end), item;
    while (sip_next_item(&rest, &item)) {
        struct sip_param param;
        struct cursor inside = cursor_over(item);
        if (!sip_read_param(&inside, &param) || !param.has_value || !is_at_end(&inside) ||
            !note_answer_param(answer, &param)) {
            return false;
        }
    }
    return answer->user.at && answer->nonce.at && answer->uri.at && answer->response.at;
}

bool sip_find_authorization(const struct sip_message *request, struct span realm,
                            struct sip_authorization *authorization)
{
    const struct sip_header *header = NULL;
    bool is_found = false;
    while ((header = sip_next_header(request, SIP_AUTHORIZATION, header)) != NULL) {
        struct sip_authorization answer;
        if (!read_answer(header->value, &answer)) continue;
        bool is_wanted = span_eq(answer.realm, realm);
        if (!is_found || is_wanted) *authorization = answer;
        is_found = true;
        if (is_wanted) break;
    }
    return is_found;
}

static size_t hash_size(enum sip_digest_algorithm algorithm)
{
    return algorithm == SIP_DIGEST_MD5 ? 16 : 32;
}

bool sip_is_authorized(const struct sip_authorization *authorization, struct span method,
                       const uint8_t *user_hash)
{
    enum sip_digest_algorithm algorithm = authorization->algorithm;
    char bytes[DIGEST_INPUT_MAX];
    struct buffer input = buffer_over(bytes, sizeof bytes);
    struct digest request, response;
    if (!hash_request(algorithm, method, authorization->uri, &request)) return false;
    buffer_put_hex(&input, user_hash, hash_size(algorithm));
    buffer_put_byte(&input, ':');
    buffer_put(&input, authorization->nonce);
    if (authorization->has_qop_auth) {
        put_use(&input, authorization->cnonce, authorization->nonce_count);
    }
    buffer_put_byte(&input, ':');
    buffer_put(&input, digest_text(&request));
    if (!hash(algorithm, &input, &response)) return false;
    return response.len == authorization->response.len &&
           CRYPTO_memcmp(response.hex, authorization->response.at, response.len) == 0;
}
