// SPDX-License-Identifier: Apache-2.0
// From a line's snapshot and a call to the facts: targets resolved, the line itself and places that
// the call has been at recognised in every notation.
#include "fwd/fwd.h"
#include "unit/check.h"

#include <stdalign.h>
#include <stddef.h>
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

// The rule that was added last.
static struct snapshot_rule *last_rule(struct fixture *fixture)
{
    struct snapshot_line *line = line_in(&fixture->block);
    return &line->rules[line->rule_count - 1];
}

// What is found of a single exception.
static enum fwd_finding finding_of(struct fixture *fixture)
{
    prepare(fixture);
    assert_int_equal(fixture->facts.rule_count, 1);
    return (enum fwd_finding)fixture->facts.rules[0].finding;
}

static void set_up_exception(struct fixture *fixture)
{
    set_up(fixture);
    add_rule(&fixture->block, CONDITION_IMMEDIATE, ORIGIN_ALL, "103");
    struct snapshot_rule *rule = last_rule(fixture);
    rule->level = LEVEL_EXCEPTION;
    rule->position = 7;
    rule->rule_id = 41;
}

static void test_caller_filters(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up_exception(&fixture);
    fixture.call.caller = SPAN("+498955");
    struct snapshot_rule *rule = last_rule(&fixture);
    rule->caller = put_text(&fixture.block, "+4989");
    assert_int_equal(finding_of(&fixture), FWD_APPLIES);
    assert_int_equal(fixture.facts.rules[0].prefix_len, 0);
    rule->caller_kind = CALLER_PREFIX;
    assert_int_equal(finding_of(&fixture), FWD_APPLIES);
    assert_int_equal(fixture.facts.rules[0].prefix_len, 5);
    assert_int_equal(fixture.facts.rules[0].caller_kind, CALLER_PREFIX);
    fixture.call.is_anonymous = true; // no number fits
    assert_int_equal(finding_of(&fixture), FWD_OTHER_CALLER);
    rule->caller_kind = CALLER_ANONYMOUS;
    assert_int_equal(finding_of(&fixture), FWD_APPLIES);
    fixture.call.is_anonymous = false;
    assert_int_equal(finding_of(&fixture), FWD_OTHER_CALLER);
    rule->caller_kind = CALLER_NUMBER;
    assert_int_equal(finding_of(&fixture), FWD_OTHER_CALLER);
    fixture.call.caller = SPAN("+4989");
    assert_int_equal(finding_of(&fixture), FWD_APPLIES);
    fixture.call.is_anonymous = true;
    assert_int_equal(finding_of(&fixture), FWD_OTHER_CALLER);
    assert_int_equal(fixture.facts.rules[0].target.stored.len, 0); // not looked at
}

static void test_until_and_calls(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up_exception(&fixture);
    struct fwd_use uses[] = {{40, 9}, {41, 1}};
    struct snapshot_rule *rule = last_rule(&fixture);
    fixture.call.wall_us = UINT64_C(1999999999999999);
    fixture.call.uses = uses;
    fixture.call.use_count = 1; // another one's
    assert_int_equal(finding_of(&fixture), FWD_APPLIES);
    assert_false(fixture.facts.rules[0].is_counted);
    rule->until_s = 2000000000;
    assert_int_equal(finding_of(&fixture), FWD_APPLIES);
    fixture.call.wall_us++;
    assert_int_equal(finding_of(&fixture), FWD_IS_EXPIRED);
    rule->until_s = 1;
    assert_int_equal(finding_of(&fixture), FWD_IS_EXPIRED);
    rule->until_s = 0;
    rule->calls = 1;
    assert_int_equal(finding_of(&fixture), FWD_APPLIES);
    assert_true(fixture.facts.rules[0].is_counted);
    fixture.call.use_count = 2;
    assert_int_equal(finding_of(&fixture), FWD_IS_USED_UP);
    rule->calls = 2;
    assert_int_equal(finding_of(&fixture), FWD_APPLIES);
    rule->calls = 0; // no limit
    assert_int_equal(finding_of(&fixture), FWD_APPLIES);
    rule->calls = 1;
    fixture.call.uses = &uses[1];
    fixture.call.use_count = 1;
    assert_int_equal(finding_of(&fixture), FWD_IS_USED_UP);
    fixture.call.use_count = 0;
    assert_int_equal(finding_of(&fixture), FWD_APPLIES);
}

