// SPDX-License-Identifier: Apache-2.0
// Connections: collects a request, has it answered, writes the reply. RFC 9112 sections 6, 9.
//
// libwebsockets carries the bytes and the timers; HTTP is ours (http_head.c). Its own HTTP/1.1
// server, version 4.1, loops for ever on a request that follows a body without waiting, answers
// what is malformed by itself, and decodes a path before one can tell a slash in a name from one
// between parts.
//
//     READING --request--> WRITING --written--> READING (the next request)
//        |                    |  ^
//        |                    |  +--done--WAITING (for a password's hash)
//        +--password--> WAITING
//                             +--the head of a stream--> STREAMING (stream.c)
//                             +--written, the last--> CLOSING (what still comes is thrown away)
//
// A client that is too slow loses its connection, in every state.
#include "api/api_int.h"

#include <libwebsockets.h>
#include <linux/sockios.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum {
    IDLE_S = 60,        // between requests
    REQUEST_S = 20,     // from a request's first byte to its last
    WORK_S = 60,        // that a request waits for a password to be checked
    MANY_WORKS_S = 900, // the same for the passwords of an import
    REPLY_S = 30,
    CLOSING_S = 2,
    CHUNK_SIZE = 16 * 1024,
    STREAM_SEND_BUFFER = 64 * 1024,
    IN_MAX = HEAD_MAX + REQUEST_BODY_MAX, // received ahead of the reply
    FILES_MAX = CONNECTIONS_MAX + STREAMS_MAX + 16,
    EVICTED_AT_ONCE = 64,
    EVICTED_AFTER_US = 1000 * 1000, // a request that is not slow is there by then
};

enum state { STATE_READING, STATE_WAITING, STATE_WRITING, STATE_STREAMING, STATE_CLOSING };

struct connection {
    struct lws *wsi;
    struct address peer;
    struct api_work *work; // that the request waits for
    struct stream *stream;
    struct connection **place, *next; // among all
    enum state state;
    lws_usec_t since_us; // reading, without a complete request
    bool is_evicted;
    bool is_open;      // adopted, thus counted
    bool is_invited;   // the client was asked for the body
    bool is_paused;    // nothing is read: enough has been received ahead
    bool closes_after; // the reply is the last
    char *in;          // received, and not yet answered
    size_t in_len, in_size;
    size_t in_needed; // so much must be there before it is worth another look
    char *out;        // the reply
    size_t out_len, out_sent;
    struct span file; // what of a file is still to be sent behind it
};

static void set_timer(struct lws *wsi, unsigned seconds)
{
    lws_set_timer_usecs(wsi, (lws_usec_t)seconds * LWS_US_PER_SEC);
}

static struct api *api_of(struct lws *wsi)
{
    return lws_context_user(lws_get_context(wsi));
}

// ---- Receiving

static bool keep(struct connection *connection, const char *bytes, size_t len)
{
    if (connection->in_len + len > connection->in_size) {
        size_t size = connection->in_len + len + CHUNK_SIZE;
        char *longer = realloc(connection->in, size);
        if (!longer) return false;
        connection->in = longer;
        connection->in_size = size;
    }
    if (len > 0) memcpy(connection->in + connection->in_len, bytes, len);
    connection->in_len += len;
    return true;
}

// Forgets the `len` bytes that have been answered.
static void forget(struct connection *connection, size_t len)
{
    connection->in_len -= len;
    connection->in_needed = 0;
    connection->is_invited = false;
    if (connection->in_len > 0) memmove(connection->in, connection->in + len, connection->in_len);
    if (connection->in_len > 0) return;
    free(connection->in); // an idle connection needs none
    connection->in = NULL;
    connection->in_size = 0;
}

// Has the body sent by a client that waits to be asked for it. RFC 9110 section 10.1.1.
static int invite(struct lws *wsi, struct connection *connection)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    unsigned char bytes[LWS_PRE + sizeof text];
    size_t len = sizeof text - 1;
    if (connection->is_invited) return 0;
    connection->is_invited = true;
    memcpy(bytes + LWS_PRE, text, len);
    return lws_write(wsi, bytes + LWS_PRE, len, LWS_WRITE_RAW) < 0 ? -1 : 0;
}

// ---- Answering

