// SPDX-License-Identifier: Apache-2.0
// The settings as people make them. Records have a fixed size, so that one table of fields
// (field.h) can describe them to the API, the command line and the store; the engine never keeps
// records, it gets compact snapshots (snapshot.h).
#pragma once

#include "model/names.h"

enum {
    NAME_SIZE = 64,   // of a group, a user; with the terminating zero, like all sizes here
    TEXT_SIZE = 128,  // display names, hosts, targets
    NUMBER_SIZE = 40, // a telephone number in any notation
    EXTENSION_SIZE = 24,
    LINE_NAME_SIZE = NAME_SIZE + EXTENSION_SIZE, // "GROUP/EXTENSION"
    SIP_USER_SIZE = 24,                          // of a device
    RANGES_SIZE = 256,
    CA_FILE_SIZE = 256,
    HASH_SIZE = 65,     // of a secret that is not to be known again, in hexadecimal digits
    SERIAL_SIZE = 24,   // of a token
    ADDRESS_SIZE = 48,  // of a machine, as text
    PRESENCE_SIZE = 32, // one word
    SCHEDULE_SIZE = 256,
    DAYS_SIZE = 2048, // of a calendar
    PROFILE_FORWARDINGS_SIZE = 1024,
    CLOCK_SIZE = 6,              // "17:30"
    FIELD_TEXT_SIZE = DAYS_SIZE, // of any field's text
};

// How many there may be.
enum {
    EXCEPTIONS_MAX = 32,         // of a line
    ALLOWED_SOURCES_MAX = 16,    // of a group
    ADMIN_FORWARDINGS_MAX = 32,  // of a group
    SCHEDULE_INTERVALS_MAX = 32, // of a schedule
    CALENDAR_DAYS_MAX = 100,     // of a calendar; a range counts as one
    DEVICES_MAX = 16,            // of a user
    POSITION_MAX = 999,          // of an exception, an administrative forwarding
    PROFILES_MAX = 32,           // of a user
    DELAY_MIN_S = 5,
    DELAY_MAX_S = 120,
};

// One connection to a PBX; its settings hold for all its lines.
struct model_group {
    char name[NAME_SIZE];
    bool is_enabled;
    char server[TEXT_SIZE]; // HOST or HOST:PORT of the registrar
    char domain[TEXT_SIZE]; // of the PBX: in its addresses of record, and in our Contacts
    uint32_t register_interval_s;
    uint32_t register_rate; // REGISTERs per second for all lines together
    char country_code[NUMBER_SIZE];
    char area_code[NUMBER_SIZE];
    char main_number[NUMBER_SIZE];
    char outside_prefix[NUMBER_SIZE];
    char national_prefix[NUMBER_SIZE];
    char international_prefix[NUMBER_SIZE];
    char internal_ranges[RANGES_SIZE];
    unsigned diversion;           // enum model_diversion
    unsigned decline_unavailable; // enum model_decline
    uint32_t max_diversions;
    char realm[TEXT_SIZE];   // that the lines' passwords are for; empty: whichever the PBX names
    bool is_barring_premium; // as targets of forwardings
    bool is_barring_foreign;
    char barred_prefixes[RANGES_SIZE];
    unsigned transport; // enum model_transport
    char
        tls_ca_file[CA_FILE_SIZE]; // who may have signed the PBX's certificate; empty: the system's
    bool is_tls_verified;          // the PBX's certificate must be valid
    char time_zone[NAME_SIZE];     // IANA name; empty: the server's
    uint32_t pbx_ring_timeout_s;   // after which the PBX itself gives a call up
    uint32_t other_contacts_grace_s;
    uint32_t max_forwarded_calls;    // of a line at the same time; 0: no limit
    uint32_t max_forwarded_per_hour; // of a line; 0: no limit
    char group_call[RANGES_SIZE];    // header patterns
    unsigned decline_rejected;       // enum model_rejected
    bool is_caller_as_dialled;       // the PBX presents callers as one would dial them there
    // Addresses or ranges that calls may come from besides where `server` leads
    char allowed_sources[RANGES_SIZE];
    uint32_t journal_days;           // that its calls stay in the journal
    char hep_server[ADDRESS_SIZE];   // collector of copies of its SIP messages; empty: none
    unsigned forward_by;             // enum model_forward_by
    unsigned bridge_caller_id;       // enum model_caller_id
    char feature_codes[RANGES_SIZE]; // that devices dial for forwardings (code.h); empty: none
    bool is_feature_heard;           // tones confirm them
    unsigned desk_phone_state;       // enum model_desk_watching
};

