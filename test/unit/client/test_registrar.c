// SPDX-License-Identifier: Apache-2.0
// The registrar: who is believed, which contacts are kept, and what everybody else is told.
#include "unit/client/fixture.h"

#include <stdio.h>

enum { DEVICES = 8, BINDINGS = 32, TEXT_MAX = 4096 };

#define USER     "desk4me"
#define PASSWORD "correct horse"

struct world {
    struct clients clients;
    struct flow flow;
    uint32_t cseq, nonce_count;
    struct sip_challenge challenge; // the last one
    char challenge_text[TEXT_MAX];
    struct sip_message message;
    char text[TEXT_MAX];
    struct client_verdict verdict;
    char headers[TEXT_MAX]; // of the last answer
};

// MD5 and SHA-256 of "desk4me:lineward:correct horse".
static const struct snapshot_device desk = {
    .device_id = 1,
    .user_id = 7,
    .sip_user = USER,
    .ha1_md5 = {0x8e, 0x40, 0x32, 0x57, 0x3d, 0x29, 0xb2, 0x6a, 0x0c, 0x6b, 0xc2, 0x8c, 0xd2, 0x34,
                0xbd, 0x4c},
    .ha1_sha256 = {0x62, 0x59, 0x9a, 0x1f, 0x7e, 0x56, 0x6b, 0x36, 0x11, 0xb4, 0x75,
                   0x4a, 0x81, 0xda, 0x31, 0x54, 0x4a, 0x35, 0x65, 0x89, 0x03, 0x3f,
                   0x92, 0x61, 0x95, 0x26, 0x27, 0x63, 0xce, 0x74, 0x75, 0xcc}};

static void put_device(struct world *world, const struct snapshot_device *device)
{
    assert_true(client_put_device(world->clients.table, &world->clients.turn, device));
}

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    clients_init(&world->clients, &(struct client_limits){DEVICES, BINDINGS});
    world->flow = (struct flow){.transport = TRANSPORT_UDP};
    assert_true(address_parse_port(SPAN("192.0.2.9:5062"), 0, &world->flow.peer));
    put_device(world, &desk);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    clients_fini(&world->clients);
    free(world);
    return 0;
}

// What a REGISTER says; NULL: the usual.
struct register_with {
    const char *contacts; // header lines
    const char *headers;  // further ones
    const char *user, *from, *to, *password, *realm, *uri, *via;
    bool is_silent; // no credentials
    uint32_t nonce_count;
};

static const char *or_usual(const char *text, const char *usual)
{
    return text ? text : usual;
}

static void put_request(struct world *world, struct buffer *out, const struct register_with *with)
{
    const char *from = or_usual(with->from, "sip:" USER "@lineward.test");
    buffer_printf(out, "REGISTER sip:lineward.test SIP/2.0\r\n");
    buffer_printf(out, "Via: %s;branch=z9hG4bK%u\r\n",
                  or_usual(with->via, "SIP/2.0/UDP 192.0.2.9:5062;rport"), world->cseq);
    buffer_printf(out, "Max-Forwards: 70\r\nFrom: <%s>;tag=1\r\nTo: <%s>\r\n", from,
                  or_usual(with->to, from));
    buffer_printf(out, "Call-ID: one\r\nCSeq: %u REGISTER\r\n", world->cseq);
    buffer_put_text(out, or_usual(with->contacts, "Contact: <sip:a@192.0.2.9:5062>\r\n"));
    buffer_put_text(out, or_usual(with->headers, ""));
    if (!with->is_silent) {
        struct sip_credentials credentials = {span_of(or_usual(with->user, USER)),
                                              span_of(or_usual(with->password, PASSWORD))};
        struct sip_challenge challenge = world->challenge;
        if (with->realm) challenge.realm = span_of(with->realm);
        uint32_t count = with->nonce_count ? with->nonce_count : ++world->nonce_count;
        sip_put_authorization(out, &challenge, &credentials, "REGISTER",
                              span_of(or_usual(with->uri, "sip:lineward.test")), SPAN("c"), count);
    }
    buffer_put_text(out, "Content-Length: 0\r\n\r\n");
    assert_false(out->is_full);
}

