// SPDX-License-Identifier: Apache-2.0
// Whether both sides of an answered call are still there: session timers (RFC 4028), agreed on with
// each side for itself, for we are a user agent to each. Who agrees on none gets an OPTIONS now and
// then.
//
//                2xx for INVITE or UPDATE, either way
//              +--------------------------------------+
//              v                                      |
//    agreed, we refresh: half the time --> UPDATE, or re-INVITE with the description unchanged
//                                          |  491, 5xx: again in some seconds; 422: with the larger
//                                          v  time; 405, 501: the other method
//    agreed, they refresh: almost all of the time is over: BYE to both
//    not agreed: 15 min --> OPTIONS; 481, 408 or no answer: BYE to both
#include "call/bridge_int.h"

enum {
    CHECK_S = 900,              // half of the interval that RFC 4028 recommends
    OURS_S = 1800,              // that interval (section 4)
    GRANTED_MAX_S = 7200,       // of a side that is gone nobody learns for so long
    MARGIN_S = 32,              // before the end, at most (section 10)
    SOUND_MIN_S = 30,           // what a proxy agreed on for who knows no timers; less is none
    RETRY_US = 3 * 1000 * 1000, // RFC 3261 section 14.1: 2.1 to 4 s
    RAISES_MAX = 3,             // how often a side may want a longer time for one request
};

// ---- What is said

static uint32_t seconds_in(const struct sip_message *message, struct span name)
{
    struct span value = sip_named_header_value(message, name);
    uint32_t seconds = 0;
    return value.len > 0 && sip_read_seconds(value, &seconds) ? seconds : 0;
}

static enum session_refresher refresher_in(const struct sip_message *message)
{
    struct span value = sip_named_header_value(message, SPAN("Session-Expires")), who;
    (void)span_split(&value, ';');
    if (!sip_find_param(value, SPAN("refresher"), &who)) return REFRESHER_ANY;
    if (span_eq_nocase(who, SPAN("uac"))) return REFRESHER_UAC;
    return span_eq_nocase(who, SPAN("uas")) ? REFRESHER_UAS : REFRESHER_ANY;
}

static void note_methods(struct session *session, const struct sip_message *message)
{
    if (sip_header_value(message, SIP_ALLOW).len == 0) return;
    session->has_update = sip_has_token(message, SIP_ALLOW, SPAN("UPDATE"));
}

bool call_has_short_session(const struct sip_message *request)
{
    uint32_t seconds = seconds_in(request, SPAN("Session-Expires"));
    return seconds > 0 && seconds < CALL_SESSION_MIN_S &&
           sip_has_token(request, SIP_SUPPORTED, SPAN("timer"));
}

void call_session_read(struct session_ask *ask, struct session *session,
                       const struct sip_message *request)
{
    note_methods(session, request);
    *ask = (struct session_ask){
        .expires_s = seconds_in(request, SPAN("Session-Expires")),
        .least_s = seconds_in(request, SPAN("Min-SE")),
        .refresher = (uint8_t)refresher_in(request),
        .is_able = sip_has_token(request, SIP_SUPPORTED, SPAN("timer")) ||
                   sip_has_token(request, SIP_REQUIRE, SPAN("timer")),
    };
}

// ---- What is agreed

static uint64_t end_of(const struct session *session)
{
    uint32_t margin_s = session->expires_s / 3 < MARGIN_S ? session->expires_s / 3 : MARGIN_S;
    return session->heard_us + (uint64_t)(session->expires_s - margin_s) * 1000000;
}

// The session has just been refreshed: when it wants to be looked at again.
static void note_heard(struct session *session, const struct turn *turn)
{
    session->heard_us = turn->now_us;
    session->raise_count = 0;
    if (session->expires_s == 0) {
        session->due_us = turn->now_us + (uint64_t)CHECK_S * 1000000;
    } else if (session->is_refresher) {
        session->due_us = turn->now_us + (uint64_t)session->expires_s * 500000;
    } else {
        session->due_us = end_of(session);
    }
}

void call_session_put_request(struct buffer *out, const struct session *session, bool is_invite)
{
    bool is_agreed = session->expires_s > 0;
    uint32_t seconds = is_agreed ? session->expires_s : (uint32_t)OURS_S;
    if (seconds < session->least_s) seconds = session->least_s;
    buffer_put(out, SPAN("Supported: timer\r\n"));
    if (!is_agreed && !is_invite) return;
    buffer_printf(out, "Session-Expires: %u", seconds);
    if (is_agreed)
        buffer_put_text(out, session->is_refresher ? ";refresher=uac" : ";refresher=uas");
    buffer_put(out, SPAN("\r\n"));
    if (session->least_s > CALL_SESSION_MIN_S) {
        buffer_printf(out, "Min-SE: %u\r\n", session->least_s);
    }
}

