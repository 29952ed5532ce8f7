// SPDX-License-Identifier: Apache-2.0
// A group's location and numbering out of its settings.
#include "phone/phone_int.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum {
    AREA_DIGITS_MAX = 8,
    PREFIX_CHARS_MAX = 7,
    MAIN_DIGITS_MIN = 4, // extensions follow
    MAIN_DIGITS_MAX = E164_DIGITS_MAX - 1,
    QUOTED_MAX = 40,
};

// A setting being read, and what to say if it cannot be.
struct setting {
    struct span text;
    char *reason; // REASON_SIZE bytes
};

static const char *refuse(const struct setting *setting, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static const char *refuse(const struct setting *setting, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(setting->reason, REASON_SIZE, format, arguments);
    va_end(arguments);
    return setting->reason;
}

static bool is_made_of(struct span text, const char *allowed)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!memchr(allowed, text.at[i], strlen(allowed))) return false;
    }
    return true;
}

static const char *read_country_code(const struct setting *setting,
                                     struct phone_numbering *numbering)
{
    struct span text = setting->text;
    bool is_valid = text.len <= COUNTRY_DIGITS_MAX && is_made_of(text, "0123456789") &&
                    (text.len == 0 || text.at[0] != '0');
    if (!is_valid) return refuse(setting, "must be one to three digits without + or 00, as in 49");
    text_copy(numbering->country_code, sizeof numbering->country_code, text);
    return NULL;
}

static const char *read_area_code(const struct setting *setting, struct phone_numbering *numbering)
{
    struct span text = setting->text;
    bool is_valid = text.len <= AREA_DIGITS_MAX && is_made_of(text, "0123456789");
    if (!is_valid) return refuse(setting, "must be one to %d digits, as in 89", AREA_DIGITS_MAX);
    if (text.len > 0 && text.at[0] == '0' && numbering->national_prefix[0] == '0') {
        return refuse(setting, "must be written without the national prefix, as in 89");
    }
    if (text.len > 0 && numbering->country_code[0] == '\0') {
        return refuse(setting, "needs the country code");
    }
    text_copy(numbering->area_code, sizeof numbering->area_code, text);
    return NULL;
}

static const char *read_prefix(const struct setting *setting, char *prefix, size_t size)
{
    struct span text = setting->text;
    bool is_valid = text.len <= PREFIX_CHARS_MAX && is_made_of(text, "0123456789*#");
    if (!is_valid) {
        return refuse(setting, "must be at most %d digits, * or #", PREFIX_CHARS_MAX);
    }
    text_copy(prefix, size, text);
    return NULL;
}

static const char *read_outside_prefix(const struct setting *setting,
                                       struct phone_numbering *numbering)
{
    return read_prefix(setting, numbering->outside_prefix, sizeof numbering->outside_prefix);
}

static const char *read_national_prefix(const struct setting *setting,
                                        struct phone_numbering *numbering)
{
    return read_prefix(setting, numbering->national_prefix, sizeof numbering->national_prefix);
}

// If both prefixes were equal, every number after them would be ambiguous.
static const char *read_international_prefix(const struct setting *setting,
                                             struct phone_numbering *numbering)
{
    if (setting->text.len > 0 && span_eq(setting->text, span_of(numbering->national_prefix))) {
        return refuse(setting, "must differ from the national prefix");
    }
    return read_prefix(setting, numbering->international_prefix,
                       sizeof numbering->international_prefix);
}

// Whether a main number is written with the attendant's 0 at its end: "089 1234-0".
static bool has_attendant(struct span text)
{
    if (text.len < 2 || text.at[text.len - 1] != '0') return false;
    struct span before = span_trim(span_slice(text, 0, text.len - 1));
    return before.len > 0 && before.at[before.len - 1] == '-';
}

static const char *read_main_number(const struct setting *setting,
                                    struct phone_numbering *numbering)
{
    struct span text = setting->text;
    struct phone_typed typed;
    struct phone_number number;
    if (text.len == 0) return NULL;
    if (has_attendant(text)) text = span_slice(text, 0, text.len - 1);
    bool is_read = phone_take_apart(numbering, text, &typed);

    struct span digits = {typed.digits, typed.digit_count}, country = SPAN_NONE;
    struct span international = span_of(numbering->international_prefix);
    struct span national = span_of(numbering->national_prefix);
    if (typed.is_global) {
        // complete as it is
    } else if (international.len > 0 && span_starts_with(digits, international)) {
        digits = span_from(digits, international.len);
    } else if (span_starts_with(digits, national)) {
        country = span_of(numbering->country_code);
        digits = span_from(digits, national.len);
        if (country.len == 0) is_read = false;
    } else {
        is_read = false;
    }
    if (!is_read || !phone_join(numbering, country, digits, MAIN_DIGITS_MIN, &number) ||
        strlen(number.text) - 1 > MAIN_DIGITS_MAX) {
        return refuse(setting,
                      "must be the complete number that extensions follow, as in +49891234");
    }
    text_copy(numbering->main_number, sizeof numbering->main_number, span_of(number.text));
    return NULL;
}

