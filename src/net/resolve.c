// SPDX-License-Identifier: Apache-2.0
// Host names to addresses by libunbound, which works in a thread of its own and tells by a
// descriptor that answers wait. A and AAAA are asked together; the answer has the IPv4 addresses
// first.
//
//   net_resolve --literal, localhost, bad name--> answered by a timer of 0 ms, never from within
//   the call
//       |
//       +--A, AAAA--> both answered                      --> resolved
//                     one has addresses, then 500 ms     --> resolved with those
//                     10 s                               --> resolved with what there is, or a
//                     problem
//
// Read once, at the first name: /etc/resolv.conf (name servers, not its search list) and
// /etc/hosts. `localhost` needs neither (RFC 6761 section 6.3).
#include "net/net_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unbound.h>

enum { TYPE_A = 1, TYPE_AAAA = 28, CLASS_IN = 1, HOST_MAX = 255 };

struct lookup {
    struct query *query;
    int async_id;
    bool is_pending;
    uint8_t family; // enum address_family
};

struct query {
    struct net *net;
    struct query *next, *previous;
    uint64_t id;
    uv_timer_t timer;
    struct lookup ipv4, ipv6;
    struct address addresses[NET_RESOLVED_ADDRESS_MAX];
    size_t address_count;
    const char *reason; // why there is no address
    char host[HOST_MAX + 1];
};

// ---- Life of a query

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void cancel(struct query *query, struct lookup *lookup)
{
    if (lookup->is_pending) (void)ub_cancel(query->net->resolver.context, lookup->async_id);
    lookup->is_pending = false;
}

// Takes the query off the list and frees it, at the latest when the loop ends.
static void close_query(struct query *query)
{
    struct resolver *resolver = &query->net->resolver;
    cancel(query, &query->ipv4);
    cancel(query, &query->ipv6);
    if (query->previous) query->previous->next = query->next;
    if (query->next) query->next->previous = query->previous;
    if (resolver->first == query) resolver->first = query->next;
    resolver->query_count--;
    uv_close((uv_handle_t *)&query->timer, on_closed);
}

static void finish(struct query *query)
{
    const struct net_handler *handler = &query->net->handler;
    char problem[HOST_MAX + 100] = "";
    if (query->address_count == 0) {
        (void)snprintf(problem, sizeof problem, "cannot find the address of \"%s\": %s",
                       query->host, query->reason);
    }
    close_query(query);
    handler->resolved(handler->context, query->id, query->addresses, query->address_count,
                      query->address_count == 0 ? problem : NULL);
}

static void on_time(uv_timer_t *timer)
{
    finish(timer->data);
}

static void wait_ms(struct query *query, uint64_t ms)
{
    uv_update_time(&query->net->loop);
    ASSERT(uv_timer_start(&query->timer, on_time, ms, 0) == 0);
}

static void add_address(struct query *query, const struct address *address)
{
    if (query->address_count < NET_RESOLVED_ADDRESS_MAX) {
        query->addresses[query->address_count++] = *address;
    }
}

// ---- Answers of libunbound

static const char *reason_of(int error, const struct ub_result *result)
{
    if (error != 0) return ub_strerror(error);
    if (result->nxdomain) return "there is no such name";
    if (result->bogus) return "its signature is not valid (DNSSEC)";
    if (result->rcode != 0) return "the name servers failed or cannot be reached";
    return "the name has no address";
}

// IPv4 goes in front of what is there.
static void add_result(struct query *query, uint8_t family, const struct ub_result *result)
{
    struct address others[NET_RESOLVED_ADDRESS_MAX];
    size_t other_count = query->address_count;
    memcpy(others, query->addresses, sizeof others);
    if (family == ADDRESS_IPV4) query->address_count = 0;
    for (size_t i = 0; result->data[i]; i++) {
        struct address address = {.family = family};
        size_t len = family == ADDRESS_IPV4 ? 4 : 16;
        if ((size_t)result->len[i] != len) continue;
        memcpy(address.bytes, result->data[i], len);
        add_address(query, &address);
    }
    if (family != ADDRESS_IPV4) return;
    for (size_t i = 0; i < other_count; i++) add_address(query, &others[i]);
}

