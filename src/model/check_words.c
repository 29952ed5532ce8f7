// SPDX-License-Identifier: Apache-2.0
// What a check has found, as sentences that an administrator can act on. English; the web client
// has its own in its languages, by the same codes.
#include "model/model.h"

const char *model_check_title(enum check_row row)
{
    static const char *const titles[CHECK_ROWS] = {
        [CHECK_REGISTRATION] = "registration",
        [CHECK_INCOMING] = "incoming calls",
        [CHECK_BUSY_486] = "busy (486)",
        [CHECK_UNAVAILABLE_480] = "unavailable (480)",
        [CHECK_DECLINE_603] = "declined (603)",
        [CHECK_SECOND_CALL] = "second call",
        [CHECK_REDIRECT_INTERNAL] = "302 to a colleague",
        [CHECK_DIVERSION] = "who diverted",
        [CHECK_CONTACT_HOST] = "host of a Contact",
        [CHECK_REDIRECT_EXTERNAL] = "302 to outside",
        [CHECK_OTHER_CONTACTS] = "other telephones",
        [CHECK_RING_TIMEOUT] = "ring time-out",
        [CHECK_UNREGISTERED] = "without us",
    };
    return row < CHECK_ROWS ? titles[row] : "?";
}

// ---- What was seen. In a sentence %L is the line, %O the other one, %S the status, %T the time.

static const char *seen_of(enum check_finding finding)
{
    switch (finding) {
    case FOUND_NOTHING: return "the call did not get so far that this could be seen";
    case FOUND_REGISTERED: return "the PBX has accepted the registrations of the three lines";
    case FOUND_REFUSED: return "the PBX refuses the registration of line %L with %S";
    case FOUND_UNREGISTERED: return "line %L is not registered";
    case FOUND_ARRIVED: return "the call came to line %L after %T";
    case FOUND_AT_OTHER_LINE: return "a call to line %L came to line %O instead";
    case FOUND_TAKEN_ELSEWHERE:
        return "a call to line %L did not come to us, but the caller got %S: it went somewhere "
               "else";
    case FOUND_DECLINED: return "a call to line %L did not come to us; the caller got %S after %T";
    case FOUND_SILENCE: return "a call to line %L did not come to us, and the caller got no answer";
    case FOUND_AS_SENT: return "the caller got %S after %T";
    case FOUND_CHANGED: return "the caller got %S instead";
    case FOUND_RINGS_ON: return "the caller heard it ring on";
    case FOUND_FOLLOWED: return "the call went where the 302 of line %L says, after %T";
    case FOUND_FOLLOWED_LATE: return "the call went where the 302 of line %L says, but after %T";
    case FOUND_TAKEN_AS_BUSY: return "the PBX took the 302 of line %L as busy: the caller got %S";
    case FOUND_PASSED_ON: return "the PBX passed the 302 of line %L on to the caller";
    case FOUND_CAME_BACK: return "the PBX called line %L again instead of following its 302";
    case FOUND_HELD_BACK:
        return "the PBX does not follow the 302 of line %L while its other telephones ring";
    case FOUND_HOST_IGNORED: return "only the user part of a Contact counts";
    case FOUND_HOST_REFUSED: return "a Contact with a foreign host was refused: the caller got %S";
    case FOUND_HOST_DIALLED: return "the PBX sent the call straight to the host of the Contact";
    case FOUND_DIVERSION_KEPT: return "the target was told, by Diversion, who diverted and why";
    case FOUND_HISTORY_KEPT: return "the target was told, by History-Info, who diverted";
    case FOUND_DIVERSION_CHANGED: return "the target was told who diverted, but not why";
    case FOUND_DIVERSION_LOST: return "neither Diversion nor History-Info reached the target";
    case FOUND_DIVERSION_NOT_SENT: return "the group's setting diversion is none";
    case FOUND_KEEPS_RINGING: return "other telephones of line %L ring on after our answers";
    case FOUND_STOPS_RINGING: return "a 302 of ours makes the other telephones of line %L stop";
    case FOUND_NO_OTHERS: return "no other telephone of line %L was heard";
    case FOUND_TIMES_OUT: return "the PBX ended the call after %T; the caller got %S";
    case FOUND_NO_TIMEOUT: return "the PBX let it ring for %T and longer";
    case FOUND_LINE_UNUSABLE:
        return "calls to line %L do not arrive, or another telephone takes them first, so this "
               "cannot be seen";
    case FOUND_NO_NUMBER: return "no test number was given, or no consent to call it";
    case FOUND_SKIPPED: return "it was not asked for";
    case FOUND_ENDED_EARLY: return "the check was ended before";
    case FOUND_REGISTRATION_STAYED: return "line %L could not be un-registered for the test";
    }
    return "";
}

