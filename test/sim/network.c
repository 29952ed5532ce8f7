// SPDX-License-Identifier: Apache-2.0
// The network of a simulation.
#include "sim/network.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool sim_chance(struct sim *sim, unsigned percent)
{
    return random_below(&sim->random, 100) < percent;
}

uint64_t sim_between(struct sim *sim, uint64_t min, uint64_t max)
{
    return min + random_below(&sim->random, max - min + 1);
}

// A quarter of all worlds has a perfect network: there, everything has to arrive.
static struct sim_weather choose_weather(struct sim *sim)
{
    struct sim_weather weather = {.delay_us_min = sim_between(sim, 0, 20000)};
    weather.delay_us_max = weather.delay_us_min;
    if (sim_chance(sim, 25)) return weather;
    weather.loss_percent = (unsigned)sim_between(sim, 0, 60);
    weather.copy_percent = (unsigned)sim_between(sim, 0, 30);
    weather.delay_us_max += sim_between(sim, 0, sim_chance(sim, 50) ? 50000 : 2000000);
    return weather;
}

static bool read_number(const char *text, uint64_t *number)
{
    return text && span_to_u64(span_of(text), UINT32_MAX, number);
}

bool sim_read_options(int argument_count, char **arguments, struct sim_options *options)
{
    bool is_right = true, is_seed = false, is_count = false;
    *options = (struct sim_options){.seed = 1};
    for (int i = 1; i < argument_count && is_right; i++) {
        if (strcmp(arguments[i], "--verbose") == 0) {
            options->is_verbose = true;
        } else if (strcmp(arguments[i], "--seed") == 0) {
            is_seed = is_right = read_number(arguments[++i], &options->seed);
        } else if (strcmp(arguments[i], "--count") == 0) {
            is_count = is_right = read_number(arguments[++i], &options->count);
        } else {
            is_right = false;
        }
    }
    if (!is_count) options->count = is_seed ? 1 : 100;
    if (!is_right) (void)fprintf(stderr, "options: [--seed N] [--count N] [--verbose]\n");
    return is_right;
}

void sim_init(struct sim *sim, const char *name, uint64_t seed, bool is_verbose)
{
    static struct sim_packet packets[SIM_PACKET_MAX];
    uint8_t bytes[32] = {0};
    memcpy(bytes, &seed, sizeof seed);
    *sim = (struct sim){
        .name = name,
        .seed = seed,
        .now_us = 1000000000,
        .is_verbose = is_verbose,
        .packets = packets,
    };
    random_init(&sim->random, bytes);
    sim->weather = choose_weather(sim);
}

static void put_under_way(struct sim *sim, enum sim_side to, const struct address *peer,
                          struct span bytes)
{
    ASSERT(sim->packet_count < SIM_PACKET_MAX && bytes.len <= SIM_PACKET_BYTES);
    const struct sim_weather *weather = &sim->weather;
    struct sim_packet *packet = &sim->packets[sim->packet_count++];
    packet->to = to;
    packet->peer = *peer;
    packet->at_us = sim->now_us + sim_between(sim, weather->delay_us_min, weather->delay_us_max);
    packet->len = bytes.len;
    memcpy(packet->bytes, bytes.at, bytes.len);
}

void sim_send_by(struct sim *sim, enum sim_side to, const struct address *peer, const char *note,
                 struct span bytes)
{
    bool is_lost = sim_chance(sim, sim->weather.loss_percent);
    struct span first_line = span_slice(bytes, 0, span_find(bytes, '\r'));
    sim_log(sim, "%s%s %.*s%s", note, to == SIM_OURS ? "->" : "<-", SPAN_ARG(first_line),
            is_lost ? " (lost)" : "");
    if (!is_lost) put_under_way(sim, to, peer, bytes);
    if (!is_lost && sim_chance(sim, sim->weather.copy_percent)) {
        put_under_way(sim, to, peer, bytes);
    }
}

