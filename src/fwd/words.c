// SPDX-License-Identifier: Apache-2.0
// The trace and the verdict in words: stable names for programs, sentences for people. A trace may
// come out of the journal of another version, so no value is taken for granted.
#include "fwd/words_int.h"

// ---- Names

static const char *const step_names[] = {
    [FWD_STEP_ENTRY] = "entry",
    [FWD_STEP_LIMITS] = "limits",
    [FWD_STEP_IMMEDIATE] = "immediate",
    [FWD_STEP_DND] = "dnd",
    [FWD_STEP_LOGGED_OFF] = "logged_off",
    [FWD_STEP_BUSY] = "busy",
    [FWD_STEP_RING] = "ring",
};

static const char *const subject_names[] = {
    [FWD_SUBJECT_PSAP_CALLBACK] = "psap_callback",
    [FWD_SUBJECT_LINE] = "line",
    [FWD_SUBJECT_STATE] = "state",
    [FWD_SUBJECT_SLOT] = "slot",
    [FWD_SUBJECT_MAILBOX] = "mailbox",
    [FWD_SUBJECT_DECLINE] = "decline",
    [FWD_SUBJECT_DIVERSIONS] = "diversions",
    [FWD_SUBJECT_CLIENTS] = "clients",
    [FWD_SUBJECT_GROUP_CALL] = "group_call",
    [FWD_SUBJECT_MANDATORY] = "mandatory",
    [FWD_SUBJECT_EXCEPTION] = "exception",
    [FWD_SUBJECT_DEFAULT] = "default",
    [FWD_SUBJECT_OTHER_CONTACTS] = "other_contacts",
    [FWD_SUBJECT_CALLS] = "calls",
    [FWD_SUBJECT_REJECTED] = "rejected",
    [FWD_SUBJECT_DEFLECTION] = "deflection",
    [FWD_SUBJECT_TARGET] = "target",
    [FWD_SUBJECT_MORE] = "more",
};

static const char *const finding_names[] = {
    [FWD_APPLIES] = "applies",
    [FWD_NOT_SET] = "not_set",
    [FWD_NOT_HELD] = "not_held",
    [FWD_OTHER_ORIGIN] = "other_origin",
    [FWD_LESS_SPECIFIC] = "less_specific",
    [FWD_NO_NUMBER] = "no_number",
    [FWD_IS_SELF] = "is_self",
    [FWD_IS_VISITED] = "is_visited",
    [FWD_IS_OVER_LIMIT] = "is_over_limit",
    [FWD_IS_EMERGENCY] = "is_emergency",
    [FWD_IS_BARRED] = "is_barred",
    [FWD_OTHER_CALLER] = "other_caller",
    [FWD_OTHER_TIME] = "other_time",
    [FWD_OTHER_PRESENCE] = "other_presence",
    [FWD_IS_EXPIRED] = "is_expired",
    [FWD_IS_USED_UP] = "is_used_up",
    [FWD_IS_CANCELLED] = "is_cancelled",
    [FWD_RINGS] = "rings",
    [FWD_IS_TOO_MANY] = "is_too_many",
    [FWD_IS_TOO_OFTEN] = "is_too_often",
    [FWD_IS_CHOSEN] = "is_chosen",
    [FWD_HAS_CALL] = "has_call",
    [FWD_IS_BUSY] = "is_busy",
    [FWD_IS_FULL] = "is_full",
    [FWD_IS_REJECTED] = "is_rejected",
    [FWD_IS_UNREACHABLE] = "is_unreachable",
    [FWD_IS_UNANSWERED] = "is_unanswered",
    [FWD_NEVER_FORWARDED] = "never_forwarded",
    [FWD_IS_BUSY_ELSEWHERE] = "is_busy_elsewhere",
    [FWD_IS_TRIED] = "is_tried",
    [FWD_IS_OUT_OF_HOPS] = "is_out_of_hops",
};

static const char *name_in(const char *const *names, size_t count, size_t at)
{
    return at < count && names[at] ? names[at] : "?";
}

#define NAME_IN(names, at) name_in((names), sizeof(names) / sizeof(names)[0], (at))

const char *fwd_step_name(uint8_t step)
{
    return NAME_IN(step_names, step);
}

const char *fwd_subject_name(uint8_t subject)
{
    return NAME_IN(subject_names, subject);
}

const char *fwd_finding_name(uint8_t finding)
{
    return NAME_IN(finding_names, finding);
}

// ---- Sentences

static const struct fwd_words *words_of(enum fwd_language language)
{
    return language == FWD_GERMAN ? &fwd_german : &fwd_english;
}

static bool is_rule(const struct fwd_trace_entry *entry)
{
    return entry->subject == FWD_SUBJECT_SLOT || entry->subject == FWD_SUBJECT_MANDATORY ||
           entry->subject == FWD_SUBJECT_EXCEPTION || entry->subject == FWD_SUBJECT_DEFAULT;
}