// A person who owns lines.
struct model_user {
    char name[NAME_SIZE];
    char display_name[TEXT_SIZE];
    char business[NUMBER_SIZE];
    char mobile[NUMBER_SIZE];
    char home[NUMBER_SIZE];
    char mailbox[NUMBER_SIZE];
    bool is_dnd;
    unsigned login; // enum model_login
    unsigned role;  // enum model_role
    // As argon2id has it (crypto_pwhash_str); empty: nobody can sign in.
    char password[TEXT_SIZE];
    char time_zone[NAME_SIZE]; // IANA name; empty: the group's
    char presence[PRESENCE_SIZE];
    bool is_busy_on_any_line; // where a line is busy on busy: a call on another line counts too
    bool is_password_lost;    // no setting: what is stored cannot be read; `password` is empty
};

// One extension of the PBX, registered by us with its own credentials.
struct model_line {
    char group[NAME_SIZE];
    char extension[EXTENSION_SIZE];
    bool is_enabled;
    char user[NAME_SIZE]; // owner; empty: nobody's
    char display_name[TEXT_SIZE];
    char auth_user[TEXT_SIZE]; // empty: the extension
    char password[TEXT_SIZE];
    bool is_number_withheld;
    unsigned second_call; // enum model_second_call
    uint32_t max_calls;
    bool has_other_contacts; // the PBX knows other terminals of this extension
    bool is_password_lost;   // no setting: what is stored cannot be read; `password` is empty
};

// One slot of a line: condition x origin -> target.
struct model_forwarding {
    char group[NAME_SIZE];
    char extension[EXTENSION_SIZE];
    unsigned condition; // enum model_condition
    unsigned origin;    // enum model_origin
    char target[TEXT_SIZE];
    bool is_enabled;
    uint32_t delay_s; // of no_answer; 0: model_default_delay_s()
    uint64_t until_s; // wall clock; 0: none
};

// Somebody who has signed in at the API. Found by the hash of what the cookie holds.
struct model_session {
    char hash[HASH_SIZE];
    char user[NAME_SIZE];
    uint32_t started_s, used_s; // since 1970
    char address[ADDRESS_SIZE]; // that the user signed in from
};

// What a program shows to use the API: its serial number and a secret, of which the hash is kept.
struct model_token {
    char serial[SERIAL_SIZE];
    char name[TEXT_SIZE];  // what it is for, as its owner calls it
    char user[NAME_SIZE];  // whose rights it has; empty: an administrator's
    char group[NAME_SIZE]; // that it is restricted to; empty: none
    unsigned scope;        // enum model_scope
    uint32_t created_s;    // since 1970
    uint32_t expires_s;    // 0: never
    uint32_t used_s;       // 0: never
    char hash[TEXT_SIZE];
};

// A forwarding of a line with filters, or the wish to be rung. Beats the slots. docs/decision.md.
struct model_exception {
    char group[NAME_SIZE];
    char extension[EXTENSION_SIZE];
    uint32_t position;        // among the line's exceptions; smaller goes first
    unsigned condition;       // enum model_condition
    unsigned origin;          // enum model_origin
    char caller[NUMBER_SIZE]; // a number, a prefix with * behind it, anonymous; empty: any
    char schedule[SCHEDULE_SIZE];
    char presence[PRESENCE_SIZE];
    bool is_ring; // no target: the condition's other rules are off for this caller
    char target[TEXT_SIZE];
    uint32_t delay_s;
    uint64_t until_s;
    uint32_t calls; // that are left; 0: no limit
    bool is_enabled;
};

