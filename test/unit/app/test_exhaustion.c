// SPDX-License-Identifier: Apache-2.0
// Memory is out: in each of these stories allocation n of ours fails, alone or with all that
// follow, for n = 1, 2, ... until the story is over before. Nothing crashes, nothing is lost (the
// sanitizer sees to that), and whoever fails says why. The allocations are those of Lineward
// itself, redirected by the linker (--wrap), and in one story those of SQLite.
#include "app/journal.h"
#include "app/registrations.h"
#include "app/states.h"
#include "net/net.h"
#include "settings/settings.h"
#include "unit/check.h"
#include "unit/exhaust.h"

#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// ---- net

static void on_datagrams(void *context, const struct datagram *datagrams, size_t count)
{
    (void)context, (void)datagrams, (void)count;
}

static void on_received(void *context, const struct flow *flow, struct span bytes)
{
    (void)context, (void)flow, (void)bytes;
}

static void on_resolved(void *context, uint64_t query, const struct net_answer *answer)
{
    (void)context, (void)query;
    assert_true(answer->count > 0 || answer->problem[0] != '\0');
}

static void on_closed(void *context, const struct flow *flow, const char *reason)
{
    (void)context, (void)flow;
    assert_true(reason[0] != '\0');
}

static void on_opened(void *context, const struct flow *flow, bool is_ours)
{
    (void)context, (void)flow, (void)is_ours;
}

static void on_nothing(void *context)
{
    (void)context;
}

static void on_deadline(void *context)
{
    net_stop(*(struct net **)context);
}

// A datagram and a connection to ourselves, and a name that is known without asking anybody.
static bool talk(struct net *net, const struct address *local, struct net_problem *problem)
{
    uint16_t udp, tcp;
    struct flow flow = {.transport = TRANSPORT_UDP}, stream;
    if (!net_listen_udp(net, local, &udp, problem)) return false;
    if (!net_listen_tcp(net, local, &tcp, problem)) return false;
    flow.socket = udp;
    flow.peer = net_local_address(net, udp);
    net_send(net, &flow, SPAN("hello"));
    bool is_asked = net_resolve(net, 1, NET_ADDRESSES, SPAN("localhost"));
    struct address own = net_stream_address(net, tcp);
    if (!net_connect(net, tcp, &own, NULL, &stream, problem)) return false;
    net_send(net, &stream, SPAN("hello"));
    net_set_deadline(net, net_now_us() + 3000);
    net_run(net);
    if (!is_asked) (void)snprintf(problem->text, sizeof problem->text, "not asked");
    return is_asked;
}

static bool tell_net(void)
{
    struct net *net;
    struct net_problem problem = {0};
    struct net_handler handler = {
        .context = &net,
        .datagrams = on_datagrams,
        .received = on_received,
        .opened = on_opened,
        .closed = on_closed,
        .batch_ended = on_nothing,
        .woken = on_nothing,
        .deadline = on_deadline,
        .resolved = on_resolved,
    };
    struct address local;
    assert_true(address_parse_port(SPAN("127.0.0.1:0"), 0, &local));
    net = net_new(handler, &problem);
    bool is_good = net && talk(net, &local, &problem);
    net_free(net);
    assert_true(is_good || problem.text[0] != '\0');
    return is_good;
}

static void test_net(void **state)
{
    (void)state;
    exhaust(tell_net, 1);
}

// ---- store and settings

static void fill(union model_record *record, enum model_kind kind, const char *words[][2],
                 size_t count)
{
    char reason[REASON_SIZE];
    model_defaults(kind, record);
    for (size_t i = 0; i < count; i++) {
        const struct model_field *field = model_find_field(kind, span_of(words[i][0]));
        assert_non_null(field);
        assert_null(model_set_field(field, record, span_of(words[i][1]), reason));
    }
}

#define FILL(record, kind, words) fill((record), (kind), (words), sizeof(words) / sizeof(words)[0])

struct site {
    union model_record group, user, line, forwarding;
};

static struct site make_site(void)
{
    const char *group[][2] = {{"name", "trial"}, {"server", "192.0.2.1"}, {"domain", "pbx.test"}};
    const char *user[][2] = {{"name", "sales"}, {"mobile", "+491701234567"}};
    const char *line[][2] = {{"group", "trial"}, {"extension", "101"}, {"user", "sales"}};
    const char *forwarding[][2] = {{"group", "trial"},
                                   {"extension", "101"},
                                   {"condition", "immediate"},
                                   {"origin", "all"},
                                   {"target", "102"}};
    struct site site;
    FILL(&site.group, KIND_GROUP, group);
    FILL(&site.user, KIND_USER, user);
    FILL(&site.line, KIND_LINE, line);
    FILL(&site.forwarding, KIND_FORWARDING, forwarding);
    return site;
}

