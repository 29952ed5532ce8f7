// SPDX-License-Identifier: Apache-2.0
// The data directory on disk.
#include "app/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_MAX_SIZE = 600, TOKEN_BYTES = (TOKEN_SIZE - 1) / 2 };

static bool fail(char problem[DIRECTORY_PROBLEM_SIZE], const char *path, const char *why)
{
    snprintf(problem, DIRECTORY_PROBLEM_SIZE, "%.180s: %.60s", path, why);
    return false;
}

// Makes the directory and those above it.
static bool make(const char *path)
{
    char part[PATH_MAX_SIZE];
    for (size_t i = 1; path[i] != '\0'; i++) {
        if (path[i] != '/' || !text_copy(part, sizeof part, (struct span){path, i})) continue;
        if (mkdir(part, 0755) != 0 && errno != EEXIST) return false;
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

static bool lock(const char *path, struct directory *directory,
                 char problem[DIRECTORY_PROBLEM_SIZE])
{
    char file[PATH_MAX_SIZE];
    snprintf(file, sizeof file, "%s/lock", path);
    directory->lock_file = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (directory->lock_file < 0) return fail(problem, file, strerror(errno));
    if (flock(directory->lock_file, LOCK_EX | LOCK_NB) == 0) return true;
    return fail(problem, path, "in use by another lineward");
}

static bool read_token(const char *file, struct directory *directory,
                       char problem[DIRECTORY_PROBLEM_SIZE])
{
    FILE *stream = fopen(file, "re");
    if (!stream) return fail(problem, file, strerror(errno));
    size_t count = fread(directory->token, 1, TOKEN_SIZE - 1, stream);
    fclose(stream);
    return count == TOKEN_SIZE - 1 ||
           fail(problem, file, "is not a token: remove it for a new one");
}

// Makes the token; under another name first, so that half a token never stands there.
static bool make_token(const char *file, char problem[DIRECTORY_PROBLEM_SIZE])
{
    uint8_t bytes[TOKEN_BYTES];
    char token[TOKEN_SIZE], fresh[PATH_MAX_SIZE + 8];
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2hex(token, sizeof token, bytes, sizeof bytes);
    snprintf(fresh, sizeof fresh, "%s.new", file);
    int out = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (out < 0) return fail(problem, fresh, strerror(errno));
    bool is_written = write(out, token, TOKEN_SIZE - 1) == TOKEN_SIZE - 1 &&
                      write(out, "\n", 1) == 1 && fsync(out) == 0;
    bool is_closed = close(out) == 0;
    if (is_written && is_closed && rename(fresh, file) == 0) return true;
    return fail(problem, fresh, strerror(errno));
}

bool directory_open(const char *path, struct directory *directory,
                    char problem[DIRECTORY_PROBLEM_SIZE])
{
    char file[PATH_MAX_SIZE];
    directory->lock_file = -1;
    if (!make(path)) return fail(problem, path, strerror(errno));
    if (!lock(path, directory, problem)) return false;
    snprintf(file, sizeof file, "%s/api.token", path);
    if (access(file, F_OK) != 0 && !make_token(file, problem)) return false;
    return read_token(file, directory, problem);
}

void directory_close(struct directory *directory)
{
    if (directory->lock_file > 0) close(directory->lock_file);
    sodium_memzero(directory->token, sizeof directory->token);
}
