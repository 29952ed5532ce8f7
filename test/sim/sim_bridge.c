// SPDX-License-Identifier: Apache-2.0
// Calls that are bridged, in simulation: a PBX that calls lines, and their devices, each of which
// does what it likes, over a network that loses, doubles and reorders. Judged at the end: each
// INVITE has got one final answer, nobody is left in a call that the other side has ended, nothing
// is left in the engine, and the journal has one entry of each call, which tells what its caller
// has seen. With --onward the line forwards, and the engine carries that out
// by second calls over the PBX: to a target that is busy, fails, answers or lets it ring for ever,
// and to the mailbox then.
//
//   sim_bridge --seed N [--count M] [--onward] [--verbose]
#include "sim/bridge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What crossed on the way, in all seeds: it has to come about, or the simulation proves nothing.
struct crossings {
    unsigned cancelled;   // CANCEL of the caller, 200 of a device
    unsigned two_answers; // 200 of a device, after the 200 of another one
    unsigned glare;       // re-INVITEs of both sides: 491
    unsigned both_bye;    // BYE of both sides
    unsigned lost_ack;
    unsigned targets, mailboxes; // called by the engine
    unsigned target_cancelled;   // CANCEL to a target, which had answered with 200
    unsigned target_answered, target_refused;
    unsigned challenged;
    unsigned lost_ringing; // a device that was gone while it rang
    unsigned lost_talking; // and in a call
};

static bool is_onward; // forwardings are carried out by the engine
static struct crossings seen;
static struct address pbx_at, device_at[DEVICES];
static uint64_t seed_of_run;

_Noreturn void bridge_fail(const char *what, const char *more)
{
    fprintf(stderr, "seed %llu: %s %s\n", (unsigned long long)seed_of_run, what, more);
    exit(1);
}

static uint64_t draw(struct sim *sim, uint64_t below)
{
    sim->state = sim->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (sim->state >> 33) % below;
}

static bool chance(struct sim *sim, unsigned percent)
{
    return draw(sim, 100) < percent;
}

// ---- The network

static void put_packet(struct sim *sim, const struct packet *packet, uint64_t delay_us)
{
    size_t i = 0;
    while (i < sim->packet_top && sim->packets[i].at_us != 0) i++;
    if (i == PACKETS_MAX) bridge_fail("too many packets", "");
    if (i == sim->packet_top) sim->packet_top++;
    struct packet *place = &sim->packets[i];
    memcpy(place, packet, offsetof(struct packet, bytes) + packet->len + 1);
    place->at_us = sim->now_us + 1 + delay_us;
}

bool bridge_is_lost(const struct sim *sim, const struct address *at)
{
    for (size_t i = 0; i < DEVICES; i++) {
        if (address_eq(at, &device_at[i])) return sim->now_us >= sim->lost_us[i];
    }
    return false;
}

static void carry(struct sim *sim, const struct packet *packet)
{
    if (bridge_is_lost(sim, packet->is_to_engine ? &packet->from : &packet->to)) return;
    if (sim->is_verbose) {
        const char *call_id = strstr(packet->bytes, "Call-ID: ");
        fprintf(stderr, "%9.3f %.14s %s %.*s\n", (double)sim->now_us / 1e6,
                call_id ? call_id + 9 : "", packet->is_to_engine ? ">" : "<",
                (int)(strcspn(packet->bytes, "\r") < 70 ? strcspn(packet->bytes, "\r") : 70),
                packet->bytes);
    }
    if (sim->is_lossy && chance(sim, 6)) {
        if (strncmp(packet->bytes, "ACK ", 4) == 0) seen.lost_ack++;
        return;
    }
    put_packet(sim, packet, draw(sim, sim->is_lossy ? 300000 : 30000));
    if (sim->is_lossy && chance(sim, 4)) put_packet(sim, packet, draw(sim, 600000));
}

static void say(struct sim *sim, const struct address *from, const char *text)
{
    struct packet packet = {.from = *from, .is_to_engine = true, .len = strlen(text)};
    if (packet.len >= PACKET_BYTES) bridge_fail("a long message", text);
    memcpy(packet.bytes, text, packet.len + 1);
    carry(sim, &packet);
}

// ---- Ends