static void test_presence(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up_exception(&fixture);
    struct snapshot_rule *rule = last_rule(&fixture);
    assert_int_equal(finding_of(&fixture), FWD_APPLIES);
    assert_false(fixture.facts.rules[0].has_presence);
    rule->presence = put_text(&fixture.block, "m");
    assert_int_equal(finding_of(&fixture), FWD_OTHER_PRESENCE);
    assert_true(fixture.facts.rules[0].has_presence);
    line_in(&fixture.block)->presence = put_text(&fixture.block, "M");
    assert_int_equal(finding_of(&fixture), FWD_APPLIES);
}

// From 8 to 9 every day, in the user's zone; 1970-01-01 was a Thursday.
static void test_schedule(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up_exception(&fixture);
    struct snapshot_line *line = line_in(&fixture.block);
    struct snapshot_interval interval = {.days = 0x7f, .from_minute = 480, .until_minute = 540};
    struct snapshot_days days = {.first = 0, .count = 1};
    struct snapshot_zone east = {.step_count = 1, .steps = {{.from_s = -100000, .offset_s = 3600}}};
    struct snapshot_rule *rule = last_rule(&fixture);
    line->size = (line->size + 15) / 16 * 16;
    rule->schedule = (struct snapshot_list){(uint16_t)line->size, 1};
    memcpy(fixture.block.bytes + line->size, &interval, sizeof interval);
    line->size += 16;
    fixture.call.wall_us = UINT64_C(8 * 3600) * 1000000;
    assert_int_equal(finding_of(&fixture), FWD_APPLIES);
    assert_true(fixture.facts.rules[0].has_schedule);
    fixture.call.line_zone = &east;
    assert_int_equal(finding_of(&fixture), FWD_OTHER_TIME);
    fixture.call.wall_us -= UINT64_C(3600) * 1000000;
    assert_int_equal(finding_of(&fixture), FWD_APPLIES);
    fixture.call.line_zone = NULL;
    fixture.call.group_zone = &east; // is for the group's rules
    assert_int_equal(finding_of(&fixture), FWD_OTHER_TIME);

    // Nothing but days: never on them.
    rule->schedule.count = 0;
    assert_int_equal(finding_of(&fixture), FWD_APPLIES);
    assert_false(fixture.facts.rules[0].has_schedule);
    rule->days = (struct snapshot_list){(uint16_t)line->size, 1};
    rule->holidays = HOLIDAYS_NEVER;
    memcpy(fixture.block.bytes + line->size, &days, sizeof days);
    line->size += 16;
    assert_int_equal(finding_of(&fixture), FWD_OTHER_TIME);
    assert_true(fixture.facts.rules[0].has_schedule);
}

static void test_what_names_a_rule(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up_exception(&fixture);
    last_rule(&fixture)->delay_s = 33;
    prepare(&fixture);
    const struct fwd_rule *rule = fixture.facts.rules;
    assert_int_equal(rule->number, 7);
    assert_int_equal(rule->place, 7);
    assert_int_equal(rule->rule_id, 41);
    assert_int_equal(rule->delay_s, 33);
    assert_int_equal(rule->level, LEVEL_EXCEPTION);
    last_rule(&fixture)->level = LEVEL_SLOT;
    prepare(&fixture);
    assert_int_equal(rule->number, 0);
    last_rule(&fixture)->is_ring = true;
    prepare(&fixture);
    assert_true(rule->is_ring);
    assert_int_equal(rule->target.stored.len, 0);
}

