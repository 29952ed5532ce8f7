// SPDX-License-Identifier: Apache-2.0
// How often the engine sends REGISTERs: no more than the group's register_rate in any span of time,
// answers to a challenge and to a 423 not counted.
#include "sim/scene.h"

#include <string.h>

static const uint64_t late_us_max = 150000; // when the engine was late itself

// Whether the request is a copy of one seen before; remembers it if not.
static bool is_copy(struct pace *pace, const struct sip_message *request)
{
    static const uint8_t key[16] = "branches";
    uint64_t branch = hash_keyed(key, request->via.branch);
    for (unsigned i = 0; i < BRANCH_MAX; i++) {
        if (pace->branches[i] == branch) return true;
    }
    pace->branches[pace->branch_count++ % BRANCH_MAX] = branch;
    return false;
}

static void check_rate(struct scene *scene, unsigned group)
{
    const struct pace *pace = &scene->witness.paces[group];
    uint64_t rate = scene->site.groups[group].register_rate;
    unsigned kept = pace->count < ATTEMPT_MAX ? pace->count : ATTEMPT_MAX;
    for (unsigned back = 1; back <= kept; back++) {
        uint64_t at_us = pace->attempts_us[(pace->count - back) % ATTEMPT_MAX];
        uint64_t span_us = scene->sim.now_us - at_us + late_us_max;
        if (span_us * rate < back * UINT64_C(1000000)) {
            sim_fail(&scene->sim, "%u REGISTERs of group %u within %llu ms, at a rate of %llu/s",
                     back + 1, group, (unsigned long long)(scene->sim.now_us - at_us) / 1000,
                     (unsigned long long)rate);
        }
    }
}

// Nobody is to be registered who is not wanted, and nowhere but where the PBX is.
static void check_wish(struct scene *scene, unsigned group, unsigned line,
                       const struct sip_message *request)
{
    bool is_leaving = span_eq(sip_header_value(request, SIP_EXPIRES), SPAN("0"));
    if (!is_leaving && !site_is_wanted(&scene->site, group, line)) {
        sim_fail(&scene->sim, "line %u is registered though nobody wants it", 101 + line);
    }
    if (!scene->site.groups[group].is_address_known) {
        sim_fail(&scene->sim, "a REGISTER to a PBX whose address is not known");
    }
}

static void check_place(struct scene *scene, unsigned group, const struct address *to)
{
    if (address_eq(to, &scene->pbxs[group].listens)) return;
    sim_fail(&scene->sim, "a request to a port where no PBX is");
}

void pace_check(struct scene *scene, unsigned group, const struct address *to,
                const struct sip_message *request)
{
    struct pace *pace = &scene->witness.paces[group];
    unsigned line = site_place_dialled(request->to.uri.user);
    ASSERT(line < SITE_LINES);
    if (is_copy(pace, request)) return;
    check_place(scene, group, to);
    check_wish(scene, group, line, request);
    bool *may_repeat = &scene->witness.may_repeat[group][line];
    bool has_credentials = sip_header_value(request, SIP_AUTHORIZATION).len > 0;
    bool is_repeated = *may_repeat;
    *may_repeat = false;
    if (has_credentials || is_repeated) return;
    check_rate(scene, group);
    pace->attempts_us[pace->count++ % ATTEMPT_MAX] = scene->sim.now_us;
}

void pace_check_probe(struct scene *scene, unsigned group, const struct address *to,
                      const struct sip_message *request)
{
    bool is_new = !is_copy(&scene->witness.paces[group], request);
    bool is_used = false;
    for (unsigned line = 0; line < SITE_LINES; line++) {
        if (site_is_wanted(&scene->site, group, line)) is_used = true;
    }
    if (is_new) check_place(scene, group, to);
    if (is_new && !is_used) sim_fail(&scene->sim, "a probe of a PBX that nobody uses");
}

void pace_forget(struct pace *pace)
{
    pace->count = 0;
}
