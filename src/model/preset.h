// SPDX-License-Identifier: Apache-2.0
// Presets: what a line group of a certain PBX is best begun with, each value with its reason.
#pragma once

#include "base/base.h"

struct model_preset_value {
    const char *field; // of a group
    const char *value; // in its text form
    const char *reason;
};

struct model_preset {
    const char *name;  // "asterisk"
    const char *title; // as people know it
    // What was run against it here; NULL: nothing was, the values come from what is known of it.
    const char *tested;
    const char *note; // what to see to at the PBX, or in the fields that only the site knows
    const struct model_preset_value *values;
    size_t value_count;
};

// All presets; `*count` tells how many. Static.
const struct model_preset *model_presets(size_t *count);