// Takes the first challenge of that algorithm out of the answer.
static void take_challenge(struct world *world, enum sip_digest_algorithm algorithm)
{
    char response[TEXT_MAX];
    struct sip_message message;
    struct sip_fault fault;
    struct span rest = world->verdict.answer.headers;
    struct buffer out = buffer_over(response, sizeof response);
    buffer_put_text(&out, "SIP/2.0 401 Unauthorized\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n"
                          "From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: a\r\n"
                          "CSeq: 1 REGISTER\r\n");
    while (rest.len > 0) {
        struct span line = span_split(&rest, '\n');
        bool is_sha256 = memmem(line.at, line.len, "SHA-256", 7) != NULL;
        if (is_sha256 != (algorithm == SIP_DIGEST_SHA256)) continue;
        buffer_put(&out, line);
        buffer_put_text(&out, "\n");
    }
    buffer_put_text(&out, "Content-Length: 0\r\n\r\n");
    assert_int_equal(sip_parse(buffer_span(&out), &world->clients.arena, &message, &fault), SIP_OK);
    assert_true(sip_find_challenge(&message, SPAN_NONE, &world->challenge));
    out = buffer_over(world->challenge_text, sizeof world->challenge_text);
    struct span *texts[] = {&world->challenge.realm, &world->challenge.nonce};
    for (size_t i = 0; i < 2; i++) {
        struct span kept = {out.at + out.len, texts[i]->len};
        buffer_put(&out, *texts[i]);
        *texts[i] = kept;
    }
    world->nonce_count = 0;
}

static unsigned ask(struct world *world, const struct register_with *with)
{
    struct buffer out = buffer_over(world->text, sizeof world->text);
    struct sip_fault fault;
    clients_begin(&world->clients, 0);
    world->cseq++;
    put_request(world, &out, with);
    assert_int_equal(sip_parse(buffer_span(&out), &world->clients.arena, &world->message, &fault),
                     SIP_OK);
    struct client_request request = {&world->message, &world->flow};
    client_register(world->clients.table, &world->clients.turn, &request, &world->verdict);
    text_copy(world->headers, sizeof world->headers, world->verdict.answer.headers);
    clients_drain(&world->clients);
    return world->verdict.answer.status;
}

static void challenge(struct world *world, enum sip_digest_algorithm algorithm)
{
    assert_int_equal(ask(world, &(struct register_with){.is_silent = true}), 401);
    take_challenge(world, algorithm);
}

static bool says(const struct world *world, const char *text)
{
    return strstr(world->headers, text) != NULL;
}

static size_t contact_count(const struct world *world)
{
    struct client_contact contacts[CLIENT_CONTACTS_MAX];
    return client_contacts(world->clients.table, 7, contacts, CLIENT_CONTACTS_MAX);
}

static struct client_contact only_contact(const struct world *world)
{
    struct client_contact contacts[CLIENT_CONTACTS_MAX];
    assert_int_equal(client_contacts(world->clients.table, 7, contacts, CLIENT_CONTACTS_MAX), 1);
    return contacts[0];
}

// ---- Who is believed

static void test_both_algorithms(void **state)
{
    struct world *world = *state;
    challenge(world, SIP_DIGEST_SHA256);
    const char *md5 = strstr(strstr(world->headers, "SHA-256") + 1, "WWW-Authenticate");
    assert_non_null(md5); // SHA-256 stands first
    assert_int_equal(ask(world, &(struct register_with){0}), 200);
    challenge(world, SIP_DIGEST_MD5);
    assert_int_equal(ask(world, &(struct register_with){0}), 200);
    assert_true(says(world, "Contact: <sip:a@192.0.2.9:5062>;expires=3600"));
    assert_int_equal(contact_count(world), 1);
}

static void mask_nonces(char *text)
{
    for (char *at = text; (at = strstr(at, "nonce=\"")) != NULL;) {
        for (at += 7; *at && *at != '"'; at++) *at = '0';
    }
}

static void test_wrong_ones_are_answered_alike(void **state)
{
    static const struct register_with wrong[] = {
        {.password = "guess"},
        {.user = "nobody", .from = "sip:nobody@lineward.test"},
        {.realm = "elsewhere"},
        {.uri = "sip:other.test"},
        {.user = "100", .from = "sip:100@lineward.test", .password = ""}};
    struct world *world = *state;
    char first[TEXT_MAX] = "";
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        challenge(world, SIP_DIGEST_SHA256);
        assert_int_equal(ask(world, &wrong[i]), 401);
        assert_false(says(world, "stale"));
        mask_nonces(world->headers);
        if (i == 0) memcpy(first, world->headers, sizeof first);
        assert_string_equal(world->headers, first);
    }
    assert_int_equal(client_counts(world->clients.table).failed, 5);
    assert_int_equal(contact_count(world), 0);
}

