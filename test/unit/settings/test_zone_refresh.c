// SPDX-License-Identifier: Apache-2.0
// Time zones are told for about a year, so they are told again as time goes on.
#include "fixture.h"

struct clock {
    uint64_t now_s;
    unsigned told_count;
    struct snapshot_zone berlin; // as last told
};

static uint64_t tell_now(void *context)
{
    return ((struct clock *)context)->now_s;
}

static void note_zone(void *context, const struct snapshot_zone *zone)
{
    struct clock *clock = context;
    clock->told_count++;
    if (zone->zone_id == 1) clock->berlin = *zone;
}

// Whether the zone's clocks are known to change at `at_s`.
static bool knows(const struct snapshot_zone *zone, int64_t at_s)
{
    for (uint32_t i = 0; i < zone->step_count; i++) {
        if (zone->steps[i].from_s == at_s) return true;
    }
    return false;
}

static void test_told_anew(void **state)
{
    (void)state;
    enum { NOVEMBER_2026 = 1795392000, DAY_S = 86400 };
    const int64_t october_2026 = 1792890000, march_2028 = 1837645200; // where clocks change
    struct clock clock = {.now_s = NOVEMBER_2026};
    struct store *store = store_open_memory();
    struct settings_listener listener = {
        .context = &clock, .now_s = tell_now, .zone_changed = note_zone};
    struct settings *settings = settings_new(store, listener);
    struct model_group group = sample_group();
    struct settings_problem problem;
    set(KIND_GROUP, &group, "time_zone", "Europe/Berlin");
    assert_int_equal(settings_add(settings, KIND_GROUP, &group, &problem), ERR_NONE);
    assert_int_equal(clock.told_count, 2); // with the server's own
    assert_false(knows(&clock.berlin, march_2028));
    clock.now_s += 365 * (uint64_t)DAY_S;
    settings_refresh_zones(settings);
    assert_int_equal(clock.told_count, 4);
    assert_true(knows(&clock.berlin, march_2028));
    assert_false(knows(&clock.berlin, october_2026));
    settings_free(settings);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_told_anew)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
