// SPDX-License-Identifier: Apache-2.0
// What every kind of store does alike: the same tests for memory, for SQLite, and for a failing
// store that does not fail.
#include "kinds.h"

// A group "trial" with the lines 101 and 102; 101 belongs to sales.
static void fill(struct store *store)
{
    must_add_group(store, "trial");
    must_add_user(store, "sales");
    must_add_line(store, "trial", "101", "sales");
    must_add_line(store, "trial", "102", "");
}

static void assert_error_says(struct store *store, const char *words)
{
    if (!strstr(store_error(store), words)) {
        fail_msg("\"%s\" lacks \"%s\"", store_error(store), words);
    }
}

// ---- One record

static void test_records_come_back_as_they_were(void **state)
{
    struct store *store = store_of(state);
    fill(store);
    struct model_group group = sample_group("trial"), found_group = {.name = "trial"};
    uint32_t id = 0;
    assert_int_equal(store_get(store, KIND_GROUP, &found_group, &id), ERR_NONE);
    assert_memory_equal(&found_group, &group, sizeof group);
    assert_int_equal(id, 1);

    struct model_user user = sample_user("sales"), found_user = {.name = "sales"};
    assert_int_equal(store_get(store, KIND_USER, &found_user, NULL), ERR_NONE);
    assert_memory_equal(&found_user, &user, sizeof user);

    struct model_line line = sample_line("trial", "102", "");
    struct model_line found_line = {.group = "trial", .extension = "102"};
    assert_int_equal(store_get(store, KIND_LINE, &found_line, &id), ERR_NONE);
    assert_memory_equal(&found_line, &line, sizeof line);
    assert_int_equal(id, 2);

    struct model_forwarding forwarding = sample_forwarding("trial", "102", CONDITION_LOGGED_OFF,
                                                           ORIGIN_EXTERNAL);
    must_add(store, KIND_FORWARDING, &forwarding);
    struct model_forwarding found = forwarding;
    found.target[0] = '\0';
    assert_int_equal(store_get(store, KIND_FORWARDING, &found, NULL), ERR_NONE);
    assert_memory_equal(&found, &forwarding, sizeof forwarding);
}

static void test_longest_and_empty_texts_are_kept(void **state)
{
    struct store *store = store_of(state);
    fill(store);
    struct model_line line = sample_line("trial", "103", ""), found = line;
    memset(line.password, 'p', sizeof line.password - 1);
    memset(line.display_name, '\'', sizeof line.display_name - 1);
    must_add(store, KIND_LINE, &line);
    assert_int_equal(store_get(store, KIND_LINE, &found, NULL), ERR_NONE);
    assert_memory_equal(&found, &line, sizeof line);
    memset(line.password, 0, sizeof line.password);
    assert_int_equal(store_replace(store, KIND_LINE, &line), ERR_NONE);
    assert_int_equal(store_get(store, KIND_LINE, &found, NULL), ERR_NONE);
    assert_memory_equal(&found, &line, sizeof line);
}

static void test_a_second_record_of_the_key_is_refused(void **state)
{
    struct store *store = store_of(state);
    fill(store);
    struct model_line line = sample_line("trial", "101", "");
    uint32_t id;
    assert_int_equal(store_add(store, KIND_LINE, &line, &id), ERR_EXISTS);
    assert_error_says(store, "line trial/101 exists already");
    assert_int_equal(count_of(store, KIND_LINE), 2);
}

static void test_replacing_keeps_the_number(void **state)
{
    struct store *store = store_of(state);
    fill(store);
    struct model_line line = sample_line("trial", "102", "sales"), found = line;
    uint32_t id = 0;
    line.is_enabled = false;
    assert_int_equal(store_replace(store, KIND_LINE, &line), ERR_NONE);
    assert_int_equal(store_get(store, KIND_LINE, &found, &id), ERR_NONE);
    assert_memory_equal(&found, &line, sizeof line);
    assert_int_equal(id, 2);
}

