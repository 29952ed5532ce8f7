// SPDX-License-Identifier: Apache-2.0
// From a line's snapshot and a call to the facts: targets resolved, the line itself and places that
// the call has been at recognised in every notation.
#include "fwd/fwd.h"
#include "unit/check.h"

#include <stdalign.h>
#include <string.h>

enum { RULES_MAX = 9 };

// A line's block, being put together.
struct block {
    alignas(struct snapshot_line) char bytes[SNAPSHOT_LINE_MAX];
};

static struct snapshot_line *line_in(struct block *block)
{
    return (struct snapshot_line *)block->bytes;
}

static struct snapshot_text put_text(struct block *block, const char *text)
{
    struct snapshot_line *line = line_in(block);
    struct snapshot_text placed = {(uint16_t)line->size, (uint16_t)strlen(text)};
    memcpy(block->bytes + placed.at, text, placed.len);
    line->size += placed.len;
    return placed;
}

static void begin(struct block *block, const char *extension, const char *mailbox,
                  const char *mobile)
{
    struct snapshot_line *line = line_in(block);
    memset(block, 0, sizeof *block);
    line->size = sizeof *line + RULES_MAX * sizeof line->rules[0];
    line->is_enabled = true;
    line->has_user = true;
    line->extension = put_text(block, extension);
    line->mailbox = put_text(block, mailbox);
    line->mobile = put_text(block, mobile);
}

static void add_rule(struct block *block, enum model_condition condition, enum model_origin origin,
                     const char *target)
{
    struct snapshot_line *line = line_in(block);
    ASSERT(line->rule_count < RULES_MAX);
    line->rules[line->rule_count++] = (struct snapshot_rule){
        .level = LEVEL_SLOT,
        .condition = (uint8_t)condition,
        .origin = (uint8_t)origin,
        .target = put_text(block, target),
    };
}

struct fixture {
    struct snapshot_group group;
    struct phone_numbering numbering;
    struct block block;
    struct fwd_call call;
    struct span visited[4];
    struct fwd_facts_room room;
    struct fwd_facts facts;
};

static void set_up(struct fixture *fixture)
{
    const char *field;
    char reason[REASON_SIZE];
    memset(fixture, 0, sizeof *fixture);
    struct model_group *settings = &fixture->group.settings;
    model_defaults(KIND_GROUP, settings);
    text_copy(settings->domain, sizeof settings->domain, SPAN("pbx.example"));
    text_copy(settings->country_code, sizeof settings->country_code, SPAN("49"));
    text_copy(settings->area_code, sizeof settings->area_code, SPAN("89"));
    text_copy(settings->main_number, sizeof settings->main_number, SPAN("+49891234"));
    text_copy(settings->internal_ranges, sizeof settings->internal_ranges, SPAN("100-199"));
    assert_null(phone_read_numbering(settings, &fixture->numbering, &field, reason));
    begin(&fixture->block, "102", "700", "+491701234567");
}

static void prepare(struct fixture *fixture)
{
    fixture->call.visited = fixture->visited;
    fwd_prepare(&fixture->group, &fixture->numbering, line_in(&fixture->block), &fixture->call,
                &fixture->room, &fixture->facts);
}

static enum fwd_target_state state_of(struct fixture *fixture, const char *target)
{
    line_in(&fixture->block)->rule_count = 0;
    add_rule(&fixture->block, CONDITION_IMMEDIATE, ORIGIN_ALL, target);
    prepare(fixture);
    assert_int_equal(fixture->facts.rule_count, 1);
    return fixture->facts.rules[0].target.state;
}