static void put_time(struct buffer *out, uint32_t ms)
{
    if (ms < 1000) {
        buffer_printf(out, "%u ms", ms);
    } else {
        buffer_printf(out, "%u.%u s", ms / 1000, ms % 1000 / 100);
    }
}

static void put_status(struct buffer *out, unsigned status)
{
    if (status == 0) {
        buffer_put_text(out, "no answer");
    } else {
        buffer_printf(out, "%u", status);
    }
}

static void put_sentence(struct buffer *out, const char *sentence,
                         const struct model_check_row *result)
{
    for (const char *at = sentence; *at; at++) {
        if (*at != '%') {
            buffer_put_byte(out, *at);
            continue;
        }
        switch (*++at) {
        case 'L': buffer_put_text(out, result->line); break;
        case 'O': buffer_put_text(out, result->other); break;
        case 'S': put_status(out, result->status); break;
        case 'T': put_time(out, result->ms); break;
        default: ASSERT(false);
        }
    }
}

void model_check_put_seen(struct buffer *out, enum check_row row,
                          const struct model_check_row *result)
{
    bool is_gone = row == CHECK_UNREGISTERED;
    bool is_answer = row >= CHECK_BUSY_486 && row <= CHECK_DECLINE_603;
    bool is_redirect = row == CHECK_REDIRECT_INTERNAL || row == CHECK_REDIRECT_EXTERNAL;
    if (is_gone && result->finding == FOUND_DECLINED) {
        put_sentence(out, "callers of line %L, not registered, get %S after %T", result);
    } else if (is_gone && result->finding == FOUND_TAKEN_ELSEWHERE) {
        put_sentence(out, "a call to line %L, not registered, rang or was answered elsewhere (%S)",
                     result);
    } else if (result->finding == FOUND_HOST_REFUSED && result->status < 300) {
        put_sentence(out, "a Contact with a foreign host was not dialled", result);
    } else if (row == CHECK_REDIRECT_EXTERNAL && result->finding == FOUND_FOLLOWED) {
        put_sentence(out, "the PBX went on with the 302 of line %L: the caller got %S after %T",
                     result);
    } else if (is_redirect && result->finding == FOUND_DECLINED) {
        put_sentence(out, "the PBX does not follow the 302 of line %L: the caller got %S after %T",
                     result);
    } else if (is_redirect && result->finding == FOUND_SILENCE) {
        put_sentence(out,
                     "the PBX does not follow the 302 of line %L, and the caller got no answer",
                     result);
    } else if (is_answer && result->finding == FOUND_SILENCE) {
        put_sentence(out, "the caller got no answer", result);
    } else {
        put_sentence(out, seen_of((enum check_finding)result->finding), result);
    }
}

// ---- What to do