static void test_renaming_keeps_the_number_and_the_rest(void **state)
{
    struct store *store = store_of(state);
    fill(store);
    struct model_exception first = sample_exception("trial", "102", 1), second = first;
    struct model_exception moved = first, found;
    uint32_t id = 0;
    second.position = 2;
    must_add(store, KIND_EXCEPTION, &first);
    must_add(store, KIND_EXCEPTION, &second);
    assert_int_equal(store_rename(store, KIND_EXCEPTION, &first, &second), ERR_EXISTS);
    assert_error_says(store, "exception trial/102/2 exists already");
    moved.position = 7;
    text_copy(moved.target, sizeof moved.target, SPAN("nothing of this"));
    assert_int_equal(store_rename(store, KIND_EXCEPTION, &first, &moved), ERR_NONE);
    assert_int_equal(store_rename(store, KIND_EXCEPTION, &first, &moved), ERR_NOT_FOUND);
    assert_int_equal(store_rename(store, KIND_EXCEPTION, &moved, &moved), ERR_NONE);
    found = moved;
    assert_int_equal(store_get(store, KIND_EXCEPTION, &found, &id), ERR_NONE);
    assert_int_equal(id, 1);
    assert_string_equal(found.target, first.target);
    assert_int_equal(count_of(store, KIND_EXCEPTION), 2);
}

static void test_what_is_not_there_is_not_found(void **state)
{
    struct store *store = store_of(state);
    fill(store);
    struct model_line line = sample_line("trial", "109", ""), before = line;
    assert_int_equal(store_replace(store, KIND_LINE, &line), ERR_NOT_FOUND);
    assert_int_equal(store_remove(store, KIND_LINE, &line), ERR_NOT_FOUND);
    assert_int_equal(store_get(store, KIND_LINE, &line, NULL), ERR_NOT_FOUND);
    assert_error_says(store, "line trial/109 does not exist");
    assert_memory_equal(&line, &before, sizeof line);
}

static void test_numbers_are_never_used_again(void **state)
{
    struct store *store = store_of(state);
    fill(store);
    struct model_line line = sample_line("trial", "102", "");
    assert_int_equal(store_remove(store, KIND_LINE, &line), ERR_NONE);
    assert_int_equal(must_add(store, KIND_LINE, &line), 3);
}

// ---- References

static void test_references_must_be_there(void **state)
{
    struct store *store = store_of(state);
    fill(store);
    struct model_line stray = sample_line("elsewhere", "101", "");
    struct model_line unowned = sample_line("trial", "103", "nobody");
    struct model_line owned = sample_line("trial", "102", "nobody");
    struct model_forwarding forwarding = sample_forwarding("trial", "109", CONDITION_DND,
                                                           ORIGIN_ALL);
    uint32_t id;
    assert_int_equal(store_add(store, KIND_LINE, &stray, &id), ERR_CONFLICT);
    assert_int_equal(store_add(store, KIND_LINE, &unowned, &id), ERR_CONFLICT);
    assert_int_equal(store_replace(store, KIND_LINE, &owned), ERR_CONFLICT);
    assert_int_equal(store_add(store, KIND_FORWARDING, &forwarding, &id), ERR_CONFLICT);
    assert_error_says(store, "forwarding trial/109/dnd/all");
    assert_int_equal(count_of(store, KIND_LINE), 2);
    assert_int_equal(count_of(store, KIND_FORWARDING), 0);
}

static void test_groups_and_users_with_lines_stay(void **state)
{
    struct store *store = store_of(state);
    fill(store);
    struct model_group group = {.name = "trial"};
    struct model_user user = {.name = "sales"};
    struct model_line first = sample_line("trial", "101", ""), second = first;
    text_copy(second.extension, sizeof second.extension, SPAN("102"));
    assert_int_equal(store_remove(store, KIND_GROUP, &group), ERR_CONFLICT);
    assert_error_says(store, "group trial still has lines");
    assert_int_equal(store_remove(store, KIND_USER, &user), ERR_CONFLICT);
    assert_int_equal(store_remove(store, KIND_LINE, &first), ERR_NONE);
    assert_int_equal(store_remove(store, KIND_USER, &user), ERR_NONE);
    assert_int_equal(store_remove(store, KIND_GROUP, &group), ERR_CONFLICT);
    assert_int_equal(store_remove(store, KIND_LINE, &second), ERR_NONE);
    assert_int_equal(store_remove(store, KIND_GROUP, &group), ERR_NONE);
}

static void test_a_line_takes_its_forwardings_along(void **state)
{
    struct store *store = store_of(state);
    fill(store);
    struct model_forwarding forwarding;
    forwarding = sample_forwarding("trial", "101", CONDITION_IMMEDIATE, ORIGIN_ALL);
    must_add(store, KIND_FORWARDING, &forwarding);
    forwarding.condition = CONDITION_DND;
    must_add(store, KIND_FORWARDING, &forwarding);
    forwarding = sample_forwarding("trial", "102", CONDITION_DND, ORIGIN_ALL);
    must_add(store, KIND_FORWARDING, &forwarding);
    struct model_line line = sample_line("trial", "101", "");
    assert_int_equal(store_remove(store, KIND_LINE, &line), ERR_NONE);
    assert_int_equal(count_of(store, KIND_FORWARDING), 1);
    assert_int_equal(store_get(store, KIND_FORWARDING, &forwarding, NULL), ERR_NONE);
}

