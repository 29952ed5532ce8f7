// SPDX-License-Identifier: Apache-2.0
// What is asked to find a PBX, and what the answers mean (RFC 3263 sections 4.1, 4.2).
//
//   ADDRESS                     nothing is asked
//   HOST:PORT                   addresses of HOST
//   HOST    NAPTR of HOST, SRV of _sip._udp.HOST ..., addresses of HOST, all at once;
//           then the SRV records that NAPTR leads to, then the addresses of all SRV targets
//
// Only what the group's transport allows is asked for. NAPTR's order goes before our own (TCP, then
// UDP); without SRV records the host's own addresses are the targets.
#include "locate/locate_int.h"

#include <string.h>

enum { SIP_PORT = 5060, SIPS_PORT = 5061 };

// ---- Which transports

static bool is_allowed(const struct locate *locate, enum transport transport)
{
    switch (locate->transport) {
    case GROUP_UDP: return transport == TRANSPORT_UDP;
    case GROUP_TCP: return transport == TRANSPORT_TCP;
    case GROUP_TLS: return transport == TRANSPORT_TLS;
    case GROUP_AUTO: return true;
    }
    return false;
}

// Those that are looked for where no NAPTR record says more, the best first.
static size_t usual_transports(const struct locate *locate, enum transport out[2])
{
    out[0] = TRANSPORT_TCP;
    out[1] = TRANSPORT_UDP;
    if (locate->transport == GROUP_AUTO) return 2;
    if (locate->transport == GROUP_UDP) out[0] = TRANSPORT_UDP;
    if (locate->transport == GROUP_TLS) out[0] = TRANSPORT_TLS;
    return 1;
}

// ---- Asking

static struct locate_question *find_question(struct locate *locate, enum locate_kind kind,
                                             const char *name)
{
    for (size_t i = 0; i < locate->question_count; i++) {
        struct locate_question *question = &locate->questions[i];
        bool is_same = question->kind == kind &&
                       span_eq_nocase(span_of(question->name), span_of(name));
        if (is_same) return question;
    }
    return NULL;
}

// A question that is not there yet. What goes beyond the bound is not asked.
static void add_question(struct locate *locate, enum locate_kind kind, enum transport transport,
                         const char *name)
{
    bool is_full = locate->question_count == LOCATE_QUESTION_MAX;
    if (is_full || name[0] == '\0' || find_question(locate, kind, name)) return;
    struct locate_question *question = &locate->questions[locate->question_count++];
    question->kind = (uint8_t)kind;
    question->transport = (uint8_t)transport;
    question->is_asked = question->is_answered = question->is_absent = false;
    question->ttl_s = 0;
    question->count = 0;
    text_copy(question->name, sizeof question->name, span_of(name));
}

static const char *service_name(const struct locate *locate, enum transport transport,
                                char name[LOCATE_NAME_SIZE])
{
    static const char *const prefixes[] = {[TRANSPORT_UDP] = "_sip._udp.",
                                           [TRANSPORT_TCP] = "_sip._tcp.",
                                           [TRANSPORT_TLS] = "_sips._tcp."};
    struct buffer out = buffer_over(name, LOCATE_NAME_SIZE - 1);
    buffer_put_text(&out, prefixes[transport]);
    buffer_put_text(&out, locate->host);
    name[out.is_full ? 0 : out.len] = '\0';
    return name;
}

void locate_ask_first(struct locate *locate)
{
    enum transport transports[2];
    char name[LOCATE_NAME_SIZE];
    locate->question_count = 0;
    if (locate->literal.family != ADDRESS_NONE) return;
    if (locate->port < 0) {
        size_t count = usual_transports(locate, transports);
        add_question(locate, LOCATE_NAPTR, TRANSPORT_UDP, locate->host);
        for (size_t i = 0; i < count; i++) {
            add_question(locate, LOCATE_SRV, transports[i],
                         service_name(locate, transports[i], name));
        }
    }
    add_question(locate, LOCATE_ADDRESSES, TRANSPORT_UDP, locate->host);
}

// ---- The services: SRV answers in the order in which they are to be tried

struct services {
    struct locate_question *srv[LOCATE_RECORD_MAX];
    size_t count;
};

static void add_service(struct services *services, struct locate_question *srv)
{
    if (srv && srv->count > 0 && services->count < LOCATE_RECORD_MAX)
        services->srv[services->count++] = srv;
}

