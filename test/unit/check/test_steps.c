// SPDX-License-Identifier: Apache-2.0
// A check among three lines of a PBX made of a few switches: what it reports of each, that it ends
// whatever happens, and that every call it has to do with is ended.
#include "check/check.h"
#include "unit/check.h"

#include <stdlib.h>

enum { CALLS = 4096, ARENA_SIZE = 256 * 1024, NEWS = 1024 };

enum call_state { NO_CALL, PLACED, RINGS, OVER };

// A call, as the PBX has it: `of` is the call that it is a leg of.
struct call {
    enum call_state state;
    bool is_arrived;
    uint32_t of, line; // 0 to 2; of one that was placed: who calls
    uint32_t dialled;
};

struct pbx {
    bool is_second_refused, is_redirect_busy, is_redirect_ignored, is_diversion_lost, is_silent;
    bool is_gone;
    bool rings_first;      // a desk phone of line 1 rings before our leg has arrived, and goes on
    unsigned forwarded_to; // line 1 is forwarded in the PBX, to this line
    bool has_voicemail;
    uint32_t ring_ms;
};

struct world {
    void *memory;
    struct check_table *table;
    struct turn turn;
    struct arena arena;
    struct random random;
    struct pbx pbx;
    struct pool_id check;
    struct call calls[CALLS];
    uint32_t call_count;
    struct check_event queue[NEWS];
    size_t first, count;
    uint64_t ring_until_us;
    uint32_t ringing;
    bool is_away[3];
    bool is_done;
    uint8_t state;
    struct model_check_row rows[CHECK_ROWS];
};

static const char *const extensions[] = {"101", "102", "103"};

static struct world *new_world(void)
{
    struct world *world = calloc(1, sizeof *world);
    uint8_t seed[32] = {1};
    assert_non_null(world);
    world->memory = calloc(1, check_memory_size());
    world->table = check_init(world->memory);
    world->arena = arena_over(calloc(1, ARENA_SIZE), ARENA_SIZE);
    random_init(&world->random, seed);
    world->turn = (struct turn){.arena = &world->arena, .random = &world->random};
    world->turn.now_us = 1000000;
    world->call_count = 1;
    return world;
}

static void free_world(struct world *world)
{
    free(world->arena.at);
    free(world->memory);
    free(world);
}

// ---- The PBX

static struct pool_id id_of(uint32_t call)
{
    return (struct pool_id){call, 1};
}

static void say(struct world *world, struct check_event event)
{
    assert_true(world->count < NEWS);
    event.check = world->check;
    world->queue[(world->first + world->count++) % NEWS] = event;
}

static void respond(struct world *world, uint32_t call, unsigned status)
{
    say(world,
        (struct check_event){.kind = CHECK_RESPONDED, .call = id_of(call), .status = status});
    if (status < 300) return;
    world->calls[call].state = OVER;
    say(world, (struct check_event){.kind = CHECK_GONE, .call = id_of(call)});
}

static bool has_call(const struct world *world, uint32_t line, uint32_t besides)
{
    for (uint32_t i = 1; i < world->call_count; i++) {
        const struct call *call = &world->calls[i];
        bool is_up = call->state == RINGS && call->is_arrived && call->of != besides;
        if (is_up && call->line == line) return true;
    }
    return false;
}

static void ring(struct world *world, uint32_t of, uint32_t line, bool is_diverted)
{
    uint32_t leg = world->call_count++;
    assert_true(leg < CALLS);
    world->calls[leg] = (struct call){.state = RINGS, .is_arrived = true, .of = of, .line = line};
    struct check_event event = {.kind = CHECK_ARRIVED,
                                .call = id_of(leg),
                                .of = id_of(of),
                                .extension = span_of(extensions[line]),
                                .server = SPAN("switches")};
    if (is_diverted && !world->pbx.is_diversion_lost) {
        event.diverted_by = SPAN("102");
        event.diverted_why = SPAN("unconditional");
    }
    say(world, event);
    if (line != 1 || world->pbx.ring_ms == 0) return;
    world->ringing = leg;
    world->ring_until_us = world->turn.now_us + world->pbx.ring_ms * 1000ULL;
}

