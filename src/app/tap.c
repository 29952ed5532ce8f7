// SPDX-License-Identifier: Apache-2.0
// Copies of SIP messages: a ring of the latest ones of watched lines, and HEP packets.
#include "app/tap.h"

#include "app/hep.h"
#include "sip/sip.h"

#include <arpa/inet.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

enum {
    COLLECTORS_MAX = 1000,
    TEXT_MAX = 16 * 1024,
    PARSE_ROOM = 16 * 1024,
    LEASE_US = TAP_LEASE_S * 1000 * 1000,
};

struct watch {
    struct tap_line line;
    uint64_t until_us; // monotonic; 0: unused
};

struct collector {
    uint32_t group_id;
    struct address address;
};

struct entry {
    struct tap_line line;
    struct tap_record record; // its text is owned
};

struct tap {
    atomic_bool is_open;
    atomic_bool is_watched; // a line that is somebody's
    uv_mutex_t mutex;       // guards all below
    struct watch watches[TAP_WATCHES_MAX];
    struct collector *collectors;
    size_t collector_count;
    struct entry entries[TAP_MESSAGES_MAX]; // by their numbers
    uint64_t last;                          // number; 0: none yet
    int sockets[2];                         // IPv4, IPv6; -1: not opened yet
};

struct tap *tap_new(void)
{
    struct tap *tap = calloc(1, sizeof *tap);
    if (!tap) return NULL;
    if (uv_mutex_init(&tap->mutex) != 0) {
        free(tap);
        return NULL;
    }
    tap->sockets[0] = tap->sockets[1] = -1;
    return tap;
}

void tap_free(struct tap *tap)
{
    if (!tap) return;
    for (size_t i = 0; i < TAP_MESSAGES_MAX; i++)
        free((void *)(uintptr_t)tap->entries[i].record.text.at);
    for (size_t i = 0; i < 2; i++) {
        if (tap->sockets[i] >= 0) close(tap->sockets[i]);
    }
    free(tap->collectors);
    uv_mutex_destroy(&tap->mutex);
    free(tap);
}

bool tap_is_open(const struct tap *tap)
{
    return atomic_load_explicit(&tap->is_open, memory_order_relaxed);
}

static void update_open(struct tap *tap)
{
    bool is_open = tap->collector_count > 0, is_watched = false;
    for (size_t i = 0; i < TAP_WATCHES_MAX; i++) {
        const struct watch *watch = &tap->watches[i];
        is_open = is_open || watch->until_us > 0;
        is_watched = is_watched || (watch->until_us > 0 && watch->line.user_id > 0);
    }
    atomic_store_explicit(&tap->is_open, is_open, memory_order_relaxed);
    atomic_store_explicit(&tap->is_watched, is_watched, memory_order_relaxed);
}

// ---- Collectors

void tap_set_collector(struct tap *tap, uint32_t group_id, const struct address *collector)
{
    size_t at = 0;
    uv_mutex_lock(&tap->mutex);
    while (at < tap->collector_count && tap->collectors[at].group_id != group_id) at++;
    bool is_there = at < tap->collector_count;
    if (collector->family == ADDRESS_NONE) {
        if (is_there) tap->collectors[at] = tap->collectors[--tap->collector_count];
    } else if (is_there) {
        tap->collectors[at].address = *collector;
    } else if (at < COLLECTORS_MAX) {
        struct collector *more = realloc(tap->collectors, (at + 1) * sizeof *more);
        if (more) {
            tap->collectors = more;
            tap->collectors[tap->collector_count++] = (struct collector){group_id, *collector};
        }
    }
    update_open(tap);
    uv_mutex_unlock(&tap->mutex);
}

static socklen_t to_sockaddr(const struct address *address, struct sockaddr_storage *out)
{
    struct sockaddr_in *ipv4 = (void *)out;
    struct sockaddr_in6 *ipv6 = (void *)out;
    memset(out, 0, sizeof *out);
    if (address->family == ADDRESS_IPV4) {
        ipv4->sin_family = AF_INET;
        ipv4->sin_port = htons(address->port);
        memcpy(&ipv4->sin_addr, address->bytes, 4);
        return sizeof *ipv4;
    }
    ipv6->sin6_family = AF_INET6;
    ipv6->sin6_port = htons(address->port);
    memcpy(&ipv6->sin6_addr, address->bytes, 16);
    return sizeof *ipv6;
}

