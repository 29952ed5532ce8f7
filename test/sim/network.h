// SPDX-License-Identifier: Apache-2.0
// The world of a simulation: a clock that jumps, and a network that loses, copies, delays and
// reorders; all from one seed.
#pragma once

#include "base/base.h"

enum {
    SIM_PACKET_BYTES = 3000,
    SIM_PACKET_MAX = 4096,
    SIM_EVENT_COUNT = 40, // kept to be shown when something fails
    SIM_EVENT_BYTES = 160,
};

enum sim_side { SIM_OURS, SIM_THEIRS };

struct sim_packet {
    uint64_t at_us;
    enum sim_side to;
    struct address peer; // of theirs, where there are several
    size_t len;
    char bytes[SIM_PACKET_BYTES];
};

// No packet is under way for longer than T4, the longest life of a message (RFC 3261 table 4), or
// copies would come after the transactions that absorb them.
struct sim_weather {
    unsigned loss_percent, copy_percent;
    uint64_t delay_us_min, delay_us_max;
};

// Which seeds a program is to go through.
struct sim_options {
    uint64_t seed, count; // the first one, and how many
    bool is_verbose;
};

struct sim {
    const char *name; // of the simulation, as ./dev sim takes it
    uint64_t seed;
    uint64_t now_us;
    bool is_verbose;
    struct random random;
    struct sim_weather weather;
    struct sim_packet *packets; // SIM_PACKET_MAX, in no order
    size_t packet_count;
    char events[SIM_EVENT_COUNT][SIM_EVENT_BYTES];
    size_t event_count; // since the beginning; the last SIM_EVENT_COUNT are kept
};

// Reads `--seed N` (1), `--count N` (1 where a seed is given, else 100) and `--verbose`. False,
// with the usage told, for anything else.
bool sim_read_options(int argument_count, char **arguments, struct sim_options *options);

void sim_init(struct sim *sim, const char *name, uint64_t seed, bool is_verbose);
// A crash, too, shows the seed and the last events of `sim`.
void sim_catch_crashes(const struct sim *sim);
bool sim_chance(struct sim *sim, unsigned percent);
// Evenly distributed, both ends included.
uint64_t sim_between(struct sim *sim, uint64_t min, uint64_t max);
void sim_send(struct sim *sim, enum sim_side to, struct span bytes);
// The same between us and one of several peers. `note` says in the log what it is about.
void sim_send_by(struct sim *sim, enum sim_side to, const struct address *peer, const char *note,
                 struct span bytes);
// When the next packet arrives, DEADLINE_NEVER when none is under way.
uint64_t sim_next_packet_us(const struct sim *sim);
// Takes out a packet that has arrived.
bool sim_take_packet(struct sim *sim, struct sim_packet *packet);
// Nobody was there to take it: it will arrive (again) then.
void sim_put_back(struct sim *sim, const struct sim_packet *packet, uint64_t at_us);

// A line about what happens, shown with is_verbose or when something fails soon after.
void sim_log(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
// The simulation has found a fault: prints it with the last events and the seed that repeats it,
// and ends the program.
_Noreturn void sim_fail(const struct sim *sim, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
