// SPDX-License-Identifier: Apache-2.0
// Devices and their bindings: which contacts a user has, in which order, and when they end.
#include "unit/client/fixture.h"

#include <stdio.h>

enum { DEVICES = 4, BINDINGS = 16 };

static int setup(void **state)
{
    struct clients *clients = calloc(1, sizeof *clients);
    clients_init(clients, &(struct client_limits){DEVICES, BINDINGS});
    *state = clients;
    return 0;
}

static int teardown(void **state)
{
    clients_fini(*state);
    free(*state);
    return 0;
}

static void put(struct clients *clients, uint32_t device_id, uint32_t user_id, uint8_t password)
{
    struct snapshot_device device = {
        .device_id = device_id, .user_id = user_id, .ha1_md5 = {password}};
    (void)snprintf(device.sip_user, sizeof device.sip_user, "device%u", device_id);
    assert_true(client_put_device(clients->table, &clients->turn, &device));
    clients_drain(clients);
}

static struct pool_id bind(struct clients *clients, uint32_t device_id, const char *uri, uint16_t q)
{
    const struct client_bind bind = {
        .device_id = device_id,
        .flow = {.transport = TRANSPORT_TCP, .connection = 10 + device_id},
        .uri = span_of(uri),
        .q = q,
        .expires_s = 100};
    struct pool_id id = client_bind(clients->table, &clients->turn, &bind);
    clients_drain(clients);
    return id;
}

static void test_contacts_go_by_user_and_q(void **state)
{
    struct clients *clients = *state;
    struct client_contact contacts[CLIENT_CONTACTS_MAX];
    put(clients, 1, 7, 1);
    put(clients, 2, 7, 2);
    put(clients, 3, 8, 3);
    bind(clients, 1, "sip:a@192.0.2.1", 500);
    bind(clients, 2, "sip:b@192.0.2.2", 1000);
    bind(clients, 2, "sip:c@192.0.2.2", 100);
    bind(clients, 3, "sip:d@192.0.2.3", 1000);
    assert_int_equal(client_contacts(clients->table, 7, contacts, CLIENT_CONTACTS_MAX), 3);
    assert_span(contacts[0].uri, "sip:b@192.0.2.2");
    assert_span(contacts[1].uri, "sip:a@192.0.2.1");
    assert_span(contacts[2].uri, "sip:c@192.0.2.2");
    assert_int_equal(contacts[2].device_id, 2);
    assert_int_equal(client_live_count(clients->table, 7), 3);
    assert_int_equal(client_contacts(clients->table, 7, contacts, 2), 2); // the best ones
    assert_span(contacts[1].uri, "sip:a@192.0.2.1");
    assert_int_equal(client_contacts(clients->table, 9, contacts, CLIENT_CONTACTS_MAX), 0);
}

static void test_whose_a_message_is(void **state)
{
    struct clients *clients = *state;
    struct flow flow = {.transport = TRANSPORT_TCP, .connection = 11};
    const struct flow unknown = {.transport = TRANSPORT_TCP, .connection = 99};
    put(clients, 1, 7, 1);
    put(clients, 2, 8, 2);
    bind(clients, 1, "sip:a@192.0.2.1", 500);
    assert_true(client_is_of_user(clients->table, 7, &flow, SPAN_NONE));
    assert_false(client_is_of_user(clients->table, 8, &flow, SPAN_NONE));
    assert_false(client_is_of_user(clients->table, 7, &unknown, SPAN("102")));
    assert_true(client_is_of_user(clients->table, 8, &unknown, SPAN("device2")));
    assert_false(client_is_of_user(clients->table, 7, &unknown, SPAN("device2")));
    client_lost_flow(clients->table, &clients->turn, &flow);
    clients_drain(clients);
    assert_false(client_is_of_user(clients->table, 7, &flow, SPAN_NONE));
}

static void test_bindings_expire(void **state)
{
    struct clients *clients = *state;
    struct client_contact contact;
    put(clients, 1, 7, 1);
    bind(clients, 1, "sip:a@192.0.2.1", 1000);
    clients_begin(clients, 99);
    client_tick(clients->table, &clients->turn);
    assert_int_equal(client_contacts(clients->table, 7, &contact, 1), 1);
    clients_begin(clients, 1);
    assert_int_equal(client_deadline_us(clients->table), clients->turn.now_us);
    client_tick(clients->table, &clients->turn);
    clients_drain(clients);
    assert_int_equal(client_contacts(clients->table, 7, &contact, 1), 0);
    assert_int_equal(clients->gone_count, 1);
    assert_int_equal(client_live_count(clients->table, 7), 0);
}

