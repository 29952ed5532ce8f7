// SPDX-License-Identifier: Apache-2.0
// Emergency calls: what is one, and that there is room for them when there is none for others.
#include "call/call.h"
#include "unit/check.h"

#include <stdlib.h>

static void test_what_is_dialled(void **state)
{
    (void)state;
    struct snapshot_group snapshot = {.emergency = "110,112,"};
    struct line_group group = {.snapshot = &snapshot};
    group.numbering.outside_prefix[0] = '0';
    assert_true(call_is_emergency(&group, SPAN("sip:112@lineward.test")));
    assert_true(call_is_emergency(&group, SPAN("sip:0112@lineward.test")));
    assert_true(call_is_emergency(&group, SPAN("tel:110")));
    assert_false(call_is_emergency(&group, SPAN("sip:1120@lineward.test")));
    assert_false(call_is_emergency(&group, SPAN("sip:113@lineward.test")));
    assert_false(call_is_emergency(&group, SPAN("sip:sales@lineward.test")));
}

// As they begin in the messages that are never dropped in an overload.
static void test_how_their_messages_begin(void **state)
{
    (void)state;
    struct snapshot_group snapshot = {.emergency = "110,112,"};
    struct line_group group = {.snapshot = &snapshot};
    struct call_emergency list = {.count = 0};
    group.numbering.outside_prefix[0] = '0';
    call_list_emergency(&group, &list);
    call_list_emergency(&group, &list); // another group of the same country
    static const char *const begins[] = {"INVITE sip:110@", "INVITE sip:0110@", "INVITE sip:112@",
                                         "INVITE sip:0112@"};
    assert_int_equal(list.count, 4);
    for (size_t i = 0; i < 4; i++) assert_string_equal(list.texts[i], begins[i]);
}

static void test_room_is_kept(void **state)
{
    (void)state;
    struct call_limits limits = {.call_count = 2, .memory_count = 2, .line_count = 2};
    static const uint8_t key[16] = {1};
    void *memory = calloc(1, call_memory_size(&limits));
    assert_non_null(memory);
    struct call_table *table = call_init(memory, &limits, key, (struct call_neighbours){0});
    struct pool_id calls[3];
    assert_true(call_reserve(table, false, &calls[0]));
    assert_true(call_reserve(table, false, &calls[1]));
    assert_false(call_reserve(table, false, &calls[2]));
    assert_true(call_reserve(table, true, &calls[2]));
    for (int i = 0; i < 3; i++) call_abandon(table, calls[i]);
    assert_int_equal(call_count(table), 0);
    free(memory);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_dialled),
        cmocka_unit_test(test_how_their_messages_begin),
        cmocka_unit_test(test_room_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
