// SPDX-License-Identifier: Apache-2.0
// Desk phones at a PBX that tells of them, in simulation: subscriptions to the dialog event
// (src/desk) over a network that loses, doubles and reorders, while the telephones' calls come and
// go, and the PBX refuses, ends and forgets subscriptions. Judged at the end, when all is quiet:
// what is told of each line is what the PBX has; when nobody is to be asked any more, neither a
// subscription nor a transaction is left on either side.
//
//   sim_desk --seed N [--count M]
#include "engine/world.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LINES = 4,
    WATCHES_MAX = 400,
    PACKETS_MAX = 300,
    PACKET_BYTES = 2500,
    STEP_US = 50 * 1000,
    TROUBLE_S = 900,    // changes, losses, restarts
    QUIET_S = 3 * 3600, // a refused line is asked about again after two hours at most
    LEFT_S = 120,       // until the last transaction is gone
    RESENDS_MAX = 8,
    GRANTED_S = 300,
    MANY_SEEDS = 100, // in which everything comes about
};

struct packet {
    uint64_t at_us; // 0: a free place
    bool is_to_engine;
    size_t len;
    char bytes[PACKET_BYTES];
};

// A subscription at the PBX, and the NOTIFY of it that waits for its answer.
struct watch {
    bool is_open, is_ending;
    unsigned line, version, told; // the state's number that it was told last
    uint32_t cseq;
    uint64_t until_us, resend_us, interval_us;
    unsigned resend_count;
    char call_id[80], from[120], to[120], contact[120];
    char notify[PACKET_BYTES]; // empty: none waits
};

struct sim {
    struct world *world;
    uint64_t state, now_us;
    struct packet packets[PACKETS_MAX];
    struct watch watches[WATCHES_MAX];
    size_t watch_count;
    unsigned calls[LINES], changes[LINES]; // of the desk phone; how often that has changed
    unsigned tag_count;
    bool is_trouble;
    alignas(16) char arena_bytes[65536];
};

// What came about in all seeds: it has to, or the simulation proves nothing.
static struct {
    unsigned lost, doubled, refused, ended, restarts, unknown, late, told;
} seen;
static struct address pbx_at;
static uint64_t seed_of_run;

_Noreturn static void fail(const char *what, unsigned line)
{
    fprintf(stderr, "seed %llu: line %u: %s\n", (unsigned long long)seed_of_run, line, what);
    exit(1);
}

static uint64_t draw(struct sim *sim, uint64_t below)
{
    sim->state = sim->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (sim->state >> 33) % below;
}

static bool chance(struct sim *sim, unsigned per_mille)
{
    return draw(sim, 1000) < per_mille;
}

// ---- The network

static void put_packet(struct sim *sim, struct span bytes, bool is_to_engine, uint64_t delay_us)
{
    for (size_t i = 0; i < PACKETS_MAX; i++) {
        struct packet *place = &sim->packets[i];
        if (place->at_us != 0) continue;
        place->at_us = sim->now_us + 1 + delay_us;
        place->is_to_engine = is_to_engine;
        place->len = bytes.len;
        if (bytes.len >= PACKET_BYTES) fail("a long message", 0);
        memcpy(place->bytes, bytes.at, bytes.len);
        return;
    }
    fail("too many packets", 0);
}

static void carry(struct sim *sim, struct span bytes, bool is_to_engine)
{
    if (sim->is_trouble && chance(sim, 120)) {
        seen.lost++;
        return;
    }
    put_packet(sim, bytes, is_to_engine, draw(sim, sim->is_trouble ? 1500000 : 20000));
    if (sim->is_trouble && chance(sim, 80)) {
        seen.doubled++;
        put_packet(sim, bytes, is_to_engine, draw(sim, 4000000));
    }
}

// ---- The PBX

static void reply(struct sim *sim, const struct sip_message *request, unsigned status,
                  const char *tag, const char *headers)
{
    char bytes[PACKET_BYTES];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    sip_put_status_line(&out, status, SPAN_NONE);
    sip_put_reply_headers(&out, request, &pbx_at, span_of(tag));
    buffer_put_text(&out, headers);
    sip_put_end(&out, SPAN_NONE);
    carry(sim, buffer_span(&out), true);
}

