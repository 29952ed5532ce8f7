// SPDX-License-Identifier: Apache-2.0
// TCP connections over libuv: listening, connecting, sending, ending. A connection that does
// nothing costs its handle and no buffer: all read into one that belongs to the loop, and what
// cannot be sent at once is copied into a bounded queue.
//
//   net_connect          somebody connects
//        |                      |
//        v            TLS only: v                       net_close: what is queued is sent,
//   Connecting ------------> Shaking --- opened ---> Open ----------------> Ending --> (gone)
//        |                      |                     |
//        `-- failed: closed     `-- failed: closed    `-- ended, silent, crowded out: closed
//                                   if it is ours
#include "net/net_int.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum {
    LISTENER_MAX = 16,
    BACKLOG = 511,
    INBOX_BYTES = 64 * 1024,
    TLS_RECORD_BYTES = 16 * 1024,
    TICK_MS = 1000,
    STUCK_S = 30, // how long the peer may take none of what waits for it
    ENDING_S = 2, // how long an ended connection waits for the peer's end
    DESCRIPTORS_SPARE = 256,
};

enum connection_state {
    CONNECTION_CONNECTING,
    CONNECTION_SHAKING, // hands, by TLS
    CONNECTION_OPEN,
    CONNECTION_ENDING,
};

struct connection {
    uv_tcp_t tcp;
    uv_connect_t connecting;
    uv_shutdown_t ending;
    struct net *net;
    struct tls *tls; // NULL: TCP
    struct flow flow;
    uint64_t opened_us;
    uint64_t deadline_us; // closed then
    uint64_t progress_us; // when the peer last took something of what waits
    enum connection_state state;
    bool is_ours; // by net_connect
    bool is_kept; // net_keep was called: of use
};

struct listener {
    uv_tcp_t tcp;
    struct net *net;
    struct tls_context *tls; // NULL: TCP
    struct address local;
    uint16_t index;
};

struct streams {
    struct listener *listeners[LISTENER_MAX];
    uint16_t listener_count;
    uv_timer_t tick; // looks for connections whose time is over
    bool is_ticking;
    struct connection *connections[NET_CONNECTION_MAX];
    uint16_t generations[NET_CONNECTION_MAX];
    uint32_t search_from; // where to look for a free place
    uint32_t count, accepted_count;
    char inbox[INBOX_BYTES];
    char opened[TLS_RECORD_BYTES]; // what TLS makes of it
};

// ---- Numbers of connections: generation and place, never 0

uint32_t net_connection_place(uint32_t connection)
{
    ASSERT(connection > 0);
    return (connection & 0xffff) - 1;
}

static struct connection *find(const struct net *net, uint32_t number)
{
    if (!net->streams || number == 0) return NULL;
    uint32_t place = net_connection_place(number);
    if (place >= NET_CONNECTION_MAX) return NULL;
    struct connection *connection = net->streams->connections[place];
    return connection && connection->flow.connection == number ? connection : NULL;
}

bool net_is_open(const struct net *net, uint32_t number)
{
    const struct connection *connection = find(net, number);
    return connection && connection->state != CONNECTION_ENDING;
}

static void on_tick(uv_timer_t *timer);

// Puts the connection into a free place.
static void enter(struct connection *connection)
{
    struct streams *streams = connection->net->streams;
    uint32_t place = streams->search_from;
    while (streams->connections[place]) place = (place + 1) % NET_CONNECTION_MAX;
    streams->search_from = (place + 1) % NET_CONNECTION_MAX;
    streams->connections[place] = connection;
    streams->count++;
    if (!connection->is_ours) streams->accepted_count++;
    connection->flow.connection = (uint32_t)++streams->generations[place] << 16 | (place + 1);
    if (streams->is_ticking) return;
    streams->is_ticking = true;
    ASSERT(uv_timer_start(&streams->tick, on_tick, TICK_MS, TICK_MS) == 0);
}

static void leave(struct connection *connection)
{
    struct streams *streams = connection->net->streams;
    streams->connections[net_connection_place(connection->flow.connection)] = NULL;
    streams->count--;
    if (!connection->is_ours) streams->accepted_count--;
    if (streams->count > 0) return;
    streams->is_ticking = false;
    (void)uv_timer_stop(&streams->tick);
}

