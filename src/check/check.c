// SPDX-License-Identifier: Apache-2.0
// A check on its way through its steps.
//
//            +------------------------------------------------------------+
//            v                                                            |
//   (next step) --calls--> RUNNING --seen enough--> CLEARING --> PAUSE ---+
//      |  ^                                            ^  |
//      |  `-- un-registered -- LEAVING                 |  `-- last step --> RETURNING --> told
//      `--------------------------^      stopped ------'      (the line is registered again)
//
// Nothing of it can last: each phase has its time, and the calls end by their transactions.
#include "check/check_int.h"

#include <string.h>

enum {
    LATE_US = 1000 * 1000,        // before an answer that others are to ring before
    TARGET_US = 500 * 1000,       // before the target declines
    FIRST_US = 500 * 1000,        // before the call is answered beside which a second one comes
    CLEAR_US = 5 * 1000 * 1000,   // for calls to end
    PAUSE_US = 200 * 1000,        // between two steps
    LEAVE_US = 5 * 1000 * 1000,   // for the PBX to un-register a line
    RETURN_US = 15 * 1000 * 1000, // and to take it again
};

size_t check_memory_size(void)
{
    return (sizeof(struct check_table) + 15) / 16 * 16 +
           pool_memory_size(sizeof(struct check), CHECKS_MAX);
}

struct check_table *check_init(void *memory)
{
    struct check_table *table = memory;
    size_t head = (sizeof *table + 15) / 16 * 16;
    pool_init(&table->checks, (char *)memory + head, sizeof(struct check), CHECKS_MAX);
    return table;
}

uint32_t check_count(const struct check_table *table)
{
    return table->checks.used_count;
}

bool check_has_line(const struct check_table *table, uint32_t line_id)
{
    for (uint32_t i = 0; i < CHECKS_MAX; i++) {
        struct pool_id id;
        const struct check *check = pool_at(&table->checks, i, &id);
        for (unsigned role = 0; check && role < CHECK_LINES; role++) {
            if (check->lines[role].line_id == line_id) return true;
        }
    }
    return false;
}

// ---- What is wanted of others

static void tell(struct turn *turn, const struct check *check, enum check_row row, bool is_done)
{
    struct check_told *told = turn_emit(turn, CHECK_TOLD, sizeof *told);
    struct model_check_row *rows = arena_take(turn->arena, sizeof check->rows);
    if (!told || !rows) return;
    memcpy(rows, check->rows, sizeof check->rows);
    told->number = check->number;
    told->group_id = check->group_id;
    told->row = (uint8_t)row;
    told->is_done = is_done;
    told->state = check->state;
    (void)arena_copy(turn->arena, span_of(check->server), &told->server);
    told->rows = rows;
}

static void place(struct turn *turn, struct check *check, enum check_role from, enum check_role to)
{
    struct check_place *wanted = turn_emit(turn, CHECK_PLACE, sizeof *wanted);
    if (!wanted) return; // the step's time ends it
    wanted->check = check->id;
    wanted->line_id = check->lines[from].line_id;
    wanted->dialled = span_of(check->lines[to].extension);
}

static void hang_up(struct turn *turn, struct pool_id call)
{
    struct check_hang_up *wanted = turn_emit(turn, CHECK_HANG_UP, sizeof *wanted);
    if (wanted) wanted->call = call;
}

static void set_away(struct turn *turn, struct check *check, bool is_away)
{
    struct check_away *wanted = turn_emit(turn, CHECK_AWAY, sizeof *wanted);
    check->is_away = is_away;
    if (!wanted) return;
    wanted->line_id = check->lines[CHECK_TARGET].line_id;
    wanted->is_away = is_away;
}

static struct check_answer *answer(struct turn *turn, const struct check *check,
                                   struct pool_id call)
{
    struct check_answer *wanted = turn_emit(turn, CHECK_ANSWER, sizeof *wanted);
    if (!wanted) return NULL;
    wanted->check = check->id;
    wanted->call = call;
    return wanted;
}

static void answer_with(struct turn *turn, const struct check *check, struct pool_id call,
                        unsigned status)
{
    struct check_answer *wanted = answer(turn, check, call);
    if (!wanted) return;
    wanted->kind = status == 180 ? CHECK_RING : CHECK_STATUS;
    wanted->status = status;
}

