// SPDX-License-Identifier: Apache-2.0
// Pools: slots and generations.
#include "unit/check.h"

enum { SLOT_COUNT = 5 };

struct slot {
    char bytes[20];
};

struct memory {
    _Alignas(16) char bytes[SLOT_COUNT * 32 + 64];
};

static void start(struct pool *pool, struct memory *memory)
{
    assert_int_equal(pool_memory_size(sizeof(struct slot), SLOT_COUNT), sizeof memory->bytes);
    memset(memory, 0, sizeof *memory);
    pool_init(pool, memory->bytes, sizeof(struct slot), SLOT_COUNT);
}

static void test_take_until_full(void **state)
{
    (void)state;
    struct memory memory;
    struct pool pool;
    struct pool_id ids[SLOT_COUNT], id;
    start(&pool, &memory);
    for (uint32_t i = 0; i < SLOT_COUNT; i++) {
        struct slot *slot = pool_take(&pool, &ids[i]);
        assert_int_equal((uintptr_t)slot % 16, 0);
        memset(slot, (int)i + 1, sizeof *slot);
        assert_int_equal(pool.used_count, i + 1);
    }
    assert_null(pool_take(&pool, &id));
    assert_true(pool_id_eq(id, POOL_ID_NONE));
    for (uint32_t i = 0; i < SLOT_COUNT; i++) {
        const struct slot *slot = pool_find(&pool, ids[i]);
        assert_int_equal(slot->bytes[0], i + 1);
        assert_int_equal(slot->bytes[19], i + 1);
    }
}

static void test_old_references_find_nothing(void **state)
{
    (void)state;
    struct memory memory;
    struct pool pool;
    struct pool_id old, new;
    start(&pool, &memory);
    struct slot *slot = pool_take(&pool, &old);
    slot->bytes[0] = 'x';
    pool_free(&pool, old);
    assert_null(pool_find(&pool, old));
    assert_int_equal(pool.used_count, 0);
    assert_ptr_equal(pool_take(&pool, &new), slot);
    assert_int_equal(slot->bytes[0], 0);
    assert_int_equal(new.index, old.index);
    assert_false(pool_id_eq(old, new));
    assert_null(pool_find(&pool, old));
    pool_free(&pool, old);
    assert_ptr_equal(pool_find(&pool, new), slot);
    assert_null(pool_find(&pool, POOL_ID_NONE));
    assert_null(pool_find(&pool, (struct pool_id){SLOT_COUNT, 1}));
}

static void test_walking(void **state)
{
    (void)state;
    struct memory memory;
    struct pool pool;
    struct pool_id ids[3], id;
    start(&pool, &memory);
    for (size_t i = 0; i < 3; i++) assert_non_null(pool_take(&pool, &ids[i]));
    pool_free(&pool, ids[1]);
    assert_non_null(pool_at(&pool, 0, &id));
    assert_true(pool_id_eq(id, ids[0]));
    assert_null(pool_at(&pool, 1, &id));
    assert_true(pool_id_eq(id, POOL_ID_NONE));
    assert_non_null(pool_at(&pool, 2, &id));
    assert_null(pool_at(&pool, 3, &id));
    assert_null(pool_at(&pool, SLOT_COUNT, &id));
}

// A generation that wraps around is never 0 while the slot is in use.
static void test_generation_wraps(void **state)
{
    (void)state;
    struct memory memory;
    struct pool pool;
    struct pool_id id;
    start(&pool, &memory);
    pool.generations[0] = UINT32_MAX - 1;
    assert_non_null(pool_take(&pool, &id));
    assert_int_equal(id.generation, UINT32_MAX);
    pool_free(&pool, id);
    assert_non_null(pool_take(&pool, &id));
    assert_int_equal(id.generation, 1);
    assert_non_null(pool_find(&pool, id));
}

// Slots in a row that were used are idle, each once.
static void test_idle_memory(void **state)
{
    (void)state;
    struct memory memory;
    struct pool pool;
    struct pool_id ids[4];
    uint32_t place = 0;
    start(&pool, &memory);
    for (int i = 0; i < 4; i++) assert_non_null(pool_take(&pool, &ids[i]));
    pool_free(&pool, ids[0]);
    pool_free(&pool, ids[2]);
    pool_free(&pool, ids[3]);
    assert_int_equal(pool_next_idle(&pool, &place, 3 * pool.slot_size).size, 0);
    place = 0;
    struct idle_memory idle = pool_next_idle(&pool, &place, 2 * pool.slot_size);
    assert_ptr_equal(idle.at, pool.slots + 2 * pool.slot_size);
    assert_int_equal(idle.size, 2 * pool.slot_size);
    assert_int_equal(pool_next_idle(&pool, &place, 0).size, 0);
    memset(idle.at, 0x55, idle.size);
    place = 0;
    assert_int_equal(pool_next_idle(&pool, &place, 0).size, pool.slot_size); // the first one
    place = 0;
    assert_int_equal(pool_next_idle(&pool, &place, 0).size, 0); // all was told
    for (int i = 0; i < 3; i++) {
        const char *slot = pool_take(&pool, &ids[i]);
        assert_non_null(slot);
        assert_int_equal(slot[0], 0);
    }
    pool_free(&pool, ids[1]);
    place = 0;
    assert_int_equal(pool_next_idle(&pool, &place, 0).size, pool.slot_size); // used again
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_take_until_full), cmocka_unit_test(test_old_references_find_nothing),
        cmocka_unit_test(test_walking),         cmocka_unit_test(test_generation_wraps),
        cmocka_unit_test(test_idle_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