void sim_send(struct sim *sim, enum sim_side to, struct span bytes)
{
    sim_send_by(sim, to, &(struct address){0}, "", bytes);
}

static size_t find_earliest(const struct sim *sim)
{
    size_t earliest = 0;
    for (size_t i = 1; i < sim->packet_count; i++) {
        if (sim->packets[i].at_us < sim->packets[earliest].at_us) earliest = i;
    }
    return earliest;
}

uint64_t sim_next_packet_us(const struct sim *sim)
{
    return sim->packet_count > 0 ? sim->packets[find_earliest(sim)].at_us : DEADLINE_NEVER;
}

bool sim_take_packet(struct sim *sim, struct sim_packet *packet)
{
    size_t earliest = find_earliest(sim);
    if (sim->packet_count == 0 || sim->packets[earliest].at_us > sim->now_us) return false;
    *packet = sim->packets[earliest];
    sim->packets[earliest] = sim->packets[--sim->packet_count];
    return true;
}

void sim_put_back(struct sim *sim, const struct sim_packet *packet, uint64_t at_us)
{
    ASSERT(sim->packet_count < SIM_PACKET_MAX);
    struct sim_packet *place = &sim->packets[sim->packet_count++];
    *place = *packet;
    place->at_us = at_us;
}

// ---- What happens

static void put_now(const struct sim *sim, char *text, size_t size)
{
    uint64_t ms = (sim->now_us - 1000000000) / 1000;
    (void)snprintf(text, size, "%4u.%03u", (unsigned)(ms / 1000), (unsigned)(ms % 1000));
}

void sim_log(struct sim *sim, const char *format, ...)
{
    char now[32], *event = sim->events[sim->event_count++ % SIM_EVENT_COUNT];
    va_list arguments;
    put_now(sim, now, sizeof now);
    int len = snprintf(event, SIM_EVENT_BYTES, "%s ", now);
    va_start(arguments, format);
    (void)vsnprintf(event + len, SIM_EVENT_BYTES - (size_t)len, format, arguments);
    va_end(arguments);
    for (char *at = event; *at; at++) {
        if (*at < ' ' || *at > '~') *at = '.';
    }
    if (sim->is_verbose) (void)puts(event);
}

static void print_events(const struct sim *sim)
{
    size_t count = sim->event_count < SIM_EVENT_COUNT ? sim->event_count : SIM_EVENT_COUNT;
    (void)fflush(stdout);
    if (sim->is_verbose) return; // they have been shown
    for (size_t i = sim->event_count - count; i < sim->event_count; i++) {
        (void)fprintf(stderr, "%s\n", sim->events[i % SIM_EVENT_COUNT]);
    }
}

static void print_how_to_repeat(const struct sim *sim)
{
    (void)fprintf(stderr, "repeat it with: ./dev sim %s --seed %llu --verbose\n", sim->name,
                  (unsigned long long)sim->seed);
}

void sim_fail(const struct sim *sim, const char *format, ...)
{
    char now[32];
    va_list arguments;
    put_now(sim, now, sizeof now);
    print_events(sim);
    (void)fprintf(stderr, "seed %llu failed at %s, event %zu: ", (unsigned long long)sim->seed, now,
                  sim->event_count);
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    (void)fputc('\n', stderr);
    print_how_to_repeat(sim);
    exit(1);
}

// ---- Crashes

static const struct sim *watched;

// Not what a signal handler may do in general; but this one runs in the thread that gave up.
static void on_abort(int signal_number)
{
    (void)signal(signal_number, SIG_DFL);
    print_events(watched);
    (void)fprintf(stderr, "seed %llu crashed\n", (unsigned long long)watched->seed);
    print_how_to_repeat(watched);
}

void sim_catch_crashes(const struct sim *sim)
{
    watched = sim;
    (void)signal(SIGABRT, on_abort);
}
