// SPDX-License-Identifier: Apache-2.0
// Simulation of the whole pure core: one engine with real settings, between PBXs that have their
// moods, callers, strangers and an administrator, on a network that loses, copies, delays and
// reorders. The clock jumps to whatever comes next. What is checked all the time is told in
// witness.h; and beyond that, for each seed:
//   - once the PBXs are well and the settings right, every line is registered again in time
//   - then, with nothing lost, no registration expires
//   - a line that is removed leaves nothing behind at its PBX
//   - in the end no call and no transaction is left, and the engine waits for nothing
//
//   ./dev sim engine [--seed N] [--count N] [--verbose]
#include "sim/scene.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const uint64_t second_us = 1000000;
static const uint64_t late_us_max = 20000;

enum { STEPS_MAX = 2000000, ARENA_BYTES = 128 * 1024, HOUR_S = 3600, YEAR_S = 31536000 };

// ---- What the scene's parts ask for (scene.h)

static bool is_asleep(const struct scene *scene)
{
    return scene->sim.now_us < scene->awake_us;
}

bool scene_is_calm_since(const struct scene *scene, uint64_t at_us)
{
    for (unsigned i = 0; i < scene->site.group_count; i++) {
        if (scene->pbxs[i].mood == MOOD_SILENT) return false;
    }
    return !is_asleep(scene) && scene->sim.weather.loss_percent == 0 && scene->disturbed_us < at_us;
}

bool scene_has_slept_since(const struct scene *scene, uint64_t at_us)
{
    return scene->awake_us >= at_us && scene->awake_us > 0;
}

const struct address *scene_own_address(void)
{
    static struct address own;
    if (own.family == ADDRESS_NONE) ASSERT(address_parse_port(SPAN("192.0.2.9:5070"), 0, &own));
    return &own;
}

struct pbx *scene_pbx_at(struct scene *scene, const struct address *peer)
{
    for (unsigned i = 0; i < scene->site.group_count; i++) {
        if (address_eq_host(&scene->pbxs[i].listens, peer)) return &scene->pbxs[i];
    }
    return NULL;
}

bool scene_parse(struct span bytes, struct sip_message *message)
{
    static _Alignas(16) char memory[ARENA_BYTES];
    struct arena arena = arena_over(memory, sizeof memory);
    struct sip_fault fault;
    return sip_parse(bytes, &arena, message, &fault) == SIP_OK;
}

// ---- Time

static uint64_t engine_deadline_in_sim_us(const struct scene *scene)
{
    uint64_t deadline_us = world_deadline_us(scene->world);
    if (is_asleep(scene)) return scene->awake_us;
    return deadline_us == DEADLINE_NEVER ? deadline_us : deadline_us + scene->clock_us;
}

// Brings the engine to the present.
static void wake_engine(struct scene *scene)
{
    if (is_asleep(scene)) return;
    world_jump(scene->world, scene->sim.now_us - scene->clock_us - world_now_us(scene->world));
    witness_look(scene);
}

static void earliest(uint64_t *next_us, uint64_t at_us)
{
    if (at_us < *next_us) *next_us = at_us;
}

static uint64_t next_us(struct scene *scene)
{
    uint64_t next_us = sim_next_packet_us(&scene->sim);
    earliest(&next_us, engine_deadline_in_sim_us(scene));
    while (scene->leg_first < scene->leg_count && scene->legs[scene->leg_first].state == LEG_OVER) {
        scene->leg_first++;
    }
    for (unsigned i = scene->leg_first; i < scene->leg_count; i++) {
        earliest(&next_us, leg_deadline_us(&scene->legs[i]));
    }
    for (unsigned i = 0; i < scene->site.group_count; i++) {
        earliest(&next_us, scene->pbxs[i].mood_until_us);
    }
    return next_us;
}

static void deliver_packets(struct scene *scene)
{
    static struct sim_packet packet;
    while (sim_take_packet(&scene->sim, &packet)) {
        struct span bytes = {packet.bytes, packet.len};
        struct sip_message message;
        if (packet.to == SIM_OURS && is_asleep(scene)) {
            sim_put_back(&scene->sim, &packet, scene->awake_us);
        } else if (packet.to == SIM_OURS) {
            witness_deliver(scene, &packet.peer, bytes);
        } else if (scene_parse(bytes, &message)) {
            struct pbx *pbx = scene_pbx_at(scene, &packet.peer);
            bool is_there = packet.peer.port == pbx->listens.port ||
                            packet.peer.port == pbx->calls_from.port;
            if (is_there) pbx_receive(pbx, scene, &message);
        }
    }
}