// ---- Many records

// What a listing shows, as one text: "group/extension/condition/origin ...".
static bool show_line(void *context, uint32_t id, const void *record)
{
    const struct model_line *line = record;
    assert_int_not_equal(id, 0);
    return show(context, "%s/%s ", line->group, line->extension);
}

static bool show_forwarding(void *context, uint32_t id, const void *record)
{
    const struct model_forwarding *forwarding = record;
    assert_int_not_equal(id, 0);
    return show(context, "%s/%s/%u/%u ", forwarding->group, forwarding->extension,
                forwarding->condition, forwarding->origin);
}

static void assert_lists(struct store *store, const struct store_query *query, const char *wanted)
{
    struct listing listing = {.text = ""};
    store_visit *visit = query->kind == KIND_LINE ? show_line : show_forwarding;
    uint64_t count = 0;
    assert_int_equal(store_list(store, query, visit, &listing), ERR_NONE);
    assert_string_equal(listing.text, wanted);
    if (query->after && (query->sort || query->is_descending)) return;
    assert_int_equal(store_count(store, query, &count), ERR_NONE);
    if (query->limit == 0) assert_int_equal(count, listing.count);
}

static void fill_lines(struct store *store)
{
    must_add_group(store, "b");
    must_add_group(store, "a");
    must_add_user(store, "sales");
    must_add_line(store, "b", "20", "sales");
    must_add_line(store, "a", "3", "");
    must_add_line(store, "a", "10", "sales");
    must_add_line(store, "b", "1", "sales");
}

static void test_lists_select_by_their_filters(void **state)
{
    struct store *store = store_of(state);
    fill_lines(store);
    assert_lists(store, &(struct store_query){.kind = KIND_LINE}, "a/10 a/3 b/1 b/20 ");
    assert_lists(store, &(struct store_query){.kind = KIND_LINE, .group = "", .user = ""},
                 "a/10 a/3 b/1 b/20 ");
    assert_lists(store, &(struct store_query){.kind = KIND_LINE, .group = "b"}, "b/1 b/20 ");
    assert_lists(store, &(struct store_query){.kind = KIND_LINE, .extension = "3"}, "a/3 ");
    assert_lists(store, &(struct store_query){.kind = KIND_LINE, .user = "sales"},
                 "a/10 b/1 b/20 ");
    assert_lists(store, &(struct store_query){.kind = KIND_LINE, .user = "sales", .group = "b"},
                 "b/1 b/20 ");
    assert_lists(store, &(struct store_query){.kind = KIND_LINE, .group = "c"}, "");
    assert_lists(store, &(struct store_query){.kind = KIND_LINE, .limit = 3}, "a/10 a/3 b/1 ");
}

static void test_lists_are_searched(void **state)
{
    struct store *store = store_of(state);
    struct model_line after = sample_line("a", "10", "");
    fill_lines(store);
    assert_lists(store, &(struct store_query){.kind = KIND_LINE, .text = "SaLes"},
                 "a/10 b/1 b/20 ");
    assert_lists(store, &(struct store_query){.kind = KIND_LINE, .text = "0"}, "a/10 b/20 ");
    assert_lists(store, &(struct store_query){.kind = KIND_LINE, .text = ""}, "a/10 a/3 b/1 b/20 ");
    assert_lists(store, &(struct store_query){.kind = KIND_LINE, .text = "%"}, "");
    assert_lists(store, &(struct store_query){.kind = KIND_LINE, .text = "1sales"}, "");
    assert_lists(store, &(struct store_query){.kind = KIND_LINE, .text = "0", .group = "b"},
                 "b/20 ");
    assert_lists(store, &(struct store_query){.kind = KIND_LINE, .text = "a", .after = &after},
                 "b/1 b/20 ");
}

