// SPDX-License-Identifier: Apache-2.0
// What was seen in a step becomes rows of the report.
#include "check/check_int.h"

#include <string.h>

enum {
    FOLLOWED_AT_ONCE_MS = 3000,
    RING_SHORT_MS = 25000, // a no_answer delay leaves the target little time within less
};

static uint32_t ms_between(uint64_t from_us, uint64_t to_us)
{
    return from_us && to_us > from_us ? (uint32_t)((to_us - from_us) / 1000) : 0;
}

static struct model_check_row *set(struct check *check, enum check_row row,
                                   enum check_verdict verdict, enum check_finding finding)
{
    struct model_check_row *result = &check->rows[row];
    *result = (struct model_check_row){.verdict = (uint8_t)verdict, .finding = (uint8_t)finding};
    return result;
}

static void name_line(const struct check *check, struct model_check_row *result,
                      enum check_role role)
{
    memcpy(result->line, check->lines[role].extension, EXTENSION_SIZE);
}

// ---- Rows of lines

static void judge_registration(struct check *check)
{
    struct model_check_row *result = set(check, CHECK_REGISTRATION, CHECK_OK, FOUND_REGISTERED);
    for (enum check_role role = 0; role < CHECK_LINES; role++) {
        check->lines[role].is_usable = check->lines[role].is_registered;
        if (check->lines[role].is_registered || result->verdict == CHECK_FAILS) continue;
        unsigned status = check->lines[role].status;
        result->verdict = CHECK_FAILS;
        result->finding = (uint8_t)(status ? FOUND_REFUSED : FOUND_UNREGISTERED);
        result->status = (uint16_t)status;
        name_line(check, result, role);
    }
}

// Where a call went that did not come to the line that was called.
static enum check_finding find_whereabouts(const struct seen *seen, unsigned *status)
{
    bool is_answered = seen->is_final && seen->status >= 200 && seen->status < 300;
    *status = seen->status;
    if (seen->other[0]) return FOUND_AT_OTHER_LINE;
    if (is_answered) return FOUND_TAKEN_ELSEWHERE;
    if (seen->is_final && seen->status) return FOUND_DECLINED;
    *status = seen->ring_status;
    return seen->ringing_us ? FOUND_TAKEN_ELSEWHERE : FOUND_SILENCE;
}

static void set_whereabouts(struct check *check, enum check_row row, enum check_role role)
{
    const struct seen *seen = &check->seen;
    unsigned status;
    enum check_finding finding = find_whereabouts(seen, &status);
    struct model_check_row *result = set(check, row, CHECK_FAILS, finding);
    result->status = (uint16_t)status;
    result->ms = ms_between(seen->placed_us, seen->final_us);
    memcpy(result->other, seen->other, EXTENSION_SIZE);
    name_line(check, result, role);
}

// Of three calls the first that fails is told, else the slowest.
static void judge_incoming(struct check *check, enum check_role to)
{
    const struct seen *seen = &check->seen;
    struct model_check_row *result = &check->rows[CHECK_INCOMING];
    bool has_failed = result->verdict == CHECK_FAILS;
    uint32_t ms = ms_between(seen->placed_us, seen->arrived_us);
    check->lines[to].is_usable = seen->arrived_us != 0;
    if (has_failed) return;
    if (!seen->arrived_us) {
        set_whereabouts(check, CHECK_INCOMING, to);
    } else if (result->verdict != CHECK_OK || ms > result->ms) {
        result = set(check, CHECK_INCOMING, CHECK_OK, FOUND_ARRIVED);
        result->ms = ms;
        name_line(check, result, to);
    }
}

