// SPDX-License-Identifier: Apache-2.0
// The steps of a check: who calls whom, what the called line answers, and how long it is waited for
// what follows.
#include "check/check_int.h"

enum {
    MS = 1000,
    ARRIVAL_US = 4000 * MS,   // for a call to arrive, or a first answer
    ELSEWHERE_US = 2000 * MS, // it rings, but not with us: the call will not come any more
    HEARD_US = 400 * MS,      // for the caller to hear what we have answered
    FINAL_US = 3000 * MS,     // for the caller to get our answer
    FOLLOWED_US = 5000 * MS,  // for a 302 to be followed
    OUT_US = 12000 * MS,      // the same to the outside
    AFTER_US = 1500 * MS,     // for the caller's answer after the PBX has taken a call back
};

const struct script *check_script(enum step step)
{
    static const struct script scripts[STEP_COUNT + 1] = {
        [STEP_TO_DIVERTER] = {.from = CHECK_CALLER, .to = CHECK_DIVERTER},
        [STEP_TO_TARGET] = {.from = CHECK_CALLER, .to = CHECK_TARGET},
        [STEP_TO_CALLER] = {.from = CHECK_DIVERTER, .to = CHECK_CALLER},
        [STEP_486] = {CHECK_CALLER, CHECK_DIVERTER, .answer = 486, .is_answer_late = true},
        [STEP_480] = {CHECK_CALLER, CHECK_DIVERTER, .answer = 480, .is_answer_late = true},
        [STEP_603] = {CHECK_CALLER, CHECK_DIVERTER, .answer = 603, .is_answer_late = true},
        [STEP_REDIRECT] = {CHECK_CALLER, CHECK_DIVERTER, .answer = 302, .divert = DIVERT_TO_TARGET,
                           .is_answer_late = true},
        [STEP_REDIRECT_IN_VAIN] = {CHECK_CALLER, CHECK_DIVERTER, .answer = 302,
                                   .divert = DIVERT_TO_TARGET, .target_answer = 480,
                                   .is_answer_late = true},
        [STEP_FOREIGN_HOST] = {CHECK_CALLER, CHECK_DIVERTER, .answer = 302,
                               .divert = DIVERT_TO_FOREIGN_HOST},
        [STEP_REDIRECT_OUT] = {CHECK_CALLER, CHECK_DIVERTER, .answer = 302, .divert = DIVERT_OUT},
        [STEP_SECOND_CALL] = {CHECK_TARGET, CHECK_DIVERTER, .is_second = true},
        [STEP_RING] = {.from = CHECK_CALLER, .to = CHECK_DIVERTER},
        [STEP_UNREGISTERED] = {.from = CHECK_CALLER, .to = CHECK_TARGET},
    };
    return &scripts[step];
}

// ---- Beginning

// The first line that the step needs and that cannot be used; CHECK_LINES: none.
static enum check_role find_unusable(const struct check *check)
{
    const struct script *script = check_script((enum step)check->step);
    bool needs_target = script->divert == DIVERT_TO_TARGET ||
                        script->divert == DIVERT_TO_FOREIGN_HOST;
    bool is_needed[CHECK_LINES] = {false};
    is_needed[script->from] = is_needed[script->to] = true;
    if (needs_target) is_needed[CHECK_TARGET] = true;
    if (script->is_second) is_needed[CHECK_CALLER] = true;
    for (enum check_role role = 0; role < CHECK_LINES; role++) {
        if (is_needed[role] && !check->lines[role].is_usable) return role;
    }
    return CHECK_LINES;
}

// Why the step is not for this check; FOUND_NOTHING: it is.
static enum check_finding find_obstacle(const struct check *check)
{
    bool is_followed = check->rows[CHECK_REDIRECT_INTERNAL].verdict == CHECK_OK;
    switch ((enum step)check->step) {
    case STEP_REDIRECT_IN_VAIN:
        return check->has_others && is_followed ? FOUND_NOTHING : FOUND_SKIPPED;
    case STEP_REDIRECT_OUT: return check->external[0] ? FOUND_NOTHING : FOUND_NO_NUMBER;
    case STEP_RING: return check->is_quick ? FOUND_SKIPPED : FOUND_NOTHING;
    default: return FOUND_NOTHING;
    }
}

bool check_step_begins(struct check *check)
{
    if (check->step == STEP_REGISTRATION) {
        check_judge(check);
        return false;
    }
    enum check_finding obstacle = find_obstacle(check);
    if (obstacle != FOUND_NOTHING) {
        check_leave_out(check, obstacle, CHECK_DIVERTER);
        return false;
    }
    enum check_role unusable = find_unusable(check);
    if (unusable == CHECK_LINES) return true;
    check_leave_out(check, FOUND_LINE_UNUSABLE, unusable);
    return false;
}

// ---- Ending

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

// Of a call that is to arrive and no more.
static uint64_t arrival_until_us(const struct seen *seen)
{
    uint64_t until_us = seen->placed_us + ARRIVAL_US;
    if (seen->arrived_us && seen->ringing_us) return seen->arrived_us;
    if (seen->arrived_us) return seen->arrived_us + HEARD_US;
    if (seen->other[0]) return earlier(until_us, seen->begun_us + ELSEWHERE_US);
    if (seen->ringing_us) return earlier(until_us, seen->ringing_us + ELSEWHERE_US);
    return until_us;
}

static uint64_t redirect_until_us(const struct seen *seen, const struct script *script)
{
    bool is_out = script->divert == DIVERT_OUT;
    if (seen->answered_us == 0) return seen->placed_us + ARRIVAL_US;
    if (is_out && seen->rang_after_us) return seen->rang_after_us + HEARD_US;
    if (seen->target_us && script->target_answer == 0) return seen->target_us + HEARD_US;
    if (seen->target_answered_us) return seen->target_answered_us + FINAL_US;
    return seen->answered_us + (is_out ? (uint64_t)OUT_US : FOLLOWED_US);
}

static uint64_t ring_until_us(const struct check *check)
{
    const struct seen *seen = &check->seen;
    if (seen->taken_back_us) return seen->taken_back_us + AFTER_US;
    if (seen->arrived_us == 0) return seen->placed_us + ARRIVAL_US;
    return seen->placed_us + check->ring_max_us;
}

uint64_t check_step_until_us(const struct check *check)
{
    const struct seen *seen = &check->seen;
    const struct script *script = check_script((enum step)check->step);
    if (seen->is_final) return seen->final_us;
    if (seen->placed_us == 0) return seen->begun_us + ARRIVAL_US;
    if (check->step == STEP_RING) return ring_until_us(check);
    if (script->divert != DIVERT_NOT) return redirect_until_us(seen, script);
    if (script->answer == 0) return arrival_until_us(seen);
    return seen->answered_us ? seen->answered_us + FINAL_US : seen->placed_us + ARRIVAL_US;
}
