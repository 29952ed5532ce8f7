// SPDX-License-Identifier: Apache-2.0
// The class of a number at a site: what its country's tables say of the digits that the PBX would
// dial. docs/numbers.md "Classes".
#include "country/country.h"

#include "country/country_int.h"

#include <stdio.h>
#include <string.h>

// What the PBX would dial for a target.
struct dialled {
    char digits[TEXT_SIZE]; // empty when they are more than digits
    const char *outside;    // behind the outside prefix; empty where they do not begin with it
    bool is_outside;        // surely no extension: a +E.164 number, or the outside prefix is there
    char region[REGION_SIZE]; // of the site
};

static void find_region(const struct phone_numbering *numbering, char region[REGION_SIZE])
{
    char own[NUMBER_SIZE];
    snprintf(own, sizeof own, "+%s%s", numbering->country_code, numbering->area_code);
    bool has_main = numbering->main_number[0] != '\0';
    tables_find_region(numbering->country_code, has_main ? numbering->main_number : own, region);
}

static void dial(const struct phone_numbering *numbering, struct span target,
                 const struct phone_number *number, struct dialled *dialled)
{
    struct span prefix = span_of(numbering->outside_prefix);
    struct buffer out = buffer_over(dialled->digits, sizeof dialled->digits - 1);
    phone_put_target_digits(&out, numbering, target);
    dialled->digits[out.is_full ? 0 : out.len] = '\0';
    bool has_prefix = span_starts_with(span_of(dialled->digits), prefix);
    dialled->outside = dialled->digits + (has_prefix ? prefix.len : strlen(dialled->digits));
    dialled->is_outside = number->kind == PHONE_E164 || (has_prefix && prefix.len > 0);
    if (phone_is_in_ranges(numbering, span_of(number->text))) dialled->is_outside = false;
    find_region(numbering, dialled->region);
}

// ---- Emergency numbers

// What reaches help in most of the world, for a site whose country is not known.
static bool is_emergency_anywhere(const char *digits)
{
    return strcmp(digits, "112") == 0 || strcmp(digits, "911") == 0;
}

static bool is_emergency_number(const char *digits, const char *region)
{
    return *digits &&
           (is_emergency_anywhere(digits) || (*region && tables_is_emergency(digits, region)));
}

// Behind an outside prefix a network connects an emergency number as soon as it is complete; 1101
// without prefix may be an extension that the ranges do not name.
static bool is_emergency(const struct dialled *dialled)
{
    if (is_emergency_number(dialled->digits, dialled->region)) return true;
    if (is_emergency_number(dialled->outside, dialled->region)) return true;
    return dialled->is_outside && *dialled->outside && *dialled->region &&
           tables_connects_to_emergency(dialled->outside, dialled->region);
}

// ---- All others

// Directory enquiries and the like.
static bool is_premium_short(const struct dialled *dialled)
{
    return *dialled->outside && *dialled->region &&
           tables_is_premium_short(dialled->outside, dialled->region);
}

// Another country may share the country code: +1 876 is Jamaica.
static bool is_foreign(const struct phone_numbering *numbering, const char *e164,
                       const struct tables_number *number, const char *region)
{
    struct span code = span_of(numbering->country_code);
    if (code.len == 0 || !span_starts_with(span_of(e164 + 1), code)) return true;
    return *number->region && *region && strcmp(number->region, region) != 0;
}

static enum model_number_class class_of_e164(const struct phone_numbering *numbering,
                                             const char *e164, const char *region)
{
    struct tables_number number = tables_look_up(e164);
    if (!number.is_known || is_foreign(numbering, e164, &number, region)) {
        return number.is_premium ? NUMBER_FOREIGN_PREMIUM : NUMBER_FOREIGN;
    }
    if (number.is_premium) return NUMBER_PREMIUM;
    return number.is_mobile ? NUMBER_MOBILE : NUMBER_NATIONAL;
}

static enum model_number_class classify(const struct phone_numbering *numbering, struct span target)
{
    struct phone_number number = phone_number_of_target(numbering, target);
    struct dialled dialled;
    if (number.kind == PHONE_INVALID) return NUMBER_UNKNOWN;
    dial(numbering, target, &number, &dialled);
    if (is_emergency(&dialled)) return NUMBER_EMERGENCY;
    if (phone_is_in_ranges(numbering, span_of(number.text))) return NUMBER_INTERNAL;
    if (is_premium_short(&dialled)) return NUMBER_PREMIUM;
    if (number.kind == PHONE_EXTENSION) return NUMBER_UNKNOWN;
    return class_of_e164(numbering, number.text, dialled.region);
}

// ---- What was asked a moment ago

// A site's lines often have the same targets, and the tables take 25 us for each: at the start,
// with many lines, that counts. Of each thread, for one site at a time.
enum { RECENT_COUNT = 256 };

struct recent {
    struct phone_numbering numbering; // of the site that the answers are for
    struct {
        char target[NUMBER_SIZE]; // empty: a free place
        enum model_number_class number_class;
    } answers[RECENT_COUNT];
};

static size_t place_of(struct span target)
{
    uint32_t hash = 2166136261; // FNV-1a
    for (size_t i = 0; i < target.len; i++) hash = (hash ^ (uint8_t)target.at[i]) * 16777619;
    return hash % RECENT_COUNT;
}

enum model_number_class country_classify(const struct phone_numbering *numbering,
                                         struct span target)
{
    static _Thread_local struct recent recent;
    if (target.len == 0 || target.len >= NUMBER_SIZE) return classify(numbering, target);
    if (memcmp(&recent.numbering, numbering, sizeof *numbering) != 0) {
        memset(&recent, 0, sizeof recent);
        memcpy(&recent.numbering, numbering, sizeof *numbering);
    }
    size_t place = place_of(target);
    if (!span_eq(span_of(recent.answers[place].target), target)) {
        recent.answers[place].number_class = classify(numbering, target);
        text_copy(recent.answers[place].target, NUMBER_SIZE, target);
    }
    return recent.answers[place].number_class;
}
