// SPDX-License-Identifier: Apache-2.0
// Any bytes as a story of calls that are joined: a PBX that calls a line, its three devices that
// ring, answer, refuse and deflect, a device that calls by its line and dials codes, requests of
// either side within what dialogs there are, forwardings carried out by a second call, time,
// settings, a crash; all spoiled now and then. Whatever the story is: what the engine sends can be
// read and goes to nobody else, an INVITE of the PBX has one final answer, and once nobody says
// anything more, no call and no leg is left.
#include "fuzz/fuzz.h"
#include "fuzz/story.h"
#include "fuzz/world_story.h"
#include "sip/sip.h"

#include <stdlib.h>
#include <string.h>

enum {
    EVENT_MAX = 80,
    MESSAGE_SIZE = 6000,
    KEPT = 24, // of the engine's messages
    CALLS = 6, // INVITEs of the PBX under way at the same time, by Call-ID
    INVITES = EVENT_MAX + 1,
    DEVICES = 3,
    WAITED_MAX_S = 5400,
    SILENCE_S = 2 * 3600, // more than any session lasts that nobody refreshes
    BOUND_S = 40000,      // more than the bindings of world_bind last
};

static const uint64_t second_us = 1000000;

// A message of the engine, and who has it.
struct kept {
    struct address to;
    size_t len;
    char bytes[MESSAGE_SIZE];
};

// What the PBX knows of an INVITE that it sent.
struct invite {
    size_t call;
    unsigned status;  // of its final answer, 0: none yet
    uint64_t to_hash; // of the To of that
    uint64_t sent_us;
};

struct story {
    struct story_bytes bytes;
    struct world *world;
    struct address pbx, devices[DEVICES];
    struct kept kept[KEPT];
    size_t kept_count; // in all: the latest is kept[(kept_count - 1) % KEPT]
    struct invite invites[INVITES];
    size_t invite_count;
    unsigned branch, cseq, nonce_count;
    uint64_t waited_us;
    bool is_untidy; // something was spoiled or lost: answers may repeat
    _Alignas(16) char arena_bytes[SIP_HEADER_MAX * sizeof(struct sip_header)];
};

static size_t choose(struct story *story, size_t count)
{
    return story_choose(&story->bytes, count);
}

static const char *pick(struct story *story, const char *const texts[], size_t count)
{
    return texts[choose(story, count)];
}

#define PICK(story, texts) pick(story, texts, sizeof(texts) / sizeof(texts)[0])

static bool parse(struct story *story, struct span bytes, struct sip_message *message)
{
    struct arena arena = arena_over(story->arena_bytes, sizeof story->arena_bytes);
    struct sip_fault fault;
    return sip_parse(bytes, &arena, message, &fault) == SIP_OK;
}

// ---- What the engine sends