static void send_request(struct sim *sim, struct end *end, const char *method, const char *text)
{
    size_t i = 0;
    while (i < sim->request_top && sim->requests[i].is_open) i++;
    if (i == REQUESTS_MAX) bridge_fail("too many requests", method);
    if (i == sim->request_top) sim->request_top++;
    struct request *request = &sim->requests[i];
    *request = (struct request){
        .is_open = true, .end = end, .resend_us = sim->now_us + 500000, .interval_us = 500000};
    snprintf(request->method, sizeof request->method, "%s", method);
    snprintf(request->branch, sizeof request->branch, "%s", end->branch);
    snprintf(request->bytes, sizeof request->bytes, "%s", text);
    say(sim, &end->at, text);
}

static void here(const struct end *end, char out[64])
{
    struct buffer buffer = buffer_over(out, 63);
    address_print(&buffer, &end->at);
    out[buffer.len] = '\0';
}

static void print_request(struct sim *sim, struct end *end, const char *method, uint32_t cseq,
                          char *text)
{
    char at[64];
    here(end, at);
    snprintf(end->branch, sizeof end->branch, "z9hG4bKsim%u", ++sim->branch_count);
    snprintf(text, PACKET_BYTES,
             "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=%s\r\nMax-Forwards: 70\r\n"
             "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %u %s\r\nContact: <sip:x@%s>\r\n"
             "Content-Length: 0\r\n\r\n",
             method, end->target, at, end->branch, end->local, end->remote, end->call_id, cseq,
             method, at);
}

static void within(struct sim *sim, struct end *end, const char *method)
{
    char text[PACKET_BYTES];
    if (strcmp(method, "BYE") == 0) end->has_hung_up = true;
    print_request(sim, end, method, ++end->cseq, text);
    send_request(sim, end, method, text);
}

static void ack(struct sim *sim, struct end *end, uint32_t cseq)
{
    char text[PACKET_BYTES], branch[64];
    memcpy(branch, end->branch, sizeof branch);
    print_request(sim, end, "ACK", cseq, text);
    memcpy(end->branch, branch, sizeof branch);
    say(sim, &end->at, text);
}

static void copy(char *out, size_t size, struct span text)
{
    snprintf(out, size, "%.*s", SPAN_ARG(text));
}

static bool parse(struct sim *sim, const char *bytes, struct sip_message *message)
{
    struct arena arena = arena_over(sim->arena_bytes, sizeof sim->arena_bytes);
    struct sip_fault fault;
    return sip_parse(span_of(bytes), &arena, message, &fault) == SIP_OK;
}

static void copy_target(struct end *end, const struct sip_message *message)
{
    struct sip_address address;
    struct span contact = sip_header_value(message, SIP_CONTACT);
    if (contact.len > 0 && sip_parse_address(contact, &address) == SIP_OK) {
        copy(end->target, sizeof end->target, address.uri_text);
    }
}

// Answers a request, from its text.
static void answer(struct sim *sim, const struct address *at, const char *request, unsigned status)
{
    char text[PACKET_BYTES];
    struct sip_message message;
    struct buffer out = buffer_over(text, sizeof text - 1);
    if (!parse(sim, request, &message)) bridge_fail("an unreadable request", request);
    sip_put_status_line(&out, status, SPAN_NONE);
    char tag[24];
    snprintf(tag, sizeof tag, "t%08x", (unsigned)(at->bytes[3] * 77777 + at->port));
    sip_put_reply_headers(&out, &message, at, status > 100 ? span_of(tag) : SPAN_NONE);
    buffer_put_text(&out, "Contact: <sip:x@");
    address_print(&out, at);
    buffer_put_text(&out, status / 100 == 3 ? ";moved>\r\n" : ">\r\n");
    if (status == 407) {
        buffer_put_text(&out, "Proxy-Authenticate: Digest realm=\"pbx\", nonce=\"n\", "
                              "qop=\"auth\"\r\n");
    }
    sip_put_end(&out, SPAN_NONE);
    text[out.len] = '\0';
    say(sim, at, text);
}

static struct end *new_end(struct sim *sim)
{
    if (sim->end_count == ENDS_MAX) bridge_fail("too many dialogs", "");
    return &sim->ends[sim->end_count++];
}