static void divert(struct turn *turn, const struct check *check, struct pool_id call,
                   enum divert where)
{
    struct check_answer *wanted = answer(turn, check, call);
    if (!wanted) return;
    bool is_out = where == DIVERT_OUT;
    wanted->kind = where == DIVERT_TO_FOREIGN_HOST ? CHECK_REDIRECT_FOREIGN : CHECK_REDIRECT;
    wanted->target = span_of(is_out ? check->external : check->lines[CHECK_TARGET].extension);
    wanted->number_class = is_out ? check->external_class : (unsigned)NUMBER_INTERNAL;
}

// ---- Calls of the step

static struct test_call *find_call(struct check *check, struct pool_id id)
{
    for (size_t i = 0; i < CHECK_CALLS_MAX; i++) {
        struct test_call *call = &check->calls[i];
        if (call->is != CALL_FREE && pool_id_eq(call->id, id)) return call;
    }
    return NULL;
}

// A call that there is no room for ends at once.
static struct test_call *add_call(struct turn *turn, struct check *check, struct pool_id id,
                                  unsigned is)
{
    for (size_t i = 0; i < CHECK_CALLS_MAX; i++) {
        struct test_call *call = &check->calls[i];
        if (call->is != CALL_FREE) continue;
        *call = (struct test_call){.id = id};
        call->is = is;
        return call;
    }
    hang_up(turn, id);
    return NULL;
}

static bool has_calls(const struct check *check)
{
    for (size_t i = 0; i < CHECK_CALLS_MAX; i++) {
        if (check->calls[i].is != CALL_FREE) return true;
    }
    return check->under_way != CALL_FREE;
}

static void end_calls(struct turn *turn, struct check *check)
{
    for (size_t i = 0; i < CHECK_CALLS_MAX; i++) {
        if (check->calls[i].is != CALL_FREE) hang_up(turn, check->calls[i].id);
        check->calls[i].answer_us = 0;
    }
}

// ---- From step to step

static void enter(struct check *check, const struct turn *turn, enum phase phase, uint64_t for_us)
{
    check->phase = (uint8_t)phase;
    check->phase_us = turn->now_us + for_us;
}

static void clear(struct turn *turn, struct check *check)
{
    end_calls(turn, check);
    enter(check, turn, PHASE_CLEARING, CLEAR_US);
}

static void call_now(struct turn *turn, struct check *check)
{
    const struct script *script = check_script((enum step)check->step);
    enum check_role from = (enum check_role)script->from;
    check->phase = PHASE_RUNNING;
    check->under_way = CALL_UNDER_TEST;
    if (script->is_second) {
        from = CHECK_CALLER;
        check->under_way = CALL_FIRST;
    } else {
        check->seen.placed_us = turn->now_us;
    }
    place(turn, check, from, (enum check_role)script->to);
}

// The next step that there is something to be seen by; false when that was the last.
static bool begin_step(struct turn *turn, struct check *check)
{
    for (; check->step < STEP_COUNT; check->step++) {
        struct model_check_row before[CHECK_ROWS];
        memcpy(before, check->rows, sizeof before);
        if (check_step_begins(check)) break;
        for (enum check_row row = 0; row < CHECK_ROWS; row++) {
            bool is_same = memcmp(&before[row], &check->rows[row], sizeof before[row]) == 0;
            if (!is_same) tell(turn, check, row, false);
        }
    }
    if (check->step == STEP_COUNT) return false;
    check->seen = (struct seen){.begun_us = turn->now_us};
    if (check->step == STEP_UNREGISTERED) {
        set_away(turn, check, true);
        enter(check, turn, PHASE_LEAVING, LEAVE_US);
    } else {
        call_now(turn, check);
    }
    return true;
}

static void end_step(struct turn *turn, struct check *check)
{
    struct model_check_row before[CHECK_ROWS];
    memcpy(before, check->rows, sizeof before);
    check_judge(check);
    for (enum check_row row = 0; row < CHECK_ROWS; row++) {
        bool is_same = memcmp(&before[row], &check->rows[row], sizeof before[row]) == 0;
        if (!is_same) tell(turn, check, row, false);
    }
    clear(turn, check);
}

static void finish(struct check_table *table, struct turn *turn, struct check *check)
{
    if (check->state == CHECK_RUNNING) check->state = CHECK_DONE;
    tell(turn, check, CHECK_ROWS, true);
    pool_free(&table->checks, check->id);
}

// All steps are done, or no more is wanted; the line that is away comes back first.
static void return_or_finish(struct check_table *table, struct turn *turn, struct check *check)
{
    if (check->is_away) {
        set_away(turn, check, false);
        check->lines[CHECK_TARGET].is_registered = false;
        enter(check, turn, PHASE_RETURNING, RETURN_US);
    } else {
        finish(table, turn, check);
    }
}