// Which conditions' rules become facts.
static unsigned conditions_of(struct fixture *fixture)
{
    unsigned found = 0;
    prepare(fixture);
    for (size_t i = 0; i < fixture->facts.rule_count; i++) {
        found |= 1u << fixture->facts.rules[i].condition;
    }
    return found;
}

static void test_conditions_that_are_asked(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture);
    for (unsigned i = 0; i < CONDITION_COUNT; i++) {
        add_rule(&fixture.block, (enum model_condition)i, ORIGIN_ALL, "103");
    }
    struct snapshot_line *line = line_in(&fixture.block);
    const unsigned immediate = 1u << CONDITION_IMMEDIATE, busy = 1u << CONDITION_BUSY;
    const unsigned logged_off = 1u << CONDITION_LOGGED_OFF;
    assert_int_equal(conditions_of(&fixture), immediate | logged_off);
    fixture.call.is_logged_in = true;
    assert_int_equal(conditions_of(&fixture), immediate | busy | 1u << CONDITION_NO_ANSWER);
    line->is_dnd = true;
    assert_int_equal(conditions_of(&fixture), immediate | 1u << CONDITION_DND);
    line->has_user = false; // nobody's do-not-disturb
    assert_int_equal(conditions_of(&fixture), immediate | busy | 1u << CONDITION_NO_ANSWER);
    fixture.call.event = FWD_CLIENTS_BUSY;
    assert_int_equal(conditions_of(&fixture), busy);
    fixture.call.event = FWD_CLIENTS_UNREACHED;
    assert_int_equal(conditions_of(&fixture), logged_off | 1u << CONDITION_UNREACHABLE);
    fixture.call.event = FWD_DEFLECTED;
    assert_int_equal(conditions_of(&fixture), logged_off | 1u << CONDITION_UNREACHABLE);
    fixture.call.is_client_busy = true;
    assert_int_equal(conditions_of(&fixture), busy);
    fixture.call.event = FWD_CLIENT_REJECTED;
    assert_int_equal(conditions_of(&fixture), 0);
}

// A group's block with three mandatory rules to 104, the second one for another condition.
struct group_block {
    struct snapshot_group group;
    struct snapshot_rule rules[3];
    struct snapshot_interval interval;
    char texts[8];
};

static void begin_group(struct group_block *block, const struct snapshot_group *group)
{
    memset(block, 0, sizeof *block);
    block->group = *group;
    block->group.size = sizeof *block;
    block->group.rules = (struct snapshot_list){offsetof(struct group_block, rules), 3};
    memcpy(block->texts, "104", 3);
    for (unsigned i = 0; i < 3; i++) {
        block->rules[i] = (struct snapshot_rule){
            .level = LEVEL_MANDATORY,
            .rule_id = i + 1,
            .condition = i == 1 ? CONDITION_BUSY : CONDITION_IMMEDIATE,
            .target = {offsetof(struct group_block, texts), 3}};
    }
}

static void prepare_with(struct fixture *fixture, const struct group_block *block)
{
    fwd_prepare(&block->group, &fixture->numbering, line_in(&fixture->block), &fixture->call,
                &fixture->room, &fixture->facts);
}

// The administrator's rules stand in the group's block.
static void test_rules_of_the_group(void **state)
{
    (void)state;
    struct fixture fixture;
    struct group_block block;
    set_up(&fixture);
    begin_group(&block, &fixture.group);
    add_rule(&fixture.block, CONDITION_IMMEDIATE, ORIGIN_ALL, "103");
    prepare_with(&fixture, &block);
    const struct fwd_rule *rules = fixture.facts.rules;
    assert_int_equal(fixture.facts.rule_count, 3);
    assert_span(rules[0].target.stored, "103");
    assert_span(rules[1].target.stored, "104");
    assert_int_equal(rules[1].rule_id, 1);
    assert_int_equal(rules[2].rule_id, 3);
    assert_int_equal(rules[2].level, LEVEL_MANDATORY);
}