// A copy that cannot be sent is lost: no call waits for a collector.
static void send_copy(struct tap *tap, const struct collector *collector,
                      const struct tap_message *message)
{
    char bytes[UINT16_MAX];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    const struct address *peer = &message->flow.peer, *own = &message->own;
    struct hep_packet packet = {
        .source = message->is_received ? *peer : *own,
        .destination = message->is_received ? *own : *peer,
        .transport = message->flow.transport,
        .wall_us = message->wall_us,
        .node_id = collector->group_id,
        .bytes = message->bytes,
    };
    struct sockaddr_storage to;
    bool is_ipv6 = collector->address.family != ADDRESS_IPV4;
    int *fd = &tap->sockets[is_ipv6];
    hep_print(&out, &packet);
    if (*fd < 0) *fd = socket(is_ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (*fd < 0 || out.is_full) return;
    socklen_t len = to_sockaddr(&collector->address, &to);
    ssize_t sent = sendto(*fd, out.at, out.len, MSG_DONTWAIT, (struct sockaddr *)&to, len);
    (void)sent;
}

// ---- Watched lines

// Ends what nobody has asked for lately.
static void expire(struct tap *tap, uint64_t now_us)
{
    for (size_t i = 0; i < TAP_WATCHES_MAX; i++) {
        if (tap->watches[i].until_us < now_us) tap->watches[i].until_us = 0;
    }
}

static bool is_same_line(const struct tap_line *a, const struct tap_line *b)
{
    return a->group_id == b->group_id && strcmp(a->extension, b->extension) == 0;
}

static void watch(struct tap *tap, const struct tap_line *line, uint64_t now_us)
{
    struct watch *unused = NULL;
    for (size_t i = 0; i < TAP_WATCHES_MAX; i++) {
        struct watch *watch = &tap->watches[i];
        if (watch->until_us > 0 && is_same_line(&watch->line, line)) {
            *watch = (struct watch){*line, now_us + LEASE_US}; // it may be another user's by now
            return;
        }
        if (watch->until_us == 0) unused = watch;
    }
    if (unused) *unused = (struct watch){*line, now_us + LEASE_US};
}

// Who may offer a digest's response to guess at sees it here, but not what it is.
static void mask_response(char *text, size_t len)
{
    static const char key[] = "response=\"";
    char *at = text, *end = text + len;
    while ((at = memmem(at, (size_t)(end - at), key, sizeof key - 1)) != NULL) {
        for (at += sizeof key - 1; at < end && *at != '"'; at++) *at = '*';
    }
}

static void keep(struct tap *tap, const struct tap_line *line, const struct tap_message *message)
{
    struct span bytes = span_slice(message->bytes, 0, TEXT_MAX);
    char *text = malloc(bytes.len + 1);
    if (!text) return;
    memcpy(text, bytes.at, bytes.len);
    mask_response(text, bytes.len);
    struct entry *entry = &tap->entries[++tap->last % TAP_MESSAGES_MAX];
    free((void *)(uintptr_t)entry->record.text.at);
    *entry = (struct entry){
        .line = *line,
        .record = {.number = tap->last,
                   .is_received = message->is_received,
                   .is_device = message->device_user_id > 0,
                   .transport = message->flow.transport,
                   .peer = message->flow.peer,
                   .wall_us = message->wall_us,
                   .text = {text, bytes.len}},
    };
}

// Whether the message is about the extension: asked for, calling or called.
static bool is_about(const struct sip_message *message, const char *extension)
{
    struct span wanted = span_of(extension);
    return (message->is_request && span_eq(message->uri.user, wanted)) ||
           span_eq(message->to.uri.user, wanted) || span_eq(message->from.uri.user, wanted);
}

static void keep_for_watches(struct tap *tap, uint32_t group_id, const struct tap_message *message)
{
    alignas(16) char room[PARSE_ROOM];
    struct arena arena = arena_over(room, sizeof room);
    struct sip_message parsed;
    struct sip_fault fault;
    bool is_parsed = false;
    if (message->device_user_id > 0) return;
    for (size_t i = 0; i < TAP_WATCHES_MAX; i++) {
        const struct watch *watch = &tap->watches[i];
        if (watch->until_us == 0 || watch->line.group_id != group_id) continue;
        if (!is_parsed) sip_parse(message->bytes, &arena, &parsed, &fault);
        is_parsed = true;
        if (is_about(&parsed, watch->line.extension)) keep(tap, &watch->line, message);
    }
}

void tap_put(struct tap *tap, uint32_t group_id, const struct tap_message *message)
{
    uv_mutex_lock(&tap->mutex);
    keep_for_watches(tap, group_id, message);
    for (size_t i = 0; i < tap->collector_count; i++) {
        if (tap->collectors[i].group_id == group_id) send_copy(tap, &tap->collectors[i], message);
    }
    uv_mutex_unlock(&tap->mutex);
}

size_t tap_watched_users(struct tap *tap, uint32_t users[TAP_WATCHES_MAX])
{
    size_t count = 0;
    if (!atomic_load_explicit(&tap->is_watched, memory_order_relaxed)) return 0;
    uv_mutex_lock(&tap->mutex);
    for (size_t i = 0; i < TAP_WATCHES_MAX; i++) {
        const struct watch *watch = &tap->watches[i];
        if (watch->until_us > 0 && watch->line.user_id > 0) users[count++] = watch->line.user_id;
    }
    uv_mutex_unlock(&tap->mutex);
    return count;
}

void tap_put_device(struct tap *tap, const struct tap_message *message)
{
    uv_mutex_lock(&tap->mutex);
    for (size_t i = 0; i < TAP_WATCHES_MAX; i++) {
        const struct watch *watch = &tap->watches[i];
        bool is_wanted = watch->until_us > 0 && watch->line.user_id == message->device_user_id;
        if (is_wanted) keep(tap, &watch->line, message);
    }
    uv_mutex_unlock(&tap->mutex);
}

uint64_t tap_read(struct tap *tap, const struct tap_line *line, uint64_t after, uint64_t now_us,
                  tap_visit *visit, void *context)
{
    uv_mutex_lock(&tap->mutex);
    expire(tap, now_us);
    watch(tap, line, now_us);
    update_open(tap);
    uint64_t first = tap->last >= TAP_MESSAGES_MAX ? tap->last - TAP_MESSAGES_MAX + 1 : 1;
    if (after > tap->last) after = 0; // a number from before a restart
    for (uint64_t i = after + 1 > first ? after + 1 : first; i <= tap->last; i++) {
        const struct entry *entry = &tap->entries[i % TAP_MESSAGES_MAX];
        if (is_same_line(&entry->line, line)) visit(context, &entry->record);
    }
    uint64_t last = tap->last;
    uv_mutex_unlock(&tap->mutex);
    return last;
}