static int start_reply(struct lws *wsi, struct connection *connection, struct reply *reply,
                       const struct request *request)
{
    connection->closes_after = request->closes_after;
    if (reply->is_stream) {
        connection->stream = api_stream_new(api_of(wsi), request);
        if (!connection->stream) return -1;
        connection->out = api_stream_print_head(request, reply, &connection->out_len);
    } else {
        connection->out = api_http_print_reply(request, reply, &connection->out_len);
    }
    if (!connection->out) return -1;
    api_of(wsi)->replies[reply->status < STATUS_COUNT ? reply->status : 0]++;
    connection->out_sent = 0;
    connection->file = reply->file;
    connection->state = STATE_WRITING;
    set_timer(wsi, REPLY_S);
    lws_callback_on_writable(wsi);
    return 0;
}

static int refuse_head(struct lws *wsi, struct connection *connection, unsigned status)
{
    struct request request = {.method = METHOD_COUNT, .closes_after = true};
    struct reply reply = {.status = 0};
    switch (status) {
    case 431: api_reply_problem(&reply, 431, "the address and header fields are too long"); break;
    case 505: api_reply_problem(&reply, 505, "this is not HTTP/1.1"); break;
    default: api_reply_problem(&reply, status, "the request is malformed"); break;
    }
    forget(connection, connection->in_len);
    return start_reply(wsi, connection, &reply, &request);
}

// The request is answered when its work is done; until then it stays among what was received.
static int await_work(struct lws *wsi, struct connection *connection)
{
    connection->state = STATE_WAITING;
    set_timer(wsi, connection->work->items ? MANY_WORKS_S : WORK_S);
    api_work_await(api_of(wsi), connection->work, connection);
    return 0;
}

// Answers the first request of those received, once it is complete.
static int answer(struct lws *wsi, struct connection *connection, size_t searched)
{
    alignas(16) char texts[HEAD_MAX + 1024];
    struct arena arena = arena_over(texts, sizeof texts);
    struct span in = {connection->in, connection->in_len};
    struct request request;
    struct reply reply;
    size_t body_len, head_len = api_http_find_head_end(in, searched);
    if (head_len > HEAD_MAX || (head_len == 0 && in.len >= HEAD_MAX)) {
        return refuse_head(wsi, connection, 431);
    }
    if (head_len == 0) return 0;
    unsigned status = api_http_parse_head(span_slice(in, 0, head_len), &arena, &request, &body_len);
    if (status != 0) return refuse_head(wsi, connection, status);
    if (body_len > REQUEST_BODY_MAX && !api_takes_import(api_of(wsi), &request)) {
        request.framing = FRAMING_TOO_BIG;
        request.closes_after = true;
        body_len = 0;
    }
    if (in.len < head_len + body_len) {
        connection->in_needed = head_len + body_len;
        return request.expects_continue ? invite(wsi, connection) : 0;
    }
    request.body = span_slice(in, head_len, head_len + body_len);
    request.peer = connection->peer;
    request.work = connection->work;
    api_handle(api_of(wsi), &request, &reply);
    api_work_release(api_of(wsi), connection->work);
    connection->work = request.deferred;
    if (request.deferred) return await_work(wsi, connection);
    int result = start_reply(wsi, connection, &reply, &request);
    forget(connection, request.closes_after ? in.len : head_len + body_len);
    return result;
}

// What a listener sends. More than a message must not be kept.
static int on_stream_received(struct lws *wsi, struct connection *connection)
{
    size_t used = api_stream_received(api_of(wsi), connection->stream, connection->in,
                                      connection->in_len);
    forget(connection, used);
    lws_callback_on_writable(wsi);
    return connection->in_len > 2 * WEBSOCKET_MESSAGE_MAX ? -1 : 0;
}

static int on_received(struct lws *wsi, struct connection *connection, const char *bytes,
                       size_t len)
{
    size_t before = connection->in_len;
    if (connection->state == STATE_STREAMING) {
        return keep(connection, bytes, len) ? on_stream_received(wsi, connection) : -1;
    }
    if (connection->state == STATE_CLOSING || connection->closes_after) return 0;
    if (!keep(connection, bytes, len)) return -1;
    if (connection->state == STATE_WRITING || connection->state == STATE_WAITING) {
        connection->is_paused = connection->in_len >= IN_MAX;
        if (connection->is_paused) lws_rx_flow_control(wsi, 0);
        return 0;
    }
    if (before == 0) set_timer(wsi, REQUEST_S);
    if (before == 0) connection->since_us = lws_now_usecs();
    if (connection->in_len < connection->in_needed) return 0;
    return answer(wsi, connection, connection->in_needed ? 0 : before);
}

