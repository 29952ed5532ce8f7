// SPDX-License-Identifier: Apache-2.0
// Telephone numbers: what people type, what is stored, what a PBX dials, and who is internal. Pure;
// knows a site's location and numbering, no country's facts. docs/numbers.md "Internal";
// ITU-T E.164, RFC 3966, RFC 3261 section 19.1.6. The reasons are in docs/numbers.md.
#pragma once

#include "model/model.h"

enum { PHONE_RANGE_MAX = 32, PHONE_DIGITS_MAX = 32, PHONE_BARRED_MAX = 32 };

// One range of internal numbers: equally long decimal strings, compared digit by digit; '7xx' is
// 700-799.
struct phone_range {
    char first[EXTENSION_SIZE], last[EXTENSION_SIZE];
};

// A group's location and numbering, read once from its settings. Plain data, may be copied.
struct phone_numbering {
    char country_code[8], area_code[12];
    char main_number[NUMBER_SIZE]; // +E.164, empty where there is none
    char outside_prefix[8], national_prefix[8], international_prefix[8];
    struct phone_range ranges[PHONE_RANGE_MAX];
    size_t range_count;
    char barred[PHONE_BARRED_MAX][PHONE_DIGITS_MAX]; // +... of E.164 numbers, or other digits
    size_t barred_count;
};

// Reads the numbering out of a group's settings. Returns NULL; or the reason for a refusal (printed
// into `reason`) with `*field` naming the setting ("internal_ranges"); `*numbering` is then
// unusable. A main number may be written +E.164 or nationally; a final "-0" in it (the attendant,
// as in "089 1234-0") is left off, because extensions take its place.
const char *phone_read_numbering(const struct model_group *group, struct phone_numbering *numbering,
                                 const char **field, char reason[REASON_SIZE]);

// ---- Numbers

enum phone_kind {
    PHONE_INVALID,   // no telephone number: "anonymous", a name, empty
    PHONE_EXTENSION, // bare digits (also short codes such as 112, and *, #): stored as they are
    PHONE_E164,      // stored as +digits
};

struct phone_number {
    enum phone_kind kind;
    char text[NUMBER_SIZE]; // stored form, empty when invalid
};

// Brings a number in any notation into its stored form: "+49 89 1234-101", "0049...", "0 089 ...",
// "(089) 1234 101", "101", a tel: URI, the user part of a sip: URI (or the whole URI; the host and
// its parameters are not looked at). With `as_dialled` the text is read as the PBX reads what
// someone there dials; without, as people write numbers and networks present callers.
//
// Digits can mean several things. The first of these that holds decides:
//   1. a + stands before them                                -> E.164
//   2. they lie in the internal ranges                       -> that extension
//   3. only as dialled: outside prefix, then international
//      or national prefix or a local number                  -> E.164
//   4. complete main number + an extension of the ranges,
//      even without + or national prefix                     -> that extension
//   5. outside prefix set apart ("0 089 ...", "9-555 1234")  -> E.164
//   6. international prefix                                  -> E.164; but outside and national
//      prefix (0 089...) where that gives the site's own area, and the other reading is not the
//      site's own country (0049...)
//   7. national prefix                                       -> E.164 of the site's country
//   8. outside prefix, then international or national prefix -> E.164
//   9. main number without area code + an extension          -> that extension
//  10. all else, so short codes and digits without prefix    -> as they are; nothing is guessed
// Readings by prefix must give 7 to 15 digits, so that 112, 0112 or 1411 stay what they are. Where
// the national prefix is empty, 7 digits or more without a prefix are a national number.
// An E.164 number that is main number + an extension of the ranges becomes that extension.
// A local number with a global phone-context belongs to that context (RFC 3966 section 5.1.5).
struct phone_number phone_read(const struct phone_numbering *numbering, struct span text,
                               bool as_dialled);

