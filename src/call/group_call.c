// SPDX-License-Identifier: Apache-2.0
// Calls that come through a hunt group or queue: the group's setting `group_call` says by which
// headers its PBX marks them ("X-Queue: *; Alert-Info: *group*"). docs/decision.md "Steps", 1.
#include "call/call_int.h"

// Whether `text` is what the pattern says; * stands for anything, upper and lower case are equal.
// Goes back to the last * only, so the time is at most len * len.
static bool matches(struct span text, struct span pattern)
{
    size_t at = 0, in = 0, star = pattern.len, from = 0;
    while (at < text.len) {
        bool is_star = in < pattern.len && pattern.at[in] == '*';
        if (is_star) {
            star = in++;
            from = at;
        } else if (in < pattern.len && ascii_lower(pattern.at[in]) == ascii_lower(text.at[at])) {
            in++;
            at++;
        } else if (star < pattern.len) {
            in = star + 1;
            at = ++from;
        } else {
            return false;
        }
    }
    while (in < pattern.len && pattern.at[in] == '*') in++;
    return in == pattern.len;
}

bool call_marks_group_call(const struct call_offer *offer, const struct sip_header *header)
{
    struct span patterns = span_of(offer->group->snapshot->settings.group_call);
    while (patterns.len > 0) {
        struct span pattern = span_split(&patterns, ';');
        struct span name = span_trim(span_split(&pattern, ':'));
        bool is_named = name.len > 0 && span_eq_nocase(header->name, name);
        if (is_named && matches(header->value, span_trim(pattern))) return true;
    }
    return false;
}

bool call_is_group_call(const struct call_offer *offer)
{
    const struct sip_message *invite = offer->invite;
    for (size_t i = 0; i < invite->header_count; i++) {
        if (call_marks_group_call(offer, &invite->headers[i])) return true;
    }
    return false;
}