// ---- Writing

static int start_stream(struct lws *wsi, struct connection *connection)
{
    int size = STREAM_SEND_BUFFER; // who is slow is to be noticed, and costs no more than this
    connection->state = STATE_STREAMING;
    setsockopt(lws_get_socket_fd(wsi), SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    set_timer(wsi, TICK_S);
    lws_callback_on_writable(wsi);
    if (connection->is_paused) lws_rx_flow_control(wsi, 1);
    connection->is_paused = false;
    return connection->in_len > 0 ? on_stream_received(wsi, connection) : 0;
}

// Writes what is next for a listener, if the socket has taken all before.
static int write_stream(struct lws *wsi, struct connection *connection)
{
    unsigned char chunk[LWS_PRE + STREAM_CHUNK_MAX];
    if (api_stream_is_ended(connection->stream)) {
        connection->state = STATE_CLOSING;
        set_timer(wsi, CLOSING_S);
        return shutdown(lws_get_socket_fd(wsi), SHUT_WR) ? -1 : 0;
    }
    size_t len = api_stream_fill(api_of(wsi), connection->stream, chunk + LWS_PRE);
    if (len == 0) return 0;
    lws_callback_on_writable(wsi);
    return lws_write(wsi, chunk + LWS_PRE, len, LWS_WRITE_RAW) < 0 ? -1 : 0;
}

// Whether the other end has acknowledged all that was sent.
static bool is_all_taken(struct lws *wsi)
{
    int waiting = 0;
    return ioctl(lws_get_socket_fd(wsi), SIOCOUTQ, &waiting) == 0 && waiting == 0;
}

static int on_timer(struct lws *wsi, struct connection *connection)
{
    if (connection->state != STATE_STREAMING) return -1;
    if (!api_stream_tick(api_of(wsi), connection->stream, is_all_taken(wsi))) return -1;
    set_timer(wsi, TICK_S);
    lws_callback_on_writable(wsi);
    return 0;
}

// The reply is written. A client that is still sending must be able to read it, so the connection
// ends only when it stops or time is up. RFC 9112 section 9.6.
static int finish(struct lws *wsi, struct connection *connection)
{
    free(connection->out);
    connection->out = NULL;
    if (connection->stream) return start_stream(wsi, connection);
    if (connection->closes_after) {
        connection->state = STATE_CLOSING;
        set_timer(wsi, CLOSING_S);
        return shutdown(lws_get_socket_fd(wsi), SHUT_WR) ? -1 : 0;
    }
    connection->state = STATE_READING;
    connection->since_us = lws_now_usecs();
    set_timer(wsi, connection->in_len > 0 ? REQUEST_S : IDLE_S);
    if (connection->is_paused) lws_rx_flow_control(wsi, 1);
    connection->is_paused = false;
    return connection->in_len > 0 ? answer(wsi, connection, 0) : 0;
}

// Writes the next part of the reply. What the socket does not take, libwebsockets keeps, and calls
// again when it is gone.
static int on_writeable(struct lws *wsi, struct connection *connection)
{
    unsigned char chunk[LWS_PRE + CHUNK_SIZE];
    if (connection->state == STATE_STREAMING) return write_stream(wsi, connection);
    if (connection->state != STATE_WRITING) return 0;
    struct span rest = {connection->out + connection->out_sent,
                        connection->out_len - connection->out_sent};
    bool is_file = rest.len == 0;
    if (is_file) rest = connection->file;
    if (rest.len == 0) return finish(wsi, connection);
    size_t len = rest.len < CHUNK_SIZE ? rest.len : CHUNK_SIZE;
    memcpy(chunk + LWS_PRE, rest.at, len);
    if (is_file) connection->file = span_from(rest, len);
    if (!is_file) connection->out_sent += len;
    lws_callback_on_writable(wsi);
    return lws_write(wsi, chunk + LWS_PRE, len, LWS_WRITE_RAW) < 0 ? -1 : 0;
}

// ---- libwebsockets

static void open_connection(struct lws *wsi, struct connection *connection)
{
    connection->is_open = true;
    connection->wsi = wsi;
    connection->place = &api_of(wsi)->connections;
    connection->next = *connection->place;
    if (connection->next) connection->next->place = &connection->next;
    *connection->place = connection;
    api_listen_read_peer(lws_get_socket_fd(wsi), &connection->peer);
    api_of(wsi)->connection_count++;
    connection->since_us = lws_now_usecs();
    set_timer(wsi, REQUEST_S);
}

// The connection that has been reading for the longest time; NULL when none has for long.
static struct connection *find_slowest(const struct api *api, lws_usec_t before_us)
{
    struct connection *slowest = NULL;
    for (struct connection *at = api->connections; at; at = at->next) {
        bool is_slow = at->state == STATE_READING && !at->is_evicted && at->since_us < before_us;
        if (is_slow && (!slowest || at->since_us < slowest->since_us)) slowest = at;
    }
    return slowest;
}

void api_server_evict(struct api *api)
{
    lws_usec_t before_us = lws_now_usecs() - EVICTED_AFTER_US;
    for (unsigned i = 0; i < EVICTED_AT_ONCE; i++) {
        struct connection *slowest = find_slowest(api, before_us);
        if (!slowest) return;
        slowest->is_evicted = true;
        lws_set_timeout(slowest->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
    }
}

static void close_connection(struct lws *wsi, struct connection *connection)
{
    if (!connection || !connection->is_open) return;
    api_of(wsi)->connection_count--;
    *connection->place = connection->next;
    if (connection->next) connection->next->place = connection->place;
    api_work_release(api_of(wsi), connection->work);
    api_stream_free(api_of(wsi), connection->stream);
    free(connection->in);
    free(connection->out);
    *connection = (struct connection){.is_open = false};
}

static int on_connection(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                         size_t len)
{
    switch (reason) {
    case LWS_CALLBACK_RAW_ADOPT: open_connection(wsi, user); return 0;
    case LWS_CALLBACK_RAW_RX: return on_received(wsi, user, in, len);
    case LWS_CALLBACK_RAW_WRITEABLE: return on_writeable(wsi, user);
    case LWS_CALLBACK_RAW_CLOSE: close_connection(wsi, user); return 0;
    case LWS_CALLBACK_TIMER: return on_timer(wsi, user);
    default: return 0;
    }
}

static int on_listening(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                        size_t len)
{
    (void)user;
    (void)in;
    (void)len;
    if (reason == LWS_CALLBACK_RAW_RX_FILE) api_listen_accept(api_of(wsi), wsi);
    if (reason == LWS_CALLBACK_TIMER) lws_rx_flow_control(wsi, 1);
    return 0;
}

static const struct lws_protocols protocols[] = {
    {.name = "connection",
     .callback = on_connection,
     .per_session_data_size = sizeof(struct connection)},
    {.name = "listening", .callback = on_listening},
    {.name = NULL},
};

void api_server_wake(struct api *api)
{
    lws_cancel_service(api->lws);
}

void api_server_turn(struct api *api)
{
    struct connection *connection;
    while ((connection = api_work_next_done(api)) != NULL) {
        connection->state = STATE_READING;
        if (answer(connection->wsi, connection, 0) == 0) continue;
        lws_set_timeout(connection->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
    }
    if (!api_events_collect(api) && api->events_told == api_events_newest(api)) return;
    api->events_told = api_events_newest(api);
    for (connection = api->connections; connection; connection = connection->next) {
        if (connection->state == STATE_STREAMING) lws_callback_on_writable(connection->wsi);
    }
}

bool api_server_init(struct api *api)
{
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
        .protocols = protocols,
        .user = api,
        .fd_limit_per_thread = FILES_MAX,
    };
    // Its messages are about what strangers send; they would fill the log at their will.
    lws_set_log_level(0, NULL);
    api->lws = lws_create_context(&info);
    if (api->lws) api->vhost = lws_create_vhost(api->lws, &info);
    return api->vhost != NULL;
}

bool api_server_listen(struct api *api, int listening)
{
    lws_sock_file_fd_type descriptor = {.filefd = listening};
    return lws_adopt_descriptor_vhost(api->vhost, LWS_ADOPT_RAW_FILE_DESC, descriptor, "listening",
                                      NULL) != NULL;
}

void api_server_adopt(struct api *api, int accepted)
{
    lws_sock_file_fd_type descriptor = {.sockfd = accepted};
    // Where this fails, the socket is closed.
    lws_adopt_descriptor_vhost(api->vhost, LWS_ADOPT_SOCKET, descriptor, "connection", NULL);
}