static void answer_due(struct turn *turn, struct check *check, struct test_call *call)
{
    const struct script *script = check_script((enum step)check->step);
    call->answer_us = 0;
    if (call->is == CALL_OTHER) {
        answer_with(turn, check, call->id, 200);
        return;
    }
    if (call->is == CALL_TARGET) {
        check->seen.target_answered_us = turn->now_us;
        answer_with(turn, check, call->id, script->target_answer);
        return;
    }
    check->seen.answered_us = turn->now_us;
    if (script->divert == DIVERT_NOT) {
        answer_with(turn, check, call->id, script->answer);
    } else {
        divert(turn, check, call->id, (enum divert)script->divert);
    }
}

static uint64_t next_us(const struct check *check)
{
    if (check->phase != PHASE_RUNNING) return check->phase_us;
    uint64_t at_us = check_step_until_us(check);
    for (size_t i = 0; i < CHECK_CALLS_MAX; i++) {
        const struct test_call *call = &check->calls[i];
        bool is_earlier = call->answer_us != 0 && call->answer_us < at_us;
        if (call->is != CALL_FREE && is_earlier) at_us = call->answer_us;
    }
    return at_us;
}

static void run(struct turn *turn, struct check *check)
{
    for (size_t i = 0; i < CHECK_CALLS_MAX; i++) {
        struct test_call *call = &check->calls[i];
        bool is_due = call->answer_us != 0 && call->answer_us <= turn->now_us;
        if (call->is != CALL_FREE && is_due) answer_due(turn, check, call);
    }
    if (check_step_until_us(check) <= turn->now_us) end_step(turn, check);
}

// Does what is due; to be called after whatever has happened.
static void proceed(struct check_table *table, struct turn *turn, struct check *check)
{
    bool is_late = check->phase_us <= turn->now_us;
    bool is_registered = check->lines[CHECK_TARGET].is_registered;
    switch ((enum phase)check->phase) {
    case PHASE_RUNNING: run(turn, check); break;
    case PHASE_LEAVING:
        if (check->seen.is_left) {
            call_now(turn, check);
        } else if (is_late) {
            end_step(turn, check);
        }
        break;
    case PHASE_CLEARING:
        if (!has_calls(check) || is_late) enter(check, turn, PHASE_PAUSE, PAUSE_US);
        break;
    case PHASE_PAUSE:
        if (!is_late) break;
        memset(check->calls, 0, sizeof check->calls);
        check->under_way = CALL_FREE;
        check->step++;
        if (check->state != CHECK_RUNNING || !begin_step(turn, check)) {
            return_or_finish(table, turn, check);
        }
        break;
    case PHASE_RETURNING:
        if (is_registered || is_late) finish(table, turn, check);
        break;
    }
}

// ---- Beginning and ending

bool check_start(struct check_table *table, struct turn *turn, const struct check_options *options)
{
    struct pool_id id;
    struct check *check = pool_take(&table->checks, &id);
    if (!check) return false;
    check->id = id;
    check->number = options->number;
    check->group_id = options->group_id;
    check->is_diversion_sent = options->is_diversion_sent;
    check->is_quick = options->is_quick;
    check->ring_max_us = (uint64_t)options->ring_max_s * 1000000;
    check->external_class = (uint8_t)options->external_class;
    text_copy(check->external, sizeof check->external, options->external);
    for (unsigned role = 0; role < CHECK_LINES; role++) {
        const struct check_line *line = &options->lines[role];
        check->lines[role].line_id = line->line_id;
        check->lines[role].is_registered = line->is_registered;
        check->lines[role].status = (uint16_t)line->status;
        text_copy(check->lines[role].extension, EXTENSION_SIZE, line->extension);
        text_copy(check->lines[role].public, NUMBER_SIZE, line->number);
    }
    if (!begin_step(turn, check)) finish(table, turn, check);
    return true;
}

static void stop(struct turn *turn, struct check *check, enum check_state state)
{
    if (check->state != CHECK_RUNNING) return;
    check->state = (uint8_t)state;
    for (enum check_row row = 0; row < CHECK_ROWS; row++) {
        struct model_check_row *result = &check->rows[row];
        bool is_open = result->verdict == CHECK_NOT_TESTED && result->finding == FOUND_NOTHING;
        if (is_open) result->finding = FOUND_ENDED_EARLY;
    }
    if (check->phase == PHASE_RETURNING) return;
    clear(turn, check);
}