static void dial(struct world *world, uint32_t call, uint32_t line)
{
    if (world->pbx.is_gone) return;
    if (line == 1 && world->pbx.forwarded_to) line = world->pbx.forwarded_to;
    if (world->is_away[line]) {
        respond(world, call, world->pbx.has_voicemail ? 200 : 404);
    } else if (world->pbx.is_second_refused && has_call(world, line, call)) {
        respond(world, call, 486);
    } else {
        if (line == 1 && world->pbx.rings_first) respond(world, call, 180);
        ring(world, call, line, false);
    }
}

static uint32_t line_of(struct span extension)
{
    for (uint32_t i = 0; i < 3; i++) {
        if (span_eq(extension, span_of(extensions[i]))) return i;
    }
    return 3;
}

static void place(struct world *world, const struct check_place *wanted)
{
    uint32_t call = world->call_count++;
    assert_true(call < CALLS);
    world->check = wanted->check;
    world->calls[call] = (struct call){.state = PLACED, .line = wanted->line_id - 1};
    world->calls[call].dialled = line_of(wanted->dialled);
    say(world, (struct check_event){.kind = CHECK_PLACED, .call = id_of(call)});
    dial(world, call, world->calls[call].dialled);
}

static void answer(struct world *world, const struct check_answer *wanted)
{
    struct call *leg = &world->calls[wanted->call.index];
    const struct pbx *pbx = &world->pbx;
    if (leg->state != RINGS || pbx->is_gone) return;
    if (wanted->kind == CHECK_RING || (wanted->kind == CHECK_STATUS && wanted->status < 300)) {
        respond(world, leg->of, wanted->kind == CHECK_RING ? 180 : wanted->status);
        return;
    }
    leg->state = OVER;
    say(world, (struct check_event){.kind = CHECK_GONE, .call = wanted->call});
    if (pbx->rings_first && leg->line == 1) return; // the PBX waits for the desk phone
    if (wanted->kind == CHECK_STATUS) {
        if (!pbx->is_silent) respond(world, leg->of, wanted->status);
    } else if (pbx->is_redirect_busy) {
        respond(world, leg->of, 486);
    } else if (pbx->is_redirect_ignored) {
        respond(world, leg->of, 180);
    } else if (wanted->kind == CHECK_REDIRECT_FOREIGN) {
        respond(world, leg->of, 480);
    } else {
        ring(world, leg->of, line_of(wanted->target), true);
    }
}

static void end_leg(struct world *world, uint32_t index)
{
    world->calls[index].state = OVER;
    say(world, (struct check_event){.kind = CHECK_GONE, .call = id_of(index)});
}

// An ended call takes its legs along.
static void hang_up(struct world *world, uint32_t index)
{
    struct call *call = &world->calls[index];
    if (call->state == OVER || call->state == NO_CALL) return;
    end_leg(world, index);
    for (uint32_t i = 1; i < world->call_count; i++) {
        if (world->calls[i].is_arrived && world->calls[i].of == index &&
            world->calls[i].state == RINGS) {
            end_leg(world, i);
        }
    }
}

// ---- Running

static void obey(struct world *world, const struct effect *effect)
{
    const void *any = effect;
    const struct check_hang_up *hung_up = any;
    const struct check_away *away = any;
    const struct check_told *told = any;
    switch (effect->kind) {
    case CHECK_PLACE: place(world, any); break;
    case CHECK_ANSWER: answer(world, any); break;
    case CHECK_HANG_UP: hang_up(world, hung_up->call.index); break;
    case CHECK_AWAY: world->is_away[away->line_id - 1] = away->is_away; break;
    case CHECK_TOLD:
        world->is_done = told->is_done;
        world->state = told->state;
        memcpy(world->rows, told->rows, sizeof world->rows);
        break;
    default: fail();
    }
}

static void drain(struct world *world)
{
    struct effect *effect;
    while ((effect = turn_next(&world->turn)) != NULL) obey(world, effect);
}

static void tell_line(struct world *world, struct check_line_news news)
{
    turn_begin(&world->turn, world->turn.now_us, 0);
    check_line_changed(world->table, &world->turn, &news);
    drain(world);
}

static void settle(struct world *world)
{
    while (world->count > 0) {
        struct check_event event = world->queue[world->first];
        world->first = (world->first + 1) % NEWS;
        world->count--;
        turn_begin(&world->turn, world->turn.now_us, 0);
        check_event(world->table, &world->turn, &event);
        drain(world);
    }
}