static void test_lists_go_on_behind_a_record(void **state)
{
    struct store *store = store_of(state);
    fill_lines(store);
    struct model_line middle = sample_line("a", "3", ""), absent = sample_line("b", "10", "");
    struct model_line twenty = sample_line("b", "20", "");
    assert_lists(store, &(struct store_query){.kind = KIND_LINE, .after = &middle}, "b/1 b/20 ");
    assert_lists(store, &(struct store_query){.kind = KIND_LINE, .after = &absent}, "b/20 ");
    assert_lists(store, &(struct store_query){.kind = KIND_LINE, .group = "b", .after = &absent},
                 "b/20 ");
    assert_lists(store, &(struct store_query){.kind = KIND_LINE, .user = "sales", .after = &absent},
                 "b/20 ");
    assert_lists(
        store,
        &(struct store_query){.kind = KIND_LINE, .group = "b", .extension = "20", .after = &twenty},
        "");
}

// Names in any case, keys by their bytes; what is the same comes by the key.
static void test_lists_are_sorted(void **state)
{
    struct store *store = store_of(state);
    struct store_query by_name = {.kind = KIND_LINE, .sort = "display_name"};
    static const char *const names[][3] = {
        {"b", "20", "anna"}, {"a", "3", "Bert"}, {"a", "10", "Anna"}, {"b", "1", "claus"}};
    fill_lines(store);
    for (size_t i = 0; i < 4; i++) {
        struct model_line line = sample_line(names[i][0], names[i][1], i == 1 ? "" : "sales");
        text_copy(line.display_name, sizeof line.display_name, span_of(names[i][2]));
        assert_int_equal(store_replace(store, KIND_LINE, &line), ERR_NONE);
    }
    assert_lists(store, &by_name, "a/10 b/20 a/3 b/1 ");
    by_name.is_descending = true;
    assert_lists(store, &by_name, "b/1 a/3 b/20 a/10 ");
    assert_lists(store, &(struct store_query){.kind = KIND_LINE, .sort = "extension"},
                 "b/1 a/10 b/20 a/3 ");
    assert_lists(store, &(struct store_query){.kind = KIND_LINE, .sort = "user"},
                 "a/3 a/10 b/1 b/20 ");
    assert_lists(store, &(struct store_query){.kind = KIND_LINE, .is_descending = true},
                 "b/20 b/1 a/3 a/10 ");
    by_name.group = "a";
    assert_lists(store, &by_name, "a/3 a/10 ");
}

// Each page goes on where the one before has ended, whatever the order, the filter and the search.
static void expect_pages(struct store *store, struct store_query query, const char *wanted)
{
    struct model_line last;
    char text[256] = "";
    query.limit = 1;
    for (size_t page = 0; page < 6; page++) {
        struct listing one = {.text = ""};
        assert_int_equal(store_list(store, &query, show_line, &one), ERR_NONE);
        if (!one.text[0]) break;
        strcat(text, one.text);
        char *slash = strchr(one.text, '/');
        *slash = '\0';
        *strchr(slash + 1, ' ') = '\0';
        last = sample_line(one.text, slash + 1, "");
        assert_int_equal(store_get(store, KIND_LINE, &last, NULL), ERR_NONE);
        query.after = &last;
    }
    assert_string_equal(text, wanted);
}

static void test_sorted_lists_go_on_behind_a_record(void **state)
{
    struct store *store = store_of(state);
    fill_lines(store);
    struct model_line named = sample_line("b", "20", "sales");
    text_copy(named.display_name, sizeof named.display_name, SPAN("Anna"));
    assert_int_equal(store_replace(store, KIND_LINE, &named), ERR_NONE);
    struct store_query query = {.kind = KIND_LINE, .sort = "display_name"};
    expect_pages(store, query, "a/10 a/3 b/1 b/20 ");
    query.is_descending = true;
    expect_pages(store, query, "b/20 b/1 a/3 a/10 ");
    query.user = "sales";
    expect_pages(store, query, "b/20 b/1 a/10 ");
    query.sort = "user"; // which the filter holds fast
    expect_pages(store, query, "b/20 b/1 a/10 ");
    query.sort = "extension";
    query.group = "b";
    expect_pages(store, query, "b/20 b/1 ");
    query = (struct store_query){.kind = KIND_LINE, .sort = "extension", .text = "0"};
    expect_pages(store, query, "a/10 b/20 ");
}