bool check_stop(struct check_table *table, struct turn *turn, uint32_t number,
                enum check_state state)
{
    for (uint32_t i = 0; i < CHECKS_MAX; i++) {
        struct pool_id id;
        struct check *check = pool_at(&table->checks, i, &id);
        if (!check || check->number != number) continue;
        stop(turn, check, state);
        proceed(table, turn, check);
        return true;
    }
    return false;
}

void check_stop_all(struct check_table *table, struct turn *turn, enum check_state state)
{
    for (uint32_t i = 0; i < CHECKS_MAX; i++) {
        struct pool_id id;
        struct check *check = pool_at(&table->checks, i, &id);
        if (!check) continue;
        stop(turn, check, state);
        proceed(table, turn, check);
    }
}

// ---- What happens

static bool find_role(const struct check *check, struct span extension, enum check_role *role)
{
    for (*role = 0; *role < CHECK_LINES; (*role)++) {
        if (span_eq(extension, span_of(check->lines[*role].extension))) return true;
    }
    return false;
}

static bool is_diverter(const struct check *check, struct span number)
{
    return number.len > 0 && (span_eq(number, span_of(check->lines[CHECK_DIVERTER].extension)) ||
                              span_eq(number, span_of(check->lines[CHECK_DIVERTER].public)));
}

static enum check_finding diversion_of(const struct check *check, const struct check_event *event)
{
    bool is_by_diverter = is_diverter(check, event->diverted_by);
    if (is_by_diverter && span_eq_nocase(event->diverted_why, SPAN("unconditional"))) {
        return FOUND_DIVERSION_KEPT;
    }
    if (is_diverter(check, event->history)) return FOUND_HISTORY_KEPT;
    return is_by_diverter ? FOUND_DIVERSION_CHANGED : FOUND_DIVERSION_LOST;
}

// At the target that the call was diverted to.
static void arrived_at_target(struct turn *turn, struct check *check,
                              const struct check_event *event)
{
    const struct script *script = check_script((enum step)check->step);
    struct test_call *call = add_call(turn, check, event->call, CALL_TARGET);
    if (!call) return;
    check->seen.target_us = turn->now_us;
    check->seen.is_direct = event->is_direct;
    check->seen.diverted = (uint8_t)diversion_of(check, event);
    if (script->target_answer == 0) {
        answer_with(turn, check, event->call, 180);
    } else {
        call->answer_us = turn->now_us + TARGET_US;
    }
}

// At the line that was called.
static void arrived_at_called(struct turn *turn, struct check *check,
                              const struct check_event *event)
{
    const struct script *script = check_script((enum step)check->step);
    struct test_call *call = add_call(turn, check, event->call, CALL_CALLED);
    if (!call) return;
    check->seen.arrived_us = turn->now_us;
    if (script->answer == 0) {
        answer_with(turn, check, event->call, 180);
    } else {
        call->answer_us = turn->now_us + (script->is_answer_late ? (uint64_t)LATE_US : 0);
    }
}

// At the line that is to have a call when a second one comes. Not at once: a PBX that has an answer
// before it has called the line's other telephones may leave one of them ringing.
static void first_arrived(struct turn *turn, struct check *check, const struct check_event *event,
                          bool is_called)
{
    struct test_call *call = add_call(turn, check, event->call, CALL_OTHER);
    if (!call) return;
    if (is_called) {
        call->answer_us = turn->now_us + FIRST_US;
    } else {
        answer_with(turn, check, event->call, 480);
    }
}

static void arrived(struct turn *turn, struct check *check, const struct check_event *event)
{
    const struct script *script = check_script((enum step)check->step);
    struct seen *seen = &check->seen;
    struct test_call *of = find_call(check, event->of);
    enum check_role role;
    bool is_ours = find_role(check, event->extension, &role);
    bool is_called = is_ours && role == script->to;
    if (check->phase != PHASE_RUNNING || !of) {
        if (add_call(turn, check, event->call, CALL_OTHER)) hang_up(turn, event->call);
    } else if (of->is == CALL_FIRST) {
        first_arrived(turn, check, event, is_called);
    } else if (is_called && seen->arrival_count++ == 0) {
        arrived_at_called(turn, check, event);
    } else if (is_ours && role == CHECK_TARGET && script->divert != DIVERT_NOT &&
               seen->answered_us && !seen->target_us) {
        arrived_at_target(turn, check, event);
    } else if (add_call(turn, check, event->call, CALL_OTHER)) {
        if (!is_called) text_copy(seen->other, sizeof seen->other, event->extension);
        answer_with(turn, check, event->call, 480);
    }
}

