// SPDX-License-Identifier: Apache-2.0
// The registrar of devices. RFC 3261 section 10.3, RFC 5626 section 6 (outbound), RFC 3327 section
// 5.3 (Path). Each device has an address of record of its own, its SIP user name; a device may have
// several contacts, as one account that is typed into two telephones.
//
// A REGISTER is obeyed as a whole or not at all: all contacts are read and checked, then changed.
#include "client/client_int.h"

#include <string.h>

enum {
    EXPIRES_MIN_S = 60,
    EXPIRES_MAX_S = 3600,
    EXPIRES_USUAL_S = 3600,
    // Behind NAT, by UDP, and without outbound nothing keeps the way open but registering again.
    EXPIRES_NAT_MAX_S = 120,
    FLOW_TIMER_S = 120, // RFC 5626 section 4.4: how often a device is to say that it is there
    CONTACTS_MAX = 8,   // of a request
    HEADERS_SIZE = 8192,
    SIP_PORT = 5060,
    Q_MAX = 1000,
};

// A Contact of the request.
struct wanted {
    struct sip_address contact;
    struct span instance; // empty: none
    uint32_t reg_id;      // 0: none
    uint32_t expires_s;   // 0: to be removed
    uint16_t q;
    struct pool_id known; // the binding that it is about
};

// A REGISTER under way.
struct registering {
    struct client_table *table;
    struct turn *turn;
    const struct client_request *request;
    struct pool_id device;
    struct wanted wanted[CONTACTS_MAX];
    size_t wanted_count;
    bool is_outbound; // RFC 5626 is used
    bool is_wildcard; // Contact: *
    uint64_t call_id[2];
    char route[BINDING_ROUTE_SIZE];
};

static struct txn_answer refuse(unsigned status, struct span headers)
{
    return (struct txn_answer){.status = status, .headers = headers};
}

static const struct txn_answer fine = {.status = 200};

// ---- Before anybody is asked who they are

// An address of record of another kind is nobody's here, and is not of interest.
static bool is_addressed(const struct sip_message *request)
{
    return request->to.uri.scheme == SIP_SCHEME_SIP || request->to.uri.scheme == SIP_SCHEME_SIPS;
}

// ---- Extensions

static bool is_supported(struct span option)
{
    return span_eq_nocase(option, SPAN("path")) || span_eq_nocase(option, SPAN("outbound"));
}

// What the request requires of us and we do not know, as a header; empty: nothing.
static struct span list_unsupported(struct turn *turn, const struct sip_message *request)
{
    struct sip_values place = SIP_VALUES_START;
    struct span option;
    char *bytes = arena_take(turn->arena, HEADERS_SIZE);
    struct buffer out = buffer_over(bytes, bytes ? HEADERS_SIZE : 0);
    while (sip_next_value(request, SIP_REQUIRE, &place, &option)) {
        if (is_supported(option)) continue;
        buffer_put(&out, out.len == 0 ? SPAN("Unsupported: ") : SPAN(", "));
        buffer_put(&out, option);
    }
    if (out.len > 0) buffer_put(&out, SPAN("\r\n"));
    return buffer_span(&out);
}

// Joins the values of Path.
static bool read_route(struct registering *work)
{
    const struct sip_message *request = work->request->message;
    struct sip_values place = SIP_VALUES_START;
    struct span value;
    struct buffer out = buffer_over(work->route, sizeof work->route - 1);
    while (sip_next_value(request, SIP_PATH, &place, &value)) {
        if (out.len > 0) buffer_put(&out, SPAN(", "));
        for (size_t i = 0; i < value.len; i++) {
            if ((unsigned char)value.at[i] >= ' ') buffer_put_byte(&out, value.at[i]);
        }
    }
    work->route[out.is_full ? 0 : out.len] = '\0';
    return !out.is_full;
}

// Whether the first hop is us, or a proxy that keeps the flow (RFC 5626 section 6).
static bool is_first_hop_able(const struct registering *work)
{
    const struct sip_message *request = work->request->message;
    struct sip_values vias = SIP_VALUES_START;
    struct span value;
    size_t via_count = 0;
    while (sip_next_value(request, SIP_VIA, &vias, &value)) via_count++;
    if (via_count <= 1) return true;
    struct sip_address last = {.uri = {.scheme = SIP_SCHEME_OTHER}};
    struct sip_values paths = SIP_VALUES_START;
    while (sip_next_value(request, SIP_PATH, &paths, &value)) {
        if (sip_parse_address(value, &last) != SIP_OK) return false;
    }
    struct span ob;
    return last.uri.scheme != SIP_SCHEME_OTHER && sip_find_param(last.uri.params, SPAN("ob"), &ob);
}

