// SPDX-License-Identifier: Apache-2.0
// Texts in rooms as large as what is in them, and the store that the rooms come from.
#include "unit/check.h"

#include <stdlib.h>
#include <string.h>

enum { ROOMS = 64, TEXTS_MAX = 1500 };

static struct text_store *new_store(uint32_t room_count, size_t room_size)
{
    void *memory = calloc(1, text_store_size(room_count, room_size));
    assert_non_null(memory);
    return text_store_init(memory, room_count, room_size);
}

static void assert_kept(const struct texts *texts, struct text text, const char *expected)
{
    assert_true(span_eq(texts_get(texts, text), span_of(expected)));
}

static void test_keeping(void **state)
{
    (void)state;
    struct text_store *store = new_store(ROOMS, TEXTS_MAX);
    struct texts texts = texts_in(store, TEXTS_MAX);
    struct text first, none, second, again;
    char filler[1400];
    memset(filler, 'x', sizeof filler);
    assert_true(texts_keep(&texts, SPAN("a caller"), &first));
    assert_true(texts_keep(&texts, SPAN_NONE, &none));
    assert_int_equal(text_store_used(store), 48);
    assert_true(texts_keep(&texts, (struct span){filler, sizeof filler}, &second));
    assert_kept(&texts, first, "a caller");
    assert_int_equal(texts_get(&texts, none).len, 0);
    assert_int_equal(texts_get(&texts, second).len, sizeof filler);
    assert_false(texts_keep(&texts, (struct span){filler, 100}, &again)); // too much
    texts_cut(&texts, second.at);
    assert_int_equal(texts_get(&texts, second).len, 0); // forgotten
    assert_true(texts_keep(&texts, texts_get(&texts, first), &again));
    texts_fit(&texts);
    assert_int_equal(text_store_used(store), 48);
    assert_kept(&texts, first, "a caller");
    assert_kept(&texts, again, "a caller");
    texts_drop(&texts);
    assert_int_equal(text_store_used(store), 0);
    free(store);
}

// One of the texts themselves, kept once more while they move into another room.
static void test_keeping_its_own(void **state)
{
    (void)state;
    struct text_store *store = new_store(ROOMS, TEXTS_MAX);
    struct texts texts = texts_in(store, TEXTS_MAX);
    struct text first, again;
    assert_true(texts_keep(&texts, SPAN("a text of forty bytes, no less, no more."), &first));
    assert_true(texts_keep(&texts, texts_get(&texts, first), &again));
    assert_kept(&texts, again, "a text of forty bytes, no less, no more.");
    texts_drop(&texts);
    free(store);
}

static void test_fixed_room(void **state)
{
    (void)state;
    char room[16];
    struct texts texts = texts_over(room, sizeof room), copy;
    struct text text;
    assert_true(texts_keep(&texts, SPAN("0123456789"), &text));
    assert_false(texts_keep(&texts, SPAN("0123456789"), &text));
    texts_fit(&texts);
    struct text_store *store = new_store(1, 16);
    copy = texts_in(store, 16);
    assert_true(texts_copy(&copy, &texts));
    assert_kept(&copy, (struct text){0, 10}, "0123456789");
    texts_drop(&copy);
    texts_drop(&texts);
    assert_int_equal(texts.used, 0);
    free(store);
}

// As many as the store was made for, whatever was in it before; then no more.
static void test_until_full(void **state)
{
    (void)state;
    struct text_store *store = new_store(ROOMS, TEXTS_MAX);
    struct texts all[2 * ROOMS];
    for (int round = 0; round < 3; round++) {
        size_t size = round == 1 ? 40 : (size_t)TEXTS_MAX, count = 0;
        for (; count < 2 * ROOMS; count++) {
            all[count] = texts_in(store, TEXTS_MAX);
            if (!texts_reserve(&all[count], size)) break;
        }
        assert_true(count >= ROOMS);
        assert_true(round == 1 || count < 2 * ROOMS);
        for (size_t i = 0; i < count; i++) texts_drop(&all[i]);
        assert_int_equal(text_store_used(store), 0);
    }
    free(store);
}

// Pages without a taken room are idle, and hold nothing that is needed.
static void test_idle_pages(void **state)
{
    (void)state;
    struct text_store *store = new_store(ROOMS, TEXTS_MAX);
    struct texts texts[8];
    struct text text;
    uint32_t place = 0;
    for (size_t i = 0; i < 8; i++) { // two in a page
        texts[i] = texts_in(store, TEXTS_MAX);
        assert_true(texts_reserve(&texts[i], TEXTS_MAX));
    }
    assert_int_equal(text_store_next_idle(store, &place, 0).size, 0);
    for (size_t i = 2; i < 8; i++) texts_drop(&texts[i]);
    place = 0;
    struct idle_memory idle = text_store_next_idle(store, &place, 2 * 4096);
    assert_int_equal(idle.size, 3 * 4096);
    memset(idle.at, 0x55, idle.size);
    place = 0;
    assert_int_equal(text_store_next_idle(store, &place, 0).size, 0);
    for (size_t i = 2; i < 8; i++) {
        texts[i] = texts_in(store, TEXTS_MAX);
        assert_true(texts_keep(&texts[i], SPAN("still there"), &text));
    }
    for (size_t i = 2; i < 8; i++) assert_kept(&texts[i], text, "still there");
    free(store);
}

// Many that grow, shrink and go, in any order: each keeps what it was given.
static void test_any_order(void **state)
{
    (void)state;
    enum { COUNT = 200, STEPS = 20000 };
    static const uint8_t seed[32] = {7};
    struct text_store *store = new_store(COUNT, TEXTS_MAX);
    struct texts all[COUNT];
    struct random random;
    struct text text;
    random_init(&random, seed);
    for (size_t i = 0; i < COUNT; i++) all[i] = texts_in(store, TEXTS_MAX);
    for (int step = 0; step < STEPS; step++) {
        size_t at = (size_t)random_below(&random, COUNT);
        size_t len = (size_t)random_below(&random, 400);
        char bytes[400];
        memset(bytes, 'A' + (int)(at % 26), sizeof bytes);
        switch (random_below(&random, 4)) {
        case 0: texts_fit(&all[at]); break;
        case 1: texts_drop(&all[at]); break;
        default: (void)texts_keep(&all[at], (struct span){bytes, len}, &text); break;
        }
        for (size_t i = 0; i < all[at].used; i++) assert_int_equal(all[at].at[i], bytes[0]);
    }
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t j = 0; j < all[i].used; j++) assert_int_equal(all[i].at[j], 'A' + i % 26);
        texts_drop(&all[i]);
    }
    assert_int_equal(text_store_used(store), 0);
    free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keeping),    cmocka_unit_test(test_keeping_its_own),
        cmocka_unit_test(test_fixed_room), cmocka_unit_test(test_until_full),
        cmocka_unit_test(test_idle_pages), cmocka_unit_test(test_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