// Whether a stored number belongs to the site: it lies in the internal ranges. (A line of the group
// outside of them is internal too; only the caller of this function knows the lines.)
bool phone_is_in_ranges(const struct phone_numbering *numbering, struct span stored);

// The extension that a stored number may stand for: an extension itself, or what follows the main
// number. Empty when it is neither. For looking a line up; borrows from `stored`.
struct span phone_possible_extension(const struct phone_numbering *numbering, struct span stored);

// Prints what has to be dialled at the PBX for a stored number: an extension as it is; a +E.164
// number with outside prefix and, within the country, national prefix, else international prefix. A
// group without international prefix dials foreign numbers as +E.164, without outside prefix.
void phone_put_dialled(struct buffer *out, const struct phone_numbering *numbering,
                       struct span stored);

// Prints the public number of an extension: main number + extension as +E.164; the extension itself
// where the group has no main number, or the extension is more than digits.
void phone_put_public(struct buffer *out, const struct phone_numbering *numbering,
                      struct span extension);

// Prints the beginning of numbers in the form that stored numbers begin with: +E.164 for what
// people write with an international or national prefix ("0137" is "+49137"), else the digits as
// they are. False when no number begins so, or it does not fit.
bool phone_put_prefix(struct buffer *out, const struct phone_numbering *numbering,
                      struct span item);

// ---- Targets of forwardings

enum phone_target_kind {
    PHONE_TARGET_INVALID,
    PHONE_TARGET_NUMBER, // extension or +E.164
    PHONE_TARGET_SIP,    // a sip: URI with a user part
    PHONE_TARGET_MAILBOX,
    PHONE_TARGET_MOBILE,
};

struct phone_target {
    enum phone_target_kind kind;
    char text[TEXT_SIZE]; // stored form; "mailbox" and "mobile" as these words
};

// Reads a forwarding's target as a person types it (numbers as written, not as dialled). A sip: URI
// with user=phone, and a tel: URI, are numbers. Returns NULL, or the reason why it is none.
const char *phone_read_target(const struct phone_numbering *numbering, struct span text,
                              struct phone_target *target, char reason[REASON_SIZE]);

// What a stored target or number means at a site, as a text: two that mean the same destination
// have the same. Stays where it was made, for its text may lie in itself; and borrows from the
// target.
struct phone_place {
    struct span text;
    char room[TEXT_SIZE];
};
void phone_find_place(const struct phone_numbering *numbering, struct span domain,
                      struct span target, struct phone_place *place);

// Whether two stored targets or numbers mean the same destination of this site: equal, or an
// extension and its public number, or a sip: URI whose user part is the same at the group's
// `domain`.
bool phone_is_same(const struct phone_numbering *numbering, struct span domain, struct span a,
                   struct span b);

// Prints what is to be dialled for a stored target, ready to stand as the user part of a sip: URI:
// a number's dialled form (# as %23), or a sip: URI's own user part. RFC 3261 section 25.1.
void phone_put_target_dialled(struct buffer *out, const struct phone_numbering *numbering,
                              struct span target);

// The number that is dialled for a stored target; invalid where it is a name, or one of the words.
struct phone_number phone_number_of_target(const struct phone_numbering *numbering,
                                           struct span target);

// Prints the digits that the PBX is to dial for a stored target, without # at their end, which only
// ends them. Prints nothing where they are more than digits.
void phone_put_target_digits(struct buffer *out, const struct phone_numbering *numbering,
                             struct span target);

// Why a group bars a target.
enum phone_barring {
    PHONE_PERMITTED,
    PHONE_BARRED_PREMIUM,
    PHONE_BARRED_FOREIGN,
    PHONE_BARRED_PREFIX,
};
// Whether a number of this class is abroad.
bool phone_is_foreign(enum model_number_class number_class);
// Whether and why the group bars a stored target of this class. (An emergency number is no matter
// of barring, see country.h.) docs/decision.md.
enum phone_barring phone_bar(const struct model_group *group,
                             const struct phone_numbering *numbering,
                             enum model_number_class number_class, struct span target);
