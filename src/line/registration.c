// SPDX-License-Identifier: Apache-2.0
// The registration of one line at its PBX (RFC 3261 section 10.2, RFC 5626 section 4.5).
//
//              start                   due
//   IDLE ----------------> DUE -----------------> WAITING --- 2xx ---> REGISTERED
//    ^                      ^ ^                    | |  ^                  |
//    |   switched off or    | |                    | |  `-- 401, 407, 423: | send again, bounded
//    +----------------------+ `--- due: refresh ---|-+---------------------+
//        un-registered      |                      |
//                           `----- due: retry --- FAILED  (refused, or no answer)
//
// A line that is not wanted any more goes the same way with `Expires: 0` and ends in IDLE, or is
// freed. Every attempt has a place in its group's pacing (reserve_send). Whatever changes while a
// REGISTER is out waits for its answer: a second one may not be sent before (10.2), and only the
// answer tells what there is to be undone.
#include "line/line_int.h"

enum {
    CHALLENGES_MAX = 2,             // answered in one attempt: the second for a stale nonce
    IMPATIENT_US = 8 * 1000 * 1000, // after which people are told that there is no answer
    GIVE_UP_US = 40 * 1000 * 1000,  // the transaction should have told before, after 32 s
    RETRY_BASE_S = 30,              // RFC 5626 section 4.5: all flows of ours failed
    RETRY_MAX_S = 1800,
    RETRY_REFUSED_S = 600, // a refusal is permanent until somebody mends it
};

static void tell(struct line_table *table, struct turn *turn, struct line *line,
                 enum model_registration_state state, unsigned status, struct span reason)
{
    struct line_group_slot *slot = line_group_of(table, line);
    struct line_state *effect = turn_emit(turn, LINE_STATE, sizeof *effect);
    line->shown = (uint8_t)state;
    if (!effect) return;
    effect->group_id = line->block->group_id;
    effect->registration = (struct model_registration){
        .line_id = line->block->line_id,
        .state = (uint8_t)state,
        .status = (uint16_t)status,
    };
    if (state == REGISTRATION_REGISTERED) {
        effect->registration.until_us = turn->wall_us + (line->expires_us - turn->now_us);
        effect->registration.contact = slot->group.own;
    }
    reason = span_slice(reason, 0, REGISTRATION_REASON_SIZE - 1);
    text_copy(effect->registration.reason, REGISTRATION_REASON_SIZE, reason);
}

static void wait_until(struct line_table *table, struct pool_id id, uint64_t at_us)
{
    deadlines_set(&table->deadlines, id.index, at_us);
}

uint64_t line_pace_us(const struct line_group_slot *slot)
{
    return 1000000 / slot->group.snapshot.settings.register_rate;
}

// The next free place in the group's pacing, not before now; takes it.
static uint64_t reserve_send(struct line_group_slot *slot, const struct turn *turn)
{
    uint64_t at_us = slot->next_send_us > turn->now_us ? slot->next_send_us : turn->now_us;
    slot->next_send_us = at_us + line_pace_us(slot);
    return at_us;
}

void line_make_due(struct line_table *table, struct turn *turn, struct pool_id id)
{
    struct line *line = pool_find(&table->lines, id);
    bool is_registered = line->expires_us > turn->now_us;
    bool is_sending = line->is_wanted || is_registered;
    line->phase = PHASE_DUE;
    line->challenge_count = 0;
    line->is_changed = false;
    wait_until(table, id,
               is_sending ? reserve_send(line_group_of(table, line), turn) : turn->now_us);
}

void line_abandon(struct line *line)
{
    if (line->phase != PHASE_WAITING) return;
    line->phase = PHASE_FAILED;
    line->abandoned_count++;
}

