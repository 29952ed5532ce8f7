// SPDX-License-Identifier: Apache-2.0
// What the library of numbering plans is asked, in plain C (tables.cc). A region is a country by
// its two letters (ISO 3166), or empty where it is not known. No function throws or keeps anything.
#pragma once

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { REGION_SIZE = 4 };

// The region of a country code ("49"). Where several countries share it (1, 7, 39, 44), `own`, the
// beginning of a number of the site (+ and digits), tells them apart; else it is the largest of
// them.
void tables_find_region(const char *country_code, const char *own, char region[REGION_SIZE]);

// Whether these digits are an emergency number of the region.
bool tables_is_emergency(const char *digits, const char *region);
// Whether they begin as one and the region's networks connect that, whatever follows.
bool tables_connects_to_emergency(const char *digits, const char *region);

// Whether a short code, as directory enquiries, is charged as a premium service in the region.
bool tables_is_premium_short(const char *digits, const char *region);

struct tables_number {
    bool is_known;            // some country has such numbers
    char region[REGION_SIZE]; // empty where it is not clear
    bool is_premium, is_mobile;
};
// What is known of a +E.164 number: + and 7 to 15 digits.
struct tables_number tables_look_up(const char *e164);

#ifdef __cplusplus
}
#endif
