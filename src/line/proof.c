// SPDX-License-Identifier: Apache-2.0
// Proving who we are in one attempt to register (RFC 3261 sections 22.2, 22.3): the registrar may
// ask (401), and a proxy on the way to it (407), in one answer or one after the other. What was
// asked is kept until the attempt is over, so that one request can answer both. All of it is
// bounded: one challenge of each kind, answered twice at most, the second time for a stale nonce.
#include "line/line_int.h"

#include <string.h>

enum { ANSWERS_MAX = 2 };

static struct line_proofs *proofs_of(const struct line_table *table, const struct line *line)
{
    struct pool_id id;
    return line->proofs > 0 ? pool_at(&table->proofs, line->proofs - 1U, &id) : NULL;
}

void line_forget_proofs(struct line_table *table, struct line *line)
{
    struct pool_id id;
    if (line->proofs == 0) return;
    if (pool_at(&table->proofs, line->proofs - 1U, &id)) pool_free(&table->proofs, id);
    line->proofs = 0;
}

static struct line_proofs *take_proofs(struct line_table *table, struct line *line)
{
    struct pool_id id;
    struct line_proofs *proofs = proofs_of(table, line);
    if (proofs) return proofs;
    proofs = pool_take(&table->proofs, &id);
    if (proofs) line->proofs = (uint16_t)(id.index + 1);
    return proofs;
}

// ---- A challenge, kept

static struct span keep_text(struct buffer *out, struct span text)
{
    size_t from = out->len;
    buffer_put(out, text);
    return text.at ? (struct span){out->at + from, text.len} : SPAN_NONE;
}

static bool keep(struct line_proof *proof, const struct sip_challenge *challenge)
{
    struct buffer out = buffer_over(proof->text, sizeof proof->text);
    proof->challenge = *challenge;
    proof->challenge.realm = keep_text(&out, challenge->realm);
    proof->challenge.nonce = keep_text(&out, challenge->nonce);
    proof->challenge.opaque = keep_text(&out, challenge->opaque);
    proof->nonce_count = 0;
    return !out.is_full;
}

static enum line_proof_result take_challenge(struct line_proofs *proofs,
                                             const struct sip_challenge *challenge)
{
    struct line_proof *proof = &proofs->of[challenge->is_proxy];
    bool is_repeated = proof->answer_count > 0 && !challenge->is_stale;
    if (is_repeated || proof->answer_count == ANSWERS_MAX) return LINE_PROOF_REPEATED;
    uint8_t answer_count = proof->answer_count;
    if (!keep(proof, challenge)) {
        *proof = (struct line_proof){.answer_count = 0};
        return LINE_PROOF_UNKNOWN;
    }
    proof->answer_count = (uint8_t)(answer_count + 1);
    return LINE_PROOF_TAKEN;
}

enum line_proof_result line_take_challenges(struct line_table *table, struct line *line,
                                            const struct sip_message *message)
{
    const char *realm = line_group_of(table, line)->group.snapshot->settings.realm;
    enum line_proof_result result = LINE_PROOF_UNKNOWN;
    for (int is_proxy = 0; is_proxy <= 1; is_proxy++) {
        struct sip_challenge challenge;
        if (!sip_find_challenge_by(message, is_proxy != 0, span_of(realm), &challenge)) continue;
        struct line_proofs *proofs = take_proofs(table, line);
        if (!proofs) return LINE_PROOF_NO_ROOM;
        enum line_proof_result taken = take_challenge(proofs, &challenge);
        if (taken == LINE_PROOF_REPEATED) return taken;
        if (taken == LINE_PROOF_TAKEN) result = taken;
    }
    return result;
}

// ---- The answers

void line_put_proofs(struct buffer *out, struct turn *turn, const struct line_table *table,
                     const struct line *line)
{
    enum { CNONCE_BYTES = 8 };
    struct line_proofs *proofs = proofs_of(table, line);
    char uri_bytes[TEXT_SIZE + 8];
    struct buffer uri = buffer_over(uri_bytes, sizeof uri_bytes);
    struct span user = snapshot_text(line->block, line->block->auth_user);
    struct sip_credentials credentials = {
        .user = user.len > 0 ? user : line_extension(line),
        .password = snapshot_text(line->block, line->block->password),
    };
    buffer_printf(&uri, "sip:%s", line_group_of(table, line)->group.snapshot->settings.domain);
    for (size_t i = 0; proofs && i < 2; i++) {
        struct line_proof *proof = &proofs->of[i];
        char cnonce_bytes[2 * CNONCE_BYTES];
        struct buffer cnonce = buffer_over(cnonce_bytes, sizeof cnonce_bytes);
        if (proof->answer_count == 0) continue;
        random_put_token(turn->random, &cnonce, CNONCE_BYTES);
        sip_put_authorization(out, &proof->challenge, &credentials, sip_method_text(SIP_REGISTER),
                              buffer_span(&uri), buffer_span(&cnonce), ++proof->nonce_count);
    }
}

// ---- The answers of other requests

bool line_put_answers(struct buffer *out, struct turn *turn, const struct line_table *table,
                      const struct line_challenge *challenge)
{
    enum { CNONCE_BYTES = 8 };
    struct pool_id id;
    const struct line *line = line_find_by_id(table, challenge->line_id, &id);
    if (!line) return false;
    const char *realm = line_group_of(table, line)->group.snapshot->settings.realm;
    struct span user = snapshot_text(line->block, line->block->auth_user);
    struct sip_credentials credentials = {
        .user = user.len > 0 ? user : line_extension(line),
        .password = snapshot_text(line->block, line->block->password),
    };
    bool is_answered = false;
    for (int is_proxy = 0; is_proxy <= 1; is_proxy++) {
        struct sip_challenge found;
        char cnonce_bytes[2 * CNONCE_BYTES];
        struct buffer cnonce = buffer_over(cnonce_bytes, sizeof cnonce_bytes);
        if (!sip_find_challenge_by(challenge->response, is_proxy != 0, span_of(realm), &found)) {
            continue;
        }
        random_put_token(turn->random, &cnonce, CNONCE_BYTES);
        sip_put_authorization(out, &found, &credentials, sip_method_text(challenge->method),
                              challenge->uri, buffer_span(&cnonce), 1);
        is_answered = true;
    }
    return is_answered;
}
