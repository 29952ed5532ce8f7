// SPDX-License-Identifier: Apache-2.0
// Sites for the tests of numbers: from "country_code=49 area_code=89" to a group's settings.
#pragma once

#include "phone/phone.h"
#include "tables/table.h"

// Sets the group's fields that the words "field=value" of `text` name; words without '=' are left
// out.
static inline struct model_group site_group(struct span text)
{
    struct model_group group;
    char reason[REASON_SIZE];
    model_defaults(KIND_GROUP, &group);
    while (text.len > 0) {
        struct span value = span_split(&text, ' ');
        if (span_find(value, '=') == value.len) continue;
        struct span name = span_split(&value, '=');
        const struct model_field *field = model_find_field(KIND_GROUP, name);
        if (!field) fail_msg("the group has no field %.*s", SPAN_ARG(name));
        const char *refused = model_set_field(field, &group, value, reason);
        if (refused) fail_msg("%s %s", field->name, refused);
    }
    return group;
}

static inline struct phone_numbering site_numbering(struct span text)
{
    struct model_group group = site_group(text);
    struct phone_numbering numbering;
    const char *field;
    char reason[REASON_SIZE];
    const char *refused = phone_read_numbering(&group, &numbering, &field, reason);
    if (refused) fail_msg("%s %s", field, refused);
    return numbering;
}

#define SITE_MUNICH                                                                                \
    SPAN("country_code=49 area_code=89 main_number=+49891234 outside_prefix=0 "                    \
         "internal_ranges=100-199,7xx")
