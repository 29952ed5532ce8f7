// SPDX-License-Identifier: Apache-2.0
// The 302 of a forwarding (RFC 3261 section 21.3.3): one Contact, and what is told of diversions.
// docs/calls.md.
#include "call/call_int.h"

enum { REPLY_HEADERS_MAX = 2048 };

// One Contact that the PBX can dial, at its own domain (RFC 3261 section 21.3.3); with History-Info
// it is marked as the diversion of the entry `mark` (RFC 7044 section 10.4).
static void put_contact(struct buffer *out, const struct call_forwarding *forwarding,
                        const char *mark)
{
    const struct line_group *group = forwarding->offer->group;
    buffer_put_text(out, "Contact: <sip:");
    phone_put_target_dialled(out, &group->numbering, forwarding->verdict->target);
    buffer_put_byte(out, '@');
    buffer_put_text(out, group->snapshot->settings.domain);
    buffer_put_byte(out, '>');
    if (*mark) {
        buffer_put(out, SPAN(";mp="));
        buffer_put_text(out, mark);
    }
    buffer_put(out, SPAN("\r\n"));
}

struct span call_redirect_headers(struct turn *turn, const struct call_forwarding *forwarding)
{
    unsigned mode = forwarding->offer->group->snapshot->settings.diversion;
    char *bytes = arena_take(turn->arena, 2 * REPLY_HEADERS_MAX), mark[CALL_MARK_SIZE] = "";
    if (!bytes) return SPAN_NONE;
    struct buffer told = buffer_over(bytes, REPLY_HEADERS_MAX);
    struct buffer out = buffer_over(bytes + REPLY_HEADERS_MAX, REPLY_HEADERS_MAX);
    if (mode == DIVERSION_DIVERSION || mode == DIVERSION_BOTH) {
        call_put_diversion(&told, forwarding);
    }
    if (mode == DIVERSION_HISTORY_INFO || mode == DIVERSION_BOTH) {
        call_put_history_info(&told, forwarding, turn, mark);
    }
    put_contact(&out, forwarding, told.is_full ? "" : mark);
    struct span contact = buffer_span(&out);
    if (!told.is_full) buffer_put(&out, buffer_span(&told));
    if (out.is_full && *mark) { // it does not fit together with the Contact
        out = buffer_over(bytes, REPLY_HEADERS_MAX);
        put_contact(&out, forwarding, "");
        return buffer_span(&out);
    }
    return out.is_full ? contact : buffer_span(&out);
}
