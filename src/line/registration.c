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
// freed. Every attempt has a place in its group's pacing (rate.c). Whatever changes while a
// REGISTER is out waits for its answer: a second one may not be sent before (10.2), and only the
// answer tells what there is to be undone.
#include "line/line_int.h"

enum {
    GIVE_UP_US = 40 * 1000 * 1000, // the transaction should have told before, after 32 s
    RETRY_BASE_S = 30,             // RFC 5626 section 4.5: all flows of ours failed
    RETRY_MAX_S = 1800,
    RETRY_ANSWERED_MAX_S = 300, // the PBX is there: nothing else shows that it serves us again
    RETRY_REFUSED_S = 600,      // a refusal is permanent until somebody mends it
    RETRY_AFTER_MIN_S = 5,      // what a PBX may ask for (Retry-After)
    RETRY_AFTER_MAX_S = 3600,
};

static void tell(struct line_table *table, struct turn *turn, struct line *line,
                 enum model_registration_state state, unsigned status, struct span reason)
{
    struct line_group_slot *slot = line_group_of(table, line);
    struct line_state *effect = turn_emit(turn, LINE_STATE, sizeof *effect);
    line->shown = (uint8_t)state;
    line->status = (uint16_t)status;
    if (!effect) return;
    effect->group_id = line->block->group_id;
    effect->extension = line_extension(line);
    effect->registration = (struct model_registration){
        .line_id = line->block->line_id,
        .state = (uint8_t)state,
        .status = (uint16_t)status,
    };
    if (state == REGISTRATION_REGISTERED) {
        effect->registration.until_us = turn->wall_us + (line->expires_us - turn->now_us);
        effect->registration.contact = slot->group.own;
        effect->registration.call_id = line->call_id;
        effect->registration.cseq = line->cseq;
        effect->registration.own = slot->told_own;
        effect->registration.peer = slot->group.flow.peer;
        effect->route = line_route_of(table, line);
        if (reason.len == 0) reason = span_of(slot->notice);
    }
    reason = span_slice(reason, 0, REGISTRATION_REASON_SIZE - 1);
    text_copy(effect->registration.reason, REGISTRATION_REASON_SIZE, reason);
}

static void wait_until(struct line_table *table, struct pool_id id, uint64_t at_us)
{
    deadlines_set(&table->deadlines, id.index, at_us);
}

void line_make_due(struct line_table *table, struct turn *turn, struct pool_id id)
{
    struct line *line = pool_find(&table->lines, id);
    bool is_registered = line->expires_us > turn->now_us;
    bool is_sending = line->is_wanted || is_registered;
    if (line->phase != PHASE_DUE) line->is_spread = false;
    line->phase = PHASE_DUE;
    line_forget_proofs(table, line);
    line->is_changed = false;
    line->is_deferred = false;
    wait_until(table, id,
               is_sending ? line_reserve_send(line_group_of(table, line), turn) : turn->now_us);
}

void line_abandon(struct line *line)
{
    if (line->phase != PHASE_WAITING) return;
    line->phase = PHASE_FAILED; // the next request disowns its transaction
}

void line_start(struct line_table *table, struct turn *turn, struct pool_id id)
{
    struct line *line = pool_find(&table->lines, id);
    struct line_group_slot *slot = line_group_of(table, line);
    if (slot->is_removed) line->is_removed = true;
    line->is_wanted = !line->is_removed && !line->is_away && line->block->is_enabled &&
                      slot->group.snapshot->settings.is_enabled;
    line->failure_count = 0;
    if (line->phase != PHASE_WAITING && line->is_restored && line->is_wanted) {
        line->phase = PHASE_DUE; // sends nothing, so it needs no place in the pacing
        wait_until(table, id, turn->now_us);
        return;
    }
    if (line->phase != PHASE_WAITING) {
        line_make_due(table, turn, id);
        return;
    }
    line->is_changed = true;
    if (!line->is_wanted) wait_until(table, id, turn->now_us); // people are told
}