static void notify(struct sim *sim, struct watch *watch, const char *state)
{
    char body[1600];
    struct buffer text = buffer_over(body, sizeof body);
    struct buffer out = buffer_over(watch->notify, sizeof watch->notify - 1);
    unsigned extension = 101 + watch->line;
    buffer_printf(
        &text,
        "<?xml version=\"1.0\"?><dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" "
        "version=\"%u\" state=\"full\" entity=\"sip:%u@pbx.test\">",
        watch->version++, extension);
    for (unsigned i = 0; i < sim->calls[watch->line]; i++) {
        buffer_printf(&text, "<dialog id=\"%u-%u\"><state>confirmed</state></dialog>", extension,
                      i);
    }
    buffer_put_text(&text, "</dialog-info>");
    buffer_printf(&out,
                  "NOTIFY %s SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKn%u\r\n",
                  watch->contact, ++sim->tag_count);
    buffer_printf(&out, "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %u NOTIFY\r\n", watch->to,
                  watch->from, watch->call_id, ++watch->cseq);
    buffer_printf(&out,
                  "Max-Forwards: 70\r\nContact: <sip:pbx@192.0.2.1>\r\nEvent: dialog\r\n"
                  "Subscription-State: %s\r\nContent-Type: application/dialog-info+xml\r\n",
                  state);
    sip_put_end(&out, buffer_span(&text));
    watch->notify[out.len] = '\0';
    watch->told = sim->changes[watch->line];
    watch->interval_us = 500000;
    watch->resend_us = sim->now_us + watch->interval_us;
    watch->resend_count = 0;
    seen.told++;
    carry(sim, buffer_span(&out), true);
}

static struct watch *find_watch(struct sim *sim, struct span call_id)
{
    for (size_t i = 0; i < sim->watch_count; i++) {
        struct watch *watch = &sim->watches[i];
        if (watch->is_open && span_eq(span_of(watch->call_id), call_id)) return watch;
    }
    return NULL;
}

static void accept(struct sim *sim, const struct sip_message *request, struct watch *watch,
                   const char *tag)
{
    bool is_end = span_eq(sip_named_header_value(request, SPAN("Expires")), SPAN("0"));
    char headers[120];
    snprintf(headers, sizeof headers, "Expires: %d\r\nContact: <sip:pbx@192.0.2.1>\r\n",
             is_end ? 0 : GRANTED_S);
    reply(sim, request, 200, tag, headers);
    watch->until_us = sim->now_us + GRANTED_S * UINT64_C(1000000);
    watch->is_ending = is_end;
    notify(sim, watch, is_end ? "terminated;reason=timeout" : "active;expires=300");
}

static void begin_watch(struct sim *sim, const struct sip_message *request)
{
    char tag[24];
    struct sip_address contact;
    unsigned line = (unsigned)strtoul(request->uri.user.at, NULL, 10) - 101;
    if (line >= LINES || sim->watch_count == WATCHES_MAX) fail("an odd SUBSCRIBE", line);
    struct watch *watch = &sim->watches[sim->watch_count++];
    *watch = (struct watch){.is_open = true, .line = line};
    snprintf(tag, sizeof tag, "pbx%u", ++sim->tag_count);
    snprintf(watch->call_id, sizeof watch->call_id, "%.*s", SPAN_ARG(request->call_id));
    struct span from = sip_header_value(request, SIP_FROM), to = sip_header_value(request, SIP_TO);
    snprintf(watch->from, sizeof watch->from, "%.*s", SPAN_ARG(from));
    snprintf(watch->to, sizeof watch->to, "%.*s;tag=%s", SPAN_ARG(to), tag);
    struct span value = sip_header_value(request, SIP_CONTACT);
    if (sip_parse_address(value, &contact) != SIP_OK) fail("a SUBSCRIBE without Contact", line);
    snprintf(watch->contact, sizeof watch->contact, "%.*s", SPAN_ARG(contact.uri_text));
    accept(sim, request, watch, tag);
}

