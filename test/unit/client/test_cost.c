// SPDX-License-Identifier: Apache-2.0
// What a refusal costs: an unknown user, a wrong password, a wrong realm and a wrong Request-URI
// are found out by the same work, counted hash by hash and byte by byte (the linker puts a counter
// before libcrypto's function), so that no clock tells them apart.
#include "unit/client/fixture.h"

#include <openssl/evp.h>
#include <stdio.h>

enum { TEXT_MAX = 2048 };

struct cost {
    unsigned hash_count;
    size_t byte_count;
};

static struct cost spent;

int __real_EVP_Digest(const void *bytes, size_t len, unsigned char *hash, unsigned *hash_len,
                      const EVP_MD *type, ENGINE *engine);
int __wrap_EVP_Digest(const void *bytes, size_t len, unsigned char *hash, unsigned *hash_len,
                      const EVP_MD *type, ENGINE *engine);

int __wrap_EVP_Digest(const void *bytes, size_t len, unsigned char *hash, unsigned *hash_len,
                      const EVP_MD *type, ENGINE *engine)
{
    spent.hash_count++;
    spent.byte_count += len;
    return __real_EVP_Digest(bytes, len, hash, hash_len, type, engine);
}

struct claim {
    const char *user, *password, *realm, *uri;
};

struct registrar {
    struct clients clients;
    struct flow flow;
    uint32_t cseq;
    char nonce[64];
};

// The status of the answer to a REGISTER with these credentials; NULL: without any.
static unsigned ask(struct registrar *registrar, const struct claim *claim,
                    enum sip_digest_algorithm algorithm)
{
    char text[TEXT_MAX];
    struct buffer out = buffer_over(text, sizeof text);
    struct sip_message message;
    struct sip_fault fault;
    struct client_verdict verdict;
    registrar->cseq++;
    const char *user = claim ? claim->user : "desk4me123";
    clients_begin(&registrar->clients, 0);
    buffer_printf(&out,
                  "REGISTER sip:lineward.test SIP/2.0\r\n"
                  "Via: SIP/2.0/UDP 192.0.2.9:5062;rport;branch=z9hG4bK%u\r\nMax-Forwards: 70\r\n"
                  "From: <sip:%s@lineward.test>;tag=1\r\nTo: <sip:%s@lineward.test>\r\n"
                  "Call-ID: one\r\nCSeq: %u REGISTER\r\nContact: <sip:a@192.0.2.9:5062>\r\n",
                  registrar->cseq, user, user, registrar->cseq);
    if (claim) {
        struct sip_credentials credentials = {span_of(user), span_of(claim->password)};
        struct sip_challenge challenge = {.realm = span_of(claim->realm),
                                          .nonce = span_of(registrar->nonce),
                                          .algorithm = algorithm,
                                          .has_qop_auth = true};
        sip_put_authorization(&out, &challenge, &credentials, "REGISTER", span_of(claim->uri),
                              SPAN("c"), 1);
    }
    sip_put_end(&out, SPAN_NONE);
    assert_false(out.is_full);
    enum sip_err err = sip_parse(buffer_span(&out), &registrar->clients.arena, &message, &fault);
    assert_int_equal(err, SIP_OK);
    struct client_request request = {&message, &registrar->flow};
    spent = (struct cost){0};
    client_register(registrar->clients.table, &registrar->clients.turn, &request, &verdict);
    struct span headers = verdict.answer.headers;
    const char *nonce = headers.len > 0 ? memmem(headers.at, headers.len, "nonce=\"", 7) : NULL;
    if (nonce) {
        struct span rest = span_from(headers, (size_t)(nonce - headers.at) + 7);
        assert_true(text_copy(registrar->nonce, sizeof registrar->nonce, span_split(&rest, '"')));
    }
    return verdict.answer.status;
}

static void start(struct registrar *registrar)
{
    struct snapshot_device device = {.device_id = 1, .user_id = 7, .sip_user = "desk4me123"};
    static const char secret[] = "desk4me123:lineward:correct horse";
    clients_init(&registrar->clients, &(struct client_limits){8, 32});
    registrar->flow = (struct flow){.transport = TRANSPORT_UDP};
    assert_true(address_parse_port(SPAN("192.0.2.9:5062"), 0, &registrar->flow.peer));
    assert_true(EVP_Digest(secret, sizeof secret - 1, device.ha1_md5, NULL, EVP_md5(), NULL));
    assert_true(EVP_Digest(secret, sizeof secret - 1, device.ha1_sha256, NULL, EVP_sha256(), NULL));
    assert_true(client_put_device(registrar->clients.table, &registrar->clients.turn, &device));
}

static void test_refusals_cost_the_same(void **state)
{
    static const struct claim wrong[] = {
        {"desk4me123", "guess", "lineward", "sip:lineward.test"},
        {"unknown123", "guess", "lineward", "sip:lineward.test"},
        {"desk4me123", "correct horse", "elsewher", "sip:lineward.test"},
        {"desk4me123", "correct horse", "lineward", "sip:other.address"},
        {"0000000100", "", "lineward", "sip:lineward.test"},
    };
    static const enum sip_digest_algorithm algorithms[] = {SIP_DIGEST_MD5, SIP_DIGEST_SHA256,
                                                           SIP_DIGEST_SHA512_256};
    struct registrar registrar = {0};
    (void)state;
    for (size_t k = 0; k < sizeof algorithms / sizeof algorithms[0]; k++) {
        struct cost first = {0};
        start(&registrar);
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
            assert_int_equal(ask(&registrar, NULL, algorithms[k]), 401);
            assert_int_equal(spent.hash_count, 0); // a challenge costs none
            assert_int_equal(ask(&registrar, &wrong[i], algorithms[k]), 401);
            if (i == 0) first = spent;
            assert_true(spent.hash_count >= 2); // of the request, of the answer
            assert_int_equal(spent.hash_count, first.hash_count);
            assert_int_equal(spent.byte_count, first.byte_count);
        }
        clients_fini(&registrar.clients);
    }
}

// And no less than who is right: the count is of the work that is done.
static void test_the_right_one_costs_as_much(void **state)
{
    static const struct claim right = {"desk4me123", "correct horse", "lineward",
                                       "sip:lineward.test"};
    static const struct claim wrong = {"desk4me123", "guess", "lineward", "sip:lineward.test"};
    struct registrar registrar = {0};
    (void)state;
    start(&registrar);
    assert_int_equal(ask(&registrar, NULL, SIP_DIGEST_SHA256), 401);
    assert_int_equal(ask(&registrar, &wrong, SIP_DIGEST_SHA256), 401);
    struct cost of_wrong = spent;
    assert_int_equal(ask(&registrar, &right, SIP_DIGEST_SHA256), 200);
    assert_int_equal(spent.hash_count, of_wrong.hash_count);
    assert_int_equal(spent.byte_count, of_wrong.byte_count);
    clients_fini(&registrar.clients);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals_cost_the_same),
        cmocka_unit_test(test_the_right_one_costs_as_much),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
