// SPDX-License-Identifier: Apache-2.0
// The torture messages of RFC 4475: the verdict on each, and how the tricky ones are read. What a
// sound message asks for (an unknown extension, method or body) is judged by the layers above, not
// here.
#include "torture/corpus.h"

struct verdict {
    const char *name;
    enum sip_err err;
    enum sip_header_id header; // where the fault is
};

// RFC 4475 section 3, in its order.
static const struct verdict verdicts[] = {
    {"wsinv", SIP_OK, SIP_HEADER_OTHER},
    {"intmeth", SIP_OK, SIP_HEADER_OTHER},
    {"esc01", SIP_OK, SIP_HEADER_OTHER},
    {"escnull", SIP_OK, SIP_HEADER_OTHER},
    {"esc02", SIP_OK, SIP_HEADER_OTHER},
    {"lwsdisp", SIP_OK, SIP_HEADER_OTHER},
    {"longreq", SIP_OK, SIP_HEADER_OTHER},
    {"dblreq", SIP_OK, SIP_HEADER_OTHER},
    {"semiuri", SIP_OK, SIP_HEADER_OTHER},
    {"transports", SIP_OK, SIP_HEADER_OTHER},
    {"mpart01", SIP_OK, SIP_HEADER_OTHER},
    {"unreason", SIP_OK, SIP_HEADER_OTHER},
    {"noreason", SIP_OK, SIP_HEADER_OTHER},
    {"badinv01", SIP_ERR_VIA, SIP_VIA},
    {"clerr", SIP_ERR_CONTENT_LENGTH, SIP_CONTENT_LENGTH},
    {"ncl", SIP_ERR_CONTENT_LENGTH, SIP_CONTENT_LENGTH},
    {"scalar02", SIP_ERR_CSEQ, SIP_CSEQ},
    {"scalarlg", SIP_ERR_CSEQ, SIP_CSEQ},
    {"quotbal", SIP_ERR_ADDRESS, SIP_TO},
    {"ltgtruri", SIP_ERR_URI, SIP_HEADER_OTHER},
    {"lwsruri", SIP_ERR_START_LINE, SIP_HEADER_OTHER},
    {"lwsstart", SIP_ERR_START_LINE, SIP_HEADER_OTHER},
    {"trws", SIP_ERR_START_LINE, SIP_HEADER_OTHER},
    {"escruri", SIP_ERR_URI, SIP_HEADER_OTHER},
    {"baddate", SIP_OK, SIP_HEADER_OTHER},
    {"regbadct", SIP_ERR_ADDRESS, SIP_CONTACT},
    {"badaspec", SIP_ERR_ADDRESS, SIP_TO},
    {"baddn", SIP_ERR_ADDRESS, SIP_FROM},
    {"baddn_crlf", SIP_ERR_ADDRESS, SIP_FROM},
    {"badvers", SIP_ERR_VERSION, SIP_HEADER_OTHER},
    {"mismatch01", SIP_ERR_METHOD_MISMATCH, SIP_CSEQ},
    {"mismatch02", SIP_ERR_METHOD_MISMATCH, SIP_CSEQ},
    {"bigcode", SIP_ERR_START_LINE, SIP_HEADER_OTHER},
    {"badbranch", SIP_OK, SIP_HEADER_OTHER},
    {"insuf", SIP_ERR_MISSING, SIP_FROM},
    {"unkscm", SIP_ERR_URI_SCHEME, SIP_HEADER_OTHER},
    {"novelsc", SIP_ERR_URI_SCHEME, SIP_HEADER_OTHER},
    {"unksm2", SIP_OK, SIP_HEADER_OTHER},
    {"bext01", SIP_OK, SIP_HEADER_OTHER},
    {"invut", SIP_OK, SIP_HEADER_OTHER},
    {"regaut01", SIP_OK, SIP_HEADER_OTHER},
    {"multi01", SIP_ERR_DUPLICATE, SIP_CSEQ},
    {"mcl01", SIP_ERR_CONTENT_LENGTH, SIP_CONTENT_LENGTH},
    {"bcast", SIP_OK, SIP_HEADER_OTHER},
    {"zeromf", SIP_OK, SIP_HEADER_OTHER},
    {"cparam01", SIP_OK, SIP_HEADER_OTHER},
    {"cparam02", SIP_OK, SIP_HEADER_OTHER},
    {"regescrt", SIP_OK, SIP_HEADER_OTHER},
    {"sdp01", SIP_OK, SIP_HEADER_OTHER},
    {"inv2543", SIP_OK, SIP_HEADER_OTHER},
    {"test", SIP_ERR_START_LINE, SIP_HEADER_OTHER},
};

static struct span load(const char *name)
{
    char file[64];
    snprintf(file, sizeof file, "%s.dat", name);
    return load_file(join("rfc4475", file).text);
}

