// SPDX-License-Identifier: Apache-2.0
// What the tests of the settings share: settings over a store in memory that can be told to fail, a
// listener that writes down what it is told, and short ways to make records.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "settings/settings.h"

struct fixture {
    struct store *memory, *store; // `store` passes to `memory`, and fails when told to
    struct settings *settings;
    struct settings_problem problem;
    char told[4096]; // what the listener was told, one line each
};

// ---- The listener

static inline void tell(void *context, const char *format, ...)
{
    struct fixture *fixture = context;
    size_t len = strlen(fixture->told);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(fixture->told + len, sizeof fixture->told - len, format, arguments);
    va_end(arguments);
}

static inline void tell_group(void *context, const struct snapshot_group *group)
{
    tell(context, "group %u %s%s%s\n", group->group_id, group->settings.name,
         group->bridges_internal ? " bridges internal" : "",
         group->bridges_external ? " bridges external" : "");
}

static inline void tell_group_removed(void *context, uint32_t group_id)
{
    tell(context, "group %u removed\n", group_id);
}

static inline void tell_text(void *context, const struct snapshot_line *line, const char *name,
                             struct snapshot_text text)
{
    if (text.len > 0) tell(context, " %s=%.*s", name, SPAN_ARG(snapshot_text(line, text)));
}

static inline void tell_line(void *context, const struct snapshot_line *line)
{
    tell(context, "line %u of %u%s%s", line->line_id, line->group_id,
         line->is_enabled ? "" : " disabled", line->is_number_withheld ? " withheld" : "");
    tell_text(context, line, "extension", line->extension);
    tell_text(context, line, "auth", line->auth_user);
    tell_text(context, line, "password", line->password);
    tell_text(context, line, "name", line->display_name);
    if (line->has_user) {
        tell_text(context, line, "user", line->user);
        tell_text(context, line, "mailbox", line->mailbox);
        tell_text(context, line, "mobile", line->mobile);
        tell(context, " login=%s%s", model_name(&model_logins, line->login),
             line->is_dnd ? " dnd" : "");
    }
    for (unsigned i = 0; i < line->rule_count; i++) {
        const struct snapshot_rule *rule = &line->rules[i];
        tell(context, " %s/%s->%.*s", model_name(&model_conditions, rule->condition),
             model_name(&model_origins, rule->origin), SPAN_ARG(snapshot_text(line, rule->target)));
    }
    tell(context, "\n");
}

static inline void tell_line_removed(void *context, uint32_t line_id)
{
    tell(context, "line %u removed\n", line_id);
}

static inline void tell_counted(void *context, const struct settings_use *use,
                                const struct snapshot_line *line)
{
    tell(context, "rule %u counted %u\n", use->rule_id, use->count);
    if (line) tell_line(context, line);
}

// ---- Set up and taken down for each test

static inline int open_settings(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    struct settings_listener listener = {
        .context = fixture,
        .group_changed = tell_group,
        .group_removed = tell_group_removed,
        .line_changed = tell_line,
        .line_removed = tell_line_removed,
        .rule_counted = tell_counted,
    };
    fixture->memory = store_open_memory();
    assert_non_null(fixture->memory);
    fixture->store = store_open_failing(fixture->memory);
    assert_non_null(fixture->store);
    fixture->settings = settings_new(fixture->store, listener);
    assert_non_null(fixture->settings);
    *state = fixture;
    return 0;
}

static inline int close_settings(void **state)
{
    struct fixture *fixture = *state;
    settings_free(fixture->settings);
    store_close(fixture->store);
    store_close(fixture->memory);
    free(fixture);
    return 0;
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, open_settings, close_settings)

// ---- Records

static inline void set(enum model_kind kind, void *record, const char *name, const char *value)
{
    const struct model_field *field = model_find_field(kind, span_of(name));
    char reason[REASON_SIZE];
    assert_non_null(field);
    const char *refused = model_set_field(field, record, span_of(value), reason);
    if (refused) fail_msg("%s %s", name, refused);
}

