// SPDX-License-Identifier: Apache-2.0
// The inside of a world: its engines and all that they have told.
#pragma once

#include "world.h"

#include "locate/locate.h"
#include "parcel.h"

enum { CALLS_MAX = 64 };
enum { SENT_MAX = 256, ENTRIES_MAX = 256, STATES_MAX = 64, TICKS_MAX = 10000 };

struct sent {
    struct flow flow;
    char *bytes;
    size_t len;
};

struct entry {
    struct model_journal_entry entry;
    char *texts;
};

enum { WORKERS_MAX = 4, PARCELS_MAX = 256 };

// An engine among others.
struct worker {
    struct world *world;
    uint8_t number;
    struct engine *engine;
    void *memory;
};

// Where a line is.
struct place {
    uint32_t line_id;
    uint8_t worker;
};

enum { WORLD_TARGETS_MAX = 8 };

// Where group 1's PBX may be.
struct world_targets {
    struct locate locate;
    struct random random;
    struct address addresses[WORLD_TARGETS_MAX];
    size_t count;
    struct line_peer_event events[WORLD_TARGETS_MAX]; // told in this turn
    size_t event_count;
};

struct world {
    struct worker workers[WORKERS_MAX];
    uint32_t worker_count;
    struct parcel *parcels; // PARCELS_MAX of them
    size_t parcel_count;
    struct place places[STATES_MAX];
    size_t place_count;
    size_t block_count;            // of lines, that the engine keeps
    struct world_targets *targets; // NULL: tests say where the PBX is
    struct store *store;
    struct settings *settings;
    struct engine_time time;
    struct sent sent[SENT_MAX];
    size_t sent_first, sent_count;
    struct flow taken_flow;
    struct entry entries[ENTRIES_MAX];
    size_t entries_first, entries_count;
    struct model_desk_phone desks[STATES_MAX];
    size_t desk_count;
    struct line_saved states[STATES_MAX]; // until_us is monotonic here and in `saved`
    size_t state_count;
    struct line_saved saved[STATES_MAX];
    size_t saved_count;
    struct model_registration asked;    // by world_state
    struct world_call calls[CALLS_MAX]; // as told, the latest last
    uint32_t call_count, used_count;
    uint32_t rate; // as last told
    uint32_t connection_count, device_count;
    char reason[400];
    // What was dialled in this turn, and where.
    struct settings_order order;
    struct pool_id code;
    uint8_t code_worker;
    bool is_ordered, is_store_away;
    uint32_t media_count; // packets
};

// ---- world_host.c: what the engines hand out

// The host of a worker's engine.
struct engine_host world_host(struct worker *worker);
// What the wall clock shows beyond the monotonic one.
uint64_t world_wall_ahead_us(const struct world *world);
// Gives the engines what they have for each other.
void world_deliver(struct world *world);

// ---- world_targets.c: where the PBX is

// The engine has told that a target works, or does not.
void world_note_peer(struct world *world, const struct line_peer_event *event);
// Does what follows from that, when the turn is over.
void world_follow_targets(struct world *world);
uint64_t world_targets_deadline_us(const struct world *world);
void world_tick_targets(struct world *world);

// ---- world_settings.c: who is told what was set

struct settings_listener world_listener(struct world *world);
// The engine that has the line.
struct engine *world_engine_of_line(struct world *world, uint32_t line_id);
// Tells all engines who has a line or a device.
void world_note_place(struct world *world, const struct line_elsewhere *known);