static struct txn_answer check_extensions(struct registering *work)
{
    const struct sip_message *request = work->request->message;
    struct span unsupported = list_unsupported(work->turn, request);
    if (unsupported.len > 0) return refuse(420, unsupported);
    bool has_path = sip_header_value(request, SIP_PATH).at != NULL;
    if (has_path && !sip_has_token(request, SIP_SUPPORTED, SPAN("path"))) {
        return refuse(420, SPAN("Unsupported: path\r\n"));
    }
    if (!read_route(work)) return refuse(400, SPAN_NONE);
    return fine;
}

// ---- Contacts

// "0.75" as 750; what is none counts as 1 (RFC 3261 section 20.10).
static uint16_t read_q(struct span params)
{
    struct span value;
    uint16_t q = 0, digit_value = Q_MAX / 10;
    if (!sip_find_param(params, SPAN("q"), &value) || value.len == 0 || value.at[0] != '0') {
        return Q_MAX;
    }
    for (size_t i = 2; i < value.len && i < 5 && ascii_is_digit(value.at[i]); i++) {
        q = (uint16_t)(q + (value.at[i] - '0') * digit_value);
        digit_value /= 10;
    }
    return q;
}

static uint32_t read_expires(const struct registering *work, struct span params)
{
    const struct sip_message *request = work->request->message;
    struct span value;
    uint32_t seconds;
    if (sip_find_param(params, SPAN("expires"), &value)) {
        return sip_read_seconds(value, &seconds) ? seconds : EXPIRES_USUAL_S;
    }
    value = sip_header_value(request, SIP_EXPIRES);
    return value.len > 0 && sip_read_seconds(value, &seconds) ? seconds : EXPIRES_USUAL_S;
}

static void read_instance(struct wanted *wanted)
{
    struct span value;
    uint64_t reg_id;
    if (!sip_find_param(wanted->contact.params, SPAN("+sip.instance"), &wanted->instance)) return;
    if (sip_find_param(wanted->contact.params, SPAN("reg-id"), &value) &&
        span_to_u64(value, INT32_MAX, &reg_id)) {
        wanted->reg_id = (uint32_t)reg_id;
    }
}

// Whether the binding is the one that the contact is about: by instance and reg-id with outbound,
// by the instance, or by the URI.
static bool is_about(const struct binding *binding, const struct wanted *wanted)
{
    struct sip_uri uri;
    if (wanted->instance.len > 0 && span_eq(span_of(binding->instance), wanted->instance)) {
        return binding->reg_id == wanted->reg_id;
    }
    if (wanted->reg_id > 0 || binding->reg_id > 0) return false;
    return sip_parse_uri(span_of(binding->uri), &uri) == SIP_OK &&
           sip_uri_eq(&uri, &wanted->contact.uri);
}

static const struct device *device_of(const struct registering *work)
{
    return pool_find(&work->table->devices, work->device);
}

static void find_known(const struct registering *work, struct wanted *wanted)
{
    const struct device *device = device_of(work);
    for (size_t i = 0; i < device->binding_count; i++) {
        const struct binding *binding = pool_find(&work->table->bindings, device->bindings[i]);
        if (is_about(binding, wanted)) wanted->known = device->bindings[i];
    }
}

static struct txn_answer read_contact(struct registering *work, struct span value)
{
    struct wanted *wanted = &work->wanted[work->wanted_count];
    if (work->wanted_count == CONTACTS_MAX) return refuse(400, SPAN_NONE);
    *wanted = (struct wanted){.known = POOL_ID_NONE};
    if (sip_parse_address(value, &wanted->contact) != SIP_OK) return refuse(400, SPAN_NONE);
    enum sip_scheme scheme = wanted->contact.uri.scheme;
    bool is_sip = scheme == SIP_SCHEME_SIP || scheme == SIP_SCHEME_SIPS;
    if (!is_sip || wanted->contact.uri_text.len >= BINDING_URI_SIZE) return refuse(400, SPAN_NONE);
    read_instance(wanted);
    if (wanted->instance.len >= BINDING_INSTANCE_SIZE) return refuse(400, SPAN_NONE);
    wanted->expires_s = read_expires(work, wanted->contact.params);
    wanted->q = read_q(wanted->contact.params);
    if (wanted->expires_s > 0 && wanted->expires_s < EXPIRES_MIN_S) {
        return refuse(423, SPAN("Min-Expires: 60\r\n"));
    }
    find_known(work, wanted);
    work->wanted_count++;
    return fine;
}

