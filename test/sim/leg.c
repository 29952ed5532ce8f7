// SPDX-License-Identifier: Apache-2.0
// Callers: INVITE client transactions, and what they do with a 302.
#include "sim/scene.h"

#include <stdio.h>
#include <string.h>

static const uint64_t second_us = 1000000;
static const uint64_t t1_us = 500000, t2_us = 4000000;
static const uint64_t transaction_us = 64 * 500000; // timers B, D and F

// ---- Resending

static void start_resending(struct resending *resending, uint64_t now_us, uint64_t interval_us_max)
{
    *resending = (struct resending){now_us, t1_us, interval_us_max};
}

static void stop_resending(struct resending *resending)
{
    resending->next_us = DEADLINE_NEVER;
}

// True when it is time to send; sets the next time.
static bool is_time_to_send(struct resending *resending, uint64_t now_us)
{
    if (resending->next_us > now_us) return false;
    resending->next_us = now_us + resending->interval_us;
    resending->interval_us *= 2;
    if (resending->interval_us > resending->interval_us_max) {
        resending->interval_us = resending->interval_us_max;
    }
    return true;
}

// ---- Messages

static void put_caller(struct buffer *out, struct scene *scene, const struct caller_id *caller)
{
    bool is_national = sim_chance(&scene->sim, 30);
    if (caller->number < 1000) {
        buffer_printf(out, "%u", caller->number);
    } else {
        buffer_printf(out, "%s89555%u", is_national ? "0" : "+49", caller->number);
    }
}

static void put_identity(struct buffer *out, struct scene *scene, const struct call *call)
{
    const struct caller_id *caller = &call->caller;
    const char *domain = site_domain(call->pbx);
    if (!caller->has_asserted) return;
    buffer_put_text(out, "P-Asserted-Identity: <sip:");
    put_caller(out, scene, caller);
    buffer_printf(out, "@%s>\r\n", domain);
    if (caller->is_anonymous) buffer_put_text(out, "Privacy: id\r\n");
}

static void put_from(struct buffer *out, struct scene *scene, const struct leg *leg)
{
    const struct call *call = &scene->calls[leg->call];
    buffer_put_text(out, "From: ");
    if (call->caller.is_anonymous) {
        buffer_put_text(out, "\"Anonymous\" <sip:anonymous@anonymous.invalid>");
    } else if (call->caller.has_asserted) {
        buffer_printf(out, "<sip:trunk@%s>", site_domain(leg->pbx));
    } else {
        buffer_put_text(out, "\"A caller\" <sip:");
        put_caller(out, scene, &call->caller);
        buffer_printf(out, "@%s>", site_domain(leg->pbx));
    }
    buffer_printf(out, ";tag=call%u\r\n", leg->call);
}

static void put_extension(struct buffer *out, const struct leg *leg)
{
    buffer_printf(out, "%u", leg->flaw == FLAW_LINE ? 199 : 101 + leg->line);
}

static void put_head(struct buffer *out, const struct leg *leg, const char *method)
{
    buffer_printf(out, "%s sip:", method);
    put_extension(out, leg);
    buffer_printf(out, "@192.0.2.9:5070 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.%u:%u%s", leg->pbx + 1,
                  leg->port, leg->has_rport ? ";rport" : "");
    buffer_printf(out, ";branch=z9hG4bKleg%u\r\n", leg->number);
}

static void put_flaw(struct buffer *out, const struct leg *leg)
{
    if (leg->flaw == FLAW_REQUIRE) buffer_put_text(out, "Require: teleport\r\n");
    buffer_printf(out, "Content-Type: %s\r\n",
                  leg->flaw == FLAW_CONTENT ? "text/html" : "application/sdp");
}

