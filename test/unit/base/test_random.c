// SPDX-License-Identifier: Apache-2.0
// ChaCha20 against RFC 8439 appendix A.1, SipHash-2-4 against its reference vectors, and what is
// made of them.
#include "unit/check.h"

static void test_chacha20(void **state)
{
    (void)state;
    static const char *const blocks[] = {
        "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
        "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586",
        "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
        "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f",
    };
    struct random random;
    random_init(&random, (const uint8_t[32]){0});
    for (size_t i = 0; i < 2; i++) {
        uint8_t bytes[64];
        char text[128];
        struct buffer out = buffer_over(text, sizeof text);
        random_bytes(&random, bytes, 10); // in parts, and over the end of a block
        random_bytes(&random, bytes + 10, 54);
        buffer_put_hex(&out, bytes, sizeof bytes);
        assert_span(buffer_span(&out), blocks[i]);
    }
}

// RFC 8439 appendix A.1, test vector 3: the key ends in 1, the block counter is 1.
static void test_chacha20_key(void **state)
{
    (void)state;
    struct random random;
    uint8_t seed[32] = {0}, bytes[80];
    char text[32];
    struct buffer out = buffer_over(text, sizeof text);
    seed[31] = 1;
    random_init(&random, seed);
    random_bytes(&random, bytes, sizeof bytes);
    buffer_put_hex(&out, bytes + 64, 16);
    assert_span(buffer_span(&out), "3aeb5224ecf849929b9d828db1ced4dd");
}

static void test_counter_carries(void **state)
{
    (void)state;
    struct random random;
    uint8_t bytes[64];
    random_init(&random, (const uint8_t[32]){0});
    random.state[12] = UINT32_MAX;
    random_bytes(&random, bytes, sizeof bytes);
    assert_int_equal(random.state[12], 0);
    assert_int_equal(random.state[13], 1);
}

static void test_siphash(void **state)
{
    (void)state;
    static const struct {
        size_t len;
        uint64_t hash;
    } cases[] = {
        {0, 0x726fdb47dd0e0e31}, {1, 0x74f839c593dc67fd},  {7, 0xab0200f58b01d137},
        {8, 0x93f5f5799a932462}, {15, 0xa129ca6149be45e5}, {63, 0x958a324ceb064572},
    };
    uint8_t key[16];
    char text[64];
    for (size_t i = 0; i < sizeof key; i++) key[i] = (uint8_t)i;
    for (size_t i = 0; i < sizeof text; i++) text[i] = (char)i;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(hash_keyed(key, (struct span){text, cases[i].len}) == cases[i].hash);
    }
    assert_true(hash_keyed(key, SPAN_NONE) == cases[0].hash);
}

// vectors_sip128 of the reference implementation.
static void test_siphash_128(void **state)
{
    (void)state;
    static const struct {
        size_t len;
        const char *hash;
    } cases[] = {
        {0, "a3817f04ba25a8e66df67214c7550293"},  {1, "da87c1d86b99af44347659119b22fc45"},
        {7, "a1f1ebbed8dbc153c0b84aa61ff08239"},  {8, "3b62a9ba6258f5610f83e264f31497b4"},
        {15, "5493e99933b0a8117e08ec0f97cfc3d9"}, {63, "5150d1772f50834a503e069a973fbd7c"},
    };
    uint8_t key[16];
    char text[64];
    for (size_t i = 0; i < sizeof key; i++) key[i] = (uint8_t)i;
    for (size_t i = 0; i < sizeof text; i++) text[i] = (char)i;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char hex[32];
        struct buffer out = buffer_over(hex, sizeof hex);
        uint64_t hashes[2];
        hash_keyed_twice(key, (struct span){text, cases[i].len}, hashes);
        buffer_put_hex(&out, (const uint8_t *)hashes, sizeof hashes);
        assert_span(buffer_span(&out), cases[i].hash);
    }
}

static void test_below(void **state)
{
    (void)state;
    struct random random;
    unsigned counts[7] = {0};
    random_init(&random, (const uint8_t[32]){1});
    for (int i = 0; i < 70000; i++) counts[random_below(&random, 7)]++;
    for (size_t i = 0; i < 7; i++) assert_in_range(counts[i], 9600, 10400);
    assert_int_equal(random_below(&random, 1), 0);
    // Half of all values lie above a multiple of this limit and are drawn again.
    for (int i = 0; i < 100; i++) {
        assert_true(random_below(&random, UINT64_MAX / 2 + 2) <= UINT64_MAX / 2 + 1);
    }
}

static void test_tokens(void **state)
{
    (void)state;
    struct random random, same;
    char a[64], b[64];
    struct buffer out_a = buffer_over(a, sizeof a), out_b = buffer_over(b, sizeof b);
    random_init(&random, (const uint8_t[32]){9});
    random_init(&same, (const uint8_t[32]){9});
    random_put_token(&random, &out_a, 16);
    random_put_token(&same, &out_b, 16);
    assert_int_equal(out_a.len, 32);
    assert_true(span_eq(buffer_span(&out_a), buffer_span(&out_b)));
    assert_true(random_u64(&random) == random_u64(&same));
    random_put_token(&random, &out_a, 16);
    random_put_token(&random, &out_b, 16);
    assert_false(span_eq(buffer_span(&out_a), buffer_span(&out_b)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chacha20),        cmocka_unit_test(test_chacha20_key),
        cmocka_unit_test(test_counter_carries), cmocka_unit_test(test_siphash),
        cmocka_unit_test(test_siphash_128),     cmocka_unit_test(test_below),
        cmocka_unit_test(test_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