static void place_call(struct sim *sim)
{
    struct end *end = new_end(sim);
    unsigned number = ++sim->call_count;
    *end = (struct end){.is_caller = true, .at = pbx_at, .cseq = 1};
    snprintf(end->call_id, sizeof end->call_id, "call%u@pbx.test", number);
    snprintf(end->local, sizeof end->local, "<sip:%u@pbx.test>;tag=c%u", 110 + number, number);
    snprintf(end->remote, sizeof end->remote, "<sip:102@pbx.test>");
    snprintf(end->target, sizeof end->target, "sip:102@192.0.2.9:5070");
    text_copy(end->uri, sizeof end->uri, span_of("sip:102@192.0.2.9:5070"));
    print_request(sim, end, "INVITE", 1, end->invite);
    end->act_us = sim->now_us + draw(sim, is_onward ? 45000000 : 15000000);
    end->plan = (unsigned)draw(sim, 3); // 0: it will be cancelled
    send_request(sim, end, "INVITE", end->invite);
}

static void close_requests(struct sim *sim, const struct end *end)
{
    for (size_t i = 0; i < sim->request_top; i++) {
        if (sim->requests[i].end == end) sim->requests[i].is_open = false;
    }
}

static void end_over(struct sim *sim, struct end *end)
{
    close_requests(sim, end);
    end->state = END_OVER;
    end->resend_us = end->act_us = DEADLINE_NEVER;
}

// ---- What an end gets

struct end *bridge_find_end(struct sim *sim, const struct address *at, struct span call_id)
{
    for (size_t i = 0; i < sim->end_count; i++) {
        struct end *end = &sim->ends[i];
        if (address_eq(&end->at, at) && span_eq(span_of(end->call_id), call_id)) {
            return end;
        }
    }
    return NULL;
}

static void settle(struct sim *sim, struct end *end, unsigned status)
{
    end->final = status;
    end->state = END_ANSWERING;
    end->resend_count = 0;
    end->interval_us = 500000;
    end->resend_us = sim->now_us + end->interval_us;
    if (end->is_target && status == 200) seen.target_answered++;
    if (end->is_target && status >= 300) seen.target_refused++;
    answer(sim, &end->at, end->invite, status);
}

// The PBX wants a proof, for which the INVITE has to come again.
static void challenge(struct sim *sim, struct end *end)
{
    seen.challenged++;
    end->act_us = DEADLINE_NEVER;
    settle(sim, end, 407);
}

static void ring(struct sim *sim, const struct address *at, const struct sip_message *invite,
                 const char *bytes)
{
    struct end *end = new_end(sim);
    bool is_target = address_eq(at, &pbx_at);
    *end = (struct end){.state = END_RINGING,
                        .is_target = is_target,
                        .at = *at,
                        .plan = (unsigned)draw(sim, is_target ? PLANS + 2 : PLANS)};
    if (is_target && span_eq(invite->uri.user, SPAN("700"))) seen.mailboxes++;
    if (is_target) seen.targets++;
    snprintf(end->invite, sizeof end->invite, "%s", bytes);
    copy(end->call_id, sizeof end->call_id, invite->call_id);
    snprintf(end->local, sizeof end->local, "%.*s;tag=t%08x",
             SPAN_ARG(sip_header_value(invite, SIP_TO)),
             (unsigned)(at->bytes[3] * 77777 + at->port));
    copy(end->remote, sizeof end->remote, sip_header_value(invite, SIP_FROM));
    copy_target(end, invite);
    end->invite_cseq = invite->cseq;
    end->act_us = sim->now_us + draw(sim, 9000000);
    end->resend_us = DEADLINE_NEVER;
    if (end->plan >= PLANS) end->act_us = DEADLINE_NEVER;
    if (is_target && chance(sim, 30)) {
        challenge(sim, end);
        return;
    }
    if (end->plan == 0) return; // says nothing at all
    answer(sim, at, bytes, 100);
    if (end->plan != 1) answer(sim, at, bytes, 180);
}

static void note_crossing(const struct end *end, const struct sip_message *message,
                          const char *bytes)
{
    if (message->method == SIP_BYE && end->has_hung_up) seen.both_bye++;
    if (message->method != SIP_CANCEL || end->final != 200) return;
    if (end->is_target) seen.target_cancelled++;
    if (strstr(bytes, "completed elsewhere")) {
        seen.two_answers++;
    } else {
        seen.cancelled++;
    }
}