static void print_invite(struct leg *leg, struct scene *scene)
{
    struct buffer out = buffer_over(leg->invite, sizeof leg->invite);
    put_head(&out, leg, "INVITE");
    put_from(&out, scene, leg);
    buffer_put_text(&out, "To: <sip:");
    put_extension(&out, leg);
    buffer_printf(&out, "@%s>\r\nCall-ID: %s\r\nCSeq: 7 INVITE\r\nMax-Forwards: 70\r\n",
                  site_domain(leg->pbx), leg->call_id);
    put_identity(&out, scene, &scene->calls[leg->call]);
    buffer_put_text(&out, leg->diversion);
    if (leg->is_psap_callback) buffer_put_text(&out, "Priority: psap-callback\r\n");
    buffer_printf(&out, "Contact: <sip:192.0.2.%u>\r\n", leg->pbx + 1);
    put_flaw(&out, leg);
    sip_put_end(&out, SPAN("v=0\r\n"));
    ASSERT(!out.is_full);
    leg->invite_len = out.len;
}

static void send(struct leg *leg, struct scene *scene, struct span bytes)
{
    char note[48];
    snprintf(note, sizeof note, "pbx %u, call %u, leg %u ", leg->pbx, leg->call, leg->number);
    pbx_send(&scene->pbxs[leg->pbx], scene, note, bytes);
}

// ACK and CANCEL repeat what identifies the INVITE (9.1, 17.1.1.3).
static void send_after(struct leg *leg, struct scene *scene, const char *method, struct span to)
{
    char bytes[SIM_PACKET_BYTES];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    struct sip_message invite;
    bool is_read = scene_parse((struct span){leg->invite, leg->invite_len}, &invite);
    ASSERT(is_read);
    put_head(&out, leg, method);
    sip_put_header(&out, "From", sip_header_value(&invite, SIP_FROM));
    sip_put_header(&out, "To", to.len > 0 ? to : sip_header_value(&invite, SIP_TO));
    buffer_printf(&out, "Call-ID: %s\r\nCSeq: 7 %s\r\nMax-Forwards: 70\r\n", leg->call_id, method);
    if (leg->seen.is_elsewhere && strcmp(method, "CANCEL") == 0) {
        buffer_put_text(&out, "Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n");
    }
    sip_put_end(&out, SPAN_NONE);
    ASSERT(!out.is_full);
    send(leg, scene, buffer_span(&out));
}

// ---- Placing

static struct caller_id choose_caller(struct scene *scene)
{
    struct sim *sim = &scene->sim;
    struct caller_id caller = {.is_internal = sim_chance(sim, 40)};
    bool is_unique = sim_chance(sim, 60);
    if (caller.is_internal) {
        caller.number = (unsigned)sim_between(sim, 101, sim_chance(sim, 50) ? 108 : 185);
    } else {
        caller.number = is_unique ? 20000 + scene->call_count
                                  : (unsigned)sim_between(sim, 10001, 10004);
    }
    caller.has_asserted = sim_chance(sim, 30);
    caller.is_anonymous = sim_chance(sim, 20);
    if (caller.is_anonymous && !caller.has_asserted) {
        caller.is_internal = false;
        caller.number = 0; // nobody knows
    }
    return caller;
}