// From 8 to 9 in the group's zone, wherever the user is.
static void test_schedule_of_the_group(void **state)
{
    (void)state;
    struct fixture fixture;
    struct group_block block;
    struct snapshot_zone east = {.step_count = 1, .steps = {{.from_s = -100000, .offset_s = 3600}}};
    set_up(&fixture);
    begin_group(&block, &fixture.group);
    block.interval = (struct snapshot_interval){
        .days = 0x7f, .from_minute = 480, .until_minute = 540};
    block.rules[0].schedule = (struct snapshot_list){offsetof(struct group_block, interval), 1};
    fixture.call.wall_us = UINT64_C(8 * 3600) * 1000000;
    fixture.call.line_zone = &east;
    prepare_with(&fixture, &block);
    assert_int_equal(fixture.facts.rules[0].finding, FWD_APPLIES);
    fixture.call.line_zone = NULL;
    fixture.call.group_zone = &east;
    prepare_with(&fixture, &block);
    assert_int_equal(fixture.facts.rules[0].finding, FWD_OTHER_TIME);
}

// Calls on the user's other lines count by the user's choice alone.
static void test_calls_elsewhere(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture);
    fixture.call.elsewhere_count = 2;
    prepare(&fixture);
    assert_int_equal(fixture.facts.elsewhere_count, 0);
    line_in(&fixture.block)->is_busy_on_any_line = true;
    prepare(&fixture);
    assert_int_equal(fixture.facts.elsewhere_count, 2);
}

static void test_limits(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture);
    struct model_group *settings = &fixture.group.settings;
    settings->max_forwarded_calls = 2;
    settings->max_forwarded_per_hour = 1;
    fixture.call.forwarded_now_count = 1;
    prepare(&fixture);
    assert_false(fixture.facts.has_too_many_forwarded);
    assert_false(fixture.facts.has_too_often_forwarded);
    fixture.call.forwarded_now_count = 2;
    fixture.call.forwarded_hour_count = 1;
    prepare(&fixture);
    assert_true(fixture.facts.has_too_many_forwarded);
    assert_true(fixture.facts.has_too_often_forwarded);
    settings->max_forwarded_calls = settings->max_forwarded_per_hour = 0; // no limit
    prepare(&fixture);
    assert_false(fixture.facts.has_too_many_forwarded);
    assert_false(fixture.facts.has_too_often_forwarded);
}

// What was chosen before is judged by what is known now.
static void test_chosen(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture);
    struct fwd_choice chosen = {.step = FWD_STEP_RING,
                                .condition = CONDITION_NO_ANSWER,
                                .number = 5,
                                .target = {.stored = SPAN("102")}};
    fixture.call.event = FWD_WAITED;
    fixture.call.chosen = &chosen;
    prepare(&fixture);
    assert_int_equal(fixture.facts.event, FWD_WAITED);
    assert_int_equal(fixture.facts.chosen.number, 5);
    assert_int_equal(fixture.facts.chosen.condition, CONDITION_NO_ANSWER);
    assert_int_equal(fixture.facts.chosen.target.state, FWD_TARGET_SELF);
    fixture.call.chosen = NULL;
    fixture.call.event = FWD_DEFLECTED;
    fixture.call.deflection = SPAN("112");
    fixture.call.deflection_class = NUMBER_EMERGENCY;
    prepare(&fixture);
    assert_int_equal(fixture.facts.deflection.state, FWD_TARGET_EMERGENCY);
    assert_false(fixture.facts.is_client_busy);
    fixture.call.is_client_busy = true;
    prepare(&fixture);
    assert_true(fixture.facts.is_client_busy);
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
        cmocka_unit_test(test_caller_filters),
        cmocka_unit_test(test_until_and_calls),
        cmocka_unit_test(test_presence),
        cmocka_unit_test(test_schedule),
        cmocka_unit_test(test_what_names_a_rule),
        cmocka_unit_test(test_conditions_that_are_asked),
        cmocka_unit_test(test_rules_of_the_group),
        cmocka_unit_test(test_schedule_of_the_group),
        cmocka_unit_test(test_calls_elsewhere),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_chosen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