static void give_up_ringing(struct world *world)
{
    struct call *leg = &world->calls[world->ringing];
    world->ring_until_us = UINT64_MAX;
    if (leg->state != RINGS) return;
    say(world, (struct check_event){.kind = CHECK_TAKEN_BACK, .call = id_of(world->ringing)});
    respond(world, leg->of, 408);
    end_leg(world, world->ringing);
}

// Lets the time pass until the check is over, or `until_us`.
static void run(struct world *world, uint64_t until_us)
{
    bool was_away = false;
    settle(world);
    while (check_count(world->table) > 0) {
        uint64_t at_us = check_deadline_us(world->table);
        if (world->ring_until_us && world->ring_until_us < at_us) at_us = world->ring_until_us;
        if (at_us > until_us) return;
        if (at_us > world->turn.now_us) world->turn.now_us = at_us;
        if (world->ring_until_us && world->ring_until_us <= at_us) give_up_ringing(world);
        turn_begin(&world->turn, world->turn.now_us, 0);
        check_tick(world->table, &world->turn);
        drain(world);
        if (world->is_away[2] != was_away) {
            was_away = world->is_away[2];
            tell_line(world, (struct check_line_news){
                                 .line_id = 3, .is_registered = !was_away, .is_left = was_away});
        }
        settle(world);
    }
}

static void begin(struct world *world, struct check_options options)
{
    options.number = 7;
    options.group_id = 1;
    options.is_diversion_sent = true;
    options.ring_max_s = 40;
    for (uint32_t i = 0; i < 3; i++) {
        options.lines[i].line_id = i + 1;
        options.lines[i].extension = span_of(extensions[i]);
        if (options.lines[i].status == 0) options.lines[i].is_registered = true;
    }
    turn_begin(&world->turn, world->turn.now_us, 0);
    assert_true(check_start(world->table, &world->turn, &options));
    drain(world);
}

static void assert_ended(const struct world *world)
{
    assert_int_equal(check_count(world->table), 0);
    for (uint32_t i = 1; i < world->call_count; i++) {
        assert_int_equal(world->calls[i].state, OVER);
    }
    for (uint32_t i = 0; i < 3; i++) assert_false(world->is_away[i]);
}

static void assert_row(const struct world *world, enum check_row row, enum check_verdict verdict,
                       enum check_finding finding)
{
    assert_string_equal(model_name(&model_check_verdicts, world->rows[row].verdict),
                        model_name(&model_check_verdicts, verdict));
    assert_string_equal(model_name(&model_check_findings, world->rows[row].finding),
                        model_name(&model_check_findings, finding));
}

static struct world *checked(struct pbx pbx, struct check_options options)
{
    struct world *world = new_world();
    world->pbx = pbx;
    begin(world, options);
    run(world, UINT64_MAX - 1);
    assert_true(world->is_done);
    assert_int_equal(world->state, CHECK_DONE);
    assert_ended(world);
    return world;
}

static const struct check_options quick = {.is_quick = true};

// ---- What is reported

static void test_fine(void **state)
{
    (void)state;
    struct world *world = checked((struct pbx){.ring_ms = 30000}, (struct check_options){0});
    assert_row(world, CHECK_REGISTRATION, CHECK_OK, FOUND_REGISTERED);
    assert_row(world, CHECK_INCOMING, CHECK_OK, FOUND_ARRIVED);
    assert_row(world, CHECK_BUSY_486, CHECK_OK, FOUND_AS_SENT);
    assert_row(world, CHECK_DECLINE_603, CHECK_OK, FOUND_AS_SENT);
    assert_row(world, CHECK_SECOND_CALL, CHECK_OK, FOUND_ARRIVED);
    assert_row(world, CHECK_REDIRECT_INTERNAL, CHECK_OK, FOUND_FOLLOWED);
    assert_row(world, CHECK_DIVERSION, CHECK_OK, FOUND_DIVERSION_KEPT);
    assert_row(world, CHECK_CONTACT_HOST, CHECK_OK, FOUND_HOST_REFUSED);
    assert_row(world, CHECK_REDIRECT_EXTERNAL, CHECK_NOT_TESTED, FOUND_NO_NUMBER);
    assert_row(world, CHECK_OTHER_CONTACTS, CHECK_NOT_TESTED, FOUND_NO_OTHERS);
    assert_row(world, CHECK_RING_TIMEOUT, CHECK_OK, FOUND_TIMES_OUT);
    assert_int_equal(world->rows[CHECK_RING_TIMEOUT].ms, 30000);
    assert_row(world, CHECK_UNREGISTERED, CHECK_OK, FOUND_DECLINED);
    assert_int_equal(world->rows[CHECK_UNREGISTERED].status, 404);
    free_world(world);
}