void line_start(struct line_table *table, struct turn *turn, struct pool_id id)
{
    struct line *line = pool_find(&table->lines, id);
    struct line_group_slot *slot = line_group_of(table, line);
    if (slot->is_removed) line->is_removed = true;
    line->is_wanted = !line->is_removed && line->block->is_enabled &&
                      slot->group.snapshot.settings.is_enabled;
    line->failure_count = 0;
    if (line->phase != PHASE_WAITING) {
        line_make_due(table, turn, id);
        return;
    }
    line->is_changed = true;
    if (!line->is_wanted) wait_until(table, id, turn->now_us); // people are told
}

// ---- A deadline has come

static void tell_disabled(struct line_table *table, struct turn *turn, struct line *line)
{
    if (line->is_removed || line->shown == REGISTRATION_DISABLED) return;
    tell(table, turn, line, REGISTRATION_DISABLED, 0, SPAN_NONE);
}

static void end_unwanted(struct line_table *table, struct turn *turn, struct pool_id id)
{
    struct line *line = pool_find(&table->lines, id);
    if (line->is_removed) {
        line_free(table, turn, id);
        return;
    }
    line->phase = PHASE_IDLE;
    line->expires_us = 0;
    wait_until(table, id, DEADLINE_NEVER);
    tell_disabled(table, turn, line);
}

// For how long the PBX is asked to keep us.
static uint32_t asked_s(const struct line_table *table, const struct line *line)
{
    uint32_t wanted_s = line_group_of(table, line)->group.snapshot.settings.register_interval_s;
    return wanted_s > line->min_expires_s ? wanted_s : line->min_expires_s;
}

static void send_register(struct line_table *table, struct turn *turn, struct pool_id id,
                          const struct sip_challenge *challenge)
{
    struct line *line = pool_find(&table->lines, id);
    line->phase = PHASE_WAITING;
    line->is_leaving = !line->is_wanted;
    line->give_up_us = turn->now_us + GIVE_UP_US;
    wait_until(table, id, turn->now_us + IMPATIENT_US);
    line_send_register(table, turn, id,
                       &(struct line_request_options){
                           .challenge = challenge,
                           .expires_s = line->is_wanted ? asked_s(table, line) : 0,
                       });
}

static void begin_attempt(struct line_table *table, struct turn *turn, struct pool_id id)
{
    struct line *line = pool_find(&table->lines, id);
    struct line_group_slot *slot = line_group_of(table, line);
    bool is_registered = line->expires_us > turn->now_us;
    if (!line->is_wanted && !is_registered) {
        end_unwanted(table, turn, id);
    } else if (!line_is_reachable(slot)) {
        line->phase = PHASE_IDLE; // line_set_peer starts it again
        if (!line->is_wanted) {
            end_unwanted(table, turn, id);
        } else if (slot->problem[0] != '\0') {
            tell(table, turn, line, REGISTRATION_UNREACHABLE, 0, span_of(slot->problem));
        } else {
            tell(table, turn, line, REGISTRATION_WAITING, 0, SPAN_NONE);
        }
    } else {
        if (!line->is_wanted) {
            tell_disabled(table, turn, line);
        } else if (line->shown == UINT8_MAX) {
            tell(table, turn, line, REGISTRATION_WAITING, 0, SPAN_NONE);
        }
        slot->sent_us = turn->now_us;
        send_register(table, turn, id, NULL);
    }
}

// Waiting has become long. The transaction goes on; people are told.
static void wait_longer(struct line_table *table, struct turn *turn, struct pool_id id)
{
    struct line *line = pool_find(&table->lines, id);
    if (turn->now_us >= line->give_up_us) {
        line->abandoned_count = 0;
        line_response(table, turn, id, NULL);
        return;
    }
    wait_until(table, id, line->give_up_us);
    if (!line->is_wanted) {
        tell_disabled(table, turn, line);
    } else {
        tell(table, turn, line, REGISTRATION_UNREACHABLE, 0, SPAN("no answer from the PBX"));
        line_group_lost(turn, line_group_of(table, line));
    }
}