// Responses are dropped when they are faulty; a faulty request must have its answer (test.dat,
// which has no Via, cannot).
static bool is_answer_due(const char *name)
{
    static const char *const others[] = {"unreason", "noreason", "scalarlg",
                                         "bigcode",  "bcast",    "test"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strcmp(name, others[i]) == 0) return false;
    }
    return true;
}

static void test_verdicts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
        struct parsed parsed;
        const struct verdict *verdict = &verdicts[i];
        struct span bytes = load(verdict->name);
        enum sip_err err = parse(&parsed, bytes);
        bool is_expected = err == verdict->err && parsed.fault.header == verdict->header &&
                           sip_is_answerable(&parsed.message) == is_answer_due(verdict->name);
        if (!is_expected) {
            print_error("%s: %s, in %s at byte %zu\n", verdict->name, sip_err_text(err),
                        sip_header_text(parsed.fault.header), parsed.fault.offset);
            fail();
        }
        free_file(bytes);
    }
}

// Parses a message that is sound; the bytes live until the next one.
static const struct sip_message *read_sound(const char *name)
{
    static struct parsed parsed;
    static struct span bytes;
    free_file(bytes);
    bytes = load(name);
    assert_int_equal(parse(&parsed, bytes), SIP_OK);
    return &parsed.message;
}

// The n-th value, from 0, of all headers of a kind.
static struct span value_at(const struct sip_message *message, enum sip_header_id id, int n)
{
    struct sip_values place = SIP_VALUES_START;
    struct span value = SPAN_NONE;
    for (int i = 0; i <= n; i++) {
        if (!sip_next_value(message, id, &place, &value)) return SPAN_NONE;
    }
    return value;
}

static int count_values(const struct sip_message *message, enum sip_header_id id)
{
    int count = 0;
    while (value_at(message, id, count).len > 0) count++;
    return count;
}

static struct sip_address contact_at(const struct sip_message *message, int n)
{
    struct sip_address contact;
    assert_int_equal(sip_parse_address(value_at(message, SIP_CONTACT, n), &contact), SIP_OK);
    return contact;
}

static struct span param_of(struct span params, const char *name)
{
    struct span value;
    assert_true(sip_find_param(params, span_of(name), &value));
    return value;
}

static void test_wsinv(void **state)
{
    (void)state;
    const struct sip_message *message = read_sound("wsinv");
    struct sip_via via;
    assert_int_equal(message->max_forwards, 68);
    assert_int_equal(message->cseq, 9);
    assert_int_equal(message->method, SIP_INVITE);
    assert_span(message->uri.params, "unknownparam");
    assert_span(message->via.host, "192.0.2.2");
    assert_span(message->via.transport, "UDP");
    assert_span(message->via.branch, "390skdjuw");
    assert_int_equal(count_values(message, SIP_VIA), 3);
    assert_int_equal(sip_parse_via(value_at(message, SIP_VIA, 2), &via), SIP_OK);
    assert_span(via.host, "192.168.255.111");
    assert_span(via.branch, "z9hG4bK30239");
    assert_span(message->to.tag, "1918181833n");
    assert_span(message->from.display, "\"J Rosenberg \\\\\\\"\"");
    assert_span(message->from.tag, "98asjd8");
    assert_span(sip_named_header_value(message, SPAN("Subject")), "");
    assert_span(sip_named_header_value(message, SPAN("unknownheaderwithunusualvalue")), ";;,,;;,;");
    assert_span(sip_named_header_value(message, SPAN("NewFangledHeader")),
                "newfangled value\r\n continued newfangled value");
    struct sip_address contact = contact_at(message, 0);
    assert_span(contact.display, "\"Quoted string \\\"\\\"\"");
    assert_span(param_of(contact.params, "newparam"), "newvalue");
    assert_span(param_of(contact.params, "secondparam"), "");
    assert_span(param_of(contact.params, "q"), "0.33");
    assert_int_equal(message->body.len, 150);
}

static void test_intmeth(void **state)
{
    (void)state;
    const struct sip_message *message = read_sound("intmeth");
    assert_int_equal(message->method, SIP_METHOD_OTHER);
    assert_span(message->method_name, "!interesting-Method0123456789_*+`.%indeed'~");
    assert_span(message->uri.user, "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*");
    assert_span(message->uri.password, "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)");
    assert_span(message->uri.host, "example.com");
    assert_true(span_eq(message->to.display, SPAN("\"BEL:\\\x07 NUL:\\\0 DEL:\\\x7f\"")));
    assert_span(message->from.display, "token1~` token2'+_ token3*%!.-");
    assert_span(message->from.tag, "_token~1'+`*%!-.");
    assert_int_equal(param_of(message->from.params, "fromParam''~+*_!.-%").len, 20);
    assert_span(message->call_id, "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{");
    assert_int_equal(message->max_forwards, 255);
}