// ---- The end

static void on_connection_freed(uv_handle_t *handle)
{
    struct connection *connection = handle->data;
    tls_free(connection->tls);
    free(connection);
}

// Ends the connection now. `reason` is told, unless net_close has ended it before or nobody was
// told of it; NULL: nobody is told.
static void end(struct connection *connection, const char *reason)
{
    const struct net_handler *handler = &connection->net->handler;
    struct flow flow = connection->flow;
    bool is_known = connection->is_ours || connection->state == CONNECTION_OPEN;
    bool is_told = reason && is_known && connection->state != CONNECTION_ENDING;
    leave(connection);
    uv_close((uv_handle_t *)&connection->tcp, on_connection_freed);
    if (is_told) handler->closed(handler->context, &flow, reason);
}

static const char *reason_of(int status)
{
    switch (status) {
    case UV_EOF: return "the peer closed the connection";
    case UV_ECONNRESET:
    case UV_EPIPE: return "the peer broke the connection";
    case UV_ETIMEDOUT: return "the peer does not answer";
    case UV_ECONNREFUSED: return "connection refused";
    case UV_EHOSTUNREACH:
    case UV_ENETUNREACH: return "no route to the peer";
    default: return uv_strerror(status);
    }
}

static void on_shut_down(uv_shutdown_t *request, int status)
{
    struct connection *connection = request->data;
    if (status == UV_ECANCELED) return; // it is being freed
    if (status < 0) end(connection, NULL);
}

void net_keep(struct net *net, uint32_t number, uint32_t seconds)
{
    struct connection *connection = find(net, number);
    if (!connection || connection->state == CONNECTION_ENDING) return;
    connection->is_kept = true;
    connection->deadline_us = net_now_us() + (uint64_t)seconds * 1000000;
}

static bool is_stuck(const struct connection *connection, uint64_t now_us)
{
    return uv_stream_get_write_queue_size((const uv_stream_t *)&connection->tcp) > 0 &&
           connection->state == CONNECTION_OPEN &&
           connection->progress_us + (uint64_t)STUCK_S * 1000000 <= now_us;
}

static void on_tick(uv_timer_t *timer)
{
    struct net *net = timer->data;
    uint64_t now_us = net_now_us();
    for (uint32_t i = 0; i < NET_CONNECTION_MAX; i++) {
        struct connection *connection = net->streams->connections[i];
        if (!connection) continue;
        if (is_stuck(connection, now_us)) {
            end(connection, "the peer does not read");
        } else if (connection->deadline_us <= now_us) {
            bool is_connecting = connection->state < CONNECTION_OPEN;
            end(connection, is_connecting ? reason_of(UV_ETIMEDOUT) : "nothing came for too long");
        }
    }
    net->handler.batch_ended(net->handler.context);
}

// ---- Sending

struct pending {
    uv_write_t request;
    struct connection *connection;
    char bytes[];
};

static void on_written(uv_write_t *request, int status)
{
    struct pending *pending = request->data;
    struct connection *connection = pending->connection;
    free(pending);
    if (status == UV_ECANCELED) return; // it is being freed
    if (status < 0) {
        end(connection, reason_of(status));
    } else {
        connection->progress_us = net_now_us();
    }
}

// Queues what the system did not take at once. False when there is no memory.
static bool queue(struct connection *connection, struct span bytes)
{
    uv_stream_t *stream = (uv_stream_t *)&connection->tcp;
    struct pending *pending = malloc(sizeof *pending + bytes.len);
    if (!pending) return false;
    if (uv_stream_get_write_queue_size(stream) == 0) connection->progress_us = net_now_us();
    pending->connection = connection;
    pending->request.data = pending;
    memcpy(pending->bytes, bytes.at, bytes.len);
    uv_buf_t part = uv_buf_init(pending->bytes, (unsigned)bytes.len);
    if (uv_write(&pending->request, stream, &part, 1, on_written) == 0) return true;
    free(pending);
    return false;
}