// Refreshed after 50 to 85 % of the time that is left, spread evenly so that lines never come in a
// crowd; the first time after 25 to 85 %, for those may have registered all at once. At once where
// the PBX sees us at another address than it did when the REGISTER was sent, or where the answer
// came so late that nothing is left.
static void keep_registered(struct line_table *table, struct turn *turn, struct pool_id id)
{
    struct line *line = pool_find(&table->lines, id);
    bool is_elsewhere = line->registered_generation != line_group_of(table, line)->own_generation;
    if (is_elsewhere || line->expires_us <= turn->now_us) {
        line_make_due(table, turn, id);
        return;
    }
    uint64_t left_us = line->expires_us - turn->now_us;
    uint64_t least_us = line->is_spread ? left_us / 2 : left_us / 4;
    uint64_t range_us = left_us * 85 / 100 - least_us;
    line->phase = PHASE_REGISTERED;
    wait_until(table, id,
               turn->now_us + least_us + line_spread(line_group_of(table, line), range_us));
}

// Goes on where the program before stopped. Who cannot takes a place in the pacing like a new line.
static void resume(struct line_table *table, struct turn *turn, struct pool_id id)
{
    struct line *line = pool_find(&table->lines, id);
    const struct line_group_slot *slot = line_group_of(table, line);
    bool is_resumable = line_is_resumable(slot, line, turn);
    line->is_restored = false;
    if (!is_resumable) {
        line_make_due(table, turn, id);
        return;
    }
    line->sent_generation = line->registered_generation = slot->own_generation;
    line_forget_place(table, line);
    line->is_spread = true; // by the program before
    tell(table, turn, line, REGISTRATION_REGISTERED, 0, SPAN_NONE);
    keep_registered(table, turn, id);
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
    struct line_left *left = line->is_away ? turn_emit(turn, LINE_LEFT, sizeof *left) : NULL;
    if (left) left->line_id = line->block->line_id;
}

// For how long the PBX is asked to keep us.
static uint32_t asked_s(const struct line_table *table, const struct line *line)
{
    uint32_t wanted_s = line_group_of(table, line)->group.snapshot->settings.register_interval_s;
    return wanted_s > line->min_expires_s ? wanted_s : line->min_expires_s;
}

static void send_register(struct line_table *table, struct turn *turn, struct pool_id id)
{
    struct line *line = pool_find(&table->lines, id);
    line->phase = PHASE_WAITING;
    line->is_leaving = !line->is_wanted;
    line->give_up_us = turn->now_us + GIVE_UP_US;
    wait_until(table, id, turn->now_us + LINE_SILENT_US);
    line_send_register(table, turn, id,
                       &(struct line_request_options){
                           .expires_s = line->is_wanted ? asked_s(table, line) : 0,
                       });
}

static void begin_attempt(struct line_table *table, struct turn *turn, struct pool_id id)
{
    struct line *line = pool_find(&table->lines, id);
    struct line_group_slot *slot = line_group_of(table, line);
    bool is_registered = line->expires_us > turn->now_us && !line->block->is_password_lost;
    if (!line->is_wanted && !is_registered) {
        end_unwanted(table, turn, id);
    } else if (line->block->is_password_lost) {
        line->phase = PHASE_IDLE; // a new password starts it again
        tell(table, turn, line, REGISTRATION_REFUSED, 0,
             SPAN("the stored password cannot be read: set it anew"));
    } else if (!line_is_reachable(slot)) {
        line->phase = PHASE_IDLE; // line_set_peer starts it again
        if (!line->is_wanted) {
            end_unwanted(table, turn, id);
        } else if (slot->problem[0] != '\0') {
            tell(table, turn, line, REGISTRATION_UNREACHABLE, 0, span_of(slot->problem));
        } else {
            tell(table, turn, line, REGISTRATION_WAITING, 0, SPAN_NONE);
        }
    } else if (line->is_restored) {
        resume(table, turn, id);
    } else if (line_is_too_soon(slot, turn)) {
        line_make_due(table, turn, id);
    } else {
        if (!line->is_wanted) {
            tell_disabled(table, turn, line);
        } else if (line->shown == UINT8_MAX) {
            tell(table, turn, line, REGISTRATION_WAITING, 0, SPAN_NONE);
        }
        line->is_lengthened = false;
        line_note_sent(slot, turn);
        send_register(table, turn, id);
    }
}

// Waiting has become long. The transaction goes on; people are told.
static void wait_longer(struct line_table *table, struct turn *turn, struct pool_id id)
{
    struct line *line = pool_find(&table->lines, id);
    if (turn->now_us >= line->give_up_us) {
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
        line_make_due(table, turn, id);
        line->is_spread = true;
        break;
    case PHASE_FAILED: line_make_due(table, turn, id); break;
    }
}

// ---- An answer has come, or none