static void test_faults(void **state)
{
    (void)state;
    const struct {
        struct pbx pbx;
        enum check_row row;
        enum check_verdict verdict;
        enum check_finding finding;
    } faults[] = {
        {{.is_second_refused = true}, CHECK_SECOND_CALL, CHECK_FAILS, FOUND_DECLINED},
        {{.is_redirect_busy = true}, CHECK_REDIRECT_INTERNAL, CHECK_FAILS, FOUND_TAKEN_AS_BUSY},
        {{.is_redirect_busy = true}, CHECK_DIVERSION, CHECK_NOT_TESTED, FOUND_NOTHING},
        {{.is_redirect_ignored = true}, CHECK_REDIRECT_INTERNAL, CHECK_FAILS, FOUND_RINGS_ON},
        {{.is_diversion_lost = true}, CHECK_DIVERSION, CHECK_FAILS, FOUND_DIVERSION_LOST},
        {{.forwarded_to = 2}, CHECK_INCOMING, CHECK_FAILS, FOUND_AT_OTHER_LINE},
        {{.forwarded_to = 2}, CHECK_SECOND_CALL, CHECK_NOT_TESTED, FOUND_LINE_UNUSABLE},
        {{.has_voicemail = true}, CHECK_UNREGISTERED, CHECK_LIMITED, FOUND_TAKEN_ELSEWHERE},
        {{.is_silent = true}, CHECK_BUSY_486, CHECK_FAILS, FOUND_SILENCE},
        {{.rings_first = true}, CHECK_BUSY_486, CHECK_OK, FOUND_RINGS_ON},
        {{.rings_first = true}, CHECK_REDIRECT_INTERNAL, CHECK_FAILS, FOUND_HELD_BACK},
        {{.is_gone = true}, CHECK_INCOMING, CHECK_FAILS, FOUND_SILENCE},
    };
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct world *world = checked(faults[i].pbx, quick);
        assert_row(world, faults[i].row, faults[i].verdict, faults[i].finding);
        assert_row(world, CHECK_RING_TIMEOUT, CHECK_NOT_TESTED, FOUND_SKIPPED);
        free_world(world);
    }
}

static void test_ring_timeouts(void **state)
{
    (void)state;
    struct world *world = checked((struct pbx){.ring_ms = 20000}, (struct check_options){0});
    assert_row(world, CHECK_RING_TIMEOUT, CHECK_LIMITED, FOUND_TIMES_OUT);
    assert_int_equal(world->rows[CHECK_RING_TIMEOUT].ms, 20000);
    free_world(world);
    world = checked((struct pbx){0}, (struct check_options){0});
    assert_row(world, CHECK_RING_TIMEOUT, CHECK_OK, FOUND_NO_TIMEOUT);
    assert_int_equal(world->rows[CHECK_RING_TIMEOUT].ms, 40000);
    free_world(world);
}

// Who is refused at the PBX calls nobody and is called by nobody.
static void test_refused_line(void **state)
{
    (void)state;
    struct check_options options = quick;
    options.lines[CHECK_DIVERTER].status = 403;
    struct world *world = checked((struct pbx){0}, options);
    assert_row(world, CHECK_REGISTRATION, CHECK_FAILS, FOUND_REFUSED);
    assert_int_equal(world->rows[CHECK_REGISTRATION].status, 403);
    assert_string_equal(world->rows[CHECK_REGISTRATION].line, "102");
    assert_row(world, CHECK_REDIRECT_INTERNAL, CHECK_NOT_TESTED, FOUND_LINE_UNUSABLE);
    assert_row(world, CHECK_UNREGISTERED, CHECK_OK, FOUND_DECLINED);
    free_world(world);
}

// ---- Ending

