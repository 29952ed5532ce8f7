// SPDX-License-Identifier: Apache-2.0
// Sockets that media are sent from. Nothing is received by them: what comes is thrown away by the
// system, before it costs us anything.
#include "net/net_int.h"

#include <errno.h>
#include <linux/filter.h>
#include <stdlib.h>
#include <unistd.h>

// A filter that lets nothing in.
static void shut(int fd)
{
    struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
    struct sock_fprog program = {.len = 1, .filter = &nothing};
    (void)setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

static int open_socket(struct address *local)
{
    union net_sockaddr name;
    socklen_t len = net_to_sockaddr(local, &name);
    int yes = 1, fd = socket(name.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    shut(fd);
    bool is_open = local->family != ADDRESS_IPV6 ||
                   setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes) == 0;
    is_open = is_open && bind(fd, &name.any, len) == 0 && getsockname(fd, &name.any, &len) == 0;
    if (!is_open) {
        int error = errno;
        (void)close(fd);
        errno = error;
        return -1;
    }
    local->port = net_from_sockaddr(&name).port;
    return fd;
}

bool net_open_media(struct net *net, const struct address *local, uint16_t *port,
                    struct net_problem *problem)
{
    struct address bound = *local;
    errno = ENOMEM;
    int fd = net->media_count < NET_SOCKET_MAX ? open_socket(&bound) : -1;
    if (fd < 0) {
        net_listen_failed(problem, local, "media", errno);
        return false;
    }
    net->media[net->media_count++] = fd;
    *port = bound.port;
    return true;
}

void net_send_media(struct net *net, uint16_t socket, const struct address *peer, struct span bytes)
{
    union net_sockaddr name;
    socklen_t len = net_to_sockaddr(peer, &name);
    ASSERT(socket < net->media_count);
    ssize_t sent = sendto(net->media[socket], bytes.at, bytes.len, MSG_DONTWAIT, &name.any, len);
    if (sent < 0) net->counts.send_dropped++;
}

void media_close(struct net *net)
{
    for (uint16_t i = 0; i < net->media_count; i++) (void)close(net->media[i]);
    net->media_count = 0;
}
