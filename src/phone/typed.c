// SPDX-License-Identifier: Apache-2.0
// From the notations of a number to its digits: schemes, escapes, separators, parameters.
// RFC 3966 section 3, RFC 3261 section 19.1.6.
#include "phone/phone_int.h"

#include <string.h>

enum { TYPED_BYTES_MAX = 127 };

bool phone_has_scheme(struct span text, struct span scheme)
{
    return span_eq_nocase(span_slice(text, 0, scheme.len), scheme);
}

struct span phone_sip_user(struct span uri)
{
    struct span rest = span_from(uri, span_find(uri, ':') + 1);
    size_t at = span_find(rest, '@');
    if (at == rest.len) return SPAN_NONE; // a host alone
    struct span user = span_slice(rest, 0, at);
    return span_slice(user, 0, span_find(user, ':')); // without a password
}

bool phone_unescape(struct span text, char *out, size_t size, size_t *len)
{
    *len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.at[i];
        if (byte == '%') {
            if (text.len - i < 3) return false;
            int high = ascii_hex_value(text.at[i + 1]), low = ascii_hex_value(text.at[i + 2]);
            if (high < 0 || low < 0) return false;
            byte = (char)(high * 16 + low);
            i += 2;
        }
        if (*len == size) return false;
        out[(*len)++] = byte;
    }
    return true;
}

// The length of the separator that `text` begins with, 0 when it begins with none: what RFC 3966
// calls a visual separator, '/', blanks, and what word processors and address books put into
// numbers - the no-break space, and all of Unicode's "general punctuation" (dashes, thin spaces,
// direction marks).
static size_t separator_len(struct span text)
{
    static const char plain[] = " \t-./()";
    if (memchr(plain, text.at[0], sizeof plain - 1)) return 1;
    if (span_starts_with(text, SPAN("\xc2\xa0"))) return 2;
    if (text.len < 3 || text.at[0] != '\xe2') return 0;
    unsigned second = (unsigned char)text.at[1], third = (unsigned char)text.at[2];
    bool is_punctuation = (second == 0x80 && third >= 0x80 && third <= 0xbf) ||
                          (second == 0x81 && third >= 0x80 && third <= 0xaf);
    return is_punctuation ? 3 : 0;
}

// Whether `group`, in parentheses, is the national prefix shown to those who dial within the
// country:
// "+49 (0)89", "0049 (0)89". Where the site's own country has no such prefix (Italy), it belongs to
// the number.
static bool is_optional_prefix(const struct phone_numbering *numbering,
                               const struct phone_typed *typed, struct span group)
{
    struct span before = {typed->digits, typed->digit_count};
    if (!typed->is_global) {
        struct span international = span_of(numbering->international_prefix);
        if (international.len == 0 || !span_starts_with(before, international)) return false;
        before = span_from(before, international.len);
    }
    struct span own = span_of(numbering->country_code);
    if (span_eq(before, own)) {
        return group.len > 0 && span_eq(group, span_of(numbering->national_prefix));
    }
    bool is_country = before.len > 0 && before.len <= COUNTRY_DIGITS_MAX &&
                      (own.len == 0 || !span_starts_with(before, own));
    return is_country && span_eq(group, SPAN("0"));
}

// The length of a separator, or of a group in parentheses that is to be left out, at the beginning
// of `text`; 0 when there is neither.
static size_t skipped_len(const struct phone_numbering *numbering, const struct phone_typed *typed,
                          struct span text)
{
    if (text.at[0] == '(') {
        struct span group = span_slice(text, 1, span_find(text, ')'));
        if (is_optional_prefix(numbering, typed, span_trim(group))) return group.len + 2;
    }
    return separator_len(text);
}

// Reads the digits of `text`, which is unescaped.
static bool read_digits(const struct phone_numbering *numbering, struct span text,
                        struct phone_typed *typed)
{
    while (text.len > 0) {
        size_t skipped = skipped_len(numbering, typed, text);
        char byte = text.at[0];
        if (skipped > 0) {
            if (typed->first_group_count == 0) typed->first_group_count = typed->digit_count;
            text = span_from(text, skipped);
            continue;
        }
        if (byte == '+' && typed->digit_count == 0 && !typed->is_global) {
            typed->is_global = true;
        } else if (ascii_is_digit(byte) || (!typed->is_global && (byte == '*' || byte == '#'))) {
            if (typed->digit_count == PHONE_DIGITS_MAX) return false;
            typed->digits[typed->digit_count++] = byte;
        } else {
            return false;
        }
        text = span_from(text, 1);
    }
    return typed->digit_count > 0;
}

// Copies the digits of a parameter's value into `out`, leaving separators off; empty when it holds
// anything else or, if it has to be global, no +.
static void read_parameter_digits(struct span value, bool is_global, char out[PHONE_DIGITS_MAX + 1])
{
    static const struct phone_numbering nowhere;
    struct phone_typed typed = {.digit_count = 0};
    char bytes[TYPED_BYTES_MAX];
    size_t len;
    bool is_read = phone_unescape(value, bytes, sizeof bytes, &len) &&
                   read_digits(&nowhere, (struct span){bytes, len}, &typed);
    if (!is_read || typed.is_global != is_global) return;
    memcpy(out, typed.digits, sizeof typed.digits);
}

// Of the parameters, `ext` and a global `phone-context` say something about the number; a domain as
// context does not. RFC 3966 sections 5.1.4, 5.3.
static void read_parameters(struct span parameters, struct phone_typed *typed)
{
    while (parameters.len > 0) {
        struct span value = span_split(&parameters, ';');
        struct span name = span_trim(span_split(&value, '='));
        if (span_eq_nocase(name, SPAN("phone-context"))) {
            read_parameter_digits(value, true, typed->context);
        } else if (span_eq_nocase(name, SPAN("ext"))) {
            read_parameter_digits(value, false, typed->extension);
        }
    }
}

// The stored form, and most callers as networks present them: nothing but digits, perhaps behind a
// +. Reads them without looking for anything else; false, and nothing has changed, when there is
// more.
static bool take_plain(struct span text, struct phone_typed *typed)
{
    bool is_global = text.len > 0 && text.at[0] == '+';
    struct span digits = span_from(text, is_global);
    if (digits.len == 0 || digits.len > PHONE_DIGITS_MAX) return false;
    for (size_t i = 0; i < digits.len; i++) {
        if (!ascii_is_digit(digits.at[i])) return false;
    }
    memcpy(typed->digits, digits.at, digits.len);
    typed->digit_count = digits.len;
    typed->is_global = is_global;
    return true;
}

bool phone_take_apart(const struct phone_numbering *numbering, struct span text,
                      struct phone_typed *typed)
{
    char bytes[TYPED_BYTES_MAX];
    size_t len;
    *typed = (struct phone_typed){.digit_count = 0};
    text = span_trim(text);
    if (phone_has_scheme(text, SPAN("tel:"))) {
        text = span_from(text, SPAN("tel:").len);
    } else if (phone_has_scheme(text, SPAN("sip:")) || phone_has_scheme(text, SPAN("sips:"))) {
        text = phone_sip_user(text);
    }
    if (take_plain(text, typed)) return true;
    struct span parameters = text;
    struct span number = span_split(&parameters, ';');
    read_parameters(parameters, typed);
    return phone_unescape(number, bytes, sizeof bytes, &len) &&
           read_digits(numbering, (struct span){bytes, len}, typed);
}