static void test_states_are_copied(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture);
    fixture.call = (struct fwd_call){
        .is_internal = true, .is_logged_in = true, .has_clients = true, .diversion_count = 3};
    line_in(&fixture.block)->is_dnd = true;
    fixture.group.settings.decline_unavailable = DECLINE_RINGING;
    fixture.group.settings.max_diversions = 7;
    prepare(&fixture);
    assert_true(fixture.facts.is_internal && fixture.facts.is_logged_in);
    assert_true(fixture.facts.has_clients && fixture.facts.has_user && fixture.facts.is_dnd);
    assert_true(fixture.facts.is_line_enabled);
    assert_false(fixture.facts.is_psap_callback);
    assert_int_equal(fixture.facts.diversion_count, 3);
    assert_int_equal(fixture.facts.max_diversions, 7);
    assert_int_equal(fixture.facts.decline_unavailable, DECLINE_RINGING);
    assert_int_equal(fixture.facts.rule_count, 0);

    fixture.group.settings.is_enabled = false; // a disabled group's lines are disabled
    prepare(&fixture);
    assert_false(fixture.facts.is_line_enabled);
}

static void test_words_are_resolved(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture);
    add_rule(&fixture.block, CONDITION_IMMEDIATE, ORIGIN_INTERNAL, "mailbox");
    add_rule(&fixture.block, CONDITION_LOGGED_OFF, ORIGIN_EXTERNAL, "mobile");
    add_rule(&fixture.block, CONDITION_LOGGED_OFF, ORIGIN_ALL, "103");
    prepare(&fixture);
    const struct fwd_rule *rules = fixture.facts.rules;
    assert_int_equal(fixture.facts.rule_count, 3);
    assert_span(rules[0].target.stored, "700");
    assert_span(rules[1].target.stored, "+491701234567");
    assert_span(rules[2].target.stored, "103");
    assert_int_equal(rules[1].condition, CONDITION_LOGGED_OFF);
    assert_int_equal(rules[1].origin, ORIGIN_EXTERNAL);
    assert_span(fixture.facts.mailbox.stored, "700");
    assert_int_equal(fixture.facts.mailbox.state, FWD_TARGET_USABLE);
}

static void test_numbers_that_are_missing(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture);
    begin(&fixture.block, "102", "", "");
    assert_int_equal(state_of(&fixture, "mailbox"), FWD_TARGET_MISSING);
    assert_int_equal(state_of(&fixture, "mobile"), FWD_TARGET_MISSING);
    assert_int_equal(fixture.facts.mailbox.stored.len, 0);
}

static void test_the_line_itself(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture);
    assert_int_equal(state_of(&fixture, "102"), FWD_TARGET_SELF);
    assert_int_equal(state_of(&fixture, "+49891234102"), FWD_TARGET_SELF);
    assert_int_equal(state_of(&fixture, "sip:102@pbx.example"), FWD_TARGET_SELF);
    assert_int_equal(state_of(&fixture, "sip:102@PBX.example:5060"), FWD_TARGET_SELF);
    assert_int_equal(state_of(&fixture, "sip:102@other.example"), FWD_TARGET_USABLE);
    assert_int_equal(state_of(&fixture, "103"), FWD_TARGET_USABLE);
    begin(&fixture.block, "102", "102", "+49891234102");
    assert_int_equal(state_of(&fixture, "mobile"), FWD_TARGET_SELF);
    assert_int_equal(fixture.facts.mailbox.state, FWD_TARGET_SELF);
}

static enum fwd_target_state state_of_class(struct fixture *fixture, const char *target,
                                            enum model_number_class number_class)
{
    struct snapshot_line *line = line_in(&fixture->block);
    line->rule_count = 0;
    add_rule(&fixture->block, CONDITION_IMMEDIATE, ORIGIN_ALL, target);
    line->rules[0].number_class = (uint8_t)number_class;
    prepare(fixture);
    return fixture->facts.rules[0].target.state;
}