static void test_nonces_are_used_once(void **state)
{
    struct world *world = *state;
    challenge(world, SIP_DIGEST_SHA256);
    assert_int_equal(ask(world, &(struct register_with){.nonce_count = 1}), 200);
    assert_int_equal(ask(world, &(struct register_with){.nonce_count = 3}), 200);
    assert_int_equal(ask(world, &(struct register_with){.nonce_count = 2}), 200); // overtaken
    for (uint32_t count = 1; count <= 3; count++) {
        assert_int_equal(ask(world, &(struct register_with){.nonce_count = count}), 401);
        assert_true(says(world, "stale=true"));
    }
    assert_int_equal(ask(world, &(struct register_with){.nonce_count = 100}), 200);
    assert_int_equal(ask(world, &(struct register_with){.nonce_count = 36}), 401); // too far back
    assert_int_equal(ask(world, &(struct register_with){.nonce_count = 37}), 200);
    clients_begin(&world->clients, 301);
    assert_int_equal(ask(world, &(struct register_with){.nonce_count = 101}), 401);
    assert_true(says(world, "stale=true"));
    assert_int_equal(client_counts(world->clients.table).failed, 0);
}

static void test_a_nonce_that_was_forgotten_is_not_new(void **state)
{
    struct world *world = *state;
    struct sip_challenge first;
    char nonce[64];
    challenge(world, SIP_DIGEST_SHA256);
    assert_true(text_copy(nonce, sizeof nonce, world->challenge.nonce));
    assert_int_equal(ask(world, &(struct register_with){.nonce_count = 1}), 200);
    for (int i = 0; i < 6; i++) {
        clients_begin(&world->clients, 2);
        challenge(world, SIP_DIGEST_SHA256);
        assert_int_equal(ask(world, &(struct register_with){.nonce_count = 1}), 200);
    }
    first = world->challenge;
    world->challenge.nonce = span_of(nonce);
    assert_int_equal(ask(world, &(struct register_with){.nonce_count = 1}), 401);
    assert_true(says(world, "stale=true"));
    world->challenge = first;
    assert_int_equal(ask(world, &(struct register_with){.nonce_count = 2}), 200);
}

// A telephone that asks for many lamps is challenged for each before it answers the first; what it
// says may be overtaken on the way.
static void test_many_are_challenged_at_once(void **state)
{
    enum { MANY = 40 };
    struct world *world = *state;
    char nonces[MANY][64];
    for (size_t i = 0; i < MANY; i++) {
        challenge(world, SIP_DIGEST_SHA256);
        assert_true(text_copy(nonces[i], sizeof nonces[i], world->challenge.nonce));
    }
    for (size_t i = 0; i < MANY; i++) {
        world->challenge.nonce = span_of(nonces[i ^ 1]);
        assert_int_equal(ask(world, &(struct register_with){.nonce_count = 1}), 200);
    }
    for (size_t i = 0; i < MANY; i++) {
        world->challenge.nonce = span_of(nonces[i]);
        assert_int_equal(ask(world, &(struct register_with){.nonce_count = 1}), 401);
        assert_true(says(world, "stale=true"));
    }
}

static void test_a_nonce_is_for_its_source(void **state)
{
    struct world *world = *state;
    challenge(world, SIP_DIGEST_SHA256);
    world->flow.peer.port++; // another port of the same machine
    assert_int_equal(ask(world, &(struct register_with){0}), 200);
    world->flow.peer.bytes[3]++;
    assert_int_equal(ask(world, &(struct register_with){0}), 401);
    assert_true(says(world, "stale=true"));
}