// Of a target that is to be cancelled: it may have answered just before.
static void settle_cancelled(struct sim *sim, struct end *end)
{
    bool is_late = end->is_target && chance(sim, 25);
    if (is_late) seen.target_cancelled++;
    settle(sim, end, is_late ? 200 : 487);
}

// The INVITE has come with a proof.
static void ring_again(struct sim *sim, struct end *end, uint32_t cseq, const char *bytes)
{
    snprintf(end->invite, sizeof end->invite, "%s", bytes);
    end->invite_cseq = cseq;
    end->state = END_RINGING;
    end->resend_us = DEADLINE_NEVER;
    end->act_us = end->plan < PLANS ? sim->now_us + draw(sim, 9000000) : DEADLINE_NEVER;
    end->was_told = false;
    answer(sim, &end->at, bytes, 180);
}

static void device_request(struct sim *sim, struct end *end, const struct sip_message *message,
                           const char *bytes)
{
    note_crossing(end, message, bytes);
    if (end->state == END_OVER) end->was_told = true;
    switch (message->method) {
    case SIP_CANCEL:
        answer(sim, &end->at, bytes, 200);
        if (end->state == END_RINGING) settle_cancelled(sim, end);
        break;
    case SIP_ACK:
        if (end->state != END_ANSWERING || message->cseq != end->invite_cseq) break;
        end->resend_us = DEADLINE_NEVER;
        end->state = end->final == 200 ? END_UP : END_OVER;
        end->was_up = end->final == 200;
        bool is_patient = (end->plan & 1) != 0; // never hangs up by itself
        end->act_us = end->was_up && !is_patient ? sim->now_us + draw(sim, 20000000)
                                                 : DEADLINE_NEVER;
        break;
    case SIP_BYE:
        answer(sim, &end->at, bytes, 200);
        end->was_told = true;
        end_over(sim, end);
        break;
    case SIP_INVITE:
        if (message->to.tag.len == 0 && message->cseq > end->invite_cseq) {
            ring_again(sim, end, message->cseq, bytes);
        } else if (message->to.tag.len == 0 && message->cseq < end->invite_cseq) {
            break; // a copy that comes late
        } else if (message->to.tag.len == 0) {
            if (end->state == END_RINGING && end->plan > 1) answer(sim, &end->at, bytes, 180);
            if (end->state == END_ANSWERING) answer(sim, &end->at, bytes, end->final);
        } else {
            answer(sim, &end->at, bytes, end->state == END_OVER ? 481 : 488);
        }
        break;
    default: answer(sim, &end->at, bytes, end->state == END_OVER ? 481 : 200); break;
    }
}

static void caller_request(struct sim *sim, struct end *end, const struct sip_message *message,
                           const char *bytes)
{
    if (message->method == SIP_ACK) return;
    note_crossing(end, message, bytes);
    bool is_gone = end->state == END_OVER;
    end->was_told = end->was_told || is_gone;
    if (message->method == SIP_BYE) {
        end->was_told = true;
        answer(sim, &end->at, bytes, is_gone && !end->was_up ? 481 : 200);
        if (end->state == END_UP) end_over(sim, end);
    } else {
        unsigned fine = message->method == SIP_INVITE ? 488 : 200;
        answer(sim, &end->at, bytes, is_gone ? 481 : fine);
    }
}

static void take_request(struct sim *sim, const struct packet *packet, struct sip_message *message)
{
    struct end *end = bridge_find_end(sim, &packet->to, message->call_id);
    if (!end) {
        bool is_call = message->method == SIP_INVITE && message->to.tag.len == 0;
        if (is_call) {
            ring(sim, &packet->to, message, packet->bytes);
        } else if (message->method != SIP_ACK) {
            bool is_known = message->method == SIP_REGISTER || message->method == SIP_OPTIONS;
            answer(sim, &packet->to, packet->bytes, is_known ? 200 : 481);
        }
        return;
    }
    if (end->is_caller) {
        caller_request(sim, end, message, packet->bytes);
    } else {
        device_request(sim, end, message, packet->bytes);
    }
}