static struct leg *add_leg(struct scene *scene, unsigned call)
{
    struct sim *sim = &scene->sim;
    ASSERT(scene->leg_count < LEG_MAX);
    struct leg *leg = &scene->legs[scene->leg_count];
    memset(leg, 0, sizeof *leg);
    leg->number = scene->leg_count++;
    leg->call = call;
    leg->pbx = scene->calls[call].pbx;
    leg->port = scene->pbxs[leg->pbx].listens.port;
    leg->start_us = sim->now_us;
    leg->give_up_us = sim->now_us + transaction_us;
    leg->end_us = DEADLINE_NEVER;
    leg->top_diverter = PLACE_NONE;
    leg->acknowledges = sim_chance(sim, 95);
    leg->has_rport = sim_chance(sim, 50);
    leg->is_psap_callback = sim_chance(sim, 3);
    leg->cancels_at_once = sim_chance(sim, 5);
    leg->seen.is_elsewhere = sim_chance(sim, 30);
    leg->flaw = sim_chance(sim, 6) ? (enum leg_flaw)sim_between(sim, 1, FLAW_COUNT - 1) : FLAW_NONE;
    stop_resending(&leg->cancel);
    start_resending(&leg->request, sim->now_us, transaction_us);
    // Whoever calls hangs up again: while it is being answered, after a while, or very late.
    uint64_t patience_us = sim_chance(sim, 30)   ? sim_between(sim, 0, 3 * second_us)
                           : sim_chance(sim, 80) ? sim_between(sim, 0, 60 * second_us)
                                                 : 200 * second_us;
    leg->cancel_us = sim->now_us + patience_us;
    return leg;
}

static void finish_leg(struct leg *leg, struct scene *scene)
{
    const struct pbx *pbx = &scene->pbxs[leg->pbx];
    int len = pbx->is_proxy ? snprintf(leg->call_id, sizeof leg->call_id, "call%u", leg->call)
                            : snprintf(leg->call_id, sizeof leg->call_id, "leg%u", leg->number);
    ASSERT(len > 0 && (size_t)len < sizeof leg->call_id);
    print_invite(leg, scene);
}

// ---- What is told of diversions

static void put_history_info(struct leg *leg)
{
    struct buffer out = buffer_over(leg->diversion, sizeof leg->diversion - 1);
    const char *domain = site_domain(leg->pbx);
    buffer_put_text(&out, "History-Info: ");
    for (unsigned i = 0; i < leg->trail_count; i++) {
        buffer_put_text(&out, "<sip:");
        site_put_diverter(&out, leg->trail[i]);
        buffer_printf(&out, "@%s%s>;index=%u, ", domain, i > 0 ? ";cause=302" : "", i + 1);
        leg->told.visited |= 1U << leg->trail[i];
    }
    buffer_printf(&out, "<sip:%u@%s;cause=302>;index=%u\r\n", 101 + leg->line, domain,
                  leg->trail_count + 1);
    ASSERT(!out.is_full);
    leg->told.count = leg->trail_count;
    leg->top_diverter = leg->trail[leg->trail_count - 1];
}

// The call was diverted before it came to us, by the PBX itself.
static void divert_before(struct leg *leg, struct scene *scene)
{
    struct sim *sim = &scene->sim;
    unsigned place = (unsigned)sim_between(sim, 0, PLACE_MOBILE), count = 1;
    if (place == leg->line) place = PLACE_ATTENDANT;
    leg->trail[leg->trail_count++] = leg->top_diverter = place;
    if (scene->pbxs[leg->pbx].telling == TELLS_HISTORY) {
        put_history_info(leg);
    } else {
        struct buffer out = buffer_over(leg->diversion, sizeof leg->diversion - 1);
        count = (unsigned)sim_between(sim, 1, 4);
        buffer_put_text(&out, "Diversion: <sip:");
        site_put_diverter(&out, place);
        buffer_printf(&out, "@%s>;reason=user-busy", site_domain(leg->pbx));
        if (count > 1) buffer_printf(&out, ";counter=%u", count);
        buffer_put_text(&out, "\r\n");
        ASSERT(!out.is_full);
        leg->told = (struct site_history){1U << place, count};
    }
    leg->truth = leg->told;
}

