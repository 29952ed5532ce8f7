// SPDX-License-Identifier: Apache-2.0
// Messages that are none of our business: from strangers, and odd ones from a PBX. A Call-ID
// "expect-403-..." says how the witness wants it answered; "junk-..." is not to be judged.
#include "sim/scene.h"

#include <stdio.h>
#include <string.h>

enum { STRANGER_COUNT = 3, OLD_ENOUGH_US = 60000000 };

struct kind {
    const char *method;
    const char *to_params;
    unsigned status; // that it deserves; 0: none
};

static const struct kind kinds[] = {
    {"INVITE", "", 403},     {"INVITE", ";tag=x", 403}, {"REGISTER", "", 401},
    {"OPTIONS", "", 200},    {"SUBSCRIBE", "", 405},    {"MESSAGE", "", 405},
    {"INFO", ";tag=x", 481}, {"BYE", ";tag=x", 481},    {"CANCEL", "", 481},
    {"ACK", ";tag=x", 0},    {"TELEPORT", "", 501},     {"UPDATE", ";tag=x", 481},
};
enum { KIND_COUNT_ALL = sizeof kinds / sizeof kinds[0], KIND_FIRST_OF_PBX = 2 };

static void print_request(struct scene *scene, const struct kind *kind, const char *call_id,
                          struct buffer *out)
{
    struct sim *sim = &scene->sim;
    unsigned number = scene->stranger_count;
    buffer_printf(out, "%s sip:%u@192.0.2.9:5070 SIP/2.0\r\n", kind->method,
                  (unsigned)sim_between(sim, 99, 110));
    buffer_printf(out, "Via: SIP/2.0/UDP 203.0.113.5:%u%s;branch=z9hG4bKjunk%u\r\n",
                  sim_chance(sim, 50) ? 5060 : 9, sim_chance(sim, 50) ? ";rport" : "", number);
    buffer_printf(out, "From: <sip:+33999999999@nowhere.test>;tag=j%u\r\n", number);
    buffer_printf(out, "To: <sip:102@pbx.test>%s\r\nCall-ID: %s-%u\r\n", kind->to_params, call_id,
                  number);
    buffer_printf(out, "CSeq: 1 %s\r\nMax-Forwards: 70\r\n", kind->method);
    buffer_put_text(out, "Contact: <sip:someone@203.0.113.5>\r\n");
    sip_put_end(out, SPAN_NONE);
}

static void print_response(struct scene *scene, struct buffer *out)
{
    static const unsigned statuses[] = {100, 200, 302, 401, 503};
    unsigned number = scene->stranger_count;
    sip_put_status_line(out, statuses[sim_between(&scene->sim, 0, 4)], SPAN_NONE);
    buffer_printf(out, "Via: SIP/2.0/UDP 192.0.2.9:5070;branch=z9hG4bK%032u\r\n", number);
    buffer_put_text(out, "From: <sip:101@pbx.test>;tag=a\r\nTo: <sip:101@pbx.test>;tag=b\r\n");
    buffer_printf(out, "Call-ID: junk-%u\r\nCSeq: 1 REGISTER\r\n", number);
    buffer_put_text(out, "WWW-Authenticate: Digest realm=\"pbx.test\", nonce=\"stolen\"\r\n"
                         "Contact: <sip:101@203.0.113.5>\r\n");
    sip_put_end(out, SPAN_NONE);
}

static void print_garbage(struct scene *scene, struct buffer *out)
{
    char bytes[512];
    size_t len = sim_between(&scene->sim, 1, sizeof bytes);
    random_bytes(&scene->sim.random, bytes, len);
    if (sim_chance(&scene->sim, 30)) memset(bytes, '\n', len);
    buffer_put(out, (struct span){bytes, len});
}

static void mangle(struct scene *scene, struct buffer *message)
{
    struct sim *sim = &scene->sim;
    if (sim_chance(sim, 50)) {
        message->len = sim_between(sim, 1, message->len);
        return;
    }
    for (uint64_t n = sim_between(sim, 1, 5); n > 0; n--) {
        uint64_t at = sim_between(sim, 0, message->len - 1);
        message->at[at] = (char)sim_between(sim, 0, 255);
    }
}

static void choose_stranger(struct scene *scene, struct address *address)
{
    char text[32];
    snprintf(text, sizeof text, "198.51.100.%u:%u",
             (unsigned)sim_between(&scene->sim, 1, STRANGER_COUNT),
             (unsigned)sim_between(&scene->sim, 1024, 65535));
    ASSERT(address_parse_port(span_of(text), 0, address));
}

// Something that was said long ago, said again by a stranger; a CANCEL or an ACK at any time.
static bool repeat_what_was_overheard(struct scene *scene, const struct address *address)
{
    const struct overheard *overheard = &scene->overheard;
    struct span bytes = {overheard->bytes, overheard->len};
    bool is_urgent = span_starts_with(bytes, SPAN("CANCEL")) ||
                     span_starts_with(bytes, SPAN("ACK"));
    bool is_old = scene->sim.now_us >= overheard->at_us + OLD_ENOUGH_US;
    if (overheard->len == 0 || !(is_old || is_urgent)) return false;
    sim_send_by(&scene->sim, SIM_OURS, address, "stranger, overheard ",
                (struct span){overheard->bytes, overheard->len});
    scene->overheard.len = 0;
    return true;
}

void stranger_act(struct scene *scene)
{
    struct sim *sim = &scene->sim;
    char bytes[SIM_PACKET_BYTES], call_id[32];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    struct address address;
    bool is_pbx = sim_chance(sim, 30);
    unsigned pbx = (unsigned)sim_between(sim, 0, scene->site.group_count - 1);
    uint64_t what = sim_between(sim, 0, 99);
    scene->stranger_count++;
    choose_stranger(scene, &address);
    if (!is_pbx && what >= 80 && repeat_what_was_overheard(scene, &address)) return;
    if (what < 10) {
        print_garbage(scene, &out);
    } else if (what < 20) {
        print_response(scene, &out);
    } else {
        bool is_mangled = what < 50;
        bool is_any = is_mangled || !is_pbx;
        const struct kind *kind =
            &kinds[sim_between(sim, is_any ? 0 : KIND_FIRST_OF_PBX, KIND_COUNT_ALL - 1)];
        snprintf(call_id, sizeof call_id, "expect-%03u", kind->status);
        print_request(scene, kind, is_mangled ? "junk" : call_id, &out);
        if (is_mangled) mangle(scene, &out);
    }
    ASSERT(!out.is_full);
    if (is_pbx) {
        pbx_send(&scene->pbxs[pbx], scene, "pbx, odd ", buffer_span(&out));
    } else {
        sim_send_by(sim, SIM_OURS, &address, "stranger ", buffer_span(&out));
    }
}