static void take_subscribe(struct sim *sim, const struct sip_message *request)
{
    struct watch *watch = find_watch(sim, request->call_id);
    bool is_within = request->to.tag.len > 0;
    bool is_end = span_eq(sip_named_header_value(request, SPAN("Expires")), SPAN("0"));
    if (watch && !is_within) return; // repeated: its answer is on the way, or was lost
    if (watch) {
        accept(sim, request, watch, "");
    } else if (is_within || is_end) {
        seen.unknown++;
        reply(sim, request, 481, is_within ? "" : "none", "");
    } else if (sim->is_trouble && chance(sim, 150)) {
        seen.refused++;
        reply(sim, request, chance(sim, 500) ? 403 : 500, "no", "");
    } else {
        begin_watch(sim, request);
    }
}

static void take_message(struct sim *sim, struct span bytes)
{
    struct arena arena = arena_over(sim->arena_bytes, sizeof sim->arena_bytes);
    struct sip_message message;
    struct sip_fault fault;
    if (sip_parse(bytes, &arena, &message, &fault) != SIP_OK) fail("an unreadable message", 0);
    if (!message.is_request) {
        struct watch *watch = find_watch(sim, message.call_id);
        bool is_it = watch && *watch->notify && message.cseq == watch->cseq;
        if (is_it) *watch->notify = '\0';
        if (is_it && (watch->is_ending || message.status == 481)) watch->is_open = false;
        if (message.status >= 500) seen.late++;
    } else if (message.method == SIP_SUBSCRIBE) {
        take_subscribe(sim, &message);
    } else if (message.method == SIP_REGISTER) {
        char headers[200];
        struct span contact = sip_header_value(&message, SIP_CONTACT);
        snprintf(headers, sizeof headers, "Contact: %.*s;expires=86400\r\n", SPAN_ARG(contact));
        reply(sim, &message, 200, "reg", headers);
    } else {
        reply(sim, &message, 200, "x", "");
    }
}

// What the PBX does by itself.
static void pbx_step(struct sim *sim)
{
    if (sim->is_trouble && draw(sim, 6000) == 0) { // it starts anew, and knows of nothing
        seen.restarts++;
        for (size_t i = 0; i < sim->watch_count; i++) sim->watches[i].is_open = false;
    }
    for (unsigned line = 0; sim->is_trouble && line < LINES; line++) {
        if (!chance(sim, 4)) continue;
        sim->calls[line] = (unsigned)draw(sim, 4);
        sim->changes[line]++;
    }
    for (size_t i = 0; i < sim->watch_count; i++) {
        struct watch *watch = &sim->watches[i];
        if (!watch->is_open) continue;
        if (*watch->notify && sim->now_us >= watch->resend_us) {
            watch->interval_us = watch->interval_us < 4000000 ? 2 * watch->interval_us : 4000000;
            watch->resend_us = sim->now_us + watch->interval_us;
            if (++watch->resend_count > RESENDS_MAX) {
                watch->is_open = false;
            } else {
                carry(sim, span_of(watch->notify), true);
            }
        } else if (!*watch->notify && sim->now_us > watch->until_us) {
            watch->is_ending = true;
            notify(sim, watch, "terminated;reason=timeout");
        } else if (!*watch->notify && !watch->is_ending && sim->is_trouble && chance(sim, 1)) {
            static const char *const reasons[] = {"deactivated", "timeout", "noresource"};
            char state[60];
            seen.ended++;
            watch->is_ending = true;
            snprintf(state, sizeof state, "terminated;reason=%s", reasons[draw(sim, 3)]);
            notify(sim, watch, state);
        } else if (watch->told != sim->changes[watch->line] &&
                   (!*watch->notify || (!watch->is_ending && chance(sim, 50)))) { // overtakes
            notify(sim, watch, "active;expires=300");
        }
    }
}

// ---- A run

static void deliver(struct sim *sim)
{
    for (size_t i = 0; i < PACKETS_MAX; i++) {
        struct packet *packet = &sim->packets[i];
        if (packet->at_us == 0 || packet->at_us > sim->now_us) continue;
        struct packet copy = *packet;
        packet->at_us = 0;
        struct span bytes = {copy.bytes, copy.len};
        if (copy.is_to_engine) {
            world_receive(sim->world, &pbx_at, bytes);
        } else {
            take_message(sim, bytes);
        }
    }
    struct span sent;
    while ((sent = world_take_sent(sim->world)).len > 0) carry(sim, sent, false);
}

