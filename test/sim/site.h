// SPDX-License-Identifier: Apache-2.0
// What is set at the simulated sites, in words of our own, and what must become of a call by that:
// a second, short reading of docs/decision.md "Steps", which knows neither fwd nor phone.
#pragma once

#include "base/base.h"

enum { SITE_GROUPS = 2, SITE_LINES = 8, SITE_USERS = 4 };

// Destinations are numbered; those below SITE_LINES are the lines of the group, 101 and up.
enum {
    PLACE_ATTENDANT = SITE_LINES, // 180: internal, but no line of ours
    PLACE_MOBILE,                 // +49170..., reached by an outside line
    PLACE_ABROAD,
    PLACE_NAME, // a sip: address with a name
    PLACE_COUNT,
    WORD_MAILBOX, // what the line's user has there
    WORD_MOBILE,
    PLACE_NONE,
};

enum site_condition { SITE_IMMEDIATE, SITE_DND, SITE_LOGGED_OFF, SITE_CONDITIONS };
enum site_origin { SITE_ALL, SITE_INTERNAL, SITE_EXTERNAL, SITE_ORIGINS };
extern const char *const site_conditions[SITE_CONDITIONS];
extern const char *const site_origins[SITE_ORIGINS];

struct site_line {
    bool is_there, is_enabled, has_right_password;
    uint32_t id;                                   // in the settings
    unsigned user;                                 // SITE_USERS: nobody's
    unsigned slots[SITE_CONDITIONS][SITE_ORIGINS]; // a place or word; PLACE_NONE: not set
};

struct site_user {
    bool is_dnd, is_logged_in;
    unsigned mailbox, mobile; // places; PLACE_NONE: not set
};

struct site_group {
    bool is_there, is_enabled, is_address_known, has_diversion;
    uint32_t id;
    unsigned decline; // 480, 486, 603; 180: hold
    unsigned max_diversions;
    unsigned register_rate, interval_s;
    struct site_line lines[SITE_LINES];
};

struct site {
    struct site_group groups[SITE_GROUPS];
    struct site_user users[SITE_USERS];
    unsigned group_count;
};

// What is known of the way that a call has come.
struct site_history {
    uint32_t visited; // a bit for each place that has forwarded it
    unsigned count;
};

enum fate_kind { FATE_REDIRECT, FATE_HOLD, FATE_DECLINE };
struct fate {
    enum fate_kind kind;
    unsigned place;            // redirect
    enum site_condition cause; // redirect
    unsigned status;           // decline; hold: when it is over
    unsigned hold_s;
};

struct site_call {
    unsigned group, line;
    bool is_internal, is_psap_callback;
    struct site_history history;
};

// What must become of a call for a line that is there.
struct fate site_fate(const struct site *site, const struct site_call *call);
void site_put_fate(struct buffer *out, const struct fate *fate);

// Whether the line is to be registered.
bool site_is_wanted(const struct site *site, unsigned group, unsigned line);

// The domain and main number of a group.
const char *site_domain(unsigned group);
const char *site_main_number(unsigned group);
// A place as a person types it, in one of several notations.
enum { SITE_NOTATIONS = 4 };
void site_put_typed(struct buffer *out, unsigned group, unsigned place, unsigned notation);
// The same as the PBX has to dial it.
void site_put_dialled(struct buffer *out, unsigned place);
// The place that the PBX reaches by dialling `user`, PLACE_NONE where there is none.
unsigned site_place_dialled(struct span user);
// As it is named in Diversion or History-Info by the PBX.
void site_put_diverter(struct buffer *out, unsigned place);
// The place that forwards by the name of `user` in Diversion or History-Info, PLACE_NONE: another.
unsigned site_place_of_diverter(unsigned group, struct span user);
