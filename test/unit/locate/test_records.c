// SPDX-License-Identifier: Apache-2.0
// SRV and NAPTR records: reading, and order (RFC 2782, RFC 3403).
#include "locate/locate.h"
#include "unit/check.h"

static void test_reading_srv(void **state)
{
    (void)state;
    struct locate_srv srv;
    struct span whole = SPAN("\0\12\0\5\x13\xc4\1a\7example\0");
    assert_true(locate_read_srv(whole, &srv));
    assert_int_equal(srv.priority, 10);
    assert_int_equal(srv.weight, 5);
    assert_int_equal(srv.port, 5060);
    assert_string_equal(srv.target, "a.example");
    for (size_t len = 0; len < whole.len; len++) {
        assert_false(locate_read_srv(span_slice(whole, 0, len), &srv));
    }
    assert_true(locate_read_srv(SPAN("\0\0\0\0\0\0\0"), &srv)); // "."
    assert_string_equal(srv.target, "");
    assert_false(locate_read_srv(SPAN("\0\0\0\0\0\0\0\0"), &srv));       // more behind it
    assert_false(locate_read_srv(SPAN("\0\0\0\0\0\0\3a.b\0"), &srv));    // a dot in a label
    assert_false(locate_read_srv(SPAN("\0\0\0\0\0\0\3a\nb\0"), &srv));   //
    assert_false(locate_read_srv(SPAN("\0\0\0\0\0\0\xc0\x0c\0"), &srv)); // compressed
}

static void test_long_names(void **state)
{
    (void)state;
    struct locate_srv srv;
    char data[6 + 5 * 64 + 1] = {0};
    for (unsigned labels = 1; labels <= 5; labels++) {
        memset(data, 0, sizeof data);
        for (unsigned i = 0; i < labels; i++) {
            memset(data + 6 + i * 64, 'a', 64);
            data[6 + i * 64] = 63;
        }
        struct span span = {data, 6 + labels * 64 + 1};
        assert_int_equal(locate_read_srv(span, &srv), labels <= 3);
    }
}

static void test_reading_naptr(void **state)
{
    (void)state;
    struct locate_naptr naptr;
    struct span whole = SPAN("\0\12\0\62\1s\7SIP+D2T\0\4_sip\4_tcp\1x\0");
    assert_true(locate_read_naptr(whole, &naptr));
    assert_int_equal(naptr.order, 10);
    assert_int_equal(naptr.preference, 50);
    assert_int_equal(naptr.transport, TRANSPORT_TCP);
    assert_string_equal(naptr.replacement, "_sip._tcp.x");
    for (size_t len = 0; len < whole.len; len++) {
        assert_false(locate_read_naptr(span_slice(whole, 0, len), &naptr));
    }
    assert_true(locate_read_naptr(SPAN("\0\0\0\0\1S\10SIPS+D2T\0\1x\0"), &naptr));
    assert_int_equal(naptr.transport, TRANSPORT_TLS);
    assert_true(locate_read_naptr(SPAN("\0\0\0\0\1s\7sip+d2u\0\1x\0"), &naptr));
    assert_false(locate_read_naptr(SPAN("\0\0\0\0\1u\7SIP+D2U\0\1x\0"), &naptr));  // flag
    assert_false(locate_read_naptr(SPAN("\0\0\0\0\1s\7SIP+D2S\0\1x\0"), &naptr));  // SCTP
    assert_false(locate_read_naptr(SPAN("\0\0\0\0\1s\7SIP+D2U\1!\1x\0"), &naptr)); // expression
    assert_false(locate_read_naptr(SPAN("\0\0\0\0\1s\7SIP+D2U\0\0"), &naptr));     // nowhere
}

static void test_order_of_naptr(void **state)
{
    (void)state;
    struct locate_naptr records[] = {{.order = 2, .preference = 1, .replacement = "c"},
                                     {.order = 1, .preference = 2, .replacement = "b"},
                                     {.order = 1, .preference = 1, .replacement = "a"},
                                     {.order = 2, .preference = 1, .replacement = "d"}};
    locate_order_naptr(records, 4);
    for (size_t i = 0; i < 4; i++) assert_int_equal(records[i].replacement[0], 'a' + i);
    locate_order_naptr(records, 0);
}

// ---- Weights

static struct locate_srv srv_of(uint16_t priority, uint16_t weight)
{
    return (struct locate_srv){.priority = priority, .weight = weight};
}

static void test_order_of_priorities(void **state)
{
    (void)state;
    static const uint8_t seed[32] = {7};
    struct random random;
    random_init(&random, seed);
    for (unsigned round = 0; round < 1000; round++) {
        struct locate_srv records[] = {srv_of(20, 5), srv_of(10, 0), srv_of(65535, 9),
                                       srv_of(10, 9), srv_of(0, 0),  srv_of(20, 1)};
        locate_order_srv(records, 6, &random);
        for (size_t i = 1; i < 6; i++) {
            assert_true(records[i - 1].priority <= records[i].priority);
        }
    }
    locate_order_srv(NULL, 0, &random);
}

// How often each of three records of one priority comes first, in 10,000 choices.
static void count_firsts(const uint16_t weights[3], unsigned counts[3])
{
    static const uint8_t seed[32] = {9};
    struct random random;
    random_init(&random, seed);
    memset(counts, 0, 3 * sizeof counts[0]);
    for (unsigned round = 0; round < 10000; round++) {
        struct locate_srv records[3];
        for (uint16_t i = 0; i < 3; i++) {
            records[i] = srv_of(1, weights[i]);
            records[i].port = i;
        }
        locate_order_srv(records, 3, &random);
        counts[records[0].port]++;
        assert_int_equal(records[0].port + records[1].port + records[2].port, 3); // none is lost
    }
}

static void test_weights(void **state)
{
    (void)state;
    unsigned counts[3];
    count_firsts((uint16_t[]){60, 30, 10}, counts);
    assert_in_range(counts[0], 5700, 6300);
    assert_in_range(counts[1], 2750, 3250);
    assert_in_range(counts[2], 850, 1150);
    count_firsts((uint16_t[]){0, 100, 0}, counts); // weight 0: hardly ever, but sometimes
    assert_in_range(counts[0] + counts[2], 1, 250);
    count_firsts((uint16_t[]){65535, 65535, 0}, counts);
    assert_in_range(counts[0], 4700, 5300);
}

// The same seed makes the same choice.
static void test_seed(void **state)
{
    (void)state;
    static const uint8_t seed[32] = {3};
    struct locate_srv a[8], b[8];
    struct random random;
    for (uint16_t i = 0; i < 8; i++) a[i] = b[i] = srv_of(1, (uint16_t)(i * 10));
    random_init(&random, seed);
    locate_order_srv(a, 8, &random);
    random_init(&random, seed);
    locate_order_srv(b, 8, &random);
    for (size_t i = 0; i < 8; i++) assert_int_equal(a[i].weight, b[i].weight);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reading_srv),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_reading_naptr),
        cmocka_unit_test(test_order_of_naptr),
        cmocka_unit_test(test_order_of_priorities),
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
