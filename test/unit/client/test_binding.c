// SPDX-License-Identifier: Apache-2.0
// Devices and their bindings: which contacts a user has, in which order, and when they end.
#include "client/client.h"
#include "unit/check.h"

#include <stdio.h>
#include <stdlib.h>

enum { ARENA_SIZE = 256 * 1024, DEVICES = 4, BINDINGS = 16 };

struct world {
    struct client_table *table;
    void *memory;
    struct turn turn;
    struct arena arena;
    struct random random;
    uint32_t gone_count, shown_count;
};

static void begin(struct world *world, uint64_t after_s)
{
    uint64_t after_us = after_s * 1000000;
    turn_begin(&world->turn, world->turn.now_us + after_us, world->turn.wall_us + after_us);
}

static void drain(struct world *world)
{
    struct effect *effect;
    while ((effect = turn_next(&world->turn)) != NULL) {
        assert_int_equal(effect->kind, CLIENT_SHOWN);
        const struct client_shown *shown = (const void *)effect;
        world->gone_count += shown->is_gone;
        world->shown_count += !shown->is_gone;
    }
}

static int setup(void **state)
{
    static const uint8_t seed[32] = {1}, key[16] = {2};
    const struct client_limits limits = {DEVICES, BINDINGS};
    struct world *world = calloc(1, sizeof *world);
    world->memory = aligned_alloc(16, client_memory_size(&limits));
    memset(world->memory, 0, client_memory_size(&limits));
    world->table = client_init(world->memory, &limits, key);
    world->arena = arena_over(aligned_alloc(16, ARENA_SIZE), ARENA_SIZE);
    random_init(&world->random, seed);
    world->turn = (struct turn){.arena = &world->arena, .random = &world->random};
    turn_begin(&world->turn, 1000000, UINT64_C(1800000000) * 1000000);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    free(world->memory);
    free(world->arena.at);
    free(world);
    return 0;
}

static void put(struct world *world, uint32_t device_id, uint32_t user_id, uint8_t password)
{
    struct snapshot_device device = {
        .device_id = device_id, .user_id = user_id, .ha1_md5 = {password}};
    (void)snprintf(device.sip_user, sizeof device.sip_user, "device%u", device_id);
    assert_true(client_put_device(world->table, &world->turn, &device));
    drain(world);
}

static struct pool_id bind(struct world *world, uint32_t device_id, const char *uri, uint16_t q)
{
    const struct client_bind bind = {
        .device_id = device_id,
        .flow = {.transport = TRANSPORT_TCP, .connection = 10 + device_id},
        .uri = span_of(uri),
        .q = q,
        .expires_s = 100};
    struct pool_id id = client_bind(world->table, &world->turn, &bind);
    drain(world);
    return id;
}

static void test_contacts_go_by_user_and_q(void **state)
{
    struct world *world = *state;
    struct client_contact contacts[CLIENT_CONTACTS_MAX];
    put(world, 1, 7, 1);
    put(world, 2, 7, 2);
    put(world, 3, 8, 3);
    bind(world, 1, "sip:a@192.0.2.1", 500);
    bind(world, 2, "sip:b@192.0.2.2", 1000);
    bind(world, 2, "sip:c@192.0.2.2", 100);
    bind(world, 3, "sip:d@192.0.2.3", 1000);
    assert_int_equal(client_contacts(world->table, 7, contacts, CLIENT_CONTACTS_MAX), 3);
    assert_span(contacts[0].uri, "sip:b@192.0.2.2");
    assert_span(contacts[1].uri, "sip:a@192.0.2.1");
    assert_span(contacts[2].uri, "sip:c@192.0.2.2");
    assert_int_equal(contacts[2].device_id, 2);
    assert_int_equal(client_live_count(world->table, 7), 3);
    assert_int_equal(client_contacts(world->table, 7, contacts, 2), 2); // the best ones
    assert_span(contacts[1].uri, "sip:a@192.0.2.1");
    assert_int_equal(client_contacts(world->table, 9, contacts, CLIENT_CONTACTS_MAX), 0);
}

