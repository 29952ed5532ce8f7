// SPDX-License-Identifier: Apache-2.0
// From digits to the stored form: what they mean at this site. The rules, and their order, are in
// phone.h. docs/numbers.md "Internal".
#include "phone/phone_int.h"

#include <string.h>

enum {
    LOCAL_DIGITS_MIN = 4,    // of a number dialled within the area: 0112 is no local number 112
    UNMARKED_DIGITS_MIN = 7, // of a national number without any prefix, where the country has none
};

bool phone_is_extension(const struct phone_numbering *numbering, struct span digits)
{
    for (size_t i = 0; i < numbering->range_count; i++) {
        const struct phone_range *range = &numbering->ranges[i];
        if (digits.len != strlen(range->first)) continue;
        bool is_inside = memcmp(digits.at, range->first, digits.len) >= 0 &&
                         memcmp(digits.at, range->last, digits.len) <= 0;
        if (is_inside) return true;
    }
    return false;
}

struct span phone_after_main(const struct phone_numbering *numbering, struct span stored)
{
    struct span main_number = span_of(numbering->main_number);
    if (main_number.len == 0 || !span_starts_with(stored, main_number)) return SPAN_NONE;
    return span_from(stored, main_number.len);
}

static bool is_all_digits(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!ascii_is_digit(text.at[i])) return false;
    }
    return true;
}

static bool begins_with_0(struct span digits)
{
    return digits.len > 0 && digits.at[0] == '0';
}

// Takes `prefix` off the front of `*digits`; false when it is empty or not there.
static bool take_prefix(struct span *digits, const char *prefix)
{
    size_t len = 0;
    for (; prefix[len] != '\0'; len++) {
        if (len == digits->len || digits->at[len] != prefix[len]) return false;
    }
    *digits = span_from(*digits, len);
    return len > 0;
}

bool phone_join(const struct phone_numbering *numbering, struct span country, struct span national,
                size_t digits_min, struct phone_number *out)
{
    char text[PHONE_DIGITS_MAX * 2];
    struct buffer digits = buffer_over(text, sizeof text);
    buffer_put(&digits, country);
    buffer_put(&digits, national);
    struct span all = buffer_span(&digits);
    struct span first = all, last = SPAN_NONE, rest = all;
    bool is_trunk_0 = numbering->national_prefix[0] == '0';
    if (is_trunk_0 && take_prefix(&rest, numbering->country_code) && begins_with_0(rest)) {
        bool is_doubled = take_prefix(&rest, numbering->national_prefix);
        if (!is_doubled || begins_with_0(rest)) return false;
        first = span_of(numbering->country_code);
        last = rest;
    }
    size_t count = first.len + last.len;
    if (digits.is_full || !is_all_digits(all) || begins_with_0(all)) return false;
    if (count < digits_min || count > E164_DIGITS_MAX) return false;
    struct buffer stored = buffer_over(out->text, sizeof out->text);
    buffer_put_byte(&stored, '+');
    buffer_put(&stored, first);
    buffer_put(&stored, last);
    buffer_put_byte(&stored, '\0');
    out->kind = PHONE_E164;
    return true;
}

// ---- Readings: one thing that digits can mean; false when they cannot mean it

typedef bool reading(const struct phone_numbering *numbering, struct span digits,
                     struct phone_number *out);

static bool read_international(const struct phone_numbering *numbering, struct span digits,
                               struct phone_number *out)
{
    return take_prefix(&digits, numbering->international_prefix) &&
           phone_join(numbering, SPAN_NONE, digits, E164_DIGITS_MIN, out);
}

// A number of the site's country, its national prefix taken off. Where that prefix is a 0, no
// number after it begins with another one.
static bool join_national(const struct phone_numbering *numbering, struct span national,
                          struct phone_number *out)
{
    struct span country = span_of(numbering->country_code);
    bool is_doubled = numbering->national_prefix[0] == '0' && begins_with_0(national);
    return country.len > 0 && !is_doubled &&
           phone_join(numbering, country, national, E164_DIGITS_MIN, out);
}

static bool has_national_prefix(const struct phone_numbering *numbering)
{
    return numbering->national_prefix[0] != '\0';
}

