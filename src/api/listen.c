// SPDX-License-Identifier: Apache-2.0
// The listening socket. It is ours rather than libwebsockets', which would not say why a bind
// failed; the connections that it accepts are adopted there.
#include "api/api_int.h"

#include <errno.h>
#include <libwebsockets.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BACKLOG = 1024,
    ACCEPTS_MAX = 64,        // before others get their turn
    ACCEPT_PAUSE_US = 20000, // where there is no room for a connection
};

union socket_address {
    struct sockaddr any;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
};

static socklen_t to_socket_address(const struct address *address, union socket_address *out)
{
    memset(out, 0, sizeof *out);
    if (address->family == ADDRESS_IPV6) {
        out->ipv6.sin6_family = AF_INET6;
        out->ipv6.sin6_port = htons(address->port);
        memcpy(&out->ipv6.sin6_addr, address->bytes, 16);
        return sizeof out->ipv6;
    }
    out->ipv4.sin_family = AF_INET;
    out->ipv4.sin_port = htons(address->port);
    memcpy(&out->ipv4.sin_addr, address->bytes, 4);
    return sizeof out->ipv4;
}

// With port 0 the system has chosen one.
static int read_port(int socket_fd, struct address *actual)
{
    union socket_address bound;
    socklen_t len = sizeof bound;
    if (getsockname(socket_fd, &bound.any, &len)) return -1;
    bool is_ipv6 = bound.any.sa_family == AF_INET6;
    actual->port = ntohs(is_ipv6 ? bound.ipv6.sin6_port : bound.ipv4.sin_port);
    return 0;
}

void api_listen_read_peer(int accepted, struct address *peer)
{
    union socket_address other;
    socklen_t len = sizeof other;
    *peer = (struct address){.family = ADDRESS_NONE};
    if (getpeername(accepted, &other.any, &len)) return;
    if (other.any.sa_family == AF_INET6) {
        peer->family = ADDRESS_IPV6;
        peer->port = ntohs(other.ipv6.sin6_port);
        memcpy(peer->bytes, &other.ipv6.sin6_addr, 16);
    } else if (other.any.sa_family == AF_INET) {
        peer->family = ADDRESS_IPV4;
        peer->port = ntohs(other.ipv4.sin_port);
        memcpy(peer->bytes, &other.ipv4.sin_addr, 4);
    }
}

static void explain(struct settings_problem *problem, int error, const struct address *address)
{
    char text[64];
    struct buffer out = buffer_over(text, sizeof text);
    const char *cause = strerror(error);
    problem->err = ERR_IO;
    if (error == EADDRINUSE) {
        problem->err = ERR_IN_USE;
        cause = err_text(ERR_IN_USE);
    } else if (error == EACCES) {
        problem->err = ERR_ACCESS;
        cause = err_text(ERR_ACCESS);
    } else if (error == EADDRNOTAVAIL) {
        problem->err = ERR_UNREACHABLE;
        cause = "this machine has no such address";
    }
    address_print(&out, address);
    snprintf(problem->field, sizeof problem->field, "api");
    snprintf(problem->reason, sizeof problem->reason, "cannot listen on %.*s: %s", (int)out.len,
             text, cause);
}

int api_listen_open(const struct address *address, struct address *actual,
                    struct settings_problem *problem)
{
    union socket_address bound;
    socklen_t len = to_socket_address(address, &bound);
    int on = 1;
    int listening = socket(bound.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    *actual = *address;
    if (listening >= 0 && !setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) &&
        !bind(listening, &bound.any, len) && !listen(listening, BACKLOG) &&
        !read_port(listening, actual)) {
        return listening;
    }
    explain(problem, errno, address);
    if (listening >= 0) close(listening);
    return -1;
}

void api_listen_accept(struct api *api, struct lws *wsi)
{
    for (unsigned i = 0; i < ACCEPTS_MAX; i++) {
        bool has_room = api->connection_count < CONNECTIONS_MAX + api->stream_count;
        int accepted = -1;
        if (has_room) {
            accepted = accept4(lws_get_socket_fd(wsi), NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        }
        if (accepted >= 0) {
            api_server_adopt(api, accepted);
        } else if (!has_room || errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
            // It stays in the queue until slow ones have gone. Watching the socket meanwhile would
            // only burn time.
            api_server_evict(api);
            lws_rx_flow_control(wsi, 0);
            lws_set_timer_usecs(wsi, ACCEPT_PAUSE_US);
            return;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return;
        }
    }
}