// A forwarding of a whole group, set by its administrator.
struct model_admin_forwarding {
    char group[NAME_SIZE];
    char name[NAME_SIZE];
    uint32_t position; // smaller goes first
    bool is_mandatory; // goes before the users' rules; else it is a default behind them
    unsigned condition;
    unsigned origin;
    char schedule[SCHEDULE_SIZE]; // in the group's time zone
    char calendar[NAME_SIZE];     // name of a calendar; empty: none
    unsigned holidays;            // enum model_holidays
    char target[TEXT_SIZE];
    uint32_t delay_s;
    uint64_t until_s;
    bool is_enabled;
};

// Days that administrative forwardings refer to: holidays, company outings.
struct model_calendar {
    char name[NAME_SIZE];
    char days[DAYS_SIZE];
};

// What a user puts on with one touch: presence, do-not-disturb, forwardings, and when that ends.
// Nothing of it is copied into the user's other settings: while it is applied, it goes before them.
struct model_profile {
    char user[NAME_SIZE];
    char name[NAME_SIZE];
    char presence[PRESENCE_SIZE];
    unsigned dnd;                               // enum model_profile_dnd
    char forwardings[PROFILE_FORWARDINGS_SIZE]; // "immediate/all=mobile; no_answer/all/15=mailbox"
    uint32_t minutes;        // that it holds, applied without an end; 0: by end_at
    char end_at[CLOCK_SIZE]; // the same as a time of the day; empty: it has no end
    bool is_applied;         // one of a user's at a time
    uint64_t until_s;        // wall clock; 0: none
};

// A SIP device of a user, which registers with us. Its credentials are made by us, and of its
// password only the hashes are kept that digest needs (RFC 7616 section 3.4.2).
struct model_device {
    char user[NAME_SIZE];      // its owner
    char name[NAME_SIZE];      // as its owner calls it
    char line[LINE_NAME_SIZE]; // that it dials through; empty: the owner's first
    char sip_user[SIP_USER_SIZE];
    char password[TEXT_SIZE]; // hashes in hexadecimal: MD5, a blank, SHA-256
    bool is_password_lost;    // no setting: what is stored cannot be read; `password` is empty
};

// A check of a group, as it is kept (check.h).
enum { CHECK_ROWS_SIZE = 2048, CHECK_LINES_SIZE = 3 * EXTENSION_SIZE };
struct model_check {
    char group[NAME_SIZE];
    uint32_t number;              // rising
    unsigned state;               // enum check_state
    uint64_t started_s, ended_s;  // since 1970
    char server[TEXT_SIZE];       // what the PBX calls itself: Server or User-Agent; empty: unknown
    char lines[CHECK_LINES_SIZE]; // caller, diverter and target: "101 102 103"
    char external[TEXT_SIZE];     // the test number, stored form; empty: none
    char rows[CHECK_ROWS_SIZE];   // model_check_print_rows
};

enum model_kind {
    KIND_GROUP,
    KIND_USER,
    KIND_LINE,
    KIND_FORWARDING,
    KIND_SESSION,
    KIND_TOKEN,
    KIND_EXCEPTION,
    KIND_CALENDAR,
    KIND_ADMIN_FORWARDING,
    KIND_PROFILE,
    KIND_DEVICE,
    KIND_CHECK,
    KIND_COUNT,
};

// Room for a record of any kind.
union model_record {
    struct model_group group;
    struct model_user user;
    struct model_line line;
    struct model_forwarding forwarding;
    struct model_session session;
    struct model_token token;
    struct model_exception exception;
    struct model_calendar calendar;
    struct model_admin_forwarding admin_forwarding;
    struct model_profile profile;
    struct model_device device;
    struct model_check check;
};

// The delay of a no_answer rule that has none of its own: the smaller of 20 s and what leaves
// the target 15 s of the PBX's ring time-out, but never less than DELAY_MIN_S. docs/decision.md.
uint32_t model_default_delay_s(uint32_t pbx_ring_timeout_s);
