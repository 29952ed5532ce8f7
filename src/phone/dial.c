// SPDX-License-Identifier: Apache-2.0
// From the stored form to what a PBX dials and what the world calls an extension; who is internal.
// docs/numbers.md "Internal", docs/calls.md.
#include "phone/phone_int.h"

static bool is_e164(struct span stored)
{
    return stored.len > 0 && stored.at[0] == '+';
}

struct span phone_possible_extension(const struct phone_numbering *numbering, struct span stored)
{
    return is_e164(stored) ? phone_after_main(numbering, stored) : stored;
}

bool phone_is_in_ranges(const struct phone_numbering *numbering, struct span stored)
{
    return phone_is_extension(numbering, phone_possible_extension(numbering, stored));
}

void phone_put_dialled(struct buffer *out, const struct phone_numbering *numbering,
                       struct span stored)
{
    struct span country = span_of(numbering->country_code);
    struct span international = span_of(numbering->international_prefix);
    struct span digits = span_from(stored, 1);
    if (!is_e164(stored)) {
        buffer_put(out, stored);
    } else if (country.len > 0 && span_starts_with(digits, country)) {
        buffer_put_text(out, numbering->outside_prefix);
        buffer_put_text(out, numbering->national_prefix);
        buffer_put(out, span_from(digits, country.len));
    } else if (international.len > 0) {
        buffer_put_text(out, numbering->outside_prefix);
        buffer_put(out, international);
        buffer_put(out, digits);
    } else {
        buffer_put(out, stored);
    }
}

void phone_put_public(struct buffer *out, const struct phone_numbering *numbering,
                      struct span extension)
{
    bool is_appendable = extension.len > 0;
    for (size_t i = 0; i < extension.len; i++) {
        if (!ascii_is_digit(extension.at[i])) is_appendable = false;
    }
    if (is_appendable) buffer_put_text(out, numbering->main_number);
    buffer_put(out, extension);
}