static void test_escapes(void **state)
{
    (void)state;
    const struct sip_message *message = read_sound("esc01");
    struct printed printed;
    assert_span(message->uri.host, "example.net");
    sip_put_unescaped(start_printing(&printed), message->uri.user);
    assert_printed(printed, "sips:user@example.com");
    sip_put_unescaped(start_printing(&printed), message->to.uri.user);
    assert_printed(printed, "user");
    sip_put_unescaped(start_printing(&printed), message->from.uri.user);
    assert_printed(printed, "I have spaces");
    assert_span(contact_at(message, 0).uri.params, "%6C%72;n%61me=v%61lue%25%34%31");

    message = read_sound("esc02");
    assert_int_equal(message->method, SIP_METHOD_OTHER);
    assert_int_equal(count_values(message, SIP_CONTACT), 2);
    assert_span(message->to.display, "\"%Z%45\"");
}

static void test_zero_escapes(void **state)
{
    (void)state;
    const struct sip_message *message = read_sound("escnull");
    struct printed printed;
    sip_put_unescaped(start_printing(&printed), message->to.uri.user);
    assert_true(span_eq(buffer_span(&printed.buffer), SPAN("null-\0-null")));
    assert_int_equal(count_values(message, SIP_CONTACT), 2);
    sip_put_unescaped(start_printing(&printed), contact_at(message, 0).uri.user);
    assert_true(span_eq(buffer_span(&printed.buffer), SPAN("\0")));
    sip_put_unescaped(start_printing(&printed), contact_at(message, 1).uri.user);
    assert_true(span_eq(buffer_span(&printed.buffer), SPAN("\0\0")));
}

static void test_lengths(void **state)
{
    (void)state;
    const struct sip_message *message = read_sound("dblreq");
    assert_int_equal(message->method, SIP_REGISTER);
    assert_int_equal(message->body.len, 0);
    assert_int_equal(message->header_count, 8);
    message = read_sound("mpart01");
    assert_int_equal(message->body.len, 553);
    message = read_sound("inv2543");
    assert_int_equal(message->body.len, 105);
    assert_int_equal(message->from.tag.len, 0);
    assert_int_equal(message->via.branch.len, 0);
    assert_int_equal(message->max_forwards, -1);
    message = read_sound("longreq");
    assert_int_equal(count_values(message, SIP_VIA), 34);
    assert_span(message->via.host, "sip33.example.com");
    assert_int_equal(message->body.len, 150);
}

static void test_uris(void **state)
{
    (void)state;
    const struct sip_message *message = read_sound("semiuri");
    struct printed printed;
    sip_put_unescaped(start_printing(&printed), message->uri.user);
    assert_printed(printed, "user;par=u@example.net");
    assert_span(message->uri.host, "example.com");
    assert_int_equal(message->uri.params.len, 0);
    assert_int_equal(count_values(message, SIP_ACCEPT), 6);

    message = read_sound("unksm2");
    assert_int_equal(message->to.uri.scheme, SIP_SCHEME_OTHER);
    assert_span(message->from.uri.scheme_text, "http");
    assert_span(contact_at(message, 0).uri_text, "name:John_Smith");
}

static void test_contact_params(void **state)
{
    (void)state;
    struct sip_address contact = contact_at(read_sound("cparam01"), 0);
    assert_span(contact.uri_text, "sip:+19725552222@gw1.example.net");
    assert_int_equal(contact.uri.params.len, 0);
    assert_span(contact.params, "unknownparam");
    contact = contact_at(read_sound("cparam02"), 0);
    assert_span(contact.uri.params, "unknownparam");
    assert_int_equal(contact.params.len, 0);
    contact = contact_at(read_sound("regescrt"), 0);
    assert_span(contact.uri.headers, "Route=%3Csip:sip.example.com%3E");
}

static void test_others(void **state)
{
    (void)state;
    const struct sip_message *message = read_sound("lwsdisp");
    assert_span(message->from.display, "caller");
    message = read_sound("transports");
    assert_int_equal(count_values(message, SIP_VIA), 5);
    assert_span(message->via.transport, "UDP");
    message = read_sound("noreason");
    assert_int_equal(message->status, 100);
    assert_int_equal(message->reason.len, 0);
    message = read_sound("unreason");
    assert_true(span_starts_with(message->reason, SPAN("= 2**3 * 5**2 \xd0\xbd")));
    message = read_sound("badbranch");
    assert_span(message->via.branch, "z9hG4bK");
    message = read_sound("zeromf");
    assert_int_equal(message->max_forwards, 0);
    message = read_sound("bext01");
    assert_int_equal(count_values(message, SIP_REQUIRE), 2);
    assert_true(sip_has_token(message, SIP_REQUIRE, SPAN("nothingSupportsThisEither")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts),     cmocka_unit_test(test_wsinv),
        cmocka_unit_test(test_intmeth),      cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_zero_escapes), cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_uris),         cmocka_unit_test(test_contact_params),
        cmocka_unit_test(test_others),
    };
    if (!is_corpus_there()) return report_no_corpus();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
