// SPDX-License-Identifier: Apache-2.0
// Names to addresses and to SRV and NAPTR records by libunbound, which works in a thread of its own
// and tells by a descriptor that answers wait. A and AAAA are asked together; the answer has the
// IPv4 addresses first.
//
//   net_resolve --literal, localhost, bad name--> answered by a timer of 0 ms, never from within
//   the call
//       |
//       +--A, AAAA--> both answered                      --> resolved
//       |             one has addresses, then 500 ms     --> resolved with those
//       +--SRV or NAPTR--> answered                      --> resolved
//       |
//       `--10 s--> resolved with what there is, or a problem
//
// Read once, at the first name: /etc/hosts and, unless name servers were given, /etc/resolv.conf
// (its name servers, not its search list). `localhost` needs neither (RFC 6761 section 6.3).
#include "net/net_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unbound.h>

enum { TYPE_A = 1, TYPE_AAAA = 28, TYPE_SRV = 33, TYPE_NAPTR = 35, CLASS_IN = 1, HOST_MAX = 255 };
enum { HOSTS_TTL_S = 300 }; // of what no name server was asked for

struct lookup {
    struct query *query;
    int async_id;
    bool is_pending;
    bool is_absent; // the answer: there is none
    uint8_t family; // enum address_family; ADDRESS_NONE: records
};

struct query {
    struct net *net;
    struct query *next, *previous;
    uint64_t id;
    uv_timer_t timer;
    enum net_question question;
    struct lookup ipv4, ipv6; // of NET_ADDRESSES
    struct lookup other;      // of the others
    struct address addresses[NET_ANSWER_MAX];
    size_t address_count;
    struct ub_result *records; // or NULL; ours
    uint32_t ttl_s;
    bool is_absent;
    const char *reason; // why there is nothing
    char host[HOST_MAX + 1];
};

// ---- Life of a query

static void on_closed(uv_handle_t *handle)
{
    struct query *query = handle->data;
    if (query->records) ub_resolve_free(query->records);
    free(query);
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
    cancel(query, &query->other);
    if (query->previous) query->previous->next = query->next;
    if (query->next) query->next->previous = query->previous;
    if (resolver->first == query) resolver->first = query->next;
    resolver->query_count--;
    uv_close((uv_handle_t *)&query->timer, on_closed);
}

static size_t list_records(const struct ub_result *result, struct span records[NET_ANSWER_MAX])
{
    size_t count = 0;
    while (result && result->data[count] && count < NET_ANSWER_MAX) {
        records[count] = (struct span){result->data[count], (size_t)result->len[count]};
        count++;
    }
    return count;
}

static void finish(struct query *query)
{
    static const char *const wanted[] = {
        [NET_ADDRESSES] = "the address", [NET_SRV] = "SRV records", [NET_NAPTR] = "NAPTR records"};
    const struct net_handler *handler = &query->net->handler;
    char problem[HOST_MAX + 100] = "";
    struct span records[NET_ANSWER_MAX];
    struct net_answer answer = {
        .addresses = query->addresses,
        .records = records,
        .count = query->address_count + list_records(query->records, records),
        .ttl_s = query->ttl_s,
        .is_absent = query->is_absent,
        .problem = problem,
    };
    if (answer.count == 0) {
        (void)snprintf(problem, sizeof problem, "cannot find %s of \"%s\": %s",
                       wanted[query->question], query->host, query->reason);
    }
    close_query(query); // frees it later
    handler->resolved(handler->context, query->id, &answer);
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
    if (query->address_count < NET_ANSWER_MAX) {
        query->addresses[query->address_count++] = *address;
    }
}

// ---- Answers of libunbound

static const char *reason_of(const struct query *query, int error, const struct ub_result *result)
{
    if (error != 0) return ub_strerror(error);
    if (result->nxdomain) return "there is no such name";
    if (result->bogus) return "its signature is not valid (DNSSEC)";
    if (result->rcode != 0) return "the name servers failed or cannot be reached";
    return query->question == NET_ADDRESSES ? "the name has no address" : "there are none";
}

