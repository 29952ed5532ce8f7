// SPDX-License-Identifier: Apache-2.0
// The trace and the verdict in words: stable names for programs, sentences for people. A trace may
// come out of the journal of another version, so no value is taken for granted.
#include "fwd/fwd.h"

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
};
enum { SUBJECT_COUNT = sizeof subject_names / sizeof subject_names[0] };

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
};
enum { FINDING_COUNT = sizeof finding_names / sizeof finding_names[0] };

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

// The words of one language. A slot's sentence is `the`, the condition's forwarding, the origin's
// callers, and what the finding says of it; blanks come between.
struct words {
    const char *plain[SUBJECT_COUNT][FINDING_COUNT]; // of all that is neither state nor slot
    const char *dnd[2], *logged_off[2];              // it is so, it is not so
    const char *the, *forwardings[CONDITION_COUNT], *callers[ORIGIN_COUNT];
    const char *slot_findings[FINDING_COUNT];
    const char *no_slot[2];             // before and after the forwarding
    const char *one_of_other_origin[2]; // the caller is external, internal
    const char *unknown;
    const char *redirect, *decline, *ring, *hold, *then;
    const char *reasons[REASON_COUNT];
    const char *busy, *unavailable, *rejected;
};

static const struct words english = {
    .plain =
        {
            [FWD_SUBJECT_PSAP_CALLBACK] =
                {
                    [FWD_APPLIES] = "an emergency service calls back, and that rings in any case",
                    [FWD_NOT_HELD] = "no emergency service calls back",
                },
            [FWD_SUBJECT_LINE] =
                {
                    [FWD_APPLIES] = "the line is disabled",
                    [FWD_NOT_HELD] = "the line is enabled",
                },
            [FWD_SUBJECT_MAILBOX] =
                {
                    [FWD_APPLIES] = "the user's mailbox takes the call",
                    [FWD_NOT_SET] = "no mailbox number is set",
                    [FWD_IS_SELF] = "the mailbox is skipped: its number is the line itself",
                    [FWD_IS_EMERGENCY] = "the mailbox is skipped: its number is an emergency "
                                         "number",
                    [FWD_IS_BARRED] = "the mailbox is skipped: the group bars its number",
                    [FWD_IS_VISITED] = "the mailbox cannot take the call: the call has been there "
                                       "before, and ends",
                    [FWD_IS_OVER_LIMIT] = "the mailbox cannot take the call: the call has been "
                                          "diverted too often, and ends",
                },
            [FWD_SUBJECT_DECLINE] =
                {
                    [FWD_APPLIES] = "the group's answer for users who are not available is given",
                },
            [FWD_SUBJECT_DIVERSIONS] =
                {
                    [FWD_APPLIES] = "the call has been diverted too often to be forwarded again",
                    [FWD_NOT_HELD] = "the call has not been diverted too often",
                },
            [FWD_SUBJECT_CLIENTS] =
                {
                    [FWD_APPLIES] = "the user is rung",
                    [FWD_NOT_HELD] = "the user has nothing that could ring",
                },
        },
    .dnd = {"do-not-disturb is on", "do-not-disturb is off"},
    .logged_off = {"nobody is logged in", "the user is logged in"},
    .the = "the",
    .forwardings = {"immediate forwarding", "do-not-disturb forwarding", "logged-off forwarding",
                    "unreachable forwarding", "busy forwarding", "no-answer forwarding"},
    .callers = {"for all callers", "for internal callers", "for external callers"},
    .slot_findings =
        {
            [FWD_APPLIES] = "applies",
            [FWD_OTHER_ORIGIN] = "does not apply to",
            [FWD_LESS_SPECIFIC] = "gives way: there is one for this kind of caller",
            [FWD_NO_NUMBER] = "is skipped: its target is a number that the user does not have",
            [FWD_IS_SELF] = "is skipped: its target is the line itself",
            [FWD_IS_EMERGENCY] = "is skipped: its target is an emergency number",
            [FWD_IS_BARRED] = "is skipped: the group bars its target",
            [FWD_IS_VISITED] = "cannot be carried out: the call has been at its target before, "
                               "and ends",
            [FWD_IS_OVER_LIMIT] = "cannot be carried out: the call has been diverted too often, "
                                  "and ends",
        },
    .no_slot = {"no", "is set"},
    .one_of_other_origin = {"an external one", "an internal one"},
    .unknown = "something that this version does not know",
    .reasons = {"immediate", "do-not-disturb", "logged off", "unreachable", "busy", "no answer",
                "deflected while ringing", "deflected at once"},
    .busy = "busy",
    .unavailable = "unavailable",
    .rejected = "rejected",
    .redirect = "forwarded to",
    .decline = "declined with",
    .ring = "rings for at most",
    .hold = "the caller hears ringing for at most",
    .then = "then",
};