// Table 2 of section 9.
static bool is_ours_to_refresh(const struct session *session, const struct session_ask *ask)
{
    if (!ask->is_able) return true;
    if (ask->refresher != REFRESHER_ANY) return ask->refresher == REFRESHER_UAS;
    return session->expires_s > 0 && session->is_refresher;
}

void call_session_put_answer(struct buffer *out, struct session *session, const struct turn *turn,
                             const struct session_ask *ask)
{
    uint32_t seconds = ask->expires_s;
    bool is_ours = is_ours_to_refresh(session, ask);
    if (seconds == 0 && ask->is_able)
        seconds = session->expires_s > 0 ? session->expires_s : OURS_S;
    if (seconds > GRANTED_MAX_S) seconds = GRANTED_MAX_S; // who answers may shorten it (section 9)
    if (seconds > 0 && seconds < ask->least_s) seconds = ask->least_s;
    session->expires_s = seconds < SOUND_MIN_S ? 0 : seconds;
    session->is_refresher = is_ours;
    note_heard(session, turn);
    if (session->expires_s == 0) return;
    buffer_printf(out, "Session-Expires: %u;refresher=%s\r\n", seconds, is_ours ? "uas" : "uac");
    if (ask->is_able) buffer_put(out, SPAN("Supported: timer\r\n"));
    if (!is_ours) buffer_put(out, SPAN("Require: timer\r\n"));
}

void call_session_take_answer(struct session *session, const struct turn *turn,
                              const struct sip_message *response)
{
    uint32_t seconds = seconds_in(response, SPAN("Session-Expires"));
    note_methods(session, response);
    session->expires_s = seconds < SOUND_MIN_S ? 0 : seconds;
    session->is_refresher = refresher_in(response) != REFRESHER_UAS;
    note_heard(session, turn);
}

bool call_session_raise(struct session *session, const struct sip_message *response)
{
    uint32_t least_s = seconds_in(response, SPAN("Min-SE"));
    uint32_t seconds = session->expires_s > 0 ? session->expires_s : (uint32_t)OURS_S;
    bool is_too_short = least_s > seconds && least_s > session->least_s;
    if (response->status != 422 || !is_too_short || session->raise_count == RAISES_MAX)
        return false;
    session->least_s = least_s;
    session->raise_count++;
    return true;
}

// ---- Watching

uint64_t call_session_due_us(const struct call_table *table, const struct bridge *bridge)
{
    const struct leg *caller = call_bridge_caller(table, bridge);
    const struct leg *called = pool_find(&table->legs, bridge->first);
    uint64_t at_us = caller ? caller->session.due_us : DEADLINE_NEVER;
    if (called && called->session.due_us < at_us) at_us = called->session.due_us;
    return at_us;
}

void call_session_failed(struct session *session, const struct turn *turn,
                         const struct sip_message *response)
{
    uint64_t end_us = end_of(session), again_us = turn->now_us + RETRY_US;
    if (session->expires_s == 0) return;
    if (call_session_raise(session, response)) {
        again_us = turn->now_us;
    } else if (response->status == 405 || response->status == 501) {
        session->has_update = false;
    }
    session->due_us = again_us < end_us ? again_us : end_us;
}

// What is due on one side; false: its session has expired.
static bool watch(struct call_table *table, struct turn *turn, const struct bridge *bridge,
                  struct leg *leg)
{
    struct session *session = &leg->session;
    bool is_caller = leg == call_bridge_caller(table, bridge);
    if (turn->now_us < session->due_us) return true;
    if (session->expires_s == 0) {
        session->due_us = turn->now_us + (uint64_t)CHECK_S * 1000000;
        call_relay_check(table, turn, bridge->first, is_caller);
        return true;
    }
    if (turn->now_us >= end_of(session)) return false;
    session->due_us = end_of(session);
    bool is_begun = call_relay_refresh(table, turn, bridge->first, is_caller);
    if (!is_begun && turn->now_us + RETRY_US < session->due_us) {
        session->due_us = turn->now_us + RETRY_US;
    }
    return true;
}

void call_session_check(struct call_table *table, struct turn *turn, struct pool_id id)
{
    static const char expired[] = "Reason: SIP;cause=408;text=\"Session expired\"\r\n";
    const struct call *call = pool_find(&table->calls, id);
    const struct bridge *bridge = call_bridge_of(table, call);
    struct leg *called = pool_find(&table->legs, bridge->first);
    bool is_alive = watch(table, turn, bridge, call_bridge_caller(table, bridge)) &&
                    (!called || watch(table, turn, bridge, called));
    if (is_alive) {
        call_set_deadline(table, id);
    } else {
        call_bridge_hang_up(table, turn, id,
                            &(struct bridge_end){.is_caller_told = true,
                                                 .is_callee_told = true,
                                                 .is_lost = true,
                                                 .headers = span_of(expired)});
    }
}
