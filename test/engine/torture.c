// SPDX-License-Identifier: Apache-2.0
// The torture messages of RFC 4475 and RFC 5118 to the whole engine, each as a datagram and on a
// connection, from the PBX: what is answered is what the RFCs say. Where they say "as any other
// request", that is 404 for an INVITE, as the number is no line, 481 within a dialog, 401 for a
// REGISTER, which proves nothing, and 405 for MESSAGE, which we do not serve.
#include "torture/corpus.h"
#include "world.h"

struct expectation {
    const char *name;
    const char *by_udp; // the statuses of all answers
    const char *by_tcp; // the same; "close": the connection cannot go on; "wait": for more bytes
};

// RFC 4475 section 3, in its order; baddn_crlf is baddn with the empty line that it lacks.
static const struct expectation rfc4475[] = {
    {"wsinv", "481", "481"},
    {"intmeth", "501", "501"},
    {"esc01", "404", "404"},
    {"escnull", "401", "401"},
    {"esc02", "501", "501"},
    {"lwsdisp", "200", "200"},
    {"longreq", "404", "404"},
    {"dblreq", "401", "401 404 close"},
    {"semiuri", "200", "200"},
    {"transports", "200", "200"},
    {"mpart01", "405", "405"},
    {"unreason", "", ""},
    {"noreason", "", ""},
    {"badinv01", "400", "400"},
    {"clerr", "400", "wait"},
    {"ncl", "400", "400 close"},
    {"scalar02", "400", "400"},
    {"scalarlg", "", ""},
    {"quotbal", "400", "400"},
    {"ltgtruri", "400", "400"},
    {"lwsruri", "400", "400"},
    {"lwsstart", "400", "400"},
    {"trws", "400", "400"},
    {"escruri", "400", "400"},
    {"baddate", "404", "404"},
    {"regbadct", "400", "400"},
    {"badaspec", "400", "400"},
    {"baddn", "400", "wait"},
    {"baddn_crlf", "400", "400"},
    {"badvers", "505", "505"},
    {"mismatch01", "400", "400"},
    {"mismatch02", "400", "400"},
    {"bigcode", "", ""},
    {"badbranch", "200", "200"},
    {"insuf", "400", "400"},
    {"unkscm", "416", "416"},
    {"novelsc", "416", "416"},
    {"unksm2", "400", "400"},
    {"bext01", "420", "420"},
    {"invut", "415", "415"},
    {"regaut01", "401", "401"},
    {"multi01", "400", "400"},
    {"mcl01", "400", "400 close"},
    {"bcast", "", ""},
    {"zeromf", "200", "200"},
    {"cparam01", "401", "401"},
    {"cparam02", "401", "401"},
    {"regescrt", "401", "401"},
    {"sdp01", "406", "406"},
    {"inv2543", "404", "400 close"},
    {"test", "", ""},
};

static const struct expectation rfc5118[] = {
    {"ipv6-good", "401", "401"},
    {"ipv6-bad", "400", "400"},
    {"port-ambiguous", "401", "401"},
    {"port-unambiguous", "401", "401"},
    {"via-received-param-with-delim", "481", "481"},
    {"via-received-param-no-delim", "200", "200"},
    {"ipv6-in-sdp", "404", "404"},
    {"mult-ip-in-header", "481", "481"},
    {"mult-ip-in-sdp", "404", "404"},
    {"ipv4-mapped-ipv6", "404", "404"},
    {"ipv6-bug-abnf-3-colons", "200", "200"},
    {"ipv6-correct-abnf-2-colons", "200", "200"},
};

static struct address the_pbx(void)
{
    struct address pbx;
    assert_true(address_parse_port(SPAN("192.0.2.1:5060"), 0, &pbx));
    return pbx;
}

static struct world *start_world(void)
{
    struct world *world = world_new(1);
    const char *refused = world_set(world, SPAN("group"),
                                    SPAN("name=trial server=192.0.2.1 domain=pbx.test"), true);
    if (refused) fail_msg("%s", refused);
    world_set_peer(world, 1, SPAN("192.0.2.1:5060"));
    return world;
}

// Adds the statuses of what was sent. All are answers, and go back to the PBX.
static void put_answers(struct world *world, struct buffer *out)
{
    static const struct span version = {"SIP/2.0 ", 8};
    struct address pbx = the_pbx();
    for (;;) {
        struct span bytes = world_take_sent(world);
        if (bytes.len == 0) break;
        assert_true(span_starts_with(bytes, version));
        assert_true(address_eq_host(&world_sent_flow(world)->peer, &pbx));
        if (out->len > 0) buffer_put_byte(out, ' ');
        buffer_put(out, span_slice(bytes, version.len, version.len + 3));
    }
}

static void check(const struct expectation *expectation, struct span bytes, bool is_stream,
                  unsigned *wrong_count)
{
    static const char *const ends[] = {"", "wait", "close"};
    char text[64];
    struct buffer out = buffer_over(text, sizeof text);
    struct world *world = start_world();
    struct address pbx = the_pbx();
    enum world_stream end = WORLD_STREAM_IDLE;
    if (is_stream) {
        end = world_receive_stream(world, &pbx, bytes);
    } else {
        world_receive(world, &pbx, bytes);
    }
    put_answers(world, &out);
    if (end != WORLD_STREAM_IDLE && out.len > 0) buffer_put_byte(&out, ' ');
    buffer_put_text(&out, ends[end]);
    const char *expected = is_stream ? expectation->by_tcp : expectation->by_udp;
    if (!span_eq(buffer_span(&out), span_of(expected))) {
        print_error("%s by %s: \"%.*s\", not \"%s\"\n", expectation->name,
                    is_stream ? "TCP" : "UDP", SPAN_ARG(buffer_span(&out)), expected);
        (*wrong_count)++;
    }
    world_free(world);
}

static void check_all(const char *folder, const struct expectation *expectations, size_t count)
{
    unsigned wrong_count = 0;
    for (size_t i = 0; i < count; i++) {
        char file[80];
        snprintf(file, sizeof file, "%s.dat", expectations[i].name);
        struct span bytes = load_file(join(folder, file).text);
        check(&expectations[i], bytes, false, &wrong_count);
        check(&expectations[i], bytes, true, &wrong_count);
        free_file(bytes);
    }
    assert_int_equal(wrong_count, 0);
}

static void test_rfc4475(void **state)
{
    (void)state;
    check_all("rfc4475", rfc4475, sizeof rfc4475 / sizeof rfc4475[0]);
}

static void test_rfc5118(void **state)
{
    (void)state;
    check_all("rfc5118/wire", rfc5118, sizeof rfc5118 / sizeof rfc5118[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc4475),
        cmocka_unit_test(test_rfc5118),
    };
    if (!is_corpus_there()) return report_no_corpus();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
