// SPDX-License-Identifier: Apache-2.0
// Which codes a group has, and what was dialled.
#include "code/code.h"

#include "unit/check.h"

static struct code_table usual(void)
{
    struct model_group group;
    struct code_table table;
    char reason[REASON_SIZE];
    model_defaults(KIND_GROUP, &group);
    assert_null(code_read_table(span_of(group.feature_codes), &table, reason));
    return table;
}

static void test_table_as_text(void **state)
{
    struct code_table table;
    char reason[REASON_SIZE], bytes[256];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    (void)state;
    assert_null(code_read_table(SPAN(" no_answer = 061,immediate=1 "), &table, reason));
    code_put_table(&out, &table);
    assert_span(buffer_span(&out), "immediate=1, no_answer=061");
    assert_null(code_read_table(SPAN(""), &table, reason));
    out = buffer_over(bytes, sizeof bytes);
    code_put_table(&out, &table);
    assert_span(buffer_span(&out), "");
}

static void test_table_refused(void **state)
{
    static const struct {
        const char *text, *reason;
    } cases[] = {
        {"always=21", "must be conditions with their codes, as in immediate=21, busy=67"},
        {"21", "must be conditions with their codes, as in immediate=21, busy=67"},
        {"immediate=", "must have a code of 1 to 4 digits for immediate"},
        {"busy=12345", "must have a code of 1 to 4 digits for busy"},
        {"busy=*67", "must have a code of 1 to 4 digits for busy"},
        {"busy=67, dnd=67", "has 67 twice"},
        {"busy=67, busy=68", "has busy twice"},
        {"busy=67,,dnd=26", "must be conditions with their codes, as in immediate=21, busy=67"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct code_table table;
        char reason[REASON_SIZE];
        const char *refused = code_read_table(span_of(cases[i].text), &table, reason);
        assert_non_null(refused);
        assert_string_equal(refused, cases[i].reason);
    }
}

struct dialled {
    const char *text;
    enum code_action action;
    enum model_condition condition;
    const char *number;
    uint32_t delay_s;
    const char *fault;
};

static const struct dialled all_dialled[] = {
    {"*21*103#", CODE_SET, CONDITION_IMMEDIATE, "103", 0, NULL},
    {"*21*103", CODE_SET, CONDITION_IMMEDIATE, "103", 0, NULL},
    {"**21*+491701234567#", CODE_SET, CONDITION_IMMEDIATE, "+491701234567", 0, NULL},
    {"*67*001701234567#", CODE_SET, CONDITION_BUSY, "001701234567", 0, NULL},
    {"*61*103*20#", CODE_SET, CONDITION_NO_ANSWER, "103", 20, NULL},
    {"**61*103**20#", CODE_SET, CONDITION_NO_ANSWER, "103", 20, NULL},
    {"*61*103#", CODE_SET, CONDITION_NO_ANSWER, "103", 0, NULL},
    {"*21#", CODE_ON, CONDITION_IMMEDIATE, "", 0, NULL},
    {"*26#", CODE_ON, CONDITION_DND, "", 0, NULL},
    {"#70#", CODE_OFF, CONDITION_LOGGED_OFF, "", 0, NULL},
    {"#70", CODE_OFF, CONDITION_LOGGED_OFF, "", 0, NULL},
    {"##21#", CODE_ERASE, CONDITION_IMMEDIATE, "", 0, NULL},
    {"*#67#", CODE_QUERY, CONDITION_BUSY, "", 0, NULL},
    {"*#67", CODE_QUERY, CONDITION_BUSY, "", 0, NULL},
    // Codes, but wrong: they are answered here, too.
    {"*61*103*4#", CODE_SET, CONDITION_NO_ANSWER, "103", 0, "has seconds that are not 5 to 120"},
    {"*61*103*121#", CODE_SET, CONDITION_NO_ANSWER, "103", 0, "has seconds that are not 5 to 120"},
    {"*61*103*20*5#", CODE_SET, CONDITION_NO_ANSWER, "103", 0, "has seconds that are not 5 to 120"},
    {"*21*103*20#", CODE_SET, CONDITION_IMMEDIATE, "103", 0,
     "has seconds, which only no_answer has"},
    {"*21*#", CODE_ON, CONDITION_IMMEDIATE, "", 0, "has a number that is none"},
    {"*21*+#", CODE_ON, CONDITION_IMMEDIATE, "+", 0, "has a number that is none"},
    {"*21*ann#", CODE_ON, CONDITION_IMMEDIATE, "ann", 0, "has a number that is none"},
    {"#21*103#", CODE_OFF, CONDITION_IMMEDIATE, "", 0, "has more than it may have"},
    {"*#21*#", CODE_QUERY, CONDITION_IMMEDIATE, "", 0, "has more than it may have"},
    {"*21##", CODE_ON, CONDITION_IMMEDIATE, "", 0, "has more than it may have"},
};

static void test_dialled(void **state)
{
    struct code_table table = usual();
    (void)state;
    for (size_t i = 0; i < sizeof all_dialled / sizeof all_dialled[0]; i++) {
        const struct dialled *expected = &all_dialled[i];
        struct code_order order;
        print_message("%s\n", expected->text);
        assert_true(code_read_dialled(&table, span_of(expected->text), &order));
        if (expected->fault) {
            assert_non_null(order.fault);
            assert_string_equal(order.fault, expected->fault);
            continue;
        }
        assert_null(order.fault);
        assert_int_equal(order.action, expected->action);
        assert_int_equal(order.condition, expected->condition);
        assert_string_equal(order.number, expected->number);
        assert_int_equal(order.delay_s, expected->delay_s);
    }
}

static void test_other_numbers(void **state)
{
    static const char *const texts[] = {"",      "21",    "103",   "*",    "#",      "*22#",
                                        "*211",  "*2*1#", "*#06#", "*62#", "21*103", "+4921",
                                        "*8101", "*21a",  "##",    "**",   "*#",     "112"};
    struct code_table table = usual(), none;
    struct code_order order;
    char reason[REASON_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        print_message("%s\n", texts[i]);
        assert_false(code_read_dialled(&table, span_of(texts[i]), &order));
    }
    assert_null(code_read_table(SPAN_NONE, &none, reason));
    assert_false(code_read_dialled(&none, SPAN("*21#"), &order));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_as_text),
        cmocka_unit_test(test_table_refused),
        cmocka_unit_test(test_dialled),
        cmocka_unit_test(test_other_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