// The answer to a caller's INVITE.
static void take_final(struct sim *sim, struct end *end, const struct sip_message *message)
{
    bool is_same = end->final == message->status &&
                   span_eq(span_of(end->final_tag), message->to.tag);
    if (end->final == 0) {
        end->final = message->status;
        copy(end->final_tag, sizeof end->final_tag, message->to.tag);
        end->final_count = 1;
    } else if (!is_same) {
        bridge_fail("a second final answer to", end->call_id);
    }
    if (message->status >= 300) {
        char text[PACKET_BYTES], remote[160];
        memcpy(remote, end->remote, sizeof remote);
        copy(end->remote, sizeof end->remote, sip_header_value(message, SIP_TO));
        print_request(sim, end, "ACK", 1, text);
        memcpy(end->remote, remote, sizeof remote);
        char *mine = strstr(text, "branch="), *invite = strstr(end->invite, "branch=");
        char rest[PACKET_BYTES];
        snprintf(rest, sizeof rest, "%s", strstr(mine, "\r\n"));
        snprintf(mine, (size_t)(text + sizeof text - mine), "%.*s%s", (int)strcspn(invite, "\r"),
                 invite, rest);
        say(sim, &end->at, text);
        if (end->state != END_OVER) end_over(sim, end);
        return;
    }
    if (end->state != END_OVER && end->state != END_UP) {
        copy(end->remote, sizeof end->remote, sip_header_value(message, SIP_TO));
        copy_target(end, message);
        end->state = END_UP;
        end->was_up = true;
        end->act_us = sim->now_us + draw(sim, 40000000);
    }
    ack(sim, end, 1);
}

static void take_response(struct sim *sim, const struct packet *packet,
                          const struct sip_message *message)
{
    struct end *end = bridge_find_end(sim, &packet->to, message->call_id);
    if (!end) return;
    for (size_t i = 0; i < sim->request_top; i++) {
        struct request *request = &sim->requests[i];
        bool is_it = request->is_open && span_eq(span_of(request->branch), message->via.branch) &&
                     span_eq(span_of(request->method), message->method_name);
        if (is_it && (message->status >= 200 || message->method == SIP_INVITE)) {
            request->is_open = false;
        }
    }
    if (message->status == 491) seen.glare++;
    bool is_first = end->is_caller && message->method == SIP_INVITE && message->cseq == 1;
    if (message->status < 200) return;
    if (is_first) {
        take_final(sim, end, message);
    } else if (message->method == SIP_INVITE) {
        copy_target(end, message);
        ack(sim, end, message->cseq);
    }
    if (message->status == 481 && message->method == SIP_BYE) end->was_gone = true;
    if (message->status == 481 && end->state == END_UP) end_over(sim, end);
}

// ---- Time

static void act(struct sim *sim, struct end *end)
{
    static const unsigned finals[PLANS] = {408, 480, 486, 600, 603, 302,
                                           200, 200, 200, 200, 200, 503};
    end->act_us = DEADLINE_NEVER;
    if (end->state == END_RINGING) {
        if (end->plan > 0 || chance(sim, 50)) settle(sim, end, finals[end->plan]);
    } else if (end->state == END_CALLING && end->plan == 0) {
        char *rest = strstr(end->invite, "\r\n"), text[PACKET_BYTES];
        snprintf(text, sizeof text, "CANCEL %s SIP/2.0%s", end->uri, rest);
        char *cseq = strstr(text, "1 INVITE");
        memcpy(cseq, "1 CANCEL", 8);
        struct end sender = *end;
        char *branch = strstr(text, "branch=") + 7;
        snprintf(sender.branch, sizeof sender.branch, "%.*s", (int)strcspn(branch, "\r"), branch);
        memcpy(end->branch, sender.branch, sizeof end->branch);
        send_request(sim, end, "CANCEL", text);
    } else if (end->state == END_UP) {
        if (sim->is_talking && chance(sim, 50)) {
            within(sim, end, chance(sim, 50) ? "INVITE" : "INFO");
            end->act_us = sim->now_us + draw(sim, 5000000);
        } else {
            within(sim, end, "BYE");
            end->state = END_OVER;
        }
    }
}

static void resend_final(struct sim *sim, struct end *end)
{
    if (++end->resend_count > RESENDS_MAX + 3) {
        end->resend_us = DEADLINE_NEVER;
        if (end->final == 200) within(sim, end, "BYE");
        end->state = END_OVER;
        return;
    }
    if (end->interval_us < 4000000) end->interval_us *= 2;
    end->resend_us = sim->now_us + end->interval_us;
    answer(sim, &end->at, end->invite, end->final);
}