static void judge_second(struct check *check)
{
    const struct seen *seen = &check->seen;
    if (seen->placed_us == 0) {
        check_leave_out(check, FOUND_LINE_UNUSABLE, CHECK_DIVERTER);
        return;
    }
    if (!seen->arrived_us) {
        set_whereabouts(check, CHECK_SECOND_CALL, CHECK_DIVERTER);
        return;
    }
    struct model_check_row *result = set(check, CHECK_SECOND_CALL, CHECK_OK, FOUND_ARRIVED);
    result->ms = ms_between(seen->placed_us, seen->arrived_us);
    name_line(check, result, CHECK_DIVERTER);
}

static void judge_unregistered(struct check *check)
{
    const struct seen *seen = &check->seen;
    if (!seen->is_left || seen->arrived_us) {
        check_leave_out(check, FOUND_REGISTRATION_STAYED, CHECK_TARGET);
        return;
    }
    set_whereabouts(check, CHECK_UNREGISTERED, CHECK_TARGET);
    struct model_check_row *result = &check->rows[CHECK_UNREGISTERED];
    if (result->finding == FOUND_DECLINED) result->verdict = CHECK_OK;
    if (result->finding == FOUND_TAKEN_ELSEWHERE || result->finding == FOUND_AT_OTHER_LINE) {
        result->verdict = CHECK_LIMITED;
    }
}

// ---- Rows of answers

static void judge_answer(struct check *check, enum check_row row)
{
    const struct seen *seen = &check->seen;
    unsigned sent = check_script((enum step)check->step)->answer;
    if (!seen->answered_us) {
        check_leave_out(check, FOUND_LINE_UNUSABLE, CHECK_DIVERTER);
        return;
    }
    if (seen->rang_before) check->has_others = true;
    struct model_check_row *result = set(check, row, CHECK_OK, FOUND_AS_SENT);
    result->status = (uint16_t)seen->status;
    result->ms = ms_between(seen->answered_us, seen->final_us);
    name_line(check, result, CHECK_DIVERTER);
    if (!seen->is_final) {
        bool does_ring = seen->ringing_us != 0;
        result->verdict = seen->rang_before ? CHECK_OK : does_ring ? CHECK_LIMITED : CHECK_FAILS;
        result->finding = (uint8_t)(does_ring ? FOUND_RINGS_ON : FOUND_SILENCE);
    } else if (seen->status != sent) {
        result->verdict = CHECK_LIMITED;
        result->finding = FOUND_CHANGED;
    }
}

static void judge_ring(struct check *check)
{
    const struct seen *seen = &check->seen;
    uint64_t ended_us = seen->taken_back_us ? seen->taken_back_us : seen->final_us;
    if (!seen->arrived_us) {
        check_leave_out(check, FOUND_LINE_UNUSABLE, CHECK_DIVERTER);
        return;
    }
    struct model_check_row *result = set(check, CHECK_RING_TIMEOUT, CHECK_OK, FOUND_NO_TIMEOUT);
    result->ms = (uint32_t)(check->ring_max_us / 1000);
    name_line(check, result, CHECK_DIVERTER);
    if (!ended_us) return;
    result->finding = FOUND_TIMES_OUT;
    result->status = (uint16_t)seen->status;
    result->ms = ms_between(seen->placed_us, ended_us);
    if (result->ms < RING_SHORT_MS) result->verdict = CHECK_LIMITED;
}

// ---- Rows of redirects

// What became of a call that should have gone elsewhere, and did not.
static enum check_finding find_refusal(const struct seen *seen)
{
    if (seen->is_final && seen->status == 302) return FOUND_PASSED_ON;
    if (seen->arrival_count > 1) return FOUND_CAME_BACK;
    if (seen->is_final && (seen->status == 486 || seen->status == 600)) return FOUND_TAKEN_AS_BUSY;
    if (seen->is_final) return seen->status ? FOUND_DECLINED : FOUND_SILENCE;
    if (seen->rang_before) return FOUND_HELD_BACK;
    return seen->ringing_us ? FOUND_RINGS_ON : FOUND_SILENCE;
}

