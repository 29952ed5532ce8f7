// SPDX-License-Identifier: Apache-2.0
// Settings as the engine gets them: immutable blocks, one per line and one per group, of variable
// length and without pointers, made anew for each change. Numbers in them are in their stored form
// already (phone.h), schedules and calendars are compiled (calendar.h), so that nothing is
// interpreted while a call waits. What is switched off is left out; what has ended is not, for that
// shows when a call comes.
#pragma once

#include "model/settings.h"

// ---- Parts of a block

// A text inside a block.
struct snapshot_text {
    uint16_t at; // from the beginning of the block
    uint16_t len;
};

// Elements inside a block, one behind the other.
struct snapshot_list {
    uint16_t at; // from the beginning of the block
    uint16_t count;
};

// A stretch of some days of the week, in local time.
struct snapshot_interval {
    uint8_t days;          // bits, of the days that it begins on; bit 0: Monday
    uint16_t from_minute;  // of the day
    uint16_t until_minute; // up to 1440; not above `from_minute`: of the following day
};

// Days of a calendar.
struct snapshot_days {
    int32_t first;  // days since 1970-01-01; of a yearly one, days since 1 January of a leap year
    uint16_t count; // days in a row, from 1 up
    bool is_yearly;
};

// Which callers a rule is for, the least specific first.
enum snapshot_caller { CALLER_ANY, CALLER_ANONYMOUS, CALLER_PREFIX, CALLER_NUMBER };

// A forwarding, an exception or an administrative forwarding that is on.
struct snapshot_rule {
    uint32_t rule_id;     // number of its record in the store
    uint8_t level;        // enum model_level
    uint8_t condition;    // enum model_condition
    uint8_t origin;       // enum model_origin
    uint8_t number_class; // of the target, enum model_number_class
    uint8_t caller_kind;  // enum snapshot_caller
    uint8_t holidays;     // enum model_holidays; what `days` change
    bool is_ring;         // no target: the condition's own and default rules are off
    uint16_t position;
    uint16_t delay_s; // of no_answer, the default filled in
    uint32_t calls;   // that are left; 0: no limit
    uint64_t until_s; // wall clock; 0: no end
    // Stored form; "mailbox" and "mobile" as these words. Empty with is_ring.
    struct snapshot_text target;
    struct snapshot_text caller;   // stored form, or its beginning; by caller_kind
    struct snapshot_text presence; // empty: any
    struct snapshot_text name;     // of an administrative forwarding
    struct snapshot_list schedule; // struct snapshot_interval; none: always
    struct snapshot_list days;     // struct snapshot_days
};

// ---- Blocks. Each begins with its size.

struct snapshot_group {
    uint32_t size; // of the whole block in bytes
    uint32_t group_id;
    uint32_t zone_id; // of its time zone
    struct model_group settings;
    struct snapshot_list rules; // struct snapshot_rule: the administrative forwardings
    // Whether a forwarding to a target of that kind is a second call of ours, instead of a 302:
    // the setting forward_by, `auto` resolved.
    bool bridges_internal, bridges_external;
    // The short numbers that reach an emergency service there, each with a comma behind it.
    char emergency[RANGES_SIZE];
};

struct snapshot_line {
    uint32_t size; // of the whole block in bytes
    uint32_t line_id;
    uint32_t group_id;
    uint32_t user_id; // of its owner; 0: nobody's
    uint32_t zone_id; // of the user's time zone
    bool is_enabled;
    bool is_number_withheld;
    bool has_other_contacts;
    bool is_password_lost; // what is stored cannot be read
    bool has_user;
    bool is_dnd;                         // of the user
    bool is_busy_on_any_line;            // of the user
    uint8_t login;                       // of the user, enum model_login
    uint8_t mailbox_class, mobile_class; // of the user's numbers, enum model_number_class
    uint8_t second_call;                 // enum model_second_call
    uint8_t rule_count;
    uint32_t max_calls;
    struct snapshot_text extension, auth_user, password, user, display_name;
    struct snapshot_text mailbox, mobile; // of the user, stored form, empty where not set
    struct snapshot_text presence;        // of the user, empty: none
    struct snapshot_rule rules[];         // the slots, then the exceptions by position
};

// A SIP device of a user. Of one size: it is copied, and there is nothing to give back.
struct snapshot_device {
    uint32_t device_id;
    uint32_t user_id; // of its owner
    uint32_t line_id; // that it dials through; 0: none
    char sip_user[SIP_USER_SIZE];
    char user[NAME_SIZE], name[NAME_SIZE]; // of its owner; that its owner knows it by
    uint8_t ha1_md5[16], ha1_sha256[32]; // of SIP user, realm and password (RFC 7616 section 3.4.2)
};

enum { SNAPSHOT_LINE_MAX = 24576, SNAPSHOT_GROUP_MAX = 49152 }; // bytes

// Parts of the block `block` (a line's or a group's): a text, a group's rules, a rule's schedule
// and its days. They live as long as the block.
struct span snapshot_text(const void *block, struct snapshot_text text);
const struct snapshot_rule *snapshot_rules(const struct snapshot_group *group);
const struct snapshot_interval *snapshot_schedule(const void *block,
                                                  const struct snapshot_rule *rule);
const struct snapshot_days *snapshot_days(const void *block, const struct snapshot_rule *rule);

// ---- Time zones: read by the effects side, told to the engine again each day

enum { SNAPSHOT_ZONE_STEPS_MAX = 16, SNAPSHOT_ZONES_MAX = 1024 };

// What clocks show from a point in time on, until the next step.
struct snapshot_zone_step {
    int64_t from_s;   // seconds since 1970 UTC
    int32_t offset_s; // that the clocks there are ahead of UTC
};

// A time zone around now. Plain data, may be copied.
struct snapshot_zone {
    uint32_t zone_id; // below SNAPSHOT_ZONES_MAX; 0 is the server's own zone
    uint32_t step_count;
    struct snapshot_zone_step steps[SNAPSHOT_ZONE_STEPS_MAX]; // the earliest first
};