static void fail(struct line_table *table, struct turn *turn, struct pool_id id, uint64_t least_s,
                 uint64_t most_s)
{
    struct line *line = pool_find(&table->lines, id);
    uint64_t range_us = (most_s - least_s) * 1000000;
    line->phase = PHASE_FAILED;
    wait_until(table, id,
               turn->now_us + least_s * 1000000 + random_below(turn->random, range_us + 1));
}

// Whether the PBX says when to come again (RFC 3261 section 20.33), in bounds. Not sooner than
// that, and spread, for many lines may have been told the same.
static bool is_told_when(const struct sip_message *message, uint64_t *after_s)
{
    uint32_t seconds;
    struct span value = message ? sip_header_value(message, SIP_RETRY_AFTER) : SPAN_NONE;
    if (!sip_read_seconds(value, &seconds)) return false;
    *after_s = seconds < RETRY_AFTER_MIN_S ? RETRY_AFTER_MIN_S : seconds;
    if (*after_s > RETRY_AFTER_MAX_S) *after_s = RETRY_AFTER_MAX_S;
    return true;
}

// `message` may be NULL. What is wrong with the credentials is not tried sooner than usual,
// whatever the PBX says.
static void fail_for(struct line_table *table, struct turn *turn, struct pool_id id,
                     const struct sip_message *message, uint64_t usual_s)
{
    struct line *line = pool_find(&table->lines, id);
    uint64_t after_s;
    line->is_deferred = is_told_when(message, &after_s);
    if (!line->is_deferred) {
        fail(table, turn, id, usual_s / 2, usual_s);
        return;
    }
    unsigned status = message->status;
    bool is_patient = status == 401 || status == 403 || status == 407;
    if (is_patient && after_s < usual_s) after_s = usual_s;
    fail(table, turn, id, after_s, after_s + after_s / 4 + 1);
}

static void refused(struct line_table *table, struct turn *turn, struct pool_id id,
                    const struct sip_message *message, struct span reason)
{
    struct line *line = pool_find(&table->lines, id);
    tell(table, turn, line, REGISTRATION_REFUSED, message->status, reason);
    fail_for(table, turn, id, message, RETRY_REFUSED_S);
}

static void unreachable(struct line_table *table, struct turn *turn, struct pool_id id,
                        const struct sip_message *message, struct span reason)
{
    struct line *line = pool_find(&table->lines, id);
    uint64_t retry_s = RETRY_BASE_S, most_s = message ? RETRY_ANSWERED_MAX_S : RETRY_MAX_S;
    for (unsigned i = 0; i < line->failure_count && retry_s < most_s; i++) retry_s *= 2;
    if (retry_s > most_s) retry_s = most_s;
    line->failure_count++;
    tell(table, turn, line, REGISTRATION_UNREACHABLE, message ? message->status : 0, reason);
    fail_for(table, turn, id, message, retry_s);
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

// Notes what a 2xx tells: for how many seconds the PBX keeps us. They are counted from when the
// REGISTER was sent: the PBX may have answered its first copy, and that answer was lost.
static uint64_t note_binding(const struct line_table *table, struct line *line,
                             const struct sip_message *message)
{
    uint64_t seconds = line->is_leaving ? 0 : granted_s(table, line, message, asked_s(table, line));
    uint64_t sent_us = line->give_up_us - GIVE_UP_US;
    line->expires_us = seconds > 0 ? sent_us + seconds * 1000000 : 0;
    line->registered_generation = line->sent_generation;
    line->is_old_call_id = false;
    line_forget_place(table, line);
    return seconds;
}

static void registered(struct line_table *table, struct turn *turn, struct pool_id id,
                       const struct sip_message *message)
{
    struct line *line = pool_find(&table->lines, id);
    uint64_t seconds = note_binding(table, line, message);
    if (seconds == 0) {
        refused(table, turn, id, message, SPAN("the PBX keeps no registration"));
        return;
    }
    line->failure_count = 0;
    line_forget_refusals(line_group_of(table, line));
    line_note_route(table, line, message);
    line_note_granted(turn, line_group_of(table, line), seconds);
    tell(table, turn, line, REGISTRATION_REGISTERED, message->status, SPAN_NONE);
    keep_registered(table, turn, id);
}

// Realms of others are no business of this password (RFC 3261 section 22.1).
static void refuse_challenge(struct line_table *table, struct turn *turn, struct pool_id id,
                             const struct sip_message *message)
{
    char text[REGISTRATION_REASON_SIZE];
    struct buffer reason = buffer_over(text, sizeof text);
    struct sip_challenge other;
    if (sip_find_challenge(message, SPAN_NONE, &other)) {
        buffer_put(&reason, SPAN("the PBX's realm is not the group's but "));
        sip_put_quoted(&reason, span_slice(other.realm, 0, 40));
    } else {
        buffer_put(&reason, SPAN("the PBX asks for an authentication that we do not know"));
    }
    refused(table, turn, id, message, buffer_span(&reason));
}

static void challenged(struct line_table *table, struct turn *turn, struct pool_id id,
                       const struct sip_message *message)
{
    struct line *line = pool_find(&table->lines, id);
    switch (line_take_challenges(table, line, message)) {
    case LINE_PROOF_TAKEN: send_register(table, turn, id); break;
    case LINE_PROOF_UNKNOWN: refuse_challenge(table, turn, id, message); break;
    case LINE_PROOF_REPEATED:
        refused(table, turn, id, message, SPAN("wrong user name or password"));
        break;
    case LINE_PROOF_NO_ROOM:
        unreachable(table, turn, id, message, SPAN("too many challenges at the same time"));
        break;
    }
}

// 423 Interval Too Brief (RFC 3261 section 10.2.8): asks again for as long as the PBX demands, once
// in an attempt. One that demands more each time would have a REGISTER for each of its answers.
static void too_brief(struct line_table *table, struct turn *turn, struct pool_id id,
                      const struct sip_message *message)
{
    struct line *line = pool_find(&table->lines, id);
    uint64_t least_s;
    bool is_readable = span_to_u64(sip_header_value(message, SIP_MIN_EXPIRES), 86400, &least_s) &&
                       least_s > line->min_expires_s;
    if (!is_readable || line->is_lengthened) {
        refused(table, turn, id, message, SPAN("the PBX demands no interval that we can keep"));
        return;
    }
    line->is_lengthened = true;
    line->min_expires_s = (uint32_t)least_s;
    line_forget_proofs(table, line);
    send_register(table, turn, id);
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
        unreachable(table, turn, id, message, reason);
    } else {
        refused(table, turn, id, message, reason);
    }
}