static bool is_sent_on(const struct check *check)
{
    const struct seen *seen = &check->seen;
    bool is_answered = seen->is_final && seen->status >= 200 && seen->status < 300;
    if (check->step == STEP_REDIRECT_OUT) return seen->rang_after_us != 0 || is_answered;
    return seen->target_us != 0;
}

static uint64_t sent_on_us(const struct check *check)
{
    const struct seen *seen = &check->seen;
    if (check->step != STEP_REDIRECT_OUT) return seen->target_us;
    return seen->rang_after_us ? seen->rang_after_us : seen->final_us;
}

static void judge_redirect(struct check *check, enum check_row row)
{
    const struct seen *seen = &check->seen;
    if (!seen->answered_us) {
        check_leave_out(check, FOUND_LINE_UNUSABLE, CHECK_DIVERTER);
        return;
    }
    if (seen->rang_before) check->has_others = true;
    bool is_followed = is_sent_on(check);
    struct model_check_row *result = set(check, row, is_followed ? CHECK_OK : CHECK_FAILS,
                                         is_followed ? FOUND_FOLLOWED : find_refusal(seen));
    result->status = (uint16_t)(seen->is_final ? seen->status : seen->ring_status);
    result->ms = ms_between(seen->answered_us, is_followed ? sent_on_us(check) : seen->final_us);
    name_line(check, result, CHECK_DIVERTER);
    if (is_followed && row == CHECK_REDIRECT_INTERNAL && result->ms > FOLLOWED_AT_ONCE_MS) {
        result->verdict = CHECK_LIMITED;
        result->finding = FOUND_FOLLOWED_LATE;
    }
}

static void judge_diversion(struct check *check)
{
    const struct seen *seen = &check->seen;
    if (!check->is_diversion_sent) {
        set(check, CHECK_DIVERSION, CHECK_NOT_TESTED, FOUND_DIVERSION_NOT_SENT);
    } else if (!seen->target_us) {
        set(check, CHECK_DIVERSION, CHECK_NOT_TESTED, FOUND_NOTHING);
    } else {
        enum check_finding finding = (enum check_finding)seen->diverted;
        set(check, CHECK_DIVERSION,
            finding == FOUND_DIVERSION_LOST      ? CHECK_FAILS
            : finding == FOUND_DIVERSION_CHANGED ? CHECK_LIMITED
                                                 : CHECK_OK,
            finding);
    }
}

static void judge_host(struct check *check)
{
    const struct seen *seen = &check->seen;
    if (!seen->answered_us) {
        check_leave_out(check, FOUND_LINE_UNUSABLE, CHECK_DIVERTER);
    } else if (seen->target_us) {
        set(check, CHECK_CONTACT_HOST, seen->is_direct ? CHECK_LIMITED : CHECK_OK,
            seen->is_direct ? FOUND_HOST_DIALLED : FOUND_HOST_IGNORED);
    } else {
        set(check, CHECK_CONTACT_HOST, CHECK_OK, FOUND_HOST_REFUSED)->status = (uint16_t)
                                                                                   seen->status;
    }
}

// The target has declined: who hears it ring now, hears another telephone of the diverter.
static void judge_others(struct check *check)
{
    const struct seen *seen = &check->seen;
    if (!seen->target_answered_us) return;
    struct model_check_row *result = set(
        check, CHECK_OTHER_CONTACTS, seen->is_final ? CHECK_LIMITED : CHECK_OK,
        seen->is_final ? FOUND_STOPS_RINGING : FOUND_KEEPS_RINGING);
    result->status = (uint16_t)seen->status;
    name_line(check, result, CHECK_DIVERTER);
}

// ---- All