// Mostly every 30 seconds; now and then the disk is full. But what is saved is newer than the last
// change of a group, as far as that goes: else the PBX may have granted less since than the file
// says (docs/registration.md).
static void save_registrations(struct scene *scene)
{
    if (is_asleep(scene) || scene->sim.now_us < scene->saved_us + 30 * second_us) return;
    scene->saved_us = scene->sim.now_us;
    if (sim_chance(&scene->sim, 20) && !scene->is_save_due) return;
    scene->is_save_due = false;
    world_save(scene->world);
    told_saved(scene);
}

// Lets time pass until then; all that is due happens on the way.
static void pass_time(struct scene *scene, uint64_t until_us)
{
    struct sim *sim = &scene->sim;
    for (;;) {
        uint64_t at_us = next_us(scene);
        bool is_last = at_us > until_us;
        if (is_last) at_us = until_us;
        if (!is_last && sim_chance(sim, 10)) at_us += sim_between(sim, 0, late_us_max);
        if (at_us > sim->now_us) sim->now_us = at_us;
        wake_engine(scene);
        save_registrations(scene);
        if (is_last) return;
        deliver_packets(scene);
        for (unsigned i = scene->leg_first; i < scene->leg_count; i++) {
            leg_tick(&scene->legs[i], scene);
        }
        for (unsigned i = 0; i < scene->site.group_count; i++) {
            if (scene->pbxs[i].mood_until_us <= sim->now_us) pbx_mend(&scene->pbxs[i], scene);
        }
        if (++scene->step_count > STEPS_MAX) sim_fail(sim, "this does not come to an end");
    }
}

static void pass_seconds(struct scene *scene, unsigned seconds)
{
    pass_time(scene, scene->sim.now_us + seconds * second_us);
}

// ---- Trouble

static void set_weather(struct scene *scene, const struct sim_weather *weather)
{
    scene->sim.weather = *weather;
    scene->disturbed_us = scene->sim.now_us;
    sim_log(&scene->sim, "weather: loss %u %%, copies %u %%, delay %llu-%llu ms",
            weather->loss_percent, weather->copy_percent,
            (unsigned long long)weather->delay_us_min / 1000,
            (unsigned long long)weather->delay_us_max / 1000);
}

static void change_weather(struct scene *scene)
{
    struct sim *sim = &scene->sim;
    struct sim_weather weather = {.delay_us_min = sim_between(sim, 0, 20000)};
    weather.delay_us_max = weather.delay_us_min;
    if (sim_chance(sim, 60)) {
        weather.loss_percent = (unsigned)sim_between(sim, 0, sim_chance(sim, 70) ? 20 : 60);
        weather.copy_percent = (unsigned)sim_between(sim, 0, 30);
        weather.delay_us_max += sim_between(sim, 0, sim_chance(sim, 60) ? 50000 : 2000000);
    }
    set_weather(scene, &weather);
}

static void restart_engine(struct scene *scene)
{
    bool is_crash = sim_chance(&scene->sim, 50);
    sim_log(&scene->sim, "the engine %s", is_crash ? "crashes and is started anew" : "restarts");
    scene->incarnation++;
    scene->disturbed_us = scene->sim.now_us;
    if (!is_crash) {
        world_save(scene->world);
        told_saved(scene);
    }
    witness_restarted(scene);
    world_crash(scene->world, random_u64(&scene->sim.random));
    admin_tell_addresses(scene);
}

static void step_wall_clock(struct scene *scene)
{
    struct sim *sim = &scene->sim;
    int64_t by_s = sim_chance(sim, 50) ? HOUR_S : YEAR_S;
    if (sim_chance(sim, 50)) by_s = (int64_t)sim_between(sim, 0, (uint64_t)by_s);
    if (sim_chance(sim, 50)) by_s = -by_s;
    sim_log(sim, "the wall clock steps by %lld s", (long long)by_s);
    world_step_wall(scene->world, by_s * (int64_t)second_us);
}

// The engine's process is stopped, or its machine sleeps for hours; the world goes on.
static void fall_asleep(struct scene *scene)
{
    struct sim *sim = &scene->sim;
    unsigned most_s = sim_chance(sim, 80) ? 20 : sim_chance(sim, 70) ? 300 : 12 * HOUR_S;
    uint64_t for_us = sim_between(sim, 0, most_s * second_us);
    sim_log(sim, "the engine sleeps for %llu ms", (unsigned long long)for_us / 1000);
    scene->disturbed_us = scene->asleep_us = sim->now_us;
    scene->awake_us = sim->now_us + for_us;
    pass_time(scene, scene->awake_us);
    scene->disturbed_us = sim->now_us;
    sim_log(sim, "the engine wakes");
}