// IPv4 goes in front of what is there.
static void add_result(struct query *query, uint8_t family, const struct ub_result *result)
{
    struct address others[NET_ANSWER_MAX];
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

static bool has_data(int error, const struct ub_result *result)
{
    return error == 0 && result->havedata && !result->bogus;
}

// What holds for the shortest time decides.
static void note_ttl(struct query *query, const struct ub_result *result)
{
    uint32_t ttl_s = result->ttl > 0 ? (uint32_t)result->ttl : 0;
    if (ttl_s < query->ttl_s) query->ttl_s = ttl_s;
}

static void on_answer(void *context, int error, struct ub_result *result)
{
    struct lookup *lookup = context;
    struct query *query = lookup->query;
    bool has_records = has_data(error, result) && lookup->family == ADDRESS_NONE;
    lookup->is_pending = false;
    if (has_data(error, result)) {
        note_ttl(query, result);
        if (has_records) query->records = result;
        if (!has_records) add_result(query, lookup->family, result);
    } else {
        lookup->is_absent = error == 0 && !result->bogus &&
                            (result->nxdomain || result->rcode == 0);
        query->reason = reason_of(query, error, result);
    }
    if (!has_records) ub_resolve_free(result);
    bool is_waiting = query->ipv4.is_pending || query->ipv6.is_pending;
    query->is_absent = query->question == NET_ADDRESSES
                           ? query->ipv4.is_absent && query->ipv6.is_absent
                           : query->other.is_absent;
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

// "ADDRESS@PORT", as libunbound wants it.
static bool forward_to(struct ub_ctx *context, const struct address *server)
{
    char bytes[80];
    struct address_range host = {*server, server->family == ADDRESS_IPV4 ? 32 : 128};
    struct buffer text = buffer_over(bytes, sizeof bytes);
    address_print_range(&text, &host);
    buffer_printf(&text, "@%u", server->port);
    buffer_put_byte(&text, '\0');
    return ub_ctx_set_fwd(context, bytes) == 0;
}

// A name server that was silent is asked again soon (libunbound's own way is to leave it for 15
// minutes), and one on this machine is as good as any.
static bool choose_name_servers(const struct resolver *resolver, struct ub_ctx *context)
{
    (void)ub_ctx_set_option(context, "do-not-query-localhost:", "no");
    (void)ub_ctx_set_option(context, "infra-host-ttl:", "15");
    (void)ub_ctx_set_option(context, "infra-keep-probing:", "yes");
    // A missing file is no reason to fail: without name servers libunbound asks the root servers.
    if (resolver->name_server_count == 0) (void)ub_ctx_resolvconf(context, NULL);
    for (size_t i = 0; i < resolver->name_server_count; i++) {
        if (!forward_to(context, &resolver->name_servers[i])) return false;
    }
    return true;
}

static bool start_resolver(struct net *net)
{
    struct resolver *resolver = &net->resolver;
    if (resolver->context) return true;
    struct ub_ctx *context = ub_ctx_create();
    if (!context) return false;
    (void)ub_ctx_hosts(context, NULL);
    if (!choose_name_servers(resolver, context) || ub_ctx_async(context, true) != 0 ||
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
// will have any.
static bool answer_here(struct query *query, struct span host)
{
    struct address address;
    bool is_address = address_parse(host, &address), is_local = is_localhost(host);
    bool is_name = host.len > 0 && span_find(host, '\0') == host.len &&
                   text_copy(query->host, sizeof query->host, host);
    if (is_address) {
        add_address(query, &address);
    } else if (is_local) {
        (void)address_parse(SPAN("127.0.0.1"), &address);
        add_address(query, &address);
        (void)address_parse(SPAN("::1"), &address);
        add_address(query, &address);
    }
    if (!is_name) query->reason = "this is not a host name";
    if ((is_address || is_local) && query->question != NET_ADDRESSES) {
        query->address_count = 0;
        query->reason = "there are none";
        query->is_absent = true;
    }
    return is_address || is_local || !is_name;
}

static bool ask_name_servers(struct query *query)
{
    static const int types[] = {[NET_SRV] = TYPE_SRV, [NET_NAPTR] = TYPE_NAPTR};
    query->reason = "no answer from the name servers";
    if (!start_resolver(query->net)) {
        query->reason = "the resolver cannot be started";
        return false;
    }
    query->ttl_s = UINT32_MAX;
    if (query->question != NET_ADDRESSES) {
        bool is_out = ask(query, &query->other, ADDRESS_NONE, types[query->question]);
        if (!is_out) query->reason = "this is not a host name";
        return is_out;
    }
    bool is_asked = ask(query, &query->ipv4, ADDRESS_IPV4, TYPE_A);
    is_asked = ask(query, &query->ipv6, ADDRESS_IPV6, TYPE_AAAA) || is_asked;
    if (!is_asked) query->reason = "this is not a host name";
    return is_asked;
}

bool net_add_name_server(struct net *net, const struct address *server)
{
    struct resolver *resolver = &net->resolver;
    ASSERT(!resolver->context);
    if (resolver->name_server_count == NET_NAME_SERVER_MAX) return false;
    resolver->name_servers[resolver->name_server_count++] = *server;
    return true;
}

bool net_resolve(struct net *net, uint64_t query_id, enum net_question question, struct span name)
{
    struct resolver *resolver = &net->resolver;
    if (resolver->query_count >= NET_QUERY_MAX) return false;
    struct query *query = calloc(1, sizeof *query);
    if (!query) return false;
    *query = (struct query){.net = net,
                            .id = query_id,
                            .question = question,
                            .ttl_s = HOSTS_TTL_S,
                            .next = resolver->first};
    if (query->next) query->next->previous = query;
    resolver->first = query;
    resolver->query_count++;
    ASSERT(uv_timer_init(&net->loop, &query->timer) == 0);
    query->timer.data = query;
    bool is_waiting = !answer_here(query, name) && ask_name_servers(query);
    wait_ms(query, is_waiting ? (uint64_t)NET_RESOLVE_S * 1000 : 0);
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
