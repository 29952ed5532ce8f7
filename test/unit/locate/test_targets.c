// SPDX-License-Identifier: Apache-2.0
// From a server's name to targets: test/tables/locations.txt; and for how long an answer holds.
#include "tables/table.h"
#include "zone.h"

static struct random seeded(void)
{
    static const uint8_t seed[32] = {1};
    struct random random;
    random_init(&random, seed);
    return random;
}

static void put_targets(struct buffer *out, const struct locate *locate)
{
    for (size_t i = 0; i < locate->target_count; i++) {
        const struct locate_target *target = &locate->targets[i];
        bool is_next = i > 0 && target->rank > locate->targets[i - 1].rank;
        if (i > 0) buffer_put_text(out, is_next ? " > " : ", ");
        zone_put_target(out, target);
    }
    if (locate->target_count == 0) buffer_put_byte(out, '-');
}

static void check_case(struct table *table, struct zone *zone)
{
    static struct locate locate;
    struct random random = seeded();
    char bytes[TABLE_LINE_SIZE];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    struct span transport_text = table->cells[0];
    bool is_large = span_starts_with(transport_text, SPAN("large "));
    unsigned transport;
    if (is_large) transport_text = span_trim(span_from(transport_text, 6));
    if (!model_find_name(&model_transports, transport_text, &transport)) {
        table_unreadable(table, transport_text);
    }
    memset(&locate, 0, sizeof locate);
    locate_init(&locate, table->cells[1], (enum model_transport)transport);
    if (!zone_look_up(zone, &locate, 1, &random)) {
        table_fail(table, "looked up", SPAN("to the end"), SPAN("not to the end"));
    }
    if (is_large) (void)locate_want_stream(&locate, &random);
    put_targets(&out, &locate);
    table_expect(table, "targets", table->cells[2], buffer_span(&out));
    if (locate.target_count == 0 && locate.problem[0] == '\0') {
        table_fail(table, "problem", SPAN("a cause"), SPAN("none"));
    }
}

static void test_locations(void **state)
{
    (void)state;
    static struct zone zone;
    struct table table = table_open("test/tables/locations.txt");
    while (table_next(&table)) {
        struct span line = table.cells[0];
        if (span_eq(line, SPAN("records none"))) {
            zone.count = 0;
        } else if (span_starts_with(line, SPAN("record "))) {
            zone_add(&zone, span_from(line, 7));
        } else if (span_starts_with(line, SPAN("down "))) {
            zone_add(&zone, line);
        } else {
            table_expect_cells(&table, 3);
            check_case(&table, &zone);
        }
    }
    table_close(&table);
}

// ---- How long an answer holds

enum { SECOND_US = 1000000 };

static struct locate located(struct zone *zone, const char *server)
{
    static struct locate locate;
    struct random random = seeded();
    memset(&locate, 0, sizeof locate);
    locate_init(&locate, span_of(server), GROUP_UDP);
    assert_true(zone_look_up(zone, &locate, 1, &random));
    return locate;
}

static void test_ttl(void **state)
{
    (void)state;
    static struct zone zone;
    zone_add(&zone, SPAN("pbx.example A 192.0.2.1"));
    zone.ttl_s = 60;
    struct locate locate = located(&zone, "pbx.example");
    assert_int_equal(locate_deadline_us(&locate), 60 * SECOND_US + 1);
    struct random random = seeded();
    assert_false(locate_begin(&locate, 59 * SECOND_US, &random));
    size_t index;
    assert_false(locate_next_question(&locate, &index));
    unsigned asked_count = zone.asked_count;
    assert_true(zone_look_up(&zone, &locate, 61 * SECOND_US, &random));
    assert_true(zone.asked_count > asked_count);
    zone.ttl_s = 1; // no name server is asked without a pause
    locate = located(&zone, "pbx.example");
    assert_int_equal(locate_deadline_us(&locate), 5 * SECOND_US + 1);
    zone.ttl_s = UINT32_MAX;
    locate = located(&zone, "pbx.example");
    assert_int_equal(locate_deadline_us(&locate), UINT64_C(86400) * SECOND_US + 1);
    locate = located(&zone, "192.0.2.1");
    assert_int_equal(locate_deadline_us(&locate), 300 * SECOND_US + 1);
}

// Name servers that do not answer take nothing away; they are asked again soon.
static void test_dead_name_servers(void **state)
{
    (void)state;
    static struct zone zone;
    struct random random = seeded();
    zone_add(&zone, SPAN("_sip._udp.pbx.example SRV 0 0 5060 a.example"));
    zone_add(&zone, SPAN("a.example A 192.0.2.1"));
    struct locate locate = located(&zone, "pbx.example");
    assert_string_equal(locate.problem, "");
    zone.is_down = true;
    assert_true(zone_look_up(&zone, &locate, 61 * SECOND_US, &random));
    assert_int_equal(locate.target_count, 1);
    assert_string_equal(locate.problem, "no answer from the name servers");
    assert_non_null(locate_choose(&locate, 61 * SECOND_US));
    assert_int_equal(locate_deadline_us(&locate), (61 + 15) * SECOND_US);
    zone.is_down = false;
    assert_true(zone_look_up(&zone, &locate, 76 * SECOND_US, &random));
    assert_string_equal(locate.problem, "");
    zone.count = 0; // the name is gone: the last known target is still the best guess
    assert_true(zone_look_up(&zone, &locate, 200 * SECOND_US, &random));
    assert_int_equal(locate.target_count, 1);
    assert_string_equal(locate.problem, "there is no such name");
}

static void test_late_answers(void **state)
{
    (void)state;
    static struct zone zone;
    struct random random = seeded();
    struct locate_answer answer = {.is_absent = true, .problem = SPAN("none")};
    zone_add(&zone, SPAN("pbx.example A 192.0.2.1"));
    struct locate locate = located(&zone, "pbx.example");
    assert_false(locate_take_answer(&locate, 2, 0, &answer, &random));  // nothing is asked
    assert_false(locate_take_answer(&locate, 2, 99, &answer, &random)); // never was
    (void)locate_begin(&locate, 61 * SECOND_US, &random);
    assert_false(locate_take_answer(&locate, 2, 0, &answer, &random)); // not asked yet
    locate_postpone(&locate, 61 * SECOND_US);
    assert_int_equal(locate_deadline_us(&locate), 76 * SECOND_US);
    assert_int_equal(locate.target_count, 1);
}

// As many records as a malicious name server likes: all is bounded.
static void test_bounds(void **state)
{
    (void)state;
    static struct zone zone;
    char record[200];
    for (unsigned i = 0; i < 20; i++) {
        (void)snprintf(record, sizeof record, "_sip._udp.pbx.example SRV %u 0 5060 a%u.example", i,
                       i);
        zone_add(&zone, span_of(record));
        (void)snprintf(record, sizeof record, "a%u.example A 192.0.2.%u", i, i);
        zone_add(&zone, span_of(record));
        (void)snprintf(record, sizeof record, "pbx.example NAPTR %u 0 SIP+D2U _sip%u._udp.example",
                       i, i);
        zone_add(&zone, span_of(record));
    }
    struct locate locate = located(&zone, "pbx.example");
    assert_in_range(locate.question_count, 1, LOCATE_QUESTION_MAX);
    assert_in_range(locate.target_count, 1, LOCATE_TARGET_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_locations),    cmocka_unit_test(test_ttl),
        cmocka_unit_test(test_late_answers), cmocka_unit_test(test_dead_name_servers),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
