// SPDX-License-Identifier: Apache-2.0
// What the tests of the store share: sample records, and a directory that lasts for one test.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <unistd.h>

#include "store/store.h"

// ---- Records

static inline struct model_group sample_group(const char *name)
{
    struct model_group group;
    model_defaults(KIND_GROUP, &group);
    text_copy(group.name, sizeof group.name, span_of(name));
    text_copy(group.server, sizeof group.server, SPAN("192.0.2.1:5060"));
    text_copy(group.domain, sizeof group.domain, SPAN("pbx.example"));
    text_copy(group.internal_ranges, sizeof group.internal_ranges, SPAN("100-199, 7xx"));
    group.decline_unavailable = DECLINE_RINGING;
    group.max_diversions = 99;
    text_copy(group.realm, sizeof group.realm, SPAN("pbx.example"));
    return group;
}

static inline struct model_user sample_user(const char *name)
{
    struct model_user user;
    model_defaults(KIND_USER, &user);
    text_copy(user.name, sizeof user.name, span_of(name));
    text_copy(user.display_name, sizeof user.display_name, SPAN("J\xc3\xb6rg \"Sales\" O'Neil"));
    text_copy(user.mobile, sizeof user.mobile, SPAN("+491701234567"));
    user.is_dnd = true;
    user.login = LOGIN_OFF;
    return user;
}

static inline struct model_line sample_line(const char *group, const char *extension,
                                            const char *user)
{
    struct model_line line;
    model_defaults(KIND_LINE, &line);
    text_copy(line.group, sizeof line.group, span_of(group));
    text_copy(line.extension, sizeof line.extension, span_of(extension));
    text_copy(line.user, sizeof line.user, span_of(user));
    text_copy(line.password, sizeof line.password, SPAN("PlainSecretWord"));
    return line;
}

static inline struct model_forwarding sample_forwarding(const char *group, const char *extension,
                                                        enum model_condition condition,
                                                        enum model_origin origin)
{
    struct model_forwarding forwarding;
    model_defaults(KIND_FORWARDING, &forwarding);
    text_copy(forwarding.group, sizeof forwarding.group, span_of(group));
    text_copy(forwarding.extension, sizeof forwarding.extension, span_of(extension));
    text_copy(forwarding.target, sizeof forwarding.target, SPAN("103"));
    forwarding.condition = condition;
    forwarding.origin = origin;
    return forwarding;
}

static inline struct model_exception sample_exception(const char *group, const char *extension,
                                                      uint32_t position)
{
    struct model_exception exception;
    model_defaults(KIND_EXCEPTION, &exception);
    text_copy(exception.group, sizeof exception.group, span_of(group));
    text_copy(exception.extension, sizeof exception.extension, span_of(extension));
    text_copy(exception.target, sizeof exception.target, SPAN("103"));
    exception.position = position;
    return exception;
}

static inline uint32_t must_add(struct store *store, enum model_kind kind, const void *record)
{
    uint32_t id = 0;
    enum err err = store_add(store, kind, record, &id);
    if (err != ERR_NONE) fail_msg("%s", store_error(store));
    return id;
}

static inline void must_add_group(struct store *store, const char *name)
{
    struct model_group group = sample_group(name);
    must_add(store, KIND_GROUP, &group);
}

static inline void must_add_user(struct store *store, const char *name)
{
    struct model_user user = sample_user(name);
    must_add(store, KIND_USER, &user);
}

static inline void must_add_line(struct store *store, const char *group, const char *extension,
                                 const char *user)
{
    struct model_line line = sample_line(group, extension, user);
    must_add(store, KIND_LINE, &line);
}

static inline uint64_t count_of(struct store *store, enum model_kind kind)
{
    struct store_query query = {.kind = kind};
    uint64_t count = 0;
    assert_int_equal(store_count(store, &query, &count), ERR_NONE);
    return count;
}

// ---- Directories

static inline char *new_directory(void)
{
    char *path = strdup("/tmp/lineward-test-XXXXXX");
    assert_non_null(path);
    assert_non_null(mkdtemp(path));
    return path;
}

// Removes the directory, with its files, and frees `path`.
static inline void remove_directory(char *path)
{
    DIR *directory = opendir(path);
    assert_non_null(directory);
    const struct dirent *entry;
    while ((entry = readdir(directory))) {
        if (entry->d_type == DT_REG) unlinkat(dirfd(directory), entry->d_name, 0);
    }
    closedir(directory);
    rmdir(path);
    free(path);
}

static inline struct store *must_open(const char *directory)
{
    struct store_problem problem;
    struct store *store = store_open_sqlite(directory, &problem);
    if (!store) fail_msg("%s", problem.text);
    return store;
}

// Opening fails in this way, and the message says so.
static inline void assert_not_opened(const char *directory, enum err err, const char *words)
{
    struct store_problem problem = {.err = ERR_NONE};
    struct store *store = store_open_sqlite(directory, &problem);
    assert_null(store);
    if (!strstr(problem.text, words)) fail_msg("\"%s\" lacks \"%s\"", problem.text, words);
    assert_int_equal(problem.err, err);
}

static inline void path_in(char *path, size_t size, const char *directory, const char *file)
{
    int len = snprintf(path, size, "%s/%s", directory, file);
    assert_true(len > 0 && (size_t)len < size);
}