// The bytes that the system takes at once; what is broken shows when it is read from.
static size_t try_write(struct connection *connection, struct span bytes)
{
    uv_stream_t *stream = (uv_stream_t *)&connection->tcp;
    if (connection->state == CONNECTION_CONNECTING) return 0;
    uv_buf_t part = uv_buf_init((char *)(uintptr_t)bytes.at, (unsigned)bytes.len);
    int count = uv_try_write(stream, &part, 1);
    return count > 0 ? (size_t)count : 0;
}

static bool send_raw(struct connection *connection, struct span bytes)
{
    struct span rest = span_from(bytes, try_write(connection, bytes));
    return rest.len == 0 || queue(connection, rest);
}

// Sends what TLS wants to have sent.
static bool flush_tls(struct connection *connection)
{
    struct span bytes = tls_unsent(connection->tls);
    bool is_sent = bytes.len == 0 || send_raw(connection, bytes);
    tls_sent(connection->tls);
    return is_sent;
}

static bool send_bytes(struct connection *connection, struct span bytes)
{
    if (!connection->tls) return send_raw(connection, bytes);
    return tls_write(connection->tls, bytes) && flush_tls(connection);
}

static size_t unsent_len(const struct connection *connection)
{
    size_t early_len = connection->tls ? tls_early_len(connection->tls) : 0;
    return early_len + uv_stream_get_write_queue_size((const uv_stream_t *)&connection->tcp);
}

void net_close(struct net *net, uint32_t number)
{
    struct connection *connection = find(net, number);
    if (!connection || connection->state == CONNECTION_ENDING) return;
    bool is_connecting = connection->state == CONNECTION_CONNECTING;
    if (connection->tls) {
        tls_shut_down(connection->tls);
        (void)flush_tls(connection);
    }
    connection->state = CONNECTION_ENDING;
    connection->deadline_us = net_now_us() + (uint64_t)ENDING_S * 1000000;
    connection->ending.data = connection;
    // Closing before the peer's last bytes were read would take our last ones away from it.
    if (is_connecting ||
        uv_shutdown(&connection->ending, (uv_stream_t *)&connection->tcp, on_shut_down) != 0) {
        end(connection, NULL);
    }
}

void stream_send(struct net *net, const struct flow *flow, struct span bytes)
{
    struct connection *connection = find(net, flow->connection);
    bool is_open = connection && connection->state != CONNECTION_ENDING;
    // Dropped as a whole: half a message would spoil all that follow.
    if (!is_open || unsent_len(connection) + bytes.len > NET_UNSENT_MAX) {
        net->counts.send_dropped++;
        return;
    }
    if (!send_bytes(connection, bytes)) {
        net->counts.send_dropped++;
        net_close(net, flow->connection);
        return;
    }
    net->counts.sent++;
}

// ---- Receiving

static void on_room_wanted(uv_handle_t *handle, size_t suggested, uv_buf_t *room)
{
    const struct connection *connection = handle->data;
    (void)suggested;
    *room = uv_buf_init(connection->net->streams->inbox, INBOX_BYTES);
}

static void deliver(struct connection *connection, struct span bytes)
{
    const struct net_handler *handler = &connection->net->handler;
    struct flow flow = connection->flow; // the connection may be gone when it returns
    handler->received(handler->context, &flow, bytes);
}

static void announce(struct connection *connection);

// Hands on what TLS has opened.
static enum tls_event deliver_opened(struct connection *connection)
{
    struct net *net = connection->net;
    uint32_t number = connection->flow.connection;
    size_t len;
    for (;;) {
        enum tls_event event = tls_read(connection->tls, net->streams->opened, TLS_RECORD_BYTES,
                                        &len);
        if (event != TLS_DONE) return event;
        deliver(connection, (struct span){net->streams->opened, len});
        if (!net_is_open(net, number)) return TLS_WAIT;
    }
}

