// SPDX-License-Identifier: Apache-2.0
// A call's legs as text, and how a call was forwarded.
#include "model/model.h"
#include "unit/check.h"

#include <string.h>

#define NAMED(literal)                                                                             \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

static const struct model_leg answered = {.kind = LEG_DEVICE,
                                          .ended_by = LEG_ENDED_BY_CALLER,
                                          .status = 200,
                                          .started_ms = 0,
                                          .ended_ms = LEG_NEVER - 1,
                                          .rang_ms = 120,
                                          .answered_ms = 5300,
                                          .name = NAMED("Desk phone")};
static const struct model_leg busy = {.kind = LEG_FORWARDING,
                                      .ended_by = LEG_ENDED_BY_CALLED,
                                      .status = 486,
                                      .started_ms = 9800,
                                      .ended_ms = 12000,
                                      .rang_ms = LEG_NEVER,
                                      .answered_ms = LEG_NEVER,
                                      .name = NAMED("+491701234567")};

static void test_text(void **state)
{
    char bytes[256];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    (void)state;
    model_leg_put(&out, &answered);
    model_leg_put(&out, &busy);
    assert_span(buffer_span(&out), "d 0 120 5300 4294967294 200 c Desk phone\n"
                                   "f 9800 - - 12000 486 d +491701234567\n");
}

static void check_same(const struct model_leg *leg, const struct model_leg *wanted)
{
    assert_int_equal(leg->kind, wanted->kind);
    assert_int_equal(leg->ended_by, wanted->ended_by);
    assert_int_equal(leg->status, wanted->status);
    assert_int_equal(leg->started_ms, wanted->started_ms);
    assert_int_equal(leg->ended_ms, wanted->ended_ms);
    assert_int_equal(leg->rang_ms, wanted->rang_ms);
    assert_int_equal(leg->answered_ms, wanted->answered_ms);
    assert_true(span_eq(leg->name, wanted->name));
}

static void test_read_again(void **state)
{
    char bytes[1024];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    struct model_leg leg;
    (void)state;
    model_leg_put(&out, &answered);
    // What another version, or nobody, has written is passed over.
    buffer_put_text(&out, "\nz 0 - - 0 200 c x\nd 0 - - 0 200 z x\nd - - - 0 200 c x\nd 1\n"
                          "d 0 0 0 0 2000 c x\nd 0 0 4294967296 0 200 c x\n");
    model_leg_put(&out, &busy);
    struct span rest = buffer_span(&out);
    assert_true(model_leg_next(&rest, &leg));
    check_same(&leg, &answered);
    assert_true(model_leg_next(&rest, &leg));
    check_same(&leg, &busy);
    assert_false(model_leg_next(&rest, &leg));
}

// A leg is there as a whole or not at all, and a name cannot make another one.
static void test_bounds(void **state)
{
    char bytes[64];
    (void)state;
    for (size_t size = 0; size < sizeof bytes; size++) {
        struct buffer out = buffer_over(bytes, size);
        model_leg_put(&out, &busy);
        assert_false(out.is_full);
        assert_true(out.len == 0 || out.len == strlen("f 9800 - - 12000 486 d +491701234567\n"));
        assert_true(out.len > 0 || size < strlen("f 9800 - - 12000 486 d +491701234567\n"));
    }
    struct model_leg leg = busy;
    struct buffer out = buffer_over(bytes, sizeof bytes);
    leg.name = SPAN("a\nf 0");
    model_leg_put(&out, &leg);
    assert_span(buffer_span(&out), "f 9800 - - 12000 486 d a?f 0\n");
}

static void test_status(void **state)
{
    char bytes[128];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    struct model_leg leg = busy;
    (void)state;
    leg.status = 0;
    model_leg_put(&out, &leg);
    size_t first = out.len;
    model_leg_put(&out, &leg);
    model_leg_set_status(bytes + first, out.len - first, 202);
    struct span rest = buffer_span(&out);
    assert_true(model_leg_next(&rest, &leg));
    assert_int_equal(leg.status, 0);
    assert_true(model_leg_next(&rest, &leg));
    assert_int_equal(leg.status, 202);
    char nothing[] = "d 1 2";
    model_leg_set_status(nothing, strlen(nothing), 202);
    assert_string_equal(nothing, "d 1 2");
}

static void test_executed(void **state)
{
    static const struct {
        struct model_journal_entry entry;
        enum model_executed executed;
    } cases[] = {
        {{.verdict = VERDICT_REDIRECT, .status = 302}, EXECUTED_REDIRECT},
        // A bridge first, which failed, then a redirect.
        {{.verdict = VERDICT_REDIRECT, .status = 302, .legs = NAMED("f 0 - - 9 503 d 1\n")},
         EXECUTED_REDIRECT},
        {{.verdict = VERDICT_REDIRECT, .status = 200, .legs = NAMED("f 0 1 2 9 200 d 1\n")},
         EXECUTED_BRIDGE},
        // Written before there were legs; and with a target that was busy.
        {{.verdict = VERDICT_REDIRECT, .status = 487}, EXECUTED_BRIDGE},
        {{.verdict = VERDICT_DECLINE, .status = 486, .legs = NAMED("m 0 - - 9 486 d 1\n")},
         EXECUTED_BRIDGE},
        {{.verdict = VERDICT_RING, .status = 200, .legs = NAMED("d 0 1 2 9 200 d tel\n")},
         EXECUTED_NOT},
        {{.verdict = VERDICT_RING,
          .status = 200,
          .is_outgoing = true,
          .legs = NAMED("o 0 1 2 9 200 d 1\nt 5 - - 5 202 c 2\n")},
         EXECUTED_NOT},
        {{.verdict = VERDICT_DECLINE, .status = 486}, EXECUTED_NOT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(model_journal_executed(&cases[i].entry), cases[i].executed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),     cmocka_unit_test(test_read_again),
        cmocka_unit_test(test_bounds),   cmocka_unit_test(test_status),
        cmocka_unit_test(test_executed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