// Those that NAPTR names, if they are there; else the usual ones.
static void list_services(struct locate *locate, struct services *services)
{
    struct locate_question *naptr = find_question(locate, LOCATE_NAPTR, locate->host);
    enum transport transports[2];
    char name[LOCATE_NAME_SIZE];
    services->count = 0;
    for (size_t i = 0; naptr && i < naptr->count; i++) {
        if (!is_allowed(locate, naptr->naptr[i].transport)) continue;
        add_service(services, find_question(locate, LOCATE_SRV, naptr->naptr[i].replacement));
    }
    if (services->count > 0 || locate->port >= 0) return;
    size_t count = usual_transports(locate, transports);
    for (size_t i = 0; i < count; i++) {
        add_service(services,
                    find_question(locate, LOCATE_SRV, service_name(locate, transports[i], name)));
    }
}

bool locate_ask_further(struct locate *locate)
{
    size_t before = locate->question_count;
    const struct locate_question *naptr = find_question(locate, LOCATE_NAPTR, locate->host);
    struct services services;
    for (size_t i = 0; naptr && i < naptr->count; i++) {
        const struct locate_naptr *record = &naptr->naptr[i];
        if (is_allowed(locate, record->transport)) {
            add_question(locate, LOCATE_SRV, record->transport, record->replacement);
        }
    }
    if (locate->question_count > before) return true; // their targets come next
    list_services(locate, &services);
    for (size_t i = 0; i < services.count; i++) {
        for (size_t k = 0; k < services.srv[i]->count; k++) {
            add_question(locate, LOCATE_ADDRESSES, TRANSPORT_UDP, services.srv[i]->srv[k].target);
        }
    }
    return locate->question_count > before;
}

// ---- The targets

static bool has_target(const struct locate_targets *targets, const struct locate_target *target)
{
    for (size_t i = 0; i < targets->count; i++) {
        const struct locate_target *other = &targets->at[i];
        if (other->transport == target->transport && address_eq(&other->address, &target->address))
            return true;
    }
    return false;
}

static void put_target(struct locate_targets *targets, const struct address *address, uint16_t port,
                       enum transport transport)
{
    struct locate_target target = {
        .address = *address, .transport = (uint8_t)transport, .rank = targets->rank};
    target.address.port = port;
    if (targets->count == LOCATE_TARGET_MAX || has_target(targets, &target)) return;
    targets->at[targets->count++] = target;
}

// Names that were found on the way, and for how long.
static const struct locate_question *addresses_of(struct locate *locate, const char *name)
{
    const struct locate_question *question = find_question(locate, LOCATE_ADDRESSES, name);
    return question && question->is_answered ? question : NULL;
}

// The targets of one service: each priority is a rank of its own.
static void put_service(struct locate *locate, struct locate_targets *targets,
                        const struct locate_question *srv, enum transport transport)
{
    for (size_t i = 0; i < srv->count; i++) {
        const struct locate_srv *record = &srv->srv[i];
        const struct locate_question *host = addresses_of(locate, record->target);
        if (i > 0 && record->priority != srv->srv[i - 1].priority) targets->rank++;
        for (size_t k = 0; host && k < host->count; k++) {
            put_target(targets, &host->addresses[k], record->port, transport);
        }
    }
    targets->rank++;
}

static void put_services(struct locate *locate, struct locate_targets *targets,
                         struct random *random)
{
    struct services services;
    list_services(locate, &services);
    for (size_t i = 0; i < services.count; i++) {
        struct locate_question *srv = services.srv[i];
        locate_order_srv(srv->srv, srv->count, random);
        bool is_stream_first = srv->transport == TRANSPORT_UDP && locate->wants_stream;
        if (is_stream_first) put_service(locate, targets, srv, TRANSPORT_TCP);
        put_service(locate, targets, srv, (enum transport)srv->transport);
    }
}

// The host itself, at the port given or the usual one.
static void put_host(struct locate *locate, struct locate_targets *targets)
{
    const struct locate_question *host = addresses_of(locate, locate->host);
    const struct address *addresses = host ? host->addresses : &locate->literal;
    size_t address_count = host ? host->count : locate->literal.family != ADDRESS_NONE;
    enum transport transports[2];
    size_t count = usual_transports(locate, transports);
    for (size_t i = 0; i < count; i++, targets->rank++) {
        int32_t usual_port = transports[i] == TRANSPORT_TLS ? SIPS_PORT : SIP_PORT;
        int32_t port = locate->port >= 0 ? locate->port : usual_port;
        for (size_t k = 0; k < address_count; k++) {
            put_target(targets, &addresses[k], (uint16_t)port, transports[i]);
        }
    }
}

void locate_list_targets(struct locate *locate, struct locate_targets *targets,
                         struct random *random)
{
    *targets = (struct locate_targets){.count = 0};
    put_services(locate, targets, random);
    if (targets->count == 0) put_host(locate, targets);
}
