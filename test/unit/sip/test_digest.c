// SPDX-License-Identifier: Apache-2.0
// Digest: the examples of RFC 7616 section 3.9.1, RFC 2617 section 3.5 and RFC 2069 section 2.4 (as
// corrected by its errata); the SHA-512-256 values were computed with Python's hashlib. Choosing
// among challenges (RFC 8760 section 2.3).
#include "unit/sip/check.h"

#define UNAUTHORIZED                                                                               \
    "SIP/2.0 401 Unauthorized\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:a@h>\r\nTo: <sip:b@h>\r\n"       \
    "Call-ID: c\r\nCSeq: 1 REGISTER\r\n"

static const struct sip_credentials mufasa = {{"Mufasa", 6}, {"Circle of Life", 14}};

// Finds the challenge among the header lines `lines`.
static bool find(const char *lines, const char *realm, struct sip_challenge *challenge)
{
    static struct printed printed;
    struct parsed parsed;
    struct buffer *out = start_printing(&printed);
    buffer_put_text(out, UNAUTHORIZED);
    buffer_put_text(out, lines);
    buffer_put_text(out, "\r\n");
    assert_int_equal(parse(&parsed, buffer_span(out)), SIP_OK);
    return sip_find_challenge(&parsed.message, span_of(realm), challenge);
}

#define NONCE  "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
#define CNONCE "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
#define OPAQUE "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
#define RFC_7616(algorithm)                                                                        \
    "WWW-Authenticate: Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", "           \
    "algorithm=" algorithm ", nonce=\"" NONCE "\", opaque=\"" OPAQUE "\"\r\n"

// The answer to RFC 7616's example with an algorithm and what its response is.
static void check_rfc_7616(const char *line, const char *algorithm, const char *response)
{
    struct sip_challenge challenge;
    struct printed printed, expected;
    assert_true(find(line, "http-auth@example.org", &challenge));
    assert_true(challenge.has_qop_auth);
    assert_false(challenge.is_stale);
    assert_false(challenge.is_proxy);
    sip_put_authorization(start_printing(&printed), &challenge, &mufasa, "GET",
                          SPAN("/dir/index.html"), SPAN(CNONCE), 1);
    buffer_printf(start_printing(&expected),
                  "Authorization: Digest username=\"Mufasa\", realm=\"http-auth@example.org\", "
                  "nonce=\"" NONCE "\", uri=\"/dir/index.html\", response=\"%s\", algorithm=%s, "
                  "opaque=\"" OPAQUE "\", qop=auth, nc=00000001, cnonce=\"" CNONCE "\"\r\n",
                  response, algorithm);
    assert_true(span_eq(buffer_span(&printed.buffer), buffer_span(&expected.buffer)));
}