// Sealed bytes have come.
static void take_sealed(struct connection *connection, struct span bytes)
{
    struct net *net = connection->net;
    uint32_t number = connection->flow.connection;
    if (!tls_put_received(connection->tls, bytes)) {
        end(connection, "no memory");
        return;
    }
    enum tls_event event = TLS_DONE;
    if (connection->state == CONNECTION_SHAKING) {
        event = tls_shake(connection->tls);
        (void)flush_tls(connection);
        if (event == TLS_DONE) announce(connection);
        if (event == TLS_DONE && !net_is_open(net, number)) return;
    }
    if (event == TLS_DONE) event = deliver_opened(connection);
    if (!net_is_open(net, number)) return;
    bool is_flushed = flush_tls(connection);
    if (event == TLS_FAILED)
        end(connection, tls_problem(connection->tls));
    else if (event == TLS_CLOSED)
        end(connection, reason_of(UV_EOF));
    else if (!is_flushed)
        end(connection, "no memory");
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *room)
{
    struct connection *connection = stream->data;
    const struct net_handler *handler = &connection->net->handler;
    if (count == 0) return;
    if (count < 0) {
        end(connection, reason_of((int)count));
    } else if (connection->state != CONNECTION_ENDING) {
        struct span bytes = {room->base, (size_t)count};
        if (connection->tls)
            take_sealed(connection, bytes);
        else
            deliver(connection, bytes);
    }
    handler->batch_ended(handler->context);
}

// ---- Connections

// Takes `tls` (NULL: TCP) over, also when it fails.
static struct connection *new_connection(struct net *net, uint16_t socket, bool is_ours,
                                         struct tls *tls)
{
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection) {
        tls_free(tls);
        return NULL;
    }
    connection->tls = tls;
    connection->net = net;
    connection->is_ours = is_ours;
    connection->flow.transport = tls ? TRANSPORT_TLS : TRANSPORT_TCP;
    connection->flow.socket = socket;
    connection->opened_us = connection->progress_us = net_now_us();
    connection->tcp.data = connection;
    if (uv_tcp_init(&net->loop, &connection->tcp) == 0) return connection;
    tls_free(tls);
    free(connection);
    return NULL;
}

// A connection that was never entered.
static void drop(struct connection *connection)
{
    uv_close((uv_handle_t *)&connection->tcp, on_connection_freed);
}

// Small messages leave at once, and a peer that is gone is noticed.
static void prepare(struct connection *connection)
{
    int fd;
    unsigned timeout_ms = STUCK_S * 1000;
    (void)uv_tcp_nodelay(&connection->tcp, 1);
    (void)uv_tcp_keepalive(&connection->tcp, 1, STUCK_S);
    if (uv_fileno((uv_handle_t *)&connection->tcp, &fd) == 0) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof timeout_ms);
    }
}

// The connection can be used: tells so.
static void announce(struct connection *connection)
{
    const struct net_handler *handler = &connection->net->handler;
    struct flow flow = connection->flow;
    connection->state = CONNECTION_OPEN;
    handler->opened(handler->context, &flow, connection->is_ours);
}

static void open_connection(struct connection *connection)
{
    struct net *net = connection->net;
    uint32_t number = connection->flow.connection;
    connection->deadline_us = net_now_us() + (uint64_t)NET_SILENT_S * 1000000;
    prepare(connection);
    if (connection->tls) {
        connection->state = CONNECTION_SHAKING;
        (void)tls_shake(connection->tls); // who connects speaks first
        (void)flush_tls(connection);
    } else {
        announce(connection);
    }
    if (!find(net, number)) return; // the handler has closed it
    int status = uv_read_start((uv_stream_t *)&connection->tcp, on_room_wanted, on_read);
    if (status < 0) end(connection, reason_of(status));
}

// ---- Others' connections

// Makes room for one from `peer`: where there are too many, the oldest goes that was of no use yet.
static bool make_room(struct net *net, const struct address *peer)
{
    struct streams *streams = net->streams;
    struct connection *oldest = NULL, *oldest_same = NULL;
    uint32_t same_count = 0;
    for (uint32_t i = 0; i < NET_CONNECTION_MAX; i++) {
        struct connection *other = streams->connections[i];
        if (!other || other->is_ours) continue;
        bool is_same = address_eq_host(&other->flow.peer, peer);
        if (is_same) same_count++;
        if (other->is_kept) continue;
        if (!oldest || other->opened_us < oldest->opened_us) oldest = other;
        if (!is_same) continue;
        if (!oldest_same || other->opened_us < oldest_same->opened_us) oldest_same = other;
    }
    bool is_crowd = same_count >= NET_PER_ADDRESS_MAX;
    if (!is_crowd && streams->accepted_count < NET_ACCEPTED_MAX) return true;
    struct connection *victim = is_crowd ? oldest_same : oldest;
    net->counts.crowded_out++;
    if (victim) end(victim, "too many connections");
    return victim != NULL;
}