static const char *advice_on_line(enum check_row row, enum check_finding finding, unsigned status)
{
    switch (finding) {
    case FOUND_REFUSED:
        return status == 403 ? "let extension %L have one more contact in the PBX (a telephone and "
                               "Lineward), or see whether it may register at all"
                             : "see to the registration of line %L: its password and its name at "
                               "the PBX";
    case FOUND_UNREGISTERED: return "see why line %L is not registered, then check again";
    case FOUND_AT_OTHER_LINE:
        return "extension %L is forwarded to %O in the PBX: take that forwarding out there, it "
               "always wins over those of Lineward";
    case FOUND_TAKEN_ELSEWHERE:
        if (row == CHECK_UNREGISTERED) {
            return "while Lineward is away its lines' callers go there (voicemail, a forwarding "
                   "or a desk phone of the PBX): see whether that is meant";
        }
        if (row == CHECK_SECOND_CALL) break;
        return "extension %L is forwarded in the PBX, or rings another telephone only: take the "
               "forwarding out there, and let all contacts of the extension ring";
    case FOUND_DECLINED:
    case FOUND_SILENCE:
        if (row == CHECK_SECOND_CALL || row == CHECK_UNREGISTERED) break;
        return "see whether extension %L can be called in the PBX, and whether its calls go to "
               "the registered contact";
    case FOUND_LINE_UNUSABLE: return "check again with another line in place of %L";
    default: break;
    }
    if (row == CHECK_SECOND_CALL) return "set line %L up for a second call in the PBX";
    return "";
}

static const char *advice_on_redirect(enum check_finding finding)
{
    switch (finding) {
    case FOUND_FOLLOWED:
    case FOUND_NO_NUMBER:
    case FOUND_LINE_UNUSABLE:
    case FOUND_ENDED_EARLY:
    case FOUND_NOTHING: return "";
    case FOUND_FOLLOWED_LATE: return "see what the PBX waits for before it follows a 302";
    default:
        return "with forward_by auto Lineward places the second call itself here; where the PBX "
               "can follow a 302, switch that on and check again";
    }
}

static const char *advice_on_others(enum check_row row, enum check_finding finding)
{
    switch (finding) {
    case FOUND_HOST_DIALLED:
        return "the group's domain must be the PBX's own: it is what Lineward's Contacts name";
    case FOUND_DIVERSION_CHANGED:
    case FOUND_DIVERSION_LOST:
        return "try the group's setting diversion history-info or both; Lineward's own loops are "
               "ended all the same, but mailboxes and carriers do not learn who diverted";
    case FOUND_STOPS_RINGING:
        return "set other_contacts of lines with a desk phone, so that it can ring before a "
               "forwarding by logged_off or unreachable";
    case FOUND_TIMES_OUT:
        return "pbx_ring_timeout of the group is set to it; delays of no_answer should leave 10 s "
               "of it";
    case FOUND_NO_OTHERS:
        return "register a telephone at the PBX under the diverter's extension, to see it";
    case FOUND_CHANGED:
        return "choose the status that your callers should hear by the group's settings "
               "decline_unavailable and decline_rejected";
    case FOUND_SILENCE:
        return row >= CHECK_BUSY_486 && row <= CHECK_DECLINE_603
                   ? "callers wait in vain after this answer: do not use it for the group"
                   : "";
    default: return "";
    }
}

void model_check_put_advice(struct buffer *out, enum check_row row,
                            const struct model_check_row *result)
{
    enum check_finding finding = (enum check_finding)result->finding;
    const char *advice = "";
    if (result->verdict == CHECK_OK && finding != FOUND_TIMES_OUT) return;
    switch (row) {
    case CHECK_REDIRECT_INTERNAL:
    case CHECK_REDIRECT_EXTERNAL: advice = advice_on_redirect(finding); break;
    case CHECK_REGISTRATION:
    case CHECK_INCOMING:
    case CHECK_SECOND_CALL:
    case CHECK_UNREGISTERED:
        if (finding == FOUND_NOTHING || finding == FOUND_ENDED_EARLY) break;
        advice = advice_on_line(row, finding, result->status);
        break;
    default: advice = advice_on_others(row, finding); break;
    }
    put_sentence(out, advice, result);
}
