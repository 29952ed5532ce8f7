// SPDX-License-Identifier: Apache-2.0
// Any bytes as a story of the registrar: REGISTERs of two devices and of strangers, with right and
// wrong proofs, old nonces, all kinds of Contacts, from several flows; lost connections, time, new
// passwords, a restart. Whatever the story is: nobody is believed without the right proof, and none
// twice; bindings are what was told, bounded in number and time; and in the end none is left.
#include "client/client.h"
#include "fuzz/fuzz.h"
#include "fuzz/story.h"
#include "sip/sip.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

enum {
    EVENT_MAX = 80,
    MESSAGE_SIZE = 4096,
    ARENA_SIZE = 256 * 1024,
    DEVICES = 2,
    BINDINGS = 8, // fewer than both may have
    FLOWS = 6,
    NONCES = 8,
    PROOFS = EVENT_MAX,
    GRANTED_MIN_S = 60,
    GRANTED_MAX_S = 3600,
};

static const uint64_t second_us = 1000000;

struct proof {
    size_t user;
    char nonce[40];
    uint32_t count;
};

struct story {
    struct story_bytes bytes;
    struct client_table *table;
    struct turn turn;
    struct arena arena;
    struct random random;
    struct flow flows[FLOWS];
    bool is_there[DEVICES];    // in the settings
    uint8_t password[DEVICES]; // which one holds
    uint32_t cseq;
    uint8_t start_count;
    char nonces[NONCES][40];     // as given, the latest first
    struct proof proofs[PROOFS]; // that were believed
    size_t proof_count;
    struct model_binding told[BINDINGS]; // that there are, as told
    size_t told_count;
};

static const char *const users[] = {"deskone", "softtwo", "nobody", "100"};
static const char *const passwords[] = {"secret", "renewed", "guess"};

static size_t choose(struct story *story, size_t count)
{
    return story_choose(&story->bytes, count);
}

// ---- What the registrar tells

static void take_binding(struct story *story, const struct client_shown *shown)
{
    const struct model_binding *binding = &shown->binding;
    size_t at = 0;
    while (at < story->told_count && story->told[at].number != binding->number) at++;
    bool is_known = at < story->told_count;
    ASSERT(is_known != (shown->is_new && !shown->is_gone));
    if (shown->is_gone) {
        story->told[at] = story->told[--story->told_count];
        return;
    }
    if (!is_known) story->told_count++;
    ASSERT(story->told_count <= BINDINGS);
    story->told[at] = *binding;
    ASSERT(binding->until_us <= story->turn.wall_us + GRANTED_MAX_S * second_us);
}

static size_t told_of(const struct story *story, uint32_t device_id)
{
    size_t count = 0;
    for (size_t i = 0; i < story->told_count; i++) count += story->told[i].device_id == device_id;
    return count;
}

// Drains what was told, and compares it with what there is.
static void look(struct story *story)
{
    struct client_contact contacts[CLIENT_CONTACTS_MAX];
    struct effect *effect;
    while ((effect = turn_next(&story->turn)) != NULL) {
        ASSERT(effect->kind == CLIENT_SHOWN);
        take_binding(story, (const void *)effect);
    }
    ASSERT(story->turn.effects_lost_count == 0);
    ASSERT(client_counts(story->table).bindings == story->told_count);
    for (uint32_t i = 1; i <= DEVICES; i++) {
        size_t count = client_contacts(story->table, i, contacts, CLIENT_CONTACTS_MAX);
        ASSERT(told_of(story, i) <= CLIENT_BINDINGS_MAX);
        ASSERT(client_live_count(story->table, i) == told_of(story, i));
        ASSERT(count <= told_of(story, i));
        for (size_t k = 0; k < count; k++) {
            ASSERT(contacts[k].device_id == i && contacts[k].uri.len > 0);
            ASSERT(k == 0 || contacts[k - 1].q >= contacts[k].q);
        }
    }
}

static void begin_turn(struct story *story, uint64_t after_us)
{
    turn_begin(&story->turn, story->turn.now_us + after_us, story->turn.wall_us + after_us);
}

// ---- Requests

