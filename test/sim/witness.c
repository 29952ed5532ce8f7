// SPDX-License-Identifier: Apache-2.0
// The witness: what each datagram into the engine has to lead to, and whether it did.
#include "sim/scene.h"

#include <stdlib.h>
#include <string.h>

static const uint64_t late_us_max = 50000; // by which a clock may be late
static const uint64_t memory_us = 10000000;
static const uint64_t ringing_us = 60000000;
static const uint64_t settled_us = 5000000;    // timer I
static const uint64_t unsettled_us = 32000000; // timer H

// An answer and timer G: after 0.5, 1.5, 3.5, 7.5 s and then each 4 s, for 32 s.
enum { STRANGER_EXTRA_MAX = 300, CALLS_BUSY = 20, FINALS_MIN = 11 };

static uint64_t distance(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

static struct site_history join(const struct site_history *a, const struct site_history *b)
{
    return (struct site_history){a->visited | b->visited,
                                 a->count > b->count ? a->count : b->count};
}

static bool is_equal(const struct site_history *a, const struct site_history *b)
{
    return a->visited == b->visited && a->count == b->count;
}

// ---- What the engine remembers (docs/decision.md "Steps", 2)

enum fit { FIT_NONE, FIT_MAYBE, FIT_SURE };

static enum fit fit_memory(const struct scene *scene, const struct memory *memory,
                           const struct leg *leg)
{
    const struct call *call = &scene->calls[leg->call];
    uint64_t now_us = scene->sim.now_us;
    bool is_alive = memory->incarnation == scene->incarnation && memory->until_us > now_us;
    if (!is_alive || memory->group != leg->pbx || memory->place != leg->line) return FIT_NONE;
    if (memory->is_return) {
        bool is_same = scene->pbxs[leg->pbx].is_proxy && memory->call == leg->call;
        return is_same || memory->caller == call->caller.number ? FIT_MAYBE : FIT_NONE;
    }
    bool is_by_diverter = call->caller.is_anonymous && leg->told.count > 0;
    bool is_fitting = is_by_diverter ? memory->diverter == leg->top_diverter
                                     : memory->caller == call->caller.number;
    if (!is_fitting) return FIT_NONE;
    bool is_sure = memory->is_certain && memory->until_us > now_us + late_us_max;
    return is_sure ? FIT_SURE : FIT_MAYBE;
}

static bool is_alike(const struct memory *a, const struct memory *b)
{
    return a->incarnation == b->incarnation && a->group == b->group && a->place == b->place &&
           a->caller == b->caller && a->diverter == b->diverter && a->is_return == b->is_return &&
           a->call == b->call && is_equal(&a->history, &b->history) && a->is_certain &&
           b->is_certain;
}

static void forget_too_old(struct witness *witness, uint64_t now_us)
{
    unsigned count = 0;
    for (unsigned i = 0; i < witness->memory_count; i++) {
        if (witness->memories[i].until_us > now_us) {
            witness->memories[count++] = witness->memories[i];
        }
    }
    witness->memory_count = count;
}

static void add_memory(struct scene *scene, const struct leg *leg, unsigned place,
                       const struct site_history *history, bool is_certain)
{
    struct witness *witness = &scene->witness;
    const struct caller_id *caller = &scene->calls[leg->call].caller;
    struct memory memory = {
        .until_us = scene->sim.now_us + memory_us,
        .count = 1,
        .incarnation = scene->incarnation,
        .group = leg->pbx,
        .place = place,
        .caller = caller->number,
        .diverter = caller->is_anonymous ? leg->line : PLACE_NONE,
        .history = {history->visited | 1U << leg->line, history->count + 1},
        .is_certain = is_certain,
    };
    if (place >= SITE_LINES || !scene->site.groups[leg->pbx].lines[place].is_there) {
        memory.is_return = true;
        memory.place = leg->line;
        memory.call = leg->call;
        memory.caller = place < PLACE_ATTENDANT    ? 101 + place
                        : place == PLACE_ATTENDANT ? 180
                                                   : CALLER_NONE; // these numbers call nobody here
        memory.diverter = PLACE_NONE;
        memory.history.visited = 1U << leg->line | 1U << place; // all that is known of it
    }
    forget_too_old(witness, scene->sim.now_us);
    for (unsigned i = 0; i < witness->memory_count; i++) {
        struct memory *other = &witness->memories[i];
        if (!is_alike(other, &memory)) continue;
        other->count++;
        other->until_us = memory.until_us;
        return;
    }
    ASSERT(witness->memory_count < MEMORY_MAX);
    witness->memories[witness->memory_count++] = memory;
}

// The engine has made use of one of the memories that fit.
static void take_memory(struct scene *scene, const struct leg *leg)
{
    struct memory *fitting[MEMORY_MAX];
    unsigned count = 0;
    bool is_same = true;
    for (unsigned i = 0; i < scene->witness.memory_count; i++) {
        struct memory *memory = &scene->witness.memories[i];
        if (memory->is_return || fit_memory(scene, memory, leg) == FIT_NONE) continue;
        fitting[count++] = memory;
        if (!memory->is_certain || !is_equal(&memory->history, &fitting[0]->history))
            is_same = false;
    }
    if (count > 0 && is_same) {
        if (--fitting[0]->count == 0) fitting[0]->until_us = 0;
    } else {
        for (unsigned i = 0; i < count; i++) fitting[i]->is_certain = false;
    }
}

// ---- A new INVITE: what may become of it

static void add_fate(struct scene *scene, struct leg *leg, const struct site_history *history)
{
    const struct call *call = &scene->calls[leg->call];
    struct leg_seen *seen = &leg->seen;
    struct site_call question = {
        .group = leg->pbx,
        .line = leg->line,
        .is_internal = call->caller.is_internal,
        .is_psap_callback = leg->is_psap_callback,
        .history = *history,
    };
    for (unsigned i = 0; i < seen->fate_count; i++) {
        if (is_equal(&seen->histories[i], history)) return;
    }
    ASSERT(seen->fate_count < LEG_FATES_MAX);
    seen->histories[seen->fate_count] = *history;
    seen->fates[seen->fate_count++] = site_fate(&scene->site, &question);
}

static void expect_fates(struct scene *scene, struct leg *leg)
{
    bool is_sure = false;
    for (unsigned i = 0; i < scene->witness.memory_count; i++) {
        const struct memory *memory = &scene->witness.memories[i];
        enum fit fit = fit_memory(scene, memory, leg);
        struct site_history known = join(&leg->told, &memory->history);
        if (fit == FIT_SURE) is_sure = true;
        if (fit != FIT_NONE) add_fate(scene, leg, &known);
    }
    if (!is_sure) add_fate(scene, leg, &leg->told);
    for (unsigned i = 0; i < leg->seen.fate_count; i++) {
        const struct site_history *known = &leg->seen.histories[i];
        if ((leg->truth.visited & ~known->visited) != 0 || known->count < leg->truth.count) {
            leg->seen.is_blind = true;
        }
    }
}

// When the engine forgets the transaction; DEADLINE_NEVER while it is open.
static uint64_t forgotten_at_us(const struct leg_seen *seen)
{
    if (seen->acknowledged_us > 0) return seen->acknowledged_us + settled_us;
    return seen->status > 0 ? seen->final_us + unsettled_us : DEADLINE_NEVER;
}

// The same request by another path, while the first one is being dealt with (8.2.2.2).
static bool is_merged(const struct scene *scene, const struct leg *leg)
{
    for (unsigned i = 0; i < scene->leg_count; i++) {
        const struct leg *other = &scene->legs[i];
        const struct leg_seen *seen = &other->seen;
        if (other == leg || other->call != leg->call || other->line != leg->line) continue;
        if (other->flaw == FLAW_LINE || leg->flaw == FLAW_LINE) continue;
        if (!seen->is_call || seen->incarnation != scene->incarnation) continue;
        if (seen->acknowledged_us == 0 && scene->sim.now_us < forgotten_at_us(seen)) return true;
    }
    return false;
}

static unsigned expect_flat_status(const struct scene *scene, const struct leg *leg)
{
    const struct site_group *group = &scene->site.groups[leg->pbx];
    if (scene->pbxs[leg->pbx].is_proxy && is_merged(scene, leg)) return 482;
    if (leg->flaw == FLAW_REQUIRE) return 420;
    if (!group->is_there || !group->is_address_known) return 403;
    if (leg->flaw == FLAW_CONTENT) return 415;
    return leg->flaw == FLAW_LINE || !group->lines[leg->line].is_there ? 404 : 0;
}

static void put_expectation(struct buffer *out, const struct leg *leg)
{
    const struct leg_seen *seen = &leg->seen;
    if (seen->flat_status > 0) buffer_printf(out, "%u", seen->flat_status);
    for (unsigned i = 0; i < seen->fate_count; i++) {
        if (i > 0) buffer_put_text(out, ", or ");
        site_put_fate(out, &seen->fates[i]);
        buffer_printf(out, " as diverted %u times", seen->histories[i].count);
    }
}

static void log_expectation(struct scene *scene, const struct leg *leg)
{
    char bytes[100];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    const struct caller_id *caller = &scene->calls[leg->call].caller;
    put_expectation(&out, leg);
    sim_log(&scene->sim, "leg %u, %s%s caller %u, tells of %u/%u diversions; expected: %.*s",
            leg->number, caller->is_internal ? "internal" : "external",
            caller->is_anonymous ? " anonymous" : "", caller->number, leg->told.count,
            leg->truth.count, SPAN_ARG(buffer_span(&out)));
}

// True when the engine sees this INVITE for the first time.
static bool invite_arrives(struct scene *scene, struct leg *leg)
{
    struct leg_seen *seen = &leg->seen;
    bool is_known = seen->incarnation == scene->incarnation && seen->is_call;
    uint64_t forgotten_us = is_known ? forgotten_at_us(seen) : 0;
    if (is_known && distance(forgotten_us, scene->sim.now_us) < 2 * late_us_max) {
        seen->is_unclear = true;
    }
    if (is_known && forgotten_us > scene->sim.now_us) return false;
    char tag[sizeof seen->tag];
    bool is_same_engine = seen->incarnation == scene->incarnation;
    memcpy(tag, seen->tag, sizeof tag);
    *seen = (struct leg_seen){
        .incarnation = scene->incarnation,
        .is_elsewhere = seen->is_elsewhere,
        .is_blind = seen->is_blind,
        .is_unclear = seen->is_unclear,
        .decided_us = scene->sim.now_us,
    };
    if (is_same_engine) memcpy(seen->tag, tag, sizeof tag);
    seen->flat_status = expect_flat_status(scene, leg);
    seen->may_be_refused = world_counts(scene->world).open_calls >= CALLS_BUSY;
    seen->is_call = seen->flat_status == 0;
    if (seen->is_call && !scene->is_wild) expect_fates(scene, leg);
    scene->witness.invite_count++;
    log_expectation(scene, leg);
    return true;
}

// ---- An answer to an INVITE

_Noreturn static void fail_answer(const struct scene *scene, const struct leg *leg, unsigned status)
{
    char bytes[400];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    put_expectation(&out, leg);
    sim_fail(&scene->sim, "leg %u to line %u got %u; expected: %.*s", leg->number, 101 + leg->line,
             status, SPAN_ARG(buffer_span(&out)));
}

static bool is_dialled(const struct leg *leg, const struct sip_message *response,
                       const struct fate *fate)
{
    char bytes[128];
    struct buffer expected = buffer_over(bytes, sizeof bytes);
    buffer_put_text(&expected, "<sip:");
    site_put_dialled(&expected, fate->place);
    buffer_printf(&expected, "@%s>", site_domain(leg->pbx));
    return span_eq(sip_header_value(response, SIP_CONTACT), buffer_span(&expected));
}

static bool is_fitting(const struct leg *leg, const struct sip_message *response,
                       const struct fate *fate)
{
    switch (fate->kind) {
    case FATE_REDIRECT: return response->status == 302 && is_dialled(leg, response, fate);
    case FATE_HOLD: return response->status == 180;
    case FATE_DECLINE: return response->status == fate->status;
    }
    return false;
}

// Keeps what fits the answer; it must be something.
static void narrow_fates(struct scene *scene, struct leg *leg, const struct sip_message *response)
{
    struct leg_seen *seen = &leg->seen;
    unsigned count = 0;
    for (unsigned i = 0; i < seen->fate_count; i++) {
        if (!is_fitting(leg, response, &seen->fates[i])) continue;
        seen->fates[count] = seen->fates[i];
        seen->histories[count++] = seen->histories[i];
    }
    if (count == 0) fail_answer(scene, leg, response->status);
    seen->fate_count = count;
}

static void check_diversion(struct scene *scene, const struct leg *leg,
                            const struct sip_message *response)
{
    static const char *const reasons[] = {"unconditional", "do-not-disturb", "unavailable"};
    const struct leg_seen *seen = &leg->seen;
    struct sip_values place = SIP_VALUES_START;
    struct span value, text;
    struct sip_address diverter;
    unsigned sum = 0;
    bool is_internal = seen->fates[0].place <= PLACE_ATTENDANT;
    for (bool is_first = true; sip_next_value(response, SIP_DIVERSION, &place, &value);
         is_first = false) {
        uint64_t counter = 1;
        enum sip_err err = sip_parse_address(value, &diverter);
        if (err != SIP_OK) sim_fail(&scene->sim, "a Diversion cannot be read");
        if (sip_find_param(diverter.params, SPAN("counter"), &text))
            span_to_u64(text, 99, &counter);
        sum += (unsigned)counter;
        if (!is_first) continue;
        bool is_public = diverter.uri.user.at[0] == '+';
        unsigned by = site_place_of_diverter(leg->pbx, diverter.uri.user);
        if (by != leg->line || is_public == is_internal) {
            sim_fail(&scene->sim, "leg %u was diverted by %.*s", leg->number,
                     SPAN_ARG(diverter.uri.user));
        }
        (void)sip_find_param(diverter.params, SPAN("reason"), &text);
        if (!span_eq(text, span_of(reasons[seen->fates[0].cause]))) {
            sim_fail(&scene->sim, "leg %u was diverted because of %.*s", leg->number,
                     SPAN_ARG(text));
        }
    }
    bool has_diversion = scene->site.groups[leg->pbx].has_diversion;
    if (has_diversion != (sum > 0)) sim_fail(&scene->sim, "Diversion is there or missing");
    if (has_diversion && seen->fate_count == 1 && sum != seen->histories[0].count + 1) {
        sim_fail(&scene->sim, "leg %u tells of %u diversions instead of %u", leg->number, sum,
                 seen->histories[0].count + 1);
    }
}

static void check_redirect(struct scene *scene, struct leg *leg, const struct sip_message *response)
{
    const struct leg_seen *seen = &leg->seen;
    unsigned place = seen->fates[0].place;
    if (place == leg->line) sim_fail(&scene->sim, "leg %u is sent to its own line", leg->number);
    bool is_circle = leg->truth.visited >> place & 1;
    bool is_too_far = leg->truth.count >= scene->site.groups[leg->pbx].max_diversions;
    if (!seen->is_blind && (is_circle || is_too_far)) {
        sim_fail(&scene->sim, "leg %u goes in a circle, or too far", leg->number);
    }
    check_diversion(scene, leg, response);
    for (unsigned i = 0; i < seen->fate_count; i++) {
        add_memory(scene, leg, place, &seen->histories[i], seen->fate_count == 1);
    }
    scene->witness.redirect_count++;
}

// The first answer tells what was decided.
static void check_decision(struct scene *scene, struct leg *leg, const struct sip_message *response)
{
    narrow_fates(scene, leg, response);
    take_memory(scene, leg);
    if (response->status == 302) check_redirect(scene, leg, response);
}

// While a call is held, 180 comes each minute (13.3.1.1).
static void check_ringing(struct scene *scene, const struct leg *leg)
{
    const struct leg_seen *seen = &leg->seen;
    uint64_t now_us = scene->sim.now_us;
    if (seen->rung_us == 0 || now_us <= seen->rung_us + ringing_us + late_us_max) return;
    if (scene_has_slept_since(scene, seen->rung_us)) return;
    sim_fail(&scene->sim, "leg %u was silent for %llu s", leg->number,
             (unsigned long long)(now_us - seen->rung_us) / 1000000);
}

static void check_end_of_hold(struct scene *scene, const struct leg *leg, unsigned status)
{
    const struct leg_seen *seen = &leg->seen;
    const struct fate *fate = &seen->fates[0];
    if (status == 487 && seen->is_cancelled) return;
    uint64_t end_us = seen->decided_us + fate->hold_s * UINT64_C(1000000);
    if (status != fate->status) fail_answer(scene, leg, status);
    check_ringing(scene, leg);
    if (scene_has_slept_since(scene, end_us)) return;
    if (distance(end_us, scene->sim.now_us) > late_us_max) {
        sim_fail(&scene->sim, "the hold of leg %u ends at the wrong time", leg->number);
    }
}

static void check_final(struct scene *scene, struct leg *leg, const struct sip_message *response,
                        bool is_first)
{
    struct leg_seen *seen = &leg->seen;
    seen->final_count++;
    if (seen->status > 0) {
        if (seen->status == response->status) return;
        sim_fail(&scene->sim, "leg %u got %u after %u", leg->number, response->status,
                 seen->status);
    }
    seen->status = response->status;
    seen->final_us = scene->sim.now_us;
    if (seen->flat_status > 0) {
        if (response->status != seen->flat_status) fail_answer(scene, leg, response->status);
    } else if (response->status == 503 && seen->may_be_refused && is_first) {
        seen->is_call = false;
        seen->flat_status = 503;
    } else if (is_first) {
        check_decision(scene, leg, response);
    } else {
        check_end_of_hold(scene, leg, response->status);
    }
}

// All answers to a request have the same To tag (8.2.6.2, 8.2.7).
static void check_tag(struct scene *scene, struct leg *leg, const struct sip_message *response)
{
    struct leg_seen *seen = &leg->seen;
    bool is_new = seen->tag[0] == '\0' && response->to.tag.len > 0;
    if (is_new) ASSERT(text_copy(seen->tag, sizeof seen->tag, response->to.tag));
    if (!is_new && !span_eq(span_of(seen->tag), response->to.tag)) {
        sim_fail(&scene->sim, "the answers to leg %u have several tags", leg->number);
    }
}

// A call of which nothing is foretold: one final answer, and none that needs a CANCEL without one.
static void check_wild_answer(struct scene *scene, struct leg *leg, unsigned status, bool is_first)
{
    struct leg_seen *seen = &leg->seen;
    if (seen->status > 0 && seen->status != status) {
        sim_fail(&scene->sim, "leg %u got %u after %u", leg->number, status, seen->status);
    }
    if (status < 200) return;
    if (status == 487 && !seen->is_cancelled) {
        sim_fail(&scene->sim, "leg %u got 487 and was not cancelled", leg->number);
    }
    if (status == 503 && seen->may_be_refused && is_first) seen->is_call = false;
    if (seen->status == 0) seen->final_us = scene->sim.now_us;
    seen->status = status;
    seen->final_count++;
}

static void check_answer(struct scene *scene, struct leg *leg, const struct sip_message *response)
{
    struct leg_seen *seen = &leg->seen;
    if (seen->incarnation != scene->incarnation) {
        sim_fail(&scene->sim, "an answer to leg %u, which the engine cannot know", leg->number);
    }
    if (seen->is_unclear && response->status >= 200) seen->status = response->status;
    check_tag(scene, leg, response);
    if (seen->is_unclear || response->status == 100) return;
    bool is_first = seen->decided_us == scene->sim.now_us && scene->witness.handling.is_new;
    if (scene->is_wild && seen->flat_status == 0) {
        check_wild_answer(scene, leg, response->status, is_first);
    } else if (response->status >= 200) {
        check_final(scene, leg, response, is_first);
    } else if (seen->status > 0) {
        sim_fail(&scene->sim, "leg %u got %u after its end", leg->number, response->status);
    } else if (is_first) {
        check_decision(scene, leg, response);
        seen->rung_us = scene->sim.now_us;
    } else if (scene->witness.handling.len == 0) {
        check_ringing(scene, leg);
        seen->rung_us = scene->sim.now_us;
    }
}

// ---- What the engine sends

// A message that says itself what it expects.
static void check_expectation(struct scene *scene, const struct sip_message *response)
{
    static const struct span prefix = {"expect-", 7};
    uint64_t expected = 0;
    if (!span_starts_with(response->call_id, prefix)) return;
    (void)span_to_u64(span_slice(response->call_id, prefix.len, prefix.len + 3), 699, &expected);
    if (response->status != expected) {
        sim_fail(&scene->sim, "an odd message got %u, not %u", response->status,
                 (unsigned)expected);
    }
}

static void check_answer_to_stranger(struct scene *scene, const struct sip_message *message)
{
    size_t len = message->bytes.len;
    struct handling *handling = &scene->witness.handling;
    handling->status = message->status;
    check_expectation(scene, message);
    if (message->is_request) sim_fail(&scene->sim, "a stranger gets a request");
    if (++handling->answer_count > 1) sim_fail(&scene->sim, "a stranger gets several answers");
    if (len > handling->len + STRANGER_EXTRA_MAX) {
        sim_fail(&scene->sim, "a stranger gets %zu bytes for %zu", len, handling->len);
    }
}

static void check_request(struct scene *scene, const struct pbx *pbx, const struct flow *flow,
                          const struct sip_message *request)
{
    if (request->method != SIP_REGISTER && request->method != SIP_OPTIONS) {
        sim_fail(&scene->sim, "a request that we never send");
    }
    if (request->method == SIP_REGISTER) {
        scene->witness.register_count++;
        pace_check(scene, pbx->index, &flow->peer, request);
    } else {
        pace_check_probe(scene, pbx->index, &flow->peer, request);
    }
}

static void check_response(struct scene *scene, const struct flow *flow,
                           const struct sip_message *response)
{
    struct handling *handling = &scene->witness.handling;
    struct leg *leg = leg_find(scene, response->via.branch);
    handling->status = response->status;
    handling->answer_count++;
    check_expectation(scene, response);
    if (!leg) return;
    bool is_at_port = flow->peer.port == leg->port || leg->has_rport;
    if (!is_at_port) sim_fail(&scene->sim, "an answer to a wrong port");
    if (response->method == SIP_INVITE) check_answer(scene, leg, response);
}

static void pass_on(struct scene *scene, const struct pbx *pbx, const struct flow *flow,
                    const struct sip_message *message)
{
    char note[64];
    struct buffer out = buffer_over(note, sizeof note - 1);
    const struct leg *leg = leg_find(scene, message->via.branch);
    buffer_printf(&out, "pbx %u, ", pbx->index);
    if (leg) {
        buffer_printf(&out, "call %u, leg %u ", leg->call, leg->number);
    } else {
        buffer_printf(&out, "%.*s ", SPAN_ARG(span_slice(message->to.uri.user, 0, 10)));
    }
    note[out.len] = '\0';
    sim_send_by(&scene->sim, SIM_THEIRS, &flow->peer, note, message->bytes);
}

static void look_at(struct scene *scene, const struct flow *flow, struct span bytes)
{
    struct sip_message message;
    const struct handling *handling = &scene->witness.handling;
    const struct pbx *pbx = scene_pbx_at(scene, &flow->peer);
    bool is_readable = scene_parse(bytes, &message);
    message.bytes = bytes;
    if (!is_readable && !handling->is_odd)
        sim_fail(&scene->sim, "a message of ours cannot be read");
    if (handling->stranger && address_eq_host(handling->stranger, &flow->peer)) {
        check_answer_to_stranger(scene, &message);
        return;
    }
    if (!pbx) sim_fail(&scene->sim, "a datagram to somebody who is no PBX");
    if (!is_readable) return;
    if (message.is_request) {
        check_request(scene, pbx, flow, &message);
    } else {
        check_response(scene, flow, &message);
    }
    pass_on(scene, pbx, flow, &message);
}

// ---- The journal

static struct leg *find_journalled(struct scene *scene, const struct model_journal_entry *entry)
{
    for (unsigned i = 0; i < scene->leg_count; i++) {
        struct leg *leg = &scene->legs[i];
        const struct leg_seen *seen = &leg->seen;
        if (!seen->is_call || seen->is_journalled || seen->incarnation != scene->incarnation)
            continue;
        if (seen->status == 0 || !span_eq(entry->call_id, span_of(leg->call_id))) continue;
        if (site_place_dialled(entry->extension) == leg->line) return leg;
    }
    return NULL;
}

static enum model_outcome expected_outcome(const struct leg_seen *seen)
{
    if (seen->acknowledged_us == 0) return OUTCOME_FAILED;
    if (seen->status == 302) return OUTCOME_FORWARDED;
    if (seen->fates[0].kind == FATE_DECLINE) return OUTCOME_DECLINED;
    bool is_elsewhere = seen->status == 487 && seen->is_elsewhere;
    return is_elsewhere ? OUTCOME_ANSWERED_ELSEWHERE : OUTCOME_MISSED;
}

static void check_entry(struct scene *scene, const struct model_journal_entry *entry)
{
    struct leg *leg = find_journalled(scene, entry);
    bool is_of_leg = span_starts_with(entry->call_id, SPAN("leg")) ||
                     span_starts_with(entry->call_id, SPAN("call"));
    if (!is_of_leg) return; // something odd that was a call all the same
    if (!leg) {
        sim_fail(&scene->sim, "the journal tells of call %.*s, which nobody knows",
                 SPAN_ARG(entry->call_id));
    }
    leg->seen.is_journalled = true;
    if (leg->seen.is_unclear) return;
    bool is_silent = leg->seen.acknowledged_us == 0 && leg->seen.final_count < FINALS_MIN;
    if (is_silent && !scene_has_slept_since(scene, leg->seen.final_us)) {
        sim_fail(&scene->sim, "leg %u got its answer only %u times", leg->number,
                 leg->seen.final_count);
    }
    bool is_right = entry->status == leg->seen.status &&
                    (scene->is_wild || entry->outcome == expected_outcome(&leg->seen)) &&
                    entry->is_internal == scene->calls[leg->call].caller.is_internal;
    if (!is_right) {
        sim_fail(&scene->sim, "the journal tells of leg %u: %u, %s", leg->number, entry->status,
                 model_name(&model_outcomes, entry->outcome));
    }
}

void witness_look(struct scene *scene)
{
    const struct model_journal_entry *entry;
    for (;;) {
        struct span bytes = world_take_sent(scene->world);
        if (bytes.len == 0) break;
        look_at(scene, world_sent_flow(scene->world), bytes);
    }
    while ((entry = world_take_entry(scene->world)) != NULL) check_entry(scene, entry);
    told_check(scene);
    if (world_counts(scene->world).effects_lost > 0) sim_fail(&scene->sim, "an effect was lost");
}

// ---- What the engine gets

static void ack_arrives(struct scene *scene, struct leg *leg)
{
    struct leg_seen *seen = &leg->seen;
    bool is_due = seen->incarnation == scene->incarnation && seen->is_call && seen->status > 0 &&
                  seen->acknowledged_us == 0;
    if (is_due && forgotten_at_us(seen) > scene->sim.now_us) {
        seen->acknowledged_us = scene->sim.now_us;
    }
}

// Returns the answer that the CANCEL must get.
static unsigned cancel_arrives(struct scene *scene, struct leg *leg)
{
    struct leg_seen *seen = &leg->seen;
    bool is_known = seen->incarnation == scene->incarnation && seen->is_call &&
                    forgotten_at_us(seen) > scene->sim.now_us;
    bool is_unclear = seen->incarnation == scene->incarnation && seen->is_call &&
                      distance(forgotten_at_us(seen), scene->sim.now_us) < late_us_max;
    if (is_known) seen->is_cancelled = true;
    return is_unclear || seen->is_unclear ? 0 : is_known ? 200 : 481;
}

static void check_after_cancel(struct scene *scene, const struct leg *leg, unsigned expected)
{
    const struct handling *handling = &scene->witness.handling;
    bool was_open = expected == 200 && leg->seen.final_us == scene->sim.now_us;
    if (expected == 0 || (was_open && handling->answer_count == 2)) return;
    if (handling->answer_count != 1 || handling->status != expected) {
        sim_fail(&scene->sim, "the CANCEL of leg %u got %u answers, the last one %u, not %u",
                 leg->number, handling->answer_count, handling->status, expected);
    }
    if (expected == 200 && leg->seen.status == 0) {
        sim_fail(&scene->sim, "leg %u was cancelled and has no final answer", leg->number);
    }
}

static void deliver_for_leg(struct scene *scene, struct leg *leg, const struct address *peer,
                            const struct sip_message *request)
{
    struct handling *handling = &scene->witness.handling;
    unsigned cancel_status = 0;
    if (request->method == SIP_INVITE) handling->is_new = invite_arrives(scene, leg);
    if (request->method == SIP_ACK) ack_arrives(scene, leg);
    if (request->method == SIP_CANCEL) cancel_status = cancel_arrives(scene, leg);
    world_receive(scene->world, peer, request->bytes);
    witness_look(scene);
    if (handling->is_new && handling->answer_count == 0 && !scene->is_wild) {
        sim_fail(&scene->sim, "leg %u was not answered at once", leg->number);
    }
    if (request->method == SIP_CANCEL) check_after_cancel(scene, leg, cancel_status);
}

static void deliver_for_stranger(struct scene *scene, const struct address *peer, struct span bytes)
{
    struct engine_counts before = world_counts(scene->world);
    world_receive(scene->world, peer, bytes);
    witness_look(scene);
    struct engine_counts after = world_counts(scene->world);
    if (after.open_calls > before.open_calls ||
        after.open_transactions > before.open_transactions) {
        sim_fail(&scene->sim, "a stranger takes room");
    }
    scene->witness.stranger_count++;
}

// A 423: the line asks again at once, for longer.
static void note_too_brief(struct scene *scene, const struct pbx *pbx,
                           const struct sip_message *response)
{
    unsigned line = site_place_dialled(response->to.uri.user);
    if (response->status != 423 || response->method != SIP_REGISTER || line >= SITE_LINES) return;
    scene->witness.may_repeat[pbx->index][line] = true;
}

void witness_deliver(struct scene *scene, const struct address *peer, struct span bytes)
{
    struct sip_message message;
    const struct pbx *pbx = scene_pbx_at(scene, peer);
    bool is_readable = scene_parse(bytes, &message);
    struct leg *leg = is_readable && pbx ? leg_find(scene, message.via.branch) : NULL;
    scene->witness.handling = (struct handling){
        .stranger = pbx ? NULL : peer, .len = bytes.len, .is_odd = !is_readable};
    if (leg && message.is_request && leg->pbx == pbx->index) {
        message.bytes = bytes;
        deliver_for_leg(scene, leg, peer, &message);
    } else if (!pbx) {
        deliver_for_stranger(scene, peer, bytes);
    } else {
        if (is_readable && !message.is_request) note_too_brief(scene, pbx, &message);
        world_receive(scene->world, peer, bytes);
        witness_look(scene);
    }
    scene->witness.handling = (struct handling){0};
}

// ---- Beginning and end

void witness_restarted(struct scene *scene)
{
    struct witness *witness = &scene->witness;
    for (unsigned group = 0; group < SITE_GROUPS; group++) pace_forget(&witness->paces[group]);
    memset(witness->may_repeat, 0, sizeof witness->may_repeat);
    told_restarted(scene);
}

void witness_check_end(struct scene *scene)
{
    struct engine_counts counts = world_counts(scene->world);
    for (unsigned i = 0; i < scene->leg_count; i++) {
        const struct leg *leg = &scene->legs[i];
        if (leg->seen.incarnation != scene->incarnation || !leg->seen.is_call) continue;
        if (leg->seen.is_unclear) continue;
        if (leg->seen.status == 0) sim_fail(&scene->sim, "leg %u has no final answer", i);
        if (!leg->seen.is_journalled) sim_fail(&scene->sim, "leg %u is in no journal", i);
    }
    if (counts.open_calls > 0 || counts.open_transactions > 0) {
        sim_fail(&scene->sim, "%u calls and %u transactions are left", counts.open_calls,
                 counts.open_transactions);
    }
}
