// SPDX-License-Identifier: Apache-2.0
// Targets of forwardings: what a person types, whether two are the same, what is dialled for one.
// docs/decision.md; RFC 3261 sections 19.1, 25.1.
#include "phone/phone_int.h"

#include <stdio.h>
#include <string.h>

// A stored sip: URI's parts.
struct sip_parts {
    struct span user; // escaped, with its parameters
    struct span host; // without port
    struct span parameters;
};

static bool is_sip(struct span target)
{
    return phone_has_scheme(target, SPAN("sip:"));
}

static struct span without_port(struct span host)
{
    bool is_ipv6 = host.len > 0 && host.at[0] == '[';
    return span_slice(host, 0, is_ipv6 ? span_find(host, ']') + 1 : span_find(host, ':'));
}

static struct sip_parts split_sip(struct span uri)
{
    struct span rest = span_from(uri, span_find(uri, '@') + 1);
    struct span host = span_split(&rest, ';');
    return (struct sip_parts){phone_sip_user(uri), without_port(host), rest};
}

static bool is_made_of(struct span text, const char *allowed)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!ascii_is_alnum(text.at[i]) && !memchr(allowed, text.at[i], strlen(allowed)))
            return false;
    }
    return true;
}

static bool is_valid_sip(struct span uri)
{
    char plain[TEXT_SIZE];
    size_t plain_len;
    size_t at = span_find(uri, '@');
    struct span user = span_slice(uri, SPAN("sip:").len, at);
    struct span rest = span_from(uri, at + 1), host_port = span_split(&rest, ';');
    return user.len > 0 && is_made_of(user, "-_.!~*'()%&=+$,;?/") &&
           phone_unescape(user, plain, sizeof plain, &plain_len) &&
           !memchr(plain, '\0', plain_len) && split_sip(uri).host.len > 0 &&
           is_made_of(host_port, "-.:[]") && is_made_of(rest, "-_.!~*'()%=+$&;[]/:");
}

// RFC 3261 section 19.1.1: with user=phone, the user part is a telephone number.
static bool is_phone_user(struct span parameters)
{
    while (parameters.len > 0) {
        if (span_eq_nocase(span_split(&parameters, ';'), SPAN("user=phone"))) return true;
    }
    return false;
}

static const char *refuse(char reason[REASON_SIZE], const char *why)
{
    snprintf(reason, REASON_SIZE, "%s", why);
    return reason;
}

static const char *set(struct phone_target *target, enum phone_target_kind kind, struct span text)
{
    target->kind = kind;
    text_copy(target->text, sizeof target->text, text);
    return NULL;
}

static const char *read_number(const struct phone_numbering *numbering, struct span text,
                               struct phone_target *target, char reason[REASON_SIZE])
{
    struct phone_number number = phone_read(numbering, text, false);
    if (number.kind != PHONE_INVALID) {
        return set(target, PHONE_TARGET_NUMBER, span_of(number.text));
    }
    return refuse(reason, "must be an extension, a telephone number, a sip: address, "
                          "mailbox or mobile");
}

const char *phone_read_target(const struct phone_numbering *numbering, struct span text,
                              struct phone_target *target, char reason[REASON_SIZE])
{
    *target = (struct phone_target){.kind = PHONE_TARGET_INVALID};
    text = span_trim(text);
    if (text.len == 0) return refuse(reason, "is missing");
    if (text.len >= sizeof target->text) return refuse(reason, "must be at most 127 bytes long");
    if (span_eq_nocase(text, SPAN("mailbox"))) {
        return set(target, PHONE_TARGET_MAILBOX, SPAN("mailbox"));
    }
    if (span_eq_nocase(text, SPAN("mobile"))) {
        return set(target, PHONE_TARGET_MOBILE, SPAN("mobile"));
    }
    if (phone_has_scheme(text, SPAN("sips:"))) {
        return refuse(reason, "must be a sip: address, not sips:");
    }
    if (!is_sip(text)) return read_number(numbering, text, target, reason);