static const char *const contacts[] = {
    "Contact: <sip:a@192.0.2.9:5062>\r\n",
    "Contact: <sip:b@10.0.0.5>;q=0.25, <sip:c@10.0.0.5>;expires=90\r\n",
    "Contact: <sip:a@192.0.2.9:5062>;expires=0\r\n",
    "Contact: *\r\n",
    "",
    "Contact: <sip:o@10.0.0.6;ob>;reg-id=1;+sip.instance=\"<urn:uuid:1>\"\r\n",
    "Contact: <sip:p@10.0.0.6;ob>;reg-id=2;+sip.instance=\"<urn:uuid:1>\"\r\n",
    "Contact: <sip:i@10.0.0.7>;+sip.instance=\"<urn:uuid:2>\"\r\n",
    "Contact: <sip:s@10.0.0.8>;expires=30\r\n",
    "Contact: <sip:d1@a>, <sip:d2@a>, <sip:d3@a>, <sip:d4@a>;expires=100\r\n",
    "Contact: <sip:d4@a>;expires=99999999999, <sip:d5@a>, <sip:d6@a>, <sip:d7@a>;q=9\r\n",
    "Contact: <sips:t@device.test;transport=tls>;expires=4000\r\n",
    "Contact: <tel:100>\r\n",
};

static const char *const further[] = {
    "",
    "",
    "Supported: path, outbound\r\n",
    "Expires: 0\r\n",
    "Expires: 61\r\n",
    "Supported: path, outbound\r\nPath: <sip:edge.test;lr;ob>\r\n",
    "Path: <sip:edge.test;lr>\r\n",
    "Require: gruu\r\n",
    "Expires: 4294967296\r\nUser-Agent: a,\r\n folded agent\r\n",
};

// Who says what, and whether it is right.
struct claim {
    size_t user, password, realm, nonce, flow;
    uint32_t count;
    bool has_proof, is_of_uri;
};

static void put_proof(struct story *story, struct buffer *out, const struct claim *claim)
{
    static const char *const realms[] = {"lineward", "lineward", "lineward", "elsewhere"};
    struct sip_credentials credentials = {span_of(users[claim->user]),
                                          span_of(passwords[claim->password])};
    struct sip_challenge challenge = {
        .realm = span_of(realms[claim->realm]),
        .nonce = span_of(story->nonces[claim->nonce]),
        .algorithm = (enum sip_digest_algorithm)choose(story, 3),
        .has_qop_auth = choose(story, 8) != 7,
    };
    sip_put_authorization(out, &challenge, &credentials, "REGISTER",
                          claim->is_of_uri ? SPAN("sip:lineward.test") : SPAN("sip:other.test"),
                          SPAN("c"), claim->count);
}

static void print_register(struct story *story, struct buffer *out, const struct claim *claim)
{
    static const char *const vias[] = {"192.0.2.9:5062;rport", "192.0.2.9", "10.0.0.5:5060;rport",
                                       "192.0.2.8;branch=z9hG4bKe, SIP/2.0/UDP 10.0.0.5"};
    const char *user = users[claim->user];
    size_t how = story_byte(&story->bytes);
    buffer_printf(out, "REGISTER sip:lineward.test SIP/2.0\r\nVia: SIP/2.0/UDP %s\r\n",
                  vias[how & 3]);
    buffer_printf(out, "From: <sip:%s@lineward.test>;tag=1\r\nTo: <sip:%s@lineward.test>\r\n",
                  how & 4 && how & 8 ? "101" : user, how & 16 && how & 32 ? "101" : user);
    story->cseq += how & 64 ? 2 : 1;
    uint32_t cseq = story->cseq;
    if (how & 128) cseq = cseq > 4 ? cseq - 4 : 1; // it was overtaken
    buffer_printf(out, "Call-ID: call%zu\r\nCSeq: %u REGISTER\r\nMax-Forwards: 70\r\n",
                  choose(story, 3), cseq);
    buffer_put_text(out, contacts[choose(story, sizeof contacts / sizeof contacts[0])]);
    buffer_put_text(out, further[choose(story, sizeof further / sizeof further[0])]);
    if (claim->has_proof) put_proof(story, out, claim);
    sip_put_end(out, SPAN_NONE);
}