static bool read_peer(struct connection *connection)
{
    union net_sockaddr name;
    int len = sizeof name;
    if (uv_tcp_getpeername(&connection->tcp, &name.any, &len) != 0) return false;
    connection->flow.peer = net_from_sockaddr(&name);
    return true;
}

static void on_connection(uv_stream_t *stream, int status)
{
    const struct listener *listener = stream->data;
    struct net *net = listener->net;
    if (status != 0) return;
    struct tls *tls = listener->tls ? tls_new_server(listener->tls) : NULL;
    struct connection *connection = !tls == !listener->tls
                                        ? new_connection(net, listener->index, false, tls)
                                        : NULL;
    if (!connection) return;
    net->counts.accepted++;
    if (uv_accept(stream, (uv_stream_t *)&connection->tcp) != 0 || !read_peer(connection) ||
        !make_room(net, &connection->flow.peer)) {
        drop(connection);
        return;
    }
    enter(connection);
    open_connection(connection);
    net->handler.batch_ended(net->handler.context);
}

// ---- Our connections

static void on_connected(uv_connect_t *request, int status)
{
    struct connection *connection = request->data;
    const struct net_handler *handler = &connection->net->handler;
    if (status == UV_ECANCELED) return; // it is being freed
    if (status < 0) {
        end(connection, reason_of(status));
    } else {
        open_connection(connection);
    }
    handler->batch_ended(handler->context);
}

static bool begin_connecting(struct connection *connection, const struct address *local)
{
    union net_sockaddr name;
    struct address from = *local;
    from.port = 0;
    if (local->family != connection->flow.peer.family) return false;
    (void)net_to_sockaddr(&from, &name);
    if (!net_is_wildcard(local) && uv_tcp_bind(&connection->tcp, &name.any, 0) != 0) return false;
    (void)net_to_sockaddr(&connection->flow.peer, &name);
    connection->connecting.data = connection;
    return uv_tcp_connect(&connection->connecting, &connection->tcp, &name.any, on_connected) == 0;
}

bool net_connect(struct net *net, uint16_t socket, const struct address *peer,
                 const struct net_tls *tls, struct flow *flow, struct net_problem *problem)
{
    struct streams *streams = net->streams;
    ASSERT(streams && socket < streams->listener_count);
    struct tls *client = tls ? tls_new_client(tls, problem) : NULL;
    if (tls && !client) return false;
    struct connection *connection = new_connection(net, socket, true, client);
    bool is_room = streams->count < NET_CONNECTION_MAX;
    if (connection && is_room) {
        connection->flow.peer = *peer;
        connection->deadline_us = net_now_us() + (uint64_t)NET_CONNECT_S * 1000000;
        if (begin_connecting(connection, &streams->listeners[socket]->local)) {
            enter(connection);
            *flow = connection->flow;
            return true;
        }
    }
    if (connection) drop(connection);
    (void)net_fail(problem, ERR_UNREACHABLE, "cannot connect",
                   is_room ? "no route to the peer" : "too many connections");
    return false;
}

// ---- Listening

// As many descriptors as the system lets us have: others' connections must not use up those that
// the program needs itself.
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    rlim_t wanted = NET_CONNECTION_MAX + DESCRIPTORS_SPARE;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static bool stream_init(struct net *net)
{
    if (net->streams) return true;
    ASSERT(net->handler.opened && net->handler.received && net->handler.closed);
    net->streams = calloc(1, sizeof *net->streams);
    if (!net->streams) return false;
    ASSERT(uv_timer_init(&net->loop, &net->streams->tick) == 0);
    net->streams->tick.data = net;
    raise_descriptor_limit();
    return true;
}

static void on_listener_closed(uv_handle_t *handle)
{
    struct listener *listener = handle->data;
    tls_free_context(listener->tls);
    free(listener);
}

