// SPDX-License-Identifier: Apache-2.0
// Any bytes as a story: messages from the PBX and from strangers, made of templates and then
// spoiled, answers to what the engine asks, time, settings, lost addresses, restarts. Whatever the
// story is: a stranger gets at most one answer, little longer than what he sent, and never a
// request; nobody else gets anything; and once all lines and groups are gone, nothing is left of
// it.
#include "fuzz/fuzz.h"
#include "fuzz/story.h"
#include "fuzz/world_story.h"
#include "sip/sip.h"

#include <stdlib.h>
#include <string.h>

enum {
    EVENT_MAX = 60,
    MESSAGE_SIZE = 4096,
    STRANGER_EXTRA_MAX = 300,
    CALLS = 4, // branches that a story tells of
    WAITED_MAX_S = 1200,
};

static const uint64_t second_us = 1000000;

struct story {
    struct story_bytes bytes;
    struct world *world;
    struct address pbx, stranger;
    uint64_t waited_us; // by the story's wish
    // The last request of the engine, to be answered.
    char asked[MESSAGE_SIZE];
    size_t asked_len;
    // What it is handling.
    const struct address *from;
    size_t handled_len;
    unsigned answer_count;
};

// ---- What the engine sends

static void check_sent(struct story *story, const struct flow *flow, struct span bytes)
{
    bool is_request = !span_starts_with(bytes, SPAN("SIP/2.0 "));
    if (address_eq_host(&flow->peer, &story->pbx)) {
        if (!is_request || bytes.len > sizeof story->asked) return;
        memcpy(story->asked, bytes.at, bytes.len);
        story->asked_len = bytes.len;
        return;
    }
    ASSERT(story->from && address_eq_host(&flow->peer, story->from));
    ASSERT(!is_request && ++story->answer_count == 1);
    ASSERT(bytes.len <= story->handled_len + STRANGER_EXTRA_MAX);
}

static void look(struct story *story)
{
    for (;;) {
        struct span bytes = world_take_sent(story->world);
        if (bytes.len == 0) break;
        check_sent(story, world_sent_flow(story->world), bytes);
    }
    while (world_take_entry(story->world)) {
    }
    ASSERT(world_counts(story->world).effects_lost == 0);
}

static void give(struct story *story, const struct address *from, struct span bytes, bool is_stream)
{
    story->from = from;
    story->handled_len = bytes.len;
    story->answer_count = 0;
    if (is_stream) {
        (void)world_receive_stream(story->world, from, bytes);
    } else {
        world_receive(story->world, from, bytes);
    }
    // A stream may bring several messages, each with its answer.
    if (is_stream && from == &story->stranger) {
        while (world_take_sent(story->world).len > 0) {
        }
    }
    look(story);
    story->from = NULL;
}

// ---- Messages

static void put_extras(struct story *story, struct buffer *out)
{
    static const char *const extras[] = {
        "",
        "P-Asserted-Identity: <sip:103@pbx.test>\r\n",
        "Diversion: <sip:102@pbx.test>;reason=unconditional;counter=3\r\n",
        "History-Info: <sip:102@pbx.test;cause=302>;index=1, <sip:101@pbx.test>;index=1.1\r\n",
        "Require: teleport\r\n",
        "Priority: psap-callback\r\n",
        "Privacy: id\r\n",
        "Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n",
    };
    buffer_put_text(out, extras[story_choose(&story->bytes, sizeof extras / sizeof extras[0])]);
}