// The nonce that an answer offers becomes the latest one.
static void keep_nonce(struct story *story, struct span headers)
{
    if (headers.len == 0) return;
    const char *at = memmem(headers.at, headers.len, "nonce=\"", 7);
    if (!at) return;
    struct span nonce = span_from(headers, (size_t)(at - headers.at) + 7);
    memmove(story->nonces[1], story->nonces[0], (NONCES - 1) * sizeof story->nonces[0]);
    bool is_kept = text_copy(story->nonces[0], sizeof story->nonces[0], span_split(&nonce, '"'));
    ASSERT(is_kept);
}

// A nonce and its count are believed once of each device. (An INVITE that is repeated is another
// layer's.)
static void note_proof(struct story *story, const struct claim *claim)
{
    struct proof proof = {.user = claim->user, .count = claim->count};
    memcpy(proof.nonce, story->nonces[claim->nonce], sizeof proof.nonce);
    for (size_t i = 0; i < story->proof_count; i++) {
        const struct proof *other = &story->proofs[i];
        ASSERT(other->user != proof.user || other->count != proof.count ||
               strcmp(other->nonce, proof.nonce) != 0);
    }
    story->proofs[story->proof_count++] = proof;
}

static bool is_right(const struct story *story, const struct claim *claim)
{
    return claim->has_proof && claim->user < DEVICES && story->is_there[claim->user] &&
           claim->password == story->password[claim->user] && claim->realm < 3 && claim->is_of_uri;
}

static void judge(struct story *story, const struct claim *claim, bool is_spoiled,
                  const struct client_verdict *verdict, enum client_proof proven)
{
    unsigned status = verdict->answer.status;
    size_t before = story->told_count;
    ASSERT(status >= 200 && status < 700 && status != 202);
    look(story);
    if (status != 200) ASSERT(story->told_count == before || status == 503);
    if (proven == CLIENT_PROVEN) {
        ASSERT(is_spoiled || is_right(story, claim));
        if (!is_spoiled) note_proof(story, claim);
    } else {
        ASSERT(status == 401 || status == 403 || status == 400);
        keep_nonce(story, verdict->answer.headers);
    }
}

static void send_register(struct story *story)
{
    char bytes[MESSAGE_SIZE];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    size_t how = story_byte(&story->bytes);
    struct sip_message message;
    struct sip_fault fault;
    struct client_verdict verdict;
    struct claim claim = {
        .user = how & 3 && how & 4 ? how & 3 : how >> 3 & 1,
        .has_proof = (how & 16) == 0 || (how & 32) == 0,
        .is_of_uri = (how & 192) != 192,
        .password = choose(story, 3),
        .realm = choose(story, 4),
        .flow = choose(story, FLOWS),
        .nonce = choose(story, 4) == 3 ? choose(story, NONCES) : 0,
        .count = (uint32_t)choose(story, 70) + 1,
    };
    begin_turn(story, 0);
    print_register(story, &out, &claim);
    ASSERT(!out.is_full);
    bool is_spoiled = story_spoil(&story->bytes, &out);
    if (sip_parse(buffer_span(&out), &story->arena, &message, &fault) != SIP_OK) return;
    if (!message.is_request || message.method != SIP_REGISTER) return;
    struct client_request request = {&message, &story->flows[claim.flow]};
    enum client_proof proven = client_register(story->table, &story->turn, &request, &verdict);
    judge(story, &claim, is_spoiled, &verdict, proven);
}

// ---- Time, settings, trouble

static void pass(struct story *story, uint64_t by_us)
{
    uint64_t until_us = story->turn.now_us + by_us, at_us;
    while ((at_us = client_deadline_us(story->table)) <= until_us) {
        begin_turn(story, at_us > story->turn.now_us ? at_us - story->turn.now_us : 0);
        client_tick(story->table, &story->turn);
        look(story);
    }
    begin_turn(story, until_us - story->turn.now_us);
}

static void let_time_pass(struct story *story)
{
    static const unsigned seconds[] = {0, 1, 5, 29, 31, 61, 119, 301, 1800, 3601};
    pass(story, seconds[choose(story, sizeof seconds / sizeof seconds[0])] * second_us);
}

