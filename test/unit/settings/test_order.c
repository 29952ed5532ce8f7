// SPDX-License-Identifier: Apache-2.0
// What devices order by feature codes: as one change, durably or not at all, and by nobody else.
#include "fixture.h"

static struct settings_obeyed obeyed;

static void add_device(struct fixture *fixture)
{
    struct model_device device;
    char hashes[98];
    model_defaults(KIND_DEVICE, &device);
    snprintf(hashes, sizeof hashes, "%032d %064d", 0, 0);
    set(KIND_DEVICE, &device, "user", "sales");
    set(KIND_DEVICE, &device, "name", "desk");
    set(KIND_DEVICE, &device, "sip_user", "desk1");
    set(KIND_DEVICE, &device, "password", hashes);
    assert_put(fixture, KIND_DEVICE, &device, NULL);
    fixture->told[0] = '\0';
}

static struct settings_order order_of(const char *extension, const char *dialled)
{
    struct settings_order order = {.group = "trial", .user = "sales", .device = "desk"};
    struct model_group group = sample_group();
    struct code_table table;
    char reason[REASON_SIZE];
    assert_null(code_read_table(span_of(group.feature_codes), &table, reason));
    assert_true(code_read_dialled(&table, span_of(dialled), &order.code));
    assert_null(order.code.fault);
    text_copy(order.extension, sizeof order.extension, span_of(extension));
    return order;
}

static void obey(struct fixture *fixture, const char *dialled)
{
    struct settings_order order = order_of("101", dialled);
    fixture->told[0] = '\0';
    settings_obey(fixture->settings, &order, &obeyed);
}

static void assert_obeyed(struct fixture *fixture, const char *dialled, enum code_tone tone,
                          const char *text)
{
    obey(fixture, dialled);
    assert_string_equal(obeyed.outcome.text, text);
    assert_int_equal(obeyed.outcome.tone, tone);
    assert_false(obeyed.outcome.is_trouble);
}

// What the slot of that origin holds: "TARGET on", "TARGET off", "none".
static const char *slot(struct fixture *fixture, const char *condition, const char *origin)
{
    static char text[TEXT_SIZE + 8];
    struct model_forwarding forwarding = sample_forwarding("101", condition, origin, "1");
    if (store_get(fixture->memory, KIND_FORWARDING, &forwarding, NULL) != ERR_NONE) return "none";
    snprintf(text, sizeof text, "%s %s", forwarding.target, forwarding.is_enabled ? "on" : "off");
    return text;
}

static void test_each_action(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture);
    add_device(fixture);
    assert_obeyed(fixture, "*#67#", TONE_OFF, "forwarding when busy is off");
    assert_obeyed(fixture, "*67#", TONE_REFUSED, "no number has been set before");
    // As it is dialled there: with the outside prefix.
    assert_obeyed(fixture, "*67*001701234567#", TONE_SET,
                  "forwarding when busy to 001701234567 is on");
    assert_string_equal(slot(fixture, "busy", "all"), "+491701234567 on");
    assert_int_equal(obeyed.change_count, 1);
    assert_string_equal(obeyed.changes[0].change, "added");
    assert_obeyed(fixture, "*#67#", TONE_ON, "forwarding when busy to +491701234567 is on");
    assert_int_equal(obeyed.change_count, 0);
    assert_obeyed(fixture, "#67#", TONE_CLEARED, "forwarding when busy is off");
    assert_string_equal(slot(fixture, "busy", "all"), "+491701234567 off");
    assert_obeyed(fixture, "#67#", TONE_CLEARED, "forwarding when busy is off");
    assert_int_equal(obeyed.change_count, 0);
    assert_obeyed(fixture, "*67#", TONE_SET, "forwarding when busy to +491701234567 is on");
    assert_obeyed(fixture, "##67#", TONE_CLEARED, "forwarding when busy is off");
    assert_string_equal(slot(fixture, "busy", "all"), "none");
    assert_string_equal(obeyed.changes[0].change, "removed");
}

// Both are one change: do-not-disturb and where calls go meanwhile.
static void test_do_not_disturb(void **state)
{
    struct fixture *fixture = *state;
    struct model_user user = sample_user();
    fill(fixture);
    add_device(fixture);
    assert_obeyed(fixture, "*26*105#", TONE_SET, "do-not-disturb to 105 is on");
    assert_int_equal(obeyed.change_count, 2);
    assert_int_equal(store_get(fixture->memory, KIND_USER, &user, NULL), ERR_NONE);
    assert_true(user.is_dnd);
    assert_obeyed(fixture, "*#26#", TONE_ON, "do-not-disturb to 105 is on");
    assert_obeyed(fixture, "#26#", TONE_CLEARED, "do-not-disturb is off");
    assert_obeyed(fixture, "*#26#", TONE_OFF, "do-not-disturb is off");
    assert_string_equal(slot(fixture, "dnd", "all"), "105 on");
    assert_obeyed(fixture, "##26#", TONE_CLEARED, "do-not-disturb is off");
    assert_string_equal(slot(fixture, "dnd", "all"), "none");
}

static void put(struct fixture *fixture, const char *condition, const char *origin,
                const char *target)
{
    struct model_forwarding slot = sample_forwarding("101", condition, origin, target);
    assert_put(fixture, KIND_FORWARDING, &slot, NULL);
}