// Takes over what the 302 tells: all of it, or only who was the last.
static void copy_diversion(struct leg *leg, const struct sip_message *response, bool is_latest_only)
{
    struct buffer out = buffer_over(leg->diversion, sizeof leg->diversion - 1);
    struct sip_values place = SIP_VALUES_START;
    struct span value, text;
    while (sip_next_value(response, SIP_DIVERSION, &place, &value)) {
        struct sip_address diverter;
        uint64_t counter = 1;
        enum sip_err err = sip_parse_address(value, &diverter);
        ASSERT(err == SIP_OK);
        unsigned from = site_place_of_diverter(leg->pbx, diverter.uri.user);
        ASSERT(from != PLACE_NONE);
        if (leg->told.count == 0) leg->top_diverter = from;
        leg->told.visited |= 1U << from;
        if (is_latest_only) {
            buffer_printf(&out, "Diversion: <%.*s>;reason=unknown\r\n",
                          SPAN_ARG(diverter.uri_text));
            leg->told.count = 1;
            break;
        }
        if (sip_find_param(diverter.params, SPAN("counter"), &text)) {
            (void)span_to_u64(text, 99, &counter);
        }
        buffer_printf(&out, "Diversion: %.*s\r\n", SPAN_ARG(value));
        leg->told.count += (unsigned)counter;
    }
    ASSERT(!out.is_full);
}

static void tell_diversion(struct leg *leg, struct scene *scene, const struct sip_message *response)
{
    switch (scene->pbxs[leg->pbx].telling) {
    case TELLS_ALL: copy_diversion(leg, response, false); break;
    case TELLS_LATEST: copy_diversion(leg, response, true); break;
    case TELLS_NOTHING: break;
    case TELLS_HISTORY: put_history_info(leg); break;
    }
}

void leg_place_call(struct scene *scene, struct pbx *pbx)
{
    struct sim *sim = &scene->sim;
    if (scene->call_count == CALL_MAX || scene->leg_count + 2 > LEG_MAX) return;
    unsigned number = scene->call_count;
    struct call *call = &scene->calls[number];
    *call = (struct call){.pbx = pbx->index, .caller = choose_caller(scene)};
    scene->call_count++;
    struct leg *leg = add_leg(scene, number);
    leg->line = (unsigned)sim_between(sim, 0, SITE_LINES - 1);
    if (sim_chance(sim, 15)) divert_before(leg, scene);
    finish_leg(leg, scene);
    if (!sim_chance(sim, 5)) return;
    // The PBX has two contacts of ours for the line: the same call comes twice.
    struct leg *twin = add_leg(scene, number);
    unsigned twin_number = twin->number;
    *twin = *leg;
    twin->number = twin_number;
    finish_leg(twin, scene);
}

// Prepares the leg that follows the 302: it is sent when its time comes.
static void prepare_to_follow(struct leg *leg, struct scene *scene,
                              const struct sip_message *response)
{
    struct sim *sim = &scene->sim;
    struct sip_address contact;
    if (scene->leg_count == LEG_MAX || leg->trail_count > LEG_HOPS_MAX) return;
    if (sip_parse_address(sip_header_value(response, SIP_CONTACT), &contact) != SIP_OK) return;
    unsigned place = site_place_dialled(contact.uri.user);
    if (place >= SITE_LINES) return;
    struct leg *next = add_leg(scene, leg->call);
    uint64_t after_us = sim_chance(sim, 90) ? sim_between(sim, 0, second_us)
                                            : sim_between(sim, 0, 12 * second_us);
    next->start_us += after_us;
    next->give_up_us += after_us;
    next->cancel_us += after_us;
    next->request.next_us += after_us;
    next->line = place;
    next->truth = leg->truth;
    next->truth.visited |= 1U << leg->line;
    next->truth.count++;
    memcpy(next->trail, leg->trail, sizeof next->trail);
    next->trail_count = leg->trail_count;
    next->trail[next->trail_count++] = leg->line;
    next->seen.is_blind = leg->seen.is_blind;
    tell_diversion(next, scene, response);
    finish_leg(next, scene);
}

// ---- Time