// Stopped at any moment, by whatever: all calls are ended, and the line that was away is back.
static void test_stopped(void **state)
{
    (void)state;
    for (uint64_t ms = 0; ms < 60000; ms += 130) {
        struct world *world = new_world();
        world->pbx.ring_ms = 12000;
        world->pbx.is_gone = ms % 260 == 0;
        begin(world, (struct check_options){0});
        run(world, world->turn.now_us + ms * 1000);
        world->turn.now_us = 1000000 + ms * 1000;
        if (ms % 390 == 0) {
            tell_line(world, (struct check_line_news){.line_id = 2, .is_gone = true});
        } else {
            turn_begin(&world->turn, world->turn.now_us, 0);
            check_stop_all(world->table, &world->turn, CHECK_CANCELLED);
            drain(world);
        }
        uint64_t stopped_us = world->turn.now_us;
        run(world, stopped_us + 30000000);
        assert_ended(world);
        assert_true(world->is_done);
        assert_true(world->turn.now_us - stopped_us < 25000000);
        free_world(world);
    }
}

// Whatever is told, in whatever order: it ends, and no row is worse than its words.
static void test_nonsense(void **state)
{
    (void)state;
    struct world *world = new_world();
    for (int round = 0; round < 200; round++) {
        begin(world, quick);
        for (int i = 0; i < 300 && check_count(world->table) > 0; i++) {
            struct check_event event = {
                .kind = (enum check_event_kind)random_below(&world->random, CHECK_GONE + 1),
                .call = id_of((uint32_t)random_below(&world->random, 20)),
                .of = id_of((uint32_t)random_below(&world->random, 20)),
                .status = (unsigned)random_below(&world->random, 700),
                .extension = span_of(extensions[random_below(&world->random, 3)])};
            event.check = world->check;
            world->turn.now_us += random_below(&world->random, 400000);
            turn_begin(&world->turn, world->turn.now_us, 0);
            check_event(world->table, &world->turn, &event);
            check_tick(world->table, &world->turn);
            while (turn_next(&world->turn)) continue; // nobody obeys
        }
        turn_begin(&world->turn, world->turn.now_us, 0);
        check_stop_all(world->table, &world->turn, CHECK_INTERRUPTED);
        for (int i = 0; i < 10 && check_count(world->table) > 0; i++) {
            turn_begin(&world->turn, world->turn.now_us + 20000000, 0);
            check_tick(world->table, &world->turn);
        }
        assert_int_equal(check_count(world->table), 0);
    }
    free_world(world);
}

// ---- Rows as text and as sentences

static void test_texts(void **state)
{
    (void)state;
    struct model_check_row rows[CHECK_ROWS], read[CHECK_ROWS];
    char text[CHECK_ROWS_SIZE], sentence[512];
    for (unsigned finding = 0; finding < model_check_findings.count; finding++) {
        memset(rows, 0, sizeof rows);
        for (unsigned row = 0; row < CHECK_ROWS; row++) {
            rows[row] = (struct model_check_row){.verdict = (uint8_t)(row % (CHECK_FAILS + 1)),
                                                 .finding = (uint8_t)finding,
                                                 .status = (uint16_t)(400 + row),
                                                 .ms = 123456 * row,
                                                 .line = "12345678901234567890123"};
            struct buffer out = buffer_over(sentence, sizeof sentence);
            model_check_put_seen(&out, (enum check_row)row, &rows[row]);
            model_check_put_advice(&out, (enum check_row)row, &rows[row]);
            assert_false(out.is_full);
            assert_int_equal(span_find(buffer_span(&out), '%'), out.len);
        }
        struct buffer out = buffer_over(text, sizeof text);
        model_check_print_rows(rows, &out);
        assert_false(out.is_full);
        model_check_read_rows(buffer_span(&out), read);
        assert_memory_equal(rows, read, sizeof rows);
    }
    model_check_read_rows(SPAN("incoming ok; second_call maybe; x; incoming"), read);
    for (unsigned row = 0; row < CHECK_ROWS; row++) {
        assert_int_equal(read[row].verdict, CHECK_NOT_TESTED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fine),          cmocka_unit_test(test_faults),
        cmocka_unit_test(test_ring_timeouts), cmocka_unit_test(test_refused_line),
        cmocka_unit_test(test_stopped),       cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