static bool take_national(const struct phone_numbering *numbering, struct span digits,
                          struct phone_number *out)
{
    bool has_prefix = !has_national_prefix(numbering) ||
                      take_prefix(&digits, numbering->national_prefix);
    return has_prefix && join_national(numbering, digits, out);
}

// Where the country has no national prefix, only the length tells a number from an extension.
static bool read_national(const struct phone_numbering *numbering, struct span digits,
                          struct phone_number *out)
{
    struct span rest = digits;
    bool is_told_by_length = digits.len >= UNMARKED_DIGITS_MIN &&
                             !take_prefix(&rest, numbering->international_prefix);
    return (has_national_prefix(numbering) || is_told_by_length) &&
           take_national(numbering, digits, out);
}

// A number of the site's area, without area code.
static bool read_local(const struct phone_numbering *numbering, struct span digits,
                       struct phone_number *out)
{
    char text[PHONE_DIGITS_MAX * 2];
    struct buffer national = buffer_over(text, sizeof text);
    buffer_put_text(&national, numbering->area_code);
    if (national.len == 0 || digits.len < LOCAL_DIGITS_MIN) return false;
    buffer_put(&national, digits);
    return join_national(numbering, buffer_span(&national), out);
}

static bool read_outside_international(const struct phone_numbering *numbering, struct span digits,
                                       struct phone_number *out)
{
    return take_prefix(&digits, numbering->outside_prefix) &&
           read_international(numbering, digits, out);
}

// Only where a national prefix follows: else nothing would tell an outside prefix from a first
// digit.
static bool read_outside_national(const struct phone_numbering *numbering, struct span digits,
                                  struct phone_number *out)
{
    return take_prefix(&digits, numbering->outside_prefix) && has_national_prefix(numbering) &&
           read_national(numbering, digits, out);
}

static bool read_without_plus(const struct phone_numbering *numbering, struct span digits,
                              struct phone_number *out)
{
    return phone_join(numbering, SPAN_NONE, digits, E164_DIGITS_MIN, out);
}

// ---- Which reading holds

static bool is_own(const struct phone_numbering *numbering, const struct phone_number *number)
{
    return phone_is_extension(numbering, phone_after_main(numbering, span_of(number->text)));
}

static bool begins_with(const struct phone_number *number, const char *country, const char *area)
{
    struct span digits = span_from(span_of(number->text), 1);
    return take_prefix(&digits, country) && (!area || take_prefix(&digits, area));
}

// The complete main number + an internal extension, in whatever way it is written. No other reading
// of so many digits that name the site itself is likelier: here even what is else not guessed is
// tried.
static bool read_own(const struct phone_numbering *numbering, struct span digits,
                     struct phone_number *out)
{
    static reading *const readings[] = {
        read_international,    read_national,     read_outside_international,
        read_outside_national, read_without_plus, join_national,
    };
    for (size_t i = 0; i < sizeof readings / sizeof readings[0]; i++) {
        if (readings[i](numbering, digits, out) && is_own(numbering, out)) return true;
    }
    return false;
}

// "0 089 1234", "9-555 1234": the outside prefix stands by itself. Where it is also the national
// prefix, "0 89 1234" is a national number.
static bool read_set_apart(const struct phone_numbering *numbering, const struct phone_typed *typed,
                           struct phone_number *out)
{
    struct span rest = {typed->digits, typed->digit_count};
    bool is_apart = take_prefix(&rest, numbering->outside_prefix) &&
                    typed->digit_count - rest.len == typed->first_group_count;
    if (!is_apart) return false;
    if (read_international(numbering, rest, out) || read_national(numbering, rest, out))
        return true;
    bool is_national_prefix = span_eq(span_of(numbering->outside_prefix),
                                      span_of(numbering->national_prefix));
    return !is_national_prefix && read_local(numbering, rest, out);
}