// When it was made, its number, the keyed hash: with any digit changed it is nobody's, and told so
// before the password is looked at, so that the right one proves nothing and no failure is counted.
static void test_a_forged_nonce_is_nobodys(void **state)
{
    struct world *world = *state;
    char nonce[64];
    challenge(world, SIP_DIGEST_SHA256);
    assert_true(text_copy(nonce, sizeof nonce, world->challenge.nonce));
    assert_int_equal(strlen(nonce), 32);
    struct client_counts before = client_counts(world->clients.table);
    for (size_t i = 0; i < strlen(nonce); i++) {
        char forged[sizeof nonce];
        memcpy(forged, nonce, sizeof nonce);
        forged[i] = nonce[i] == '0' ? '1' : '0';
        world->challenge.nonce = span_of(forged);
        assert_int_equal(ask(world, &(struct register_with){.nonce_count = 1}), 401);
        assert_true(says(world, "stale=true"));
    }
    struct client_counts after = client_counts(world->clients.table);
    assert_int_equal(after.failed, before.failed);
    assert_int_equal(after.blocked, 0);
    assert_int_equal(contact_count(world), 0);
    world->challenge.nonce = span_of(nonce); // what was given is still good
    assert_int_equal(ask(world, &(struct register_with){.nonce_count = 1}), 200);
}

static void test_guessing_ends(void **state)
{
    struct world *world = *state;
    struct flow known = world->flow;
    challenge(world, SIP_DIGEST_SHA256);
    assert_int_equal(ask(world, &(struct register_with){0}), 200);
    world->flow.peer.port = 1;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(ask(world, &(struct register_with){.password = "guess"}), 401);
    }
    assert_int_equal(ask(world, &(struct register_with){.password = "guess"}), 403);
    assert_int_equal(ask(world, &(struct register_with){0}), 403); // the right one, too
    assert_int_equal(ask(world, &(struct register_with){.user = "nobody"}), 403);
    assert_int_equal(client_counts(world->clients.table).blocked, 3);
    world->flow = known; // what is registered by its own flow goes on
    assert_int_equal(ask(world, &(struct register_with){0}), 200);
    world->flow.peer.port = 1;
    clients_begin(&world->clients, 301);
    challenge(world, SIP_DIGEST_SHA256);
    assert_int_equal(ask(world, &(struct register_with){0}), 200);
}

static void test_from_and_to_fit(void **state)
{
    struct world *world = *state;
    challenge(world, SIP_DIGEST_SHA256);
    assert_int_equal(ask(world, &(struct register_with){.from = "sip:101@lineward.test"}), 403);
    assert_int_equal(ask(world, &(struct register_with){.to = "sip:101@lineward.test"}), 403);
    assert_int_equal(ask(world, &(struct register_with){.from = "sip:%64esk4me@10.0.0.1"}), 200);
    assert_int_equal(ask(world, &(struct register_with){.to = "tel:101"}), 400);
}

static void test_challenges_are_not_much_longer(void **state)
{
    static const char shortest[] = "REGISTER sip:a SIP/2.0\r\nv:SIP/2.0/UDP a;branch=z9hG4bK1\r\n"
                                   "f:<sip:a>;tag=1\r\nt:<sip:a>\r\ni:1\r\nCSeq:1 REGISTER\r\n\r\n";
    struct world *world = *state;
    struct sip_fault fault;
    client_set_realm(world->clients.table, SPAN("1234567890123456789012345678901234567890"));
    assert_int_equal(sip_parse(span_of(shortest), &world->clients.arena, &world->message, &fault),
                     SIP_OK);
    struct client_request request = {&world->message, &world->flow};
    client_register(world->clients.table, &world->clients.turn, &request, &world->verdict);
    assert_int_equal(world->verdict.answer.status, 401);
    assert_true(world->verdict.answer.headers.len <= 200);
}

// ---- Contacts

static void test_several_contacts(void **state)
{
    struct world *world = *state;
    struct client_contact contacts[CLIENT_CONTACTS_MAX];
    challenge(world, SIP_DIGEST_SHA256);
    assert_int_equal(
        ask(world,
            &(struct register_with){.contacts = "Contact: <sip:a@192.0.2.9>;q=0.25,\r\n"
                                                " \"x, y\" <sip:b@192.0.2.9>;expires=600\r\n"}),
        200);
    assert_true(says(world, "<sip:a@192.0.2.9>;expires=3600;q=0.250"));
    assert_true(says(world, "<sip:b@192.0.2.9>;expires=600\r\n"));
    assert_int_equal(client_contacts(world->clients.table, 7, contacts, CLIENT_CONTACTS_MAX), 2);
    assert_span(contacts[0].uri, "sip:b@192.0.2.9");
    assert_int_equal(
        ask(world, &(struct register_with){.contacts = "Contact: <sip:b@192.0.2.9>;expires=0\r\n"}),
        200);
    assert_span(only_contact(world).uri, "sip:a@192.0.2.9");
    assert_int_equal(ask(world, &(struct register_with){.contacts = ""}), 200); // a question
    assert_true(says(world, "sip:a@192.0.2.9"));
    assert_int_equal(ask(world, &(struct register_with){.contacts = "Contact: *\r\n",
                                                        .headers = "Expires: 0\r\n"}),
                     200);
    assert_int_equal(contact_count(world), 0);
}

