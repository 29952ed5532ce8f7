// SPDX-License-Identifier: Apache-2.0
// The scene of the engine's simulation: one engine with its settings, PBXs that it registers at and
// that call its lines, strangers, an administrator, and a witness who knows what all of them did
// and judges what the engine makes of it.
//
//   admin.c ---- settings ---> world (engine) <--> network <--> pbx.c, pbx_registrar.c, leg.c
//                                  |                        `-> stranger.c
//                            witness.c, pacing.c, told.c
#pragma once

#include "engine/world.h"
#include "sim/leg.h"
#include "sim/network.h"
#include "sim/pbx.h"
#include "sim/site.h"
#include "sim/witness.h"

// A datagram of a PBX that a stranger has heard.
struct overheard {
    uint64_t at_us;
    size_t len;
    char bytes[SIM_PACKET_BYTES];
};

struct scene {
    struct sim sim;
    struct world *world;
    unsigned incarnation;         // of the engine
    uint64_t clock_us;            // of the simulation when the engine's was zero
    uint64_t saved_us;            // when the registrations were saved last
    bool is_save_due;             // a group has changed since
    uint64_t asleep_us, awake_us; // when the engine's process was stopped last, and went on
    uint64_t disturbed_us;        // when something last went wrong that is no fault of the engine
    // Clients do what they want, and rules for that are set: what becomes of a call is not
    // foretold, only that it is one thing.
    bool is_wild;
    struct site site;
    struct pbx pbxs[SITE_GROUPS];
    struct witness witness;
    struct overheard overheard;
    unsigned stranger_count, step_count;
    unsigned call_count, leg_count;
    unsigned leg_first; // those before are over
    struct call calls[CALL_MAX];
    struct leg legs[LEG_MAX];
};

// Whether nothing was lost or broken since then.
bool scene_is_calm_since(const struct scene *scene, uint64_t at_us);
// Whether the engine has slept since then.
bool scene_has_slept_since(const struct scene *scene, uint64_t at_us);
// Where the engine listens.
const struct address *scene_own_address(void);
// The PBX at that host, or NULL.
struct pbx *scene_pbx_at(struct scene *scene, const struct address *peer);
// Reads what was sent; its headers live until the next call. False when it cannot be read.
bool scene_parse(struct span bytes, struct sip_message *message);

// ---- admin.c: who sets things

// Makes the sites' first settings.
void admin_begin(struct scene *scene);
// Changes something, at random.
void admin_act(struct scene *scene);
// Mends all that keeps lines from being registered.
void admin_mend(struct scene *scene);
void admin_remove_lines(struct scene *scene);
void admin_remove_groups(struct scene *scene);
// After a restart of the engine: tells it where the PBXs are.
void admin_tell_addresses(struct scene *scene);

// ---- stranger.c: who has no business with us

// A stranger's datagram, or an odd one of a PBX: at random.
void stranger_act(struct scene *scene);