static void test_lists_order_enumerations_as_declared(void **state)
{
    struct store *store = store_of(state);
    fill(store);
    for (unsigned condition = CONDITION_COUNT; condition-- > 0;) {
        for (unsigned origin = 0; origin < ORIGIN_COUNT; origin += 2) {
            struct model_forwarding forwarding = sample_forwarding("trial", "102", condition,
                                                                   origin);
            must_add(store, KIND_FORWARDING, &forwarding);
        }
    }
    struct model_forwarding first = sample_forwarding("trial", "101", CONDITION_LOGGED_OFF,
                                                      ORIGIN_ALL);
    must_add(store, KIND_FORWARDING, &first);
    assert_lists(store, &(struct store_query){.kind = KIND_FORWARDING},
                 "trial/101/2/0 trial/102/0/0 trial/102/0/2 trial/102/1/0 trial/102/1/2 "
                 "trial/102/2/0 trial/102/2/2 trial/102/3/0 trial/102/3/2 "
                 "trial/102/4/0 trial/102/4/2 trial/102/5/0 trial/102/5/2 ");
    struct model_forwarding after = sample_forwarding("trial", "102", CONDITION_DND,
                                                      ORIGIN_INTERNAL);
    assert_lists(store, &(struct store_query){.kind = KIND_FORWARDING, .after = &after},
                 "trial/102/1/2 trial/102/2/0 trial/102/2/2 trial/102/3/0 trial/102/3/2 "
                 "trial/102/4/0 trial/102/4/2 trial/102/5/0 trial/102/5/2 ");
    assert_lists(
        store,
        &(struct store_query){
            .kind = KIND_FORWARDING, .group = "trial", .extension = "102", .after = &after},
        "trial/102/1/2 trial/102/2/0 trial/102/2/2 trial/102/3/0 trial/102/3/2 "
        "trial/102/4/0 trial/102/4/2 trial/102/5/0 trial/102/5/2 ");
}

static void test_a_list_ends_when_the_visitor_says_so(void **state)
{
    struct store *store = store_of(state);
    fill_lines(store);
    struct listing listing = {.stop_after = 2};
    struct store_query query = {.kind = KIND_LINE};
    assert_int_equal(store_list(store, &query, show_line, &listing), ERR_NONE);
    assert_string_equal(listing.text, "a/10 a/3 ");
}

// A visitor that reads: the record again, and the whole list once more.
static bool read_on(void *context, uint32_t id, const void *record)
{
    struct store *store = context;
    struct model_line again = *(const struct model_line *)record;
    struct listing listing = {.text = ""};
    struct store_query query = {.kind = KIND_LINE};
    uint32_t id_again = 0;
    assert_int_equal(store_get(store, KIND_LINE, &again, &id_again), ERR_NONE);
    assert_int_equal(id, id_again);
    assert_int_equal(store_list(store, &query, show_line, &listing), ERR_NONE);
    assert_int_equal(listing.count, 4);
    return true;
}

static void test_a_visitor_may_read(void **state)
{
    struct store *store = store_of(state);
    fill_lines(store);
    struct store_query query = {.kind = KIND_LINE};
    assert_int_equal(store_list(store, &query, read_on, store), ERR_NONE);
}

// ---- Transactions

static void test_a_transaction_is_kept_or_undone_as_a_whole(void **state)
{
    struct store *store = store_of(state);
    fill(store);
    struct model_line line = sample_line("trial", "101", "");
    struct model_user user = sample_user("sales"), found = user;
    for (int is_kept = 0; is_kept <= 1; is_kept++) {
        assert_int_equal(store_begin(store), ERR_NONE);
        assert_int_equal(store_remove(store, KIND_LINE, &line), ERR_NONE);
        must_add_line(store, "trial", "200", "sales");
        user.is_dnd = false;
        assert_int_equal(store_replace(store, KIND_USER, &user), ERR_NONE);
        assert_int_equal(count_of(store, KIND_LINE), 2);
        if (is_kept) {
            assert_int_equal(store_commit(store), ERR_NONE);
        } else {
            store_rollback(store);
        }
        struct model_line gone = line;
        enum err err = store_get(store, KIND_LINE, &gone, NULL);
        assert_int_equal(err, is_kept ? ERR_NOT_FOUND : ERR_NONE);
        assert_int_equal(store_get(store, KIND_USER, &found, NULL), ERR_NONE);
        assert_int_equal(found.is_dnd, !is_kept);
    }
}

static void test_a_refused_write_does_not_end_the_transaction(void **state)
{
    struct store *store = store_of(state);
    fill(store);
    struct model_line line = sample_line("trial", "101", "");
    uint32_t id;
    assert_int_equal(store_begin(store), ERR_NONE);
    must_add_line(store, "trial", "200", "");
    assert_int_equal(store_add(store, KIND_LINE, &line, &id), ERR_EXISTS);
    must_add_line(store, "trial", "201", "");
    assert_int_equal(store_commit(store), ERR_NONE);
    assert_int_equal(count_of(store, KIND_LINE), 4);
}