// A failed change has a reason, and the records are as before.
static bool change_settings(struct settings *settings)
{
    struct site site = make_site();
    struct {
        enum model_kind kind;
        void *record;
    } steps[] = {{KIND_GROUP, &site.group},
                 {KIND_USER, &site.user},
                 {KIND_LINE, &site.line},
                 {KIND_FORWARDING, &site.forwarding}};
    struct settings_problem problem = {0};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        enum err err = settings_add(settings, steps[i].kind, steps[i].record, &problem);
        if (err == ERR_NONE) continue;
        assert_true(problem.reason[0] != '\0');
        return false;
    }
    enum err err = settings_publish_all(settings, &problem);
    if (err == ERR_NONE) err = settings_remove(settings, KIND_LINE, &site.line, &problem);
    assert_true(err == ERR_NONE || problem.reason[0] != '\0');
    return err == ERR_NONE;
}

static bool tell_settings(void)
{
    struct store *store = store_open_memory();
    struct settings *settings = store ? settings_new(store, (struct settings_listener){0}) : NULL;
    bool is_good = settings && change_settings(settings);
    settings_free(settings);
    store_close(store);
    return is_good;
}

static void test_settings(void **state)
{
    (void)state;
    exhaust(tell_settings, 1);
}

// ---- The database

static char directory[] = "/tmp/lineward-exhaustion-XXXXXX";

static void empty_directory(void)
{
    DIR *folder = opendir(directory);
    assert_non_null(folder);
    for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        if (entry->d_name[0] != '.') (void)unlink(path);
    }
    closedir(folder);
}

static bool tell_database(void)
{
    struct store_problem problem = {0};
    struct site site = make_site();
    uint32_t id;
    empty_directory();
    struct store *store = store_open_sqlite(directory, &problem);
    if (!store) {
        assert_true(problem.text[0] != '\0');
        return false;
    }
    bool is_good = store_add(store, KIND_GROUP, &site.group, &id) == ERR_NONE &&
                   store_add(store, KIND_USER, &site.user, &id) == ERR_NONE &&
                   store_get(store, KIND_GROUP, &site.group, NULL) == ERR_NONE;
    store_close(store);
    return is_good;
}

// The many allocations of SQLite fail by samples.
static void test_database(void **state)
{
    (void)state;
    exhaust(tell_database, 97);
}

static sqlite3_mem_methods sqlite_memory;

static void *allocate_for_sqlite(int size)
{
    return exhaust_is_failing() ? NULL : sqlite_memory.xMalloc(size);
}

static void *reallocate_for_sqlite(void *memory, int size)
{
    return exhaust_is_failing() ? NULL : sqlite_memory.xRealloc(memory, size);
}

static bool set_sqlite_up(void)
{
    sqlite3_mem_methods failing_memory;
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_memory) != SQLITE_OK) return false;
    failing_memory = sqlite_memory;
    failing_memory.xMalloc = allocate_for_sqlite;
    failing_memory.xRealloc = reallocate_for_sqlite;
    return sqlite3_config(SQLITE_CONFIG_MALLOC, &failing_memory) == SQLITE_OK;
}

// ---- app

static bool tell_states(void)
{
    struct model_registration registration = {.line_id = 1, .state = REGISTRATION_REGISTERED};
    struct states *states = states_new(8, 2);
    struct registrations *registrations = registrations_load(directory);
    registration.until_us = net_wall_us() + 60000000;
    assert_true(address_parse_port(SPAN("192.0.2.9:5070"), 0, &registration.contact));
    registration.own = registration.peer = registration.contact;
    if (states && registrations) {
        (void)states_set(states, 1, &registration, SPAN("<sip:edge;lr>"));
        registrations_save(registrations, states);
    }
    bool is_good = states && registrations;
    registrations_free(registrations);
    registrations = is_good ? registrations_load(directory) : NULL;
    struct line_saved saved;
    is_good = registrations && registrations_find(registrations, 1, &saved);
    if (is_good) assert_string_equal(saved.route, "<sip:edge;lr>");
    registrations_free(registrations);
    states_free(states);
    return is_good;
}

static void test_states(void **state)
{
    (void)state;
    exhaust(tell_states, 1);
}

// The entry is written, or counted as lost.
static bool tell_journal(void)
{
    struct store *store = store_open_memory();
    struct journal *journal = store ? journal_new(store) : NULL;
    struct model_journal_entry entry = {.group = SPAN("trial"), .call_id = SPAN("a")};
    if (journal) journal_add(journal, &entry);
    bool is_good = journal && journal_dropped_count(journal) == 0;
    if (journal) journal_free(journal);
    store_close(store);
    return is_good;
}

static void test_journal(void **state)
{
    (void)state;
    exhaust(tell_journal, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_net),      cmocka_unit_test(test_settings),
        cmocka_unit_test(test_database), cmocka_unit_test(test_states),
        cmocka_unit_test(test_journal),
    };
    if (!set_sqlite_up() || !mkdtemp(directory)) return EXIT_FAILURE;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    empty_directory();
    (void)rmdir(directory);
    return failed;
}
