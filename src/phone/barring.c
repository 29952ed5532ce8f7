// SPDX-License-Identifier: Apache-2.0
// What a group does not let calls be forwarded to. docs/decision.md.
#include "phone/phone_int.h"

static bool is_premium(enum model_number_class number_class)
{
    return number_class == NUMBER_PREMIUM || number_class == NUMBER_FOREIGN_PREMIUM;
}

bool phone_is_foreign(enum model_number_class number_class)
{
    return number_class == NUMBER_FOREIGN || number_class == NUMBER_FOREIGN_PREMIUM;
}

// Short codes are meant with and without the outside prefix: 0137 bars 0 0137 too.
static bool has_barred_prefix(const struct phone_numbering *numbering, struct span stored)
{
    struct span outside = stored, prefix = span_of(numbering->outside_prefix);
    if (span_starts_with(stored, prefix)) outside = span_from(stored, prefix.len);
    for (size_t i = 0; i < numbering->barred_count; i++) {
        struct span barred = span_of(numbering->barred[i]);
        if (span_starts_with(stored, barred) || span_starts_with(outside, barred)) return true;
    }
    return false;
}

enum phone_barring phone_bar(const struct model_group *group,
                             const struct phone_numbering *numbering,
                             enum model_number_class number_class, struct span target)
{
    if (group->is_barring_premium && is_premium(number_class)) return PHONE_BARRED_PREMIUM;
    if (group->is_barring_foreign && phone_is_foreign(number_class)) return PHONE_BARRED_FOREIGN;
    if (numbering->barred_count == 0) return PHONE_PERMITTED;
    struct phone_number number = phone_number_of_target(numbering, target);
    bool is_barred = number.kind != PHONE_INVALID &&
                     has_barred_prefix(numbering, span_of(number.text));
    return is_barred ? PHONE_BARRED_PREFIX : PHONE_PERMITTED;
}