// Binds and listens; a status of libuv. `*local` gets the port that the system chose.
static int listen_on(struct listener *listener)
{
    union net_sockaddr name;
    int len = sizeof name;
    (void)net_to_sockaddr(&listener->local, &name);
    unsigned flags = listener->local.family == ADDRESS_IPV6 ? UV_TCP_IPV6ONLY : 0;
    int status = uv_tcp_bind(&listener->tcp, &name.any, flags);
    if (status == 0) status = uv_listen((uv_stream_t *)&listener->tcp, BACKLOG, on_connection);
    if (status == 0) status = uv_tcp_getsockname(&listener->tcp, &name.any, &len);
    if (status == 0) listener->local.port = net_from_sockaddr(&name).port;
    return status;
}

// Takes `tls` (NULL: TCP) over, also when it fails.
static bool listen_stream(struct net *net, const struct address *local, struct tls_context *tls,
                          uint16_t *socket, struct net_problem *problem)
{
    const char *protocol = tls ? "TLS" : "TCP";
    bool is_room = stream_init(net) && net->streams->listener_count < LISTENER_MAX;
    struct listener *listener = is_room ? calloc(1, sizeof *listener) : NULL;
    if (!listener || uv_tcp_init(&net->loop, &listener->tcp) != 0) {
        net_listen_failed(problem, local, protocol, ENOMEM);
        tls_free_context(tls);
        free(listener);
        return false;
    }
    listener->net = net;
    listener->local = *local;
    listener->tls = tls;
    listener->tcp.data = listener;
    listener->index = *socket = net->streams->listener_count;
    int status = listen_on(listener);
    if (status != 0) {
        net_listen_failed(problem, local, protocol, -status);
        uv_close((uv_handle_t *)&listener->tcp, on_listener_closed);
        return false;
    }
    net->streams->listeners[net->streams->listener_count++] = listener;
    return true;
}

bool net_listen_tcp(struct net *net, const struct address *local, uint16_t *socket,
                    struct net_problem *problem)
{
    return listen_stream(net, local, NULL, socket, problem);
}

bool net_listen_tls(struct net *net, const struct address *local, const char *certificate_file,
                    const char *key_file, uint16_t *socket, struct net_problem *problem)
{
    struct tls_context *tls = tls_new_server_context(certificate_file, key_file, problem);
    return tls && listen_stream(net, local, tls, socket, problem);
}

bool net_reload_tls(struct net *net, const char *certificate_file, const char *key_file,
                    struct net_problem *problem)
{
    struct tls_context *fresh[LISTENER_MAX] = {NULL};
    uint16_t count = net->streams ? net->streams->listener_count : 0;
    for (uint16_t i = 0; i < count; i++) {
        if (!net->streams->listeners[i]->tls) continue;
        fresh[i] = tls_new_server_context(certificate_file, key_file, problem);
        if (fresh[i]) continue;
        while (i-- > 0) tls_free_context(fresh[i]);
        return false;
    }
    for (uint16_t i = 0; i < count; i++) {
        if (!fresh[i]) continue;
        tls_free_context(net->streams->listeners[i]->tls); // what was made of it keeps it
        net->streams->listeners[i]->tls = fresh[i];
    }
    return true;
}

struct address net_stream_address(const struct net *net, uint16_t socket)
{
    ASSERT(net->streams && socket < net->streams->listener_count);
    return net->streams->listeners[socket]->local;
}

uint32_t stream_count(const struct net *net)
{
    return net->streams ? net->streams->count : 0;
}

void stream_close_all(struct net *net)
{
    struct streams *streams = net->streams;
    if (!streams) return;
    for (uint16_t i = 0; i < streams->listener_count; i++) {
        uv_close((uv_handle_t *)&streams->listeners[i]->tcp, on_listener_closed);
    }
    for (uint32_t i = 0; i < NET_CONNECTION_MAX; i++) {
        if (streams->connections[i]) end(streams->connections[i], NULL);
    }
    uv_close((uv_handle_t *)&streams->tick, NULL);
}

void stream_fini(struct net *net)
{
    free(net->streams);
}