static bool is_waiting_for_end(const struct leg *leg)
{
    return leg->state == LEG_CALLING || leg->state == LEG_PROCEEDING;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

// Before a provisional answer has come nobody may cancel (9.1); some do.
static bool may_cancel(const struct leg *leg)
{
    return leg->state == LEG_PROCEEDING || (leg->state == LEG_CALLING && leg->cancels_at_once);
}

uint64_t leg_deadline_us(const struct leg *leg)
{
    if (leg->state == LEG_OVER) return DEADLINE_NEVER;
    uint64_t deadline_us = earlier(leg->request.next_us, leg->cancel.next_us);
    deadline_us = earlier(deadline_us, leg->end_us);
    if (may_cancel(leg)) deadline_us = earlier(deadline_us, leg->cancel_us);
    if (is_waiting_for_end(leg)) deadline_us = earlier(deadline_us, leg->give_up_us);
    return deadline_us;
}

void leg_forget(struct leg *leg)
{
    leg->state = LEG_OVER;
}

static void give_up(struct leg *leg, struct scene *scene)
{
    bool is_here = leg->port == scene->pbxs[leg->pbx].listens.port;
    if (is_here && scene_is_calm_since(scene, leg->start_us)) {
        sim_fail(&scene->sim, "leg %u got no final answer, though nothing is lost", leg->number);
    }
    sim_log(&scene->sim, "leg %u gives up", leg->number);
    leg->state = LEG_OVER;
}

static void cancel(struct leg *leg, uint64_t now_us)
{
    leg->cancel_us = DEADLINE_NEVER;
    leg->give_up_us = now_us + transaction_us; // 9.1
    start_resending(&leg->cancel, now_us, t2_us);
}

void leg_tick(struct leg *leg, struct scene *scene)
{
    uint64_t now_us = scene->sim.now_us;
    if (leg->state == LEG_OVER || now_us < leg->start_us) return;
    if (is_waiting_for_end(leg) && leg->give_up_us <= now_us) give_up(leg, scene);
    if (leg->end_us <= now_us) leg->state = LEG_OVER;
    if (leg->state == LEG_OVER) return;
    if (may_cancel(leg) && leg->cancel_us <= now_us) cancel(leg, now_us);
    if (is_time_to_send(&leg->request, now_us)) {
        send(leg, scene, (struct span){leg->invite, leg->invite_len});
    }
    if (is_time_to_send(&leg->cancel, now_us)) send_after(leg, scene, "CANCEL", SPAN_NONE);
}

// ---- Answers

struct leg *leg_find(struct scene *scene, struct span branch)
{
    static const struct span prefix = {"z9hG4bKleg", 10};
    uint64_t number;
    if (!span_starts_with(branch, prefix)) return NULL;
    if (!span_to_u64(span_from(branch, prefix.len), LEG_MAX, &number)) return NULL;
    return number < scene->leg_count ? &scene->legs[number] : NULL;
}

static void complete(struct leg *leg, struct scene *scene, const struct sip_message *response)
{
    leg->state = LEG_COMPLETED;
    leg->status = response->status;
    leg->end_us = scene->sim.now_us + transaction_us;
    stop_resending(&leg->request);
    bool has_hung_up = leg->cancel.interval_us > 0;
    if (response->status == 302 && !has_hung_up) prepare_to_follow(leg, scene, response);
}

void leg_receive(struct leg *leg, struct scene *scene, const struct sip_message *response)
{
    if (leg->state == LEG_OVER) return;
    if (response->method == SIP_CANCEL) {
        stop_resending(&leg->cancel);
    } else if (response->status >= 200) {
        char to[200];
        ASSERT(text_copy(to, sizeof to, sip_header_value(response, SIP_TO)));
        if (is_waiting_for_end(leg)) complete(leg, scene, response);
        if (leg->acknowledges) send_after(leg, scene, "ACK", span_of(to));
    } else if (leg->state == LEG_CALLING) {
        leg->state = LEG_PROCEEDING;
        leg->give_up_us = DEADLINE_NEVER;
        stop_resending(&leg->request);
    }
}
