// SPDX-License-Identifier: Apache-2.0
// Settings as the engine gets them: immutable blocks, one per line, of variable length and without
// pointers, made anew for each change. Numbers in them are in their stored form already (phone.h),
// so that nothing is interpreted while a call waits.
#pragma once

#include "model/settings.h"

struct snapshot_group {
    uint32_t group_id;
    struct model_group settings;
};

// A text inside a line's block.
struct snapshot_text {
    uint16_t at; // from the beginning of the block
    uint16_t len;
};

struct snapshot_rule {
    uint8_t condition;           // enum model_condition
    uint8_t origin;              // enum model_origin
    uint8_t number_class;        // of the target, enum model_number_class
    struct snapshot_text target; // stored form; "mailbox" and "mobile" as these words
};

struct snapshot_line {
    uint32_t size; // of the whole block in bytes
    uint32_t line_id;
    uint32_t group_id;
    bool is_enabled;
    bool is_number_withheld;
    bool has_user;
    bool is_dnd;                         // of the user
    uint8_t login;                       // of the user, enum model_login
    uint8_t mailbox_class, mobile_class; // of the user's numbers, enum model_number_class
    uint8_t rule_count;
    struct snapshot_text extension, auth_user, password, user, display_name;
    struct snapshot_text mailbox, mobile; // of the user, stored form, empty where not set
    struct snapshot_rule rules[];         // the enabled forwardings, then the texts
};

enum { SNAPSHOT_LINE_MAX = 8192 }; // bytes

// A text of the block `line`; lives as long as the block.
struct span snapshot_text(const struct snapshot_line *line, struct snapshot_text text);
