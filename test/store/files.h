// SPDX-License-Identifier: Apache-2.0
// Looking into a store's files and changing them, past the store.
#pragma once

#include "fixture.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

// A connection of another program to the directory's database `file`.
static inline sqlite3 *connect_to(const char *directory, const char *file)
{
    char path[256];
    sqlite3 *database;
    path_in(path, sizeof path, directory, file);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    assert_int_equal(sqlite3_open_v2(path, &database, flags, NULL), SQLITE_OK);
    return database;
}

static inline void run_sql(sqlite3 *database, const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(database, sql, NULL, NULL, &message) != SQLITE_OK) fail_msg("%s", message);
}

// Runs `sql` on the directory's database `file`, and closes it.
static inline void tamper(const char *directory, const char *file, const char *sql)
{
    sqlite3 *database = connect_to(directory, file);
    run_sql(database, sql);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

// Writes `bytes` into the directory's `file` from byte `offset` on; a new one gets `mode`.
static inline void write_file(const char *directory, const char *name, mode_t mode, off_t offset,
                              struct span bytes)
{
    char path[256];
    path_in(path, sizeof path, directory, name);
    int file = open(path, O_WRONLY | O_CREAT, mode);
    assert_true(file >= 0);
    assert_int_equal(pwrite(file, bytes.at, bytes.len, offset), (ssize_t)bytes.len);
    assert_int_equal(fchmod(file, mode), 0);
    close(file);
}

static inline void remove_file(const char *directory, const char *name)
{
    char path[256];
    path_in(path, sizeof path, directory, name);
    assert_int_equal(unlink(path), 0);
}

// Runs `body` in a process of its own, which ends by itself with 0 if all is well.
static inline void in_child(void (*body)(const char *directory), const char *directory)
{
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        body(directory);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

// In such a process, in place of cmocka's assertions: says what is wrong and ends it.
#define CHILD_CHECK(expression)                                                                    \
    do {                                                                                           \
        if (!(expression)) {                                                                       \
            fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #expression);         \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)