static void on_answer(void *context, int error, struct ub_result *result)
{
    struct lookup *lookup = context;
    struct query *query = lookup->query;
    lookup->is_pending = false;
    if (error == 0 && result->havedata && !result->bogus) {
        add_result(query, lookup->family, result);
    } else {
        query->reason = reason_of(error, result);
    }
    ub_resolve_free(result);
    bool is_waiting = query->ipv4.is_pending || query->ipv6.is_pending;
    if (!is_waiting) {
        finish(query);
    } else if (query->address_count > 0) {
        wait_ms(query, NET_SECOND_FAMILY_MS);
    }
}

static void on_readable(uv_poll_t *handle, int status, int events)
{
    struct net *net = handle->data;
    (void)status;
    (void)events;
    (void)ub_process(net->resolver.context);
}

static bool start_resolver(struct net *net)
{
    struct resolver *resolver = &net->resolver;
    if (resolver->context) return true;
    struct ub_ctx *context = ub_ctx_create();
    if (!context) return false;
    // Missing files are no reason to fail: without name servers libunbound asks the root servers.
    (void)ub_ctx_resolvconf(context, NULL);
    (void)ub_ctx_hosts(context, NULL);
    if (ub_ctx_async(context, true) != 0 ||
        uv_poll_init(&net->loop, &resolver->readable, ub_fd(context)) != 0) {
        ub_ctx_delete(context);
        return false;
    }
    resolver->context = context;
    resolver->readable.data = net;
    ASSERT(uv_poll_start(&resolver->readable, UV_READABLE, on_readable) == 0);
    return true;
}

// ---- Questions

static bool ask(struct query *query, struct lookup *lookup, uint8_t family, int type)
{
    *lookup = (struct lookup){.query = query, .family = family};
    lookup->is_pending = ub_resolve_async(query->net->resolver.context, query->host, type, CLASS_IN,
                                          lookup, on_answer, &lookup->async_id) == 0;
    return lookup->is_pending;
}

static bool is_localhost(struct span host)
{
    struct span suffix = SPAN(".localhost");
    if (host.len <= suffix.len) return span_eq_nocase(host, SPAN("localhost"));
    return span_eq_nocase(span_from(host, host.len - suffix.len), suffix);
}

// Answers what needs no name server: true when `query` has its addresses, or a reason why it never
// will.
static bool answer_here(struct query *query, struct span host)
{
    struct address address;
    if (address_parse(host, &address)) {
        add_address(query, &address);
        return true;
    }
    if (is_localhost(host)) {
        (void)address_parse(SPAN("127.0.0.1"), &address);
        add_address(query, &address);
        (void)address_parse(SPAN("::1"), &address);
        add_address(query, &address);
        return true;
    }
    bool is_name = host.len > 0 && span_find(host, '\0') == host.len &&
                   text_copy(query->host, sizeof query->host, host);
    if (!is_name) query->reason = "this is not a host name";
    return !is_name;
}

static bool ask_both(struct query *query)
{
    query->reason = "no answer from the name servers";
    if (!start_resolver(query->net)) {
        query->reason = "the resolver cannot be started";
        return false;
    }
    bool is_asked = ask(query, &query->ipv4, ADDRESS_IPV4, TYPE_A);
    is_asked = ask(query, &query->ipv6, ADDRESS_IPV6, TYPE_AAAA) || is_asked;
    if (!is_asked) query->reason = "this is not a host name";
    return is_asked;
}

bool net_resolve(struct net *net, uint64_t query_id, struct span host)
{
    struct resolver *resolver = &net->resolver;
    if (resolver->query_count >= NET_QUERY_MAX) return false;
    struct query *query = calloc(1, sizeof *query);
    if (!query) return false;
    *query = (struct query){.net = net, .id = query_id, .next = resolver->first};
    if (query->next) query->next->previous = query;
    resolver->first = query;
    resolver->query_count++;
    ASSERT(uv_timer_init(&net->loop, &query->timer) == 0);
    query->timer.data = query;
    bool is_waiting = !answer_here(query, host) && ask_both(query);
    wait_ms(query, is_waiting ? NET_RESOLVE_MS_MAX : 0);
    return true;
}

// ---- The end

void resolver_close(struct net *net)
{
    while (net->resolver.first) close_query(net->resolver.first);
    if (net->resolver.context) uv_close((uv_handle_t *)&net->resolver.readable, NULL);
}

void resolver_fini(struct net *net)
{
    if (net->resolver.context) ub_ctx_delete(net->resolver.context);
}