static void rings(const struct turn *turn, struct check *check, unsigned status)
{
    struct seen *seen = &check->seen;
    if (!seen->ringing_us) {
        seen->ringing_us = turn->now_us;
        seen->ring_status = status;
    }
    bool is_from_us = check_script((enum step)check->step)->answer == 0;
    if (seen->answered_us) seen->rang_after_us = turn->now_us;
    // Another telephone may be quicker than the call's way to us.
    if (!seen->answered_us && !is_from_us) seen->rang_before = true;
}

// What the caller of the call under test, or of the one before it, got.
static void responded(struct turn *turn, struct check *check, struct test_call *call,
                      unsigned status)
{
    const struct script *script = check_script((enum step)check->step);
    struct seen *seen = &check->seen;
    bool is_up = status >= 200 && status < 300;
    if (check->phase != PHASE_RUNNING || status == 100) return;
    if (call->is == CALL_FIRST && is_up && !seen->placed_us) {
        seen->placed_us = turn->now_us;
        check->under_way = CALL_UNDER_TEST;
        place(turn, check, (enum check_role)script->from, (enum check_role)script->to);
    } else if (call->is == CALL_FIRST && (status == 0 || status >= 300) && !seen->placed_us) {
        seen->is_final = true; // nothing to be seen
        seen->final_us = turn->now_us;
    } else if (call->is == CALL_UNDER_TEST && status > 100 && status < 200) {
        rings(turn, check, status);
    } else if (call->is == CALL_UNDER_TEST && !seen->is_final) {
        seen->is_final = true;
        seen->final_us = turn->now_us;
        seen->status = status;
    }
}

static void placed(struct turn *turn, struct check *check, const struct check_event *event)
{
    unsigned is = check->under_way;
    check->under_way = CALL_FREE;
    if (is == CALL_FREE) is = CALL_OTHER;
    if (event->call.generation == 0) { // it could not be placed
        check->seen.is_final = true;
        check->seen.final_us = turn->now_us;
        return;
    }
    if (add_call(turn, check, event->call, is) && check->phase != PHASE_RUNNING) {
        hang_up(turn, event->call);
    }
}

static void note_server(struct check *check, struct span server)
{
    if (check->server[0]) return;
    text_copy(check->server, sizeof check->server, span_slice(server, 0, TEXT_SIZE - 1));
}

void check_event(struct check_table *table, struct turn *turn, const struct check_event *event)
{
    struct check *check = pool_find(&table->checks, event->check);
    if (!check) {
        if (event->kind == CHECK_ARRIVED || event->kind == CHECK_PLACED) hang_up(turn, event->call);
        return;
    }
    struct test_call *call = find_call(check, event->call);
    note_server(check, event->server);
    switch (event->kind) {
    case CHECK_PLACED: placed(turn, check, event); break;
    case CHECK_ARRIVED: arrived(turn, check, event); break;
    case CHECK_RESPONDED:
        if (call) responded(turn, check, call, event->status);
        break;
    case CHECK_TAKEN_BACK:
        if (call && call->is == CALL_CALLED) check->seen.taken_back_us = turn->now_us;
        break;
    case CHECK_GONE:
        if (call) call->is = CALL_FREE;
        break;
    }
    proceed(table, turn, check);
}

void check_line_changed(struct check_table *table, struct turn *turn,
                        const struct check_line_news *news)
{
    for (uint32_t i = 0; i < CHECKS_MAX; i++) {
        struct pool_id id;
        struct check *check = pool_at(&table->checks, i, &id);
        for (unsigned role = 0; check && role < CHECK_LINES; role++) {
            if (check->lines[role].line_id != news->line_id) continue;
            if (news->is_gone) stop(turn, check, CHECK_INTERRUPTED);
            if (news->is_left) check->seen.is_left = true;
            check->lines[role].is_registered = news->is_registered;
            proceed(table, turn, check);
            break;
        }
    }
}

// ---- Time

uint64_t check_deadline_us(const struct check_table *table)
{
    uint64_t at_us = DEADLINE_NEVER;
    if (table->checks.used_count == 0) return at_us;
    for (uint32_t i = 0; i < CHECKS_MAX; i++) {
        struct pool_id id;
        const struct check *check = pool_at(&table->checks, i, &id);
        if (check && next_us(check) < at_us) at_us = next_us(check);
    }
    return at_us;
}

void check_tick(struct check_table *table, struct turn *turn)
{
    if (table->checks.used_count == 0) return;
    for (uint32_t i = 0; i < CHECKS_MAX; i++) {
        struct pool_id id;
        struct check *check = pool_at(&table->checks, i, &id);
        if (check && next_us(check) <= turn->now_us) proceed(table, turn, check);
    }
}
