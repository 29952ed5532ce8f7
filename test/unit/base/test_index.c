// SPDX-License-Identifier: Apache-2.0
// The hash index, against a plain list.
#include "unit/check.h"

enum { ITEM_COUNT = 48 };

struct memory {
    _Alignas(16) char bytes[64 * sizeof(struct index_entry)];
};

static void start(struct index *index, struct memory *memory)
{
    assert_int_equal(index_memory_size(ITEM_COUNT), sizeof memory->bytes);
    memset(memory, 0, sizeof *memory);
    index_init(index, memory->bytes, ITEM_COUNT);
}

static bool is_found(const struct index *index, uint64_t hash, struct pool_id id)
{
    struct index_search search = INDEX_SEARCH(hash);
    for (;;) {
        struct pool_id found = index_next(index, &search);
        if (pool_id_eq(found, POOL_ID_NONE)) return false;
        if (pool_id_eq(found, id)) return true;
    }
}

static void test_full(void **state)
{
    (void)state;
    struct memory memory;
    struct index index;
    start(&index, &memory);
    for (uint32_t i = 0; i < ITEM_COUNT; i++) {
        assert_true(index_add(&index, i, (struct pool_id){i, 1}));
    }
    assert_false(index_add(&index, 99, (struct pool_id){99, 1}));
    assert_false(is_found(&index, 99, (struct pool_id){99, 1}));
    index_remove(&index, 99, (struct pool_id){99, 1});
    assert_int_equal(index.used_count, ITEM_COUNT);
    index_remove(&index, 7, (struct pool_id){7, 1});
    assert_true(index_add(&index, 99, (struct pool_id){99, 1}));
}

static void test_equal_hashes(void **state)
{
    (void)state;
    struct memory memory;
    struct index index;
    start(&index, &memory);
    for (uint32_t i = 0; i < 5; i++) assert_true(index_add(&index, 63, (struct pool_id){i, 1}));
    assert_true(index_add(&index, 63 + 64, (struct pool_id){5, 1})); // same place, other hash
    struct index_search search = INDEX_SEARCH(63);
    for (uint32_t i = 0; i < 5; i++) assert_int_equal(index_next(&index, &search).index, i);
    assert_true(pool_id_eq(index_next(&index, &search), POOL_ID_NONE));
    index_remove(&index, 63, (struct pool_id){2, 1});
    index_remove(&index, 63, (struct pool_id){2, 1});
    assert_int_equal(index.used_count, 5);
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(is_found(&index, 63, (struct pool_id){i, 1}), i != 2);
    }
    assert_true(is_found(&index, 63 + 64, (struct pool_id){5, 1}));
}

// Adding and removing at random, with many collisions, agrees with a list.
static void test_against_list(void **state)
{
    (void)state;
    struct memory memory;
    struct index index;
    struct random random;
    uint64_t hashes[ITEM_COUNT] = {0};
    bool is_there[ITEM_COUNT] = {false};
    random_init(&random, (const uint8_t[32]){7});
    start(&index, &memory);
    for (int step = 0; step < 20000; step++) {
        uint32_t i = (uint32_t)random_below(&random, ITEM_COUNT);
        struct pool_id id = {i, 1};
        if (is_there[i]) {
            index_remove(&index, hashes[i], id);
        } else {
            hashes[i] = random_below(&random, 20) + 50;
            assert_true(index_add(&index, hashes[i], id));
        }
        is_there[i] = !is_there[i];
        for (uint32_t j = 0; step % 16 == 0 && j < ITEM_COUNT; j++) {
            assert_int_equal(is_found(&index, hashes[j], (struct pool_id){j, 1}), is_there[j]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_equal_hashes),
        cmocka_unit_test(test_against_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
