// SPDX-License-Identifier: Apache-2.0
// A connection that listens to events, by WebSocket or as Server-Sent Events. RFC 6455; the HTML
// standard, section 9.2.
//
// Every TICK_S it is pinged, and it is looked whether its session or token still holds. Who does
// not read, or does not answer the pings of a WebSocket, is dropped.
#include "api/api_int.h"

#include <stdlib.h>
#include <string.h>

enum { STREAMS_PER_USER_MAX = 20, SILENT_TICKS_MAX = 3 };

struct stream {
    bool is_websocket, is_hello_due, is_ping_due, is_ended;
    unsigned closing; // a code to close with; 0: none
    const char *why;
    unsigned silent_ticks; // since something was received; with SSE since something was sent
    uint64_t last;         // event shown
    uint32_t user_id;      // whose page it is; 0: none
    struct principal principal;
    struct stream **place, *next;
};

// How many connections of `user` listen: each is a client of theirs.
static unsigned count_streams(const struct api *api, const char *user)
{
    unsigned count = 0;
    for (const struct stream *at = api->streams; at; at = at->next) {
        count += strcmp(at->principal.user, user) == 0;
    }
    return count;
}

// ---- Beginning

static bool has_word(struct span list, struct span word)
{
    while (list.len > 0) {
        struct span item = span_split(&list, ',');
        if (span_eq_nocase(span_trim(span_split(&item, ';')), word)) return true;
    }
    return false;
}

void api_events_get(struct api *api, struct request *request, struct reply *reply)
{
    const struct principal *principal = &request->principal;
    bool is_websocket = span_eq_nocase(request->upgrade, SPAN("websocket"));
    char accept[WEBSOCKET_ACCEPT_SIZE];
    if (!is_websocket && !has_word(request->accept, SPAN("text/event-stream"))) {
        api_reply_problem(reply, 406,
                          "events come by WebSocket, or with Accept: "
                          "text/event-stream");
    } else if (is_websocket && !span_eq(request->websocket_version, SPAN("13"))) {
        api_reply_problem(reply, 426, "the WebSocket's version must be 13");
    } else if (is_websocket && !api_websocket_accept(request->websocket_key, accept)) {
        api_reply_problem(reply, 400, "Sec-WebSocket-Key is not 16 bytes in base64");
    } else if (api->stream_count >= STREAMS_MAX ||
               (principal->user[0] &&
                count_streams(api, principal->user) >= STREAMS_PER_USER_MAX)) {
        reply->retry_after_s = 10;
        api_reply_problem(reply, 429, "too many connections listen already");
    } else {
        reply->status = is_websocket ? 101 : 200;
        reply->is_stream = true;
    }
}

