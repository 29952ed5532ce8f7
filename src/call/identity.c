// SPDX-License-Identifier: Apache-2.0
// The caller's identity (RFC 3325, RFC 3323; docs/numbers.md "Internal"):
// P-Asserted-Identity, else Remote-Party-ID, else From. The group's PBX is trusted, so a withheld
// number still tells internal from external.
#include "call/call_int.h"

struct span call_read_number(const struct line_group *group, const struct sip_address *address,
                             struct turn *turn)
{
    char *bytes = arena_take(turn->arena, NUMBER_SIZE);
    struct phone_number number = phone_read(&group->numbering, address->uri_text,
                                            group->snapshot->settings.is_caller_as_dialled);
    if (!bytes) return SPAN_NONE;
    struct buffer out = buffer_over(bytes, NUMBER_SIZE);
    if (number.kind != PHONE_INVALID) {
        buffer_put_text(&out, number.text);
    } else {
        sip_put_unescaped(&out, address->uri.user);
    }
    return out.is_full ? SPAN_NONE : buffer_span(&out);
}

void call_put_dialled(struct buffer *out, const struct line_group *group, struct span target)
{
    struct sip_uri uri;
    if (!span_starts_with(target, SPAN("sip:"))) {
        buffer_put(out, target);
        return;
    }
    struct phone_number number = phone_read(&group->numbering, target, true);
    if (number.kind != PHONE_INVALID) {
        buffer_put_text(out, number.text);
    } else if (sip_parse_uri(target, &uri) == SIP_OK) {
        sip_put_unescaped(out, uri.user);
    }
}

bool call_is_internal(const struct call_offer *offer, struct span stored)
{
    const struct phone_numbering *numbering = &offer->group->numbering;
    if (stored.len == 0) return false;
    if (phone_is_in_ranges(numbering, stored)) return true;
    if (line_is_extension(offer->lines, offer->group, stored)) return true;
    struct span extension = phone_possible_extension(numbering, stored);
    return extension.len > 0 && line_is_extension(offer->lines, offer->group, extension);
}

// The first identity of the header that can be read.
static bool read_header(const struct sip_message *invite, enum sip_header_id id,
                        struct sip_address *address)
{
    struct sip_values place = SIP_VALUES_START;
    struct span value;
    while (sip_next_value(invite, id, &place, &value)) {
        if (sip_parse_address(value, address) == SIP_OK) return true;
    }
    return false;
}

bool call_is_anonymous_from(const struct sip_address *from)
{
    return span_eq_nocase(from->uri.user, SPAN("anonymous")) ||
           span_eq_nocase(from->uri.host, SPAN("anonymous.invalid"));
}

bool call_is_private(const struct sip_message *invite)
{
    struct span privacy = sip_header_value(invite, SIP_PRIVACY);
    while (privacy.len > 0) { // RFC 3323 section 4.2: values are separated by semicolons
        struct span word = span_trim(span_split(&privacy, ';'));
        if (span_eq_nocase(word, SPAN("id")) || span_eq_nocase(word, SPAN("user")) ||
            span_eq_nocase(word, SPAN("header"))) {
            return true;
        }
    }
    return false;
}

static bool is_private_party(const struct sip_address *remote_party)
{
    struct span level;
    return sip_find_param(remote_party->params, SPAN("privacy"), &level) &&
           span_eq_nocase(level, SPAN("full"));
}

static struct span display_of(const struct sip_address *address, struct turn *turn)
{
    char *bytes = arena_take(turn->arena, JOURNAL_TEXT_MAX);
    if (!bytes) return SPAN_NONE;
    struct buffer out = buffer_over(bytes, JOURNAL_TEXT_MAX);
    sip_put_unquoted(&out, span_slice(address->display, 0, JOURNAL_TEXT_MAX));
    return buffer_span(&out);
}

struct call_caller call_read_caller(const struct call_offer *offer, struct turn *turn)
{
    const struct sip_message *invite = offer->invite;
    struct sip_address asserted, remote_party;
    bool has_asserted = read_header(invite, SIP_P_ASSERTED_IDENTITY, &asserted);
    bool has_remote_party = read_header(invite, SIP_REMOTE_PARTY_ID, &remote_party);
    const struct sip_address *identity = has_asserted       ? &asserted
                                         : has_remote_party ? &remote_party
                                                            : &invite->from;
    struct call_caller caller = {
        .number = call_read_number(offer->group, identity, turn),
        .display = display_of(identity->display.len > 0 ? identity : &invite->from, turn),
        .is_anonymous = call_is_anonymous_from(&invite->from) || call_is_private(invite) ||
                        (has_remote_party && is_private_party(&remote_party)),
    };
    caller.is_internal = call_is_internal(offer, caller.number);
    return caller;
}