static inline struct model_group sample_group(void)
{
    struct model_group group;
    model_defaults(KIND_GROUP, &group);
    set(KIND_GROUP, &group, "name", "trial");
    set(KIND_GROUP, &group, "server", "192.0.2.1:5060");
    set(KIND_GROUP, &group, "domain", "pbx.trial");
    set(KIND_GROUP, &group, "country_code", "49");
    set(KIND_GROUP, &group, "area_code", "89");
    set(KIND_GROUP, &group, "main_number", "+49891234");
    set(KIND_GROUP, &group, "outside_prefix", "0");
    set(KIND_GROUP, &group, "internal_ranges", "100-199, 7xx");
    return group;
}

static inline struct model_user sample_user(void)
{
    struct model_user user;
    model_defaults(KIND_USER, &user);
    set(KIND_USER, &user, "name", "sales");
    set(KIND_USER, &user, "mobile", "0170 1234567");
    set(KIND_USER, &user, "mailbox", "700");
    return user;
}

static inline struct model_line sample_line(const char *extension, const char *user)
{
    struct model_line line;
    model_defaults(KIND_LINE, &line);
    set(KIND_LINE, &line, "group", "trial");
    set(KIND_LINE, &line, "extension", extension);
    set(KIND_LINE, &line, "user", user);
    return line;
}

static inline struct model_forwarding sample_forwarding(const char *extension,
                                                        const char *condition, const char *origin,
                                                        const char *target)
{
    struct model_forwarding forwarding;
    model_defaults(KIND_FORWARDING, &forwarding);
    set(KIND_FORWARDING, &forwarding, "group", "trial");
    set(KIND_FORWARDING, &forwarding, "extension", extension);
    set(KIND_FORWARDING, &forwarding, "condition", condition);
    set(KIND_FORWARDING, &forwarding, "origin", origin);
    set(KIND_FORWARDING, &forwarding, "target", target);
    return forwarding;
}

// ---- Changes

// Saves the record and expects the listener to have been told `told`.
static inline void assert_put(struct fixture *fixture, enum model_kind kind, void *record,
                              const char *told)
{
    bool is_new;
    fixture->told[0] = '\0';
    enum err err = settings_put(fixture->settings, kind, record, &is_new, &fixture->problem);
    if (err != ERR_NONE) fail_msg("%s %s", fixture->problem.field, fixture->problem.reason);
    if (told) assert_string_equal(fixture->told, told);
}

static inline void assert_removed(struct fixture *fixture, enum model_kind kind, const void *record,
                                  const char *told)
{
    fixture->told[0] = '\0';
    enum err err = settings_remove(fixture->settings, kind, record, &fixture->problem);
    if (err != ERR_NONE) fail_msg("%s %s", fixture->problem.field, fixture->problem.reason);
    assert_string_equal(fixture->told, told);
}

// The last change was refused in this way, and the listener was told nothing.
static inline void assert_problem(struct fixture *fixture, enum err wanted, enum err err,
                                  const char *field, const char *reason)
{
    assert_int_equal(err, wanted);
    assert_int_equal(fixture->problem.err, wanted);
    assert_string_equal(fixture->problem.field, field);
    assert_string_equal(fixture->problem.reason, reason);
    assert_string_equal(fixture->told, "");
}

// A group "trial" with the lines 101, of the user sales, and 102, nobody's.
static inline void fill(struct fixture *fixture)
{
    struct model_group group = sample_group();
    struct model_user user = sample_user();
    struct model_line owned = sample_line("101", "sales"), unowned = sample_line("102", "");
    assert_put(fixture, KIND_GROUP, &group, NULL);
    assert_put(fixture, KIND_USER, &user, NULL);
    assert_put(fixture, KIND_LINE, &owned, NULL);
    assert_put(fixture, KIND_LINE, &unowned, NULL);
    fixture->told[0] = '\0';
}