static struct pbx *choose_pbx(struct scene *scene)
{
    return &scene->pbxs[sim_between(&scene->sim, 0, scene->site.group_count - 1)];
}

static void change_mood(struct scene *scene)
{
    struct sim *sim = &scene->sim;
    enum pbx_mood mood = (enum pbx_mood)sim_between(sim, MOOD_FINE + 1, MOOD_COUNT - 1);
    uint64_t lasts_s = sim_between(sim, 1, sim_chance(sim, 70) ? 40 : 300);
    if (sim_chance(sim, 40)) mood = MOOD_SILENT;
    pbx_set_mood(choose_pbx(scene), scene, mood, lasts_s * second_us);
}

static void place_many_calls(struct scene *scene)
{
    struct sim *sim = &scene->sim;
    for (uint64_t n = sim_between(sim, 20, 100); n > 0; n--) {
        leg_place_call(scene, choose_pbx(scene));
        pass_time(scene, sim->now_us + sim_between(sim, 0, 20000));
    }
}

static void something_happens(struct scene *scene)
{
    uint64_t what = sim_between(&scene->sim, 0, 999);
    if (what < 410) {
        leg_place_call(scene, choose_pbx(scene));
    } else if (what < 415) {
        place_many_calls(scene);
    } else if (what < 422) {
        fall_asleep(scene);
    } else if (what < 720) {
        admin_act(scene);
    } else if (what < 880) {
        stranger_act(scene);
    } else if (what < 920) {
        change_weather(scene);
    } else if (what < 960) {
        change_mood(scene);
    } else if (what < 975) {
        pbx_restart(choose_pbx(scene), scene);
    } else if (what < 990) {
        restart_engine(scene);
    } else {
        step_wall_clock(scene);
    }
}

static void have_trouble(struct scene *scene)
{
    struct sim *sim = &scene->sim;
    uint64_t action_count = sim_between(sim, 50, 250);
    for (uint64_t i = 0; i < action_count; i++) {
        something_happens(scene);
        bool is_burst = sim_chance(sim, 40);
        uint64_t pause_us = sim_between(sim, 0, is_burst ? 100000 : 6 * second_us);
        pass_time(scene, sim->now_us + pause_us);
    }
    if (!sim_chance(sim, 30)) return;
    struct pbx *pbx = choose_pbx(scene);
    unsigned lasts_s = (unsigned)sim_between(sim, 60, 1500);
    pbx_set_mood(pbx, scene, MOOD_SILENT, lasts_s * second_us);
    pass_seconds(scene, lasts_s);
}

// ---- Recovery

static bool is_registered(const struct scene *scene, unsigned group, unsigned line)
{
    const struct model_registration *state = world_state(scene->world,
                                                         scene->site.groups[group].lines[line].id);
    return state && state->state == REGISTRATION_REGISTERED &&
           pbx_has_binding(&scene->pbxs[group], scene, line);
}

// How long the line may take to be back: docs/registration.md.
static unsigned back_within_s(const struct scene *scene, unsigned group, unsigned line)
{
    enum { SPARE_S = 60, REFUSED_S = 600, BACK_OFF_S = 1800 };
    const struct model_registration *state = world_state(scene->world,
                                                         scene->site.groups[group].lines[line].id);
    const struct pbx *pbx = &scene->pbxs[group];
    unsigned interval_s = scene->site.groups[group].interval_s;
    if (interval_s < pbx->min_expires_s) interval_s = pbx->min_expires_s;
    if (!state) return SPARE_S;
    switch ((enum model_registration_state)state->state) {
    case REGISTRATION_REGISTERED: return SPARE_S + interval_s * 85 / 100;
    case REGISTRATION_REFUSED: return SPARE_S + REFUSED_S;
    case REGISTRATION_UNREACHABLE:
        return SPARE_S + (state->status > 0 || !pbx->answers_options ? BACK_OFF_S : 0);
    default: return SPARE_S;
    }
}