static void put_device(struct story *story, size_t at, uint8_t password)
{
    struct snapshot_device device = {.device_id = (uint32_t)at + 1, .user_id = (uint32_t)at + 1};
    char text[100];
    struct buffer out = buffer_over(text, sizeof text);
    unsigned len = 0;
    bool is_copied = text_copy(device.sip_user, sizeof device.sip_user, span_of(users[at]));
    buffer_printf(&out, "%s:lineward:%s", users[at], passwords[password]);
    ASSERT(is_copied && EVP_Digest(out.at, out.len, device.ha1_md5, &len, EVP_md5(), NULL) &&
           EVP_Digest(out.at, out.len, device.ha1_sha256, &len, EVP_sha256(), NULL));
    begin_turn(story, 0);
    is_copied = client_put_device(story->table, &story->turn, &device);
    ASSERT(is_copied);
    if (story->is_there[at] && story->password[at] != password) {
        look(story);
        ASSERT(told_of(story, device.device_id) == 0);
    }
    story->is_there[at] = true;
    story->password[at] = password;
    look(story);
}

static void change_setting(struct story *story)
{
    size_t at = choose(story, DEVICES), how = choose(story, 4);
    if (how > 0) {
        put_device(story, at, how == 1);
        return;
    }
    begin_turn(story, 0);
    client_remove_device(story->table, &story->turn, (uint32_t)at + 1);
    story->is_there[at] = false;
    look(story);
    ASSERT(told_of(story, (uint32_t)at + 1) == 0);
}

static void lose_flow(struct story *story)
{
    struct flow *flow = &story->flows[choose(story, FLOWS)];
    if (flow->transport == TRANSPORT_UDP) return;
    begin_turn(story, 0);
    client_lost_flow(story->table, &story->turn, flow);
    look(story);
    flow->connection += FLOWS; // who comes back has another one
}

static void start(struct story *story)
{
    static const struct client_limits limits = {DEVICES, BINDINGS};
    uint8_t key[16] = {++story->start_count};
    static void *memory; // the same for all stories, which are short
    if (!memory) memory = aligned_alloc(16, (client_memory_size(&limits) + 15) & ~(size_t)15);
    ASSERT(memory);
    memset(memory, 0, client_memory_size(&limits));
    story->table = client_init(memory, &limits, key);
}

// Who was told to be there is there again, and by a connection waits for its grace.
static void restart(struct story *story)
{
    struct model_binding saved[BINDINGS];
    size_t count = story->told_count;
    memcpy(saved, story->told, sizeof saved);
    story->told_count = 0;
    start(story);
    for (size_t i = 0; i < DEVICES; i++) {
        if (story->is_there[i]) put_device(story, i, story->password[i]);
    }
    begin_turn(story, 0);
    for (size_t i = 0; i < count; i++) client_restore(story->table, &story->turn, &saved[i]);
    look(story);
    for (size_t i = 0; i < story->told_count; i++) {
        bool is_udp = story->told[i].flow.transport == TRANSPORT_UDP;
        ASSERT(story->told[i].is_lost != is_udp);
    }
}

static void happen(struct story *story)
{
    switch (choose(story, 12)) {
    case 0: let_time_pass(story); break;
    case 1: change_setting(story); break;
    case 2: lose_flow(story); break;
    case 3: restart(story); break;
    default: send_register(story); break;
    }
}

// ---- Beginning and end

static void begin(struct story *story)
{
    static const char *const places[] = {"192.0.2.9:5062", "198.51.100.1:5060", "10.0.0.5:5060"};
    static const uint8_t seed[32] = {1};
    static _Alignas(16) char arena_bytes[ARENA_SIZE];
    start(story);
    story->arena = arena_over(arena_bytes, ARENA_SIZE);
    random_init(&story->random, seed);
    story->turn = (struct turn){.arena = &story->arena, .random = &story->random};
    turn_begin(&story->turn, second_us, UINT64_C(1800000000) * second_us);
    for (size_t i = 0; i < FLOWS; i++) {
        bool is_read = address_parse_port(span_of(places[i % 3]), 0, &story->flows[i].peer);
        ASSERT(is_read);
        story->flows[i].transport = i < 3 ? TRANSPORT_UDP : TRANSPORT_TCP;
        if (i >= 3) story->flows[i].connection = (uint32_t)i;
    }
    for (size_t i = 0; i < DEVICES; i++) put_device(story, i, 0);
}

static void end(struct story *story)
{
    pass(story, (GRANTED_MAX_S + 1) * second_us);
    ASSERT(story->told_count == 0 && client_deadline_us(story->table) == DEADLINE_NEVER);
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
