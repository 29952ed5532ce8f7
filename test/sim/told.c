// SPDX-License-Identifier: Apache-2.0
// What people are told of a registration: it is what the PBX has answered and keeps, or there was
// reason to hear nothing from it.
#include "sim/scene.h"

#include <string.h>

static const uint64_t second_us = 1000000;
// From the PBX's answer to its arrival: the longest life of a message, and how late a clock may be.
static const uint64_t under_way_us_max = 4000000;
// After which an answer can no longer be what is told: the transaction's end, and some.
static const uint64_t answer_us_max = 45000000;
static const uint64_t silent_us_min = 8000000;
// What was sent before the trouble began may be told until then.
static const uint64_t trouble_us = 41000000;

void told_answered(struct scene *scene, unsigned group, unsigned line, unsigned status,
                   uint64_t until_us)
{
    struct told *told = &scene->witness.told[group][line];
    unsigned place = told->answer_count++ % ANSWER_MAX;
    told->answers[place].at_us = scene->sim.now_us;
    told->answers[place].status = status;
    if (status < 300) told->bound_until_us = until_us;
}

void told_saved(struct scene *scene)
{
    for (unsigned i = 0; i < SITE_GROUPS * SITE_LINES; i++) {
        struct told *told = &scene->witness.told[i / SITE_LINES][i % SITE_LINES];
        told->saved_until_us = told->is_told ? told->until_us : 0;
    }
}

void told_restarted(struct scene *scene)
{
    for (unsigned i = 0; i < SITE_GROUPS * SITE_LINES; i++) {
        struct told *told = &scene->witness.told[i / SITE_LINES][i % SITE_LINES];
        told->is_told = false;
        told->restored_until_us = told->saved_until_us;
    }
}

// ---- What is told

_Noreturn static void fail(const struct scene *scene, unsigned line,
                           const struct model_registration *state, const char *problem)
{
    sim_fail(&scene->sim, "line %u is told to be %s (%u, %s), %s", 101 + line,
             model_name(&model_registration_states, state->state), state->status, state->reason,
             problem);
}

static bool was_answered(const struct scene *scene, const struct told *told, unsigned status)
{
    unsigned count = told->answer_count < ANSWER_MAX ? told->answer_count : ANSWER_MAX;
    for (unsigned i = 0; i < count; i++) {
        bool is_old = told->answers[i].at_us + answer_us_max < scene->sim.now_us &&
                      !scene_has_slept_since(scene, told->answers[i].at_us);
        if (told->answers[i].status == status && !is_old) return true;
    }
    return false;
}

// By the simulation's clock.
static uint64_t told_until_us(const struct scene *scene, const struct model_registration *state)
{
    return state->until_us - world_wall_us(scene->world) + world_now_us(scene->world) +
           scene->clock_us;
}

// Not for longer than the PBX keeps it, or, after a restart, than it was saved.
static void check_registered(const struct scene *scene, unsigned line, const struct told *told,
                             const struct model_registration *state)
{
    bool is_restored = state->status == 0;
    uint64_t until_us = is_restored ? told->restored_until_us : told->bound_until_us;
    if (told_until_us(scene, state) > until_us + under_way_us_max) {
        fail(scene, line, state, "for longer than the PBX keeps it");
    }
}

static void check_told(const struct scene *scene, unsigned group, unsigned line,
                       const struct model_registration *state)
{
    const struct told *told = &scene->witness.told[group][line];
    bool is_wanted = site_is_wanted(&scene->site, group, line);
    if (is_wanted != (state->state != REGISTRATION_DISABLED)) {
        fail(scene, line, state, "which is not what the settings want");
    }
    if (state->status > 0 && !was_answered(scene, told, state->status)) {
        fail(scene, line, state, "which the PBX has not said");
    }
    if (state->state == REGISTRATION_REGISTERED) check_registered(scene, line, told, state);
    bool is_silence = state->state == REGISTRATION_UNREACHABLE && state->status == 0;
    if (!is_silence || !scene->site.groups[group].is_address_known) return;
    uint64_t since_us = scene->sim.now_us - silent_us_min - trouble_us;
    if (scene_is_calm_since(scene, since_us) && !scene_has_slept_since(scene, since_us)) {
        fail(scene, line, state, "though nothing was lost");
    }
}

static void look_at_line(struct scene *scene, unsigned group, unsigned line)
{
    const struct site_line *settings = &scene->site.groups[group].lines[line];
    struct told *told = &scene->witness.told[group][line];
    if (!settings->is_there) return;
    const struct model_registration *state = world_state(scene->world, settings->id);
    if (!state) return;
    uint64_t until_us = state->until_us > 0 ? told_until_us(scene, state) : 0;
    bool is_same = told->is_told && told->state == state->state && told->status == state->status &&
                   told->until_us == until_us;
    if (is_same) return;
    told->is_told = true;
    told->state = state->state;
    told->status = state->status;
    told->until_us = until_us;
    check_told(scene, group, line, state);
}

void told_check(struct scene *scene)
{
    for (unsigned i = 0; i < scene->site.group_count; i++) {
        for (unsigned line = 0; line < SITE_LINES; line++) look_at_line(scene, i, line);
    }
}

void told_check_calm(struct scene *scene)
{
    for (unsigned i = 0; i < scene->site.group_count; i++) {
        for (unsigned line = 0; line < SITE_LINES; line++) {
            const struct site_line *settings = &scene->site.groups[i].lines[line];
            const struct pbx *pbx = &scene->pbxs[i];
            if (!settings->is_there) continue;
            const struct model_registration *state = world_state(scene->world, settings->id);
            bool is_wanted = site_is_wanted(&scene->site, i, line);
            uint8_t expected = is_wanted ? REGISTRATION_REGISTERED : REGISTRATION_DISABLED;
            if (!state || state->state != expected) {
                sim_fail(&scene->sim, "line %u of group %u is told to be %s", 101 + line, i,
                         state ? model_name(&model_registration_states, state->state) : "nothing");
            }
            if (!is_wanted) continue;
            uint64_t kept_us = pbx->bindings[line].until_us;
            if (kept_us + second_us < told_until_us(scene, state)) {
                fail(scene, line, state, "for longer than the PBX keeps it");
            }
        }
    }
}
