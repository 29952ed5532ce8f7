// SPDX-License-Identifier: Apache-2.0
// What is kept of a change: one entry per record that was changed.
#pragma once

#include "model/names.h"

enum model_audit_action { AUDIT_ADDED, AUDIT_CHANGED, AUDIT_REMOVED };
extern const struct model_names model_audit_actions;

struct model_audit_entry {
    uint64_t id;          // given by the store, rising
    uint64_t at_us;       // wall clock
    struct span actor;    // who did it: the name of a user or a token
    struct span for_user; // whom an administrator acted for; empty: nobody
    uint8_t action;       // enum model_audit_action
    struct span kind;     // "line"
    struct span key;      // "main/101"
    // The fields that differ, as a JSON object; empty where there was, or is, nothing. Of a secret
    // only whether it is set.
    struct span before, after;
};