void check_judge(struct check *check)
{
    switch ((enum step)check->step) {
    case STEP_REGISTRATION: judge_registration(check); break;
    case STEP_TO_DIVERTER:
    case STEP_TO_TARGET:
    case STEP_TO_CALLER:
        judge_incoming(check, (enum check_role)check_script((enum step)check->step)->to);
        break;
    case STEP_486: judge_answer(check, CHECK_BUSY_486); break;
    case STEP_480: judge_answer(check, CHECK_UNAVAILABLE_480); break;
    case STEP_603: judge_answer(check, CHECK_DECLINE_603); break;
    case STEP_REDIRECT:
        judge_redirect(check, CHECK_REDIRECT_INTERNAL);
        judge_diversion(check);
        break;
    case STEP_REDIRECT_IN_VAIN: judge_others(check); break;
    case STEP_FOREIGN_HOST: judge_host(check); break;
    case STEP_REDIRECT_OUT: judge_redirect(check, CHECK_REDIRECT_EXTERNAL); break;
    case STEP_SECOND_CALL: judge_second(check); break;
    case STEP_RING: judge_ring(check); break;
    case STEP_UNREGISTERED: judge_unregistered(check); break;
    case STEP_COUNT: ASSERT(false);
    }
}

// The row that a step is for. CHECK_ROWS: one that has its result already.
static enum check_row row_of(const struct check *check)
{
    static const uint8_t rows[STEP_COUNT] = {
        [STEP_REGISTRATION] = CHECK_REGISTRATION,
        [STEP_TO_DIVERTER] = CHECK_INCOMING,
        [STEP_TO_TARGET] = CHECK_INCOMING,
        [STEP_TO_CALLER] = CHECK_INCOMING,
        [STEP_486] = CHECK_BUSY_486,
        [STEP_480] = CHECK_UNAVAILABLE_480,
        [STEP_603] = CHECK_DECLINE_603,
        [STEP_REDIRECT] = CHECK_REDIRECT_INTERNAL,
        [STEP_REDIRECT_IN_VAIN] = CHECK_OTHER_CONTACTS,
        [STEP_FOREIGN_HOST] = CHECK_CONTACT_HOST,
        [STEP_REDIRECT_OUT] = CHECK_REDIRECT_EXTERNAL,
        [STEP_SECOND_CALL] = CHECK_SECOND_CALL,
        [STEP_RING] = CHECK_RING_TIMEOUT,
        [STEP_UNREGISTERED] = CHECK_UNREGISTERED,
    };
    return (enum check_row)rows[check->step];
}

// Other telephones were not seen, or are known to ring on by what our declining answers have shown.
static void leave_others_out(struct check *check)
{
    bool does_ring = check->rows[CHECK_UNAVAILABLE_480].finding == FOUND_RINGS_ON ||
                     check->rows[CHECK_BUSY_486].finding == FOUND_RINGS_ON;
    enum check_verdict verdict = does_ring ? CHECK_OK : CHECK_NOT_TESTED;
    enum check_finding finding = check->has_others ? FOUND_NOTHING : FOUND_NO_OTHERS;
    if (!check->lines[CHECK_DIVERTER].is_usable) finding = FOUND_LINE_UNUSABLE;
    if (does_ring) finding = FOUND_KEEPS_RINGING;
    name_line(check, set(check, CHECK_OTHER_CONTACTS, verdict, finding), CHECK_DIVERTER);
}

void check_leave_out(struct check *check, enum check_finding why, enum check_role line)
{
    enum check_row row = row_of(check);
    if (row == CHECK_OTHER_CONTACTS && why == FOUND_SKIPPED) {
        leave_others_out(check);
        return;
    }
    if (check->rows[row].verdict != CHECK_NOT_TESTED) return; // one of several calls of a row
    struct model_check_row *result = set(check, row, CHECK_NOT_TESTED, why);
    if (why == FOUND_LINE_UNUSABLE || why == FOUND_REGISTRATION_STAYED) {
        name_line(check, result, line);
    }
    if (row == CHECK_REDIRECT_INTERNAL) {
        *set(check, CHECK_DIVERSION, CHECK_NOT_TESTED, why) = *result;
    }
}
