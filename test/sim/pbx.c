// SPDX-License-Identifier: Apache-2.0
// The PBX as such: its kind, its moods, what it sends and gets.
#include "sim/pbx.h"

#include "sim/scene.h"

#include <stdio.h>
#include <string.h>

static const char *const moods[MOOD_COUNT] = {"is fine", "is silent", "refuses",
                                              "is busy", "is fickle", "asks for odd things"};

void pbx_init(struct pbx *pbx, struct scene *scene, unsigned index)
{
    struct sim *sim = &scene->sim;
    char text[32];
    *pbx = (struct pbx){
        .index = index,
        .telling = (enum pbx_telling)sim_between(sim, TELLS_ALL, TELLS_HISTORY),
        .is_proxy = sim_chance(sim, 30),
        .asks = sim_chance(sim, 85),
        .has_qop = sim_chance(sim, 70),
        .is_terse = sim_chance(sim, 30),
        .is_fickle = sim_chance(sim, 10),
        .answers_options = sim_chance(sim, 90),
        .prefers_expires = sim_chance(sim, 30),
        .checks_interval_first = sim_chance(sim, 50),
        .algorithm = (enum sip_digest_algorithm)sim_between(sim, SIP_DIGEST_MD5,
                                                            SIP_DIGEST_SHA512_256),
        .min_expires_s = sim_chance(sim, 30) ? (unsigned)sim_between(sim, 30, 200) : 0,
        .granted_s_max = sim_chance(sim, 30) ? (unsigned)sim_between(sim, 20, 100) : 3600,
        .nonce_first = 1,
    };
    snprintf(text, sizeof text, "192.0.2.%u:5060", index + 1);
    ASSERT(address_parse_port(span_of(text), 0, &pbx->listens));
    pbx->calls_from = pbx->listens;
    if (sim_chance(sim, 30)) pbx->calls_from.port = 5062;
    if (pbx->granted_s_max < pbx->min_expires_s) pbx->granted_s_max = 3600;
    if (pbx->is_terse) pbx->is_fickle = false; // nobody could ever register
}

void pbx_set_mood(struct pbx *pbx, struct scene *scene, enum pbx_mood mood, uint64_t lasts_us)
{
    sim_log(&scene->sim, "pbx %u %s", pbx->index, moods[mood]);
    pbx->mood = mood;
    pbx->mood_until_us = mood == MOOD_FINE ? DEADLINE_NEVER : scene->sim.now_us + lasts_us;
    scene->disturbed_us = scene->sim.now_us;
}

void pbx_move(struct pbx *pbx, struct scene *scene)
{
    uint16_t from = pbx->listens.port, to = from == 5060 ? 5080 : 5060;
    sim_log(&scene->sim, "pbx %u moves to port %u", pbx->index, to);
    if (pbx->calls_from.port == from) pbx->calls_from.port = to;
    pbx->listens.port = to;
    scene->disturbed_us = scene->sim.now_us;
}

void pbx_restart(struct pbx *pbx, struct scene *scene)
{
    sim_log(&scene->sim, "pbx %u restarts and has forgotten everything", pbx->index);
    memset(pbx->bindings, 0, sizeof pbx->bindings);
    pbx->reply_count = 0;
    pbx->nonce_first = pbx->nonce_last + 1;
    for (unsigned i = 0; i < scene->leg_count; i++) {
        if (scene->legs[i].pbx == pbx->index) leg_forget(&scene->legs[i]);
    }
    scene->disturbed_us = scene->sim.now_us;
}

void pbx_mend(struct pbx *pbx, struct scene *scene)
{
    pbx_set_mood(pbx, scene, MOOD_FINE, 0);
}

static void overhear(struct scene *scene, struct span bytes)
{
    struct overheard *overheard = &scene->overheard;
    bool is_cancel = span_starts_with(bytes, SPAN("CANCEL"));
    if (overheard->len > 0 && !is_cancel) return;
    if (!sim_chance(&scene->sim, is_cancel ? 50 : 5)) return;
    overheard->at_us = scene->sim.now_us;
    overheard->len = bytes.len;
    memcpy(overheard->bytes, bytes.at, bytes.len);
}

void pbx_send(struct pbx *pbx, struct scene *scene, const char *note, struct span bytes)
{
    if (pbx->mood == MOOD_SILENT) return;
    const struct address *from = span_starts_with(bytes, SPAN("SIP/2.0")) ? &pbx->listens
                                                                          : &pbx->calls_from;
    sim_send_by(&scene->sim, SIM_OURS, from, note, bytes);
    overhear(scene, bytes);
}

bool pbx_has_binding(const struct pbx *pbx, const struct scene *scene, unsigned line)
{
    return pbx->bindings[line].until_us > scene->sim.now_us;
}

// ---- What arrives

static void answer_options(struct pbx *pbx, struct scene *scene, const struct sip_message *request)
{
    char bytes[SIM_PACKET_BYTES];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    unsigned status = sim_chance(&scene->sim, 50) ? 200 : 404;
    if (pbx->mood == MOOD_BUSY) status = 503;
    sip_put_status_line(&out, status, SPAN_NONE);
    sip_put_reply_headers(&out, request, scene_own_address(), SPAN("options"));
    sip_put_end(&out, SPAN_NONE);
    ASSERT(!out.is_full);
    if (pbx->answers_options) pbx_send(pbx, scene, "", buffer_span(&out));
}

void pbx_receive(struct pbx *pbx, struct scene *scene, const struct sip_message *message)
{
    if (pbx->mood == MOOD_SILENT) return;
    if (message->is_request) {
        if (message->method == SIP_REGISTER) pbx_register(pbx, scene, message);
        if (message->method == SIP_OPTIONS) answer_options(pbx, scene, message);
        return;
    }
    struct leg *leg = leg_find(scene, message->via.branch);
    if (leg && leg->pbx == pbx->index) leg_receive(leg, scene, message);
}