// "*" removes all, and stands alone (RFC 3261 section 10.3 step 6).
static struct txn_answer check_wildcard(const struct registering *work)
{
    const struct sip_message *request = work->request->message;
    struct span expires = sip_header_value(request, SIP_EXPIRES);
    uint32_t seconds;
    bool is_removal = sip_read_seconds(expires, &seconds) && seconds == 0;
    return is_removal && work->wanted_count == 0 ? fine : refuse(400, SPAN_NONE);
}

// Outbound holds for the request where the device asks for it, and then for one contact alone (RFC
// 5626 section 6); else reg-id means nothing.
static struct txn_answer check_outbound(struct registering *work)
{
    const struct sip_message *request = work->request->message;
    bool is_able = sip_has_token(request, SIP_SUPPORTED, SPAN("outbound"));
    size_t count = 0;
    for (size_t i = 0; i < work->wanted_count; i++) {
        struct wanted *wanted = &work->wanted[i];
        if (!is_able && wanted->reg_id > 0) {
            wanted->reg_id = 0;
            wanted->known = POOL_ID_NONE;
            find_known(work, wanted);
        }
        if (wanted->reg_id > 0) count++;
    }
    if (count == 0) return fine;
    if (work->wanted_count > 1) return refuse(400, SPAN_NONE);
    if (!is_first_hop_able(work)) return refuse(439, SPAN_NONE);
    work->is_outbound = true;
    return fine;
}

static struct txn_answer read_contacts(struct registering *work)
{
    const struct sip_message *request = work->request->message;
    struct sip_values place = SIP_VALUES_START;
    struct span value;
    while (sip_next_value(request, SIP_CONTACT, &place, &value)) {
        if (span_eq(value, SPAN("*"))) {
            work->is_wildcard = true;
            continue;
        }
        struct txn_answer answer = read_contact(work, value);
        if (answer.status != 200) return answer;
    }
    return work->is_wildcard ? check_wildcard(work) : check_outbound(work);
}

// A request that was overtaken by a later one of the same series must not undo that (RFC 3261
// section 10.3 steps 6 and 7).
static bool is_late(const struct registering *work, struct pool_id id)
{
    const struct binding *binding = pool_find(&work->table->bindings, id);
    return binding && memcmp(binding->call_id, work->call_id, sizeof work->call_id) == 0 &&
           work->request->message->cseq <= binding->cseq;
}

static bool is_any_late(const struct registering *work)
{
    const struct device *device = device_of(work);
    for (size_t i = 0; i < work->wanted_count; i++) {
        if (is_late(work, work->wanted[i].known)) return true;
    }
    for (size_t i = 0; work->is_wildcard && i < device->binding_count; i++) {
        if (is_late(work, device->bindings[i])) return true;
    }
    return false;
}

// ---- Obeying

// By UDP, a device that asks for no rport and has its own address in its Contact hears at that
// port; every other one is reached where it came from.
static struct flow flow_of(const struct registering *work, const struct wanted *wanted)
{
    struct flow flow = *work->request->flow;
    struct address host;
    bool is_asymmetric = flow.transport == TRANSPORT_UDP &&
                         !work->request->message->via.has_rport && !work->route[0] &&
                         address_parse(wanted->contact.uri.host, &host) &&
                         address_eq_host(&host, &flow.peer);
    if (!is_asymmetric) return flow;
    flow.peer.port = wanted->contact.uri.port > 0 ? wanted->contact.uri.port : SIP_PORT;
    return flow;
}

static bool is_behind_nat(const struct registering *work)
{
    const struct sip_via *via = &work->request->message->via;
    struct address sent_by;
    return !work->route[0] && address_parse(via->host, &sent_by) &&
           !address_eq_host(&sent_by, &work->request->flow->peer);
}

static uint32_t grant(const struct registering *work, const struct wanted *wanted)
{
    bool is_short = work->request->flow->transport == TRANSPORT_UDP && !work->is_outbound &&
                    is_behind_nat(work);
    uint32_t most_s = is_short ? EXPIRES_NAT_MAX_S : EXPIRES_MAX_S;
    return wanted->expires_s < most_s ? wanted->expires_s : most_s;
}

// Without the ends of lines of a folded header, and cut: what is kept stands in a line.
static void copy_line(char *out, size_t size, struct span text)
{
    struct buffer line = buffer_over(out, size - 1);
    for (size_t i = 0; i < text.len && line.len < size - 1; i++) {
        if ((unsigned char)text.at[i] >= ' ') buffer_put_byte(&line, text.at[i]);
    }
    out[line.len] = '\0';
}