static void print_request(struct story *story, struct buffer *out)
{
    static const char *const methods[] = {"INVITE", "ACK",  "CANCEL",   "INVITE",  "OPTIONS",
                                          "BYE",    "INFO", "REGISTER", "TELEPORT"};
    const char *method = methods[story_choose(&story->bytes, sizeof methods / sizeof methods[0])];
    size_t call = story_choose(&story->bytes, CALLS), how = story_byte(&story->bytes);
    const char *branch = how & 1 ? "" : how & 2 ? ";branch=z9hG4bK" : ";branch=z9hG4bK-call";
    buffer_printf(out, "%s sip:%zu@192.0.2.9:5070 SIP/2.0\r\n", method,
                  101 + story_choose(&story->bytes, 4));
    buffer_printf(out, "Via: SIP/2.0/UDP 192.0.2.1:5060;rport%s", branch);
    if ((how & 3) == 0) buffer_printf(out, "%zu", call);
    buffer_printf(out, "\r\nFrom: <sip:+4930123%zu@pbx.test>;tag=f%zu\r\n", call, call);
    buffer_printf(out, "To: <sip:101@pbx.test>%s\r\n", how & 4 ? ";tag=x" : "");
    buffer_printf(out, "Call-ID: call%zu\r\nCSeq: %u %s\r\n", call, how & 8 ? 2 : 1, method);
    put_extras(story, out);
    buffer_put_text(out, "Max-Forwards: 70\r\nContact: <sip:192.0.2.1>\r\n");
    sip_put_end(out, how & 16 ? SPAN("v=0\r\n") : SPAN_NONE);
}

// The answer to what the engine asked last; false when it asked nothing yet.
static bool print_answer(struct story *story, struct buffer *out)
{
    static _Alignas(16) char memory[SIP_HEADER_MAX * sizeof(struct sip_header)];
    static const unsigned statuses[] = {200, 401, 407, 423, 100, 403, 404, 408, 500, 503, 302, 200};
    static const char *const extras[] = {
        "",
        "WWW-Authenticate: Digest realm=\"pbx.test\", nonce=\"abc\", qop=\"auth\"\r\n",
        "Proxy-Authenticate: Digest realm=\"pbx.test\", nonce=\"abd\", stale=true\r\n",
        "Min-Expires: 600\r\n",
        "Retry-After: 20\r\n",
        "Contact: <sip:101@192.0.2.9:5070>;expires=60\r\n",
        "Contact: <sip:101@192.0.2.9:5070>;expires=0\r\nExpires: 5\r\n",
    };
    struct arena arena = arena_over(memory, sizeof memory);
    struct sip_message request;
    struct sip_fault fault;
    if (story->asked_len == 0) return false;
    struct span asked = {story->asked, story->asked_len};
    ASSERT(sip_parse(asked, &arena, &request, &fault) == SIP_OK);
    sip_put_status_line(out,
                        statuses[story_choose(&story->bytes, sizeof statuses / sizeof statuses[0])],
                        SPAN_NONE);
    sip_put_reply_headers(out, &request, &story->stranger, SPAN("pbx"));
    buffer_put_text(out, extras[story_choose(&story->bytes, sizeof extras / sizeof extras[0])]);
    sip_put_end(out, SPAN_NONE);
    return true;
}

static void print_bytes(struct story *story, struct buffer *out)
{
    size_t len = story_byte(&story->bytes);
    if (len > story->bytes.len) len = story->bytes.len;
    buffer_put(out, (struct span){(const char *)story->bytes.at, len});
    story->bytes.at += len;
    story->bytes.len -= len;
}

static void send_something(struct story *story, size_t kind)
{
    char bytes[MESSAGE_SIZE];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    size_t by = story_choose(&story->bytes, 8);
    if (kind == 0) print_request(story, &out);
    if (kind == 1 && !print_answer(story, &out)) return;
    if (kind == 2) print_bytes(story, &out);
    ASSERT(!out.is_full);
    if (out.len == 0) return;
    (void)story_spoil(&story->bytes, &out);
    give(story, by == 7 ? &story->stranger : &story->pbx, buffer_span(&out), by == 6);
}

// ---- Time, settings, trouble

static void let_time_pass(struct story *story)
{
    static const unsigned milliseconds[] = {0,    1,     200,   500,    3500,
                                            8000, 32000, 60000, 180000, 600000};
    size_t which = story_choose(&story->bytes, sizeof milliseconds / sizeof milliseconds[0]);
    uint64_t by_us = milliseconds[which] * UINT64_C(1000);
    if (!story_may_wait(&story->waited_us, by_us, WAITED_MAX_S)) return;
    story_pass(story, story->world, by_us);
}