static bool is_idle(const struct sim *sim)
{
    for (size_t i = 0; i < PACKETS_MAX; i++) {
        if (sim->packets[i].at_us != 0) return false;
    }
    for (size_t i = 0; i < sim->watch_count; i++) {
        if (sim->watches[i].is_open && *sim->watches[i].notify) return false;
    }
    return true;
}

// Step by step; where nothing is on its way, in larger ones.
static void pass(struct sim *sim, uint64_t seconds)
{
    uint64_t until_us = sim->now_us + seconds * 1000000;
    while (sim->now_us < until_us) {
        uint64_t by_us = !sim->is_trouble && is_idle(sim) ? 20 * STEP_US : STEP_US;
        world_advance(sim->world, by_us);
        sim->now_us += by_us;
        pbx_step(sim);
        deliver(sim);
    }
}

static void set(struct sim *sim, const char *kind, const char *words, bool is_new)
{
    const char *refused = world_set(sim->world, span_of(kind), span_of(words), is_new);
    if (refused) fail(refused, 0);
}

static void judge(struct sim *sim)
{
    for (unsigned line = 0; line < LINES; line++) {
        struct model_desk_phone desk = world_desk(sim->world, line + 1);
        if (desk.state != DESK_WATCHED) fail("it is not watched any more", line);
        if (desk.call_count != sim->calls[line]) fail("it has another number of calls", line);
    }
    set(sim, "group", "name=trial desk_phone_state=off", false);
    pass(sim, LEFT_S);
    struct engine_counts counts = world_counts(sim->world);
    if (counts.open_transactions > 0) fail("a transaction is left", counts.open_transactions);
    if (counts.desks > 0) fail("lines are still asked about", counts.desks);
    for (size_t i = 0; i < sim->watch_count; i++) {
        const struct watch *watch = &sim->watches[i];
        bool is_left = watch->is_open && sim->now_us < watch->until_us;
        if (is_left) fail("the PBX still has a subscription", watch->line);
    }
}

static void run(uint64_t seed)
{
    static struct sim sim;
    char words[120];
    seed_of_run = seed;
    sim = (struct sim){.world = world_new(seed), .state = seed, .is_trouble = true};
    set(&sim, "group",
        "name=trial server=192.0.2.1 domain=pbx.test internal_ranges=100-199 "
        "country_code=49 register_interval_s=86400 desk_phone_state=on",
        true);
    for (unsigned line = 0; line < LINES; line++) {
        snprintf(words, sizeof words, "group=trial extension=%u", 101 + line);
        set(&sim, "line", words, true);
    }
    world_set_peer(sim.world, 1, SPAN("192.0.2.1:5060"));
    pass(&sim, TROUBLE_S);
    sim.is_trouble = false;
    pass(&sim, QUIET_S);
    judge(&sim);
    world_free(sim.world);
}

int main(int argc, char **argv)
{
    uint64_t first = 1, count = 1;
    for (int i = 1; i + 1 < argc; i++) {
        if (strcmp(argv[i], "--seed") == 0) first = strtoull(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--count") == 0) count = strtoull(argv[i + 1], NULL, 10);
    }
    (void)address_parse_port(SPAN("192.0.2.1:5060"), 0, &pbx_at);
    for (uint64_t seed = first; seed < first + count; seed++) run(seed);
    bool is_all = seen.lost && seen.doubled && seen.refused && seen.ended && seen.restarts &&
                  seen.unknown && seen.late;
    if (count >= MANY_SEEDS && !is_all) fail("something never came about in so many seeds", 0);
    printf("%llu seeds from %llu on: each line's desk phone is known as the PBX has it, nothing is "
           "left; %u NOTIFYs, %u late; %u messages lost, %u doubled; subscriptions: %u refused, "
           "%u ended, %u not known any more; %u restarts of the PBX\n",
           (unsigned long long)count, (unsigned long long)first, seen.told, seen.late, seen.lost,
           seen.doubled, seen.refused, seen.ended, seen.unknown, seen.restarts);
    return 0;
}