static void test_emergency_numbers(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture);
    assert_int_equal(state_of_class(&fixture, "112", NUMBER_EMERGENCY), FWD_TARGET_EMERGENCY);
    // Even a line of that name, even visited.
    assert_int_equal(state_of_class(&fixture, "102", NUMBER_EMERGENCY), FWD_TARGET_EMERGENCY);
    fixture.visited[fixture.call.visited_count++] = SPAN("112");
    assert_int_equal(state_of_class(&fixture, "112", NUMBER_EMERGENCY), FWD_TARGET_EMERGENCY);
    line_in(&fixture.block)->mailbox_class = NUMBER_EMERGENCY;
    line_in(&fixture.block)->mobile_class = NUMBER_PREMIUM;
    assert_int_equal(state_of_class(&fixture, "mailbox", NUMBER_UNKNOWN), FWD_TARGET_EMERGENCY);
    assert_int_equal(fixture.facts.mailbox.state, FWD_TARGET_EMERGENCY);
    assert_int_equal(state_of_class(&fixture, "mobile", NUMBER_UNKNOWN), FWD_TARGET_BARRED);
}

// The group's settings of this moment count, not those under which the forwarding was saved.
static void test_barred(void **state)
{
    (void)state;
    struct fixture fixture;
    struct model_group *settings = &fixture.group.settings;
    set_up(&fixture);
    assert_int_equal(state_of_class(&fixture, "+43153454", NUMBER_FOREIGN), FWD_TARGET_BARRED);
    assert_int_equal(state_of_class(&fixture, "+43153454", NUMBER_FOREIGN_PREMIUM),
                     FWD_TARGET_BARRED);
    assert_int_equal(state_of_class(&fixture, "+499001234567", NUMBER_PREMIUM), FWD_TARGET_BARRED);
    assert_int_equal(state_of_class(&fixture, "+491701234567", NUMBER_MOBILE), FWD_TARGET_USABLE);
    settings->is_barring_foreign = false;
    assert_int_equal(state_of_class(&fixture, "+43153454", NUMBER_FOREIGN), FWD_TARGET_USABLE);
    assert_int_equal(state_of_class(&fixture, "+43153454", NUMBER_FOREIGN_PREMIUM),
                     FWD_TARGET_BARRED);
    settings->is_barring_premium = false;
    assert_int_equal(state_of_class(&fixture, "+43153454", NUMBER_FOREIGN_PREMIUM),
                     FWD_TARGET_USABLE);
    assert_int_equal(state_of_class(&fixture, "+499001234567", NUMBER_PREMIUM), FWD_TARGET_USABLE);
    memcpy(fixture.numbering.barred[fixture.numbering.barred_count++], "+4317", sizeof "+4317");
    assert_int_equal(state_of_class(&fixture, "+4317123456", NUMBER_MOBILE), FWD_TARGET_BARRED);
    assert_int_equal(state_of_class(&fixture, "+4318123456", NUMBER_MOBILE), FWD_TARGET_USABLE);
    assert_int_equal(state_of_class(&fixture, "102", NUMBER_PREMIUM), FWD_TARGET_SELF);
}

static void test_visited(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture);
    fixture.visited[fixture.call.visited_count++] = SPAN("+491709999999");
    fixture.visited[fixture.call.visited_count++] = SPAN("103");
    fixture.visited[fixture.call.visited_count++] = SPAN("700");
    assert_int_equal(state_of(&fixture, "103"), FWD_TARGET_VISITED);
    assert_int_equal(state_of(&fixture, "+49891234103"), FWD_TARGET_VISITED);
    assert_int_equal(state_of(&fixture, "sip:103@pbx.example"), FWD_TARGET_VISITED);
    assert_int_equal(state_of(&fixture, "+491709999999"), FWD_TARGET_VISITED);
    assert_int_equal(state_of(&fixture, "104"), FWD_TARGET_USABLE);
    assert_int_equal(fixture.facts.mailbox.state, FWD_TARGET_VISITED);
    assert_int_equal(state_of(&fixture, "102"), FWD_TARGET_SELF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states_are_copied),
        cmocka_unit_test(test_words_are_resolved),
        cmocka_unit_test(test_numbers_that_are_missing),
        cmocka_unit_test(test_the_line_itself),
        cmocka_unit_test(test_emergency_numbers),
        cmocka_unit_test(test_barred),
        cmocka_unit_test(test_visited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