// Whoever has set several is told all of them, whose calls and where to; the longest texts fit.
static void test_query_tells_each_origin(void **state)
{
    static const char longest[] = "sip:reception.of.the.second.floor@example.com";
    struct fixture *fixture = *state;
    fill(fixture);
    add_device(fixture);
    put(fixture, "busy", "all", "103");
    put(fixture, "busy", "external", "+491701234567");
    assert_obeyed(fixture, "*#67#", TONE_ON,
                  "forwarding when busy is on: external calls to +491701234567, other calls to "
                  "103");
    put(fixture, "busy", "internal", "105");
    assert_obeyed(fixture, "*#67#", TONE_ON,
                  "forwarding when busy is on: internal calls to 105, external calls to "
                  "+491701234567, other calls to 103");
    put(fixture, "busy", "internal", longest);
    put(fixture, "busy", "external", longest);
    put(fixture, "busy", "all", longest);
    assert_obeyed(fixture, "*#67#", TONE_ON,
                  "forwarding when busy is on: internal calls to "
                  "sip:reception.of.the.second.floor@exampl, external calls to "
                  "sip:reception.of.the.second.floor@exampl, other calls to "
                  "sip:reception.of.the.second.floor@exampl");
    assert_obeyed(fixture, "#67#", TONE_CLEARED, "forwarding when busy is off");
    assert_obeyed(fixture, "*#67#", TONE_OFF, "forwarding when busy is off");
    assert_obeyed(fixture, "*67#", TONE_SET,
                  "forwarding when busy to "
                  "sip:reception.of.the.second.floor@exampl is on");
    assert_obeyed(fixture, "##67#", TONE_CLEARED, "forwarding when busy is off");
    put(fixture, "dnd", "internal", "103");
    put(fixture, "dnd", "external", "105");
    assert_obeyed(fixture, "*26#", TONE_SET, "do-not-disturb is on");
    assert_obeyed(fixture, "*#26#", TONE_ON,
                  "do-not-disturb is on: internal calls to 103, external calls to 105");
}

static void test_off_is_for_all_callers(void **state)
{
    struct fixture *fixture = *state;
    struct model_forwarding external = sample_forwarding("101", "immediate", "external", "105");
    fill(fixture);
    add_device(fixture);
    assert_put(fixture, KIND_FORWARDING, &external, NULL);
    assert_obeyed(fixture, "*#21#", TONE_ON,
                  "immediate forwarding to 105 is on for external calls");
    assert_obeyed(fixture, "#21#", TONE_CLEARED, "immediate forwarding is off");
    assert_string_equal(slot(fixture, "immediate", "external"), "105 off");
}

static void test_refused(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture);
    add_device(fixture);
    assert_obeyed(fixture, "*21*112#", TONE_REFUSED, "the number is an emergency number");
    assert_obeyed(fixture, "*21*101#", TONE_REFUSED, "the number is the line itself");
    assert_string_equal(slot(fixture, "immediate", "all"), "none");
    assert_string_equal(fixture->told, "");
    // Somebody else's line, and a device that is gone.
    struct settings_order order = order_of("102", "*21*105#");
    settings_obey(fixture->settings, &order, &obeyed);
    assert_string_equal(obeyed.outcome.text, "the line is not this user's");
    order = order_of("101", "*21*105#");
    text_copy(order.device, sizeof order.device, SPAN("lost"));
    settings_obey(fixture->settings, &order, &obeyed);
    assert_int_equal(obeyed.outcome.tone, TONE_REFUSED);
    assert_string_equal(slot(fixture, "immediate", "all"), "none");
}

static bool copy_newest(void *context, const struct model_audit_entry *entry)
{
    char *text = context;
    snprintf(text, 128, "%.*s %.*s", SPAN_ARG(entry->actor), SPAN_ARG(entry->kind));
    return false;
}

static void test_audited(void **state)
{
    struct fixture *fixture = *state;
    struct store_audit_query query = {.kind = "forwarding"};
    char text[128] = "";
    fill(fixture);
    add_device(fixture);
    assert_obeyed(fixture, "*21*105#", TONE_SET, "immediate forwarding to 105 is on");
    assert_int_equal(store_audit_list(fixture->memory, &query, copy_newest, text), ERR_NONE);
    assert_string_equal(text, "device sales/desk forwarding");
}

// Whichever step of the store fails: it is told as trouble, and nothing has changed, or it is told
// as done, and is done.
static void test_confirmed_only_when_stored(void **state)
{
    struct fixture *fixture = *state;
    bool is_done = false;
    fill(fixture);
    add_device(fixture);
    for (uint32_t step = 1; !is_done; step++) {
        assert_true(step < 200);
        store_fail_at(fixture->store, step, ERR_IO);
        obey(fixture, "*26*105#");
        store_fail_at(fixture->store, 0, ERR_NONE);
        is_done = obeyed.outcome.tone == TONE_SET;
        assert_string_equal(slot(fixture, "dnd", "all"), is_done ? "105 on" : "none");
        assert_int_equal(obeyed.outcome.is_trouble, !is_done);
        assert_int_equal(fixture->told[0] != '\0', is_done);
        assert_int_equal(obeyed.change_count, is_done ? 2 : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_each_action),
        TEST(test_do_not_disturb),
        TEST(test_query_tells_each_origin),
        TEST(test_off_is_for_all_callers),
        TEST(test_refused),
        TEST(test_audited),
        TEST(test_confirmed_only_when_stored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