// What a device was doing when it was lost just now.
static void note_lost(struct sim *sim)
{
    for (size_t i = 0; i < sim->end_count; i++) {
        const struct end *end = &sim->ends[i];
        bool is_new = !end->is_caller && bridge_is_lost(sim, &end->at);
        for (size_t k = 0; is_new && k < DEVICES; k++) {
            if (!address_eq(&end->at, &device_at[k])) continue;
            is_new = sim->now_us < sim->lost_us[k] + STEP_US;
        }
        if (is_new && end->state == END_RINGING) seen.lost_ringing++;
        if (is_new && end->state == END_UP) seen.lost_talking++;
    }
}

static void step(struct sim *sim)
{
    sim->now_us += STEP_US;
    note_lost(sim);
    for (size_t i = 0; i < sim->packet_top; i++) {
        uint64_t at_us = sim->packets[i].at_us;
        struct sip_message message;
        if (at_us == 0 || at_us > sim->now_us) continue;
        struct packet packet = sim->packets[i];
        sim->packets[i].at_us = 0;
        if (packet.is_to_engine) {
            world_receive(sim->world, &packet.from, (struct span){packet.bytes, packet.len});
        } else if (!parse(sim, packet.bytes, &message)) {
            bridge_fail("unreadable:", packet.bytes);
        } else if (message.is_request) {
            take_request(sim, &packet, &message);
        } else {
            take_response(sim, &packet, &message);
        }
    }
    for (size_t i = 0; i < sim->end_count; i++) {
        struct end *end = &sim->ends[i];
        if (end->resend_us > 0 && end->resend_us <= sim->now_us && !end->is_caller) {
            resend_final(sim, end);
        }
        if (end->act_us <= sim->now_us && end->state != END_OVER) act(sim, end);
    }
    for (size_t i = 0; i < sim->request_top; i++) {
        struct request *request = &sim->requests[i];
        if (!request->is_open || request->resend_us > sim->now_us) continue;
        if (++request->resend_count > RESENDS_MAX) {
            request->is_open = false;
            continue;
        }
        if (request->interval_us < 4000000) request->interval_us *= 2;
        request->resend_us = sim->now_us + request->interval_us;
        say(sim, &request->end->at, request->bytes);
    }
}

static void collect(struct sim *sim)
{
    struct span sent;
    while ((sent = world_take_sent(sim->world)).len > 0) {
        struct packet packet = {.to = world_sent_flow(sim->world)->peer, .len = sent.len};
        if (sent.len >= PACKET_BYTES) bridge_fail("a long message of the engine", "");
        memcpy(packet.bytes, sent.at, sent.len);
        carry(sim, &packet);
    }
}

static void set(struct sim *sim, const char *kind, const char *words)
{
    const char *refused = world_set(sim->world, span_of(kind), span_of(words), true);
    if (refused) bridge_fail("a setting was refused:", refused);
}

static void forward_onward(struct sim *sim)
{
    static const char *const conditions[] = {"immediate", "busy", "no_answer", "unreachable"};
    for (size_t i = draw(sim, 2); i < 4; i++) {
        char words[128];
        snprintf(words, sizeof words,
                 "group=trial extension=102 condition=%s origin=all target=10%zu%s", conditions[i],
                 3 + i, i == 2 ? " delay=6" : "");
        set(sim, "forwarding", words);
    }
}

static void begin(struct sim *sim)
{
    set(sim, "group",
        is_onward ? "name=trial server=192.0.2.1 domain=pbx.test internal_ranges=100-199,700 "
                    "forward_by=bridge max_forwarded_calls=0 max_forwarded_per_hour=0"
                  : "name=trial server=192.0.2.1 domain=pbx.test internal_ranges=100-199");
    set(sim, "user", is_onward && chance(sim, 70) ? "name=sales mailbox=700" : "name=sales");
    set(sim, "line",
        "group=trial extension=102 user=sales max_calls=9 second_call=ring password=secret");
    if (is_onward) {
        forward_onward(sim);
    } else if (chance(sim, 50)) {
        set(sim, "forwarding",
            "group=trial extension=102 condition=no_answer origin=all target=103 delay=6");
    }
    world_set_peer(sim->world, 1, SPAN(BRIDGE_PBX));
    uint32_t user_id = world_id(sim->world, SPAN("user"), SPAN("name=sales"));
    size_t count = 1 + draw(sim, DEVICES);
    for (size_t i = 0; i < count; i++) {
        char text[64];
        snprintf(text, sizeof text, "198.51.100.%zu:5060", i + 1);
        world_bind(sim->world, user_id, span_of(text));
        (void)address_parse_port(span_of(text), 0, &device_at[i]);
    }
    for (size_t i = 0; i < DEVICES; i++) {
        bool is_to_be_lost = chance(sim, 15);
        sim->lost_us[i] = DEADLINE_NEVER;
        if (is_to_be_lost) sim->lost_us[i] = sim->now_us + draw(sim, TALKING_S * 1000000);
    }
}