static void test_lost_connection_has_a_grace(void **state)
{
    struct clients *clients = *state;
    struct client_contact contacts[CLIENT_CONTACTS_MAX];
    put(clients, 1, 7, 1);
    put(clients, 2, 7, 1);
    bind(clients, 1, "sip:a@192.0.2.1", 1000);
    struct pool_id other = bind(clients, 2, "sip:b@192.0.2.1", 1000);
    client_lost_flow(clients->table, &clients->turn, &(struct flow){.connection = 11});
    clients_drain(clients);
    assert_int_equal(client_contacts(clients->table, 7, contacts, CLIENT_CONTACTS_MAX), 1);
    assert_true(pool_id_eq(contacts[0].binding, other));
    assert_int_equal(client_live_count(clients->table, 7), 2);
    clients_begin(clients, CLIENT_GRACE_S);
    client_tick(clients->table, &clients->turn);
    clients_drain(clients);
    assert_int_equal(client_live_count(clients->table, 7), 1);
    assert_int_equal(clients->gone_count, 1);
}

static void test_new_password_ends_bindings(void **state)
{
    struct clients *clients = *state;
    put(clients, 1, 7, 1);
    bind(clients, 1, "sip:a@192.0.2.1", 1000);
    put(clients, 1, 7, 1); // as it was
    assert_int_equal(client_live_count(clients->table, 7), 1);
    put(clients, 1, 7, 2);
    assert_int_equal(client_live_count(clients->table, 7), 0);
    bind(clients, 1, "sip:a@192.0.2.1", 1000);
    client_remove_device(clients->table, &clients->turn, 1);
    clients_drain(clients);
    assert_int_equal(client_live_count(clients->table, 7), 0);
    assert_int_equal(clients->gone_count, 2);
    assert_null(client_find_device(clients->table, 1));
}

static void test_limits(void **state)
{
    struct clients *clients = *state;
    struct snapshot_device more = {.device_id = 99, .user_id = 1};
    for (uint32_t i = 1; i <= DEVICES; i++) put(clients, i, 7, 1);
    assert_false(client_put_device(clients->table, &clients->turn, &more));
    for (uint32_t i = 0; i < BINDINGS; i++) {
        struct pool_id id = bind(clients, 1 + i / CLIENT_BINDINGS_MAX, "sip:a@192.0.2.1", 1000);
        assert_int_not_equal(id.generation, 0);
    }
    assert_int_equal(bind(clients, 4, "sip:a@192.0.2.1", 1).generation, 0);     // of the table
    assert_int_not_equal(bind(clients, 1, "sip:a@192.0.2.1", 1).generation, 0); // one made room
    assert_int_equal(client_live_count(clients->table, 7), BINDINGS);
    assert_int_equal(bind(clients, 99, "sip:a@192.0.2.1", 1).generation, 0);
}

// A page is one client of its user, however often that is told.
static void test_a_page_is_a_client(void **state)
{
    struct clients *clients = *state;
    assert_int_equal(client_live_count(clients->table, 7), 0);
    assert_true(client_set_web(clients->table, 7, true));
    assert_true(client_set_web(clients->table, 7, true));
    assert_true(client_set_web(clients->table, 8, true));
    assert_int_equal(client_live_count(clients->table, 7), 1);
    assert_true(client_set_web(clients->table, 7, false));
    assert_true(client_set_web(clients->table, 7, false));
    assert_int_equal(client_live_count(clients->table, 7), 0);
    assert_true(client_has_web(clients->table, 8));
    for (uint32_t user = 100; user < 100 + CLIENT_WEB_MAX - 1; user++) {
        assert_true(client_set_web(clients->table, user, true));
    }
    assert_false(client_set_web(clients->table, 99, true));
    assert_true(client_set_web(clients->table, 8, false));
    assert_true(client_set_web(clients->table, 99, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_contacts_go_by_user_and_q, setup, teardown),
        cmocka_unit_test_setup_teardown(test_whose_a_message_is, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bindings_expire, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lost_connection_has_a_grace, setup, teardown),
        cmocka_unit_test_setup_teardown(test_new_password_ends_bindings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_page_is_a_client, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
