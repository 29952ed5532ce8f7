// SPDX-License-Identifier: Apache-2.0
// A PBX: a registrar with digest that has its moods, and callers behind it (leg.h). RFC 3261
// section 10.3, RFC 7616.
#pragma once

#include "sim/site.h"
#include "sip/sip.h"

struct scene;

// What the next INVITE says of the diversions that the 302 told.
enum pbx_telling { TELLS_ALL, TELLS_LATEST, TELLS_NOTHING, TELLS_HISTORY };

enum pbx_mood {
    MOOD_FINE,
    MOOD_SILENT,   // its cable is pulled
    MOOD_REFUSING, // 403 for all
    MOOD_BUSY,     // 503
    MOOD_FICKLE,   // each first answer to a challenge is stale
    MOOD_ODD,      // asks for an authentication that nobody knows
    MOOD_COUNT,
};

struct binding {
    uint64_t until_us; // 0: none
    char call_id[64];
    uint32_t cseq;
    bool was_stale; // what a fickle PBX said last
};

// A request that was answered; its copies get the same answer (17.2.2).
enum { PBX_REPLIES = 128 };
struct pbx_reply {
    char branch[64];
    size_t len;
    char bytes[1000];
};

struct pbx {
    unsigned index;
    struct address listens, calls_from;
    // Its kind.
    enum pbx_telling telling;
    bool is_proxy;                           // follows a 302 with the same Call-ID
    bool asks, has_qop, is_terse, is_fickle; // terse: never says that a nonce is stale
    bool answers_options, prefers_expires, checks_interval_first;
    enum sip_digest_algorithm algorithm;
    unsigned min_expires_s, granted_s_max;
    // Its state.
    enum pbx_mood mood;
    uint64_t mood_until_us;
    unsigned nonce_first, nonce_last; // valid ones; 0: never gave one
    struct binding bindings[SITE_LINES];
    struct pbx_reply replies[PBX_REPLIES];
    unsigned reply_count;
};

void pbx_init(struct pbx *pbx, struct scene *scene, unsigned index);
void pbx_set_mood(struct pbx *pbx, struct scene *scene, enum pbx_mood mood, uint64_t lasts_us);
// Listens at another port from now on.
void pbx_move(struct pbx *pbx, struct scene *scene);
// Forgets everything and goes on.
void pbx_restart(struct pbx *pbx, struct scene *scene);
// Comes to its senses, for good.
void pbx_mend(struct pbx *pbx, struct scene *scene);
void pbx_send(struct pbx *pbx, struct scene *scene, const char *note, struct span bytes);
// A message of the engine has arrived.
void pbx_receive(struct pbx *pbx, struct scene *scene, const struct sip_message *message);
bool pbx_has_binding(const struct pbx *pbx, const struct scene *scene, unsigned line);

// pbx_registrar.c: a REGISTER, judged and answered.
void pbx_register(struct pbx *pbx, struct scene *scene, const struct sip_message *request);
