// SPDX-License-Identifier: Apache-2.0
// Whether a session description has a side wait: media that flow one way or not at all, or, as
// older telephones say it, that are to be sent to nowhere (RFC 3264 section 8.4, RFC 4566). Session
// descriptions pass through us untouched; this is only for people to see.
#include "call/bridge_int.h"

struct media {
    bool is_open;    // its port is not 0
    bool is_one_way; // sendonly, recvonly or inactive
};

static bool is_nowhere(struct span line)
{
    return span_starts_with(line, SPAN("c=IN IP4 0.0.0.0")) || span_eq(line, SPAN("c=IN IP6 ::"));
}

static bool reads_direction(struct span line, bool *is_one_way)
{
    if (span_eq(line, SPAN("a=sendrecv"))) {
        *is_one_way = false;
        return true;
    }
    *is_one_way = span_eq(line, SPAN("a=sendonly")) || span_eq(line, SPAN("a=recvonly")) ||
                  span_eq(line, SPAN("a=inactive")) || is_nowhere(line);
    return *is_one_way;
}

// "m=audio 4000 RTP/AVP 0"; what a port of 0 refuses is not there.
static bool is_open(struct span line)
{
    (void)span_split(&line, ' ');
    struct span port = span_split(&line, ' ');
    return !span_eq(port, SPAN("0"));
}

enum hold call_read_hold(struct span description)
{
    struct media session = {0}, media = {0};
    bool has_media = false, is_one_way, flows = false, has_open = false;
    while (description.len > 0) {
        struct span line = span_trim(span_split(&description, '\n'));
        if (span_starts_with(line, SPAN("m="))) {
            flows = flows || (media.is_open && !media.is_one_way);
            media = (struct media){is_open(line), session.is_one_way};
            has_media = true;
            has_open = has_open || media.is_open;
        } else if (reads_direction(line, &is_one_way)) {
            media.is_one_way = is_one_way;
            if (!has_media) session.is_one_way = is_one_way;
        }
    }
    flows = flows || (media.is_open && !media.is_one_way);
    if (!has_media) return HOLD_UNTOLD;
    return flows || !has_open ? HOLD_NONE : HOLD_ONE;
}