// The answer to an un-registration, or none: whatever it is, that was it.
static void unregistered(struct line_table *table, struct turn *turn, struct pool_id id,
                         const struct sip_message *message)
{
    struct line *line = pool_find(&table->lines, id);
    bool is_challenge = message && (message->status == 401 || message->status == 407);
    if (is_challenge && line_take_challenges(table, line, message) == LINE_PROOF_TAKEN) {
        send_register(table, turn, id);
    } else {
        end_unwanted(table, turn, id);
    }
}

void line_sent(struct line_table *table, struct pool_id id, struct pool_id txn)
{
    struct line *line = pool_find(&table->lines, id);
    if (line) line->txn = txn;
}

// The answer cannot come any more: another attempt, if no new connection has begun one by then.
void line_connection_lost(struct line_table *table, struct turn *turn, struct pool_id id)
{
    struct line *line = pool_find(&table->lines, id);
    if (!line || line->phase != PHASE_WAITING) return;
    line_abandon(line);
    wait_until(table, id, turn->now_us + LINE_SILENT_US);
}

void line_response(struct line_table *table, struct turn *turn, struct pool_id id,
                   const struct sip_message *message)
{
    struct line *line = pool_find(&table->lines, id);
    if (!line || line->phase != PHASE_WAITING) return;
    if (message && (message->cseq != line->cseq || message->status < 200)) return;
    struct pool_id group = line->group;
    if (message) {
        line_learn_own(table, turn, group, message);
        line_group_heard(turn, line_group_of(table, line), message);
    }
    if (line->is_changed) {
        if (message && message->status < 300) note_binding(table, line, message);
        line_make_due(table, turn, id);
    } else if (line_change_call_id(turn, line, message)) {
        line_make_due(table, turn, id);
    } else if (!line->is_wanted) {
        unregistered(table, turn, id, message);
    } else if (message) {
        answered(table, turn, id, message);
    } else {
        unreachable(table, turn, id, NULL, SPAN("no answer from the PBX"));
        line_group_lost(turn, line_group_of(table, line));
    }
    line = pool_find(&table->lines, id); // it may be gone
    if (line && line->phase != PHASE_WAITING) line_forget_proofs(table, line);
    if (message) line_group_answers(table, turn, group, id);
}
