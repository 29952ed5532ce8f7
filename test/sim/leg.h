// SPDX-License-Identifier: Apache-2.0
// Calls that a PBX places to our lines. A call has one leg at first; a 302 that leads to another
// line of ours gives it a further one. A leg is an INVITE client transaction (RFC 3261 section
// 17.1.1), written without a look at our own transactions.
#pragma once

#include "sim/network.h"
#include "sim/site.h"
#include "sip/sip.h"

enum {
    CALL_MAX = 400,
    LEG_MAX = 1500,
    LEG_HOPS_MAX = 20, // where the PBX itself ends a call that goes in circles
};

struct scene;
struct pbx;

// The same bytes again and again, at doubling intervals.
struct resending {
    uint64_t next_us; // DEADLINE_NEVER: not running
    uint64_t interval_us, interval_us_max;
};

struct caller_id {
    unsigned number; // who it is; equal numbers are the same caller
    bool is_internal, is_anonymous;
    bool has_asserted; // the number stands in P-Asserted-Identity, whatever From says
};

struct call {
    unsigned pbx;
    struct caller_id caller;
};

enum leg_state { LEG_CALLING, LEG_PROCEEDING, LEG_COMPLETED, LEG_OVER };

// Something in the INVITE that keeps it from being a call.
enum leg_flaw { FLAW_NONE, FLAW_REQUIRE, FLAW_CONTENT, FLAW_LINE, FLAW_COUNT };

// What the witness (witness.h) knows of the engine's side.
enum { LEG_FATES_MAX = 16 };
struct leg_seen {
    unsigned incarnation; // of the engine that knows it; 0: none
    bool is_call, is_cancelled, is_elsewhere, is_journalled, is_unclear;
    bool is_blind; // the engine cannot know the whole way that the call has come
    unsigned fate_count;
    struct fate fates[LEG_FATES_MAX];             // what may become of it
    struct site_history histories[LEG_FATES_MAX]; // and what would be known by that
    unsigned flat_status;                         // an answer without a call; 0: there is a call
    bool may_be_refused;                          // 503: it may be that all places are taken
    unsigned status;                              // the final answer, 0: none yet
    unsigned final_count;                         // how often it was sent
    char tag[40];                                 // of all answers
    uint64_t decided_us, rung_us, final_us, acknowledged_us; // 0: not yet
};

struct leg {
    unsigned number, call, pbx, line;
    uint16_t port; // in its Via
    enum leg_state state;
    // Its client.
    uint64_t start_us, give_up_us, cancel_us, end_us;
    struct resending request, cancel;
    bool acknowledges, cancels_at_once;
    unsigned status; // the final one, 0: none yet
    // Its INVITE.
    enum leg_flaw flaw;
    bool is_psap_callback, has_rport;
    char call_id[40];
    char diversion[1500]; // header lines
    size_t invite_len;
    char invite[SIM_PACKET_BYTES];
    // The way it has come: places, the first one first; what its INVITE tells of that; the truth.
    unsigned trail[LEG_HOPS_MAX + 2], trail_count;
    struct site_history told, truth;
    unsigned top_diverter;
    struct leg_seen seen;
};

// Places a call, at random.
void leg_place_call(struct scene *scene, struct pbx *pbx);
uint64_t leg_deadline_us(const struct leg *leg);
void leg_tick(struct leg *leg, struct scene *scene);
void leg_receive(struct leg *leg, struct scene *scene, const struct sip_message *response);
// The PBX has forgotten it.
void leg_forget(struct leg *leg);
// The leg whose branch that is, or NULL.
struct leg *leg_find(struct scene *scene, struct span branch);