static void test_the_same_contact_again(void **state)
{
    struct world *world = *state;
    challenge(world, SIP_DIGEST_SHA256);
    const char *same[] = {"Contact: <sip:a@HOST.example>\r\n",
                          "Contact: <SIP:a@host.example;foo=1>\r\n",
                          "Contact: <sip:a@host.example;bar>\r\n"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(ask(world, &(struct register_with){.contacts = same[i]}), 200);
        assert_int_equal(contact_count(world), 1);
    }
    const char *others[] = {"Contact: <sip:a@host.example;transport=tcp>\r\n",
                            "Contact: <sip:a@host.example:5060>\r\n",
                            "Contact: <sip:A@host.example>\r\n"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(ask(world, &(struct register_with){.contacts = others[i]}), 200);
        assert_int_equal(contact_count(world), 2 + i);
    }
}

static void test_bad_contacts(void **state)
{
    static const struct register_with bad[] = {
        {.contacts = "Contact: *\r\n"},
        {.contacts = "Contact: *\r\n", .headers = "Expires: 60\r\n"},
        {.contacts = "Contact: *\r\nContact: <sip:a@b>\r\n", .headers = "Expires: 0\r\n"},
        {.contacts = "Contact: <mailto:a@b>\r\n"},
        {.contacts = "Contact: <tel:123>\r\n"},
        {.contacts = "Contact: <sip:1@a>,<sip:2@a>,<sip:3@a>,<sip:4@a>,<sip:5@a>,<sip:6@a>,"
                     "<sip:7@a>,<sip:8@a>,<sip:9@a>\r\n"}};
    struct world *world = *state;
    challenge(world, SIP_DIGEST_SHA256);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(ask(world, &bad[i]), 400);
        assert_int_equal(contact_count(world), 0);
    }
    assert_int_equal(
        ask(world,
            &(struct register_with){.contacts = "Contact: <sip:a@b>, <sip:c@d>;expires=59\r\n"}),
        423);
    assert_true(says(world, "Min-Expires: 60\r\n"));
    assert_int_equal(contact_count(world), 0); // as a whole or not at all
    assert_int_equal(ask(world, &(struct register_with){.headers = "Require: path, gruu\r\n"}),
                     420);
    assert_string_equal(world->headers, "Unsupported: gruu\r\n");
}

static void test_late_requests_change_nothing(void **state)
{
    struct world *world = *state;
    challenge(world, SIP_DIGEST_SHA256);
    world->cseq = 100;
    assert_int_equal(ask(world, &(struct register_with){0}), 200);
    world->cseq = 99;
    assert_int_equal(ask(world, &(struct register_with){.contacts = "Contact: *\r\n",
                                                        .headers = "Expires: 0\r\n"}),
                     500);
    assert_int_equal(contact_count(world), 1);
}

static void test_too_many_make_room(void **state)
{
    struct world *world = *state;
    challenge(world, SIP_DIGEST_SHA256);
    for (int i = 0; i <= CLIENT_BINDINGS_MAX; i++) {
        char contact[64];
        (void)snprintf(contact, sizeof contact, "Contact: <sip:%d@192.0.2.9>\r\n", i);
        clients_begin(&world->clients, 1);
        assert_int_equal(ask(world, &(struct register_with){.contacts = contact}), 200);
    }
    assert_int_equal(contact_count(world), CLIENT_BINDINGS_MAX);
    assert_false(says(world, "sip:0@")); // the first to expire has gone
    assert_int_equal(world->clients.gone_count, 1);
}

// ---- Where they are reached

