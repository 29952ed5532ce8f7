// SPDX-License-Identifier: Apache-2.0
// The IPv6 torture messages of RFC 5118: as sent (wire), and as printed (archive), where the lines
// end with LF alone, which is no SIP (RFC 3261 section 7): such a message is refused and, as no Via
// can be told apart, not answered.
#include "torture/corpus.h"

static const struct {
    const char *name;
    enum sip_err err;
    const char *host; // of the Request-URI
    uint16_t port;
    const char *via_host;
} messages[] = {
    {"ipv6-good", SIP_OK, "[2001:db8::10]", 0, "[2001:db8::9:1]"},
    {"ipv6-bad", SIP_ERR_URI, NULL, 0, "[2001:db8::9:1]"},
    {"port-ambiguous", SIP_OK, "[2001:db8::10:5070]", 0, "[2001:db8::9:1]"},
    {"port-unambiguous", SIP_OK, "[2001:db8::10]", 5070, "[2001:db8::9:1]"},
    {"via-received-param-with-delim", SIP_OK, "[2001:db8::10]", 0, "[2001:db8::9:1]"},
    {"via-received-param-no-delim", SIP_OK, "[2001:db8::10]", 0, "[2001:db8::9:1]"},
    {"ipv6-in-sdp", SIP_OK, "[2001:db8::10]", 0, "[2001:db8::20]"},
    {"mult-ip-in-header", SIP_OK, "host.example.net", 0, "[2001:db8::9:1]"},
    {"mult-ip-in-sdp", SIP_OK, "[2001:db8::10]", 0, "[2001:db8::9:1]"},
    {"ipv4-mapped-ipv6", SIP_OK, "example.com", 0, "[::ffff:192.0.2.10]"},
    {"ipv6-bug-abnf-3-colons", SIP_OK, "[2001:db8:::192.0.2.1]", 0, "lab1.east.example.com"},
    {"ipv6-correct-abnf-2-colons", SIP_OK, "[2001:db8::192.0.2.1]", 0, "lab1.east.example.com"},
};

enum { MESSAGE_COUNT = sizeof messages / sizeof messages[0] };

static struct span load(const char *folder, const char *name)
{
    char file[64];
    snprintf(file, sizeof file, "%s/%s.dat", folder, name);
    return load_file(join("rfc5118", file).text);
}

static void test_wire(void **state)
{
    (void)state;
    for (size_t i = 0; i < MESSAGE_COUNT; i++) {
        struct parsed parsed;
        struct span bytes = load("wire", messages[i].name);
        enum sip_err err = parse(&parsed, bytes);
        if (err != messages[i].err) print_error("%s: %s\n", messages[i].name, sip_err_text(err));
        assert_int_equal(err, messages[i].err);
        assert_true(sip_is_answerable(&parsed.message));
        assert_span(parsed.message.via.host, messages[i].via_host);
        if (err == SIP_OK) {
            assert_span(parsed.message.uri.host, messages[i].host);
            assert_int_equal(parsed.message.uri.port, messages[i].port);
        }
        free_file(bytes);
    }
}

static void test_archive(void **state)
{
    (void)state;
    for (size_t i = 0; i < MESSAGE_COUNT; i++) {
        struct parsed parsed;
        struct span bytes = load("archive", messages[i].name);
        assert_int_equal(parse(&parsed, bytes), SIP_ERR_START_LINE);
        assert_int_equal(bytes.at[parsed.fault.offset], '\n');
        assert_false(sip_is_answerable(&parsed.message));
        free_file(bytes);
    }
}

static void check_received(const char *name, const char *expected)
{
    struct parsed parsed;
    struct span bytes = load("wire", name), received;
    assert_int_equal(parse(&parsed, bytes), SIP_OK);
    assert_true(sip_find_param(parsed.message.via.params, SPAN("received"), &received));
    assert_span(received, expected);
    free_file(bytes);
}

static void test_received(void **state)
{
    (void)state;
    check_received("via-received-param-with-delim", "[2001:db8::9:255]");
    check_received("via-received-param-no-delim", "2001:db8::9:255");
}

static void test_mixed_via(void **state)
{
    (void)state;
    static const char *const hosts[] = {"[2001:db8::9:1]", "192.0.2.1", "[2001:db8::9:255]"};
    struct parsed parsed;
    struct span bytes = load("wire", "mult-ip-in-header"), value;
    struct sip_values place = SIP_VALUES_START;
    struct sip_via via;
    assert_int_equal(parse(&parsed, bytes), SIP_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_true(sip_next_value(&parsed.message, SIP_VIA, &place, &value));
        assert_int_equal(sip_parse_via(value, &via), SIP_OK);
        assert_span(via.host, hosts[i]);
    }
    assert_int_equal(parsed.message.via.port, 6050);
    free_file(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wire),
        cmocka_unit_test(test_archive),
        cmocka_unit_test(test_received),
        cmocka_unit_test(test_mixed_via),
    };
    if (!is_corpus_there()) return report_no_corpus();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