void line_due(struct line_table *table, struct turn *turn, struct pool_id id)
{
    struct line *line = pool_find(&table->lines, id);
    switch ((enum line_phase)line->phase) {
    case PHASE_IDLE: break;
    case PHASE_DUE: begin_attempt(table, turn, id); break;
    case PHASE_WAITING: wait_longer(table, turn, id); break;
    case PHASE_REGISTERED:
    case PHASE_FAILED: line_make_due(table, turn, id); break;
    }
}

// ---- An answer has come, or none

static void fail(struct line_table *table, struct turn *turn, struct pool_id id,
                 uint64_t retry_s_max)
{
    struct line *line = pool_find(&table->lines, id);
    uint64_t half_us = retry_s_max * 1000000 / 2;
    line->phase = PHASE_FAILED;
    wait_until(table, id, turn->now_us + half_us + random_below(turn->random, half_us));
}

static void refused(struct line_table *table, struct turn *turn, struct pool_id id, unsigned status,
                    struct span reason)
{
    struct line *line = pool_find(&table->lines, id);
    tell(table, turn, line, REGISTRATION_REFUSED, status, reason);
    fail(table, turn, id, RETRY_REFUSED_S);
}

static void unreachable(struct line_table *table, struct turn *turn, struct pool_id id,
                        unsigned status, struct span reason)
{
    struct line *line = pool_find(&table->lines, id);
    uint64_t retry_s = RETRY_BASE_S;
    for (unsigned i = 0; i < line->failure_count && retry_s < RETRY_MAX_S; i++) retry_s *= 2;
    if (retry_s > RETRY_MAX_S) retry_s = RETRY_MAX_S;
    line->failure_count++;
    tell(table, turn, line, REGISTRATION_UNREACHABLE, status, reason);
    fail(table, turn, id, retry_s);
}

// How long the PBX keeps us: the expires of our own Contact, else the Expires header (RFC 3261
// section 10.2.4).
static uint64_t granted_s(const struct line_table *table, const struct line *line,
                          const struct sip_message *message, uint64_t asked_s)
{
    const struct line_group_slot *slot = line_group_of(table, line);
    struct sip_values place = SIP_VALUES_START;
    uint64_t granted = asked_s;
    struct span value, text;
    if (span_to_u64(sip_header_value(message, SIP_EXPIRES), UINT32_MAX, &granted) &&
        granted > asked_s) {
        granted = asked_s;
    }
    while (sip_next_value(message, SIP_CONTACT, &place, &value)) {
        struct sip_address contact;
        struct address host;
        if (sip_parse_address(value, &contact) != SIP_OK) continue;
        if (!address_parse(contact.uri.host, &host)) continue;
        host.port = contact.uri.port ? contact.uri.port : 5060;
        uint64_t own;
        if (address_eq(&host, &slot->group.own) &&
            sip_find_param(contact.params, SPAN("expires"), &text) &&
            span_to_u64(text, UINT32_MAX, &own)) {
            granted = own < asked_s ? own : asked_s;
        }
    }
    return granted;
}

// Notes what a 2xx tells: for how many seconds from now the PBX keeps us.
static uint64_t note_binding(const struct line_table *table, const struct turn *turn,
                             struct line *line, const struct sip_message *message)
{
    uint64_t seconds = line->is_leaving ? 0 : granted_s(table, line, message, asked_s(table, line));
    line->expires_us = seconds > 0 ? turn->now_us + seconds * 1000000 : 0;
    return seconds;
}

static void registered(struct line_table *table, struct turn *turn, struct pool_id id,
                       const struct sip_message *message)
{
    struct line *line = pool_find(&table->lines, id);
    uint64_t seconds = note_binding(table, turn, line, message);
    if (seconds == 0) {
        refused(table, turn, id, message->status, SPAN("the PBX keeps no registration"));
        return;
    }
    // Refreshed after 50 to 85 % of the time, spread at random so that lines never come in a crowd.
    uint64_t half_us = seconds * 1000000 / 2;
    uint64_t spread_us = seconds * 1000000 * 35 / 100;
    line->phase = PHASE_REGISTERED;
    line->failure_count = 0;
    wait_until(table, id, turn->now_us + half_us + random_below(turn->random, spread_us + 1));
    tell(table, turn, line, REGISTRATION_REGISTERED, message->status, SPAN_NONE);
}