static void test_bindings_expire(void **state)
{
    struct world *world = *state;
    struct client_contact contact;
    put(world, 1, 7, 1);
    struct pool_id id = bind(world, 1, "sip:a@192.0.2.1", 1000);
    begin(world, 99);
    client_tick(world->table, &world->turn);
    assert_true(client_find_contact(world->table, id, &contact));
    begin(world, 1);
    assert_int_equal(client_deadline_us(world->table), world->turn.now_us);
    client_tick(world->table, &world->turn);
    drain(world);
    assert_false(client_find_contact(world->table, id, &contact));
    assert_int_equal(world->gone_count, 1);
    assert_int_equal(client_live_count(world->table, 7), 0);
}

static void test_lost_connection_has_a_grace(void **state)
{
    struct world *world = *state;
    struct client_contact contact;
    put(world, 1, 7, 1);
    put(world, 2, 7, 1);
    struct pool_id id = bind(world, 1, "sip:a@192.0.2.1", 1000);
    struct pool_id other = bind(world, 2, "sip:b@192.0.2.1", 1000);
    client_lost_flow(world->table, &world->turn, &(struct flow){.connection = 11});
    drain(world);
    assert_false(client_find_contact(world->table, id, &contact));
    assert_true(client_find_contact(world->table, other, &contact));
    assert_int_equal(client_live_count(world->table, 7), 2);
    begin(world, CLIENT_GRACE_S);
    client_tick(world->table, &world->turn);
    drain(world);
    assert_int_equal(client_live_count(world->table, 7), 1);
    assert_int_equal(world->gone_count, 1);
}

static void test_new_password_ends_bindings(void **state)
{
    struct world *world = *state;
    put(world, 1, 7, 1);
    bind(world, 1, "sip:a@192.0.2.1", 1000);
    put(world, 1, 7, 1); // as it was
    assert_int_equal(client_live_count(world->table, 7), 1);
    put(world, 1, 7, 2);
    assert_int_equal(client_live_count(world->table, 7), 0);
    bind(world, 1, "sip:a@192.0.2.1", 1000);
    client_remove_device(world->table, &world->turn, 1);
    drain(world);
    assert_int_equal(client_live_count(world->table, 7), 0);
    assert_int_equal(world->gone_count, 2);
    assert_null(client_find_device(world->table, 1));
}

static void test_limits(void **state)
{
    struct world *world = *state;
    struct snapshot_device more = {.device_id = 99, .user_id = 1};
    for (uint32_t i = 1; i <= DEVICES; i++) put(world, i, 7, 1);
    assert_false(client_put_device(world->table, &world->turn, &more));
    for (uint32_t i = 0; i < BINDINGS; i++) {
        struct pool_id id = bind(world, 1 + i / CLIENT_BINDINGS_MAX, "sip:a@192.0.2.1", 1000);
        assert_int_not_equal(id.generation, 0);
    }
    assert_int_equal(bind(world, 4, "sip:a@192.0.2.1", 1).generation, 0);     // of the table
    assert_int_not_equal(bind(world, 1, "sip:a@192.0.2.1", 1).generation, 0); // one made room
    assert_int_equal(client_live_count(world->table, 7), BINDINGS);
    assert_int_equal(bind(world, 99, "sip:a@192.0.2.1", 1).generation, 0);
}

// A page is one client of its user, however often that is told.
static void test_a_page_is_a_client(void **state)
{
    struct world *world = *state;
    assert_int_equal(client_live_count(world->table, 7), 0);
    assert_true(client_set_web(world->table, 7, true));
    assert_true(client_set_web(world->table, 7, true));
    assert_true(client_set_web(world->table, 8, true));
    assert_int_equal(client_live_count(world->table, 7), 1);
    assert_true(client_set_web(world->table, 7, false));
    assert_true(client_set_web(world->table, 7, false));
    assert_int_equal(client_live_count(world->table, 7), 0);
    assert_true(client_has_web(world->table, 8));
    for (uint32_t user = 100; user < 100 + CLIENT_WEB_MAX - 1; user++) {
        assert_true(client_set_web(world->table, user, true));
    }
    assert_false(client_set_web(world->table, 99, true));
    assert_true(client_set_web(world->table, 8, false));
    assert_true(client_set_web(world->table, 99, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_contacts_go_by_user_and_q, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bindings_expire, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lost_connection_has_a_grace, setup, teardown),
        cmocka_unit_test_setup_teardown(test_new_password_ends_bindings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_page_is_a_client, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