// ---- A store that fails

static void test_only_the_chosen_call_fails(void **state)
{
    struct store *store = store_of(state);
    struct opened *opened = *state;
    if (!opened->beneath) skip();
    struct model_group group = {.name = "trial"};
    uint32_t id;
    fill(store);
    store_fail_at(store, 2, ERR_BUSY);
    assert_int_equal(store_get(store, KIND_GROUP, &group, NULL), ERR_NONE);
    assert_int_equal(store_get(store, KIND_GROUP, &group, NULL), ERR_BUSY);
    assert_error_says(store, "busy");
    assert_int_equal(store_get(store, KIND_GROUP, &group, NULL), ERR_NONE);
    assert_int_equal(store_begin(store), ERR_NONE);
    struct model_line line = sample_line("trial", "200", "");
    assert_int_equal(store_add(store, KIND_LINE, &line, &id), ERR_NONE);
    store_fail_at(store, 1, ERR_IO);
    assert_int_equal(store_commit(store), ERR_IO);
    assert_int_equal(count_of(opened->beneath, KIND_LINE), 2);
}

// ---- All of it

#define SUITE(open)                                                                                \
    {                                                                                              \
        cmocka_unit_test_setup_teardown(test_records_come_back_as_they_were, open, close_store),   \
            cmocka_unit_test_setup_teardown(test_longest_and_empty_texts_are_kept, open,           \
                                            close_store),                                          \
            cmocka_unit_test_setup_teardown(test_a_second_record_of_the_key_is_refused, open,      \
                                            close_store),                                          \
            cmocka_unit_test_setup_teardown(test_replacing_keeps_the_number, open, close_store),   \
            cmocka_unit_test_setup_teardown(test_renaming_keeps_the_number_and_the_rest, open,     \
                                            close_store),                                          \
            cmocka_unit_test_setup_teardown(test_what_is_not_there_is_not_found, open,             \
                                            close_store),                                          \
            cmocka_unit_test_setup_teardown(test_numbers_are_never_used_again, open, close_store), \
            cmocka_unit_test_setup_teardown(test_references_must_be_there, open, close_store),     \
            cmocka_unit_test_setup_teardown(test_groups_and_users_with_lines_stay, open,           \
                                            close_store),                                          \
            cmocka_unit_test_setup_teardown(test_a_line_takes_its_forwardings_along, open,         \
                                            close_store),                                          \
            cmocka_unit_test_setup_teardown(test_lists_select_by_their_filters, open,              \
                                            close_store),                                          \
            cmocka_unit_test_setup_teardown(test_lists_are_searched, open, close_store),           \
            cmocka_unit_test_setup_teardown(test_lists_are_sorted, open, close_store),             \
            cmocka_unit_test_setup_teardown(test_sorted_lists_go_on_behind_a_record, open,         \
                                            close_store),                                          \
            cmocka_unit_test_setup_teardown(test_lists_go_on_behind_a_record, open, close_store),  \
            cmocka_unit_test_setup_teardown(test_lists_order_enumerations_as_declared, open,       \
                                            close_store),                                          \
            cmocka_unit_test_setup_teardown(test_a_list_ends_when_the_visitor_says_so, open,       \
                                            close_store),                                          \
            cmocka_unit_test_setup_teardown(test_a_visitor_may_read, open, close_store),           \
            cmocka_unit_test_setup_teardown(test_a_transaction_is_kept_or_undone_as_a_whole, open, \
                                            close_store),                                          \
            cmocka_unit_test_setup_teardown(test_a_refused_write_does_not_end_the_transaction,     \
                                            open, close_store),                                    \
    }

int main(void)
{
    const struct CMUnitTest memory[] = SUITE(open_memory), sqlite[] = SUITE(open_sqlite),
                            passing[] = SUITE(open_failing);
    const struct CMUnitTest failing[] = {
        cmocka_unit_test_setup_teardown(test_only_the_chosen_call_fails, open_failing, close_store),
    };
    int failed = 0;
    failed += cmocka_run_group_tests_name("memory", memory, NULL, NULL);
    failed += cmocka_run_group_tests_name("sqlite", sqlite, NULL, NULL);
    failed += cmocka_run_group_tests_name("failing store that does not fail", passing, NULL, NULL);
    failed += cmocka_run_group_tests_name("failing store", failing, NULL, NULL);
    return failed;
}
