// SPDX-License-Identifier: Apache-2.0
// Messages out of connections (RFC 3261 section 18.3), bounded for each and for all together.
#include "app/streams.h"

#include <stdlib.h>
#include <string.h>

enum {
    STRANGER_MESSAGE_MAX = 8 * 1024,   // bytes of an unfinished message that is no PBX's
    HELD_BYTES_MAX = 32 * 1024 * 1024, // of all unfinished messages
    FIRST_SIZE = 2048,
    KNOWN_IDLE_S = 3600, // how long a PBX's connection may stay without a message
    UNFINISHED_S = 32,   // how long it may take a message to become whole: 64*T1
};

// A connection's unfinished message.
struct unfinished {
    struct sip_stream stream;
    char *bytes;
    size_t len, size;
};

struct streams {
    struct net *net;
    struct streams_handler handler;
    size_t held_size; // of all `bytes`
    struct unfinished unfinished[NET_CONNECTION_MAX];
};

struct streams *streams_new(struct net *net, struct streams_handler handler)
{
    struct streams *streams = calloc(1, sizeof *streams);
    if (!streams) return NULL;
    streams->net = net;
    streams->handler = handler;
    return streams;
}

void streams_free(struct streams *streams)
{
    if (!streams) return;
    for (size_t i = 0; i < NET_CONNECTION_MAX; i++) free(streams->unfinished[i].bytes);
    free(streams);
}

static struct unfinished *unfinished_of(struct streams *streams, const struct flow *flow)
{
    return &streams->unfinished[net_connection_place(flow->connection)];
}

static void forget(struct streams *streams, struct unfinished *unfinished)
{
    streams->held_size -= unfinished->size;
    free(unfinished->bytes);
    *unfinished = (struct unfinished){.bytes = NULL};
}

void streams_closed(struct streams *streams, const struct flow *flow)
{
    forget(streams, unfinished_of(streams, flow));
}

static size_t message_max(bool is_known)
{
    return is_known ? SIP_MESSAGE_MAX : STRANGER_MESSAGE_MAX;
}

// Appends to what is held; false when a bound is reached.
static bool hold(struct streams *streams, struct unfinished *unfinished, struct span bytes,
                 bool is_known)
{
    size_t len = unfinished->len + bytes.len;
    if (bytes.len == 0 || len > message_max(is_known)) return false;
    if (len > unfinished->size) {
        size_t size = unfinished->size > 0 ? unfinished->size : FIRST_SIZE;
        while (size < len) size *= 2;
        if (streams->held_size + size - unfinished->size > HELD_BYTES_MAX) return false;
        char *more = realloc(unfinished->bytes, size);
        if (!more) return false;
        streams->held_size += size - unfinished->size;
        unfinished->bytes = more;
        unfinished->size = size;
    }
    memcpy(unfinished->bytes + unfinished->len, bytes.at, bytes.len);
    unfinished->len = len;
    return true;
}

static void break_stream(struct streams *streams, const struct flow *flow, struct span head,
                         const struct sip_fault *fault)
{
    streams->handler.fault(streams->handler.context, flow, head, fault);
    forget(streams, unfinished_of(streams, flow));
    net_close(streams->net, flow->connection);
}

// An empty line: a ping is two of them in a row, a pong is one.
static void take_empty_line(struct streams *streams, const struct flow *flow,
                            enum sip_stream_event event, bool is_alone)
{
    if (event == SIP_STREAM_PING) net_send(streams->net, flow, SPAN("\r\n"));
    if (is_alone) streams->handler.ponged(streams->handler.context, flow);
}

// Takes what is whole off the front of `bytes`. Returns what is left; nothing when the connection
// is closed.
static struct span take_whole(struct streams *streams, const struct flow *flow, struct span bytes,
                              bool is_known)
{
    const struct streams_handler *handler = &streams->handler;
    struct unfinished *unfinished = unfinished_of(streams, flow);
    struct sip_stream_part part;
    for (bool is_after_line = false;;) {
        enum sip_stream_event event = sip_stream_next(&unfinished->stream, bytes, &part);
        struct span taken = span_slice(bytes, 0, part.len);
        bytes = span_from(bytes, part.len);
        switch (event) {
        case SIP_STREAM_WAIT: return bytes;
        case SIP_STREAM_MESSAGE: handler->message(handler->context, flow, taken); break;
        case SIP_STREAM_CRLF:
        case SIP_STREAM_PING:
            take_empty_line(streams, flow, event,
                            is_known && !is_after_line && !span_starts_with(bytes, SPAN("\r\n")));
            break;
        case SIP_STREAM_BROKEN: break_stream(streams, flow, taken, &part.fault); return SPAN_NONE;
        }
        if (!net_is_open(streams->net, flow->connection)) return SPAN_NONE;
        is_after_line = event != SIP_STREAM_MESSAGE;
        if (is_known) net_keep(streams->net, flow->connection, KNOWN_IDLE_S);
    }
}

// Keeps `rest`, the beginning of a message: of what is held already, or of what just came.
static void keep_rest(struct streams *streams, const struct flow *flow, struct span rest,
                      bool is_known)
{
    static const struct sip_fault too_big = {.err = SIP_ERR_TOO_BIG};
    struct unfinished *unfinished = unfinished_of(streams, flow);
    if (rest.len == 0) {
        struct sip_stream stream = unfinished->stream;
        forget(streams, unfinished);
        unfinished->stream = stream;
    } else if (unfinished->len > 0) {
        memmove(unfinished->bytes, rest.at, rest.len);
        unfinished->len = rest.len;
    } else if (hold(streams, unfinished, rest, is_known)) {
        if (is_known) net_keep(streams->net, flow->connection, UNFINISHED_S);
    } else {
        break_stream(streams, flow, rest, &too_big);
    }
}

void streams_received(struct streams *streams, const struct flow *flow, struct span bytes)
{
    static const struct sip_fault too_big = {.err = SIP_ERR_TOO_BIG};
    struct unfinished *unfinished = unfinished_of(streams, flow);
    bool is_known = streams->handler.is_known(streams->handler.context, &flow->peer);
    while (unfinished->len > 0 && bytes.len > 0) {
        // Not more than a message may have: what stands behind it is looked at where it is.
        struct span part = span_slice(bytes, 0, message_max(is_known) - unfinished->len);
        if (!hold(streams, unfinished, part, is_known)) {
            break_stream(streams, flow, (struct span){unfinished->bytes, unfinished->len},
                         &too_big);
            return;
        }
        bytes = span_from(bytes, part.len);
        struct span held = {unfinished->bytes, unfinished->len};
        struct span rest = take_whole(streams, flow, held, is_known);
        if (!net_is_open(streams->net, flow->connection)) return;
        keep_rest(streams, flow, rest, is_known);
    }
    if (bytes.len == 0) return;
    struct span rest = take_whole(streams, flow, bytes, is_known);
    if (net_is_open(streams->net, flow->connection)) keep_rest(streams, flow, rest, is_known);
}