static uint64_t hash_of(struct span text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < text.len; i++) {
        hash = (hash ^ (uint8_t)text.at[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static struct invite *find_invite(struct story *story, struct span branch)
{
    const struct span start = SPAN("z9hG4bKinvite");
    uint64_t number;
    if (!span_starts_with(branch, start)) return NULL;
    bool is_one = span_to_u64(span_from(branch, start.len), INVITES - 1, &number);
    return is_one && number < story->invite_count ? &story->invites[number] : NULL;
}

// A final answer is the only one, however often it comes.
static void check_final(struct story *story, const struct sip_message *answer)
{
    struct invite *invite = find_invite(story, answer->via.branch);
    if (!invite || answer->method != SIP_INVITE || answer->status < 200) return;
    uint64_t to_hash = hash_of(sip_header_value(answer, SIP_TO));
    ASSERT(invite->status == 0 || story->is_untidy ||
           (invite->status == answer->status && invite->to_hash == to_hash));
    invite->status = answer->status;
    invite->to_hash = to_hash;
}

static bool is_known(const struct story *story, const struct address *at)
{
    for (size_t i = 0; i < DEVICES; i++) {
        if (address_eq_host(at, &story->devices[i])) return true;
    }
    return address_eq_host(at, &story->pbx);
}

static void look(struct story *story)
{
    struct sip_message message;
    for (;;) {
        struct span bytes = world_take_sent(story->world);
        if (bytes.len == 0) break;
        const struct address *to = &world_sent_flow(story->world)->peer;
        bool is_read = parse(story, bytes, &message);
        ASSERT(is_known(story, to));
        ASSERT(is_read || story->is_untidy);
        if (!is_read || bytes.len > MESSAGE_SIZE) continue;
        if (!message.is_request) check_final(story, &message);
        struct kept *kept = &story->kept[story->kept_count++ % KEPT];
        memcpy(kept->bytes, bytes.at, bytes.len);
        kept->len = bytes.len;
        kept->to = *to;
    }
    while (world_take_entry(story->world)) continue;
    ASSERT(world_counts(story->world).effects_lost == 0);
}

static void give(struct story *story, const struct address *from, struct buffer *message)
{
    ASSERT(!message->is_full);
    if (story_spoil(&story->bytes, message)) story->is_untidy = true;
    world_receive(story->world, from, buffer_span(message));
    look(story);
}

// One of the engine's latest messages; NULL where there is none.
static const struct kept *choose_kept(struct story *story)
{
    size_t count = story->kept_count < KEPT ? story->kept_count : KEPT;
    if (count == 0) return NULL;
    return &story->kept[(story->kept_count - 1 - choose(story, count)) % KEPT];
}

// ---- What telephones say

static const char *const bodies[] = {
    "",
    "v=0\r\no=- 1 1 IN IP4 192.0.2.50\r\ns=-\r\nc=IN IP4 192.0.2.50\r\nt=0 0\r\n"
    "m=audio 4000 RTP/AVP 8 101\r\n",
    "v=0\r\no=- 1 2 IN IP4 192.0.2.50\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
    "m=audio 4000 RTP/AVP 8\r\na=sendonly\r\n",
    "m=audio",
};

static void put_body(struct story *story, struct buffer *out)
{
    const char *body = PICK(story, bodies);
    if (body[0]) buffer_put_text(out, "Content-Type: application/sdp\r\n");
    sip_put_end(out, span_of(body));
}

static void put_address(struct buffer *out, const struct address *at)
{
    buffer_put_text(out, "<sip:phone@");
    address_print(out, at);
    buffer_put_text(out, ">");
}

static const char *const invite_extras[] = {
    "",
    "Supported: 100rel, timer\r\nSession-Expires: 90;refresher=uac\r\n",
    "Record-Route: <sip:192.0.2.1;lr>\r\nSupported: 100rel\r\n",
    "Record-Route: <sip:192.0.2.1:5062>\r\n",
    "P-Asserted-Identity: <sip:+4930123@pbx.test>\r\nPrivacy: id\r\n",
    "Diversion: <sip:103@pbx.test>;reason=unconditional;counter=2\r\n",
    "Require: 100rel\r\n",
    "Require: replaces\r\nReplaces: call0@pbx.test;to-tag=d1;from-tag=f0\r\n",
    "Priority: psap-callback\r\n",
};

// The PBX calls.
static void pbx_invites(struct story *story)
{
    char bytes[MESSAGE_SIZE];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    size_t number = story->invite_count++, call = choose(story, CALLS), to = choose(story, 8);
    story->invites[number] = (struct invite){.call = call, .sent_us = world_now_us(story->world)};
    buffer_printf(&out, "INVITE sip:%s@192.0.2.9:5070 SIP/2.0\r\n", to == 7 ? "101" : "102");
    buffer_printf(&out, "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKinvite%zu\r\n", number);
    buffer_printf(&out, "From: <sip:10%zu@pbx.test>;tag=f%zu\r\nTo: <sip:102@pbx.test>\r\n",
                  3 + call % 3, call);
    buffer_printf(&out, "Call-ID: call%zu@pbx.test\r\nCSeq: %zu INVITE\r\nMax-Forwards: %s\r\n",
                  call, number + 1, to == 6 ? "1" : "70");
    buffer_put_text(&out, "Contact: <sip:pbx@192.0.2.1>\r\n");
    buffer_put_text(&out, PICK(story, invite_extras));
    put_body(story, &out);
    give(story, &story->pbx, &out);
}

// The PBX's CANCEL or ACK for one of its INVITEs.
static void pbx_follows_up(struct story *story, const char *method)
{
    char bytes[MESSAGE_SIZE];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    if (story->invite_count == 0) return;
    size_t number = story->invite_count - 1 - choose(story, story->invite_count);
    size_t call = story->invites[number].call;
    buffer_printf(&out, "%s sip:102@192.0.2.9:5070 SIP/2.0\r\n", method);
    buffer_printf(&out, "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKinvite%zu\r\n", number);
    buffer_printf(&out, "From: <sip:10%zu@pbx.test>;tag=f%zu\r\nTo: <sip:102@pbx.test>\r\n",
                  3 + call % 3, call);
    buffer_printf(&out, "Call-ID: call%zu@pbx.test\r\nCSeq: %zu %s\r\nMax-Forwards: 70\r\n", call,
                  number + 1, method);
    if (choose(story, 2)) buffer_put_text(&out, "Reason: SIP;cause=200\r\n");
    sip_put_end(&out, SPAN_NONE);
    give(story, &story->pbx, &out);
}

// Answers one of the engine's requests.
static void answer(struct story *story)
{
    static const unsigned statuses[] = {180, 200, 100, 183, 200, 486, 603, 302, 480, 401, 407, 491,
                                        481, 408, 487, 500, 503, 422, 600, 181, 199, 202, 404, 200};
    static const char *const extras[] = {
        "",
        "Require: 100rel\r\nRSeq: 1\r\n",
        "Record-Route: <sip:edge.test;lr>\r\n",
        "Record-Route: <sip:strict.test>\r\n",
        "Session-Expires: 90;refresher=uas\r\nRequire: timer\r\n",
        "WWW-Authenticate: Digest realm=\"pbx.test\", nonce=\"abc\", qop=\"auth\"\r\n",
        "Proxy-Authenticate: Digest realm=\"pbx.test\", nonce=\"abd\", algorithm=SHA-256\r\n",
        "Reason: Q.850;cause=16\r\nMin-SE: 90\r\n",
        "Contact: <sip:104@pbx.test>\r\n",
    };
    char bytes[MESSAGE_SIZE];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    struct sip_message request;
    const struct kept *kept = choose_kept(story);
    if (!kept || !parse(story, (struct span){kept->bytes, kept->len}, &request)) return;
    unsigned status = statuses[choose(story, sizeof statuses / sizeof statuses[0])];
    if (!request.is_request || request.method == SIP_ACK) return;
    char tag[4] = {'d', kept->to.bytes[3] < 100 ? (char)('0' + kept->to.bytes[3] % 10) : 'x', 0};
    if (choose(story, 8) == 7) tag[0] = 'f'; // another one of those behind it
    sip_put_status_line(&out, status, SPAN_NONE);
    sip_put_reply_headers(&out, &request, &kept->to, status > 100 ? span_of(tag) : SPAN_NONE);
    const char *extra = PICK(story, extras);
    if (!strstr(extra, "Contact")) {
        buffer_put_text(&out, "Contact: ");
        put_address(&out, &kept->to);
        buffer_put_text(&out, "\r\n");
    }
    buffer_put_text(&out, extra);
    put_body(story, &out);
    if (out.is_full) return;
    give(story, &kept->to, &out);
}

// ---- Within dialogs: whoever has a message of the engine says something in the dialog of it

static void put_request_line(struct buffer *out, const char *method, const struct sip_message *of)
{
    struct sip_address address;
    struct span contact = sip_header_value(of, SIP_CONTACT);
    bool is_read = contact.len > 0 && sip_parse_address(contact, &address) == SIP_OK;
    buffer_printf(out, "%s %.*s SIP/2.0\r\n", method,
                  SPAN_ARG(is_read ? address.uri_text : SPAN("sip:102@192.0.2.9:5070")));
}

static void put_within(struct story *story, struct buffer *out, const struct kept *kept,
                       const struct sip_message *of)
{
    static const char *const extras[] = {
        "",
        "Refer-To: <sip:104@pbx.test>\r\n",
        "RAck: 1 1 INVITE\r\n",
        "Refer-To: <sip:104@pbx.test?Replaces=call0%40pbx.test%3Bto-tag%3Dd1>\r\n",
        "Event: refer\r\nSubscription-State: terminated\r\n",
        "Reason: SIP;cause=200;text=\"elsewhere\"\r\n",
        "Session-Expires: 120\r\nSupported: timer\r\n",
    };
    static const char *const methods[] = {"BYE",  "ACK",     "INVITE", "UPDATE", "PRACK",
                                          "INFO", "ACK",     "REFER",  "NOTIFY", "OPTIONS",
                                          "BYE",  "MESSAGE", "CANCEL"};
    const char *method = PICK(story, methods);
    bool is_ack = strcmp(method, "ACK") == 0 || strcmp(method, "CANCEL") == 0;
    struct span to = sip_header_value(of, SIP_TO), from = sip_header_value(of, SIP_FROM);
    put_request_line(out, method, of);
    buffer_put_text(out, "Via: SIP/2.0/UDP ");
    address_print(out, &kept->to);
    buffer_printf(out, ";branch=z9hG4bKwithin%u\r\n", story->branch++);
    if (of->is_request) {
        buffer_printf(out, "From: %.*s", SPAN_ARG(to));
        if (of->to.tag.len == 0) buffer_printf(out, ";tag=d%c", '0' + kept->to.bytes[3] % 10);
        buffer_printf(out, "\r\nTo: %.*s\r\n", SPAN_ARG(from));
    } else {
        buffer_printf(out, "From: %.*s\r\nTo: %.*s\r\n", SPAN_ARG(from), SPAN_ARG(to));
    }
    buffer_printf(out, "Call-ID: %.*s\r\nCSeq: %u %s\r\nMax-Forwards: 70\r\nContact: ",
                  SPAN_ARG(of->call_id), is_ack ? of->cseq : ++story->cseq, method);
    put_address(out, &kept->to);
    buffer_put_text(out, "\r\n");
    buffer_put_text(out, PICK(story, extras));
    put_body(story, out);
}

static void say_within(struct story *story)
{
    char bytes[MESSAGE_SIZE];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    struct sip_message of;
    const struct kept *kept = choose_kept(story);
    if (!kept || !parse(story, (struct span){kept->bytes, kept->len}, &of)) return;
    put_within(story, &out, kept, &of);
    if (!out.is_full) give(story, &kept->to, &out);
}

// ---- A device calls by its line

static void print_device_invite(struct story *story, struct buffer *out, const char *number,
                                const struct sip_message *challenged)
{
    char uri[80];
    struct buffer text = buffer_over(uri, sizeof uri);
    struct sip_challenge challenge;
    buffer_printf(&text, "sip:%s@192.0.2.9:5070", number);
    buffer_printf(out, "INVITE %s SIP/2.0\r\nVia: SIP/2.0/UDP ", uri);
    address_print(out, &story->devices[0]);
    buffer_printf(out, ";branch=z9hG4bKdevice%u\r\n", story->branch++);
    buffer_printf(out, "From: <sip:desk1@192.0.2.9>;tag=d1\r\nTo: <%s>\r\n", uri);
    buffer_printf(out, "Call-ID: own%zu\r\nCSeq: %u INVITE\r\nMax-Forwards: 70\r\nContact: ",
                  choose(story, CALLS), ++story->cseq);
    put_address(out, &story->devices[0]);
    buffer_put_text(out, "\r\n");
    buffer_put_text(out, PICK(story, invite_extras));
    if (challenged && sip_find_challenge(challenged, SPAN_NONE, &challenge)) {
        struct sip_credentials credentials = {SPAN("desk1"), SPAN("secret")};
        sip_put_authorization(out, &challenge, &credentials, "INVITE", span_of(uri), SPAN("c"),
                              ++story->nonce_count);
    }
    put_body(story, out);
}

// The engine's latest challenge to the device.
static bool find_challenge(struct story *story, struct sip_message *message)
{
    for (size_t i = story->kept_count; i > 0 && i + KEPT > story->kept_count; i--) {
        const struct kept *kept = &story->kept[(i - 1) % KEPT];
        bool is_read = address_eq(&kept->to, &story->devices[0]) &&
                       parse(story, (struct span){kept->bytes, kept->len}, message);
        if (is_read && !message->is_request && message->status == 401) return true;
    }
    return false;
}

static void device_invites(struct story *story)
{
    static const char *const numbers[] = {"101",        "104",       "0089123410", "112",
                                          "*21*103%23", "*%2321%23", "102",        "+49301234",
                                          "**1*%23",    "0900123456"};
    char bytes[MESSAGE_SIZE];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    struct sip_message challenged;
    const char *number = PICK(story, numbers);
    bool has_challenge = find_challenge(story, &challenged);
    print_device_invite(story, &out, number, has_challenge ? &challenged : NULL);
    ASSERT(!out.is_full);
    give(story, &story->devices[0], &out);
}

// ---- Time, settings, trouble

static void let_time_pass(struct story *story)
{
    static const unsigned milliseconds[] = {0,    1,     20,    500,   4500,   5100,
                                            8000, 20000, 33000, 60000, 120000, 900000};
    size_t which = choose(story, sizeof milliseconds / sizeof milliseconds[0]);
    uint64_t by_us = milliseconds[which] * UINT64_C(1000);
    if (!story_may_wait(&story->waited_us, by_us, WAITED_MAX_S)) return;
    story_pass(story, story->world, by_us);
}

static void change_setting(struct story *story)
{
    static const struct {
        const char *kind, *words;
    } changes[] = {
        {"group", "name=trial forward_by=bridge bridge_caller_id=caller"},
        {"group", "name=trial forward_by=redirect decline_rejected=ringing"},
        {"group", "name=trial decline_unavailable=ringing decline_rejected=as_client"},
        {"group", "name=trial other_contacts=on max_forwarded_calls=1"},
        {"line", "group=trial extension=102 user=sales second_call=busy max_calls=1"},
        {"line", "group=trial extension=102 user=sales second_call=ring max_calls=9"},
        {"line", "group=trial extension=102 enabled=off"},
        {"line", "group=trial extension=102 enabled=on"},
        {"user", "name=sales dnd=on"},
        {"user", "name=sales dnd=off login=on mailbox=180"},
        {"user", "name=sales login=auto"},
        {"forwarding", "group=trial extension=102 condition=immediate origin=all target=104"},
        {"forwarding", "group=trial extension=102 condition=busy origin=all target=104"},
        {"forwarding",
         "group=trial extension=102 condition=no_answer origin=all target=104 delay=5"},
        {"forwarding", "group=trial extension=102 condition=unreachable origin=all target=101"},
        {"forwarding", "group=trial extension=101 condition=logged_off origin=all target=102"},
    };
    size_t which = choose(story, sizeof changes / sizeof changes[0]), how = choose(story, 8);
    struct span kind = span_of(changes[which].kind), words = span_of(changes[which].words);
    if (how == 0) {
        (void)world_remove(story->world, kind, words);
    } else {
        (void)world_set(story->world, kind, words, how & 1);
    }
    look(story);
}

static void meddle(struct story *story)
{
    static const char *const targets[] = {"104", "101", "102", "+49301234", "112"};
    enum fwd_finding finding;
    switch (choose(story, 3)) {
    case 0: (void)world_decline(story->world); break;
    case 1: (void)world_hang_up(story->world); break;
    default: (void)world_deflect(story->world, span_of(PICK(story, targets)), &finding); break;
    }
    look(story);
}

static void bind_devices(struct story *story)
{
    static const char *const places[] = {"198.51.100.1:5060", "198.51.100.2:5060",
                                         "198.51.100.3:5060"};
    uint32_t user_id = world_id(story->world, SPAN("user"), SPAN("name=sales"));
    for (size_t i = 0; i < DEVICES; i++) {
        world_bind(story->world, user_id, span_of(places[i]));
        bool is_read = address_parse_port(span_of(places[i]), 0, &story->devices[i]);
        ASSERT(is_read);
    }
}

static void crash(struct story *story)
{
    if (choose(story, 4) != 0) return; // it makes an end of all that came before
    story->is_untidy = true;
    world_crash(story->world, story_byte(&story->bytes));
    world_set_peer(story->world, 1, SPAN("192.0.2.1:5060"));
    bind_devices(story);
    look(story);
}

static void happen(struct story *story)
{
    switch (choose(story, 20)) {
    case 0:
    case 1:
    case 2: pbx_invites(story); break;
    case 3:
    case 4:
    case 5:
    case 6:
    case 7:
    case 8: answer(story); break;
    case 9:
    case 10:
    case 11:
    case 12: say_within(story); break;
    case 13: pbx_follows_up(story, choose(story, 2) ? "CANCEL" : "ACK"); break;
    case 14: device_invites(story); break;
    case 15:
    case 16: let_time_pass(story); break;
    case 17: change_setting(story); break;
    case 18: meddle(story); break;
    default: crash(story); break;
    }
}

// ---- Beginning and end

static void set(struct story *story, const char *kind, const char *words)
{
    const char *refused = world_set(story->world, span_of(kind), span_of(words), true);
    ASSERT(!refused);
}

static void begin(struct story *story)
{
    bool is_read = address_parse_port(SPAN("192.0.2.1:5060"), 0, &story->pbx);
    ASSERT(is_read);
    story->world = world_new(1);
    story->cseq = 1000;
    set(story, "group",
        "name=trial server=192.0.2.1 domain=pbx.test internal_ranges=100-199 country_code=49 "
        "area_code=89 main_number=+49891234 outside_prefix=0");
    set(story, "user", "name=sales display_name=Ann");
    set(story, "line", "group=trial extension=102 user=sales password=secret");
    set(story, "line", "group=trial extension=101 password=secret");
    set(story, "device",
        "user=sales name=desk sip_user=desk1 password='3fee4526e035834056fdbd03d106a78a "
        "d84ce2d2906c9ea6f64228ceebf7574ae6244b24bc13c43aa6a17a7c805ed2ab'");
    world_set_peer(story->world, 1, SPAN("192.0.2.1:5060"));
    bind_devices(story);
    look(story);
}

// Nobody says anything more: all calls end. Then all settings go.
static void end(struct story *story)
{
    static const char *const lines[] = {"group=trial extension=101", "group=trial extension=102"};
    story_pass(story, story->world, SILENCE_S * second_us);
    struct engine_counts counts = world_counts(story->world);
    ASSERT(counts.open_calls == 0 && counts.open_legs == 0);
    ASSERT(world_shown_count(story->world) == 0);
    for (size_t i = 0; i < 2; i++) {
        (void)world_remove(story->world, SPAN("line"), span_of(lines[i])); // the story may have
        look(story);
    }
    (void)world_remove(story->world, SPAN("group"), SPAN("name=trial"));
    look(story);
    story_pass(story, story->world, BOUND_S * second_us);
    ASSERT(world_counts(story->world).open_transactions == 0);
    ASSERT(world_deadline_us(story->world) == DEADLINE_NEVER);
    world_free(story->world);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct story story;
    memset(&story, 0, sizeof story);
    story.bytes = (struct story_bytes){bytes, size};
    begin(&story);
    for (int i = 0; i < EVENT_MAX && story.bytes.len > 0; i++) happen(&story);
    end(&story);
    return 0;
}