static const struct words german = {
    .plain =
        {
            [FWD_SUBJECT_PSAP_CALLBACK] =
                {
                    [FWD_APPLIES] = "eine Notrufzentrale ruft zurück, und das klingelt in jedem "
                                    "Fall",
                    [FWD_NOT_HELD] = "es ist kein Rückruf einer Notrufzentrale",
                },
            [FWD_SUBJECT_LINE] =
                {
                    [FWD_APPLIES] = "die Nebenstelle ist deaktiviert",
                    [FWD_NOT_HELD] = "die Nebenstelle ist aktiv",
                },
            [FWD_SUBJECT_MAILBOX] =
                {
                    [FWD_APPLIES] = "die Mailbox des Benutzers nimmt den Anruf an",
                    [FWD_NOT_SET] = "es ist keine Mailboxnummer hinterlegt",
                    [FWD_IS_SELF] = "die Mailbox wird übergangen: ihre Nummer ist die der "
                                    "Nebenstelle selbst",
                    [FWD_IS_EMERGENCY] = "die Mailbox wird übergangen: ihre Nummer ist eine "
                                         "Notrufnummer",
                    [FWD_IS_BARRED] = "die Mailbox wird übergangen: ihre Nummer ist in der "
                                      "Gruppe gesperrt",
                    [FWD_IS_VISITED] = "die Mailbox kann den Anruf nicht annehmen: er war schon "
                                       "einmal dort und endet",
                    [FWD_IS_OVER_LIMIT] = "die Mailbox kann den Anruf nicht annehmen: er wurde "
                                          "zu oft umgeleitet und endet",
                },
            [FWD_SUBJECT_DECLINE] =
                {
                    [FWD_APPLIES] = "es gilt die Antwort der Gruppe für nicht erreichbare Benutzer",
                },
            [FWD_SUBJECT_DIVERSIONS] =
                {
                    [FWD_APPLIES] = "der Anruf wurde schon zu oft umgeleitet, um noch einmal "
                                    "umgeleitet zu werden",
                    [FWD_NOT_HELD] = "der Anruf wurde nicht zu oft umgeleitet",
                },
            [FWD_SUBJECT_CLIENTS] =
                {
                    [FWD_APPLIES] = "es klingelt beim Benutzer",
                    [FWD_NOT_HELD] = "der Benutzer hat nichts, was klingeln könnte",
                },
        },
    .dnd = {"der Anrufschutz ist eingeschaltet", "der Anrufschutz ist ausgeschaltet"},
    .logged_off = {"niemand ist angemeldet", "der Benutzer ist angemeldet"},
    .the = "die",
    .forwardings = {"sofortige Rufumleitung", "Rufumleitung bei Anrufschutz",
                    "Rufumleitung bei Abmeldung", "Rufumleitung bei Nichterreichbarkeit",
                    "Rufumleitung bei Besetzt", "Rufumleitung bei Nichtmelden"},
    .callers = {"für alle Anrufer", "für interne Anrufer", "für externe Anrufer"},
    .slot_findings =
        {
            [FWD_APPLIES] = "gilt",
            [FWD_OTHER_ORIGIN] = "gilt nicht für",
            [FWD_LESS_SPECIFIC] = "tritt zurück: für diese Art von Anrufern gibt es eine eigene",
            [FWD_NO_NUMBER] = "wird übergangen: ihr Ziel ist eine Nummer, die der Benutzer nicht "
                              "hat",
            [FWD_IS_SELF] = "wird übergangen: ihr Ziel ist die Nebenstelle selbst",
            [FWD_IS_EMERGENCY] = "wird übergangen: ihr Ziel ist eine Notrufnummer",
            [FWD_IS_BARRED] = "wird übergangen: ihr Ziel ist in der Gruppe gesperrt",
            [FWD_IS_VISITED] = "kann nicht ausgeführt werden: der Anruf war schon bei ihrem Ziel "
                               "und endet",
            [FWD_IS_OVER_LIMIT] = "kann nicht ausgeführt werden: der Anruf wurde zu oft "
                                  "umgeleitet und endet",
        },
    .no_slot = {"es ist keine", "eingerichtet"},
    .one_of_other_origin = {"einen externen", "einen internen"},
    .unknown = "etwas, das diese Version nicht kennt",
    .reasons = {"sofort", "Anrufschutz", "abgemeldet", "nicht erreichbar", "besetzt",
                "nicht gemeldet", "beim Klingeln weitergeleitet", "sofort weitergeleitet"},
    .busy = "besetzt",
    .unavailable = "nicht erreichbar",
    .rejected = "abgelehnt",
    .redirect = "umgeleitet zu",
    .decline = "abgewiesen mit",
    .ring = "klingelt höchstens",
    .hold = "der Anrufer hört den Freiton höchstens",
    .then = "danach",
};