static bool bind(struct registering *work, struct wanted *wanted)
{
    const struct sip_message *request = work->request->message;
    struct client_table *table = work->table;
    struct binding *binding = pool_find(&table->bindings, wanted->known);
    if (!binding) {
        binding = client_new_binding(table, work->turn, work->device, &wanted->known);
        if (!binding) return false;
        binding->since_us = work->turn->wall_us;
    }
    struct span agent = sip_header_value(request, SIP_USER_AGENT);
    struct flow flow = flow_of(work, wanted);
    if (!flow_eq(&binding->flow, &flow)) binding->reached_us = work->turn->now_us;
    binding->flow = flow;
    binding->lost_us = 0;
    binding->until_us = work->turn->now_us + grant(work, wanted) * UINT64_C(1000000);
    binding->cseq = request->cseq;
    binding->reg_id = wanted->reg_id;
    binding->q = wanted->q;
    memcpy(binding->call_id, work->call_id, sizeof binding->call_id);
    memcpy(binding->route, work->route, sizeof binding->route);
    copy_line(binding->uri, sizeof binding->uri, wanted->contact.uri_text);
    copy_line(binding->instance, sizeof binding->instance, wanted->instance);
    copy_line(binding->user_agent, sizeof binding->user_agent, agent);
    client_show_binding(table, work->turn, wanted->known);
    return true;
}

static bool obey(struct registering *work)
{
    while (work->is_wildcard && device_of(work)->binding_count > 0) {
        client_end_binding(work->table, work->turn, device_of(work)->bindings[0]);
    }
    for (size_t i = 0; i < work->wanted_count; i++) {
        struct wanted *wanted = &work->wanted[i];
        if (wanted->expires_s == 0) {
            client_end_binding(work->table, work->turn, wanted->known);
        } else if (!bind(work, wanted)) {
            return false;
        }
    }
    work->table->counts.registered++;
    return true;
}

// ---- The answer

static void put_contact(struct buffer *out, const struct turn *turn, const struct binding *binding)
{
    uint64_t left_us = binding->until_us > turn->now_us ? binding->until_us - turn->now_us : 0;
    buffer_printf(out, "Contact: <%s>;expires=%llu", binding->uri,
                  (unsigned long long)(left_us / 1000000));
    if (binding->q < Q_MAX) buffer_printf(out, ";q=0.%03u", binding->q);
    if (binding->instance[0]) buffer_printf(out, ";+sip.instance=\"%s\"", binding->instance);
    if (binding->reg_id > 0) buffer_printf(out, ";reg-id=%u", binding->reg_id);
    buffer_put(out, SPAN("\r\n"));
}

static struct txn_answer confirm(const struct registering *work)
{
    const struct device *device = device_of(work);
    char *bytes = arena_take(work->turn->arena, HEADERS_SIZE);
    if (!bytes) return refuse(500, SPAN_NONE);
    struct buffer out = buffer_over(bytes, HEADERS_SIZE);
    for (size_t i = 0; i < device->binding_count; i++) {
        put_contact(&out, work->turn, pool_find(&work->table->bindings, device->bindings[i]));
    }
    if (work->route[0]) buffer_printf(&out, "Path: %s\r\n", work->route);
    if (work->is_outbound) {
        buffer_printf(&out, "Require: outbound\r\nFlow-Timer: %d\r\n", FLOW_TIMER_S);
    }
    buffer_put(&out, SPAN("Supported: path, outbound\r\n"));
    ASSERT(!out.is_full); // CLIENT_BINDINGS_MAX of the longest contacts fit
    return refuse(200, buffer_span(&out));
}

static struct txn_answer carry_out(struct registering *work)
{
    struct txn_answer answer = check_extensions(work);
    hash_keyed_twice(work->table->hash_key, work->request->message->call_id, work->call_id);
    if (answer.status == 200) answer = read_contacts(work);
    if (answer.status != 200) return answer;
    if (is_any_late(work)) return refuse(500, SPAN_NONE);
    return obey(work) ? confirm(work) : refuse(503, SPAN_NONE);
}

enum client_proof client_register(struct client_table *table, struct turn *turn,
                                  const struct client_request *request,
                                  struct client_verdict *verdict)
{
    struct registering work = {.table = table, .turn = turn, .request = request};
    if (!is_addressed(request->message)) {
        *verdict = (struct client_verdict){.answer = refuse(400, SPAN_NONE)};
        return CLIENT_ANSWERED;
    }
    enum client_proof proof = client_authenticate(table, turn, request, verdict);
    if (proof != CLIENT_PROVEN) return proof;
    (void)client_device(table, verdict->device_id, &work.device);
    verdict->answer = carry_out(&work);
    return CLIENT_PROVEN;
}
