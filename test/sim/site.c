// SPDX-License-Identifier: Apache-2.0
// The settings of the simulation and what follows from them.
#include "sim/site.h"

#include <string.h>

const char *const site_conditions[SITE_CONDITIONS] = {"immediate", "dnd", "logged_off"};
const char *const site_origins[SITE_ORIGINS] = {"all", "internal", "external"};

enum { RING_S = 120, HOLD_S = 180, UNAVAILABLE = 480 };

// ---- The decision

// A call and what it is asked of.
struct question {
    const struct site_group *group;
    const struct site_line *line;
    const struct site_user *user; // NULL: nobody's line
    const struct site_call *call;
};

static struct fate decline(unsigned status)
{
    return (struct fate){.kind = FATE_DECLINE, .status = status};
}

static struct fate hold(unsigned seconds)
{
    return (struct fate){.kind = FATE_HOLD, .hold_s = seconds, .status = UNAVAILABLE};
}

// The user is not there, and no forwarding is set for that.
static struct fate unavailable(const struct question *question)
{
    unsigned status = question->group->decline;
    return status == 180 ? hold(HOLD_S) : decline(status);
}

// Whether `wanted` leads anywhere: to a redirect, or, in a circle or too far, to an end.
static bool lead_to(const struct question *question, unsigned wanted, enum site_condition cause,
                    struct fate *fate)
{
    const struct site_history *history = &question->call->history;
    const struct site_user *user = question->user;
    unsigned place = wanted;
    if (wanted == WORD_MAILBOX) place = user ? user->mailbox : PLACE_NONE;
    if (wanted == WORD_MOBILE) place = user ? user->mobile : PLACE_NONE;
    if (place == PLACE_NONE || place == question->call->line) return false;
    bool is_circle = history->visited >> place & 1;
    if (is_circle || history->count >= question->group->max_diversions) {
        *fate = decline(UNAVAILABLE);
    } else {
        *fate = (struct fate){.kind = FATE_REDIRECT, .place = place, .cause = cause};
    }
    return true;
}

static bool forward(const struct question *question, enum site_condition condition,
                    struct fate *fate)
{
    const unsigned *slots = question->line->slots[condition];
    unsigned own = slots[question->call->is_internal ? SITE_INTERNAL : SITE_EXTERNAL];
    if (lead_to(question, own, condition, fate)) return true;
    if (lead_to(question, slots[SITE_ALL], condition, fate)) return true;
    bool has_mailbox = condition == SITE_LOGGED_OFF && question->user;
    return has_mailbox && lead_to(question, question->user->mailbox, condition, fate);
}

struct fate site_fate(const struct site *site, const struct site_call *call)
{
    struct question question = {.group = &site->groups[call->group], .call = call};
    struct fate fate;
    question.line = &question.group->lines[call->line];
    unsigned user = question.line->user;
    question.user = user < SITE_USERS ? &site->users[user] : NULL;
    bool is_logged_in = question.user && question.user->is_logged_in;
    bool is_dnd = question.user && question.user->is_dnd;

    if (call->is_psap_callback) return is_logged_in ? hold(RING_S) : decline(UNAVAILABLE);
    if (!question.line->is_enabled || !question.group->is_enabled) return decline(UNAVAILABLE);
    if (forward(&question, SITE_IMMEDIATE, &fate)) return fate;
    if (is_dnd) return forward(&question, SITE_DND, &fate) ? fate : unavailable(&question);
    if (is_logged_in) return hold(RING_S);
    return forward(&question, SITE_LOGGED_OFF, &fate) ? fate : unavailable(&question);
}

void site_put_fate(struct buffer *out, const struct fate *fate)
{
    switch (fate->kind) {
    case FATE_REDIRECT:
        buffer_put_text(out, "redirect to ");
        site_put_dialled(out, fate->place);
        break;
    case FATE_HOLD: buffer_printf(out, "hold for %u s", fate->hold_s); break;
    case FATE_DECLINE: buffer_printf(out, "decline with %u", fate->status); break;
    }
}

bool site_is_wanted(const struct site *site, unsigned group, unsigned line)
{
    const struct site_group *settings = &site->groups[group];
    return settings->is_there && settings->is_enabled && settings->lines[line].is_there &&
           settings->lines[line].is_enabled;
}

// ---- Numbers

const char *site_domain(unsigned group)
{
    static const char *const domains[SITE_GROUPS] = {"pbx.test", "annex.test"};
    return domains[group];
}

const char *site_main_number(unsigned group)
{
    static const char *const numbers[SITE_GROUPS] = {"+49891234", "+49895678"};
    return numbers[group];
}

static void put_extension(struct buffer *out, unsigned place)
{
    buffer_printf(out, "%u", place == PLACE_ATTENDANT ? 180 : 101 + place);
}

static void put_typed_extension(struct buffer *out, unsigned group, unsigned place,
                                unsigned notation)
{
    switch (notation) {
    case 1: buffer_put_text(out, site_main_number(group)); break;
    case 2: buffer_put_text(out, "sip:"); break;
    case 3: buffer_printf(out, "sip:%s", site_main_number(group)); break;
    default: break;
    }
    put_extension(out, place);
    if (notation == 2) buffer_printf(out, "@%s", site_domain(group));
    if (notation == 3) buffer_printf(out, "@%s;user=phone", site_domain(group));
}

void site_put_typed(struct buffer *out, unsigned group, unsigned place, unsigned notation)
{
    static const char *const mobile[] = {"+491701234567", "0170 1234567", "00491701234567",
                                         "0 0170 1234567"};
    switch (place) {
    case PLACE_MOBILE: buffer_put_text(out, mobile[notation % SITE_NOTATIONS]); break;
    case PLACE_ABROAD: buffer_put_text(out, notation % 2 ? "0033123456789" : "+33123456789"); break;
    case PLACE_NAME: buffer_printf(out, "sip:reception@%s", site_domain(group)); break;
    case WORD_MAILBOX: buffer_put_text(out, "mailbox"); break;
    case WORD_MOBILE: buffer_put_text(out, "mobile"); break;
    default: put_typed_extension(out, group, place, notation); break;
    }
}

void site_put_dialled(struct buffer *out, unsigned place)
{
    switch (place) {
    case PLACE_MOBILE: buffer_put_text(out, "001701234567"); break;
    case PLACE_ABROAD: buffer_put_text(out, "00033123456789"); break;
    case PLACE_NAME: buffer_put_text(out, "reception"); break;
    default: put_extension(out, place); break;
    }
}

void site_put_diverter(struct buffer *out, unsigned place)
{
    if (place == PLACE_MOBILE) {
        buffer_put_text(out, "+491701234567");
    } else {
        site_put_dialled(out, place);
    }
}

unsigned site_place_dialled(struct span user)
{
    for (unsigned place = 0; place < PLACE_COUNT; place++) {
        char bytes[32];
        struct buffer dialled = buffer_over(bytes, sizeof bytes);
        site_put_dialled(&dialled, place);
        if (span_eq(user, buffer_span(&dialled))) return place;
    }
    return PLACE_NONE;
}

unsigned site_place_of_diverter(unsigned group, struct span user)
{
    struct span main_number = span_of(site_main_number(group));
    if (span_eq(user, SPAN("+491701234567"))) return PLACE_MOBILE;
    if (span_starts_with(user, main_number)) user = span_from(user, main_number.len);
    return site_place_dialled(user);
}