// What calls take on average, while some ring and when all are up (docs/benchmark.md).
static void weigh(struct sim *sim)
{
    enum { RINGING_BYTES_MAX = 4096, UP_BYTES_MAX = 2200 };
    struct engine_counts counts = world_counts(sim->world);
    size_t each_max = counts.waiting_calls > 0 ? RINGING_BYTES_MAX : UP_BYTES_MAX;
    if (counts.call_bytes > counts.open_calls * each_max)
        bridge_fail("calls take too much memory", "");
}

static void run(uint64_t seed, bool is_verbose, unsigned *answered)
{
    static struct sim sim;
    sim.end_count = sim.packet_top = sim.request_top = 0;
    sim.branch_count = sim.call_count = 0;
    sim.state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    seed_of_run = seed;
    sim.world = world_new(seed);
    sim.now_us = world_now_us(sim.world);
    sim.is_verbose = is_verbose;
    sim.is_lossy = sim.is_talking = true;
    uint64_t began_us = sim.now_us;
    begin(&sim);
    while (sim.now_us < began_us + (uint64_t)TALKING_S * 1000000) {
        if (sim.call_count < CALLS && chance(&sim, 1)) place_call(&sim);
        collect(&sim);
        step(&sim);
        world_advance(sim.world, STEP_US);
        weigh(&sim);
    }
    sim.is_lossy = sim.is_talking = false;
    for (int i = 0; i < QUIET_S * 100; i++) { // what is under way ends
        collect(&sim);
        step(&sim);
        world_advance(sim.world, STEP_US);
    }
    for (size_t i = 0; i < sim.end_count; i++) *answered += sim.ends[i].was_up;
    bridge_judge(&sim);
    world_free(sim.world);
}

static bool has_seen_onward(void)
{
    return seen.mailboxes && seen.target_cancelled && seen.target_answered && seen.target_refused &&
           seen.challenged;
}

static bool has_seen_joined(void)
{
    return seen.cancelled && seen.two_answers && seen.glare && seen.both_bye && seen.lost_ack &&
           seen.lost_ringing && seen.lost_talking;
}

int main(int argc, char **argv)
{
    uint64_t first = 1, count = 1;
    bool is_verbose = false;
    unsigned answered = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) first = strtoull(argv[++i], NULL, 10);
        if (strcmp(argv[i], "--count") == 0 && i + 1 < argc) count = strtoull(argv[++i], NULL, 10);
        if (strcmp(argv[i], "--onward") == 0) is_onward = true;
        if (strcmp(argv[i], "--verbose") == 0) is_verbose = true;
    }
    (void)address_parse_port(SPAN(BRIDGE_PBX), 0, &pbx_at);
    for (uint64_t seed = first; seed < first + count; seed++) run(seed, is_verbose, &answered);
    if (count >= MANY_SEEDS && !(is_onward ? has_seen_onward() : has_seen_joined())) {
        bridge_fail("something never came about", "in so many seeds");
    }
    if (is_onward) {
        printf("onward: %u targets and mailboxes called, %u of them mailboxes; %u asked for a "
               "proof, %u answered, %u refused, %u CANCEL and 200\n",
               seen.targets, seen.mailboxes, seen.challenged, seen.target_answered,
               seen.target_refused, seen.target_cancelled);
    }
    printf("%llu seeds from %llu on: each call had one answer and came to its end; %u telephones "
           "talked; crossed: %u CANCEL and 200, %u second 200, %u glare, %u BYE and BYE; "
           "%u ACK lost; devices lost: %u ringing, %u in a call\n",
           (unsigned long long)count, (unsigned long long)first, answered, seen.cancelled,
           seen.two_answers, seen.glare, seen.both_bye, seen.lost_ack, seen.lost_ringing,
           seen.lost_talking);
    return 0;
}