static bool read_written(const struct phone_numbering *numbering, const struct phone_typed *typed,
                         struct phone_number *out)
{
    struct span digits = {typed->digits, typed->digit_count};
    struct phone_number other;
    if (read_own(numbering, digits, out)) return true;
    if (read_set_apart(numbering, typed, out)) return true;
    if (read_international(numbering, digits, out)) {
        bool is_own_area = !begins_with(out, numbering->country_code, NULL) &&
                           read_outside_national(numbering, digits, &other) &&
                           begins_with(&other, numbering->country_code, numbering->area_code);
        if (is_own_area) *out = other;
        return true;
    }
    return read_national(numbering, digits, out) ||
           read_outside_international(numbering, digits, out) ||
           read_outside_national(numbering, digits, out) ||
           (read_local(numbering, digits, out) && is_own(numbering, out));
}

// As the PBX reads what is dialled there: the outside prefix comes first, and nothing is weighed
// up.
static bool read_dialled(const struct phone_numbering *numbering, struct span digits,
                         struct phone_number *out)
{
    return take_prefix(&digits, numbering->outside_prefix) &&
           (read_international(numbering, digits, out) || take_national(numbering, digits, out) ||
            read_local(numbering, digits, out));
}

// ---- Numbers with a context

// Whether numbers with this context can be the site's own: one begins with the other.
static bool is_own_context(const struct phone_numbering *numbering, struct span context)
{
    char text[sizeof numbering->country_code + sizeof numbering->area_code];
    struct buffer location = buffer_over(text, sizeof text);
    struct span main_digits = span_from(span_of(numbering->main_number), 1);
    buffer_put_text(&location, numbering->country_code);
    buffer_put_text(&location, numbering->area_code);
    return span_starts_with(buffer_span(&location), context) ||
           span_starts_with(main_digits, context) ||
           (main_digits.len > 0 && span_starts_with(context, main_digits));
}

// ---- The stored form

// A number of the site itself is stored as the extension: main number + extension, or the main
// number with the extension as a parameter.
static struct phone_number settle(const struct phone_numbering *numbering,
                                  const struct phone_typed *typed, struct phone_number number)
{
    struct span stored = span_of(number.text);
    bool is_main = span_eq(stored, span_of(numbering->main_number));
    struct span extension = is_main ? span_of(typed->extension)
                                    : phone_after_main(numbering, stored);
    struct phone_number own = {.kind = PHONE_EXTENSION};
    text_copy(own.text, sizeof own.text, extension);
    return phone_is_extension(numbering, extension) ? own : number;
}

static struct phone_number as_it_is(struct span digits)
{
    struct phone_number number = {.kind = PHONE_EXTENSION};
    text_copy(number.text, sizeof number.text, digits);
    return number;
}

bool phone_is_plain(const struct phone_numbering *numbering, struct span text)
{
    struct span digits = span_from(text, text.len > 0 && text.at[0] == '+');
    struct span national = digits;
    bool has_prefix = take_prefix(&national, numbering->country_code) && begins_with_0(national);
    if (!is_all_digits(digits)) return false;
    if (digits.len == text.len) return phone_is_extension(numbering, digits);
    return digits.len >= E164_DIGITS_MIN && digits.len <= E164_DIGITS_MAX &&
           !begins_with_0(digits) && !has_prefix;
}

struct phone_number phone_read(const struct phone_numbering *numbering, struct span text,
                               bool as_dialled)
{
    static const struct phone_number invalid = {.kind = PHONE_INVALID};
    struct phone_typed typed;
    struct phone_number number;
    if (!phone_take_apart(numbering, text, &typed)) return invalid;

    struct span digits = {typed.digits, typed.digit_count};
    struct span context = span_of(typed.context);
    bool is_elsewhere = context.len > 0 && !is_own_context(numbering, context);
    if (typed.is_global) {
        bool is_read = phone_join(numbering, SPAN_NONE, digits, E164_DIGITS_MIN, &number);
        return is_read ? settle(numbering, &typed, number) : invalid;
    }
    if (!is_elsewhere && phone_is_extension(numbering, digits)) return as_it_is(digits);
    bool is_read = (context.len > 0 &&
                    phone_join(numbering, context, digits, E164_DIGITS_MIN, &number)) ||
                   (!is_elsewhere && as_dialled && read_dialled(numbering, digits, &number)) ||
                   (!is_elsewhere && read_written(numbering, &typed, &number));
    if (is_read) return settle(numbering, &typed, number);
    return is_elsewhere ? invalid : as_it_is(digits);
}