static void recover(struct scene *scene)
{
    struct sim *sim = &scene->sim;
    uint64_t limits_us[SITE_GROUPS][SITE_LINES];
    set_weather(scene, &(struct sim_weather){.delay_us_min = 1000, .delay_us_max = 5000});
    for (unsigned i = 0; i < scene->site.group_count; i++) pbx_mend(&scene->pbxs[i], scene);
    admin_mend(scene);
    pass_seconds(scene, 10); // what is still under way may be bad news
    for (unsigned i = 0; i < scene->site.group_count; i++) {
        for (unsigned line = 0; line < SITE_LINES; line++) {
            limits_us[i][line] = sim->now_us + back_within_s(scene, i, line) * second_us;
        }
    }
    for (bool is_complete = false; !is_complete;) {
        is_complete = true;
        pass_seconds(scene, 1);
        for (unsigned i = 0; i < scene->site.group_count; i++) {
            for (unsigned line = 0; line < SITE_LINES; line++) {
                if (!site_is_wanted(&scene->site, i, line)) continue;
                if (is_registered(scene, i, line)) continue;
                is_complete = false;
                if (sim->now_us < limits_us[i][line]) continue;
                sim_fail(sim, "line %u of group %u is not back in time", 101 + line, i);
            }
        }
    }
}

// All is well: calls come and go, and no registration expires.
static void live_well(struct scene *scene)
{
    struct sim *sim = &scene->sim;
    uint64_t until_us = sim->now_us + 240 * second_us;
    while (sim->now_us < until_us) {
        leg_place_call(scene, choose_pbx(scene));
        pass_time(scene, sim->now_us + sim_between(sim, 0, 30 * second_us));
        for (unsigned i = 0; i < scene->site.group_count; i++) {
            for (unsigned line = 0; line < SITE_LINES; line++) {
                if (!site_is_wanted(&scene->site, i, line)) continue;
                if (is_registered(scene, i, line)) continue;
                sim_fail(sim, "line %u of group %u has lost its registration", 101 + line, i);
            }
        }
        told_check_calm(scene);
    }
}

// ---- The end

static void wind_up(struct scene *scene)
{
    struct sim *sim = &scene->sim;
    bool was_registered[SITE_GROUPS][SITE_LINES];
    for (unsigned i = 0; i < scene->site.group_count; i++) {
        for (unsigned line = 0; line < SITE_LINES; line++) {
            was_registered[i][line] = site_is_wanted(&scene->site, i, line);
        }
    }
    admin_remove_lines(scene);
    pass_seconds(scene, 60);
    for (unsigned i = 0; i < scene->site.group_count; i++) {
        for (unsigned line = 0; line < SITE_LINES; line++) {
            if (!was_registered[i][line]) continue;
            if (!pbx_has_binding(&scene->pbxs[i], scene, line)) continue;
            sim_fail(sim, "line %u of group %u is removed and still registered", 101 + line, i);
        }
    }
    admin_remove_groups(scene);
    leg_place_call(scene, choose_pbx(scene));
    pass_seconds(scene, 300);
    witness_check_end(scene);
    if (world_deadline_us(scene->world) != DEADLINE_NEVER) {
        sim_fail(sim, "the engine waits for something, though nothing is left");
    }
}

// ---- One world

static struct scene scene;

static void init_scene(uint64_t seed, bool is_verbose)
{
    memset(&scene, 0, offsetof(struct scene, calls)); // calls and legs are made as they come
    sim_init(&scene.sim, "engine", seed, is_verbose);
    scene.incarnation = 1;
    scene.world = world_new(random_u64(&scene.sim.random));
    scene.clock_us = scene.sim.now_us - world_now_us(scene.world);
    for (unsigned i = 0; i < SITE_GROUPS; i++) pbx_init(&scene.pbxs[i], &scene, i);
    admin_begin(&scene);
}

static void run_world(uint64_t seed, bool is_verbose)
{
    init_scene(seed, is_verbose);
    have_trouble(&scene);
    recover(&scene);
    live_well(&scene);
    wind_up(&scene);
    world_free(scene.world);
}

int main(int argument_count, char **arguments)
{
    unsigned long long invites = 0, redirects = 0, registers = 0, strangers = 0, seconds = 0;
    struct sim_options options;
    if (!sim_read_options(argument_count, arguments, &options)) return 2;
    sim_catch_crashes(&scene.sim);
    for (uint64_t i = 0; i < options.count; i++) {
        run_world(options.seed + i, options.is_verbose);
        invites += scene.witness.invite_count;
        redirects += scene.witness.redirect_count;
        registers += scene.witness.register_count;
        strangers += scene.witness.stranger_count;
        seconds += scene.sim.now_us / second_us - 1000;
    }
    printf("%llu seeds from %llu on: no fault found in %llu hours with %llu calls, %llu of them "
           "redirected, %llu REGISTERs and %llu messages of strangers\n",
           (unsigned long long)options.count, (unsigned long long)options.seed, seconds / 3600,
           invites, redirects, registers, strangers);
    return 0;
}