static const struct words *words_of(enum fwd_language language)
{
    return language == FWD_GERMAN ? &german : &english;
}

static void put_slot(struct buffer *out, const struct fwd_trace_entry *entry,
                     const struct words *words)
{
    const char *finding = entry->finding < FINDING_COUNT ? words->slot_findings[entry->finding]
                                                         : NULL;
    bool is_known = entry->condition < CONDITION_COUNT && entry->origin < ORIGIN_COUNT &&
                    (finding || entry->finding == FWD_NOT_SET);
    if (!is_known) {
        buffer_put_text(out, words->unknown);
        return;
    }
    const char *forwarding = words->forwardings[entry->condition];
    if (!finding) {
        buffer_printf(out, "%s %s %s", words->no_slot[0], forwarding, words->no_slot[1]);
        return;
    }
    buffer_printf(out, "%s %s %s %s", words->the, forwarding, words->callers[entry->origin],
                  finding);
    if (entry->finding == FWD_OTHER_ORIGIN) {
        bool is_caller_internal = entry->origin == ORIGIN_EXTERNAL;
        buffer_printf(out, " %s", words->one_of_other_origin[is_caller_internal]);
    }
}

// The sentence of an entry that is no slot; NULL where there is none.
static const char *sentence_of(const struct fwd_trace_entry *entry, const struct words *words)
{
    if (entry->subject >= SUBJECT_COUNT || entry->finding >= FINDING_COUNT) return NULL;
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
    const struct words *words = words_of(language);
    if (entry->subject == FWD_SUBJECT_SLOT) {
        put_slot(out, entry, words);
        return;
    }
    const char *sentence = sentence_of(entry, words);
    buffer_put_text(out, sentence ? sentence : words->unknown);
}

// "480 (unavailable)"
static void put_status(struct buffer *out, unsigned status, const struct words *words)
{
    const char *meaning = status == 486   ? words->busy
                          : status == 603 ? words->rejected
                                          : words->unavailable;
    buffer_printf(out, " %u (%s)", status, meaning);
}

void fwd_put_verdict(struct buffer *out, const struct fwd_verdict *verdict,
                     enum fwd_language language)
{
    const struct words *words = words_of(language);
    switch (verdict->kind) {
    case VERDICT_REDIRECT:
        ASSERT(verdict->reason < REASON_COUNT);
        buffer_printf(out, "%s ", words->redirect);
        buffer_put(out, verdict->target);
        buffer_printf(out, " (%s)", words->reasons[verdict->reason]);
        return;
    case VERDICT_RING:
    case VERDICT_HOLD:
        buffer_printf(out, "%s %u s, %s", verdict->kind == VERDICT_RING ? words->ring : words->hold,
                      verdict->seconds, words->then);
        put_status(out, verdict->status, words);
        return;
    case VERDICT_DECLINE:
        buffer_put_text(out, words->decline);
        put_status(out, verdict->status, words);
        return;
    }
    ASSERT(false);
}
