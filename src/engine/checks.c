// SPDX-License-Identifier: Apache-2.0
// Checks of line groups, joined with what they need: lines that call and are called (call), that
// are un-registered for a moment (line), and people who are told.
//
//   check --place, answer, hang up--> call --INVITE, 302, BYE--> PBX
//   check <--got 180, arrived, gone-- call <-------------------- PBX
//
// All lines of a check are lines of one worker: what comes to one of them has to be seen together.
#include "engine/engine_int.h"

#include <string.h>

// ---- Which lines

enum { CANDIDATES_MAX = 200 }; // that are looked at

enum rank { RANK_BEST, RANK_GOOD, RANK_POOR, RANK_NONE };

// Lines of nobody first, for nobody is disturbed; unregistered ones last, to tell why they are.
static enum rank rank_of(const struct engine *engine, const struct snapshot_line *line)
{
    unsigned status;
    if (!line->is_enabled) return RANK_NONE;
    if (!line_is_registered(engine->lines, line->line_id, &status)) return RANK_POOR;
    return line->user_id == 0 ? RANK_BEST : RANK_GOOD;
}

static enum engine_check_result look_at(const struct engine *engine, uint32_t line_id)
{
    const struct line_group *group;
    const struct snapshot_line *line = line_find_numbered(engine->lines, line_id, &group);
    if (!line) return ENGINE_CHECK_ELSEWHERE;
    if (!line->is_enabled) return ENGINE_CHECK_LINE_OFF;
    if (check_has_line(engine->checks, line_id)) return ENGINE_CHECK_LINE_CHECKED;
    return call_has_line(engine->calls, line_id) ? ENGINE_CHECK_LINE_BUSY : ENGINE_CHECK_STARTED;
}

static bool choose(const struct engine *engine, struct engine_check *order)
{
    unsigned chosen = 0;
    for (enum rank rank = RANK_BEST; rank < RANK_NONE && chosen < CHECK_LINES; rank++) {
        const struct snapshot_line *line;
        uint32_t place = 0;
        int left = CANDIDATES_MAX;
        while (chosen < CHECK_LINES && left > 0 &&
               (line = line_next_of_group(engine->lines, order->group_id, &place)) != NULL) {
            if (rank_of(engine, line) != rank) continue;
            left--;
            if (look_at(engine, line->line_id) != ENGINE_CHECK_STARTED) continue;
            order->line_ids[chosen++] = line->line_id;
        }
    }
    return chosen == CHECK_LINES;
}

static enum engine_check_result look_at_all(const struct engine *engine,
                                            const struct engine_check *order, uint32_t *line_id)
{
    for (unsigned role = 0; role < CHECK_LINES; role++) {
        *line_id = order->line_ids[role];
        enum engine_check_result result = look_at(engine, *line_id);
        if (result != ENGINE_CHECK_STARTED) return result;
    }
    *line_id = 0;
    return ENGINE_CHECK_STARTED;
}

// ---- Beginning and ending

static void describe_line(const struct engine *engine, struct turn *turn, uint32_t line_id,
                          struct check_line *out)
{
    const struct line_group *group;
    const struct snapshot_line *line = line_find_numbered(engine->lines, line_id, &group);
    char *bytes = arena_take(turn->arena, NUMBER_SIZE);
    *out = (struct check_line){.line_id = line_id};
    out->extension = snapshot_text(line, line->extension);
    out->is_registered = line_is_registered(engine->lines, line_id, &out->status);
    if (!bytes) return;
    struct buffer number = buffer_over(bytes, NUMBER_SIZE);
    phone_put_public(&number, &group->numbering, out->extension);
    if (!number.is_full) out->number = buffer_span(&number);
}

static bool start(struct engine *engine, struct turn *turn, struct engine_check *order)
{
    const struct line_group *group = line_find_group_numbered(engine->lines, order->group_id);
    if (!group) return false;
    struct check_options options = {
        .number = order->number,
        .group_id = order->group_id,
        .is_diversion_sent = group->snapshot->settings.diversion != DIVERSION_NONE,
        .is_quick = order->is_quick,
        .ring_max_s = order->ring_max_s,
        .external = order->external,
        .external_class = order->external_class,
    };
    for (unsigned role = 0; role < CHECK_LINES; role++) {
        describe_line(engine, turn, order->line_ids[role], &options.lines[role]);
        text_copy(order->extensions[role], EXTENSION_SIZE, options.lines[role].extension);
    }
    return check_start(engine->checks, turn, &options);
}

enum engine_check_result engine_start_check(struct engine *engine, struct engine_time now,
                                            struct engine_check *order, uint32_t *line_id)
{
    struct turn *turn = engine_begin(engine, now);
    *line_id = 0;
    if (check_count(engine->checks) == CHECKS_MAX) return ENGINE_CHECK_TOO_MANY;
    if (order->line_ids[0] == 0 && !choose(engine, order)) return ENGINE_CHECK_TOO_FEW_LINES;
    enum engine_check_result result = look_at_all(engine, order, line_id);
    if (result != ENGINE_CHECK_STARTED) return result;
    bool is_started = start(engine, turn, order);
    engine_drain(engine);
    return is_started ? ENGINE_CHECK_STARTED : ENGINE_CHECK_TOO_MANY;
}