static void change_setting(struct story *story)
{
    static const struct {
        const char *kind, *words;
    } changes[] = {
        {"line", "group=trial extension=101 enabled=off"},
        {"line", "group=trial extension=101 enabled=on password=other"},
        {"line", "group=trial extension=102 user=u"},
        {"user", "name=u dnd=on"},
        {"user", "name=u dnd=off login=on"},
        {"user", "name=u login=off mailbox=180"},
        {"group", "name=trial enabled=off"},
        {"group", "name=trial enabled=on register_rate=1 register_interval_s=60"},
        {"group", "name=trial diversion=both decline_unavailable=ringing"},
        {"group", "name=trial max_diversions=1 realm=other"},
        {"forwarding", "group=trial extension=101 condition=immediate origin=all target=102"},
        {"forwarding", "group=trial extension=102 condition=logged_off origin=all target=101"},
        {"forwarding", "group=trial extension=102 condition=dnd origin=external target=mailbox"},
    };
    size_t which = story_choose(&story->bytes, sizeof changes / sizeof changes[0]),
           how = story_choose(&story->bytes, 4);
    struct span kind = span_of(changes[which].kind), words = span_of(changes[which].words);
    if (how == 0) {
        (void)world_remove(story->world, kind, words);
    } else {
        (void)world_set(story->world, kind, words, how == 1);
    }
    look(story);
}

static void move_pbx(struct story *story)
{
    static const char *const places[] = {"192.0.2.1:5060", "", "192.0.2.1:5080",
                                         "tcp 192.0.2.1:5060"};
    world_set_peer(story->world, 1, span_of(places[story_choose(&story->bytes, 4)]));
    look(story);
}

static void set_clock(struct story *story)
{
    static const int64_t steps_s[] = {3600, -3600, 31536000, -31536000};
    world_step_wall(story->world, steps_s[story_choose(&story->bytes, 4)] * (int64_t)second_us);
}

static void restart(struct story *story)
{
    if (story_choose(&story->bytes, 2) == 0) world_save(story->world);
    world_crash(story->world, story_byte(&story->bytes));
    look(story);
    move_pbx(story);
}

static void happen(struct story *story)
{
    switch (story_choose(&story->bytes, 16)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4: send_something(story, 0); break;
    case 5:
    case 6:
    case 7: send_something(story, 1); break;
    case 8: send_something(story, 2); break;
    case 9:
    case 10:
    case 11: let_time_pass(story); break;
    case 12: change_setting(story); break;
    case 13: move_pbx(story); break;
    case 14: set_clock(story); break;
    default: restart(story); break;
    }
}

// ---- Beginning and end

static void begin(struct story *story)
{
    static const char *const lines[] = {"group=trial extension=101 password=secret",
                                        "group=trial extension=102 password=secret"};
    ASSERT(address_parse_port(SPAN("192.0.2.1:5060"), 0, &story->pbx));
    ASSERT(address_parse_port(SPAN("198.51.100.7:5060"), 0, &story->stranger));
    story->world = world_new(1);
    ASSERT(!world_set(story->world, SPAN("user"), SPAN("name=u"), true));
    ASSERT(!world_set(story->world, SPAN("group"),
                      SPAN("name=trial server=192.0.2.1 domain=pbx.test internal_ranges=100-199"),
                      true));
    for (size_t i = 0; i < 2; i++) {
        ASSERT(!world_set(story->world, SPAN("line"), span_of(lines[i]), true));
    }
    world_set_peer(story->world, 1, SPAN("192.0.2.1:5060"));
    look(story);
}

// Nothing may be left.
static void end(struct story *story)
{
    static const char *const lines[] = {"group=trial extension=101", "group=trial extension=102"};
    for (size_t i = 0; i < 2; i++) {
        (void)world_remove(story->world, SPAN("line"), span_of(lines[i])); // the story may have
        look(story);
    }
    (void)world_remove(story->world, SPAN("group"), SPAN("name=trial"));
    ASSERT(world_id(story->world, SPAN("group"), SPAN("name=trial")) == 0);
    look(story);
    story_pass(story, story->world, 600 * second_us);
    struct engine_counts counts = world_counts(story->world);
    ASSERT(counts.open_calls == 0 && counts.open_transactions == 0);
    ASSERT(world_deadline_us(story->world) == DEADLINE_NEVER);
    world_free(story->world);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct story story;
    story = (struct story){.bytes = {bytes, size}};
    begin(&story);
    for (int i = 0; i < EVENT_MAX && story.bytes.len > 0; i++) happen(&story);
    end(&story);
    return 0;
}