char *api_stream_print_head(const struct request *request, const struct reply *reply, size_t *len)
{
    char accept[WEBSOCKET_ACCEPT_SIZE], *head = malloc(512);
    if (!head) return NULL;
    struct buffer out = buffer_over(head, 512);
    if (reply->status == 101) {
        bool is_valid = api_websocket_accept(request->websocket_key, accept);
        ASSERT(is_valid);
        buffer_printf(&out,
                      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                      "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                      accept);
    } else {
        buffer_put_text(&out, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                              "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
                              "X-Accel-Buffering: no\r\nConnection: close\r\n\r\n");
    }
    ASSERT(!out.is_full);
    *len = out.len;
    return head;
}

struct stream *api_stream_new(struct api *api, const struct request *request)
{
    struct stream *stream = calloc(1, sizeof *stream);
    struct span resume = request->last_event_id;
    if (!stream) return NULL;
    if (!resume.at) resume = api_query_get(request, "last_event_id");
    stream->is_websocket = span_eq_nocase(request->upgrade, SPAN("websocket"));
    stream->principal = request->principal;
    stream->last = api_events_newest(api);
    // Who comes for the first time, or cannot be told all that they have missed, has to read anew.
    stream->is_hello_due = !resume.at || !api_events_resume(api, resume, &stream->last);
    stream->next = api->streams;
    if (stream->next) stream->next->place = &stream->next;
    stream->place = &api->streams;
    api->streams = stream;
    api->stream_count++;
    api_events_join(api);
    stream->user_id = api_web_clients_user(api, &stream->principal);
    api_web_clients_alive(api, stream->user_id);
    return stream;
}

void api_stream_free(struct api *api, struct stream *stream)
{
    if (!stream) return;
    *stream->place = stream->next;
    if (stream->next) stream->next->place = stream->place;
    api->stream_count--;
    api_events_leave(api);
    // Who ends it lives; who is dropped for being silent does not.
    if (stream->silent_ticks == 0) api_web_clients_alive(api, stream->user_id);
    free(stream);
}

// ---- Sending

static size_t put_frame(const struct stream *stream, enum websocket_opcode opcode,
                        struct span payload, unsigned char *chunk)
{
    unsigned char head[WEBSOCKET_HEAD_MAX];
    ASSERT(stream->is_websocket && payload.len <= STREAM_CHUNK_MAX - WEBSOCKET_HEAD_MAX);
    size_t head_len = api_websocket_put_head(head, opcode, payload.len);
    memcpy(chunk, head, head_len);
    if (payload.len > 0) memcpy(chunk + head_len, payload.at, payload.len);
    return head_len + payload.len;
}

// One event, with its number, in the form of the connection.
static size_t put_event(const struct api *api, const struct stream *stream, struct span text,
                        unsigned char *chunk)
{
    char bytes[STREAM_CHUNK_MAX - WEBSOCKET_HEAD_MAX];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    if (stream->is_websocket) {
        buffer_put_text(&out, "{\"id\":\"");
        api_events_print_id(api, stream->last, &out);
        buffer_put_text(&out, "\",");
        buffer_put(&out, span_from(text, 1));
        return out.is_full ? 0 : put_frame(stream, WEBSOCKET_TEXT, buffer_span(&out), chunk);
    }
    buffer_put_text(&out, "id: ");
    api_events_print_id(api, stream->last, &out);
    buffer_put_text(&out, "\ndata: ");
    buffer_put(&out, text);
    buffer_put_text(&out, "\n\n");
    if (out.is_full) return 0;
    memcpy(chunk, out.at, out.len);
    return out.len;
}

// The last that is sent: why the connection ends.
static size_t put_end(struct stream *stream, unsigned char *chunk)
{
    char bytes[200];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    stream->is_ended = true;
    if (stream->is_websocket) {
        buffer_put_byte(&out, (char)(stream->closing >> 8));
        buffer_put_byte(&out, (char)stream->closing);
        buffer_put_text(&out, stream->why);
        return put_frame(stream, WEBSOCKET_CLOSE, buffer_span(&out), chunk);
    }
    buffer_printf(&out, "event: end\ndata: {\"type\":\"end\",\"reason\":\"%s\"}\n\n", stream->why);
    memcpy(chunk, out.at, out.len);
    return out.len;
}

static void close_with(struct stream *stream, unsigned code, const char *why)
{
    if (stream->closing) return;
    stream->closing = code;
    stream->why = why;
}

size_t api_stream_fill(struct api *api, struct stream *stream, unsigned char *chunk)
{
    struct span text;
    if (stream->is_ended) return 0;
    if (stream->closing) return put_end(stream, chunk);
    if (!stream->is_websocket) stream->silent_ticks = 0;
    if (stream->is_hello_due) {
        stream->is_hello_due = false;
        return put_event(api, stream, SPAN("{\"type\":\"hello\"}"), chunk);
    }
    if (stream->is_ping_due) {
        stream->is_ping_due = false;
        if (stream->is_websocket) return put_frame(stream, WEBSOCKET_PING, SPAN_NONE, chunk);
        memcpy(chunk, ":\n\n", 3);
        return 3;
    }
    switch (api_events_next(api, &stream->principal, &stream->last, &text)) {
    case EVENT_THERE: return put_event(api, stream, text, chunk);
    case EVENT_PASSED:
        close_with(stream, WEBSOCKET_POLICY, "too slow: events were missed");
        return put_end(stream, chunk);
    case EVENT_NONE: break;
    }
    return 0;
}

bool api_stream_is_ended(const struct stream *stream)
{
    return stream->is_ended;
}

// ---- Receiving

size_t api_stream_received(struct api *api, struct stream *stream, char *bytes, size_t size)
{
    struct websocket_frame frame;
    size_t used = 0;
    stream->silent_ticks = 0;
    if (!stream->is_websocket) return size; // nothing that is said here counts
    api_web_clients_alive(api, stream->user_id);
    while (!stream->closing && api_websocket_read(bytes + used, size - used, &frame)) {
        if (frame.problem) close_with(stream, frame.problem, "malformed or too long");
        if (frame.opcode == WEBSOCKET_CLOSE) close_with(stream, WEBSOCKET_NORMAL, "");
        if (frame.opcode == WEBSOCKET_PING) stream->is_ping_due = true; // as good as a pong
        used += frame.len;
    }
    return stream->closing ? size : used;
}

bool api_stream_tick(struct api *api, struct stream *stream, bool is_taken)
{
    struct reply reply = {.status = 0};
    if (++stream->silent_ticks > SILENT_TICKS_MAX) return false;
    // Nothing comes back from who reads Server-Sent Events but that the network has delivered them.
    if (!stream->is_websocket && is_taken) api_web_clients_alive(api, stream->user_id);
    if (!api_access_renew(api, &stream->principal, &reply) && reply.status == 401) {
        close_with(stream, WEBSOCKET_POLICY, "the session or token has ended");
    }
    json_decref(reply.body);
    stream->is_ping_due = true;
    return true;
}
