// SPDX-License-Identifier: Apache-2.0
// Messages out of connections: the bytes of each are cut into messages (sip/stream.c). What came of
// a message that is not whole yet is kept here, and nothing else: most messages are handed on from
// where they were received.
#pragma once

#include "net/net.h"
#include "sip/sip.h"

struct streams_handler {
    void *context;
    // A whole message; borrowed for the call.
    void (*message)(void *context, const struct flow *flow, struct span bytes);
    // A ping of ours was answered by a known peer (RFC 5626 section 4.4.1).
    void (*ponged)(void *context, const struct flow *flow);
    // The stream is broken, for `fault`; a request that could be answered begins in `head`. The
    // connection is closed afterwards.
    void (*fault)(void *context, const struct flow *flow, struct span head,
                  const struct sip_fault *fault);
    // Whether the peer is a PBX of ours: its connections may stay, and its messages may be long.
    bool (*is_known)(void *context, const struct address *peer);
};

struct streams;

// `net` must outlive the streams.
struct streams *streams_new(struct net *net, struct streams_handler handler) WARN_UNUSED;
void streams_free(struct streams *streams);

// What the net brings.
void streams_received(struct streams *streams, const struct flow *flow, struct span bytes);
void streams_closed(struct streams *streams, const struct flow *flow);