static void challenged(struct line_table *table, struct turn *turn, struct pool_id id,
                       const struct sip_message *message)
{
    struct line *line = pool_find(&table->lines, id);
    struct sip_challenge challenge;
    if (!sip_find_challenge(message, SPAN_NONE, &challenge)) {
        refused(table, turn, id, message->status,
                SPAN("the PBX asks for an authentication that we do not know"));
        return;
    }
    bool is_repeated = line->challenge_count > 0 && !challenge.is_stale;
    if (is_repeated || line->challenge_count >= CHALLENGES_MAX) {
        refused(table, turn, id, message->status, SPAN("wrong user name or password"));
        return;
    }
    line->challenge_count++;
    send_register(table, turn, id, &challenge);
}

// 423 Interval Too Brief (RFC 3261 section 10.2.8): asks again for as long as the PBX demands,
// once.
static void too_brief(struct line_table *table, struct turn *turn, struct pool_id id,
                      const struct sip_message *message)
{
    struct line *line = pool_find(&table->lines, id);
    uint64_t least_s;
    bool is_readable = span_to_u64(sip_header_value(message, SIP_MIN_EXPIRES), 86400, &least_s) &&
                       least_s > line->min_expires_s;
    if (!is_readable) {
        refused(table, turn, id, message->status,
                SPAN("the PBX demands no interval that we can keep"));
        return;
    }
    line->min_expires_s = (uint32_t)least_s;
    line->challenge_count = 0;
    send_register(table, turn, id, NULL);
}

static void answered(struct line_table *table, struct turn *turn, struct pool_id id,
                     const struct sip_message *message)
{
    unsigned status = message->status;
    struct span reason = message->reason.len > 0 ? message->reason
                                                 : span_of(sip_status_text(status));
    if (status < 300) {
        registered(table, turn, id, message);
    } else if (status == 401 || status == 407) {
        challenged(table, turn, id, message);
    } else if (status == 423) {
        too_brief(table, turn, id, message);
    } else if (status == 408 || status >= 500) {
        unreachable(table, turn, id, status, reason);
    } else {
        refused(table, turn, id, status, reason);
    }
}

// The answer to an un-registration, or none: whatever it is, that was it.
static void unregistered(struct line_table *table, struct turn *turn, struct pool_id id,
                         const struct sip_message *message)
{
    struct line *line = pool_find(&table->lines, id);
    bool is_challenge = message && (message->status == 401 || message->status == 407);
    struct sip_challenge challenge;
    if (is_challenge && line->challenge_count++ < CHALLENGES_MAX &&
        sip_find_challenge(message, SPAN_NONE, &challenge)) {
        send_register(table, turn, id, &challenge);
    } else {
        end_unwanted(table, turn, id);
    }
}

// Whether this is the end of the request under way; the ends of abandoned ones are counted.
static bool is_awaited(struct line *line, const struct sip_message *message)
{
    bool is_latest = message ? message->cseq == line->cseq : line->abandoned_count == 0;
    if (line->phase == PHASE_WAITING && is_latest) return true;
    if (line->abandoned_count > 0) line->abandoned_count--;
    return false;
}

void line_response(struct line_table *table, struct turn *turn, struct pool_id id,
                   const struct sip_message *message)
{
    struct line *line = pool_find(&table->lines, id);
    if (!line || (message && message->status < 200) || !is_awaited(line, message)) return;
    struct pool_id group = line->group;
    if (line->is_changed) {
        if (message && message->status < 300) note_binding(table, turn, line, message);
        line_make_due(table, turn, id);
    } else if (!line->is_wanted) {
        unregistered(table, turn, id, message);
    } else if (message) {
        answered(table, turn, id, message);
    } else {
        unreachable(table, turn, id, 0, SPAN("no answer from the PBX"));
        line_group_lost(turn, line_group_of(table, line));
    }
    if (message) line_group_answers(table, turn, group, id);
}
