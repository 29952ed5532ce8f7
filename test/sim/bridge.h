// SPDX-License-Identifier: Apache-2.0
// Bridged calls in simulation: what sim_bridge.c makes happen, and bridge_judge.c judges.
#pragma once

#include "engine/world.h"

#include <stdalign.h>
#include <stddef.h>

#define BRIDGE_PBX "192.0.2.1:5060"

enum {
    PACKETS_MAX = 300,
    PACKET_BYTES = 3000,
    ENDS_MAX = 400,
    REQUESTS_MAX = 600,
    DEVICES = 3,
    CALLS = 8,
    STEP_US = 10 * 1000,
    TALKING_S = 60,   // new things are begun for so long
    QUIET_S = 180,    // and all is over after that
    RESENDS_MAX = 9,  // of a request or a 2xx
    PLANS = 12,       // what a called one does; a target may do nothing, too
    MANY_SEEDS = 250, // in which everything comes about
};

struct packet {
    uint64_t at_us; // 0: a free place
    struct address from, to;
    bool is_to_engine;
    size_t len;
    char bytes[PACKET_BYTES];
};

enum end_state { END_CALLING, END_RINGING, END_ANSWERING, END_UP, END_OVER };

// One end of a dialog: a telephone at the PBX, or a device.
struct end {
    bool is_caller;
    enum end_state state;
    struct address at;
    char call_id[80], local[160], remote[160], target[160], branch[64], uri[160];
    char invite[PACKET_BYTES];   // of a called one, as it came; of a caller, as it went
    unsigned final, final_count; // of a caller: the answer, and how many different ones
    char final_tag[64];
    uint64_t act_us, resend_us, interval_us; // what is done next; its 2xx or failure again
    unsigned plan, resend_count;
    uint32_t cseq, invite_cseq;
    bool is_target; // a called one at the PBX
    bool was_up;
    bool has_hung_up;     // sent a BYE
    bool was_told;        // that it is over, by a BYE, or has said so itself
    bool was_gone;        // its BYE was for a call that the engine does not know
    unsigned entry_count; // of a caller: in the journal
};

// A request within a dialog, or a caller's first one: sent until it is answered.
struct request {
    bool is_open;
    struct end *end;
    char branch[64], method[12], bytes[PACKET_BYTES];
    uint64_t resend_us, interval_us;
    unsigned resend_count;
};

struct sim {
    struct world *world;
    uint64_t state, now_us;
    struct packet packets[PACKETS_MAX];
    struct end ends[ENDS_MAX];
    struct request requests[REQUESTS_MAX];
    size_t end_count, packet_top, request_top; // places used so far
    unsigned branch_count, call_count;
    bool is_verbose, is_lossy, is_talking;
    uint64_t lost_us[DEVICES]; // when the device is gone for good
    alignas(16) char arena_bytes[65536];
};

// Ends the program, with the seed.
_Noreturn void bridge_fail(const char *what, const char *more);
struct end *bridge_find_end(struct sim *sim, const struct address *at, struct span call_id);
bool bridge_is_lost(const struct sim *sim, const struct address *at);

// ---- bridge_judge.c

// At the end of a seed, when all is over.
void bridge_judge(struct sim *sim);