bool engine_stop_check(struct engine *engine, struct engine_time now, uint32_t number)
{
    bool is_stopped = check_stop(engine->checks, engine_begin(engine, now), number,
                                 CHECK_CANCELLED);
    engine_drain(engine);
    return is_stopped;
}

void engine_stop_checks(struct engine *engine, struct engine_time now)
{
    check_stop_all(engine->checks, engine_begin(engine, now), CHECK_INTERRUPTED);
    engine_drain(engine);
}

bool engine_is_checking(const struct engine *engine)
{
    return check_count(engine->checks) > 0 || call_test_count(engine->calls) > 0;
}

// ---- Test calls that come

bool engine_offer_test(struct engine *engine, struct call_offer *offer)
{
    struct pool_id of, id;
    struct turn *turn = &engine->turn;
    if (!call_test_find(engine->calls, turn, offer, &of)) {
        if (!call_test_is_late(engine->calls, turn, offer->invite)) return false;
        txn_respond_stateless(engine->txns, turn, offer->invite, &offer->flow,
                              &(struct txn_answer){.status = 480});
        return true;
    }
    if (!call_test_reserve(engine->calls, &id)) return false;
    struct txn_owner owner = {.kind = OWNER_TEST, .id = id};
    if (!txn_accept(engine->txns, turn, offer->invite, &offer->flow, owner, &offer->txn)) {
        call_test_abandon(engine->calls, id);
        return false;
    }
    call_test_begin(engine->calls, turn, id, &(struct call_test_offer){of, offer});
    return true;
}

bool engine_pass_test(struct engine *engine, const struct sip_message *request,
                      const struct flow *flow)
{
    unsigned status = call_test_request(engine->calls, &engine->turn, request);
    if (status == 0) return false;
    txn_respond_stateless(engine->txns, &engine->turn, request, flow,
                          &(struct txn_answer){.status = status});
    return true;
}

void engine_give_to_test(struct engine *engine, const struct txn_event *event)
{
    struct turn *turn = &engine->turn;
    if (event->effect.kind == TXN_CANCELLED) {
        call_test_cancelled(engine->calls, turn, event->owner.id);
    } else if (event->effect.kind == TXN_ENDED) {
        call_test_settled(engine->calls, turn, event->owner.id);
    }
}

// ---- Effects

static void tell_check(struct engine *engine, const struct call_test_told *told)
{
    static const enum check_event_kind kinds[] = {
        [CALL_TEST_PLACED] = CHECK_PLACED,   [CALL_TEST_RESPONDED] = CHECK_RESPONDED,
        [CALL_TEST_ARRIVED] = CHECK_ARRIVED, [CALL_TEST_TAKEN_BACK] = CHECK_TAKEN_BACK,
        [CALL_TEST_GONE] = CHECK_GONE,
    };
    struct check_event event = {.kind = kinds[told->news],
                                .check = told->check,
                                .call = told->call,
                                .of = told->of,
                                .status = told->status,
                                .server = told->server,
                                .extension = told->extension,
                                .is_direct = told->is_direct,
                                .diverted_by = told->diverted_by,
                                .diverted_why = told->diverted_why,
                                .history = told->history};
    check_event(engine->checks, &engine->turn, &event);
}

static void answer(struct engine *engine, const struct check_answer *wanted)
{
    static const unsigned statuses[] = {
        [CHECK_RING] = 180, [CHECK_REDIRECT] = 302, [CHECK_REDIRECT_FOREIGN] = 302};
    bool is_status = wanted->kind == CHECK_STATUS;
    call_test_answer(
        engine->calls, &engine->turn,
        &(struct call_test_answer){.call = wanted->call,
                                   .status = is_status ? wanted->status : statuses[wanted->kind],
                                   .target = wanted->target,
                                   .is_foreign = wanted->kind == CHECK_REDIRECT_FOREIGN});
}

bool engine_carry_out_check(struct engine *engine, struct effect *effect)
{
    const void *any = effect; // each effect structure begins with its struct effect
    const struct check_place *place = any;
    const struct check_hang_up *hang_up = any;
    const struct check_away *away = any;
    const struct line_left *left = any;
    struct turn *turn = &engine->turn;
    switch (effect->kind) {
    case CHECK_PLACE:
        call_test_place(engine->calls, turn,
                        &(struct call_test_order){place->check, place->line_id, place->dialled});
        break;
    case CHECK_ANSWER: answer(engine, any); break;
    case CHECK_HANG_UP: call_test_hang_up(engine->calls, turn, hang_up->call); break;
    case CHECK_AWAY: line_set_away(engine->lines, turn, away->line_id, away->is_away); break;
    case CHECK_TOLD:
        if (engine->host.check_told) engine->host.check_told(engine->host.context, any);
        break;
    case CALL_TEST_TOLD: tell_check(engine, any); break;
    case LINE_LEFT:
        check_line_changed(engine->checks, turn,
                           &(struct check_line_news){.line_id = left->line_id, .is_left = true});
        break;
    default: return false;
    }
    return true;
}

void engine_note_line(struct engine *engine, const struct line_state *state)
{
    const struct model_registration *now = &state->registration;
    if (check_count(engine->checks) == 0) return;
    struct check_line_news news = {.line_id = now->line_id,
                                   .is_registered = now->state == REGISTRATION_REGISTERED,
                                   .is_gone = state->is_gone};
    check_line_changed(engine->checks, &engine->turn, &news);
}
