// SPDX-License-Identifier: Apache-2.0
// Enumerations that users, the API and the settings see by name; the numbers are never shown. Only
// the journal stores numbers - conditions and origins in its traces (fwd.h), verdicts, outcomes and
// reasons in its entries - so new ones of these are added at the end.
#pragma once

#include "base/base.h"

// A list of names; the position in it is the enumeration's value.
struct model_names {
    const char *const *names;
    size_t count;
};

enum model_condition {
    CONDITION_IMMEDIATE,
    CONDITION_DND,
    CONDITION_LOGGED_OFF,
    CONDITION_UNREACHABLE,
    CONDITION_BUSY,
    CONDITION_NO_ANSWER,
    CONDITION_COUNT,
};
extern const struct model_names model_conditions;

enum model_origin { ORIGIN_ALL, ORIGIN_INTERNAL, ORIGIN_EXTERNAL, ORIGIN_COUNT };
extern const struct model_names model_origins;

// Whose rule it is: within one step of the decision the first one that has a rule decides.
// docs/decision.md "Levels".
enum model_level {
    LEVEL_MANDATORY, // an administrative forwarding that is marked so
    LEVEL_EXCEPTION,
    LEVEL_SLOT,
    LEVEL_MAILBOX, // the user's mailbox number, when nobody is logged in
    LEVEL_DEFAULT, // an administrative forwarding
    LEVEL_COUNT,
};
extern const struct model_names model_levels;

// How a call is declined when nothing else applies (group setting decline_unavailable).
// What people see of a call that is there.
enum model_call_state {
    CALL_STATE_HELD,     // waits without ringing anyone
    CALL_STATE_RINGING,  // here, or at whom a device calls
    CALL_STATE_ANSWERED, // two sides talk
    CALL_STATE_ON_HOLD,  // answered, and one side has the other one wait
};
extern const struct model_names model_call_states;

enum model_decline { DECLINE_486, DECLINE_480, DECLINE_603, DECLINE_RINGING };
extern const struct model_names model_declines;

// How the caller hears that the user rejected the call on a client (group setting
// decline_rejected); as_client: with the client's own status.
enum model_rejected {
    REJECTED_486,
    REJECTED_480,
    REJECTED_603,
    REJECTED_AS_CLIENT,
    REJECTED_RINGING,
};
extern const struct model_names model_rejecteds;

// What the clients of a line's user do when a call comes (assumed ones, see client.h).
enum model_clients {
    CLIENTS_NONE, // there are none
    CLIENTS_RING,
    CLIENTS_BUSY,        // they answer 486
    CLIENTS_REJECT,      // one answers 603
    CLIENTS_UNREACHABLE, // none answers anything
    CLIENTS_DEFLECT,     // one answers 302
};
extern const struct model_names model_clients;

// What a further call meets while the line has one (line setting second_call); auto: it is busy if
// a busy forwarding matches, else it rings.
enum model_second_call { SECOND_CALL_AUTO, SECOND_CALL_RING, SECOND_CALL_BUSY };
extern const struct model_names model_second_calls;

// What the days of an administrative forwarding's calendar change: nothing but where the schedule
// holds on them like on any other day; or the forwarding holds all day on them; or never on them.
enum model_holidays { HOLIDAYS_AS_SCHEDULE, HOLIDAYS_ALWAYS, HOLIDAYS_NEVER };
extern const struct model_names model_holidays;

// What kind of number a forwarding goes to, as its country's numbering plan has it.
enum model_number_class {
    NUMBER_UNKNOWN, // no number, or a short code of which nothing is known
    NUMBER_INTERNAL,
    NUMBER_NATIONAL,
    NUMBER_MOBILE,
    NUMBER_PREMIUM,
    NUMBER_FOREIGN,
    NUMBER_FOREIGN_PREMIUM,
    NUMBER_EMERGENCY,
};
extern const struct model_names model_number_classes;

// Which header tells the target about the diversion (group setting diversion).
enum model_diversion {
    DIVERSION_DIVERSION,
    DIVERSION_HISTORY_INFO,
    DIVERSION_BOTH,
    DIVERSION_NONE,
};
extern const struct model_names model_diversions;

// How a forwarding is carried out (group setting forward_by): by a 302 that the PBX follows, by a
// second call of our own, or as the group's check has found that the PBX needs it.
enum model_forward_by { FORWARD_BY_REDIRECT, FORWARD_BY_BRIDGE, FORWARD_BY_AUTO };
extern const struct model_names model_forward_bys;

// As whom that second call presents itself (group setting bridge_caller_id): as the line, with the
// caller in P-Asserted-Identity; as the line alone; or as the caller.
enum model_caller_id { CALLER_ID_IN_PAI, CALLER_ID_LINE, CALLER_ID_CALLER };
extern const struct model_names model_caller_ids;

// Whose other telephones at the PBX are watched for calls (group setting desk_phone_state): those
// of lines that have some (other_contacts), of all lines, of none.
enum model_desk_watching { DESK_WATCHING_AUTO, DESK_WATCHING_ON, DESK_WATCHING_OFF };
extern const struct model_names model_desk_watchings;

// How the PBX is spoken to (group setting transport); auto: TCP, or UDP if it takes no connection.
enum model_transport { GROUP_UDP, GROUP_TCP, GROUP_TLS, GROUP_AUTO };
extern const struct model_names model_transports;

// Whether a user counts as logged in: by live clients, always, or signed off by hand.
enum model_login { LOGIN_AUTO, LOGIN_ON, LOGIN_OFF };
extern const struct model_names model_logins;
// What a profile does to do-not-disturb.
enum model_profile_dnd { PROFILE_DND_UNCHANGED, PROFILE_DND_ON, PROFILE_DND_OFF };
extern const struct model_names model_profile_dnds;

// What a user may do: reach what is theirs, or everything.
enum model_role { ROLE_USER, ROLE_ADMINISTRATOR };
extern const struct model_names model_roles;

// How far a token of the API reaches; each includes the ones before.
enum model_scope {
    SCOPE_READ,
    SCOPE_WRITE, // what users set: forwardings, presence, do-not-disturb
    SCOPE_ADMIN, // everything
};
extern const struct model_names model_scopes;

// Why a call was forwarded, as Diversion names it (RFC 5806), and its cause (RFC 4458, 8119).
enum model_reason {
    REASON_UNCONDITIONAL,
    REASON_DND,
    REASON_UNAVAILABLE_LOGGED_OFF,
    REASON_UNREACHABLE,
    REASON_BUSY,
    REASON_NO_ANSWER,
    REASON_DEFLECTION_ALERTING,  // by hand or by a client's 302, after a 180
    REASON_DEFLECTION_IMMEDIATE, // the same, before any 180
    REASON_COUNT,
};

// The name of `value`, "?" where there is none. Static text.
const char *model_name(const struct model_names *names, unsigned value);
// The value named `name`; false when no such name exists.
bool model_find_name(const struct model_names *names, struct span name, unsigned *value);
// The Diversion reason parameter ("unconditional"). Static text. RFC 5806 section 9.
const char *model_reason_text(enum model_reason reason);
// The cause parameter (302, 404, ...). RFC 4458 section 2, docs/decision.md.
unsigned model_reason_cause(enum model_reason reason);