// "the immediate forwarding for all callers", "exception 3 (busy forwarding for all callers)"
static void put_rule_name(struct buffer *out, const struct fwd_trace_entry *entry,
                          const struct fwd_words *words)
{
    const char *forwarding = words->forwardings[entry->condition];
    const char *callers = words->callers[entry->origin];
    if (entry->subject == FWD_SUBJECT_SLOT) {
        buffer_printf(out, "%s %s %s", words->the, forwarding, callers);
    } else {
        buffer_printf(out, "%s %u (%s %s)", words->rules[entry->subject], entry->number, forwarding,
                      callers);
    }
}

static void put_rule(struct buffer *out, const struct fwd_trace_entry *entry,
                     const struct fwd_words *words)
{
    bool is_not_set = entry->finding == FWD_NOT_SET && entry->subject == FWD_SUBJECT_SLOT;
    const char *finding = entry->finding < FWD_FINDING_COUNT ? words->findings[entry->finding]
                                                             : NULL;
    bool is_known = entry->condition < CONDITION_COUNT && entry->origin < ORIGIN_COUNT &&
                    (finding || is_not_set);
    if (!is_known) {
        buffer_put_text(out, words->unknown);
        return;
    }
    if (is_not_set) {
        const char *forwarding = words->forwardings[entry->condition];
        buffer_printf(out, "%s %s %s", words->no_slot[0], forwarding, words->no_slot[1]);
        return;
    }
    put_rule_name(out, entry, words);
    buffer_printf(out, " %s", finding);
    if (entry->finding == FWD_OTHER_ORIGIN) {
        bool is_caller_internal = entry->origin == ORIGIN_EXTERNAL;
        buffer_printf(out, " %s", words->one_of_other_origin[is_caller_internal]);
    }
}

static void put_more(struct buffer *out, const struct fwd_trace_entry *entry,
                     const struct fwd_words *words)
{
    if (entry->number > 1) buffer_printf(out, "%u ", entry->number);
    buffer_put_text(out, words->more[entry->number > 1]);
}

// The sentence of an entry that is no rule; NULL where there is none.
static const char *sentence_of(const struct fwd_trace_entry *entry, const struct fwd_words *words)
{
    if (entry->subject >= FWD_SUBJECT_COUNT || entry->finding >= FWD_FINDING_COUNT) return NULL;
    if (entry->subject != FWD_SUBJECT_STATE) return words->plain[entry->subject][entry->finding];
    if (entry->finding != FWD_APPLIES && entry->finding != FWD_NOT_HELD) return NULL;
    bool is_not_so = entry->finding == FWD_NOT_HELD;
    switch (entry->step) {
    case FWD_STEP_DND: return words->dnd[is_not_so];
    case FWD_STEP_LOGGED_OFF: return words->logged_off[is_not_so];
    default: return NULL;
    }
}

void fwd_put_trace_entry(struct buffer *out, const struct fwd_trace_entry *entry,
                         enum fwd_language language)
{
    const struct fwd_words *words = words_of(language);
    if (is_rule(entry)) {
        put_rule(out, entry, words);
        return;
    }
    if (entry->subject == FWD_SUBJECT_MORE && entry->finding == FWD_APPLIES) {
        put_more(out, entry, words);
        return;
    }
    const char *sentence = sentence_of(entry, words);
    buffer_put_text(out, sentence ? sentence : words->unknown);
}

// "480 (unavailable)"
static void put_status(struct buffer *out, unsigned status, const struct fwd_words *words)
{
    const char *meaning = status == 486   ? words->busy
                          : status == 603 ? words->rejected
                                          : words->unavailable;
    buffer_printf(out, " %u (%s)", status, meaning);
}

static void put_redirect(struct buffer *out, struct span target, unsigned reason,
                         const struct fwd_words *words)
{
    ASSERT(reason < REASON_COUNT);
    buffer_printf(out, "%s ", words->redirect);
    buffer_put(out, target);
    buffer_printf(out, " (%s)", words->reasons[reason]);
}

// "rings for at most 20 s, then forwarded to 103 (no answer)"
static void put_waiting(struct buffer *out, const struct fwd_verdict *verdict,
                        const struct fwd_words *words)
{
    buffer_printf(out, "%s %u s, %s", verdict->kind == VERDICT_RING ? words->ring : words->hold,
                  verdict->seconds, words->then);
    if (verdict->has_next) {
        buffer_put_byte(out, ' ');
        put_redirect(out, verdict->next.target.stored, verdict->next.reason, words);
    } else {
        put_status(out, verdict->status, words);
    }
}

void fwd_put_verdict(struct buffer *out, const struct fwd_verdict *verdict,
                     enum fwd_language language)
{
    const struct fwd_words *words = words_of(language);
    switch (verdict->kind) {
    case VERDICT_REDIRECT: put_redirect(out, verdict->target, verdict->reason, words); return;
    case VERDICT_RING:
    case VERDICT_HOLD: put_waiting(out, verdict, words); return;
    case VERDICT_DECLINE:
        buffer_put_text(out, words->decline);
        put_status(out, verdict->status, words);
        return;
    }
    ASSERT(false);
}