static void test_flows(void **state)
{
    struct world *world = *state;
    challenge(world, SIP_DIGEST_SHA256);
    // Behind NAT: where it came from, and not for long.
    assert_int_equal(
        ask(world, &(struct register_with){.via = "SIP/2.0/UDP 10.0.0.5:5060;rport",
                                           .contacts = "Contact: <sip:a@10.0.0.5>\r\n"}),
        200);
    assert_true(says(world, "expires=120"));
    struct client_contact contact = only_contact(world);
    assert_true(address_eq(&contact.flow.peer, &world->flow.peer));
    assert_int_equal(
        ask(world, &(struct register_with){.contacts = "Contact: <sip:a@10.0.0.5>;expires=0\r\n"}),
        200);
    // No rport: it hears at the port of its Contact.
    assert_int_equal(
        ask(world, &(struct register_with){.via = "SIP/2.0/UDP 192.0.2.9",
                                           .contacts = "Contact: <sip:a@192.0.2.9:5070>\r\n"}),
        200);
    assert_int_equal(only_contact(world).flow.peer.port, 5070);
}

static void test_outbound(void **state)
{
    struct world *world = *state;
    struct register_with with = {
        .headers = "Supported: path, outbound\r\n",
        .contacts = "Contact: <sip:a@10.0.0.5;ob>;reg-id=1;+sip.instance=\"<urn:uuid:1>\"\r\n"};
    challenge(world, SIP_DIGEST_SHA256);
    assert_int_equal(ask(world, &with), 200);
    assert_true(says(world, "Require: outbound\r\nFlow-Timer: 120\r\n"));
    assert_true(says(world, ";+sip.instance=\"<urn:uuid:1>\";reg-id=1\r\n"));
    with.contacts = "Contact: <sip:b@10.0.0.6;ob>;reg-id=1;+sip.instance=\"<urn:uuid:1>\"\r\n";
    assert_int_equal(ask(world, &with), 200);
    assert_span(only_contact(world).uri, "sip:b@10.0.0.6;ob"); // took the place of the first
    with.contacts = "Contact: <sip:b@10.0.0.6;ob>;reg-id=2;+sip.instance=\"<urn:uuid:1>\"\r\n";
    assert_int_equal(ask(world, &with), 200);
    assert_int_equal(contact_count(world), 2);
    with.contacts = "Contact: <sip:a@b>;reg-id=1;+sip.instance=\"<urn:uuid:1>\", <sip:c@d>\r\n";
    assert_int_equal(ask(world, &with), 400);
    with.contacts = "Contact: <sip:a@b>;reg-id=1;+sip.instance=\"<urn:uuid:1>\"\r\n";
    with.via = "SIP/2.0/UDP 192.0.2.8;branch=z9hG4bKx, SIP/2.0/UDP 192.0.2.9";
    assert_int_equal(ask(world, &with), 439);
    with.headers = "Supported: path, outbound\r\nPath: <sip:edge.test;lr;ob>\r\n";
    assert_int_equal(ask(world, &with), 200);
}

static void test_path(void **state)
{
    struct world *world = *state;
    struct register_with with = {.headers = "Path: <sip:e1.test;lr>, <sip:e2.test;lr>\r\n"};
    challenge(world, SIP_DIGEST_SHA256);
    assert_int_equal(ask(world, &with), 420);
    assert_string_equal(world->headers, "Unsupported: path\r\n");
    with.headers = "Supported: path\r\nPath: <sip:e1.test;lr>, <sip:e2.test;lr>\r\n";
    assert_int_equal(ask(world, &with), 200);
    assert_true(says(world, "Path: <sip:e1.test;lr>, <sip:e2.test;lr>\r\n"));
    assert_span(only_contact(world).route, "<sip:e1.test;lr>, <sip:e2.test;lr>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_both_algorithms, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrong_ones_are_answered_alike, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nonces_are_used_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_nonce_that_was_forgotten_is_not_new, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_many_are_challenged_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_nonce_is_for_its_source, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_forged_nonce_is_nobodys, setup, teardown),
        cmocka_unit_test_setup_teardown(test_guessing_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_from_and_to_fit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_challenges_are_not_much_longer, setup, teardown),
        cmocka_unit_test_setup_teardown(test_several_contacts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_same_contact_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_contacts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_late_requests_change_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_many_make_room, setup, teardown),
        cmocka_unit_test_setup_teardown(test_flows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_outbound, setup, teardown),
        cmocka_unit_test_setup_teardown(test_path, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
