// SPDX-License-Identifier: Apache-2.0
// The peer that calls us.
#include "sim/caller.h"

#include <string.h>

static const uint64_t t1_us = 500000, t2_us = 4000000;
static const uint64_t give_up_us = 64 * 500000; // timers B and F
static const uint64_t proxy_us = 200000000;     // a proxy's timer C

// ---- Repeating

static void start_repeating(struct repeater *repeater, uint64_t now_us, uint64_t interval_us_max)
{
    *repeater = (struct repeater){now_us, t1_us, interval_us_max};
}

static void stop_repeating(struct repeater *repeater)
{
    repeater->next_us = DEADLINE_NEVER;
}

// True when it is time to send; sets the next time.
static bool is_time_to_send(struct repeater *repeater, uint64_t now_us)
{
    if (repeater->next_us > now_us) return false;
    repeater->next_us = now_us + repeater->interval_us;
    repeater->interval_us *= 2;
    if (repeater->interval_us > repeater->interval_us_max) {
        repeater->interval_us = repeater->interval_us_max;
    }
    return true;
}

// ---- Messages

// `to_tag` and `suffix` (of the branch) may be empty.
static void send_request(struct caller *caller, struct sim *sim, const char *method,
                         const char *to_tag, const char *suffix)
{
    char bytes[SIM_PACKET_BYTES];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    const char *cseq_method = caller->is_invite ? "INVITE" : "OPTIONS";
    if (strcmp(method, "ACK") == 0 || strcmp(method, "CANCEL") == 0) cseq_method = method;
    buffer_printf(&out, "%s sip:101@192.0.2.9 SIP/2.0\r\n", method);
    buffer_printf(&out, "Via: SIP/2.0/UDP 192.0.2.1;rport;branch=z9hG4bKcaller%u%s\r\n",
                  caller->number, suffix);
    buffer_printf(&out, "From: <sip:caller@192.0.2.1>;tag=f%u\r\n", caller->number);
    buffer_printf(&out, "To: <sip:101@192.0.2.9>%s%s\r\n", to_tag[0] ? ";tag=" : "", to_tag);
    buffer_printf(&out, "Call-ID: caller%u\r\nCSeq: 1 %s\r\n", caller->number, cseq_method);
    buffer_put_text(&out, "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n");
    ASSERT(!out.is_full);
    sim_send(sim, SIM_OURS, buffer_span(&out));
}

// ---- Time

void caller_init(struct caller *caller, struct sim *sim, unsigned number)
{
    *caller = (struct caller){
        .number = number,
        .is_invite = sim_chance(sim, 80),
        .start_us = sim->now_us + sim_between(sim, 0, 20000000),
        .cancel_us = DEADLINE_NEVER,
    };
    stop_repeating(&caller->request);
    stop_repeating(&caller->cancel);
    if (caller->is_invite && sim_chance(sim, 30)) {
        caller->cancel_us = caller->start_us + sim_between(sim, 0, 10000000);
    }
}

bool caller_is_done(const struct caller *caller)
{
    return caller->state == CALLER_ANSWERED || caller->state == CALLER_GAVE_UP;
}

static uint64_t give_up_at_us(const struct caller *caller)
{
    bool is_held = caller->is_invite && caller->state == CALLER_PROCEEDING;
    return caller->start_us + (is_held ? proxy_us : give_up_us);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t caller_deadline_us(const struct caller *caller)
{
    if (caller->state == CALLER_WAITING) return caller->start_us;
    uint64_t deadline_us = earlier(caller->request.next_us, caller->cancel.next_us);
    if (caller_is_done(caller)) return deadline_us;
    // A request may be cancelled once a provisional answer has come (9.1).
    if (caller->state == CALLER_PROCEEDING) {
        deadline_us = earlier(deadline_us, caller->cancel_us);
    }
    return earlier(deadline_us, give_up_at_us(caller));
}

static void give_up(struct caller *caller, struct sim *sim)
{
    if (sim->weather.loss_percent == 0 && caller->is_invite) {
        sim_fail(sim, "caller %u got no final answer, though nothing is lost", caller->number);
    }
    sim_log(sim, "caller %u gives up", caller->number);
    caller->state = CALLER_GAVE_UP;
    stop_repeating(&caller->request);
    stop_repeating(&caller->cancel);
}

void caller_tick(struct caller *caller, struct sim *sim)
{
    uint64_t now_us = sim->now_us;
    if (caller->state == CALLER_WAITING && caller->start_us <= now_us) {
        caller->state = CALLER_CALLING;
        start_repeating(&caller->request, now_us, caller->is_invite ? give_up_us : t2_us);
    }
    if (caller->state == CALLER_WAITING) return;
    if (!caller_is_done(caller) && give_up_at_us(caller) <= now_us) {
        give_up(caller, sim);
        return;
    }
    if (caller->state == CALLER_PROCEEDING && caller->cancel_us <= now_us) {
        caller->cancel_us = DEADLINE_NEVER;
        caller->is_cancelled = true;
        start_repeating(&caller->cancel, now_us, t2_us);
    }
    if (is_time_to_send(&caller->request, now_us)) {
        send_request(caller, sim, caller->is_invite ? "INVITE" : "OPTIONS", "", "");
    }
    if (is_time_to_send(&caller->cancel, now_us)) send_request(caller, sim, "CANCEL", "", "");
}

// ---- Answers

static void check_provisional(struct caller *caller, struct sim *sim, unsigned status)
{
    if (!caller->is_invite && status != 100) {
        sim_fail(sim, "OPTIONS of caller %u got %u (RFC 4320)", caller->number, status);
    }
}

// The first final answer counts; all that follow have to be the same. But a 503 of a full table is
// not remembered there: another copy of the request may find room.
static void check_final(struct caller *caller, struct sim *sim, const struct sip_message *response)
{
    if (caller->state != CALLER_ANSWERED) {
        caller->final_status = response->status;
        ASSERT(text_copy(caller->final_tag, sizeof caller->final_tag, response->to.tag));
    }
    bool is_overload = caller->final_status == 503 || response->status == 503;
    bool is_same = caller->final_status == response->status &&
                   span_eq(span_of(caller->final_tag), response->to.tag);
    if (!is_same && !is_overload) {
        sim_fail(sim, "caller %u got %u after %u, or another tag", caller->number, response->status,
                 caller->final_status);
    }
    if (response->status == 487 && !caller->is_cancelled) {
        sim_fail(sim, "caller %u got 487 without a CANCEL", caller->number);
    }
    if (response->status == 408) sim_fail(sim, "caller %u got 408", caller->number);
}

static void receive_final(struct caller *caller, struct sim *sim,
                          const struct sip_message *response)
{
    check_final(caller, sim, response);
    caller->state = CALLER_ANSWERED;
    stop_repeating(&caller->request);
    if (!caller->is_invite) return;
    // The ACK of a 2xx is a request of its own (13.2.2.4).
    send_request(caller, sim, "ACK", caller->final_tag, response->status < 300 ? "ack" : "");
}

void caller_receive(struct caller *caller, struct sim *sim, const struct sip_message *response)
{
    if (response->method == SIP_CANCEL) {
        stop_repeating(&caller->cancel);
        return;
    }
    if (caller->state == CALLER_GAVE_UP) return;
    if (response->status >= 200) {
        receive_final(caller, sim, response);
    } else if (caller->state == CALLER_CALLING || caller->state == CALLER_PROCEEDING) {
        check_provisional(caller, sim, response->status);
        caller->state = CALLER_PROCEEDING;
        if (caller->is_invite) stop_repeating(&caller->request);
    }
}