// Reads one end of a range, "100" or "7xx", with `filler` for each x.
static bool read_end(struct span text, char filler, char out[EXTENSION_SIZE])
{
    bool is_filling = false;
    if (text.len == 0 || text.len >= EXTENSION_SIZE) return false;
    for (size_t i = 0; i < text.len; i++) {
        bool is_x = ascii_lower(text.at[i]) == 'x';
        if (!is_x && (is_filling || !ascii_is_digit(text.at[i]))) return false;
        is_filling = is_x;
        out[i] = is_x ? filler : text.at[i];
    }
    out[text.len] = '\0';
    return true;
}

static const char *read_range(const struct setting *setting, struct span item,
                              struct phone_range *range)
{
    struct span rest = item;
    struct span first = span_trim(span_split(&rest, '-'));
    struct span last = span_find(item, '-') < item.len ? span_trim(rest) : first;
    struct span shown = item.len <= QUOTED_MAX ? item : SPAN("...");
    if (item.len == 0) return refuse(setting, "contains an empty range");
    if (!read_end(first, '0', range->first) || !read_end(last, '9', range->last)) {
        return refuse(setting, "contains \"%.*s\", which is no range such as 100-199 or 7xx",
                      SPAN_ARG(shown));
    }
    if (first.len != last.len) {
        return refuse(setting, "contains \"%.*s\", whose ends differ in length", SPAN_ARG(shown));
    }
    if (strcmp(range->first, range->last) > 0) {
        return refuse(setting, "contains \"%.*s\", which runs backwards", SPAN_ARG(shown));
    }
    return NULL;
}

static const char *read_internal_ranges(const struct setting *setting,
                                        struct phone_numbering *numbering)
{
    struct span rest = setting->text;
    bool has_more = rest.len > 0;
    while (has_more) {
        has_more = span_find(rest, ',') < rest.len;
        struct span item = span_trim(span_split(&rest, ','));
        if (numbering->range_count == PHONE_RANGE_MAX) {
            return refuse(setting, "must be at most %d ranges", PHONE_RANGE_MAX);
        }
        const char *refused = read_range(setting, item, &numbering->ranges[numbering->range_count]);
        if (refused) return refused;
        numbering->range_count++;
    }
    return NULL;
}

// ---- Barred prefixes

bool phone_put_prefix(struct buffer *out, const struct phone_numbering *numbering, struct span item)
{
    struct span international = span_of(numbering->international_prefix);
    struct span national = span_of(numbering->national_prefix);
    struct span country = span_of(numbering->country_code);
    struct span digits = item;
    if (item.len > 0 && item.at[0] == '+') {
        digits = span_from(item, 1);
        buffer_put_byte(out, '+');
    } else if (international.len > 0 && span_starts_with(item, international)) {
        digits = span_from(item, international.len);
        buffer_put_byte(out, '+');
    } else if (national.len > 0 && country.len > 0 && span_starts_with(item, national)) {
        digits = span_from(item, national.len);
        buffer_printf(out, "+%.*s", SPAN_ARG(country));
    }
    bool is_global = out->len > 0;
    buffer_put(out, digits);
    return digits.len > 0 && !out->is_full &&
           is_made_of(digits, is_global ? "0123456789" : "0123456789*#");
}

static const char *read_barred_prefixes(const struct setting *setting,
                                        struct phone_numbering *numbering)
{
    struct span rest = setting->text;
    while (rest.len > 0) {
        struct span item = span_trim(span_split(&rest, ','));
        if (numbering->barred_count == PHONE_BARRED_MAX) {
            return refuse(setting, "must be at most %d prefixes", PHONE_BARRED_MAX);
        }
        char *prefix = numbering->barred[numbering->barred_count];
        struct buffer out = buffer_over(prefix, PHONE_DIGITS_MAX - 1);
        if (!phone_put_prefix(&out, numbering, item)) {
            return refuse(setting, "contains \"%.*s\", which no number begins with",
                          SPAN_ARG(item.len <= QUOTED_MAX ? item : SPAN("...")));
        }
        prefix[out.len] = '\0';
        numbering->barred_count++;
    }
    return NULL;
}

// In the order in which they need each other.
#define SETTING(member)                                                                            \
    {                                                                                              \
#        member, offsetof(struct model_group, member), read_##member                               \
    }
static const struct {
    const char *name;
    size_t offset; // of the text in the group
    const char *(*read)(const struct setting *setting, struct phone_numbering *numbering);
} settings[] = {
    SETTING(outside_prefix),  SETTING(national_prefix), SETTING(international_prefix),
    SETTING(country_code),    SETTING(area_code),       SETTING(main_number),
    SETTING(internal_ranges), SETTING(barred_prefixes),
};

const char *phone_read_numbering(const struct model_group *group, struct phone_numbering *numbering,
                                 const char **field, char reason[REASON_SIZE])
{
    *numbering = (struct phone_numbering){.range_count = 0};
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        const char *text = (const char *)group + settings[i].offset;
        struct setting setting = {.text = span_trim(span_of(text)), .reason = reason};
        const char *refused = settings[i].read(&setting, numbering);
        *field = refused ? settings[i].name : NULL;
        if (refused) return refused;
    }
    return NULL;
}