    if (!is_valid_sip(text)) return refuse(reason, "must be a sip: address as in sip:name@host");
    if (is_phone_user(split_sip(text).parameters)) {
        return read_number(numbering, text, target, reason);
    }
    set(target, PHONE_TARGET_SIP, text);
    memcpy(target->text, "sip:", strlen("sip:")); // however it was typed
    return NULL;
}

// The extension that a stored number is of the site, else the number.
static struct span place_of(const struct phone_numbering *numbering, struct span stored)
{
    struct span extension = phone_possible_extension(numbering, stored);
    return extension.len > 0 ? extension : stored;
}

// As text in `room` or in the target: an extension, +E.164, a user of the domain, or user@host.
// What is too long for a target means itself.
static struct span essence_of(const struct phone_numbering *numbering, struct span domain,
                              struct span target, char room[TEXT_SIZE])
{
    struct buffer out = buffer_over(room, TEXT_SIZE);
    struct span user = target, host = SPAN_NONE;
    if (phone_is_plain(numbering, target)) return place_of(numbering, target);
    if (is_sip(target)) {
        struct sip_parts parts = split_sip(target);
        user = span_slice(parts.user, 0, span_find(parts.user, ';'));
        host = parts.host;
    }
    bool is_here = host.len == 0 || span_eq_nocase(host, without_port(domain));
    struct phone_number number = phone_read(numbering, user, false);
    if (is_here && number.kind != PHONE_INVALID) {
        buffer_put(&out, place_of(numbering, span_of(number.text)));
        return buffer_span(&out);
    }
    if (!phone_unescape(user, room, TEXT_SIZE, &out.len)) return target;
    if (is_here) return buffer_span(&out);
    buffer_put_byte(&out, '@');
    for (size_t i = 0; i < host.len; i++) buffer_put_byte(&out, ascii_lower(host.at[i]));
    return out.is_full ? target : buffer_span(&out);
}

void phone_find_place(const struct phone_numbering *numbering, struct span domain,
                      struct span target, struct phone_place *place)
{
    place->text = essence_of(numbering, domain, target, place->room);
}

bool phone_is_same(const struct phone_numbering *numbering, struct span domain, struct span a,
                   struct span b)
{
    struct phone_place place_a, place_b;
    phone_find_place(numbering, domain, a, &place_a);
    phone_find_place(numbering, domain, b, &place_b);
    return span_eq(place_a.text, place_b.text);
}

struct phone_number phone_number_of_target(const struct phone_numbering *numbering,
                                           struct span target)
{
    return phone_read(numbering, target, is_sip(target));
}

void phone_put_target_dialled(struct buffer *out, const struct phone_numbering *numbering,
                              struct span target)
{
    char room[NUMBER_SIZE * 2];
    if (is_sip(target)) {
        buffer_put(out, phone_sip_user(target));
        return;
    }
    struct buffer dialled = buffer_over(room, sizeof room);
    phone_put_dialled(&dialled, numbering, target);
    for (size_t i = 0; i < dialled.len; i++) {
        if (room[i] == '#') {
            buffer_put_text(out, "%23"); // not allowed in a user part, RFC 3261 section 25.1
        } else {
            buffer_put_byte(out, room[i]);
        }
    }
    if (dialled.is_full) out->is_full = true;
}

void phone_put_target_digits(struct buffer *out, const struct phone_numbering *numbering,
                             struct span target)
{
    char dialled_bytes[TEXT_SIZE], digits_bytes[TEXT_SIZE];
    struct buffer dialled = buffer_over(dialled_bytes, sizeof dialled_bytes);
    size_t len;
    phone_put_target_dialled(&dialled, numbering, target);
    struct span user = buffer_span(&dialled);
    user = span_slice(user, 0, span_find(user, ';')); // without parameters
    if (dialled.is_full || !phone_unescape(user, digits_bytes, sizeof digits_bytes, &len)) return;
    while (len > 0 && digits_bytes[len - 1] == '#') len--;
    for (size_t i = 0; i < len; i++) {
        if (!ascii_is_digit(digits_bytes[i])) return;
    }
    buffer_put(out, (struct span){digits_bytes, len});
}