static void test_rfc_7616(void **state)
{
    (void)state;
    check_rfc_7616(RFC_7616("MD5"), "MD5", "8ca523f5e9506fed4657c9700eebdbec");
    check_rfc_7616(RFC_7616("sha-256"), "SHA-256",
                   "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
    check_rfc_7616(RFC_7616("\"SHA-512-256\""), "SHA-512-256",
                   "430d05014cecc49cab6fbe03176d41a1da86cbfe24a16580e22aaad928d960d0");
}

// The response="..." of an answer.
static struct span response_of(const struct printed *printed)
{
    struct span rest = buffer_span(&printed->buffer), item, value = SPAN_NONE;
    while (sip_next_item(&rest, &item)) {
        if (sip_find_param(item, SPAN("response"), &value)) break;
    }
    return value;
}

static void test_older_examples(void **state)
{
    (void)state;
    struct sip_challenge challenge;
    struct printed printed;
    struct sip_credentials credentials = {SPAN("Mufasa"), SPAN("Circle Of Life")};
    assert_true(find("WWW-Authenticate: Digest realm=\"testrealm@host.com\",qop=\"auth,auth-int\","
                     "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"\r\n",
                     "", &challenge));
    assert_int_equal(challenge.algorithm, SIP_DIGEST_MD5);
    sip_put_authorization(start_printing(&printed), &challenge, &credentials, "GET",
                          SPAN("/dir/index.html"), SPAN("0a4f113b"), 1);
    assert_span(response_of(&printed), "6629fae49393a05397450978507c4ef1");

    credentials.password = SPAN("CircleOfLife");
    challenge.has_qop_auth = false;
    sip_put_authorization(start_printing(&printed), &challenge, &credentials, "GET",
                          SPAN("/dir/index.html"), SPAN("ignored"), 1);
    assert_span(response_of(&printed), "1949323746fe6a43ef61f9606e7febea");
    assert_printed(printed,
                   "Authorization: Digest username=\"Mufasa\", realm=\"testrealm@host.com\", "
                   "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\", "
                   "response=\"1949323746fe6a43ef61f9606e7febea\", algorithm=MD5\r\n");
}

static void test_proxy_and_nonce_count(void **state)
{
    (void)state;
    struct sip_challenge challenge;
    struct printed printed;
    const struct sip_credentials credentials = {SPAN("102"), SPAN("secret102")};
    assert_true(find("Proxy-Authenticate: digest realm=pbx.example,nonce=abc=,qop=auth,opaque=\"\","
                     "algorithm=SHA-512-256,stale=TRUE,unknown=\"x, y\"\r\n",
                     "pbx.example", &challenge));
    assert_true(challenge.is_proxy);
    assert_true(challenge.is_stale);
    sip_put_authorization(start_printing(&printed), &challenge, &credentials, "REGISTER",
                          SPAN("sip:pbx.example"), SPAN("cn"), 0x1a2);
    assert_printed(printed,
                   "Proxy-Authorization: Digest username=\"102\", realm=\"pbx.example\", "
                   "nonce=\"abc=\", uri=\"sip:pbx.example\", "
                   "response=\"41d94580c6b16ce4324f7814d6165072d7f373c4b02b6acf6091846c8a2fe1bb\", "
                   "algorithm=SHA-512-256, opaque=\"\", qop=auth, nc=000001a2, cnonce=\"cn\"\r\n");
}

static void test_user_is_escaped(void **state)
{
    (void)state;
    struct sip_challenge challenge = {.realm = SPAN("r"), .nonce = SPAN("n\r\n x")};
    struct printed printed;
    const struct sip_credentials credentials = {SPAN("a\"b\\c\r\n"), SPAN("p")};
    sip_put_authorization(start_printing(&printed), &challenge, &credentials, "REGISTER",
                          SPAN("sip:h"), SPAN_NONE, 1);
    struct span start = SPAN(
        "Authorization: Digest username=\"a\\\"b\\\\c\", realm=\"r\", nonce=\"n x\", ");
    assert_true(span_starts_with(buffer_span(&printed.buffer), start));
}

static void test_topmost_that_we_know(void **state)
{
    (void)state;
    struct sip_challenge challenge;
    assert_true(
        find("WWW-Authenticate: Basic realm=\"r\"\r\n"
             "WWW-Authenticate: Digest realm=\"r\",nonce=\"1\",algorithm=SHA-3\r\n"
             "WWW-Authenticate: Digest realm=\"r\",nonce=\"2\",qop=\"auth-int\"\r\n"
             "WWW-Authenticate: Digest realm=\"r\"\r\n"
             "WWW-Authenticate: Digest nonce=\"3\"\r\n"
             "WWW-Authenticate: Digest\r\n"
             "WWW-Authenticate: Digest,realm=r,nonce=n\r\n"
             "WWW-Authenticate: Digest realm=\"other\",nonce=\"4\"\r\n"
             "WWW-Authenticate: Digest realm=\"r\",nonce=\"5\",algorithm=SHA-256,qop=\"\"\r\n"
             "WWW-Authenticate: Digest realm=\"r\",nonce=\"6\",algorithm=MD5\r\n",
             "r", &challenge));
    assert_span(challenge.nonce, "5");
    assert_int_equal(challenge.algorithm, SIP_DIGEST_SHA256);
    assert_false(challenge.has_qop_auth);
    assert_null(challenge.opaque.at);
    assert_false(find("WWW-Authenticate: Digest realm=\"other\",nonce=\"4\"\r\n", "r", &challenge));
    assert_false(find("", "", &challenge));
}

// HTTP lets several challenges share a line; the first of them counts.
static void test_several_on_a_line(void **state)
{
    (void)state;
    struct sip_challenge challenge;
    assert_true(find(
        "WWW-Authenticate: Digest realm=\"r\", nonce=\"1\", Digest realm=\"s\", nonce=\"2\"\r\n",
        "", &challenge));
    assert_span(challenge.realm, "r");
    assert_span(challenge.nonce, "1");
    assert_false(find("WWW-Authenticate: Digest realm=\"r\", Basic realm=\"s\", nonce=\"2\"\r\n",
                      "", &challenge));
}

// What is too long to be hashed is refused, or marks the buffer as full; nothing is cut.
static void test_limits(void **state)
{
    (void)state;
    static char text[8000];
    struct sip_challenge challenge;
    struct printed printed;
    memset(text, 'x', sizeof text - 1);
    buffer_printf(start_printing(&printed),
                  "WWW-Authenticate: Digest realm=\"r\",nonce=\"%.1025s\"\r\n", text);
    buffer_put_byte(&printed.buffer, '\0');
    assert_false(find(printed.bytes, "", &challenge));
    buffer_printf(start_printing(&printed),
                  "WWW-Authenticate: Digest realm=\"r\",nonce=\"%.1024s\"\r\n", text);
    buffer_put_byte(&printed.buffer, '\0');
    assert_true(find(printed.bytes, "", &challenge));

    struct sip_credentials credentials = {SPAN("u"), span_of(text)};
    sip_put_authorization(start_printing(&printed), &challenge, &credentials, "REGISTER",
                          SPAN("sip:h"), SPAN_NONE, 1);
    assert_true(printed.buffer.is_full);
    credentials.password = SPAN("p");
    sip_put_authorization(start_printing(&printed), &challenge, &credentials, "REGISTER",
                          span_of(text), SPAN_NONE, 1);
    assert_true(printed.buffer.is_full);
    challenge.has_qop_auth = true;
    sip_put_authorization(start_printing(&printed), &challenge, &credentials, "REGISTER",
                          SPAN("sip:h"), span_of(text), 1);
    assert_true(printed.buffer.is_full);
}

// ---- As the server: what a device answers (RFC 7616 section 3.4.1)

// Finds the credentials for `realm` among the header lines of a REGISTER.
static bool find_answer(const char *lines, const char *realm, struct sip_authorization *answer)
{
    static struct printed printed;
    struct parsed parsed;
    struct buffer *out = start_printing(&printed);
    buffer_put_text(out, "REGISTER sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:a@h>;tag=1\r\n"
                         "To: <sip:a@h>\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\n");
    buffer_put_text(out, lines);
    buffer_put_text(out, "\r\n");
    assert_int_equal(parse(&parsed, buffer_span(out)), SIP_OK);
    return sip_find_authorization(&parsed.message, span_of(realm), answer);
}

#define ANSWER(response, algorithm)                                                                \
    "Authorization: Digest username=\"Mufasa\", realm=\"http-auth@example.org\", "                 \
    "nonce=\"" NONCE "\", uri=\"/dir/index.html\", response=\"" response "\", " algorithm          \
    "qop=auth, nc=00000001, cnonce=\"" CNONCE "\"\r\n"

// The hashes of Mufasa's realm and password were computed with Python's hashlib.
static void test_answers_are_checked(void **state)
{
    static const uint8_t md5[16] = {0x3d, 0x78, 0x80, 0x7d, 0xef, 0xe7, 0xde, 0x21,
                                    0x57, 0xe2, 0xb0, 0xb6, 0x57, 0x3a, 0x85, 0x5f};
    static const uint8_t sha256[32] = {0x79, 0x87, 0xc6, 0x4c, 0x30, 0xe2, 0x5f, 0x1b,
                                       0x74, 0xbe, 0x53, 0xf9, 0x66, 0xb4, 0x9b, 0x90,
                                       0xf2, 0x80, 0x8a, 0xa9, 0x2f, 0xaf, 0x9a, 0x00,
                                       0x26, 0x23, 0x92, 0xd7, 0xb4, 0x79, 0x42, 0x32};
    const char *realm = "http-auth@example.org";
    struct sip_authorization answer;
    (void)state;
    assert_true(find_answer(ANSWER("8ca523f5e9506fed4657c9700eebdbec", ""), realm, &answer));
    assert_int_equal(answer.algorithm, SIP_DIGEST_MD5);
    assert_int_equal(answer.nonce_count, 1);
    assert_true(sip_is_authorized(&answer, SPAN("GET"), md5));
    assert_false(sip_is_authorized(&answer, SPAN("REGISTER"), md5));
    answer.nonce_count = 2;
    assert_false(sip_is_authorized(&answer, SPAN("GET"), md5));
    assert_true(
        find_answer(ANSWER("753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
                           "algorithm=SHA-256, "),
                    realm, &answer));
    assert_true(sip_is_authorized(&answer, SPAN("GET"), sha256));
    answer.response.len--;
    assert_false(sip_is_authorized(&answer, SPAN("GET"), sha256));
}

#define BASIC(more)                                                                                \
    "Authorization: Digest username=u, realm=r, nonce=n, uri=\"sip:h\", response=0" more "\r\n"

static void test_answers_that_cannot_be_read(void **state)
{
    static const char *const broken[] = {
        "",
        "Authorization: Basic eDp5\r\n",
        "Authorization: Digest username=u\r\n",
        BASIC(", nc=1"),
        BASIC(", nc=0000000g"),
        BASIC(", qop=auth-int"),
        BASIC(", algorithm=SHA-3"),
        BASIC(", opaque"),
        BASIC(", a=b c"),
    };
    struct sip_authorization answer;
    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        assert_false(find_answer(broken[i], "r", &answer));
    }
    assert_true(find_answer(BASIC(", nc=000001aF"), "other", &answer)); // there is no better one
    assert_int_equal(answer.nonce_count, 0x1af);
    assert_false(answer.has_qop_auth);
    assert_true(find_answer(BASIC("") "Authorization: Digest username=v, realm=s, nonce=n, "
                                      "uri=\"sip:h\", response=0\r\n",
                            "s", &answer));
    assert_span(answer.user, "v");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc_7616),
        cmocka_unit_test(test_older_examples),
        cmocka_unit_test(test_proxy_and_nonce_count),
        cmocka_unit_test(test_user_is_escaped),
        cmocka_unit_test(test_topmost_that_we_know),
        cmocka_unit_test(test_several_on_a_line),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_answers_are_checked),
        cmocka_unit_test(test_answers_that_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
