// SPDX-License-Identifier: Apache-2.0
// What the files of this folder share.
#pragma once

#include "phone/phone.h"

enum {
    COUNTRY_DIGITS_MAX = 3, // ITU-T E.164 section 6.2.1
    E164_DIGITS_MIN = 7,    // shorter ones are short codes; the smallest countries' numbers have 7
    E164_DIGITS_MAX = 15,
};

// A number taken apart, before anything is known about its meaning.
struct phone_typed {
    char digits[PHONE_DIGITS_MAX + 1]; // also * and #
    size_t digit_count;
    size_t first_group_count;           // digits before the first separator; 0 where there is none
    bool is_global;                     // a + stands before the digits
    char context[PHONE_DIGITS_MAX + 1]; // digits of a global phone-context, else empty
    char extension[PHONE_DIGITS_MAX + 1]; // of the tel: parameter ext, else empty
};

// Takes a number in any notation apart; false when it is none. RFC 3966 section 3.
bool phone_take_apart(const struct phone_numbering *numbering, struct span text,
                      struct phone_typed *typed);

// The user part of a sip: URI, still escaped, without the password; empty where there is none.
struct span phone_sip_user(struct span uri);
// Whether `text` begins with `scheme` ("sip:"), upper and lower case being equal.
bool phone_has_scheme(struct span text, struct span scheme);
// Decodes %-escapes into `out` (`size` bytes). False when it does not fit or an escape is broken.
bool phone_unescape(struct span text, char *out, size_t size, size_t *len);

// Joins country code and national number to +E.164; a national prefix that stands needlessly after
// the site's own country code (+49 089 ...) is left off. False unless it gives `digits_min` to 15
// digits, the first one no 0.
bool phone_join(const struct phone_numbering *numbering, struct span country, struct span national,
                size_t digits_min, struct phone_number *out);

// Whether `digits` are an internal number by the ranges.
bool phone_is_extension(const struct phone_numbering *numbering, struct span digits);
// Whether `text` is a number that phone_read, not as dialled, surely takes as it stands: an
// internal number, or a complete +E.164 number without a needless national prefix. For an extension
// of the site in the public form its extension is what it means. Stored numbers nearly always are
// such.
bool phone_is_plain(const struct phone_numbering *numbering, struct span text);
// What follows the main number in a +E.164 number; empty where the number does not begin with it.
struct span phone_after_main(const struct phone_numbering *numbering, struct span stored);
